"""Code without a file of its own: of a notebook, a script, `exec`, or made while the program runs.

Its source is that of the cell, and what it uses is looked up where it is bound now: functions and
classes by their source, modules by their files, everything else by its value.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sys
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from mertk.core.errors import ComponentError
from mertk.storage.source_code.modules import Trace, functions_of, module_of, read_module
from mertk.storage.source_code.text import defined_names, names_in, parse_nodes

_Scope = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def add_object(trace: Trace, found: Any) -> None:
    """Add the code behind an object to a trace; raises `ComponentError` where there is none."""
    _Walk(trace).add("", found)


class _Walk:
    """Goes from object to object; each is visited once."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.seen: dict[int, Any] = {}

    def add(self, name: str, found: Any) -> None:
        """Add an object that is bound to `name`."""
        if id(found) in self.seen:
            return
        self.seen[id(found)] = found  # held, so that its id stays its own
        if isinstance(found, ModuleType):
            self.trace.add_loaded(found)
        elif isinstance(found, type):
            self._add_class(found)
        elif isinstance(found, FunctionType):
            self._add_function(found)
        elif isinstance(found, functools.partial):
            self.add(name, found.func)
            self._add_value(name, (found.args, found.keywords))
        elif inspect.ismethod(found):
            self.add(name, found.__func__)
        elif callable(found) and isinstance(inspect.unwrap(found), FunctionType):
            self.add(name, inspect.unwrap(found))
        elif inspect.isroutine(found):
            self.trace.add_name(str(found.__module__ or ""))
        else:
            self._add_value(name, found)

    def _add_class(self, owner: type) -> None:
        for base in owner.__mro__[1:-1]:
            self.add(base.__name__, base)
        functions = functions_of(owner)
        if not _is_live(self.trace, owner):
            self.trace.add_name(owner.__module__)
            for one in functions:
                if one.__module__ != owner.__module__:  # written elsewhere and put into the class
                    self.add(one.__name__, one)
            if "<locals>" in owner.__qualname__:
                self._add_held(owner)
            return
        for one in functions:
            node = _find_node(one.__code__.co_filename, owner.__name__, one.__code__.co_firstlineno)
            if node is not None:
                self._add_cell(owner.__qualname__, node, one.__globals__)
                break
        else:
            for one in functions:
                if not (hasattr(owner, "__dataclass_fields__") and one.__name__.startswith("__")):
                    self.add(one.__name__, one)
        self._add_held(owner)

    def _add_held(self, owner: type) -> None:
        """Add what a class holds: how it was made is not in any file."""
        for one in functions_of(owner):
            self._add_bound(one)
            if _is_live(self.trace, owner) and one.__module__ != owner.__module__:
                self.add(one.__name__, one)
        for name, value in vars(owner).items():
            hidden = name.startswith(("__", "_abc_"))
            if hidden or inspect.isroutine(value) or inspect.isdatadescriptor(value):
                continue
            self.add(name, value)

    def _add_bound(self, function: FunctionType) -> None:
        """Add what a function was made with: defaults and what it closes over."""
        given = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        for cell in function.__closure__ or ():
            try:
                given.append(cell.cell_contents)
            except ValueError:  # not bound yet
                continue
        for value in given:
            self.add(function.__name__, value)

    def _add_function(self, function: FunctionType) -> None:
        name, code = function.__module__, function.__code__
        loaded = sys.modules.get(name)
        if name != "__main__" and getattr(loaded, "__file__", None) == code.co_filename:
            self.trace.add_name(name)
            if function.__closure__:
                self._add_bound(function)
            return
        node = _find_node(code.co_filename, function.__name__, code.co_firstlineno)
        if node is None:
            raise ComponentError(
                f"{function.__qualname__} has no source that can be found, so its results cannot "
                "be told from those of another version: write it in a file or a notebook cell"
            )
        self._add_cell(function.__qualname__, node, function.__globals__)
        self._add_bound(function)

    def _add_cell(self, name: str, node: _Scope, bound: Mapping[str, Any]) -> None:
        """Add source from a cell, and what its names mean now."""
        body: ast.stmt = ast.Expr(node) if isinstance(node, ast.Lambda) else node
        used = {one: bound[one] for one in names_in([node]) if one in bound}
        modules = {}
        for one, value in used.items():
            if isinstance(value, ModuleType):
                modules[one] = value.__name__
        parsed = parse_nodes([body], modules)
        self._note_code(name, parsed.code)
        for module in self.trace.add_parsed(parsed, None):
            self.trace.add_module(module)
        for other, value in sorted(used.items()):
            self.add(other, value)

    def _add_value(self, name: str, value: Any) -> None:
        """Add a value: its content, and the code of what it holds."""
        from joblib import hash as hash_value

        plain = self._replace_code(value)
        if not type(value).__module__.startswith(("builtins", "numpy", "typing", "types")):
            self.add(type(value).__name__, type(value))
        try:
            self._note_code(name, hash_value(plain))
        except Exception as error:
            raise ComponentError(
                f"'{name}' is used by the component and holds a {type(value).__name__} that cannot "
                f"be hashed ({error}); write the component to a file, or make it a parameter"
            ) from error

    def _replace_code(self, value: Any) -> Any:
        """The value with the functions, classes and modules in it replaced by their names."""
        if isinstance(value, dict):
            return {key: self._replace_code(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._replace_code(part) for part in value]
        if isinstance(value, FunctionType | ModuleType | type):
            self.add(value.__name__, value)
            return value.__name__
        return value

    def _note_code(self, name: str, code: str) -> None:
        self.trace.codes[f"{len(self.trace.codes)} {name}"] = code
        self.trace.lasting = False


def _is_live(trace: Trace, owner: type) -> bool:
    """Whether a class is not written in the file of its module."""
    module, name = owner.__module__, owner.__name__
    loaded = sys.modules.get(module)
    if loaded is None or module == "__main__":
        return True
    if trace.is_library(loaded):
        return False
    found = module_of(loaded)
    if found is None:
        return True
    return found.file.suffix == ".py" and name not in defined_names(read_module(found))


def _find_node(file: str, name: str, line: int) -> _Scope | None:
    """The class, function or lambda of this name whose code is around a line of a cell."""
    text = "".join(linecache.getlines(file))
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    around: list[_Scope] = []
    for node in ast.walk(tree):
        if not isinstance(node, _Scope) or getattr(node, "name", "<lambda>") != name:
            continue
        if _find_first_line(node) <= line <= (node.end_lineno or 0):
            around.append(node)
    return max(around, key=_find_first_line, default=None)


def _find_first_line(node: _Scope) -> int:
    marks = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(mark.lineno for mark in marks)])
