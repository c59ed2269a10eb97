"""The official split of DFME."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

import mertk
from mertk_plugins.protocols._mapped import MappedLabels, text_of

TRAIN, TESTS = "train", ("testA", "testB")


class OfficialParts(MappedLabels):
    """Trained on the training part, tested on the parts A and B."""

    tests_all = False

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per test part that is there; raises `ProtocolError` for a part unknown."""
        parts = np.asarray([text_of(clip, "official_split") for clip in clips])
        for clip, part in zip(clips, parts, strict=True):
            if part not in {TRAIN, *TESTS}:
                raise mertk.ProtocolError(
                    f"{clip.uid} is of the part '{part}', which is none of {TRAIN}, "
                    f"{', '.join(TESTS)}"
                )
        train = np.flatnonzero(parts == TRAIN)
        return [
            mertk.Split(part, train, np.flatnonzero(parts == part))
            for part in TESTS
            if part in parts
        ]
