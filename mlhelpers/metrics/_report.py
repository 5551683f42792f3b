"""The report: every average, baselines, intervals, and the table per label."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._scores import ROUNDING, check_truth_and_scores, different_names
from mlhelpers._validation import real_array, whole_number
from mlhelpers.labels import axis_sums
from mlhelpers.metrics._counts import LabelCounts, f1_of_averages, or_dash, undefined_value
from mlhelpers.metrics._ranking import hits_at_k, ranking_measures
from mlhelpers.tables import Table

_DEFINITIONS = {
    "precision_micro": ("precision, micro", "counts of all labels added up, then tp / (tp + fp)"),
    "recall_micro": ("recall, micro", "counts of all labels added up, then tp / (tp + fn)"),
    "f1_micro": ("F1, micro", "counts of all labels added up, then 2 tp / (2 tp + fp + fn)"),
    "f1_macro": ("F1, macro", "mean of the labels' F1, the macro-F1 of scikit-learn (averaged F1)"),
    "f1_of_averages": ("F1 of macro averages", "harmonic mean of macro-precision and macro-recall"),
    "f1_weighted": ("F1, weighted", "mean of the labels' F1, weighted by their positives"),
    "f1_samples": ("F1, samples", "mean of the samples' F1; an empty row that is predicted empty counts 1"),
    "jaccard_samples": ("Jaccard, samples", "mean over samples of |both| / |either|; empty and predicted empty is 1"),
    "subset_accuracy": ("subset accuracy", "fraction of samples whose whole label set is right"),
    "hamming_loss": ("Hamming loss", "fraction of wrong decisions; lower is better"),
    "precision_at_1": ("precision at 1", "fraction of samples whose best-scored label is true; ties share"),
    "label_ranking_average_precision": (
        "LRAP",
        "label ranking average precision: of the labels scored at least as high as a true one, the fraction "
        "that is true, as a mean over true labels, then over samples; a sample without labels counts 1; "
        "ties count as the worst order",
    ),
    "coverage_error": (
        "coverage error",
        "how far down the ranking one goes to meet all true labels; lower is better, at best the label cardinality; "
        "ties count as the worst order",
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What `evaluate` found; prints as tables, with the definition of each measure.

    Attributes
    ----------
    n_samples : int
    label_names : tuple of str
    threshold : ndarray of float64, shape (n_labels,)
        A label is predicted where its score is *above* its threshold.
    counts : LabelCounts
        From which precision, recall, F1 and Jaccard can be had in other averages.
    zero_division : float
        The value of a label whose denominator is zero; NaN leaves it out of the macro and weighted means.
    averages : dict of str to float
        The measures, named as scikit-learn names its scorers or functions where it has them:
        "f1_micro", "f1_macro", "f1_samples", "subset_accuracy", "hamming_loss", and so on.
    baselines : dict of str to dict of str to float
        The same measures of "all zeros", "all ones" and "frequency"; empty if not asked for.
    confidence : float or None
    intervals : dict of str to (float, float)
        Bootstrap intervals of `averages`; empty if not asked for.
    label_intervals : ndarray of float64, shape (n_labels, 2)
        Bootstrap intervals of the labels' F1; empty if not asked for.
    """

    n_samples: int
    label_names: tuple[str, ...]
    threshold: NDArray[np.float64]
    counts: LabelCounts
    zero_division: float
    averages: dict[str, float]
    baselines: dict[str, dict[str, float]]
    confidence: float | None
    intervals: dict[str, tuple[float, float]]
    label_intervals: NDArray[np.float64]

    @property
    def undefined(self) -> tuple[str, ...]:
        """Names of the labels without positives that were never predicted: their F1 is 0 / 0."""
        untouched = self.counts.tp + self.counts.fp + self.counts.fn == 0
        return tuple(name for name, nothing in zip(self.label_names, untouched, strict=True) if nothing)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, strings and numbers that ``json.dumps`` takes; undefined is None."""
        labels: dict[str, dict[str, Any]] = {}
        per_label = [f(None, self.zero_division) for f in (self.counts.precision, self.counts.recall, self.counts.f1)]
        columns = zip(self.label_names, self.threshold, *per_label, strict=True)
        for j, (name, threshold, precision, recall, f1) in enumerate(columns):
            counts = {c: int(getattr(self.counts, c)[j]) for c in ("tp", "fp", "fn", "tn")}
            ratios = {"precision": precision, "recall": recall, "f1": f1}
            labels[name] = {"threshold": float(threshold), **counts, **_without_nan(ratios)}
            if self.confidence is not None:
                labels[name]["f1_interval"] = [_or_none(bound) for bound in self.label_intervals[j]]
        return {
            "n_samples": self.n_samples,
            "averages": _without_nan(self.averages),
            "intervals": {key: [_or_none(bound) for bound in bounds] for key, bounds in self.intervals.items()},
            "confidence": self.confidence,
            "baselines": {name: {k: _or_none(v) for k, v in values.items()} for name, values in self.baselines.items()},
            "labels": labels,
            "zero_division": _or_none(self.zero_division),
            "definitions": {key: definition for key, (_, definition) in _DEFINITIONS.items()},
        }

    def _average_table(self) -> Table:
        interval = [] if self.confidence is None else [f"{100 * self.confidence:g}% interval"]
        rows = []
        for key, (name, _) in _DEFINITIONS.items():
            bounds = [_interval(self.intervals.get(key))] if interval else []
            beside = [or_dash(values[key]) for values in self.baselines.values()]
            rows.append((name, or_dash(self.averages[key]), *bounds, *beside))
        caption = f"{self.n_samples:,} samples, {len(self.label_names):,} labels, {self._predicted_where()}"
        return Table(("measure", "model", *interval, *self.baselines), rows, caption=caption)

    def _predicted_where(self) -> str:
        same = len(set(self.threshold.tolist())) == 1
        return f"predicted where the score is above {f'{self.threshold[0]:g}' if same else 'its threshold'}"

    def _label_table(self) -> Table:
        columns = ["label", "positives", "predicted", "precision", "recall", "F1"]
        predicted = self.counts.tp + self.counts.fp
        ratios = [metric(None, np.nan) for metric in (self.counts.precision, self.counts.recall, self.counts.f1)]
        cells = [self.counts.support, predicted, *([or_dash(v) for v in ratio] for ratio in ratios)]
        if self.confidence is not None:
            columns.append(f"{100 * self.confidence:g}% interval")
            cells.append([_interval(bounds) for bounds in self.label_intervals])
        if len(set(self.threshold.tolist())) > 1:
            columns.append("threshold")
            cells.append([f"{limit:g}" for limit in self.threshold])
        return Table(columns, list(zip(self.label_names, *cells, strict=True)))

    def _notes(self) -> list[str]:
        notes = [f"{name}: {definition}" for name, definition in _DEFINITIONS.values()]
        if self.baselines:
            notes.append("frequency: predicts, and ranks labels by, how often they occur in y_true")
        if self.undefined:
            value = "left out of the means" if np.isnan(self.zero_division) else f"counted as {self.zero_division:g}"
            notes.append(f"no positives and never predicted, so without F1 and {value}: {', '.join(self.undefined)}")
        return notes

    def __repr__(self) -> str:
        return "\n\n".join([repr(self._average_table()), repr(self._label_table()), "\n".join(self._notes())])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self._notes())
        return (
            f"{self._average_table()._repr_html_()}{self._label_table()._repr_html_()}"
            f"<details><summary>How each is defined</summary><ul>{notes}</ul></details>"
        )


def evaluate(
    y_true: Any,
    y_score: Any,
    *,
    threshold: Any = 0.5,
    label_names: Any = None,
    zero_division: float = np.nan,
    baselines: bool = True,
    confidence: float | None = None,
    n_resamples: int = 1000,
    random_state: int | None = 0,
) -> Report:
    """Judge the scores of a multi-label model in every average, per label, and beside trivial baselines.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities, logits or other scores; also 0/1 predictions. Compared in 64 bits. If both
        are DataFrames, their columns must be in the same order.
    threshold : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where its score is above this; one number, or one per label. For
        logits it is 0, which is probability 1/2.
    label_names : sequence of str, optional
        One per column, all different; the columns of `y_true` if it is a DataFrame, else their numbers.
    zero_division : {0, 1, numpy.nan}, default=numpy.nan
        What a label counts in the macro and weighted means where its denominator is zero; NaN
        leaves it out, and the report names the labels that have no F1. It is also the micro-precision
        of a model that predicts nothing. A sample without labels, predicted to have none, counts 1 always.
    baselines : bool, default=True
        Also judge three predictions that don't look at the input: no label, every label,
        and the labels that more than half of the samples of `y_true` carry.
    confidence : float in (0, 1), optional
        Level of percentile bootstrap intervals [1]_ over samples, such as 0.95. For labels with few
        positives they are too narrow.
    n_resamples : int, default=1000
    random_state : int, numpy.random.Generator or None, default=0
        Source of the resamples.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, the shapes differ, a score is not finite, the number of
        thresholds is wrong, an argument is out of range, or if scores lie outside [0, 1] while the
        threshold is a probability: then they look like logits, and this function does not guess.
    TypeError
        If an argument is of the wrong type.

    References
    ----------
    .. [1] Efron (1979), "Bootstrap methods: another look at the jackknife", The Annals of
       Statistics 7(1), doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 1], [0, 0], [1, 0]]
    >>> report = evaluate(y_true, [[0.9, 0.2], [0.8, 0.4], [0.3, 0.1], [0.4, 0.6]])
    >>> report.averages["f1_micro"], report.averages["f1_macro"]
    (0.5714285714285714, 0.4)
    >>> report.baselines["all ones"]["f1_macro"] > report.averages["f1_macro"]
    True
    >>> evaluate(y_true, [[2.2, -1.4], [1.4, -0.4], [-0.8, -2.2], [-0.4, 0.4]]).averages["f1_micro"]
    Traceback (most recent call last):
        ...
    ValueError: y_score holds 2.2 at row 0, column 0, outside [0, 1], and the threshold is a \
