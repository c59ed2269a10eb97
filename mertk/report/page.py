"""The report as one self-contained HTML file: no network, all text escaped.

Its one script sorts and filters tables and looks into clips; without it everything can be read, and
the first clip is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.evaluation import breakdowns, statistics
from mertk.evaluation.label_scores import per_label
from mertk.report import citation, literature, sentences
from mertk.report.clip_explorer.gallery import make_gallery, rank_clips
from mertk.report.curve import draw_curve
from mertk.storage import audit_record
from mertk.storage.atomic_files import check_file, write_file

if TYPE_CHECKING:
    from jinja2 import Environment

    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results
    from mertk.plugins.loader import Plugins


WORST = 1000
"""How many clips are listed, at most: a page is sent to people."""


def write_page(
    results: Results,
    path: Path,
    plugins: Plugins,
    *,
    frames: bool | None = None,
    occlusion: int = 0,
) -> Path:
    """Write the page, whole or not at all, and give its path.

    `frames` puts pictures of clips into it; default: of synthetic ones alone. `occlusion` is for
    how many clips, the worst mistakes first, models are fitted again to map what they rest on.
    Raises `StorageError` where a file is there that mertk did not write.
    """
    check_file(Path(path))
    write_file(Path(path), render_page(results, plugins, frames=frames, occlusion=occlusion))
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


def render_page(
    results: Results, plugins: Plugins, *, frames: bool | None = None, occlusion: int = 0
) -> str:
    """The page as text."""
    explorer = make_gallery(results, plugins, frames=frames, occlusion=occlusion)
    everything = [outcome.run for outcome in (*results.outcomes, *results.leaked)]
    return (
        make_environment()
        .get_template("page.html.j2")
        .render(
            title=sentences.format_title(results),
            sentences=sentences.list_sentences(results),
            warnings=[*sentences.list_warnings(results), *sentences.describe_leaks(results)],
            scores=sentences.score_names(results),
            rows=results.table().to_dict("records"),
            sweep=results.sweep_table().to_dict("records"),
            curve=draw_curve(results),
            sweep_paths=list(next(iter(results.swept.values()), ())),
            fold_means=results.fold_means().to_dict("records"),
            epochs=results.epochs_table().to_dict("records"),
            leaked=results.leaked_table().to_dict("records"),
            leaked_title=sentences.LEAKED,
            label_maps=[(one, sentences.flatten_scores(one)) for one in results.remapped()],
            parts=results.parts().to_dict("records"),
            published=literature.find_published_beside(results),
            published_title=literature.TITLE,
            chance=results.chance,
            classes=results.classes,
            confusions=[]
            if results.multilabel
            else [_describe_confusion(o) for o in results.outcomes],
            labels=per_label(results),
            reliability=[] if results.multilabel else _describe_calibration(results),
            people=_describe_subjects(results),
            clips=[] if results.multilabel else _describe_worst_clips(results),
            groupings=breakdowns.make_groupings(results),
            fewest=breakdowns.FEWEST,
            stages=_describe_run_time(results),
            bibtex=citation.format_bibtex(everything, plugins.registry),
            weights=_describe_gates(results, explorer.regions),
            gallery=explorer,
            runs=[_describe_run(outcome) for outcome in (*results.outcomes, *results.leaked)],
        )
    )


def _describe_confusion(outcome: Outcome) -> dict[str, Any]:
    """Counts (mean over seeds) and row rates of one run."""
    counts = outcome.confusion / len(outcome.confusions)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {"name": outcome.name, "counts": counts.tolist(), "rates": rates.tolist()}


def _describe_calibration(results: Results) -> list[dict[str, Any]]:
    """Per model how sure it was and how often it was right, in tenths of confidence."""
    found = []
    for outcome in results.outcomes:
        if outcome.is_floor:
            continue
        table = outcome.predictions
        sure = table[[f"p_{name}" for name in results.classes]].to_numpy().max(axis=1)
        right = (table["truth"] == table["predicted"]).to_numpy()
        tenth = np.minimum((sure * 10).astype(int), 9)
        points = [
            {
                "sure": float(sure[tenth == at].mean()),
                "right": float(right[tenth == at].mean()),
                "share": float((tenth == at).mean()),
            }
            for at in np.unique(tenth)
        ]
        gap = sum(point["share"] * abs(point["sure"] - point["right"]) for point in points)
        found.append({"name": outcome.name, "points": points, "gap": gap})
    return found


def _describe_worst_clips(results: Results) -> list[dict[str, Any]]:
    """The `WORST` held-out clips with their class and what every model says of them, worst first.

    `said` is the class of the highest probability, means over seeds, `right` the probability of the
    true class, whose mean over models orders the clips.
    """
    models = [outcome for outcome in results.outcomes if not outcome.is_floor]
    return [
        {
            "uid": one.uid,
            "truth": one.truth,
            "by": [{"said": by.said, "right": by.shares[one.truth]} for by in one.answers],
        }
        for one in (rank_clips(models)[:WORST] if models else ())
    ]


def _describe_run_time(results: Results) -> list[dict[str, Any]]:
    """Per model the seconds of the pure steps and of each stage of the folds, and memory in MB."""
    found = []
    for outcome in results.outcomes:
        spent: dict[str, float] = {}
        memory = 0.0
        for fold in outcome.folds:
            memory = max(memory, fold.memory)
            for name, seconds in fold.seconds.items():
                if name not in ("total", "load"):
                    spent[name] = spent.get(name, 0.0) + seconds
        stages = sorted(spent.items(), key=lambda one: -one[1])
        if not outcome.is_floor:
            prefix = outcome.run.prefix_seconds
            found.append(
                {"name": outcome.name, "prefix": prefix, "stages": stages, "memory": memory}
            )
    return found


def _describe_subjects(results: Results) -> dict[str, Any]:
    """What is right per subject and model, for the dots."""
    shown = [outcome for outcome in results.outcomes if not outcome.is_floor]
    first = results.outcomes[0]
    counts = first.predictions.groupby("person")["uid"].nunique()
    right = [statistics.subject_shares(outcome.confusions).tolist() for outcome in shown]
    return {
        "models": [outcome.name for outcome in shown],
        "rows": [
            {"name": name, "clips": int(counts[name]), "right": [values[at] for values in right]}
            for at, name in enumerate(first.subjects)
        ],
    }


def _describe_gates(results: Results, regions: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What the gates of a model let through per region: mean and spread over clips."""
    found = []
    for outcome in results.outcomes:
        said = [
            clip["region_weights"]
            for fold in outcome.folds
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


def _describe_run(outcome: Outcome) -> dict[str, Any]:
    run = outcome.run
    return {
        "name": run.name,
        "folder": run.path.name,
        "command": sentences.command(run),
        "audit": audit_record.describe_record(audit_record.read_record(run)),
        "made": run.provenance.get("made", ""),
        "releases": run.provenance.get("releases", {}),
        "origins": run.provenance.get("origins", []),
        "clip_list": run.identity["clip_list"],
        "data": run.identity["data"],
        "components": [
            f"{place}: {part['name']} " + ", ".join(f"{k}={v}" for k, v in part["params"].items())
            for place, part in run.identity["components"].items()
        ],
    }
