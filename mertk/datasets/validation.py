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
from mertk.datasets import findings as findings_of
from mertk.datasets.editions import is_published
from mertk.datasets.findings import Finding
from mertk.datasets.survey import Survey

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.core.interfaces import EvaluationProtocol


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
    """What a protocol makes of this data set: `differences` from the nearest published list.

    Where the data set is a published edition that the protocol has no list for, `note` says so, and
    there are no differences.
    """

    protocol: str
    edition: str
    expected: int
    found: int
    differences: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the doctor found.

    `known_by` is `content` where the edition is known by hashes of its frame numbers and labels,
    `counts` where only its numbers were published, and '' where nothing was.
    """

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
    others: tuple[str, ...] = ()
    known_by: Literal["content", "counts", ""] = ""

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What changes results; numbers that differ are left out where something explains them."""
        errors = [finding for finding in self.findings if finding.level == "error"]
        if errors:
            return tuple(errors)
        for count in self.counts:
            if count.wrong:
                text = f"{count.found} {count.what}, published {count.expected}"
                errors.append(Finding("error", "counts", "", text))
        for rules in self.protocols:
            for line in rules.differences:
                errors.append(Finding("error", "protocols", "", f"{rules.protocol}: {line}"))
        return tuple(errors)

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
    """Check a data set; `protocols` are those that are made for it.

    `frames` are decoded to see that they can be: onset, apex and offset (`key`), all, or none.
    `advance` is called after each clip. Annotations without frames are counted alone.
    """
    findings = [*findings_of.report_edition(survey), *findings_of.report_frames(survey)]
    findings += findings_of.report_records(survey)
    findings += [Finding("note", "folder without a row", "", name) for name in survey.unannotated]
    compared: list[Rules] = []
    for name, rules in protocols.items():
        known: Sequence[Manifest] = get_offer("protocol", rules, "manifests")
        if survey.synthetic or all(survey.dataset not in one.counts for one in known):
            continue
        found = _compare_published_lists(survey, name, rules, known)
        if isinstance(found, Finding):
            findings.append(found)
        elif found:
            compared.append(found)
    bound = [clip for clip in survey.clips if clip.uid not in survey.unusable]
    for clip in bound:
        findings += _find_unreadable_frames(clip, frames)
        advance()
    return Diagnosis(
        dataset=survey.dataset,
        edition=survey.edition,
        sheets=tuple(map(str, survey.sheets)),
        tree=str(survey.tree or ""),
        kind=survey.kind,
        clips=len(survey.clips),
        with_frames=len(bound),
        counts=tuple(_count_contents(survey)),
        protocols=tuple(compared),
        findings=tuple(findings),
        assumed=survey.assumed,
        others=survey.others,
        known_by=_find_source(survey),
    )


def _find_source(survey: Survey) -> Literal["content", "counts", ""]:
    """What the edition is known by."""
    named = [one for one in survey.editions if one.name == survey.edition]
    if not named or survey.synthetic:
        return ""
    return "content" if named[0].hashed else "counts"


def _count_contents(survey: Survey) -> Iterator[Count]:
    """Expressions, people and labels, against the edition at hand or else the nearest in size."""
    labels = Counter(str(clip.record["label"]) for clip in survey.clips)
    people, published, rows, subjects = set(), {}, None, None
    for clip in survey.clips:
        people.add(clip.person)
    best = findings_of.find_nearest_edition(survey)
    if best:
        published, rows, subjects = dict(best.labels), best.rows, best.subjects
    yield Count("expressions", rows, len(survey.clips))
    yield Count("people", subjects, len(people))
    for name in dict.fromkeys([*published, *sorted(labels)]):
        expected = published.get(name, 0) if published else None
        yield Count(name or "(no label)", expected, labels[name])


def _compare_published_lists(
    survey: Survey, name: str, rules: EvaluationProtocol, known: Sequence[Manifest]
) -> Rules | Finding | None:
    """What a protocol makes of the clips, against the nearest of its lists, or why it cannot.

    None where it gives no clip a label: it is made for other clips of this set, such as another
    camera's.
    """
    clips: list[Clip] = []
    labels: list[str | Collection[str]] = []
    try:
        with name_component(f"protocol '{name}': label"):
            for clip in survey.clips:
                label = rules.label(clip)
                if label is not None:
                    clips.append(clip)
                    labels.append(label)
    except ProtocolError as error:
        return Finding("note", "protocol without its labels", "", f"{name}: {error}")
    except MertkError as error:
        return Rules(name, "", known[0].total, 0, (str(error),))
    if not clips:
        return None
    dataset = survey.dataset
    best = min(known, key=lambda one: one.distance(clips, labels, [dataset]))
    differences = tuple(best.of_dataset(dataset, clips, labels))
    total = best.total_of(dataset)
    if differences and len(clips) != total and is_published(survey.edition):
        more = f"; {survey.advice}" if survey.advice else ""
        note = f"its published list has {total} clips, edition {survey.edition} gives {len(clips)}"
        return Rules(name, best.edition, total, len(clips), (), f"{note}{more}")
    return Rules(name, best.edition, best.total_of(dataset), len(clips), differences)


def _find_unreadable_frames(clip: Clip, which: Literal["none", "key", "all"]) -> list[Finding]:
    footage, wanted, found = clip.footage, list[int](), list[Finding]()
    if which == "all":
        wanted = list(range(len(footage.frames)))
    elif which == "key" and len(footage.frames):
        apex = [] if footage.apex is None else [footage.apex]
        wanted = sorted({footage.onset, *apex, footage.offset})
    sizes: dict[tuple[int, int], int] = {}
    for at in wanted:
        try:
            height, width, _ = footage.frames[at].shape
            sizes.setdefault((width, height), at)
        except DataError as error:
            found.append(Finding("error", "unreadable frame", clip.uid, str(error)))
    if len(sizes) > 1:
        listed = ", ".join(f"frame {at} {width}x{height}" for (width, height), at in sizes.items())
        fix = "frames of one clip have one size: write them again from the recording"
        found.append(Finding("error", "frames of several sizes", clip.uid, listed, fix))
    return found
