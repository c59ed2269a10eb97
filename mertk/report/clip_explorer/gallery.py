"""Views of held-out clips, largest errors first, as many as a page can hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from mertk.core.printing import count_noun
from mertk.evaluation.breakdowns import RankedClip, rank_clips
from mertk.evaluation.results import Results
from mertk.experiment.held_out_clips import HeldOutClips, ModelView, count_clips
from mertk.report.clip_explorer import drawing
from mertk.report.clip_explorer.view import View, make_view

BUDGET = 3_500_000  # how many bytes the pictures of a page may take; all of it stays below 5 MB

WARNING = (
    "This page contains frames of {sets}. Licences of real data sets usually forbid sharing "
    "pictures: do not share this page, or write it again with --no-frames."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Views of held-out clips, and which they are; `models` with their view's number."""

    text: str
    views: Sequence[View]
    models: Sequence[tuple[str, int]] = ()
    warning: str = ""
    legend: str = ""


def make_gallery(results: Results, held_out: HeldOutClips) -> Gallery:
    """The views of the held-out clips of runs, until their pictures fill a page."""
    if not results.models:
        return Gallery(text="No model uses pixels.", views=())
    ranked = rank_clips(results.models)
    groups = held_out.views or [ModelView(models=(), pictures={})]
    views: list[View] = []
    chosen: list[tuple[str, int]] = []
    filmed: set[str] = set()
    most = count_clips(len(groups))
    for number, group in enumerate(groups):
        of_group = _draw_group(ranked[:most], group, number, BUDGET / len(groups))
        views += of_group
        chosen += [(name, number) for name in group.models]
        filmed |= {one.filmed for one in group.pictures.values() if one.filmed}
    count = sum(view.group == 0 for view in views)
    text = (
        f"{count} of {count_noun(len(ranked), 'held-out clip')}, largest errors first. "
        f"Probabilities are "
        "means over seeds."
    )
    return Gallery(
        text=f"{text} {held_out.withheld}." if held_out.withheld else text,
        views=views,
        models=chosen,
        warning=WARNING.format(sets=", ".join(sorted(filmed))) if filmed else "",
        legend=drawing.encode_picture(drawing.draw_colour_legend())
        if any(view.shots for view in views)
        else "",
    )


def _draw_group(
    clips: Sequence[RankedClip], group: ModelView, number: int, budget: float
) -> list[View]:
    """The clips as the models of a group see them, until their pictures fill the budget."""
    views: list[View] = []
    for clip in clips:
        view = make_view(
            clip.uid,
            group.pictures.get(clip.uid),
            predictions=clip.predictions,
            truth=clip.truth,
            seen_by=", ".join(group.models),
            group=number,
        )
        budget -= view.size
        if budget < 0:
            break
        views.append(view)
    return views
