"""A run's results in three text files that can be shared, checked and shown.

No pixel, path or file name is in them, and ids of people are replaced unless they are published
(`mertk.evaluation.pseudonyms`).
"""

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.core.errors import StorageError
from mertk.core.escaping import csv_text
from mertk.evaluation import pseudonyms
from mertk.evaluation.bundle_files import (
    ABOUT,
    CLIP_COLUMNS,
    CLIPS,
    FORMAT,
    PREDICTIONS,
    Bundle,
    hash_text,
)
from mertk.evaluation.bundle_scores import compute_scores, hash_clips
from mertk.evaluation.run_folders import find_runs
from mertk.plugins.loader import Plugins, load_plugins
from mertk.storage.atomic_files import (
    check_folder,
    check_writable,
    json_text,
    write_folder,
    write_text,
)
from mertk.storage.audit_record import read_record
from mertk.storage.fold_record import Fold, list_columns
from mertk.storage.identity import hash_json
from mertk.storage.ledger import Run

KIND = "results bundle"

_PROVENANCE = (
    "made",
    "python",
    "system",
    "device",
    "releases",
    "synthetic",
    "origins",
    "published",
    "variant",
    "seen_before",
    "from_scratch",
)


def write_bundle(
    *runs: Path | str | Run, to: Path, by: str = "", plugins: Plugins | None = None
) -> list[Path]:
    """Write a bundle of each finished run below a folder, and give their folders.

    Args:
        *runs: runs, run folders, or folders of them.
        to: the folder; a bundle lies in `PROTOCOL/MODEL-KEY` below it.
        by: who ran it, as tables show it.
        plugins: what `load_plugins` gave; default: the installed ones.

    Raises:
        StorageError: where a run is not finished, is damaged or is a replay that leaks, and where a
            file is in the way. Nothing is written then.
    """
    plugins = plugins or load_plugins()
    found: list[Run] = []
    for one in runs:
        if isinstance(one, Run):
            found.append(one)
            continue
        here, faults = find_runs(one)
        if faults:
            raise StorageError(faults[0])
        found += here
    check_writable(Path(to))
    texts: dict[Path, dict[str, str]] = {}
    for run in found:
        place, files = make_bundle(run, plugins, by=by)
        texts[Path(to) / place] = files
    for folder in texts:
        check_folder(folder, KIND)
    for folder, files in texts.items():
        write_folder(folder, functools.partial(_fill_folder, files), KIND)
    return list(texts)


def make_bundle(run: Run, plugins: Plugins, *, by: str = "") -> tuple[str, dict[str, str]]:
    """The folder and the files of a run's bundle; raises `StorageError` as `write_bundle` does."""
    if run.replay:
        raise StorageError(f"{run.path} is a replay that leaks: it is not shared as a result")
    contents = run.contents()
    if contents.faults:
        raise StorageError(contents.faults[0])
    if not contents.whole:
        raise StorageError(
            f"{run.path} is not finished ({contents.progress}); run the same bench again to go on"
        )
    datasets = [use["name"] for use in run.identity["datasets"]]
    key = run.identity["clip_list"]
    names = pseudonyms.choose_names(plugins.registry, run.clips, key, datasets)
    left_out: list[str] = []
    about = _describe_run(run, contents.folds, names, left_out)
    clips = {}
    for uid, facts in sorted(run.clips.items(), key=lambda pair: names.clips[pair[0]]):
        clips[names.clips[uid]] = {
            "person": names.people[facts["person"]],
            "fold": None if facts["fold"] is None else names.folds[facts["fold"]],
            "truth": facts["truth"],
        }
    about["identity"]["clip_list"] = hash_clips(clips, about["identity"]["classes"])
    about["key"] = hash_json(about["identity"])[:16]
    rows = _list_predictions(contents.folds, names, run.classes)
    files = {
        CLIPS: csv_text(CLIP_COLUMNS, map(_make_clip_row, clips.items())),
        PREDICTIONS: csv_text(["seed", "clip", *list_columns("p_", run.classes)], rows),
    }
    about |= {"by": " ".join(by.split()), "left_out": left_out, "replaced_ids": names.changed}
    about["sha256"] = {name: hash_text(text) for name, text in files.items()}
    about |= compute_scores(Bundle(run.path, about, clips, rows), plugins)
    plain = json.loads(json.dumps(about, allow_nan=False))
    files[ABOUT] = json_text({**plain, "checksum": hash_json(plain)})
    return f"{about['identity']['protocol']['name']}/{_make_slug(about)}", files


