"""Find the silent mistakes of multi-label work before training: in a model, its loss and metrics, and its labels."""

from __future__ import annotations

import inspect
import numbers
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers.labels import MISSING, _as_numeric, _check_shape
from mlhelpers.tables import ShownAsTable, Table

_Found: TypeAlias = "Iterator[tuple[str, str, str]]"
"""What a rule yields: severity, message and fix."""


@dataclass(frozen=True)
class Finding:
    """One mistake that `audit` found.

    Attributes
    ----------
    code : str
        A key of `RULES`, such as "ML103". A code keeps its meaning.
    severity : {"error", "warning", "info"}
        "error": the wrong thing is trained or reported. "warning": it is, under circumstances
        that the message names. "info": worth knowing.
    message : str
        What was found, and what comes of it.
    fix : str
        What to write in its place.
    link : str
        The section of the book's page of traps, relative to the built book.
    """

    code: str
    severity: str
    message: str
    fix: str
    link: str


class Findings(ShownAsTable, list[Finding]):
    """A list of `Finding` that prints as a table."""

    def _table(self) -> Table:
        rows = [(finding.code, f"{finding.severity}: {finding.message}", finding.fix) for finding in self]
        return Table(("code", "what", "fix"), rows or [("none", "no findings", "")])

    def __repr__(self) -> str:
        lines = []
        for finding in self:
            start, indent = f"{finding.code}  {finding.severity:9}", " " * 16
            lines.append(_wrapped(finding.message, start, indent))
            lines.append(_wrapped(f"Fix: {finding.fix}", indent, indent))
        return "\n".join(lines) or "no findings"

    def _repr_html_(self) -> str:
        # Names of classes are long: without a break inside them a phone would have to scroll sideways.
        return self._table()._repr_html_().replace("<td>", '<td style="overflow-wrap: anywhere; text-align: left">')


def audit(model: Any, Y: Any, *, X: Any = None) -> Findings:
    """Look for mistakes that raise no error: a linter for a multi-label model and its labels.

    Nothing is trained and nothing is changed: neither weights, nor what was compiled, nor the
    labels, nor any random state. What can't be told from the model is not guessed: a custom loss or
    metric is called with a few made values, and an output of unknown activation is left alone unless
    there is `X` to look at its values.

    Parameters
    ----------
    model : compiled keras.Model with one output, or scikit-learn estimator
        An estimator may be nested (a pipeline, a search) and need not be fitted.
    Y : array-like, DataFrame or sparse matrix, shape (n_samples, n_labels)
        The labels to train on. Values other than 0 and 1 are findings, not errors.
    X : array-like, or list or dict of them, with n_samples rows, optional
        The inputs to train on. At most 256 rows are shown to a Keras model whose output activation is not
        plain from its layers (a subclassed model, a ``Lambda`` layer); a model that is not built is built by that.

    Returns
    -------
    Findings
        A list of `Finding` in the order of their codes; it prints as a table and is empty if
        nothing was found.

    Raises
    ------
    ValueError
        If Y has no rows, no columns or not two dimensions; if X has another number of rows or
        does not fit the model; if a Keras model is not compiled or has several outputs.
    TypeError
        If model is neither a Keras model nor an estimator, or if Y holds text or label sets.

    See Also
    --------
    RULES : The codes, and what each of them is about.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.multiclass import OneVsRestClassifier
    >>> search = GridSearchCV(OneVsRestClassifier(LogisticRegression()), {"estimator__C": [0.1, 1]}, cv=2)
    >>> audit(search, [[1, 0], [1, 1], [0, 0], [1, 0]])  # doctest: +NORMALIZE_WHITESPACE
    ML402  warning  GridSearchCV splits a label matrix by plain KFold, in the order of the rows: of the 2
                    folds, 1 holds no positive of label 1.
                    Fix: cv=mlhelpers.splits.MultilabelKFold(2)
    ML403  warning  GridSearchCV with scoring=None chooses by subset accuracy: a sample counts only if all of
                    its labels are right.
                    Fix: name the score, such as scoring="f1_macro" or scoring="f1_micro"
    """
    case: _KerasCase | _SklearnCase
    if _is_keras_model(model):
        labels = _read_labels(Y)
        _check_length(_inputs(X), labels)
        case, groups = _keras_case(model, labels, X), "123"
    else:
        _check_estimator(model)
        labels = _read_labels(Y)
        _check_length([] if X is None else [X], labels)
        case, groups = _SklearnCase(labels, tuple(_nested_estimators(model))), "34"
    return Findings(
        Finding(code, severity, message, fix, f"traps.html#{code.lower()}")
        for code, check in _CHECKS.items()
        if code[2] in groups and not (labels.one_per_row and code in _RIGHT_FOR_ONE_LABEL_PER_ROW)
        for severity, message, fix in check(case)
    )


def _wrapped(text: str, start: str, indent: str) -> str:
    wrapper = textwrap.TextWrapper(88, start, indent)
    wrapper.break_on_hyphens = wrapper.break_long_words = False  # a name that is broken can't be copied
    return wrapper.fill(text)


# The rules


_TITLES: dict[str, str] = {}
_CHECKS: dict[str, Callable[[Any], _Found]] = {}
RULES: Mapping[str, str] = MappingProxyType(_TITLES)
"""The title of every rule by its code, in the order in which they are applied."""

_RIGHT_FOR_ONE_LABEL_PER_ROW = {"ML101", "ML102", "ML201", "ML202"}
_SOFTMAX = ("softmax", "logsoftmax")
_PROBABILITIES = ("probabilities", "softmax", "hardsigmoid", "sparsesigmoid")
_BCE_LOGITS = "keras.losses.BinaryCrossentropy(from_logits=True)"


def _rule(code: str, title: str) -> Callable[[Callable[[Any], _Found]], Callable[[Any], _Found]]:
    def register(check: Callable[[Any], _Found]) -> Callable[[Any], _Found]:
        _TITLES[code], _CHECKS[code] = title, check
        return check

    return register


@_rule("ML101", "Softmax output over a label matrix")
def _softmax_output(case: _KerasCase) -> _Found:
    if case.output in _SOFTMAX:
        yield (
            "error",
            f"The output is a {case.output.replace('log', 'log-')}: the labels of a row share one probability, so at "
            "most one of them can exceed 1/2.",
            f"a linear output, Dense({case.labels.n_labels}), with {_BCE_LOGITS}",
        )


