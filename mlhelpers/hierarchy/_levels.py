"""Measures for each level of a hierarchy, and over all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from mlhelpers._names import check_same_samples
from mlhelpers._scores import check_scores
from mlhelpers.hierarchy._consistency import with_all_columns, with_ancestors
from mlhelpers.hierarchy._hierarchy import Hierarchy, Parents
from mlhelpers.metrics import Report, evaluate
from mlhelpers.tables import ShownAsTable, Table


@dataclass(frozen=True, eq=False, repr=False)
class LevelReport(ShownAsTable):
    """What `evaluate_levels` found; prints as a table with one row for each level.

    Attributes
    ----------
    hierarchy : Hierarchy
    levels : dict of str to Report
        The report of each level, over its labels alone.
    overall : Report
        Of the decisions with their ancestors, over all labels of the hierarchy: its micro-averages are the
        hierarchical precision, recall and F1. It has seen decisions, no scores, so what it says of rankings and
        thresholds means nothing.
    n_inconsistent : int
        Samples for which a label is predicted without one of its parents, whatever they weigh.
    """

    hierarchy: Hierarchy
    levels: dict[str, Report]
    overall: Report
    n_inconsistent: int

    @property
    def precision(self) -> float:
        """Hierarchical precision: of all predicted labels and their ancestors, the fraction that is right."""
        return self.overall.averages["precision_micro"]

    @property
    def recall(self) -> float:
        """Hierarchical recall: of all true labels and their ancestors, the fraction that is found."""
        return self.overall.averages["recall_micro"]

    @property
    def f1(self) -> float:
        """Hierarchical F1: the harmonic mean of the two."""
        return self.overall.averages["f1_micro"]

    @property
    def f1_interval(self) -> tuple[float, float] | None:
        """Bootstrap interval of the hierarchical F1; None if no confidence was asked for."""
        return self.overall.intervals.get("f1_micro")

    def _table(self) -> Table:
        keys = ("f1_micro", "f1_macro", "subset_accuracy", "average_precision")
        rows = []
        for name, report in self.levels.items():
            trivial = max(values["f1_micro"] for values in report.baselines.values())
            cardinality = report.counts.support.sum() / report.n_samples
            rows.append(
                (
                    name,
                    len(report.label_names),
                    "–" if report.counts.weighted else f"{cardinality:.2f}",
                    trivial,
                    *("–" if np.isnan(report.averages[key]) else report.averages[key] for key in keys),
                )
            )
        caption = (
            f"{self.overall.n_samples:,} samples, hierarchical precision {self.precision:.3f}, recall "
            f"{self.recall:.3f}, F1 {self.f1:.3f}; a label without its parent in {self.n_inconsistent:,} samples"
        )
        headings = ("labels", "per sample", "trivial F1", "F1, micro", "F1, macro", "subset accuracy", "AP, macro")
        return Table(("level", *headings), rows, caption=caption)


def evaluate_levels(
    y_true: Any,
    y_score: Any,
    hierarchy: Hierarchy | Parents,
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    threshold: Any = 0.5,
    label_names: Any = None,
    zero_division: float = np.nan,
    confidence: float | None = None,
    n_resamples: int = 1000,
    random_state: int | None = 0,
    groups: Any = None,
    allow_missing: bool = False,
    sample_weight: Any = None,
) -> LevelReport:
    """Judge scores level by level, and by hierarchical precision, recall and F1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        The columns that the hierarchy was given, or all. It is completed by `with_ancestors` first.
    y_score : array-like of float, shape (n_samples, n_all_labels)
        Scores, or 0/1 predictions, with one column for each label of the hierarchy.
    hierarchy : Hierarchy, or mapping of str to str or to several str
    levels : mapping of str to sequence of str, optional
        The labels of each level by the name of the level; by default those of ``Hierarchy.levels``. A label may be in
        several.
    threshold : float or array-like of shape (n_all_labels,), default=0.5
        A label is predicted where its score is above this.
    label_names : sequence of str, optional
        One per column of `y_score`; by default the columns of a DataFrame, or the names that a `Hierarchy` has.
    zero_division, confidence, n_resamples, random_state, groups, allow_missing, sample_weight
        As in `mlhelpers.metrics.evaluate`, for each level and for the whole.

    Returns
    -------
    LevelReport

    Raises
    ------
    ValueError, TypeError
        As `mlhelpers.metrics.evaluate` and `with_ancestors`; and if a level names an unknown label, or none.

    Notes
    -----
    The levels are judged by the decisions as they are. For hierarchical precision, recall and F1 [1]_ each set of
    labels, predicted and true, is completed by all ancestors; then the labels that both have are counted over all
    samples, and divided by those predicted, or by those that are true. So a prediction that is wrong but has
    the right parent is partly right. These are the micro-averages over the completed matrices, which [2]_
    recommends for comparing hierarchical classifiers. An unknown label is left out; with ancestors that are
    unknown, too, see `with_ancestors`.

    The table has the best micro-F1 of the three trivial baselines of each level beside that of the model:
    levels have different numbers of labels and frequencies, so that their scores can't be compared with each other.

    References
    ----------
    .. [1] Kiritchenko, Matwin, Nock and Famili (2006), "Learning and evaluation in the presence of class hierarchies:
       application to text categorization", Canadian AI, doi:10.1007/11766247_34.
    .. [2] Silla and Freitas (2011), "A survey of hierarchical classification across different application domains",
       Data Mining and Knowledge Discovery 22, doi:10.1007/s10618-010-0175-9.

    Examples
    --------
    >>> tree = Hierarchy({"joy": "positive", "love": "positive", "anger": "negative"}, ["joy", "love", "anger"])
    >>> y_true = [[1, 0, 0], [0, 0, 1]]  # joy; anger
    >>> y_pred = [[0, 1, 0, 1, 0], [0, 0, 1, 0, 0]]  # love and positive; anger, but not negative
    >>> report = evaluate_levels(y_true, y_pred, tree)
    >>> report.precision, report.recall, report.n_inconsistent
    (0.75, 0.75, 1)
    >>> {level: found.averages["f1_micro"] for level, found in report.levels.items()}
    {'level 1': 0.6666666666666666, 'level 2': 0.5}
    """
    scores = check_scores(y_score)
    tree = with_all_columns(y_score, hierarchy, label_names, scores.shape[1])
    check_same_samples(y_true=y_true, y_score=y_score)
    truth = with_ancestors(y_true, tree, allow_missing=allow_missing)
    options: dict[str, Any] = {
        "zero_division": zero_division,
        "confidence": confidence,
        "n_resamples": n_resamples,
        "groups": groups,
        "allow_missing": allow_missing,
        "sample_weight": sample_weight,
    }
    chosen = _check_levels(tree.levels if levels is None else levels, tree)
    # Checks all arguments beside each other, names included.
    limits = evaluate(
        truth,
        y_score,
        threshold=threshold,
        label_names=tree.label_names,
        baselines=False,
        **options | {"n_resamples": 1},
    ).threshold
    truth = truth if sparse.issparse(truth) else np.asarray(truth)
    decided = (scores > limits).astype(np.int8)
    found = {
        name: evaluate(
            truth[:, columns],
            scores[:, columns],
            threshold=limits[columns],
            label_names=[tree.label_names[j] for j in columns],
            random_state=random_state,
            **options,
        )
        for name, columns in chosen.items()
    }
    completed = with_ancestors(decided, tree)
    overall = evaluate(truth, completed, label_names=tree.label_names, random_state=random_state, **options)
    lacking = np.zeros(len(decided), dtype=bool)
    column = {name: j for j, name in enumerate(tree.label_names)}
    for name, above in tree.parents.items():
        for parent in above:
            lacking |= (decided[:, column[name]] == 1) & (decided[:, column[parent]] == 0)
    return LevelReport(tree, found, overall, int(lacking.sum()))


def _check_levels(levels: Any, tree: Hierarchy) -> dict[str, list[int]]:
    if not isinstance(levels, Mapping) or not levels:
        raise TypeError(
            f"levels must be a mapping from the name of each level to the names of its labels, got {levels!r}"
        )
    found = {}
    for level, names in levels.items():
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise TypeError(f"levels[{level!r}] must be a sequence of names, got {names!r}")
        names = [str(name) for name in names]
        unknown = next((name for name in names if name not in tree.label_names), None)
        if unknown is not None or not names:
            what = "is empty" if unknown is None else f"names {unknown!r}, which is no label of the hierarchy"
            raise ValueError(f"levels[{level!r}] {what}; give the names of its labels")
        found[str(level)] = [tree.label_names.index(name) for name in names]
    return found
