"""Splits that keep groups together, compared with every other way to put groups into parts; three parts; the report."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier

from mlhelpers import splits
from mlhelpers._groups import number_groups
from mlhelpers.metrics import compare, evaluate
from mlhelpers.splits import MultilabelGroupKFold, MultilabelKFold, multilabel_train_test_split, split_report
from mlhelpers.thresholds import ThresholdedClassifier

PROPERTY = settings(deadline=None, max_examples=25)
MODEL = OneVsRestClassifier(LogisticRegression())


def made(n_groups, n_labels=5, seed=0, mean_size=6):
    """Make groups of different sizes, in which labels are more or less frequent."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(n_groups), rng.geometric(1 / mean_size, n_groups)))
    logit = np.log(np.geomspace(0.03, 0.5, n_labels)) + rng.normal(size=(n_groups, n_labels))
    labels = (rng.random((len(group), n_labels)) < 1 / (1 + np.exp(-logit[group]))).astype(int)
    labels[0, 0] = 1
    return labels[:, labels.any(axis=0)], group


Y, GROUP = made(60, 6)
ROWS = np.arange(len(Y))


def fold_of_samples(splitter, labels, groups):
    fold = np.full(len(labels), -1)
    for k, (train, test) in enumerate(splitter.split(labels, labels, groups)):
        assert sorted([*train, *test]) == list(range(len(labels)))
        assert (fold[test] == -1).all()
        fold[test] = k
    return fold


def group_counts(labels, group):
    """Count in each group the samples with each label, and all samples."""
    return np.array([[*labels[group == g].sum(axis=0), (group == g).sum()] for g in range(group.max() + 1)])


def cost(counts, part_of_group, shares):
    """Sum the squared deviations, relative to what is expected, and to one if that is less; sizes a hundredfold."""
    expected = np.outer(shares, counts.sum(axis=0))
    found = np.array([counts[part_of_group == k].sum(axis=0) for k in range(len(shares))])
    relative = ((found - expected) / np.maximum(expected, 1)) ** 2
    return relative[:, :-1].sum() + 100 * relative[:, -1].sum()


def part_of_groups(group, parts):
    """Return the part of each group; -1 if it is in none."""
    found = np.full(group.max() + 1, -1)
    for k, rows in enumerate(parts):
        assert set(found[group[rows]]) <= {-1, k}, "a group is in two parts"
        found[group[rows]] = k
    return found