@_rule("ML102", "A loss for one class per sample")
def _loss_for_one_class(case: _KerasCase) -> _Found:
    if case.loss and case.loss.kinds & _ONE_CLASS_LOSSES:
        yield (
            "error",
            f"The loss {case.loss.name} is for one class per sample: it asks nothing of absent labels, so nothing "
            "keeps them from being predicted.",
            f"{_BCE_LOGITS} with a linear output",
        )


_ONE_CLASS_LOSSES = {
    "categoricalcrossentropy",
    "sparsecategoricalcrossentropy",
    "categoricalfocalcrossentropy",
    "categoricalhinge",
    "kldivergence",
}


@_rule("ML103", "Linear output, but the loss expects probabilities")
def _logits_for_probabilities(case: _KerasCase) -> _Found:
    if case.output == "logits" and case.loss and case.loss.from_logits is False:
        yield (
            "error",
            f"The output is linear (logits), but the loss {case.loss.name} expects probabilities: outside [0, 1] "
            "it has no slope or no value.",
            "from_logits=True in the loss, or a sigmoid output",
        )


@_rule("ML104", "Sigmoid output, but the loss expects logits")
def _probabilities_for_logits(case: _KerasCase) -> _Found:
    if case.output in _PROBABILITIES and case.loss and case.loss.from_logits:
        # On TensorFlow these two look for the op that made the output, and take it back.
        mended = case.loss.kinds & {"binarycrossentropy", "categoricalcrossentropy"}
        yield (
            "warning" if mended else "error",
            f"The output is made of probabilities, but the loss {case.loss.name} expects logits and would squash them "
            "a second time"
            + (
                "; only the TensorFlow backend takes back an activation that comes directly before the loss."
                if mended
                else "."
            ),
            "a linear output (no activation), or from_logits=False",
        )


@_rule("ML105", "Output activation that is neither sigmoid nor linear")
def _other_activation(case: _KerasCase) -> _Found:
    if case.output in (None, "logits", "probabilities", *_SOFTMAX) or not case.loss or case.loss.from_logits is None:
        return
    squashed = case.output in _PROBABILITIES
    yield (
        "warning" if squashed else "error",
        f"The output activation is {case.output}, but a cross-entropy needs "
        + ("a slope everywhere, and this one is flat beyond a limit." if squashed else "probabilities or free logits."),
        f"a linear output with {_BCE_LOGITS}",
    )


@_rule("ML106", "A loss that returns one number per batch")
def _loss_of_a_batch(case: _KerasCase) -> _Found:
    if case.loss is None:
        return
    n = 3 if case.labels.n_labels != 3 else 4  # so that a mean over the wrong axis shows
    y, p = _made_pair(n, case)
    shape = case.loss.shape(y, p)
    if shape is not None and shape[:1] != (n,):
        yield (
            "warning",
            f"The loss {case.loss.name} returns shape {shape} for {n} samples, not one value per sample: sample "
            "weights and masks can't reach the samples they belong to.",
            "return keras.ops.mean(per_label, axis=-1), and leave the samples to Keras",
        )


@_rule("ML107", "Half precision at the output, and a loss on probabilities")
def _half_precision(case: _KerasCase) -> _Found:
    half = case.dtype in ("float16", "bfloat16") and case.output != "logits"
    if half and case.loss and case.loss.from_logits is False:
        yield (
            "warning",
            f"The output is {case.dtype}, and the loss {case.loss.name} is computed from probabilities: those near "
            "1 round to 1, and the gradient of a confident mistake is 0.",
            f'Dense({case.labels.n_labels}, dtype="float32") with {_BCE_LOGITS}',
        )


@_rule("ML108", "Output units that are not the labels")
def _number_of_units(case: _KerasCase) -> _Found:
    if case.shape is None or None in case.shape[1:]:
        return
    # Keras itself drops or adds a last side of length 1.
    if [side for side in case.shape[1:] if side != 1] != [side for side in (case.labels.n_labels,) if side != 1]:
        units = f"{case.shape[-1]} units" if len(case.shape) == 2 else f"shape {case.shape}"
        yield (
            "error",
            f"The output has {units}, but Y has {case.labels.n_labels} labels: "
            + (
                "binary cross-entropy refuses that, but most other losses stretch the single column to the width of "
                "the others, in silence."
                if 1 in (case.shape[-1], case.labels.n_labels)
                else "Keras's own losses refuse that, and a loss of your own may not."
            ),
            f"one unit per label: Dense({case.labels.n_labels})",
        )


@_rule("ML109", "Focal loss with an alpha that is ignored")
def _ignored_alpha(case: _KerasCase) -> _Found:
    if case.loss and "binaryfocalcrossentropy" in case.loss.kinds:
        alpha = _option(case.loss.object, "alpha", 0.25)
        if alpha != 0.25 and not _option(case.loss.object, "apply_class_balancing", False):
            yield (
                "error",
                f"{case.loss.name} has alpha={alpha:g}, which acts only with apply_class_balancing=True.",
                f"apply_class_balancing=True, alpha={alpha:g}",
            )


@_rule("ML110", "Losses or metrics of several outputs, and the model has one")
def _one_output_too_few(case: _KerasCase) -> _Found:
    if case.loss and case.other_losses:
        names = [loss.name for loss in (case.loss, *case.other_losses)]
        given = f"{len(names)} losses are given ({_first_five(names)})"
        if not case.is_one_tensor:
            severity, what = (
                "warning",
                ": unless the model returns several outputs, or a list, only the first is trained.",
            )
        elif all(_same_losses(case.loss, other, case) for other in case.other_losses):
            severity, what = (
                "info",
                " for one output: the first is trained, on all labels; the others are no different.",
            )
        else:
            severity, what = "error", " for one output: only the first is trained, on all labels."
        yield severity, given + what, f"loss={case.loss.name}, or one loss function that adds them up"
    if case.metric_groups > 1:
        yield (
            "warning",
            f"The metrics are given in {case.metric_groups} groups, as for several outputs, and the model has one: "
            "each of them is computed over all labels.",
            "metrics=[...], a flat list; for numbers per label, mlhelpers.keras_metrics.MultilabelF1(average=None)",
        )


