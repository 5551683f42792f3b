"""Losses for Keras that keep what training needs: one value per sample, and every label's gradient."""

from __future__ import annotations

import numbers
from typing import Any, Literal

import keras
import ml_dtypes  # which Keras itself depends on
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="mlhelpers")
class ClippedBinaryCrossentropy(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Binary cross-entropy of probabilities that are clipped away from 0 and 1.

    For a label with truth y and predicted probability p it is
    ``-y * log(q) - (1 - y) * log(1 - q)`` where q is p clipped to [epsilon, 1 - epsilon].
    It exists to be studied. Where the clip acts its gradient is zero, so a label that is
    confidently wrong is not corrected any more; to train a model, prefer logits and
    ``keras.losses.BinaryCrossentropy(from_logits=True)``, which has neither limit nor clip.

    Parameters
    ----------
    epsilon : float, default=1e-7
        How far from 0 and 1 probabilities are kept: 0 < epsilon < 0.5. No label costs more
        than about ``-log(epsilon)``.
    label_reduction : {"mean", "sum"}, default="mean"
        What becomes of the labels of one sample. "mean" is Keras's own convention; "sum", the
        negative log-likelihood of the whole label set, is n_labels times as large.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None}
        What becomes of the samples of a batch; the default, "sum_over_batch_size", is their
        mean. ``None`` returns one value per sample.
    name : str
        Name of the loss in logs.
    dtype : str, optional
        The type to compute in; Keras's floatx, usually float32, by default. Labels and
        predictions of any numeric or boolean type are cast to it.

    Returns
    -------
    tensor
        Called with ``y_true`` and ``y_pred`` of shape (batch, n_labels): a scalar, or shape
        (batch,) if `reduction` is None. Sample weights of shape (batch,) work.

    Raises
    ------
    ValueError
        If an argument is out of range; if ``1 - epsilon`` rounds to 1 in `dtype` (the clip would
        do nothing); when called, if the two are not matrices of one shape.
    TypeError
        If epsilon is not a number.

    Notes
    -----
    Values are not checked, as in any loss: labels of -1 for "unknown" drive it below zero, and
    logits in place of probabilities are clipped to nothing.

    Equal to Keras's ``BinaryCrossentropy`` for ``label_reduction="mean"`` and its own epsilon,
    1e-7, except behind a Keras sigmoid on the TensorFlow backend: there Keras goes back to the logits. With
    ``label_reduction="sum"`` it is the negative log-likelihood of independent Bernoulli
    labels (Bishop 2006, Pattern Recognition and Machine Learning, equation 4.90). Saved with a
    model under the name ``mlhelpers>ClippedBinaryCrossentropy``: after
    ``import mlhelpers.losses``, ``keras.saving.load_model`` needs no ``custom_objects``.

    Examples
    --------
    >>> loss = ClippedBinaryCrossentropy(label_reduction="sum", reduction=None)
    >>> y_true, y_pred = [[1, 0], [1, 1]], [[0.5, 0.5], [0.9, 0.9]]
    >>> [round(float(value), 4) for value in loss(y_true, y_pred)]
    [1.3863, 0.2107]
    """

    def __init__(
        self,
        epsilon: float = 1e-7,
        label_reduction: Literal["mean", "sum"] = "mean",
        reduction: str | None = "sum_over_batch_size",
        name: str = "clipped_binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not isinstance(label_reduction, str) or label_reduction not in ("mean", "sum"):
            raise ValueError(f'label_reduction must be "mean" or "sum", got {label_reduction!r}')
        self.epsilon = _checked_epsilon(epsilon, self.dtype)
        self.label_reduction = label_reduction

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of every sample, of shape (batch,)."""
        y_true, y_pred = (ops.cast(ops.convert_to_tensor(y), self.dtype) for y in (y_true, y_pred))
        y_true = _of_the_same_shape(y_true, y_pred)
        p = ops.clip(y_pred, self.epsilon, 1 - self.epsilon)
        per_label = -y_true * ops.log(p) - (1 - y_true) * ops.log(1 - p)
        return ops.sum(per_label, axis=-1) if self.label_reduction == "sum" else ops.mean(per_label, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the loss again."""
        own = {"epsilon": self.epsilon, "label_reduction": self.label_reduction, "dtype": self.dtype}
        return {**super().get_config(), **own}


def _checked_epsilon(epsilon: Any, dtype: str) -> float:
    if isinstance(epsilon, bool) or not isinstance(epsilon, numbers.Real):
        raise TypeError(f"epsilon must be a number, got {epsilon!r} of type {type(epsilon).__name__}")
    if not 0 < epsilon < 0.5:  # type: ignore[operator]
        raise ValueError(f"epsilon must lie between 0 and 0.5, got {epsilon}; usual values are 1e-7 to 1e-3")
    if "float" not in dtype:
        raise ValueError(f"dtype must be a floating-point type, got {dtype!r}; use None for Keras's own")
    if _upper_bound(float(epsilon), dtype) == 1:
        least = next(power for power in (10.0**-k for k in range(16, 0, -1)) if _upper_bound(power, dtype) < 1)
        raise ValueError(
            f"epsilon={epsilon:g} does nothing in {dtype}: 1 - epsilon rounds to 1 there, so log(0) would not be "
            f"avoided; take at least {least:g}, or a wider dtype"
        )
    return float(epsilon)


def _upper_bound(epsilon: float, dtype: str) -> float:
    """Return ``1 - epsilon`` as the dtype holds it."""
    return float(np.array(1 - epsilon).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype))


def _of_the_same_shape(y_true: Any, y_pred: Any) -> Any:
    """Return y_true if both are matrices of one shape; refuse what would broadcast in silence."""
    try:
        shapes = tuple(y_true.shape), tuple(y_pred.shape)
    except ValueError:  # TensorFlow knows not even the number of sides
        raise ValueError(
            "y_true or y_pred has an unknown number of dimensions, expected (batch, n_labels); "
            "set the shape in the input pipeline, as with tf.ensure_shape(y, (None, n_labels))"
        ) from None
    sides = list(zip(*shapes, strict=False))
    if not len(shapes[0]) == len(shapes[1]) == 2 or any(None not in pair and pair[0] != pair[1] for pair in sides):
        raise ValueError(
            f"y_true has shape {shapes[0]} and y_pred has shape {shapes[1]}; both must be the same "
            "(batch, n_labels); give the output layer one unit per label, and reshape a single label to (batch, 1)"
        )
    if None in sides[1]:  # only the running program knows the number of labels; stacking demands equal shapes
        return ops.unstack(ops.stack([y_true, y_pred]), 2)[0]
    return y_true
