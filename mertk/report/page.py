"""The report as one self-contained HTML file: no network, all text escaped.

Its one script sorts and filters tables and controls the clip explorer; without it everything can be
read, and the first clip is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core.printing import count_noun
from mertk.evaluation import breakdowns, statistics
from mertk.evaluation.tables import list_sweep_paths
from mertk.experiment.held_out_clips import HeldOutClips
from mertk.report import literature, sentences, verdict
from mertk.report.clip_explorer.gallery import make_gallery
from mertk.report.figures import draw_curve
from mertk.report.short_names import shorten_names, shorten_results
from mertk.storage import audit_record
from mertk.storage.atomic_files import write_file

if TYPE_CHECKING:
    from jinja2 import Environment

    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results
    from mertk.plugins.loader import Plugins


WORST = 1000  # how many clips are listed, at most: a page is sent to people


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

    found = Environment(
        loader=PackageLoader("mertk.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["count_noun"] = count_noun
    return found


def render_page(results: Results, plugins: Plugins, held_out: HeldOutClips | None = None) -> str:
    """The page as text."""
    held_out = _shorten_held_out(results, held_out or HeldOutClips())
    results = shorten_results(results)
    everything = [*results.outcomes, *results.leaked]
    one_label = [] if results.multilabel else results.outcomes
    calibrated = [] if results.multilabel else results.models
    return (
        make_environment()
        .get_template("page.html.j2")
        .render(
            title=sentences.format_title(results),
            facts=describe_header(results),
            score_lines=verdict.list_score_lines(results),
            verdicts=verdict.list_verdicts(results),
            sentences=sentences.list_sentences(results),
            preset_notes=sentences.list_preset_notes(results),
            warnings=[*sentences.list_warnings(results), *sentences.describe_leaks(results)],
            scores=list(results.chance),
            rows=results.table().to_dict("records"),
            sweep=results.sweep_table().to_dict("records"),
            curve=draw_curve(results),
            sweep_paths=list_sweep_paths(results.swept),
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


def _shorten_held_out(results: Results, held_out: HeldOutClips) -> HeldOutClips:
    """The same clips with the short names of the models."""
    short = shorten_names([*results.outcomes, *results.leaked])
    views = []
    for view in held_out.views:
        views.append(replace(view, models=[short[name] for name in view.models]))
    regions = {short[name]: found for name, found in held_out.regions.items()}
    return replace(held_out, views=views, regions=regions)


def describe_header(results: Results) -> dict[str, str]:
    """Models, data set, protocol, date and version, for the head of the page."""
    dates, releases = set(), set()
    for run in results.runs:
        dates.add(str(run.provenance.get("made", ""))[:10])
        releases.add(run.provenance.get("releases", {}).get("mertk", ""))
    facts = {
        "Models": ", ".join(outcome.name for outcome in results.models or results.outcomes),
        "All models": results.common_name,
        "Data set" if len(results.datasets) == 1 else "Data sets": ", ".join(results.datasets),
        "Protocol": str(results.protocol),
        "Clips": results.scope and f"PARTIAL: {results.scope}",
        "Date": " to ".join(sorted({min(dates), max(dates)})),
        "Version": " and ".join(f"mertk {one}" for one in sorted(releases) if one),
    }
    return {name: text for name, text in facts.items() if text}


def _describe_confusion(outcome: Outcome) -> dict[str, Any]:
    """Counts (mean over seeds) and row rates of one run."""
    counts = outcome.confusion / len(outcome.confusions)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {"name": outcome.name, "counts": counts.tolist(), "rates": rates.tolist()}


def _describe_calibration(outcome: Outcome) -> dict[str, Any]:
    """Mean confidence and accuracy of a model, in ten bins of confidence."""
    points, gap = breakdowns.bin_confidence(outcome)
    return {"name": outcome.name, "points": points.to_dict("records"), "gap": gap}


def _describe_run_time(outcome: Outcome) -> dict[str, Any]:
    """The seconds of a model's features and of each stage of its folds, and memory in MB."""
    import pandas as pd

    seconds = pd.DataFrame([fold.seconds for fold in outcome.folds])
    stages = seconds.drop(columns=["total", "load"], errors="ignore").sum()
    return {
        "name": outcome.name,
        "prefix": outcome.run.prefix_seconds,
        "prefix_cpu": outcome.run.prefix_cpu,
        "seconds": outcome.seconds,
        "cpu": outcome.cpu_seconds,
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