def _same_losses(a: _Loss, b: _Loss, case: _KerasCase) -> bool:
    first, second = (loss.values(*_made_pair(4, case)) for loss in (a, b))
    if first is None or second is None or first.shape != second.shape:
        return False
    return bool(np.allclose(first, second, rtol=1e-5, atol=0))


@_rule("ML201", "An accuracy that compares the largest entries")
def _argmax_accuracy(case: _KerasCase) -> _Found:
    for metric in case.metrics:
        if metric.kinds & _ARGMAX_ACCURACIES:
            yield (
                "error",
                f"The metric {metric.name} compares the place of the largest entry of a row of labels with that of "
                "the output: of several labels it sees one.",
                f"keras.metrics.BinaryAccuracy({_cut(case)}), or mlhelpers.keras_metrics.SubsetAccuracy",
            )


_ARGMAX_ACCURACIES = {
    "categoricalaccuracy",
    "sparsecategoricalaccuracy",
    "topkcategoricalaccuracy",
    "sparsetopkcategoricalaccuracy",
}


@_rule("ML202", "An F-score without a threshold")
def _argmax_f_score(case: _KerasCase) -> _Found:
    for metric in case.metrics:
        if metric.kinds & {"f1score", "fbetascore"} and getattr(metric.object, "threshold", 0) is None:
            yield (
                "error",
                f"The metric {metric.name} without a threshold predicts the largest output of each row, and "
                "no other label.",
                "mlhelpers.keras_metrics.MultilabelF1(from_logits=True)"
                if case.output == "logits"
                else f"{metric.name.strip(chr(34))}(threshold=0.5)",
            )


@_rule("ML203", "A metric that takes logits for probabilities, or the other way round")
def _metric_of_another_scale(case: _KerasCase) -> _Found:
    if case.output != "logits" and case.output not in _PROBABILITIES:
        return
    logits = case.output == "logits"
    for metric in case.metrics:
        if metric.from_logits is not None and metric.from_logits != logits:
            yield (
                "error",
                f"The metric {metric.name} has from_logits={metric.from_logits}, but the output is made of "
                + ("logits." if logits else "probabilities."),
                f"from_logits={logits}",
            )
        elif metric.kinds & _ON_A_GRID and logits:
            yield (
                "error",
                f"The metric {metric.name} tries thresholds from 0 to 1, but the output is made of logits.",
                "a sigmoid output, or scikit-learn's metrics after training",
            )
        elif metric.thresholds and logits and all(0 < t < 1 for t in metric.thresholds):
            usual = 0.5 in metric.thresholds
            yield (
                "error" if usual else "warning",
                f"The metric {metric.name} cuts at {_listed(metric.thresholds)}, which looks like a probability, but "
                "the output is made of logits, where probability 1/2 is 0.",
                "a threshold of 0; mlhelpers.keras_metrics.MultilabelF1(from_logits=True) for F1",
            )
        elif metric.thresholds and not logits and all(t <= 0 for t in metric.thresholds):
            yield (
                "error",
                f"The metric {metric.name} cuts at {_listed(metric.thresholds)}, but the output is made of "
                "probabilities: every label is predicted.",
                "a threshold of 0.5",
            )


_ON_A_GRID = {"sensitivityspecificitybase", "sensitivityatspecificity", "precisionatrecall", "recallatprecision"}


@_rule("ML204", "AUC per label, and a label with one class")
def _auc_of_a_constant_label(case: _KerasCase) -> _Found:
    for metric in case.metrics:
        if "auc" not in metric.kinds or not getattr(metric.object, "multi_label", False):
            continue
        curve = str(getattr(metric.object.curve, "value", metric.object.curve))
        lacking = case.labels.never if curve == "PR" else np.union1d(case.labels.never, case.labels.always)
        if lacking.size:
            yield (
                "error",
                f"{metric.name}(multi_label=True) counts a label of one class as 0 in its mean: "
                f"{case.labels.named(lacking)} in Y.",
                "leave such labels out, or use sklearn.metrics.roc_auc_score(average=None) after training",
            )


@_rule("ML205", "A metric function that returns one number per batch")
def _metric_of_a_batch(case: _KerasCase) -> _Found:
    y, p = _made_pair(8, case)
    for metric in case.metrics:
        whole = metric.value(y, p)
        if whole is None or whole.shape != ():
            continue
        halves = [metric.value(y[part], p[part]) for part in (slice(4), slice(4, 8))]
        known = [half for half in halves if half is not None]
        additive = len(known) == 2 and np.allclose(np.mean(known), whole, atol=1e-5)
        yield (
            "warning" if additive else "error",
            f"The metric {metric.name} returns one number per batch, and Keras shows the mean over batches: "
            + (
                "a last batch that is smaller counts too much, and sample weights are lost."
                if additive
                else "another number than the metric of all samples, and one that moves with the batch size."
            ),
            "return one value per sample"
            if additive
            else "a keras.metrics.Metric that adds up counts, such as mlhelpers.keras_metrics.MultilabelF1",
        )


@_rule("ML206", "An accuracy that asks for equal numbers")
def _accuracy_of_equal_numbers(case: _KerasCase) -> _Found:
    for metric in case.metrics:
        if case.output and "accuracy" in metric.kinds and metric.as_keras_made_it:
            yield (
                "error",
                f"The metric {metric.name} has no threshold: it counts outputs that equal their label to the last "
                "digit, and hardly any does.",
                f"keras.metrics.BinaryAccuracy({_cut(case)}), or mlhelpers.keras_metrics.SubsetAccuracy",
            )


@_rule("ML207", "A metric that counts missing labels, and a loss that leaves them out")
def _metric_of_missing_labels(case: _KerasCase) -> _Found:
    values, left_out = case.labels.values, case.is_left_out
    codes = list(np.unique(values[left_out]))
    for metric in case.metrics if codes else ():
        counted = [code for code in codes if _counts(metric, code, case)]
        which = left_out & (np.isin(values, counted) | (np.isnan(values) & bool(np.isnan(counted).any())))
        if which.any():
            code = "np.nan" if np.isnan(counted[0]) else f"{counted[0]:g}"
            scale = "from_logits=True, " if case.output == "logits" else ""
            yield (
                "error",
                f"The loss leaves out {which.sum():,} missing labels (first {case.labels.first(which)}), but the "
                f"metric {metric.name} counts them: as positives, as mistakes or as nan.",
                f"mlhelpers.keras_metrics.MultilabelF1({scale}mask_value={code}), or SubsetAccuracy or HammingLoss",
            )


