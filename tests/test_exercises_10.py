"""Answers to the exercises of chapter 10: right ones in several ways, and each mistake by its name."""

from __future__ import annotations

import ast
import re
from collections import Counter

import numpy as np
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from sklearn.naive_bayes import MultinomialNB

from mlhelpers.exercises import check


def cell_to_tags(
    cell,
    *,
    split="[;,|]",
    unknown=("", "-", "n/a", "na"),
    case=str.lower,
    strip=str.strip,
    literal=ast.literal_eval,
    unique=set,
):
    cell = cell.strip()
    if cell.lower() in unknown:
        return None
    parts = literal(cell) if cell.startswith("[") else re.split(split, cell)
    return sorted(part for part in unique(case(strip(p)) for p in parts) if part not in ("", "none"))


def weights():
    """Return the log-probabilities of scikit-learn's naive Bayes, label minus its absence; rows are counts of words."""
    model = MultinomialNB(alpha=1).fit([[1, 3, 4], [3, 1, 0]], [0, 1])
    return model.feature_log_prob_[1] - model.feature_log_prob_[0]


PRESENT, ABSENT = np.array([3, 1, 0]) + 1, np.array([1, 3, 4]) + 1


def by_readers(readings, *, least=2, unique=set, all_of=False):
    texts = {text for text, _ in readings}
    found = {}
    for text in texts:
        of_text = [unique(tags) for name, tags in readings if name == text]
        counts = Counter(tag for tags in of_text for tag in tags)
        found[text] = sorted(tag for tag, n in counts.items() if n >= (len(of_text) if all_of else least))
    return found


def merge(Y, a, b, either=None):
    rows = [either_of(x, y) if either is None else either(x, y) for x, y in Y[:, [a, b]]]
    kept = [column if j != a else rows for j, column in enumerate(Y.T.tolist()) if j != b]
    return np.transpose(kept)


def either_of(x, y):
    return {(1, 1): 1, (0, 0): 0}.get((x, y), 1 if 1 in (x, y) else -1)


def in_place(Y, a, b):
    Y[:, a] = [either_of(x, y) for x, y in Y[:, [a, b]]]
    return np.delete(Y, b, axis=1)


