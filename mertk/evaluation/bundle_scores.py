"""The scores of a results bundle, computed from its predictions as those of any run."""

import hashlib
import itertools
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.core.errors import StorageError
from mertk.evaluation.bundle_files import PREDICTIONS, Bundle
from mertk.evaluation.results import Results
from mertk.plugins.loader import Plugins
from mertk.storage.fold_record import Fold, list_columns
from mertk.storage.ledger import Run
from mertk.storage.run_files import make_damage_error

_DIGITS = 6


def restore_run(bundle: Bundle, root: Path) -> Run:
    """Write a bundle as a run folder below `root`, for `Results` to read.

    Raises `StorageError` where its tables do not fit each other.
    """
    about = bundle.about
    try:
        run = Run.open(
            root, about["name"], about["identity"], about["provenance"], dict(bundle.clips)
        )
        run.note_prefix(about["seconds"]["features"] or 0.0, about["keyframes"])
        run.note_seeds(about["seeds"])
        for fold in _list_folds(bundle):
            run.save(fold)
        contents = run.contents()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise make_damage_error(bundle.path, error) from error
    if contents.faults:
        why = contents.faults[0].partition(" is damaged ")[2] or contents.faults[0]
        raise StorageError(f"{bundle.path} is damaged {why}")
    if not contents.whole:
        raise StorageError(f"{bundle.path} lacks predictions ({contents.progress})")
    return run


def _list_folds(bundle: Bundle) -> list[Fold]:
    """The folds of a bundle; raises `StorageError` for rows of other clips or seeds."""
    about, file = bundle.about, bundle.path / PREDICTIONS
    columns = list_columns("p_", bundle.classes)
    found: dict[tuple[int, str], tuple[list[str], list[list[float]]]] = {}
    for row in bundle.predictions:
        clip, seed = row["clip"], int(row["seed"])
        if clip not in bundle.clips or bundle.clips[clip]["fold"] is None:
            raise StorageError(f"{file}: no fold holds {clip} out")
        if seed not in about["seeds"]:
            raise StorageError(f"{file}: {seed} is no seed of this run")
        uids, table = found.setdefault((seed, bundle.clips[clip]["fold"]), ([], []))
        uids.append(clip)
        table.append([float(row[name]) for name in columns])
    folds = []
    for (seed, name), (uids, table) in found.items():
        fold = Fold(
            name=name,
            seed=seed,
            uids=uids,
            people=[bundle.clips[uid]["person"] for uid in uids],
            truth=[bundle.clips[uid]["truth"] for uid in uids],
            probabilities=table,
            seconds={"total": about["seconds"]["folds"] / len(found)},
            drew=about["drew"],
        )
        folds.append(fold)
    return folds


def compute_scores(bundle: Bundle, plugins: Plugins) -> dict[str, Any]:
    """Scores, intervals, chance level and counts of a bundle, from its predictions."""
    with tempfile.TemporaryDirectory(prefix="mertk-") as folder:
        results = Results([restore_run(bundle, Path(folder))], plugins)
        row = results.table().to_dict("records")[0]
        scores = {}
        for name in results.chance:
            columns = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
            columns["sd"] = f"{name}_sd"
            scores[name] = {part: _round(row[column]) for part, column in columns.items()}
        parts = results.parts().to_dict("records")
        return {
            "score_names": list(results.chance),
            "scores": scores,
            "parts": [_round_part(part) for part in parts],
            "chance": {name: list(map(_round, ends)) for name, ends in results.chance.items()},
            "counts": {name: int(row[name]) for name in ("clips", "subjects", "folds", "seeds")},
            "collapsed": bool(row["collapsed"]),
            "floor": bool(row["floor"]),
        }


def hash_clips(clips: Mapping[str, Mapping[str, Any]], classes: Sequence[str]) -> str:
    """The hash of a clip list with its labels, as a run's identity has it."""
    lines = []
    for uid, facts in clips.items():
        truth = facts["truth"]
        several = isinstance(truth, list)
        label = "+".join(itertools.compress(classes, truth)) if several else classes[truth]
        lines.append(f"{uid},{label}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), _DIGITS)


def _round_part(part: Mapping[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in part.items():
        if name not in ("model", "floor"):
            found[str(name)] = _round(value) if isinstance(value, float) else value
    return found
