"""Cases in which a plausible wrong number, or a refusal of what is right, lies near: each with the right answer."""

from __future__ import annotations

import json

import keras
import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlhelpers.binary_relevance import BinaryRelevance
from mlhelpers.keras_metrics import HammingLoss
from mlhelpers.labels import check_labels, label_summary, scores_matrix
from mlhelpers.losses import WeightedBinaryCrossentropy
from mlhelpers.metrics import LabelCounts, evaluate, macro_f1
from mlhelpers.plotting import plot_label_frequencies, plot_label_scores, plot_lift, plot_probabilities
from mlhelpers.splits import multilabel_train_test_split, split_report
from mlhelpers.thresholds import ThresholdedClassifier, Thresholds, fit_thresholds

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6))
Y = (X + 1.5 * RNG.normal(size=X.shape) > 1).astype(int)
NEVER, ALWAYS = Y * [1, 1, 1, 1, 1, 0], np.maximum(Y, [0, 0, 0, 0, 0, 1])
LR = LogisticRegression()
UNKNOWN = np.where(RNG.random(Y.shape) < 0.3, -1, Y)
S = 1 / (1 + np.exp(-X))


# Decision values of labels of one class


@pytest.mark.parametrize("labels", [NEVER, ALWAYS])
@pytest.mark.parametrize("wrapper", [BinaryRelevance, OneVsRestClassifier])
@pytest.mark.filterwarnings("ignore:Label .* is present in all training examples", "ignore:Label not")
def test_a_label_of_one_class_is_predicted_as_what_it_always_was(wrapper, labels):
    for method in ("predict_proba", "decision_function"):
        model = ThresholdedClassifier(wrapper(LR), response_method=method).fit(X, labels)
        assert (model.predict(X)[:, 5] == labels[0, 5]).all()
        alone = ThresholdedClassifier(wrapper(LR), response_method=method, fallback=0.5).fit(X, labels[:, [5]])
        assert (alone.predict(X) == labels[0, 5]).all()


def test_a_label_without_positives_in_a_training_part_outranks_nothing():
    groups = np.repeat(np.arange(5), 60)
    labels = Y.copy()
    labels[60:, 0] = 0  # only the first group has it
    model = ThresholdedClassifier(BinaryRelevance(LR), response_method="decision_function", cv=GroupKFold(5))
    by_probability = ThresholdedClassifier(BinaryRelevance(LR), cv=GroupKFold(5))
    counts = [m.fit(X, labels, groups=groups).thresholds_.counts for m in (model, by_probability)]
    np.testing.assert_allclose(counts[0].f1(None, 0)[1:], counts[1].f1(None, 0)[1:], atol=0.02)
    assert counts[0].f1(None, 0)[0] <= counts[1].f1(None, 0)[0] + 0.02


# Unknown labels


@pytest.mark.parametrize(
    "estimator",
    [
        OneVsRestClassifier(LR),
        LR,
        GridSearchCV(OneVsRestClassifier(LR), {}),
        BinaryRelevance(LR),
        make_pipeline(StandardScaler(), OneVsRestClassifier(LR)),
    ],
)
def test_an_estimator_that_takes_no_unknown_labels_is_refused(estimator):
    for labels in (UNKNOWN, np.where(UNKNOWN[:, [0]] == 1, 0, UNKNOWN[:, [0]]), np.where(UNKNOWN == 0, 1, UNKNOWN)):
        with pytest.raises(ValueError, match="does not take them; pass mlhelpers"):
            ThresholdedClassifier(estimator, allow_missing=True).fit(X, labels)