def _counts(metric: _Metric, code: float, case: _KerasCase) -> bool:
    """Whether a metric is known to count a label of this value."""
    if not metric.as_keras_made_it or metric.kinds & _ARGMAX_ACCURACIES:
        return False
    if "thresholdedmetric" in metric.kinds:
        mask = metric.object.mask_value
        return mask is None or not np.array_equal(mask, code, equal_nan=True)
    kinds = _kinds(getattr(metric.object, "_fn", metric.object))
    if kinds and "loss" not in kinds:
        return getattr(metric.object, "ignore_class", None) != code
    return case.labels.n_labels > 1 and _own_function_counts(metric, code, case)


def _own_function_counts(metric: _Metric, code: float, case: _KerasCase) -> bool:
    low, high = (-4, 4) if case.output == "logits" else (0.05, 0.95)
    y = np.ones((2, case.labels.n_labels), np.float32)
    p, other = np.full_like(y, high), np.full_like(y, high)
    known = metric.value(y, p)
    y[0, 0], other[0, 0] = code, low
    right, wrong = metric.value(y, p), metric.value(y, other)
    if known is None or right is None or wrong is None:
        return False
    if not np.array_equal(right, wrong):  # what is predicted for the label matters, or nan spreads
        return True
    is_fraction = bool(((known >= 0) & (known <= 1)).all())  # a sum changes with the number of labels
    return is_fraction and not np.allclose(known, right, atol=1e-5)


@_rule("ML301", "Labels other than 0 and 1")
def _other_values(case: _KerasCase | _SklearnCase) -> _Found:
    labels, keras_model = case.labels, isinstance(case, _KerasCase)
    if labels.signed:
        if not (case.masks(MISSING) or (isinstance(case, _KerasCase) and case.takes_signed_labels)):
            yield "error", "Y holds -1 and 1 and no 0, so -1 seems to mean absent.", "(Y > 0).astype(int)"
        return
    wrong = labels.is_wrong & ~np.isin(labels.values, [v for v in labels.wrong_values if case.masks(v)])
    if wrong.any():
        whole = bool((labels.values[wrong] == np.round(labels.values[wrong])).all())
        yield (
            "error",
            f"Y holds values other than 0 and 1: {labels.first(wrong)}.",
            "(Y > 0).astype(int) if these are counts, MultiLabelBinarizer if they are class indices"
            if whole
            else "labels, such as (Y >= 0.5).astype(int) if these are scores",
        )
    if labels.is_soft.any():
        yield (
            "warning" if keras_model else "error",
            f"Y holds values between 0 and 1: {labels.first(labels.is_soft)}. "
            + (
                "That is right for label smoothing and for degrees of belief under a cross-entropy, and "
                "wrong if they are scores that lack a threshold."
                if keras_model
                else "Classifiers of scikit-learn take only 0 and 1."
            ),
            "(Y >= 0.5).astype(int), unless the values are meant",
        )


@_rule("ML302", "Missing labels that the loss does not leave out")
def _missing_labels(case: _KerasCase | _SklearnCase) -> _Found:
    labels = case.labels
    if labels.signed or not labels.is_missing.any():
        return
    kept = labels.is_missing & np.isin(labels.values, [v for v in (MISSING,) if case.masks(v) is False])
    if case.masks(np.nan) is False:
        kept |= np.isnan(labels.values)
    if kept.any():
        in_keras = isinstance(case, _KerasCase)
        yield (
            "error",
            f"Y holds {kept.sum():,} missing labels (first {labels.first(kept)}), and "
            + (
                "the loss takes them for labels." if in_keras else "scikit-learn takes -1 for a class, and refuses NaN."
            ),
            "mlhelpers.losses.WeightedBinaryCrossentropy(from_logits=True, mask_value=-1)"
            if in_keras
            else "fit each label on the rows where it is known",
        )


@_rule("ML303", "A label that is never or always present")
def _constant_label(case: _KerasCase | _SklearnCase) -> _Found:
    for which, word in ((case.labels.never, "never"), (case.labels.always, "always")):
        if which.size:
            yield (
                "warning",
                f"In Y, {case.labels.named(which)} {'is' if which.size == 1 else 'are'} {word} present: nothing can be "
                "learned of it, and its F1, AUC or precision may be undefined.",
                "leave the label out, or split so that every part holds it (mlhelpers.splits)",
            )


@_rule("ML304", "Exactly one label in every row")
def _one_label_per_row(case: _KerasCase | _SklearnCase) -> _Found:
    if case.labels.one_per_row:
        yield (
            "info",
            "Every row of Y has exactly one label: an ordinary problem of several classes, for which softmax, "
            "categorical cross-entropy and argmax metrics are right.",
            "Y.argmax(axis=1) as the target if that will stay so; nothing if rows with none or several will come",
        )


@_rule("ML401", "A tuned threshold that one-vs-rest ignores")
def _ignored_threshold(case: _SklearnCase) -> _Found:
    for nested in case.estimators:
        if not nested.in_one_vs_rest or not nested.kinds & {"tunedthresholdclassifiercv", "fixedthresholdclassifier"}:
            continue
        if getattr(nested.estimator, "threshold", None) != "auto":  # which is the usual threshold
            yield (
                "error",
                f"OneVsRestClassifier cuts the scores of {nested.name} itself and ignores its threshold.",
                "sklearn.multioutput.MultiOutputClassifier in its place, or mlhelpers.thresholds.ThresholdedClassifier "
                "around it",
            )


@_rule("ML402", "Cross-validation by plain KFold")
def _plain_folds(case: _SklearnCase) -> _Found:
    for nested in case.that_split_the_matrix(_CROSS_VALIDATED):
        n_folds = nested.n_folds
        if n_folds is None:
            continue
        without, lacking = case.labels.folds_without(n_folds)
        yield (
            "warning" if without else "info",
            f"{nested.name} splits a label matrix by plain KFold, in the order of the rows: "
            + (
                f"of the {n_folds} folds, {without} hold{'s' * (without == 1)} no positive of "
                f"{case.labels.named(lacking)}."
                if without
                else "here every fold holds every label, which the next data set need not."
            ),
            f"cv=mlhelpers.splits.MultilabelKFold({n_folds})",
        )


