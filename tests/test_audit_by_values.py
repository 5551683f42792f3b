"""What the audit finds by calling what it is given: activations, losses, metrics and scorers of the user's own."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import coverage_error, f1_score, hamming_loss, label_ranking_loss, make_scorer, zero_one_loss
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, HalvingGridSearchCV, KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mlhelpers.audit import audit
from mlhelpers.binary_relevance import BinaryRelevance
from mlhelpers.labels import check_labels, scores_matrix
from mlhelpers.losses import AsymmetricLoss, WeightedBinaryCrossentropy
from mlhelpers.metrics import evaluate
from mlhelpers.splits import MultilabelKFold, multilabel_train_test_split

Y = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1]] * 5)
BCE_LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)


def compiled(activation=None, loss=BCE_LOGITS, metrics=(), units=3, last=()):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation), *last])
    model.compile("sgd", loss=loss, metrics=list(metrics))
    return model


def codes(model, labels=Y):
    return [finding.code for finding in audit(model, labels)]


# Activations


@pytest.mark.parametrize(
    "activation", [tf.nn.softmax, tf.nn.log_softmax, ops.softmax, lambda z: tf.nn.softmax(z), keras.activations.softmax]
)
def test_a_softmax_is_found_in_whatever_form(activation):
    assert "ML101" in codes(compiled(activation))
    assert "ML101" in codes(compiled(last=[layers.Activation(activation)]))
    assert "ML101" in codes(compiled(last=[layers.Lambda(activation)]))


@pytest.mark.parametrize("activation", [tf.nn.sigmoid, ops.sigmoid, lambda z: 1 / (1 + tf.exp(-z))])
def test_a_sigmoid_is_found_in_whatever_form(activation):
    assert codes(compiled(activation, "binary_crossentropy")) == []
    assert "ML104" in codes(compiled(activation))


@pytest.mark.parametrize("activation", [tf.identity, lambda z: z])
def test_what_changes_nothing_is_linear_at_a_layer_of_weights(activation):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(5, "relu"), layers.Dense(3, activation=activation)])
    model.compile("sgd", loss=BCE_LOGITS)
    assert codes(model) == []
    model.compile("sgd", loss="binary_crossentropy")
    assert codes(model) == ["ML103"]


def test_an_activation_that_is_none_of_these_is_not_guessed():
    assert codes(compiled(lambda z: 3 * z)) == []
    assert codes(compiled(lambda z: tf.reshape(z, (-1, 3)) * 2, "binary_crossentropy")) == []


# Shapes


@pytest.mark.parametrize(
    ("last", "found"),
    [
        ([layers.Reshape((1, 3))], True),
        ([layers.Reshape((3, 1))], False),
        ([layers.Reshape((1, 3)), layers.Flatten()], False),
    ],
)
def test_a_side_of_one_is_dropped_at_the_end_alone(last, found):
    model = compiled(loss="mse", last=last)
    assert ("ML108" in codes(model)) == found
    if found:  # 20 rows against 20 rows
        message = next(finding.message for finding in audit(model, Y) if finding.code == "ML108")
        assert "combine the labels of every row with the outputs of every other" in message
        Y_sorted, X = Y[np.lexsort(Y.T)].astype("float32"), np.zeros((20, 4))
        shifted = model.evaluate(X, Y_sorted, batch_size=20, verbose=0)
        assert shifted == pytest.approx(model.evaluate(X, np.roll(Y_sorted, 7, axis=0), batch_size=20, verbose=0))


def test_a_single_label_as_two_classes_is_right():
    column = Y[:, [0]]
    model = compiled("softmax", "sparse_categorical_crossentropy", ["sparse_categorical_accuracy"], units=2)
    assert codes(model, column) == []
    model.fit(np.zeros((20, 4)), column, verbose=0)
    assert "ML101" in codes(compiled("softmax", "categorical_crossentropy"))


# Losses


def one_class(y, p):
    return -ops.sum(ops.cast(y, p.dtype) * ops.log(p), axis=-1)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        (None, lambda y, z: tf.nn.softmax_cross_entropy_with_logits(tf.cast(y, z.dtype), z)),
        ("sigmoid", one_class),
        ("sigmoid", lambda y, p: ops.mean(one_class(y, p))),
    ],
)
def test_a_loss_to_which_absent_labels_are_nothing(activation, loss):
    assert "ML102" in codes(compiled(activation, loss))


def pairwise_ranking(y, z):
    """BP-MLL: a row without a negative or a positive has no pair, and costs nothing."""
    y = ops.cast(y, z.dtype)
    pairs = y[:, :, None] * (1 - y[:, None, :])
    return ops.sum(pairs * ops.exp(z[:, None, :] - z[:, :, None]), axis=(1, 2))


@pytest.mark.parametrize(
    "loss",
    [BCE_LOGITS, WeightedBinaryCrossentropy(True, pos_weight=9), AsymmetricLoss(from_logits=True), pairwise_ranking],
)
def test_losses_that_ask_something_of_absent_labels(loss):
    assert not {"ML102", "ML111"} & set(codes(compiled(None, loss)))


@pytest.mark.parametrize(
    "loss",
    [
        lambda y, p: keras.losses.binary_crossentropy(p, y),
        lambda y, p: keras.losses.BinaryCrossentropy(reduction=None)(p, y),
    ],
)
def test_swapped_arguments_are_named_and_nothing_else(loss):
    (finding,) = audit(compiled("sigmoid", loss), Y)
    assert finding.code == "ML111" and finding.severity == "error"
    assert "Keras passes the labels first" in finding.fix


@pytest.mark.parametrize("loss", ["mae", "mse", "hinge", "poisson", "binary_crossentropy", "binary_focal_crossentropy"])
def test_other_losses_are_not_taken_for_swapped_ones(loss):
    assert "ML111" not in codes(compiled("sigmoid", loss))


# Metrics


def argmax_accuracy(y, p):
    return ops.cast(ops.equal(ops.argmax(y, axis=-1), ops.argmax(p, axis=-1)), "float32")


def precision_at_1(y, p):
    return ops.sum(ops.cast(y, "float32") * ops.one_hot(ops.argmax(p, axis=-1), 3), axis=-1)


@pytest.mark.parametrize("activation", [None, "sigmoid"])
@pytest.mark.parametrize(
    "metric", [argmax_accuracy, lambda y, p: ops.mean(argmax_accuracy(y, p)), keras.metrics.OneHotMeanIoU(3)]
)
def test_a_metric_that_compares_largest_entries(activation, metric):
    loss = "binary_crossentropy" if activation else BCE_LOGITS
    assert "ML201" in codes(compiled(activation, loss, [metric]))


@pytest.mark.parametrize(
    "metric",
    [
        precision_at_1,
        lambda y, p: ops.mean(ops.equal(ops.cast(y, "bool"), p > 0.5), axis=-1),
        keras.metrics.binary_accuracy,
        lambda y, p: ops.max(p, axis=-1),
    ],
)
def test_metrics_that_see_more_are_left_alone(metric):
    assert "ML201" not in codes(compiled("sigmoid", "binary_crossentropy", [metric]))


@pytest.mark.parametrize("metric", [keras.metrics.Precision, keras.metrics.Recall])
def test_the_largest_k_need_no_threshold(metric):
    for activation, loss in (("sigmoid", "binary_crossentropy"), (None, BCE_LOGITS)):
        assert codes(compiled(activation, loss, [metric(top_k=2)])) == []
    assert "ML203" in codes(compiled("sigmoid", "binary_crossentropy", [metric(thresholds=0.0)]))


# Searches and trees


def search(**options):
    return GridSearchCV(OneVsRestClassifier(LogisticRegression()), {"estimator__C": [1]}, **options)


def own_loss(y_true, y_pred):
    return float(np.mean(np.asarray(y_true) != np.asarray(y_pred)))


@pytest.mark.parametrize(
    "scorer",
    [
        make_scorer(hamming_loss),
        make_scorer(zero_one_loss),
        make_scorer(own_loss),
        make_scorer(coverage_error, response_method="predict_proba"),
        make_scorer(label_ranking_loss, response_method="predict_proba"),
        make_scorer(f1_score, average="macro", greater_is_better=False),
    ],
)
def test_a_search_that_would_take_the_worst(scorer):
    found = codes(search(scoring=scorer, cv=KFold(3, shuffle=True, random_state=0)))
    assert "ML407" in found
    assert "ML407" in codes(search(scoring={"score": scorer}, refit="score"))


@pytest.mark.parametrize(
    "scoring",
    [
        "f1_macro",
        "neg_brier_score",
        "roc_auc",
        make_scorer(hamming_loss, greater_is_better=False),
        make_scorer(own_loss, greater_is_better=False),
        make_scorer(f1_score, average="micro"),
        None,
    ],
)
def test_searches_that_take_the_best(scoring):
    assert "ML407" not in codes(search(scoring=scoring))


def test_plain_folds_are_found_as_a_number_and_as_an_object():
    numbers, objects = (audit(search(scoring="f1_macro", cv=cv), Y) for cv in (5, KFold(5)))
    assert [finding.message for finding in objects if finding.code == "ML402"]
    assert numbers == objects
    assert "ML402" not in codes(search(scoring="f1_macro", cv=KFold(5, shuffle=True)))


@pytest.mark.parametrize("tree", [DecisionTreeClassifier, RandomForestClassifier, ExtraTreesClassifier])
def test_class_weights_of_trees_are_multiplied(tree):
    assert codes(tree(class_weight="balanced")) == ["ML408"]
    assert codes(tree()) == codes(OneVsRestClassifier(tree(class_weight="balanced"))) == []
    assert codes(tree(class_weight="balanced"), Y[:, [0]]) == []


# What sees one label at a time


RARE = np.column_stack([np.arange(40) % 2, np.arange(40) < 4, np.arange(40) % 3 == 0]).astype(int)


@pytest.mark.parametrize(
    ("scoring", "expected"),
    [(None, ["ML411"]), ("accuracy", ["ML411"]), ("f1", []), ("average_precision", []), ("balanced_accuracy", [])],
)
@pytest.mark.parametrize("around", [OneVsRestClassifier, MultiOutputClassifier, BinaryRelevance])
def test_a_search_for_a_rare_label_by_its_accuracy(around, scoring, expected):
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, scoring=scoring)
    assert codes(around(search), RARE) == expected
    assert codes(around(make_pipeline(StandardScaler(), search)), RARE) == expected


def test_what_never_to_predict_the_label_is_worth_there():
    model = OneVsRestClassifier(GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}))
    (finding,) = audit(model, RARE)
    assert "label 1 is in 4 of 40 rows, so never to predict it has an accuracy of 0.9." in finding.message
    less_rare = np.vstack([RARE, [0, 1, 0]])
    assert codes(model, less_rare) == codes(model, RARE[:, :1]) == []
    absent = np.where(np.arange(3) == 1, 0, RARE)
    assert codes(model, absent) == ["ML303"]  # of which there is more to say than of a search
    assert "ML411" in codes(model, np.where(np.arange(3) == 2, 0, RARE))
    assert "ML411" not in codes(model, np.where(np.eye(40, 3), -1, RARE))


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (RandomForestClassifier(), ["ML412"]),
        (GaussianNB(), ["ML412"]),
        (make_pipeline(StandardScaler(), GaussianNB()), ["ML412"]),
        (GridSearchCV(GaussianNB(), {}, scoring="f1"), ["ML412"]),
        (LogisticRegression(), []),
        (make_pipeline(StandardScaler(), LogisticRegression()), []),
        (None, []),  # a linear support vector machine
    ],
)
def test_platt_scaling_of_probabilities(inner, expected):
    assert codes(OneVsRestClassifier(CalibratedClassifierCV(inner))) == expected
    assert codes(OneVsRestClassifier(CalibratedClassifierCV(inner, method="isotonic"))) == []
    assert codes(CalibratedClassifierCV(inner), Y[:, [0]]) == expected


# Networks in wrappers, data sets of batches, and outputs in a dict


class Wrapper(keras.wrappers.SKLearnClassifier):
    """Takes a label matrix, as SciKeras's does."""


