"""True labels of which some may be unknown, of samples that may have weights: both are dealt with here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers.labels import axis_sums, split_unknown

_CELLS_PER_BLOCK = 1 << 17


@dataclass(frozen=True)
class TrueLabels:
    """A checked label matrix, which cells of it are unknown, and the weights of its samples.

    Unknown cells hold 0 in `labels`. With 0 for them in predictions, too, and the lowest score, they add to no count
    and move no known label in a ranking; what is left to mind is by how much one divides.
    """

    labels: Any  # dense or CSR of int8
    unknown: Any  # boolean of the same form; None where every cell is known
    weight: NDArray[np.float64] | None

    @classmethod
    def of(cls, checked: Any, weight: NDArray[np.float64] | None = None) -> TrueLabels:
        return cls(*split_unknown(checked), weight)

    @property
    def n_unknown(self) -> int:
        return 0 if self.unknown is None else int(self.unknown.sum())

    @property
    def n_positives(self) -> NDArray[np.int64]:
        """Samples that truly carry each label, whatever their weight is, so long as they have one."""
        return axis_sums(self.labels if self.weight is None else self.labels[self.weight > 0], axis=0)

    @property
    def known_per_sample(self) -> NDArray[np.int64]:
        n_samples, n_labels = self.labels.shape
        known = np.full(n_samples, n_labels)
        return known if self.unknown is None else known - axis_sums(self.unknown, axis=1)

    @property
    def known_per_label(self) -> NDArray[Any]:
        """Samples of which each label is known, or the sum of their weights."""
        n_samples, n_labels = self.labels.shape
        if self.unknown is not None and not sparse.issparse(self.unknown):
            return self.label_sums(~self.unknown)
        known = np.full(n_labels, n_samples if self.weight is None else self.weight.sum())
        return known if self.unknown is None else known - self.label_sums(self.unknown)

    def without_unknown(self, matrix: Any, value: float = 0) -> Any:
        """Return predictions or scores with `value` where the truth is unknown; CSR takes no other value than 0."""
        if self.unknown is None:
            return matrix
        if sparse.issparse(matrix):
            return matrix - matrix.multiply(self.unknown)
        if matrix.dtype == np.int8 and value == 0:  # where numpy.where takes twenty times as long
            return matrix & (~self.unknown).view(np.int8)
        return np.where(self.unknown, np.asarray(value, matrix.dtype), matrix)

    def label_sums(self, matrix: Any) -> NDArray[Any]:
        """Count the ones of each column, or add up the weights of their samples."""
        if self.weight is None:
            return axis_sums(matrix, axis=0)
        if sparse.issparse(matrix):
            return np.asarray(self.weight @ matrix)
        # Block by block, which the processor's cache holds, as numbers of 64 bits.
        step = max(1, _CELLS_PER_BLOCK // matrix.shape[1])
        blocks = (slice(start, start + step) for start in range(0, len(matrix), step))
        return sum((self.weight[rows] @ matrix[rows].astype(float) for rows in blocks), np.zeros(matrix.shape[1]))

    def mean(self, numerator: NDArray[Any], denominator: NDArray[Any]) -> float:
        """Return the sum of one over that of the other, both one value per sample; NaN where there is nothing."""
        above, below = ((v.sum() if self.weight is None else self.weight @ v) for v in (numerator, denominator))
        return float(above / below) if below > 0 else float("nan")
