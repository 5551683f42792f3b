"""One score per sample and label: every shape of scikit-learn's probabilities, column by column; what is refused."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from mlhelpers.labels import scores_matrix

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, :3] + RNG.normal(size=(60, 3)) > 0).astype(int)
NEW = RNG.normal(size=(25, 4))
# Absent from every sample, as it is, present in every sample.
CONSTANT = Y * [0, 1, 0] + [0, 0, 1]

FOREST = RandomForestClassifier(5, random_state=0)
TREE = DecisionTreeClassifier(max_depth=4, random_state=0)
NEIGHBOURS = KNeighborsClassifier(4)  # an even number: ties at 0.5
NETWORK = MLPClassifier(10, solver="lbfgs", max_iter=100, alpha=1, random_state=0)

# Estimators that fit one binary classifier per label, with it, and those that fit all labels together.
PER_LABEL = {
    "one versus rest": (OneVsRestClassifier(LogisticRegression()), LogisticRegression()),
    "one versus rest of trees": (OneVsRestClassifier(TREE), TREE),
    "multi-output": (MultiOutputClassifier(LogisticRegression()), LogisticRegression()),
    "multi-output of pipelines": (
        MultiOutputClassifier(make_pipeline(StandardScaler(), NEIGHBOURS)),
        make_pipeline(StandardScaler(), NEIGHBOURS),
    ),
    "neighbours": (NEIGHBOURS, NEIGHBOURS),
    "prior": (DummyClassifier(strategy="prior"), DummyClassifier(strategy="prior")),
    "most frequent": (DummyClassifier(strategy="most_frequent"), DummyClassifier(strategy="most_frequent")),
    "pipeline of one versus rest": (
        make_pipeline(StandardScaler(), OneVsRestClassifier(LogisticRegression())),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ),
    "pipeline of neighbours": (
        make_pipeline(StandardScaler(), NEIGHBOURS),
        make_pipeline(StandardScaler(), NEIGHBOURS),
    ),
    "search over one versus rest": (
        GridSearchCV(OneVsRestClassifier(LogisticRegression()), {"estimator__C": [0.1]}, cv=2),
        LogisticRegression(C=0.1),
    ),
    "search over multi-output": (
        GridSearchCV(MultiOutputClassifier(LogisticRegression()), {"estimator__C": [0.1]}, cv=2),
        LogisticRegression(C=0.1),
    ),
}
JOINT = {
    "chain": ClassifierChain(LogisticRegression(), order=[2, 0, 1]),
    "network": NETWORK,
    "forest": FOREST,
    "extra trees": ExtraTreesClassifier(5, random_state=0),
    "tree": TREE,
    "extra tree": ExtraTreeClassifier(max_depth=4, random_state=0),
    "pipeline of a chain": make_pipeline(StandardScaler(), ClassifierChain(LogisticRegression())),
    "pipeline of a forest": make_pipeline(StandardScaler(), FOREST),
    "search over a forest": GridSearchCV(FOREST, {"max_depth": [2, 3]}, cv=2),
    "search over a pipeline of neighbours": GridSearchCV(
        make_pipeline(StandardScaler(), NEIGHBOURS), {"kneighborsclassifier__n_neighbors": [3, 4]}, cv=2
    ),
    "pipeline of a search over a chain": make_pipeline(
        StandardScaler(), GridSearchCV(ClassifierChain(LogisticRegression()), {"estimator__C": [0.1, 1]}, cv=2)
    ),
}
EVERY = {**{name: estimator for name, (estimator, _) in PER_LABEL.items()}, **JOINT}
WITH_CONSTANT_LABELS = [
    *("neighbours", "prior", "most frequent", "pipeline of neighbours", "network", "forest", "extra trees", "tree"),
    *("extra tree", "pipeline of a forest", "search over a forest", "search over a pipeline of neighbours"),
]


def fitted(estimator, targets=Y, inputs=X):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Label", UserWarning)  # what OneVsRestClassifier says of constant labels
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(estimator).fit(inputs, targets)


def column_by_column(estimator, inputs=NEW):
    """Return the probabilities of class 1, one loop over what predict_proba gives."""
    given = estimator.predict_proba(inputs)
    if not isinstance(given, list):
        return given
    columns = []
    for probabilities, classes in zip(given, estimator.classes_, strict=True):
        by_class = dict(zip(classes, probabilities.T, strict=True))
        columns.append(by_class.get(1, np.zeros(len(probabilities))))
    return np.transpose(columns)


def assert_scores(scores, expected, **tolerance):
    assert type(scores) is np.ndarray
    assert scores.dtype == np.float64
    assert scores.shape == np.shape(expected)
    np.testing.assert_allclose(scores, expected, **tolerance)


# Probabilities


@pytest.mark.parametrize(("estimator", "binary"), PER_LABEL.values(), ids=PER_LABEL)
def test_every_column_is_that_of_a_binary_classifier_for_the_label(estimator, binary):
    expected = np.column_stack([clone(binary).fit(X, label).predict_proba(NEW)[:, 1] for label in Y.T])
    assert_scores(scores_matrix(fitted(estimator), NEW), expected, rtol=1e-9)


@pytest.mark.parametrize("estimator", JOINT.values(), ids=JOINT)
def test_every_column_is_what_the_estimator_says_of_the_label(estimator):
    estimator = fitted(estimator)
    assert_scores(scores_matrix(estimator, NEW), column_by_column(estimator), rtol=1e-12)


@pytest.mark.parametrize("name", WITH_CONSTANT_LABELS)
def test_constant_labels_have_a_column_of_their_value(name):
    estimator = fitted(EVERY[name], CONSTANT)
    scores = scores_matrix(estimator, NEW)
    assert_scores(scores, column_by_column(estimator), rtol=1e-12)
    np.testing.assert_allclose(scores[:, [0, 2]], [[0, 1]] * len(NEW), atol=0 if name != "network" else 0.05)
    assert scores[:, 1].sum() > 0 or name == "most frequent"


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("estimator", [FOREST, TREE, NEIGHBOURS, DummyClassifier()], ids=lambda e: type(e).__name__)
def test_every_label_may_be_constant(estimator, value):
    scores = scores_matrix(fitted(estimator, np.full_like(Y, value)), NEW)
    np.testing.assert_array_equal(scores, np.full((len(NEW), 3), value))


def test_constant_labels_of_multi_output_trees():
    estimator = fitted(MultiOutputClassifier(TREE), CONSTANT)
    assert_scores(scores_matrix(estimator, NEW), column_by_column(estimator))


def test_constant_labels_of_one_versus_rest():
    estimator = fitted(OneVsRestClassifier(LogisticRegression()), CONSTANT)
    present = LogisticRegression().fit(X, Y[:, 1]).predict_proba(NEW)[:, 1]
    expected = np.column_stack([np.zeros(len(NEW)), present, np.ones(len(NEW))])
    assert_scores(scores_matrix(estimator, NEW), expected, rtol=1e-9)


@pytest.mark.parametrize(
    "estimator",
    [
        *(MultiOutputClassifier(LogisticRegression()), ClassifierChain(LogisticRegression())),
        MultiOutputClassifier(NEIGHBOURS),
    ],
    ids=str,
)
def test_one_label_has_one_column(estimator):
    binary = clone(estimator.estimator).fit(X, Y[:, 0]).predict_proba(NEW)[:, 1:]
    assert_scores(scores_matrix(fitted(estimator, Y[:, :1]), NEW), binary, rtol=1e-9)


# Inputs of every form


@pytest.mark.parametrize("base", [LogisticRegression(), NEIGHBOURS], ids=lambda base: type(base).__name__)
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix, sparse.lil_array])
@pytest.mark.parametrize("targets", [Y, CONSTANT], ids=["labels", "constant labels"])
def test_sparse_label_matrices_give_the_same_scores(base, form, targets):
    estimator = OneVsRestClassifier(base)
    expected = scores_matrix(fitted(estimator, targets), NEW)
    assert_scores(scores_matrix(fitted(estimator, form(targets)), NEW), expected, rtol=1e-12)


@pytest.mark.parametrize("targets", [Y == 1, Y.astype(float), pd.DataFrame(Y), Y.tolist()], ids=lambda Y: str(type(Y)))
def test_form_of_the_label_matrix_does_not_matter(targets):
    assert_scores(scores_matrix(fitted(FOREST, targets), NEW), scores_matrix(fitted(FOREST), NEW))
    constant = type(targets)(np.zeros((60, 3), int)) if isinstance(targets, pd.DataFrame) else np.asarray(targets) * 0
    np.testing.assert_array_equal(scores_matrix(fitted(FOREST, constant), NEW), np.zeros((len(NEW), 3)))


FORMS = {
    "list": np.ndarray.tolist,
    "tuple": lambda X: tuple(X.tolist()),
    "float32": lambda X: X.astype(np.float32),
    "Fortran order": np.asfortranarray,
    "DataFrame": pd.DataFrame,
    # Slices of pandas objects mean positions, not labels.
    "DataFrame with an index of integers": lambda X: pd.DataFrame(X, index=np.arange(len(X))[::-1] + 7),
    "DataFrame with an index of text": lambda X: pd.DataFrame(X, index=[f"row {i}" for i in range(len(X))]),
    "CSR": sparse.csr_array,
    "CSR matrix": sparse.csr_matrix,
    "CSC": sparse.csc_array,
    "LIL": sparse.lil_matrix,
}


@pytest.mark.parametrize("estimator", [OneVsRestClassifier(TREE), TREE, FOREST], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_form_of_the_samples_does_not_matter(estimator, form):
    grid = np.round(NEW, 1).astype(np.float32).astype(float)  # survives float32
    fit = fitted(estimator, CONSTANT)
    np.testing.assert_allclose(scores_matrix(fit, form(grid)), scores_matrix(fit, grid))


def test_named_columns_reach_the_estimator():
    names = ["a", "b", "c", "d"]
    estimator = fitted(FOREST, CONSTANT, pd.DataFrame(X, columns=names))
    assert_scores(
        scores_matrix(estimator, pd.DataFrame(NEW, columns=names)), scores_matrix(fitted(FOREST, CONSTANT), NEW)
    )


@pytest.mark.parametrize("estimator", [FOREST, OneVsRestClassifier(LogisticRegression())], ids=str)
def test_one_sample_has_one_row(estimator):
    estimator = fitted(estimator)
    assert_scores(scores_matrix(estimator, NEW[:1]), scores_matrix(estimator, NEW)[:1])


class Minimal:
    """Keeps the conventions of scikit-learn's estimators and has nothing else, `classes_` included."""

    def __init__(self, probabilities, prediction=((1, 0, 1), (1, 0, 1))):
        self.probabilities, self.prediction = probabilities, np.array(prediction)

    def predict_proba(self, X):
        return self.probabilities

    def predict(self, X):
        return self.prediction[: len(X)]


