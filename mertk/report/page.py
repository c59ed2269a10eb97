"""The report as one self-contained HTML file: no network, all text escaped.

Its one script sorts and filters tables and controls the clip explorer; without it everything can be
read, and the first clip is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.evaluation import breakdowns, statistics
from mertk.experiment.held_out_clips import HeldOutClips
from mertk.report import literature, sentences
from mertk.report.clip_explorer.gallery import make_gallery
from mertk.report.figures import draw_curve
from mertk.storage import audit_record
from mertk.storage.atomic_files import write_file

if TYPE_CHECKING:
    from jinja2 import Environment

    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results
    from mertk.plugins.loader import Plugins


WORST = 1000
"""How many clips are listed, at most: a page is sent to people."""


def write_page(
    results: Results, path: Path, plugins: Plugins, held_out: HeldOutClips | None = None
) -> Path:
    """Write the page, whole or not at all, and give its path.

    `held_out` are the clips with the largest errors, if frames or regions are to be shown
    (`mertk.experiment.held_out_clips`). Raises `StorageError` where a file is there that mertk did
    not write.
    """
    write_file(Path(path), render_page(results, plugins, held_out))
    return Path(path)


def make_environment() -> Environment:
    """The templates of this folder, with all text escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("mertk.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(results: Results, plugins: Plugins, held_out: HeldOutClips | None = None) -> str:
    """The page as text."""
    held_out = held_out or HeldOutClips()
    everything = [*results.outcomes, *results.leaked]
    one_label = [] if results.multilabel else results.outcomes
    calibrated = [] if results.multilabel else results.models
    return (
        make_environment()
        .get_template("page.html.j2")
        .render(
            title=sentences.format_title(results),
            sentences=sentences.list_sentences(results),
            warnings=[*sentences.list_warnings(results), *sentences.describe_leaks(results)],
            scores=list(results.chance),
            rows=results.table().to_dict("records"),
            sweep=results.sweep_table().to_dict("records"),
            curve=draw_curve(results),
            sweep_paths=results.sweep_paths,
            fold_means=results.fold_means().to_dict("records"),
            epochs=results.epochs_table().to_dict("records"),
            leaked=results.leaked_table().to_dict("records"),
            leaked_title=sentences.LEAKED,
            label_maps=results.remapped().to_dict("records"),
            map_scores=["UF1", "UAR", "accuracy"],
            parts=results.parts().to_dict("records"),
            published=literature.find_published_beside(results),
            published_title=literature.TITLE,
            chance=results.chance,
            classes=results.classes,
            confusions=list(map(_describe_confusion, one_label)),
            labels=breakdowns.score_labels(results).to_dict("records"),
            reliability=list(map(_describe_calibration, calibrated)),
            people=_describe_subjects(results),
            clips=breakdowns.rank_clips(results.models)[:WORST] if one_label else [],
            groupings=breakdowns.make_groupings(results),
            fewest=breakdowns.FEWEST,
            choices=breakdowns.count_choices(everything),
            choices_title=sentences.CHOICES,
            stages=list(map(_describe_run_time, results.models)),
            bibtex=literature.format_bibtex([one.run for one in everything], plugins.registry),
            weights=_describe_gates(results, held_out.regions),
            gallery=make_gallery(results, held_out),
            runs=list(map(_describe_run, everything)),
        )
    )


def _describe_confusion(outcome: Outcome) -> dict[str, Any]:
    """Counts (mean over seeds) and row rates of one run."""
    counts = outcome.confusion / len(outcome.confusions)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {"name": outcome.name, "counts": counts.tolist(), "rates": rates.tolist()}


def _describe_calibration(outcome: Outcome) -> dict[str, Any]:
    """Mean confidence and accuracy of a model, in ten bins of confidence."""
    import pandas as pd

    table = outcome.predictions
    sure = outcome.probabilities.max(axis=1)
    right = table["truth"] == table["predicted"]
    bins = (sure * 10).astype(int).clip(upper=9)
    points = pd.DataFrame({"sure": sure, "right": right}).groupby(bins).mean()
    points["share"] = bins.value_counts(normalize=True)
    gap = float((points["share"] * (points["sure"] - points["right"]).abs()).sum())
    return {"name": outcome.name, "points": points.to_dict("records"), "gap": gap}


def _describe_run_time(outcome: Outcome) -> dict[str, Any]:
    """The seconds of a model's features and of each stage of its folds, and memory in MB."""
    import pandas as pd

    seconds = pd.DataFrame([fold.seconds for fold in outcome.folds])
    stages = seconds.drop(columns=["total", "load"], errors="ignore").sum()
    return {
        "name": outcome.name,
        "prefix": outcome.run.prefix_seconds,
        "stages": list(stages.sort_values(ascending=False, kind="stable").items()),
        "memory": max((fold.memory for fold in outcome.folds), default=0.0),
    }


def _describe_subjects(results: Results) -> dict[str, Any]:
    """What is right per subject and model, for the dots."""
    import pandas as pd

    first = results.outcomes[0]
    table = first.predictions.groupby("person").agg(clips=("uid", "nunique"))
    shares = pd.DataFrame(index=table.index)
    for outcome in results.models:
        shares[outcome.name] = statistics.subject_shares(outcome.confusions)
    table["right"] = shares.to_numpy().tolist()
    rows = table.rename_axis("name").reset_index().to_dict("records")
    return {"models": list(shares), "rows": rows}


def _describe_gates(results: Results, regions: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The weights that the gates of a model give each region: mean and spread over clips."""
    found = []
    for outcome in results.outcomes:
        weights = []
        for fold in outcome.folds:
            for clip in fold.explained.values():
                if "region_weights" in clip:
                    weights.append(np.ravel(clip["region_weights"]))
        if not weights:
            continue
        table = np.asarray(weights, float)
        names = regions.get(outcome.name) or [f"region {at}" for at in range(table.shape[1])]
        bars = zip(names, table.mean(axis=0).tolist(), table.std(axis=0).tolist(), strict=False)
        rows = [{"region": n, "mean": m, "sd": s} for n, m, s in bars]
        found.append({"name": outcome.name, "clips": len(weights), "rows": rows})
    return found


def _describe_run(outcome: Outcome) -> dict[str, Any]:
    run = outcome.run
    return {
        "name": run.name,
        "folder": run.path.name,
        "command": sentences.format_command(run),
        "audit": audit_record.describe_record(audit_record.read_record(run)),
        "made": run.provenance.get("made", ""),
        "releases": run.provenance.get("releases", {}),
        "origins": run.provenance.get("origins", []),
        "clip_list": run.identity["clip_list"],
        "data": run.identity["data"],
        "components": run.identity["components"],
    }