def make_network(X, y):
    return compiled("softmax")


@pytest.mark.parametrize("wrapper", [keras.wrappers.SKLearnClassifier, Wrapper])
@pytest.mark.parametrize("around", [lambda model: model, lambda model: make_pipeline(StandardScaler(), model)])
def test_a_network_in_a_wrapper_is_looked_at(wrapper, around):
    assert codes(around(wrapper(compiled("softmax")))) == codes(compiled("softmax")) == ["ML101", "ML104"]
    assert codes(around(wrapper(compiled()))) == []
    (finding,) = audit(around(wrapper(make_network)), Y)
    assert (finding.code, finding.severity) == ("ML409", "info") and "audit the compiled model" in finding.fix


def test_a_wrapper_that_sees_one_label_makes_two_classes_of_it():
    wrapper = Wrapper(compiled("softmax", "categorical_crossentropy", units=2))
    assert codes(OneVsRestClassifier(wrapper)) == codes(wrapper, Y[:, [0]]) == []


def test_findings_of_a_wrapped_network_are_in_the_order_of_the_codes():
    wrapped = GridSearchCV(Wrapper(compiled("softmax", "categorical_crossentropy")), {"warm_start": [True]})
    found = codes(wrapped)
    assert found == sorted(found) and {"ML101", "ML102", "ML402"} <= set(found)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, i):
        return np.zeros((10, 4)), Y[10 * i : 10 * i + 10]