def test_the_conventions_are_enough():
    varies, constant = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32), np.ones((2, 1), np.float32)
    expected = np.array([[0.75, 0, 1], [0.5, 0, 1]])
    for probabilities in ([varies, constant, constant], expected.astype(np.float32)):
        assert_scores(scores_matrix(Minimal(probabilities), NEW[:2]), expected)
    assert_scores(scores_matrix(Minimal([varies]), NEW[:2]), varies[:, 1:])


# Decision values


@pytest.mark.parametrize(
    ("estimator", "binary"),
    [
        (OneVsRestClassifier(LinearSVC()), LinearSVC()),
        (OneVsRestClassifier(LogisticRegression()), LogisticRegression()),
        (RidgeClassifier(), RidgeClassifier()),
        (make_pipeline(StandardScaler(), RidgeClassifier()), make_pipeline(StandardScaler(), RidgeClassifier())),
        (GridSearchCV(OneVsRestClassifier(LinearSVC()), {"estimator__C": [0.1]}, cv=2), LinearSVC(C=0.1)),
    ],
    ids=["linear SVC", "logistic", "ridge", "pipeline of ridge", "search over linear SVC"],
)
def test_decision_values_are_those_of_a_binary_classifier_for_every_label(estimator, binary):
    expected = np.column_stack([clone(binary).fit(X, label).decision_function(NEW) for label in Y.T])
    estimator = fitted(estimator)
    scores = scores_matrix(estimator, NEW, method="decision_function")
    assert_scores(scores, expected, rtol=1e-6)
    np.testing.assert_array_equal(scores > 0, estimator.predict(NEW))


