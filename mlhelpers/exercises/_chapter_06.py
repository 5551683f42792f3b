"""Judges of chapter 6, thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import ANY, Wrong, call, compare, read_numbers
from mlhelpers.exercises._register import exercise


@exercise("06.1")
def _best_cut_of_five_rows(answer: Any) -> None:
    truth = np.array([0, 1, 1, 0, 1])
    tp, claimed = truth.cumsum(), np.arange(1, 6)
    f1 = 2 * tp / (claimed + truth.sum())
    best = int(f1.argmax())
    first_top = 2  # of the cuts that leave something out
    jaccard = tp / (claimed + truth.sum() - tp)
    routes = {
        "After the third row F1 falls, and the last row lifts it above all before it; walk to the end.": [
            f1[first_top],
            claimed[first_top],
            ANY,
        ],
        "F1: this is tp / (tp + fp + fn); F1 counts tp twice, above and below.": [jaccard[best], ANY, ANY],
        "F1: this is the precision of the best cut.": [tp[best] / claimed[best], ANY, ANY],
        "The last number: 0/0 comes first where nothing right is claimed; from the score of that row up there is one row.": [  # noqa: E501
            f1[best],
            claimed[best],
            0,
        ],
        "The last number: the two lines don't find the best cut here; argmax takes a nan for the largest value.": [
            f1[best],
            claimed[best],
            claimed[best],
        ],
        "The last number: without the hole the two lines would choose like this; look for the place of 0/0.": [
            f1[best],
            claimed[best],
            claimed[first_top],
        ],
    }
    expected = {"best F1": f1[best], "rows that it claims": claimed[best], "rows that the two lines claim": 1}
    compare(answer, expected, routes)


@exercise("06.2")
def _three_cuts(answer: Any) -> None:
    costs, macro, micro = 3 / (3 + 9), 0.36 / 2, 0.58 / 2
    routes = {
        "Costs: above the line stands what a false alarm costs, since that is what a claim risks.": [9 / 12, ANY, ANY],
        "Costs: below the line stands the sum of both costs.": [3 / 9, ANY, ANY],
        "Macro-F1 and micro-F1 are swapped: macro-F1 asks for the label's own F1.": [costs, micro, macro],
        "Micro-F1: the label's own F1 has no say in it; ask for the F1 of the pot.": [costs, macro, macro],
        "Macro-F1: the F1 of the pot has no say in it; ask for the label's own.": [costs, micro, micro],
        "The cut is half of the F1, not the F1 itself.": [costs, 0.36, 0.58],
        "The cuts for F1 are half of an F1; one half is the cut for equal costs.": [costs, 0.5, 0.5],
    }
    compare(answer, {"the cut for the costs": costs, "for macro-F1": macro, "for micro-F1": micro}, routes)


@exercise("06.3")
def _budget(answer: Any) -> None:
    distinct = np.array([0.1, 0.9, 0.4, 0.7, 0.2])
    tied = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    for scores, k in ((distinct, 2), (distinct, 0), (tied, 2), (tied, 4), (distinct, 5), (distinct, 8)):
        (cut,) = read_numbers(call(answer, scores, k), "a threshold", finite=False)
        n, best = int((scores > cut).sum()), _most_within(scores, k)
        of = f"Of the scores {scores.tolist()} with k={k} it"
        if n == best:
            continue
        if n > k:
            equal = len(set(scores.tolist())) < len(scores)
            why = "equal scores are claimed together, so some must be left out" if equal else "that is over the budget"
            raise Wrong(f"{of} claims {n}; {why}.")
        if k >= len(scores):
            raise Wrong(f"{of} claims {n}. The budget is enough for all rows: the cut must lie below the lowest score.")
        if n == k - 1 and len(set(scores.tolist())) == len(scores):
            raise Wrong(
                f"{of} claims {n}: strictly above the score at place k there are only k - 1; take the next one."
            )
        raise Wrong(f"{of} claims {n}; {best} are possible.")


def _most_within(scores: NDArray[np.float64], k: int) -> int:
    """Return the largest number of scores, not above k, that lie strictly above some threshold."""
    above = [int((scores > cut).sum()) for cut in (*scores, -np.inf)]
    return max(n for n in above if n <= k)


@exercise("06.4")
def _careful_floor(answer: Any) -> str:
    rng = np.random.default_rng(1)
    score = rng.random(400)
    truth = (rng.random(400) < score**2).astype(np.int8)
    right, plain = _claimed(truth, score, 0.6, 1.645), _claimed(truth, score, 0.6, 0.0)
    (cut,) = read_numbers(call(answer, truth, score, 0.6), "a threshold", finite=False)
    n = int((score > cut).sum())
    if n != right:
        if n == right - 1:
            raise Wrong("It claims one row too few: strictly above the lowest score that counts, that row is lost.")
        if n == plain or n == plain - 1:
            raise Wrong("This is the floor without a margin: compare the lower end of the interval with it.")
        if n == _claimed(truth, score, 0.6, 1.96):
            raise Wrong("This is the cut for z = 1.96; take 1.645.")
        if n == _claimed(truth, score, 0.6, 1.645, first=True):
            raise Wrong("This is the first cut that reaches the floor; of those that do, take the one that finds most.")
        if not n:
            raise Wrong("It claims nothing, although cuts reach this floor.")
        raise Wrong(f"On made scores it claims {n} rows, which is not the cut with the most true positives.")
    (none,) = read_numbers(
        call(answer, np.array([1, 0, 1]), np.array([0.9, 0.5, 0.2]), 0.9), "a threshold", finite=False
    )
    if none != np.inf:
        raise Wrong("Three rows can't reach a floor of 0.9 with this margin; return np.inf there.")
    return f"on made scores it claims {right} rows, where a floor without a margin claims {plain}"


def _claimed(truth: NDArray[Any], score: NDArray[Any], floor: float, z: float, first: bool = False) -> int:
    """Return how many rows are claimed by the cut with most true positives whose lower end reaches the floor."""
    tp = truth[np.argsort(-score)].cumsum()
    n = np.arange(1, len(truth) + 1)
    q = tp / n
    spread = z * np.sqrt(q * (1 - q) / n + z**2 / (4 * n**2))
    enough = (q + z**2 / (2 * n) - spread) / (1 + z**2 / n) >= floor
    return int(n[enough.argmax()] if first else n[np.where(enough, tp, -1).argmax()])
