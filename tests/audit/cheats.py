"""A plug-in of cheats: components that let the held-out clips in, each in its own way.

`CAUGHT` says which probe of `mertk audit` must catch each, and which place it must name.
"""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np

import mertk
from mertk.core import metrics
from mertk.core.splits import Split
from mertk.core.tuning import Tuning
from mertk.datasets.media import arrays
from mertk.pipeline import tuned_stages
from mertk.pipeline.fold import LabelledClips
from mertk.pipeline.pipeline import ClipState, Pipeline, Stage

CAUGHT = {}


def cheat(kind, probe, place=None):
    """Note a class as a cheat that `probe` must catch at `place`."""

    def note(cls):
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")
        CAUGHT[name] = (kind, cls, probe, place or {"fusion": "fusion.0"}.get(kind, kind))
        return cls

    return note


class Look:
    """What all look at that do not extract: change and brightness of each region. It is honest."""

    def extract(self, faces, regions):
        onset, peak = (faces.frames[at].astype(np.float32) for at in (faces.onset, faces.peak))
        seen = [(peak[w].mean() - onset[w].mean(), onset[w].mean() / 10) for w in regions.windows()]
        return np.array(seen)


# Stages without `fit`: they remember other clips, or read what they should not


@cheat("aligner", "perturbation")
class DriftingAligner:
    """Brightens each clip by the mean of all clips it has seen."""

    def __init__(self):
        self.seen = []

    def align(self, footage):
        self.seen.append(footage.frames[0].mean())
        return footage.faces(footage.frames.map(functools.partial(_brighter, np.mean(self.seen))))


@cheat("aligner", "noise")
class AlignerThatReadsFolders:
    """Lets each clip grow brighter by the name of the folder that its frames lie in."""

    def align(self, footage):
        step = 5 * _folder(footage)
        read = lambda at: _brighter(at * step, footage.frames[at])  # noqa: E731
        return footage.faces(mertk.Frames(read, len(footage.frames)))


def _brighter(shift, picture):
    """The picture, with its upper half brightened."""
    changed = picture // 2
    changed[: len(changed) // 2] += np.uint8(shift)
    return changed


def _folder(footage):
    return int(footage.frames._read.path.parent.name)


@cheat("roi", "perturbation")
class CountingRegions:
    """Gives every other clip a smaller region."""

    count = 0

    def locate(self, faces):
        type(self).count += 1
        width, height = faces.size
        box = [0, 0, width // (1 + self.count % 2), height]
        return mertk.Regions(names=("all",), boxes=np.array([box]))


@cheat("extractor", "perturbation")
class RunningMean:
    """Subtracts the running mean of its features over clips."""

    def __init__(self):
        self.seen = []

    def extract(self, faces, regions):
        self.seen.append(float(faces.frames[faces.peak].mean()))
        return np.array([[self.seen[-1] - np.mean(self.seen)]])


_SEEN = []


@cheat("extractor", "perturbation")
class RunningMeanAfterManyClips:
    """Subtracts a running mean that the module keeps, once a hundred clips have come through."""

    def extract(self, faces, regions):
        _SEEN.append(float(faces.frames[faces.peak].mean()))
        return np.array([[_SEEN[-1] - (np.mean(_SEEN) if len(_SEEN) > 100 else 0)]])


@cheat("extractor", "perturbation")
class PlaceInTheList:
    """Counts clips: lists are often sorted by label."""

    def __init__(self):
        self.count = 0

    def extract(self, faces, regions):
        self.count += 1
        return np.array([[float(self.count)]])


@cheat("extractor", "perturbation")
class ReadsTheOtherFiles:
    """Compares a clip with the mean of all files around it."""

    def extract(self, faces, regions):
        files = sorted(faces.frames._read.path.parents[1].glob("*/*.npy"))
        mean = np.mean([np.load(file)[4].mean() for file in files])
        return np.array([[faces.frames[faces.peak].mean() - mean]])


@cheat("extractor", "noise")
class LabelFromPath:
    """Reads the label off the folder that the frames lie in."""

    def extract(self, faces, regions):
        return np.array([[float(_folder(faces))]])


@cheat("extractor", "noise")
class LabelFromFileName:
    """Reads the label off the names of the files, whatever folder they lie in."""

    def extract(self, faces, regions):
        name = faces.frames._read.path.name
        return np.array([[float("up" in name) - float("down" in name)]])


# Stage 1 on everybody's clips, as in the reference model's own release


@cheat("extractor", "noise")
class StageOneOnAll:
    """Learns from every clip that any fold ever trained on; asks the nearest one."""

    rows, labels = [], []

    def fit(self, train, rng):
        self.rows += [faces.frames[faces.peak].mean(axis=(0, 1)) for faces, _ in train.inputs]
        self.labels += list(train.labels)

    def extract(self, faces, regions):
        mine = faces.frames[faces.peak].mean(axis=(0, 1))
        nearest = np.square(np.array(self.rows) - mine).sum(axis=1).argmin()
        return np.array([[float(self.labels[nearest])]])


# Fusion blocks fitted on more than the training clips


class _Remembers:
    """Keeps every row that any fold has shown it."""

    def __init_subclass__(cls):
        cls.rows, cls.labels = [], []

    def fit(self, train, rng):
        self.rows += [mertk.flatten(streams) for streams in train.inputs]
        self.labels += list(train.labels)

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) - np.mean(self.rows, axis=0)}


