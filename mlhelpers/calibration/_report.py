"""How far probabilities are from the frequencies that they promise, label by label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import different_names
from mlhelpers._proportions import wilson_interval
from mlhelpers._scores import ROUNDING, check_sample_weight, check_truth_and_scores
from mlhelpers._validation import check_confidence, whole_number
from mlhelpers.labels import MISSING
from mlhelpers.tables import ShownAsTable, Table

Strategy: TypeAlias = Literal["quantile", "uniform"]

_STRATEGIES = ("quantile", "uniform")
_MEASURES = (
    *("mean_probability", "frequency", "brier", "reliability", "resolution", "uncertainty"),
    "calibration_error",
)


class ReliabilityBins(NamedTuple):
    """The samples of a label, put into bins by their probability; one entry for each bin that holds some."""

    probability: NDArray[np.float64]  # mean of the bin
    frequency: NDArray[np.float64]  # share of positives in the bin
    n: NDArray[np.int64]  # samples in the bin
    interval: NDArray[np.float64]  # Wilson's, of the frequency, shape (n_bins, 2); NaN with weights
    weight: NDArray[np.float64]  # sum of the weights of the samples


@dataclass(frozen=True, eq=False, repr=False)
class CalibrationReport(ShownAsTable):
    """What `calibration_report` found; prints as a table.

    Attributes
    ----------
    label_names : tuple of str
    n_positives : ndarray of int64, shape (n_labels,)
    mean_probability, frequency : ndarray of float64, shape (n_labels,)
        What a label gets on average, and how often it is there.
    brier : ndarray of float64, shape (n_labels,)
        Mean squared difference of probability and label; NaN for a label that is known nowhere, as all that follow.
    reliability, resolution, uncertainty : ndarray of float64, shape (n_labels,)
        Murphy's parts of the Brier score of the binned probabilities: reliability - resolution + uncertainty.
        Reliability is the part that a calibration can take away.
    calibration_error : ndarray of float64, shape (n_labels,)
        Expected calibration error: the mean of ``|probability - frequency|`` over the bins. It depends on them, and
        is above 0 by chance for calibrated probabilities, too.
    bins : tuple of ReliabilityBins
        One per label: what a reliability diagram shows.
    """

    label_names: tuple[str, ...]
    n_positives: NDArray[np.int64]
    mean_probability: NDArray[np.float64]
    frequency: NDArray[np.float64]
    brier: NDArray[np.float64]
    reliability: NDArray[np.float64]
    resolution: NDArray[np.float64]
    uncertainty: NDArray[np.float64]
    calibration_error: NDArray[np.float64]
    bins: tuple[ReliabilityBins, ...]

    def _table(self) -> Table:
        values = (
            self.mean_probability,
            self.frequency,
            self.brier,
            self.reliability,
            self.resolution,
            self.calibration_error,
        )
        cells = [["–" if np.isnan(value) else float(value) for value in column] for column in values]
        columns = ("label", "positives", "mean p", "frequency", "Brier", "reliability", "resolution", "ECE")
        return Table(columns, list(zip(self.label_names, self.n_positives, *cells, strict=True)))


def calibration_report(
    y_true: Any,
    y_prob: Any,
    *,
    n_bins: int = 10,
    strategy: Strategy = "quantile",
    confidence: float = 0.95,
    label_names: Any = None,
    sample_weight: Any = None,
    allow_missing: bool = False,
) -> CalibrationReport:
    """Say for each label how far its probabilities are from the frequencies that they promise.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_prob : array-like of float in [0, 1], shape (n_samples, n_labels)
    n_bins : int, default=10
        At most; samples with equal probabilities are in one bin.
    strategy : {"quantile", "uniform"}, default="quantile"
        Bins with equally many samples, or equally wide ones, of which those near 1 may be nearly empty.
    confidence : float in (0, 1), default=0.95
        Level of Wilson's intervals [1]_ of the frequencies in the bins, which suppose independent samples.
    label_names : sequence of str, optional
        One per column, all different; by default the columns of a DataFrame, of `y_true` first, else their numbers.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts, at least 0. Bins by quantiles count samples, whatever they weigh.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`, and leave them out.

    Returns
    -------
    CalibrationReport

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, shapes or names differ, `y_prob` is not between 0 and 1, or an argument is
        out of range.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    The parts of the Brier score are those of [2]_. They add up to the Brier score of the bins' mean probabilities; that
    of the probabilities themselves differs by what varies within a bin.

    References
    ----------
    .. [1] Wilson (1927), "Probable inference, the law of succession, and statistical inference", Journal of the
       American Statistical Association 22(158), doi:10.1080/01621459.1927.10502953.
    .. [2] Murphy (1973), "A new vector partition of the probability score", Journal of Applied Meteorology 12(4),
       doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2.

    Examples
    --------
    >>> report = calibration_report([[1], [0], [1], [1]], [[0.5], [0.5], [1.0], [1.0]])
    >>> report.brier, report.calibration_error
    (array([0.125]), array([0.]))
    """
    truth, p = check_truth_and_scores(y_true, y_prob, allow_missing=allow_missing, name="y_prob", whole=True)
    weight = check_sample_weight(sample_weight, len(truth), y_true=y_true, y_prob=y_prob)
    names = different_names(label_names, truth.shape[1], y_true=y_true, y_prob=y_prob)
    outside = (p < -ROUNDING) | (p > 1 + ROUNDING)
    if outside.any():
        row, column = (int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            f"y_prob holds {p[row, column]:g} at row {row}, column {column}, outside [0, 1]; "
            "of logits, pass scipy.special.expit(y_prob)"
        )
    n_bins = whole_number(n_bins, "n_bins", least=1)
    if not isinstance(strategy, str) or strategy not in _STRATEGIES:
        raise ValueError(f"strategy must be one of {_STRATEGIES}, got {strategy!r}")
    level = check_confidence(confidence)
    if level is None:
        raise TypeError("confidence must be a number, got None; for example 0.95")
    counting = np.ones(len(truth), bool) if weight is None else weight > 0
    columns, bins = [], []
    for y, of_label in zip(truth.T, p.T, strict=True):
        rows = counting & (y != MISSING)
        w = None if weight is None else weight[rows]
        one = _bins(y[rows], of_label[rows], w, n_bins, strategy, level)
        bins.append(one)
        columns.append(_measures(y[rows], of_label[rows], w, one))
    measures = {name: np.array(values) for name, values in zip(_MEASURES, zip(*columns, strict=True), strict=True)}
    n_positives = (truth[counting] == 1).sum(axis=0)
    return CalibrationReport(label_names=names, n_positives=n_positives, bins=tuple(bins), **measures)


def _bins(
    y: NDArray[np.int8],
    p: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    n_bins: int,
    strategy: str,
    level: float,
) -> ReliabilityBins:
    if not len(y):
        empty = np.empty(0)
        return ReliabilityBins(empty, empty, np.empty(0, np.int64), np.empty((0, 2)), empty)
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    edges = inner if strategy == "uniform" else np.quantile(p, inner, method="lower")
    bin_of, place = np.unique(np.searchsorted(edges, p, side="left"), return_inverse=True)
    w = np.ones(len(y)) if weight is None else weight
    total = np.bincount(place, w).astype(float)
    n = np.bincount(place, minlength=len(bin_of))
    probability, frequency = (np.bincount(place, w * values) / total for values in (p, y))
    n_positives = np.bincount(place, y)
    interval = np.full((len(n), 2), np.nan) if weight is not None else wilson_interval(n_positives, n, level)
    return ReliabilityBins(probability, frequency, n, interval, total)


def _measures(
    y: NDArray[np.int8], p: NDArray[np.float64], weight: NDArray[np.float64] | None, bins: ReliabilityBins
) -> tuple[float, ...]:
    """Return mean probability, frequency, Brier score, its parts, and the expected calibration error."""
    if not len(y):
        return (np.nan,) * 7
    mean_p, frequency, brier = (float(np.average(values, weights=weight)) for values in (p, y, (p - y) ** 2))
    share = bins.weight / bins.weight.sum()
    reliability = float(share @ (bins.probability - bins.frequency) ** 2)
    resolution = float(share @ (bins.frequency - frequency) ** 2)
    error = float(share @ np.abs(bins.probability - bins.frequency))
    return mean_p, frequency, brier, reliability, resolution, frequency * (1 - frequency), error
