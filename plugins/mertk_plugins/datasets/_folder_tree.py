"""The tree of flow pictures that STSTNet and HTNet train on, as the rows of a table.

`FOLD/u_test/CLASS/PICTURE.png`: a fold is a held-out subject. `u_train` holds the same pictures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import mertk
from mertk.datasets.spreadsheets import Row, Table

_FOLDS = "norm_u_v_os"
_CLASSES = {"0": "negative", "1": "positive", "2": "surprise"}
_COLUMNS = ("subject", "clip", "label", "flow")

LOST = (
    "pictures of optical flow that were stretched one by one: sign and size of the motion are "
    "lost, so that results differ from those on frames"
)


def find_tree(root: Path) -> Path | None:
    """The folder of folds in a folder, or that folder itself; None where there is none."""
    for place in (root, root / _FOLDS):
        if next(place.glob("*/u_test/*"), None) is not None:
            return place
    return None


def read_tree(tree: Path) -> Table:
    """One row a picture; raises `DataError` where the folds hold none."""
    names = _read_labels(tree)
    rows: list[Row] = []
    for file in sorted(tree.glob("*/u_test/*/*")):
        if file.suffix.lower() not in (".png", ".jpg", ".jpeg", ".bmp"):
            continue
        label, subject = file.parent.name, file.parents[2].name
        place = file.relative_to(tree).as_posix()
        texts = (subject, file.stem, names.get(label, label), place)
        rows.append(Row(len(rows) + 1, dict(zip(_COLUMNS, texts, strict=True))))
    if not rows:
        raise mertk.DataError(f"{tree}: a tree of folds without pictures in FOLD/u_test/CLASS")
    columns = {name: name for name in _COLUMNS}
    return Table(tree / "tree of pictures", "", columns, tuple(rows))


def _read_labels(tree: Path) -> Mapping[str, str]:
    """Folder → class: those of labels.json beside the tree, else those of MEGC 2019."""
    file = tree.parent / "labels.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _CLASSES
    return found if isinstance(found, dict) else _CLASSES
