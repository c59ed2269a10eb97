"""Fit the model of a fold again, for what the ledger does not store."""

from dataclasses import dataclass

from mertk.core.clips import Clip
from mertk.core.errors import StorageError
from mertk.core.recipe import Recipe
from mertk.experiment.keyframes import hide_keyframes, jitter_keyframes
from mertk.experiment.study import Study
from mertk.experiment.task import Task
from mertk.experiment.trained_model import TrainedModel
from mertk.pipeline.features import PrefixKeys, load_clip_state
from mertk.pipeline.fold import FoldFit, fit_stages
from mertk.pipeline.pipeline import Clock, build_pipeline
from mertk.plugins.loader import Plugins
from mertk.storage.cache import Cache
from mertk.storage.identity import changed_components
from mertk.storage.ledger import Run


def clips_of(run: Run, plugins: Plugins) -> list[Clip]:
    """The clips of the data sets of a run, read again from the same folders."""
    return Study.of_run(run).open(plugins=plugins).clips


def task_of(run: Run, clips: list[Clip], plugins: Plugins) -> Task:
    """The clips of a run with its labels, its folds and its changes of key frames.

    Raises `StorageError` where the clips differ from those of the run, and where its apexes were
    estimated: they would have to be estimated again.
    """
    identity = run.identity
    task = Study.of_run(run).open(plugins=plugins).label(clips)
    if identity.get("keyframes") == "none":
        task = hide_keyframes(task)
    task = jitter_keyframes(task, identity.get("jitter", 0))
    for part in ("keyframes", "clip_list", "data", "classes"):
        if task.identity.get(part) != identity.get(part):
            raise StorageError(
                f"{run.path}: its {part.replace('_', ' ')} is not that of the clips as they are "
                "now, so its folds cannot be fitted again; run the same bench first"
            )
    recipe = Recipe.from_json(identity["recipe"])
    if changed := changed_components(plugins.registry, recipe, identity["components"]):
        raise StorageError(
            f"{run.path}: the code of {', '.join(changed)} has changed since, so its folds cannot "
            "be fitted again; run the same bench first"
        )
    return task


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """Fits folds of a run again, with its first seed, on this machine's processor."""

    run: Run
    task: Task
    plugins: Plugins

    def without(self, uid: str) -> TrainedModel:
        """The model of the fold that holds this clip out, up to randomness and rounding."""
        from mertk.nn import training

        training.use_device("cpu")
        at = list(self.task.sample.uids).index(uid)
        split = next(one for one in self.task.splits if at in one.test)
        recipe = Recipe.from_json(self.run.identity["recipe"])
        pipeline = build_pipeline(self.plugins.registry, recipe)
        keys, cache = PrefixKeys.of(self.plugins.registry, recipe, pipeline), Cache()
        known = [
            load_clip_state(pipeline, keys, cache, self.task.clips[int(i)]) for i in split.train
        ]
        sample, seed = self.task.sample, min(fold.seed for fold in self.run.folds())
        fit_stages(pipeline, FoldFit(sample, split, seed, Clock()), known, [])
        return TrainedModel(self.run.name, sample.classes, sample.multilabel, pipeline, {})
