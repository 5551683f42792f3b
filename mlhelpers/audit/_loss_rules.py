"""Rules on the output of a Keras model and its loss."""

from __future__ import annotations

import numpy as np

from mlhelpers.audit._findings import Found, rule
from mlhelpers.audit._keras import PROBABILITIES, SOFTMAX, KerasCase, Loss, made_pair
from mlhelpers.audit._names import first_five, option_of

_BCE_LOGITS = "keras.losses.BinaryCrossentropy(from_logits=True)"


@rule("ML101", "Softmax output over a label matrix")
def _softmax_output(case: KerasCase) -> Found:
    if case.output in SOFTMAX:
        yield (
            "error",
            f"The output is a {case.output.replace('log', 'log-')}: the labels of a row share one probability, so at "
            "most one of them can exceed 1/2.",
            f"a linear output, Dense({case.labels.n_labels}), with {_BCE_LOGITS}",
        )


@rule("ML102", "A loss for one class per sample")
def _loss_for_one_class(case: KerasCase) -> Found:
    if case.loss and (case.loss.kinds & _ONE_CLASS_LOSSES or case.loss.asks_nothing_of_absent_labels):
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


@rule("ML103", "Linear output, but the loss expects probabilities")
def _logits_for_probabilities(case: KerasCase) -> Found:
    if case.output == "logits" and case.loss and case.loss.from_logits is False:
        yield (
            "error",
            f"The output is linear (logits), but the loss {case.loss.name} expects probabilities: outside [0, 1] "
            "it has no slope or no value.",
            "from_logits=True in the loss, or a sigmoid output",
        )


@rule("ML104", "Sigmoid output, but the loss expects logits")
def _probabilities_for_logits(case: KerasCase) -> Found:
    if case.output in PROBABILITIES and case.loss and case.loss.from_logits:
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


@rule("ML105", "Output activation that is neither sigmoid nor linear")
def _other_activation(case: KerasCase) -> Found:
    if case.output in (None, "logits", "probabilities", *SOFTMAX) or not case.loss or case.loss.from_logits is None:
        return
    squashed = case.output in PROBABILITIES
    yield (
        "warning" if squashed else "error",
        f"The output activation is {case.output}, but a cross-entropy needs "
        + ("a slope everywhere, and this one is flat beyond a limit." if squashed else "probabilities or free logits."),
        f"a linear output with {_BCE_LOGITS}",
    )


@rule("ML106", "A loss that returns one number per batch")
def _loss_of_a_batch(case: KerasCase) -> Found:
    if case.loss is None:
        return
    n = 3 if case.labels.n_labels != 3 else 4  # so that a mean over the wrong axis shows
    y, p = made_pair(n, case)
    shape = case.loss.shape(y, p)
    if shape is not None and shape[:1] != (n,):
        yield (
            "warning",
            f"The loss {case.loss.name} returns shape {shape} for {n} samples, not one value per sample: sample "
            "weights and masks can't reach the samples they belong to.",
            "return keras.ops.mean(per_label, axis=-1), and leave the samples to Keras",
        )


@rule("ML107", "Half precision at the output, and a loss on probabilities")
def _half_precision(case: KerasCase) -> Found:
    half = case.dtype in ("float16", "bfloat16") and case.output != "logits"
    if half and case.loss and case.loss.from_logits is False:
        yield (
            "warning",
            f"The output is {case.dtype}, and the loss {case.loss.name} is computed from probabilities: those near "
            "1 round to 1, and the gradient of a confident mistake is 0.",
            f'Dense({case.labels.n_labels}, dtype="float32") with {_BCE_LOGITS}',
        )


@rule("ML108", "Output units that are not the labels")
def _number_of_units(case: KerasCase) -> Found:
    if case.shape is None or None in case.shape[1:]:
        return
    sides, n_labels = case.shape[1:], case.labels.n_labels
    if sides in ((n_labels,), (n_labels, 1)) or (n_labels == 1 and sides == ()):  # Keras drops or adds the side of 1
        return
    if len(sides) > 1:
        what = "many losses combine the labels of every row with the outputs of every other, in silence."
    elif n_labels == 1 or sides in ((), (1,)):
        what = (
            "binary cross-entropy refuses that, but most other losses stretch the single column to the width of the "
            "others, in silence."
        )
    else:
        what = "Keras's own losses refuse that, and a loss of your own may not."
    units = f"{case.shape[-1]} units" if len(case.shape) == 2 else f"shape {case.shape}"
    fix = f"one unit per label: Dense({n_labels})" + (" after a Flatten()" if len(sides) > 1 else "")
    yield "error", f"The output has {units}, but Y has {n_labels} labels: {what}", fix


@rule("ML109", "Focal loss with an alpha that is ignored")
def _ignored_alpha(case: KerasCase) -> Found:
    if case.loss and "binaryfocalcrossentropy" in case.loss.kinds:
        alpha = option_of(case.loss.object, "alpha", 0.25)
        balances = option_of(case.loss.object, "apply_class_balancing", False)
        if not balances and np.any(np.asarray(alpha) != 0.25):
            yield (
                "error",
                f"{case.loss.name} has alpha={alpha}, which acts only with apply_class_balancing=True.",
                f"apply_class_balancing=True, alpha={alpha}",
            )


@rule("ML110", "Losses or metrics of several outputs, and the model has one")
def _one_output_too_few(case: KerasCase) -> Found:
    if case.loss and case.other_losses:
        names = [loss.name for loss in (case.loss, *case.other_losses)]
        given = f"{len(names)} losses are given ({first_five(names)})"
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


def _same_losses(a: Loss, b: Loss, case: KerasCase) -> bool:
    first, second = (loss.values(*made_pair(4, case)) for loss in (a, b))
    if first is None or second is None or first.shape != second.shape:
        return False
    return bool(np.allclose(first, second, rtol=1e-5, atol=0))


@rule("ML111", "A loss with its arguments in the wrong order")
def _swapped_arguments(case: KerasCase) -> Found:
    if case.loss and case.loss.has_swapped_arguments:
        yield (
            "error",
            f"The loss {case.loss.name} takes the labels for predictions: it is a straight line over the output, and "
            "gives no probabilities.",
            "binary_crossentropy(y_true, y_pred): Keras passes the labels first",
        )