probability: these look like logits; pass scipy.special.expit(y_score), or threshold=0 for logits \
(and for thresholds that were chosen on logits, expit of both)
    """
    truth, scores = check_truth_and_scores(y_true, y_score, threshold=threshold)
    limits = _check_threshold(threshold, scores)
    names = different_names(label_names, y_true, truth.shape[1])
    if isinstance(zero_division, str):
        raise ValueError(f"zero_division must be 0, 1 or numpy.nan here, got {zero_division!r}")
    policy = undefined_value(zero_division)
    level = _check_confidence(confidence)
    n_resamples = whole_number(n_resamples, "n_resamples", least=1)
    rng = _generator(random_state)
    predicted = (scores > limits).astype(np.int8)
    counts, samples = LabelCounts.from_predictions(truth, predicted), _sample_measures(truth, predicted, scores)
    intervals: dict[str, tuple[float, float]] = {}
    label_intervals = np.empty((0, 2))
    if level is not None:
        intervals, label_intervals = _bootstrap(truth, predicted, samples, policy, level, n_resamples, rng)
    return Report(
        n_samples=truth.shape[0],
        label_names=names,
        threshold=limits,
        counts=counts,
        zero_division=policy,
        averages=_averages(counts, _means(samples), policy),
        baselines=_baselines(truth, policy) if baselines else {},
        confidence=level,
        intervals=intervals,
        label_intervals=label_intervals,
    )


def _check_threshold(threshold: Any, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    n_labels = scores.shape[1]
    if isinstance(threshold, (bool, str)) or threshold is None:
        raise TypeError(f"threshold must be a number, or one number per label, got {threshold!r}")
    one = isinstance(threshold, numbers.Real) or getattr(threshold, "ndim", 1) == 0
    limits = real_array([threshold] if one else threshold, "threshold", ("n_labels",))
    if not one and len(limits) != n_labels:
        raise ValueError(
            f"threshold has {len(limits)} values for {n_labels} labels; give one number, or one per column, in order"
        )
    if not np.isfinite(limits).all():
        raise ValueError(f"threshold holds {limits[~np.isfinite(limits)][0]}, expected finite numbers")
    outside = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
    if outside.any() and ((limits > 0) & (limits < 1)).all():
        row, column = (int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            f"y_score holds {scores[row, column]:g} at row {row}, column {column}, outside [0, 1], and the threshold "
            "is a probability: these look like logits; pass scipy.special.expit(y_score), or threshold=0 for logits "
            "(and for thresholds that were chosen on logits, expit of both)"
        )
    limits = np.broadcast_to(limits, (n_labels,)).copy()
    limits.flags.writeable = False
    return limits


def _generator(random_state: Any) -> np.random.Generator:
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state must be an integer of at least 0, a numpy.random.Generator or None, got {random_state!r}"
        ) from None


def _check_confidence(confidence: Any) -> float | None:
    if confidence is None:
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, numbers.Real):
        raise TypeError(f"confidence must be a number or None, got {confidence!r}; for example 0.95")
    if not 0 < float(confidence) < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; for example 0.95")
    return float(confidence)


def _means(samples: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    return {key: float(values.mean()) for key, values in samples.items()}


def _averages(counts: LabelCounts, sample_means: dict[str, float], zero_division: float) -> dict[str, float]:
    values = {**_count_measures(counts, zero_division), **sample_means}
    return {key: values[key] for key in _DEFINITIONS}


def _count_measures(counts: LabelCounts, zero_division: float) -> dict[str, float]:
    wrong, decisions = counts.fp + counts.fn, counts.tp + counts.fp + counts.fn + counts.tn
    return {
        "precision_micro": counts.precision("micro", zero_division),
        "recall_micro": counts.recall("micro", zero_division),
        "f1_micro": counts.f1("micro", zero_division),
        "f1_macro": counts.f1("macro", zero_division),
        "f1_of_averages": f1_of_averages(counts, zero_division),
        "f1_weighted": counts.f1("weighted", zero_division),
        "hamming_loss": float(wrong.sum() / decisions.sum()),
    }


def _sample_measures(
    truth: NDArray[np.int8], predicted: NDArray[np.int8], scores: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return the measures that are means over samples, before the mean is taken."""
    both, sizes = axis_sums(truth & predicted, axis=1), axis_sums(truth, axis=1) + axis_sums(predicted, axis=1)
    empty = sizes == 0
    return {
        "f1_samples": np.where(empty, 1, 2 * both / np.maximum(sizes, 1)),
        "jaccard_samples": np.where(empty, 1, both / np.maximum(sizes - both, 1)),
        "subset_accuracy": (truth == predicted).all(axis=1).astype(float),
        "precision_at_1": hits_at_k(truth, scores, 1),
        **ranking_measures(truth, scores),
    }


