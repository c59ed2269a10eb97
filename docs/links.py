"""Checks the links of a built site: `python docs/links.py SITE`.

Each link to a page, a file or an anchor of the site must lead somewhere. Links to other sites are
counted and not followed.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

KEYS = {"a": "href", "img": "src", "link": "href", "script": "src", "source": "src"}


class Page(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, and its anchor."""
        found = dict(attrs)
        self.anchors |= {found.get("id") or "", found.get("name") or ""}
        link = found.get(KEYS.get(tag, ""))
        if link is not None:
            self.links.append(link)


def check_site(site: Path) -> tuple[list[str], list[str]]:
    """The links that lead nowhere, and those to other sites."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    broken, external = [], set()
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme in {"http", "https"} or parts.netloc:
                external.add(link)
            elif not parts.scheme and not _leads_somewhere(site, path, link, pages):
                broken.append(f"{path.relative_to(site)}: {link}")
    return broken, sorted(external)


def _leads_somewhere(site: Path, path: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    target = path
    if parts.path.startswith("/"):
        target = site / unquote(parts.path).lstrip("/")
    elif parts.path:
        target = (path.parent / unquote(parts.path)).resolve()
    if target.is_dir():
        target /= "index.html"
    if target in pages:
        return unquote(parts.fragment) in pages[target].anchors
    return target.is_file()


if __name__ == "__main__":
    found, others = check_site(Path(sys.argv[1]).resolve())
    print(f"{len(others)} links to other sites, not followed")
    sys.exit("\n".join(["links that lead nowhere:", *found]) if found else 0)
