"""Read true intervals from the annotations of a data set, without its frames."""

import inspect
from collections.abc import Sequence
from pathlib import Path

from mertk.core.clips import Clip
from mertk.core.errors import DataError, name_component
from mertk.core.offers import get_offer, needs_folder
from mertk.core.recipe import Use
from mertk.datasets import locations
from mertk.plugins.registry import Registry
from mertk.spotting.interval import Interval


def read_dataset_truth(
    registry: Registry, dataset: str, data: Path | None = None
) -> tuple[list[Interval], list[str]]:
    """All annotated expressions of a data set, and sentences on what was taken for granted.

    Micro- and macro-expressions are both read where the data set has both and `dataset` does not
    choose with `expressions=`. An offset that is not annotated is the apex, as in MEGC 2020.
    Raises `DataError` where the folder is not known or an expression has no onset and end.
    """
    use = Use.parse(dataset)
    target = registry.get("dataset", use.name).load()
    notes = []
    if "expressions" in inspect.signature(target).parameters and "expressions" not in use.params:
        use = Use(use.name, **{**use.params, "expressions": "all"})
        notes.append(f"The truth is {use}: micro- and macro-expressions.")
    root = data or locations.load_known_folders().get(use.name)
    if root is None and needs_folder(target):
        raise DataError(f"--spotting {use.name}: give its folder with --data, or `mertk data add`")
    reader = registry.build("dataset", use)
    with name_component(f"data set '{use}'"):
        survey = get_offer("dataset", reader, "survey")
        clips: Sequence[Clip] = survey(root).clips if survey else reader.index(root)
    truths = list(map(_make_truth, clips))
    short = sum(_ends_at_apex(clip) for clip in clips)
    if short:
        notes.append(
            f"Expressions that end at their apex, because no offset is annotated: {short}."
        )
    return truths, notes


def _make_truth(clip: Clip) -> Interval:
    record = clip.record
    onset = record["onset"]
    end = record["apex"] if record["offset"] is None else record["offset"]
    if onset is None or end is None:
        raise DataError(f"{clip.uid}: onset, or both apex and offset, are not annotated")
    kind = str(record.get("expression_type") or "")
    return Interval(
        str(record.get("video") or clip.name),
        int(onset),
        int(end),
        kind if kind in ("micro", "macro") else "",
        str(record.get("label") or "").lower(),
        clip.subject,
    )


def _ends_at_apex(clip: Clip) -> bool:
    """Whether the offset is not annotated, perhaps with the apex put in its place."""
    offset = clip.record["offset"]
    corrected = clip.record.get("offset_status", "given") != "given"
    return offset is None or (corrected and offset == clip.record["apex"])
