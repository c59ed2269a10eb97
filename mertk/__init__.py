"""mertk: micro-expression recognition baselines whose numbers can be trusted.

Every name that a plug-in or another program may use is importable from here; `__all__` is the
promise. Names are imported on first use, so `import mertk` is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mertk import (
        data,
        flow,
        losses,
        manifest,
        metrics,
        networks,
        sampling,
        sklearn,
        spelling,
        splits,
        spotting,
        stacking,
        stats,
        testing,
        training,
    )
    from mertk.cards import Card
    from mertk.clips import (
        Clip,
        Faces,
        Footage,
        Frames,
        Regions,
        Streams,
        Train,
        design_matrix,
        flatten,
    )
    from mertk.components import (
        Aligner,
        Classifier,
        Dataset,
        Differentiable,
        EvaluationProtocol,
        Explains,
        Extractor,
        FitsFolds,
        Fittable,
        FusionBlock,
        GradientClassifier,
        RoiScheme,
        Spotter,
    )
    from mertk.errors import (
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
    from mertk.harness.bench import bench
    from mertk.harness.results import Results
    from mertk.hooks import hookimpl
    from mertk.ledger import Run
    from mertk.plugins import Plugins, load_plugins
    from mertk.recipe import Recipe, Replay, Use
    from mertk.registry import Registrar, Registry
    from mertk.splits import Split, leave_one_subject_out
    from mertk.spots import Spot
    from mertk.states import stored

__version__ = "0.1.0"

_HOMES = {
    "mertk.cards": "Card",
    "mertk.clips": "Clip Faces Footage Frames Regions Streams Train design_matrix flatten",
    "mertk.components": "Aligner Classifier Dataset Differentiable EvaluationProtocol Explains "
    "Extractor FitsFolds Fittable FusionBlock GradientClassifier RoiScheme Spotter",
    "mertk.errors": "ComponentError DataError MertkError MissingPackageError ParameterError "
    "PluginError ProtocolError StorageError UnknownNameError WorkerError",
    "mertk.harness.bench": "bench",
    "mertk.harness.results": "Results",
    "mertk.hooks": "hookimpl",
    "mertk.ledger": "Run",
    "mertk.plugins": "Plugins load_plugins",
    "mertk.recipe": "Recipe Replay Use",
    "mertk.registry": "Registrar Registry",
    "mertk.splits": "Split leave_one_subject_out",
    "mertk.spots": "Spot",
    "mertk.states": "stored",
}
HOMES = {name: module for module, names in _HOMES.items() for name in names.split()}
_MODULES = (
    "data", "flow", "losses", "manifest", "metrics", "networks", "sampling", "sklearn", "spelling",
    "splits", "spotting", "stacking", "stats", "testing", "training",
)  # fmt: skip

__all__ = [
    "Aligner",
    "Card",
    "Classifier",
    "Clip",
    "ComponentError",
    "DataError",
    "Dataset",
    "Differentiable",
    "EvaluationProtocol",
    "Explains",
    "Extractor",
    "Faces",
    "FitsFolds",
    "Fittable",
    "Footage",
    "Frames",
    "FusionBlock",
    "GradientClassifier",
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
    "Train",
    "UnknownNameError",
    "Use",
    "WorkerError",
    "bench",
    "data",
    "design_matrix",
    "flatten",
    "flow",
    "hookimpl",
    "leave_one_subject_out",
    "load_plugins",
    "losses",
    "manifest",
    "metrics",
    "networks",
    "sampling",
    "sklearn",
    "spelling",
    "splits",
    "spotting",
    "stacking",
    "stats",
    "stored",
    "testing",
    "training",
]


if not TYPE_CHECKING:  # or else type checkers would let every misspelt name pass

    def __getattr__(name: str) -> Any:
        if name in HOMES:
            value = getattr(importlib.import_module(HOMES[name]), name)
        elif name in _MODULES:
            value = importlib.import_module(f"mertk.{name}")
        else:
            raise AttributeError(f"module 'mertk' has no attribute '{name}'")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
