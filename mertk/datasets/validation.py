"""The data doctor: what a folder holds, against what the data set's authors published.

An *error* is something that changes a published number: other counts, clips without frames, frames
that cannot be read. A *note* is what anybody should know who uses the clips: repairs, an apex that
cannot be, an expression that lasts too long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from mertk.core.clip_lists import Manifest
from mertk.core.errors import DataError, MertkError, ProtocolError, name_component
from mertk.core.offers import get_offer
from mertk.datasets import corrections
from mertk.datasets.survey import UNRECOGNISED, Edition, Survey

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.core.interfaces import EvaluationProtocol

_MICRO_MS = 500  # longer ones are macro-expressions by definition (Yan et al. 2013)


@dataclass(frozen=True, slots=True)
class Count:
    """Something that was counted; `expected` is None where nobody published it."""

    what: str
    expected: int | None
    found: int

    @property
    def wrong(self) -> bool:
        """Whether the two differ."""
        return self.expected not in (None, self.found)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a protocol makes of this data set: `differences` from the nearest published list."""

    protocol: str
    edition: str
    expected: int
    found: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one clip, or about the whole set."""

    level: Literal["error", "note"]
    topic: str
    clip: str
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the doctor found."""

    dataset: str
    edition: str
    sheets: tuple[str, ...]
    tree: str
    kind: str
    clips: int
    with_frames: int
    counts: tuple[Count, ...]
    protocols: tuple[Rules, ...]
    findings: tuple[Finding, ...]
    assumed: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing was found that changes a published number."""
        return not (
            any(count.wrong for count in self.counts)
            or any(rules.differences for rules in self.protocols)
            or any(finding.level == "error" for finding in self.findings)
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "healthy": self.healthy}


def examine_dataset(
    survey: Survey,
    protocols: Mapping[str, EvaluationProtocol],
    *,
    frames: Literal["none", "key", "all"] = "key",
    advance: Callable[[], object] = lambda: None,
) -> Diagnosis:
    """Look a data set through; `protocols` are those that are made for it.

    `frames` are decoded to see that they can be: onset, apex and offset (`key`), all, or none.
    `advance` is called after each clip. Annotations without frames are counted alone.
    """
    expected = None if survey.synthetic else _find_nearest_edition(survey)
    bound = [clip for clip in survey.clips if clip.uid not in survey.unusable]
    findings = [
        *_of_set(survey),
        *_report_unusable(survey),
        *_of_records(survey),
        *_report_spare_folders(survey),
    ]
    told = [] if survey.synthetic else list(_compare_published_lists(survey, protocols))
    findings += [one for one in told if isinstance(one, Finding)]
    for clip in bound:
        findings += _find_unreadable_frames(clip, frames)
        advance()
    return Diagnosis(
        dataset=survey.dataset,
        edition=survey.edition,
        sheets=tuple(str(sheet) for sheet in survey.sheets),
        tree=str(survey.tree or ""),
        kind=survey.kind,
        clips=len(survey.clips),
        with_frames=len(bound),
        counts=tuple(_count_contents(survey, expected)),
        protocols=tuple(one for one in told if isinstance(one, Rules)),
        findings=tuple(findings),
        assumed=survey.assumed,
    )


def _find_nearest_edition(survey: Survey) -> Edition | None:
    """The edition at hand, or the one whose number of expressions is nearest."""
    named = [edition for edition in survey.editions if edition.name == survey.edition]
    known = named or list(survey.editions)
    return min(known, key=lambda e: abs(e.rows - len(survey.clips)), default=None)


def _count_contents(survey: Survey, expected: Edition | None) -> Iterator[Count]:
    labels = Counter(str(clip.record["label"]) for clip in survey.clips)
    yield Count("expressions", expected.rows if expected else None, len(survey.clips))
    yield Count(
        "people", expected.subjects if expected else None, len({c.person for c in survey.clips})
    )
    published = expected.labels if expected else {}
    for name in dict.fromkeys([*published, *sorted(labels)]):
        yield Count(
            name or "(no label)", published.get(name, 0) if published else None, labels[name]
        )


def _compare_published_lists(
    survey: Survey, protocols: Mapping[str, EvaluationProtocol]
) -> Iterator[Rules | Finding]:
    """Per protocol with a published list: this data set's part of it, or what it lacks."""
    for name, rules in protocols.items():
        known: Sequence[Manifest] = get_offer("protocol", rules, "manifests")
        if not any(survey.dataset in one.counts for one in known):
            continue
        try:
            with name_component(f"protocol '{name}': label"):
                labelled = [
                    (clip, label)
                    for clip in survey.clips
                    if (label := rules.label(clip)) is not None
                ]
        except ProtocolError as error:
            yield Finding("note", "protocol without its labels", "", f"{name}: {error}")
            continue
        except MertkError as error:
            yield Rules(name, "", known[0].total, 0, (str(error),))
            continue
        if labelled:  # else it is made for other clips of this set, such as another camera's
            yield _compare_with_nearest(name, survey.dataset, known, labelled)


