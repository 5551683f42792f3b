"""Judge what is computed from a student's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MultiLabelBinarizer

from mlhelpers.exercises._answers import Wrong, compare, read_array, read_label_set, read_numbers
from mlhelpers.exercises._own_data import data
from mlhelpers.metrics import LabelCounts

JudgeOfData = Callable[[Any, Any], None]
JUDGES: dict[str, JudgeOfData] = {}
NOT_YOURS = "This is right for the numbers of the book; take your own, of exercises.data."


def judge_own(exercise: str, answer: Any, seed: int, of_the_book: Callable[[Any], Any]) -> str:
    """Raise `Wrong` unless an answer is right for the data of this seed; return a remark if it is."""
    try:
        JUDGES[exercise](answer, data(exercise, seed=seed))
    except Wrong:
        try:
            of_the_book(answer)
        except Wrong:
            pass
        else:
            raise Wrong(NOT_YOURS) from None
        raise
    return "for your own numbers"


def _of(exercise: str) -> Callable[[JudgeOfData], None]:
    def register(judge: JudgeOfData) -> None:
        JUDGES[exercise] = judge

    return register


def _numbers(exercise: str, *names: str, tolerance: float = 0.005) -> Callable[[Callable[..., Sequence[float]]], None]:
    """Register a judge that compares numbers with those that a function computes from the data, in their order."""

    def register(right: Callable[..., Sequence[float]]) -> None:
        JUDGES[exercise] = lambda answer, given: compare(
            answer, dict(zip(names, right(*given.values()), strict=True)), {}, tolerance
        )

    return register


def _relative(exercise: str, *names: str, tolerance: float) -> Callable[[Callable[..., Sequence[float]]], None]:
    """Register a judge that compares numbers of several sizes, each with a tolerance of its own size."""

    def register(right: Callable[..., Sequence[float]]) -> None:
        def judge(answer: Any, given: Any) -> None:
            wanted = np.asarray(right(*given.values()), dtype=float)
            values = read_numbers(answer, *names)
            for name, same in zip(names, np.isclose(values, wanted, rtol=tolerance, atol=0), strict=True):
                if not same:
                    raise Wrong(f"{name[:1].upper()}{name[1:]}: this is another value than the one asked for.")

        JUDGES[exercise] = judge

    return register


@_numbers("00.1", "how many rows", tolerance=1e-6)
def _pair(Y: NDArray[Any]) -> list[float]:
    return [int((Y[:, 3] & Y[:, 7]).sum())]


@_of("00.5")
def _column(answer: Any, given: Any) -> None:
    tags = [{tag.strip().lower() for tag in cell.split(",")} - {""} for cell in given["column"]]
    if not np.array_equal(read_array(answer, "a label matrix"), MultiLabelBinarizer().fit_transform(tags)):
        raise Wrong("This is another label matrix than the one of your column; without a seed the check says more.")


@_numbers("04.1", "largest loss", "logit")
def _clip(epsilon: float) -> list[float]:
    return [-np.log(epsilon), np.log((1 - epsilon) / epsilon)]


@_numbers("05.1", "micro-F1", "macro-F1")
def _photos(y_true: NDArray[Any], y_pred: NDArray[Any]) -> list[float]:
    return [float(LabelCounts.from_predictions(y_true, y_pred).f1(average, 0)) for average in ("micro", "macro")]


@_of("05.4")
def _constant_set(answer: Any, given: Any) -> None:
    Y, chosen = given["Y"], read_label_set(answer)
    order = np.argsort(-Y.sum(axis=0))

    def micro(labels: Sequence[int]) -> float:
        return float(2 * Y[:, labels].sum() / (len(labels) * len(Y) + Y.sum()))

    if micro(sorted(chosen)) < max(micro(order[:size].tolist()) for size in range(1, 11)) - 1e-12:
        raise Wrong(f"Its micro-F1 is {micro(sorted(chosen)):.3f}, and another set has more.")


@_numbers("06.1", "best F1", "rows that it claims", "rows that the two lines claim")
def _pencil(scores: list[float], truth: list[int]) -> list[float]:
    tp, claimed = np.cumsum(truth), np.arange(1, len(truth) + 1)
    f1 = 2 * tp / (claimed + tp[-1])
    return [f1.max(), int(claimed[f1.argmax()]), truth.index(1)]


@_numbers("06.2", "the cut for the costs", "for macro-F1", "for micro-F1")
def _cuts(missed: float, alarm: float, macro: float, micro: float) -> list[float]:
    return [alarm / (alarm + missed), macro / 2, micro / 2]


@_numbers("07.1", "probability", "cut")
def _weight(weight: float, p: float, ratio: float) -> list[float]:
    return [p / (p + weight * (1 - p)), weight / (weight + ratio)]


@_numbers("07.3", "expected number", "none if independent", "lowest", "highest", tolerance=0.002)
def _number_of_labels(p: list[float]) -> list[float]:
    return [sum(p), float(np.prod(1 - np.array(p))), max(0.0, 1 - sum(p)), 1 - max(p)]


@_relative("08.1", "positives", "comments", tolerance=0.01)
def _positives(recall: float, reach: float, frequency: float) -> list[float]:
    k = np.ceil(1.96**2 * recall * (1 - recall) / reach**2)
    return [k, k / frequency]


@_numbers("08.2", "how many times", "fraction of 3s", tolerance=0.001)
def _repeated(scenes: int, nines: int, threes: int, both: int) -> list[float]:
    times = -(-(scenes - nines) // (9 * nines))
    return [times, (threes + both * (times - 1)) / (scenes + nines * (times - 1))]


@_numbers("09.1", "expected number", "probability of at least one")
def _tests(n: int, level: float) -> list[float]:
    return [n * level, 1 - (1 - level) ** n]


@_numbers("10.2", "great", "bus", "late")
def _words(n_with: int, n_without: int, present: dict[str, int], absent: dict[str, int]) -> list[float]:
    one, other = (np.array([*counts.values()]) + 1 for counts in (present, absent))
    return [float(weight) for weight in np.log(one / one.sum()) - np.log(other / other.sum())]


@_relative("11.2", "positives", "comments", tolerance=0.03)
def _labelled(reach: float, frequency: float) -> list[float]:
    return [1.96**2 * 0.25 / reach**2, 1.96**2 * 0.25 / reach**2 / frequency]


_DECISIONS = ("the labels above one half", "the most probable set")


@_numbers("12.1", *(f"{m} of {rule}" for rule in _DECISIONS for m in ("subset accuracy", "Hamming loss")))
def _decisions(sets: NDArray[Any], probabilities: list[float]) -> list[float]:
    p = np.array(probabilities)
    found = []
    for said in (p @ sets > 0.5, sets[p.argmax()]):
        found += [float(p @ (sets == said).all(axis=1)), float(p @ (sets != said).mean(axis=1))]
    return found


@_numbers("13.1", "above", "below", tolerance=0.002)
def _levels(above: int, of_above: float, below: int, of_below: float) -> list[float]:
    return [2 * mean / (n + mean) for n, mean in ((above, of_above), (below, of_below))]


@_of("14.1")
def _recorded(answer: Any, given: Any) -> None:
    recorded, measured, read = given.values()
    truth = measured / recorded
    right = read * (truth - measured) / (1 - measured)
    values = read_numbers(answer, "true precision", "number right")
    if abs(values[1] - right) <= 1:  # also those who round to whole claims
        values[1] = right
    compare(values, {"true precision": truth, "number right": right}, {})


@_numbers("16.1", "GiB dense", "MiB as CSR", tolerance=0.06)
def _memory(rows: int, labels: int, each: int) -> list[float]:
    return [rows * labels * 4 / 2**30, (rows * each * 8 + (rows + 1) * 4) / 2**20]
