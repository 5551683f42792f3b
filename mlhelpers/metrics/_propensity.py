"""Propensities of labels: how probably a true label is noted."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._validation import real_array, whole_number
from mlhelpers.labels import axis_sums, check_labels

_LEAST_SAMPLES = 3  # of fewer the logarithm is below 1, and the formula gives propensities above 1


def label_propensities(
    y_train: Any, *, a: float = 0.55, b: float = 1.5, n_samples: int | None = None
) -> NDArray[np.float64]:
    """Return how probably each label is noted where it is true, by the model that extreme classification uses.

    Where there are many labels, nobody looks through all of them, and the rarer a label is, the rarer is it noted where
    it belongs. Measures that weigh a true label by one over its propensity make up for that, so far as the model is
    right; they give more weight to rare labels in any case. Pass the result as ``propensity`` to `precision_at_k`,
    `recall_at_k` and `ndcg_at_k`.

    Parameters
    ----------
    y_train : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        The labels of the *training* samples; or, with `n_samples`, how often each label is noted among them, an
        array of int of shape (n_labels,), such as `LabelCounts.support`.
    a, b : float, default=0.55 and 1.5
        The parameters of the model, a at least 0 and b above 0. 0.5 and 0.4 were fitted to Wikipedia, 0.6 and 2.6 to
        Amazon's products, and the default is for other data.
    n_samples : int, optional
        How many training samples there are, at least 3; only with counts.

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        Above 0 and at most 1, the higher the more frequent the label is.

    Raises
    ------
    ValueError, TypeError
        If `y_train` is not a label matrix of at least 3 samples (unknown labels are not taken: count those that are
        noted), or not counts from 0 to `n_samples`; if a parameter is not a number in its range.

    Notes
    -----
    Of N training samples, N_l carry the label l. Its propensity is [1]_

        p_l = 1 / (1 + C (N_l + b)^-a)    with    C = (log N - 1) (b + 1)^a

    and the logarithm to the base e.

    References
    ----------
    .. [1] Jain, Prabhu and Varma (2016), "Extreme multi-label loss functions for recommendation, tagging, ranking &
       other missing label applications", KDD, doi:10.1145/2939672.2939756, section 5.

    Examples
    --------
    A label that 10,000 of 100,000 samples carry, and one that one of them carries:

    >>> label_propensities([10_000, 1], n_samples=100_000).round(3)
    array([0.901, 0.087])
    """
    a, b = (_checked_parameter(*each) for each in ((a, "a", 0.0), (b, "b", 1e-6)))
    if n_samples is None:
        labels = check_labels(y_train, name="y_train")
        n, counts = labels.shape[0], axis_sums(labels, axis=0).astype(float)
        if n < _LEAST_SAMPLES:
            raise ValueError(f"y_train has {n} samples, and the model of propensities needs at least {_LEAST_SAMPLES}")
    else:
        n = whole_number(n_samples, "n_samples", least=_LEAST_SAMPLES)
        counts = real_array(y_train, "y_train", ("n_labels",))
        wrong = ~((counts >= 0) & (counts <= n) & (counts == np.floor(counts)))
        if wrong.any():
            raise ValueError(
                f"y_train holds {counts[wrong][0]:g}, expected counts from 0 to n_samples, {n}: how many samples carry "
                "each label; leave n_samples out to pass a label matrix"
            )
    scale = (np.log(n) - 1) * (b + 1) ** a
    return np.asarray(1 / (1 + scale * (counts + b) ** -a))


def _checked_parameter(value: Any, name: str, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}; for example 0.55 for a, 1.5 for b")
    if not least <= float(value) <= 100:
        raise ValueError(
            f"{name} must be from {least:g} to 100, got {value}; the usual ones are 0.5 to 0.6 for a, 0.4 to 2.6 for b"
        )
    return float(value)


def check_propensity(propensity: Any, n_labels: int) -> NDArray[np.float64]:
    """Return one propensity per label, or say what is wrong."""
    values = real_array(propensity, "propensity", ("n_labels",))
    if len(values) != n_labels:
        raise ValueError(
            f"propensity has {len(values)} values for {n_labels} labels; give one number per column, in order"
        )
    wrong = ~((values >= 1e-100) & (values <= 1))
    if wrong.any():
        j = int(wrong.argmax())
        way_out = (
            "if these are inverse propensities, pass 1 / propensity"
            if (values >= 1).all()
            else "mlhelpers.metrics.label_propensities estimates them"
        )
        raise ValueError(
            f"propensity holds {values[j]:g} for label {j}, expected probabilities above 0 and at most 1; {way_out}"
        )
    return values
