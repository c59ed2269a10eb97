"""Action-unit codings: the grammar of all data sets, and the objective classes made from them.

A coding such as `4+L10`, `(R6 or R12)+R15`, `10A/B` or `4+13?` is a list of codes joined by `+`
or `,`. A code is a number with an optional side before it (L left, R right, A asymmetric, T top,
B bottom; L and R also behind, or behind the kind as in `AUR2`), an optional kind (AU action unit,
AD action descriptor, M head movement) and an optional intensity A–E behind.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from mertk.core.errors import DataError

ACTING: Mapping[tuple[str, ...], frozenset[int]] = {
    ("forehead", "brow"): frozenset({1, 2, 4}),
    ("eye",): frozenset({1, 2, 4, 5, 6, 7, 41, 42, 43, 44, 45, 46}),
    ("nose",): frozenset({9, 10, 11, 38, 39}),
    ("cheek",): frozenset({6, 11, 12, 13, 14, 33, 34, 35}),
    ("mouth", "lip"): frozenset({8, 10, *range(12, 21), *range(22, 29), 32, 36, 37}),
    ("chin", "jaw"): frozenset({16, 17, 25, 26, 27, 29, 30, 31}),
}
"""The action units that move a part of the face, by the words in the name of a region.

From the units' descriptions in the Facial Action Coding System (Ekman, Friesen and Hager 2002):
upper-face units 1, 2, 4 move the brows, 5, 6, 7 and 41-46 the lids and what is around the eyes; of
the lower-face units 9-11 move nose and nasolabial fold, 8, 10 and 12-28 the lips, 16, 17 and 25-27
the chin, and 6, 11-14 the cheeks. Regions of the eyes have the units of the brows too, as their
boxes hold the brows in most ROI schemes. The first word that fits counts.
"""

UNKNOWN = frozenset({"", "?", "NULL", "NAN"})
"""Codings that say 'not coded', which is not the same as 'no action unit'."""

_FLAGS = r"(?:\?|\(K\))*"
_CODE = re.compile(
    r"(?P<side>[LRATB](?:/[LRATB])*)?\s*"
    r"(?:(?P<kind>AU|AD|M)\s*(?P<inside>[LR])?)?\s*(?P<au>\d{1,2})"
    rf"(?P<behind>[LR])?(?P<intensity>[A-E](?:/[A-E])*)?\s*(?P<flags>{_FLAGS})"
)
_BRACKET = re.compile(rf"(?P<ref>REF)?\s*\((?P<inner>.*)\)\s*(?P<flags>{_FLAGS})")


@dataclass(frozen=True, slots=True)
class AU:
    """One code of a coding.

    `side` is empty, one of L R A T B, or for instance 'A/L' where the coder left it open, and so
    with `intensity`. Codes with the same number in `alternative` exclude each other ('or').
    `flags` are `uncertain` (?), `kept` ((k): held from before), `ref` and `soft focus`.
    """

    au: int
    kind: Literal["AU", "AD", "M"] = "AU"
    side: str = ""
    intensity: str = ""
    alternative: int | None = None
    flags: tuple[str, ...] = ()


def parse_aus(coding: str) -> tuple[AU, ...] | None:
    """The codes in their order, or None where nothing was coded ('', '?', NULL).

    Raises `DataError` naming the part that is no code.
    """
    text = unicodedata.normalize("NFKC", coding).strip().upper()  # full-width '，' becomes ','
    if text in UNKNOWN:
        return None
    text = re.sub(r"(?<![A-Z])OR(?![A-Z])", "|", text)
    try:
        return tuple(_parse_coding(text, itertools.count()))
    except ValueError as error:
        raise DataError(f"AU coding '{coding}': {error}") from None


def plain_aus(aus: Iterable[AU]) -> tuple[int, ...]:
    """The numbers alone, sorted, each once: no side, no intensity, alternatives all included.

    Codes that were merely kept from before are left out.
    """
    return tuple(sorted({au.au for au in aus if "kept" not in au.flags}))


def find_acting_aus(region: str) -> frozenset[int]:
    """The action units that move a region, by its name; none where the name says no part."""
    for words, units in ACTING.items():
        if any(word in region for word in words):
            return units
    return frozenset()


def objective_class(aus: Iterable[AU]) -> int:
    """The objective class 1–7 by the rule of Davison et al. (arXiv 1708.07549).

    Use a data set's own column where it has one: coders have departed from the rule.
    """
    return _CLASS_OF.get(plain_aus(aus), 7)


def _parse_coding(text: str, groups: Iterator[int]) -> list[AU]:
    aus: list[AU] = []
    for part in _split_outside_brackets(text, "+,"):
        if part == "SOFT FOCUS" and aus:
            aus[-1] = _add_flags(aus[-1], ("soft focus",))
        elif part:
            aus += _parse_part(part, groups)
    return aus


def _parse_part(part: str, groups: Iterator[int]) -> list[AU]:
    code = _CODE.fullmatch(part)
    if code:
        return [_parse_au(code)]
    choices = _split_outside_brackets(part, "|/")
    if len(choices) > 1:
        group = next(groups)
        found: list[AU] = []
        for choice in choices:
            found += _parse_part(choice, groups)
        return [replace(au, alternative=group) for au in found]
    bracket = _BRACKET.fullmatch(part)
    if not bracket:
        raise ValueError(f"'{part.replace('|', 'or')}' is not an AU code such as 4, L10 or 12B")
    flags = (("ref",) if bracket["ref"] else ()) + _find_flags(bracket["flags"])
    return [_add_flags(au, flags) for au in _parse_coding(bracket["inner"], groups)]


def _parse_au(code: re.Match[str]) -> AU:
    kind: Literal["AU", "AD", "M"] = code["kind"] or "AU"  # type: ignore[assignment]
    side = code["side"] or code["inside"] or code["behind"] or ""
    return AU(
        int(code["au"]), kind, side, code["intensity"] or "", None, _find_flags(code["flags"])
    )


def _find_flags(text: str) -> tuple[str, ...]:
    uncertain, kept = ("uncertain",) if "?" in text else (), ("kept",) if "(K)" in text else ()
    return uncertain + kept


def _add_flags(au: AU, flags: tuple[str, ...]) -> AU:
    return replace(au, flags=tuple(dict.fromkeys((*au.flags, *flags))))


def _split_outside_brackets(text: str, separators: str) -> list[str]:
    """Split at the separators that stand outside brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
        if depth == 0 and char in separators:
            parts.append("")
        else:
            parts[-1] += char
    if depth:
        raise ValueError(f"the brackets in '{text.replace('|', 'or')}' do not match")
    return list(map(str.strip, parts))


_RULE = {
    1: "6 12 6+12 6+7+12 7+12",
    2: "1+2 5 25 1+2+25 25+26 5+24",
    3: "23 4 4+7 4+5 4+5+7 17+24 4+6+7 4+38",
    4: "10 9 4+9 4+40 4+5+40 4+7+9 4+9+17 4+7+10 4+5+7+9 7+10",
    5: "1 15 1+4 6+15 15+17",
    6: "1+2+4 20",
}
_CLASS_OF: dict[tuple[int, ...], int] = {}
for _number, _codings in _RULE.items():
    for _coding in _codings.split():
        _CLASS_OF[tuple(sorted(map(int, _coding.split("+"))))] = _number