def _baselines(truth: NDArray[np.int8], zero_division: float) -> dict[str, dict[str, float]]:
    n_labels = truth.shape[1]
    scores = {"all zeros": np.zeros(n_labels), "all ones": np.ones(n_labels), "frequency": truth.mean(axis=0)}
    found = {}
    for name, row in scores.items():
        same = np.broadcast_to(row, truth.shape)
        predicted = (same > 0.5).astype(np.int8)
        counts, samples = LabelCounts.from_predictions(truth, predicted), _sample_measures(truth, predicted, same)
        found[name] = _averages(counts, _means(samples), zero_division)
    return found


def _bootstrap(
    truth: NDArray[np.int8],
    predicted: NDArray[np.int8],
    samples: dict[str, NDArray[np.float64]],
    zero_division: float,
    level: float,
    n_resamples: int,
    rng: np.random.Generator,
) -> tuple[dict[str, tuple[float, float]], NDArray[np.float64]]:
    """Return percentile intervals of the averages, and of each label's F1."""
    n = len(truth)
    cells = np.hstack([truth & predicted, predicted, truth]).astype(float)
    averages, label_f1 = [], []
    for _ in range(n_resamples):
        weight = np.bincount(rng.integers(n, size=n), minlength=n).astype(float)
        tp, positive, actual = np.split((weight @ cells).astype(np.int64), 3)
        counts = LabelCounts(tp, positive - tp, actual - tp, n - positive - actual + tp)
        means = {key: float(weight @ values / n) for key, values in samples.items()}
        averages.append(_averages(counts, means, zero_division))
        label_f1.append(counts.f1(None, zero_division))
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = _quantiles(np.array([list(values.values()) for values in averages]), tails)
    intervals = dict(zip(_DEFINITIONS, zip(low.tolist(), high.tolist(), strict=True), strict=True))
    return intervals, _quantiles(np.array(label_f1), tails).T


def _quantiles(values: NDArray[np.float64], tails: list[float]) -> NDArray[np.float64]:
    """Return quantiles of each column without its NaN; NaN where a column has nothing else."""
    found = np.full((len(tails), values.shape[1]), np.nan)
    some = ~np.isnan(values).all(axis=0)
    found[:, some] = np.nanquantile(values[:, some], tails, axis=0)
    return found


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    return {key: _or_none(value) for key, value in values.items()}


def _interval(bounds: Any) -> str:
    return "–" if bounds is None or np.isnan(bounds[0]) else f"{bounds[0]:.2f}–{bounds[1]:.2f}"
