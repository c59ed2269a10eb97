"""Clips that a user leaves out of a study by name, such as one in which no face is found."""

import difflib
import itertools
from collections.abc import Sequence
from pathlib import Path

from mertk.core.clips import Clip
from mertk.core.errors import DataError, ParameterError

_COMMENT = "#"


def parse_excluded(text: str) -> list[str]:
    """Read `CLIP,CLIP` or the name of a file with one clip a line; `#` begins a comment.

    Raises `ParameterError` for an empty list and for a file that is not text.
    """
    file = Path(text).expanduser()
    lines = text.split(",")
    if file.is_file():
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(
                f"--exclude {text}: cannot be read as text, one clip a line: {error}"
            ) from error
    names = [line.partition(_COMMENT)[0].strip().strip('"') for line in lines]
    found = list(filter(None, names))
    if not found:
        raise ParameterError(f"--exclude {text}: names no clip")
    if len(found) == 1 and (Path(found[0]).suffix in (".txt", ".csv", ".lst")):
        raise ParameterError(f"--exclude {text}: there is no such file, and clips have no endings")
    return found


def join_excluded(parts: Sequence[Sequence[str]]) -> list[str]:
    """One list of several options."""
    return list(dict.fromkeys(itertools.chain.from_iterable(parts)))


def find_excluded(clips: Sequence[Clip], names: Sequence[str]) -> frozenset[str]:
    """The ids of the clips that are named, as `dataset/subject/clip` or by the end of that.

    Raises `DataError` where a name is that of no clip, or of several.
    """
    if not names:
        return frozenset()
    by_end: dict[str, list[str]] = {}
    for clip in clips:
        parts = clip.uid.split("/")
        for at in range(len(parts)):
            by_end.setdefault("/".join(parts[at:]), []).append(clip.uid)
    found = set()
    for name in names:
        fits = by_end.get(name, [])
        if not fits:
            near = difflib.get_close_matches(name, by_end, n=1)
            raise DataError(
                f"--exclude: there is no clip '{name}' among {len(clips)}; "
                + (f"did you mean '{near[0]}'?" if near else f"clips are named '{clips[0].uid}'")
            )
        if len(fits) > 1:
            raise DataError(
                f"--exclude: '{name}' is the name of {len(fits)} clips: {', '.join(fits[:3])}; "
                "write the subject too"
            )
        found.add(fits[0])
    return frozenset(found)
