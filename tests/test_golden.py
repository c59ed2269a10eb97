"""Predictions of one model of every family, as they were recorded: a change of the code moves none.

`python tests/test_golden.py` records them anew, for a change that is meant to move numbers; the
difference then shows in the commit.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mertk

FOLDER = Path(__file__).with_name("golden")
CLIPS = "synthetic:subjects=3,clips=3,frames=8,size=128,amplitude=4"

Predictions = dict[str, list[float]]


def plugins():
    return mertk.load_plugins([FOLDER / "stand_ins.py"])


def benched(out: Path, model: str, **options) -> Predictions:
    given = {"dataset": CLIPS, "floors": False, "seeds": [0], "jobs": 1} | options
    results = mertk.bench([model], plugins=plugins(), out=out, **given)
    found: Predictions = {}
    for at, outcome in enumerate((*results.outcomes, *results.leaked)):
        table = outcome.run.predictions()
        columns = [name for name in table if name.startswith("p_")]
        for row in table.to_dict("records"):
            key = f"run {at} seed {row['seed']} {row['fold']} {row['uid']}"
            found[key] = [float(row[name]) for name in columns]
    return found


def bench_of(model: str, **options) -> Callable[[Path], Predictions]:
    return lambda out: benched(out, model, **options)


def trained_and_predicted(out: Path) -> Predictions:
    """`mertk train` into a folder, read back, and asked about clips of other people."""
    from mertk.cli import app
    from mertk.experiment.trained_model import TrainedModel

    folder = out / "model"
    app.main(
        ["train", "--model", "lbptop", "--dataset", CLIPS, "--out", str(folder)],
        standalone_mode=False,
    )
    model = TrainedModel.load(folder, plugins())
    return {clip.uid: model.predict(clip.footage).tolist() for clip in list_others()}


def list_others() -> list[mertk.Clip]:
    """Clips of people that the trained model has not seen."""
    dataset: mertk.Dataset = plugins().registry.build("dataset", mertk.Use.parse(f"{CLIPS},seed=5"))
    return list(dataset.index(None))


def hash_frames(clip: mertk.Clip) -> str:
    frames = clip.footage.frames
    return hashlib.sha256(b"".join(frames[at].tobytes() for at in range(len(frames)))).hexdigest()


def spotted(out: Path) -> Predictions:
    """What a spotter finds in long videos: onset, offset, apex and strength of each interval."""
    from mertk.spotting.search import search_videos

    found = search_videos(["flow_peaks"], "synthetic_long:videos=1,seconds=32,amplitude=3")
    (outcome,) = found.outcomes
    return {
        f"{find.interval.subject} {find.interval.video} {at}": [
            find.interval.onset,
            find.interval.offset,
            find.apex,
            find.strength,
        ]
        for at, find in enumerate(outcome.finds)
    }


RECORDED: dict[str, Callable[[Path], Predictions]] = {
    "texture": bench_of("lbptop"),
    "flow_histogram": bench_of("biwoof"),
    "closed_form": bench_of("flow_ridge", seeds=[0, 1]),
    "learned_block": bench_of("nmp"),
    # with eps 1e-8, Adam makes steps of 1e-4 out of gradients that are zero but for rounding
    "network": bench_of("ststnet:quick", sets=[("classifier.epochs", 4), ("classifier.eps", 1e-4)]),
    "reference": bench_of(
        "cnn_lstm_se:quick",
        sets=[("fusion.0.epochs", 2), ("classifier.epochs", 3)],
    ),
    "multilabel": bench_of("flow_svm", protocol="golden_units"),
    "sweep": bench_of("flow_svm", sweeps=["classifier.C=0.1,10"]),
    "replay": bench_of(
        "cnn_lstm_se:quick",
        replay="authors",
        sets=[("fusion.0.epochs", 2), ("classifier.epochs", 3)],
        dataset="synthetic:subjects=2,clips=3,frames=6,size=128,amplitude=4",
    ),
    "cross_database": bench_of(
        "lbpsip",
        dataset=["golden_first", "golden_second"],
        protocol="cross",
    ),
    "train_predict": trained_and_predicted,
    "spot": spotted,
}

CLOSE = {"network", "reference", "replay"}
"""Trained by gradient: rounding of other processors and releases may show in the last digits."""

FRAMES = FOLDER / "frames.txt"
"""The hash of the frames of each clip of `list_others()`.

numpy's `exp` of 32-bit floats gives other last bits with AVX-512 than without. The synthetic set
warps its pictures by it: on some processors about 15 of the 393,216 values of a clip differ by one
grey level, for all clips of one person in three. A binary pattern may then change, and a probability
by up to 1e-4. A clip with the recorded frames has the recorded prediction to 1e-9.
"""


def read(name: str) -> Predictions:
    found: Predictions = {}
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        key, _, numbers = line.rpartition(": ")
        found[key] = [float(number) for number in numbers.split()]
    return found


def write(name: str, found: Predictions) -> None:
    lines = [f"{key}: {' '.join(map(repr, found[key]))}\n" for key in sorted(found)]
    (FOLDER / f"{name}.txt").write_text("".join(lines), "utf-8")


@pytest.mark.parametrize("name", RECORDED)
def test_predictions_are_those_that_were_recorded(name, tmp_path):
    found, known = RECORDED[name](tmp_path), read(name)
    assert sorted(found) == sorted(known)
    tolerance = 1e-4 if name in CLOSE else 1e-9
    rounded = find_rounded_clips() if name == "train_predict" else set()
    for key, numbers in known.items():
        atol = 1e-3 if key in rounded else tolerance
        np.testing.assert_allclose(found[key], numbers, rtol=0, atol=atol, err_msg=key)


def find_rounded_clips() -> set[str]:
    """The clips whose frames this processor rounds otherwise; see `FRAMES`.

    A change of the code that makes synthetic clips would change the frames of nearly all.
    """
    known = dict(line.split(": ") for line in FRAMES.read_text("utf-8").splitlines())
    others = list_others()
    found = {clip.uid for clip in others if hash_frames(clip) != known[clip.uid]}
    assert len(found) < len(others) / 2
    return found


if __name__ == "__main__":
    import tempfile

    for name in sys.argv[1:] or RECORDED:
        with tempfile.TemporaryDirectory() as scratch:
            write(name, RECORDED[name](Path(scratch)))
    hashes = [f"{clip.uid}: {hash_frames(clip)}\n" for clip in list_others()]
    FRAMES.write_text("".join(hashes), "utf-8")
