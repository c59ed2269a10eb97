"""Makes the overview of data sets: `python docs/dataset_table.py` writes docs/howto/datasets.md.

Clips, people and labels are those of `plugins/mertk_plugins/datasets/_published.toml`, with which
`mertk data check` compares a copy; what is read by default comes first in `ROWS`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mertk

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "howto" / "datasets.md"
PUBLISHED = ROOT / "plugins" / "mertk_plugins" / "datasets" / "_published.toml"
HEAD = """\
---
hide: [toc]
---

# Data sets

mertk contains no data set but the synthetic ones. Get one from its authors, keep its folders as
they are published, then tell mertk where it lies and compare it with the published set:

```console
mertk data add casme2 /data/CASME2
mertk data check casme2
```

`python docs/dataset_table.py` makes this table from the counts with which `mertk data check`
compares a copy.

| data set | name in mertk | clips | people | frames a second | labels | how to get it |
|---|---|---|---|---|---|---|
"""
TAIL = """
Clips of your own are the data set `folder`: [Evaluate models on your own data](own-data.md).
`synthetic` and `synthetic_long` are made on demand and need no file. `videos` reads long
videos without annotations: [Spot expressions in long videos](spot.md).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table.

    Args:
        title: what the data set is called.
        name: its reader.
        page: its guide.
        fps: frames a second, as the reader uses them.
        group: which expressions are counted, where the table has several kinds.
    """

    title: str
    name: str
    page: str
    fps: str
    group: str = ""


ROWS = (
    Row("CASME", "casme", "casme.md", "60"),
    Row("CASME II", "casme2", "casme2.md", "200"),
    Row("SAMM", "samm", "samm.md", "200"),
    Row("SMIC-HS", "smic", "smic.md", "100", "hs"),
    Row("SMIC-VIS", "smic", "smic.md", "25", "vis"),
    Row("SMIC-NIR", "smic", "smic.md", "25", "nir"),
    Row("CAS(ME)^2, micro", "casme_sq", "casme_sq.md", "30", "micro"),
    Row("CAS(ME)^2, macro", "casme_sq", "casme_sq.md", "30", "macro"),
    Row("CAS(ME)^3 part A", "casme3", "casme3.md", "30", "ME"),
    Row("CAS(ME)^3 part C", "casme3_c", "casme3.md", "30", "ME"),
    Row("MMEW", "mmew", "mmew.md", "90"),
    Row("4DME, grey videos", "fourdme", "fourdme.md", "60"),
    Row("DFME train", "dfme", "dfme.md", "200, 300 or 500", "train"),
    Row("DFME test A", "dfme", "dfme.md", "200, 300 or 500", "testA"),
    Row("DFME test B", "dfme", "dfme.md", "200, 300 or 500", "testB"),
    Row("MMME, micro", "mmme", "mmme.md", "150", "micro"),
    Row("MMME, all", "mmme", "mmme.md", "150", "all"),
    Row("SAMM long videos, micro", "samm_lv", "samm.md", "200", "micro"),
    Row("SAMM long videos, macro", "samm_lv", "samm.md", "200", "macro"),
)


def make_page() -> str:
    """The page as Markdown."""
    published = tomllib.loads(PUBLISHED.read_text("utf-8"))
    registry = mertk.load_plugins().registry
    lines = []
    for row in ROWS:
        edition = find_edition(published[row.name]["editions"], row.group)
        labels = ", ".join(f"{label} {count}" for label, count in _list_labels(edition))
        obtain = getattr(registry.get("dataset", row.name).load(), "obtain", "")
        cells = (
            f"[{row.title}]({row.page})",
            f"`{row.name}`",
            str(edition["rows"]),
            str(edition.get("subjects", "–")),
            row.fps,
            labels or "–",
            obtain,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n" + TAIL


def find_edition(editions: list[dict[str, Any]], group: str) -> dict[str, Any]:
    """The first edition of a group, which is the one that is usual today."""
    return next(one for one in editions if one.get("group", "") == group)


def _list_labels(edition: dict[str, Any]) -> list[tuple[str, int]]:
    return sorted(edition.get("labels", {}).items(), key=lambda pair: -pair[1])


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
