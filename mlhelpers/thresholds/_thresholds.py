"""The object that holds thresholds, and what they can be best for."""

from __future__ import annotations

import json
import numbers
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import check_same_labels
from mlhelpers._scores import check_scores, check_sparse_scores
from mlhelpers._stored import row_blocks
from mlhelpers._validation import real_array
from mlhelpers.labels import LabelMatrix
from mlhelpers.metrics import LabelCounts
from mlhelpers.tables import ShownAsTable, Table

Objective: TypeAlias = Literal[
    "macro_f1", "micro_f1", "macro_and_micro_f1", "recall_at_precision", "precision_at_recall", "cost"
]

OBJECTIVES = get_args(Objective)
PERCENTILES = (5, 95)  # of the thresholds that resamples give
_FORMAT = "mlhelpers thresholds 1"
_MOST_COST = 1e100  # leaves room for products of costs and counts in 64 bits


@dataclass(frozen=True, eq=False, repr=False)
class Thresholds(ShownAsTable):
    """One threshold per label, as `fit_thresholds` chose them; prints as a table.

    A label is predicted where its score is *above* its threshold. NumPy takes the object for the array
    of its values, so that ``evaluate(Y, scores, threshold=thresholds)`` works.

    Attributes
    ----------
    values : ndarray of float64, shape (n_labels,)
        Read-only. They mean the same in single precision, in which Keras computes.
    label_names : tuple of str
    source : tuple of str
        Of each threshold: "own", "pooled" (too few positives) or "fixed" (the number given as fallback).
    counts : LabelCounts
        What the thresholds got right and wrong on the data they were chosen on, without unknown labels, and as sums of
        weights if samples had weights: optimistic figures.
    objective : str
    at_least : float or None
        The bound of a constraint.
    cost_fp, cost_fn : ndarray of float64, shape (n_labels,), or None
        What a false positive and a false negative of each label cost, with the objective "cost". Read-only.
    spread : ndarray of float64, shape (2, n_labels), or None
        The 5th and the 95th percentile of each threshold over resamples of the samples, if `fit_thresholds` was asked
        for it. Read-only. It says how much the choice hangs on the samples that happened to be there, and is no
        confidence interval: see the notes there.
    """

    values: NDArray[np.float64]
    label_names: tuple[str, ...]
    source: tuple[str, ...]
    counts: LabelCounts
    objective: str
    at_least: float | None = None
    cost_fp: NDArray[np.float64] | None = None
    cost_fn: NDArray[np.float64] | None = None
    spread: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name in ("values", "cost_fp", "cost_fn", "spread"):
            if getattr(self, name) is not None:
                array = np.array(getattr(self, name), dtype=float)
                array.flags.writeable = False
                object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype)

    @property
    def cost(self) -> NDArray[np.float64] | None:
        """What each label's errors cost on the data that the thresholds were chosen on, or None without costs."""
        if self.cost_fp is None or self.cost_fn is None:
            return None
        with np.errstate(over="ignore"):
            return self.cost_fp * self.counts.fp + self.cost_fn * self.counts.fn

    def predict(self, y_score: Any, *, at_least_one: bool = False) -> LabelMatrix:
        """Return the labels whose score is above their threshold.

        Parameters
        ----------
        y_score : array-like, DataFrame or sparse matrix of float, shape (n_samples, n_labels)
            Of the same kind as those that the thresholds were chosen on: probabilities or logits. Of a sparse matrix, a
            cell that is not stored was not scored, and is never predicted, not even by a threshold below 0.
        at_least_one : bool, default=False
            Whether a row in which no score is above its threshold gets the label whose score is highest, the first of
            equal ones. The other rows stay as they are. Not for data in which samples without a label
            exist: each of them would get a wrong one.

        Returns
        -------
        ndarray of int8, or csr_array of int8 for sparse scores, shape (n_samples, n_labels)

        Raises
        ------
        ValueError, TypeError
            If `y_score` is not an array of finite numbers with one column per threshold, in the same order, or
            `at_least_one` is not True or False, or is True and a row stores no score.

        Notes
        -----
        The highest score, not the one closest to its threshold, is the T-criterion [1]_, made for support vector
        machines that all have the threshold 0, where both are the same. Where thresholds differ, the label with the
        highest calibrated probability is the one that is most likely true; a low threshold may only say that a label is
        rare, or that missing it is expensive. So scores must be comparable over labels, as probabilities are.

        References
        ----------
        .. [1] Boutell, Luo, Shen and Brown (2004), "Learning multi-label scene classification", Pattern Recognition
           37(9), doi:10.1016/j.patcog.2004.03.009.

        Examples
        --------
        >>> from mlhelpers.thresholds import fit_thresholds
        >>> y_true, y_score = [[1, 0], [1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.3], [0.2, 0.6]]
        >>> thresholds = fit_thresholds(y_true, y_score, min_positives=1)
        >>> thresholds.predict([[0.7, 0.6], [0.3, 0.2]])
        array([[1, 1],
               [0, 0]], dtype=int8)
        >>> thresholds.predict([[0.7, 0.6], [0.3, 0.2]], at_least_one=True)
        array([[1, 1],
               [1, 0]], dtype=int8)
        """
        check_at_least_one(at_least_one)
        is_sparse = sparse.issparse(y_score)
        scores = check_sparse_scores(y_score) if is_sparse else check_scores(y_score)
        if scores.shape[1] != len(self):
            raise ValueError(
                f"y_score has shape {scores.shape}, but there are {len(self)} thresholds; "
                "pass the scores of the same labels in the same order"
            )
        check_same_labels(thresholds=self, y_score=y_score)
        if is_sparse:
            return _stored_decisions(scores, self.values, bool(at_least_one))
        predicted = (scores > self.values).astype(np.int8)
        if at_least_one:
            empty = np.flatnonzero(~predicted.any(axis=1))
            predicted[empty, scores[empty].argmax(axis=1)] = 1
        return predicted

    def summary(self) -> Table:
        """Return a table of each label's threshold and what it reached on the data it was chosen on.

        Returns
        -------
        Table
            With what the errors cost, if they have costs, and with `spread`, if it was asked for.
        """
        ratios = [f(None, np.nan) for f in (self.counts.precision, self.counts.recall, self.counts.f1)]
        cells = [["–" if np.isnan(value) else float(value) for value in ratio] for ratio in ratios]
        columns: dict[str, Any] = {"label": self.label_names, "positives": self.counts.support}
        columns["threshold"] = [f"{value:.3g}" for value in self.values]
        if self.spread is not None:
            low, high = PERCENTILES
            columns[f"{low}th to {high}th percentile"] = [f"{a:.3g} to {b:.3g}" for a, b in self.spread.T]
        columns |= {"from": self.source} | dict(zip(("precision", "recall", "F1"), cells, strict=True))
        bound = "" if self.at_least is None else f" of at least {self.at_least:g}"
        caption = f"Thresholds for {self.objective}{bound}, and what they reached where they were chosen"
        if self.cost is not None:
            columns["cost"] = [f"{value:,.10g}" for value in self.cost]
            caption += f": a cost of {self.cost.sum():,.10g}"
        return Table(tuple(columns), list(zip(*columns.values(), strict=True)), caption)

    def _table(self) -> Table:
        return self.summary()

    def save(self, path: Any) -> None:
        """Write the thresholds to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or os.PathLike
        """
        labels = [
            {"name": name, "threshold": value, "source": source}
            | {c: getattr(self.counts, c)[j].item() for c in ("tp", "fp", "fn", "tn")}
            | {c: getattr(self, c)[j].item() for c in ("cost_fp", "cost_fn") if getattr(self, c) is not None}
            | ({} if self.spread is None else {"spread": self.spread[:, j].tolist()})
            for j, (name, value, source) in enumerate(
                zip(self.label_names, self.values.tolist(), self.source, strict=True)
            )
        ]
        content = {"format": _FORMAT, "objective": self.objective, "at_least": self.at_least, "labels": labels}
        if self.counts.weighted:
            content["weighted"] = True
        target = Path(path)
        scratch = target.with_name(target.name + ".part")
        scratch.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        scratch.replace(target)

    @classmethod
    def load(cls, path: Any) -> Thresholds:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        Thresholds

        Raises
        ------
        ValueError
            If the file does not hold thresholds.
        OSError
            If it can't be read.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError
            check_objective(content["objective"], content["at_least"])
            labels = content["labels"]
            values = real_array([label["threshold"] for label in labels], "threshold", ("n_labels",))
            kinds = ([label[c] for label in labels] for c in ("tp", "fp", "fn", "tn"))
            counts = LabelCounts(*kinds, weighted=content.get("weighted", False))
            names, source = (tuple(str(label[key]) for label in labels) for key in ("name", "source"))
            whole = np.isfinite(values).all() and len(set(names)) == len(names)
            if not whole or not set(source) <= {"own", "pooled", "fixed"}:
                raise ValueError
            of_labels = {key: _column(labels, key) for key in ("cost_fp", "cost_fn", "spread")}
            costs = check_costs(content["objective"], of_labels["cost_fp"], of_labels["cost_fn"], len(labels))
            spread = None if of_labels["spread"] is None else _checked_spread(of_labels["spread"])
            return cls(values, names, source, counts, content["objective"], content["at_least"], *costs, spread)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise ValueError(
                f"path {str(path)!r} does not hold thresholds; give a file that Thresholds.save wrote"
            ) from None


