"""The report: every average, baselines, intervals, and the table per label."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import different_names
from mlhelpers._resamples import check_random_state
from mlhelpers._scores import check_above_unscored, check_sample_weight, check_truth_and_scores
from mlhelpers._validation import check_confidence, whole_number
from mlhelpers.metrics._arguments import check_groups, check_threshold
from mlhelpers.metrics._counts import LabelCounts, count_cells, data_frame, or_dash, undefined_value
from mlhelpers.metrics._intervals import bootstrap, wilson_intervals
from mlhelpers.metrics._measures import CURVES, DEFINITIONS, averages, baseline_measures, macro, means, sample_measures
from mlhelpers.metrics._ranking import curve_areas
from mlhelpers.metrics._truth import TrueLabels
from mlhelpers.tables import Table

MIN_POSITIVES = 10  # below it, fit_thresholds doesn't trust a label either


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
        From which precision, recall, F-measures and Jaccard can be had in other averages; sums of weights if there
        were sample weights.
    zero_division : float
        The value of a label whose denominator is zero; NaN leaves it out of the macro and weighted means.
    averages : dict of str to float
        The measures, named as scikit-learn names its scorers or functions where it has them:
        "f1_micro", "f1_macro", "f1_samples", "subset_accuracy", "hamming_loss", and so on. "average_precision" and
        "roc_auc" are macro means, over the labels that have them.
    baselines : dict of str to dict of str to float
        The same measures of "all zeros", "all ones" and "frequency"; empty if not asked for.
    confidence : float or None
    intervals : dict of str to (float, float)
        Bootstrap intervals of `averages`, without "average_precision" and "roc_auc"; empty if not asked for.
    label_intervals : ndarray of float64, shape (n_labels, 2)
        Bootstrap intervals of the labels' F1; empty if not asked for.
    precision_intervals, recall_intervals : ndarray of float64, shape (n_labels, 2)
        Wilson's intervals of the labels' precision and recall; empty if not asked for, NaN where the denominator is
        zero, with sample weights and with groups.
    average_precision, roc_auc : ndarray of float64, shape (n_labels,)
        Of each label; NaN if its known labels are all positive or all negative.
    n_positives : ndarray of int64, shape (n_labels,)
        Samples that carry each label and have a weight, counted without it.
    n_unknown : int
        Cells of `y_true` that are unknown.
    only_decisions : bool
        Whether `y_score` held 0 and 1 alone, where the label is known and the sample has a weight. Measures of a
        ranking are then those of the decisions, not of a model.
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
    precision_intervals: NDArray[np.float64]
    recall_intervals: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    roc_auc: NDArray[np.float64]
    n_positives: NDArray[np.int64]
    n_unknown: int
    only_decisions: bool

    @property
    def undefined(self) -> tuple[str, ...]:
        """Names of the labels without positives that were never predicted: their F1 is 0 / 0."""
        return self._names_where(self.counts.tp + self.counts.fp + self.counts.fn == 0)

    @property
    def one_class(self) -> tuple[str, ...]:
        """Names of the labels without positives or without negatives: they have no average precision and ROC AUC."""
        return self._names_where(np.isnan(self.roc_auc))

    @property
    def few_positives(self) -> tuple[str, ...]:
        """Names of the labels with fewer than 10 positives: too few to judge a label by."""
        return self._names_where(self.n_positives < MIN_POSITIVES)

    def _names_where(self, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(name for name, yes in zip(self.label_names, chosen, strict=True) if yes)

    def _per_label(self) -> dict[str, NDArray[Any]]:
        """Return what is known of each label, undefined as NaN; intervals of shape (n_labels, 2)."""
        ratios = {"precision": self.counts.precision, "recall": self.counts.recall, "f1": self.counts.f1}
        columns: dict[str, NDArray[Any]] = {"threshold": self.threshold}
        columns |= {name: getattr(self.counts, name) for name in ("tp", "fp", "fn", "tn")}
        columns |= {name: ratio(None, self.zero_division) for name, ratio in ratios.items()}
        columns |= {name: getattr(self, name) for name in CURVES}
        columns["few_positives"] = self.n_positives < MIN_POSITIVES
        if self.confidence is not None:
            columns["precision_interval"] = self.precision_intervals
            columns["recall_interval"] = self.recall_intervals
            columns["f1_interval"] = self.label_intervals
        return columns

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, strings and numbers that ``json.dumps`` takes; undefined is None."""
        columns = {key: values.tolist() for key, values in self._per_label().items()}
        labels = {name: {key: values[j] for key, values in columns.items()} for j, name in enumerate(self.label_names)}
        found: dict[str, Any] = _without_nan(
            {
                "n_samples": self.n_samples,
                "n_unknown": self.n_unknown,
                "only_decisions": self.only_decisions,
                "weighted": self.counts.weighted,
                "averages": self.averages,
                "intervals": {key: list(bounds) for key, bounds in self.intervals.items()},
                "confidence": self.confidence,
                "baselines": self.baselines,
                "labels": labels,
                "zero_division": self.zero_division,
            }
        )
        return found | {"definitions": {key: definition for key, (_, definition) in DEFINITIONS.items()}}

    def to_frame(self) -> Any:
        """Return one row per label, named by it, with all that the report knows of the label.

        Returns
        -------
        pandas.DataFrame
            With the columns threshold, tp, fp, fn, tn, precision, recall, f1, average_precision, roc_auc and
            few_positives, and with intervals precision_low, precision_high, recall_low, recall_high, f1_low and
            f1_high. Undefined is NaN.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> y_true, y_score = [[1, 0], [1, 1], [0, 0]], [[0.9, 0.2], [0.8, 0.4], [0.3, 0.1]]
        >>> report = evaluate(y_true, y_score, label_names=["sea", "sky"])
        >>> report.to_frame()[["tp", "fn", "recall", "average_precision"]]  # doctest: +NORMALIZE_WHITESPACE
               tp  fn  recall  average_precision
        label
        sea     2   0     1.0                1.0
        sky     0   1     0.0                1.0
        """
        columns: dict[str, Any] = {}
        for key, values in self._per_label().items():
            if values.ndim == 1:
                columns[key] = values
            else:
                columns |= {key.replace("interval", end): values[:, i] for i, end in enumerate(("low", "high"))}
        return data_frame(columns, self.label_names)

    def _average_table(self) -> Table:
        interval = [] if self.confidence is None else [f"{100 * self.confidence:g}% interval"]
        rows = []
        for key, (name, _) in DEFINITIONS.items():
            bounds = [_interval(self.intervals.get(key))] if interval else []
            beside = [or_dash(values[key]) for values in self.baselines.values()]
            rows.append((name, or_dash(self.averages[key]), *bounds, *beside))
        parts = [f"{self.n_samples:,} samples", f"{len(self.label_names):,} labels", self._predicted_where()]
        if self.n_unknown:
            parts.insert(2, f"{self.n_unknown:,} of {self.n_samples * len(self.label_names):,} cells unknown")
        if self.counts.weighted:
            parts.insert(1, "weighted")
        if self.only_decisions:
            parts.append("scores are only 0 and 1")
        caption = ", ".join(parts)
        return Table(("measure", "model", *interval, *self.baselines), rows, caption=caption)

    def _predicted_where(self) -> str:
        same = len(set(self.threshold.tolist())) == 1
        return f"predicted where the score is above {f'{self.threshold[0]:g}' if same else 'its threshold'}"

    def _label_table(self) -> Table:
        columns = ["label", "positives", "predicted", "precision", "recall", "F1"]
        predicted = self.counts.tp + self.counts.fp
        ratios = [metric(None, np.nan) for metric in (self.counts.precision, self.counts.recall, self.counts.f1)]
        positives = [
            _marked(n, few) for n, few in zip(self.counts.support, self.n_positives < MIN_POSITIVES, strict=True)
        ]
        cells = [positives, predicted, *([or_dash(v) for v in ratio] for ratio in ratios)]
        if self.confidence is not None:
            columns.append(f"{100 * self.confidence:g}% interval")
            cells.append([_interval(bounds) for bounds in self.label_intervals])
        columns.append("AP")
        cells.append([or_dash(value) for value in self.average_precision])
        if len(set(self.threshold.tolist())) > 1:
            columns.append("threshold")
            cells.append([f"{limit:g}" for limit in self.threshold])
        return Table(columns, list(zip(self.label_names, *cells, strict=True)))

    def _notes(self) -> list[str]:
        notes = [f"{name}: {definition}" for name, definition in DEFINITIONS.values()]
        if self.baselines:
            notes.append("frequency: predicts, and ranks labels by, how often they occur in y_true")
        if self.n_unknown:
            notes.append(
                f"unknown: {self.n_unknown:,} cells of y_true are left out, not counted as absent; measures of a label "
                "are over the samples of which it is known, measures of a sample over its known labels"
            )
        if self.only_decisions:
            notes.append(
                "scores are only 0 and 1: if these are decisions, the measures of a ranking (precision at 1, LRAP, "
                "coverage error, AP, ROC AUC) are not those of the model; pass its scores"
            )
        if self.counts.weighted:
            notes.append("weighted: positives, predicted and all measures count each sample by its sample_weight")
        if self.few_positives:
            notes.append(f"*: fewer than {MIN_POSITIVES} positives, too few to judge the label by")
        if self.one_class:
            names = ", ".join(self.one_class)
            notes.append(f"of one class, so without AP and ROC AUC and left out of their means: {names}")
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
    groups: Any = None,
    allow_missing: bool = False,
    sample_weight: Any = None,
) -> Report:
    """Judge the scores of a multi-label model in every average, per label, and beside trivial baselines.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities, logits or other scores; also 0/1 predictions. Compared in 64 bits. If both
        are DataFrames, their columns must be in the same order. A sparse matrix becomes dense, with 0 for what is not
        stored, which was not scored and ranks below all stored scores: these must be above 0 then.
    threshold : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where its score is above this; one number, or one per label. For
        logits it is 0, which is probability 1/2.
    label_names : sequence of str, optional
        One per column, all different; by default the columns of a DataFrame, of `y_true` first, else their numbers.
    zero_division : {0, 1, numpy.nan}, default=numpy.nan
        What a label counts in the macro and weighted means where its denominator is zero; NaN
        leaves it out, and the report names the labels that have no F1. It is also the micro-precision
        of a model that predicts nothing. A sample without labels, predicted to have none, counts 1 always.
    baselines : bool, default=True
        Also judge three predictions that don't look at the input: no label, every label,
        and the labels that more than half of the samples of `y_true` carry.
    confidence : float in (0, 1), optional
        Level of intervals, such as 0.95: percentile bootstrap intervals [1]_ over samples for the averages and each
        label's F1, Wilson's [2]_ for each label's precision and recall. For labels with few
        positives those of F1 are too narrow.
    n_resamples : int, default=1000
    random_state : int, numpy.random.Generator or None, default=0
        Source of the resamples.
    groups : array-like of shape (n_samples,), optional
        To which patient, author or day each sample belongs, with `confidence`. Then whole groups are drawn, because
        samples of one group are not independent of each other; and there are no Wilson's intervals, which
        suppose that they are.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`. They are left out, never counted as absent, whatever is
        predicted there: counts and measures of a label are over the samples of which it is known, Hamming loss is
        over known cells, measures of a sample are over its known labels. A sample without any is left out of them.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts, at least 0. Resamples keep the weights; Wilson's intervals are not defined then.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, the shapes differ, a score is not finite, the number of
        thresholds is wrong, `sample_weight` is not one finite number of at least 0 per sample or 0 for all of them,
        an argument is out of range, or if scores lie outside [0, 1] while the
        threshold is a probability: then they look like logits, and this function does not guess.
    TypeError
        If an argument is of the wrong type.

    References
    ----------
    .. [1] Efron (1979), "Bootstrap methods: another look at the jackknife", The Annals of
       Statistics 7(1), doi:10.1214/aos/1176344552.
    .. [2] Wilson (1927), "Probable inference, the law of succession, and statistical inference", Journal of the
       American Statistical Association 22(158), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 1], [0, 0], [1, 0]]
    >>> report = evaluate(y_true, [[0.9, 0.2], [0.8, 0.4], [0.3, 0.1], [0.4, 0.6]])
    >>> report.averages["f1_micro"], report.averages["f1_macro"]
    (0.5714285714285714, 0.4)
    >>> report.baselines["all ones"]["f1_macro"] > report.averages["f1_macro"]
    True
    >>> evaluate([[1, None], [1, 1], [0, 0], [1, 0]], [[0.9, 0.9], [0.8, 0.4], [0.3, 0.1], [0.4, 0.6]],
    ...          allow_missing=True).averages["f1_micro"]
    0.5714285714285714
    >>> evaluate(y_true, [[2.2, -1.4], [1.4, -0.4], [-0.8, -2.2], [-0.4, 0.4]]).averages["f1_micro"]
    Traceback (most recent call last):
        ...
    ValueError: y_score holds 2.2 at row 0, column 0, outside [0, 1], and the threshold is a \
probability: these look like logits; pass scipy.special.expit(y_score), or threshold=0 for logits \
(and for thresholds that were chosen on logits, expit of both)
    """
    labels, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing, threshold=threshold)
    weight = check_sample_weight(sample_weight, len(labels), y_true=y_true, y_score=y_score)
    limits = check_threshold(threshold, scores)
    check_above_unscored(limits, y_score, "threshold")
    names = different_names(label_names, labels.shape[1], y_true=y_true, y_score=y_score, threshold=threshold)
    if isinstance(zero_division, str):
        raise ValueError(f"zero_division must be 0, 1 or numpy.nan here, got {zero_division!r}")
    policy = undefined_value(zero_division)
    level = check_confidence(confidence)
    n_resamples = whole_number(n_resamples, "n_resamples", least=1)
    rng = check_random_state(random_state)
    group = None if groups is None else check_groups(groups, len(labels), y_true=y_true, y_score=y_score)
    if group is not None and level is None:
        raise ValueError(
            "groups are drawn for intervals, and confidence is None; pass confidence=0.95, or leave them out"
        )
    truth = TrueLabels.of(labels, weight)
    predicted = truth.without_unknown((scores > limits).astype(np.int8))
    scores = truth.without_unknown(scores, -np.inf)
    counts, samples = count_cells(truth, predicted), sample_measures(truth, predicted, scores)
    areas = dict(zip(CURVES, curve_areas(truth, scores), strict=True))
    intervals: dict[str, tuple[float, float]] = {}
    of_f1, of_precision, of_recall = np.empty((3, 0, 2))
    if level is not None:
        intervals, of_f1 = bootstrap(truth, predicted, samples, policy, level, n_resamples, rng, group)
        of_precision, of_recall = np.full((2, len(names), 2), np.nan)
        if group is None:
            of_precision = wilson_intervals(counts, counts.tp + counts.fp, level)
            of_recall = wilson_intervals(counts, counts.support, level)
    found = averages(counts, means(truth, samples), policy)
    return Report(
        n_samples=len(labels),
        label_names=names,
        threshold=limits,
        counts=counts,
        zero_division=policy,
        averages=found | {key: macro(values) for key, values in areas.items()},
        baselines=baseline_measures(truth, ~np.isnan(areas["roc_auc"]), policy) if baselines else {},
        confidence=level,
        intervals=intervals,
        label_intervals=of_f1,
        precision_intervals=of_precision,
        recall_intervals=of_recall,
        n_positives=truth.n_positives,
        n_unknown=truth.n_unknown,
        only_decisions=_only_decisions(scores if weight is None else scores[weight > 0]),
        **areas,
    )


def _only_decisions(scores: NDArray[np.floating[Any]]) -> bool:
    """Return whether the scores of the known labels, of which there is one at least, are 0 and 1; -inf is unknown."""
    decided = (scores == 0) | (scores == 1)
    return bool(decided.any() and (decided | (scores == -np.inf)).all())


def _without_nan(value: Any) -> Any:
    """Return nested dicts and lists with None for NaN, which JSON has not."""
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def _marked(value: Any, few: bool) -> Any:
    """Return a count of positives, or a sum of their weights, as it is, or as text with the mark of too few."""
    if not few:
        return value
    return f"{value:,}*" if isinstance(value, numbers.Integral) else f"{value:.3f}*"


def _interval(bounds: Any) -> str:
    return "–" if bounds is None or np.isnan(bounds[0]) else f"{bounds[0]:.2f}–{bounds[1]:.2f}"
