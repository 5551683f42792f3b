"""Judges of the assignment paper_table.md: the first on data that are drawn anew, the second on the paper's."""

import re

import numpy as np
from sklearn.metrics import f1_score, precision_score, recall_score

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call
from mlhelpers.thresholds import fit_thresholds

_WHAT = {
    "a": "the mean of the labels' F1 at one half",
    "b": "the one in which an undefined F1 counts 1",
    "c": "the F1 of mean precision and mean recall",
    "d": "the F1 of all decisions together",
    "e": "the mean of the rows' F1",
    "f": "the one with thresholds from the validation part",
    "g": "the one with thresholds from the test part",
    "h": "the one on the validation part",
}
_ROWS = "afbgc"


def _values(Y_val, s_val, Y_test, s_test, least=0):
    """Return what the eight definitions give; labels of fewer positives than the least get a shared threshold."""

    def macro(Y, said, undefined=0):
        return f1_score(Y, said.astype(int), average="macro", zero_division=undefined)

    half = (s_test > 0.5).astype(int)
    cuts, late = (fit_thresholds(*each, min_positives=least).values for each in ((Y_val, s_val), (Y_test, s_test)))
    p, r = (score(Y_test, half, average="macro", zero_division=0) for score in (precision_score, recall_score))
    return {
        "a": macro(Y_test, half),
        "b": macro(Y_test, half, 1),
        "c": 2 * p * r / (p + r) if p + r else 0.0,
        "d": f1_score(Y_test, half, average="micro", zero_division=0),
        "e": f1_score(Y_test, half, average="samples", zero_division=1),
        "f": macro(Y_test, s_test > cuts),
        "g": macro(Y_test, s_test > late),
        "h": macro(Y_val, s_val > cuts),
    }


def _made(rng, frequency, n_val, n_test, qualities):
    """Return true labels of two parts, in which the last label is absent from the second, and scores on both."""
    n_labels = len(frequency)
    Y_val, Y_test = ((rng.random_sample((n, n_labels)) < frequency).astype(int) for n in (n_val, n_test))
    Y_test[:, -1] = 0
    methods = []
    for quality, shift in qualities:
        base = np.log(frequency / (1 - frequency)) + shift
        logits = [quality**2 * (Y - 0.5) + quality * rng.normal(size=Y.shape) + base for Y in (Y_val, Y_test)]
        methods.append([1 / (1 + np.exp(-each)) for each in logits])
    return Y_val, Y_test, methods


def _judge_which(answer):
    rng = np.random.RandomState()
    frequency = np.array([0.4, 0.3, 0.02, 0.02, 0.04])
    apart = told = 0.0
    # Rounded to three decimals, each number has one meaning, and min_positives tells.
    while apart < 0.004 or not told:
        Y_val, Y_test, [(s_val, s_test)] = _made(rng, frequency, 300, 400, [(2, -0.8)])
        values, others = (_values(Y_val, s_val, Y_test, s_test, least) for least in (0, 10))
        apart = np.diff(np.sort([*values.values()])).min()
        told = sum(min(others, key=lambda x: abs(others[x] - value)) != letter for letter, value in values.items())
    for letter in rng.permutation([*values]).tolist():
        said = call(answer, round(float(values[letter]), 3), Y_val, s_val, Y_test, s_test)
        said = said.strip(" .:").lower() if isinstance(said, str) else ""
        if said not in _WHAT:
            raise Wrong("It returns no letter from a to h.")
        if said != letter:
            hint = "; are its thresholds chosen with min_positives=0?" if letter in "fgh" else ""
            raise Wrong(f"A number that is {_WHAT[letter]} it takes for {_WHAT[said]}{hint}.")


def _letters(answer, *kinds):
    """Return the letters of an answer in small print, without the and of a list in words."""
    parts = [answer] if isinstance(answer, str) else answer if isinstance(answer, kinds) else []
    return [*"".join(word for part in parts for word in re.findall(r"\w+", str(part).lower()) if word != "and")]


def _judge_rows(answer):
    letters = _letters(answer, list, tuple)
    if len(letters) != 5 or not set(letters) <= set(_WHAT):
        raise Wrong('The question asks for five letters from a to h, such as "aaaaa".')
    frequency = np.array([0.45, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.02])
    qualities = ((2.3, -1.2), (2, 0), (1.9, -0.3), (2, -1), (2.1, -0.8))
    Y_val, Y_test, methods = _made(np.random.RandomState(0), frequency, 500, 800, qualities)
    for k, (said, right) in enumerate(zip(letters, _ROWS, strict=True)):
        if said != right:
            value = _values(Y_val, methods[k][0], Y_test, methods[k][1])[said]
            raise Wrong(f"Method {k + 1}: {_WHAT[said]} would be {value:.3f}.")


_TOLD = {
    "A": "A is told: the division is published",
    "E": "E is told: three times",
    "G": "G is told: the last sentence names the part",
    "H": "H is told: Method 3 was tried on an earlier release",
}
_NOT_TOLD = {
    "B": 'thresholds were "tuned", and nobody says on what',
    "C": "there is a name in the table, and no formula",
    "D": "some label may have no positive, and nobody says what it counts",
    "F": "a mean of three is printed without what lies around it",
}


def _judge_facts(answer):
    letters = {each.upper() for each in _letters(answer, list, tuple, set, frozenset)}
    if not letters or not letters <= _TOLD.keys() | _NOT_TOLD.keys():
        raise Wrong('The question asks for letters from A to H, as a set such as {"A", "E"}.')
    missing = [why for letter, why in _NOT_TOLD.items() if letter not in letters]
    wrong = [why for letter, why in _TOLD.items() if letter in letters]
    if missing or wrong:
        said = [f"{len(missing)} missing, for example: {missing[0]}."] if missing else []
        raise Wrong(" ".join([*said, *(f"{why}." for why in wrong)]))


register("paper_table.1", _judge_which, hint="Compute all eight, and take the nearest.", points=5, minutes=30)
register("paper_table.2", _judge_rows, hint="Let your function say it.", points=2, minutes=5)
register("paper_table.3", _judge_facts, hint="Could you compute the number again?", points=3, minutes=15)
