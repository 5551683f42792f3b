"""Read a compiled Keras model: what its output is made of, its loss, its metrics."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlhelpers.audit._labels import Labels
from mlhelpers.audit._names import is_known, is_own, kinds_of, name_of, option_of, plain_name
from mlhelpers.labels import MISSING

SOFTMAX = ("softmax", "logsoftmax")
PROBABILITIES = ("probabilities", "softmax", "hardsigmoid", "sparsesigmoid")
ON_A_GRID = {"sensitivityspecificitybase", "sensitivityatspecificity", "precisionatrecall", "recallatprecision"}


@dataclass(frozen=True)
class Loss:
    """A loss, and what calling it with made values tells."""

    name: str
    kinds: frozenset[str]
    object: Any
    n_labels: int

    def _value(self, y: Any, p: Any) -> NDArray[Any]:
        return _called(getattr(self.object, "call", self.object), y, p)

    def _mean(self, y: float, p: float) -> float:
        ones = np.ones((1, self.n_labels), np.float32)
        return float(self._value(y * ones, p * ones).mean())

    @cached_property
    def from_logits(self) -> bool | None:
        """Whether the loss expects logits; None if it expects neither them nor probabilities."""
        stated = option_of(self.object, "from_logits", None)
        if isinstance(stated, (bool, np.bool_)):
            return bool(stated)
        if self.has_swapped_arguments:
            return None
        try:
            inside = [self._mean(1, p) for p in (0.25, 0.75)]
            right = [[self._mean(1, p) for p in (1, 2, 3)], [self._mean(0, p) for p in (0, -2, -4)]]
            wrong = [[self._mean(1, p) for p in (-1, -2, -3)], [self._mean(0, p) for p in (1, 2, 3)]]
        except Exception:  # whatever a loss raises that wants other values
            return None
        # A clip or a logarithm makes it flat or undefined beyond 0 and 1, where a softplus still falls, ever slower.
        flat = all(b == c or np.isnan(c) for _, b, c in right) and not any(_differ(b, c) for _, b, c in wrong)
        if inside[0] > inside[1] and (flat or np.isnan(np.array(wrong)[:, 1:]).all()):
            return False
        grows = bool((np.diff(wrong) > 0).all())  # which the logarithm of a number below 0 does not
        return True if grows and all(a - b > b - c > 0 for a, b, c in right) else None

    @cached_property
    def asks_nothing_of_absent_labels(self) -> bool:
        """Whether what is predicted for absent labels costs nothing: in a row without labels, and beside a label.

        A softmax inside the loss makes the outputs of a row shares of one whole: then only their differences count.
        """
        try:
            empty = [self._mean(0, p) for p in (0.25, 0.75, 4.0)]
            full = [self._mean(1, p) for p in (0.25, 0.75)]
            beside = self._beside_a_label
        except Exception:
            return False
        return beside and empty == [0, 0, 0] and bool(np.isfinite(full).all()) and max(full) > 1e-3

    @property
    def _beside_a_label(self) -> bool:
        if self.n_labels == 1:
            return True
        y, p = np.zeros((2, 1, self.n_labels), np.float32)
        y[0, 0], p[0] = 1, 0.5
        low, high = p.copy(), p.copy()
        low[0, 1], high[0, 1] = 0.25, 0.75
        unchanged = np.array_equal(self._value(y, low), self._value(y, high))
        return unchanged or bool(np.allclose(self._value(y, low), self._value(y, low + 1), rtol=1e-5, atol=1e-7))

    @cached_property
    def has_swapped_arguments(self) -> bool:
        """Whether it is a cross-entropy of y for p: a steep straight line over p, and a logarithm over y."""
        try:
            present, absent = ([self._mean(y, p) for p in (0.25, 0.5, 0.75)] for y in (1, 0))
            over_y = -np.diff([self._mean(y, 1) for y in (0.25, 0.5, 0.75)])
        except Exception:
            return False
        falls, rises = -np.diff(present), np.diff(absent)
        steep = all(bool(np.allclose(steps[0], steps[1], rtol=1e-2)) and steps[0] > 1 for steps in (falls, rises))
        return steep and bool(over_y[0] > 1.2 * over_y[1] > 0)

    def values(self, y: Any, p: Any) -> NDArray[Any] | None:
        try:
            return self._value(y, p)
        except Exception:  # it may want other values, which is no finding
            return None

    def shape(self, y: Any, p: Any) -> tuple[int, ...] | None:
        values = self.values(y, p)
        return None if values is None else values.shape

    def masks(self, value: float) -> bool | None:
        """Return whether the loss leaves out a label of this value: whether the prediction for it doesn't matter."""
        y = np.zeros((2, self.n_labels), np.float32)  # the second row is known: a mean over the batch needs something
        low, high = np.full_like(y, 0.5), np.full_like(y, 0.5)
        y[0, 0], low[0, 0], high[0, 0] = value, 0.25, 0.75
        try:
            losses = self._value(y, low), self._value(y, high)
        except Exception:
            return None
        return bool(np.isfinite(losses[0]).all() and np.allclose(*losses, rtol=1e-6, atol=0))


