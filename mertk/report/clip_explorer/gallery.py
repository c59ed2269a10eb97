"""Views of held-out clips, largest errors first, as many as a page can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mertk.evaluation.breakdowns import rank_clips
from mertk.experiment.held_out_clips import CLIPS, HeldOutClips
from mertk.report.clip_explorer import drawing
from mertk.report.clip_explorer.view import View, make_view

if TYPE_CHECKING:
    from mertk.evaluation.results import Results

BUDGET = 3_500_000
"""How many bytes the pictures of a page may take; all of it stays below 5 MB."""

WARNING = (
    "This page contains frames of {sets}. Licences of real data sets usually forbid sharing "
    "pictures: do not share this page, or write it again with --no-frames."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Views of held-out clips, and a sentence that says which."""

    text: str
    views: Sequence[View]
    warning: str = ""
    legend: str = ""


def make_gallery(results: Results, held_out: HeldOutClips) -> Gallery:
    """The views of the held-out clips of runs, until their pictures fill a page."""
    if not results.models:
        return Gallery(text="No model uses pixels.", views=())
    ranked, left = rank_clips(results.models), BUDGET
    views: list[View] = []
    filmed: set[str] = set()
    for clip in ranked[:CLIPS]:
        pictures = held_out.pictures.get(clip.uid)
        view = make_view(
            clip.uid,
            pictures,
            predictions=clip.predictions,
            truth=clip.truth,
            seen_by=held_out.model,
        )
        left -= view.size
        if left < 0:
            break
        views.append(view)
        if pictures and pictures.filmed:
            filmed.add(pictures.filmed)
    text = (
        f"{len(views)} of {len(ranked)} held-out clips, largest errors first. Probabilities are "
        "means over seeds."
    )
    return Gallery(
        text=f"{text} {held_out.withheld}." if held_out.withheld else text,
        views=views,
        warning=WARNING.format(sets=", ".join(sorted(filmed))) if filmed else "",
        legend=drawing.encode_picture(drawing.draw_colour_legend())
        if any(view.shots for view in views)
        else "",
    )