@pytest.mark.parametrize("data", [Batches(), tf.data.Dataset.from_tensor_slices((np.zeros((20, 4)), Y)).batch(10)])
def test_data_sets_that_give_batches_are_refused(data):
    for use, name in (
        (lambda: audit(compiled(), Y, X=data), "X"),
        (lambda: audit(compiled(), data), "Y"),
        (lambda: check_labels(data), "Y"),
        (lambda: evaluate(data, Y / 2), "y_true"),
        (lambda: evaluate(Y, data), "y_score"),
        (lambda: multilabel_train_test_split(data, Y), "X"),
    ):
        with pytest.raises(TypeError, match=rf"^{name} is of type \w+, which gives batches; pass arrays"):
            use()


class InADict(keras.Model):
    def __init__(self, names):
        super().__init__()
        self.heads = {name: layers.Dense(3) for name in names}

    def call(self, x):
        return {name: head(x) for name, head in self.heads.items()}


def test_a_dict_of_one_output_is_one_output():
    one, two = InADict("a"), InADict("ab")
    for model in (one, two):
        model.compile("sgd", loss="binary_crossentropy")
    X = np.random.default_rng(0).normal(size=(20, 4))
    assert [finding.code for finding in audit(one, Y, X=X)] == ["ML103"]
    with pytest.raises(ValueError, match="model has several outputs"):
        audit(two, Y, X=X)
    inputs = keras.Input((4,))
    functional = keras.Model(inputs, {"a": layers.Dense(3)(inputs)})
    functional.compile("sgd", loss="binary_crossentropy")
    assert codes(functional) == ["ML103"]