# Against all other arrangements


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("n_groups", "sizes"),
    [
        (8, [1 / 3] * 3),
        (10, [0.5, 0.5]),
        (10, [0.75, 0.25]),
        (8, [0.6, 0.2, 0.2]),
        (7, [0.5, 0.2]),
        (3, [1 / 3] * 3),
        (2, [0.9, 0.1]),
    ],
)
def test_of_few_groups_the_best_arrangement_is_found(n_groups, sizes, seed):
    labels, group = made(n_groups, seed=seed)
    if len(set(sizes)) == 1:
        splitter = MultilabelGroupKFold(len(sizes), random_state=seed)
        parts, shares = [test for _, test in splitter.split(labels, labels, group)], sizes
    else:
        train_size, *validation_size, _ = sizes
        numbers = [int(train_size * len(labels)), *(-int(-s * len(labels) // 1) for s in sizes[1:])]
        numbers[0] = len(labels) - sum(numbers[1:]) if sum(sizes) == 1 else numbers[0]
        options = {"validation_size": numbers[1]} if validation_size else {}
        parts = multilabel_train_test_split(
            np.arange(len(labels)),
            labels,
            train_size=numbers[0],
            test_size=numbers[-1],
            groups=group,
            random_state=seed,
            **options,
        )[: len(sizes)]
        left_out = len(labels) - sum(numbers)
        shares = np.array([*numbers, left_out] if left_out else numbers) / len(labels)
    counts, found = group_counts(labels, group), part_of_groups(group, parts)
    found[found == -1] = len(sizes)  # the part that is left out
    filled = range(len(sizes))
    best = min(
        cost(counts, np.array(other), shares)
        for other in itertools.product(range(len(shares)), repeat=n_groups)
        if set(filled) <= set(other)
    )
    assert cost(counts, found, shares) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_no_move_and_no_exchange_makes_folds_more_even(seed):
    labels, group = made(40, 8, seed)
    counts, shares = group_counts(labels, group), np.full(4, 1 / 4)
    folds = [test for _, test in MultilabelGroupKFold(4, random_state=seed).split(labels, labels, group)]
    part = part_of_groups(group, folds)
    found = cost(counts, part, shares)
    moved = [np.where(np.arange(40) == g, k, part) for g in range(40) for k in range(4)]
    exchanged = []
    for g, h in itertools.combinations(range(40), 2):
        other = part.copy()
        other[[g, h]] = part[[h, g]]
        exchanged.append(other)
    assert found <= min(cost(counts, other, shares) for other in moved + exchanged) + 1e-8


def test_more_even_than_scikit_learn():
    def deviations(labels, fold):
        report = split_report(labels, *(fold == k for k in range(5)))
        return np.abs(report.deviation).mean(), np.abs(report.size / len(labels) * 5 - 1).max()

    ours, plain, per_label, without_groups = [], [], [], []
    for seed in range(5):
        labels, group = made(150, 6, seed)
        ours.append(deviations(labels, fold_of_samples(MultilabelGroupKFold(5, random_state=0), labels, group)))
        plain.append(deviations(labels, fold_of_samples(GroupKFold(5), labels, group)))
        without_groups.append(deviations(labels, fold_of_samples(MultilabelKFold(5, random_state=0), labels, None)))
        for label in range(labels.shape[1]):
            column = labels[:, [label]]
            fold = np.empty(len(labels), int)
            for k, (_, test) in enumerate(StratifiedGroupKFold(5).split(column, column[:, 0], group)):
                fold[test] = k
            per_label.append(deviations(column, fold))
    labels_off, sizes_off = np.mean(ours, axis=0)
    assert labels_off < 0.3 * np.mean(plain, axis=0)[0]
    assert labels_off < 2 * np.mean(without_groups, axis=0)[0]
    assert labels_off < 1.5 * np.mean(per_label, axis=0)[0]  # which stratifies one label at a time
    assert sizes_off < 0.02 and sizes_off < np.mean(per_label, axis=0)[1]


def test_groups_of_one_sample_are_stratified_samples():
    fold = fold_of_samples(MultilabelGroupKFold(5, random_state=0), Y, ROWS)
    counts = np.array([Y[fold == k].sum(axis=0) for k in range(5)])
    assert np.ptp(counts, axis=0).max() <= 1  # no division of samples is more even
    assert np.ptp(np.bincount(fold)) <= 1


def test_groups_with_one_label_each_are_stratified_rows():
    """Groups of one size, with one label for all of their samples, are divided as scikit-learn divides samples."""
    of_groups = np.array([1] * 10 + [0] * 30)
    labels, group = np.repeat(of_groups, 3)[:, None], np.repeat(np.arange(40), 3)
    fold = fold_of_samples(MultilabelGroupKFold(5, random_state=0), labels, group)
    theirs = [of_groups[test].sum() * 3 for _, test in StratifiedKFold(5).split(of_groups, of_groups)]
    assert [labels[fold == k].sum() for k in range(5)] == theirs


# What always holds


@st.composite
def problems(draw, most_parts=4):
    n_samples = draw(st.integers(most_parts, 30))
    n_labels = draw(st.integers(1, 3))
    labels = draw(arrays(np.int8, (n_samples, n_labels), elements=st.sampled_from([0, 0, 1, -1])))
    groups = draw(arrays(np.int64, n_samples, elements=st.integers(-3, 6)))
    groups[:most_parts] = range(most_parts)
    return labels, groups


@PROPERTY
@given(problems(), st.integers(2, 4), st.integers(0, 3))
def test_every_group_is_tested_in_one_fold(problem, n_splits, seed):
    labels, groups = problem
    splitter = MultilabelGroupKFold(n_splits, random_state=seed, allow_missing=True)
    fold = fold_of_samples(splitter, labels, groups)
    assert set(fold) == set(range(n_splits))
    assert all(len(set(fold[groups == g])) == 1 for g in set(groups))
    assert splitter.get_n_splits() == n_splits
    order = np.random.default_rng(seed).permutation(len(labels))
    np.testing.assert_array_equal(fold_of_samples(splitter, labels[order], groups[order]), fold[order])


@PROPERTY
@given(problems(), st.sampled_from([{}, {"validation_size": 0.2}]), st.sampled_from([0.2, 1, 0.5]), st.integers(0, 3))
def test_parts_share_no_group_and_none_is_empty(problem, third, test_size, seed):
    labels, groups = problem
    rows = np.arange(len(labels))
    options = {"test_size": test_size, **third, "random_state": seed, "allow_missing": True}
    parts = multilabel_train_test_split(rows, labels, groups=groups, **options)
    parts, matrices = parts[: len(parts) // 2], parts[len(parts) // 2 :]
    assert len(parts) == 2 + len(third) and all(map(len, parts))
    assert sorted(itertools.chain(*parts)) == rows.tolist()
    for part, matrix in zip(parts, matrices, strict=True):
        np.testing.assert_array_equal(matrix, labels[part])
    assert not any(set(groups[a]) & set(groups[b]) for a, b in itertools.combinations(parts, 2))
    report = split_report(labels, *parts, groups=groups, allow_missing=True)
    assert report.n_groups.sum() == len(set(groups)) and not report.n_shared_groups.any()


def test_a_seed_makes_it_repeatable():
    def fold(**options):
        return fold_of_samples(MultilabelGroupKFold(5, **options), Y, GROUP).tolist()

    assert fold(random_state=1) == fold(random_state=1) == fold(random_state=np.random.RandomState(1))
    assert fold(random_state=1) != fold(random_state=2)
    assert fold(shuffle=False) == fold(shuffle=False)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (
        multilabel_train_test_split(ROWS, Y, groups=GROUP, random_state=seed)[1].tolist() for seed in (0, 0, 1)
    )
    assert first == again != other
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_where_a_group_stands_has_no_influence():
    n_seeds, n_groups = 40, 60
    labels = np.tile((np.random.default_rng(1).random((n_groups, 3)) < 0.3).astype(int), (2, 1))
    group = np.tile(np.arange(n_groups), 2)  # all of one size
    tested = np.zeros(n_groups)
    for seed in range(n_seeds):
        test = multilabel_train_test_split(group, labels, groups=group, random_state=seed)[1]
        tested[np.unique(test)] += 1
    assert 0.6 < tested.var() / (n_seeds * 0.25 * 0.75) < 1.6  # binomial
    assert abs(np.corrcoef(tested, np.arange(n_groups))[0, 1]) < 0.4


def test_many_groups():
    labels, group = made(3000, 4, mean_size=2)
    assert len(labels) > 5000
    fold = fold_of_samples(MultilabelGroupKFold(5, random_state=0), labels, group)
    assert np.ptp(np.bincount(fold)) <= 2
    assert np.abs(split_report(labels, *(fold == k for k in range(5))).deviation).max() < 0.02


def test_a_group_larger_than_a_fold():
    labels, group = np.ones((100, 1), int), np.repeat(range(11), [60, *[4] * 10])
    fold = fold_of_samples(MultilabelGroupKFold(5, random_state=0), labels, group)
    assert sorted(np.bincount(fold)) == [8, 8, 12, 12, 60]


def test_a_large_group_that_is_placed_late_finds_room():
    """Its fold has groups by then that must move: exchanges leave each fold its number of groups."""
    labels, group = np.ones((2000, 1), int), np.repeat(range(1001), [1000, *[1] * 1000])
    fold = fold_of_samples(MultilabelGroupKFold(5, random_state=0), labels, group)
    assert sorted(np.bincount(fold)) == [250, 250, 250, 250, 1000]


def test_a_part_smaller_than_any_group_gets_the_smallest():
    group = np.repeat([0, 1, 2], [50, 10, 40])
    train, test, *_ = multilabel_train_test_split(np.arange(100), np.ones((100, 1), int), test_size=1, groups=group)
    assert set(group[test]) == {1} and set(group[train]) == {0, 2}


@pytest.mark.parametrize("form", [np.asarray, lambda matrix: matrix.astype(float), sparse.csr_array, pd.DataFrame])
def test_known_ones_and_known_zeros_are_spread(form):
    labels, group = made(200, 3)
    unknown = np.random.default_rng(0).random(labels.shape) < [0, 0.5, 0.9]
    partly = np.where(unknown, -1, labels)
    fold = fold_of_samples(MultilabelGroupKFold(4, random_state=0, allow_missing=True), partly, group)
    for k, value in itertools.product(range(4), (0, 1)):
        known = (partly == value)[:, 1:]
        np.testing.assert_allclose(known[fold == k].sum(axis=0), known.sum(axis=0) / 4, atol=3)
    splitter = MultilabelGroupKFold(4, random_state=0, allow_missing=True)
    for k, (_, test) in enumerate(splitter.split(partly, form(partly), group)):
        np.testing.assert_array_equal(test, np.flatnonzero(fold == k))
    with pytest.raises(ValueError, match="allow_missing=True"):
        next(MultilabelGroupKFold(4).split(partly, form(partly), group))
    with pytest.raises(ValueError, match="allow_missing=True"):
        multilabel_train_test_split(partly, partly, groups=group)


# In scikit-learn


def test_as_cv_of_scikit_learn():
    X = Y + np.random.default_rng(0).normal(size=Y.shape)
    cv = MultilabelGroupKFold(3, random_state=0)
    by_hand = [MODEL.fit(X[train], Y[train]).score(X[test], Y[test]) for train, test in cv.split(X, Y, GROUP)]
    for routing in (False, True):
        with config_context(enable_metadata_routing=routing):
            passed = {"params": {"groups": GROUP}} if routing else {"groups": GROUP}
            np.testing.assert_allclose(cross_val_score(MODEL, X, Y, cv=cv, **passed), by_hand)
            np.testing.assert_allclose(cross_validate(MODEL, X, Y, cv=cv, **passed)["test_score"], by_hand)
            search = GridSearchCV(MODEL, {"estimator__C": [0.1, 1]}, cv=cv, scoring="f1_micro", error_score="raise")
            assert search.fit(X, Y, groups=GROUP).n_splits_ == 3
            with pytest.raises(ValueError, match="groups"):
                search.fit(X, Y)
    assert " ".join(repr(cv).split()) == (
        "MultilabelGroupKFold(allow_missing=False, n_splits=3, random_state=0, shuffle=True)"
    )
    assert len(list(pickle.loads(pickle.dumps(cv)).split(X, Y, GROUP))) == 3


def test_as_cv_of_thresholded_classifier():
    X = Y + np.random.default_rng(0).normal(size=Y.shape)
    model = ThresholdedClassifier(MODEL, cv=MultilabelGroupKFold(4, random_state=0)).fit(X, Y, groups=GROUP)
    assert model.predict(X).shape == Y.shape
    with pytest.raises(ValueError, match="groups"):
        ThresholdedClassifier(MODEL, cv=MultilabelGroupKFold(4)).fit(X, Y)


# Sizes, and three parts


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"validation_size": 0.2, "test_size": 0.2}, [240, 80, 80]),
        ({"validation_size": 0.2}, [220, 80, 100]),
        ({"validation_size": 50, "test_size": 30}, [320, 50, 30]),
        ({"validation_size": 0.001, "test_size": 0.5}, [199, 1, 200]),
        ({"train_size": 0.5, "validation_size": 0.25}, [200, 100, 100]),
        ({"train_size": 0.6, "validation_size": 0.2, "test_size": 0.2}, [240, 80, 80]),
        ({"train_size": 0.7, "validation_size": 0.15, "test_size": 0.15}, [280, 60, 60]),
        ({"train_size": 100, "validation_size": 50, "test_size": 0.1}, [100, 50, 40]),
    ],
)
def test_sizes_of_three_parts(options, expected):
    labels = (np.random.default_rng(0).random((400, 3)) < [0.05, 0.3, 0.5]).astype(int)
    rows = np.arange(400)
    parts = multilabel_train_test_split(rows, labels, **options, random_state=0)
    assert [len(part) for part in parts] == expected * 2
    assert len(set(itertools.chain(*parts[:3]))) == sum(expected)
    for part, matrix in zip(parts[:3], parts[3:], strict=True):
        np.testing.assert_array_equal(matrix, labels[part])
        np.testing.assert_allclose(matrix.sum(axis=0), labels.sum(axis=0) * len(part) / 400, atol=2)
    alone = multilabel_train_test_split(rows, labels, **options, groups=rows, random_state=0)
    assert [len(part) for part in alone] == expected * 2


