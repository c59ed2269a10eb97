"""mertk: micro-expression recognition baselines whose numbers can be trusted.

Every class and function that a plug-in or another program may use is importable from here;
`__all__` and `PUBLIC_MODULES` are the public interface. Names are imported on first use, so that
`import mertk` is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mertk.cli.functions import (
        audit_model,
        compare_runs,
        predict_videos,
        train_model,
        write_report,
    )
    from mertk.core.clips import (
        Clip,
        Faces,
        Footage,
        Frames,
        Regions,
        Streams,
        TrainingSet,
        design_matrix,
        flatten,
    )
    from mertk.core.errors import (
        ComponentError,
        DataError,
        MertkError,
        MissingPackageError,
        ParameterError,
        PluginError,
        ProtocolError,
        StorageError,
        UnknownNameError,
        WorkerError,
    )
    from mertk.core.interfaces import (
        Aligner,
        AlignsAll,
        Chooses,
        Classifier,
        Dataset,
        Differentiable,
        EvaluationProtocol,
        Executor,
        Explains,
        Extractor,
        FitsFolds,
        Fittable,
        FusesMany,
        FusionBlock,
        GradientClassifier,
        LearnedSpotter,
        RoiScheme,
        Spotter,
        WorkerNeeds,
    )
    from mertk.core.model_card import Card
    from mertk.core.recipe import Recipe, Replay, Use
    from mertk.core.splits import Split, leave_one_subject_out
    from mertk.core.spots import MeasuredVideo, Spot
    from mertk.core.stored import stored
    from mertk.core.tuning import Tuning
    from mertk.evaluation import metrics
    from mertk.evaluation.results import Results
    from mertk.experiment import plots
    from mertk.experiment.bench import bench
    from mertk.experiment.single_steps import extract, load_dataset
    from mertk.experiment.tuning_cost import tune
    from mertk.plugins.hooks import hookimpl
    from mertk.plugins.loader import Plugins, load_plugins
    from mertk.plugins.registry import Registrar, Registry
    from mertk.storage.ledger import Run

__version__ = "0.1.0"

_HOMES = {
    "mertk.cli.functions": "audit_model compare_runs predict_videos train_model write_report",
    "mertk.core.model_card": "Card",
    "mertk.core.clips": "Clip Faces Footage Frames Regions Streams TrainingSet "
    "design_matrix flatten",
    "mertk.core.interfaces": "Aligner AlignsAll Chooses Classifier Dataset Differentiable "
    "EvaluationProtocol Executor Explains Extractor FitsFolds Fittable FusesMany FusionBlock "
    "GradientClassifier LearnedSpotter RoiScheme Spotter WorkerNeeds",
    "mertk.core.errors": "ComponentError DataError MertkError MissingPackageError ParameterError "
    "PluginError ProtocolError StorageError UnknownNameError WorkerError",
    "mertk.experiment": "plots",
    "mertk.experiment.bench": "bench",
    "mertk.experiment.single_steps": "extract load_dataset",
    "mertk.experiment.tuning_cost": "tune",
    "mertk.evaluation": "metrics",
    "mertk.evaluation.results": "Results",
    "mertk.plugins.hooks": "hookimpl",
    "mertk.storage.ledger": "Run",
    "mertk.plugins.loader": "Plugins load_plugins",
    "mertk.core.recipe": "Recipe Replay Use",
    "mertk.core.tuning": "Tuning",
    "mertk.plugins.registry": "Registrar Registry",
    "mertk.core.splits": "Split leave_one_subject_out",
    "mertk.core.spots": "MeasuredVideo Spot",
    "mertk.core.stored": "stored",
}
HOMES = {name: module for module, names in _HOMES.items() for name in names.split()}
PUBLIC_MODULES = (
    "mertk.core.clip_lists",
    "mertk.core.imports",
    "mertk.core.metrics",
    "mertk.core.spelling",
    "mertk.core.splits",
    "mertk.datasets",
    "mertk.evaluation.external_predictions",
    "mertk.evaluation.statistics",
    "mertk.export.layouts",
    "mertk.nn.classifier",
    "mertk.nn.losses",
    "mertk.nn.training",
    "mertk.pipeline.sklearn",
    "mertk.spotting.face_tracking",
    "mertk.spotting.interval_tables",
    "mertk.spotting.scoring",
    "mertk.testing",
    "mertk.vision.optical_flow",
    "mertk.vision.resampling",
)
"""Modules that plug-ins may import, beside the names in `__all__`; also public."""

__all__ = [
    "Aligner",
    "AlignsAll",
    "Card",
    "Chooses",
    "Classifier",
    "Clip",
    "ComponentError",
    "DataError",
    "Dataset",
    "Differentiable",
    "EvaluationProtocol",
    "Executor",
    "Explains",
    "Extractor",
    "Faces",
    "FitsFolds",
    "Fittable",
    "Footage",
    "Frames",
    "FusesMany",
    "FusionBlock",
    "GradientClassifier",
    "LearnedSpotter",
    "MeasuredVideo",
    "MertkError",
    "MissingPackageError",
    "ParameterError",
    "PluginError",
    "Plugins",
    "ProtocolError",
    "Recipe",
    "Regions",
    "Registrar",
    "Registry",
    "Replay",
    "Results",
    "RoiScheme",
    "Run",
    "Split",
    "Spot",
    "Spotter",
    "StorageError",
    "Streams",
    "TrainingSet",
    "Tuning",
    "UnknownNameError",
    "Use",
    "WorkerError",
    "WorkerNeeds",
    "audit_model",
    "bench",
    "compare_runs",
    "design_matrix",
    "extract",
    "flatten",
    "hookimpl",
    "leave_one_subject_out",
    "load_dataset",
    "load_plugins",
    "metrics",
    "plots",
    "predict_videos",
    "stored",
    "train_model",
    "tune",
    "write_report",
]


if not TYPE_CHECKING:  # or else type checkers would let every misspelt name pass

    def __getattr__(name: str) -> Any:
        below = [path for path in PUBLIC_MODULES if f"{path}.".startswith(f"mertk.{name}.")]
        if name in HOMES:
            home = importlib.import_module(HOMES[name])
            found = getattr(home, name, None)
            value = found or importlib.import_module(f"{HOMES[name]}.{name}")
        elif below:  # a room: its public modules are there after `import mertk`
            for path in below:
                importlib.import_module(path)
            value = importlib.import_module(f"mertk.{name}")
        else:
            raise AttributeError(f"module 'mertk' has no attribute '{name}'")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
