"""Judges of chapter 4, a custom clipped loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logit

from mlhelpers.exercises._answers import ANY, Wrong, compare, read_fractions, read_numbers
from mlhelpers.exercises._register import exercise


@exercise("04.1")
def _end_of_the_clip(answer: Any) -> None:
    epsilon = 0.1
    largest, dead = -np.log(epsilon), logit(1 - epsilon)
    habitual = 1e-7  # the epsilon of the chapter
    routes = {
        "The two are swapped: the loss first, then the logit.": [dead, largest],
        "Largest loss: that is the one at the epsilon of the typed loss; the question has another.": [
            -np.log(habitual),
            ANY,
        ],
        "Largest loss: that is the logarithm to base 10; the loss takes the natural one.": [-np.log10(epsilon), ANY],
        "Largest loss: that is the logarithm to base 2; the loss takes the natural one.": [-np.log2(epsilon), ANY],
        "Largest loss: that is the smallest one, of a confident right answer.": [-np.log(1 - epsilon), ANY],
        "Largest loss: a loss isn't negative; it is minus the logarithm.": [-largest, ANY],
        "Largest loss: that is the clipped probability; what is its loss?": [epsilon, ANY],
        "Largest loss: that is the upper end of the clip; which probability costs most?": [1 - epsilon, ANY],
        "Logit: that is the probability at which the clip acts; which logit has it?": [ANY, 1 - epsilon],
        "Logit: that is a sigmoid; which logit has the sigmoid 1 - epsilon?": [ANY, expit(1 - epsilon)],
        "Logit: that is where the clip of the typed loss acts; the question has another epsilon.": [
            ANY,
            logit(1 - habitual),
        ],
        "Logit: that is the largest loss; which logit has the sigmoid 1 - epsilon?": [ANY, largest],
        "Logit: that is where the clip begins for a present label.": [ANY, -dead],
        "Logit: those are the odds; the logit is their logarithm.": [ANY, (1 - epsilon) / epsilon],
        "Logit: that is the logarithm to base 10; the sigmoid has base e.": [ANY, np.log10((1 - epsilon) / epsilon)],
    }
    compare(answer, {"largest loss": largest, "logit": dead}, routes)


@exercise("04.2")
def _slope_without_a_clip(answer: Any) -> None:
    def slope(z: float, kind: type[np.floating[Any]]) -> float:
        p = 1 / (kind(1) + np.exp(kind(-z)))
        return float(p * (kind(1) - p) / (kind(1) - p + kind(1e-7)))

    name = "the slope at logit 20"
    p, p_exact = expit(np.float32(20)), expit(20.0)
    if np.isclose(abs(read_numbers(answer, name)[0]), p_exact * (1 - p_exact), rtol=0.05, atol=0):
        raise Wrong(
            "That is the slope of the sigmoid alone, in 64 bits. The chain rule divides it by 1 - p + 1e-7, and the "
            "networks of this chapter compute in 32 bits."
        )
    routes = {
        "That is the slope in 64 bits; the networks of this chapter compute in 32.": slope(20, np.float64),
        "That is the slope of the loss from logits; here the sigmoid and the logarithm are two steps.": 1,
        "That is the value of the loss; the question asks for its slope.": -np.log(1 - p + np.float32(1e-7)),
        "That is the value of the loss, in 64 bits; the question asks for its slope, in 32.": -np.log(
            1 - p_exact + 1e-7
        ),
        "That is the value of the loss from logits; the question asks for a slope, and of another form.": 20,
        "That is the slope at 15, where it begins to fade.": slope(15, np.float64),
    }
    compare(answer, {name: slope(20, np.float32)}, routes, tolerance=0.005)


@exercise("04.3")
def _penalty_under_sum_and_mean(answer: Any) -> None:
    n_labels, strength = 10, 1e-3
    names = "the penalty that gives the mean the same minimum", "squared weights with the sum, divided by the mean's"
    penalty, ratio = read_numbers(answer, *names)
    for name, value in (("Penalty", penalty), ("Ratio", ratio)):
        if value <= 0:
            raise Wrong(f"{name}: this is not above 0; a penalty is, and so are sums of squares.")
    routes = {
        "Penalty: unchanged it weighs more beside a mean, which is smaller than the sum.": strength,
        "Penalty: this goes the wrong way; the sum is larger than the mean by the number of labels.": strength
        * n_labels,
        "Penalty: this divides by the number of samples; both reductions average those.": strength / 4000,
        "Penalty: this divides by the square of the number of labels.": strength / n_labels**2,
        "Penalty: this divides by the root of the number of labels.": strength / n_labels**0.5,
        "Penalty: this divides by the number of layers; sum and mean are taken over the labels.": strength / 3,
    }
    compare(penalty, {names[0]: strength / n_labels}, routes, tolerance=1e-6)
    if ratio < 0.8:
        raise Wrong("Ratio: the weights of the sum are divided by those of the mean, not the other way round.")
    if ratio < 1.25:
        raise Wrong(
            "Ratio: both have the same size. Was the mean trained with the smaller penalty? Train both with 10⁻³, "
            "set before the training."
        )
    if ratio < 2.5:
        raise Wrong("Ratio: this looks like that of the lengths; add up the squares, and don't take the root.")
    if np.isclose(ratio, n_labels, rtol=0.05):
        raise Wrong("Ratio: this looks like that of the two losses; the question asks for that of the squared weights.")
    if ratio > 8:
        raise Wrong("Ratio: add up the squares of the kernels of all three layers, and nothing else.")


@exercise("04.4")
def _missing_by_value(answer: Any) -> str:
    absent, left_out = read_fractions(answer, "micro-F1 taken for absent", "micro-F1 left out")
    for name, value in (("Taken for absent", absent), ("Left out", left_out)):
        if value < 0.1:
            raise Wrong(
                f"{name}: this network predicts next to nothing. Were labels of -1 given to a loss that doesn't leave "
                "them out?"
            )
    if absent > left_out + 0.1:
        raise Wrong("The two are swapped: first taken for absent, then left out.")
    if left_out - absent < 0.1:
        raise Wrong(
            "The two are close; that happens if mostly absent labels are unknown. Compare the random numbers with 0.5 "
            "where the label is present, and with 0.1 where it is absent."
        )
    if left_out > 0.8:
        raise Wrong("Left out: this is above what the chapter's network reaches with all labels; on which scenes?")
    if left_out < 0.6:
        raise Wrong("Left out: this is not the micro-F1 of this network on the validation scenes; is it macro-F1?")
    if absent > 0.5:
        raise Wrong(
            "Taken for absent: half of the present labels are taught as absent, which costs more. Are these "
            "the labels of the lesson, missing at random?"
        )
    return f"leaving out gains {left_out - absent:.2f}"