def _differ(a: float, b: float) -> bool:
    return a != b and not (np.isnan(a) or np.isnan(b))


@dataclass(frozen=True)
class Metric:
    """A metric that was given to compile."""

    name: str
    kinds: frozenset[str]
    object: Any

    @property
    def as_keras_made_it(self) -> bool:
        """Whether what is known of the class holds: an own update_state may turn logits into probabilities."""
        update = getattr(type(self.object), "update_state", None)
        return update is None or is_known(update.__module__)

    def works_as(self, kinds: set[str]) -> bool:
        """Whether it does what Keras's metrics of these kinds do."""
        return self.as_keras_made_it and bool(self.kinds & kinds)

    @property
    def from_logits(self) -> bool | None:
        value = option_of(self.object, "from_logits", getattr(self.object, "_from_logits", None))
        return bool(value) if value is not None and self.as_keras_made_it else None

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The limits above which an output counts as a predicted label, where they are given on its own scale."""
        if self.kinds & ON_A_GRID or self.from_logits is not None or not self.as_keras_made_it:
            return ()
        if inspect.isfunction(self.object):
            return (0.5,) if "binaryaccuracy" in self.kinds else ()
        if not self.kinds & _CUT_AT_A_THRESHOLD:
            return ()
        value = getattr(self.object, "thresholds", getattr(self.object, "threshold", None))
        if getattr(self.object, "top_k", None) is not None and np.all(np.asarray(value) < -1e6):
            return ()  # which Keras puts in so that the k largest count, whatever they are
        return () if value is None else tuple(np.ravel(value).tolist())

    def compares_largest_entries(self, n_labels: int, from_logits: bool) -> bool:
        """Whether a metric function sees of a row of outputs the largest alone, and of a row of labels the first 1.

        Precision at 1 sees the largest output, too, but all of the labels.
        """
        rng = np.random.default_rng(0)
        y = rng.integers(2, size=(16, n_labels)).astype(np.float32)
        after_the_first = (np.arange(n_labels) > y.argmax(axis=1)[:, None]) & y.any(axis=1, keepdims=True)
        p = rng.uniform(0.02, 0.9, (5, 16, n_labels))
        for outputs, moved in zip(p, (0, 0, 0, 1, 2), strict=True):
            outputs[np.arange(16), (np.arange(16) + moved) % n_labels] = 0.95
        scores = np.log(p / (1 - p)) if from_logits else p
        same = [(y, scores[0]), (y, scores[1]), (y, scores[2]), (np.abs(y - after_the_first), scores[0])]
        values = [self.value(*pair) for pair in (*same, (y, scores[3]), (y, scores[4]))]
        known = [value for value in values if value is not None]
        if n_labels < 3 or len(known) < len(values):
            return False
        equal = [np.array_equal(known[0], other) for other in known[1:]]
        return all(equal[:3]) and not all(equal[3:])

    def value(self, y: Any, p: Any) -> NDArray[Any] | None:
        """Return what a metric function gives, and None for a metric that adds up by itself."""
        function, options = self.object, {}
        if hasattr(function, "_fn") and self.as_keras_made_it:
            function, options = function._fn, function._fn_kwargs
        if hasattr(function, "update_state"):
            return None
        try:
            return _called(partial(function, **options), y, p)
        except Exception:
            return None


_CUT_AT_A_THRESHOLD = {
    "binaryaccuracy",
    "precision",
    "recall",
    "truepositives",
    "truenegatives",
    "falsepositives",
    "falsenegatives",
    "f1score",
    "fbetascore",
    "binaryiou",
}


@dataclass(frozen=True)
class KerasCase:
    """What the rules ask of a Keras model."""

    labels: Labels
    output: str | None  # "logits", "probabilities", "softmax", the name of another activation, or unknown
    shape: tuple[int | None, ...] | None
    dtype: str | None
    loss: Loss | None
    other_losses: tuple[Loss, ...]  # which were given beside the first
    metrics: tuple[Metric, ...]
    metric_groups: int
    is_one_tensor: bool  # whether the output is known to be no list and no dict

    @property
    def is_left_out(self) -> NDArray[np.bool_]:
        """Whether the loss leaves an entry of Y out."""
        values = self.labels.values
        codes = [code for code in (MISSING, *self.labels.wrong_values) if (values == code).any() and self.masks(code)]
        missing = np.isnan(values)
        return np.isin(values, codes) | (missing & bool(missing.any() and self.masks(np.nan)))

    def masks(self, value: float) -> bool | None:
        return self.loss.masks(value) if self.loss else None

    @property
    def is_one_label_as_two_classes(self) -> bool:
        """Whether a single label is learned as the classes 0 and 1, which is right: two units, and y a class index."""
        sparse_loss = self.loss is not None and "sparsecategoricalcrossentropy" in self.loss.kinds
        return sparse_loss and self.labels.n_labels == 1 and self.shape is not None and self.shape[1:] == (2,)

    @property
    def takes_signed_labels(self) -> bool:
        """Whether labels of -1 and 1 may be right: for a hinge, and for what a loss of the user's own does."""
        return not self.loss or is_own(self.loss.object) or bool(self.loss.kinds & {"hinge", "squaredhinge"})


