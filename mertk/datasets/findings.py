"""What the data doctor finds in the annotations and frames of a data set."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mertk.datasets import corrections
from mertk.datasets.edited_cells import Edit, compare_known_cells, find_edits, find_lost_row
from mertk.datasets.editions import EDITED, UNRECOGNISED, Cells, Edition

if TYPE_CHECKING:
    from mertk.core.clips import Clip
    from mertk.datasets.survey import Survey

_FIX = "take the published file of {}"
_NAMED = 8
_MICRO_MS = 500  # longer ones are macro-expressions by definition (Yan et al. 2013)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one clip, or about the whole set; `fix` is what to do."""

    level: Literal["error", "note"]
    topic: str
    clip: str
    text: str
    fix: str = ""


def find_nearest_edition(survey: Survey) -> Edition | None:
    """The edition at hand, or else the one whose numbers of rows and labels are nearest."""
    if survey.synthetic or not survey.editions:
        return None
    name = survey.edition.removesuffix(EDITED)
    labels = Counter(str(clip.record["label"]) for clip in survey.clips)

    def distance(edition: Edition) -> tuple[bool, int]:
        rows = abs(edition.rows - len(survey.clips))
        unlike = rows
        if edition.labels:
            unlike = sum(
                abs(edition.labels.get(word, 0) - labels[word])
                for word in {*edition.labels, *labels}
            )
        return edition.name != name, rows + unlike

    return min(survey.editions, key=distance)


def report_edition(survey: Survey) -> Iterator[Finding]:
    """Whether the annotations are a published edition, and where they differ."""
    if survey.synthetic:
        yield Finding("note", "synthetic", "", "made by a program: published counts do not apply")
        return
    nearest = find_nearest_edition(survey)
    if nearest is None:
        return
    misspelt = list(_report_misspelt(survey))
    yield from misspelt
    rows = [Cells.of_fields(clip.record) for clip in survey.clips]
    if survey.edition.endswith(EDITED):
        yield from _report_edits(survey, nearest, rows)
    elif survey.edition == UNRECOGNISED and not misspelt:
        yield from _report_counts(survey, nearest, rows)


def _report_misspelt(survey: Survey) -> Iterator[Finding]:
    """Labels that no edition has but that are spelt almost like one."""
    known = sorted({label for edition in survey.editions for label in edition.labels})
    for clip in survey.clips:
        label = str(clip.record["label"])
        close = difflib.get_close_matches(label, known, 1, 0.75)
        if known and label not in known and close:
            text = f"{clip.record['source']}: emotion '{clip.record['emotion_raw']}'"
            yield Finding("error", "unknown emotion", clip.uid, text, f"write {close[0]}")


def _report_edits(survey: Survey, edition: Edition, rows: list[Cells]) -> Iterator[Finding]:
    edits = find_edits(survey.dataset, edition, rows, survey.repairs)
    yield from _describe_edits(edits, edition)
    if not edits:
        fix = _FIX.format(edition.name)
        what = " and ".join(edition.find_edited(survey.dataset, rows))
        text = f"the {what} are not those of {edition.name}; several cells differ, which ones "
        yield Finding("error", "edited copy", "", f"{text}cannot be told", fix)


def _describe_edits(edits: Sequence[Edit], edition: Edition) -> Iterator[Finding]:
    """A finding for each cell that differs."""
    for edit in edits:
        text = f"{edit.field} {edit.found}, published {edit.published}"
        yield Finding("error", "edited copy", edit.clip, text, _FIX.format(edition.name))


def _report_counts(survey: Survey, edition: Edition, rows: list[Cells]) -> Iterator[Finding]:
    """Which rows are missing or too many, against the nearest edition."""
    lost = find_lost_row(survey.dataset, edition, rows, survey.unannotated)
    if lost:
        text = f"its row ({lost.published}) is missing: {len(rows)} of {edition.rows} rows"
        yield Finding("error", "unknown edition", lost.clip, text, "restore the row")
        return
    if len(rows) == edition.rows and edition.hashed:
        edits = find_edits(survey.dataset, edition, rows, survey.repairs)
        yield from _describe_edits(edits, edition)
        if edits:
            return
    found = Counter(row.label for row in rows)
    unlike = []
    for label in dict.fromkeys([*edition.labels, *sorted(found)] if edition.labels else ()):
        if found[label] != edition.labels.get(label, 0):
            unlike.append(f"{label} {found[label]} of {edition.labels.get(label, 0)}")
    people = {row.subject for row in rows}
    text = f"not a published edition; nearest is {edition.name}"
    if len(rows) != edition.rows:
        text += f", {len(rows)} of {edition.rows} rows"
    if edition.subjects not in (None, len(people)):
        text += f", {len(people)} of {edition.subjects} people"
    text += f": {', '.join(unlike)}" if unlike else ""
    fix = "take the published file"
    if survey.others:
        fix += f", or read another: {survey.others[0]}"
    yield Finding("error", "unknown edition", "", text, fix)
    missing = [name for name in edition.people or edition.per_subject if name not in people]
    if missing:
        more = f" … and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        names = f"{', '.join(missing[:_NAMED])}{more}"
        yield Finding("error", "subjects missing", "", names, "restore their rows")
    known = list(compare_known_cells(edition, rows, survey.repairs))
    yield from _describe_edits(known, edition)


