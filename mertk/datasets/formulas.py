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


def evaluate_formula(
    formula: str, cell: Callable[[str], Any], depth: int = 0, known: dict[str, float] | None = None
) -> float | None:
    """The value of `=…`, or None where it is not that plain; `cell` gives what stands in `D2`.

    `depth` counts formulas on formulas. `known` keeps the values of cells, so that each is computed
    once: with each cell the double of the one above, the last would take 2^50 steps without.
    """
    known = {} if known is None else known
    if depth > _DEEPEST:
        return None
    text = _CELL.sub(r"\1\2", formula.removeprefix("=").upper())
    try:
        return _evaluate_node(ast.parse(text, mode="eval").body, cell, depth, known)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None


def _evaluate_node(
    node: ast.expr, cell: Callable[[str], Any], depth: int, known: dict[str, float]
) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = (_evaluate_node(side, cell, depth, known) for side in (node.left, node.right))
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate_node(node.operand, cell, depth, known)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.Name) and _CELL.fullmatch(node.id):
        if node.id not in known:
            known[node.id] = _of_cell(cell(node.id), cell, depth, known)
        return known[node.id]
    raise ValueError(f"no plain arithmetic: {ast.unparse(node)}")


def _of_cell(found: Any, cell: Callable[[str], Any], depth: int, known: dict[str, float]) -> float:
    if isinstance(found, str) and found.startswith("="):
        found = evaluate_formula(found, cell, depth + 1, known)
    if isinstance(found, str):
        found = float(found)  # a number written as text
    if type(found) not in (int, float):
        raise ValueError(f"no number: {found!r}")
    return found  # type: ignore[no-any-return]