def is_keras_model(model: Any) -> bool:
    keras = sys.modules.get("keras")  # a model of a library that is not imported can't be here
    return keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model)


def inputs_of(X: Any) -> list[Any]:
    """Return the arrays that a model gets as X, one per input."""
    if isinstance(X, Mapping):
        return list(X.values())
    if isinstance(X, (list, tuple)) and all(hasattr(part, "shape") for part in X):
        return list(X)
    return [] if X is None else [X]


def keras_case(model: Any, labels: Labels, X: Any) -> KerasCase:
    if not model.compiled:
        raise ValueError("model is not compiled, so it has no loss to audit; call model.compile(...) first")
    if len(getattr(model, "outputs", None) or [None]) > 1:
        raise ValueError(
            f"model has {len(model.outputs)} outputs; audit each by itself, as a keras.Model(inputs, output) that is "
            "compiled with the loss and the metrics of that output"
        )
    output, shape, dtype = _output_of(model)
    if output is None and X is not None:
        output, shape, dtype = _output_seen(model, X)
    losses = list(_losses_of(model, labels))
    return KerasCase(
        labels,
        output,
        shape,
        dtype,
        losses[0] if losses else None,
        tuple(losses[1:]),
        tuple(_metrics_of(model, labels)),
        max(map(_number_of_groups, _given_metrics(model))),
        _is_one_tensor(model),
    )


def _is_one_tensor(model: Any) -> bool:
    if kinds_of(model) & {"sequential"}:
        return True
    return bool(getattr(model, "outputs", None)) and not isinstance(model.output, (list, tuple, Mapping))


_Output: TypeAlias = "tuple[str | None, tuple[int | None, ...] | None, str | None]"


def _output_of(model: Any) -> _Output:
    """Return activation, shape and dtype of the output, as far as the layers tell."""
    tensors = getattr(model, "outputs", None)
    if tensors:
        shape = tuple(tensors[0].shape)
        return _activation_behind(tensors[0], shape), shape, str(tensors[0].dtype)
    if not kinds_of(model) & {"sequential"} or not model.layers:
        return None, None, None
    last = model.layers[-1]  # of a model without an Input, which is built when it is first called
    activation = next((a for a in map(_activation_of, reversed(model.layers)) if a != "unchanged"), None)
    return activation, (None, last.units) if hasattr(last, "units") else None, last.compute_dtype