def test_decision_values_of_a_chain_are_its_own():
    chain = fitted(JOINT["chain"])
    scores = scores_matrix(chain, NEW, method="decision_function")
    assert_scores(scores, chain.decision_function(NEW))
    np.testing.assert_array_equal(scores > 0, chain.predict(NEW))


def test_decision_values_of_constant_labels_are_on_their_side_of_zero():
    scores = scores_matrix(fitted(OneVsRestClassifier(LinearSVC()), CONSTANT), NEW, method="decision_function")
    np.testing.assert_array_equal(scores[:, [0, 2]] > 0, [[False, True]] * len(NEW))


# Predictions


@pytest.mark.parametrize("name", EVERY)
def test_scores_above_a_half_are_the_predictions(name):
    estimator = fitted(EVERY[name])
    np.testing.assert_array_equal(scores_matrix(estimator, NEW) > 0.5, estimator.predict(NEW))


@pytest.mark.parametrize("name", [*WITH_CONSTANT_LABELS, "one versus rest", "one versus rest of trees"])
def test_scores_above_a_half_are_the_predictions_of_constant_labels(name):
    # OneVsRestClassifier.predict takes its threshold from the first label, so that one is not constant here.
    estimator = fitted(EVERY[name], CONSTANT[:, [1, 0, 2]])
    np.testing.assert_array_equal(scores_matrix(estimator, NEW) > 0.5, estimator.predict(NEW))


