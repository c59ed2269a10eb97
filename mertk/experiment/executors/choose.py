"""Which executor does the work: one of mertk's own, or a plug-in's."""

from __future__ import annotations

import functools
import re

from mertk.core.errors import ParameterError, PluginError
from mertk.core.interfaces import OpenExecutor
from mertk.core.recipe import Use
from mertk.plugins.registry import Entry, Registry, check_parameters

_ADDRESS = re.compile(r"dask://([^/\s]+:\d+)")

OWN = {
    name: Entry(
        kind="executor",
        name=name,
        target=f"mertk.experiment.executors.{name}:open_{name}",
        summary=summary,
        needs=needs,
    )
    for name, summary, needs in (
        ("local", "worker processes on this machine", ()),
        ("dask", "a dask cluster, on this machine or at dask://HOST:PORT", ("distributed",)),
        ("slurm", "SLURM jobs", ("submitit",)),
    )
}


def choose_executor(text: str, registry: Registry) -> OpenExecutor:
    """What opens the executor that a text names: `NAME[:KEY=VALUE,…]`, or `dask://HOST:PORT`.

    Raises:
        ParameterError: where there is none, or it does not take a parameter.
        MissingPackageError: where an optional package is not installed.
        PluginError: where a plug-in's executor has the name of one of mertk's own.
    """
    known = {name: registry.get("executor", name) for name in registry.names("executor")}
    for name in sorted(OWN.keys() & known.keys()):
        raise PluginError(
            f"executor '{name}' of {known[name].origin} has the name of one of mertk's own; give "
            "it another name"
        )
    known |= OWN
    address = _ADDRESS.fullmatch(text)
    if address:
        use = Use("dask", address=f"tcp://{address[1]}")
    elif text.partition(":")[0].strip() in known and "://" not in text:
        use = Use.parse(text)
    else:
        names = ", ".join(sorted(known))
        raise ParameterError(f"executor '{text}': give {names} or dask://HOST:PORT")
    opened = known[use.name].load()
    check_parameters(f"executor '{use.name}'", opened, use.params)
    return functools.partial(opened, **use.params)