@pytest.mark.parametrize("n_samples", range(8, 20))
@pytest.mark.parametrize("sizes", [(0.6, 0.2, 0.2), (0.55, 0.25, 0.2), (0.7, 0.2, 0.1), (1 / 3, 1 / 3, 1 / 3)])
def test_fractions_that_add_up_leave_nobody_out(n_samples, sizes):
    labels = np.arange(n_samples)[:, None] % 2
    parts = multilabel_train_test_split(
        labels, labels, train_size=sizes[0], validation_size=sizes[1], test_size=sizes[2], random_state=0
    )
    assert sum(map(len, parts[:3])) == n_samples
    assert [len(part) for part in parts[1:3]] == [int(np.ceil(round(s * n_samples, 9))) for s in sizes[1:]]


def test_sizes_come_near_and_labels_too():
    labels, group = made(200, 6)
    parts = multilabel_train_test_split(
        labels, labels, validation_size=0.2, test_size=0.2, groups=group, random_state=0
    )[3:]
    exact = len(labels) * np.array([0.6, 0.2, 0.2])
    assert np.abs([len(part) for part in parts] - exact).max() < 3
    assert np.abs(split_report(labels, *parts).deviation).max() < 0.05


def test_all_types_in_three_parts():
    frame = pd.DataFrame({"a": ROWS}, index=ROWS + 1000)
    labels = pd.DataFrame(Y, columns=list("abcdef"), index=frame.index)
    groups = pd.Series(GROUP, index=frame.index)
    parts = multilabel_train_test_split(frame, labels, validation_size=0.2, groups=groups, random_state=0)
    for X_part, Y_part in zip(parts[:3], parts[3:], strict=True):
        assert X_part.index.equals(Y_part.index) and Y_part.columns.tolist() == list("abcdef")
    texts = [f"text {i}" for i in ROWS]
    as_lists = multilabel_train_test_split(
        texts, sparse.csc_array(Y), validation_size=0.2, groups=GROUP.tolist(), random_state=0
    )
    assert [[int(text[5:]) for text in part] for part in as_lists[:3]] == [part["a"].tolist() for part in parts[:3]]


