"""Intervals: the bootstrap over samples, and Wilson's for proportions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mlhelpers.metrics._counts import LabelCounts
from mlhelpers.metrics._measures import DEFINITIONS, PerSample, averages
from mlhelpers.metrics._truth import TrueLabels

_WEIGHTS_PER_BLOCK = 1 << 21  # of resamples times samples: 16 MiB


def bootstrap(
    truth: TrueLabels,
    predicted: NDArray[np.int8],
    samples: PerSample,
    zero_division: float,
    level: float,
    n_resamples: int,
    rng: np.random.Generator,
) -> tuple[dict[str, tuple[float, float]], NDArray[np.float64]]:
    """Return percentile intervals of the averages, and of each label's F1.

    A resample draws samples and keeps their weights. Every measure is made of sums over samples, so a resample is the
    vector of how often each was drawn, and a matrix product gives the sums of many resamples.
    """
    n = len(predicted)
    both = truth.labels & predicted
    cells = [both, predicted - both, truth.labels - both, *(np.column_stack(parts) for parts in samples.values())]
    columns = np.hstack(cells, dtype=np.float64)
    found, label_f1 = [], []
    block = max(1, _WEIGHTS_PER_BLOCK // n)
    for start in range(0, n_resamples, block):
        drawn = [np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(min(block, n_resamples - start))]
        # Only the ratios of weights count, and those of a sample that is drawn many times must not leave 64 bits.
        weights = np.array(drawn, dtype=np.float64) * (1 if truth.weight is None else truth.weight / truth.weight.max())
        for sums in weights @ columns:
            counts, means = _read_sums(sums, both.shape[1], samples, truth.weight is not None)
            found.append(averages(counts, means, zero_division))
            label_f1.append(counts.f1(None, zero_division))
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = _quantiles(np.array([list(values.values()) for values in found]), tails)
    keys = [key for key in DEFINITIONS if key in found[0]]
    intervals = dict(zip(keys, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return intervals, _quantiles(np.array(label_f1), tails).T


def _read_sums(
    sums: NDArray[np.float64], n_labels: int, samples: PerSample, weighted: bool
) -> tuple[LabelCounts, dict[str, float]]:
    """Return the counts and the means over samples of one resample."""
    tp, fp, fn = (sums[: 3 * n_labels] if weighted else sums[: 3 * n_labels].astype(np.int64)).reshape(3, n_labels)
    # No measure that is read from these counts asks for the true negatives.
    counts = LabelCounts(tp, fp, fn, np.zeros_like(tp), weighted=weighted)
    ratios = sums[3 * n_labels :].reshape(-1, 2)
    means = {key: a / b if b > 0 else np.nan for key, (a, b) in zip(samples, ratios.tolist(), strict=True)}
    return counts, means


def _quantiles(values: NDArray[np.float64], tails: list[float]) -> NDArray[np.float64]:
    """Return quantiles of each column without its NaN; NaN where a column has nothing else."""
    found = np.full((len(tails), values.shape[1]), np.nan)
    some = ~np.isnan(values).all(axis=0)
    found[:, some] = np.nanquantile(values[:, some], tails, axis=0)
    return found


def wilson_intervals(counts: LabelCounts, of: NDArray[Any], level: float) -> NDArray[np.float64]:
    """Return Wilson's score intervals of ``tp / of``, shape (n_labels, 2): Wilson (1927), p. 209 to 212.

    NaN where there is nothing to divide by, and for sums of weights, which are no numbers of trials.
    """
    if counts.weighted:
        return np.full((counts.n_labels, 2), np.nan)
    z = ndtri((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = counts.tp / of
        centre = share + z**2 / (2 * of)
        spread = z * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2.0))
        low, high = (centre - spread) / (1 + z**2 / of), (centre + spread) / (1 + z**2 / of)
    # Rounding would leave these ends a little off.
    low[(counts.tp == 0) & (of > 0)] = 0
    high[(counts.tp == of) & (of > 0)] = 1
    return np.stack([low, high], axis=1)
