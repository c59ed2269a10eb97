"""The value of a spreadsheet cell whose formula was saved without one: plain arithmetic on cells.

A spreadsheet program keeps the value beside the formula; files written by other programs may not.
The formulas of the data sets' files are sums and differences such as `=F2-D2+1`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_DEEPEST = 50  # formulas on formulas; more is a circle
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_BINARY: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def computed(formula: str, cell: Callable[[str], Any], depth: int = 0) -> float | None:
    """The value of `=…`, or None where it is not that plain; `cell` gives what stands in `D2`."""
    if depth > _DEEPEST:
        return None
    text = _CELL.sub(r"\1\2", formula.removeprefix("=").upper())
    try:
        return _value(ast.parse(text, mode="eval").body, cell, depth)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return None


def _value(node: ast.expr, cell: Callable[[str], Any], depth: int) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, cell, depth), _value(node.right, cell, depth)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, cell, depth)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.Name) and _CELL.fullmatch(node.id):
        return _of_cell(cell(node.id), cell, depth)
    raise ValueError(f"no plain arithmetic: {ast.unparse(node)}")


def _of_cell(found: Any, cell: Callable[[str], Any], depth: int) -> float:
    if isinstance(found, str) and found.startswith("="):
        found = computed(found, cell, depth + 1)
    if isinstance(found, str):
        found = float(found)  # a number written as text
    if type(found) not in (int, float):
        raise ValueError(f"no number: {found!r}")
    return found  # type: ignore[no-any-return]