def _stored_decisions(scores: Any, limits: NDArray[np.float64], at_least_one: bool) -> sparse.csr_array:
    """Return the decisions on the stored scores of a CSR matrix."""
    above, starts = np.zeros(scores.nnz, bool), scores.indptr
    for rows in row_blocks(np.diff(starts)):
        stored = slice(starts[rows.start], starts[rows.stop])
        np.greater(scores.data[stored], limits[scores.indices[stored]], out=above[stored])
    until = np.concatenate([[0], above.cumsum()])
    if at_least_one:
        for row in np.flatnonzero(until[starts[1:]] == until[starts[:-1]]):
            first, end = starts[row : row + 2]
            if first == end:
                raise ValueError(
                    f"y_score is sparse, and stores no score in row {row}, so that at_least_one has none to take; "
                    "leave it out, or pass rows with a score"
                )
            above[first + scores.data[first:end].argmax()] = True
        until = np.concatenate([[0], above.cumsum()])
    ones = np.ones(int(until[-1]), np.int8)
    return sparse.csr_array((ones, scores.indices[above], until[starts]), shape=scores.shape)


def _column(labels: list[dict[str, Any]], key: str) -> list[Any] | None:
    """Return what a file says of each label under a key that not every file has."""
    return [label[key] for label in labels] if any(key in label for label in labels) else None


