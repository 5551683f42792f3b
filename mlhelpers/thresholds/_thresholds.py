"""The object that holds thresholds, and what they can be best for."""

from __future__ import annotations

import json
import numbers
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import check_same_labels
from mlhelpers._scores import check_scores
from mlhelpers._validation import real_array
from mlhelpers.metrics import LabelCounts
from mlhelpers.tables import ShownAsTable, Table

Objective: TypeAlias = Literal[
    "macro_f1", "micro_f1", "macro_and_micro_f1", "recall_at_precision", "precision_at_recall"
]

OBJECTIVES = ("macro_f1", "micro_f1", "macro_and_micro_f1", "recall_at_precision", "precision_at_recall")
_FORMAT = "mlhelpers thresholds 1"


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
    """

    values: NDArray[np.float64]
    label_names: tuple[str, ...]
    source: tuple[str, ...]
    counts: LabelCounts
    objective: str
    at_least: float | None = None

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=float)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype)

    def predict(self, y_score: Any) -> NDArray[np.int8]:
        """Return the labels whose score is above their threshold.

        Parameters
        ----------
        y_score : array-like of float, shape (n_samples, n_labels)
            Of the same kind as those that the thresholds were chosen on: probabilities or logits.

        Returns
        -------
        ndarray of int8, shape (n_samples, n_labels)

        Raises
        ------
        ValueError, TypeError
            If `y_score` is not an array of finite numbers with one column per threshold, in the same order.
        """
        scores = check_scores(y_score)
        if scores.shape[1] != len(self):
            raise ValueError(
                f"y_score has shape {scores.shape}, but there are {len(self)} thresholds; "
                "pass the scores of the same labels in the same order"
            )
        check_same_labels(thresholds=self, y_score=y_score)
        return (scores > self.values).astype(np.int8)

    def summary(self) -> Table:
        """Return a table of each label's threshold and what it reached on the data it was chosen on.

        Returns
        -------
        Table
        """
        ratios = [f(None, np.nan) for f in (self.counts.precision, self.counts.recall, self.counts.f1)]
        cells = [["–" if np.isnan(value) else float(value) for value in ratio] for ratio in ratios]
        shown = [f"{value:.3g}" for value in self.values]
        rows = zip(self.label_names, self.counts.support, shown, self.source, *cells, strict=True)
        bound = "" if self.at_least is None else f" of at least {self.at_least:g}"
        caption = f"Thresholds for {self.objective}{bound}, and what they reached where they were chosen"
        return Table(("label", "positives", "threshold", "from", "precision", "recall", "F1"), list(rows), caption)

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
            return cls(values, names, source, counts, content["objective"], content["at_least"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise ValueError(
                f"path {str(path)!r} does not hold thresholds; give a file that Thresholds.save wrote"
            ) from None


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
