"""Predictions on disk: one folder a run, one JSON a (seed, fold), written as soon as it ends.

Scores, intervals and reports are recomputed from predictions, never stored alone. A run writes down
at its start which clips are held out in which fold, so that what is unfinished or damaged is known;
a killed run goes on at the first missing fold. Labels and predictions meet by clip id, never by
position.
"""

from __future__ import annotations

import functools
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.errors import StorageError
from mertk.core.showing import Shown
from mertk.storage.fold_record import Contents, Fold, check_fold, list_columns, make_table
from mertk.storage.identity import hash_json
from mertk.storage.run_files import (
    load_object,
    make_damage_error,
    open_seal,
    read_sealed,
    write_sealed,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["FORMAT", "Contents", "Fold", "Run"]

FORMAT = 2

_LOG = logging.getLogger(__name__)


class _OtherFormatError(StorageError):
    """The run of another release, which is not damaged."""


class Run(Shown):
    """A run's folder.

    `run.json` is its identity and provenance, `clips.json` the clips with the fold that each is
    held out in, `seeds.json` the seeds that were begun, `prefix.json` what the prefix pass noted;
    `folds/*.json` are the predictions.

    Examples:
        >>> len(results.runs[0].predictions())
        12
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        about = _read_about(self.path)
        self.name: str = about["name"]
        self.identity: dict[str, Any] = about["identity"]
        self.provenance: dict[str, Any] = about["provenance"]
        self.key: str = about["run"]
        self.classes: tuple[str, ...] = tuple(self.identity["classes"])
        self.multilabel: bool = self.identity.get("multilabel", False)
        self.variant: Mapping[str, Any] = self.provenance.get("variant", {})
        """The model and what is changed in it, as `Variant.to_json` gives it."""
        self.replay: Mapping[str, Any] | None = self.identity.get("replay")
        """The order of work that lets held-out clips in, as `name` and `once`; None: strict."""

    def _list_facts(self) -> dict[str, object]:
        return {
            "model": self.name,
            "protocol": self.identity["protocol"]["name"],
            "folder": self.path,
        }

    @classmethod
    def open(
        cls,
        root: Path,
        name: str,
        identity: Mapping[str, Any],
        provenance: Mapping[str, Any],
        clips: Mapping[str, Mapping[str, Any]],
    ) -> Run:
        """The run of this identity below `root`, made if it is not there yet.

        Args:
            root: the folder of all runs.
            name: what tables call the model.
            identity: what the results depend on.
            provenance: what was merely true when the run was begun.
            clips: by clip id `person`, `truth` and `fold`, the fold that holds it out or None
                where it is only trained on; and what scores can be grouped by: `aus`, the action
                units, where they are known, and `seconds`, how long it takes.

        Raises:
            StorageError: where the disk refuses, or another release wrote the run.
        """
        path, key = _locate_folder(root, name, identity), _make_key(identity)
        plan = {"clips": dict(zip(clips, map(dict, clips.values()), strict=True))}
        if _read_repairable(path / "clips.json", key) != plan:
            write_sealed(path / "clips.json", key, plan)
        if cls._open_found(path) is None:
            about = {"format": FORMAT, "name": name, "identity": identity, "provenance": provenance}
            write_sealed(path / "run.json", key, about)
        return cls(path)

    @classmethod
    def find(cls, root: Path, name: str, identity: Mapping[str, Any]) -> Run | None:
        """The run of this identity below `root`, if it has been begun and can be read."""
        path, key = _locate_folder(root, name, identity), _make_key(identity)
        run = cls._open_found(path)
        known = run and _read_repairable(path / "clips.json", key)
        return run if known and _read_repairable(path / "seeds.json", key) else None

    @classmethod
    def _open_found(cls, path: Path) -> Run | None:
        """The run in a folder; None, with a warning, where its run.json is damaged."""
        if not os.path.lexists(path / "run.json"):
            return None
        try:
            return cls(path)
        except _OtherFormatError:
            raise
        except StorageError as error:
            _LOG.warning("%s; it is written again", error)
            return None

    @property
    def draws(self) -> bool:
        """Whether some `fit` is stochastic, so that another seed gives other numbers."""
        return bool(self.replay) or any(fold.drew for fold in self.folds())

    @functools.cached_property
    def clips(self) -> Mapping[str, Mapping[str, Any]]:
        """By clip id what `open` was given; raises `StorageError` where it cannot be read."""
        found: Mapping[str, Mapping[str, Any]] = self._read_required("clips.json")["clips"]
        return found

    @functools.cached_property
    def plan(self) -> Mapping[str, Sequence[str]]:
        """By fold the ids of the clips that it holds out, both sorted."""
        held_out: dict[str, list[str]] = {}
        for uid, facts in sorted(self.clips.items()):
            if facts["fold"] is not None:
                held_out.setdefault(facts["fold"], []).append(uid)
        return dict(sorted(held_out.items()))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were begun, sorted; none where no fold was."""
        found = read_sealed(self.path / "seeds.json", self.key)
        return tuple(found["seeds"]) if found else ()

    def note_seeds(self, seeds: Iterable[int]) -> None:
        """Write down that these seeds are begun, before their first fold."""
        known = _read_repairable(self.path / "seeds.json", self.key)
        before = known["seeds"] if known else self._read_seeds_of_names()
        if not known or not set(seeds) <= set(before):
            found = sorted({*seeds, *before})
            write_sealed(self.path / "seeds.json", self.key, {"seeds": found})

    def note_prefix(
        self, seconds: float, keyframes: Iterable[str], faults: Iterable[str] = (), cpu: float = 0.0
    ) -> None:
        """Write down what a prefix pass spent, and which annotated key frames it reads.

        `faults` says what is wrong with the features that it gave; `cpu` is the CPU time.
        """
        found = {"seconds": seconds, "keyframes": sorted(keyframes), "faults": list(faults)}
        found["cpu"] = cpu
        write_sealed(self.path / "prefix.json", self.key, found)

    @property
    def knows_prefix(self) -> bool:
        """Whether what the prefix pass noted is there, and can be read."""
        return _read_repairable(self.path / "prefix.json", self.key) is not None

    @property
    def prefix_seconds(self) -> float:
        """What the latest prefix pass spent on clips, over all workers; NaN if it is not known."""
        found = self._read_prefix()
        return float(found["seconds"]) if found else float("nan")

    @property
    def prefix_cpu(self) -> float:
        """The CPU seconds of `prefix_seconds`; 0 if they are not known."""
        return float((self._read_prefix() or {}).get("cpu", 0.0))

    @property
    def feature_faults(self) -> tuple[str, ...]:
        """What is wrong with the features of all clips, as far as it is known."""
        return tuple((self._read_prefix() or {}).get("faults", ()))

    @property
    def keyframes(self) -> tuple[str, ...]:
        """Which annotated key frames the recipe looks at: of `onset`, `apex`, `offset`.

        `unknown` is among them where what the prefix pass noted cannot be read.
        """
        prefix = self._read_prefix()
        found = set(prefix["keyframes"] if prefix else ["unknown"])
        found.update(*(fold.keyframes for fold in self.folds()))
        return tuple(name for name in ("onset", "apex", "offset", "unknown") if name in found)

    def has(self, seed: int, fold: str) -> bool:
        """Whether this fold is finished; a damaged file counts as not, with a warning."""
        try:
            return self.read_fold(seed, fold) is not None
        except StorageError as error:
            _LOG.warning("%s; it counts as not finished", error)
            return False

    def saved_at(self, seed: int, fold: str) -> int | None:
        """When the file of this fold was written, in ns, readable or not; None: there is none."""
        try:
            return self._locate_fold(seed, fold).stat().st_mtime_ns
        except OSError:
            return None

    def save(self, fold: Fold) -> None:
        """Write a finished fold, whole or not at all."""
        self.note_seeds([fold.seed])
        write_sealed(self._locate_fold(fold.seed, fold.name), self.key, asdict(fold))

    def clear(self, seeds: Sequence[int]) -> None:
        """Forget the folds of these seeds, damaged ones too."""
        for seed in seeds:
            for file in (self.path / "folds").glob(f"seed{seed}-*.json"):
                if file.is_symlink() or not file.is_dir():
                    file.unlink(missing_ok=True)

    def folds(self) -> Iterator[Fold]:
        """All finished folds, by seed and name; `contents` lists those missing or damaged."""
        yield from self.contents().folds

    def contents(self) -> Contents:
        """Read every file of the run.

        Raises `StorageError` where its clips or its seeds are not known.
        """
        folds: list[Fold] = []
        missing: dict[int, list[str]] = {}
        faults: list[str] = []
        seeds = self._read_required("seeds.json")["seeds"] if self._fold_files() else self.seeds
        for seed in seeds:
            missing[seed] = []
            for name in self.plan:
                try:
                    fold = self.read_fold(seed, name)
                except StorageError as error:
                    faults.append(str(error))
                    fold = None
                if fold is None:
                    missing[seed].append(name)
                else:
                    folds.append(fold)
        planned = {self._locate_fold(seed, name) for seed in seeds for name in self.plan}
        for file in self._fold_files():
            if file not in planned:
                faults.append(f"{file} is no fold of this run")
        for file in (self.path / "prefix.json", *sorted(self.path.glob("oracle/*.json"))):
            try:
                read_sealed(file, self.key)
            except StorageError as error:
                faults.append(str(error))
        if folds and not os.path.lexists(self.path / "prefix.json"):
            faults.append(f"{self.path / 'prefix.json'} is missing")
        return Contents(folds=folds, planned=len(self.plan), missing=missing, faults=faults)

    def predictions(self) -> pd.DataFrame:
        """One row per (seed, clip): uid, person, fold, seed, truth, predicted, p_<class>.

        A multi-label run has t_<class> (0 or 1) in the place of truth and predicted. Only finished
        folds are in it.
        """
        return self.tabulate(self.folds())

    def tabulate(self, folds: Iterable[Fold]) -> pd.DataFrame:
        """Some folds of the run, as `predictions` has them; raises `StorageError` without any."""
        import pandas as pd

        tables = [make_table(fold, self.classes, multilabel=self.multilabel) for fold in folds]
        if not tables:
            raise StorageError(f"{self.path} holds no finished fold yet")
        return pd.concat(tables, ignore_index=True).sort_values(["seed", "uid"], ignore_index=True)

    def get_labels(self, table: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Truth and prediction of rows of `predictions()` `[clips]`.

        `[clips, classes]` of 0 and 1 if multi-label.
        """
        if not self.multilabel:
            return table["truth"].to_numpy(), table["predicted"].to_numpy()
        truth = table[list_columns("t_", self.classes)].to_numpy()
        probabilities = table[list_columns("p_", self.classes)].to_numpy()
        return truth, (probabilities >= 0.5).astype(np.int64)

    def _locate_fold(self, seed: int, fold: str) -> Path:
        return self.path / "folds" / f"seed{seed}-{_make_slug(fold)}-{hash_json(fold)[:6]}.json"

    def _fold_files(self) -> list[Path]:
        return sorted((self.path / "folds").glob("*.json"))

    def _read_seeds_of_names(self) -> set[int]:
        """The seeds in the names of fold files, for want of better."""
        found = set()
        for file in self._fold_files():
            name = re.match(r"seed(\d{1,9})-", file.name)
            if name:
                found.add(int(name[1]))
        return found

    def _read_required(self, name: str) -> dict[str, Any]:
        found = read_sealed(self.path / name, self.key)
        if found is None:
            raise StorageError(f"{self.path / name} is missing")
        return found

    def _read_prefix(self) -> dict[str, Any] | None:
        try:
            return read_sealed(self.path / "prefix.json", self.key)
        except StorageError:  # `contents` names it
            return None

    def read_fold(self, seed: int, name: str) -> Fold | None:
        """A finished fold; raises `StorageError` where its file is damaged."""
        file = self._locate_fold(seed, name)
        found = read_sealed(file, self.key)
        if found is None:
            return None
        try:
            fold = Fold(**found)
            if (fold.seed, fold.name) != (seed, name):
                raise ValueError(f"it is fold '{fold.name}' of seed {fold.seed}")  # noqa: TRY301
            check_fold(fold, self.plan, self.clips, len(self.classes), multilabel=self.multilabel)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise make_damage_error(file, error) from error
        return fold


def _read_about(path: Path) -> dict[str, Any]:
    """The content of run.json."""
    file = path / "run.json"
    if not os.path.lexists(file):
        raise StorageError(
            f"{path} is not a run folder (it has no run.json); give a folder that holds run.json"
        )
    about = load_object(file)
    found = about.get("format")
    if isinstance(found, int) and found != FORMAT:
        raise _OtherFormatError(
            f"{path} has ledger format {found}; this release reads {FORMAT}: run the same bench in "
            "another folder"
        )
    about = open_seal(file, about)
    if about.get("run") != _make_key(about.get("identity")):
        raise StorageError(f"{file} is damaged (it is of another run)")
    return about


def _read_repairable(file: Path, key: str) -> dict[str, Any] | None:
    """The content of a file that can be written again; None, with a warning, if it is damaged."""
    try:
        return read_sealed(file, key)
    except StorageError as error:
        _LOG.warning("%s; it is written again", error)
        return None


def _make_key(identity: Any) -> str:
    return hash_json(identity)[:16]


def _locate_folder(root: Path, name: str, identity: Mapping[str, Any]) -> Path:
    return Path(root) / f"{_make_slug(name)}-{hash_json(identity)[:12]}"


def _make_slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_")[:60]
