"""Losses for Keras that keep what training needs: one value per sample, and every label's gradient."""

from __future__ import annotations

import numbers
from typing import Any, Literal

import keras
import ml_dtypes  # which Keras itself depends on
import numpy as np
from keras import ops
from numpy.typing import NDArray

from mlhelpers._keras_parts import (
    checked_flag,
    checked_mask_value,
    is_observed,
    matrices_of_one_shape,
    precision,
)
from mlhelpers._validation import real_array
from mlhelpers.labels import MISSING, axis_sums, check_labels


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
        y_true = matrices_of_one_shape(y_true, y_pred)
        p = ops.clip(y_pred, self.epsilon, 1 - self.epsilon)
        log_likelihood = y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p)
        return -(ops.sum if self.label_reduction == "sum" else ops.mean)(log_likelihood, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the loss again."""
        own = {"epsilon": self.epsilon, "label_reduction": self.label_reduction, "dtype": self.dtype}
        return {**super().get_config(), **own}


class _MaskedLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Mean over the observed labels of each sample; subclasses give the loss of every label."""

    def __init__(self, from_logits: bool, mask_value: float | None, reduction: str | None, name: str, dtype: Any):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if "float" not in self.dtype:
            raise ValueError(f"dtype must be a floating-point type, got {self.dtype!r}; use None for Keras's own")
        self.from_logits = checked_flag(from_logits, "from_logits")
        self.mask_value = checked_mask_value(mask_value)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of every sample, of shape (batch,)."""
        y_true, y_pred = (ops.cast(ops.convert_to_tensor(y), self.dtype) for y in (y_true, y_pred))
        y_true = matrices_of_one_shape(y_true, y_pred)
        if self.mask_value is None:
            return ops.mean(self._per_label(y_true, y_pred), axis=-1)
        observed = is_observed(y_true, self.mask_value)
        zero = ops.zeros_like(y_true)
        per_label = self._per_label(ops.where(observed, y_true, zero), y_pred)
        n_observed = ops.sum(ops.cast(observed, self.dtype), axis=-1)
        return ops.sum(ops.where(observed, per_label, zero), axis=-1) / ops.maximum(n_observed, 1)

    def _per_label(self, y_true: Any, y_pred: Any) -> Any:
        raise NotImplementedError

    def _kept_from_the_ends(self, y_pred: Any) -> Any:
        """Return probabilities that have a logarithm: clipped as Keras does, or as far as the dtype demands."""
        epsilon = max(keras.config.epsilon(), float(precision(self.dtype).epsneg))
        return ops.clip(y_pred, epsilon, 1 - epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the loss again."""
        own = {"from_logits": self.from_logits, "mask_value": self.mask_value, "dtype": self.dtype}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="mlhelpers")