_UNCHANGED = {
    "cast", "dropout", "expanddims", "flatten", "identity", "permute", "ravel", "reshape", "spatialdropout1d",
    "squeeze", "transpose",
}  # fmt: skip


_MERGED = {"average", "concatenate", "maximum", "minimum"}


def _activation_behind(tensor: Any, shape: tuple[int | None, ...]) -> str | None:
    """Return the activation that gave a symbolic tensor its values."""
    operation, node, index = tensor._keras_history
    if getattr(operation, "outputs", None):  # a model inside the model
        return _activation_behind(operation.outputs[index], shape)
    activation = _activation_of(operation)
    if activation == "softmax" and tuple(tensor.shape) != shape:
        return None  # over something else than the labels, such as the two answers to each
    inputs = operation._inbound_nodes[node].input_tensors
    if activation == "unchanged":
        return _activation_behind(inputs[0], shape)
    if kinds_of(operation) & _MERGED:
        activations = {_activation_behind(part, shape) for part in inputs}
        return activations.pop() if len(activations) == 1 else None
    return activation


def _activation_of(operation: Any) -> str | None:
    """Return "logits", "probabilities", another activation, "unchanged", or None where the layer does not tell."""
    import keras

    while isinstance(operation, keras.layers.Wrapper) and _is_as_keras_made_it(operation):
        operation = operation.layer
    if not _is_as_keras_made_it(operation):
        return None
    function = getattr(operation, "activation", None)
    name = plain_name(name_of(operation if function is None else function))
    if function is None and name in _UNCHANGED:
        return "unchanged"
    known = {*map(plain_name, dir(keras.activations)), "prelu"}
    if name not in known:  # a function of a backend, or of the user's own
        name = _activation_by_values(function or getattr(operation, "function", None))
    if name == "linear" and (function is None or isinstance(operation, keras.layers.Activation)):
        return "unchanged"
    return {"linear": "logits", "sigmoid": "probabilities"}.get(name, name)


def _is_as_keras_made_it(operation: Any) -> bool:
    """Whether what a layer is called, and what activation it has, tell what it does: a user's own call may do more."""
    return is_known(getattr(type(operation).call, "__module__", ""))


def _activation_by_values(function: Any) -> Any:
    """Return the name of Keras's own activation that gives the same values, if any."""
    import keras

    values = np.array([[-3.0, 0.5, 2.0], [4.0, -1.0, -2.5]], np.float32)
    for name in ("linear", "sigmoid", "softmax", "log_softmax"):
        try:
            given, expected = (_called(f, values) for f in (function, getattr(keras.activations, name)))
        except Exception:  # it is no function, or wants other values
            return None
        if given.shape == expected.shape and np.allclose(given, expected, atol=1e-5):
            return plain_name(name)
    return None


_MOST_ROWS = 256


def _output_seen(model: Any, X: Any) -> _Output:
    """Return what the output is, judged by its values."""
    import keras

    inputs = getattr(model, "inputs", None)
    n_rows = (inputs[0].shape[0] if inputs else None) or _MOST_ROWS // 3  # a stateful model has a fixed batch

    def output(scale: float) -> Any:
        def scaled(part: Any) -> NDArray[Any]:
            rows = np.asarray(part[:n_rows])
            return scale * rows if rows.dtype.kind == "f" else rows

        return model(scaled(X) if len(inputs_of(X)) == 1 else keras.tree.map_structure(scaled, X), training=False)

    try:
        if not model.built:
            output(1)
        with keras.StatelessScope():  # a recurrent state or a counter keeps its value
            outputs = [output(scale) for scale in (1, 1e4, -1e4)]
    except Exception as error:
        raise ValueError(f"X does not fit the model; pass the inputs that model.fit gets ({error})") from error
    if len(keras.tree.flatten(outputs[0])) > 1:
        raise ValueError("model has several outputs; audit each by itself, as a model of one output")
    outputs = [keras.tree.flatten(output)[0] for output in outputs]
    near, *far = (keras.ops.convert_to_numpy(tensor).astype(float) for tensor in outputs)
    kind = _kind_of_values(near)
    if kind != "logits" and "logits" in map(_kind_of_values, far):
        kind = None  # small logits look like probabilities, but not far away from the data
    if kind == "probabilities" and not any(((values < 0.01) | (values > 0.99)).any() for values in far):
        kind = None  # what is bounded, as behind a normalisation, may be either
    return kind, (None, *near.shape[1:]), keras.backend.standardize_dtype(outputs[0].dtype)