_SEARCHES = {"basesearchcv", "rfecv", "sequentialfeatureselector"}
_CROSS_VALIDATED = _SEARCHES | {"stackingclassifier", "ridgeclassifiercv"}


@_rule("ML403", "A search that scores by subset accuracy")
def _search_without_scoring(case: _SklearnCase) -> _Found:
    for nested in case.that_split_the_matrix(_SEARCHES):
        names = [scorer.name for scorer in nested.scorers if "accuracyscore" in scorer.kinds]
        if nested.parameters["scoring"] is None and _is_classifier(nested.parameters["estimator"]):
            names = ["None"]
        for name in names:
            yield (
                "warning",
                f"{nested.name} with scoring={name} chooses by subset accuracy: a sample counts only if all of its "
                "labels are right.",
                'name the score, such as scoring="f1_macro" or scoring="f1_micro"',
            )


@_rule("ML404", "Stacked probabilities of a label matrix")
def _stacked_probabilities(case: _SklearnCase) -> _Found:
    for nested in case.that_split_the_matrix({"stackingclassifier"}):
        yield (
            "error",
            f"{nested.name} on a label matrix: its predict_proba is the probability that a label is absent, by a "
            "slip of scikit-learn (predict is right).",
            f"OneVsRestClassifier({nested.name}(...)), which stacks each label by itself",
        )


@_rule("ML405", "A constant label that predict_proba or fit can't take")
def _constant_label_in_estimator(case: _SklearnCase) -> _Found:
    constant = np.union1d(case.labels.never, case.labels.always)
    for nested in case.estimators if constant.size else ():
        if nested.sees_one_label:
            continue
        if nested.kinds & _ONE_COLUMN:
            problem = "its predict_proba has one column for such a label, so [:, 1] fails."
        elif nested.kinds & _PER_LABEL - {"onevsrestclassifier"} and not _kinds(nested.inner) & _TAKES_ONE_CLASS:
            problem = "fit refuses such a label, or predict_proba has one column for it or fails."
        else:
            continue
        yield (
            "warning",
            f"{nested.name}, and {case.labels.named(constant)} constant in Y: {problem}",
            "OneVsRestClassifier, or mlhelpers.labels.scores_matrix to read predict_proba",
        )


_PER_LABEL = {"onevsrestclassifier", "multioutputclassifier", "classifierchain"}
_ONE_COLUMN = {
    "decisiontreeclassifier",
    "forestclassifier",
    "kneighborsclassifier",
    "radiusneighborsclassifier",
    "dummyclassifier",
}
# These give two columns, or no probabilities at all.
_TAKES_ONE_CLASS = {"histgradientboostingclassifier", "ridgeclassifier", "ridgeclassifiercv"}


@_rule("ML406", "A search by a score that can't judge a label matrix")
def _scorer_that_cannot_judge(case: _SklearnCase) -> _Found:
    for nested in case.that_split_the_matrix(_SEARCHES):
        for scorer in nested.scorers:
            for message, fix in _what_is_wrong(scorer, nested, case.labels):
                yield "error", f"{nested.name} with scoring={scorer.name}: {message}", fix


def _what_is_wrong(scorer: _Scorer, nested: _Nested, labels: _Labels) -> Iterator[tuple[str, str]]:
    all_nan = "and with it the score of every candidate, with no more than a warning; a search by it takes the first."
    if np.isnan(scorer.value(labels.n_labels)):
        if "rfecv" not in nested.kinds and nested.parameters.get("error_score") != "raise":
            score = nested.parameters.get("error_score", "nan")
            yield f"it refuses a label matrix, so the score of a fold is {score}, {all_nan}", scorer.on_a_matrix
    elif scorer.kinds & {"logloss", "d2loglossscore"} and not labels.one_per_row:
        yield (
            "it takes the labels of a row for one choice, and what is predicted for absent labels costs nothing.",
            'scoring="neg_brier_score", or a scorer of log_loss(Y.ravel(), P.ravel())',
        )
    else:
        for only, constant in ((0, labels.never), (1, labels.always)):
            if not np.isnan(scorer.value(labels.n_labels, only)):
                continue
            fix = "leave such labels out"
            if not constant.size and nested.n_folds:
                constant = labels.only_one_class_in_a_fold(nested.n_folds, only)
                fix = f"cv=mlhelpers.splits.MultilabelKFold({nested.n_folds})"
            if constant.size:
                yield f"a fold holds only {only}s of {labels.named(constant)}, so its score is nan, {all_nan}", fix


# The labels