@pytest.mark.parametrize("structure", [list, lambda heads: dict(zip("abc", heads, strict=True))])
def test_scores_of_one_output_per_label_are_stacked(structure):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, structure([layers.Dense(1, "sigmoid")(inputs) for _ in range(3)]))
    X = np.zeros((20, 4))
    with pytest.raises(TypeError, match=r"numpy\.hstack\((.*)\) is the score matrix") as caught:
        scores_matrix(model, X)
    way_out = str(caught.value).split("numpy.hstack(")[1].split(") is the score")[0]
    outputs = model.predict(X, verbose=0)
    assert np.hstack(eval(way_out.replace("model.predict(X)", "outputs"))).shape == (20, 3)
    with pytest.raises((TypeError, ValueError), match=r"numpy\.hstack"):
        evaluate(Y, outputs)


# What is right, and was taken for a mistake


@pytest.mark.parametrize(
    "loss",
    [
        lambda y, p: -ops.mean(ops.log(ops.where(ops.equal(y, 1), p, 1 - p) + 1e-7), axis=-1),
        lambda y, p: -ops.mean(ops.log(y * p + (1 - y) * (1 - p) + 1e-7), axis=-1),
        lambda y, p: ops.mean((1 - (y * p + (1 - y) * (1 - p)) ** 0.7) / 0.7, axis=-1),
    ],
)
def test_a_cross_entropy_of_the_probability_of_what_is_true_is_no_loss_of_logits(loss):
    assert codes(compiled("sigmoid", loss)) == []
    assert codes(compiled(None, loss)) == ["ML103"]


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        (None, lambda y, z: ops.sum(ops.maximum(0.0, 1 - (2 * y - 1) * z), axis=-1)),
        ("sigmoid", lambda y, p: ops.sum(ops.abs(y - p), axis=-1)),
        ("sigmoid", lambda y, p: 10 * ops.mean(ops.abs(y - p), axis=-1)),
        ("sigmoid", lambda y, p: keras.losses.binary_crossentropy(y, p) * ops.cast(ops.any(y > 0, -1), "float32")),
    ],
)
def test_steep_straight_losses_and_those_that_skip_empty_rows_are_left_alone(activation, loss):
    assert codes(compiled(activation, loss)) == []