@pytest.mark.parametrize("columns", [[0], [0, 1, 2]])
def test_score_is_subset_accuracy_of_what_is_known(columns):
    labels = UNKNOWN[:, columns]
    base = BinaryRelevance(LR, allow_missing=True)
    for model in (base, ThresholdedClassifier(base, allow_missing=True)):
        model.fit(X, labels)
        known, right = labels != -1, model.predict(X) == labels
        some = known.any(axis=1)
        assert model.score(X, labels) == pytest.approx((right | ~known).all(axis=1)[some].mean())
        weight = RNG.uniform(0, 2, len(X))
        expected = np.average((right | ~known).all(axis=1)[some], weights=weight[some])
        assert model.score(X, labels, sample_weight=weight) == pytest.approx(expected)
    complete = BinaryRelevance(LR).fit(X, Y)
    assert complete.score(X, Y) == OneVsRestClassifier(LR).fit(X, Y).score(X, Y)
    with pytest.raises(ValueError, match="y holds -1"):
        complete.score(X, UNKNOWN)
    assert cross_val_score(base, X, UNKNOWN, cv=KFold(3)).min() > 0


def test_columns_of_unequal_categories_keep_what_is_missing():
    frame = pd.DataFrame({"cat": pd.Categorical([True, None]), "dog": pd.Categorical([True, False])})
    with pytest.raises(ValueError, match="allow_missing=True"):
        check_labels(frame)
    np.testing.assert_array_equal(check_labels(frame, allow_missing=True), [[1, 1], [-1, 0]])
    assert label_summary(frame, allow_missing=True).n_unknown == 1
    for kind in ("uint8", "int8", "int64", "float32"):
        frame = pd.DataFrame({"a": pd.Categorical(np.array([1, 0], kind)), "b": pd.Categorical([1, None])})
        np.testing.assert_array_equal(check_labels(frame, allow_missing=True), [[1, 1], [0, -1]])
        with pytest.raises(ValueError, match="y_score holds nan at row 1, column 1"):
            evaluate([[1, 0], [0, 1]], frame)


def test_masked_rows_of_scores_are_refused_and_masked_objects_are_missing():
    masked = [np.ma.array([0.1, 0.9], mask=[0, 1]), np.ma.array([0.1, 0.2])]
    with pytest.raises(TypeError, match="without a mask"):
        evaluate([[1, 0], [0, 1]], masked)
    objects = np.array([[1, np.ma.masked], [0, 1]], dtype=object)
    np.testing.assert_array_equal(check_labels(objects, allow_missing=True), [[1, -1], [0, 1]])


# Folds and groups


def test_folds_whose_training_part_holds_the_test_part_are_refused():
    everything = np.arange(300)
    with pytest.raises(ValueError, match="and there into no training part"):
        ThresholdedClassifier(
            OneVsRestClassifier(LR), cv=[(everything, everything[:60]), (everything, everything[60:])]
        ).fit(X, Y)


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_groups_are_kept_together_or_refused():
    groups = np.tile(np.arange(5), 60)
    folds = list(KFold(3).split(X))
    for cv in (folds, KFold(3)):
        with pytest.raises(ValueError, match="samples of one group in training and test part"):
            ThresholdedClassifier(OneVsRestClassifier(LR), cv=cv).fit(X, Y, groups=groups)


def test_a_splitter_that_gives_nothing_and_an_unknown_method_are_refused():
    with pytest.raises(ValueError, match="cv gives no folds; pass a number"):
        ThresholdedClassifier(OneVsRestClassifier(LR), cv=[]).fit(X, Y)
    for labels in (Y, Y[:, [0]]):
        with pytest.raises(ValueError, match='response_method must be "auto"'):
            ThresholdedClassifier(OneVsRestClassifier(LR), response_method="proba").fit(X, labels)


# Names


def test_names_that_are_given_are_compared_with_all_sides():
    frame = pd.DataFrame(S[:, :2], columns=["b", "a"])
    limits = pd.Series([0.5, 0.05], index=["b", "a"])
    for use in (
        lambda: evaluate(Y[:, :2], frame, label_names=["a", "b"]),
        lambda: evaluate(Y[:, :2], S[:, :2], threshold=limits, label_names=["a", "b"]),
        lambda: fit_thresholds(Y[:, :2], frame, label_names=["a", "b"]),
    ):
        with pytest.raises(ValueError, match="leave label_names out"):
            use()
    assert evaluate(Y[:, :2], frame).label_names == ("b", "a")
    assert evaluate(Y[:, :2], S[:, :2], threshold=limits).label_names == ("b", "a")


