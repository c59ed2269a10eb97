"""Runs in MLflow: `mertk --plugin mertk_observers.mlflow bench …`, with the extra `mlflow`.

Where they go is MLflow's own affair: MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mertk


@mertk.hookimpl
def mertk_run_done(
    run: Mapping[str, Any], scores: Mapping[str, float], name: str, folder: Path
) -> None:
    """Log recipe, scores and predictions; a run that MLflow has already gets them again."""
    import mlflow

    own = f"tags.`mertk.run` = '{folder.name}'"
    known = mlflow.search_runs(filter_string=own, output_format="list", max_results=1)
    with mlflow.start_run(known[0].info.run_id if known else None, run_name=name):
        mlflow.set_tag("mertk.run", folder.name)
        mlflow.log_params(dict(_list_parameters(run)))
        mlflow.log_metrics({score: float(value) for score, value in scores.items()})
        for step, fold in enumerate(mertk.Run(folder).folds()):
            mlflow.log_metric("fold_seconds", fold.seconds["total"], step=step)
        mlflow.log_artifacts(str(folder), "run")


def _list_parameters(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The protocol, and each component with the parameters that differ from its defaults."""
    places = mertk.Recipe.from_json(run["recipe"]).places()
    components = [(place, str(use)) for place, use in places.items()]
    return [("protocol", str(run["protocol"]["name"])), *components]
