"""Judges of chapter 12, transformed problems and adapted algorithms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_fractions, read_numbers
from mlhelpers.exercises._register import Floats, exercise


@exercise("12.1")
def _two_decisions(answer: Any) -> None:
    rules, measures = ("labels above one half", "most probable set"), ("subset accuracy", "Hamming loss")
    names = [f"{measure} of the {rule}" for rule in rules for measure in measures]
    sets, p = np.array([[1, 0, 0], [0, 1, 1], [0, 1, 0]]), np.array([0.40, 0.35, 0.25])
    decisions = (p @ sets > 0.5, sets[p.argmax()])
    whole = [float(p @ (sets == said).all(axis=1)) for said in decisions]
    hamming = [float(p @ (sets != said).mean(axis=1)) for said in decisions]
    values = read_fractions(np.array(read_numbers(answer, *names)) / np.array([1, 3, 1, 3]), *names)
    values = values * np.array([1, 3, 1, 3])  # the sum over three labels gets a message of its own
    independent = float(np.prod(np.where(decisions[0], p @ sets, 1 - p @ sets)))
    routes: Routes = {
        "The two decisions are swapped: first the labels above one half.": [
            *(whole[1], hamming[1]),
            *(whole[0], hamming[0]),
        ],
        "The order is subset accuracy, Hamming loss, for one decision after the other.": [*whole, *hamming],
        "This Hamming loss is the sum over the labels; it is their mean.": [
            *(whole[0], 3 * hamming[0]),
            *(whole[1], 3 * hamming[1]),
        ],
        "In the place of the Hamming loss this has the share of right decisions.": [
            *(whole[0], 1 - hamming[0]),
            *(whole[1], 1 - hamming[1]),
        ],
        "The subset accuracy of the first decision: this multiplies the labels' probabilities, as if they were "
        "independent; the joint probability of the set is given.": [independent, ANY, ANY, ANY],
        "The first decision: this is for naming the most probable set; name every label above one half.": [
            *(whole[1], hamming[1]),
            *(ANY, ANY),
        ],
    }
    compare(values, dict(zip(names, (whole[0], hamming[0], whole[1], hamming[1]), strict=True)), routes)


@exercise("12.2")
def _ceiling(answer: Any) -> None:
    rng = np.random.default_rng(12)
    Y_train, Y_new = rng.integers(2, size=(9, 4)), rng.integers(2, size=(40, 4))
    known = {tuple(row) for row in Y_train.tolist()}
    seen = np.array([tuple(row) in known for row in Y_new.tolist()])
    distinct = {tuple(row) for row in Y_new.tolist()}
    name = "the highest subset accuracy on 40 made rows"
    found = read_numbers(call(answer, Y_train, Y_new), name)
    counts = Y_new.sum(axis=0) / len(Y_new)
    routes: Routes = {
        "This is the share of the rows whose set was never seen; the ceiling is the rest.": 1 - seen.mean(),
        "It counts each different set once; a set that many rows carry counts for each of them.": len(known & distinct)
        / len(distinct),
        "This is the number of rows; divide by all of them.": seen.sum(),
        "The arguments are swapped: it asks which training rows carry a set of the new rows.": float(
            np.mean([tuple(row) in distinct for row in Y_train.tolist()])
        ),
        "It compares row by row; a row may carry the set of any training row.": float(
            (Y_train == Y_new[: len(Y_train)]).all(axis=1).mean()
        ),
        "This is about single labels; a label powerset needs the whole set.": float(counts.mean()),
    }
    compare(found, {name: float(seen.mean())}, routes, tolerance=1e-4)
    every = read_numbers(call(answer, Y_train, Y_train), name)
    compare(every, {"the ceiling on the training rows themselves": 1.0}, {}, tolerance=1e-4)


@exercise("12.3")
def _shares(answer: Any) -> None:
    rng = np.random.default_rng(3)
    Y = (rng.random((60, 5)) < [0.5, 0.3, 0.2, 0.1, 0.05]).astype(int)
    sizes = Y.sum(axis=1, keepdims=True)
    targets = Y / np.maximum(sizes, 1)
    wanted = "one score for each label"
    found = read_array(call(answer, Y), wanted).astype(float)
    if found.shape != (5,):
        raise Wrong(f"It returns something of shape {found.shape} for 5 labels; return {wanted}.")
    if np.isnan(found).any():
        raise Wrong("There is nan in it: an empty row was divided by its zero labels.")
    right = targets[sizes[:, 0] > 0].mean(axis=0)
    if np.allclose(found, right, atol=1e-3):
        return
    for message, other in {
        "It divides by all rows; a row without labels has no loss and no say, and the scores sum to one.": targets.mean(
            axis=0
        ),
        "These are the frequencies of the labels; each row gives its labels 1/k, not 1.": Y.mean(axis=0),
        "These are the frequencies divided by their sum; each row gives its labels 1/k before the mean.": Y.sum(axis=0)
        / Y.sum(),
        "These are the frequencies among the rows that have a label; each row gives its labels 1/k, not 1.": Y[
            sizes[:, 0] > 0
        ].mean(axis=0),
        "This is a sum over the rows; take the mean.": targets.sum(axis=0),
    }.items():
        if np.allclose(found, other, atol=1e-3):
            raise Wrong(message)
    if not np.isclose(found.sum(), 1, atol=1e-3):
        raise Wrong("These scores don't sum to one, and those of a softmax do.")
    raise Wrong("These are not the scores that the loss is lowest at.")


@exercise("12.4")
def _best_for_jaccard(answer: Any) -> None:
    rng = np.random.default_rng(4)
    problems = []
    for n_sets in (3, 4, 6, 9) * 6:
        every = _every(4)
        sets = every[rng.choice(16, n_sets, replace=False)]
        problems.append((sets, rng.dirichlet(np.full(n_sets, 0.8))))
    three = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]])
    problems.append((three, np.array([0.4, 0.3, 0.3])))
    problems.append((np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([0.5, 0.3, 0.2])))
    problems.append((np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1]]), np.array([0.173, 0.483, 0.344])))
    answers = [_answered(answer, sets, p) for sets, p in problems]
    if all(_expected(sets, p, said) > _best(sets, p) - 1e-9 for said, (sets, p) in zip(answers, problems, strict=True)):
        return
    for message, rule in _OTHER_RULES.items():
        if all(np.array_equal(said, rule(sets, p)) for said, (sets, p) in zip(answers, problems, strict=True)):
            raise Wrong(message)
    raise Wrong("On made distributions another set has a higher expected Jaccard index.")


def _every(n_labels: int) -> NDArray[np.int64]:
    return np.array(list(product((0, 1), repeat=n_labels)))


def _answered(answer: Any, sets: NDArray[np.int64], p: Floats) -> NDArray[np.int64]:
    wanted = "zeros and ones, one for each label"
    said = read_array(call(answer, sets, p), wanted)
    if said.shape != (sets.shape[1],):
        raise Wrong(f"It returns something of shape {said.shape} for {sets.shape[1]} labels; return {wanted}.")
    if not np.isin(said, (0, 1)).all():
        raise Wrong(f"It returns other numbers than 0 and 1; return {wanted}.")
    return said.astype(np.int64)


def _expected(sets: NDArray[np.int64], p: Floats, said: NDArray[np.int64]) -> float:
    both, either = (sets & said).sum(axis=1), (sets | said).sum(axis=1)
    return float(p @ np.where(either > 0, both / np.maximum(either, 1), 1.0))


def _best(sets: NDArray[np.int64], p: Floats) -> float:
    return max(_expected(sets, p, said) for said in _every(sets.shape[1]))


def _best_for_f1(sets: NDArray[np.int64], p: Floats) -> NDArray[np.int64]:
    def expected(said: NDArray[np.int64]) -> float:
        both, sizes = (sets & said).sum(axis=1), sets.sum(axis=1) + said.sum()
        return float(p @ np.where(sizes > 0, 2 * both / np.maximum(sizes, 1), 1))

    best: NDArray[np.int64] = max(_every(sets.shape[1]), key=expected)
    return best


def _best_of(candidates: NDArray[np.int64], sets: NDArray[np.int64], p: Floats) -> NDArray[np.int64]:
    values = [_expected(sets, p, said) for said in candidates]
    best: NDArray[np.int64] = candidates[int(np.argmax(values))]
    return best


def _first_by_probability(sets: NDArray[np.int64], p: Floats) -> NDArray[np.int64]:
    """Return the empty set, and the first one, two, ... labels in the order of their probabilities."""
    rank = np.argsort(np.argsort(-(p @ sets), kind="stable"))
    return np.array([rank < k for k in range(sets.shape[1] + 1)]).astype(np.int64)


_OTHER_RULES: dict[str, Callable[[NDArray[np.int64], Floats], NDArray[np.int64]]] = {
    "It names the most probable set.": lambda sets, p: sets[p.argmax()],
    "It names the labels above one half.": lambda sets, p: (p @ sets > 0.5).astype(np.int64),
    "It looks only among the sets that the model knows; any set may be the best one.": lambda sets, p: _best_of(
        sets, sets, p
    ),
    "It maximises the F1; the Jaccard index divides by the union.": _best_for_f1,
    "It never names the empty set, or gives it the value 0: it may be the best one, two empty sets have the index 1.": (
        lambda sets, p: _best_of(_every(sets.shape[1])[1:], sets, p)
    ),
    "It takes the first labels by their own probability; the best set need not begin with the most probable labels.": (
        lambda sets, p: _best_of(_first_by_probability(sets, p), sets, p)
    ),
}