def test_binary_relevance_sees_one_label_and_cuts_scores_itself():
    never = Y * [1, 1, 0]
    assert codes(BinaryRelevance(RandomForestClassifier(class_weight="balanced"))) == []
    assert codes(BinaryRelevance(GridSearchCV(LogisticRegression(), {"C": [1]}))) == []
    assert codes(BinaryRelevance(DecisionTreeClassifier()), never) == ["ML303"]
    fixed = BinaryRelevance(FixedThresholdClassifier(LogisticRegression(), threshold=0.9))
    (finding,) = audit(fixed, Y)
    assert finding.code == "ML401" and finding.message.startswith("BinaryRelevance cuts the scores of FixedThreshold")


def test_candidates_of_a_grid_are_judged_where_they_will_stand():
    options = {"cv": MultilabelKFold(2), "scoring": "f1_macro"}
    forest = RandomForestClassifier(class_weight="balanced")
    ovr = OneVsRestClassifier(LogisticRegression())
    assert codes(GridSearchCV(ovr, {"estimator": [forest]}, **options)) == []
    fixed = FixedThresholdClassifier(LogisticRegression(), threshold=0.9)
    assert codes(GridSearchCV(ovr, [{"estimator": [fixed]}, {"estimator__C": [1]}], **options)) == ["ML401"]


def test_scores_that_are_only_reported_choose_nothing():
    reported = {"f1": "f1_macro", "acc": "accuracy", "ham": make_scorer(hamming_loss)}
    for refit, expected in (("f1", []), ("acc", ["ML403"]), ("ham", ["ML407"]), (False, [])):
        assert codes(search(scoring=reported, refit=refit, cv=MultilabelKFold(2))) == expected


class OwnScore(OneVsRestClassifier):
    def score(self, X, y):
        return f1_score(y, self.predict(X), average="macro")


def test_a_score_method_of_ones_own_is_not_subset_accuracy():
    for model in (OwnScore(LogisticRegression()), make_pipeline(StandardScaler(), OwnScore(LogisticRegression()))):
        assert codes(GridSearchCV(model, {}, cv=MultilabelKFold(2))) == []


class HiddenStage(layers.Layer):
    activation = staticmethod(keras.activations.relu)

    def call(self, x):
        return ops.sigmoid(self.activation(x))


class SigmoidDense(layers.Dense):
    def call(self, x):
        return ops.sigmoid(super().call(x))


def test_layers_of_ones_own_are_not_read_by_their_names():
    for last in (HiddenStage(), SigmoidDense(3)):
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), last])
        model.compile("sgd", loss="binary_crossentropy")
        assert codes(model) == []


