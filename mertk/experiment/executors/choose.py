"""Choose the executor: one of mertk's own, or one of a plug-in."""

import contextlib
import functools
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from mertk.core.errors import ParameterError, PluginError, name_component
from mertk.core.interfaces import Executor, WorkerNeeds
from mertk.core.recipe import Use
from mertk.experiment.execution import Execution
from mertk.experiment.executors.packing import Packed
from mertk.nn.training import find_device
from mertk.plugins.loader import Plugins
from mertk.plugins.registry import EXECUTOR, Entry, check_parameters

_ADDRESS = re.compile(r"dask://([^/\s]+:\d+)")

OWN = {
    name: Entry(
        kind=EXECUTOR,
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


def choose_executor(
    execution: Execution, plugins: Plugins
) -> Callable[[], AbstractContextManager[Executor]]:
    """The function that opens the executor `NAME[:KEY=VALUE,…]`, or `dask://HOST:PORT`.

    Raises:
        ParameterError: where there is none, or it does not take a parameter; or where this machine
            is to train, and lacks the device.
        MissingPackageError: where an optional package is not installed.
        PluginError: where a plug-in's executor has the name of one of mertk's own.
    """
    use, entry = _parse_executor(execution.executor, _list_executors(plugins))
    opener = entry.load()
    if use.name == "local" and execution.device.startswith("cuda"):
        find_device(execution.device)
    check_parameters(f"executor '{use.name}'", opener, use.params)
    needs = WorkerNeeds(
        jobs=execution.jobs,
        pack=functools.partial(Packed.of, files=plugins.files),
        runs=execution.runs_folder,
        cache=execution.cache_folder,
        files=plugins.files,
    )

    @contextlib.contextmanager
    def open_chosen() -> Iterator[Executor]:
        with contextlib.ExitStack() as stack:
            with name_component(f"executor '{execution.executor}'"):
                executor = stack.enter_context(opener(needs, **use.params))
            yield executor

    return open_chosen


def _list_executors(plugins: Plugins) -> dict[str, Entry]:
    """The executors of mertk and of plug-ins, by name."""
    known = dict(OWN)
    for name in plugins.registry.names(EXECUTOR):
        entry = plugins.registry.get(EXECUTOR, name)
        if name in OWN:
            raise PluginError(
                f"executor '{name}' of {entry.origin} has the name of one of mertk's own; give it "
                "another name"
            )
        known[name] = entry
    return known


def _parse_executor(text: str, known: dict[str, Entry]) -> tuple[Use, Entry]:
    """The executor and its parameters."""
    address = _ADDRESS.fullmatch(text)
    if address:
        return Use("dask", address=f"tcp://{address[1]}"), known["dask"]
    name = text.partition(":")[0].strip()
    if name not in known or "://" in text:
        names = ", ".join(sorted(known))
        raise ParameterError(f"executor '{text}': give {names} or dask://HOST:PORT")
    return Use.parse(text), known[name]