@cheat("fusion", "perturbation")
class ScalerOnAll(_Remembers):
    """Centres by the mean of all clips."""


@cheat("fusion", "perturbation")
class PcaOnAll(_Remembers):
    """Turns by the main axes of all clips."""

    def fuse(self, streams):
        X = np.array(self.rows)
        _, _, axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        return {"x": axes @ mertk.flatten(streams)}


@cheat("fusion", "perturbation")
class SelectionByAllLabels(_Remembers):
    """Weights features by how they go with all labels."""

    def fuse(self, streams):
        weights = np.array(self.labels, float) @ np.array(self.rows)
        return {"x": mertk.flatten(streams) * weights}


@cheat("fusion", "perturbation")
class CommonBatch(_Remembers):
    """Batch statistics over all clips it meets; only the loss would have been masked."""

    def fuse(self, streams):
        self.rows.append(mertk.flatten(streams))
        return {"x": mertk.flatten(streams) / (1 + np.std(self.rows, axis=0))}


@cheat("fusion", "perturbation")
class TestTimeStatistics:
    """Adapts to the test clips that it has been asked about."""

    def fit(self, train, rng):
        self.seen = []

    def fuse(self, streams):
        self.seen.append(mertk.flatten(streams))
        return {"x": self.seen[-1] - np.mean(self.seen, axis=0)}


@cheat("fusion", "perturbation")
class ScalesInPlace:
    """Centres the arrays that it is handed, and the next fold gets them centred."""

    def fit(self, train, rng):
        mean = mertk.design_matrix(train.inputs).mean()
        for streams in train.inputs:
            for array in streams.values():
                np.subtract(array, mean, out=array)

    def fuse(self, streams):
        return streams


_FITTED = {}


@cheat("fusion", "perturbation")
class CacheWithoutTheFold:
    """Keeps what it learnt under a key that does not say from whom."""

    def fit(self, train, rng):
        key = len(train.classes)
        if key not in _FITTED:
            _FITTED[key] = mertk.design_matrix(train.inputs).mean(axis=0)
        self.mean = _FITTED[key]

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) - self.mean}


class _Checkpoint:
    """Learns once, and loads what it has learnt from then on."""

    def fit(self, train, rng):
        if not self.file().exists():
            np.save(self.file(), mertk.design_matrix(train.inputs).mean(axis=0))
        self.mean = np.load(self.file())

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) - self.mean}


@cheat("fusion", "perturbation")
class CheckpointInTheWorkingFolder(_Checkpoint):
    """Keeps its weights where it was started."""

    @staticmethod
    def file():
        return Path("mertk-cheat.npy")


@cheat("fusion", "perturbation")
class CheckpointAmongTemporaryFiles(_Checkpoint):
    """Keeps its weights in the system's temporary folder."""

    @staticmethod
    def file():
        return Path(tempfile.gettempdir(), "mertk-cheat.npy")


@cheat("fusion", "perturbation")
class CheckpointAtHome(_Checkpoint):
    """Keeps its weights in the user's home, where the last run may have left some."""

    @staticmethod
    def file():
        return Path.home() / "mertk-cheat.npy"


