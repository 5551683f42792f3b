"""What thresholds are chosen by: labels beside a score in each cell."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlhelpers.labels import MISSING, axis_sums
from mlhelpers.thresholds._cuts import Cuts, cuts_of_label

T = TypeVar("T")
_LABELS_PER_BLOCK = 8  # columns that a thread copies at a time, since only contiguous ones are fast


class Data(NamedTuple):
    """Checked labels and scores, without the samples whose weight is zero; `SparseData` has the same methods."""

    truth: NDArray[np.int8]
    scores: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    has_unknown: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return self.truth.shape

    def samples(self, rows: NDArray[np.intp], weight: NDArray[np.float64] | None) -> Data:
        """Return some samples, with these weights."""
        return Data(self.truth[rows], self.scores[rows], weight, self.has_unknown)

    def has_positive(self) -> bool:
        return bool((self.truth == 1).any())

    def n_positives(self, times: NDArray[np.float64] | None = None) -> NDArray[Any]:
        """Return how many samples carry each label, each counted as often as `times` says."""
        positive = self.truth == 1 if self.has_unknown else self.truth
        return axis_sums(positive, axis=0) if times is None else times @ positive

    def is_known(self) -> NDArray[np.bool_]:
        """Return which labels are known of a sample."""
        return (self.truth != MISSING).any(axis=0) if self.has_unknown else np.full(self.shape[1], True)

    def is_scored(self) -> NDArray[np.bool_]:
        """Return which labels have a score where they are known."""
        return self.is_known()

    def known_scores(self, column: int) -> NDArray[np.float64]:
        """Return the scores of a label where it is known, ascending."""
        scores = self.scores[:, column]
        return np.sort(scores[self.truth[:, column] != MISSING] if self.has_unknown else scores)

    def counts_above(self, columns: NDArray[np.bool_], thresholds: NDArray[np.float64]) -> NDArray[Any]:
        """Return true and false positives, false and true negatives of thresholds that are there already."""
        truth, above = self.truth[:, columns], self.scores[:, columns] > thresholds
        cells = [
            predicted & (truth == label) for predicted, label in ((above, 1), (above, 0), (~above, 1), (~above, 0))
        ]
        return np.array([axis_sums(each, axis=0) if self.weight is None else self.weight @ each for each in cells])

    def for_each_label(self, wanted: NDArray[np.bool_], use: Callable[[Cuts], T]) -> list[T]:
        """Return what `use` makes of the cuts of each wanted column; NumPy sorts in several threads at a time."""

        def use_block(start: int) -> list[T]:
            block = slice(start, start + _LABELS_PER_BLOCK)
            copies = zip(wanted[block], self.truth[:, block].T.copy(), self.scores[:, block].T.copy(), strict=True)
            return [
                use(cuts_of_label(labels, scores, self.weight, self.has_unknown))
                for is_wanted, labels, scores in copies
                if is_wanted
            ]

        return in_threads(use_block, range(0, len(wanted), _LABELS_PER_BLOCK))

    def pooled_cuts(self, of_fn: NDArray[np.float64] | None, of_fp: NDArray[np.float64] | None) -> Cuts:
        """Return the cuts of all cells together; one counts what its label's errors cost, if they have costs."""
        weight = None if self.weight is None else self.weight[:, None]
        if of_fn is not None and of_fp is not None:
            cost = np.where(self.truth == 1, of_fn, of_fp)
            weight = cost if weight is None else weight * cost
        if weight is not None:
            weight = np.broadcast_to(weight, self.shape).ravel()
        return cuts_of_label(self.truth.ravel(), self.scores.flatten(), weight, self.has_unknown)


def in_threads(use_block: Callable[[int], list[T]], starts: range) -> list[T]:
    with ThreadPoolExecutor() as pool:
        return [result for block in pool.map(use_block, starts) for result in block]