@dataclass(frozen=True)
class _Labels:
    """The entries of Y that are not 0: dense and sparse matrices read the same."""

    n_samples: int
    n_labels: int
    names: list[str]
    rows: NDArray[Any]
    columns: NDArray[Any]
    values: NDArray[np.float64]

    @cached_property
    def is_missing(self) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(self.values) | (self.values == MISSING))

    @cached_property
    def is_soft(self) -> NDArray[np.bool_]:
        return np.asarray((self.values > 0) & (self.values < 1))

    @cached_property
    def is_wrong(self) -> NDArray[np.bool_]:
        return np.asarray((self.values != 1) & ~self.is_soft & ~self.is_missing)

    @cached_property
    def wrong_values(self) -> NDArray[np.float64]:
        """The first of the wrong values: a code for missing labels is one of few."""
        return np.unique(self.values[self.is_wrong])[:3]

    @cached_property
    def signed(self) -> bool:
        """Whether Y seems to be coded as -1 and 1."""
        full = self.values.size == self.n_samples * self.n_labels
        return full and bool(np.isin(self.values, (-1, 1)).all()) and bool((self.values == -1).any())

    @cached_property
    def _ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The least and the greatest known value of every label."""
        known = ~self.is_missing | self.signed
        n_zero = self.n_samples - np.bincount(self.columns, minlength=self.n_labels)
        low, high = np.where(n_zero > 0, 0, np.inf), np.where(n_zero > 0, 0, -np.inf)
        np.minimum.at(low, self.columns[known], self.values[known])
        np.maximum.at(high, self.columns[known], self.values[known])
        return low, high

    @property
    def never(self) -> NDArray[np.intp]:
        return np.flatnonzero(self._ends[1] <= 0)

    @property
    def always(self) -> NDArray[np.intp]:
        low, high = self._ends
        return np.flatnonzero((low >= 1) & (high >= 1))

    @cached_property
    def one_per_row(self) -> bool:
        """Whether the values of every row are a distribution over several classes."""
        if self.n_labels == 1 or self.is_wrong.any() or self.is_missing.any():
            return False
        sums = np.bincount(self.rows, weights=self.values, minlength=self.n_samples)
        return bool(np.allclose(sums, 1, atol=1e-3))

    def folds_without(self, n_folds: int) -> tuple[int, NDArray[np.intp]]:
        """Return how many folds of consecutive rows lack a label that Y has, and which labels those are."""
        counts, _ = self._in_folds(n_folds)
        lacking = (counts == 0) & (counts.sum(axis=0) > 0)
        return int(lacking.any(axis=1).sum()), np.flatnonzero(lacking.any(axis=0))

    def only_one_class_in_a_fold(self, n_folds: int, only: int) -> NDArray[np.intp]:
        """Return the labels that are 0, or 1, in every row of some fold of consecutive rows."""
        counts, sizes = self._in_folds(n_folds)
        return np.flatnonzero((counts == only * sizes[:, None]).any(axis=0))

    def _in_folds(self, n_folds: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the positives of every fold and label, and the sizes of the folds."""
        sizes = np.array([len(part) for part in np.array_split(np.arange(self.n_samples), n_folds)])
        fold = np.repeat(np.arange(n_folds), sizes)
        counts = np.zeros((n_folds, self.n_labels), dtype=np.int64)
        present = self.values == 1
        np.add.at(counts, (fold[self.rows[present]], self.columns[present]), 1)
        return counts, sizes

    def named(self, columns: NDArray[Any]) -> str:
        """Name at most five labels."""
        return f"label{'s' * (len(columns) > 1)} {_first_five([self.names[j] for j in columns])}"

    def first(self, which: NDArray[np.bool_]) -> str:
        """Name the first of some entries, and the labels that have any."""
        k = int(which.argmax())
        return (
            f"{self.values[k]:g} at row {self.rows[k]}, column {self.columns[k]}; in "
            f"{self.named(np.unique(self.columns[which]))}"
        )


def _read_labels(Y: Any) -> _Labels:
    if sparse.issparse(Y):
        _check_shape(Y.shape, "Y")
        entries = sparse.coo_array(Y)
        matrix = sparse.csr_array((_as_numeric(entries.data, "Y").astype(float), entries.coords), shape=Y.shape)
        matrix.eliminate_zeros()  # entries that were given twice are added up by now
    else:
        matrix = _as_numeric(Y, "Y").astype(float)
        _check_shape(matrix.shape, "Y")
    n_samples, n_labels = matrix.shape
    names = [str(name) for name in getattr(Y, "columns", range(n_labels))]
    entries = sparse.coo_array(matrix)
    rows, columns = entries.coords
    return _Labels(n_samples, n_labels, names, rows, columns, entries.data)


def _check_length(parts: list[Any], labels: _Labels) -> None:
    for X in parts:
        shape = X.shape if hasattr(X, "shape") else np.shape(X)
        if not shape:
            raise TypeError(f"X is of type {type(X).__name__}, which has no rows; pass an array, or leave X out")
        if shape[0] != labels.n_samples:
            raise ValueError(
                f"X has {shape[0]} rows, but Y has {labels.n_samples}; pass the inputs and the labels of the same "
                "samples, in the same order"
            )


# Names of classes


def _plain(name: str) -> str:
    """Return a name in the one spelling of all of Keras's: F1Score, f1_score."""
    return name.replace("_", "").lower()


def _kinds(item: Any) -> frozenset[str]:
    """Return the plain names of what an object is, as far as Keras, scikit-learn or this package defines it.

    By name, so that neither library has to be imported to ask.
    """
    if isinstance(item, partial):
        return _kinds(item.func)
    definitions = [item] if inspect.isfunction(item) else type(item).__mro__
    return frozenset(_plain(d.__name__) for d in definitions if _is_known(d.__module__))


def _is_known(module: str) -> bool:
    return module.split(".")[0] in ("keras", "sklearn", "mlhelpers")


def _name(item: Any) -> str:
    if isinstance(item, str):
        return f'"{item}"'
    if isinstance(item, partial):
        return _name(item.func)
    return str(getattr(item, "__name__", type(item).__name__))


def _option(item: Any, name: str, default: Any) -> Any:
    """Return an argument of an object, a partial or a function, as it was given or as it is by default."""
    if isinstance(item, partial):
        return item.keywords[name] if name in item.keywords else _option(item.func, name, default)
    if inspect.isfunction(item):
        parameter = inspect.signature(item).parameters.get(name)
        return default if parameter is None or parameter.default is parameter.empty else parameter.default
    return getattr(item, name, default)


def _is_own(item: Any) -> bool:
    """Whether a loss was written by the user."""
    if isinstance(item, partial):
        return _is_own(item.func)
    return not _is_known((item if inspect.isfunction(item) else type(item)).__module__)


