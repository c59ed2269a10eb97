"""Tables of predictions and counts, for programs of a user's own."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mertk.core import metrics
from mertk.core.errors import UnknownNameError
from mertk.evaluation import statistics

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mertk.evaluation.outcomes import Outcome
    from mertk.evaluation.results import Results

NO_LABEL = "none"  # what stands for a clip of a multi-label run that has no label


def find_outcome(outcomes: Sequence[Outcome], model: str | None) -> Outcome:
    """The run of a model, or the first one; raises `UnknownNameError` where there is none."""
    for outcome in outcomes:
        if model in (None, outcome.name):
            return outcome
    raise UnknownNameError("run", str(model), [outcome.name for outcome in outcomes])


def list_scores(groups: Sequence[Results]) -> dict[str, object]:
    """The main score of each run by its name; of several groups with the data sets behind it."""
    facts: dict[str, object] = {}
    for group in groups:
        data = ", ".join(group.datasets)
        suffix = f" on {data} under {group.protocol}" if len(groups) > 1 else ""
        if not suffix:
            facts = {"data sets": data, "protocol": group.protocol, "scored": group.scope}
        for outcome in group.outcomes:
            scores = statistics.compute_pooled_scores(outcome.confusions, group.score)
            name, value = next(iter(scores.items()))
            facts[f"{outcome.name}{suffix}"] = f"{name} {value:.3f}"
    return facts


def tabulate_predictions(outcome: Outcome) -> pd.DataFrame:
    """The predictions of one run: `Results.predictions` of it."""
    found, classes = outcome.predictions, outcome.run.classes
    truth, predicted = outcome.run.get_labels(found)
    table = found[["seed", "fold", "person", "uid"]].rename(
        columns={"person": "subject", "uid": "clip"}
    )
    table.insert(0, "model", outcome.name)
    table["true"] = _name_labels(truth, classes)
    table["predicted"] = _name_labels(predicted, classes)
    return table.join(outcome.probabilities)


def _name_labels(labels: NDArray[np.int64], classes: Sequence[str]) -> list[str]:
    """The names of classes; those of several labels with `+` between them."""
    if labels.ndim == 1:
        return [classes[label] for label in labels.tolist()]
    chosen = [itertools.compress(classes, row) for row in labels.tolist()]
    return [" + ".join(names) or NO_LABEL for names in chosen]


def tabulate_confusion(outcome: Outcome) -> pd.DataFrame:
    """The confusion matrix of one run: `Results.confusion` of it."""
    import pandas as pd

    classes = list(outcome.run.classes)
    if not outcome.run.multilabel:
        rows, columns = pd.Index(classes, name="true"), pd.Index(classes, name="predicted")
        return pd.DataFrame(outcome.confusion, rows, columns)
    counts = outcome.confusion.reshape(len(classes), 4)
    names = ["true negative", "false positive", "false negative", "true positive"]
    return pd.DataFrame(counts, pd.Index(classes, name="label"), pd.Index(names))


def tabulate_fold_means(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """The means over folds of single-label runs: `Results.fold_means` of them."""
    import pandas as pd

    tables = []
    for outcome in outcomes:
        uf1: list[Any] = []
        uar: list[Any] = []
        accuracy = []
        for _, part in outcome.predictions.groupby("seed"):
            folds = part["fold"].to_numpy(str)
            truth, predicted = outcome.run.get_labels(part)
            classes = len(outcome.run.classes)
            by_fold = statistics.subject_confusions(truth, predicted, folds, classes)
            uf1.append(metrics.fold_means(by_fold, metrics.f1))
            uar.append(metrics.fold_means(by_fold, metrics.recall))
            accuracy.append(metrics.accuracy(by_fold).mean())
        table = pd.DataFrame({"absent classes": list(uf1[0])})
        table.insert(0, "model", outcome.name)
        table["UF1 fold mean"] = pd.DataFrame(uf1).mean().to_numpy()
        table["UAR fold mean"] = pd.DataFrame(uar).mean().to_numpy()
        tables.append(table.assign(**{"accuracy fold mean": np.mean(accuracy)}))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def describe_run(outcome: Outcome) -> dict[str, Any]:
    """What a row of a score table says of a run beside its scores."""
    mean, worst = statistics.compute_subject_means(outcome.confusions)
    table = outcome.predictions
    return {
        "subject_mean": mean,
        "worst_tenth": worst,
        "clips": table["uid"].nunique(),
        "subjects": len(outcome.subjects),
        "folds": table["fold"].nunique(),
        "seeds": table["seed"].nunique(),
        "seconds": outcome.seconds,
        "cpu_seconds": outcome.cpu_seconds,
        "run": str(outcome.run.path),
    }


def list_sweep_paths(swept: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The paths that are swept, of all variants."""
    return list(dict.fromkeys(itertools.chain.from_iterable(swept.values())))


def tabulate_sweep(
    rows: Sequence[Mapping[str, Any]], swept: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """The rows of variants, with their values by path in front; `–` where one has none."""
    import pandas as pd

    found = []
    for row in rows:
        if values := swept.get(row["model"]):
            named = {path: values.get(path, "–") for path in list_sweep_paths(swept)}
            found.append({**named, **row})
    return pd.DataFrame(found)