def _compare_with_nearest(
    name: str,
    dataset: str,
    known: Sequence[Manifest],
    labelled: Sequence[tuple[Clip, str | Collection[str]]],
) -> Rules:
    """The nearest of the published lists, and what differs from it."""
    clips, labels = [clip for clip, _ in labelled], [label for _, label in labelled]
    best = min(known, key=lambda one: one.distance(clips, labels, [dataset]))
    differences = best.of_dataset(dataset, clips, labels)
    return Rules(name, best.edition, best.total_of(dataset), len(clips), tuple(differences))


def _of_set(survey: Survey) -> Iterator[Finding]:
    if survey.synthetic:
        yield Finding("note", "synthetic", "", "made by a program: published counts do not apply")
    elif survey.edition == UNRECOGNISED and survey.editions:
        names = ", ".join(edition.name for edition in survey.editions)
        yield Finding("error", "unknown edition", "", f"none of the published ones: {names}")


def _report_unusable(survey: Survey) -> Iterator[Finding]:
    if survey.no_tree:
        yield Finding(
            "note", "annotations alone", "", f"no frames were looked at: {survey.no_tree}"
        )
        return
    for uid, why in survey.unusable.items():
        yield Finding("error", "without frames", uid, why)


def _of_records(survey: Survey) -> Iterator[Finding]:
    evidence = {
        (key, row.quirk): row.evidence for key, rows in survey.repairs.items() for row in rows
    }
    for clip in survey.clips:
        record, uid = clip.record, clip.uid
        if record["n_missing"]:
            yield Finding("error", "frames missing", uid, "; ".join(record["notes"]))
        if record["apex_status"] == "invalid":
            yield Finding("note", "apex outside", uid, _format_timing(record))
        milliseconds = record["duration_ms"]
        if record["expression_type"] == "micro" and (milliseconds or 0) > _MICRO_MS:
            yield Finding("note", "longer than half a second", uid, f"{milliseconds} ms")
        for name in ("onset", "apex", "offset"):
            if record[f"{name}_status"] == "corrected":
                was, now = record[f"{name}_raw"], record[name]
                yield Finding("note", "repaired", uid, f"{name} {was} → {now}")
        published = (record["onset_raw"], record["apex_raw"])
        keys = corrections.list_repair_keys(clip.subject, record["clip"], *published)
        for quirk in record["quirks"]:
            why = next((evidence[key, quirk] for key in keys if (key, quirk) in evidence), "")
            yield Finding("note", quirk, uid, why)


def _format_timing(record: Mapping[str, Any]) -> str:
    return f"apex {record['apex_raw']}, onset {record['onset_raw']}, offset {record['offset_raw']}"


def _report_spare_folders(survey: Survey) -> Iterator[Finding]:
    for folder in survey.unannotated:
        yield Finding("note", "folder without a row", "", folder)


def _find_unreadable_frames(clip: Clip, which: Literal["none", "key", "all"]) -> list[Finding]:
    footage = clip.footage
    key = {footage.onset, footage.offset, *([] if footage.apex is None else [footage.apex])}
    wanted = {"none": [], "key": sorted(key), "all": list(range(len(footage.frames)))}[which]
    found = []
    for at in wanted if len(footage.frames) else []:
        try:
            footage.frames[at]
        except DataError as error:
            found.append(Finding("error", "unreadable frame", clip.uid, str(error)))
    return found
