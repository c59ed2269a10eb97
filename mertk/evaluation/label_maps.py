"""The same predictions under another label map: what a score owes to how classes were joined.

Papers join emotions differently (is repression negative, or left out?). A map here joins the
classes of a run: clips of a class that it lacks are left out, a prediction is the joined class with
the highest sum of probabilities. Nothing is trained again, so that only the map differs; a model
that had been trained under it could score otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mertk.core import metrics
from mertk.core.errors import ParameterError, UnknownNameError
from mertk.core.spelling import check_spelling
from mertk.evaluation import statistics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk.evaluation.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class LabelMap:
    """Joined classes, each of one or more classes of a run; no class is in two."""

    parts: Mapping[str, Sequence[str]]

    @classmethod
    def parse(cls, text: str) -> LabelMap:
        """Read `negative=disgust+repression,positive=happiness`; a bare `surprise` is itself."""
        parts: dict[str, list[str]] = {}
        for part in text.split(","):
            name, equals, rest = (side.strip() for side in part.partition("="))
            if not name or (equals and not rest) or name in parts:
                raise ParameterError(
                    f"label map '{text}': write NAME=CLASS+CLASS,NAME=CLASS, each name once"
                )
            parts[name] = [word.strip() for word in rest.split("+")] if equals else [name]
        return cls(parts)

    def __post_init__(self) -> None:
        joined = [word for words in self.parts.values() for word in words]
        twice = sorted({word for word in joined if joined.count(word) > 1})
        if twice:
            raise ParameterError(f"label map '{self}': {', '.join(twice)} stands in it twice")
        check_spelling("classes", self.parts, ParameterError, f"label map '{self}'")
        if len(self.parts) < 2:
            raise ParameterError(f"label map '{self}': at least two classes must be left")

    def __str__(self) -> str:
        return ",".join(
            name if list(words) == [name] else f"{name}={'+'.join(words)}"
            for name, words in self.parts.items()
        )


@dataclass(frozen=True, slots=True)
class Remapped:
    """A run's scores under a map, with 95 % intervals; `clips`, `subjects`: what the map keeps."""

    model: str
    label_map: str
    clips: int
    subjects: int
    scores: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


def remap_predictions(outcome: Outcome, label_map: LabelMap) -> Remapped:
    """UF1, UAR and accuracy of a run's predictions under a map.

    Raises `UnknownNameError` for a class that the run does not have, and `ParameterError` where a
    run is multi-label or a joined class has no clip.
    """
    run = outcome.run
    if run.multilabel:
        raise ParameterError(f"{run.name}: classes of a multi-label run cannot be joined")
    table, count = outcome.predictions, len(label_map.parts)
    of = _map_classes(label_map, run.classes)
    truth = of[table["truth"].to_numpy()]
    probabilities = table[[f"p_{name}" for name in run.classes]].to_numpy()
    joined = np.stack([probabilities[:, of == at].sum(axis=1) for at in range(count)], axis=1)
    kept = truth >= 0
    for at, name in enumerate(label_map.parts):
        if not (truth == at).any():
            raise ParameterError(f"label map '{label_map}': no clip is of class '{name}'")
    confusions = np.stack(
        [
            statistics.subject_confusions(
                truth[rows], joined[rows].argmax(axis=1), table["person"].to_numpy(str)[rows], count
            )
            for rows in (
                kept & (table["seed"].to_numpy() == seed) for seed in table["seed"].unique()
            )
        ]
    )
    return Remapped(
        outcome.name,
        str(label_map),
        int(confusions[0].sum()),
        confusions.shape[1],
        statistics.compute_pooled_scores(confusions, metrics.standard_scores),
        statistics.score_intervals(confusions, metrics.standard_scores),
    )


def _map_classes(label_map: LabelMap, classes: Sequence[str]) -> NDArray[np.int64]:
    """Per class of a run the number of its joined class, -1 where it is left out `[classes]`."""
    of = np.full(len(classes), -1)
    for at, words in enumerate(label_map.parts.values()):
        for word in words:
            if word not in classes:
                raise UnknownNameError("class of these runs", word, classes)
            of[classes.index(word)] = at
    return of