def _kind_of_values(values: NDArray[np.float64]) -> str | None:
    values = values.reshape(len(values), -1)
    values = values[np.isfinite(values).all(axis=1)]
    if not values.size or values.min() == values.max() or np.isin(values, (0, 1)).all():
        return None
    if values.min() < -1e-6 or values.max() > 1 + 1e-6:
        return "logits"
    shared = values.shape[1] > 2 and np.allclose(values.sum(axis=1), 1, atol=1e-3)
    return "softmax" if shared else "probabilities"


def _losses_of(model: Any, labels: Labels) -> Iterator[Loss]:
    import keras

    for given in keras.tree.flatten(model.loss):
        if given is None:
            continue
        if isinstance(given, str) and given.lower() in ("crossentropy", "ce"):  # which Keras resolves by shape
            loss = keras.losses.binary_crossentropy if labels.n_labels == 1 else keras.losses.categorical_crossentropy
        else:
            loss = keras.losses.get(given)
        yield Loss(name_of(given), kinds_of(loss), loss, labels.n_labels)


def _given_metrics(model: Any) -> list[Any]:
    # The public get_compile_config serialises, which own functions don't survive.
    container = getattr(model, "_compile_metrics", None)
    return [getattr(container, f"_user_{kind}", None) for kind in ("metrics", "weighted_metrics")]


def _number_of_groups(given: Any) -> int:
    """Return for how many outputs metrics were given."""
    if isinstance(given, Mapping):
        return len(given)
    nested = isinstance(given, (list, tuple)) and all(isinstance(part, (list, tuple)) for part in given)
    return len(given) if nested else 1


def _metrics_of(model: Any, labels: Labels) -> Iterator[Metric]:
    import keras

    for metric in keras.tree.flatten(_given_metrics(model)):
        if metric is not None:
            made = _made_metric(metric, labels)
            yield Metric(name_of(metric), kinds_of(made), made)


def _made_metric(metric: Any, labels: Labels) -> Any:
    """Return the metric that Keras makes of a name or a class.

    With a name of its own, as Keras counts the metrics that have none: the next ``AUC()`` would be called "auc_1".
    """
    import keras

    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):  # which Keras resolves by shape
        metric = keras.metrics.BinaryAccuracy if labels.n_labels == 1 else keras.metrics.CategoricalAccuracy
    elif isinstance(metric, str):
        classes = {plain_name(name): item for name, item in vars(keras.metrics).items() if inspect.isclass(item)}
        metric = classes.get(plain_name(metric), metric)
    if isinstance(metric, type) and "name" in inspect.signature(metric).parameters:
        return keras.metrics.get(partial(metric, name="audited")())
    return keras.metrics.get(metric)


def _called(function: Callable[..., Any], *made: Any) -> NDArray[Any]:
    """Call an activation, a loss or a metric function with made values, as Keras does: in its own float type."""
    import keras
    from keras import ops

    with warnings.catch_warnings(), keras.StatelessScope():  # counters and seeds of a loss keep their values
        warnings.simplefilter("ignore")
        return np.asarray(
            ops.convert_to_numpy(function(*(ops.convert_to_tensor(values, "float32") for values in made)))
        )


def made_pair(n: int, case: KerasCase) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return labels and outputs of n samples, on the scale of the model's own."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(2, size=(n, case.labels.n_labels)), rng.uniform(0.05, 0.95, (n, case.labels.n_labels))
    scores = np.log(p / (1 - p)) if case.output == "logits" else p
    return y.astype(np.float32), scores.astype(np.float32)


def usual_cut(case: KerasCase) -> str:
    return "threshold=0" if case.output == "logits" else "threshold=0.5"
