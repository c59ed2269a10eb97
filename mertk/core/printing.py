"""Print any text to streams of any encoding."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_ERRORS = "mertk_nearest"
_NEAREST = {
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "·": "|",
    "•": "*",
    "→": "->",
    "←": "<-",
    "↓": "v",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "x",
    "±": "+/-",
    "†": "+",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "█": "#",
    "━": "-",
    "─": "-",
    "│": "|",
}


def accept_all_text() -> None:
    """Make standard output and error take every character, whatever their encoding is.

    Redirected output may be cp1252, GBK or ASCII. What such an encoding lacks becomes what looks
    most like it: `-` for a dash, `>=` for `≥`, the letter without its accent, else `?`.
    """
    codecs.register_error(_ERRORS, _replace_unencodable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: what to write instead, and where to go on.

    Bytes that are no text, which a reader of the stream may meet, become U+FFFD.
    """
    if isinstance(error, UnicodeDecodeError):
        return "\ufffd", error.end
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = ""
    for char in error.object[error.start : error.end]:
        letters = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        text += _NEAREST.get(char) or letters or "?"
    return text, error.end


def text_console() -> Console:
    """A console for standard output that prints text as it is: brackets are no markup."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def format_duration(seconds: float) -> str:
    """A time to read: 0.4 s, 12 s, 3 min, 5.2 h, 8.1 days."""
    for unit, length in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"


def count_noun(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `count_noun(1, "fold")` is `1 fold`, for 2 it is `2 folds`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