def _checked_spread(spread: Any) -> NDArray[np.float64]:
    array = real_array(spread, "spread", ("n_labels", "2")).T
    if len(array) != 2 or not np.isfinite(array).all() or (array[0] > array[1]).any():
        raise ValueError
    return array


def check_at_least_one(at_least_one: Any) -> None:
    if not isinstance(at_least_one, (bool, np.bool_)):
        raise TypeError(f"at_least_one must be True or False, got {at_least_one!r}")


def check_objective(objective: Any, at_least: Any) -> float | None:
    if not isinstance(objective, str) or objective not in OBJECTIVES:
        raise ValueError(f"objective must be one of {OBJECTIVES}, got {objective!r}")
    constrained = objective.startswith(("recall", "precision"))
    if not constrained and at_least is not None:
        raise ValueError(f'at_least has no effect with objective="{objective}"; leave it out')
    if not constrained:
        return None
    if isinstance(at_least, bool) or not isinstance(at_least, numbers.Real):
        raise TypeError(f'objective="{objective}" needs at_least, a number such as 0.9, got {at_least!r}')
    if not 0 < float(at_least) <= 1:
        raise ValueError(f"at_least must be above 0 and at most 1, got {at_least}")
    return float(at_least)


def check_costs(
    objective: str, cost_fp: Any, cost_fn: Any, n_labels: int
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return what a false positive and a false negative of each label cost, or None twice for another objective."""
    given = {"cost_fp": cost_fp, "cost_fn": cost_fn}
    if objective != "cost":
        for name, cost in given.items():
            if cost is not None:
                raise ValueError(f'{name} has no effect with objective="{objective}"; leave it out, or ask for "cost"')
        return None, None
    of_fp, of_fn = (_checked_cost(cost, name, n_labels) for name, cost in given.items())
    free = (of_fp == 0) & (of_fn == 0)
    if free.any():
        raise ValueError(
            f"cost_fp and cost_fn are both 0 for label {int(free.argmax())}, so that every threshold is as good as any "
            "other; give one of them a cost above 0"
        )
    return of_fp, of_fn


def _checked_cost(cost: Any, name: str, n_labels: int) -> NDArray[np.float64]:
    if cost is None or isinstance(cost, (bool, np.bool_, str)):
        raise TypeError(
            f'objective="cost" needs {name}, a number such as 5, or one number per label, in order; got {cost!r}'
        )
    one = isinstance(cost, numbers.Real) or getattr(cost, "ndim", 1) == 0
    costs = real_array([cost] if one else cost, name, ("n_labels",))
    if not one and len(costs) != n_labels:
        raise ValueError(
            f"{name} has {len(costs)} values for {n_labels} labels; give one number, or one per column, in order"
        )
    wrong = ~((costs == 0) | ((costs >= 1 / _MOST_COST) & (costs <= _MOST_COST)))
    if wrong.any():
        raise ValueError(
            f"{name} holds {costs[wrong][0]:g}, expected 0, or numbers from {1 / _MOST_COST:g} to {_MOST_COST:g}; "
            "only the ratios of costs count"
        )
    return np.broadcast_to(costs, (n_labels,)).copy()
