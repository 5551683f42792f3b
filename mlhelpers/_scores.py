"""Checks of score matrices and of weights of samples, beside the labels that they are for.

A cell that a sparse score matrix doesn't store was not scored: it ranks below every stored score, and is below every
threshold. A stored 0 is a score like any other.
"""

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
    y_true: Any,
    y_score: Any,
    *,
    allow_missing: bool = False,
    name: str = "y_score",
    keep_sparse: bool = False,
    whole: bool = False,
    **others: Any,
) -> tuple[Any, Any]:
    """Return a label matrix and finite scores of the same shape, or say what is wrong with either.

    Both are dense; with `keep_sparse` both are CSR where the scores are sparse: labels of int8, and scores as
    `check_sparse_scores` returns them. `whole` is that of `check_scores`. Names that they, or `others` (thresholds,
    weights), carry must be the same.
    """
    truth = check_labels(y_true, name="y_true", allow_missing=allow_missing)
    if keep_sparse and sparse.issparse(y_score):
        scores: Any = check_sparse_scores(y_score, name)
        truth = truth if sparse.issparse(truth) else sparse.csr_array(truth)
    else:
        scores = check_scores(y_score, name, whole=whole)
        truth = truth.toarray() if sparse.issparse(truth) else truth
    check_same_shape(truth, scores, name)
    check_same_labels(y_true=y_true, **{name: y_score}, **others)
    check_same_samples(y_true=y_true, **{name: y_score})
    return truth, scores


def check_scores(y_score: Any, name: str = "y_score", *, whole: bool = False) -> NDArray[np.float64]:
    """Return finite scores of shape (n_samples, n_labels) in 64 bits, or say what is wrong with them.

    Sparse scores become dense, with 0 where none is stored: only if all stored ones are above 0, so that their order is
    right, and not at all with `whole`, for those who ask how high a score is.
    """
    refuse_one_array_per_label(y_score, name)
    if getattr(y_score, "ndim", 0) == 3 or (
        isinstance(y_score, (list, tuple)) and y_score and all(getattr(part, "ndim", 0) == 2 for part in y_score)
    ):
        raise ValueError(
            f"{name} holds {len(y_score)} matrices, as predict_proba of several outputs gives them; "
            "make one score matrix of it with mlhelpers.labels.scores_matrix(estimator, X)"
        )
    y_score = _dense_scores(y_score, name, whole) if sparse.issparse(y_score) else y_score
    scores = real_array(y_score, name, ("n_samples", "n_labels"))
    if not np.isfinite(scores).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(scores))[0])
        raise ValueError(_not_finite(name, scores[row, column], row, column))
    return scores


def _not_finite(name: str, value: Any, row: int, column: int) -> str:
    return (
        f"{name} holds {value} at row {row}, column {column}, expected finite numbers; look for "
        "missing values in the input, or a loss that became NaN in training"
    )


def check_sparse_scores(y_score: Any, name: str = "y_score") -> sparse.csr_array:
    """Return sparse scores as CSR, with sorted columns in each row and each cell once, or say what is wrong with them.

    Entries of one cell add up, as everywhere in SciPy. The argument stays as it is; don't write into the result.
    """
    if y_score.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} has dtype {y_score.dtype}, expected real numbers; turn it into scores first, as in "
            f"{name}.astype(float)"
        )
    if y_score.ndim != 2 or 0 in y_score.shape:
        raise ValueError(f"{name} has shape {y_score.shape}, expected (n_samples, n_labels) with no side of length 0")
    scores = sparse.csr_array(y_score)
    if not scores.has_canonical_format:
        wide = np.float64 if scores.dtype.kind == "f" else np.int64  # sums of many entries overflow smaller ones
        scores = sparse.csr_array(scores, dtype=wide, copy=True)
        scores.sum_duplicates()
    wrong = ~np.isfinite(scores.data)
    if wrong.any():
        row, column = _cell(scores, int(wrong.argmax()))
        raise ValueError(_not_finite(name, scores.data[wrong][0], row, column))
    return scores


def _dense_scores(y_score: Any, name: str, whole: bool) -> NDArray[Any]:
    scores = check_sparse_scores(y_score, name)
    n_unscored = scores.shape[0] * scores.shape[1] - scores.nnz
    if n_unscored and whole:
        raise ValueError(
            f"{name} is sparse, and stores no score in {n_unscored:,} cells, which were not scored; what is computed "
            f"here needs one in each: pass {name}.toarray() if a cell that is not stored has the score 0"
        )
    low = np.flatnonzero(scores.data <= 0)
    if n_unscored and len(low):
        row, column = _cell(scores, int(low[0]))
        raise ValueError(
            f"{name} is sparse, and stores {scores.data[low[0]]:g} at row {row}, column {column}, and no score in "
            f"{n_unscored:,} cells, which rank below all stored ones: here they become 0, so that stored scores must "
            f"be above 0; pass probabilities, as scipy.special.expit makes them of the stored logits ({name}.data), or "
            f"{name}.toarray() if a cell that is not stored has the score 0"
        )
    return np.asarray(scores.toarray())


def _cell(matrix: sparse.csr_array, k: int) -> tuple[int, int]:
    """Return row and column of the k-th stored entry."""
    return int(np.searchsorted(matrix.indptr, k, side="right")) - 1, int(matrix.indices[k])


def check_above_unscored(limits: NDArray[np.float64], y_score: Any, name: str, score_name: str = "y_score") -> None:
    """Refuse thresholds below 0 beside dense scores that have 0 where sparse ones stored none."""
    if not sparse.issparse(y_score) or limits.min() >= 0:
        return
    if check_sparse_scores(y_score, score_name).nnz < y_score.shape[0] * y_score.shape[1]:
        raise ValueError(
            f"{name} holds {limits.min():g}, and {score_name} is sparse: a cell without a stored score, which is below "
            f"every threshold, becomes 0 here and would be predicted; pass thresholds of at least 0, or "
            f"{score_name}.toarray() if a cell that is not stored has the score 0"
        )


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