def _describe_run(
    run: Run, folds: Sequence[Fold], names: pseudonyms.Names, left_out: list[str]
) -> dict[str, Any]:
    """What is said of a run beside its clips, without paths and ids."""
    identity = dict(run.identity)
    datasets = []
    for at, use in enumerate(identity["datasets"]):
        own = use["name"] in names.changed
        place = f"identity.datasets.{at}"
        datasets.append(pseudonyms.clean_dataset(use, place, left_out) if own else use)
    excluded = identity.pop("excluded", None)
    if names.changed:
        for name in ("data", "aus"):
            if name in identity:
                identity[name] = pseudonyms.LEFT_OUT
                left_out.append(f"identity.{name}")
    identity = pseudonyms.clean_value(identity | {"datasets": datasets}, "identity", left_out)
    identity["classes"] = list(run.classes)  # words of the data, such as "n/a", stay
    if excluded:
        identity["excluded"] = pseudonyms.replace_ids(excluded, names.changed)
    provenance = {name: run.provenance[name] for name in _PROVENANCE if name in run.provenance}
    if names.changed and provenance.get("published"):
        provenance["published"] = {**provenance["published"], "list": pseudonyms.LEFT_OUT}
    seconds = sum(fold.seconds.get("total", 0.0) for fold in folds)
    features = run.prefix_seconds
    audit = read_record(run)
    return {
        "format": FORMAT,
        "name": pseudonyms.clean_text(run.name),
        "run": run.key,
        "identity": identity,
        "provenance": pseudonyms.clean_value(provenance, "provenance", left_out),
        "seeds": sorted({fold.seed for fold in folds}),
        "keyframes": list(run.keyframes),
        "drew": sorted({place for fold in folds for place in fold.drew}),
        "seconds": {
            "folds": round(seconds, 1),
            "features": None if math.isnan(features) else round(features, 1),
        },
        "audit": pseudonyms.clean_value(audit, "audit", left_out) if audit else None,
    }


def _list_predictions(
    folds: Sequence[Fold], names: pseudonyms.Names, classes: Sequence[str]
) -> list[dict[str, Any]]:
    rows = []
    for fold in folds:
        for uid, probabilities in zip(fold.uids, fold.probabilities, strict=True):
            columns = zip(list_columns("p_", classes), probabilities, strict=True)
            rows.append({"seed": fold.seed, "clip": names.clips[uid], **dict(columns)})
    return sorted(rows, key=lambda row: (row["seed"], row["clip"]))


def _make_clip_row(pair: tuple[str, Mapping[str, Any]]) -> dict[str, str]:
    uid, facts = pair
    truth = facts["truth"]
    text = " ".join(map(str, truth)) if isinstance(truth, list) else str(truth)
    fold = "" if facts["fold"] is None else facts["fold"]
    return {"clip": uid, "person": facts["person"], "fold": fold, "truth": text}


def _fill_folder(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        write_text(folder / name, text)


def _make_slug(about: Mapping[str, Any]) -> str:
    """The name of a bundle's folder: the model, and the first digits of its key."""
    name = re.sub(r"[^A-Za-z0-9.]+", "_", about["name"]).strip("_.")[:60]
    return f"{name}-{about['key'][:12]}"
