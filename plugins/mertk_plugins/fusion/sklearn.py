"""Any transformer that keeps to scikit-learn's conventions, by its import path."""

from __future__ import annotations

from typing import Any

import numpy as np

import mertk
from mertk_plugins import _foreign


class SklearnTransformer:
    """A transformer of scikit-learn, or of any package like it: the stream `features` `[1, k]`.

    It is fitted on all streams as one vector, with labels, inside the fold, and gets a
    `random_state` from the fold's seed if it takes one. All parameters but `path` are the
    transformer's own.

    Args:
        path: where the transformer's class is imported from, such as `sklearn.decomposition.PCA`.
        **params: parameters of that class.
    """

    imports = ("path",)

    def __init__(
        self, *, path: str = "sklearn.preprocessing.StandardScaler", **params: Any
    ) -> None:
        target = _foreign.import_target(path)
        _foreign.check_parameters(path, target, params)
        for verb in ("fit", "transform"):
            if not hasattr(target, verb):
                raise ValueError(f"path={path} is no transformer: it has no {verb}")
        self.path = path
        self.params = params

    def fit(self, train: mertk.TrainingSet[mertk.Streams], rng: np.random.Generator, /) -> None:
        """Fit a new transformer on the training clips."""
        target = _foreign.import_target(self.path)
        seeded = _foreign.draw_random_state(_foreign.read_parameters(self.path, target), rng)
        self._transformer = target(**{**seeded, **self.params})
        self._transformer.fit(mertk.design_matrix(train.inputs), train.labels)

    def fuse(self, streams: mertk.Streams, /) -> mertk.Streams:
        """The stream `features` `[1, k]`."""
        found = self._transformer.transform(mertk.flatten(streams)[None])
        dense = found.toarray() if hasattr(found, "toarray") else found
        return {"features": np.asarray(dense, np.float32)}


@mertk.hookimpl
def mertk_register(register: mertk.Registrar) -> None:
    register.fusion("sklearn", SklearnTransformer)
