"""Every shipped model on the synthetic set, at several difficulties.

Run: python -m benchmarks.methods [MODEL …] [--seeds N] [--difficulty NAME …] [--no-run]
(default: all models, 3 seeds, all four difficulties)

Writes benchmarks/synthetic/methods.md, and mertk/report/measured.csv for the models' cards;
`--no-run` writes them from what was measured. Models run in their preset `quick` where they have
one. The ledger keeps what was run before, synthetic/methods_before.csv the scores of the presets
that models had until 2026-11-30.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import mertk
from mertk.experiment import trained_model
from mertk.experiment.study import Study
from mertk.report import literature, reference_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

DIFFICULTIES = {"easy": 3.0, "normal": 1.5, "hard": 0.75, "still": 0.0}
"""Peak motion in pixels of 256; still clips give the chance level."""

TABLE = Path(__file__).parent / "synthetic" / "methods.md"
BEFORE = TABLE.with_name("methods_before.csv")
MEASURED = Path(literature.__file__).with_name("measured.csv")

FOLDS = 12  # a subject each

NOTE = """\
UF1 with its 95 % interval (jackknife over 12 subjects; 108 clips), preset `quick` where a model has
one (`motion` of `cnn_lstm` and `cnn_lstm_se`; the seconds of the latter are CPU seconds of a run by
itself).
The chance level is 0.249–0.426, the grey band; a motion counts as seen from where UF1 passes
2/3, the dotted line. Seconds are the mean over all of a model's folds, on cores that may have been
shared, without the features: compare rows with each other alone. Weights are the numbers that
training changes in the networks of one fold. `python -m benchmarks.methods` makes this table,
`python -m benchmarks.curves` the picture."""


CHANGES = """\
## Before and now

UF1 with the presets of 2026-11-30 (commit 678144e) → with those of today, of the models whose score
has changed; – was not measured.
"""


class Measured(NamedTuple):
    """A score of ours, as text, with the run's name."""

    model: str
    preset: str
    dataset: str
    protocol: str
    seeds: str
    score: str
    value: str
    low: str
    high: str
    seconds: str
    weights: str
    run: str


def main() -> None:
    """Bench the models, and write both tables anew with what was known of the others."""
    given = argparse.ArgumentParser()
    given.add_argument("models", nargs="*")
    given.add_argument("--seeds", type=int, default=3)
    given.add_argument("--difficulty", nargs="+", choices=DIFFICULTIES, default=list(DIFFICULTIES))
    given.add_argument("--no-run", action="store_true", help="write the tables without a run")
    options = given.parse_args()
    registry = mertk.load_plugins().registry
    models = options.models or [n for n in registry.names("model") if registry.recipe(n).extractors]
    rows = reference_pages.read_measured_scores().itertuples(index=False)
    found = {(one.model, one.dataset, one.score): one for one in map(Measured._make, rows)}
    for name in [] if options.no_run else models:
        size = weights(name)
        for difficulty in options.difficulty:
            made = _bench(name, _dataset(difficulty), list(range(options.seeds)), size)
            found |= {(one.model, one.dataset, one.score): one for one in made}
            print(*made[0], flush=True)
            _write([found[key] for key in sorted(found)])
    _write([found[key] for key in sorted(found)])
    print("\n".join(_list_changes(found)))


def _dataset(difficulty: str) -> str:
    return f"synthetic:amplitude={DIFFICULTIES[difficulty]:g}"


def weights(name: str) -> int:
    """The trained weights of a model's networks, counted after an epoch on a few clips."""
    registry = mertk.load_plugins().registry
    model, _, preset = name.partition(":")
    recipe = registry.recipe(model, preset or None)
    sets = []
    for kind, use in (("extractor", recipe.extractor), ("classifier", recipe.classifier)):
        if isinstance(use, mertk.Use) and "epochs" in registry.get(kind, use.name).parameters():
            sets.append((f"{kind}.epochs", 1))
    study = Study(
        models=[name], dataset="synthetic:subjects=2,clips=3", floors=False, sets=sets
    ).open()
    with TemporaryDirectory() as folder:
        trained_model.train_model(study, 0).save(Path(folder) / name, study.plugins)
        about = json.loads((Path(folder) / name / "model.json").read_text(encoding="utf-8"))
    return int(about["weights"])


