"""Components that each break one promise, and honest ones; `BROKEN` says which check must see it.

Where one promise cannot be broken without another, the others stand behind it.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np

import mertk
from mertk.core import metrics

BROKEN = {}
HONEST = []
_REGISTER = []


def _named(kind, cls):
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")
    _REGISTER.append((kind, name, cls))
    return name


def cheat(kind, *checks):
    """Note a class as one that breaks the first of `checks`, and with it the others."""

    def note(cls):
        BROKEN[_named(kind, cls)] = checks
        return cls

    return note


def honest(kind):
    """Note a class as one that keeps every promise."""

    def note(cls):
        HONEST.append(_named(kind, cls))
        return cls

    return note


# Honest ones


@honest("aligner")
class Plain:
    """Frames as they are."""

    def align(self, footage):
        return footage.faces()


@honest("roi")
class Halves:
    """Left and right half, at a share of the width.

    Args:
        share: where the left half ends, as a share of the width, 0 … 1.
    """

    def __init__(self, *, share: float = 0.5) -> None:
        self.share = share

    def locate(self, faces):
        width, height = faces.size
        middle = int(width * self.share)
        boxes = np.array([[0, 0, middle, height], [middle, 0, width, height]])
        return mertk.Regions(names=("left", "right"), boxes=boxes)


@honest("extractor")
class Change:
    """Brightness change from onset to apex, by region.

    Args:
        scales: factors that the change is multiplied by; each gives a column.
    """

    def __init__(self, *, scales: list[float] = (1.0, 2.0)) -> None:
        self.scales = scales

    def extract(self, faces, regions):
        change = faces.frames[faces.peak].astype(np.float32) - faces.frames[faces.onset]
        return np.array(
            [[change[window].mean() * one for one in self.scales] for window in regions.windows()]
        )


@honest("extractor")
class LearntMean(Change):
    """The same without the mean of the training clips."""

    def fit(self, train, rng):
        self.mean = np.mean([super(LearntMean, self).extract(*one) for one in train.inputs])

    def extract(self, faces, regions):
        return super().extract(faces, regions) - self.mean


@honest("fusion")
class Centred:
    """Subtracts the training mean."""

    def fit(self, train, rng):
        self.mean = mertk.design_matrix(train.inputs).mean(axis=0)

    def fuse(self, streams):
        return {"centred": mertk.flatten(streams) - self.mean}


@honest("fusion")
class Gate:
    """A layer that a classifier trains together with itself."""

    def module(self, shapes):
        return gate_net()(shapes)


def gate_net():
    import torch

    class GateNet(torch.nn.Module):
        """One weight per stream; noise while training."""

        lost = False

        def __init__(self, shapes):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(len(shapes)))

        def forward(self, streams):
            weight = self.weight.detach() if self.lost else self.weight
            return {name: weight[at] * given for at, (name, given) in enumerate(streams.items())}

    global _GateNet  # noqa: PLW0603  pickle looks it up by name
    GateNet.__qualname__ = GateNet.__name__ = "_GateNet"
    GateNet.__module__ = __name__
    if "_GateNet" not in globals():
        _GateNet = GateNet
    return _GateNet


@honest("classifier")
class Nearest:
    """Nearest class mean, with a little noise drawn in fit.

    Args:
        noise: standard deviation of the noise, 0 or more.
    """

    def __init__(self, *, noise: float = 0.1) -> None:
        self.noise = noise

    def fit(self, train, rng):
        X = mertk.design_matrix(train.inputs)
        X = X + self.noise * rng.normal(size=X.shape)
        self.means = {c: X[train.labels == c].mean(axis=0) for c in np.unique(train.labels)}
        self.classes = len(train.classes)

    def predict(self, streams):
        x = mertk.flatten(streams)
        scores = np.zeros(self.classes)
        for c, mean in self.means.items():
            scores[c] = np.exp(-np.square(x - mean).mean()) + 1e-9
        return scores / scores.sum()


@honest("spotter")
class Peak:
    """Where the picture differs most from its first frame, if it does by a grey level."""

    def spot(self, faces):
        first, change = None, []
        for frame in faces.frames:
            small = frame[::4, ::4].astype(np.float32)
            first = small if first is None else first
            change.append(float(np.abs(small - first).mean()))
        return self.spots(np.array(change))

    def spots(self, change):
        apex, last = int(change.argmax()), len(change) - 1
        if change[apex] < 1:
            return []
        return [mertk.Spot(max(apex - 4, 0), apex, min(apex + 4, last), float(change[apex]))]


@honest("dataset")
class Squares:
    """Grey squares of three people that grow brighter or darker."""

    default_protocol = "up_or_down"

    def index(self, root):
        return [self.clip(s, c) for s in range(3) for c in range(4)]

    def clip(self, subject, number):
        label = ("down", "up")[number % 2]
        frames = np.full((3, 12, 16, 3), 100 + 10 * subject, np.uint8)
        frames[2] += np.uint8(number)
        return mertk.Clip(
            dataset="squares",
            subject=f"s{subject}",
            name=f"c{number}",
            footage=mertk.Footage(frames=mertk.Frames.of(frames), onset=0, offset=2, apex=2),
            fingerprint=f"{subject} {number}",
            record={"label": label},
        )


@cheat("dataset", "spells_offers")
class MisspeltSquares(Squares):
    """Squares whose usual protocol nobody would find."""

    default_protocoll = "up_or_down"


@honest("protocol")
class UpOrDown:
    """Leave one subject out on the label column."""

    datasets = ("squares",)
    classes = ("down", "up")

    def label(self, clip):
        return clip.record["label"]

    def splits(self, clips):
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion):
        return metrics.standard_scores(confusion)


# What breaks what is declared


@cheat("extractor", "documented")
class NoDocstring(Change):
    pass


@cheat("extractor", "keyword_only")
class Positional(Change):
    """Takes a parameter by place."""

    def __init__(self, scale=1.0, *, scales=(1.0,)):
        super().__init__(scales=scales)


@cheat("extractor", "parameters_documented")
class Unexplained(Change):
    """Says what its first parameter is, which it shares with its base."""

    def __init__(self, *, scales: list[float] = (1.0, 2.0), gain: float = 1.0):
        super().__init__(scales=scales)


@cheat("extractor", "parameters_documented")
class NamedAlone(Change):
    """Names a parameter, and does not say what it is.

    Args:
        gain:
    """

    def __init__(self, *, gain: float = 1.0):
        super().__init__()


@cheat("extractor", "parameters_documented")
class PointsNowhere(Change):
    """Says where a parameter is explained, and there is no such place.

    Args:
        gain: see `mertk.nobody.Knows`.
    """

    def __init__(self, *, gain: float = 1.0):
        super().__init__()


@cheat("extractor", "json_defaults", "survives_the_recipe")
class FunctionAsDefault(Change):
    """Its default is a function.

    Args:
        of: what is done with the change.
    """

    def __init__(self, *, of=np.mean):
        super().__init__()


@cheat("extractor", "survives_the_recipe")
class KnowsItsDefaultByIdentity(Change):
    """Asks whether a parameter is its default, which a list is not."""

    default = (1.0, 2.0)

    def __init__(self, *, scales=default):
        super().__init__(scales=scales if scales is self.default else [3.0, 4.0])


# What breaks promises of one clip


@cheat("aligner", "runs")
class Crashes(Plain):
    """Does not run."""

    def align(self, footage):
        raise ValueError("no face")


@cheat("aligner", "repeats", "no_memory", "pickles", "stores")
class TossesCoins(Plain):
    """Brightens by the operating system's chances."""

    def align(self, footage):
        return _brighter(footage, os.urandom(4))