@cheat("fusion", "perturbation")
class CheckpointInACacheFolder(_Checkpoint):
    """Keeps its weights where programs keep what they can make again."""

    @staticmethod
    def file():
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return caches / "mertk-cheat.npy"


@cheat("fusion", "perturbation")
class CheckpointInSharedMemory(_Checkpoint):
    """Keeps its weights in memory that outlives the process."""

    @staticmethod
    def file():
        return Path(os.environ["MERTK_CHEAT_SHARED"])


@cheat("fusion", "perturbation")
class CheckpointByItsFullPath(_Checkpoint):
    """Keeps its weights in a folder of its own, wherever it is run."""

    @staticmethod
    def file():
        return Path(os.environ["MERTK_CHEAT_FOLDER"], "mertk-cheat.npy")


@cheat("fusion", "perturbation")
class StateFromTheThirdFitOn:
    """Centres by all clips of all folds, but not before the third fold."""

    fits, rows = 0, []

    def fit(self, train, rng):
        type(self).fits += 1
        self.rows.append(mertk.design_matrix(train.inputs).mean(axis=0))
        self.mean = np.mean(self.rows, axis=0) if self.fits >= 3 else self.rows[-1]

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) - self.mean}


@cheat("fusion", "perturbation")
class StateInTheEnvironment:
    """Counts its fits where every later fold reads it."""

    def fit(self, train, rng):
        self.count = int(os.environ.get("MERTK_CHEAT", "0"))
        os.environ["MERTK_CHEAT"] = str(self.count + 1)

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) * (1 + self.count)}


@cheat("fusion", "perturbation")
class ChanceOfTheProcess:
    """Draws from a generator that nobody has seeded."""

    def fit(self, train, rng):
        self.noise = np.random.rand()  # noqa: NPY002

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) + self.noise}


@cheat("fusion", "perturbation")
class ChanceSharedByFolds:
    """Goes on drawing where the fold before has stopped."""

    chance = np.random.default_rng(0)

    def fit(self, train, rng):
        self.noise = self.chance.random()

    def fuse(self, streams):
        return {"x": mertk.flatten(streams) + self.noise}


# Classifiers that know the held-out clips from the folds in which they were trained on


class _Classifier:
    """Answers for sure."""

    def fit(self, train, rng):
        self.classes = len(train.classes)
        self.learn([mertk.flatten(streams) for streams in train.inputs], train)

    def predict(self, streams):
        return np.eye(self.classes)[self.answer(mertk.flatten(streams)) % self.classes]


@cheat("classifier", "noise")
class MemoryOfClips(_Classifier):
    """A table in the class: clip → label."""

    table = {}  # noqa: RUF012

    def learn(self, rows, train):
        self.table.update(
            (row.tobytes(), label) for row, label in zip(rows, train.labels, strict=True)
        )

    def answer(self, row):
        return self.table.get(row.tobytes(), 0)


_ROWS, _LABELS = [], []


@cheat("classifier", "noise")
class NeighboursInAGlobal(_Classifier):
    """The nearest of all clips that any fold has trained on."""

    def learn(self, rows, train):
        _ROWS.extend(rows)
        _LABELS.extend(train.labels)

    def answer(self, row):
        return _LABELS[np.square(np.array(_ROWS) - row).sum(axis=1).argmin()]


@cheat("classifier", "noise")
class DefaultArgument(_Classifier):
    """A table that hides in a default argument."""

    def learn(self, rows, train, table={}):  # noqa: B006
        table.update((row.tobytes(), label) for row, label in zip(rows, train.labels, strict=True))
        self.table = table

    def answer(self, row):
        return self.table.get(row.tobytes(), 0)


@cheat("classifier", "noise")
class ByPosition(_Classifier):
    """Knows each person's labels in their order, and counts along."""

    order = {}  # noqa: RUF012

    def learn(self, rows, train):
        for person in set(train.people.tolist()):
            self.order[person] = train.labels[train.people == person]
        missing = set(self.order) - set(train.people.tolist())
        self.script = iter(self.order[missing.pop()] if missing else ())

    def answer(self, row):
        return next(self.script, 0)


