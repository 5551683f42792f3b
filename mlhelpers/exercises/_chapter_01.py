"""Judges of chapter 1, sigmoid versus softmax."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from mlhelpers.exercises._answers import ANY, Routes, Wrong, compare, read_array, read_matrix, read_numbers
from mlhelpers.exercises._register import Labels, exercise, log_loss, logistic, scenes
from mlhelpers.metrics import LabelCounts


@exercise("01.1")
def _logits_for_probabilities(answer: Any) -> None:
    p = np.array([0.9, 0.9, 0.1])
    z, any2, any3 = logit(p), [ANY] * 2, [ANY] * 3
    names = "logit of a", "logit of b", "logit of c", "the most with c at 0.1", "the most with c free"
    routes = {
        "The first three are the probabilities; the question asks for logits.": [*p, *any2],
        "The first three are logarithms of p; the logit is the logarithm of the odds p / (1 - p).": [*np.log(p), *any2],
        "The first three are odds; the logit is their logarithm.": [*(p / (1 - p)), *any2],
        "The first three are logarithms to base 10; the sigmoid has base e.": [*(z / np.log(10)), *any2],
        "The first three are upside down: the odds are p / (1 - p).": [*-z, *any2],
        "The most with c at 0.1: 0.9 twice and 0.1 don't sum to one; a and b share what c leaves.": [*any3, 0.9, ANY],
        "The most with c at 0.1: dividing all three by their sum changes c, too.": [*any3, 0.9 / 1.9, ANY],
        "The most with c free: not both at once; the three sum to one.": [*any3, ANY, 1],
        "The most with c free: 0.9 twice is more than one; the three sum to one.": [*any3, ANY, 0.9],
        "The most with c free: c may now go down as far as it likes.": [*any3, ANY, (1 - p[2]) / 2],
    }
    compare(answer, dict(zip(names, [*z, (1 - p[2]) / 2, 0.5], strict=True)), routes)


@exercise("01.2")
def _where_the_naive_loss_breaks(answer: Any) -> None:
    ends = {kind: float(np.log(np.finfo(kind).max)) for kind in (np.float16, np.float32, np.float64)}
    value = read_numbers(answer, "a negative logit", finite=False)[0]
    if np.isinf(value):
        raise Wrong("An infinite logit breaks it, too; the question asks for the one nearest to 0 that does.")
    if abs(value - ends[np.float32]) < 0.1:
        raise Wrong("The question asks for a negative logit; the sign is missing.")
    if 15.5 < abs(value) < 18:
        raise Wrong("There an absent label breaks, since p rounds to 1. Near 0 the numbers are much denser: try it.")
    if 0.1 < abs(value + ends[np.float32]) < 1:
        raise Wrong("Close; a tenth is near enough, a whole logit isn't. Try a finer grid.")
    routes = {
        "There an absent label breaks in 64 bits; here the label is present, and the logits are float32.": (
            np.log(np.finfo(np.float64).epsneg)
        ),
        "That is the end of 64 bits; make the logits float32.": -ends[np.float64],
        "That is the end of 16 bits; make the logits float32.": -ends[np.float16],
        "There exp(z) vanishes; but the sigmoid of this chapter computes exp(-z), which overflows earlier.": (
            np.log(float(np.finfo(np.float32).smallest_subnormal))
        ),
        "There exp(z) loses digits, which does no harm; what happens to exp(-z)?": (
            np.log(float(np.finfo(np.float32).tiny))
        ),
    }
    compare(answer, {"the logit": -ends[np.float32]}, routes, tolerance=0.1)


@exercise("01.3")
def _softmax_network_read_with_sigmoid(answer: Any) -> str:
    Y_test = scenes().Y_test
    p = read_matrix(answer, Y_test.shape, "the probabilities of the test scenes")
    if p.min() < 0 or p.max() > 1:
        raise Wrong("These are no probabilities; they look like logits, before the sigmoid.")
    if np.isin(p, (0, 1)).all():
        raise Wrong("These are labels or predictions, not probabilities: there is nothing but 0 and 1 in them.")
    if np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise Wrong("Every row sums to one: this is still the softmax. The new network must end in a sigmoid.")
    if p.min() >= 0.5 and p.max() < 0.74:  # the sigmoids of 0 and 1
        raise Wrong("No probability is below one half: the sigmoid was applied on top of the softmax; it replaces it.")
    counts = LabelCounts.from_predictions(Y_test, p > 0.5)
    if counts.f1("micro", 0) < 0.7:
        about = "" if (p > 0.5).sum(axis=1).max() > 1 else ", and no scene gets more than one label"
        raise Wrong(
            f"Micro-F1 is only {counts.f1('micro', 0):.3f}{about}. Was the network given the trained weights of "
            "softmax + BCE, after it was built, and asked for the test scenes?"
        )
    if counts.f1("micro") > 0.95:
        raise Wrong("These are better than those of any network of this chapter; do they come from the true labels?")
    return f"micro-F1 is {counts.f1('micro'):.3f}"


@cache
def _linear_layer(rate: float) -> dict[str, NDArray[Any]]:
    """Return the logits of the training and test scenes after the 500 steps of exercise 01.4."""
    from threadpoolctl import threadpool_limits

    data = scenes()
    A, W, b = data.X_train.reshape(len(data.X_train), -1), np.zeros((400, 10), np.float32), np.zeros(10, np.float32)
    with threadpool_limits(limits=1):  # faster on small matrices
        for _ in range(500):
            error = (expit(A @ W + b) - data.Y_train) / np.float32(len(A))
            W -= np.float32(rate) * (A.T @ error)
            b -= np.float32(rate) * error.sum(axis=0)
        return {"train": A @ W + b, "test": data.X_test.reshape(len(data.X_test), -1) @ W + b}


@exercise("01.4")
def _linear_layer_from_scratch(answer: Any) -> None:
    if read_array(answer, "one number, micro-F1").size == 2:
        raise Wrong("These are two numbers; hand in micro-F1 only, that of the linear layer.")
    data, z = scenes(), _linear_layer(0.5)
    counts = LabelCounts.from_predictions(data.Y_test, z["test"] > 0)

    def micro(y: Labels, y_pred: NDArray[Any]) -> float:
        return LabelCounts.from_predictions(y, y_pred).f1("micro", 0)

    right = (z["test"] > 0) == data.Y_test
    routes: Routes = {
        "This is the macro-F1; the question asks for the micro-average.": counts.f1("macro", 0),
        "This is the weighted F1; the question asks for the micro-average.": counts.f1("weighted", 0),
        "This is micro-F1 on the training scenes; evaluate on the test scenes.": micro(data.Y_train, z["train"] > 0),
        "Here 0.5 is the threshold of the logits; a probability of 0.5 is a logit of 0.": (
            micro(data.Y_test, z["test"] > 0.5)
        ),
        "This is the fraction of right decisions; the question asks for micro-F1.": right.mean(),
        "This is subset accuracy; the question asks for micro-F1.": right.all(axis=1).mean(),
        "The steps are ten times too small: the gradient is divided by the labels, too, not only by the scenes.": (
            lambda: micro(data.Y_test, _linear_layer(0.05)["test"] > 0)
        ),
    }
    compare(answer, {"micro-F1": counts.f1("micro")}, routes)


@exercise("01.5")
def _told_the_other_labels(answer: Any) -> None:
    def losses(part: str = "test", dependence: float = 0, kinds: Sequence[tuple[bool, bool]] = ()) -> list[float]:
        y = getattr(scenes(dependence), f"Y_{part}")[:, 0]
        kinds = kinds or ((True, False), (True, True))
        return [log_loss(y, logistic(0, dependence, *kind, balanced=False)[part]) for kind in kinds]

    right = np.array(losses())
    routes: Routes = {
        "The two are swapped: first from the pixels, then from the pixels and the other labels.": right[::-1],
        "These are logarithms to base 2; log_loss takes the natural one.": right / np.log(2),
        "These are logarithms to base 10; log_loss takes the natural one.": right / np.log(10),
        "This is the loss on the training scenes; evaluate on the test scenes.": lambda: losses("train"),
        "The second is of the labels alone; stack the pixels and the labels.": lambda: [
            ANY,
            *losses(kinds=[(False, True)]),
        ],
        "These are the book's own scenes; compose them with dependence=0.": lambda: losses(dependence=0.3),
    }
    names = "log loss from the pixels", "log loss from the pixels and the other labels"
    compare(answer, dict(zip(names, right, strict=True)), routes)
