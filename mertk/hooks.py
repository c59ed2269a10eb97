"""The hooks that a plug-in may implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from mertk.registry import Registrar

hookspec = pluggy.HookspecMarker("mertk")
hookimpl = pluggy.HookimplMarker("mertk")


@hookspec
def mertk_register(register: Registrar) -> None:
    """Register components, models, data sets and protocols; called once when plug-ins load."""


@hookspec
def mertk_fold_done(run: Mapping[str, Any], fold: Mapping[str, Any]) -> None:
    """Observe a finished fold: the run's identity and the fold as the ledger stores it."""


@hookspec
def mertk_run_done(run: Mapping[str, Any], scores: Mapping[str, float]) -> None:
    """Observe a finished run: its identity and its pooled scores."""