def test_many_names_of_one_letter_beside_none():
    names = list("abcdefghijklm")
    truth, scores = RNG.integers(2, size=(20, 13)), RNG.random((20, 13))
    expected = evaluate(truth, scores).averages
    assert evaluate(pd.DataFrame(truth, columns=names), pd.DataFrame(scores)).averages == expected
    assert evaluate(pd.DataFrame(truth), pd.DataFrame(scores, columns=names)).averages == expected


@pytest.mark.parametrize("missing", [pd.NA, np.nan, None])
def test_a_row_index_with_something_missing(missing):
    first = pd.Index([missing, "a", "b"], dtype=object)
    truth, scores = pd.DataFrame(Y[:3], first), pd.DataFrame(S[:3], first)
    evaluate(truth, scores)
    with pytest.raises(ValueError, match="row 0 is None in the index of y_true, but 'a'"):
        evaluate(truth, scores.iloc[[1, 0, 2]])


def test_numbers_in_text_are_numbers():
    truth, scores = pd.DataFrame(Y[:4], [7, 8, 9, 5]), pd.DataFrame(S[:4], ["7", "8", "9", "5"])
    evaluate(truth, scores)
    with pytest.raises(ValueError, match="into one order"):
        evaluate(truth, scores.iloc[::-1])


def test_a_column_called_label_names_is_a_column():
    columns = ["label_names", "other"]
    report = evaluate(pd.DataFrame(Y[:, :2], columns=columns), pd.DataFrame(S[:, :2], columns=columns))
    assert report.label_names == ("label_names", "other")


def test_figures_compare_every_side():
    lift = pd.DataFrame([[2.0, 0.5], [0.5, 2.0]], ["a", "b"], ["a", "b"])
    series = pd.Series([0.4, 0.2], ["b", "a"])
    for draw in (
        lambda: plot_lift(lift, label_names=["b", "a"]),
        lambda: plot_lift(lift.iloc[::-1]),
        lambda: plot_probabilities(series, label_names=["a", "b"]),
        lambda: plot_label_scores({"m": [0.1, 0.2], "n": series}, label_names=["a", "b"]),
        lambda: plot_label_scores({"m": series}, intervals={"m": pd.DataFrame([[0, 1], [0, 1]], ["a", "b"])}),
    ):
        with pytest.raises(ValueError, match="order"):
            draw()
    plot_label_frequencies(pd.DataFrame([[1, 0], [0, 1]]), label_names=["1", "2"])


# Parts, stacks, half precision, files


def test_a_row_index_is_no_row_number_and_a_column_no_part():
    frame = pd.DataFrame({"a": [1, 1, 1, 0, 0, 0]}, index=[3, 4, 5, 0, 1, 2])
    with pytest.raises(TypeError, match=r"pass Y\.loc\[index\]"):
        split_report(frame, frame.index[:3], frame.index[3:])
    labels = np.array([[1], [0], [0], [0], [1], [0]])
    with pytest.raises(ValueError, match=r"reshape\(-1, 1\)"):
        split_report(labels, labels[:3, 0], labels[3:, 0])
    for wrong in ({0: 1}, "abc"):
        with pytest.raises(TypeError, match="X is of type"):
            multilabel_train_test_split(wrong, Y[: len(wrong)])


def test_a_stack_is_refused_wherever_it_stands():
    class Stack(StackingClassifier):
        pass

    stack = [("k", KNeighborsClassifier())], KNeighborsClassifier()
    for model in (
        make_pipeline(StandardScaler(), StackingClassifier(*stack, cv=3)),
        GridSearchCV(StackingClassifier(*stack, cv=3), {}, cv=2),
        Stack(*stack, cv=3),
    ):
        with pytest.raises(TypeError, match="gives the probability that a label is absent"):
            scores_matrix(model.fit(X, Y), X)