def test_scores_above_a_half_are_the_predictions_of_sparse_label_matrices():
    estimator = fitted(OneVsRestClassifier(LogisticRegression()), sparse.csr_array(Y))
    prediction = estimator.predict(NEW)
    assert sparse.issparse(prediction)
    np.testing.assert_array_equal(scores_matrix(estimator, NEW) > 0.5, prediction.toarray())


# What is refused, and with which words


class NotScikitLearn:
    """Predicts the score matrix, as a Keras model does, and is no scikit-learn estimator."""

    def fit(self, X, Y):
        return self

    def predict(self, X):
        return np.full((len(X), 3), 0.5)


PROBA, DECISION = "predict_proba", "decision_function"
WRAP = (
    "wrap a base classifier that has one in sklearn.multiclass.OneVsRestClassifier; "
    "sklearn.calibration.CalibratedClassifierCV gives predict_proba to any classifier"
)
NO_ESTIMATOR = "pass a fitted scikit-learn classifier, and of a search without refit a fitted model of its best_params_"


@pytest.mark.parametrize("method", ["predict", "proba", "Predict_proba", "", None, 1, ["predict_proba"]])
def test_rejected_methods(method):
    message = f'method must be "predict_proba" or "decision_function", got {method!r}'
    for estimator in (FOREST, None):  # whatever the estimator
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            scores_matrix(estimator, NEW, method=method)


def test_method_is_a_keyword():
    with pytest.raises(TypeError, match="positional argument"):
        scores_matrix(fitted(FOREST), NEW, "predict_proba")