# Which groups


FORMS = {
    "list": lambda groups: groups.tolist(),
    "text": lambda groups: np.array([f"patient {g:03}" for g in groups]),
    "list of text": lambda groups: [f"patient {g:03}" for g in groups],
    "bytes": lambda groups: [f"{g:03}".encode() for g in groups],
    "fractions": lambda groups: groups + 0.5,
    "tuples": lambda groups: [("clinic", g) for g in groups.tolist()],
    "days": lambda groups: np.datetime64("2020-01-01") + groups,
    "Series": lambda groups: pd.Series(groups),
    "nullable": lambda groups: pd.Series(groups, dtype="Int64"),
    "strings": lambda groups: pd.Series([f"{g:03}" for g in groups], dtype="string"),
    "categories": lambda groups: pd.Series([f"{g:03}" for g in groups], dtype="category"),
    "timestamps": lambda groups: pd.Series(pd.Timestamp("2020", tz="UTC") + pd.to_timedelta(groups, "D")),
    "masked": lambda groups: np.ma.array(groups),
    "index": lambda groups: pd.Index(groups),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_groups_of_any_kind(form):
    np.testing.assert_array_equal(number_groups(form(GROUP), len(Y)), GROUP)


def test_tensors_as_groups():
    tf = pytest.importorskip("tensorflow")
    for form in (FORMS["list"], FORMS["text"]):
        np.testing.assert_array_equal(number_groups(tf.constant(form(GROUP)), len(Y)), GROUP)


BAD_GROUPS = [
    ([0, 1], ValueError, r"groups has shape \(2,\) for 6 samples; give one group per row"),
    (np.zeros((6, 1)), ValueError, r"groups has shape \(6, 1\) for 6 samples"),
    (pd.DataFrame({"g": range(6)}), ValueError, r"groups has shape \(6, 1\) for 6 samples"),
    ([0, 1, np.nan, 1, 2, 2], ValueError, "groups holds nan at row 2, so that the group of this sample is not known"),
    (np.array([0, 1, 1, 2, 2, np.nan]), ValueError, "groups holds nan at row 5, .* leave such samples out"),
    ([None, "a", "a", "b", "b", "c"], ValueError, "groups holds None at row 0"),
    ([("a", 1), ("b", np.nan), *[("c", 1)] * 4], ValueError, r"groups holds \('b', nan\) at row 1"),
    (pd.Series(["a", "b", pd.NA, "c", "c", "c"], dtype="string"), ValueError, "groups holds <NA> at row 2"),
    (pd.Series(["a", "b", None, "c", "c", "c"], dtype="category"), ValueError, "groups holds nan at row 2"),
    (pd.Series([1, 2, None, 3, 3, 3], dtype="Int64"), ValueError, "groups holds (nan|<NA>) at row 2"),
    ([frozenset([g]) for g in "abcabc"], TypeError, r"groups holds values that have no order, such as frozenset\("),
    ([1j, 2j, 3j, 1j, 2j, 3j], TypeError, "groups holds values that have no order, such as 1j of type complex"),
    ([(1, "a"), ("a", 1), *[(2, "b")] * 4], TypeError, "groups holds values that have no order"),
    (np.array(["2020", "NaT", *["2021"] * 4], "M8[D]"), ValueError, "groups holds NaT at row 1"),
    (np.ma.array(range(6), mask=[0, 0, 0, 1, 0, 0]), ValueError, "groups holds None at row 3"),
    ([1, "1", 2, 2, 3, 3], TypeError, "groups holds the text '1', and 1 of type int: one group may be spelt in two"),
    ([b"a", "a", "b", "b", "b", "c"], TypeError, "groups holds the text 'a', and b'a' of type bytes"),
    ([[0], [0], [1], [1], [2], [2]], TypeError, r"groups holds \[0\] of type list at row 0, .* pass tuple"),
    ([np.zeros(2)] * 6, TypeError, "of type ndarray at row 0"),
    ("abcdef", TypeError, "groups is of type str, expected a list or an array"),
    (dict.fromkeys(range(6)), TypeError, "groups is of type dict"),
    (set(range(6)), TypeError, "groups is of type set"),
    ((g for g in range(6)), TypeError, "groups is of type generator"),
    (sparse.eye_array(6), TypeError, "groups is of type"),
    (5, TypeError, "groups is of type int"),
]


@pytest.mark.parametrize(("groups", "error", "message"), BAD_GROUPS)
def test_groups_are_refused(groups, error, message):
    labels = np.array([[1], [0]] * 3)
    with pytest.raises(error, match=message):
        number_groups(groups, 6)
    if not hasattr(groups, "__next__"):
        with pytest.raises(error, match=message):
            multilabel_train_test_split(labels, labels, groups=groups)
        with pytest.raises(error, match=message):
            next(MultilabelGroupKFold(2).split(labels, labels, groups))
        with pytest.raises(error, match=message):
            split_report(labels, [0, 1], groups=groups)


def test_metrics_read_groups_alike():
    labels = np.array([[1], [0]] * 3)
    for unknown in ([0, 1, np.nan, 1, 2, 2], [None, 1, 1, 2, 2, 2]):
        with pytest.raises(ValueError, match="the group of this sample is not known"):
            evaluate(labels, labels, groups=unknown, confidence=0.9)
        with pytest.raises(ValueError, match="the group of this sample is not known"):
            compare(labels, labels, labels, groups=unknown)
    frame, moved = pd.DataFrame(labels, list("abcdef")), pd.Series(range(6), list("bacdef"))
    for use in (
        lambda: evaluate(frame, labels, groups=moved, confidence=0.9),
        lambda: compare(frame, labels, labels, groups=moved),
    ):
        with pytest.raises(ValueError, match="row 0 is 'a' in the index of y_true, but 'b' in that of groups"):
            use()


def test_groups_in_another_order_of_samples_are_refused():
    frame, moved = pd.DataFrame(Y, index=[f"r{i}" for i in ROWS]), pd.Series(GROUP, [f"r{i}" for i in ROWS[::-1]])
    for use in (
        lambda: multilabel_train_test_split(Y, frame, groups=moved),
        lambda: multilabel_train_test_split(frame, Y, groups=moved),
        lambda: next(MultilabelGroupKFold().split(frame, Y, moved)),
        lambda: split_report(frame, ROWS, groups=moved),
    ):
        with pytest.raises(ValueError, match="in that of groups; put the rows into one order"):
            use()


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: next(MultilabelGroupKFold(5).split(Y, Y)), ValueError, "groups is None, but folds keep groups"),
        (lambda: next(MultilabelGroupKFold(5).split(Y, None, GROUP)), ValueError, "y is None"),
        (lambda: next(MultilabelGroupKFold(5).split(Y[:9], Y, GROUP)), ValueError, "X has 9 rows"),
        (lambda: next(MultilabelGroupKFold(5).split(Y, Y[:, 0], GROUP)), ValueError, "y has shape"),
        (lambda: next(MultilabelGroupKFold(5).split(Y, Y, GROUP % 4)), ValueError, "n_splits is 5, .* only 4 groups"),
        (lambda: next(MultilabelKFold(5).split(Y, Y, GROUP)), ValueError, "use mlhelpers.splits.MultilabelGroupKFold"),
        (lambda: MultilabelGroupKFold(1), ValueError, "n_splits must be at least 2"),
        (lambda: MultilabelGroupKFold(2.0), TypeError, "n_splits must be an integer"),
        (lambda: MultilabelGroupKFold(shuffle=1), TypeError, "shuffle must be True or False"),
        (lambda: MultilabelGroupKFold(shuffle=False, random_state=0), ValueError, "random_state has no effect"),
        (lambda: multilabel_train_test_split(Y, Y, groups=GROUP * 0), ValueError, "holds 1 groups? for 2 parts"),
        (
            lambda: multilabel_train_test_split(Y, Y, groups=GROUP % 2, validation_size=0.2),
            ValueError,
            "groups holds 2 groups for 3 parts",
        ),
        (
            lambda: multilabel_train_test_split(ROWS[:4], Y[:4], validation_size=0.5, test_size=0.5),
            ValueError,
            "validation_size=0.5 and test_size=0.5 ask for 2 and 2 of 4 samples",
        ),
        (
            lambda: multilabel_train_test_split(ROWS[:4], Y[:4], train_size=0.3, validation_size=0.35, test_size=0.35),
            ValueError,
            "ask for 1 and 2 and 2 of 4 samples; take less of one",
        ),
        (
            lambda: multilabel_train_test_split(Y, Y, train_size=0.5, validation_size=0.3, test_size=0.3),
            ValueError,
            "train_size=0.5 and validation_size=0.3 and test_size=0.3 ask for",
        ),
        (lambda: multilabel_train_test_split(Y, Y, validation_size=0), ValueError, "validation_size=0 leaves one part"),
        (lambda: multilabel_train_test_split(Y, Y, validation_size=1.5), ValueError, "validation_size=1.5 leaves one"),
        (lambda: multilabel_train_test_split(Y, Y, validation_size="a"), TypeError, "validation_size must be a number"),
        (
            lambda: multilabel_train_test_split(Y, Y, validation_size=True),
            TypeError,
            "validation_size must be a number",
        ),
    ],
)
def test_what_does_not_fit_is_refused(use, error, message):
    with pytest.raises(error, match=message):
        use()


