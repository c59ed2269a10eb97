"""A study with its plug-ins, clips, labels, folds and models, found once for all callers."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mertk.core.clips import Clip
from mertk.core.errors import ParameterError
from mertk.core.interfaces import Executor
from mertk.core.progress import Progress
from mertk.core.reading import real_path
from mertk.core.recipe import Json, Use
from mertk.core.tuning import Tuning
from mertk.datasets import locations
from mertk.experiment import changes
from mertk.experiment.excluded_clips import find_excluded
from mertk.experiment.execution import Execution
from mertk.experiment.executors.choose import choose_executor
from mertk.experiment.keyframes import hide_keyframes, jitter_keyframes, use_spotted_apexes
from mertk.experiment.leaky_replay import move_frontier
from mertk.experiment.outlook import Outlook
from mertk.experiment.study import Study, as_use
from mertk.experiment.task import FLOORS, Task, default_protocol, make_task, read_clips
from mertk.experiment.variants import (
    Variant,
    change_variants,
    choose_variant,
    parse_space,
    sweep_groups,
)
from mertk.pipeline.pipeline import Pipeline, build_pipeline
from mertk.plugins.loader import Plugins
from mertk.storage.atomic_files import check_writable
from mertk.storage.cache import Cache


class OpenStudy:
    """A study with its plug-ins, clips, labels, folds and variants, each found once."""

    def __init__(
        self, study: Study, execution: Execution, plugins: Plugins, progress: Progress
    ) -> None:
        self.study, self.execution = study, execution
        self.plugins, self.progress = plugins, progress
        self.registry = plugins.registry
        protocol = as_use(study.protocol) if study.protocol else None
        self.datasets = self._choose_datasets(protocol)
        self.folders = self._choose_folders()
        self.protocol = protocol or default_protocol(self.registry, self.datasets)
        self._tasks: dict[int, Task] = {}
        self.renewed: set[str] = set()
        """The cache keys of the clips that this study has computed again."""
        self.spent: dict[str, tuple[float, float]] = {}
        """By cache key the seconds and CPU seconds of features computed for several models."""
        self._open_executor = choose_executor(execution, plugins)
        self._executor: Executor | None = None

    def _choose_datasets(self, protocol: Use | None) -> list[Use]:
        """The data sets of the study, else those of the protocol, else the synthetic one."""
        given = self.study.dataset
        if not given:
            names = self.registry.build("protocol", protocol).datasets if protocol else ()
            given = list(names) or "synthetic"
        several = [given] if isinstance(given, str | Use) else given
        changed: dict[str, Json] = {}
        for path, value in self.study.sets:
            if path.startswith(changes.OF_DATASETS):
                changed[path.removeprefix(changes.OF_DATASETS)] = value
        return [as_use(one).having(**changed) for one in several]

    def _choose_folders(self) -> dict[str, Path]:
        """The folder of each data set: as given, or else as stored by `mertk data add`."""
        names, data = [use.name for use in self.datasets], self.study.data
        remembered = locations.load_known_folders()
        found = {name: remembered[name] for name in names if name in remembered}
        if isinstance(data, str | Path):
            data = {"": data}
        for name, folder in (data or {}).items():
            if not name and len(names) != 1:
                raise ParameterError(
                    "one data folder for several data sets; write NAME=FOLDER for "
                    + ", ".join(names)
                )
            found[name or names[0]] = Path(folder)
        return found

    def resolved(self) -> Study:
        """The clips, labels and folds of this study without its models, for any working folder."""
        return Study(
            dataset=self.datasets,
            data=self.absolute_folders,
            protocol=self.protocol,
            keyframes=self.study.keyframes,
            exclude=self.study.exclude,
            allow_mismatch=True,
        )

    @functools.cached_property
    def clips(self) -> list[Clip]:
        """All clips of the data sets; raises `DataError` where one is missing or empty."""
        self.progress.stage("reading the clip list", 0)
        return read_clips(self.registry, self.datasets, self.folders)

    @functools.cached_property
    def outlook(self) -> Outlook:
        """How far the runs of this study are, from the first use on."""
        return Outlook(self.registry.build("protocol", self.protocol).score)

    @functools.cached_property
    def task(self) -> Task:
        """The clips of the protocol, with labels and folds; key frames as the study chooses."""
        return self._with_key_frames(self.label(self.clips))

    def label(self, clips: Sequence[Clip]) -> Task:
        """The clips of the protocol, with labels and folds."""
        return make_task(
            self.registry,
            self.protocol,
            self.datasets,
            clips,
            excluded=find_excluded(clips, self.study.exclude),
            allow_mismatch=self.study.allow_mismatch,
        )

    def _with_key_frames(self, task: Task) -> Task:
        if self.study.keyframes == "none":
            return hide_keyframes(task)
        if self.study.keyframes == "estimated":
            from mertk.pipeline.features import find_apexes

            cache, fresh = self.execution.cache_folder, self.execution.fresh
            with self.executor() as executor:
                apexes = find_apexes(task, cache, executor, self.progress, fresh=fresh)
                return use_spotted_apexes(task, apexes)
        return task

    @functools.cached_property
    def variants(self) -> list[Variant]:
        """The models with their changes; every recipe is built once, so that none fails later."""
        return self.choose_variants(synthetic=self.task.synthetic)

    def choose_variants(self, *, synthetic: bool) -> list[Variant]:
        """The models with their changes, on clips that are synthetic or not."""
        study, found = self.study, list[Variant]()
        for number, given in enumerate(study.models, 1):
            preset = study.preset if number == 1 else None
            chosen = choose_variant(
                self.registry, given, number, preset=preset, synthetic=synthetic
            )
            found.append(replace(chosen, keyframes=study.keyframes))
        if found:
            alone = list(map(changes.ChangeFor.parse, study.sets_for))
            found = change_variants(self.registry, found, study.swaps, study.sets, alone)
        found = list(dict.fromkeys(found))
        if found and study.tunes:
            found.insert(0, found[0].tuned(self.registry, self.tuning))
        elif found:
            first = found[0]
            replay = [first.replayed(self.registry, study.replay)] if study.replay else []
            swept = sweep_groups(self.registry, first, study.sweeps, study.jitter)
            found[:1] = [*swept, *replay]
        if study.floors:
            names = {variant.name for variant in found}
            for floor in FLOORS:
                if floor not in names:
                    found.append(Variant(model=floor, recipe=self.registry.recipe(floor)))
        for variant in found:
            self.build(variant)
        return found

    @property
    def tuning(self) -> Tuning:
        """What the study has chosen inside each fold.

        Raises `ParameterError` where nothing is, and for what such a model cannot be combined with.
        """
        study = self.study
        for name in ("sweeps", "replay", "jitter", "oracle_gap"):
            if getattr(study, name):
                option = {"sweeps": "sweep"}.get(name, name).replace("_", "-")
                raise ParameterError(
                    f"--tune and --{option} cannot be combined; run them one after the other"
                )
        space = parse_space(study.tunes)
        return Tuning(space=space, folds=study.inner_folds, trials=study.trials)

    def check_writable(self) -> None:
        """Raise `StorageError` where features or runs cannot be written, before any work."""
        Cache(self.execution.cache_folder).check_writable()
        check_writable(self.execution.runs_folder)

    @contextlib.contextmanager
    def executor(self) -> Iterator[Executor]:
        """The executor with its workers, for as long as they are needed; it is opened once."""
        if self._executor is not None:
            yield self._executor
            return
        with self._open_executor() as executor:
            self._executor = executor
            try:
                yield executor
            finally:
                self._executor = None

    def build(self, variant: Variant) -> Pipeline:
        """A new pipeline of the variant, after the stages that a replay fits once."""
        return move_frontier(build_pipeline(self.registry, variant.recipe), variant.once)

    def task_of(self, variant: Variant) -> Task:
        """The task of a variant: with its key frames shifted, if it has a jitter."""
        if variant.jitter not in self._tasks:
            self._tasks[variant.jitter] = jitter_keyframes(self.task, variant.jitter)
        return self._tasks[variant.jitter]

    @property
    def absolute_folders(self) -> dict[str, str]:
        """The folder of each data set, as text that holds in any working folder."""
        return {name: str(real_path(folder)) for name, folder in self.folders.items()}