@pytest.mark.parametrize(
    ("estimator", "method", "way_out"),
    [
        (FOREST, DECISION, 'use method="predict_proba"'),
        (NETWORK, DECISION, 'use method="predict_proba"'),
        (RidgeClassifier(), PROBA, 'use method="decision_function"'),
        (OneVsRestClassifier(LinearSVC()), PROBA, 'use method="decision_function"'),
        (MultiOutputClassifier(LinearSVC()), PROBA, WRAP),
        (MultiOutputClassifier(LinearSVC()), DECISION, WRAP),
        (KMeans(2), PROBA, WRAP),
        (LinearRegression(), DECISION, WRAP),
        (NotScikitLearn(), PROBA, "if this is a Keras model, model.predict(X) is the score matrix already"),
        ([FOREST, FOREST], PROBA, NO_ESTIMATOR),
        ([], DECISION, NO_ESTIMATOR),
        (X, PROBA, NO_ESTIMATOR),
        ("forest", PROBA, NO_ESTIMATOR),
        (None, DECISION, NO_ESTIMATOR),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[-30:],
)
def test_estimators_without_the_method(estimator, method, way_out):
    message = f"estimator ({type(estimator).__name__}) has no {method}; {way_out}"
    if hasattr(estimator, "get_params"):
        estimator = fitted(estimator)
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        scores_matrix(estimator, NEW, method=method)


ONE_LABEL = {"binary": Y[:, 0], "multi-class": Y.sum(axis=1), "text": np.array(["no", "yes"])[Y[:, 0]]}


@pytest.mark.parametrize("targets", ONE_LABEL.values(), ids=ONE_LABEL)
@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), OneVsRestClassifier(LogisticRegression()), FOREST, NEIGHBOURS, NETWORK, DummyClassifier()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_of_one_label_per_sample(estimator, targets):
    shape = len(NEW), len(set(targets))
    message = (
        f"estimator ({type(estimator).__name__}) gives scores of shape {shape} and was fitted on one label per sample; "
        "fit it on a label matrix of shape (n_samples, n_labels), inside sklearn.multiclass.OneVsRestClassifier"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        scores_matrix(fitted(estimator, targets), NEW)


@pytest.mark.parametrize("estimator", [LogisticRegression(), LinearSVC(), IsolationForest(n_estimators=5)], ids=str)
def test_decision_values_of_one_label_per_sample(estimator):
    message = f"gives scores of shape ({len(NEW)},) and was fitted on one label per sample"
    with pytest.raises(ValueError, match=re.escape(message)):
        scores_matrix(fitted(estimator, Y[:, 0]), NEW, method="decision_function")


OTHER_CLASSES = {
    "three classes": (Y + Y[:, ::-1], 0, ["0", "1", "2"]),
    "1 and 2": (Y + 1, 0, ["1", "2"]),
    "-1 and 1": (2 * Y - 1, 0, ["-1", "1"]),
    "text": (np.array(["no", "yes"])[Y], 0, ["no", "yes"]),
    "text of digits": (Y.astype(str), 0, ["0", "1"]),
    "only the last": (Y + Y * [0, 0, 1], 2, ["0", "2"]),
    "always 2": (Y * [1, 0, 1] + [0, 2, 0], 1, ["2"]),
}


@pytest.mark.parametrize(("targets", "column", "classes"), OTHER_CLASSES.values(), ids=OTHER_CLASSES)
@pytest.mark.parametrize(
    "estimator", [FOREST, NEIGHBOURS, MultiOutputClassifier(TREE), make_pipeline(StandardScaler(), TREE)], ids=str
)
def test_estimators_of_other_classes_than_0_and_1(estimator, targets, column, classes):
    message = (
        f"estimator ({type(estimator).__name__}) was fitted on outputs with other classes than 0 and 1: "
        f"it has {', '.join(classes)} at column {column}; fit it on a label matrix"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        scores_matrix(fitted(estimator, targets), NEW)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ([np.full((2, 3), 1 / 3)] * 3, r"other classes than 0 and 1: it has 0, 1, 2 at column 0"),
        (np.full((3, 2, 2), 0.5), r"gives scores of shape \(3, 2, 2\)"),
    ],
    ids=["three classes", "three dimensions"],
)
def test_other_conventions(probabilities, message):
    with pytest.raises(ValueError, match=rf"^estimator \(Minimal\) .*{message}"):
        scores_matrix(Minimal(probabilities), NEW[:2])


@pytest.mark.parametrize("estimator", EVERY.values(), ids=EVERY)
def test_unfitted_estimators(estimator):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        scores_matrix(clone(estimator), NEW)


@pytest.mark.parametrize("estimator", [RidgeClassifier(), OneVsRestClassifier(LinearSVC())], ids=str)
def test_unfitted_estimators_of_decision_values(estimator):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        scores_matrix(estimator, NEW, method="decision_function")


def test_stacking_gives_the_probability_of_absence_and_is_refused():
    stacking = StackingClassifier([("tree", TREE), ("forest", FOREST)], MultiOutputClassifier(LogisticRegression()))
    stacking.fit(X, Y)
    predicted = stacking.predict(NEW)
    # The day this fails, scikit-learn gives the probability of presence: then drop the refusal.
    assert np.array_equal(stacking.predict_proba(NEW) > 0.5, 1 - predicted)
    with pytest.raises(
        TypeError, match=r"^estimator \(StackingClassifier\) gives the probability that a label is absent"
    ):
        scores_matrix(stacking, NEW)


