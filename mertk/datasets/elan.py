"""ELAN files (.eaf) of annotated intervals, written and read.

Tier `expression` holds the intervals, with their type; the tiers `emotion` and `AU` belong to it,
and follow an interval that is moved. Tier `apex` holds one frame of each interval. The subject is
the participant of the tier, and the coder its annotator. Properties of the document say the frame
rate, the number of the first frame, the video and its path. ELAN counts milliseconds: a frame
lasts from its time to that of the next one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote
from xml.etree import ElementTree as ET

from mertk.core.errors import DataError
from mertk.core.reading import read_file

_EXPRESSION = ("expression", "type", "expressions")
_LABELS = {"label": ("emotion", "label"), "au": ("au", "aus", "actionunits")}
_TIERS = {"label": "emotion", "au": "AU"}
_VIDEOS = {".mp4": "video/mp4", ".avi": "video/x-msvideo", ".mov": "video/quicktime"}
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_CHILD = "Symbolic_Association"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One interval of a video; `offset` is its last frame, inclusive.

    `type` is the kind as it is written, such as me or mae. `fps` is in Hz, 0 where it is not known.
    Raises `DataError` where the frames are out of order.
    """

    subject: str = ""
    clip: str = ""
    path: str = ""
    video: str
    onset: int
    apex: int | None = None
    offset: int
    fps: float = 0.0
    type: str = ""
    label: str = ""
    au: str = ""
    coder: str = ""

    def __post_init__(self) -> None:
        apex = self.onset if self.apex is None else self.apex
        if not self.onset <= apex <= self.offset:
            raise DataError(
                f"video {self.video}: onset {self.onset}, apex {self.apex} and offset "
                f"{self.offset} are not in this order"
            )


class _Builder(ET.TreeBuilder):
    """Builds a tree, and refuses a document type: it could define entities that expand."""

    def doctype(self, name: str, _public: str | None, _system: str | None) -> NoReturn:
        """Refuse it."""
        raise DataError(f"has a document type ({name}), which ELAN does not write; it is not read")


