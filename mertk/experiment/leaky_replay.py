"""Training orders that leak: some stages are fitted once, on all clips, before the folds.

Some published scores are made that way. A replay runs such an order beside the strict one, as a run
whose identity says so; nothing else in mertk fits a stage of a run outside a fold.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from mertk.core.errors import ComponentError
from mertk.core.splits import Split
from mertk.pipeline.fold import ClipStates, FoldFit, LabelledClips
from mertk.pipeline.pipeline import ClipState, Clock, Pipeline


def move_frontier(pipeline: Pipeline, once: Sequence[str]) -> Pipeline:
    """The pipeline with its frontier after the last of the stages `once`.

    Raises `ComponentError` where one of them is not in the fold, or where another stage before them
    learns.
    """
    if not once:
        return pipeline
    inside = [step.place for step in pipeline.inside[:-1] if not step.joint]
    for place in once:
        if place not in inside:
            raise ComponentError(
                f"the replay fits '{place}' once, but nothing at that place could be: the places "
                f"in the fold before the classifier are {', '.join(inside) or 'none'}"
            )
    end = max(map(inside.index, once)) + 1
    early, late = pipeline.inside[:end], pipeline.inside[end:]
    for step in early:
        if step.learns and step.place not in once:
            raise ComponentError(
                f"{step.place} learns before {once[-1]}; the replay must fit it once as well"
            )
    return Pipeline((*pipeline.prefix, *early), late)


def fit_once(
    pipeline: Pipeline, once: Sequence[str], states: ClipStates, sample: LabelledClips, seed: int
) -> Mapping[str, Sequence[ClipState]]:
    """The states of all clips after each stage up to the last of `once`, fitted on all clips."""
    if not once:
        return {}
    count = len(sample.uids)
    everybody = Split("all clips", np.arange(count), np.empty(0, np.int64))
    work = FoldFit(sample, everybody, seed, Clock())
    known = [states[at] for at in range(count)]
    stages: dict[str, Sequence[ClipState]] = {}
    early = len(move_frontier(pipeline, once).prefix) - len(pipeline.prefix)
    for number, step in enumerate(pipeline.inside[:early]):
        if step.learns:
            work.fit(step, known, number)
        known = [step.apply(state) for state in known]
        stages[step.place] = known
    return stages
