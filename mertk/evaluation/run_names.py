"""Names for runs that are shown together: no two are equal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mertk.storage.ledger import Run


def name_runs(runs: Sequence[Run]) -> list[str]:
    """A name a run, no two alike: runs of one name are told apart by what differs in them.

    That is the data set's parameters, then those of components, then hashes of data and code, and
    at last the run's key.
    """
    by_name: dict[str, list[dict[str, str]]] = {}
    for run in runs:
        by_name.setdefault(run.name, []).append(_list_facts(run))
    names = []
    for run in runs:
        equal = by_name[run.name]
        apart = f" ({_tell_apart(run, equal)})" if len(equal) > 1 else ""
        names.append(run.name + apart)
    again = Counter(names)
    return [
        f"{run.name} ({run.key[:6]})" if again[name] > 1 else name
        for run, name in zip(runs, names, strict=True)
    ]


def _tell_apart(run: Run, equal: Sequence[Mapping[str, str]]) -> str:
    """What of a run differs from the runs of the same name, the plainest kind of fact alone."""
    own = _list_facts(run)
    differing = {}
    for path in sorted(set().union(*equal)):
        value = own.get(path, "default")
        if any(other.get(path, "default") != value for other in equal):
            differing[path] = value
    for kind in ("dataset.", "params.", "hash."):
        texts = []
        for path, value in differing.items():
            if path.startswith(kind):
                name = path.removeprefix(kind)
                texts.append(f"{name} {value[:6]}" if kind == "hash." else f"{name}={value}")
        if texts:
            return ", ".join(texts)
    return run.key[:6]


def _list_facts(run: Run) -> dict[str, str]:
    """The identity of a run as text by path: of data sets, of parameters, and hashes."""
    facts: dict[str, str] = {}
    datasets: Sequence[Mapping[str, Any]] = run.identity["datasets"]
    for dataset in datasets:
        before = f"{dataset['name']}." if len(datasets) > 1 else ""
        for key, value in dataset.items():
            if key != "name":
                facts[f"dataset.{before}{key}"] = str(value)
    for name, folder in run.provenance.get("folders", {}).items():
        facts[f"dataset.{name} folder"] = Path(folder).name
    for slot, component in run.identity["components"].items():
        for key, value in component["params"].items():
            facts[f"params.{slot}.{key}"] = str(value)
        facts[f"hash.{slot} code"] = component["source"]
    return facts | {"hash.data": str(run.identity["data"])}
