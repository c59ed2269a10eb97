"""`mertk audit --quick` on every shipped model, and on the leaky replay, which must fail.

Run: python -m benchmarks.audits [MODEL …]    (default: all of them)

Writes benchmarks/synthetic/audits.md; rows of models that are not named stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mertk
from mertk.audit import Audit, audit, case_of

TABLE = Path(__file__).parent / "synthetic" / "audits.md"
REPLAY = "cnn_lstm_se --replay authors"
PROBES = ("noise", "permuted", "identity", "perturbation", "dataset")
HEAD = """\
# All models under audit

`mertk audit --quick` on the synthetic set, preset `quick` where a model has one. Where a probe has
a score, UF1 stands beside its chance band; one above is drawn twice more, and is a leak where all
three are above. Seconds are those of all probes, whatever else the machine did.
`python -m benchmarks.audits` makes this table.

| model | noise | permuted | identity | perturbation | dataset | verdict | s |
|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Audit the models, the quick ones and the slow ones alike, and keep each row as it ends."""
    plugins = mertk.load_plugins()
    every = [*plugins.registry.names("model"), REPLAY]
    rows = {line.split("|")[1].strip(): line for line in _lines()}
    for given in sys.argv[1:] or every:
        name, _, replay = given.partition(" --replay ")
        case = case_of(plugins, name, replay=replay or None, quick=True)
        rows[given] = _row(given, audit(case, folds=1))
        print(rows[given], flush=True)
        TABLE.write_text(
            HEAD + "".join(rows[one] + "\n" for one in every if one in rows), encoding="utf-8"
        )


def _lines() -> list[str]:
    text = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def _row(model: str, found: Audit) -> str:
    of = {one.probe: one for one in found.verdicts}
    cells = []
    for probe in PROBES:
        one = of[probe]
        score = "" if one.score is None else f"{one.score:.3f} ({one.low:.3f}–{one.high:.3f})"
        leak = f"**leak in {one.leak}**" if one.leak else "" if score else "ok"
        cells.append(f"{score} {leak}".strip())
    verdict = {"passed": "no leak found", "leak": "**leaks**"}.get(found.outcome, found.outcome)
    seconds = sum(one.seconds for one in found.verdicts)
    return f"| {model} | {' | '.join(cells)} | {verdict} | {seconds:.0f} |"


if __name__ == "__main__":
    main()
