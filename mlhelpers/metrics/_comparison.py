"""Two models on the same samples: their differences, with paired intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import check_same_labels, check_same_samples, different_names
from mlhelpers._resamples import check_random_state, resamples
from mlhelpers._scores import check_above_unscored, check_sample_weight, check_truth_and_scores
from mlhelpers._validation import check_confidence, whole_number
from mlhelpers.metrics._arguments import check_groups, check_threshold
from mlhelpers.metrics._counts import LabelCounts, or_dash
from mlhelpers.metrics._intervals import quantiles, read_sums, summands
from mlhelpers.metrics._measures import DEFINITIONS, PerSample, averages, sample_measures
from mlhelpers.metrics._truth import TrueLabels
from mlhelpers.tables import ShownAsTable, Table

_OVER_LABELS = ("f1_macro", "f1_of_averages", "f1_weighted")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ShownAsTable):
    """What `compare` found; prints as a table of the averages. `labels` gives that of the labels.

    Attributes
    ----------
    names : (str, str)
        Of the two models.
    label_names : tuple of str
    n_samples : int
    n_groups : int or None
        How many groups were drawn from; None if samples were.
    confidence : float
    averages : dict of str to (float, float)
        Each measure of both models, named as in `Report`.
    differences : dict of str to float
        First model minus second. Of the Hamming loss and the coverage error lower is better.
    intervals : dict of str to (float, float)
        Paired bootstrap intervals of the differences.
    label_f1 : ndarray of float64, shape (n_labels, 2)
        F1 of each label by both models; NaN for a label without positives.
    label_differences : ndarray of float64, shape (n_labels,)
    label_intervals : ndarray of float64, shape (n_labels, 2)
        Paired bootstrap intervals of `label_differences`, each by itself: of ten labels some interval easily
        misses the truth.
    n_positives : ndarray of int64, shape (n_labels,)
    """

    names: tuple[str, str]
    label_names: tuple[str, ...]
    n_samples: int
    n_groups: int | None
    confidence: float
    averages: dict[str, tuple[float, float]]
    differences: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    label_f1: NDArray[np.float64]
    label_differences: NDArray[np.float64]
    label_intervals: NDArray[np.float64]
    n_positives: NDArray[np.int64]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the labels without positives: the macro and weighted averages of both models leave them out."""
        return tuple(name for name, n in zip(self.label_names, self.n_positives, strict=True) if n == 0)

    def labels(self) -> Table:
        """Return a table of each label's F1 by both models and of the difference.

        Returns
        -------
        Table
        """
        rows = [
            (name, n, *(or_dash(value) for value in f1), *_told(difference, interval))
            for name, n, f1, difference, interval in zip(
                self.label_names,
                self.n_positives,
                self.label_f1,
                self.label_differences,
                self.label_intervals,
                strict=True,
            )
        ]
        return Table(("label", "positives", *self._columns()), rows, caption="F1 of each label")

    def _columns(self) -> tuple[str, ...]:
        return *self.names, "difference", f"{100 * self.confidence:g}% interval"

    def _table(self) -> Table:
        rows = [
            (DEFINITIONS[key][0], *map(or_dash, both), *_told(self.differences[key], self.intervals[key]))
            for key, both in self.averages.items()
        ]
        drawn = "" if self.n_groups is None else f" in {self.n_groups:,} groups"
        caption = f"{self.n_samples:,} samples{drawn}, {len(self.label_names):,} labels"
        if self.left_out:
            caption += f"; without positives, and left out of macro and weighted: {', '.join(self.left_out)}"
        return Table(("measure", *self._columns()), rows, caption=caption)