# The report


def test_report_counts_groups_and_those_that_parts_share():
    labels = np.array([[1], [0], [1], [0], [1], [0], [1]])
    groups = ["a", "a", "b", "b", "c", "d", "e"]
    parts = [[0, 2, 4], [1, 3], [5]]
    report = split_report(labels, *parts, groups=groups)
    for i, rows in enumerate(parts):
        own = {groups[row] for row in rows}
        others = {groups[row] for j, other in enumerate(parts) if j != i for row in other}
        assert report.n_groups[i] == len(own)
        assert report.n_shared_groups[i] == len(own & others)
        assert report.n_shared_samples[i] == sum(groups[row] in others for row in rows)
    assert report.n_shared_groups.tolist() == [2, 2, 0]
    assert [line.split()[-3:] for line in str(report).splitlines()[2:]] == [
        ["3", "2", "2"],
        ["2", "2", "2"],
        ["1", "0", "0"],
    ]
    assert str(report).splitlines()[1].endswith("missing labels  groups  shared groups  samples in them")
    masks = [np.isin(np.arange(7), rows) for rows in parts]
    np.testing.assert_array_equal(split_report(labels, *masks, groups=groups).n_shared_samples, [2, 2, 0])
    without = split_report(labels, *parts)
    assert (without.n_groups, without.n_shared_groups, without.n_shared_samples) == (None, None, None)
    assert "groups" not in str(without)


