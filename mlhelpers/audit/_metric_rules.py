"""Rules on the metrics of a Keras model."""

from __future__ import annotations

import numpy as np

from mlhelpers.audit._findings import Found, rule
from mlhelpers.audit._keras import ON_A_GRID, PROBABILITIES, KerasCase, Metric, made_pair, usual_cut
from mlhelpers.audit._names import kinds_of, listed


@rule("ML201", "An accuracy that compares the largest entries")
def _argmax_accuracy(case: KerasCase) -> Found:
    from_logits = case.output == "logits"
    for metric in case.metrics:
        if metric.works_as(_ARGMAX_ACCURACIES) or metric.compares_largest_entries(case.labels.n_labels, from_logits):
            yield (
                "error",
                f"The metric {metric.name} compares the place of the largest entry of a row of labels with that of "
                "the output, and sees no more than one of several labels.",
                f"keras.metrics.BinaryAccuracy({usual_cut(case)}), or mlhelpers.keras_metrics.SubsetAccuracy",
            )


_ARGMAX_ACCURACIES = {
    "categoricalaccuracy",
    "sparsecategoricalaccuracy",
    "topkcategoricalaccuracy",
    "sparsetopkcategoricalaccuracy",
    "onehotiou",
    "onehotmeaniou",
}


@rule("ML202", "An F-score without a threshold")
def _argmax_f_score(case: KerasCase) -> Found:
    for metric in case.metrics:
        if metric.works_as({"f1score", "fbetascore"}) and getattr(metric.object, "threshold", 0) is None:
            yield (
                "error",
                f"The metric {metric.name} without a threshold predicts the largest output of each row, and "
                "no other label.",
                "mlhelpers.keras_metrics.MultilabelF1(from_logits=True)"
                if case.output == "logits"
                else f"{metric.name.strip(chr(34))}(threshold=0.5)",
            )


@rule("ML203", "A metric that takes logits for probabilities, or the other way round")
def _metric_of_another_scale(case: KerasCase) -> Found:
    if case.output != "logits" and case.output not in PROBABILITIES:
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
        elif metric.kinds & ON_A_GRID and logits:
            yield (
                "error",
                f"The metric {metric.name} tries thresholds from 0 to 1, but the output is made of logits.",
                "a sigmoid output, or scikit-learn's metrics after training",
            )
        elif metric.thresholds and logits and all(0 < t < 1 for t in metric.thresholds):
            usual = 0.5 in metric.thresholds
            yield (
                "error" if usual else "warning",
                f"The metric {metric.name} cuts at {listed(metric.thresholds)}, which looks like a probability, but "
                "the output is made of logits, where probability 1/2 is 0.",
                "a threshold of 0; mlhelpers.keras_metrics.MultilabelF1(from_logits=True) for F1",
            )
        elif metric.thresholds and not logits and all(t <= 0 for t in metric.thresholds):
            yield (
                "error",
                f"The metric {metric.name} cuts at {listed(metric.thresholds)}, but the output is made of "
                "probabilities: every label is predicted.",
                "a threshold of 0.5",
            )


@rule("ML204", "AUC per label, and a label with one class")
def _auc_of_a_constant_label(case: KerasCase) -> Found:
    for metric in case.metrics:
        if "auc" not in metric.kinds or not getattr(metric.object, "multi_label", False):
            continue
        curve = str(getattr(metric.object.curve, "value", metric.object.curve))
        lacking = case.labels.never if curve == "PR" else case.labels.constant
        if lacking.size:
            yield (
                "error",
                f"{metric.name}(multi_label=True) counts a label of one class as 0 in its mean: "
                f"{case.labels.named(lacking)} in Y.",
                "leave such labels out, or use sklearn.metrics.roc_auc_score(average=None) after training",
            )


@rule("ML205", "A metric function that returns one number per batch")
def _metric_of_a_batch(case: KerasCase) -> Found:
    y, p = made_pair(8, case)
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


@rule("ML206", "An accuracy that asks for equal numbers")
def _accuracy_of_equal_numbers(case: KerasCase) -> Found:
    for metric in case.metrics:
        if case.output and metric.works_as({"accuracy"}):
            yield (
                "error",
                f"The metric {metric.name} has no threshold: it counts outputs that equal their label to the last "
                "digit, and hardly any does.",
                f"keras.metrics.BinaryAccuracy({usual_cut(case)}), or mlhelpers.keras_metrics.SubsetAccuracy",
            )


@rule("ML207", "A metric that counts missing labels, and a loss that leaves them out")
def _metric_of_missing_labels(case: KerasCase) -> Found:
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


def _counts(metric: Metric, code: float, case: KerasCase) -> bool:
    """Whether a metric is known to count a label of this value."""
    if not metric.as_keras_made_it or metric.kinds & _ARGMAX_ACCURACIES:
        return False
    if "thresholdedmetric" in metric.kinds:
        mask = metric.object.mask_value
        return mask is None or not np.array_equal(mask, code, equal_nan=True)
    kinds = kinds_of(getattr(metric.object, "_fn", metric.object))
    if kinds and "loss" not in kinds:
        return getattr(metric.object, "ignore_class", None) != code
    return case.labels.n_labels > 1 and _own_function_counts(metric, code, case)


def _own_function_counts(metric: Metric, code: float, case: KerasCase) -> bool:
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
