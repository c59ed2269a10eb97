"""The public API as text, a line a name or option. `python tests/public_api.py` writes api.txt.

tests/api.txt holds the API of the latest release, and is written when a release is made. Until the
first release it holds that of the release in the making, and is written whenever the API changes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import griffe

from mertk import cli

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).with_name("api.txt")
CHANGELOG = ROOT / "CHANGELOG.md"

_HEADING = re.compile(r"## (\d+\.\d+\.\d+)( \(unreleased\))?")
_NO_NAME = re.compile(r"[^\w.]")
_OPTION = re.compile(r"(?:mertk (?:[a-z]+ )*)?--[a-z][a-z-]*")
_SPOKEN = {"__call__", "__getitem__", "__iter__", "__len__"}


def loaded(root: Path = ROOT) -> griffe.Module:
    """The package below a folder, as it is written."""
    module = griffe.load(
        "mertk", search_paths=[root], allow_inspection=False, try_relative_path=False
    )
    assert isinstance(module, griffe.Module)
    return module


def lines(root: Path = ROOT) -> list[str]:
    """Of each name in `__all__` its signature, and those of its members; then the hooks."""
    module = loaded(root)
    found = [line for name in _exported(module) for line in _described(name, module[name])]
    for path in _public_modules(module):
        name = path.removeprefix("mertk.")
        found += _described(name, module[name])
    if "plugins" in module.members and "hooks" in module["plugins"].members:
        hooks = module["plugins.hooks"].functions.values()
        found += [line for one in hooks if any("hookspec" in str(d.value) for d in one.decorators)
                  for line in _described(f"hooks.{one.name}", one)]  # fmt: skip
    return sorted(found)


def options(command: click.Command | None = None, name: str = "mertk") -> list[str]:
    """Every argument and option of the command line."""
    command = command or cli.app
    found = []
    for one in command.params:
        told = one.to_info_dict()
        option = isinstance(one, click.Option)
        shown = max(one.opts, key=len) if option else str(one.name).upper()
        about = ["/".join([*one.opts, *one.secondary_opts])] if option else []
        about.append(str(told["type"].get("choices") or told["type"]["param_type"]))
        about += ["required"] if one.required else []
        about += ["repeated"] if told["multiple"] or one.nargs == -1 else []
        about += [f"default {one.default!r}"] if _plain(one.default) else []
        found.append(f"{name} {shown}: {', '.join(about)}")
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inside in command.list_commands(context):
            if child := command.get_command(context, inside):
                found += options(child, f"{name} {inside}")
    return sorted(found)


def _plain(default: Any) -> bool:
    """Whether there is a default that a user sees."""
    return isinstance(default, str | int | float) and not isinstance(default, bool)


def _public_modules(module: griffe.Module) -> list[str]:
    """The modules that the package names as public, beside the names that it exports."""
    if "PUBLIC_MODULES" not in module.members:
        return []
    return list(ast.literal_eval(str(module["PUBLIC_MODULES"].value)))


def _exported(module: griffe.Module) -> list[str]:
    """`__all__`, or else the public names that are defined here."""
    if module.exports is not None:
        return [str(name) for name in module.exports]
    return [name for name, one in module.members.items() if not name.startswith("_")
            and not one.is_alias and not one.is_module]  # fmt: skip


def _described(name: str, given: Any) -> Iterator[str]:
    """The lines of one name: a function, a class with its members, a module, or a value."""
    one = given.final_target if given.is_alias else given
    if one.is_module:
        yield name
        for inside in _exported(one):
            yield from _described(f"{name}.{inside}", one[inside])
    elif one.is_class:
        bases = ", ".join(map(str, one.bases))
        made = any(p.name == "self" for p in one.parameters)
        yield name + (_signature(one.parameters) if made else "") + (f": {bases}" if bases else "")
        for inside, member in one.all_members.items():
            if (not inside.startswith("_") or inside in _SPOKEN) and _ours(member):
                yield from _described(f"{name}.{inside}", member)
    elif one.is_function:
        returns = f" -> {one.returns}" if one.returns else ""
        kind = "".join(f"@{label} " for label in ("classmethod", "staticmethod")
                       if label in one.labels)  # fmt: skip
        yield f"{name}{_signature(one.parameters)}{returns} {kind}".rstrip()
    else:
        value = _written(one.value) if one.value and _fixed(one) else ""
        value = f" = {value}" if value and len(value) < 200 else ""
        yield f"{name}: {one.annotation or ''}{value}".replace(":  =", " =").removesuffix(": ")


def _written(value: Any) -> str:
    """An expression, the same by every release of griffe."""
    return ast.unparse(ast.parse(str(value), mode="eval"))


def _fixed(attribute: Any) -> bool:
    """Whether a value is part of the promise: not what a constructor works out."""
    return "instance-attribute" not in attribute.labels or "class-attribute" in attribute.labels


def _ours(member: Any) -> bool:
    """Whether a member, perhaps an inherited one, is of this package."""
    path: str = (member.final_target if member.is_alias else member).path
    return path.startswith("mertk.")


def _signature(parameters: Any) -> str:
    """Parameters as they are written in Python, without `self` and `cls`."""
    kinds, shown, last = griffe.ParameterKind, [], None
    starred = {griffe.ParameterKind.keyword_only, griffe.ParameterKind.var_positional}
    for one in [p for p in parameters if p.name not in {"self", "cls"}]:
        if last is kinds.positional_only is not one.kind:
            shown.append("/")
        if one.kind is kinds.keyword_only and last not in starred:
            shown.append("*")
        star = {kinds.var_positional: "*", kinds.var_keyword: "**"}.get(one.kind, "")
        typed = f": {one.annotation}" if one.annotation else ""
        default = f" = {_written(one.default)}" if one.default is not None and not star else ""
        shown.append(f"{star}{one.name}{typed}{default}")
        last = one.kind
    shown += ["/"] if last is kinds.positional_only else []
    return f"({', '.join(shown)})"


def untold(old: list[str], new: list[str], told: str) -> list[str]:
    """Names that differ between two lists and do not stand in backticks in the text `told`.

    A name in backticks may begin with `mertk.` and end with arguments; an option stands by itself
    or behind its command. What is new or gone speaks for its members.
    """
    spans = {name for span in re.findall("`([^`]+)`", told) for name in _named(span)}
    before, after = ({_name(line): line for line in given} for given in (old, new))
    moved = before.keys() ^ after.keys()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return sorted(name for name in changed if spans.isdisjoint(
        {name, *(held for held in moved if name.startswith((f"{held}.", f"{held} "))),
         *([f"--{name.partition(' --')[2]}"] if " --" in name else [])}
    ))  # fmt: skip


def _named(span: str) -> set[str]:
    """The names that a text in backticks tells of."""
    if option := _OPTION.match(span):
        return {option[0]}
    return {span, _NO_NAME.split(span.removeprefix("mertk."))[0]}


def _name(line: str) -> str:
    """Of a line of the API file."""
    return line.partition(":")[0] if line.startswith("mertk ") else _NO_NAME.split(line)[0]


def sections(text: str) -> list[tuple[str, bool, str]]:
    """Of a changelog: version, whether it is released, text; the latest first."""
    found = list(_HEADING.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    return [(one[1], not one[2], text[one.end():end])
            for one, end in zip(found, ends, strict=True)]  # fmt: skip


def faults(file: str, new: list[str], changelog: str) -> list[str]:
    """What is wrong between the API file, the API and the changelog; one line each.

    The file is of the latest release, and what differs from it is told in the unreleased section.
    Before the first release the file is of the release in the making, and nothing may differ.
    """
    written, *old = file.splitlines()
    known = sections(changelog)
    released = [version for version, out, _ in known if out]
    version = released[0] if released else known[0][0]
    if written != f"# mertk {version}":
        return [f"'{written}' should be '# mertk {version}': run python tests/public_api.py"]
    if not released:
        differ = sorted(set(old) ^ set(new))
        return [f"{line}: run python tests/public_api.py, and see what changed" for line in differ]
    told = "".join(text for _, out, text in known if not out)
    return [f"`{name}` changed: say so, with its name in backticks, in the unreleased section of "
            "CHANGELOG.md" for name in untold(old, new, told)]  # fmt: skip


def write() -> None:
    """Write the API file."""
    known = sections(CHANGELOG.read_text(encoding="utf-8"))
    version = next((version for version, out, _ in known if out), known[0][0])
    written = [f"# mertk {version}", *lines(), *options()]
    FILE.write_text("\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
