"""Checks of score matrices and of weights of samples, beside the labels that they are for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import check_same_labels, check_same_samples
from mlhelpers._validation import real_array, refuse_one_array_per_label
from mlhelpers.labels import check_labels

MOST_WEIGHT = 1e300  # leaves room for sums and doubles of weights in 64 bits
ROUNDING = 1e-6  # how far outside [0, 1] rounding takes a probability


def check_same_shape(y_true: Any, other: Any, name: str) -> None:
    if y_true.shape != other.shape:
        raise ValueError(
            f"y_true has shape {y_true.shape} but {name} has shape {other.shape}; both must be the same "
            "(n_samples, n_labels), with samples and labels in the same order"
        )


def check_truth_and_scores(
    y_true: Any, y_score: Any, *, allow_missing: bool = False, name: str = "y_score", **others: Any
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return a dense label matrix and finite scores of the same shape, or say what is wrong with either.

    Names that they, or `others` (thresholds, weights), carry must be the same.
    """
    truth = check_labels(y_true, name="y_true", allow_missing=allow_missing)
    truth = truth.toarray() if sparse.issparse(truth) else truth
    scores = check_scores(y_score, name)
    check_same_shape(truth, scores, name)
    check_same_labels(y_true=y_true, **{name: y_score}, **others)
    check_same_samples(y_true=y_true, **{name: y_score})
    return truth, scores


def check_scores(y_score: Any, name: str = "y_score") -> NDArray[np.float64]:
    """Return finite scores of shape (n_samples, n_labels) in 64 bits, or say what is wrong with them."""
    refuse_one_array_per_label(y_score, name)
    if getattr(y_score, "ndim", 0) == 3 or (
        isinstance(y_score, (list, tuple)) and y_score and all(getattr(part, "ndim", 0) == 2 for part in y_score)
    ):
        raise ValueError(
            f"{name} holds {len(y_score)} matrices, as predict_proba of several outputs gives them; "
            "make one score matrix of it with mlhelpers.labels.scores_matrix(estimator, X)"
        )
    y_score = y_score.toarray() if sparse.issparse(y_score) else y_score
    scores = real_array(y_score, name, ("n_samples", "n_labels"))
    if not np.isfinite(scores).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(scores))[0])
        raise ValueError(
            f"{name} holds {scores[row, column]} at row {row}, column {column}, expected finite numbers; look for "
            "missing values in the input, or a loss that became NaN in training"
        )
    return scores


def check_sample_weight(sample_weight: Any, n_samples: int, **sides: Any) -> NDArray[np.float64] | None:
    """Return one weight per sample, or None; `sides` are arguments whose row indexes must be those of the weights."""
    if sample_weight is None:
        return None
    weight = real_array(sample_weight, "sample_weight", ("n_samples",))
    if len(weight) != n_samples:
        raise ValueError(
            f"sample_weight has {len(weight)} values for {n_samples} samples; give one number per row, in order"
        )
    check_same_samples(**sides, sample_weight=sample_weight)
    wrong = ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"sample_weight holds {weight[row]:g} at row {row}, expected finite numbers of at least 0; "
            "a sample that shall not count has the weight 0"
        )
    if not weight.any():
        raise ValueError("sample_weight is zero for every sample; give at least one of them a weight above 0")
    with np.errstate(over="ignore"):
        total = weight.sum()
    if not 1 / MOST_WEIGHT <= total <= MOST_WEIGHT:
        raise ValueError(
            f"sample_weight adds up to {total:g}, expected {1 / MOST_WEIGHT:g} to {MOST_WEIGHT:g}; "
            "only their ratios count, so divide the weights by their largest"
        )
    return weight
