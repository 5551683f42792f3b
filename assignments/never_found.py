"""Judges of the assignment never_found.md: each calls a function on data that are drawn anew."""

from math import ceil

import numpy as np
from sklearn.metrics import roc_auc_score

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_numbers

_TEXTS = "nothing to learn from", "nothing to measure by", "found", "cut too high", "scores don't rank"


def _judge_reason(answer):
    rng = np.random.default_rng()
    for case in [*rng.permutation(9).tolist(), *rng.integers(9, size=10).tolist()]:
        y_train, y_val = (rng.permutation((np.arange(80) < rng.integers(3, 10)).astype(int)) for _ in range(2))
        score = rng.uniform(0.01, 0.2, 80) + 0.25 * y_val  # positives rank above all others
        right = 3
        if case in (0, 1):
            y_train[:] = 0
            right = 0
            y_val *= case
        elif case == 2:
            y_val[:] = 0
            right = 1
        elif case == 3:
            score[rng.choice(np.flatnonzero(y_val))] = 0.6
            right = 2
        elif case == 4:  # something is claimed, and wrongly so
            score[rng.choice(np.flatnonzero(y_val == 0))] = 0.6
        elif case == 5:
            score = 0.45 - score  # positives below all others
            right = 4
        elif case in (7, 8):  # positives rank better than by chance, and not well enough; or just so
            low, high, right = (0.55, 0.68, 4) if case == 7 else (0.72, 0.85, 3)
            while not low <= roc_auc_score(y_val, score) <= high:
                score = np.clip(rng.normal(0.2 + 0.04 * y_val, 0.06), 0.01, 0.45)
        said = call(answer, y_train, y_val, score)
        said = said.strip('" .').replace("\u2019", "'") if isinstance(said, str) else ""
        if said not in _TEXTS:
            raise Wrong(f"It returns none of the texts {', '.join(_TEXTS)}.")
        if said != _TEXTS[right]:
            why = {
                0: "the training part has no positive, which is asked first.",
                1: "the validation part has no positive, so nothing can be measured there.",
                2: "one positive has a score above one half.",
                3: "no positive is above one half, and positives rank high."
                + " A row above one half that is no positive finds nothing." * (case == 4),
                4: "the ROC AUC is below 0.7.",
            }
            raise Wrong(f'It says "{said}" where {why[right]}')


def _judge_reading(answer):
    rng = np.random.default_rng()
    for share in (0.5, 0.7, 0.75, 1.0, 0.8, 0.33):
        n = int(rng.choice([7, 9, 10, 12]))
        least = ceil(share * n)
        y = rng.permutation((np.arange(60) < n).astype(int))
        score = np.round(rng.uniform(0, 0.6, 60) + 0.3 * y, 1)  # many are equal
        if share == 0.7:
            score = rng.permutation(60) / 100
        (read,) = read_numbers(call(answer, y, score, share), "number of rows")
        found = np.array([[y[score >= cut].sum(), (score >= cut).sum()] for cut in np.unique(score)[::-1]])
        right = found[found[:, 0] >= least, 1][0]
        if read == right:
            continue
        of = f"To find {share:.0%} of {n} positives among 60 rows, it reads {read:g}"
        if right - (score == np.sort(score)[60 - right]).sum() < read < right:
            raise Wrong(f"{of}; it takes rows of equal score in the order in which they happen to stand.")
        if read == found[found[:, 0] > least, 1].min(initial=61):
            raise Wrong(f"{of}, until more than that are found; at least so many are asked for.")
        if read == 60 - right or read == 60 - right + 1:
            raise Wrong(f"{of}: those that need not be read.")
        if read == ceil(share * 60):
            raise Wrong(f"{of}, the same share of the rows; it has to look where the positives are.")
        raise Wrong(f"{of}, which are {'more' if read > right else 'fewer'} than it takes.")


def _judge_numbers(answer):
    rng = np.random.default_rng()
    n = np.arange(1, 3000)
    at_half = 1.96 / np.sqrt(n)
    wilson = _wilson_width(n, n // 2, 1.959964)
    others = _wilson_width(n, n // 2, 1.96), _wilson_width(n, n / 2, 1.959964)  # 1.96 for short; half of an odd number
    for width in np.round(rng.uniform([0.09, 0.2, 0.4], [0.2, 0.4, 0.6]), 3):
        frequency = float(rng.choice([0.003, 0.01, 0.05]))
        positives, rows = read_numbers(call(answer, float(width), frequency), "positives", "rows")
        right = _first(wilson <= width)
        of = f"For a width of {width:g} it returns {positives:g} positives"
        allowed = {right, *(_first(each <= width) for each in others)}
        if positives not in allowed:
            if abs(positives - _first(wilson <= 2 * width)) <= 1:
                raise Wrong(f"{of}: the width is from end to end, not from the middle to one end.")
            if abs(positives - _first(at_half <= width)) <= 1:
                raise Wrong(f"{of}, as the simple formula says, which isn't Wilson's.")
            if abs(positives - _first(wilson * 1.645 / 1.96 <= width)) <= max(2, 0.02 * right):
                raise Wrong(f"{of}, as for an interval of 90 %.")
            if abs(positives * frequency - right) <= 2 or positives == rows:
                raise Wrong(f"{of}: these are rows; the first number is that of the positives.")
            if positives < right:
                raise Wrong(f"{of}, with which it can be wider: how many found make it widest?")
            raise Wrong(f"{of}; fewer do, too.")
        if rows not in (ceil(positives / frequency - 1e-6), ceil(positives / frequency)):
            raise Wrong(
                f"To expect {positives:g} positives at a frequency of {frequency:g}, {rows:g} rows are not right."
            )


def _wilson_width(n, k, z):
    return 2 * z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)


def _first(reached):
    return int(np.argmax(reached)) + 1


register("never_found.1", _judge_reason, hint="Ask in the order of the list.", points=3, minutes=15)
register("never_found.2", _judge_reading, hint="Where scores are equal, all of them count.", points=3, minutes=15)
register(
    "never_found.3", _judge_numbers, hint="The interval is widest when half of them are found.", points=4, minutes=20
)
