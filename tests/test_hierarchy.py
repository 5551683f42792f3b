"""Hierarchies of labels: completed by hand and by recursion, consistent scores, and the measures of the literature."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scored_labels import PROPERTY

from mlhelpers.hierarchy import Hierarchy, consistent_scores, evaluate_levels, with_ancestors
from mlhelpers.metrics import evaluate

PARENTS = {"joy": "positive", "love": "positive", "anger": "negative"}
NAMES = ["joy", "love", "anger", "neutral"]
TREE = Hierarchy(PARENTS, NAMES)
WAYS = ("max", "min")


@st.composite
def hierarchies(draw, most_parents=2):
    """Return a hierarchy of up to seven labels, some of whose parents have no column of their own."""
    n = draw(st.integers(1, 7))
    names = [f"n{j}" for j in draw(st.permutations(range(n)))]
    parents = {}
    for j, name in enumerate(names):
        above = draw(st.lists(st.sampled_from(names[:j]), unique=True, max_size=most_parents)) if j else []
        if above:
            parents[name] = above
    has_children = {name for above in parents.values() for name in above}
    given_names = [name for name in draw(st.permutations(names)) if name not in has_children or draw(st.booleans())]
    return Hierarchy(parents, given_names)


@st.composite
def labelled(draw, values=(0, 1)):
    tree = draw(hierarchies())
    rows = st.lists(st.sampled_from(values), min_size=len(tree.given), max_size=len(tree.given))
    return tree, np.array(draw(st.lists(rows, min_size=1, max_size=5)), dtype=np.int8)


@st.composite
def scored(draw, most_parents=2):
    tree = draw(hierarchies(most_parents))
    rows = st.lists(st.integers(0, 8), min_size=tree.n_labels, max_size=tree.n_labels)
    return tree, np.array(draw(st.lists(rows, min_size=1, max_size=5))) / 8


def by_recursion(tree, row):
    """Complete one sample, a dict from name to 1, 0 or -1, by asking the children of each label."""
    children = tree.children

    def value(name):
        below = [value(child) for child in children[name]]
        if row.get(name) == 1 or 1 in below:
            return 1
        if name in row:
            return row[name]
        return -1 if -1 in below else 0

    return [value(name) for name in tree.label_names]


# Hierarchy


def test_names_levels_and_ancestors_by_hand():
    assert TREE.label_names == ("joy", "love", "anger", "neutral", "positive", "negative")
    assert TREE.given == tuple(NAMES)
    assert TREE.parents["joy"] == ("positive",) and TREE.parents["neutral"] == ()
    assert TREE.children["positive"] == ("joy", "love")
    assert TREE.levels == {
        "level 1": ("neutral", "positive", "negative"),
        "level 2": ("joy", "love", "anger", "neutral"),
    }
    assert np.argwhere(TREE.ancestors()).tolist() == [[0, 4], [1, 4], [2, 5]]


def test_several_parents_and_the_longest_way_up():
    tree = Hierarchy({"c": ["a", "b"], "b": "a"})
    assert tree.label_names == ("c", "b", "a")
    assert tree.depth == {"a": 1, "b": 2, "c": 3}
    assert "c          3     a, b         –" in repr(tree)


@pytest.mark.parametrize(
    ("parents", "names", "error", "message"),
    [
        ({"a": "b", "b": "c", "c": "a"}, None, ValueError, "a -> b -> c -> a"),
        ({"a": "a"}, None, ValueError, "a -> a"),
        ({"joi": "positive"}, ["joy"], ValueError, "'joi', which is neither a label nor a parent of one; did you mean"),
        ({"xyz": "positive"}, ["joy"], ValueError, "leave it out"),
        ({}, ["joy", "joy"], ValueError, "'joy' twice"),
        ({"joy": None}, None, TypeError, "None as the parent of 'joy'"),
        ({"joy": {"positive": 1}}, None, TypeError, None),
        ([("joy", "positive")], None, TypeError, "mapping from the name of each child"),
        ({1: "x", "1": "y"}, ["1"], ValueError, "names '1' twice"),
        ({"joy": b"positive"}, None, TypeError, "b'positive' as the parent of 'joy'"),
        ({b"joy": "positive"}, None, TypeError, "as the parent of b'joy'"),
        ({}, "joy", TypeError, "sequence of names"),
    ],
)
def test_a_wrong_hierarchy(parents, names, error, message):
    if message is None:  # a mapping of parents is read by its keys
        assert Hierarchy(parents, names).parents["joy"] == ("positive",)
        return
    with pytest.raises(error, match=re.escape(message)):
        Hierarchy(parents, names)


def test_a_parent_that_looks_misspelt():
    with pytest.warns(UserWarning, match="'positve' has no column, and 'positive' has one; did you mean 'positive'"):
        Hierarchy({"joy": "positve", "love": "positive"}, ["joy", "love", "positive"])


@pytest.mark.parametrize(
    ("parents", "names"),
    [
        ({"joys": "joy"}, ["joys"]),  # a child may be called nearly as its parent
        ({"a": "group 11", "b": "group 12"}, ["a", "b", "group 12"]),
        ({"joy": "positive", "fear": "negative"}, ["joy", "fear", "negative"]),
        ({"joy": "positve", "love": "positive"}, None),
    ],
)
@pytest.mark.filterwarnings("error")
def test_parents_that_look_right(parents, names):
    Hierarchy(parents, names)


def test_no_label_has_no_level():
    assert Hierarchy({}).levels == {}


def test_groupings():
    tree = Hierarchy.from_groupings({"fine": {"a": ["a", "b"], "c": ["c"]}, "coarse": {"all": ["a", "b"], "c": ["c"]}})
    assert tree.label_names == ("a", "b", "c", "fine a", "all")
    assert tree.parents == {"a": ("fine a",), "b": ("fine a",), "c": (), "fine a": ("all",), "all": ()}


def test_the_groupings_of_goemotions_are_nested():
    goemotions = pytest.importorskip("mlhelpers.datasets._goemotions")
    labels = [label for group in goemotions._EKMAN.values() for label in group]
    tree = Hierarchy.from_groupings({"ekman": goemotions._EKMAN, "sentiment": goemotions._SENTIMENT}, labels)
    assert [len(names) for names in tree.levels.values()] == [4, 7, 28]
    assert tree.parents["love"] == ("ekman joy",) and tree.parents["disgust"] == ("negative",)
    for sentiment in ("positive", "negative", "ambiguous"):
        below = tree.ancestors()[:28, tree.label_names.index(sentiment)]
        assert {label for label, yes in zip(labels, below, strict=True) if yes} == set(goemotions._SENTIMENT[sentiment])


@pytest.mark.parametrize(
    ("groupings", "error", "message"),
    [
        ({"a": "b"}, TypeError, "mapping of mappings"),
        ({"g": {"x": "joy"}}, TypeError, "'x' of 'g' is 'joy', expected a list"),
        ({"g": {"joy": ["joy", "love"], "y": ["g joy"]}}, ValueError, "'g joy' would be the name of a group"),
        ({"g": {"x": ["a"], "y": ["a"]}}, ValueError, "'a' is in two groups of 'g'"),
        ({"g": {"x": ["a", "b"]}, "h": {"y": ["a"]}}, ValueError, "'x' is only partly in 'y' of 'h'"),
    ],
)
def test_wrong_groupings(groupings, error, message):
    with pytest.raises(error, match=message):
        Hierarchy.from_groupings(groupings)


# with_ancestors


def test_completed_by_hand():
    Y = [[1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]
    expected = [[1, 0, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]]
    assert with_ancestors(Y, TREE).tolist() == expected
    assert with_ancestors(Y, PARENTS, label_names=NAMES).tolist() == expected


def test_a_parent_with_a_column_may_be_there_alone_and_is_raised_by_its_children():
    parents, names = {"a": "p", "b": "p"}, ["p", "a", "b"]
    assert with_ancestors([[1, 0, 0], [0, 1, 0], [0, 0, 0]], parents, label_names=names).tolist() == [
        [1, 0, 0],
        [1, 1, 0],
        [0, 0, 0],
    ]
    unknown = with_ancestors([[0, -1, 0], [-1, 0, 0], [-1, 1, 0]], parents, label_names=names, allow_missing=True)
    assert unknown.tolist() == [[0, -1, 0], [-1, 0, 0], [1, 1, 0]]


def test_unknown_children_of_an_added_parent():
    Y = [[1, np.nan, 0, 0], [0, np.nan, 0, 0], [0, 0, np.nan, 1]]
    found = with_ancestors(Y, TREE, allow_missing=True)
    assert found[:, 4:].tolist() == [[1, 0], [-1, 0], [0, -1]]
    with pytest.raises(ValueError, match="allow_missing"):
        with_ancestors(Y, TREE)


@PROPERTY
@given(labelled((0, 1, -1)))
def test_completed_as_by_recursion_dense_and_sparse(case):
    tree, Y = case
    found = with_ancestors(Y, tree, allow_missing=True)
    assert found.dtype == np.int8
    assert found.tolist() == [by_recursion(tree, dict(zip(tree.given, row, strict=True))) for row in Y.tolist()]
    thin = with_ancestors(sparse.csc_array(Y), tree, allow_missing=True)
    assert isinstance(thin, sparse.csr_array) and thin.dtype == np.int8
    np.testing.assert_array_equal(thin.toarray(), found)


@PROPERTY
@given(labelled((0, 1, -1)))
def test_completing_twice_changes_nothing(case):
    tree, Y = case
    once = with_ancestors(Y, tree, allow_missing=True)
    np.testing.assert_array_equal(with_ancestors(once, tree, allow_missing=True), once)


@PROPERTY
@given(labelled())
def test_a_child_brings_its_parents_and_nothing_else_changes(case):
    tree, Y = case
    found = pd.DataFrame(with_ancestors(Y, tree), columns=list(tree.label_names))
    for child, parents in tree.parents.items():
        for parent in parents:
            assert (found[parent] >= found[child]).all()
    assert (found[list(tree.given)].to_numpy() >= Y).all()
    leaves = [name for name in tree.given if not tree.children[name]]
    assert (found[leaves].to_numpy() == Y[:, [tree.given.index(name) for name in leaves]]).all()


def test_a_frame_stays_a_frame_and_its_names_are_compared():
    frame = pd.DataFrame([[1, 0, 0, 0]], columns=NAMES, index=["x"])
    for hierarchy in (PARENTS, TREE):
        found = with_ancestors(frame, hierarchy)
        assert list(found.columns) == list(TREE.label_names) and list(found.index) == ["x"]
    with pytest.raises(ValueError, match=r"column 0 of Y is 'love', and the hierarchy has 'joy' there; put"):
        with_ancestors(frame[["love", "joy", "anger", "neutral"]], TREE)
    with pytest.raises(ValueError, match="give one label one name"):
        with_ancestors(frame.rename(columns={"joy": "glee"}), TREE)
    with pytest.raises(ValueError, match="label_names has 'love' at position 0"):
        with_ancestors(frame, PARENTS, label_names=["love", "joy", "anger", "neutral"])
    with pytest.raises(ValueError, match="column 0 of Y is 'love'"):
        with_ancestors([[1, 0, 0, 0]], TREE, label_names=["love", "joy", "anger", "neutral"])


def test_names_must_come_from_somewhere_and_columns_must_fit():
    with pytest.raises(ValueError, match="pass label_names"):
        with_ancestors([[1, 0, 0, 0]], PARENTS)
    with pytest.raises(ValueError, match="Y has 5 columns, and the hierarchy has 6 labels, of which 4"):
        with_ancestors([[1, 0, 0, 0, 0]], TREE)
    with pytest.raises(ValueError, match="holds 2 at row 0"):
        with_ancestors([[2, 0, 0, 0]], TREE)


# consistent_scores


def test_consistent_by_hand():
    scores = [[0.8, 0.1, 0.3, 0.5, 0.6, 0.2]]
    assert consistent_scores(scores, TREE, how="max").tolist() == [[0.8, 0.1, 0.3, 0.5, 0.8, 0.3]]
    assert consistent_scores(scores, TREE, how="min").tolist() == [[0.6, 0.1, 0.2, 0.5, 0.6, 0.2]]
    np.testing.assert_allclose(
        consistent_scores(scores, TREE, how="product"), [[0.48, 0.06, 0.06, 0.5, 0.6, 0.2]], rtol=1e-12
    )


@PROPERTY
@given(scored(), st.sampled_from(WAYS))
def test_consistent_as_defined_and_idempotent(case, how):
    tree, scores = case
    before = scores.copy()
    found = consistent_scores(scores, tree, how=how)
    np.testing.assert_array_equal(scores, before)
    related = np.eye(tree.n_labels, dtype=bool) | (tree.ancestors().T if how == "max" else tree.ancestors())
    choose = np.max if how == "max" else np.min
    expected = np.column_stack([choose(scores[:, related[j]], axis=1) for j in range(tree.n_labels)])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(consistent_scores(found, tree, how=how), found)
    for child, parents in tree.parents.items():
        for parent in parents:
            assert (found[:, tree.label_names.index(parent)] >= found[:, tree.label_names.index(child)]).all()


@PROPERTY
@given(scored(), st.sampled_from(WAYS), st.integers(0, 8))
def test_higher_scores_never_become_lower_ones(case, how, more):
    tree, scores = case
    higher = scores.copy()
    higher[:, more % tree.n_labels] += 0.25
    assert (consistent_scores(higher, tree, how=how) >= consistent_scores(scores, tree, how=how)).all()


@PROPERTY
@given(scored(most_parents=1))
def test_the_product_along_the_path(case):
    tree, scores = case
    path = np.eye(tree.n_labels, dtype=bool) | tree.ancestors()
    expected = np.column_stack([scores[:, path[j]].prod(axis=1) for j in range(tree.n_labels)])
    np.testing.assert_allclose(consistent_scores(scores, tree, how="product"), expected, rtol=1e-12)


@PROPERTY
@given(labelled())
def test_on_decisions_the_maximum_completes(case):
    tree, Y = case
    full = np.zeros((len(Y), tree.n_labels))
    full[:, : Y.shape[1]] = Y
    np.testing.assert_array_equal(consistent_scores(full, tree, how="max"), with_ancestors(full.astype(int), tree))


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ([[0.1] * 6], {"how": "mean"}, "how must be one of 'max', 'min', 'product'"),
        ([[0.1] * 6], {"how": ["max"]}, "how must be one of"),
        ([[3.0] * 6], {"how": "product"}, "goes from 3 to 3, and"),
        ([[np.nan] * 6], {}, "nan at row 0"),
        ([[0.1] * 4], {}, "no column for 'positive', 'negative'"),
        ([[0.1] * 5], {}, "y_score has 5 columns"),
    ],
)
def test_wrong_scores(scores, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        consistent_scores(scores, TREE, **options)


def test_no_product_where_a_label_has_two_parents():
    with pytest.raises(ValueError, match="'c' has the parents a, b"):
        consistent_scores([[0.1, 0.2, 0.3]], {"c": ["a", "b"]}, how="product", label_names=["a", "b", "c"])


# evaluate_levels


def plain_hierarchical(tree, Y, predicted):
    """Precision, recall and F1 with sets of names, as Kiritchenko et al. define them."""
    above = tree.ancestors()

    def complete(row):
        found = set(np.flatnonzero(row).tolist())
        return found | {int(j) for i in found for j in np.flatnonzero(above[i])}

    pairs = [(complete(t), complete(p)) for t, p in zip(Y, predicted, strict=True)]
    both, n_predicted = sum(len(t & p) for t, p in pairs), sum(len(p) for _, p in pairs)
    n_true = sum(len(t) for t, _ in pairs)
    return both, n_predicted, n_true


def test_hierarchical_measures_by_hand():
    # Truth: joy, positive / anger, negative. Prediction: love (so positive) / anger (so negative), neutral.
    y_pred = [[0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 1]]
    report = evaluate_levels([[1, 0, 0, 0], [0, 0, 1, 0]], y_pred, TREE)
    assert (report.precision, report.recall, report.n_inconsistent) == (3 / 5, 3 / 4, 1)
    assert report.f1 == pytest.approx(2 * 3 / 9)
    assert report.f1_interval is None
    assert "2 samples, hierarchical precision 0.600, recall 0.750, F1 0.667; a label without its parent in 1" in repr(
        report
    )
    assert "<caption>" in report._repr_html_()


@PROPERTY
@given(scored(), st.data())
def test_as_evaluate_on_the_columns_of_a_level_and_as_sets(case, data):
    tree, scores = case
    rows = st.lists(st.integers(0, 1), min_size=len(tree.given), max_size=len(tree.given))
    Y = np.array(data.draw(st.lists(rows, min_size=len(scores), max_size=len(scores))))
    limits = np.array(data.draw(st.lists(st.sampled_from([0.2, 0.5, 0.7]), min_size=(n := tree.n_labels), max_size=n)))
    report = evaluate_levels(Y, scores, tree, threshold=limits)
    truth = with_ancestors(Y, tree)
    for level, names in tree.levels.items():
        columns = [tree.label_names.index(name) for name in names]
        alone = evaluate(truth[:, columns], scores[:, columns], threshold=limits[columns], label_names=names)
        assert report.levels[level].to_dict() == alone.to_dict()
    both, n_predicted, n_true = plain_hierarchical(tree, truth, scores > limits)
    assert report.precision == pytest.approx(both / n_predicted if n_predicted else np.nan, nan_ok=True)
    assert report.recall == pytest.approx(both / n_true if n_true else np.nan, nan_ok=True)
    assert report.f1 == pytest.approx(
        2 * both / (n_predicted + n_true) if n_predicted + n_true else np.nan, nan_ok=True
    )
    closed = consistent_scores((scores > limits).astype(float), tree, how="max")
    assert evaluate_levels(Y, closed, tree).n_inconsistent == 0
    assert evaluate_levels(Y, closed, tree).f1 == pytest.approx(report.f1, nan_ok=True)


def test_unknown_labels_weights_groups_and_intervals():
    Y = pd.DataFrame([[1, 0, 0, 0], [0, np.nan, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]] * 5, columns=NAMES)
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.random((20, 6)), columns=list(TREE.label_names))
    weight, groups = pd.Series(rng.random(20)), np.arange(20) // 2
    report = evaluate_levels(
        Y, scores, TREE, allow_missing=True, sample_weight=weight, groups=groups, confidence=0.9, n_resamples=50
    )
    truth = with_ancestors(Y, TREE, allow_missing=True)
    assert report.overall.n_unknown == 10  # love, and positive
    known = (truth != -1).to_numpy()
    decided = with_ancestors((scores > 0.5).astype(int), TREE).to_numpy()
    both = (weight.to_numpy()[:, None] * known * (truth.to_numpy() == 1) * decided).sum()
    n_predicted = (weight.to_numpy()[:, None] * known * decided).sum()
    assert report.precision == pytest.approx(both / n_predicted)
    low, high = report.f1_interval
    assert low < report.f1 < high
    with pytest.raises(ValueError, match="index"):
        evaluate_levels(Y, scores, TREE, allow_missing=True, sample_weight=weight.iloc[::-1])
    with pytest.raises(ValueError, match="index"):
        evaluate_levels(Y, scores.iloc[::-1], TREE, allow_missing=True)
    assert "–" in repr(report)  # labels per sample are not counted with weights


def test_levels_of_ones_own_and_sparse_truth():
    Y = np.eye(4, dtype=int)
    scores = with_ancestors(Y, TREE)
    report = evaluate_levels(sparse.csr_array(Y), scores, TREE, levels={"top": ["positive", "negative"]})
    assert list(report.levels) == ["top"] and report.levels["top"].label_names == ("positive", "negative")
    assert report.f1 == 1


@pytest.mark.parametrize(
    ("levels", "error", "message"),
    [
        ({"top": ["positiv"]}, ValueError, "names 'positiv', which is no label"),
        ({"top": []}, ValueError, "is empty"),
        ({"top": "positive"}, TypeError, "must be a sequence"),
        ({}, TypeError, "levels must be a mapping"),
        (["positive"], TypeError, "levels must be a mapping"),
    ],
)
def test_wrong_levels(levels, error, message):
    with pytest.raises(error, match=message):
        evaluate_levels(np.eye(4), np.zeros((4, 6)), TREE, levels=levels)


def test_logits_need_another_threshold():
    with pytest.raises(ValueError, match="these look like logits"):
        evaluate_levels(np.eye(4), 5 * np.ones((4, 6)), TREE)
    assert evaluate_levels(np.eye(4), 5 * np.ones((4, 6)), TREE, threshold=0).recall == 1
