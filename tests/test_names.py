"""Names of labels and of samples: compared wherever two sides carry them, in every public function."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from mlhelpers.audit import audit
from mlhelpers.binary_relevance import BinaryRelevance
from mlhelpers.interactive import explore_calibration, explore_costs, explore_threshold
from mlhelpers.metrics import LabelCounts, evaluate, macro_f1, precision_at_k, recall_at_k
from mlhelpers.plotting import (
    plot_label_frequencies,
    plot_label_rows,
    plot_label_scores,
    plot_label_set_sizes,
    plot_predictions,
    plot_scenes,
)
from mlhelpers.splits import MultilabelKFold, MultilabelShuffleSplit, multilabel_train_test_split, split_report
from mlhelpers.thresholds import ThresholdedClassifier, fit_thresholds

RNG = np.random.default_rng(0)
NAMES = ["a", "b", "c"]
ROWS = [f"row {i}" for i in range(60)]
Y = pd.DataFrame(RNG.integers(2, size=(60, 3)), ROWS, NAMES)
P = pd.DataFrame(np.where(Y == 1, 0.7, 0.3) + RNG.uniform(-0.25, 0.25, Y.shape), ROWS, NAMES)
X = pd.DataFrame(RNG.normal(size=(60, 2)), ROWS, ["u", "v"])
MOVED = {"columns": P[["b", "a", "c"]], "one renamed": P[["b", "a", "c"]].rename(columns={"c": "d"})}
OVR = OneVsRestClassifier(LogisticRegression())

WITH_SCORES = {
    "evaluate": evaluate,
    "precision_at_k": lambda y, p: precision_at_k(y, p, 1),
    "recall_at_k": lambda y, p: recall_at_k(y, p, 1),
    "fit_thresholds": lambda y, p: fit_thresholds(y, p, min_positives=1),
    "from_predictions": lambda y, p: LabelCounts.from_predictions(y, (p > 0.5).astype(int)),
    "macro_f1": lambda y, p: macro_f1(y, (p > 0.5).astype(int)),
}
WITH_INPUTS = {
    "multilabel_train_test_split": lambda x, y: multilabel_train_test_split(x, y, random_state=0),
    "MultilabelKFold": lambda x, y: list(MultilabelKFold(2, random_state=0).split(x, y)),
    "MultilabelShuffleSplit": lambda x, y: list(MultilabelShuffleSplit(1, random_state=0).split(x, y)),
    "ThresholdedClassifier": lambda x, y: ThresholdedClassifier(OVR, cv=2).fit(x, y),
    "BinaryRelevance": lambda x, y: BinaryRelevance(LogisticRegression()).fit(x, y),
    "audit": lambda x, y: audit(OVR, y, X=x),
}


@pytest.mark.parametrize("use", WITH_SCORES.values(), ids=WITH_SCORES)
@pytest.mark.parametrize("moved", MOVED.values(), ids=MOVED)
def test_labels_in_another_order_are_refused(use, moved):
    with pytest.raises(ValueError, match=r"y_true has the labels \['a', 'b', 'c'\], but y_(score|pred) has \['b', 'a'"):
        use(Y, moved)
    use(Y, P)


@pytest.mark.parametrize("use", WITH_SCORES.values(), ids=WITH_SCORES)
def test_samples_in_another_order_are_refused(use):
    with pytest.raises(ValueError, match=r"row 0 is 'row 0' in the index of y_true, but 'row \d"):
        use(Y, P.sample(frac=1, random_state=0))
    numbered, shuffled = Y.reset_index(drop=True), P.reset_index(drop=True).sample(frac=1, random_state=0)
    with pytest.raises(ValueError, match="put the rows into one order"):
        use(numbered, shuffled)
    with pytest.raises(ValueError, match="put the rows into one order"):
        use(numbered.sample(frac=1, random_state=0), P.reset_index(drop=True))


@pytest.mark.parametrize("use", WITH_SCORES.values(), ids=WITH_SCORES)
def test_what_carries_no_names_is_taken_in_its_order(use):
    expected = repr(use(Y.to_numpy(), P.to_numpy()))
    test_part = Y.set_index(np.arange(100, 160))  # the rows of a split keep their numbers
    for truth, scores in (
        (Y.reset_index(drop=True).set_axis(range(3), axis=1), P.to_numpy()),
        (Y.set_axis(range(3), axis=1), P),
        (test_part.set_axis(range(3), axis=1), pd.DataFrame(P.to_numpy())),
    ):
        assert repr(use(truth, scores)).splitlines()[-1] == expected.splitlines()[-1]
    use(Y, pd.DataFrame(P.to_numpy()))
    use(test_part, pd.DataFrame(P.to_numpy()))


@pytest.mark.parametrize("use", WITH_INPUTS.values(), ids=WITH_INPUTS)
def test_inputs_and_labels_of_other_samples_are_refused(use):
    with pytest.raises(ValueError, match="put the rows into one order"):
        use(X.sample(frac=1, random_state=0), Y)
    use(X, Y)
    use(X.to_numpy(), Y)
    use(X.reset_index(drop=True), Y)


def test_thresholds_are_those_of_the_labels_they_name():
    thresholds = fit_thresholds(Y[["b", "a", "c"]], P[["b", "a", "c"]], min_positives=1)
    for given in (thresholds, pd.Series(thresholds.values, index=["b", "a", "c"])):
        with pytest.raises(ValueError, match=r"but threshold has \['b', 'a', 'c'\]; put them into one order"):
            evaluate(Y, P, threshold=given)
        with pytest.raises(ValueError, match="put them into one order"):
            evaluate(Y.to_numpy(), P, threshold=given)
        evaluate(Y[["b", "a", "c"]], P.to_numpy(), threshold=given)
        evaluate(Y.to_numpy(), P.to_numpy(), threshold=given)
    with pytest.raises(ValueError, match=r"thresholds has the labels .* put them into one order"):
        thresholds.predict(P)
    with pytest.raises(ValueError, match="give one label one name"):
        thresholds.predict(P.rename(columns={"a": "A"})[["b", "A", "c"]])
    thresholds.predict(P.to_numpy())


def test_label_names_may_be_others_but_not_moved():
    assert evaluate(Y, P, label_names=["x", "y", "z"]).label_names == ("x", "y", "z")
    for moved in (["b", "a", "c"], ["b", "x", "c"], ["x", "c", "y"]):
        with pytest.raises(ValueError, match="leave label_names out"):
            evaluate(Y, P, label_names=moved)
        with pytest.raises(ValueError, match="leave label_names out"):
            fit_thresholds(Y, P, label_names=moved)


IMAGES = np.zeros((60, 4, 4))


@pytest.mark.parametrize(
    "draw",
    [
        lambda y, names: plot_scenes(IMAGES, y, label_names=names),
        lambda y, names: plot_label_rows(IMAGES, y, label_names=names),
        lambda y, names: plot_label_frequencies(y, label_names=names),
        lambda y, names: plot_predictions(IMAGES, y, y, label_names=names),
    ],
)
def test_figures_take_the_names_of_the_columns(draw):
    def texts(figure):
        return [text.get_text() for text in figure.findobj(Text)]

    few = Y[:60]
    assert texts(draw(few, None)) == texts(draw(few.to_numpy(), NAMES))
    with pytest.raises(ValueError, match="leave label_names out"):
        draw(few, ["b", "a", "c"])


def test_figures_compare_names():
    moved, shuffled = Y[["b", "a", "c"]], Y.sample(frac=1, random_state=0)
    for wrong in (moved, shuffled):
        with pytest.raises(ValueError, match=r"put .* into one order"):
            plot_predictions(IMAGES, Y, wrong)
        with pytest.raises(ValueError, match=r"put .* into one order"):
            plot_label_set_sizes(Y, {"right": Y, "wrong": wrong})


def test_series_are_compared():
    scores = pd.Series([0.9, 0.8, 0.7], NAMES)
    assert [text.get_text() for text in plot_label_scores({"a": scores}).axes[0].get_xticklabels()] == NAMES
    with pytest.raises(ValueError, match="put them into one order"):
        plot_label_scores({"model": scores, "other": scores.iloc[::-1]})
    pytest.importorskip("altair")
    for explore, of_samples in (
        (explore_threshold, P["a"]),
        (explore_costs, P["a"]),
        (explore_calibration, 4 * P["a"]),
    ):
        explore(Y["a"], of_samples)
        with pytest.raises(ValueError, match="put the rows into one order"):
            explore(Y["a"], of_samples.sample(frac=1, random_state=0))


def test_parts_of_a_report_are_of_the_same_labels():
    split_report(Y, Y[:30], Y[30:], np.arange(60) < 30, pd.Series(np.arange(60) < 30, index=ROWS))
    with pytest.raises(ValueError, match="put them into one order"):
        split_report(Y, Y[["b", "a", "c"]][:30])
    with pytest.raises(ValueError, match="put the rows into one order"):
        split_report(Y, pd.Series(np.arange(60) < 30, index=ROWS[::-1]))


@pytest.mark.parametrize("kind", ["Float64", "float64[pyarrow]", object])
def test_scores_of_nullable_pyarrow_and_object_columns_are_numbers(kind):
    if kind == "float64[pyarrow]":
        pytest.importorskip("pyarrow")
    assert evaluate(Y, P.astype(kind)).averages == evaluate(Y, P).averages
    assert fit_thresholds(Y, P.astype(kind)).values.tolist() == fit_thresholds(Y, P).values.tolist()
    lacking = P.astype(kind)
    lacking.iloc[3, 1] = None
    with pytest.raises(ValueError, match="y_score holds nan at row 3, column 1"):
        evaluate(Y, lacking)


def test_one_array_per_label_is_to_be_stacked():
    columns = [P[[name]].to_numpy() for name in NAMES]
    for given in (columns, tuple(columns)):
        with pytest.raises(ValueError, match=r"3 columns, one array per label.*numpy\.hstack\(y_score\)"):
            evaluate(Y, given)
    with pytest.raises(ValueError, match=r"numpy\.hstack\(y_true\)"):
        evaluate([Y[[name]].to_numpy() for name in NAMES], P)
    with pytest.raises(TypeError, match=r"dict of 3 arrays; .*numpy\.hstack\(\[y_score\[label\] for label in"):
        evaluate(Y, dict(zip(NAMES, columns, strict=True)))
    assert evaluate(Y, np.hstack(columns)).averages == evaluate(Y, P).averages
