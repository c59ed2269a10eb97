"""The pages of the Python API: the names of `mertk` in groups, and a page a public module."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING

import mertk

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "reference/api"
GROUPS = {
    "runs": (
        "Evaluate and train",
        (
            "bench audit_model train_model predict_videos compare_runs write_report tune "
            "load_dataset extract Results Run"
        ),
    ),
    "recipes": ("Recipes and splits", "Recipe Use Replay Tuning Split leave_one_subject_out"),
    "data": (
        "Clips, faces and features",
        (
            "Clip Footage Frames Faces Regions Streams TrainingSet MeasuredVideo Spot "
            "design_matrix flatten"
        ),
    ),
    "components": (
        "Interfaces of components",
        (
            "Aligner RoiScheme Extractor Fittable FusionBlock Classifier Spotter Dataset "
            "EvaluationProtocol Executor AlignsAll Chooses Differentiable Explains FitsFolds "
            "FusesMany GradientClassifier LearnedSpotter WorkerNeeds"
        ),
    ),
    "plugins": ("Plug-ins", "hookimpl Registrar Registry Plugins load_plugins Card stored"),
    "errors": (
        "Errors",
        (
            "MertkError ComponentError DataError MissingPackageError ParameterError "
            "PluginError ProtocolError StorageError UnknownNameError WorkerError"
        ),
    ),
}
"""The pages of names that `import mertk` gives: path, title, names."""

MODULES = ("mertk.metrics", "mertk.plots", *mertk.PUBLIC_MODULES)


def make_pages() -> dict[str, str]:
    """By path: the list of all names, the groups, and the modules."""
    pages = {f"{FOLDER}/index.md": _make_index()}
    for key, (title, names) in GROUPS.items():
        blocks = "\n\n".join(f"::: mertk.{name}" for name in names.split())
        extra = _list_bench_options() if key == "runs" else ""
        pages[f"{FOLDER}/{key}.md"] = f"# {title}\n\nNames of `mertk`.\n\n{blocks}\n\n{extra}"
    for module in MODULES:
        pages[_module_path(module)] = f"# {module}\n\n::: {find_home(module)}\n{_options(module)}"
    return pages


def list_paths() -> list[str]:
    """The pages in the order of the navigation."""
    groups = [f"{FOLDER}/{key}.md" for key in GROUPS]
    return [f"{FOLDER}/index.md", *groups, *map(_module_path, MODULES)]


def find_home(module: str) -> str:
    """Where a module that `mertk` names lies: mertk.plots is mertk.experiment.plots."""
    short = module.removeprefix("mertk.")
    return f"{mertk.HOMES[short]}.{short}" if short in mertk.HOMES else module


def _list_bench_options() -> str:
    """The options of `mertk.bench`, whose source has them as the fields of two records."""
    told = dict(re.findall(r"^ *(\w+): (.+)$", mertk.bench.__doc__ or "", re.MULTILINE))
    lines = ["## Options of mertk.bench", "", "`**options` of `mertk.bench` are:", ""]
    lines += ["| option | default | |", "|---|---|---|"]
    for name, one in list(inspect.signature(mertk.bench).parameters.items())[3:]:
        text = told[name].replace("|", "\\|")
        lines.append(f"| `{name}` | `{one.default!r}` | {text} |")
    return "\n".join(lines) + "\n\n"


def _module_path(module: str) -> str:
    return f"{FOLDER}/{module.removeprefix('mertk.')}.md"


def _options(module: str) -> str:
    """The members of a module: those in `__all__`, or else its own public ones."""
    found = import_module(find_home(module))
    names = getattr(found, "__all__", None) or sorted(_list_own(found))
    return (
        "    options:\n      show_root_heading: false\n      heading_level: 2\n"
        f"      members: [{', '.join(names)}]\n"
    )


def _list_own(module: object) -> Iterator[str]:
    for name, value in vars(module).items():
        is_own = getattr(value, "__module__", "") == getattr(module, "__name__", None)
        if is_own and not name.startswith("_") and (inspect.isclass(value) or callable(value)):
            yield name


def _make_index() -> str:
    lines = []
    for key, (title, names) in GROUPS.items():
        lines += [f"## {title}", "", "| name | |", "|---|---|"]
        for name in names.split():
            link = f"[`mertk.{name}`]({key}.md#mertk.{name})"
            lines.append(f"| {link} | {_summarize(getattr(mertk, name))} |")
        lines.append("")
    lines += ["## Modules", "", "| module | |", "|---|---|"]
    for module in MODULES:
        text = _summarize(import_module(find_home(module)))
        lines.append(f"| [`{module}`]({module.removeprefix('mertk.')}.md) | {text} |")
    return (
        "# Python\n\nEverything on these pages is importable under the name that it has here, and "
        "is covered by semantic versioning ([what may change](../../explanation/stability.md)). "
        "[Results and plots in Python](../../howto/python.md) is the guide to it.\n\n"
        + "\n".join(lines)
        + "\n"
    )


def _summarize(thing: object) -> str:
    """The first sentence of a docstring."""
    text = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return " ".join(text.split()).replace("|", "\\|")
