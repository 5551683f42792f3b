"""Judges of chapter 9, validation."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import chi2

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_numbers
from mlhelpers.exercises._intervals import NARROWER, f1s, judge_interval, middle
from mlhelpers.exercises._register import Floats, exercise


@exercise("09.1")
def _twenty_tests_of_nothing(answer: Any) -> None:
    expected, at_least_one = 20 * 0.05, 1 - 0.95**20
    routes = {
        "The two are swapped: the number that is expected first, then the probability.": [at_least_one, expected],
        "The probability: this is that of a single test; there are twenty chances.": [ANY, 0.05],
        "The probability: probabilities of tests may not be added up, since two of them can be below 0.05.": [ANY, 1.0],
        "The probability: this is that of no p-value below 0.05; the question asks for the opposite.": [ANY, 0.95**20],
        "The probability: this is that of all twenty below 0.05.": [ANY, 0.05**20],
        "The number: this is the probability of a single test; add it up over the twenty.": [0.05, ANY],
        "The number: this is how many stay above 0.05.": [19.0, ANY],
    }
    compare(answer, {"expected number": expected, "probability of at least one": at_least_one}, routes)


_TRAIN = ["Thank you!", "thank you", "So good", "No way.", "No way.", "well, well"]
_OTHER = [
    *("THANK YOU", "thank you!!", "So good", "so  good", " No way", "No, way?", "never", "good", "thank"),
    *("Well, well", "no way", "WELL WELL", "never again", "So good!", "sunset"),
]


@exercise("09.2")
def _twins(answer: Any) -> None:
    def lower(text: str) -> str:
        return text.lower().strip()

    def words(text: str) -> str:
        return re.sub(r"\W+", " ", text)

    def plain(text: str) -> str:
        return words(text.lower()).strip()

    def found(key: Any, texts: list[str] = _OTHER, among: list[str] = _TRAIN) -> int:
        known = {key(text) for text in among}
        return sum(key(text) in known for text in texts)

    right = found(plain)
    routes: Routes = {
        "It finds only texts that are the same letter by letter.": found(str),
        "It looks over capitals, and not over punctuation.": found(lower),
        "It looks over punctuation, and not over capitals or spaces at the ends.": found(words),
        "It counts each text once; one that stands twice in the other part counts twice.": len(
            {plain(text) for text in _OTHER} & {plain(text) for text in _TRAIN}
        ),
        "It counts the training texts that are in the other part; the question asks for the other direction.": found(
            plain, _TRAIN, _OTHER
        ),
        "It returns a fraction; the question asks for a number.": right / len(_OTHER),
        "It returns how many have no twin.": len(_OTHER) - right,
        "It returns the training texts and the others together.": right + found(plain, _TRAIN, _OTHER),
    }
    name = "what the function returns for small made lists"
    (number,) = read_numbers(call(answer, _TRAIN, _OTHER), name)
    compare(number, {name: right}, routes)
    if read_numbers(call(answer, _TRAIN, []), name)[0] != 0:
        raise Wrong("For an empty other part it doesn't return 0.")


@exercise("09.3")
def _chi2_of_a_matrix(answer: Any) -> None:
    rng = np.random.default_rng(3)
    Y = (rng.random((60, 4)) < [0.6, 0.3, 0.15, 0.0]).astype(np.int8)
    X = rng.integers(4, size=(60, 5)) + 2 * Y[:, :1] * rng.integers(2, size=(60, 5))
    present = Y[:, :3]
    single, frequency = np.array([chi2(X, y)[0] for y in present.T]), present.mean(axis=0)
    found = read_array(call(answer, X, Y), "one number per feature, five here")
    if found.shape != (5,):
        raise Wrong(
            f"It returns something of shape {found.shape} for 60 samples of 5 features; return one per feature."
        )
    if np.isnan(found).any():
        raise Wrong("It returns nan: the last of the four labels has no positive; leave such labels out.")
    routes: Routes = {
        "It adds up the values of the single labels; each needs a weight, made of the label's frequency.": single.sum(
            0
        ),
        "It weights each label by its frequency; look at the hint once more, which half is left out?": frequency
        @ single,
        "It divides by 1 − π; the value of a single label is the larger one.": (1 / (1 - frequency)) @ single,
        "It returns a weighted mean; chi2 of a matrix is a sum.": (1 - frequency) @ single / (1 - frequency).sum(),
        "It returns the mean over the labels; chi2 of a matrix is a weighted sum.": single.mean(axis=0),
        "It returns the largest value of each feature over the labels, which is another way to choose.": single.max(0),
        "It takes the last label's part for the whole; add the labels up.": (1 - frequency[-1]) * single[-1],
    }
    names = [f"value of feature {j}" for j in range(5)]
    compare(found, dict(zip(names, (1 - frequency) @ single, strict=True)), routes, tolerance=1e-6)


@exercise("09.4")
def _bootstrap_of_groups(answer: Any) -> str:
    """Judge a function by what it returns for groups of unequal sizes."""
    rng = np.random.default_rng(4)
    groups = np.repeat(rng.permutation(60) + 100, np.tile([2, 3, 7], 20))
    _, number = np.unique(groups, return_inverse=True)
    y, wrong_a, wrong_b = (
        rng.random((60, 3))[number] < limit for limit in ([0.6, 0.4, 0.2], [0.2, 0.2, 0.2], [0.3, 0.3, 0.3])
    )
    y = y.astype(np.int8)
    a, b = y ^ wrong_a, y ^ wrong_b
    drawn, others = (rng.multinomial(60, np.full(60, 1 / 60), size=4000)[:, number] for _ in range(2))
    rows = rng.multinomial(len(y), np.full(len(y), 1 / len(y)), size=4000)

    def difference(times: NDArray[Any], of_b: NDArray[Any] | None = None, average: str = "micro") -> Floats:
        return f1s(times, y, a, average) - f1s(times if of_b is None else of_b, y, b, average)

    differences = difference(drawn)
    routes = {
        "This is as narrow as if rows were drawn; draw whole groups.": lambda: middle(difference(rows)),
        "This is the interval of macro-F1; the question asks for micro-F1.": lambda: middle(
            difference(drawn, average="macro")
        ),
        "This is as wide as if groups were drawn for each prediction alone.": lambda: middle(difference(drawn, others)),
        NARROWER: lambda: middle(differences, 0.9),
        "This is the interval of one prediction; take the difference in every drawing.": lambda: np.stack(
            [middle(f1s(drawn, y, each, "micro")) for each in (a, b)]
        ),
    }
    returned = call(answer, y, a, b, groups)
    width = judge_interval(returned, differences, routes, drawn="groups", compared="prediction", measure="micro-F1")
    return f"for 60 made groups it is {width:.3f} wide"
