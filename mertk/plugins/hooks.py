"""The hooks that a plug-in may implement."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pluggy

from mertk.core.errors import describe_error
from mertk.plugins.registry import Registrar

_LOG = logging.getLogger(__name__)

hookspec = pluggy.HookspecMarker("mertk")
hookimpl = pluggy.HookimplMarker("mertk")
"""Marks a function of a plug-in as the hook of its name."""


@hookspec
def mertk_register(register: Registrar) -> None:
    """Register components, models, data sets and protocols; called once when plug-ins load."""


@hookspec
def mertk_fold_done(
    run: Mapping[str, Any], fold: Mapping[str, Any], name: str, folder: Path
) -> None:
    """Observe a finished fold, as the ledger stores it.

    `run` is the run's identity, `name` that of its model, `folder` where its predictions are. An
    implementation names those of the parameters that it wants. Where one fails, mertk prints a
    warning and the run continues.
    """


@hookspec
def mertk_run_done(
    run: Mapping[str, Any], scores: Mapping[str, float], name: str, folder: Path
) -> None:
    """Observe a finished run, with its pooled scores; see `mertk_fold_done`.

    It is called for every run of a bench, also for one that had been finished before.
    """


def tell_observers(manager: pluggy.PluginManager, hook: str, **about: Any) -> None:
    """Call the observers of a hook; one that fails costs a warning, never the run."""
    for found in getattr(manager.hook, hook).get_hookimpls():
        try:
            found.function(*(about[name] for name in found.argnames))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  an observer may fail in any way, sys.exit() too
            _LOG.warning(
                "plug-in %s failed in %s, the run goes on: %s",
                found.plugin_name,
                hook,
                describe_error(error),
            )
