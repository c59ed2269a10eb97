"""The predictions of a trained model for videos, as a table, as JSON and as a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mertk.core.errors import DataError
from mertk.core.escaping import csv_text
from mertk.core.recipe import Recipe
from mertk.datasets.media import videos
from mertk.report import page
from mertk.report.clip_explorer import drawing, view
from mertk.report.clip_explorer.occlusion import occlude_cells
from mertk.spotting import video_prediction
from mertk.storage.atomic_files import json_text, write_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mertk.core.clips import Footage
    from mertk.core.interfaces import Aligner, Spotter
    from mertk.core.progress import Progress
    from mertk.experiment.trained_model import TrainedModel
    from mertk.pipeline.pipeline import Stage
    from mertk.report.clip_explorer.occlusion import Occlusion
    from mertk.report.clip_explorer.view import View
    from mertk.spotting.video_prediction import Finding, TrackedVideo


FILES = ("predictions.csv", "predictions.json", "predictions.html")
"""What is written to a folder."""

BUDGET = 3_500_000
"""How many bytes the pictures of a page may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One video: what was found in it, what is unusual about the file, and views.

    `watched` is None where the interval was given.
    """

    video: Path
    findings: Sequence[Finding]
    notes: Sequence[str] = ()
    watched: TrackedVideo | None = None
    views: Sequence[View] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Eyes:
    """Makes views of found intervals, until their pictures fill a page.

    The first `occlusion` intervals of each video get an occlusion map.
    """

    saved: TrainedModel
    occlusion: int = 0
    left: int = BUDGET

    def view(self, video: Path, number: int, one: Finding, footage: Footage) -> list[View]:
        """The view of a video's interval of this number, from 1; none where the page is full."""
        if self.left <= 0:
            return []
        model, steps = self.saved, view.find_viewing_stages(self.saved.pipeline, fitted=True)
        shares = dict(zip(model.classes, one.probabilities, strict=False))
        found = view.make_view(
            f"{video.name}, {number}: {one.where.begins:.2f}–{one.where.ends:.2f} s",
            footage,
            steps,
            answers=[view.Answer(model=model.name, shares=shares, said=one.predicted)],
            seen_by=model.name,
            weights={} if one.note else model.explain(footage),
            maps=[self._compute_occlusion_map(footage, steps)]
            if number <= self.occlusion and not one.note
            else [],
        )
        self.left -= found.size
        return [found] if self.left > 0 else []

    def _compute_occlusion_map(self, footage: Footage, steps: Sequence[Stage]) -> Occlusion:
        faces, _ = view.locate_face(steps, footage)
        model = self.saved
        return occlude_cells(model.predict, footage, faces, model=model.name, classes=model.classes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Classifies one interval `at` (onset, apex, offset) of each video; without ends, the whole."""

    saved: TrainedModel
    at: tuple[int | None, int | None, int | None]
    least: float = 0.0
    eyes: Eyes | None = None

    def answer(self, video: Path, watch: Progress) -> Answer:
        """The interval; raises `DataError` where there is none such, or no face in it."""
        watch.stage(video.name, 0)
        found, footage, notes = video_prediction.predict_given_interval(
            self.saved, video, self.at, self.least
        )
        views = self.eyes.view(video, 1, found, footage) if self.eyes else []
        return Answer(video=video, findings=[found], notes=notes, views=views)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """Tracks the face through each video, and classifies the intervals of a spotter."""

    saved: TrainedModel
    spotter: Spotter
    aligner: Aligner
    strength: float = 1.0
    least: float = 0.0
    eyes: Eyes | None = None

    def answer(self, video: Path, watch: Progress) -> Answer:
        """What is found; raises `DataError` where the file is no video, or shows no face."""
        watch.stage(f"{video.name}: tracking the face", videos.probe_video(video).count)
        watched = video_prediction.track_video(video, self.aligner, watch.step)
        if not watched.stretches:
            raise DataError(f"{video}: no face to track: {watched.gaps[0].reason}")
        frames = sum(len(stretch.corners) for stretch in watched.stretches)
        watch.stage(f"{video.name}: spotting expressions", frames)
        findings: list[Finding] = []
        views: list[View] = []
        for one, footage in video_prediction.predict_spots(
            self.saved,
            watched,
            self.spotter,
            strength=self.strength,
            least=self.least,
            step=watch.step,
        ):
            findings.append(one)
            if self.eyes:
                views += self.eyes.view(video, len(findings), one, footage)
        return Answer(
            video=video, findings=findings, notes=watched.notes, watched=watched, views=views
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The predictions of a model for videos, and the warning that belongs to them.

    `spotter` is empty if intervals were given; `failed` are lines on videos without a prediction.
    """

    saved: TrainedModel
    warning: str
    spotter: str = ""
    answers: list[Answer] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The number of intervals and videos."""
        many = sum(len(answer.findings) for answer in self.answers)
        return f"{many} intervals in {len(self.answers)} videos:"

    def write(self, folder: Path) -> None:
        """Write `FILES` into a folder; raises `StorageError` as `write_files` does."""
        texts = self.table(), json_text(self.to_json()), self.page()
        write_files(folder, dict(zip(FILES, texts, strict=True)))

    def page(self) -> str:
        """The page as text: one file, no network, all text escaped."""
        recipe = Recipe.from_json(self.saved.about["identity"]["recipe"])
        views = [view for answer in self.answers for view in answer.views]
        return (
            page.make_environment()
            .get_template("predicted.html.j2")
            .render(
                saved=self.saved,
                answers=self.answers,
                warning=self.warning,
                spotter=self.spotter,
                failed=self.failed,
                videos=[_describe_for_page(answer) for answer in self.answers],
                views=views,
                legend=drawing.encode_picture(drawing.draw_colour_legend()) if views else "",
                recipe=[(place, str(use)) for place, use in recipe.places().items()],
            )
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row per interval; a video in which nothing was found has a row that says so."""
        found = []
        for answer in self.answers:
            video = {"video": str(answer.video)}
            found += [{**video, **_make_row(one, self.saved.classes)} for one in answer.findings]
            if not answer.findings:
                found.append({**video, "predicted": video_prediction.NO_EXPRESSION})
        return found

    def table(self) -> str:
        """The rows as CSV."""
        return csv_text(["video", *_list_columns(self.saved.classes)], self.rows())

    def to_json(self) -> dict[str, Any]:
        """Everything that was found, for machines."""
        return {
            "model": self.saved.name,
            "warning": self.warning,
            "classes": list(self.saved.classes),
            "videos": [_describe_video(answer, self.saved.classes) for answer in self.answers],
            "failed": list(self.failed),
        }


def _list_columns(classes: Sequence[str]) -> list[str]:
    where = ["onset", "apex", "offset", "begins", "ends", "strength"]
    return [*where, "predicted", *(f"p_{name}" for name in classes), "note"]


def _make_row(one: Finding, classes: Sequence[str]) -> dict[str, Any]:
    where = ["" if value is None else value for value in asdict(one.where).values()]
    rounded = [round(value, 3) if isinstance(value, float) else value for value in where]
    shares: list[Any] = [round(share, 6) for share in one.probabilities] or [""] * len(classes)
    cells = [*rounded, one.predicted, *shares, one.note]
    return dict(zip(_list_columns(classes), cells, strict=True))


def _describe_video(answer: Answer, classes: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"video": str(answer.video), "notes": list(answer.notes)}
    if answer.watched:
        seen = answer.watched
        told |= {
            "frames": len(seen.times),
            "fps": round(seen.fps, 3),
            "followed": [[one.first, one.last] for one in seen.stretches],
            "gaps": [asdict(gap) for gap in seen.gaps],
        }
    return {**told, "expressions": [_describe_expression(one, classes) for one in answer.findings]}


def _describe_expression(one: Finding, classes: Sequence[str]) -> dict[str, Any]:
    shares = dict(zip(classes, one.probabilities, strict=False))
    about = {"predicted": one.predicted, "probabilities": shares, "note": one.note}
    return {**asdict(one.where), **about}


def _describe_for_page(answer: Answer) -> dict[str, Any]:
    """A video as the page draws it; marks are (left, width) in per cent of its time line."""
    about: dict[str, Any] = {
        "name": answer.video.name,
        "found": answer.findings,
        "notes": answer.notes,
        "gaps": (),
        "refused": any(one.note for one in answer.findings),
        "seconds": 0,
    }
    if answer.watched is None:
        return about
    seen = answer.watched
    seconds = float(seen.times[-1]) + 1 / seen.fps

    def mark(begins: float, ends: float) -> tuple[float, float]:
        return round(100 * begins / seconds, 3), round(100 * (ends - begins) / seconds, 3)

    def between(first: int, last: int) -> tuple[float, float]:
        return float(seen.times[first]), float(seen.times[last]) + 1 / seen.fps

    gaps = [(gap, *between(gap.first, gap.last)) for gap in seen.gaps]
    faces = [between(one.first, one.last) for one in seen.stretches]
    spots = [(between(one.where.onset, one.where.offset), one.predicted) for one in answer.findings]
    return about | {
        "frames": len(seen.times),
        "fps": seen.fps,
        "seconds": seconds,
        "followed": sum(ends - begins for begins, ends in faces),
        "faces": [mark(*ends) for ends in faces],
        "gaps": [{**asdict(gap), "begins": begins, "ends": ends} for gap, begins, ends in gaps],
        "gap_marks": [(*mark(begins, ends), gap.reason) for gap, begins, ends in gaps],
        "spot_marks": [
            (*mark(*ends), f"{ends[0]:.2f}–{ends[1]:.2f} s: {said}") for ends, said in spots
        ],
    }