def test_one_array_of_other_classes_than_0_and_1():
    with pytest.raises(ValueError, match="other classes than 0 and 1: it has 0, 2 at column 0"):
        scores_matrix(fitted(ClassifierChain(TREE), Y * 2), NEW)


@pytest.mark.parametrize("form", [sparse.coo_matrix, sparse.bsr_array, sparse.dia_array])
def test_sparse_samples_that_cannot_be_sliced(form):
    estimator = fitted(OneVsRestClassifier(LogisticRegression()))
    np.testing.assert_allclose(scores_matrix(estimator, form(NEW)), scores_matrix(estimator, NEW))


def test_a_constant_first_label_does_not_hide_that_there_are_no_probabilities():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = OneVsRestClassifier(LinearSVC()).fit(X, CONSTANT)
    with pytest.raises(TypeError, match=r"has no predict_proba; use method=.decision_function"):
        scores_matrix(estimator, NEW)


def test_a_class_in_place_of_an_estimator():
    with pytest.raises(TypeError, match="estimator is the class RandomForestClassifier; pass a fitted instance"):
        scores_matrix(RandomForestClassifier, NEW)


def test_one_column_is_told_its_score_matrix():
    with pytest.raises(ValueError, match=r"of a single label, predict_proba\(X\)\[:, \[1\]\] is the score matrix"):
        scores_matrix(fitted(OneVsRestClassifier(LogisticRegression()), Y[:, [0]]), NEW)


# Labels that were constant in training, where a chain reads any column


HGB = HistGradientBoostingClassifier(max_iter=5)


@pytest.mark.parametrize("order", [None, [2, 0, 1]])
@pytest.mark.parametrize("base", [HGB, make_pipeline(StandardScaler(), HGB)], ids=["trees", "pipeline"])
def test_a_chain_says_of_a_constant_label_what_it_predicts(base, order):
    chain = ClassifierChain(base, order=order)
    for model in (chain, make_pipeline(StandardScaler(), chain)):
        fitted = clone(model).fit(X, CONSTANT)
        scores = scores_matrix(fitted, NEW)
        np.testing.assert_array_equal(scores[:, [0, 2]], np.tile([0.0, 1.0], (25, 1)))
        np.testing.assert_array_equal(scores > 0.5, fitted.predict(NEW) == 1)
        with pytest.raises(ValueError, match=r"has no scores for column [02], which had one class in training"):
            scores_matrix(fitted, NEW, method="decision_function")


@pytest.mark.parametrize("base", [RandomForestClassifier(3), GaussianNB()])
def test_a_chain_that_cannot_say_anything_of_a_constant_label_is_refused(base):
    fitted = ClassifierChain(base).fit(X, CONSTANT)
    with pytest.raises(
        ValueError, match=r"estimator \(ClassifierChain\) has no scores for column 0, .*leave the label"
    ):
        scores_matrix(fitted, NEW)
    with pytest.raises(ValueError, match="features"):  # any other trouble is told as it is
        scores_matrix(ClassifierChain(base).fit(X, CONSTANT[:, [1, 1]]), NEW[:, :1])


def test_several_outputs_say_of_a_constant_label_what_they_predict():
    fitted = MultiOutputClassifier(HGB).fit(X, CONSTANT)
    np.testing.assert_array_equal(scores_matrix(fitted, NEW)[:, [0, 2]], np.tile([0.0, 1.0], (25, 1)))


class SparseScores(BaseEstimator):
    """As estimators that keep probabilities of many labels."""

    def __init__(self, as_list=False):
        self.as_list = as_list

    def predict_proba(self, X):
        p = np.tile([[0.25, 0.0, 0.75]], (len(X), 1))
        return [sparse.csr_matrix(np.column_stack([1 - c, c])) for c in p.T] if self.as_list else sparse.csr_array(p)

    def predict(self, X):
        return sparse.csr_array(np.tile([[0, 0, 1]], (len(X), 1)))


@pytest.mark.parametrize("as_list", [False, True])
def test_sparse_probabilities(as_list):
    np.testing.assert_array_equal(scores_matrix(SparseScores(as_list), NEW), np.tile([[0.25, 0, 0.75]], (25, 1)))
