"""What counts of a module's text: the code that computes, and what that code names.

Comments, layout, docstrings, the words of errors and the part that registers components change no
number, so they are left out.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_REGISTRATION = frozenset({"Card", "Manifest", "Recipe", "Replay", "Use"})
"""Calls of these names make what is registered or shown, and nothing that a component computes."""

_Imports = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True, slots=True)
class Reference:
    """A dotted name that code mentions; `level` counts its leading dots, as in `from ..x`."""

    level: int
    name: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What counts of a text: its `code`, the `references` to modules, and its `strings`."""

    code: str
    references: frozenset[Reference]
    strings: frozenset[str]


@functools.lru_cache(maxsize=1024)
def parse_module(text: str) -> Parsed:
    """What counts of a whole module; raises `SyntaxError` where it is no Python."""
    tree = ast.parse(text)
    running = list(itertools.filterfalse(_never_runs, tree.body))
    tree.body = _drop_registration(running)
    return parse_nodes(tree.body, {})


def parse_nodes(nodes: list[ast.stmt], modules: Mapping[str, str]) -> Parsed:
    """What counts of some statements; `modules` are names that are bound to modules elsewhere.

    The statements are changed.
    """
    tree = ast.Module(body=nodes, type_ignores=[])
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = list(filter(_is_counted, node.body)) or [ast.Pass()]
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            given = node.exc.args  # of an error what else it is handed counts, not its words
            node.exc.args = [ast.Constant("") if _is_text(part) else part for part in given]
    bound = {name: Reference(0, module) for name, module in modules.items()}
    kept = list(ast.walk(tree))
    strings = set()
    for node in kept:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    references = frozenset(_find_references(kept, bound))
    return Parsed(ast.unparse(tree), references, frozenset(strings))


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that these nodes read."""
    found = set()
    for node in itertools.chain.from_iterable(map(ast.walk, nodes)):
        if isinstance(node, ast.Name):
            found.add(node.id)
    return found


@functools.lru_cache(maxsize=1024)
def defined_names(text: str) -> frozenset[str]:
    """The names of all classes and functions that are written in a module."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(n.name for n in ast.walk(ast.parse(text)) if isinstance(n, kinds))


def _is_counted(node: ast.stmt) -> bool:
    """Whether a statement is neither a docstring nor for type checkers alone."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not (is_text or _never_runs(node))


def _never_runs(node: ast.stmt) -> bool:
    """Whether a statement is `if TYPE_CHECKING:`, `if __name__ == …` or `__all__ = …`."""
    if isinstance(node, ast.If) and not node.orelse:
        return bool(
            {"TYPE_CHECKING", "__name__"} & (names_in([node.test]) | _get_last_part(node.test))
        )
    if isinstance(node, ast.Assign):
        return any(isinstance(name, ast.Name) and name.id == "__all__" for name in node.targets)
    return False


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) and _is_text(node.right)
    is_string = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_string or isinstance(node, ast.JoinedStr)


def _drop_registration(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without hooks, and without what serves hooks alone."""
    hooks = list(filter(_is_hook, body))
    kept = list(itertools.filterfalse(_is_hook, body))
    idle, counts = names_in(hooks), Counter[str]()
    for node in kept:
        counts.update(names_in([node]))
    changed = bool(hooks)
    while changed:
        changed = False
        for node in list(kept):
            if isinstance(node, _Imports):
                lazy = isinstance(node, ast.ImportFrom) and node.module == "mertk"
                for alias in list(node.names):
                    name = _get_bound_name(alias)
                    if not counts[name] and (lazy or name in idle):
                        node.names.remove(alias)
                if not node.names:
                    kept.remove(node)
                continue
            own = names_in([node])
            names = _find_assigned(node)
            if names and all(name in idle and counts[name] == (name in own) for name in names):
                kept.remove(node)
                counts.subtract(own)
                idle |= own
                changed = True
    return kept


def _is_hook(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    marks = set().union(*map(_get_last_part, node.decorator_list))
    return node.name.startswith("mertk_") or "hookimpl" in marks


def _get_last_part(node: ast.expr) -> set[str]:
    """The last part of a dotted name, also where it is called."""
    if isinstance(node, ast.Call):
        return _get_last_part(node.func)
    if isinstance(node, ast.Attribute):
        return {node.attr}
    return {node.id} if isinstance(node, ast.Name) else set()


def _find_assigned(node: ast.stmt) -> set[str]:
    """The names that a statement binds, if binding them is all that it does."""
    targets: Sequence[ast.expr]
    if isinstance(node, ast.AnnAssign):
        targets, value = [node.target], node.value
    elif isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    else:
        return set()
    for part in ast.walk(value or node):
        if isinstance(part, ast.Call) and not _get_last_part(part) & _REGISTRATION:
            return set()
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return names if len(names) == len(targets) else set()


def _get_bound_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _find_references(nodes: list[ast.AST], bound: dict[str, Reference]) -> Iterator[Reference]:
    """Every module that the code may mean; `bound` fills with the names that imports bind."""
    for node in nodes:
        if isinstance(node, _Imports):
            yield from _find_imported(node, bound)
        elif isinstance(node, ast.Call):
            yield from _find_imported_by_call(node)
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in bound:
            yield bound[node.id]
        elif isinstance(node, ast.Attribute):
            root, *rest = _split_dotted_name(node)
            if root in bound:
                start = bound[root]
                yield Reference(start.level, ".".join([start.name, *rest]))


def _find_imported(
    node: ast.Import | ast.ImportFrom, bound: dict[str, Reference]
) -> Iterator[Reference]:
    level = node.level if isinstance(node, ast.ImportFrom) else 0
    base = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        if alias.name == "*":
            if base:
                yield Reference(level, base)
            continue
        found = Reference(level, f"{base}.{alias.name}".strip("."))
        whole = isinstance(node, ast.ImportFrom) or bool(alias.asname)
        bound[_get_bound_name(alias)] = found if whole else Reference(0, _get_bound_name(alias))
        if base != "mertk" and alias.name != "mertk":  # of mertk only what is used counts
            yield found


def _find_imported_by_call(node: ast.Call) -> Iterator[Reference]:
    """`importlib.import_module("x")` and `__import__("x")` with a text."""
    if not (_get_last_part(node.func) & {"import_module", "__import__"} and node.args):
        return
    name = node.args[0]
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        plain = name.value.lstrip(".")
        yield Reference(len(name.value) - len(plain), plain)


def _split_dotted_name(node: ast.expr) -> list[str]:
    """The parts of `a.b.c`; begins with an empty text where it is no dotted name."""
    if isinstance(node, ast.Attribute):
        return [*_split_dotted_name(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else [""]