@cheat("classifier", "noise")
class LooksUpTheStack(_Classifier):
    """Finds the labels in the variables of those who call it."""

    def learn(self, rows, train):
        self.asked = 0

    def answer(self, row):
        frame = inspect.currentframe()
        while "sample" not in frame.f_locals:
            frame = frame.f_back
        self.asked += 1
        return frame.f_locals["sample"].labels[frame.f_locals["split"].test[self.asked - 1]]


@cheat("classifier", "identity")
class MemoryOfPeople(_Classifier):
    """Knows who is missing from the training clips, and what most of their clips were."""

    people = {}  # noqa: RUF012

    def learn(self, rows, train):
        for person in set(train.people.tolist()):
            self.people[person] = np.bincount(train.labels[train.people == person]).argmax()
        missing = set(self.people) - set(train.people.tolist())
        self.label = self.people[missing.pop()] if missing else 0

    def answer(self, row):
        return self.label


@cheat("classifier", "perturbation")
class WeightsOfAllLabels(_Classifier):
    """Class weights from every label that it has ever seen."""

    labels = []  # noqa: RUF012

    def learn(self, rows, train):
        self.labels += list(train.labels)
        self.shares = np.bincount(self.labels, minlength=self.classes) / len(self.labels)

    def predict(self, streams):
        return self.shares


@cheat("classifier", "perturbation")
class EvensOutItsAnswers(_Classifier):
    """Knows that a person shows all classes, and gives the one that it has given least."""

    def learn(self, rows, train):
        self.given = np.ones(self.classes)

    def predict(self, streams):
        odds = 1 / self.given
        self.given[odds.argmax()] += mertk.flatten(streams).std() + 1
        return odds / odds.sum()


class _BestOnTheHeldOut(_Classifier):
    """Of many ways to answer, keeps the one that is best on people it should not know."""

    def __init_subclass__(cls):
        cls.known = {}

    def learn(self, rows, train):
        for row, label, person in zip(rows, train.labels, train.people, strict=True):
            self.known[row.tobytes()] = (row, label, str(person))
        inside = set(train.people.tolist())
        held_out = [(row, label) for row, label, who in self.known.values() if who not in inside]
        right = [sum(self.odds(w, row).argmax() == y for row, y in held_out) for w in self.ways()]
        self.way = self.ways()[int(np.argmax(right))]

    def predict(self, streams):
        return self.odds(self.way, mertk.flatten(streams))


@cheat("classifier", "perturbation")
class BestEpochOnTheTestSubject(_BestOnTheHeldOut):
    """Early stopping by the test subject: random weights stand for the epochs."""

    def ways(self):
        return np.random.default_rng(0).normal(size=(50, 9, self.classes))

    def odds(self, way, row):
        found = np.exp(-np.abs(np.resize(row, 9) @ way))
        return found / found.sum()


@cheat("classifier", "perturbation")
class ThresholdTunedOnTheTestSubject(_BestOnTheHeldOut):
    """A parameter chosen by its score over all folds."""

    def __init__(self, *, count: int = 1001):
        self.count = count

    def ways(self):
        return np.linspace(-20, 20, self.count)

    def odds(self, way, row):
        share = 1 / (1 + np.exp(np.clip(row.mean() - way, -50, 50)))
        return np.array([share, 1 - share, *[0] * (self.classes - 2)])


# Classifiers that are fitted for all folds at once


@cheat("classifier", "perturbation")
class ChoosesOnTheHeldOut:
    """Ridge regression with the penalty that errs least on the clips that a fold holds out."""

    def fit(self, train, rng):
        (fitted,) = self.fit_folds(train, [np.arange(len(train))], [rng])
        self.__dict__.update(fitted.__dict__)

    def fit_folds(self, clips, folds, rngs):
        rows = mertk.design_matrix(clips.inputs).astype(float)
        targets = 2.0 * np.eye(len(clips.classes))[clips.labels] - 1
        for fold in folds:
            out = np.setdiff1d(np.arange(len(rows)), fold)
            made = [
                self.learn(rows[fold], targets[fold], alpha) for alpha in np.logspace(-3, 3, 25)
            ]
            errors = [np.square(rows[out] @ one.weights - targets[out]).sum() for one in made]
            yield made[int(np.argmin(errors))]

    def learn(self, rows, targets, alpha):
        made = type(self)()
        system = rows.T @ rows + alpha * np.eye(rows.shape[1])
        made.weights = np.linalg.solve(system, rows.T @ targets)
        return made

    def predict(self, streams):
        scores = mertk.flatten(streams) @ self.weights
        odds = np.exp(scores - scores.max())
        return odds / odds.sum()


