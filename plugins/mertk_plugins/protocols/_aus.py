"""Action-unit detection: the published AU sets of each database, and how often each AU occurs.

Sets and counts are those of CD6ME (Varanka et al. 2023), and for CASME II also those of its two
spreadsheets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import mertk
from mertk.core import metrics
from mertk.core.clip_lists import Manifest
from mertk_plugins.protocols._mapped import is_micro

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

PAPER = "arxiv:2211.11425"

AUS = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU14", "AU15", "AU17")
"""The twelve of CD6ME."""

_NOT_TAKEN = {
    "samm/007/007_6_1": {"AU6"},
    "samm/007/007_6_5": {"AU6"},
    "samm/011/011_4_2": {"AU12"},
    "samm/014/014_5_2": {"AU12"},
    "samm/035/035_7_2": {"AU17", "AU24"},
}
"""Where SAMM's coders left the AU open ('12 or 14'), what the published counts do not count."""


@dataclass(frozen=True, slots=True)
class Coding:
    """One edition of a database's AUs: clips whose AUs are known, and those that show each."""

    clips: int
    shown: Mapping[str, int]


def _coding(clips: int, *shown: int) -> Coding:
    return Coding(clips, dict(zip(AUS, shown, strict=True)))


CASME = _coding(189, 23, 17, 70, 0, 1, 4, 40, 3, 9, 23, 14, 13)
CASME2 = {
    "2019": _coding(255, 28, 25, 125, 5, 10, 38, 9, 18, 39, 22, 17, 26),
    "2014": _coding(250, 26, 21, 129, 2, 13, 38, 13, 17, 34, 27, 16, 25),  # five are not coded
    "updated file": _coding(256, 26, 22, 130, 2, 13, 39, 13, 16, 34, 27, 16, 25),
}
SAMM = _coding(159, 6, 18, 23, 10, 3, 46, 5, 6, 28, 13, 4, 6)
FOURDME = _coding(267, 46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11)
MMEW = _coding(300, 50, 41, 109, 70, 10, 47, 8, 38, 37, 17, 6, 11)
CASME3 = _coding(860, 153, 128, 274, 44, 8, 27, 50, 10, 15, 193, 6, 20)


class ActionUnits:
    """Which AUs of a fixed set a clip shows; clips that are not coded are left out.

    Left out are macro-expressions too. One subject is left out at a time; scored is the F1 of each
    AU over all folds, and its mean over AUs.
    """

    multilabel = True
    datasets: tuple[str, ...]
    classes: tuple[str, ...]
    manifests: ClassVar[tuple[Manifest, ...]]

    def label(self, clip: mertk.Clip, /) -> frozenset[str] | None:
        """The AUs that are shown, without side and intensity; None where nothing is coded."""
        if clip.dataset not in self.datasets or not is_micro(clip):
            return None
        if not clip.record.get("au_known"):
            return None
        shown = {f"AU{number}" for number in clip.record["au_set"]}
        folder = f"{clip.person}/{clip.record.get('clip', clip.name)}"
        return frozenset(shown & set(self.classes) - _NOT_TAKEN.get(folder, set()))

    def splits(self, clips: Sequence[mertk.Clip], /) -> Iterable[mertk.Split]:
        """One fold per person."""
        return mertk.leave_one_subject_out([clip.person for clip in clips])

    def score(self, confusion: NDArray[np.floating[Any]], /) -> Mapping[str, NDArray[Any]]:
        """Binary and macro F1, means over AUs."""
        return metrics.multilabel_scores(confusion)


def published(classes: Sequence[str], edition: str = "", **codings: Coding) -> Manifest:
    """The list of these codings; AUs whose numbers were not published are not compared."""
    return Manifest(
        counts={
            dataset: {au: coding.shown[au] for au in classes if au in coding.shown}
            for dataset, coding in codings.items()
        },
        clips={dataset: coding.clips for dataset, coding in codings.items()},
        edition=edition,
    )


def published_by_edition(classes: Sequence[str], **others: Coding) -> tuple[Manifest, ...]:
    """One list per edition of CASME II, with the same codings of other databases."""
    return tuple(
        published(classes, f"CASME II: {edition}", casme2=coding, **others)
        for edition, coding in CASME2.items()
    )
