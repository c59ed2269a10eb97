"""The exact minimum of a linear machine with a squared hinge, by Newton steps.

Minimised is ½|w|² + Σ cost · max(0, 1 - sign · output)², after Keerthi and DeCoste, "A modified
finite Newton method for fast solution of large scale linear SVMs", JMLR 6, 2005. For a given set of
active rows (those inside the margin) it is least squares, which is solved in as many unknowns as
there are active rows or features, whichever are fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mertk import ComponentError
from mertk_plugins.classifiers._gram import solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mertk_plugins.classifiers._gram import Matrix

_STEPS = 200  # a handful is usual


@dataclass(frozen=True, slots=True, eq=False)
class SquaredHinge:
    """Rows' inner `products`, each one's sign (1, -1) and cost `[rows]`.

    `values` `[rows, features]` are given where there are fewer features than rows.
    """

    products: Matrix
    signs: Matrix
    costs: Matrix
    values: Matrix | None = None

    def dual(self, start: Matrix) -> Matrix:
        """How much each row counts in the weights `[rows]`, at first `start`.

        Raises `ComponentError` where no minimum is found.
        """
        dual, outputs = start, self.products @ start
        active = self.signs * outputs < 1
        for _ in range(_STEPS):
            goal = self._outputs(active)
            aim = np.where(active, 2 * self.costs * (self.signs - goal), 0)
            step = self._step(dual, outputs, aim, goal, active)
            dual = dual + step * (aim - dual)
            outputs = outputs + step * (goal - outputs)
            before, active = active, self.signs * outputs < 1
            if not step or (step == 1 and np.array_equal(active, before)):
                return dual
        raise ComponentError(f"no minimum after {_STEPS} Newton steps; scale the features")

    def _outputs(self, active: NDArray[np.bool_]) -> Matrix:
        """The outputs `[rows]` at the minimum of least squares over the active rows."""
        signs, weights = self.signs[active], 2 * self.costs[active]
        if self.values is not None and len(signs) > self.values.shape[1]:
            rows = self.values[active]
            system = rows.T @ (weights[:, None] * rows)
            system.flat[:: len(system) + 1] += 1
            return np.asarray(self.values @ solve(system, rows.T @ (weights * signs)))
        system = self.products[np.ix_(active, active)]
        system.flat[:: len(system) + 1] += 1 / weights
        dual = np.zeros(len(active))
        dual[active] = solve(system, signs)
        return np.asarray(self.products @ dual)

    def _step(
        self,
        dual: Matrix,
        outputs: Matrix,
        aim: Matrix,
        goal: Matrix,
        active: NDArray[np.bool_],
    ) -> float:
        """The largest of 1, ½, ¼ … that gets lower enough; 0 where nothing is to be gained."""
        now = self._value(dual, outputs)
        gain = now - self._value(aim, goal, active)
        if gain <= 1e-13 * now:
            return 0.0
        step = 1.0
        while (
            self._value(dual + step * (aim - dual), outputs + step * (goal - outputs))
            > now - 0.1 * step * gain
        ):
            step /= 2
        return step

    def _value(
        self, dual: Matrix, outputs: Matrix, active: NDArray[np.bool_] | None = None
    ) -> float:
        """What is minimised; with `active` as if those were the rows inside the margin."""
        short = 1 - self.signs * outputs
        short = np.maximum(short, 0) if active is None else np.where(active, short, 0)
        return float(dual @ outputs / 2 + self.costs @ short**2)