def _first_five(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _listed(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)


# A Keras model


@dataclass(frozen=True)
class _Loss:
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
        stated = _option(self.object, "from_logits", None)
        if isinstance(stated, (bool, np.bool_)):
            return bool(stated)
        try:
            inside = [self._mean(1, p) for p in (0.25, 0.75)]
            right = [[self._mean(1, p) for p in (1, 2, 3)], [self._mean(0, p) for p in (0, -2, -4)]]
            wrong = [[self._mean(1, p) for p in (-2, -3)], [self._mean(0, p) for p in (2, 3)]]
        except Exception:  # whatever a loss raises that wants other values
            return None
        # A clip or a logarithm makes it flat or undefined beyond 0 and 1, where a softplus still falls, ever slower.
        if inside[0] > inside[1] and all(b == c or np.isnan(c) for _, b, c in right) and not _changes(wrong):
            return False
        return True if all(a - b > b - c > 0 for a, b, c in right) else None

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
        y = np.zeros((1, self.n_labels), np.float32)
        low, high = np.full_like(y, 0.5), np.full_like(y, 0.5)
        y[0, 0], low[0, 0], high[0, 0] = value, 0.25, 0.75
        try:
            losses = self._value(y, low), self._value(y, high)
        except Exception:
            return None
        return bool(np.isfinite(losses[0]).all() and np.allclose(*losses, rtol=1e-6, atol=0))


def _changes(pairs: list[list[float]]) -> bool:
    return any(a != b and not (np.isnan(a) or np.isnan(b)) for a, b in pairs)


@dataclass(frozen=True)
class _Metric:
    """A metric that was given to compile."""

    name: str
    kinds: frozenset[str]
    object: Any

    @property
    def as_keras_made_it(self) -> bool:
        """Whether what is known of the class holds: an own update_state may turn logits into probabilities."""
        update = getattr(type(self.object), "update_state", None)
        return update is None or _is_known(update.__module__)

    @property
    def from_logits(self) -> bool | None:
        value = _option(self.object, "from_logits", getattr(self.object, "_from_logits", None))
        return bool(value) if value is not None and self.as_keras_made_it else None

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The limits above which an output counts as a predicted label, where they are given on its own scale."""
        if self.kinds & _ON_A_GRID or self.from_logits is not None or not self.as_keras_made_it:
            return ()
        if inspect.isfunction(self.object):
            return (0.5,) if "binaryaccuracy" in self.kinds else ()
        if not self.kinds & _CUT_AT_A_THRESHOLD:
            return ()
        value = getattr(self.object, "thresholds", getattr(self.object, "threshold", None))
        return () if value is None else tuple(np.ravel(value).tolist())

    def value(self, y: Any, p: Any) -> NDArray[Any] | None:
        """Return what a metric function gives, and None for a metric that adds up by itself."""
        function, options = self.object, {}
        if hasattr(function, "_fn"):
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
class _KerasCase:
    """What the rules ask of a Keras model."""

    labels: _Labels
    output: str | None  # "logits", "probabilities", "softmax", the name of another activation, or unknown
    shape: tuple[int | None, ...] | None
    dtype: str | None
    loss: _Loss | None
    other_losses: tuple[_Loss, ...]  # which were given beside the first
    metrics: tuple[_Metric, ...]
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
    def takes_signed_labels(self) -> bool:
        """Whether labels of -1 and 1 may be right: for a hinge, and for what a loss of the user's own does."""
        return not self.loss or _is_own(self.loss.object) or bool(self.loss.kinds & {"hinge", "squaredhinge"})


def _is_keras_model(model: Any) -> bool:
    keras = sys.modules.get("keras")  # a model of a library that is not imported can't be here
    return keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model)


def _inputs(X: Any) -> list[Any]:
    """Return the arrays that a model gets as X, one per input."""
    if isinstance(X, Mapping):
        return list(X.values())
    if isinstance(X, (list, tuple)) and all(hasattr(part, "shape") for part in X):
        return list(X)
    return [] if X is None else [X]


def _keras_case(model: Any, labels: _Labels, X: Any) -> _KerasCase:
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
    return _KerasCase(
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
    if _kinds(model) & {"sequential"}:
        return True
    return bool(getattr(model, "outputs", None)) and not isinstance(model.output, (list, tuple, Mapping))


_Output: TypeAlias = "tuple[str | None, tuple[int | None, ...] | None, str | None]"


def _output_of(model: Any) -> _Output:
    """Return activation, shape and dtype of the output, as far as the layers tell."""
    tensors = getattr(model, "outputs", None)
    if tensors:
        shape = tuple(tensors[0].shape)
        return _activation_behind(tensors[0], shape), shape, str(tensors[0].dtype)
    if not _kinds(model) & {"sequential"} or not model.layers:
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
    if _kinds(operation) & _MERGED:
        activations = {_activation_behind(part, shape) for part in inputs}
        return activations.pop() if len(activations) == 1 else None
    return activation


def _activation_of(operation: Any) -> str | None:
    """Return "logits", "probabilities", another activation, "unchanged", or None where the layer does not tell."""
    import keras

    while isinstance(operation, keras.layers.Wrapper):
        operation = operation.layer
    function = getattr(operation, "activation", None)
    name = _plain(_name(operation if function is None else function))
    if name in _UNCHANGED or (name == "linear" and isinstance(operation, keras.layers.Activation)):
        return "unchanged"
    known = {*map(_plain, dir(keras.activations)), "prelu"}
    return {"linear": "logits", "sigmoid": "probabilities"}.get(name, name) if name in known else None


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

        return model(scaled(X) if len(_inputs(X)) == 1 else keras.tree.map_structure(scaled, X), training=False)

    try:
        if not model.built:
            output(1)
        with keras.StatelessScope():  # a recurrent state or a counter keeps its value
            outputs = [output(scale) for scale in (1, 1e4, -1e4)]
    except Exception as error:
        raise ValueError(f"X does not fit the model; pass the inputs that model.fit gets ({error})") from error
    if isinstance(outputs[0], (list, tuple, dict)):
        raise ValueError("model has several outputs; audit each by itself, as a model of one output")
    near, *far = (keras.ops.convert_to_numpy(tensor).astype(float) for tensor in outputs)
    kind = _kind_of_values(near)
    if kind != "logits" and "logits" in map(_kind_of_values, far):
        kind = None  # small logits look like probabilities, but not far away from the data
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


def _losses_of(model: Any, labels: _Labels) -> Iterator[_Loss]:
    import keras

    for given in keras.tree.flatten(model.loss):
        if given is None:
            continue
        if isinstance(given, str) and given.lower() in ("crossentropy", "ce"):  # which Keras resolves by shape
            loss = keras.losses.binary_crossentropy if labels.n_labels == 1 else keras.losses.categorical_crossentropy
        else:
            loss = keras.losses.get(given)
        yield _Loss(_name(given), _kinds(loss), loss, labels.n_labels)


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


def _metrics_of(model: Any, labels: _Labels) -> Iterator[_Metric]:
    import keras

    for metric in keras.tree.flatten(_given_metrics(model)):
        if metric is not None:
            made = _made_metric(metric, labels)
            yield _Metric(_name(metric), _kinds(made), made)


def _made_metric(metric: Any, labels: _Labels) -> Any:
    """Return the metric that Keras makes of a name or a class.

    With a name of its own, as Keras counts the metrics that have none: the next ``AUC()`` would be called "auc_1".
    """
    import keras

    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):  # which Keras resolves by shape
        metric = keras.metrics.BinaryAccuracy if labels.n_labels == 1 else keras.metrics.CategoricalAccuracy
    elif isinstance(metric, str):
        classes = {_plain(name): item for name, item in vars(keras.metrics).items() if inspect.isclass(item)}
        metric = classes.get(_plain(metric), metric)
    if isinstance(metric, type) and _is_known(metric.__module__):
        return keras.metrics.get(partial(metric, name="audited")())
    return keras.metrics.get(metric)


