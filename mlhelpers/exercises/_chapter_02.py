"""Judges of chapter 2, Keras and binary cross-entropy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import (
    Routes,
    Wrong,
    call,
    compare,
    compare_name,
    kind_of,
    read_array,
    read_fractions,
    read_label_set,
    read_numbers,
    read_two,
)
from mlhelpers.exercises._register import constant, exercise, scenes


@exercise("02.1")
def _accuracy_of_one_label(answer: Any) -> None:
    compare_name(
        answer,
        "the name of a metric",
        "binaryaccuracy",
        {
            "categoricalaccuracy": "That is what ten columns get; what does a single one?",
            "sparsecategoricalaccuracy": "That is for class numbers as targets; ours are 0 and 1 in one column.",
            "accuracy": "That is the name before Keras replaces it; look at the type of the metric after evaluate.",
            "compilemetrics": "That is the container; the metric is the first of its attribute metrics.",
            "mean": "That is the running loss; the metric is inside the one named compile_metrics.",
        },
    )


@exercise("02.2")
def _best_constants_by_accuracy(answer: Any) -> None:
    Y_test = scenes().Y_test
    wanted = "the best label set by argmax accuracy, and the best by binary accuracy"
    by_argmax, by_decision = (read_label_set(part) for part in read_two(answer, wanted))
    columns = np.bincount(Y_test.argmax(axis=1), minlength=10) / len(Y_test)
    reached = columns[min(by_argmax, default=0)]  # argmax takes the first of equals
    if reached < columns.max():
        raise Wrong(
            f"First set: its argmax accuracy is {reached:.3f}, and another one has more. Which column does argmax name "
            "in a scene without any label, and which in this set?"
        )
    if by_decision != set(np.flatnonzero(Y_test.mean(axis=0) > 0.5).tolist()):
        reached = (constant(by_decision) == Y_test).mean()
        raise Wrong(
            f"Second set: its binary accuracy is {reached:.3f}, and another one has more. Go through the columns one "
            "by one: is a 1 right there more often than a 0?"
        )


@exercise("02.3")
def _average_of_auc(answer: Any) -> None:
    compare_name(
        answer,
        "the name of an average",
        "micro",
        {
            "macro": "Compute both and look again: they are further apart than the 200 thresholds of Keras explain.",
            "weighted": "It is one of the two in the question; compute both.",
            "samples": "It is one of the two in the question; compute both.",
        },
    )


_A_METRIC_CLASS = "The question asks for a metric class, with update_state, result and reset_state."


@exercise("02.4")
def _subset_accuracy_metric(answer: Any) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(30, 3)).astype(np.int8)
    wrong = rng.random(y.shape) < 0.2
    wrong[0], wrong[7:21], wrong[28] = True, False, [True, False, False]  # batches of 7 differ, and the last is smaller
    z = (np.where(wrong, -1, 1) * (2 * y - 1) * rng.uniform(0.1, 3, size=y.shape)).astype(np.float32)
    right = (z > 0) == y
    metric = call(answer) if isinstance(answer, type) else answer
    batches = [slice(start, start + 7) for start in range(0, len(y), 7)]
    if not all(hasattr(metric, method) for method in ("update_state", "result", "reset_state")):
        if callable(answer) and not isinstance(answer, type):
            raise Wrong(_of_a_function([call(answer, y[batch], z[batch]) for batch in batches], right))
        raise Wrong(f"This is {kind_of(answer)}. {_A_METRIC_CLASS}")
    means = [right[batch].all(axis=1).mean() for batch in batches]
    routes: Routes = {
        "It gives the mean over batches; the last batch is smaller, so count samples.": np.mean(means),
        "It gives the fraction of right decisions; a row counts only if all its labels are right.": right.mean(),
        "It counts a row if any of its labels is right; all of them must be.": right.any(axis=1).mean(),
        "It compares logits with 0.5; a probability of 0.5 is a logit of 0.": ((z > 0.5) == y).all(axis=1).mean(),
        "It compares the largest logit only (argmax); a row has several labels.": (
            (z.argmax(axis=1) == y.argmax(axis=1)).mean()
        ),
        "It gives the last batch only; the state must add up over batches.": means[-1],
        "It gives the number of right rows; divide by the rows.": right.all(axis=1).sum(),
    }
    name = "the metric's result"

    def result(batches: list[slice]) -> Any:
        call(metric.reset_state)
        for batch in batches:
            call(metric.update_state, y[batch], z[batch])
        return read_numbers(call(metric.result), name)

    with _left_as_it_was(metric):
        compare(result(batches), {name: right.all(axis=1).mean()}, routes, tolerance=1e-5)
        if not np.isclose(result(batches[:1]), means[0], atol=1e-5):
            raise Wrong("It is right at first, but after reset_state the former batches still count.")


def _of_a_function(parts: list[Any], right: NDArray[np.bool_]) -> str:
    """Say what Keras would make of a metric function that returned these, one of them per batch of 7."""
    values = [read_array(part, "one number per batch, or one per row").astype(float) for part in parts]
    if all(value.shape == right[7 * k : 7 * k + 7, 0].shape for k, value in enumerate(values)):
        return (
            "This is a function that returns one value per row, and Keras averages these over all rows, not batches. "
            f"{_A_METRIC_CLASS} Hand what your function returns to the update_state of keras.metrics.Mean."
        )
    if any(value.ndim for value in values):
        return f"This is a function, and it returns neither one number nor one per row. {_A_METRIC_CLASS}"
    return (
        f"This is a function that returns one number per batch, and Keras would show the mean over batches: here "
        f"{np.mean(values):.3f}, where over all rows it is {right.all(axis=1).mean():.3f}. {_A_METRIC_CLASS}"
    )


@contextmanager
def _left_as_it_was(metric: Any) -> Iterator[None]:
    """Give a student's own metric its state back; a copy would do, but Keras can't copy what a notebook defines."""
    attributes = dict(getattr(metric, "__dict__", {}))
    variables = call(
        lambda: [(v, np.asarray(v).copy()) for v in getattr(metric, "variables", []) if hasattr(v, "assign")]
    )
    try:
        yield
    finally:
        getattr(metric, "__dict__", {}).update(attributes)
        for variable, value in variables:
            variable.assign(value)


@exercise("02.5")
def _stopping_rules_with_fitted_thresholds(answer: Any) -> str:
    wanted = (
        "one row per stopping rule (by loss, by macro-F1), one column per measure (macro-F1 on the validation scenes, "
        "macro-F1 on the test scenes, loss on the test scenes)"
    )
    array = read_array(answer, f"{wanted}, shape (2, 3)")
    if array.shape == (3, 2):
        raise Wrong("The table lies on its side: a row per rule, and in it the three measures.")
    if array.shape != (2, 3):
        seeds = "; average over the seeds" if 4 in array.shape else ""
        raise Wrong(f"This has shape {array.shape}{seeds}. The question asks for {wanted}, shape (2, 3).")
    rules, measures = ("by loss", "by macro-F1"), ("validation macro-F1", "test macro-F1", "loss")
    values = read_numbers(array, *(f"{measure} {rule}" for rule in rules for measure in measures))
    (early_val, early_f1, early_loss), (_, late_f1, late_loss) = table = values.reshape(2, 3)
    f1, losses = table[:, :2], table[:, 2]
    if table.min() < 0:
        raise Wrong("There is a negative number in it, and neither F1 nor this loss can be one.")
    if losses.min() > 0.4 > min(f1[:, 0].max(), f1[:, 1].max()):
        raise Wrong("The columns are in another order: macro-F1 on validation, then on test scenes, and then the loss.")
    read_fractions(f1, *(f"{measure} {rule}" for rule in rules for measure in measures[:2]))
    if early_f1 == late_f1 and early_loss == late_loss:
        raise Wrong("Both rules give exactly the same: were the weights of the chosen epoch put back before testing?")
    if losses.min() > 1:
        raise Wrong("Such a loss is a sum over the labels, or it takes logits for probabilities; take the mean.")
    if (f1[:, 0] == f1[:, 1]).all():
        raise Wrong("Both columns of macro-F1 are the same: are both of them from the validation scenes?")
    if early_loss >= late_loss:
        raise Wrong("The rule that watches the loss ends with the higher one: are the rows swapped?")
    if f1.max() > 0.77:
        raise Wrong("This network reaches less in macro-F1; is it micro-F1, or are they the training scenes?")
    if f1.min() < 0.5:
        raise Wrong("This network reaches more: 28 epochs, rate 0.004, batches of 64, and the best weights put back?")
    if early_f1 < 0.652 and early_val < 0.67:
        raise Wrong("Stopped by loss it reaches more with a fitted threshold for each label; is this the one at 0.5?")
    if (f1[:, 0] < f1[:, 1]).all():
        raise Wrong(_on_the_wrong_side(late_f1))
    gain, ratio = late_f1 - early_f1, late_loss / early_loss
    return f"the later epoch changes test macro-F1 by {gain:+.3f}, and its loss is {ratio:.2f} times as high"


def _on_the_wrong_side(late_f1: float) -> str:
    """Say why test scenes score higher than the validation scenes that thresholds should have been fitted to."""
    found = "The test scenes score higher than the validation scenes"
    if late_f1 > 0.717:  # fitted to test scenes this network reaches 0.69 to 0.715 there
        return f"{found}: are their two columns swapped?"
    return f"{found}: were the thresholds fitted on the test scenes, on which they are judged?"