def test_half_precision_of_another_kind_is_read():
    assert (
        evaluate(Y, S.astype(ml_dtypes.bfloat16)).averages
        == evaluate(Y, S.astype(ml_dtypes.bfloat16).astype(float)).averages
    )
    np.testing.assert_array_equal(check_labels(Y.astype(ml_dtypes.bfloat16)), Y)


def test_a_mask_value_that_half_precision_makes_infinite():
    y = keras.ops.cast(np.array([[1.0, -99999.0, 0.0]]), "float16")
    p = np.array([[0.75, 0.5, 0.75]])
    metric = HammingLoss(mask_value=-99999)
    metric.update_state(y, p)
    assert float(metric.result()) == 0.5
    loss = WeightedBinaryCrossentropy(mask_value=-99999)
    assert float(loss(y, p)) == pytest.approx(float(WeightedBinaryCrossentropy()([[1, 0]], [[0.75, 0.75]])), rel=1e-4)


def test_thresholds_in_a_damaged_file_are_refused(tmp_path):
    path = tmp_path / "thresholds.json"
    fit_thresholds(Y, S, objective="recall_at_precision", at_least=0.5).save(path)
    whole = json.loads(path.read_text())
    assert Thresholds.load(path).at_least == 0.5
    first = whole["labels"][0]
    for change in (
        {"at_least": "x"}, {"at_least": 7}, {"at_least": None},
        {"labels": []}, {"labels": [first, first]}, {"labels": "ab"},
        {"labels": [first | {"source": "guessed"}]}, {"labels": [first | {"threshold": "0.3"}]},
        {"labels": [first | {"threshold": [0.3]}]}, {"labels": [first | {"threshold": 10**400}]},
    ):  # fmt: skip
        path.write_text(json.dumps(whole | change))
        with pytest.raises(ValueError, match="does not hold thresholds"):
            Thresholds.load(path)
    del whole["at_least"]
    path.write_text(json.dumps(whole))
    with pytest.raises(ValueError, match="does not hold thresholds"):
        Thresholds.load(path)


# Ties and extreme weights


def test_of_thresholds_that_reach_the_same_micro_f1_the_highest_are_taken():
    labels, scores = [[0, 0], [0, 0], [1, 0], [1, 1]], [[0, 0.25], [0.25, 0], [0.125, 0.375], [0.375, 0.125]]
    found = fit_thresholds(labels, scores, objective="micro_f1", min_positives=0)
    assert found.counts.f1("micro") == pytest.approx(2 / 3)
    assert found.predict(scores).sum() == 3


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_extreme_weights():
    report = evaluate([[0], [1], [0], [1]], [[0.9], [0.8], [0.3], [0.2]], sample_weight=[1e-200, 1e200, 1e200, 1e200])
    assert report.average_precision[0] == pytest.approx(5 / 6)
    evaluate(Y[:4], S[:4], sample_weight=[9e299, 0, 0, 1], confidence=0.9, n_resamples=20)
    with pytest.raises(ValueError, match="sample_weight adds up to"):
        evaluate(Y[:4], S[:4], sample_weight=[5e-324] * 4)


def test_flags_and_kinds_are_checked():
    with pytest.raises(TypeError, match="allow_missing must be True or False, got 'yes'"):
        LabelCounts.from_predictions(Y, Y, allow_missing="yes")
    with pytest.raises(ValueError, match="kind must be"):
        macro_f1(Y, Y, kind=np.array(["a", "b"]))
    with pytest.raises(TypeError, match="threshold must be a number"):
        evaluate(Y, S, threshold=np.True_)
    weight = (UNKNOWN[:, 0] == -1).astype(float)
    with pytest.raises(ValueError, match="y knows label '0' for no sample"):
        BinaryRelevance(LR, allow_missing=True).fit(X, UNKNOWN, sample_weight=weight)