def compare(
    y_true: Any,
    y_score_a: Any,
    y_score_b: Any,
    *,
    threshold_a: Any = 0.5,
    threshold_b: Any = 0.5,
    names: Any = ("a", "b"),
    label_names: Any = None,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | None = 0,
    groups: Any = None,
    allow_missing: bool = False,
    sample_weight: Any = None,
) -> Comparison:
    """Compare two models by the differences of their measures on the same samples.

    Both models are judged on each resample, so that what makes a resample easy or difficult cancels [1]_. The intervals
    are about these two sets of scores on other samples of the same kind; what another training would give, only
    other trainings tell.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score_a, y_score_b : array-like of float, shape (n_samples, n_labels)
        Scores of the first and of the second model, or 0/1 predictions. Sparse ones are taken as by `evaluate`.
    threshold_a, threshold_b : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where its score is above this. Each model should have the thresholds that it
        would be used with, and none that were chosen on these samples.
    names : (str, str), default=("a", "b")
        What the tables call the models.
    label_names : sequence of str, optional
        One per column, all different; by default the columns of a DataFrame, of `y_true` first, else their numbers.
    confidence : float in (0, 1), default=0.95
        Level of the percentile bootstrap intervals. For labels with few positives they are too narrow.
    n_resamples : int, default=1000
    random_state : int, numpy.random.Generator or None, default=0
        Source of the resamples.
    groups : array-like of shape (n_samples,), optional
        To which patient, author or day each sample belongs. Then whole groups are drawn, because samples of one group
        are not independent of each other.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`, and leave them out; see `evaluate`.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts, at least 0.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, shapes, names or rows differ, a score is not finite, or an argument is out of
        range; and if scores look like logits while their threshold is a probability.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    The macro and weighted averages are over the labels that have a positive, the same for both models: in all samples,
    and again in each resample. Precision of a label that a model never predicts counts 0.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), "An introduction to the bootstrap", Chapman & Hall,
       doi:10.1201/9780429246593.

    Examples
    --------
    >>> y_true = [[1, 0], [1, 1], [0, 0], [1, 0], [0, 1]]
    >>> a = [[0.9, 0.2], [0.8, 0.7], [0.3, 0.1], [0.6, 0.4], [0.2, 0.9]]
    >>> b = [[0.9, 0.2], [0.4, 0.7], [0.3, 0.6], [0.6, 0.4], [0.2, 0.9]]
    >>> comparison = compare(y_true, a, b)
    >>> comparison.averages["f1_macro"], round(comparison.differences["f1_macro"], 3)
    ((1.0, 0.8), 0.2)
    """
    truth, sides, labels = _checked_sides(
        y_true,
        {"a": (y_score_a, threshold_a), "b": (y_score_b, threshold_b)},
        label_names,
        sample_weight,
        allow_missing,
    )
    shown = _check_names(names)
    level = check_confidence(confidence)
    if level is None:
        raise TypeError("confidence must be a number, got None; for example 0.95")
    n_resamples = whole_number(n_resamples, "n_resamples", least=1)
    rng = check_random_state(random_state)
    group = None if groups is None else check_groups(groups, len(truth.labels), y_true=y_true)
    found = _read(sides, truth)
    drawn = [
        _read(sides, truth, weights)
        for block in resamples(len(truth.labels), n_resamples, rng, truth.weight, group)
        for weights in block
    ]
    keys = list(found.measures)
    low, high = quantiles(np.array([np.subtract(*one.values) for one in drawn]), level)
    of_labels = quantiles(np.array([one.label_f1[:, 0] - one.label_f1[:, 1] for one in drawn]), level)
    return Comparison(
        names=shown,
        label_names=labels,
        n_samples=len(truth.labels),
        n_groups=None if group is None else int(group.max()) + 1,
        confidence=level,
        averages=found.measures,
        differences={key: a - b for key, (a, b) in found.measures.items()},
        intervals=dict(zip(keys, zip(low.tolist(), high.tolist(), strict=True), strict=True)),
        label_f1=found.label_f1,
        label_differences=found.label_f1[:, 0] - found.label_f1[:, 1],
        label_intervals=of_labels.T,
        n_positives=truth.n_positives,
    )