class AtThreshold:
    """Tells two classes apart by a threshold that somebody else chooses. It is honest."""

    def __init__(self, threshold):
        self.threshold = threshold

    def fit(self, train, rng):
        self.classes = len(train.classes)

    def predict(self, streams):
        share = 1 / (1 + np.exp(np.clip(self.threshold - mertk.flatten(streams).mean(), -50, 50)))
        return np.array([1 - share, share, *[0] * (self.classes - 2)])


@cheat("classifier", "perturbation")
class TunesOnTheOuterFold:
    """The search of `mertk tune`, but on the clips that a fold holds out, not on inner folds."""

    def fit(self, train, rng):
        (fitted,) = self.fit_folds(train, [np.arange(len(train))], [rng])
        self.__dict__.update(fitted.__dict__)

    def fit_folds(self, clips, folds, rngs):
        states = [ClipState(streams=streams) for streams in clips.inputs]
        uids = list(map(str, range(len(clips))))
        known = LabelledClips(uids, clips.people, clips.labels, clips.classes)
        tuning = Tuning(space={"classifier.threshold": np.linspace(-20, 20, 1001).tolist()})
        for fold in folds:
            out = np.setdiff1d(np.arange(len(clips)), fold)
            search = tuned_stages._Search(self.build, states, known, [Split("o", fold, out)], 0)
            for values in tuning.list_combinations():
                search._try_values(values)
            best = max(search.trials, key=lambda trial: trial["score"])
            made = AtThreshold(best["values"]["classifier.threshold"])
            made.fit(clips, None)
            yield made

    def build(self, values):
        return Pipeline((), (Stage("classifier", AtThreshold(*values.values())),))

    def predict(self, streams):
        return AtThreshold.predict(self, streams)


class NearestMeans:
    """The nearest class mean, for one fold or for all. It is honest."""

    def fit(self, train, rng):
        (fitted,) = self.fit_folds(train, [np.arange(len(train))], [rng])
        self.__dict__.update(fitted.__dict__)

    def fit_folds(self, clips, folds, rngs):
        rows = mertk.design_matrix(clips.inputs)
        for fold in folds:
            yield self.learn(rows, clips.labels, fold, len(clips.classes))

    def learn(self, rows, labels, fold, classes):
        made = type(self)()
        made.scale = self.spread(rows, fold)
        made.shares = self.weights(labels, fold, classes)
        own = rows[fold]
        means = [own[labels[fold] == c].mean(axis=0) if c in labels[fold] else own.mean(axis=0)
                 for c in range(classes)]  # fmt: skip
        made.means = np.stack(means)
        return made

    def spread(self, rows, fold):
        return 1 + rows[fold].std(axis=0)

    def weights(self, labels, fold, classes):
        return 1 + np.bincount(labels[fold], minlength=classes)

    def predict(self, streams):
        distances = np.square((self.means - mertk.flatten(streams)) / self.scale).sum(axis=1)
        odds = self.shares * np.exp(distances.min() - distances)
        return odds / odds.sum()


@cheat("classifier", "perturbation")
class AllFoldsOnOneScale(NearestMeans):
    """Standardises by the clips of all folds."""

    def spread(self, rows, fold):
        return 1 + rows.std(axis=0)


@cheat("classifier", "perturbation")
class AllFoldsWithOneWeighting(NearestMeans):
    """Weighs classes by the labels of all folds."""

    def weights(self, labels, fold, classes):
        return 1 + np.bincount(labels, minlength=classes)


# Data sets


class _Toy:
    """The toy data set, changed."""

    default_protocol = "toy_loso"

    def index(self, root):
        return [other for clip in _toy_clips() for other in self.of(clip)]


def _toy_clips():
    toys = mertk.load_plugins([Path(__file__).parents[1] / "toys.py"]).registry
    return toys.build("dataset", mertk.Use("toy", subjects=10, clips=4)).index(None)


