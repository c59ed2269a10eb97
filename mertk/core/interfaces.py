"""The interfaces, one verb each: nothing to inherit, and a component may be any class.

Constructor parameters are keyword-only JSON values with defaults, and the constructor only keeps
them. A component without `fit` must be a pure function of one clip: its result is cached and
shared by all folds. A component with `fit` is built new inside each fold, fitted on the fold's
training clips, predicts one clip at a time, and is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mertk.core.clips import Clip, Faces, Floats, Footage, Regions, Streams, TrainingSet
    from mertk.core.recipe import Json
    from mertk.core.splits import Split
    from mertk.core.spots import MeasuredVideo, Spot

T = TypeVar("T")


class Aligner(Protocol):
    """Registers the face over time."""

    def align(self, footage: Footage, /) -> Faces:
        """Frames in one coordinate system. Compute one transform and keep it for the whole clip."""


@runtime_checkable
class AlignsAll(Aligner, Protocol):
    """An aligner that finds every face of a picture, so that several people can be tracked."""

    def align_all(self, footage: Footage, /) -> Sequence[Faces]:
        """The faces of the onset frame, each registered as `align` does; without one, none."""


class RoiScheme(Protocol):
    """Says which parts of the face to look at."""

    def locate(self, faces: Faces, /) -> Regions:
        """Regions in the coordinates of the registered frames."""


class Extractor(Protocol):
    """Turns pixels into numbers."""

    def extract(self, faces: Faces, regions: Regions, /) -> Floats | Streams:
        """One array `[regions, …]` or `[regions, time, …]`, or several named ones.

        The first axis of one that belongs to the whole face, or to one region, is 1.
        """


class FusionBlock(Protocol):
    """Combines, selects or normalises features."""

    def fuse(self, streams: Streams, /) -> Streams:
        """The new streams of the same clip."""


@runtime_checkable
class Fittable(Protocol):
    """Whatever learns. `fit` forgets earlier ones and takes random numbers from `rng` alone."""

    def fit(self, train: TrainingSet[Any], rng: np.random.Generator, /) -> None:
        """Learn from the training part of one fold."""


@runtime_checkable
class FitsFolds(Fittable, Protocol):
    """A component that can be fitted for several folds at once, faster than for one by one."""

    def fit_folds(
        self,
        clips: TrainingSet[Any],
        folds: Sequence[NDArray[np.int64]],
        rngs: Sequence[np.random.Generator],
        /,
    ) -> Iterator[Fittable]:
        """Yield one new fitted component per fold, in their order and each as soon as it is done.

        Each is what `fit` on that fold's clips gives. The harness predicts and saves a fold before
        it requests the next one, so that an interrupt loses only what is being fitted.

        `clips` are all clips of the run, `folds` the positions of each fold's training clips in it,
        `rngs` what each fold's own `fit` would be handed. What comes out for a fold may differ from
        `fit` by float error alone, and must not depend on a clip that the fold does not train on:
        `mertk audit` checks it. Not used where the classifier trains blocks together with itself.

        With an attribute `together_on`, such as "cuda", a run calls this on such a device alone. It
        may then draw other random numbers than `fit`, but the same whichever `folds` there are.
        """


@runtime_checkable
class Differentiable(Protocol):
    """A trailing fusion block that a classifier trains together with itself, by gradient."""

    def module(self, shapes: Mapping[str, tuple[int, ...]], /) -> Any:
        """An `nn.Module`: dict of streams `[clips, …]` → dict of streams `[clips, …]`.

        `shapes` are those of one clip, without the clip axis.
        """


@runtime_checkable
class FusesMany(Protocol):
    """A fusion block that is faster for many clips at once, such as one with networks."""

    def fuse_many(self, clips: Sequence[Streams], /) -> Sequence[Streams]:
        """What `fuse` gives for each of `clips`, but for rounding.

        It is called with the training clips of a fold alone; other clips are handed over one by
        one, to `fuse`.
        """


class NetworkPart(Protocol):
    """What any part of a network may offer the trainer, besides `forward` (`mertk.core.offers`).

    - `penalty()`: a loss on weights, a scalar tensor;
    - `auxiliary(target)`: a loss that is added, called just after `forward`; `target` `[samples]`;
    - `shown`: tensors that it kept from its last clip, by name, for `explain`.
    """


class Classifier(Protocol):
    """Learns labels from streams."""

    def fit(self, train: TrainingSet[Streams], rng: np.random.Generator, /) -> None:
        """Learn from the training part of one fold; some class may have no clip in it."""

    def predict(self, streams: Streams, /) -> NDArray[np.floating[Any]]:
        """Class probabilities `[classes]` of one clip: finite, not negative, of sum 1.

        Where training was multi-label (`train.multilabel`), each class has a probability of its
        own in 0 … 1; a class is predicted from one half on.
        """


class GradientClassifier(Classifier, Protocol):
    """A classifier that can train `Differentiable` blocks together with itself."""

    def fit(
        self,
        train: TrainingSet[Streams],
        rng: np.random.Generator,
        /,
        through: Sequence[Differentiable] = (),
    ) -> None:
        """As `Classifier.fit`; `through` are the blocks between the streams and this head."""


@runtime_checkable
class Explains(Protocol):
    """A classifier or fusion block that can say what a prediction rests on, in small arrays.

    So can an extractor that learns; its `explain` takes faces and regions, as its `extract` does.
    """

    def explain(self, streams: Streams, /) -> Mapping[str, Floats]:
        """Named arrays of one clip: `region_weights` `[regions]`, `patch_weights` `[regions, n]`.

        These two are drawn on the face, patches as a square grid, row by row.
        """


@runtime_checkable
class Chooses(Protocol):
    """A component that chooses something in `fit` which a reader of the scores must know.

    The report lists each choice with the number of folds that made it.
    """

    def list_choices(self) -> Mapping[str, Json]:
        """What the last `fit` has chosen, by a short name; values are short JSON.

        A name that begins with a slot of the recipe, such as `classifier.C`, is a path of its own.
        """


@runtime_checkable
class Searches(Protocol):
    """A component that tries combinations of parameters in `fit`."""

    def list_trials(self) -> Sequence[Mapping[str, Any]]:
        """Each combination of the last `fit`: its `values` by path, and its `score`."""


class Dataset(Protocol):
    """Finds the clips of a data set on disk (or makes them, then `root` is ignored).

    A class may offer, as class attributes (`mertk.core.offers`):

    - `default_protocol`: the name of the protocol that it is usually scored by; default `loso`;
    - `obtain`: how to get the data, in one line;
    - `needs_folder`: whether it reads files; default: where it says how to `obtain` them;
    - `survey(root)`: every annotated expression, with or without frames, and what is wrong
      (`mertk.datasets.survey.Survey`), for `mertk data check`.
    """

    def index(self, root: Path | None, /) -> Sequence[Clip]:
        """One clip per annotated expression; raises `DataError` where the folder is not right."""


class EvaluationProtocol(Protocol):
    """Which clips count, under which class names, in which folds, and how they are scored.

    A protocol with the class attribute `multilabel = True` gives a clip any number of classes,
    such as the action units that it shows: `label` then gives a collection of class names (empty
    where none applies), `classes` must be fixed, and `score` receives one 2x2 matrix per class,
    `[…, classes, true, predicted]` with 0 for absent and 1 for present.

    It may offer, as class attributes (`mertk.core.offers`):

    - `multilabel`: as above; default False;
    - `manifests` (`mertk.core.clip_lists.Manifest`): the clip lists that it is published with;
      other clips are refused unless the user allows them; default none;
    - `tests_all`: False where some clips are only trained on, such as those of an official
      training part; default True.
    """

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets it is made for; empty: any."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The fixed class list; empty: all labels that are found, sorted."""

    def label(self, clip: Clip, /) -> str | Collection[str] | None:
        """The class of a clip (or its classes, if multi-label), or None to leave it out."""

    def splits(self, clips: Sequence[Clip], /) -> Iterable[Split]:
        """The folds over the clips that count."""

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """Scores from pooled confusion matrices `[…, true, predicted]`, over leading axes.

        Models are compared by the first one.
        """


