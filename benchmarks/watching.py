"""`mertk predict` on long videos: seconds per second of video, and whether memory grows with it.

Run: OMP_NUM_THREADS=1 python -m benchmarks.watching [--quick]    (quick: shorter videos)

A synthetic face in 640x360 at 25 frames a second, played forward and backward to the length.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

import mertk
from mertk.experiment import trained_model
from mertk.experiment.study import Study
from mertk.spotting import video_prediction

FPS = 25
_SIZE = (640, 360)


def main() -> None:
    """Print a line for each length and spotter."""
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true")
    given.add_argument("--child", nargs=2, metavar=("VIDEO", "SPOTTER"), help=argparse.SUPPRESS)
    options = given.parse_args()
    if options.child:
        print(json.dumps(_watched(Path(options.child[0]), options.child[1])))
        return
    lengths = (0.25, 0.5) if options.quick else (1, 4)
    with tempfile.TemporaryDirectory() as folder:
        made = [_film(Path(folder) / f"{minutes}.mp4", minutes) for minutes in lengths]
        for spotter in ("flow_peaks", "lbp_chi2"):
            for file, minutes in zip(made, lengths, strict=True):
                _tell(spotter, minutes, _child(file, spotter))


def _tell(spotter: str, minutes: float, found: dict[str, float]) -> None:
    share = {name: found[name] / (60 * minutes) for name in ("follow", "spot")}
    print(
        f"{spotter:<11} {minutes:>5} min: following {share['follow']:.2f}, spotting and asking "
        f"{share['spot']:.2f} of the video's time, {found['found']:.0f} intervals, "
        f"{found['mb']:.0f} MB",
        flush=True,
    )


def _film(file: Path, minutes: float) -> Path:
    use = mertk.Use("synthetic_long", videos=1, seconds=40, fps=FPS)
    frames = mertk.load_plugins().registry.build("dataset", use).index(None)[0].footage.frames
    rows, columns = 40, 192
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), FPS, _SIZE)
    picture = np.full((_SIZE[1], _SIZE[0], 3), 70, np.uint8)
    for at in range(round(minutes * 60 * FPS)):
        turn, place = divmod(at, len(frames))
        face = frames[len(frames) - 1 - place if turn % 2 else place]
        picture[rows : rows + face.shape[0], columns : columns + face.shape[1]] = face
        writer.write(np.ascontiguousarray(picture[..., ::-1]))
    writer.release()
    return file


def _child(file: Path, spotter: str) -> dict[str, float]:
    """Seconds and peak memory of a fresh process."""
    command = [sys.executable, "-m", "benchmarks.watching", "--child", str(file), spotter]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _watched(file: Path, spotter: str) -> dict[str, float]:
    registry = mertk.load_plugins().registry
    use = mertk.Use("synthetic", subjects=4, clips=3)
    model = trained_model.train_model(
        Study(models=["flow_svm"], dataset=use, floors=False).open(), 0
    )
    start = time.perf_counter()
    watched = video_prediction.track_video(
        file, registry.build("aligner", mertk.Use("eye_similarity"))
    )
    followed = time.perf_counter()
    built = registry.build("spotter", mertk.Use(spotter))
    found = sum(1 for _ in video_prediction.predict_spots(model, watched, built))
    return {
        "follow": followed - start,
        "spot": time.perf_counter() - followed,
        "found": found,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
