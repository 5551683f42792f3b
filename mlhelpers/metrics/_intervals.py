"""Intervals: the bootstrap over samples, and Wilson's for proportions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._proportions import wilson_interval
from mlhelpers._resamples import resamples
from mlhelpers.metrics._counts import LabelCounts
from mlhelpers.metrics._measures import DEFINITIONS, PerSample, averages
from mlhelpers.metrics._truth import TrueLabels


def bootstrap(
    truth: TrueLabels,
    predicted: NDArray[np.int8],
    samples: PerSample,
    zero_division: float,
    level: float,
    n_resamples: int,
    rng: np.random.Generator,
    group: NDArray[np.intp] | None = None,
) -> tuple[dict[str, tuple[float, float]], NDArray[np.float64]]:
    """Return percentile intervals of the averages, and of each label's F1."""
    columns = summands(truth, predicted, samples)
    found, label_f1 = [], []
    for weights in resamples(len(predicted), n_resamples, rng, truth.weight, group):
        for sums in weights @ columns:
            counts, means = read_sums(sums, predicted.shape[1], samples, truth.weight is not None)
            found.append(averages(counts, means, zero_division))
            label_f1.append(counts.f1(None, zero_division))
    low, high = quantiles(np.array([list(values.values()) for values in found]), level)
    keys = [key for key in DEFINITIONS if key in found[0]]
    intervals = dict(zip(keys, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return intervals, quantiles(np.array(label_f1), level).T


def summands(truth: TrueLabels, predicted: NDArray[np.int8], samples: PerSample) -> NDArray[np.float64]:
    """Return for each sample what it adds to the sums of which every measure is made."""
    both = truth.labels & predicted
    cells = [both, predicted - both, truth.labels - both, *(np.column_stack(parts) for parts in samples.values())]
    return np.hstack(cells, dtype=np.float64)


def read_sums(
    sums: NDArray[np.float64], n_labels: int, samples: PerSample, weighted: bool
) -> tuple[LabelCounts, dict[str, float]]:
    """Return the counts and the means over samples of one resample."""
    tp, fp, fn = (sums[: 3 * n_labels] if weighted else sums[: 3 * n_labels].astype(np.int64)).reshape(3, n_labels)
    # No measure that is read from these counts asks for the true negatives.
    counts = LabelCounts(tp, fp, fn, np.zeros_like(tp), weighted=weighted)
    ratios = sums[3 * n_labels :].reshape(-1, 2)
    means = {key: a / b if b > 0 else np.nan for key, (a, b) in zip(samples, ratios.tolist(), strict=True)}
    return counts, means


def quantiles(values: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Return the ends of the middle part of each column without its NaN; NaN where a column has nothing else."""
    found = np.full((2, values.shape[1]), np.nan)
    some = ~np.isnan(values).all(axis=0)
    found[:, some] = np.nanquantile(values[:, some], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return found


def wilson_intervals(counts: LabelCounts, of: NDArray[Any], level: float) -> NDArray[np.float64]:
    """Return Wilson's intervals of ``tp / of``; NaN for sums of weights, which are no numbers of trials."""
    if counts.weighted:
        return np.full((counts.n_labels, 2), np.nan)
    return wilson_interval(counts.tp, of, level)
