"""Numbers for each student, and numbers with what they were computed from."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import binom
from sklearn.metrics import f1_score, hamming_loss, precision_recall_curve
from sklearn.model_selection import KFold

from mlhelpers import exercises
from mlhelpers.datasets import load_digit_scenes
from mlhelpers.exercises import _own_judges, check, data
from mlhelpers.exercises._own_data import DRAWS

ROOT = Path(__file__).parents[1]
SEEDS = range(1, 13)


def tags_by_hand(column):
    cells = [{tag.strip().lower() for tag in cell.split(",") if tag.strip()} for cell in column]
    names = sorted(set().union(*cells))
    return [[int(name in cell) for name in names] for cell in cells]


def best_constant(Y):
    """Try all sets."""
    sets = [each for size in range(1, 11) for each in combinations(range(10), size)]
    counts, total = Y.sum(axis=0, dtype=int), int(Y.sum())
    return set(max(sets, key=lambda s: Fraction(2 * int(counts[[*s]].sum()), len(s) * len(Y) + total)))


def cuts_by_sklearn(scores, truth):
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    with np.errstate(invalid="ignore"):
        f1 = 2 * precision * recall / (precision + recall)
    best, popular = (thresholds[place(f1[:-1])] for place in (np.nanargmax, np.argmax))
    return np.nanmax(f1), sum(s >= best for s in scores), sum(s >= popular for s in scores)


def repeated(scenes, nines, threes, both):
    times = next(m for m in range(1, 10_000) if Fraction(nines * m, scenes + nines * (m - 1)) >= Fraction(1, 10))
    rows = scenes - nines + times * nines
    return times, (threes - both + times * both) / rows


def weights(n_with, n_without, present, absent):
    def share(counts, word):
        return (counts[word] + 1) / (sum(counts.values()) + len(counts))

    return [math.log(share(present, word) / share(absent, word)) for word in ("great", "bus", "late")]


def decisions(sets, p):
    half = [int(sum(q for row, q in zip(sets, p, strict=True) if row[j]) > 0.5) for j in range(3)]
    found = []
    for said in (half, sets[int(np.argmax(p))]):
        found.append(sum(q for row, q in zip(sets, p, strict=True) if row.tolist() == list(said)))
        found.append(sum(q * hamming_loss([row], [np.asarray(said)]) for row, q in zip(sets, p, strict=True)))
    return found


def needed(share, reach, frequency):
    positives = share * (1 - share) / (reach / 1.96) ** 2
    return positives, positives / frequency


# Another computation than the judge's; data come in the order in which they are printed.
RIGHT = {
    "00.1": lambda Y: sum(1 for row in Y.tolist() if row[3] and row[7]),
    "00.5": tags_by_hand,
    "04.1": lambda epsilon: (math.log(1 / epsilon), logit(1 - epsilon)),
    "05.1": lambda y, p: [f1_score(y, p, average=a, zero_division=0) for a in ("micro", "macro")],
    "05.4": best_constant,
    "06.1": cuts_by_sklearn,
    "06.2": lambda missed, alarm, macro, micro: (1 / (1 + missed / alarm), macro / 2, micro / 2),
    "07.1": lambda w, p, ratio: (1 / (1 + w * (1 / p - 1)), 1 / (1 + math.exp(-math.log(w / ratio)))),
    "07.3": lambda p: (sum(p), math.prod(1 - q for q in p), max(0, 1 - sum(p)), min(1 - q for q in p)),
    "08.1": lambda r, reach, frequency: needed(r, reach, frequency),
    "08.2": repeated,
    "09.1": lambda n, level: (binom.mean(n, level), binom.sf(0, n, level)),
    "10.2": weights,
    "11.2": lambda reach, frequency: needed(0.5, reach, frequency),
    "12.1": decisions,
    "13.1": lambda a, of_a, b, of_b: [2 / (n / mean + 1) for n, mean in ((a, of_a), (b, of_b))],
    "14.1": lambda share, measured, n: (measured / share, n * (measured / share) * (1 - share) / (1 - measured)),
    "16.1": lambda rows, labels, each: (rows * labels / 2**28, (8 * rows * each + 4 * rows + 4) / 1024**2),
}


def right(exercise, seed):
    return RIGHT[exercise](*data(exercise, seed=seed).values())


def test_there_are_many_of_many_chapters_and_the_table_says_which():
    assert (
        set(RIGHT)
        == set(DRAWS)
        == set(_own_judges.JUDGES)
        == {each.exercise for each in exercises.table().exercises if each.seeded}
    )
    assert len(RIGHT) >= 12 and len({name[:2] for name in RIGHT}) >= 6
    line = next(line for line in exercises.table().to_csv().splitlines() if line.startswith("05.1"))
    assert line.endswith(",no,yes")


@pytest.mark.parametrize("exercise", RIGHT)
def test_right_answers_are_right_for_their_own_seed_and_for_hardly_any_other(exercise):
    answers = {seed: right(exercise, seed) for seed in SEEDS}
    for seed, answer in answers.items():
        verdict = check(exercise, answer, seed=seed)
        assert verdict and verdict.message == "right; for your own numbers", (seed, verdict)
    others = [bool(check(exercise, answers[a], seed=b)) for a in SEEDS for b in SEEDS if a != b]
    assert np.mean(others) < 0.03


@pytest.mark.parametrize("exercise", ["08.1", "11.2"])
def test_whoever_rounds_up_to_whole_comments_or_does_not_is_right(exercise):
    """For every seed: few positives would make the step to the next whole one larger than the tolerance."""
    for seed in range(300):
        *_, frequency = data(exercise, seed=seed).values()
        positives, comments = right(exercise, seed)
        whole = math.ceil(positives)
        for answer in ((positives, comments), (whole, whole / frequency), (whole, math.ceil(comments))):
            assert check(exercise, answer, seed=seed), (seed, answer)


@pytest.mark.parametrize("exercise", RIGHT)
def test_invented_answers_are_not_right(exercise):
    answer = right(exercise, 3)
    for invented in (0.5, [0.5] * (np.size(answer) or 1), "text", None, ..., [], np.full(np.shape(answer), np.nan)):
        if exercise != "05.4" or invented is not answer:
            assert not check(exercise, invented, seed=3)


def test_the_answer_to_the_book_is_named():
    for exercise, answer in {
        "06.2": (0.25, 0.18, 0.29),
        "05.1": (0.8, 13 / 18),
        "07.3": (0.9, 0.315, 0.1, 0.5),
    }.items():
        assert check(exercise, answer)
        verdict = check(exercise, answer, seed=5)
        assert not verdict and "right for the numbers of the book" in verdict.message


def test_the_same_seed_gives_the_same_data_everywhere():
    """Pinned: a change of these numbers changes what students have been given."""
    assert repr(data("06.2", seed=7)).splitlines()[0].startswith("Three cuts")
    assert list(data("06.2", seed=7).values()) == PINNED["06.2"]
    assert list(data("08.2", seed=0).values()) == PINNED["08.2"]
    assert int(data("00.1", seed=2**40)["Y"].sum()) == PINNED["00.1"]
    code = "from mlhelpers.exercises import data; print(repr(data('12.1', seed=9)))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert other.strip() == repr(data("12.1", seed=np.int64(9)))


PINNED = {"06.2": [18, 5, 0.28, 0.74], "08.2": [10_000, 65, 2643, 41], "00.1": 7126}


@pytest.mark.parametrize("seed", [-1, 1.0, True, "7", None, [1]])
def test_seeds_that_are_none(seed):
    with pytest.raises(ValueError, match="seed must be a whole number from 0, the student's own, got"):
        data("05.1", seed=seed)
    if seed is not None:
        for judged in (check, lambda *given, seed: exercises.grade(*given, points=1, seed=seed)):
            with pytest.raises(ValueError, match="seed must be a whole number from 0"):
                judged("05.1", [1, 1], seed=seed)


@pytest.mark.parametrize("exercise", ["05.2", "99.1", 3])
def test_exercises_without_data_name_those_that_have_them(exercise):
    with pytest.raises(ValueError, match=r"has no data for each student; these have: 00\.1, .*16\.1"):
        data(exercise, seed=1)
    with pytest.raises(ValueError, match=r"has no data for each student|exercise must be one of"):
        check(exercise, 1, seed=1)


def test_marks_by_ones_own_numbers(capsys):
    assert exercises.grade("06.2", right("06.2", 4), points=2, seed=4) == 2.0
    assert exercises.grade("06.2", right("06.2", 4), points=2, seed=5) == 0.0
    assert "for your own numbers" in capsys.readouterr().out


def test_the_example_of_the_reference_page():
    page = (ROOT / "api.md").read_text(encoding="utf-8").partition("### Numbers for each student")[2]
    names = {}
    exec(page.partition("```python\n")[2].partition("```")[0], names)
    assert check("06.2", names["answer"], seed=7)


# Evidence


@pytest.fixture(scope="module")
def scenes():
    return load_digit_scenes()


def wrong_decisions(Y, share, seed, only_misses=False):
    flips = np.random.default_rng(seed).random(Y.shape) < share
    return np.where(flips, 0 if only_misses else 1 - Y, Y).astype(np.int8)


def test_numbers_must_follow_from_the_decisions(scenes):
    Y = scenes.Y_val
    evidence = wrong_decisions(Y, 0.75, 1, only_misses=True), wrong_decisions(Y, 0.12, 2)
    numbers = [f1_score(Y, said, average="micro") for said in evidence]
    assert check("04.4", numbers), numbers
    assert check("04.4", numbers, evidence=evidence)
    verdict = check("04.4", [numbers[0], numbers[1] + 0.01], evidence=evidence)
    assert not verdict and "gives other numbers" in verdict.message
    for broken in ((evidence[0],), evidence[0], (evidence[0], evidence[1][:10]), (evidence[0], evidence[1] + 0.5), 3):
        verdict = check("04.4", numbers, evidence=broken)
        assert not verdict and verdict.message.startswith("not yet. evidence: "), verdict


def test_numbers_must_follow_from_the_folds(scenes):
    Y = scenes.Y_train[np.argsort(scenes.Y_train[:, 9], kind="stable")]
    foldings = KFold(5), KFold(5, shuffle=True, random_state=0)
    evidence = [wrong_decisions(Y, 0.14, 3) for _ in foldings]
    evidence[0][: len(Y), 9] = 0
    numbers = [
        np.mean([f1_score(Y[f], said[f], average="macro", zero_division=0) for _, f in folds.split(Y)])
        for said, folds in zip(evidence, foldings, strict=True)
    ]
    assert check("03.3", numbers), (check("03.3", numbers), numbers)
    assert check("03.3", numbers, evidence=evidence)
    verdict = check("03.3", [numbers[0] - 0.01, numbers[1]], evidence=evidence)
    assert not verdict and "gives other numbers" in verdict.message


def test_numbers_must_follow_from_the_logits(scenes):
    from mlhelpers.thresholds import fit_thresholds

    rng = np.random.default_rng(5)
    kept, table = [], []
    for size, noise in ((1.3, 1.25), (7.0, 6.6)):
        seeds = [
            [size * (2.0 * Y - 1) + rng.normal(0, noise, Y.shape) for Y in (scenes.Y_val, scenes.Y_test)]
            for _ in range(4)
        ]
        kept.append(seeds)
        rows = []
        for z_val, z_test in seeds:
            cut = fit_thresholds(scenes.Y_val, z_val).values
            f1s = [f1_score(Y, z > cut, average="macro") for Y, z in ((scenes.Y_val, z_val), (scenes.Y_test, z_test))]
            loss = -np.log(1 / (1 + np.exp(-np.where(scenes.Y_test == 1, z_test, -z_test)))).mean()
            rows.append([*f1s, loss])
        table.append(np.mean(rows, axis=0))
    verdict = check("02.5", table, evidence=kept)
    assert verdict, (verdict, table)
    invented = np.add(table, [[0.0, 0.004, 0.0], [0, 0, 0]])
    assert check("02.5", invented)  # by bounds alone it would pass
    assert "gives other numbers" in check("02.5", invented, evidence=kept).message
    assert "there are 3 seeds" in check("02.5", table, evidence=[kept[0], kept[1][:3]]).message


def test_evidence_is_refused_where_none_is_asked_for():
    with pytest.raises(ValueError, match=r"'05\.1' asks for no evidence; these do: 02\.5, 03\.3, 04\.4"):
        check("05.1", [1, 1], evidence=[1])
    with pytest.raises(ValueError, match="asks for no evidence"):
        exercises.grade("05.1", [1, 1], points=1, evidence=[1])