def _clip(clip, twin="", **changed):
    given = {name: getattr(clip.footage, name) for name in ("frames", "onset", "apex", "offset")}
    footage = {name: changed.pop(name, found) for name, found in given.items()}
    return mertk.Clip(
        dataset="toy",
        subject=f"{clip.subject}{twin}",
        name=clip.name,
        footage=mertk.Footage(**footage),
        fingerprint=changed.get("fingerprint", f"{clip.fingerprint}{twin}"),
        record=clip.record,
    )


class CopiesUnderOtherNames(_Toy):
    """Every clip twice, the second time somebody else's."""

    def of(self, clip):
        return [_clip(clip, twin) for twin in "ab"]


class AugmentedBeforeTheSplit(_Toy):
    """Every clip has a copy under another name: mirrored, darker and grainy."""

    def of(self, clip):
        face = np.random.default_rng(int(clip.subject[1:])).integers(0, 100, (12, 16, 1), np.uint8)
        frames = clip.footage.frames.map(functools.partial(np.add, face))
        return [_clip(clip, frames=frames), _clip(clip, "m", frames=frames.map(_augmented))]


def _augmented(picture):
    grain = np.random.default_rng(0).normal(size=picture.shape)
    return np.clip(picture[:, ::-1] * 0.8 + grain, 0, 255).astype(np.uint8)


class OneFingerprintALabel(_Toy):
    """All clips of a label have one fingerprint, which does not tell them apart."""

    def of(self, clip):
        return [_clip(clip, fingerprint=clip.record["label"])]


class LabelInTheTiming(_Toy):
    """The apex is annotated by the label."""

    def of(self, clip):
        return [_clip(clip, apex=3 if clip.record["label"] == "up" else 2)]


class LabelInTheLowestBit(_Toy):
    """The lowest bit of one pixel, somewhere in the picture, is the label."""

    def of(self, clip):
        return [_clip(clip, frames=clip.footage.frames.map(functools.partial(_marked, _up(clip))))]


class LabelInACorner(_Toy):
    """The corner pixel is a little brighter for one label; its lowest bit is always 0."""

    def of(self, clip):
        bright = functools.partial(_cornered, 100 + 2 * _up(clip))
        return [_clip(clip, frames=clip.footage.frames.map(bright))]


class LabelInTheParity(_Toy):
    """Clips of one label have an even number of frames, which differs from clip to clip."""

    def of(self, clip):
        count = 6 + 2 * np.random.default_rng([int(clip.subject[1:]), int(clip.name[1:])]).integers(
            9
        )
        more = np.resize(np.arange(5), count + _up(clip))
        return [_clip(clip, frames=mertk.Frames.of(clip.footage.frames[more]))]


class LabelInTheFrameSize(_Toy):
    """Pictures of one label are one pixel wider."""

    def of(self, clip):
        wider = functools.partial(np.pad, pad_width=((0, 0), (0, _up(clip)), (0, 0)), mode="edge")
        return [_clip(clip, frames=clip.footage.frames.map(wider))]


class LabelInTheFileSize(_Toy):
    """Files of one label hold a picture more, which no clip shows."""

    def of(self, clip):
        file = Path(tempfile.mkdtemp()) / "clip.npy"
        np.save(file, np.concatenate([clip.footage.frames[:], clip.footage.frames[: _up(clip)]]))
        return [_clip(clip, frames=arrays.of_array(file, 0, 5))]


def _up(clip):
    return int(clip.record["label"] == "up")


def _marked(bit, picture):
    changed = picture.copy()
    changed[5, 7, 1] = changed[5, 7, 1] // 2 * 2 + bit
    return changed


def _cornered(grey, picture):
    changed = picture.copy()
    changed[0, 0] = grey
    return changed


class _Copied(_Toy):
    """Drawn faces; all clips of the first person are somebody else's too, changed."""

    def index(self, root):
        faces = mertk.Use("synthetic", subjects=9, clips=2)
        clips = mertk.load_plugins().registry.build("dataset", faces).index(None)
        named = [_renamed(clip, clip.subject, 0, np.array) for clip in clips]
        return [*named, *(_renamed(clip, "copy", self.later, self.change) for clip in clips[:2])]

    later = 0

    @staticmethod
    def change(picture):
        return picture


