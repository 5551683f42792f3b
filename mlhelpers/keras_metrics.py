"""Metrics for Keras that are exact over a data set, and are told about logits, thresholds and unknown labels."""

from __future__ import annotations

import numbers
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from mlhelpers._keras_parts import checked_flag, checked_mask_value, is_observed, matrices_of_one_shape
from mlhelpers._validation import real_array

_AVERAGES = ("macro", "micro", "weighted", None)


class _ThresholdedMetric(keras.metrics.Metric):  # type: ignore[misc]  # Keras has no types
    """Base of metrics on labels that are predicted where their score is above their threshold."""

    _default_name: str  # in logs, unless another one is given

    def __init__(
        self,
        threshold: Any = 0.5,
        from_logits: bool = False,
        mask_value: float | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        policy = keras.dtype_policies.get(dtype or keras.config.floatx())
        half = policy.compute_dtype in ("float16", "bfloat16")  # where adding 1 to 2,048 or to 256 changes nothing
        super().__init__(name=name or self._default_name, dtype="float32" if half else dtype)
        if "float" not in self.dtype:
            raise ValueError(f"dtype must be a floating-point type, got {self.dtype!r}; use None for Keras's own")
        self.threshold = _checked_threshold(threshold)
        self.from_logits = checked_flag(from_logits, "from_logits")
        self.mask_value = checked_mask_value(mask_value)
        limits = np.asarray(self.threshold)
        with np.errstate(divide="ignore"):  # the logits of 0 and 1 are infinite, and compare as they should
            self._limits = np.log(limits) - np.log1p(-limits) if self.from_logits else limits
        self._totals: dict[str, Any] = {}

    def _add_up(self, **sums: Any) -> None:
        """Add to the totals, which are made in the first batch, when the number of labels is known."""
        for name, value in sums.items():
            if name not in self._totals:
                if None in value.shape:
                    raise ValueError(
                        "y_pred has an unknown number of labels, expected (batch, n_labels); "
                        "set the shape in the input pipeline, as with tf.ensure_shape(y, (None, n_labels))"
                    )
                self._totals[name] = self.add_variable(value.shape, "zeros", dtype=self.dtype, name=name)
            self._totals[name].assign_add(value)

    def _labels(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        """Return true and predicted labels as 0 and 1, and what each decision counts: 0 where the truth is unknown."""
        y_true, scores = (ops.cast(ops.convert_to_tensor(y), self.dtype) for y in (y_true, y_pred))
        y_true = matrices_of_one_shape(y_true, scores)
        n_labels = scores.shape[-1]
        if isinstance(self.threshold, list) and n_labels is not None and len(self.threshold) != n_labels:
            raise ValueError(
                f"threshold has {len(self.threshold)} values for {n_labels} labels; "
                "give one number, or one per column, in order"
            )
        predicted = ops.cast(scores > ops.convert_to_tensor(self._limits, dtype=self.dtype), self.dtype)
        weight = None
        if self.mask_value is not None:
            observed = is_observed(y_true, self.mask_value)
            y_true = ops.where(observed, y_true, ops.zeros_like(y_true))
            weight = ops.cast(observed, self.dtype)
        if sample_weight is not None:
            given = _matrix_of_weights(sample_weight, self.dtype, tuple(scores.shape))
            weight = given if weight is None else weight * given
        return y_true, predicted, weight

    def _fraction(self, part: str, whole: str) -> Any:
        """Return a fraction of two totals: 0 before the first batch, NaN where nothing has been counted."""
        if not self._totals:
            return ops.zeros((), dtype=self.dtype)
        counted, among = (ops.sum(ops.convert_to_tensor(self._totals[name])) for name in (part, whole))
        fraction = counted / ops.where(among > 0, among, ops.ones_like(among))
        return ops.where(among > 0, fraction, ops.full_like(fraction, np.nan))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the metric again."""
        own = {"threshold": self.threshold, "from_logits": self.from_logits, "mask_value": self.mask_value}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="mlhelpers")
class MultilabelF1(_ThresholdedMetric):
    """F1 of predicted labels, from counts that are added up over all batches.

    Parameters
    ----------
    average : {"macro", "micro", "weighted", None}, default="macro"
        "macro" is the mean of the labels' F1, "weighted" their mean weighted by positives,
        "micro" the F1 of the counts of all labels together. ``None`` gives one value per label,
        which no callback can monitor.
    threshold : float or array-like of shape (n_labels,), default=0.5
        A label is predicted where its probability is above this; from 0 to 1, one number or one per label.
    from_logits : bool, default=False
        Whether predictions are logits. The threshold stays a probability.
    mask_value : float, optional
        The value in ``y_true`` that stands for "unknown", such as -1 or NaN; such labels are not counted.
    zero_division : {0, 1, numpy.nan}, default=numpy.nan
        What a label counts that neither occurs nor is predicted; NaN leaves it out of the mean, as
        `mlhelpers.metrics.evaluate` does. scikit-learn and Keras count 0.
    name : str, optional
        Name of the metric in logs; that of the class, in small letters, by default.
    dtype : str, optional
        The type to count in; Keras's floatx, usually float32, by default, which is exact up to 2**24 samples. In
        place of a half-precision type float32 is taken.

    Raises
    ------
    ValueError
        If an argument is out of range; on update, if labels and predictions are not matrices of
        one shape (batch, n_labels), or there is not one threshold per label.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    A mean of the F1 of batches is another number, and depends on the batch size. Sample weights
    of shape (batch,) and weights of single labels of shape (batch, n_labels) work, under ``weighted_metrics``.
    ``EarlyStopping`` knows that higher is better.

    Examples
    --------
    >>> metric = MultilabelF1(from_logits=True)
    >>> metric.update_state([[1, 0], [1, 1]], [[2.0, -1.0], [-1.0, 3.0]])
    >>> metric.update_state([[0, 1]], [[0.5, 0.5]])
    >>> round(float(metric.result()), 4)  # F1 of 1/2 and 1
    0.75
    """

    average: Literal["macro", "micro", "weighted"] | None
    zero_division: float
    _direction, _default_name = "up", "multilabel_f1"

    def __init__(
        self,
        average: Literal["macro", "micro", "weighted"] | None = "macro",
        threshold: Any = 0.5,
        from_logits: bool = False,
        mask_value: float | None = None,
        zero_division: float = np.nan,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(threshold, from_logits, mask_value, name, dtype)
        if not (average is None or isinstance(average, str)) or average not in _AVERAGES:
            raise ValueError(f"average must be one of {_AVERAGES}, got {average!r}")
        if not isinstance(zero_division, numbers.Real) or not (
            zero_division in (0, 1) or zero_division != zero_division
        ):
            raise ValueError(f"zero_division must be 0, 1 or numpy.nan, got {zero_division!r}")
        self.average = average
        self.zero_division = float(zero_division)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add the counts of a batch.

        Parameters
        ----------
        y_true : tensor of 0/1 (or `mask_value`), shape (batch, n_labels)
        y_pred : tensor of float, shape (batch, n_labels)
        sample_weight : tensor of float, shape (batch,), (batch, 1) or (batch, n_labels), optional
        """
        y_true, predicted, weight = self._labels(y_true, y_pred, sample_weight)
        counts = (y_true * predicted, predicted, y_true)
        tp, positive, actual = (count if weight is None else count * weight for count in counts)
        self._add_up(tp=ops.sum(tp, axis=0), predicted=ops.sum(positive, axis=0), actual=ops.sum(actual, axis=0))

    def result(self) -> Any:
        """Return the F1 of all batches since the last reset: a scalar, or shape (n_labels,) if `average` is None.

        Before the first batch it is 0; where nothing is left to average, `zero_division`.
        """
        if not self._totals:
            return ops.zeros((), dtype=self.dtype)
        tp, predicted, actual = (ops.convert_to_tensor(self._totals[c]) for c in ("tp", "predicted", "actual"))
        if self.average == "micro":
            tp, predicted, actual = (ops.sum(count, keepdims=True) for count in (tp, predicted, actual))
        defined = predicted + actual > 0
        one, undefined = ops.ones_like(tp), ops.full_like(tp, self.zero_division)
        f1 = ops.where(defined, 2 * tp / ops.where(defined, predicted + actual, one), undefined)
        if self.average is None:
            return f1
        counted = ops.cast(defined, self.dtype) if np.isnan(self.zero_division) else one
        f1 = ops.where(counted > 0, f1, ops.zeros_like(f1))
        if self.average == "weighted":  # without any positive, the plain mean
            counted = counted * ops.where(ops.sum(actual) > 0, actual, one)
        return ops.sum(f1 * counted) / ops.sum(counted)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, so that a saved model can make the metric again."""
        return {**super().get_config(), "average": self.average, "zero_division": self.zero_division}


@keras.saving.register_keras_serializable(package="mlhelpers")
class SubsetAccuracy(_ThresholdedMetric):
    """Fraction of samples whose whole label set is predicted right.

    Parameters
    ----------
    threshold, from_logits, name, dtype
        As in `MultilabelF1`.
    mask_value : float, optional
        The value in ``y_true`` that stands for "unknown". A sample is judged by its known labels,
        and left out if it has none.

    Raises
    ------
    ValueError, TypeError
        As `MultilabelF1`.

    Notes
    -----
    What scikit-learn's ``accuracy_score`` is on a label matrix. Sample weights of shape (batch,)
    work, under ``weighted_metrics``. ``EarlyStopping`` knows that higher is better.

    Examples
    --------
    >>> metric = SubsetAccuracy()
    >>> metric.update_state([[1, 0], [1, 1]], [[0.9, 0.2], [0.4, 0.8]])
    >>> float(metric.result())
    0.5
    """

    _direction, _default_name = "up", "subset_accuracy"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch; the parameters are those of `MultilabelF1.update_state`."""
        y_true, predicted, known = self._labels(y_true, y_pred, None)
        right, weight = ops.equal(y_true, predicted), ops.ones_like(y_true[:, 0])
        if known is not None:
            right = ops.logical_or(right, known == 0)
            weight = ops.max(known, axis=-1)
        if sample_weight is not None:
            weight = weight * _matrix_of_weights(sample_weight, self.dtype, (y_true.shape[0], 1))[:, 0]
        self._add_up(right=ops.sum(ops.cast(ops.all(right, axis=-1), self.dtype) * weight), total=ops.sum(weight))

    def result(self) -> Any:
        """Return the fraction for all batches since the last reset, a scalar; 0 before the first.

        NaN if nothing could be judged: all labels were unknown, or all weights 0.
        """
        return self._fraction("right", "total")


@keras.saving.register_keras_serializable(package="mlhelpers")
class HammingLoss(_ThresholdedMetric):
    """Fraction of the decisions on single labels that are wrong: lower is better.

    It is one minus Keras's ``BinaryAccuracy``; where labels are rare, predicting nothing scores well.

    Parameters
    ----------
    threshold, from_logits, mask_value, name, dtype
        As in `MultilabelF1`.

    Raises
    ------
    ValueError, TypeError
        As `MultilabelF1`.

    Notes
    -----
    Sample weights of shape (batch,) and weights of single labels of shape (batch, n_labels) work, under
    ``weighted_metrics``. ``EarlyStopping`` knows that lower is better.

    Examples
    --------
    >>> metric = HammingLoss(mask_value=-1)
    >>> metric.update_state([[1, 0, 1], [1, -1, 1]], [[0.9, 0.2, 0.7], [0.4, 0.8, 0.6]])
    >>> round(float(metric.result()), 4)
    0.2
    """

    _direction, _default_name = "down", "hamming_loss"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch; the parameters are those of `MultilabelF1.update_state`."""
        y_true, predicted, weight = self._labels(y_true, y_pred, sample_weight)
        wrong = ops.cast(ops.not_equal(y_true, predicted), self.dtype)
        weight = ops.ones_like(wrong) if weight is None else weight * ops.ones_like(wrong)
        self._add_up(wrong=ops.sum(wrong * weight, axis=0), total=ops.sum(weight, axis=0))

    def result(self) -> Any:
        """Return the fraction for all batches since the last reset, a scalar; 0 before the first.

        NaN if nothing could be judged: all labels were unknown, or all weights 0.
        """
        return self._fraction("wrong", "total")


def _matrix_of_weights(sample_weight: Any, dtype: str, wanted: tuple[int | None, ...]) -> Any:
    """Return sample weights as a column, so that they multiply rows, or the weights of single labels as they are."""
    sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
    (batch, n_labels), shape = wanted, tuple(sample_weight.shape)
    fits = len(shape) in (1, 2) and shape[1:] in ((), (1,), (n_labels,))
    if not fits or (None not in (shape[0], batch) and shape[0] != batch):
        or_labels = "" if n_labels == 1 else f", or (batch, {n_labels}): one per label"
        expected = f"(batch,): one weight per sample{or_labels}"
        raise ValueError(f"sample_weight has shape {shape} for a batch of {batch}, expected {expected}")
    return ops.expand_dims(sample_weight, axis=-1) if len(shape) == 1 else sample_weight


def _checked_threshold(threshold: Any) -> float | list[float]:
    """Return a number, or a list with one per label, so that it can be saved with a model."""
    if isinstance(threshold, (bool, str)) or threshold is None:
        raise TypeError(f"threshold must be a number, or one number per label, got {threshold!r}")
    one = isinstance(threshold, numbers.Real) or getattr(threshold, "ndim", 1) == 0
    limits = real_array([threshold] if one else threshold, "threshold", ("n_labels",))
    if not ((limits >= 0) & (limits <= 1)).all():
        wrong = limits[~((limits >= 0) & (limits <= 1))][0]
        raise ValueError(
            f"threshold holds {wrong:g}, expected probabilities from 0 to 1, with from_logits=True, too; "
            "of a threshold on logits take scipy.special.expit(threshold)"
        )
    return float(limits[0]) if one else [float(limit) for limit in limits]
