"""Predictions on disk: one folder a run, one JSON a (seed, fold), written as soon as it ends.

Scores, intervals and reports are recomputed from predictions, never stored alone. A killed run
goes on at the first missing fold. Labels and predictions meet by clip id, never by position.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.errors import StorageError
from mertk.files import write_json
from mertk.identity import digest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One finished fold: for each held-out clip its truth and its class probabilities.

    The truth of a multi-label run is 0 or 1 per class. `seconds` are those of each stage;
    `explained` maps clip ids to what the classifier said of its prediction; `drew` are the places
    whose `fit` took a chance, `keyframes` the annotated ones that were read of one training clip.
    `memory` is the most that the process has held so far, in MB; 0 where the system does not tell.
    """

    name: str
    seed: int
    uids: Sequence[str]
    people: Sequence[str]
    truth: Sequence[int] | Sequence[Sequence[int]]
    probabilities: Sequence[Sequence[float]]
    seconds: Mapping[str, float]
    explained: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    drew: Sequence[str] = field(default_factory=list)
    keyframes: Sequence[str] = field(default_factory=list)
    memory: float = 0.0


class Run:
    """A run's folder: `run.json` (identity, provenance) and `folds/*.json`."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            about = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{path} is not a run folder ({error}); give a folder that holds run.json"
            ) from error
        if about.get("format") != FORMAT:
            raise StorageError(
                f"{path} has ledger format {about.get('format')}; this release reads {FORMAT}"
            )
        self.name: str = about["name"]
        self.identity: dict[str, Any] = about["identity"]
        self.provenance: dict[str, Any] = about["provenance"]
        self.classes: tuple[str, ...] = tuple(self.identity["classes"])
        self.multilabel: bool = self.identity.get("multilabel", False)

    @classmethod
    def open(
        cls, root: Path, name: str, identity: Mapping[str, Any], provenance: Mapping[str, Any]
    ) -> Run:
        """The run of this identity below `root`, made if it is not there yet."""
        path = _folder(root, name, identity)
        if not (path / "run.json").exists():
            about = {"format": FORMAT, "name": name, "identity": identity, "provenance": provenance}
            write_json(path / "run.json", about)
        return cls(path)

    @classmethod
    def find(cls, root: Path, name: str, identity: Mapping[str, Any]) -> Run | None:
        """The run of this identity below `root`, if it has been begun."""
        path = _folder(root, name, identity)
        return cls(path) if (path / "run.json").exists() else None

    @property
    def variant(self) -> Mapping[str, Any]:
        """The model and what is changed in it, as `Variant.to_json` gives it."""
        found: Mapping[str, Any] = self.provenance.get("variant", {})
        return found

    @property
    def replay(self) -> Mapping[str, Any] | None:
        """The order of work that lets held-out clips in, as `name` and `once`; None: strict."""
        found: Mapping[str, Any] | None = self.identity.get("replay")
        return found

    @property
    def draws(self) -> bool:
        """Whether some `fit` took a chance, so that another seed gives other numbers."""
        return bool(self.replay) or any(fold.drew for fold in self.folds())

    @property
    def prefix_seconds(self) -> float:
        """What the latest prefix pass spent on clips, over all workers; 0 where there was none."""
        file = self.path / "prefix.json"
        return float(json.loads(file.read_text())["seconds"]) if file.exists() else 0.0

    def note_prefix(self, seconds: float) -> None:
        """Write down what a prefix pass spent."""
        write_json(self.path / "prefix.json", {"seconds": seconds})

    def note_keyframes(self, names: Iterable[str]) -> None:
        """Write down which annotated key frames the prefix pass reads."""
        write_json(self.path / "keyframes.json", sorted(names))

    @property
    def keyframes(self) -> tuple[str, ...]:
        """Which annotated key frames the recipe looks at: of `onset`, `apex`, `offset`."""
        file = self.path / "keyframes.json"
        found = set(json.loads(file.read_text())) if file.exists() else set()
        found.update(*(fold.keyframes for fold in self.folds()))
        return tuple(name for name in ("onset", "apex", "offset") if name in found)

    def note_clips(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Write down what is known of each clip by uid, beside its class, to group scores by."""
        write_json(self.path / "clips.json", facts)

    @property
    def clips(self) -> Mapping[str, Mapping[str, Any]]:
        """By uid: `aus`, the action units, where they are known, and `seconds` it takes."""
        file = self.path / "clips.json"
        found: Mapping[str, Mapping[str, Any]]
        found = json.loads(file.read_text()) if file.exists() else {}
        return found

    def has(self, seed: int, fold: str) -> bool:
        """Whether this fold is finished, and readable."""
        return self._read(self._file(seed, fold)) is not None

    def save(self, fold: Fold) -> None:
        """Write a finished fold, whole or not at all."""
        write_json(self._file(fold.seed, fold.name), asdict(fold))

    def clear(self, seeds: Sequence[int]) -> None:
        """Forget the folds of these seeds."""
        for fold in list(self.folds()):
            if fold.seed in seeds:
                self._file(fold.seed, fold.name).unlink(missing_ok=True)

    def folds(self) -> Iterator[Fold]:
        """All finished folds, by seed and name; a damaged file counts as not finished."""
        for file in sorted((self.path / "folds").glob("*.json")):
            fold = self._read(file)
            if fold is not None:
                yield fold

    def predictions(self) -> pd.DataFrame:
        """One row per (seed, clip): uid, person, fold, seed, truth, predicted, p_<class>.

        A multi-label run has t_<class> (0 or 1) in the place of truth and predicted.
        """
        import pandas as pd

        tables = [self._table(fold) for fold in self.folds()]
        if not tables:
            raise StorageError(f"{self.path} holds no finished fold yet")
        return pd.concat(tables, ignore_index=True).sort_values(["seed", "uid"], ignore_index=True)

    def answers(self, table: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Truth and prediction of rows of `predictions()` `[clips]`.

        `[clips, classes]` of 0 and 1 if multi-label.
        """
        if not self.multilabel:
            return table["truth"].to_numpy(), table["predicted"].to_numpy()
        truth = table[[f"t_{name}" for name in self.classes]].to_numpy()
        probabilities = table[[f"p_{name}" for name in self.classes]].to_numpy()
        return truth, (probabilities >= 0.5).astype(np.int64)

    def _table(self, fold: Fold) -> pd.DataFrame:
        import pandas as pd

        probabilities = np.asarray(fold.probabilities, float).reshape(-1, len(self.classes))
        columns = {f"p_{c}": probabilities[:, at] for at, c in enumerate(self.classes)}
        truth = np.asarray(fold.truth, int)
        answers: dict[str, Any]
        if self.multilabel:
            answers = {f"t_{c}": truth[:, at] for at, c in enumerate(self.classes)}
        else:
            answers = {"truth": truth, "predicted": probabilities.argmax(axis=1)}
        return pd.DataFrame(
            {
                "uid": list(fold.uids),
                "person": list(fold.people),
                "fold": fold.name,
                "seed": fold.seed,
                **answers,
                **columns,
            }
        )

    def _file(self, seed: int, fold: str) -> Path:
        return self.path / "folds" / f"seed{seed}-{_slug(fold)}-{digest(fold)[:6]}.json"

    @staticmethod
    def _read(file: Path) -> Fold | None:
        try:
            return Fold(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def _folder(root: Path, name: str, identity: Mapping[str, Any]) -> Path:
    return Path(root) / f"{_slug(name)}-{digest(identity)[:12]}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_")[:60]
