"""The predictions of a trained model for videos, as a table, as JSON and as a page."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mertk.core.escaping import csv_text
from mertk.core.printing import count_noun
from mertk.core.recipe import Recipe
from mertk.evaluation.breakdowns import ClipPrediction
from mertk.experiment.clip_pictures import ClipPictures
from mertk.experiment.trained_model import TrainedModel
from mertk.report import page
from mertk.report.clip_explorer import drawing
from mertk.report.clip_explorer.view import View, make_view
from mertk.spotting.predicted_video import PredictedVideo
from mertk.spotting.recordings import TYPES
from mertk.spotting.video_prediction import NO_EXPRESSION, Finding
from mertk.storage.atomic_files import json_text, write_files

FILES = ("predictions.csv", "predictions.json", "predictions.html")  # what is written to a folder
BUDGET = 3_500_000  # how many bytes the pictures of a page may take

MARGINAL = 1.5
"""An answer to weaker motion, as a multiple of the spotter's threshold, is called marginal."""

_WHERE = ("onset", "apex", "offset", "begins", "ends", "strength")


@dataclass(slots=True, kw_only=True)
class VideoReport:
    """The predictions of a model for videos, and the warning that belongs to them.

    `spotter` is empty if intervals were given; `failed` are lines on videos without a prediction.
    """

    model: TrainedModel
    warning: str
    spotter: str = ""
    videos: list[PredictedVideo] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    _drawn: list[View] = field(default_factory=list)
    _left: int = BUDGET

    def draw(self, title: str, one: Finding, pictures: ClipPictures) -> bool:
        """Draw an interval of the next video; whether the page has room for more."""
        name = self.model.name
        shares = dict(zip(self.model.classes, one.probabilities, strict=False))
        prediction = ClipPrediction(model=name, probabilities=shares, predicted=one.predicted)
        view = make_view(title, pictures, predictions=[prediction], seen_by=name)
        self._left -= view.size
        if self._left > 0:
            self._drawn.append(view)
        return self._left > 0

    def add(self, video: PredictedVideo) -> None:
        """Add a video, and the intervals of it that were drawn."""
        self.videos.append(video)
        self.views += self._drawn
        self._drawn.clear()

    def add_failure(self, text: str) -> None:
        """Add why a video has no prediction."""
        self.failed.append(text)
        self._drawn.clear()

    def format_summary(self) -> str:
        """The number of intervals and videos."""
        many = sum(len(video.findings) for video in self.videos)
        videos = len({video.video for video in self.videos})
        people = sum(video.person is not None for video in self.videos)
        whose = f" of {count_noun(people, 'person', 'people')}" if people else ""
        return f"{count_noun(many, 'interval')}{whose} in {count_noun(videos, 'video')}:"

    def describe_lengths(self) -> str:
        """How many intervals last too long for a micro-expression; empty where none does."""
        found = [one.where.kind for video in self.videos for one in video.findings]
        long = found.count("macro")
        if not long:
            return ""
        return (
            f"Intervals that last more than half a second: {long} of {len(found)}; by their "
            "length they are macro-expressions, not micro-expressions."
        )

    def write(self, folder: Path) -> None:
        """Write `FILES` into a folder; raises `StorageError` as `write_files` does."""
        texts = self.format_csv(), json_text(self.to_json()), self.render_page()
        write_files(folder, dict(zip(FILES, texts, strict=True)))

    def render_page(self) -> str:
        """The page as text: one file, no network, all text escaped."""
        recipe = Recipe.from_json(self.model.about["identity"]["recipe"])
        legend = drawing.encode_picture(drawing.draw_colour_legend()) if self.views else ""
        return (
            page.make_environment()
            .get_template("predicted.html.j2")
            .render(
                model=self.model,
                warning=self.warning,
                lengths=self.describe_lengths(),
                spotter=self.spotter,
                failed=self.failed,
                marginal=MARGINAL,
                is_marginal=is_marginal,
                videos=list(map(_describe_for_page, self.videos)),
                views=self.views,
                legend=legend,
                recipe=recipe.places(),
            )
        )

    def format_csv(self) -> str:
        """One row per interval; a video in which nothing was found has a row that says so."""
        rows: list[dict[str, Any]] = []
        classes = [f"p_{name}" for name in self.model.classes]
        for video in self.videos:
            whose = {"video": str(video.video), "person": video.person or ""}
            if not video.findings:
                rows.append(whose | {"predicted": NO_EXPRESSION})
            for one in video.findings:
                row: dict[str, Any] = whose | {"predicted": one.predicted, "note": one.note}
                row |= {
                    "type": TYPES[one.where.kind],
                    "marginal": "yes" if is_marginal(one) else "",
                }
                row["stability"] = "" if one.stability is None else one.stability
                for name, value in asdict(one.where).items():
                    row[name] = "" if value is None else round(value, 3)
                rows.append(
                    row | dict(zip(classes, np.round(one.probabilities, 6).tolist(), strict=False))
                )
        told = ("type", "marginal", "predicted", "stability")
        return csv_text(["video", "person", *_WHERE, *told, *classes, "note"], rows)

    def to_json(self) -> dict[str, Any]:
        """Everything that was found, for machines."""
        videos = []
        for one in self.videos:
            video: dict[str, Any] = {"video": str(one.video), "notes": list(one.notes)}
            if one.person is not None:
                video["person"] = one.person
            if track := one.track:
                video |= {
                    "frames": len(track.times),
                    "fps": round(track.fps, 3),
                    "followed": [[part.first, part.last] for part in track.stretches],
                    "gaps": list(map(asdict, track.gaps)),
                }
            video["expressions"] = []
            for found in one.findings:
                shares = dict(zip(self.model.classes, found.probabilities, strict=False))
                about = {
                    "type": TYPES[found.where.kind],
                    "marginal": is_marginal(found),
                    "predicted": found.predicted,
                    "stability": found.stability,
                    "probabilities": shares,
                    "note": found.note,
                }
                video["expressions"].append(asdict(found.where) | about)
            videos.append(video)
        return {
            "model": self.model.name,
            "warning": self.warning,
            "classes": list(self.model.classes),
            "videos": videos,
            "failed": list(self.failed),
        }


