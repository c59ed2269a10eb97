"""The scores of the same predictions with merged classes.

Papers join emotions differently (is repression negative, or left out?). A map here joins the
classes of a run: clips of a class that it lacks are left out, a prediction is the joined class with
the highest sum of probabilities. Nothing is trained again, so that only the map differs; a model
that had been trained under it could score otherwise.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mertk.core import metrics
from mertk.core.errors import ParameterError, UnknownNameError
from mertk.core.spelling import check_spelling
from mertk.evaluation import statistics
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
            name, equals, rest = map(str.strip, part.partition("="))
            if not name or (equals and not rest) or name in parts:
                raise ParameterError(
                    f"label map '{text}': write NAME=CLASS+CLASS,NAME=CLASS, each name once"
                )
            parts[name] = list(map(str.strip, rest.split("+"))) if equals else [name]
        return cls(parts)

    def __post_init__(self) -> None:
        counts = Counter(itertools.chain(*self.parts.values()))
        twice = sorted(word for word in counts if counts[word] > 1)
        if twice:
            raise ParameterError(f"label map '{self}': {', '.join(twice)} stands in it twice")
        check_spelling("classes", self.parts, ParameterError, f"label map '{self}'")
        if len(self.parts) < 2:
            raise ParameterError(f"label map '{self}': at least two classes must be left")

    def __str__(self) -> str:
        found = []
        for name, words in self.parts.items():
            found.append(name if list(words) == [name] else f"{name}={'+'.join(words)}")
        return ",".join(found)


def remap_predictions(outcome: Outcome, label_map: LabelMap) -> dict[str, Any]:
    """A run's scores under a map, with 95 % intervals, and the clips and subjects that it keeps.

    Raises `UnknownNameError` for a class that the run does not have, and `ParameterError` where a
    run is multi-label or a joined class has no clip.
    """
    run = outcome.run
    if run.multilabel:
        raise ParameterError(f"{run.name}: classes of a multi-label run cannot be joined")
    of = _map_classes(label_map, run.classes)
    truth = of[outcome.predictions["truth"].to_numpy()]
    for at, name in enumerate(label_map.parts):
        if not (truth == at).any():
            raise ParameterError(f"label map '{label_map}': no clip is of class '{name}'")
    probabilities, count = outcome.probabilities.to_numpy(), len(label_map.parts)
    joined = np.stack([probabilities[:, of == at].sum(axis=1) for at in range(count)])
    table = outcome.predictions.assign(truth=truth, predicted=joined.argmax(axis=0))
    confusions = []
    for _, part in table[truth >= 0].groupby("seed", sort=False):
        columns = part["truth"].to_numpy(), part["predicted"].to_numpy()
        people = part["person"].to_numpy(str)
        confusions.append(statistics.subject_confusions(*columns, people, count))
    return {
        "model": outcome.name,
        "map": str(label_map),
        "clips": int(confusions[0].sum()),
        "subjects": confusions[0].shape[0],
        **statistics.tabulate_scores(np.stack(confusions), metrics.standard_scores),
    }


def _map_classes(label_map: LabelMap, classes: Sequence[str]) -> NDArray[np.int64]:
    """Per class of a run the number of its joined class, -1 where it is left out `[classes]`."""
    of = np.full(len(classes), -1)
    for at, words in enumerate(label_map.parts.values()):
        for word in words:
            if word not in classes:
                raise UnknownNameError("class of these runs", word, classes)
            of[classes.index(word)] = at
    return of
