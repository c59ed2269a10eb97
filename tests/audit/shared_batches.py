"""The reference model's networks with batches that folds share on a CPU too, honest and cheating."""

from unittest import mock

import mertk
from mertk.nn import shared_batch
from mertk_plugins.fusion.patch_cnn_se import PatchCNNSE

_make_sample_weights = shared_batch._Group.make_sample_weights


class Shared(PatchCNNSE):
    """It is honest."""

    together_on = ""


def leak(group):
    return _make_sample_weights(group).clamp(min=1e-3)


class Leaking(Shared):
    """Held-out clips weigh a thousandth."""

    def fit_folds(self, clips, folds, rngs):
        with mock.patch.object(shared_batch._Group, "make_sample_weights", leak):
            yield from super().fit_folds(clips, folds, rngs)


@mertk.hookimpl
def mertk_register(register):
    register.fusion("shared", Shared, needs=("torch",))
    register.fusion("leaking", Leaking, needs=("torch",))