def _bench(name: str, dataset: str, seeds: list[int], size: int) -> list[Measured]:
    """A model's UF1 and UAR; the run is named by its folder, which its identity names."""
    results = mertk.bench(
        [name], dataset=dataset, floors=False, seeds=seeds, out=Path("runs") / "methods"
    )
    row: dict[str, Any] = results.table().to_dict("records")[0]
    return [
        Measured(
            model=name,
            preset=row["model"].partition(":")[2],
            dataset=dataset,
            protocol="synthetic3",
            seeds=str(row["seeds"]),
            score=score,
            value=f"{row[score]:.3f}",
            low=f"{row[f'{score}_low']:.3f}",
            high=f"{row[f'{score}_high']:.3f}",
            seconds=f"{row['seconds']:.0f}",
            weights=str(size),
            run=Path(row["run"]).name,
        )
        for score in ("UF1", "UAR")
    ]


def _write(found: list[Measured]) -> None:
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Measured._fields)
        writer.writerows(found)
    shown = [one for one in found if one.score == "UF1"]
    known = [name for name in DIFFICULTIES if any(one.dataset == _dataset(name) for one in shown)]
    head = [f"{name}, {DIFFICULTIES[name]:g} px" for name in known]
    lines = [
        "# All methods on synthetic clips",
        "",
        "![A panel a method: UF1 over the peak motion, the keenest first](curves.svg)",
        "",
        f"| model | {' | '.join(head)} | seeds | s a fold | weights |",
        "|---" * (len(known) + 4) + "|",
        *(_line(name, known, shown) for name in dict.fromkeys(one.model for one in shown)),
        "",
        NOTE,
        "",
        *_list_changes({(one.model, one.dataset, one.score): one for one in found}),
        "",
    ]
    TABLE.write_text("\n".join(lines), encoding="utf-8")


def _list_changes(found: Mapping[tuple[str, str, str], Measured]) -> list[str]:
    """A section with the UF1 before and now of the models whose scores have changed."""
    with BEFORE.open(encoding="utf-8", newline="") as file:
        before = {(row["model"], row["dataset"]): row["before"] for row in csv.DictReader(file)}
    lines = [CHANGES, f"| model | {' | '.join(f'{px:g} px' for px in DIFFICULTIES.values())} |"]
    lines.append("|---" * (len(DIFFICULTIES) + 1) + "|")
    for name in dict.fromkeys(model for model, _ in before):
        pairs = []
        for difficulty in DIFFICULTIES:
            key = name, _dataset(difficulty)
            now = found.get((*key, "UF1"))
            pairs.append((before.get(key, "–"), now.value if now else "–"))
        if any(old != new for old, new in pairs):
            lines.append(f"| {name} | {' | '.join(f'{old} → {new}' for old, new in pairs)} |")
    return lines


def _line(name: str, known: list[str], shown: list[Measured]) -> str:
    of = {one.dataset: one for one in shown if one.model == name}
    rows = [of.get(_dataset(difficulty)) for difficulty in known]
    scores = [f"{one.value} ({one.low}–{one.high})" if one else "–" for one in rows]
    seeds = [one.seeds if one else "–" for one in rows]
    folds = FOLDS * sum(int(one.seeds) for one in of.values())
    cost = sum(int(one.seconds) for one in of.values()) / folds
    size = next(int(one.weights) for one in of.values())
    cells = [
        *scores,
        seeds[0] if len(set(seeds)) == 1 else ", ".join(seeds),
        f"{cost:.1f}" if cost >= 0.05 else "< 0.1",
        f"{size:,}" if size else "–",
    ]
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
