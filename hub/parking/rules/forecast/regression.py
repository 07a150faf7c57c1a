"""Weights by least squares, learned hour by hour, that stay near what was assumed until the data say otherwise."""

from collections.abc import Sequence

_FADE = 0.9995  # an hour; what was learned eight weeks ago counts half
_HELD = 100.0  # so many hours of data count as much as the assumption


class Regression:
    """y = w x for one horizon; `assumed` are the weights to begin with."""

    def __init__(self, assumed: Sequence[float]) -> None:
        self._assumed = tuple(assumed)
        self.weights: Sequence[float] = self._assumed
        size = len(self._assumed)
        self._products = [[0.0] * size for _ in range(size)]
        self._targets = [0.0] * size
        self._count = 0.0

    def learn(self, inputs: Sequence[float], target: float) -> None:
        """Takes in one example; the weights change at the next `fit`."""
        self._count = self._count * _FADE + 1
        for index, value in enumerate(inputs):
            self._targets[index] = self._targets[index] * _FADE + value * target
            row = self._products[index]
            for other in range(index, len(inputs)):  # the other half is the same
                row[other] = row[other] * _FADE + value * inputs[other]

    def fit(self) -> None:
        """Works the weights out anew."""
        if not self._count:
            return
        size = range(len(self._assumed))
        matrix = [[self._products[min(i, j)][max(i, j)] for j in size] for i in size]
        targets = list(self._targets)
        for index in size:
            held = _HELD * matrix[index][index] / self._count + 1e-6
            matrix[index][index] += held
            targets[index] += held * self._assumed[index]
        self.weights = solve(matrix, targets)


def solve(matrix: list[list[float]], targets: list[float]) -> list[float]:
    """x with matrix x = targets, by elimination; 0 where the matrix says nothing."""
    size = len(targets)
    rows = [[*row, target] for row, target in zip(matrix, targets, strict=True)]
    for index in range(size):
        pivot = max(range(index, size), key=lambda row: abs(rows[row][index]))
        rows[index], rows[pivot] = rows[pivot], rows[index]
        if abs(rows[index][index]) < 1e-12:
            continue
        for below in range(index + 1, size):
            factor = rows[below][index] / rows[index][index]
            rows[below] = [a - factor * b for a, b in zip(rows[below], rows[index], strict=True)]
    found = [0.0] * size
    for index in reversed(range(size)):
        rest = rows[index][size] - sum(rows[index][other] * found[other] for other in range(index + 1, size))
        found[index] = rest / rows[index][index] if abs(rows[index][index]) >= 1e-12 else 0.0
    return found