def report_frames(survey: Survey) -> Iterator[Finding]:
    """Timing that cannot be, clips without frames, and what was skipped."""
    wrong = set()
    for clip in survey.clips:
        if _has_wrong_timing(clip):
            wrong.add(clip.uid)
            text = f"{clip.record['source']}: {clip.record['notes'][0]}"
            yield Finding("error", "timing", clip.uid, text, "correct the row")
    for line in survey.strays:
        yield Finding("error", "frames that fit no row", "", line, "see the layout of the data set")
    for line in survey.notices:
        yield Finding("note", "notice", "", line)
    if survey.tree is not None:
        yield from _report_unusable(survey, wrong)
    elif survey.no_tree and not survey.strays:
        why = f"no frames were checked: {survey.no_tree}"
        yield Finding("note", "annotations alone", "", why)


def _report_unusable(survey: Survey, wrong: set[str]) -> Iterator[Finding]:
    """Clips that lack frames, except for those of `wrong`; whole subjects as one."""
    for subject, clips in _group_by_subject(survey).items():
        lost = [survey.unusable.get(clip.uid, "") for clip in clips]
        if len(clips) > 1 and all(why.startswith("no folder in") for why in lost):
            text = f"all {len(clips)} clips: {lost[0]}"
            yield Finding("error", "without frames", subject, text, "restore the folder")
            continue
        for clip, why in zip(clips, lost, strict=True):
            if why and clip.uid not in wrong:
                partly = "between onset and offset" in why
                topic = "frames missing" if partly else "without frames"
                yield Finding("error", topic, clip.uid, why, "restore the files")


def _group_by_subject(survey: Survey) -> dict[str, list[Clip]]:
    grouped: dict[str, list[Clip]] = {}
    for clip in survey.clips:
        grouped.setdefault(clip.subject, []).append(clip)
    return grouped


def _has_wrong_timing(clip: Clip) -> bool:
    record = clip.record
    invalid = "invalid" in (record["onset_status"], record["offset_status"])
    return invalid or "offset_missing" in record["quirks"]


def report_records(survey: Survey) -> Iterator[Finding]:
    """What is known of single clips: gaps, corrections, and marks with their evidence."""
    evidence: dict[tuple[str, str], str] = {}
    for key, rows in survey.repairs.items():
        for row in rows:
            evidence[key, row.quirk] = row.evidence
    for clip in survey.clips:
        yield from _report_timing(clip)
        record = clip.record
        published = (record["onset_raw"], record["apex_raw"])
        keys = corrections.list_repair_keys(clip.subject, record["clip"], *published)
        for quirk in record["quirks"]:
            if quirk in _SAID:
                continue
            why = [evidence[key, quirk] for key in keys if (key, quirk) in evidence]
            coding = f"'{record['au_raw']}'" if quirk in _CODINGS else ""
            text = " · ".join(filter(None, [coding, *why[:1]]))
            yield Finding("note", quirk, clip.uid, text)


def _report_timing(clip: Clip) -> Iterator[Finding]:
    """Gaps, an apex outside, length and corrections of one clip."""
    record, uid = clip.record, clip.uid
    if record["n_missing"]:
        kept = "incomplete" in record["quirks"]
        text = "; ".join(record["notes"])
        yield Finding("error" if kept else "note", "frames missing", uid, text)
    if record["apex_status"] == "invalid" and not _has_wrong_timing(clip):
        timing = [f"{name} {record[f'{name}_raw']}" for name in ("apex", "onset", "offset")]
        yield Finding("note", "apex outside", uid, ", ".join(timing))
    milliseconds = record["duration_ms"]
    if record["expression_type"] == "micro" and (milliseconds or 0) > _MICRO_MS:
        yield Finding("note", "longer than half a second", uid, f"{milliseconds} ms")
    for name in ("onset", "apex", "offset"):
        if record[f"{name}_status"] == "corrected":
            was, now = record[f"{name}_raw"], record[name]
            yield Finding("note", "repaired", uid, f"{name} {was} → {now}")


_CODINGS = frozenset({"au_unreadable", "au_unknown", "au_alternatives"})
_SAID = frozenset({"missing_frames", "incomplete", "apex_outside", "offset_missing"})
"""Marks that findings of their own tell about."""
