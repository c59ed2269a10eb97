"""Writes a small `campus` to disk: squares that grow brighter or darker, of three people."""

import csv
import sys
from pathlib import Path

import cv2
import numpy as np

LEAD = 3  # frames before the onset, which the table's numbers leave out


def write(folder):
    """Three participants, four clips each: two videos, and two folders of frames."""
    (folder / "SYNTHETIC.txt").write_text("Squares, made by a program.\n", encoding="utf-8")
    rows = [("participant", "clip", "emotion", "onset", "apex", "offset")]
    for person in ("P01", "P02", "P03"):
        for number in range(1, 5):
            emotion = ("Happy", "disgust")[number % 2]
            name = f"interview_{number}"
            pictures = film(40 if emotion == "Happy" else -40, seed=len(rows))
            store = as_video if number <= 2 else as_frames
            store(folder / person / name, pictures)
            apex = LEAD + 6 if number != 4 else ""  # nobody said
            rows.append((person, name, emotion, LEAD + 1, apex, len(pictures)))
    with (folder / "annotations.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def film(change, *, seed):
    """Pictures `[time, 64, 64, 3]` that stay still, and then change by so many grey values."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(60, 180, (8, 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    steps = np.concatenate([np.zeros(LEAD), np.linspace(0, change, 9)])
    return np.clip(ground + steps[:, None, None, None], 0, 255).astype(np.uint8)


def as_video(path, pictures):
    """One file, at 50 frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = cv2.VideoWriter_fourcc(*"MJPG")
    video = cv2.VideoWriter(str(path.with_suffix(".avi")), codec, 50, (64, 64))
    for picture in pictures:
        video.write(picture)
    video.release()


def as_frames(path, pictures):
    """A folder of numbered pictures."""
    path.mkdir(parents=True)
    for number, picture in enumerate(pictures, 1):
        cv2.imwrite(str(path / f"{number:04}.png"), picture)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    write(Path(sys.argv[1]))