class _Side(NamedTuple):
    """What one model adds to the sums over samples."""

    columns: NDArray[np.float64]
    samples: PerSample


class _Both(NamedTuple):
    """The measures of both models on the same samples."""

    measures: dict[str, tuple[float, float]]
    label_f1: NDArray[np.float64]

    @property
    def values(self) -> NDArray[np.float64]:
        return np.array(list(self.measures.values())).T


def _checked_sides(
    y_true: Any, models: dict[str, tuple[Any, Any]], label_names: Any, sample_weight: Any, allow_missing: bool
) -> tuple[TrueLabels, list[_Side], tuple[str, ...]]:
    """Check the arguments of both models beside the labels, and beside each other."""
    given = {f"y_score_{side}": scores for side, (scores, _) in models.items()}
    limits = {f"threshold_{side}": threshold for side, (_, threshold) in models.items()}
    check_same_labels(y_true=y_true, **given, **limits)
    checked = [check_truth_and_scores(y_true, s, allow_missing=allow_missing, name=name) for name, s in given.items()]
    check_same_samples(y_true=y_true, **given)
    labels = checked[0][0]
    weight = check_sample_weight(sample_weight, len(labels), y_true=y_true, **given)
    names = different_names(label_names, labels.shape[1], y_true=y_true, **given, **limits)
    truth, sides = TrueLabels.of(labels, weight), []
    for (_, scores), (score_name, _), (name, threshold) in zip(checked, given.items(), limits.items(), strict=True):
        level = check_threshold(threshold, scores, name, score_name)
        check_above_unscored(level, given[score_name], name, score_name)
        above = (scores > level).astype(np.int8)
        predicted = truth.without_unknown(above)
        samples = sample_measures(truth, predicted, truth.without_unknown(scores, -np.inf))
        sides.append(_Side(summands(truth, predicted, samples), samples))
    return truth, sides, names


def _read(sides: list[_Side], truth: TrueLabels, weights: NDArray[np.float64] | None = None) -> _Both:
    """Return the measures of both models, with the samples as they are or as a resample counts them."""
    if weights is None:
        weights = np.ones(len(truth.labels)) if truth.weight is None else truth.weight
    n_labels = truth.labels.shape[1]
    read = [read_sums(weights @ side.columns, n_labels, side.samples, truth.weight is not None) for side in sides]
    of_sides = [_measures(counts, means) for counts, means in read]
    f1 = [np.where(counts.tp + counts.fn > 0, counts.f1(None, 0), np.nan) for counts, _ in read]
    return _Both({key: (of_sides[0][key], of_sides[1][key]) for key in of_sides[0]}, np.column_stack(f1))


def _measures(counts: LabelCounts, means: dict[str, float]) -> dict[str, float]:
    """Return the measures of one model; those that are means over labels leave out the labels without positives."""
    judged = counts.tp + counts.fn > 0
    parts = [getattr(counts, kind)[judged] for kind in ("tp", "fp", "fn", "tn")]
    found = averages(counts, means, 0.0)
    if not judged.any():
        return found | dict.fromkeys(_OVER_LABELS, np.nan)
    over_labels = averages(LabelCounts(*parts, weighted=counts.weighted), {}, 0.0)
    return found | {key: over_labels[key] for key in _OVER_LABELS}


def _check_names(names: Any) -> tuple[str, str]:
    if isinstance(names, str) or len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(f'names must be two names, as in ("chain", "one-vs-rest"), got {names!r}')
    first, second = names
    if first == second:
        raise ValueError(f"names are both {first!r}; give each model a name of its own")
    return first, second


def _told(difference: float, interval: Any) -> tuple[str, str]:
    if np.isnan(difference):
        return "–", "–"
    return f"{difference:+.3f}", f"{interval[0]:+.3f} to {interval[1]:+.3f}"