def write_elan(annotations: Sequence[Annotation], first: int = 0) -> str:
    """The ELAN file of the intervals of one video, as text.

    Args:
        annotations: at least one; all of one video, with its frame rate.
        first: the number of the first frame of the video.

    Raises:
        DataError: where intervals overlap, which a tier cannot hold, or a time is below 0.
    """
    _check_tier(annotations, first)
    one = annotations[0]
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "",
            "DATE": "1970-01-01T00:00:00+00:00",  # no date: equal intervals make equal files
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = _add(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    mime = _VIDEOS.get(Path(one.path).suffix.lower())
    if mime:
        url = quote(one.path)
        where = {"MEDIA_URL": f"file://{url}"} if one.path.startswith("/") else {"MEDIA_URL": url}
        where |= {} if one.path.startswith("/") else {"RELATIVE_MEDIA_URL": f"./{url}"}
        _add(header, "MEDIA_DESCRIPTOR", MIME_TYPE=mime, **where)
    known = {"video": one.video, "path": one.path, "fps": repr(one.fps), "first": str(first)}
    for name, text in known.items():
        _add(header, "PROPERTY", NAME=f"mertk:{name}").text = text
    _add(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(4 * len(annotations))
    times = _add(root, "TIME_ORDER")
    who = {"PARTICIPANT": one.subject, "ANNOTATOR": one.coder}
    common = {"LINGUISTIC_TYPE_REF": "interval", **who}
    tiers = {"expression": _add(root, "TIER", TIER_ID="expression", **common)}
    common["LINGUISTIC_TYPE_REF"] = "label"
    for tier in _TIERS.values():
        tiers[tier] = _add(root, "TIER", TIER_ID=tier, PARENT_REF="expression", **common)
    common["LINGUISTIC_TYPE_REF"] = "interval"
    tiers["apex"] = _add(root, "TIER", TIER_ID="apex", **common)
    slots: list[tuple[int, str]] = []
    for number, each in enumerate(sorted(annotations, key=lambda a: a.onset)):
        _add_interval(tiers, slots, each, number, first)
    for time, name in sorted(slots, key=lambda slot: slot[0]):
        _add(times, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(time))
    for name, more in {"interval": {}, "label": {"CONSTRAINTS": _CHILD}}.items():
        about = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": name, **more}
        about["TIME_ALIGNABLE"] = "false" if more else "true"
        _add(root, "LINGUISTIC_TYPE", **about)
    text = "1-1 association with a parent annotation"
    _add(root, "CONSTRAINT", DESCRIPTION=text, STEREOTYPE=_CHILD)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _check_tier(annotations: Sequence[Annotation], first: int) -> None:
    """Refuse intervals that a tier cannot hold."""
    ordered = sorted(annotations, key=lambda one: one.onset)
    for before, after in itertools.pairwise(ordered):
        if after.onset <= before.offset:
            raise DataError(
                f"video {after.video}: the intervals {before.onset}–{before.offset} and "
                f"{after.onset}–{after.offset} overlap, which a tier of ELAN cannot hold"
            )
    if ordered[0].onset < first:
        raise DataError(
            f"video {ordered[0].video}: onset {ordered[0].onset} lies before the first frame, "
            f"{first}"
        )
    if not 0 < ordered[0].fps < math.inf:
        raise DataError(f"video {ordered[0].video}: its frame rate is not known: give --fps")


def _add_interval(
    tiers: Mapping[str, Any], slots: list[tuple[int, str]], one: Annotation, number: int, first: int
) -> None:
    identity = f"a{4 * number + 1}"
    ends = _place_frames(slots, (one.onset, one.offset + 1), one.fps, first)
    _add_aligned(tiers["expression"], identity, ends, one.type)
    for at, (name, tier) in enumerate(_TIERS.items(), 4 * number + 2):
        if getattr(one, name):
            holder = _add(tiers[tier], "ANNOTATION")
            about = {"ANNOTATION_ID": f"a{at}", "ANNOTATION_REF": identity}
            value = _add(holder, "REF_ANNOTATION", **about)
            _add(value, "ANNOTATION_VALUE").text = getattr(one, name)
    if one.apex is not None:
        ends = _place_frames(slots, (one.apex, one.apex + 1), one.fps, first)
        _add_aligned(tiers["apex"], f"a{4 * number + 4}", ends, "apex")


def _place_frames(
    slots: list[tuple[int, str]], frames: Sequence[int], fps: float, first: int
) -> list[str]:
    """Add the times at which frames begin; gives their names."""
    names = []
    for frame in frames:
        names.append(f"ts{len(slots) + 1}")
        slots.append((round(1000 * (frame - first) / fps), names[-1]))
    return names


def _add_aligned(tier: Any, identity: str, ends: Sequence[str], text: str) -> None:
    about = {"TIME_SLOT_REF1": ends[0], "TIME_SLOT_REF2": ends[1]}
    holder = _add(tier, "ANNOTATION")
    value = _add(holder, "ALIGNABLE_ANNOTATION", ANNOTATION_ID=identity, **about)
    _add(value, "ANNOTATION_VALUE").text = text


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    return ET.SubElement(parent, tag, attributes)


@dataclass(frozen=True, slots=True)
class _Span:
    """One annotation of a tier: its times in milliseconds, and its text."""

    identity: str
    begins: float
    ends: float
    text: str

    def overlap(self, other: _Span) -> float:
        return min(self.ends, other.ends) - max(self.begins, other.begins)


def read_elan(path: Path, fps: float | None = None) -> list[Annotation]:
    """The intervals of an ELAN file, sorted by time.

    Args:
        path: the file.
        fps: frame rate in Hz, where the file does not say it, as those of mertk do.

    Raises:
        DataError: where it is no ELAN file, has a document type, has no tier `expression`, or where
            the frame rate is not known.
    """
    root = _parse_file(path)
    told = {}
    for element in root.iterfind("HEADER/PROPERTY"):
        told[element.get("NAME", "").removeprefix("mertk:")] = (element.text or "").strip()
    rate, first = _find_rate(path, told, fps)
    tiers = {_normalise(tier.get("TIER_ID", "")): tier for tier in root.iterfind("TIER")}
    main = next((tiers[name] for name in _EXPRESSION if name in tiers), None)
    if main is None:
        named = ", ".join(tier.get("TIER_ID", "") for tier in root.iterfind("TIER")) or "none"
        raise DataError(f"{path}: no tier 'expression', which holds the intervals. Tiers: {named}")
    times = {}
    for slot in root.iterfind("TIME_ORDER/TIME_SLOT"):
        times[slot.get("TIME_SLOT_ID", "")] = slot.get("TIME_VALUE")
    spans = sorted(_read_aligned(path, main, times), key=lambda span: span.begins)
    labels = {}
    for name, known in _LABELS.items():
        tier = next((tiers[one] for one in known if one in tiers), None)
        labels[name] = {} if tier is None else _read_labels(path, tier, times, spans)
    apexes = _read_aligned(path, tiers["apex"], times) if "apex" in tiers else []
    found = []
    video = told.get("video") or path.stem
    for number, span in enumerate(spans, 1):
        onset = _find_frame(span.begins, rate, first)
        offset = max(_find_frame(span.ends, rate, first) - 1, onset)
        inside = [apex for apex in apexes if apex.overlap(span) > 0]
        apex = _find_frame(inside[0].begins, rate, first) if inside else None
        found.append(
            Annotation(
                subject=main.get("PARTICIPANT", "").strip(),
                clip=f"{video}_{number}",
                path=told.get("path", ""),
                video=video,
                onset=onset,
                apex=None if apex is None else min(max(apex, onset), offset),
                offset=offset,
                fps=rate,
                type=span.text,
                label=labels["label"].get(span.identity, ""),
                au=labels["au"].get(span.identity, ""),
                coder=(main.get("ANNOTATOR") or root.get("AUTHOR") or "").strip(),
            )
        )
    return found


def _parse_file(path: Path) -> Any:
    parser = ET.XMLParser(target=_Builder())  # noqa: S314  _Builder refuses entities
    try:
        parser.feed(read_file(path))
        root = parser.close()
    except ET.ParseError as error:
        raise DataError(f"{path}: not a readable ELAN file: {error}") from error
    except DataError as error:
        text = str(error)
        raise DataError(text if text.startswith(str(path)) else f"{path}: {text}") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise DataError(f"{path}: is XML, but no ELAN file: its root is {root.tag}")
    return root


def _find_rate(path: Path, told: Mapping[str, str], fps: float | None) -> tuple[float, int]:
    """The frame rate of a file and the number of its first frame."""
    try:
        rate, first = float(told.get("fps") or fps or 0), int(told.get("first") or 0)
    except ValueError:
        rate, first = math.nan, 0
    if not 0 < rate < math.inf:
        raise DataError(f"{path}: does not say its frame rate in Hz: give it with --fps")
    return rate, first


def _read_aligned(path: Path, tier: Any, times: Mapping[str, str | None]) -> list[_Span]:
    found = []
    for one in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
        ends = []
        for name in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"):
            text = times.get(one.get(name, ""))
            if text is None or not text.isdecimal():
                identity, where = one.get("ANNOTATION_ID"), tier.get("TIER_ID")
                raise DataError(f"{path}: annotation {identity} in tier {where} has no time")
            ends.append(int(text))
        text = (one.findtext("ANNOTATION_VALUE") or "").strip()
        found.append(_Span(one.get("ANNOTATION_ID", ""), ends[0], ends[1], text))
    return found


def _read_labels(
    path: Path, tier: Any, times: Mapping[str, str | None], spans: Sequence[_Span]
) -> dict[str, str]:
    """Interval → text: of an annotation that refers to it, or that overlaps it most."""
    found = {}
    for one in tier.iterfind("ANNOTATION/REF_ANNOTATION"):
        text = (one.findtext("ANNOTATION_VALUE") or "").strip()
        found[one.get("ANNOTATION_REF", "")] = text
    for label in _read_aligned(path, tier, times):
        best = max(spans, key=label.overlap, default=None)
        if best is not None and label.overlap(best) > 0:
            found[best.identity] = label.text
    return found


def _find_frame(time: float, rate: float, first: int) -> int:
    return round(time * rate / 1000) + first


def _normalise(name: str) -> str:
    return name.replace(" ", "").replace("_", "").lower()
