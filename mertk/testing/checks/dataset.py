"""Checks of a data set reader.

A set that needs files is read from the folder that is given or where it is known to lie, or from
synthetic clips in its layout where mertk can write that; else only what needs no files
is checked.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.core.clips import Clip
from mertk.core.errors import DataError
from mertk.core.recipe import Use
from mertk.datasets import locations
from mertk.export import layouts
from mertk.testing.checks import common
from mertk.testing.comparison import arrays_of, check_same
from mertk.testing.inputs import make_clips
from mertk.testing.outcome import BrokenPromise, DoesNotApply

if TYPE_CHECKING:
    from mertk.testing.component import ComponentUnderTest


def finds_clips(subject: ComponentUnderTest) -> None:
    """It gives clips with ids and fingerprints of their own, whose frames can be read."""
    with _find_folder(subject) as root:
        found = _index_clips(subject, root)
        if not found:
            raise BrokenPromise("it finds no clip and does not say why: raise DataError")
        for clip in found:
            if not isinstance(clip, Clip):
                raise BrokenPromise(f"it gives {type(clip).__name__}, not Clip")
        for what in ("uid", "fingerprint"):
            seen: set[str] = set()
            for clip in found:
                name = getattr(clip, what)
                if name in seen:
                    raise BrokenPromise(f"two clips have the {what} {name}")
                seen.add(name)
        arrays_of(found[0].footage)  # reads every frame


def indexes_the_same_twice(subject: ComponentUnderTest) -> None:
    """The same folder gives the same clips, in the same order."""
    with _find_folder(subject) as root:
        one, other = _index_clips(subject, root), _index_clips(subject, root)
    for first, second in itertools.zip_longest(one, other):
        name = (first or second).uid
        if None in (first, second) or (name, first.fingerprint) != (second.uid, second.fingerprint):
            raise BrokenPromise(f"the second time {name} is another clip, or at another place")


def leaves_the_folder_alone(subject: ComponentUnderTest) -> None:
    """Nothing is written to, or removed from, the folder of the data set."""
    with _find_folder(subject) as root:
        if root is None:
            raise DoesNotApply("it needs no folder")
        before = _list_files(root)
        arrays_of(_index_clips(subject, root)[0].footage)
        changed = before ^ _list_files(root)
    if changed:
        raise BrokenPromise(f"it changes {min(changed)[0]} in the folder")


def refuses_an_empty_folder(subject: ComponentUnderTest) -> None:
    """For an empty folder it raises `DataError`."""
    if _needs_no_folder(subject):
        raise DoesNotApply("it needs no folder")
    with tempfile.TemporaryDirectory() as empty:
        try:
            _index_clips(subject, Path(empty))
        except DataError:
            return
        except Exception as error:
            raise BrokenPromise(
                f"of an empty folder it raises {type(error).__name__}, not DataError: {error}"
            ) from error
    raise BrokenPromise("it raises no DataError for an empty folder")


def records_are_json(subject: ComponentUnderTest) -> None:
    """Records hold JSON values alone."""
    with _find_folder(subject) as root:
        for clip in _index_clips(subject, root):
            try:
                json.dumps(dict(clip.record), allow_nan=False)
            except (TypeError, ValueError) as error:
                raise BrokenPromise(f"the record of {clip.uid} is not JSON: {error}") from error


def footage_travels(subject: ComponentUnderTest) -> None:
    """Footage can be sent to another process, and has the same pixels there."""
    with _find_folder(subject) as root:
        footage = _index_clips(subject, root)[0].footage
        try:
            copy = pickle.loads(pickle.dumps(footage))  # noqa: S301  our own bytes
        except Exception as error:
            raise BrokenPromise(f"footage cannot be pickled: {error}") from error
        check_same(
            arrays_of(footage), arrays_of(copy), "a clip that is read twice has other pixels"
        )


def _index_clips(subject: ComponentUnderTest, root: Path | None) -> Sequence[Any]:
    reader = subject.registry.build("dataset", Use(subject.entry.name))
    found: Sequence[Any] = reader.index(root)
    return found


@contextlib.contextmanager
def _find_folder(subject: ComponentUnderTest) -> Iterator[Path | None]:
    """Where the set lies; None where it needs no files."""
    name, data = subject.entry.name, subject.data
    if callable(data):
        with tempfile.TemporaryDirectory() as made:
            data(Path(made))
            yield Path(made)
    elif data is not None:
        yield Path(data)
    elif name in locations.load_known_folders():
        yield locations.load_known_folders()[name]
    elif name in layouts.LAYOUTS:
        with tempfile.TemporaryDirectory() as made:
            root = Path(made, name)
            layouts.write_layout(make_clips(subject.registry), root, name)
            yield root
    elif _needs_no_folder(subject):
        yield None
    else:
        raise DoesNotApply(
            f"its files are not known: mertk check {name} --data FOLDER, or once and for all "
            f"mertk data add {name} FOLDER"
        )


def _needs_no_folder(subject: ComponentUnderTest) -> bool:
    try:
        _index_clips(subject, None)
    except Exception:  # noqa: BLE001  whatever it lacks, a folder is to be given
        return False
    return True


def _list_files(root: Path) -> set[tuple[str, int, int]]:
    found = set()
    for file in root.rglob("*"):
        facts = file.stat()
        found.add((str(file.relative_to(root)), facts.st_size, facts.st_mtime_ns))
    return found


CHECKS = (
    *common.DECLARED,
    common.spells_offers,
    finds_clips,
    indexes_the_same_twice,
    leaves_the_folder_alone,
    refuses_an_empty_folder,
    records_are_json,
    footage_travels,
)
