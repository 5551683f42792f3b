"""Binary relevance: scikit-learn's one-vs-rest where labels are complete, a fit by hand where some are unknown."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from estimator_checks import CLASSES, failed_checks
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from mlhelpers.binary_relevance import BinaryRelevance
from mlhelpers.labels import scores_matrix

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = (X[:, :3] + RNG.normal(size=(120, 3)) > 0.3).astype(int)
UNKNOWN = RNG.random(Y.shape) < 0.3
PARTLY = np.where(UNKNOWN, -1, Y)
WEIGHTS = RNG.integers(1, 4, size=120).astype(float)
LOGISTIC = LogisticRegression()


class KernelClassifier(ClassifierMixin, BaseEstimator):
    """A kernel ridge regression of -1 and 1, on kernels between samples."""

    def fit(self, X, y):
        assert X.shape == (len(y), len(y))
        self.classes_ = np.unique(y)
        self.ridge_ = KernelRidge(kernel="precomputed").fit(X, 2 * np.asarray(y) - 1)
        return self

    def decision_function(self, X):
        return self.ridge_.predict(X)

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = True
        return tags


class OnlyPredicts(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.border_ = X[y == 1, 0].mean()
        return self

    def predict(self, X):
        return (X[:, 0] > self.border_).astype(int)


BASES = [
    LOGISTIC,
    RidgeClassifier(),
    SVC(),
    GaussianNB(),
    DecisionTreeClassifier(max_depth=3, random_state=0),
    RandomForestClassifier(10, random_state=0),
    KNeighborsClassifier(4),
    make_pipeline(StandardScaler(), LOGISTIC),
]
METHODS = ["predict", "predict_proba", "decision_function"]


def methods_of(estimator):
    return [method for method in METHODS if hasattr(estimator, method)]


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


# Complete labels


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
@pytest.mark.parametrize("allow_missing", [False, True])
def test_complete_labels_are_one_versus_rest(base, allow_missing):
    model = BinaryRelevance(base, allow_missing=allow_missing).fit(X[:80], Y[:80])
    peer = OneVsRestClassifier(base).fit(X[:80], Y[:80])
    assert methods_of(model) == methods_of(peer)
    for method in methods_of(model):
        np.testing.assert_array_equal(getattr(model, method)(X), getattr(peer, method)(X))


@pytest.mark.parametrize("base", [LOGISTIC, GaussianNB()])
@pytest.mark.filterwarnings("ignore:Label .* is present in all")
def test_a_label_of_one_class_is_constant(base):
    y = np.column_stack([Y[:, 0], np.zeros(120, int), np.ones(120, int)])
    model, peer = BinaryRelevance(base).fit(X, y), OneVsRestClassifier(base).fit(X, y)
    for method in methods_of(model):
        ours, theirs = (getattr(one, method)(X) for one in (model, peer))
        far = 1e30 if method == "decision_function" else None  # 0 and 1, which scikit-learn gives, are in between
        np.testing.assert_array_equal(ours[:, 0], theirs[:, 0])
        np.testing.assert_array_equal(ours[:, 1:], theirs[:, 1:] if far is None else np.tile([-far, far], (120, 1)))
    assert np.unique(model.predict_proba(X)[:, 1:], axis=0).tolist() == [[0.0, 1.0]]
    assert scores_matrix(model, X)[:, 1:].tolist() == [[0.0, 1.0]] * 120


def test_a_constant_first_label_does_not_move_the_decisions_on_the_others():
    # They do in scikit-learn's one-vs-rest, which then takes 0.5 for the threshold of decision values.
    y = np.column_stack([np.zeros(120, int), Y[:, 0]])
    model = BinaryRelevance(LOGISTIC).fit(X, y)
    np.testing.assert_array_equal(model.predict(X)[:, 1], clone(LOGISTIC).fit(X, Y[:, 0]).predict(X))
    assert model.n_features_in_ == 4


# Unknown labels


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
def test_each_label_is_fitted_on_the_rows_where_it_is_known(base):
    model = BinaryRelevance(base, allow_missing=True).fit(X, PARTLY)
    for j, known in enumerate(~UNKNOWN.T):
        alone = clone(base).fit(X[known], Y[known, j])
        np.testing.assert_array_equal(model.predict(X)[:, j], alone.predict(X))
        for method in methods_of(base)[1:]:
            expected = getattr(alone, method)(X)
            expected = expected[:, 1] if method == "predict_proba" else expected
            np.testing.assert_array_equal(getattr(model, method)(X)[:, j], expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_forms_of_data(n_jobs):
    expected = BinaryRelevance(LOGISTIC, allow_missing=True).fit(X, PARTLY).predict_proba(X)
    names = list("abcd")
    for samples, labels in (
        (pd.DataFrame(X, columns=names), pd.DataFrame(np.where(UNKNOWN, np.nan, Y))),
        (sparse.csr_array(X), PARTLY),
        (sparse.coo_array(X), sparse.csr_array(PARTLY)),
        (X.tolist(), np.where(UNKNOWN, None, Y.astype(object)).tolist()),
    ):
        model = BinaryRelevance(LOGISTIC, allow_missing=True, n_jobs=n_jobs).fit(samples, labels)
        np.testing.assert_allclose(model.predict_proba(samples), expected, atol=1e-4)
        assert model.n_features_in_ == 4
        if hasattr(samples, "columns"):
            assert model.feature_names_in_.tolist() == names
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(samples), model.predict(samples))


def test_a_label_whose_known_rows_have_one_class():
    y = np.array(PARTLY)
    y[y[:, 1] == 0, 1] = -1
    model = BinaryRelevance(LOGISTIC, allow_missing=True).fit(X, y)
    assert model.predict_proba(X)[:, 1].tolist() == [1.0] * 120
    assert model.predict(X)[:, 1].tolist() == [1] * 120
    y[:, 1] = -1
    with pytest.raises(ValueError, match="y knows label '1' for no sample; leave the label out, or pass samples"):
        BinaryRelevance(LOGISTIC, allow_missing=True).fit(X, y)
    with pytest.raises(ValueError, match="y knows label 'cat' for no sample"):
        BinaryRelevance(LOGISTIC, allow_missing=True).fit(X, pd.DataFrame(y, columns=["ant", "cat", "dog"]))


def test_a_base_that_takes_missing_features():
    holes = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
    model = BinaryRelevance(HistGradientBoostingClassifier(max_iter=3), allow_missing=True).fit(holes, PARTLY)
    assert get_tags(model).input_tags.allow_nan
    assert model.predict(holes).shape == Y.shape


def test_a_base_that_only_predicts():
    model = BinaryRelevance(OnlyPredicts(), allow_missing=True).fit(X, PARTLY)
    assert methods_of(model) == ["predict"]
    for j, known in enumerate(~UNKNOWN.T):
        np.testing.assert_array_equal(model.predict(X)[:, j], OnlyPredicts().fit(X[known], Y[known, j]).predict(X))


@pytest.mark.parametrize("base", [KernelClassifier(), SVC(kernel="precomputed")])
@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, list])
def test_kernels_are_cut_in_rows_and_columns(base, form):
    if form is list and isinstance(base, KernelClassifier):
        return
    kernel, new = rbf_kernel(X[:90]), form(rbf_kernel(X[90:], X[:90]))
    model = BinaryRelevance(base, allow_missing=True).fit(form(kernel), PARTLY[:90])
    for j, known in enumerate(~UNKNOWN[:90].T):
        alone = clone(base).fit(kernel[np.ix_(known, known)], Y[:90][known, j])
        expected = alone.decision_function(rbf_kernel(X[90:], X[:90][known]))
        np.testing.assert_allclose(model.decision_function(new)[:, j], expected)
    assert model.n_features_in_ == 90
    assert get_tags(model).input_tags.pairwise
    with pytest.raises(ValueError, match=r"X has shape \(90, 4\), but the estimator .* takes kernels or distances"):
        BinaryRelevance(base, allow_missing=True).fit(X[:90], PARTLY[:90])


# Weights and other metadata


def test_weights_go_to_every_label():
    model = BinaryRelevance(LOGISTIC, allow_missing=True).fit(X, PARTLY, sample_weight=WEIGHTS)
    for j, known in enumerate(~UNKNOWN.T):
        alone = clone(LOGISTIC).fit(X[known], Y[known, j], sample_weight=WEIGHTS[known])
        np.testing.assert_array_equal(model.decision_function(X)[:, j], alone.decision_function(X))
    complete = BinaryRelevance(LOGISTIC).fit(X, Y, WEIGHTS)
    peer = MultiOutputClassifier(LOGISTIC).fit(X, Y, WEIGHTS)
    np.testing.assert_array_equal(complete.predict_proba(X), np.array(peer.predict_proba(X))[:, :, 1].T)


class TakesMetadata(GaussianNB):
    """Keeps what came with the samples."""

    def fit(self, X, y, sample_weight=None, source=None):
        self.source_, self.weight_ = source, sample_weight
        return super().fit(X, y, sample_weight)


@pytest.mark.usefixtures("routing")
def test_metadata_is_routed_to_the_known_rows():
    base, source = TakesMetadata().set_fit_request(sample_weight=True, source=True), np.arange(120)
    model = BinaryRelevance(base, allow_missing=True).fit(X, PARTLY, sample_weight=WEIGHTS, source=source)
    for fitted, known in zip(model.estimators_, ~UNKNOWN.T, strict=True):
        np.testing.assert_array_equal(fitted.source_, source[known])
        np.testing.assert_array_equal(fitted.weight_, WEIGHTS[known])
    with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError, match="sample_weight"):
        BinaryRelevance(TakesMetadata()).fit(X, Y, sample_weight=WEIGHTS)


@pytest.mark.parametrize(
    ("base", "options", "error", "message"),
    [
        (KNeighborsClassifier(), {"sample_weight": WEIGHTS}, ValueError, "KNeighborsClassifier.* has no such argument"),
        (LOGISTIC, {"sample_weight": WEIGHTS[1:]}, ValueError, "sample_weight has 119 values for 120 samples"),
        (LOGISTIC, {"sample_weight": -WEIGHTS}, ValueError, "sample_weight holds -"),
        (LOGISTIC, {"source": WEIGHTS}, ValueError, "only supported if enable_metadata_routing=True"),
    ],
)
def test_metadata_that_is_refused(base, options, error, message):
    with pytest.raises(error, match=message):
        BinaryRelevance(base).fit(X, Y, **options)


# What is refused, and scikit-learn's conventions


@pytest.mark.parametrize(
    ("options", "y", "error", "message"),
    [
        ({}, PARTLY, ValueError, "y holds -1 at row .* ask for allow_missing=True"),
        ({}, np.where(UNKNOWN, np.nan, Y), ValueError, "y holds nan at row .* ask for allow_missing=True"),
        ({}, Y[:, 0], ValueError, "y has shape"),
        ({}, None, ValueError, "BinaryRelevance requires y to be passed"),
        ({}, Y[:50], ValueError, "X has 120 rows but the label matrix has 50"),
        ({"allow_missing": "yes"}, Y, TypeError, "allow_missing must be True or False, got 'yes'"),
    ],
)
def test_fit_refuses(options, y, error, message):
    with pytest.raises(error, match=message):
        BinaryRelevance(LOGISTIC, **options).fit(X, y)


def test_a_stack_has_probabilities_once_it_is_fitted():
    model = BinaryRelevance(StackingClassifier([("a", LogisticRegression())], cv=2))
    assert not hasattr(model, "predict_proba")
    expected = OneVsRestClassifier(model.estimator).fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(model.fit(X, Y).predict_proba(X), expected)


def test_before_fit():
    for method in METHODS:
        with pytest.raises(NotFittedError):
            getattr(BinaryRelevance(LOGISTIC), method)(X)
    assert not hasattr(BinaryRelevance(SVC()), "predict_proba")
    assert not hasattr(BinaryRelevance(GaussianNB()), "decision_function")


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64])
def test_predictions_have_the_type_of_the_labels(dtype):
    model = BinaryRelevance(LOGISTIC).fit(X, Y.astype(dtype))
    assert model.predict(X).dtype == model.classes_.dtype == dtype
    assert model.classes_.tolist() == [[0, 1]] * 3
    assert BinaryRelevance(LOGISTIC).fit(X, Y.astype(bool)).predict(X).dtype == np.int64


def test_one_label():
    model = BinaryRelevance(LOGISTIC).fit(X, Y[:, :1])
    for method in METHODS:
        assert getattr(model, method)(X).shape == (120, 1)


def test_in_a_search_with_one_score_matrix():
    search = GridSearchCV(BinaryRelevance(LOGISTIC), {"estimator__C": [0.1, 1]}, scoring="f1_macro", cv=3).fit(X, Y)
    np.testing.assert_array_equal(scores_matrix(search, X), search.predict_proba(X))
    model = BinaryRelevance(SVC()).fit(X, Y)
    np.testing.assert_array_equal(scores_matrix(model, X, method="decision_function"), model.decision_function(X))


@pytest.mark.parametrize(
    ("base", "tag"),
    [(LOGISTIC, "sparse"), (MultinomialNB(), "positive_only"), (SVC(kernel="precomputed"), "pairwise")],
)
def test_tags_of_the_input_are_those_of_the_base(base, tag):
    assert get_tags(BinaryRelevance(base)).input_tags == get_tags(base).input_tags
    assert getattr(get_tags(BinaryRelevance(base)).input_tags, tag)
    tags = get_tags(BinaryRelevance(base))
    assert tags.classifier_tags.multi_label and not tags.classifier_tags.multi_class
    assert tags.target_tags.multi_output and not tags.target_tags.single_output


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_what_the_reference_page_says_of_scikit_learn():
    for estimator in (OneVsRestClassifier(LOGISTIC), MultiOutputClassifier(LOGISTIC)):
        with pytest.raises(ValueError, match=r"NaN|Unknown label type|not supported"):
            clone(estimator).fit(X, np.where(UNKNOWN, np.nan, Y))
    three = MultiOutputClassifier(LOGISTIC).fit(X, PARTLY)
    assert three.estimators_[0].classes_.tolist() == [-1, 0, 1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("base", "also"), [(LOGISTIC, {"check_classifier_multioutput": CLASSES}), (GaussianNB(), {})])
def test_checks_of_scikit_learn(base, also):
    failed, n_passed = failed_checks(BinaryRelevance(base), also)
    assert failed == []
    assert n_passed >= 45
