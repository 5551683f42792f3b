"""Splits: every sample in one place, labels in proportion, types kept; and the report of what a split did."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.multiclass import OneVsRestClassifier

from mlhelpers.splits import MultilabelKFold, multilabel_train_test_split, split_report

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
def test_every_sample_is_tested_once_and_folds_are_about_equal(labels, n_splits, shuffle):
    folds = MultilabelKFold(n_splits, shuffle=shuffle, random_state=0 if shuffle else None)
    tests = []
    for train, test in folds.split(labels, labels):
        assert sorted([*train, *test]) == list(range(len(labels)))
        assert (np.diff(train) > 0).all() and (np.diff(test) > 0).all()
        tests.extend(test)
    assert sorted(tests) == list(range(len(labels)))
    assert folds.get_n_splits() == n_splits


@PROPERTY
@given(LABELS, st.floats(0.2, 0.8))
def test_both_parts_together_are_the_whole(labels, test_size):
    rows = np.arange(len(labels))
    train, test, Y_train, Y_test = multilabel_train_test_split(rows, labels, test_size=test_size, random_state=0)
    assert sorted([*train, *test]) == rows.tolist()
    assert len(test) == pytest.approx(test_size * len(labels), abs=2)
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


@pytest.mark.parametrize(("test_size", "n_test"), [(0.25, 100), (0.1, 40), (40, 40), (1, 1), (np.float32(0.5), 200)])
def test_sizes(test_size, n_test):
    assert len(multilabel_train_test_split(ROWS, Y, test_size=test_size, random_state=0)[1]) == n_test


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


def test_as_cv_of_scikit_learn():
    X = Y + RNG.normal(size=Y.shape)
    model, folds = OneVsRestClassifier(LogisticRegression()), MultilabelKFold(3, random_state=0)
    assert len(cross_val_score(model, X, Y, cv=folds, scoring="f1_macro")) == 3
    assert GridSearchCV(model, {"estimator__C": [0.1, 1]}, cv=folds, scoring="f1_micro").fit(X, Y).n_splits_ == 3
    assert repr(folds) == "MultilabelKFold(n_splits=3, random_state=0, shuffle=True)"


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"test_size": 0}, ValueError, "test_size=0 leaves one part of the 400 samples empty"),
        ({"test_size": 1.0}, ValueError, "leaves one part"),
        ({"test_size": 1.5}, ValueError, "give a fraction between 0 and 1, or a number from 1 to 399"),
        ({"test_size": -0.1}, ValueError, "leaves one part"),
        ({"test_size": 400}, ValueError, "leaves one part"),
        ({"test_size": 0.001}, ValueError, "leaves one part"),
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
