"""Judges of chapter 13, hierarchies and several outputs."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Wrong, call, compare, read_array
from mlhelpers.exercises._register import Floats, Labels, exercise

_LABELS, _CARDINALITY = np.array([5, 40]), np.array([1.2, 1.6])


@exercise("13.1")
def _blind_f1_of_two_levels(answer: Any) -> None:
    density = _CARDINALITY / _LABELS
    right = 2 * density / (1 + density)
    wrong = {
        "This is the precision, which is the label density; F1 is the harmonic mean of it and a recall of 1.": density,
        "This is the arithmetic mean of precision and recall; F1 is the harmonic one.": (1 + density) / 2,
        "The two levels are swapped: the upper one comes first.": right[::-1],
        "This is what no label at all gets right, 1 - density, an accuracy. The question asks for F1.": 1 - density,
        "The 2 of the formula is missing: F1 = 2PR / (P + R).": right / 2,
        "Precision is the cardinality divided by the number of labels; here the number of labels is not in it.": 2
        / (1 + _CARDINALITY),
    }
    compare(answer, dict(zip(("above", "below"), right, strict=True)), wrong, tolerance=0.002)


@exercise("13.2")
def _hierarchical_measures(answer: Any) -> None:
    def measures(both: float, n_predicted: float, n_true: float) -> list[float]:
        return [both / n_predicted, both / n_true, 2 * both / (n_predicted + n_true)]

    right = measures(5, 9, 7)
    each_p, each_r = np.array([2 / 3, 1 / 2, 0]), np.array([2 / 3, 1, 0])
    wrong = {
        "This is without the ancestors; complete both label sets of each comment first.": measures(1, 3, 3),
        "Precision and recall are swapped: precision divides by what was predicted.": [right[1], right[0], right[2]],
        "F1 is the harmonic mean of precision and recall, not the arithmetic one.": [*right[:2], sum(right[:2]) / 2],
        "The third comment is missing: nothing was predicted there, but one label is true.": measures(5, 9, 6),
        "This is the mean over the comments; the hierarchical measures add up over all of them, then divide.": [
            each_p.mean(),
            each_r.mean(),
            np.nan,
        ],
        "Precision is averaged over the comments that have a prediction; add up over all comments, then divide.": [
            7 / 12,
            each_r.mean(),
            np.nan,
        ],
        "This goes up by one step only; sentiments are ancestors, too.": measures(3, 6, 5),
        "The labels themselves are missing: a completed set holds the label and its ancestors.": measures(4, 6, 4),
    }
    compare(answer, dict(zip(("precision", "recall", "F1"), right, strict=True)), wrong, tolerance=0.002)


_LONG = 30  # a path on which a few passes over the columns are not enough


def _made(rng: np.random.Generator, n_labels: int, path: int = 4) -> tuple[Labels, list[int]]:
    """Return labels and a forest in which parents stand before and after their children, and one path."""
    order = rng.permutation(n_labels)
    above = [*range(-1, path - 1), *(int(rng.integers(-1, j)) for j in range(path, n_labels))]
    parent = [-1] * n_labels
    for j, k in enumerate(above):
        parent[order[j]] = -1 if k == -1 else int(order[k])
    Y = (rng.random((40, n_labels)) < 0.15).astype(np.int8)
    Y[:2] = 0
    Y[0, order[path - 1]] = 1  # the end of the path
    return Y, parent


def _completed(Y: NDArray[Any], parent: list[int]) -> NDArray[Any]:
    full = np.array(Y)
    for _ in parent:
        full = _one_step(full, parent)
    return full


def _one_step(Y: NDArray[Any], parent: list[int]) -> NDArray[Any]:
    full = np.array(Y)
    for label, above in enumerate(parent):
        if above != -1:
            full[:, above] |= Y[:, label]
    return full


def _in_order(Y: NDArray[Any], parent: list[int], columns: range) -> NDArray[Any]:
    full = np.array(Y)
    for label in columns:
        if parent[label] != -1:
            full[:, parent[label]] |= full[:, label]
    return full


def _downwards(Y: NDArray[Any], parent: list[int]) -> NDArray[Any]:
    full = np.array(Y)
    for _ in parent:
        for label, above in enumerate(parent):
            if above != -1:
                full[:, label] |= full[:, above]
    return full


def _parent_wins(Y: NDArray[Any], parent: list[int]) -> NDArray[Any]:
    full = np.array(Y)
    for _ in parent:
        for label, above in enumerate(parent):
            if above != -1:
                full[:, label] &= full[:, above]
    return full


def _last_for_the_top(Y: NDArray[Any], parent: list[int]) -> NDArray[Any]:
    full = np.array(Y)
    for _ in parent:
        for label, above in enumerate(parent):
            full[:, above] |= full[:, label]
    return full


@exercise("13.3")
def _completed_matrix(answer: Any) -> str:
    rng, n_right = np.random.default_rng(0), 0
    for n_labels, path in ((7, 4), (9, 4), (12, 4), (_LONG, _LONG)):
        Y, parent = _made(rng, n_labels, path)
        right = _completed(Y, parent)
        found = read_array(call(answer, Y, parent), "the completed label matrix")
        if found.shape != Y.shape:
            raise Wrong(f"It returns shape {found.shape} for labels of shape {Y.shape}; all labels have a column.")
        if not np.isin(found, (0, 1)).all():
            raise Wrong("There are other values than 0 and 1 in it: children were added up; take the maximum.")
        if np.array_equal(found, right):
            n_right += 1
            continue
        routes = {
            "It returns the labels as they were.": Y,
            "It goes up by one step only; a parent has a parent, too.": _one_step(Y, parent),
            "It goes down: a label that is there says nothing about its children.": _downwards(Y, parent),
            "Here the parent wins: labels without their parent are dropped. To complete is to add the parent.": (
                _parent_wins(Y, parent)
            ),
            "A label at the top has the parent -1, and column -1 is the last one: skip it.": _last_for_the_top(
                Y, parent
            ),
            "It passes over the columns once, so it depends on their order; a parent may stand anywhere.": _in_order(
                Y, parent, range(n_labels)
            ),
            "It passes over the columns once, from the last; a parent may stand anywhere.": _in_order(
                Y, parent, range(n_labels)[::-1]
            ),
        }
        for message, route in routes.items():
            if np.array_equal(found, route):
                raise Wrong(message)
        if n_labels == _LONG:
            raise Wrong(f"It doesn't reach the top of a path of {_LONG} labels; go up until there is no parent.")
        raise Wrong("On made hierarchies it returns another matrix than the completed one.")
    return f"right on {n_right} made hierarchies, one of them a path of {_LONG} labels"


def _best_sets(z: Floats, log_p: Floats) -> NDArray[np.int8]:
    """Try all sets of at most four."""
    sets = [chosen for k in range(5) for chosen in combinations(range(z.shape[1]), k)]
    rows = np.array([[j in chosen for j in range(z.shape[1])] for chosen in sets], dtype=np.int8)
    return np.asarray(rows[(z @ rows.T + log_p[:, rows.sum(axis=1)]).argmax(axis=1)], dtype=np.int8)


def _log_sizes(z: Floats) -> Floats:
    """Return the logarithm of the sum of exp(z) over all sets of each size from 0 to 4."""
    sums = np.zeros((len(z), 5))
    sums[:, 0] = 1
    for column in np.exp(z).T:
        sums[:, 1:] += sums[:, :-1] * column[:, None]
    return np.asarray(np.log(sums), dtype=np.float64)


def _largest(z: Floats, k: NDArray[Any]) -> NDArray[np.int8]:
    place = np.argsort(np.argsort(-z, axis=1), axis=1)
    return np.asarray(place < k[:, None], dtype=np.int8)


@exercise("13.4")
def _likeliest_sets(answer: Any) -> str:
    rng = np.random.default_rng(1)
    z = rng.normal(-1.5, 2, size=(200, 10))
    log_p = np.log(rng.dirichlet(np.ones(5), size=200))
    found = read_array(call(answer, z, log_p), "a matrix of zeros and ones, a row for each row of z")
    if found.shape != z.shape:
        raise Wrong(f"It returns shape {found.shape} for logits of shape {z.shape}. Return a matrix of zeros and ones.")
    if not np.isin(found, (0, 1)).all():
        raise Wrong("There are other values than 0 and 1 in it.")
    right, by_count = _best_sets(z, log_p), _largest(z, log_p.argmax(axis=1))
    if np.array_equal(found, right):
        differ = (right != by_count).any(axis=1).mean()
        return f"on made scores {differ:.0%} of the sets differ from the chapter's rule; on the scenes it is far fewer"
    p = 1 / (1 + np.exp(-z))

    def weighed(scores: Floats, of_count: Floats, more: float = 0.0) -> NDArray[np.int8]:
        sums = np.cumsum(-np.sort(-scores, axis=1)[:, :4], axis=1)
        sums = np.hstack([np.full((len(z), 1), more), sums])
        return _largest(z, (sums + of_count).argmax(axis=1))

    routes = {
        "This is the chapter's rule: the likeliest count alone decides how many.": by_count,
        "The count has no say here: these are the digits with a logit above 0.": (z > 0).astype(np.int8),
        "This adds up the digits' probabilities; the sum is over their logits.": weighed(p, log_p),
        "This adds the probability of the size; add its logarithm.": weighed(z, np.exp(log_p)),
        "These add up log-probabilities of the digits that are there; those that are absent count as well. The "
        "logits hold both.": weighed(np.log(p), log_p),
        "The empty set is never taken; its sum of logits is 0.": weighed(z, log_p, more=-np.inf),
        "The log-probability of the size is missing.": weighed(z, np.zeros_like(log_p)),
        "There is one digit too many in each set: the place of the largest sum, from 0, is the size.": _largest(
            z, right.sum(axis=1) + 1
        ),
        "This divides by what the digits themselves say about the size, a good idea; the question asks for the plain "
        "sum.": weighed(z, log_p - _log_sizes(z)),
        "Here the smallest logits are taken.": _best_sets(-z, log_p),
    }
    for message, route in routes.items():
        if np.array_equal(found, route):
            raise Wrong(message)
    first = int((found != right).any(axis=1).argmax())
    raise Wrong(f"On made scores, in row {first} and others, another set has a larger sum.")