class Bounded(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm, self.dense = (
            layers.LayerNormalization(),
            layers.Dense(2, bias_initializer=lambda *_, **__: [0.5, 0.5]),
        )

    def call(self, x):
        return 0.5 + 0.1 * ops.tanh(self.dense(self.norm(x)))


def test_bounded_outputs_are_not_taken_for_probabilities():
    model = Bounded()
    model.compile("sgd", loss=BCE_LOGITS)
    assert [finding.code for finding in audit(model, Y[:, :2], X=np.random.default_rng(0).normal(size=(20, 4)))] == []


class Counting(keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.counter, self.seed = keras.Variable(0.0), keras.random.SeedGenerator(0)

    def call(self, y, z):
        self.counter.assign_add(1.0)
        noise = np.random.mtrand.random() * random.random() * keras.random.uniform((), seed=self.seed)
        return keras.losses.binary_crossentropy(y, z, from_logits=True) + 0 * noise


def test_the_audit_changes_no_state():
    loss = Counting()
    model = compiled(loss=loss)

    def state():
        return random.getstate(), np.random.mtrand.get_state()[1].tolist(), loss.seed.state.numpy().tolist()

    before = state()
    assert codes(model) == []
    assert state() == before
    assert float(loss.counter.numpy()) == 0


def test_names_that_keras_counts_are_not_counted_on():
    class Own(keras.metrics.Metric):
        def __init__(self, name=None, **options):
            super().__init__(name=name, **options)

        def update_state(self, y_true, y_pred, sample_weight=None):
            pass

        def result(self):
            return 0.0

    model = compiled(metrics=[Own])
    first = Own().name
    audit(model, Y)
    assert int(Own().name.rpartition("_")[2]) == int(first.rpartition("_")[2] if first[-1].isdigit() else 0) + 1


@pytest.mark.parametrize("alpha", [np.array([0.3, 0.3, 0.3]), 0.9])
def test_an_alpha_per_label(alpha):
    focal = keras.losses.BinaryFocalCrossentropy
    assert codes(compiled("sigmoid", focal(alpha=alpha, apply_class_balancing=True))) == []
    assert codes(compiled("sigmoid", focal(alpha=alpha))) == ["ML109"]


def test_inputs_that_are_lists_of_tokens_have_rows():
    tokens = [["a"], ["a", "b"], [], ["c"]] * 5
    assert codes(OneVsRestClassifier(LogisticRegression())) == [
        finding.code for finding in audit(OneVsRestClassifier(LogisticRegression()), Y, X=tokens)
    ]


def test_the_fix_for_halving_has_a_seed():
    halving = HalvingGridSearchCV(
        OneVsRestClassifier(LogisticRegression()), {"estimator__C": [1]}, cv=3, scoring="f1_macro"
    )
    assert "MultilabelKFold(3, random_state=0)" in next(f.fix for f in audit(halving, Y) if f.code == "ML402")


def test_a_score_per_label_is_refused_aloud():
    search = GridSearchCV(OneVsRestClassifier(LogisticRegression()), {}, cv=MultilabelKFold(2, random_state=0))
    search.set_params(scoring=make_scorer(f1_score, average=None))
    with pytest.raises(ValueError, match="scoring must return a number"):
        search.fit(np.c_[Y, Y[::-1]], Y)
    assert codes(search) == []


def test_a_forest_that_selects_features_gives_no_probabilities():
    labels = Y.copy()
    labels[:, 1] = 0
    forest = RandomForestClassifier()
    selected = make_pipeline(SelectFromModel(forest), OneVsRestClassifier(LogisticRegression()))
    assert codes(selected, labels) == ["ML303"]
    assert codes(make_pipeline(StandardScaler(), forest), labels) == ["ML303", "ML405"]
    assert "ML408" in codes(make_pipeline(SelectFromModel(RandomForestClassifier(class_weight="balanced")), forest))


class LargestOutputs(keras.metrics.CategoricalAccuracy):
    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(ops.cast(y_true > 0, "float32"), y_pred, sample_weight)


class OwnF1(keras.metrics.F1Score):
    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(y_true, ops.cast(y_pred > 0.5, "float32"), sample_weight)


def test_metrics_that_update_in_a_way_of_their_own_are_not_judged_by_their_class():
    assert codes(compiled("sigmoid", "binary_crossentropy", [keras.metrics.F1Score()])) == ["ML202"]
    assert codes(compiled("sigmoid", "binary_crossentropy", [OwnF1()])) == []
    assert codes(compiled("sigmoid", "binary_crossentropy", [keras.metrics.CategoricalAccuracy()])) == ["ML201"]
    assert codes(compiled("sigmoid", "binary_crossentropy", [LargestOutputs()])) == []


@pytest.mark.filterwarnings("ignore:Label")
@pytest.mark.parametrize("constant", [0, 1])
def test_one_vs_rest_takes_its_limit_from_the_first_label(constant):
    X = np.linspace(-3, 3, 13).reshape(-1, 1)
    labels = np.column_stack([np.full(13, constant), X.ravel() > 0]).astype(int)
    model = OneVsRestClassifier(LogisticRegression(C=0.05))
    (finding,) = (finding for finding in audit(model, labels) if finding.code == "ML410")
    assert finding.severity == "error" and "label 0 is constant" in finding.message
    limit = 1 / (1 + np.exp(-0.5))
    scores = model.fit(X, labels).predict_proba(X)[:, 1]
    assert np.array_equal(model.predict(X)[:, 1], scores > limit) and (scores > 0.5).sum() == 6 > (scores > limit).sum()
    fixed = BinaryRelevance(model.estimator)
    assert np.array_equal(fixed.fit(X, labels).predict(X)[:, 1], labels[:, 1])
    in_a_pipeline = make_pipeline(
        StandardScaler(), OneVsRestClassifier(make_pipeline(StandardScaler(), RidgeClassifier()))
    )
    assert "ML410" in codes(in_a_pipeline, labels)
    for near in (fixed, OneVsRestClassifier(GaussianNB()), MultiOutputClassifier(RidgeClassifier())):
        assert "ML410" not in codes(near, labels)
    assert "ML410" not in codes(model, labels[:, ::-1]) + codes(model, labels[:, [0]])
    assert np.array_equal(model.fit(X, labels[:, ::-1]).predict(X)[:, 0], labels[:, 1])
