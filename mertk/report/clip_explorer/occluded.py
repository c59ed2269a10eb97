"""Occlusion maps of the models of runs, for some held-out clips; their folds are fitted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mertk.experiment.refit import Refit, clips_of, task_of
from mertk.report.clip_explorer.occlusion import Occlusion, occlude_cells
from mertk.report.clip_explorer.view import locate_face

if TYPE_CHECKING:
    from mertk.evaluation.outcomes import Outcome
    from mertk.experiment.trained_model import TrainedModel
    from mertk.pipeline.pipeline import Stage
    from mertk.plugins.loader import Plugins


def compute_occlusion_maps(
    models: Sequence[Outcome],
    plugins: Plugins,
    steps: Sequence[Stage],
    uids: Sequence[str],
) -> dict[str, list[Occlusion]]:
    """An occlusion map of each model by clip, on the face as `steps` register it.

    A fold is fitted once for all clips that it holds out.
    """
    clips = clips_of(models[0].run, plugins)
    found: dict[str, list[Occlusion]] = {uid: [] for uid in uids}
    for outcome in models:
        again = Refit(outcome.run, task_of(outcome.run, clips, plugins), plugins)
        fitted: dict[str, TrainedModel] = {}
        asked = dict(zip(again.task.sample.uids, again.task.clips, strict=True))
        fold = outcome.predictions.drop_duplicates("uid").set_index("uid")["fold"].to_dict()
        for uid in uids:
            if fold[uid] not in fitted:
                fitted[fold[uid]] = again.without(uid)
            model, footage = fitted[fold[uid]], asked[uid].footage
            if len(footage.frames):
                faces, _ = locate_face(steps, footage)
                found[uid].append(
                    occlude_cells(
                        model.predict, footage, faces, model=model.name, classes=model.classes
                    )
                )
    return found
