"""The report as one self-contained HTML file: no network, no script, all text escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk import metrics
from mertk.files import write_text
from mertk.report import pictures, tables

if TYPE_CHECKING:
    from mertk.harness.results import Outcome, Results
    from mertk.plugins import Plugins


def write(results: Results, path: Path, plugins: Plugins) -> Path:
    """Write the page, whole or not at all, and give its path."""
    write_text(Path(path), render(results, plugins))
    return Path(path)


def render(results: Results, plugins: Plugins) -> str:
    """The page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mertk.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    strip = pictures.strip(results, plugins)
    return environment.get_template("page.html.j2").render(
        title=tables.title(results),
        sentences=tables.sentences(results),
        synthetic=results.synthetic,
        scores=tables.score_names(results),
        rows=results.table().to_dict("records"),
        chance=results.chance,
        classes=results.classes,
        confusions=[_confusion(outcome) for outcome in results.outcomes],
        people=_people(results),
        weights=_weights(results, strip.regions),
        strip=strip,
        runs=[_about(outcome) for outcome in results.outcomes],
    )


def _confusion(outcome: Outcome) -> dict[str, Any]:
    """Counts (mean over seeds) and row rates of one run."""
    counts = outcome.confusion / len(outcome.confusions)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {"name": outcome.name, "counts": counts.tolist(), "rates": rates.tolist()}


def _people(results: Results) -> dict[str, Any]:
    """Accuracy per subject and model, for the dots."""
    shown = [outcome for outcome in results.outcomes if not outcome.is_floor]
    subjects = results.outcomes[0].subjects
    table = [metrics.accuracy(outcome.confusions.sum(axis=0)).tolist() for outcome in shown]
    counts = results.outcomes[0].confusions[0].sum(axis=(1, 2)).tolist()
    return {
        "models": [outcome.name for outcome in shown],
        "rows": [
            {"name": name, "clips": counts[at], "accuracies": [values[at] for values in table]}
            for at, name in enumerate(subjects)
        ],
    }


def _weights(results: Results, regions: dict[str, list[str]]) -> list[dict[str, Any]]:
    """What the gates of a model let through per region: mean and spread over clips."""
    found = []
    for outcome in results.outcomes:
        said = [
            clip["region_weights"]
            for fold in outcome.run.folds()
            for clip in fold.explained.values()
            if "region_weights" in clip
        ]
        if not said:
            continue
        table = np.asarray(said, float).reshape(len(said), -1)
        names = regions.get(outcome.name) or [f"region {at}" for at in range(table.shape[1])]
        bars = zip(names, table.mean(axis=0).tolist(), table.std(axis=0).tolist(), strict=False)
        rows = [{"region": n, "mean": m, "sd": s} for n, m, s in bars]
        found.append({"name": outcome.name, "clips": len(said), "rows": rows})
    return found


def _about(outcome: Outcome) -> dict[str, Any]:
    run = outcome.run
    return {
        "name": run.name,
        "folder": run.path.name,
        "made": run.provenance.get("made", ""),
        "releases": run.provenance.get("releases", {}),
        "clip_list": run.identity["clip_list"],
        "data": run.identity["data"],
        "components": [
            f"{place}: {part['name']} " + ", ".join(f"{k}={v}" for k, v in part["params"].items())
            for place, part in run.identity["components"].items()
        ],
    }
