"""What part of the face the models of runs rest on, for some held-out clips: folds fitted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mertk.harness.refit import Refit, clips_of, task_of
from mertk.report.explorer import located
from mertk.report.occlusion import Occlusion, occlude

if TYPE_CHECKING:
    from mertk.harness.line import Step
    from mertk.harness.outcomes import Outcome
    from mertk.harness.saved import Saved
    from mertk.plugins import Plugins


def maps(
    models: Sequence[Outcome],
    plugins: Plugins,
    steps: Sequence[Step],
    uids: Sequence[str],
) -> dict[str, list[Occlusion]]:
    """By clip a map of each model, on the face as `steps` register it.

    A fold is fitted once for all clips that it holds out.
    """
    clips = clips_of(models[0].run, plugins)
    found: dict[str, list[Occlusion]] = {uid: [] for uid in uids}
    for outcome in models:
        again = Refit(outcome.run, task_of(outcome.run, clips, plugins), plugins)
        fitted: dict[str, Saved] = {}
        asked = dict(zip(again.task.sample.uids, again.task.clips, strict=True))
        fold = outcome.predictions.drop_duplicates("uid").set_index("uid")["fold"].to_dict()
        for uid in uids:
            if fold[uid] not in fitted:
                fitted[fold[uid]] = again.without(uid)
            model, footage = fitted[fold[uid]], asked[uid].footage
            if len(footage.frames):
                faces, _ = located(steps, footage)
                found[uid].append(
                    occlude(model.predict, footage, faces, model=model.name, classes=model.classes)
                )
    return found
