"""The score table for a terminal and as JSON, and the sentences that go with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mertk.report.labels import per_label

if TYPE_CHECKING:
    from rich.table import Table

    from mertk.harness.results import Results
    from mertk.stats import Paired

ALPHA = 0.05


def show(results: Results) -> None:
    """Print the table and its sentences on standard output."""
    from rich.console import Console
    from rich.table import Table

    table = results.table()
    scores = score_names(results)
    console = Console()
    drawn = Table(title=title(results), title_justify="left", box=None, padding=(0, 1, 0, 0))
    drawn.add_column("model", overflow="fold", min_width=17)
    for name in scores:
        drawn.add_column(f"{name}\n95 % interval", justify="right", no_wrap=True)
    for name in ("clips", "folds", "seconds"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for row in table.to_dict("records"):
        cells = [f"{row[n]:.3f}\n{row[f'{n}_low']:.3f}–{row[f'{n}_high']:.3f}" for n in scores]
        tail = [str(row["clips"]), str(row["folds"]), f"{row['seconds']:.1f}"]
        style = "dim" if row["floor"] else ""
        drawn.add_row(row["model"], *cells, *tail, style=style)
    console.print(drawn)
    if results.multilabel:
        console.print(_labels(results))
    for sentence in sentences(results):
        console.print(sentence, highlight=False)


def _labels(results: Results) -> Table:
    """Positives and F1 per label."""
    from rich.table import Table

    drawn = Table(
        title="per label: binary F1 / macro F1",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    drawn.add_column("label", overflow="fold")
    drawn.add_column("positives", justify="right", no_wrap=True)
    for outcome in results.outcomes:
        drawn.add_column(outcome.name, justify="right", overflow="fold", min_width=13)
    for row in per_label(results):
        pairs = zip(row.binary, row.macro, strict=True)
        cells = [f"{binary:.3f} / {macro:.3f}" for binary, macro in pairs]
        drawn.add_row(row.label, f"{row.positives} of {row.clips}", *cells)
    return drawn


def title(results: Results) -> str:
    """What was measured on what."""
    return f"{', '.join(results.datasets)} · {results.protocol} · pooled over folds"


def score_names(results: Results) -> list[str]:
    """The scores of the protocol, in its order."""
    return list(results.chance)


def sentences(results: Results) -> list[str]:
    """What the table means: the kind of data, chance, and the first model against the others."""
    found = []
    if results.synthetic:
        found.append(
            "These clips are SYNTHETIC: faces made from one photograph. The scores say how the "
            "programs work, not how well anybody's expressions are recognised."
        )
    presets = [o.name for o in results.outcomes if ":" in o.name]
    if presets:
        found.append(f"Presets that ran: {', '.join(presets)}.")
    low, high = results.chance[results.main_score]
    found.append(
        f"Guessing by the training frequencies scores {results.main_score} {low:.3f}–{high:.3f} "
        "on these folds (95 % of guesses)."
    )
    floors = {o.name for o in results.outcomes if o.is_floor}
    tested = results.comparisons().items()
    found += [versus(a, b, test) for (a, b), test in tested if b not in floors]
    return found


def versus(a: str, b: str, test: Paired) -> str:
    """One sentence on A against B; "above" or "below" only where the test supports it."""
    how = (
        f"{test.difference:+.3f} {test.score} (95 % interval {test.low:+.3f} … {test.high:+.3f}; "
        f"p = {test.p:.4f}, paired permutation over {test.subjects} subjects"
        f"{', exact' if test.exact else ''})"
    )
    if test.p < ALPHA:
        return f"{a} scores {'above' if test.difference > 0 else 'below'} {b}: {how}."
    return f"No difference between {a} and {b} is shown: {how}."


def to_json(results: Results) -> dict[str, Any]:
    """Everything that the table and the sentences say, for machines."""
    return {
        "datasets": results.datasets,
        "synthetic": results.synthetic,
        "protocol": results.protocol.to_json(),
        "classes": list(results.classes),
        "models": results.table().to_dict("records"),
        "chance": {name: list(ends) for name, ends in results.chance.items()},
        "comparisons": [
            {"a": a, "b": b, "score": t.score, "difference": t.difference, "low": t.low,
             "high": t.high, "p": t.p, "subjects": t.subjects, "exact": t.exact}
            for (a, b), t in results.comparisons().items()
        ],
        "per_label": [asdict(row) for row in per_label(results)],
        "sentences": sentences(results),
    }  # fmt: skip
