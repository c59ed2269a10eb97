"""One fold of a case, with a fingerprint of every number in it: what changes when one clip does?"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mertk.audit.noise_clips import noise_clips
from mertk.audit.scored_folds import apply_pure_stages, apply_replayed_stages, divide_by
from mertk.audit.watched_files import left_in_shared_memory, shared_memory, watch_files
from mertk.core.splits import Split
from mertk.pipeline.fold import run_fold
from mertk.pipeline.pipeline import call_predict

if TYPE_CHECKING:
    from mertk.audit.case import Opened
    from mertk.core.clips import Clip
    from mertk.experiment.task import Task
    from mertk.pipeline.fold import LabelledClips
    from mertk.pipeline.pipeline import ClipState, Pipeline

Disturb = Literal["nothing", "pixels", "label"]
Before = Literal["nothing", "a fold", "everything"]

_MOST = 36  # clips: enough for every class, few enough for many runs
_WARM = 150  # clips that have come through before, at least: a data set of the usual size


def trace_fold(
    case: Opened, fold: int, *, before: Before, disturb: Disturb = "nothing"
) -> dict[str, dict[str, Any]]:
    """`trace` and `files` of a fold in a process in which something else was done `before`.

    `trace`: place → clip id → hash of what the clip is there; at the end of the pipeline, its
    prediction. `files`: place → what it did to a file that it should leave alone.

    The clips are noise; no more than 36 of them train a fold, and no more are held out. Before the
    fold, another one is fitted in the same process, or `everything`: all other folds, and the clips
    before the first of them, as many as the data set has. Clips then come in the opposite order.
    `disturb` changes the first held-out clip of the fold, which is then left out of the result.
    """
    shared = shared_memory()
    files = watch_files(Path.cwd(), case.folders)
    small = _Small.of(case.task, fold)
    changed = int(small.split.test[0])
    with tempfile.TemporaryDirectory() as folder:
        labels, seed = small.sample.labels, case.case.seed
        clips = noise_clips(
            case.plugins.registry,
            small.clips,
            small.sample,
            Path(folder),
            seed,
            disturbed=changed if disturb == "pixels" else None,
        )
        if disturb == "label":
            old = labels[changed]
            other = (old + 1) % len(small.sample.classes)
            labels[changed] = 1 - old if small.sample.multilabel else other
        earlier = _make_earlier_clips(case, len(clips)) if before == "everything" else []
        found = _run_fold(case, small, clips, earlier, before)
    left = left_in_shared_memory(shared)
    if left and not files:
        files["a step"] = f"leaves {left[0]}, which every fold and every run can read"
    for of_clips in found.values():
        of_clips.pop(small.sample.uids[changed], None)
    return {"trace": found, "files": files}


def _make_earlier_clips(case: Opened, count: int) -> list[Clip]:
    """Noise for clips of the data set: with `count` others they are as many as in a whole run."""
    task = case.task
    chosen = np.resize(np.arange(len(task.clips)), max(len(task.clips), _WARM) - count)
    sample = task.sample.select(chosen)
    folder = Path(tempfile.mkdtemp())  # in the private folder of the process, and gone with it
    clips = list(map(task.clips.__getitem__, chosen.tolist()))
    return noise_clips(case.plugins.registry, clips, sample, folder, case.case.seed + 1)


def _run_fold(
    case: Opened, small: _Small, clips: Sequence[Clip], earlier: Sequence[Clip], before: Before
) -> dict[str, dict[str, str]]:
    split, sample, seed = small.split, small.sample, case.case.seed
    warm = before != "nothing"
    ordered = clips[::-1] if warm else clips
    outputs = dict(apply_pure_stages(case.build_pipeline(), [*earlier, *ordered]))
    for place, states in outputs.items():
        outputs[place] = states[len(earlier) :][:: -1 if warm else 1]
    if warm:
        split = replace(split, test=split.test[::-1])
    outputs = dict(apply_replayed_stages(case, outputs, sample))
    states = list(outputs.values())[-1]
    trace = _Trace(split, sample.uids)
    for place, made in list(outputs.items())[1:]:
        trace.tap(place, *divide_by(split, made))
    if warm:
        others = small.others if before == "everything" else small.others[-1:]
        pipelines = case.build_fold_pipelines(states, sample, others)
        for other, pipeline in zip(others, pipelines, strict=True):
            run_fold(pipeline, states, sample, other, seed)
    # Both folds, as one may learn from the other's clips where they are fitted at once.
    pipeline = next(case.build_fold_pipelines(states, sample, [split, small.others[-1]]))
    done = run_fold(pipeline, states, sample, split, seed, tap=trace.tap)
    trace.add_predictions(pipeline, done.probabilities)
    return trace.found


@dataclass(frozen=True, slots=True)
class _Small:
    """A fold and all others, cut down; the first one's held-out clips are trained on in the last.

    Each of the others holds out at least one clip.
    """

    clips: Sequence[Clip]
    sample: LabelledClips
    split: Split
    others: Sequence[Split]

    @classmethod
    def of(cls, task: Task, fold: int) -> _Small:
        """Cut a fold down, and all others to the same clips."""
        split, last = task.splits[fold], task.splits[fold - 1]
        step = max(1, -(-len(split.train) // _MOST))
        train = np.union1d(split.train[::step], last.test[:1])
        used = np.union1d(train, split.test[:_MOST])

        def cut(whole: Split) -> Split:
            train = np.searchsorted(used, np.intersect1d(whole.train, used))
            return Split(whole.name, train, np.searchsorted(used, np.intersect1d(whole.test, used)))

        behind = [*task.splits[fold + 1 :], *task.splits[:fold]]  # the last is `last`
        others = [other for other in map(cut, behind) if len(other.test)]
        clips = list(map(task.clips.__getitem__, used.tolist()))
        return cls(clips, task.sample.select(used), cut(split), others)


@dataclass(slots=True)
class _Trace:
    """Hashes by place and clip."""

    split: Split
    uids: Sequence[str]
    found: dict[str, dict[str, str]] = field(default_factory=dict)
    train: Sequence[ClipState] = ()

    def tap(self, place: str, train: Sequence[ClipState], test: Sequence[ClipState]) -> None:
        """Keep the hashes of the clips after a stage."""
        self.train = train
        self._add(place, map(_collect_arrays, (*train, *test)))

    def add_predictions(self, pipeline: Pipeline, test: Sequence[Sequence[float]]) -> None:
        """Keep what the classifier predicts of every clip, training clips too."""
        train = map(partial(call_predict, pipeline.classifier), self.train)
        self._add(pipeline.classifier.place, ({"": row} for row in (*train, *test)))

    def _add(self, place: str, arrays: Iterable[Mapping[str, Any]]) -> None:
        order = [*self.split.train, *self.split.test]
        for at, of_clip in zip(order, arrays, strict=True):
            self.found.setdefault(place, {})[self.uids[at]] = _hash_arrays(of_clip)


def _collect_arrays(state: ClipState) -> dict[str, Any]:
    """All numbers of a clip state except its footage."""
    arrays: dict[str, Any] = {f"stream {name}": array for name, array in state.streams.items()}
    if state.regions is not None:
        arrays["boxes"] = np.asarray(state.regions.boxes)
    if state.faces is not None:
        faces = state.faces
        arrays["frames"] = faces.frames[[faces.onset, faces.peak]]
        for name in ("landmarks", "transform", "flow"):
            if getattr(faces, name) is not None:
                arrays[name] = np.asarray(getattr(faces, name))
    return arrays


def _hash_arrays(arrays: Mapping[str, Any]) -> str:
    total = hashlib.blake2b(digest_size=12)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()
