"""Builds the site: `python docs/build.py [SITE]` writes it into the folder SITE, or into `site`.

The pages of docs/ are copied to a folder, those that are made are written beside them, and Zensical
builds both. The build fails with a warning, with a page that cannot be made, or with a link that
leads nowhere. `--no-notebooks` leaves out the outputs of the notebooks, which take a minute.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent))

import links
import made_pages
import notebook_pages

DOCS = Path(__file__).parent
ROOT = DOCS.parent


def build_site(site: Path, *, run: bool = True) -> None:
    """Build the site into a folder; one that holds something else than a site is refused."""
    if site.exists() and any(site.iterdir()) and not (site / "search.json").exists():
        sys.exit(f"{site} holds files, and no site; give another folder")
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        write_sources(stage, run=run)
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
            cwd=stage,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"NO_COLOR": "1"},
        )
        print(done.stdout)
        if done.returncode or "ERROR" in done.stdout:  # mkdocstrings' errors are not counted there
            sys.exit("the site was not built")
        broken, external = links.check_site(stage / "site")
        if broken:
            sys.exit("\n".join(["links that lead nowhere:", *broken]))
        print(f"{len(external)} links to other sites, not followed")
        if site.exists():
            shutil.rmtree(site)
        shutil.copytree(stage / "site", site)


def write_sources(stage: Path, *, run: bool) -> None:
    """What Zensical reads: the pages of docs/, the made ones, and the configuration."""
    shutil.copytree(DOCS, stage / "docs", ignore=shutil.ignore_patterns("*.py", "*.toml", "_*"))
    for path, text in (made_pages.make_pages() | notebook_pages.make_pages(run=run)).items():
        file = stage / "docs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    config["nav"] = made_pages.extend_navigation(config["nav"])
    (stage / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site")
    parser.add_argument("--no-notebooks", action="store_true")
    asked = parser.parse_args()
    build_site(asked.site.resolve(), run=not asked.no_notebooks)
