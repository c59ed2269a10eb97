"""One positive definite system, solved for each of many folds that leave some rows out."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from mertk_plugins.classifiers._gram import Indices, Matrix, factorise, solve_system


class LeftOut:
    """Solves the rows and columns `folds[i]` of `gram` `[clips, clips]` + `ridge` · unit matrix.

    Folds that stand side by side share most of their rows. These are eliminated once, by a Cholesky
    factor, and each fold adds the few that it alone has. No row that a fold leaves out is ever
    taken away again, as it would leave rounding errors that depend on it: it never comes in.
    """

    def __init__(self, gram: Matrix, ridge: float, folds: Sequence[Indices]) -> None:
        self._system = gram.copy()
        self._system.flat[:: len(gram) + 1] += ridge
        self._folds = folds
        # With b blocks the work is about b + folds / b³ factors of the whole system.
        blocks = min(len(folds), int(np.ceil((3 * len(folds)) ** 0.25)))
        self._size = -(-len(folds) // blocks)
        # folds are solved in order
        self._block = functools.lru_cache(maxsize=1)(self._make_block)

    def solve(self, number: int, targets: Matrix) -> Matrix:
        """The solution `[clips, targets]` for one fold, 0 for the rows that it leaves out."""
        block = self._block(number // self._size)
        return block.solve(self._folds[number], targets)

    def _make_block(self, number: int) -> _Block:
        start = number * self._size
        return _Block(self._system, self._folds[start : start + self._size])


class _Block:
    """Folds with their common rows eliminated."""

    def __init__(self, system: Matrix, folds: Sequence[Indices]) -> None:
        from scipy.linalg import blas

        self._common = functools.reduce(np.intersect1d, folds)
        self._rest = np.setdiff1d(np.arange(len(system)), self._common)
        factor = factorise(system[np.ix_(self._common, self._common)])
        self._half = functools.partial(blas.dtrsm, 1.0, np.asfortranarray(factor), lower=1)
        self._beside = self._half(system[np.ix_(self._common, self._rest)])
        self._left = system[np.ix_(self._rest, self._rest)] - self._beside.T @ self._beside

    def solve(self, fold: Indices, targets: Matrix) -> Matrix:
        """The solution for one of the folds."""
        inside = np.zeros(len(targets), bool)
        inside[fold] = True
        own = np.flatnonzero(inside[self._rest])
        begun = self._half(targets[self._common])
        later = targets[self._rest] - self._beside.T @ begun
        found = np.zeros_like(targets)
        found[self._rest[own]] = solve_system(self._left[np.ix_(own, own)], later[own])
        found[self._common] = self._half(begun - self._beside @ found[self._rest], trans_a=1)
        return found