class Spotter(Protocol):
    """Finds out where in a long video a face moves as in an expression."""

    def spot(self, faces: Faces, /) -> Sequence[Spot]:
        """Where expressions may be, sorted by onset and without overlap; empty where none is.

        `faces` is one unbroken stretch of a video, registered frame by frame: eyes at fixed places,
        onset 0, offset its last frame, `landmarks` those of its first frame, or None. Frames are
        decoded while they are read, out of hours of video: read each once, forward, and keep
        no more than about a second of them.
        """


@runtime_checkable
class LearnedSpotter(Spotter, Protocol):
    """A spotter that learns, in folds that leave out all videos of a person.

    It reads frames in `measure` alone, which is a pure function of one stretch, so that each video
    is read once for all folds.
    """

    def measure(self, faces: Faces, /) -> NDArray[np.floating[Any]]:
        """What counts of a stretch `[rows, …]`, rows in the order of time; frames as in `spot`."""

    def fit(self, train: Sequence[MeasuredVideo], rng: np.random.Generator, /) -> None:
        """Learn from the training videos of one fold; forget earlier ones.

        What is chosen, such as a threshold, is chosen on these videos: on whole people of them.
        """

    def spot_measured(self, video: MeasuredVideo, /) -> Sequence[Spot]:
        """As `spot`, in what was measured; `spot(faces)` gives the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNeeds:
    """What an executor needs to know before it starts workers.

    Args:
        jobs: how many workers the user wants; None: as many as the executor sees fit.
        pack: makes a unit of work fit to be sent. What it gives is called without arguments, as
            the unit is, and plain pickle can send it to a process that has mertk installed.
        runs: the folder of run folders. Workers write there: they must reach it by the same path.
        cache: the folder of cached features; likewise.
        files: the plug-in files that workers load; likewise.
    """

    jobs: int | None
    pack: Callable[[Callable[[], Any]], Callable[[], Any]]
    runs: Path
    cache: Path
    files: tuple[str, ...]


class Executor(Protocol):
    """Does the units of work of a study: clips first, then folds. No component, and in no recipe.

    A plug-in registers a function that opens one, `register.executor("name", open_it)`. The
    function is given `WorkerNeeds`, and by keyword what the user writes behind the name
    (`--executor name:key=value`); it returns a context manager of the executor.
    """

    @property
    def workers(self) -> int:
        """How many units are done at the same time. Folds are cut into so many groups."""

    def run(self, units: Sequence[Callable[[], T]], /) -> Iterator[T]:
        """The results of all units, as they end, in any order.

        A process does one unit at a time. A unit that was lost with its worker may be done again:
        it writes the same. Raises what a unit raises, and `WorkerError` where workers are lost for
        good; finished folds are kept, as each unit writes its own into the run folder.
        """


OpenExecutor = Callable[..., AbstractContextManager[Executor]]
"""Called with `WorkerNeeds` and keyword-only parameters; see `Executor`."""

VERBS = {
    "aligner": "align",
    "roi": "locate",
    "extractor": "extract",
    "fusion": "fuse",
    "classifier": "predict",
    "dataset": "index",
    "protocol": "splits",
    "spotter": "spot",
}
"""What a component of a kind does; a fusion block may give a `module` instead."""
