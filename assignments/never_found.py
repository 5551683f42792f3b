"""Judges of the assignment never_found.md: each calls a function on data that are drawn anew."""

from math import ceil

import numpy as np

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_numbers

_TEXTS = "nothing to learn from", "nothing to measure by", "found", "cut too high", "scores don't rank"


def _auc(y, score):
    return (score[y == 1][:, None] > score[y == 0]).mean()


def _ranked(rng, y, low, high):
    """Return scores below one half whose ROC AUC lies between two numbers, with the higher mean for positives."""
    while True:
        score = rng.uniform(0.01, 0.3, len(y)) + rng.uniform(0, 0.18) * y
        if low < _auc(y, score) < high and score[y == 1].mean() > score[y == 0].mean():
            return score


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
        elif case == 6:
            score, right = _ranked(rng, y_val, 0.55, 0.68), 4
        elif case == 7:
            score = _ranked(rng, y_val, 0.72, 0.8)
        said = call(answer, y_train, y_val, score)
        said = said.strip('" .').replace("\u2019", "'") if isinstance(said, str) else ""
        if said not in _TEXTS:
            raise Wrong(f"It returns none of the texts {', '.join(_TEXTS)}.")
        if said != _TEXTS[right]:
            auc = _auc(y_val, score) if y_val.any() else 0.0
            why = {
                0: "the training part has no positive, which is asked first.",
                1: "the validation part has no positive, so nothing can be measured there.",
                2: "one positive has a score above one half.",
                3: f"no positive is above one half, and the ROC AUC is {auc:.2f}."
                + " A row above one half that is no positive finds nothing." * (case == 4),
                4: f"the ROC AUC is {auc:.2f}.",
            }
            raise Wrong(f'It says "{said}" where {why[right]}')


def _judge_reading(answer):
    rng = np.random.default_rng()
    for share, n in ((0.5, 10), (0.75, 10), (0.33, 10), (1.0, 7), (0.5, 9), (0.7, 10), (0.3, 8)):
        rows = int(rng.integers(55, 75))
        y = rng.permutation((np.arange(rows) < n).astype(int))
        score = np.round(rng.uniform(0, 0.6, rows) + 0.3 * y, 1)  # many are equal
        if share in (0.75, 0.33):
            score = rng.permutation(rows) / 100
        (read,) = read_numbers(call(answer, y, score, share), "number of rows")
        found = np.array([[y[score >= cut].sum(), (score >= cut).sum()] for cut in np.unique(score)[::-1]])
        enough = ceil(share * n - 1e-9)
        right = found[found[:, 0] >= enough, 1][0]
        if read == right:
            continue
        of = f"To find {share:.0%} of {n} positives among {rows} rows, it reads {read:g}"
        if right - (score == np.sort(score)[rows - right]).sum() < read < right:
            raise Wrong(f"{of}; it takes rows of equal score in the order in which they happen to stand.")
        if read == found[found[:, 0] >= enough - 1, 1][0] and enough > share * n:
            raise Wrong(f"{of}; {enough - 1} of {n} are less than this share, and at least so many are asked for.")
        if read == found[found[:, 0] > enough, 1].min(initial=rows + 1):
            raise Wrong(f"{of}, until more than that are found; at least so many are asked for.")
        if read == rows - right or read == rows - right + 1:
            raise Wrong(f"{of}: those that need not be read.")
        raise Wrong(f"{of}, which are {'more' if read > right else 'fewer'} than it takes to find the positives.")


def _drawn_width(rng, low, high):
    """Return a width, and how many positives it takes, whether 1.96 is rounded or not, and half of an odd number."""
    n = np.arange(1, 3000)
    while True:
        width = float(np.round(rng.uniform(low, high), 3))
        ways = ((n // 2, 1.959964), (n // 2, 1.96), (n / 2, 1.959964), (n / 2, 1.96))
        reached = [_wilson_width(n, *each) <= width for each in ways]
        right = _first(reached[0])
        if {_first(each) for each in reached} == {right} and reached[0][right:].all():
            return width, right


def _judge_numbers(answer):
    rng = np.random.default_rng()
    n = np.arange(1, 3000)
    at_half = 1.96 / np.sqrt(n)
    wilson = _wilson_width(n, n // 2, 1.959964)
    for low, high in ((0.09, 0.2), (0.2, 0.4), (0.4, 0.6)):
        width, right = _drawn_width(rng, low, high)
        frequency = float(rng.choice([0.003, 0.007, 0.013]))
        while abs(right / frequency - round(right / frequency)) < 0.05 or right / frequency % 1 > 0.5:
            frequency = float(np.round(rng.uniform(0.002, 0.05), 4))  # no whole number, and rounded down by round
        positives, rows = read_numbers(call(answer, width, frequency), "positives", "rows")
        of = f"For a width of {width:g} it returns {positives:g} positives"
        if positives != right:
            if abs(positives - _first(wilson <= 2 * width)) <= 1:
                raise Wrong(f"{of}: the width is from end to end, not from the middle to one end.")
            if abs(positives - _first(at_half <= width)) <= 1 or abs(positives - (3.92 / width) ** 2 / 4) <= 1:
                raise Wrong(f"{of}, as the simple formula says, which isn't Wilson's.")
            if abs(positives - right) == 1:
                raise Wrong(f"{of}, which is {'one too many' if positives > right else 'one too few'}.")
            if abs(positives - _first(wilson * 1.645 / 1.96 <= width)) <= max(2, 0.02 * right):
                raise Wrong(f"{of}, as for an interval of 90 %.")
            if abs(positives * frequency - right) <= 2 or positives == rows:
                raise Wrong(f"{of}: these are rows; the first number is that of the positives.")
            if positives < right:
                raise Wrong(f"{of}, with which it can be wider: how many found make it widest?")
            raise Wrong(f"{of}; fewer do, too.")
        if rows != ceil(positives / frequency):
            raise Wrong(
                f"To expect {positives:g} positives at a frequency of {frequency:g}, {rows:g} rows are not right; "
                "round up."
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