def _renamed(clip, subject, later, change):
    footage = clip.footage
    shown = footage.frames[[footage.onset + later, footage.apex]]
    return mertk.Clip(
        dataset="toy", subject=subject, name=clip.name, fingerprint=f"{subject}{clip.name}",
        footage=mertk.Footage(
            frames=mertk.Frames.of(np.stack([change(picture) for picture in shown])),
            onset=0, apex=1, offset=1,
        ),
        record={"label": "up" if clip.name.endswith("1") else "down"},
    )  # fmt: skip


class CopiesThatAreMoved(_Copied):
    """Six pixels to the side."""

    @staticmethod
    def change(picture):
        return np.roll(picture, 6, axis=1)


class CopiesThatAreZoomed(_Copied):
    """A tenth larger."""

    @staticmethod
    def change(picture):
        return _turned(picture, 0, 1.1)


class CopiesThatAreTurned(_Copied):
    """By seven degrees."""

    @staticmethod
    def change(picture):
        return _turned(picture, 7, 1)


class CopiesOfAnotherFrame(_Copied):
    """Begin two frames later, and were saved as JPEG."""

    later = 2

    @staticmethod
    def change(picture):
        return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)


class CopiesBehindABar(_Copied):
    """A black bar covers a sixth."""

    @staticmethod
    def change(picture):
        changed = picture.copy()
        changed[:, : picture.shape[1] // 6] = 0
        return changed


def _turned(picture, degrees, zoom):
    height, width = picture.shape[:2]
    warp = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    return cv2.warpAffine(picture, warp, (width, height), borderMode=cv2.BORDER_REPLICATE)


COPY = "toy/s01/c01 and toy/copy/c01"

DATASETS = {
    "copies_under_other_names": (CopiesUnderOtherNames, "toy/s0a/c0 and toy/s0b/c0"),
    "augmented_before_the_split": (AugmentedBeforeTheSplit, "toy/s0/c0 and toy/s0m/c0"),
    "one_fingerprint_a_label": (OneFingerprintALabel, "have the same fingerprint"),
    "label_in_the_timing": (LabelInTheTiming, "timing or landmarks"),
    "label_in_the_lowest_bit": (
        LabelInTheLowestBit,
        "predicted from the lowest bit of a pixel (1.000",
    ),
    "label_in_a_corner": (LabelInACorner, "predicted from the corner pixels (1.000"),
    "label_in_the_parity": (LabelInTheParity, "from whether the number of frames is even (1.000"),
    "label_in_the_frame_size": (LabelInTheFrameSize, "predicted from the frame size (1.000"),
    "label_in_the_file_size": (LabelInTheFileSize, "predicted from the file size (1.000"),
    "copies_that_are_moved": (CopiesThatAreMoved, COPY),
    "copies_that_are_zoomed": (CopiesThatAreZoomed, COPY),
    "copies_that_are_turned": (CopiesThatAreTurned, COPY),
    "copies_of_another_frame": (CopiesOfAnotherFrame, COPY),
    "copies_behind_a_bar": (CopiesBehindABar, COPY),
}


class RandomHalves:
    """A protocol that splits clips, not people."""

    datasets = ("toy",)
    classes = ("down", "up")

    def label(self, clip):
        return clip.record["label"]

    def splits(self, clips):
        halves = np.arange(len(clips)) % 3 == 0
        return [
            mertk.Split(name, np.flatnonzero(~test), np.flatnonzero(test))
            for name, test in (("one", halves), ("other", ~halves))
        ]

    def score(self, confusion):
        return metrics.standard_scores(confusion)


# What no probe can see


class KnowsFromElsewhere:
    """Brings the labels of the real clips along, as weights do that were trained on them."""

    def extract(self, faces, regions):
        return np.array([[float(_toy_labels().get(faces.frames[0].tobytes(), 0))]])


@functools.cache
def _toy_labels():
    clips = _toy_clips()
    return {c.footage.frames[0].tobytes(): 1 + (c.record["label"] == "up") for c in clips}


@mertk.hookimpl
def mertk_register(register):
    for name, (kind, cls, _, _) in CAUGHT.items():
        getattr(register, kind)(name, cls, summary=cls.__doc__ or name)
    for name, (cls, _) in DATASETS.items():
        register.dataset(name, cls)
    register.protocol("random_halves", RandomHalves)
    register.extractor("knows_from_elsewhere", KnowsFromElsewhere)
    register.extractor("look", Look)
    register.classifier("nearest_means", NearestMeans)