def is_marginal(one: Finding) -> bool:
    """Whether the motion of a spotted interval is weaker than `MARGINAL`."""
    return one.where.strength is not None and one.where.strength < MARGINAL


def _describe_for_page(one: PredictedVideo) -> dict[str, Any]:
    """A video as the page draws it; marks are (left, width) in per cent of its time line."""
    about: dict[str, Any] = {
        "name": one.video.name + ("" if one.person is None else f", person {one.person}"),
        "found": one.findings,
        "notes": one.notes,
        "gaps": [],
        "refused": any(found.note for found in one.findings),
        "seconds": 0,
    }
    if one.track is None:
        return about
    track = one.track
    seconds = float(track.times[-1]) + 1 / track.fps

    def locate(first: int, last: int) -> tuple[float, float, tuple[float, float]]:
        """Begin and end in seconds, and the mark, of an interval of frames."""
        begins, ends = float(track.times[first]), float(track.times[last]) + 1 / track.fps
        mark = round(100 * begins / seconds, 3), round(100 * (ends - begins) / seconds, 3)
        return begins, ends, mark

    about |= {"frames": len(track.times), "fps": track.fps, "seconds": seconds, "followed": 0.0}
    about |= {"faces": [], "gap_marks": [], "spot_marks": []}
    for stretch in track.stretches:
        begins, ends, mark = locate(stretch.first, stretch.last)
        about["followed"] += ends - begins
        about["faces"].append(mark)
    for gap in track.gaps:
        begins, ends, mark = locate(gap.first, gap.last)
        about["gaps"].append({**asdict(gap), "begins": begins, "ends": ends})
        about["gap_marks"].append((*mark, gap.reason))
    for found in one.findings:
        begins, ends, mark = locate(found.where.onset, found.where.offset)
        text = f"{begins:.2f}–{ends:.2f} s: {found.where.kind}, {found.predicted}"
        about["spot_marks"].append((*mark, text, is_marginal(found)))
    return about
