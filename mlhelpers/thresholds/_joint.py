"""Thresholds for macro- and micro-F1 together, chosen on parts of the samples and averaged over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.thresholds._cuts import (
    ROUNDING,
    Cuts,
    threshold_between,
)
from mlhelpers.thresholds._data import Data
from mlhelpers.thresholds._sparse_data import SparseData

_N_DIVISIONS, _N_PARTS = 10, 3
_MACRO_WEIGHT = 6.0  # with 1 macro-F1 suffers, with 10 micro-F1: chosen beside micromacro-freq, on made problems
_MAX_ROUNDS = 20
_UNKNOWN = (np.nan, np.nan)  # the gap of a label that a part of the samples doesn't know


def joint_thresholds(
    data: Data | SparseData, own: NDArray[np.bool_], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the thresholds of the labels that get their own, beside those that have one in `values`.

    Each part of the samples asks for its thresholds. What is averaged is how many of all samples they predict,
    by the geometric mean: it is the same for every scale of the scores.
    """
    rng = np.random.default_rng(0)
    asked = [
        _best_for_both(data.samples(rows, None if data.weight is None else data.weight[rows]), own, values)
        for _ in range(_N_DIVISIONS)
        for rows in np.array_split(rng.permutation(data.shape[0]), _N_PARTS)
        if len(rows)
    ]
    columns = np.flatnonzero(own).tolist()
    return np.array([_averaged(data, j, [part[k] for part in asked]) for k, j in enumerate(columns)])


def _averaged(data: Data | SparseData, column: int, gaps: list[tuple[float, float]]) -> float:
    """Return the threshold that predicts as many samples as the cuts in these gaps between scores do on average."""
    scores = data.known_scores(column)
    low, high = np.array([gap for gap in gaps if gap is not _UNKNOWN]).T
    # samples that the part didn't see may lie in its gap: half of them are predicted
    n_predicted = len(scores) - (np.searchsorted(scores, low, side="right") + np.searchsorted(scores, high)) / 2
    n = round(float(np.exp(np.log(n_predicted + 0.5).mean()) - 0.5))  # the half lets none be averaged, too
    if n == 0:
        return float(scores[-1])
    lowest = scores[-n]
    first = np.searchsorted(scores, lowest)
    return threshold_between(float(scores[first - 1]) if first else -np.inf, float(lowest))


def _best_for_both(
    data: Data | SparseData, own: NDArray[np.bool_], values: NDArray[np.float64]
) -> list[tuple[float, float]]:
    """Return for each label the gap between scores in which the best cut lies, or _UNKNOWN."""
    known = own & data.is_known()
    cuts = data.for_each_label(known, lambda cut: cut)
    tp, fp, fn, _ = data.counts_above(~own, values[~own]).sum(axis=1)
    chosen = _ascent(cuts, tp, 2 * tp + fp + fn, int((~own).sum()))
    gaps = iter([_gap(cut, k) for cut, k in zip(cuts, chosen, strict=True)])
    return [next(gaps) if is_known else _UNKNOWN for is_known in known[own]]


def _gap(cut: Cuts, k: int | None) -> tuple[float, float]:
    """Return the highest score that isn't predicted and the lowest that is."""
    if k is None:
        return cut.highest, np.inf
    low, high = float(cut.below[k]), float(cut.lowest[k])
    return (np.nextafter(high, -np.inf) if low == -np.inf and not cut.has_unscored else low), high


def _ascent(cuts: list[Cuts], tp: Any, size: Any, n_fixed: int) -> list[int | None]:
    """Choose the cut of one label after the other, the most frequent first, until no choice changes.

    In the first round a label counts from its turn on. `tp` and `size` are numerator (halved) and denominator of the
    micro-F1 of the labels whose thresholds are fixed.
    """
    order = sorted(range(len(cuts)), key=lambda j: -cuts[j].positives)
    chosen: list[int | None] = [None] * len(cuts)
    for n_round in range(_MAX_ROUNDS):
        before = list(chosen)
        for place, j in enumerate(order):
            cut, k = cuts[j], chosen[j]
            if n_round:  # take the label's own part out of the sums
                tp, size = tp - _tp(cut, k), size - _size(cut, k)
            n_labels = n_fixed + (len(cuts) if n_round else place + 1)
            chosen[j] = k = _best_beside(cut, tp, size, _MACRO_WEIGHT / n_labels)
            tp, size = tp + _tp(cut, k), size + _size(cut, k)
        if chosen == before:
            break
    return chosen


def _tp(cut: Cuts, k: int | None) -> Any:
    return 0 if k is None else cut.tp[k]


def _size(cut: Cuts, k: int | None) -> Any:
    return cut.positives if k is None else cut.positives + cut.tp[k] + cut.fp[k]


def _best_beside(cut: Cuts, tp: Any, size: Any, weight: float) -> int | None:
    """Return the cut with the highest weight · F1 of the label + micro-F1 with the other labels' sums."""
    if not len(cut.tp):
        return None
    sizes = cut.positives + cut.tp + cut.fp
    reached = weight * 2 * cut.tp / sizes + 2 * (tp + cut.tp) / (size + sizes)
    highest = reached.max() * (1 - ROUNDING)
    if 2 * tp / (size + cut.positives) >= highest:
        return None
    return int(np.flatnonzero(reached >= highest)[-1])