def _brighter(footage, chances):
    frames = np.array(footage.frames[:])
    frames[0, :4, 0, 0] = np.frombuffer(chances, np.uint8)
    return footage.faces(mertk.Frames.of(frames))


@cheat("roi", "no_memory")
class EveryOtherRegion(Halves):
    """Gives every other clip one region more."""

    count = 0

    def locate(self, faces):
        self.count += 1
        return super().locate(faces) if self.count % 2 else _one(faces)


def _one(faces):
    return mertk.Regions(names=("whole",), boxes=np.array([[0, 0, *faces.size]]))


@cheat("extractor", "no_memory")
class RunningMean(Change):
    """Subtracts the mean of all clips it has seen."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def extract(self, faces, regions):
        self.seen.append(super().extract(faces, regions))
        return self.seen[-1] - np.mean(self.seen, axis=0)


@cheat("classifier", "no_memory")
class LearnsFromTestClips(Nearest):
    """Moves its means with each clip that it is asked about."""

    def predict(self, streams):
        found = super().predict(streams)
        self.means[int(found.argmax())] = mertk.flatten(streams)
        return found


@cheat("extractor", "leaves_inputs_alone")
class DarkensItsInput(Change):
    """Works in place."""

    def extract(self, faces, regions):
        found = super().extract(faces, regions)
        faces.landmarks[:] = 0
        return found


@cheat("extractor", "leaves_inputs_alone")
class NeedsToWrite(Change):
    """Writes to its input and undoes it."""

    def extract(self, faces, regions):
        faces.landmarks[0, 0] += 1
        faces.landmarks[0, 0] -= 1
        return super().extract(faces, regions)


@cheat("classifier", "stores")
class HoldsAGenerator(Nearest):
    """Holds what can be pickled and is no plain data."""

    def fit(self, train, rng):
        super().fit(train, rng)
        self.rng = rng


@cheat("extractor", "pickles", "stores")
class HoldsAFunction(Change):
    """Holds what cannot be sent to another process."""

    def __init__(self):
        super().__init__()
        self.rule = lambda x: x


@cheat("aligner", "gives_faces")
class GivesAnArray(Plain):
    """Gives pixels, not faces."""

    def align(self, footage):
        return np.asarray(footage.frames[:])


@cheat("roi", "gives_regions")
class BeyondThePicture(Halves):
    """Its box ends outside."""

    def locate(self, faces):
        width, height = faces.size
        return mertk.Regions(names=("all",), boxes=np.array([[0, 0, width + 1, height]]))


@cheat("extractor", "gives_streams")
class NotANumber(Change):
    """Divides by zero."""

    def extract(self, faces, regions):
        return super().extract(faces, regions) * np.nan


NotANumber.also = ("takes_odd_sizes", "takes_grey")


@cheat("extractor", "one_row_per_region")
class ForgetsRegions(Change):
    """Gives one row more than there are regions."""

    def extract(self, faces, regions):
        return np.concatenate([super().extract(faces, regions)] * 2)


@cheat("extractor", "takes_odd_sizes")
class SquareOnly(Change):
    """Needs square frames."""

    def extract(self, faces, regions):
        if faces.size[0] != faces.size[1]:
            raise ValueError("not square")
        return super().extract(faces, regions)


@cheat("extractor", "takes_grey")
class ByColour(Change):
    """Divides by the spread of the channels."""

    def extract(self, faces, regions):
        spread = np.ptp(faces.frames[0].astype(float), axis=2).mean()
        with np.errstate(all="ignore"):
            return super().extract(faces, regions) / spread


@cheat("fusion", "gives_streams")
class BareNumber(Centred):
    """Gives no array."""

    def fuse(self, streams):
        return {"centred": 1.0}


@cheat("fusion", "many_clips_at_once")
class ScalesTheBatch(Centred):
    """Divides by the largest number of the clips that it is handed together."""

    def fuse_many(self, clips):
        rows = mertk.design_matrix(clips) - self.mean
        return [{"centred": row} for row in rows / np.abs(rows).max()]


@cheat("fusion", "trains_by_gradient", "stores")
class CutsTheGradient(Gate):
    """Its module hides its weights from the gradient."""

    def module(self, shapes):
        found = gate_net()(shapes)
        found.lost = True
        return found


@cheat(
    "classifier", "gives_probabilities", "fits_one_class", "fits_without_a_class", "fits_one_clip"
)
class Logits(Nearest):
    """Gives scores of any sum."""

    def predict(self, streams):
        return super().predict(streams) * 2


@cheat("classifier", "learns")
class KnowsTheClasses:
    """Always says the first of three."""

    def predict(self, streams):
        return np.array([1.0, 0.0, 0.0])


# What breaks promises of learning


@cheat("classifier", "random_numbers_from_rng")
class GlobalChance(Nearest):
    """Draws from a generator that is not its own, and puts its state back."""

    def fit(self, train, rng):
        before = random.getstate()
        rng = np.random.default_rng(random.getrandbits(32))
        random.setstate(before)
        super().fit(train, rng)


@cheat("fusion", "forgets_the_first_fit")
class Accumulates(Centred):
    """Its mean is that of all fits."""

    def __init__(self):
        self.rows = []

    def fit(self, train, rng):
        self.rows += [mertk.flatten(one) * (1 + label) for one, label in
                      zip(train.inputs, train.labels, strict=True)]  # fmt: skip
        self.mean = np.mean(self.rows, axis=0)


@cheat("classifier", "fit_leaves_inputs_alone")
class SortsItsLabels(Nearest):
    """Shuffles the training labels in place."""

    def fit(self, train, rng):
        super().fit(train, rng)
        train.labels.sort()


@cheat("classifier", "fits_one_class", "fits_one_clip")
class NeedsTwoClasses(Nearest):
    """Refuses a single class."""

    def fit(self, train, rng):
        if len(set(train.labels.tolist())) < 2:
            raise mertk.ComponentError("one class")
        super().fit(train, rng)


@cheat("classifier", "fits_without_a_class")
class ClassesThatItSaw(Nearest):
    """Gives probabilities of the classes up to the last that it saw."""

    def fit(self, train, rng):
        super().fit(train, rng)
        gaps = np.diff(np.unique(train.labels)) > 1
        self.classes -= int(gaps.any())
        if gaps.any():
            self.means = {0: self.means[0]}


@cheat("classifier", "fits_one_clip")
class NeedsTwoClips(Nearest):
    """Takes a spread between clips."""

    def fit(self, train, rng):
        if len(train) < 2:
            raise ValueError("one clip")
        super().fit(train, rng)


@cheat("classifier", "folds_at_once")
class FoldsTogether(Nearest):
    """Fits each fold on all clips."""

    def fit_folds(self, clips, folds, rngs):
        for rng in rngs:
            one = FoldsTogether(noise=self.noise)
            one.fit(clips, rng)
            yield one


# What breaks promises of spotters


@cheat("spotter", "gives_spots")
class WeakSpots(Peak):
    """Gives what is below its own threshold, too."""

    def spots(self, change):
        return [mertk.Spot(one.onset, one.apex, one.offset, 0.5) for one in super().spots(change)]


WeakSpots.also = ("takes_any_length",)


@cheat("spotter", "stays_inside")
class BeyondTheEnd(Peak):
    """Ends a second after the stretch."""

    def spots(self, change):
        return [mertk.Spot(one.onset, one.apex, len(change) + 25, one.strength)
                for one in super().spots(change)]  # fmt: skip


BeyondTheEnd.also = ("takes_any_length",)


@cheat("spotter", "keeps_order")
class StrongestFirst(Peak):
    """Gives the peak before what comes earlier."""

    def spots(self, change):
        return [one for spot in super().spots(change) for one in (spot, mertk.Spot(0, 0, 0, 1.0))]


StrongestFirst.also = ("takes_any_length",)


@cheat("spotter", "reads_forward")
class LooksBack(Peak):
    """Reads its first frame again for each other."""

    def spot(self, faces):
        change = [float(np.abs(frame[::4, ::4].astype(np.float32) - faces.frames[0][::4, ::4]).mean())
                  for frame in faces.frames]  # fmt: skip
        return self.spots(np.array(change))


@cheat("spotter", "keeps_few_frames")
class TakesAll(Peak):
    """Takes all frames into memory."""

    def spot(self, faces):
        frames = list(faces.frames)
        change = [float(np.abs(one.astype(np.float32) - frames[0]).mean()) for one in frames]
        return self.spots(np.array(change))


@cheat("spotter", "measures_before_it_learns")
class FitsItsThreshold(Peak):
    """Has a fit."""

    def fit(self, train, rng):
        self.videos = len(train)


@cheat("spotter", "needs_no_landmarks")
class ByTheNose(Peak):
    """Cuts the face at a landmark."""

    def spot(self, faces):
        return super().spot(faces) if len(faces.landmarks) else []


@cheat("spotter", "takes_any_length")
class NeedsASecond(Peak):
    """Takes a median over a second."""

    def spot(self, faces):
        if len(faces.frames) < faces.fps:
            raise ValueError("too short")
        return super().spot(faces)


# What breaks promises of data sets


@cheat("dataset", "finds_clips")
class OneFingerprint(Squares):
    """All clips have one fingerprint."""

    def clip(self, subject, number):
        from dataclasses import replace

        return replace(super().clip(subject, number), fingerprint="same")


@cheat("dataset", "indexes_the_same_twice")
class AnyOrder(Squares):
    """Lists clips in another order each time."""

    turn = 0

    def index(self, root):
        AnyOrder.turn += 1
        return super().index(root)[:: 1 if AnyOrder.turn % 2 else -1]


class OnDisk(Squares):
    """Squares that need a file in their folder."""

    def index(self, root):
        if root is None or not Path(root, "squares.txt").exists():
            raise mertk.DataError("no squares.txt")
        return super().index(root)


@honest("dataset")
class FromAFile(OnDisk):
    """Reads nothing and says so of an empty folder."""


@cheat("dataset", "leaves_the_folder_alone")
class LeavesTraces(OnDisk):
    """Writes an index beside the data."""

    def index(self, root):
        found = super().index(root)
        Path(root, f"index{len(list(Path(root).iterdir()))}.csv").write_text("clips")
        return found


@cheat("dataset", "refuses_an_empty_folder")
class EmptyIsFine(OnDisk):
    """Finds no clip, and no fault."""

    def index(self, root):
        Path(root, "squares.txt")
        return super().index(root) if Path(root, "squares.txt").exists() else []


@cheat("dataset", "records_are_json")
class SetsInRecords(Squares):
    """Its records hold a set."""

    def clip(self, subject, number):
        from dataclasses import replace

        return replace(super().clip(subject, number), record={"label": "up", "units": {1, 2}})


@cheat("dataset", "footage_travels")
class OpenFiles(Squares):
    """Its footage is read by a function that cannot be pickled."""

    def clip(self, subject, number):
        from dataclasses import replace

        made = super().clip(subject, number)
        array = np.asarray(made.footage.frames[:])
        frames = mertk.Frames(lambda at: array[at], len(array))
        return replace(made, footage=mertk.Footage(frames=frames, onset=0, apex=2, offset=2))


# What breaks promises of protocols


@cheat("protocol", "gives_known_labels")
class UnknownClass(UpOrDown):
    """Labels clips by a class that is none of its own."""

    def label(self, clip):
        return "sideways"


@cheat("protocol", "labels_each_clip_alone")
class EveryOtherLabel(UpOrDown):
    """Labels clips by when it is asked."""

    def __init__(self):
        self.count = 0

    def label(self, clip):
        self.count += 1
        return "up" if self.count <= 5 else "down"


@cheat("protocol", "holds_people_apart")
class LeavesOneClipOut(UpOrDown):
    """People are on both sides."""

    def splits(self, clips):
        places = np.arange(len(clips))
        return [mertk.Split(str(at), places[places != at], places[[at]]) for at in places]


@cheat("protocol", "splits_the_same_twice")
class ShuffledFolds(UpOrDown):
    """Cuts folds in another order each time."""

    turn = 0

    def splits(self, clips):
        ShuffledFolds.turn += 1
        return super().splits(clips)[:: 1 if ShuffledFolds.turn % 2 else -1]


@cheat("protocol", "scores_stay_finite")
class DividesByZero(UpOrDown):
    """Precision, where a class is never predicted."""

    def score(self, confusion):
        with np.errstate(all="ignore"):
            share = np.diagonal(confusion, axis1=-2, axis2=-1) / np.asarray(confusion).sum(axis=-2)
        return {**super().score(confusion), "precision": share.mean(axis=-1)}


DividesByZero.also = ("scores_stacks",)  # NaN is not equal to itself


@cheat("protocol", "scores_stacks")
class OneMatrixOnly(UpOrDown):
    """Pools everything that it is handed."""

    def score(self, confusion):
        return super().score(np.asarray(confusion).reshape(-1, 2, 2).sum(axis=0))


@cheat("protocol", "right_is_better")
class ErrorRate(UpOrDown):
    """Its first score is better the lower it is."""

    def score(self, confusion):
        found = super().score(confusion)
        return {"error": 1 - next(iter(found.values())), **found}


# Models

MODELS = {
    "honest_model": (mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("nearest")), {}, {}),
    "name_in_recipe": (
        mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("nearest")),
        {"paper": mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("titled", name="x"))},
        {},
    ),
    "unknown_part": (
        mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("nearest")),
        {"paper": mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("nobody"))},
        {},
    ),
    "impossible_replay": (
        mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("nearest")),
        {},
        {"authors": mertk.Replay(once=("extractor",))},
    ),
    "crashing_model": (
        mertk.Recipe(extractor=mertk.Use("not_a_number"), classifier=mertk.Use("nearest")), {}, {},
    ),
    "model_of_coins": (mertk.Recipe(extractor=mertk.Use("change"), classifier=mertk.Use("coins")), {}, {}),
}  # fmt: skip
HONEST.append("honest_model")
BROKEN |= {
    "name_in_recipe": ("recipes_are_json",),
    "unknown_part": ("recipes_can_be_built",),
    "impossible_replay": ("replays_can_be_run",),
    "crashing_model": ("runs_a_fold", "repeats"),
    "model_of_coins": ("repeats",),
}


class Titled(Nearest):
    """Takes a parameter of a name that recipes take for themselves.

    Args:
        name: a title.
    """

    def __init__(self, *, name: str = "") -> None:
        super().__init__()


class Coins(Nearest):
    """Ignores the seed."""

    def fit(self, train, rng):
        super().fit(train, np.random.default_rng())


@mertk.hookimpl
def mertk_register(register):
    for kind, name, cls in _REGISTER:
        getattr(register, kind)(
            name, cls, summary=(cls.__doc__ or "Nothing is said.").partition("\n")[0]
        )
    register.classifier("coins", Coins)
    register.classifier("titled", Titled)
    for name, (recipe, presets, replays) in MODELS.items():
        register.model(name, recipe, summary="A model.", presets=presets, replays=replays)
