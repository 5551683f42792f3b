"""The cuts of a label's scores among which its best threshold is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlhelpers.labels import MISSING

ROUNDING = 1e-12  # how far sums of weights, relative to them, may be from what they are on paper


class Cuts(NamedTuple):
    """The cuts of one label that can be best: right below a positive. The last one predicts fewest.

    Counts are numbers of samples, or sums of their weights.
    """

    lowest: NDArray[np.float64]  # the lowest score that a cut predicts, ascending
    below: NDArray[np.float64]  # the next lower score, -inf where there is none
    tp: NDArray[Any]
    fp: NDArray[Any]
    positives: Any
    negatives: Any
    highest: float  # of all scores: the threshold that predicts nothing
    has_unscored: bool = False  # samples without a score, which lie below every cut


def cuts_of_label(
    labels: NDArray[np.int8], scores: NDArray[np.float64], weight: NDArray[np.float64] | None, has_unknown: bool
) -> Cuts:
    """Return the cuts of one label; `scores` may be sorted in place."""
    if has_unknown:
        known = labels != MISSING
        labels, scores = labels.compress(known), scores.compress(known)
        weight = None if weight is None else weight.compress(known)
    present = labels.view(np.bool_)
    return _cuts_of_samples(present, scores) if weight is None else _cuts_of_weights(present, scores, weight)


def _cuts_of_samples(present: NDArray[np.bool_], scores: NDArray[np.float64]) -> Cuts:
    """Return the cuts of one label; `scores` is sorted in place.

    Of positives with equal scores only the first has all of them counted, the others too few: they lose against it.
    """
    lowest = np.sort(scores[np.flatnonzero(present)])
    scores.sort()
    position = np.searchsorted(scores, lowest)
    tp = np.arange(len(lowest), 0, -1)
    fp = len(scores) - position - tp
    return Cuts(lowest, _below(scores, position), tp, fp, len(tp), len(scores) - len(tp), float(scores[-1]))


def _cuts_of_weights(present: NDArray[np.bool_], scores: NDArray[np.float64], weight: NDArray[np.float64]) -> Cuts:
    order, ascending, has_ties = _in_order(scores)
    position = np.flatnonzero(present.take(order))
    of_negatives = weight.take(order)
    tp = _sums_from(of_negatives[position])
    of_negatives[position] = 0.0
    if has_ties:  # equal scores are predicted together, from the first of them on
        tied = np.flatnonzero(ascending[position] == ascending[position - 1])
        position[tied] = np.searchsorted(ascending, ascending[position[tied]])
        first = np.diff(position, prepend=-1) > 0
        position, tp = position[first], tp[first]
    fp = _sums_from(np.add.reduceat(of_negatives, position))
    lower = of_negatives[: position[0]] if len(position) else of_negatives
    positives, negatives = tp[:1].sum(), fp[:1].sum() + lower.sum()
    below = _below(ascending, position)
    return Cuts(ascending[position], below, tp, fp, positives, negatives, float(ascending[-1]))


def _sums_from(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of each value and all that follow."""
    return values[::-1].cumsum()[::-1]


def _below(ascending: NDArray[np.float64], position: NDArray[np.intp]) -> NDArray[np.float64]:
    below = ascending[position - 1]
    below[position == 0] = -np.inf
    return below


def _in_order(scores: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64], bool]:
    """Return the order of ascending scores, the scores in it, and whether some are equal.

    NumPy sorts numbers several times as fast as it finds their order. So the last bits of each score give way to its
    row number; where that lost more than the order of equal scores, which is seldom, it is put right afterwards.
    """
    n_bits = len(scores).bit_length()
    keys = scores.view(np.int64) & (-1 << n_bits)
    keys |= np.arange(len(scores))
    keys.view(np.float64).sort()
    keys &= (1 << n_bits) - 1
    ascending = scores.take(keys)
    if (ascending[1:] > ascending[:-1]).all():
        return keys, ascending, False
    if (ascending[1:] >= ascending[:-1]).all():
        return keys, ascending, True
    again = np.argsort(ascending, kind="stable")
    return keys[again], ascending[again], True


def threshold_and_counts(cut: Cuts, k: int | None) -> tuple[float, tuple[Any, Any, Any, Any]]:
    """Return the threshold of the cut at position k, and its counts; None predicts nothing."""
    if k is None:
        return cut.highest, (0, 0, cut.positives, cut.negatives)
    tp, fp = cut.tp[k], cut.fp[k]
    return threshold_between(float(cut.below[k]), float(cut.lowest[k])), (
        tp,
        fp,
        max(cut.positives - tp, 0),  # sums of weights are rounded
        max(cut.negatives - fp, 0),
    )


def last_of_highest(values: NDArray[Any], slack: float) -> int:
    """Return the last position of the highest value, or of one that is lower by rounding only."""
    if not slack:
        return len(values) - 1 - int(np.argmax(values[::-1]))
    return int(np.flatnonzero(values >= values.max() * (1 - slack))[-1])


def threshold_between(low: float, high: float) -> float:
    """Return a threshold between neighbouring scores: not below `low`, and below `high`, which it predicts.

    It is rounded to single precision wherever it then still divides the scores at the same place.
    """
    with np.errstate(over="ignore"):
        if low == -np.inf:
            single = float(np.nextafter(np.float32(high), np.float32(-np.inf)))
            return single if -np.inf < single < high else float(np.nextafter(high, -np.inf))
        middle = low / 2 + high / 2
        single = float(np.float32(middle))
        if single == high:  # the middle of neighbours may be rounded up
            single = float(np.nextafter(np.float32(high), np.float32(-np.inf)))
    if low <= single < high:
        return single
    return middle if low <= middle < high else low
