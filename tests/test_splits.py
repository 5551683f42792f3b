"""Splits: every sample in one place, labels in proportion, types kept; and the report of what a split did."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.multiclass import OneVsRestClassifier

from mlhelpers.splits import (
    MultilabelKFold,
    MultilabelShuffleSplit,
    RepeatedMultilabelKFold,
    multilabel_train_test_split,
    split_report,
)
from mlhelpers.splits._stratification import _resize

PROPERTY = settings(deadline=None, max_examples=50)
RNG = np.random.default_rng(0)
Y = (RNG.random((400, 6)) < np.geomspace(0.02, 0.5, 6)).astype(int)
ROWS = np.arange(400)
LABELS = st.tuples(st.integers(4, 30), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(0, 1))
)


def worst(labels, parts):
    return np.nanmax(np.abs(split_report(labels, *parts).deviation))


# Where samples go


@PROPERTY
@given(LABELS, st.integers(2, 4), st.booleans())
def test_every_sample_is_tested_once_and_folds_are_equal_but_for_one(labels, n_splits, shuffle):
    folds = MultilabelKFold(n_splits, shuffle=shuffle, random_state=0 if shuffle else None)
    tests = []
    for train, test in folds.split(labels, labels):
        assert sorted([*train, *test]) == list(range(len(labels)))
        assert (np.diff(train) > 0).all() and (np.diff(test) > 0).all()
        assert len(labels) // n_splits <= len(test) <= -(-len(labels) // n_splits)
        tests.extend(test)
    assert sorted(tests) == list(range(len(labels)))
    assert folds.get_n_splits() == n_splits


@PROPERTY
@given(LABELS, st.floats(0.2, 0.75))
def test_both_parts_together_are_the_whole(labels, test_size):
    rows = np.arange(len(labels))
    train, test, Y_train, Y_test = multilabel_train_test_split(rows, labels, test_size=test_size, random_state=0)
    assert sorted([*train, *test]) == rows.tolist()
    assert len(test) == math.ceil(round(test_size * len(labels), 9))  # 0.2 of 5 are 1, however 0.2 was rounded
    np.testing.assert_array_equal(labels[train], Y_train)
    np.testing.assert_array_equal(labels[test], Y_test)


def test_labels_are_spread_better_than_by_chance():
    ours = [test for _, test in MultilabelKFold(5, random_state=0).split(ROWS, Y)]
    plain = [test for _, test in KFold(5, shuffle=True, random_state=0).split(ROWS)]
    assert worst(Y, ours) < 0.5 * worst(Y, plain)
    assert split_report(Y, *ours).missing == ((),) * 5
    halves = multilabel_train_test_split(ROWS, Y, random_state=0)[:2]
    by_chance = train_test_split(ROWS, random_state=0)
    assert worst(Y, halves) < 0.5 * worst(Y, by_chance)


def test_a_seed_makes_it_repeatable():
    def tests(**options):
        return [test.tolist() for _, test in MultilabelKFold(3, **options).split(ROWS, Y)]

    assert tests(random_state=1) == tests(random_state=1) == tests(random_state=np.random.RandomState(1))
    assert tests(random_state=1) != tests(random_state=2)
    assert tests(shuffle=False) == tests(shuffle=False)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (multilabel_train_test_split(ROWS, Y, random_state=seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("sizes", "n_train", "n_test"),
    [
        ({}, 300, 100),
        ({"test_size": 0.25}, 300, 100),
        ({"test_size": 0.1}, 360, 40),
        ({"test_size": 0.0775}, 369, 31),  # 31.000000000000004 in floating point
        ({"test_size": 0.001}, 399, 1),
        ({"test_size": 40}, 360, 40),
        ({"test_size": 1}, 399, 1),
        ({"test_size": np.float32(0.5)}, 200, 200),
        ({"train_size": 0.9}, 360, 40),
        ({"train_size": 0.5, "test_size": 0.25}, 200, 100),
        ({"train_size": 0.75, "test_size": 0.25}, 300, 100),
        ({"train_size": 7, "test_size": 3}, 7, 3),
    ],
)
def test_sizes(sizes, n_train, n_test):
    train, test, *_ = multilabel_train_test_split(ROWS, Y, **sizes, random_state=0)
    assert (len(train), len(test)) == (n_train, n_test)
    assert len({*train, *test}) == n_train + n_test


def test_no_part_is_empty_however_few_the_samples():
    assert multilabel_train_test_split([10, 20], [[1, 0], [0, 1]], test_size=0.3, random_state=0)[1] in ([10], [20])


def test_parts_are_resized_by_the_samples_that_matter_least():
    labels = np.repeat([[1, 0], [0, 1], [0, 0]], [30, 30, 40], axis=0)
    part = np.repeat([0, 1], 50)
    _resize(part, labels.astype(bool), np.array([60, 40]))
    assert np.bincount(part).tolist() == [60, 40]
    # 9 of the second label: its share of part 0 is then 29 of 60, nearest to 18 that the moves allow
    assert (part[:50] == 0).all()
    by_hand = min(range(11), key=lambda k: (30 - 18) ** 2 + (20 + k - 18) ** 2)
    assert (part[50:60] == 0).sum() == by_hand == 0
    assert (part[60:] == 0).sum() == 10


@pytest.mark.parametrize("seed", range(20))
def test_the_sample_that_moves_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    labels = rng.random((60, 4)) < [0.5, 0.3, 0.1, 0.02]
    part = rng.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    sizes = np.array([29, 20, 11])

    def unevenness(part):  # the squared excess of each label, relative to its total
        counts = np.array([labels[part == i].sum(axis=0) for i in range(3)])
        excess = counts - np.outer(sizes / 60, labels.sum(axis=0))
        return (excess**2 / np.maximum(labels.sum(axis=0), 1)).sum()

    moved = [np.where(np.arange(60) == row, 2, part) for row in np.flatnonzero(part == 0)]
    _resize(part, labels, sizes)
    assert np.bincount(part).tolist() == sizes.tolist()
    assert unevenness(part) == pytest.approx(min(map(unevenness, moved)))


# Every sample has the same chance


@pytest.mark.parametrize("test_size", [0.1, 0.5, 0.8])
def test_every_row_is_equally_likely_to_be_tested(test_size):
    labels, n_seeds = (np.random.default_rng(1).random((1000, 4)) < 0.3).astype(int), 100
    tested = np.zeros(1000)
    for seed in range(n_seeds):
        tested[multilabel_train_test_split(np.arange(1000), labels, test_size=test_size, random_state=seed)[1]] += 1
    assert 0.8 < tested.var() / (n_seeds * test_size * (1 - test_size)) < 1.2  # binomial
    assert abs(np.corrcoef(tested, np.arange(1000))[0, 1]) < 0.15


def test_equal_neighbours_share_a_fold_as_often_as_others_do():
    pairs = np.repeat((np.random.default_rng(2).random((200, 4)) < 0.3).astype(int), 2, axis=0)
    apart = []
    for seed in range(20):
        fold = np.zeros(400, int)
        for k, (_, test) in enumerate(MultilabelKFold(5, random_state=seed).split(pairs, pairs)):
            fold[test] = k
        apart.append((fold[::2] != fold[1::2]).mean())
    assert np.mean(apart) == pytest.approx(0.8, abs=0.05)


def test_as_well_stratified_as_the_peer():
    peer = MultilabelStratifiedShuffleSplit(1, test_size=0.25, random_state=0)
    (theirs,) = peer.split(ROWS, Y)
    ours = multilabel_train_test_split(ROWS, Y, random_state=0)[:2]
    np.testing.assert_array_equal(ours[1], theirs[1])  # the same order, the same stratification, nothing to resize


# More splitters


def test_repeated_folds_are_folds_each_time_and_others_each_time():
    splitter = RepeatedMultilabelKFold(4, n_repeats=3, random_state=0)
    tests = [test.tolist() for _, test in splitter.split(ROWS, Y)]
    assert len(tests) == splitter.get_n_splits() == 12
    assert RepeatedMultilabelKFold().get_n_splits() == 50
    for k in (0, 4, 8):
        assert sorted(itertools.chain(*tests[k : k + 4])) == ROWS.tolist()
    assert len(set(map(tuple, tests))) == 12
    assert tests == [test.tolist() for _, test in splitter.split(ROWS, Y)]


def test_shuffle_split_draws_again_and_again():
    splitter = MultilabelShuffleSplit(5, test_size=0.2, random_state=0)
    parts = list(splitter.split(ROWS, Y))
    assert len(parts) == splitter.get_n_splits() == 5
    assert [len(test) for _, test in parts] == [80] * 5
    assert len({tuple(test) for _, test in parts}) == 5
    assert all(worst(Y, part) < 0.3 for part in parts)
    first = multilabel_train_test_split(ROWS, Y, test_size=0.2, random_state=0)
    np.testing.assert_array_equal(parts[0][1], first[1])


def test_searches_that_need_the_same_folds_each_time_take_seeded_ones():
    from sklearn.model_selection._search_successive_halving import (
        _yields_constant_splits,
    )  # what HalvingGridSearchCV asks

    assert _yields_constant_splits(MultilabelKFold(3, random_state=0))
    assert _yields_constant_splits(MultilabelKFold(3, shuffle=False))
    assert not _yields_constant_splits(MultilabelKFold(3))


# Unknown labels


@pytest.mark.parametrize("form", [np.asarray, lambda matrix: matrix.astype(float), sparse.csr_array])
def test_known_ones_and_known_zeros_are_spread(form):
    unknown = RNG.random(Y.shape) < [0, 0, 0, 0, 0.5, 0.9]
    labels = form(np.where(unknown, -1, Y))
    folds = MultilabelKFold(4, random_state=0, allow_missing=True)
    for _, test in folds.split(ROWS, labels):
        for value in (0, 1):
            known = (np.where(unknown, -1, Y) == value)[:, 4:]
            np.testing.assert_allclose(known[test].sum(axis=0), known.sum(axis=0) / 4, atol=2)
    train, test, Y_train, _ = multilabel_train_test_split(ROWS, labels, random_state=0, allow_missing=True)
    assert (Y_train != labels[train]).sum() == 0 and len(test) == 100
    with pytest.raises(ValueError, match="allow_missing=True"):
        multilabel_train_test_split(ROWS, labels)
    with pytest.raises(ValueError, match="allow_missing=True"):
        next(MultilabelKFold(4).split(ROWS, labels))


def test_the_report_leaves_unknown_labels_out():
    labels = np.array([[1, -1], [0, 1], [1, 0], [-1, 0]])
    report = split_report(labels, [0, 1], [2, 3], allow_missing=True)
    np.testing.assert_array_equal(report.frequency, [[0.5, 1], [1, 0]])
    np.testing.assert_allclose(report.deviation, [[0.5 / (2 / 3) - 1, 2], [0.5, -1]])
    assert report.n_unknown.tolist() == [1, 1]
    assert "unknown" in str(report) and "unknown" not in str(split_report(Y, ROWS))
    with pytest.raises(ValueError, match="allow_missing=True"):
        split_report(labels, [0, 1])


# Types


@pytest.mark.parametrize("form", ["csr_matrix", "csc_array", "coo_matrix", "lil_array", "dok_matrix", "bsr_array"])
def test_sparse_data(form):
    make = getattr(sparse, form)
    X = ROWS[:, None] + 1
    parts = multilabel_train_test_split(make(X), make(Y), random_state=0)
    expected = multilabel_train_test_split(X, Y, random_state=0)
    for part, dense in zip(parts, expected, strict=True):
        assert sparse.issparse(part)
        np.testing.assert_array_equal(part.toarray(), dense)


def test_other_types_come_back_as_they_went():
    frame = pd.DataFrame({"a": ROWS}, index=ROWS + 1000)
    labels = pd.DataFrame(Y, columns=list("abcdef"), index=frame.index)
    X_train, X_test, Y_train, Y_test = multilabel_train_test_split(frame, labels, random_state=0)
    assert Y_train.columns.tolist() == list("abcdef")
    assert X_train.index.equals(Y_train.index) and X_test.index.equals(Y_test.index)
    texts = [f"text {i}" for i in ROWS]
    train, test, *_ = multilabel_train_test_split(texts, Y.tolist(), random_state=0)
    assert sorted(train + test) == sorted(texts)
    images = RNG.random((400, 2, 3))
    for array in (images, Y):
        array.flags.writeable = False
    assert multilabel_train_test_split(images, Y, random_state=0)[0].shape == (300, 2, 3)
    assert multilabel_train_test_split(np.asfortranarray(images), Y[:, ::-1].astype(bool))[3].dtype == bool
    Y.flags.writeable = True


def test_tensors_stay_tensors():
    tf = pytest.importorskip("tensorflow")
    X, labels = tf.constant(np.arange(800.0).reshape(400, 2)), tf.constant(Y)
    parts = multilabel_train_test_split(X, labels, random_state=0)
    for part, expected in zip(parts, multilabel_train_test_split(X.numpy(), Y, random_state=0), strict=True):
        assert tf.is_tensor(part)
        np.testing.assert_array_equal(part, expected)


def test_as_cv_of_scikit_learn():
    X = Y + RNG.normal(size=Y.shape)
    model, folds = OneVsRestClassifier(LogisticRegression()), MultilabelKFold(3, random_state=0)
    assert len(cross_val_score(model, X, Y, cv=folds, scoring="f1_macro")) == 3
    assert GridSearchCV(model, {"estimator__C": [0.1, 1]}, cv=folds, scoring="f1_micro").fit(X, Y).n_splits_ == 3
    assert repr(folds) == "MultilabelKFold(allow_missing=False, n_splits=3, random_state=0, shuffle=True)"


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"test_size": 0}, ValueError, "test_size=0 leaves one part of the 400 samples empty"),
        ({"test_size": 1.0}, ValueError, "leaves one part"),
        ({"test_size": 1.5}, ValueError, "give a fraction between 0 and 1, or a number from 1 to 399"),
        ({"test_size": -0.1}, ValueError, "leaves one part"),
        ({"test_size": 400}, ValueError, "leaves one part"),
        ({"train_size": 0.9999, "test_size": 0.5}, ValueError, "ask for 399 and 200 of 400 samples"),
        ({"train_size": 400}, ValueError, "train_size=400 leaves one part of the 400 samples empty"),
        ({"train_size": "half"}, TypeError, "train_size must be a number"),
        ({"test_size": float("nan")}, ValueError, "leaves one part"),
        ({"test_size": "half"}, TypeError, "test_size must be a number, got 'half'"),
        ({"test_size": True}, TypeError, "test_size must be a number"),
        ({"X": ROWS[:7]}, ValueError, "X has 7 rows but the label matrix has 400"),
        ({"X": None}, ValueError, "X is None"),
        ({"Y": Y[:, 0]}, ValueError, "Y has shape"),
        ({"Y": Y * 2}, ValueError, "Y holds 2"),
        ({"random_state": "x"}, ValueError, "'x' cannot be used to seed"),
    ],
)
def test_split_refuses(options, error, message):
    arguments = {"X": ROWS, "Y": Y, **options}
    with pytest.raises(error, match=message):
        multilabel_train_test_split(arguments.pop("X"), arguments.pop("Y"), **arguments)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_splits": 1}, ValueError, "n_splits must be at least 2"),
        ({"n_splits": 2.0}, TypeError, "n_splits must be an integer"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False"),
        ({"shuffle": False, "random_state": 0}, ValueError, "random_state has no effect"),
    ],
)
def test_folds_refuse(options, error, message):
    with pytest.raises(error, match=message):
        MultilabelKFold(**options)


@pytest.mark.parametrize(
    ("X", "y", "groups", "message"),
    [
        (ROWS, None, None, "y is None"),
        (ROWS, Y, ROWS, "groups can't be kept together"),
        (ROWS, Y[:, 0], None, "y has shape"),
        (ROWS[:4], Y[:4], None, "n_splits is 5, but there are only 4 samples"),
        (ROWS[:9], Y, None, "X has 9 rows"),
    ],
)
def test_folds_of_data_that_do_not_fit(X, y, groups, message):
    with pytest.raises(ValueError, match=message):
        next(MultilabelKFold(5).split(X, y, groups))


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("iterstrat")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "iterstrat", None)
    with pytest.raises(ImportError, match="pip install iterative-stratification"):
        multilabel_train_test_split(ROWS, Y)


# The report


def test_report_is_the_formula():
    parts = [ROWS[:150], ROWS[150:]]
    report = split_report(Y, *parts)
    np.testing.assert_array_equal(report.size, [150, 250])
    for i, rows in enumerate(parts):
        np.testing.assert_array_equal(report.count[i], Y[rows].sum(axis=0))
        np.testing.assert_allclose(report.frequency[i], Y[rows].mean(axis=0))
        np.testing.assert_allclose(report.deviation[i], Y[rows].mean(axis=0) / Y.mean(axis=0) - 1)


@pytest.mark.parametrize(
    "form",
    [
        lambda rows: rows,
        lambda rows: rows.tolist(),
        lambda rows: np.isin(ROWS, rows),
        lambda rows: Y[rows],
        lambda rows: sparse.csc_array(Y[rows]),
        lambda rows: pd.DataFrame(Y[rows]),
    ],
)
def test_a_part_is_rows_a_mask_or_a_label_matrix(form):
    rows = RNG.permutation(400)[:90]
    for labels in (Y, sparse.csr_array(Y), Y.astype(bool)):
        np.testing.assert_array_equal(split_report(labels, form(rows)).count[0], Y[rows].sum(axis=0))


def test_report_names_what_is_missing():
    labels = pd.DataFrame([[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0]], columns=list("abcd"))
    report = split_report(labels, [0, 1], [2, 3])
    assert report.missing == ((), ("a", "b"))
    assert np.isnan(report.deviation[:, 3]).all()
    assert str(report).splitlines()[1:] == [
        "part  samples   mean  worst (label)  missing labels",
        "0           2  66.7%    +100.0% (a)            none",
        "1           2  66.7%    -100.0% (a)            a, b",
    ]
    assert "+100.0% (a)" in report._repr_html_()
    empty = split_report([[0], [0]], [0], [1])
    assert str(empty).splitlines()[2].split() == ["0", "1", "–", "–", "none"]
    many = split_report(np.eye(8, dtype=int), [0], np.arange(1, 8))
    assert "1, 2, 3, 4, 5 and 2 more" in str(many)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((), "no part to report on"),
        (([],), r"part 0 has shape \(0,\) and dtype float64"),
        ((ROWS, [400]), "part 1 holds row number 400, expected 0 to 399"),
        (([-1],), "part 0 holds row number -1"),
        (([0.5],), "part 0 has shape"),
        ((np.ones(7, bool),), "part 0 is a mask of 7 values"),
        ((np.zeros(400, bool),), "part 0 is a mask of 400 values, 0 of them True"),
        ((Y[:, :3],), r"part 0 has shape \(400, 3\), but Y has 6 labels"),
        ((Y * 2,), "part 0 holds 2"),
        ((np.zeros((2, 2, 2), int),), "part 0 has shape"),
    ],
)
def test_report_refuses(parts, message):
    with pytest.raises(ValueError, match=message):
        split_report(Y, *parts)