class WeightedBinaryCrossentropy(_MaskedLoss):
    """Binary cross-entropy with weights for positives and for labels, and with unknown labels left out.

    For a label with truth y, logit z, positive weight w and label weight v it is
    ``v * (w * y * softplus(-z) + (1 - y) * softplus(z))``, where ``softplus(z) = log(1 + exp(z))``:
    the negative log-likelihood of y, with positives counted w times. A sample's loss is the sum
    over its observed labels, divided by their number.

    Parameters
    ----------
    from_logits : bool, default=False
        Whether predictions are logits. Prefer logits: probabilities are clipped to
        [1e-7, 1 - 1e-7], and where the clip acts a label is not corrected any more.
    pos_weight : float or array-like of shape (n_labels,), optional
        Weight of the positives, above zero; one number, or one per label, as `pos_weight_from`
        gives them. A weight w moves the optimal logit by log(w): probabilities are no longer
        calibrated, and threshold 0.5 means another one.
    label_weight : float or array-like of shape (n_labels,), optional
        Weight of each label, at least zero. The weights are not divided out: their mean should be 1 if the
        learning rate is to keep its meaning.
    mask_value : float, optional
        The value in ``y_true`` that stands for "unknown", such as -1 or NaN. Such labels add
        neither loss nor gradient, and a sample without observed labels has loss 0.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None}
        What becomes of the samples of a batch; the default, "sum_over_batch_size", is their mean.
    name : str
        Name of the loss in logs.
    dtype : str, optional
        The type to compute in; Keras's floatx, usually float32, by default, also for a model in mixed precision.

    Returns
    -------
    tensor
        Called with ``y_true`` and ``y_pred`` of shape (batch, n_labels): a scalar, or shape
        (batch,) if `reduction` is None. Sample weights of shape (batch,) work.

    Raises
    ------
    ValueError
        If an argument is out of range; when called, if the two are not matrices of one shape
        or there is not one weight per label.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    From logits a label's loss is right to about 1e-6 in single precision, its gradient to all digits.
    Without weights and mask it equals Keras's ``BinaryCrossentropy``, except on probabilities
    behind a Keras sigmoid on the TensorFlow backend: there Keras goes back to the logits. With
    ``pos_weight`` it is TensorFlow's ``weighted_cross_entropy_with_logits`` and PyTorch's
    ``BCEWithLogitsLoss``, on every Keras backend. Saved with a model: after ``import mlhelpers.losses``,
    ``keras.saving.load_model`` needs no ``custom_objects``.

    References
    ----------
    .. [1] King and Zeng (2001), "Logistic regression in rare events data", Political Analysis
       9(2), doi:10.1093/oxfordjournals.pan.a004868, section 4.2: weighting.

    Examples
    --------
    The unknown label of the first sample adds nothing, and the positive of the second counts three times:

    >>> loss = WeightedBinaryCrossentropy(from_logits=True, pos_weight=3, mask_value=-1, reduction=None)
    >>> [round(float(value), 4) for value in loss([[0, -1], [1, 0]], [[0.0, 9.0], [0.0, 0.0]])]
    [0.6931, 1.3863]
    """

    def __init__(
        self,
        from_logits: bool = False,
        pos_weight: Any = None,
        label_weight: Any = None,
        mask_value: float | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "weighted_binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, mask_value, reduction, name, dtype)
        self.pos_weight = _checked_weight(pos_weight, "pos_weight")
        self.label_weight = _checked_weight(label_weight, "label_weight")
        if self.pos_weight is not None and not np.all(np.asarray(self.pos_weight) > 0):
            raise ValueError(f"pos_weight must be above 0, got {self.pos_weight}; at 0 no positive would be learnt")

    def _per_label(self, y_true: Any, y_pred: Any) -> Any:
        if self.from_logits:
            # Not one from the other: z + softplus(-z) has a gradient of exactly 0 from z = -17 on in single precision.
            if_present, if_absent = ops.softplus(-y_pred), ops.softplus(y_pred)
        else:
            p = self._kept_from_the_ends(y_pred)
            if_present, if_absent = -ops.log(p), -ops.log(1 - p)
        present = y_true if self.pos_weight is None else y_true * self._weights(self.pos_weight, "pos_weight", y_pred)
        per_label = present * if_present + (1 - y_true) * if_absent
        if self.label_weight is not None:
            per_label = per_label * self._weights(self.label_weight, "label_weight", y_pred)
        return per_label

    def _weights(self, weight: Any, name: str, y_pred: Any) -> Any:
        n_labels = y_pred.shape[-1]
        if isinstance(weight, list) and n_labels is not None and len(weight) != n_labels:
            raise ValueError(
                f"{name} has {len(weight)} values for {n_labels} labels; give one number, or one per column, in order"
            )
        return ops.convert_to_tensor(weight, dtype=self.dtype)  # a cast later would pass through floatx

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the loss again."""
        return {**super().get_config(), "pos_weight": self.pos_weight, "label_weight": self.label_weight}


@keras.saving.register_keras_serializable(package="mlhelpers")
class AsymmetricLoss(_MaskedLoss):
    """Focal loss with one exponent for positives and another for negatives, and a margin for easy negatives.

    For a label with truth y and probability p it is
    ``-y * (1 - p)**gamma_pos * log(p) - (1 - y) * q**gamma_neg * log(1 - q)``, where q, the
    shifted probability, is ``max(p - margin, 0)``. Most labels of most samples are absent and
    easily seen to be: the exponent lets them fade, and the margin drops those below it.

    Parameters
    ----------
    gamma_neg : float, default=4.0
        Focusing exponent of the negatives, at least 0.
    gamma_pos : float, default=1.0
        Focusing exponent of the positives, at least 0.
    margin : float, default=0.05
        0 <= margin < 1. Negatives with a probability below it add neither loss nor gradient.
    from_logits : bool, default=False
        Whether predictions are logits. Prefer logits; see `WeightedBinaryCrossentropy`.
    constant_focal_weight : bool, default=False
        Take the factors ``(1 - p)**gamma_pos`` and ``q**gamma_neg`` for constants when the gradient is made. The
        formula says no such thing, but the authors' training script asks for it (``disable_torch_grad_focal_loss``).
        The loss is the same, its gradient is not: that of a negative at probability 1/2 is 0.019 in place of 0.073.
    mask_value : float, optional
        The value in ``y_true`` that stands for "unknown"; see `WeightedBinaryCrossentropy`.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None}
        What becomes of the samples of a batch; the default, "sum_over_batch_size", is their mean.
    name : str
        Name of the loss in logs.
    dtype : str, optional
        The type to compute in; Keras's floatx, usually float32, by default.

    Returns
    -------
    tensor
        Called with ``y_true`` and ``y_pred`` of shape (batch, n_labels): a scalar, or shape
        (batch,) if `reduction` is None. Labels of one sample are averaged, not added up as in the paper's own code.

    Raises
    ------
    ValueError
        If an argument is out of range; when called, if the two are not matrices of one shape.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    At (0, 0, 0) it is binary cross-entropy. The defaults are those of the authors' code; their training script takes
    ``gamma_pos=0``. Their code adds up all labels of all samples: its value is this one times batch size times number
    of labels, so that a learning rate of theirs means another one here.

    With a margin, a negative that is confidently called positive gets hardly any gradient, on purpose: such labels are
    often wrong. Probabilities of a model that was trained with it are not calibrated: choose thresholds with
    `mlhelpers.thresholds.fit_thresholds`.

    References
    ----------
    .. [1] Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter and Zelnik-Manor (2021), "Asymmetric
       loss for multi-label classification", ICCV, doi:10.1109/ICCV48922.2021.00015, section 2.

    Examples
    --------
    A negative at probability 1/2 counts less than a positive there:

    >>> loss = AsymmetricLoss(from_logits=True, reduction=None)
    >>> [round(float(value), 4) for value in loss([[1], [0]], [[0.0], [0.0]])]
    [0.3466, 0.0245]
    """

    def __init__(
        self,
        gamma_neg: float = 4.0,
        gamma_pos: float = 1.0,
        margin: float = 0.05,
        from_logits: bool = False,
        mask_value: float | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str = "asymmetric_loss",
        dtype: Any = None,
        *,
        constant_focal_weight: bool = False,
    ) -> None:
        super().__init__(from_logits, mask_value, reduction, name, dtype)
        self.constant_focal_weight = checked_flag(constant_focal_weight, "constant_focal_weight")
        self.gamma_neg, self.gamma_pos = (
            _checked_number(gamma, gamma_name, least=0)
            for gamma, gamma_name in ((gamma_neg, "gamma_neg"), (gamma_pos, "gamma_pos"))
        )
        self.margin = _checked_number(margin, "margin", least=0)
        if self.margin >= 1:
            raise ValueError(f"margin must be below 1, got {self.margin:g}; the paper's is 0.05")

    def _per_label(self, y_true: Any, y_pred: Any) -> Any:
        if self.from_logits:
            absent = ops.sigmoid(-y_pred)  # 1 - p, which keeps its digits where p is close to 1
            if_present = ops.softplus(-y_pred)
        else:
            p = self._kept_from_the_ends(y_pred)
            absent, if_present = 1 - p, -ops.log(p)
        if self.margin:
            q = ops.relu((1 - self.margin) - absent)
            log_absent = ops.log(1 - q)
        elif self.from_logits:
            q, log_absent = ops.sigmoid(y_pred), -ops.softplus(y_pred)
        else:
            q, log_absent = p, ops.log(absent)
        if_present = self._faded(if_present, absent, self.gamma_pos)
        log_absent = self._faded(log_absent, q, self.gamma_neg)
        return y_true * (if_present + log_absent) - log_absent  # y * if_present - (1 - y) * log_absent

    def _faded(self, loss: Any, distance: Any, gamma: float) -> Any:
        """Return ``distance**gamma * loss``; the usual exponents by multiplication, which is faster."""
        if gamma == 0:
            return loss
        if self.constant_focal_weight:
            distance = ops.stop_gradient(distance)
        if gamma in (1, 2, 4):
            for _ in range(int(gamma) // 2):
                distance = ops.square(distance)
            return distance * loss
        floor = float(precision(self.dtype).tiny)  # at 0 the slope of a root is infinite
        return ops.power(ops.maximum(distance, floor), gamma) * loss

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the loss again."""
        own = {
            "gamma_neg": self.gamma_neg,
            "gamma_pos": self.gamma_pos,
            "margin": self.margin,
            "constant_focal_weight": self.constant_focal_weight,
        }
        return {**super().get_config(), **own}