def test_report_finds_duplicates():
    texts = ["Thanks!", "no", "thanks!  ", "why", "no", "NO"]
    alike = [" ".join(text.lower().split()) for text in texts]
    report = split_report(np.eye(6, 2, dtype=int), [0, 1, 3], [2, 4, 5], groups=alike)
    assert report.n_shared_samples.tolist() == [2, 3] and report.n_shared_groups.tolist() == [2, 2]
    images = np.repeat(np.random.default_rng(0).random((3, 2, 2)), 2, axis=0)
    report = split_report(np.eye(6, 2, dtype=int), [0, 2, 4], [1], groups=[image.tobytes() for image in images])
    assert report.n_shared_samples.tolist() == [1, 1]


def test_report_of_matrices_does_not_know_their_groups():
    with pytest.raises(ValueError, match="part 1 is a label matrix, which does not say to which groups"):
        split_report(Y, ROWS, Y[:7], groups=GROUP)
    with pytest.raises(ValueError, match="part 0 is a label matrix"):
        split_report(Y, sparse.csr_array(Y), groups=GROUP)


def test_everything_is_documented_and_pickled_under_one_name():
    for name in splits.__all__:
        public = getattr(splits, name)
        assert public.__module__ == "mlhelpers.splits"
        assert pickle.loads(pickle.dumps(public)) is public
