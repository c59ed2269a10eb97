"""Clips and records of the synthetic sets; frame numbers are positions in the frames."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mertk
from mertk import datasets
from mertk.datasets.record import Record
from mertk_plugins.datasets import _synthetic_motion as motion


def make_record(
    draws: motion.Draws, timing: motion.Timing, *, subject: str, clip: str, label: str, **known: Any
) -> Record:
    """The record of an expression; `known` are further fields, at least `dataset` and `fps`."""
    emotion, units = motion.emotion_and_units(draws, label)
    return datasets.record.Record(
        uid=f"{known['dataset']}/{subject}/{clip}",
        subject=subject,
        subject_native=subject,
        clip=clip,
        label=label,
        synthetic=True,
        onset=timing.onset,
        apex=timing.apex,
        offset=timing.offset,
        emotion_raw=emotion,
        emotion=emotion,
        au_raw="+".join(map(str, units)),
        aus=tuple(map(datasets.action_units.AU, units)),
        au_set=units,
        au_known=True,
        **known,
    )


class SyntheticFootage(mertk.Footage):
    """Footage whose landmarks are computed when they are first read; a pickle holds them."""

    __slots__ = ("_locate",)

    @classmethod
    def of(cls, locate: Callable[[], NDArray[np.float64]], **known: Any) -> SyntheticFootage:
        """Footage with these fields, and with `locate()` as its landmarks."""
        found = cls(**known)
        object.__setattr__(found, "_locate", locate)
        object.__delattr__(found, "landmarks")  # `__getattr__` is called for it
        return found

    def __getattr__(self, name: str) -> Any:
        if name != "landmarks":
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        landmarks = self._locate().astype(np.float32)
        object.__setattr__(self, name, landmarks)
        return landmarks


def make_clip(
    record: Record,
    timing: motion.Timing,
    frames: mertk.Frames,
    locate: Callable[[], NDArray[np.float64]],
    made_from: object,
) -> mertk.Clip:
    """The clip of a record, with landmarks from `locate`; its fingerprint hashes `made_from`."""
    footage = SyntheticFootage.of(
        locate,
        frames=frames,
        onset=timing.onset,
        apex=timing.apex,
        offset=timing.offset,
        fps=record.fps,
    )
    return mertk.Clip(
        dataset=record.dataset,
        subject=record.subject,
        name=record.clip,
        footage=footage,
        fingerprint=hash_text(made_from),
        record=record.to_dict(),
    )


def hash_text(made_from: object) -> str:
    """The fingerprint of what is made from this."""
    return hashlib.sha256(str(made_from).encode()).hexdigest()
