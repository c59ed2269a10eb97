"""Compare names without spelling: `1` and `01`, `S1` and `s1`, `Happy` and `happy `.

Two spellings of one person would put that person into training and test; two spellings of a class
would make two classes. Whoever reads people, classes or videos checks them here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import PurePath

from mertk.core.errors import MertkError

__all__ = ["VIDEO_ENDINGS", "check_spelling", "normal_name", "normal_video", "spelt_twice"]

VIDEO_ENDINGS = frozenset(
    {
        ".3gp",
        ".asf",
        ".avi",
        ".divx",
        ".dv",
        ".flv",
        ".gif",
        ".m2t",
        ".m2ts",
        ".m4v",
        ".mjpeg",
        ".mjpg",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
        ".y4m",
    }
)
"""The file endings that are read as videos."""

_MOST = 5
_LETTER = r"[^\W\d_]"
_GAP = r"[\s_.-]+"


def normal_name(text: str) -> str:
    """The form that all spellings of a name share; for comparison, not for display.

    Case, Unicode form (full-width digits), invisible characters, spaces at the ends, zeros in front
    of a number and `.0` behind it do not count, nor do spaces, `_`, `-` and `.` beside a letter:
    `Sub 01`, `sub_1` and `SUB1` are one name. `-1` and `1`, `1-1` and `11`, `1.05` and `1.5` are
    not.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    words = " ".join(seen.split())
    joined = re.sub(rf"(?<={_LETTER}){_GAP}(?=[^\W_])|(?<=[^\W_]){_GAP}(?={_LETTER})", "", words)
    parted = re.sub(r"(?<=\d)[ _-]+(?=\d)", "_", joined)
    whole = re.sub(r"(?<![^/])([+-]?\d+)\.0+(?![^/])", r"\1", parted)  # a part of an id, too
    return re.sub(r"(?<!\d)(?<!\d\.)\d+", _strip_zeros, whole)


def normal_video(name: str) -> str:
    """As `normal_name`, of a video, whose file ending does not count."""
    ending = PurePath(name.strip()).suffix
    is_file = ending.lower() in VIDEO_ENDINGS
    return normal_name(name.strip().removesuffix(ending) if is_file else name)


def spelt_twice(
    names: Iterable[str], form: Callable[[str], str] = normal_name
) -> list[tuple[str, ...]]:
    """The spellings of each name that has several, in the order of their first appearance.

    `form` is the form that all spellings of a name share.
    """
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(form(name), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def check_spelling(
    what: str,
    names: Iterable[str],
    error: type[MertkError],
    where: str,
    form: Callable[[str], str] = normal_name,
) -> None:
    """Raise `error`, with all spellings named, where a name is spelt in several ways.

    Args:
        what: what the names are of, in the plural, such as `people`.
        names: the names, repeated or not.
        error: what is raised.
        where: where the names were found; the message begins with it.
        form: the form that all spellings of a name share.
    """
    groups = spelt_twice(names, form)
    if groups:
        listed = "; ".join("'" + "' and '".join(group) + "'" for group in groups[:_MOST])
        more = f"; and {len(groups) - _MOST} more" if len(groups) > _MOST else ""
        raise error(
            f"{where}: {what} that differ in spelling alone: {listed}{more}. Write each in one "
            "way, or, where they are not the same, under names that differ in more than case, "
            "spaces and leading zeros"
        )


def _strip_zeros(found: re.Match[str]) -> str:
    digits = "".join(str(unicodedata.decimal(digit)) for digit in found[0])
    return digits.lstrip("0") or "0"
