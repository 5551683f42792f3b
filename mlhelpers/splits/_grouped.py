"""Distribute whole groups of samples over parts so that every part has its share of every label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers.splits._stratification import to_spread

_SIZE_WEIGHT = 100  # how much the size of a part counts beside one label
_PAIRS = 1_000_000  # of groups that a pass compares: with more groups, it compares each with fewer others
_GROUPS_PLACED = 300  # by all starts: one is enough for many groups, while few ones often end in a poor arrangement
_LEAST_GAIN = 1e-9  # above the rounding errors of the costs


def grouped_parts(
    labels: Any, group: NDArray[np.intp], sizes: NDArray[Any], rng: np.random.RandomState, n_filled: int
) -> NDArray[np.intp]:
    """Return for each sample the part that its group is put into.

    Labels are spread as well as the groups allow, and parts are as near to these sizes; the first `n_filled` parts
    have one group at least.
    """
    spread, n_samples, n_groups = to_spread(labels), len(group), int(group.max()) + 1
    members = sparse.csr_array((np.ones(n_samples), (group, np.arange(n_samples))), shape=(n_groups, n_samples))
    counts = members @ np.column_stack([spread, np.ones(n_samples)])
    n_starts = max(1, _GROUPS_PLACED // n_groups)
    starts = (_Arrangement(counts, sizes / n_samples, n_filled, rng) for _ in range(n_starts))
    return min(starts, key=_Arrangement.cost).part[group]


class _Arrangement:
    """Groups in parts, moved and exchanged until that makes no better arrangement.

    Each group adds its counts, of samples with each label and of all samples, to its part. The cost is the sum of
    squares of how far the parts' counts are from what they should be, relative to that. What should be less than one
    is taken for one there, or the rarest labels, which not every part can have, would outweigh all others.
    """

    def __init__(
        self, counts: NDArray[np.float64], shares: NDArray[np.float64], n_filled: int, rng: np.random.RandomState
    ) -> None:
        expected = np.outer(shares, counts.sum(axis=0))
        self.counts = counts
        self.weight = 1 / np.maximum(expected, 1) ** 2
        self.weight[:, -1] *= _SIZE_WEIGHT
        self.excess = -expected
        self.part = np.full(len(counts), -1)
        self.n_filled = n_filled
        for group in rng.permutation(len(counts)):
            self._put(group, self._growth(counts[group]).argmin())
        self._fill()
        while self._improve(rng):
            pass

    def cost(self) -> float:
        return float((self.weight * self.excess**2).sum())

    def _growth(self, added: NDArray[np.float64], part: Any = slice(None)) -> Any:
        """Return by how much the cost grows if counts are added to parts."""
        return (self.weight[part] * added * (2 * self.excess[part] + added)).sum(axis=-1)

    def _put(self, group: Any, part: Any) -> None:
        if self.part[group] >= 0:
            self.excess[self.part[group]] -= self.counts[group]
        self.excess[part] += self.counts[group]
        self.part[group] = part

    def _must_stay(self) -> NDArray[np.bool_]:
        """Tell of each group whether it is the only one of a part that must not be empty."""
        n_groups = np.bincount(self.part, minlength=len(self.excess))
        return np.asarray((n_groups[self.part] == 1) & (self.part < self.n_filled))

    def _fill(self) -> None:
        """Put a group into each part that has none, and must: those smaller than half a group are left empty."""
        for part in np.setdiff1d(np.arange(self.n_filled), self.part):
            free = np.flatnonzero(~self._must_stay())
            moved = self.counts[free]
            growth = self._growth(moved, part) + self._growth(-moved, self.part[free])
            self._put(free[growth.argmin()], part)

    def _improve(self, rng: np.random.RandomState) -> bool:
        """Move and exchange groups, each once, where that lowers the cost; tell whether it did."""
        n_groups = len(self.counts)
        n_others = max(1, _PAIRS // n_groups)
        before = self.part.copy()
        for group in rng.permutation(n_groups):
            self._move(group)
            others = np.arange(n_groups) if n_others >= n_groups else rng.randint(n_groups, size=n_others)
            self._exchange(group, others[self.part[others] != self.part[group]])
        return not np.array_equal(before, self.part)

    def _move(self, group: Any) -> None:
        own, moved = self.part[group], self.counts[group]
        growth = self._growth(moved) + self._growth(-moved, own)
        growth[own] = 0
        if growth.min() < -_LEAST_GAIN and not self._must_stay()[group]:
            self._put(group, growth.argmin())

    def _exchange(self, group: Any, others: NDArray[np.intp]) -> None:
        """Exchange a group for the best of some groups of other parts."""
        if len(others) == 0:
            return
        own, of_others = self.part[group], self.part[others]
        change = self.counts[others] - self.counts[group]
        growth = self._growth(change, own) + self._growth(-change, of_others)
        best = growth.argmin()
        if growth[best] < -_LEAST_GAIN:
            self._put(others[best], own)
            self._put(group, of_others[best])