def pos_weight_from(Y: Any, *, cap: float | None = None) -> NDArray[np.float64]:
    """Return negatives divided by positives of every label: the weight at which both count the same.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        The *training* labels; unknown ones, as NaN or -1, are left out.
    cap : float, optional
        The highest weight, above 0; labels without positives get it, too.

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        For the ``pos_weight`` of `WeightedBinaryCrossentropy`. The full ratio costs precision; its square root is
        a milder choice.

    Raises
    ------
    ValueError
        If `Y` is not a label matrix; if a label has no observed negative (its weight would be 0), or no
        positive and there is no `cap`; if `cap` is not above 0.
    TypeError
        If `Y` holds something else than numbers, or `cap` is not a number.

    Examples
    --------
    >>> Y = [[1, 0], [1, 0], [0, 0], [1, 1], [0, 0]]
    >>> pos_weight_from(Y)
    array([0.66666667, 4.        ])
    >>> pos_weight_from(Y, cap=3)
    array([0.66666667, 3.        ])
    """
    labels = check_labels(Y, allow_missing=True)
    if cap is not None and _checked_number(cap, "cap", least=0) == 0:
        raise ValueError("cap must be above 0, got 0; usual values are 10 to 100")
    n_positive, n_missing = (axis_sums(labels == value, axis=0) for value in (1, MISSING))
    n_negative = labels.shape[0] - n_positive - n_missing
    for count, kind in ((n_negative, "negative"), (n_positive, "positive")):
        if (count == 0).any() and (kind == "negative" or cap is None):
            columns = ", ".join(map(str, np.flatnonzero(count == 0)[:5]))
            way_out = "drop them" if kind == "negative" else "drop them, or give cap=..., the highest weight"
            raise ValueError(f"Y has labels without a {kind}, so without a weight, at column {columns}; {way_out}")
    weight = n_negative / np.maximum(n_positive, 1)
    if cap is not None:
        weight = np.minimum(np.where(n_positive == 0, np.inf, weight), float(cap))
    return np.asarray(weight, dtype=float)


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


def _checked_number(value: Any, name: str, *, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    if not least <= float(value) < float("inf"):
        raise ValueError(f"{name} must be a finite number of at least {least}, got {value}")
    return float(value)


def _checked_weight(weight: Any, name: str) -> float | list[float] | None:
    """Return a number, or a list with one per label, so that it can be saved with a model."""
    if weight is None:
        return None
    one = isinstance(weight, numbers.Real) or getattr(weight, "ndim", 1) == 0
    if isinstance(weight, bool):
        raise TypeError(f"{name} must be a number, or one number per label, got {weight!r}")
    weights = real_array([weight] if one else weight, name, ("n_labels",))
    if not (np.isfinite(weights) & (weights >= 0)).all():
        wrong = weights[~(np.isfinite(weights) & (weights >= 0))][0]
        raise ValueError(f"{name} holds {wrong:g}, expected finite weights of at least 0")
    return float(weights[0]) if one else [float(w) for w in weights]