RIGHT = {
    "10.1": [cell_to_tags, lambda cell: None if cell_to_tags(cell) is None else tuple(cell_to_tags(cell))],
    "10.2": [weights(), tuple(weights().round(2)), list(weights())],
    "10.3": [by_readers, lambda readings: Counter(by_readers(readings))],
    "10.4": [merge, lambda Y, a, b: merge(Y, a, b).astype(float), lambda Y, a, b: merge(Y, a, b).tolist()],
}
WRONG = [
    ("10.1", lambda cell: sorted(set(cell.lower())), "makes letters"),
    ("10.1", lambda cell: cell_to_tags(cell, split=";"), "'joy,fear': it is taken for one tag"),
    ("10.1", lambda cell: cell_to_tags(cell, split="[;,]"), "'joy | fear': it is taken for one tag"),
    ("10.1", lambda cell: cell_to_tags(cell, unknown=("", "-")), "Nobody has looked at the comment of the cell 'n/a'"),
    ("10.1", lambda cell: cell_to_tags(cell, unknown=("", "n/a", "na")), "at the comment of the cell '-'"),
    ("10.1", lambda cell: cell_to_tags(cell, case=str), "capitals are left"),
    ("10.1", lambda cell: cell_to_tags(cell, strip=str), "blanks are left"),
    ("10.1", lambda cell: cell_to_tags(cell, unique=list), "in the list twice"),
    ("10.1", lambda cell: cell_to_tags(cell) and cell_to_tags(cell)[::-1], "not sorted"),
    ("10.1", lambda cell: (cell_to_tags(cell) or []) + [""] * cell.endswith(";"), "an empty tag"),
    ("10.1", lambda cell: cell_to_tags(cell) or [], "Nobody has looked at the comment of the cell ''"),
    ("10.1", lambda cell: cell_to_tags(cell) or None, "which is an empty list. None means"),
    ("10.1", lambda cell: ["none"] if cell.strip().lower() == "none" else cell_to_tags(cell), "no tag fits there"),
    ("10.1", lambda cell: cell_to_tags(cell, literal=eval), "was computed"),
    ("10.1", lambda cell: cell_to_tags(cell, literal=lambda c: re.findall(r"[\w ]+", c)), "makes a guess"),
    ("10.1", lambda cell: None, "there are tags in it"),
    ("10.1", lambda cell: ["joy"], "finds 1 tags"),
    ("10.1", lambda cell: cell, "Return None or a list"),
    ("10.2", -weights(), "wrong way round"),
    ("10.2", np.exp(weights()), "take their logarithms"),
    ("10.2", weights() / np.log(10), "base 10"),
    ("10.2", weights() / np.log(2), "base 2"),
    ("10.2", np.log(PRESENT / ABSENT), "differ in size"),
    ("10.2", np.log(PRESENT / 6) - np.log(ABSENT / 8), "not by the number of texts."),
    ("10.2", np.log(PRESENT / 4) - np.log(ABSENT / 6), "to which nothing is added"),
    ("10.2", np.log(PRESENT / 4) - np.log(ABSENT / 8), "before you take the sums"),
    ("10.2", [*weights()[:2], -np.inf], "infinite"),
    ("10.3", lambda readings: by_readers(readings, least=1), "of two readers of 'well'"),
    ("10.3", lambda readings: by_readers(readings, unique=list), "still one reader"),
    ("10.3", lambda readings: by_readers(readings, all_of=True), "two are enough"),
    ("10.3", lambda readings: {k: v for k, v in by_readers(readings).items() if v}, "2 texts are lost"),
    ("10.3", lambda readings: {k: v[::-1] for k, v in by_readers(readings).items()}, "not sorted"),
    ("10.3", lambda readings: {k: v * 2 for k, v in by_readers(readings).items()}, "twice"),
    ("10.3", lambda readings: {k: ", ".join(v) for k, v in by_readers(readings).items()}, "Not every value"),
    ("10.3", lambda readings: {k: [1] for k in by_readers(readings)}, "Not every tag"),
    ("10.3", lambda readings: {**by_readers(readings), "joy": []}, "1 keys"),
    ("10.3", lambda readings: {k: [] for k in by_readers(readings)}, "at least two readers of each text"),
    ("10.3", lambda readings: list(by_readers(readings)), "Return a dictionary"),
    ("10.4", lambda Y, a, b: merge(Y, a, b, max), "One is absent and nobody knows"),
    ("10.4", lambda Y, a, b: merge(Y, a, b, lambda x, y: -1 if -1 in (x, y) else max(x, y)), "One is present"),
    ("10.4", lambda Y, a, b: merge(Y, a, b, lambda x, y: abs(either_of(x, y)) if x == y else either_of(x, y)), "both"),
    ("10.4", lambda Y, a, b: np.delete(Y, b, axis=1), "as it was before"),
    ("10.4", lambda Y, a, b: merge(Y, a, b, lambda x, y: 0 if x == y == 1 else either_of(x, y)), "isn't 1"),
    ("10.4", lambda Y, a, b: np.insert(merge(Y, a, b), b, 0, axis=1), "as many columns as before"),
    ("10.4", lambda Y, a, b: merge(Y, a, b)[:, :1], "shape (9, 1)"),
    ("10.4", lambda Y, a, b: merge(Y, b, a), "other columns, or their order"),
    ("10.4", in_place, "work on a copy"),
]  # fmt: skip


def test_no_message_gives_the_weights_away():
    told = " ".join(check(name, answer).message for name, answer, _ in WRONG if name == "10.2")
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", told)]
    assert not any(np.isclose(numbers, value, atol=0.01).any() for value in weights())