def _called(function: Callable[..., Any], y: Any, p: Any) -> NDArray[Any]:
    """Call a loss or a metric function with made values, as Keras does: in its own float type."""
    from keras import ops

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, p = ops.convert_to_tensor(y, "float32"), ops.convert_to_tensor(p, "float32")
        return np.asarray(ops.convert_to_numpy(function(y, p)))


def _made_pair(n: int, case: _KerasCase) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return labels and outputs of n samples, on the scale of the model's own."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(2, size=(n, case.labels.n_labels)), rng.uniform(0.05, 0.95, (n, case.labels.n_labels))
    scores = np.log(p / (1 - p)) if case.output == "logits" else p
    return y.astype(np.float32), scores.astype(np.float32)


def _cut(case: _KerasCase) -> str:
    return "threshold=0" if case.output == "logits" else "threshold=0.5"


# A scikit-learn estimator


@dataclass(frozen=True)
class _Nested:
    """An estimator, and what the estimators around it make of the labels."""

    estimator: Any
    sees_one_label: bool = False
    in_one_vs_rest: bool = False

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @cached_property
    def kinds(self) -> frozenset[str]:
        return _kinds(self.estimator)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return dict(self.estimator.get_params(deep=False))

    @property
    def n_folds(self) -> int | None:
        """The number of folds in the order of the rows; None if it splits otherwise."""
        cv = self.parameters["cv"]
        if cv is None:
            return None if "ridgeclassifiercv" in self.kinds else 5  # which then needs no folds
        return int(cv) if isinstance(cv, numbers.Integral) and int(cv) > 1 else None

    @property
    def scorers(self) -> Iterator[_Scorer]:
        """The scores by which a search chooses, as far as scikit-learn defines them."""
        from sklearn.metrics import get_scorer

        scoring = self.parameters["scoring"]
        several = scoring.values() if isinstance(scoring, Mapping) else scoring
        for given in several if isinstance(several, Iterable) and not isinstance(several, str) else [scoring]:
            try:
                scorer = get_scorer(given)
            except ValueError:  # which fit refuses, too
                continue
            function = getattr(scorer, "_score_func", None)
            if function is not None and _kinds(function):
                yield _Scorer(_name(given if isinstance(given, str) else function), _kinds(function), scorer)

    @property
    def inner(self) -> Any:
        """What decides in the end: the estimator inside a wrapper, a search or at the end of a pipeline."""
        inner = self.estimator
        while True:
            parameters = inner.get_params(deep=False)
            if parameters.get("steps"):
                inner = parameters["steps"][-1][1]
            elif hasattr(parameters.get("estimator"), "get_params"):
                inner = parameters["estimator"]
            else:
                return inner


@dataclass(frozen=True)
class _Scorer:
    """A score of scikit-learn, by which a search chooses."""

    name: str
    kinds: frozenset[str]
    object: Any

    def value(self, n_labels: int, only: int | None = None) -> float:
        """Return the score of made predictions, for a first label of one class if wanted; nan if it refuses them."""
        Y = np.tile((np.arange(2)[:, None] + np.arange(n_labels)) % 2, (2, 1))
        P = 0.1 + 0.8 * Y
        if only is not None:
            Y[:, 0] = only
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                decided = getattr(self.object, "_response_method", "predict") == "predict"
                return float(self.object._score_func(Y, Y if decided else P, **getattr(self.object, "_kwargs", {})))
        except Exception:
            return np.nan

    @property
    def on_a_matrix(self) -> str:
        """What to write in place of a score that refuses a label matrix."""
        for measure in ("precision", "recall", "jaccard"):
            if f"{measure}score" in self.kinds:
                return f'scoring="{measure}_macro"'
        return 'scoring="f1_macro"'


@dataclass(frozen=True)
class _SklearnCase:
    """What the rules ask of an estimator."""

    labels: _Labels
    estimators: tuple[_Nested, ...]

    def that_split_the_matrix(self, kinds: set[str]) -> Iterator[_Nested]:
        """Yield the estimators of these kinds that see several labels, which scikit-learn treats otherwise than one."""
        for nested in self.estimators if self.labels.n_labels > 1 else ():
            if not nested.sees_one_label and nested.kinds & kinds:
                yield nested

    def masks(self, value: float) -> bool:
        return False


def _check_estimator(model: Any) -> None:
    expected = "audit reads compiled Keras 3 models and scikit-learn estimators"
    if isinstance(model, type):
        raise TypeError(f"model is the class {model.__name__}; pass an instance of it")
    if any(base.__module__.split(".")[0] == "torch" for base in type(model).__mro__):
        raise TypeError(
            f"model is a PyTorch module ({type(model).__name__}), but {expected}; "
            "judge what it predicts with mlhelpers.metrics.evaluate"
        )
    if not hasattr(model, "get_params"):
        raise TypeError(f"model is of type {type(model).__name__}, but {expected}; pass one of them")


def _nested_estimators(estimator: Any, sees_one_label: bool = False, in_one_vs_rest: bool = False) -> Iterator[_Nested]:
    nested = _Nested(estimator, sees_one_label, in_one_vs_rest)
    yield nested
    one_label = sees_one_label or bool(nested.kinds & _PER_LABEL)
    if nested.kinds & (_PER_LABEL | {"stackingclassifier"}):  # a stack may learn from thresholded predictions
        in_one_vs_rest = "onevsrestclassifier" in nested.kinds
    for child in _estimators_in(nested.parameters):
        yield from _nested_estimators(child, one_label, in_one_vs_rest)


def _estimators_in(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _estimators_in(item)
    elif hasattr(value, "get_params") and not isinstance(value, type):
        yield value


def _is_classifier(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))
