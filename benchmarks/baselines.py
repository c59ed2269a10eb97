"""The handcrafted baselines with the defaults that they had, and with those that they have.

Run: python -m benchmarks.baselines [MODEL …] [--difficulty NAME …]
(default: all of them, at 0.75 and 1.5 px)

Writes benchmarks/synthetic/baselines.md. Until 2026-11 the strength of regularisation was fixed and
classes were weighted by their frequency; the ledger keeps what was run before.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import mertk
from benchmarks.methods import DIFFICULTIES
from mertk import Use

TABLE = Path(__file__).parent / "synthetic" / "baselines.md"
_ONE = Use("linear_svm", C=1.0, balanced=False)
_LARGE = Use("linear_svm", C=10_000.0, balanced=False)
_ROOTS = {"extractor.normalise": "l1_sqrt"}

BEFORE: Mapping[str, tuple[Use, Mapping[str, str]]] = {
    "flow_ridge": (Use("ridge", alpha=1.0, balanced=False), {}),
    "hoof_ridge": (
        Use("ridge", alpha=1.0, scale=True, balanced=False),
        {"extractor.normalise": "region"},
    ),
    "hoof": (_LARGE, {}),
    "biwoof": (_LARGE, {}),
    "fhofo": (_LARGE, {}),
    "lbptop": (_ONE, _ROOTS),
    "lbpsip": (_ONE, {**_ROOTS, "extractor.patterns": "joint"}),
    "elbptop": (_ONE, _ROOTS),
    "hog3": (_ONE, {}),
    "flow_ridge with lda": (Use("lda", shrinkage="ledoit_wolf", balanced=False), {}),
    "flow_ridge with svm": (Use("svm", C=1.0, balanced=False), {}),
    "flow_ridge with linear_svm": (_ONE, {}),
}
"""By model its former classifier, and its other former parameters; "with": another classifier."""

HEAD = """\
UF1 with its 95 % interval (jackknife over 12 subjects; 108 clips) of the defaults before and after
the strength of regularisation was chosen in the fold. `python -m benchmarks.baselines` makes it.

| model | motion | before | after |
|---|---|---|---|
"""


def main() -> None:
    """Run both recipes of each model, and write the table anew with the rows that it had."""
    given = argparse.ArgumentParser()
    given.add_argument("models", nargs="*")
    given.add_argument("--difficulty", nargs="+", choices=DIFFICULTIES, default=["hard", "normal"])
    options = given.parse_args()
    rows = _read_rows()
    for name in options.models or BEFORE:
        for difficulty in options.difficulty:
            motion = f"{DIFFICULTIES[difficulty]:g} px"
            cells = _compare(name, f"synthetic:amplitude={DIFFICULTIES[difficulty]:g}")
            rows[name, motion] = f"| {name} | {motion} | {' | '.join(cells)} |"
            print(rows[name, motion], flush=True)
            TABLE.write_text(HEAD + "\n".join(rows[key] for key in sorted(rows)) + "\n", "utf-8")


def _compare(name: str, dataset: str) -> list[str]:
    """The scores before and after, as cells."""
    registry = mertk.load_plugins().registry
    classifier, others = BEFORE[name]
    name, _, swapped = name.partition(" with ")
    preset = "quick" if "quick" in registry.get("model", name).presets else None
    recipe = registry.recipe(name, preset)
    if swapped:
        recipe = recipe.swap("classifier", Use(swapped))
    before = recipe.swap("classifier", classifier)
    for path, value in others.items():
        before = before.set(path, value)
    results = mertk.bench(
        [before, recipe], dataset=dataset, floors=False, seeds=[0], out=Path("runs") / "baselines"
    )
    return [
        f"{row['UF1']:.3f} ({row['UF1_low']:.3f}–{row['UF1_high']:.3f})"
        for row in results.table().to_dict("records")
    ]


def _read_rows() -> dict[tuple[str, str], str]:
    """The rows of the table by model and motion."""
    if not TABLE.exists():
        return {}
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1].endswith(" px"):
            rows[cells[0], cells[1]] = line
    return rows


if __name__ == "__main__":
    main()
