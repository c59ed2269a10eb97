"""A tag is that of the version, whose section the changelog has: `python .ci/tag.py v0.1.0`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def problems(tag: str, init: str, changelog: str) -> Iterator[str]:
    """What is wrong with a tag, given the texts of mertk/__init__.py and CHANGELOG.md."""
    version = re.findall(r'^__version__ = "(.+)"$', init, re.MULTILINE)[0]
    if tag != f"v{version}":
        yield f"the tag is {tag}, but mertk/__init__.py says {version}: the tag must be v{version}"
    heading = rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$"
    if not re.search(heading, changelog, re.MULTILINE):
        yield f"CHANGELOG.md has no section '## {version} (YYYY-MM-DD)': give it the day of release"


if __name__ == "__main__":
    texts = [(ROOT / name).read_text("utf-8") for name in ("mertk/__init__.py", "CHANGELOG.md")]
    sys.exit("\n".join(problems(sys.argv[1], *texts)) or None)
