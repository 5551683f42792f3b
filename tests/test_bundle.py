"""Bundles: what goes in, what comes out, the folder, and each way in which a folder can be wrong."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from mlhelpers.binary_relevance import BinaryRelevance
from mlhelpers.bundle import Bundle
from mlhelpers.calibration import fit_calibration
from mlhelpers.thresholds import ThresholdedClassifier, Thresholds, fit_thresholds

# Keras asks TensorFlow's tensors for arrays in NumPy's old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

ROOT = Path(__file__).parents[1]
NAMES = ("joy", "anger", "surprise")
WORDS = np.array(["joyful", "happy", "angry", "furious", "wow", "sudden", "plain", "grey"])
RNG = np.random.default_rng(0)
PICKED = RNG.random((200, len(WORDS))) < 0.3
TEXTS = [" ".join(WORDS[row]) or "nothing" for row in PICKED]
Y = (PICKED[:, [0, 2, 4]] | PICKED[:, [1, 3, 5]]).astype(int)
X = PICKED + RNG.normal(0, 0.3, PICKED.shape)
SPARSE = sparse.csr_array(np.where(PICKED, X, 0))
TABLE = pd.DataFrame({"text": TEXTS, "length": [len(text) for text in TEXTS], "loud": PICKED[:, 6], "x": X[:, 0]})
SOME = slice(0, 12)


def one_vs_rest():
    return OneVsRestClassifier(LogisticRegression())


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(TfidfVectorizer(), one_vs_rest()).fit(TEXTS, Y)


@pytest.fixture(scope="module")
def numeric():
    return OneVsRestClassifier(LogisticRegression()).fit(X, Y)


def network(*layers, shape=(8,), **kwargs):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape, **kwargs), *layers, keras.layers.Dense(3, name="head")])
    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True), optimizer="adam")
    return model


@pytest.fixture(scope="module")
def net():
    """Return a Keras model that returns logits."""
    model = network(keras.layers.Dense(16, activation="relu"))
    model.fit(X, Y, epochs=3, verbose=0)
    return model


@pytest.fixture(scope="module")
def thresholds(pipeline):
    return fit_thresholds(Y, pipeline.predict_proba(TEXTS), label_names=NAMES)


@pytest.fixture(scope="module")
def bundle(pipeline, thresholds):
    return Bundle(pipeline, NAMES, thresholds=thresholds, examples=TEXTS[SOME])


@pytest.fixture(scope="module")
def net_bundle(net):
    calibration = fit_calibration(Y, logits(net), from_logits=True, method="temperature")
    return Bundle(net, NAMES, thresholds=[0.3, 0.4, 0.5], examples=X[SOME], calibration=calibration, from_logits=True)


@pytest.fixture(scope="module")
def folders(bundle, net_bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    bundle.save(folder / "texts")
    net_bundle.save(folder / "net")
    return folder


@pytest.fixture
def texts_folder(folders, tmp_path):
    return Path(shutil.copytree(folders / "texts", tmp_path / "texts"))


@pytest.fixture
def net_folder(folders, tmp_path):
    return Path(shutil.copytree(folders / "net", tmp_path / "net"))


def logits(net, rows=X):
    return net.predict(rows, verbose=0).astype(float)


def sums(folder, **names):
    """Write the sums anew, as somebody does who changes a bundle on purpose."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {names.get(path.stem, path.name)}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def change(folder, name="bundle.json", **values):
    content = json.loads((folder / name).read_text())
    for key, value in values.items():
        content.pop(key) if value is None else content.update({key: value})
    (folder / name).write_text(json.dumps(content))
    sums(folder)


def refused(folder, message, **kwargs):
    with pytest.raises(ValueError, match=message):
        Bundle.load(folder, **kwargs)


# What comes out


def test_scores_labels_and_names_of_a_pipeline(bundle, pipeline, thresholds):
    scores = pipeline.predict_proba(TEXTS)
    assert np.array_equal(bundle.predict_scores(TEXTS), scores)
    predicted = bundle.predict(TEXTS)
    assert predicted.dtype == np.int8 and np.array_equal(predicted, thresholds.predict(scores))
    assert bundle.predict_names(["joyful angry", "plain"]) == [("joy", "anger"), ()]
    assert bundle.label_names == NAMES and bundle.thresholds is thresholds


def test_it_prints_as_a_table(bundle, net_bundle):
    assert (
        str(bundle).splitlines()[0] == f"Bundle: Pipeline (scikit-learn {importlib.metadata.version('scikit-learn')})"
    )
    assert [line.split() for line in str(net_bundle).splitlines()[1:3]] == [["label", "threshold"], ["joy", "0.3"]]
    assert str(net_bundle).startswith(f"Bundle: Sequential (keras {keras.__version__}) and calibration")


def test_a_score_at_its_threshold_is_no_label(numeric):
    score = numeric.predict_proba(X[:1])[0]
    assert Bundle(numeric, NAMES, thresholds=score, examples=X[:1]).predict(X[:1]).tolist() == [[0, 0, 0]]
    below = np.nextafter(score, 0)
    assert Bundle(numeric, NAMES, thresholds=below, examples=X[:1]).predict(X[:1]).tolist() == [[1, 1, 1]]


def test_logits_of_keras_go_through_a_sigmoid_or_the_calibration(net, net_bundle):
    plain = Bundle(net, NAMES, thresholds=0.5, examples=X[SOME], from_logits=True)
    assert np.allclose(plain.predict_scores(X), expit(logits(net)), atol=1e-6)
    assert np.allclose(net_bundle.predict_scores(X), net_bundle.calibration.transform(logits(net)), atol=1e-6)
    of_probabilities = fit_calibration(Y, expit(logits(net)))
    both = Bundle(net, NAMES, thresholds=0.5, examples=X[SOME], from_logits=True, calibration=of_probabilities)
    assert np.allclose(both.predict_scores(X), of_probabilities.transform(expit(logits(net))), atol=1e-6)


def test_decision_values_of_scikit_learn_are_logits():
    model = OneVsRestClassifier(LinearSVC()).fit(X, Y)
    bundle = Bundle(model, NAMES, thresholds=0.5, examples=X[SOME], from_logits=True)
    assert np.allclose(bundle.predict_scores(X), expit(model.decision_function(X)))
    assert np.array_equal(bundle.predict(X), model.predict(X))


def test_preprocessing_comes_before_the_model(net):
    scaler = StandardScaler().fit(X)
    bundle = Bundle(net, NAMES, thresholds=0.5, examples=X[SOME], from_logits=True, preprocessing=scaler)
    assert np.allclose(bundle.predict_scores(X), expit(logits(net, scaler.transform(X))), atol=1e-6)


def test_sparse_features_reach_keras_dense(tmp_path):
    tfidf = TfidfVectorizer(vocabulary=list(WORDS)).fit(TEXTS)
    model = network(shape=(8,))
    bundle = Bundle(model, NAMES, thresholds=0.5, examples=TEXTS[SOME], from_logits=True, preprocessing=tfidf)
    expected = expit(logits(model, tfidf.transform(TEXTS).toarray()))
    assert np.allclose(bundle.predict_scores(TEXTS), expected, atol=1e-6)
    bundle.save(tmp_path / "bundle")
    assert np.array_equal(Bundle.load(tmp_path / "bundle").predict_scores(TEXTS), bundle.predict_scores(TEXTS))


def test_at_least_one(bundle, pipeline, thresholds, tmp_path):
    one = Bundle(pipeline, NAMES, thresholds=thresholds, examples=TEXTS[SOME], at_least_one=True)
    one.save(tmp_path / "one")
    for each in (one, Bundle.load(tmp_path / "one")):
        assert each.predict(["plain"]).sum() == 1 and bundle.predict(["plain"]).sum() == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rows_do_not_depend_on_their_batch(bundle, net_bundle, data):
    rows = data.draw(st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=9))
    at = data.draw(st.integers(0, len(rows) - 1))
    texts = [TEXTS[i] for i in rows]
    assert np.allclose(bundle.predict_scores(texts)[at], bundle.predict_scores([texts[at]])[0], atol=1e-12)
    assert np.allclose(net_bundle.predict_scores(X[rows])[at], net_bundle.predict_scores(X[rows[at]][None]), atol=1e-6)


def test_many_rows_are_the_same_as_in_one_call_of_keras(net_bundle, net):
    many = np.tile(X, (4, 1))  # more than one batch
    assert np.allclose(net_bundle.predict_scores(many), net_bundle.calibration.transform(logits(net, many)), atol=1e-6)


def test_many_networks_make_no_graphs(capfd, caplog):
    """Each new network and each new number of rows would be traced anew, and TensorFlow warns of it."""
    for _ in range(3):
        bundle = make(network(), from_logits=True)
        assert bundle.model.predict_function is None
        for n in range(1, 6):
            bundle.predict_scores(X[:n])
        assert bundle.model.predict_function is None
    assert "retracing" not in caplog.text + "".join(capfd.readouterr())


def test_dropout_is_off():
    bundle = make(network(keras.layers.Dropout(0.9)), from_logits=True)
    assert np.array_equal(bundle.predict_scores(X), bundle.predict_scores(X))


@pytest.mark.parametrize("nothing", [[], np.array([]), np.zeros((0, 8)), ()])
def test_no_rows_give_no_rows(net_bundle, nothing):
    assert net_bundle.predict_scores(nothing).shape == net_bundle.predict(nothing).shape == (0, 3)
    assert net_bundle.predict_names(nothing) == [] and net_bundle.predict(nothing).dtype == np.int8


@pytest.mark.parametrize(
    "model",
    [
        BinaryRelevance(LogisticRegression()),
        ThresholdedClassifier(one_vs_rest()),
        make_pipeline(StandardScaler(), ThresholdedClassifier(one_vs_rest(), at_least_one=True)),
        RandomForestClassifier(5, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_estimators_come_back_as_they_were(model, tmp_path):
    model.fit(X, Y)
    own = model[-1] if hasattr(model, "steps") else model
    options = {"thresholds": getattr(own, "thresholds_", 0.5), "at_least_one": getattr(own, "at_least_one", False)}
    bundle = Bundle(model, NAMES, examples=X[SOME], **options)
    assert np.array_equal(bundle.predict(X), model.predict(X))
    bundle.save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle", trusted=Bundle.types(tmp_path / "bundle"))
    assert np.array_equal(loaded.predict_scores(X), bundle.predict_scores(X))
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert str(loaded) == str(bundle)


# What goes in


@pytest.mark.parametrize(
    "kind",
    [
        tuple,
        np.array,
        lambda rows: np.array(rows, dtype=object),
        pd.Series,
        lambda rows: pd.Series(rows, index=range(9, 6, -1)),
    ],
)
def test_texts_in_many_forms(bundle, kind):
    rows = ["joyful", "furious", "wow ÄÖ\r\n\u2028"]
    assert np.array_equal(bundle.predict_scores(kind(rows)), bundle.predict_scores(rows))


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.coo_matrix, np.float32, list])
def test_numbers_in_many_forms(numeric, kind, tmp_path):
    rows = kind(SPARSE.toarray()[SOME].tolist())
    bundle = Bundle(numeric, NAMES, thresholds=0.5, examples=rows)
    assert np.allclose(bundle.predict_scores(rows), numeric.predict_proba(SPARSE.toarray()[SOME]), atol=1e-6)
    bundle.save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle")
    assert type(loaded.examples) is type(bundle.examples)
    assert np.array_equal(loaded.predict_scores(rows), bundle.predict_scores(rows))


def test_images(tmp_path):
    layers = keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.GlobalAveragePooling2D()
    model = network(*layers, shape=(8, 8, 1))
    images = RNG.random((20, 8, 8, 1), dtype=np.float32)
    bundle = Bundle(model, NAMES, thresholds=0.5, examples=images, from_logits=True)
    bundle.save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle")
    assert np.array_equal(loaded.examples, images) and loaded.examples.dtype == np.float32
    assert np.allclose(loaded.predict_scores(images[:1]), bundle.predict_scores(images)[:1], atol=1e-6)
    with pytest.raises(
        ValueError, match=r"X has shape \(8, 8, 1\), but the examples of the bundle have \(20, 8, 8, 1\)"
    ):
        loaded.predict(images[0])


def test_texts_in_keras(tmp_path):
    vectorize = keras.layers.TextVectorization(max_tokens=20, output_mode="multi_hot")
    vectorize.adapt(TEXTS)
    model = network(vectorize, shape=(), dtype="string")
    bundle = Bundle(model, NAMES, thresholds=0.5, examples=TEXTS[SOME], from_logits=True)
    bundle.save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle")
    assert np.allclose(loaded.predict_scores(TEXTS[:1]), bundle.predict_scores(TEXTS)[:1], atol=1e-6)


@pytest.fixture(scope="module")
def of_table():
    columns = [("words", TfidfVectorizer(), "text"), ("loud", OneHotEncoder(), ["loud"])]
    model = make_pipeline(ColumnTransformer(columns, remainder="passthrough"), one_vs_rest()).fit(TABLE, Y)
    return Bundle(model, NAMES, thresholds=0.5, examples=TABLE[SOME])


def test_tables_keep_columns_and_types(of_table, tmp_path):
    of_table.save(tmp_path / "bundle")
    loaded = Bundle.load(tmp_path / "bundle")
    pd.testing.assert_frame_equal(loaded.examples, TABLE[SOME])
    assert np.array_equal(loaded.predict_scores(TABLE), of_table.model.predict_proba(TABLE))
    assert loaded.predict(TABLE[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    "table",
    [
        TABLE[["length", "text", "loud", "x"]],
        TABLE.drop(columns="x"),
        TABLE.assign(more=1),
        TABLE.assign(length=TABLE["length"].astype(str)),
        TABLE.assign(loud=TABLE["loud"].astype(int)),
    ],
)
def test_other_columns_are_refused(of_table, table):
    with pytest.raises(
        ValueError, match=r"X has the columns .* select them in that order, as in X\[\['text', 'length', "
    ):
        of_table.predict(table)


@pytest.mark.parametrize(
    ("column", "mistake"),
    [
        (pd.Categorical(TEXTS), "dtype category in the column 'text'"),
        (pd.date_range("2020-01-01", periods=200), "in the column 'text', expected text, numbers or truth values"),
        (pd.array([1] * 200, dtype="Int64"), "dtype Int64 in the column 'text'"),
        ([("a", "b")] * 200, "dtype object in the column 'text'"),
    ],
)
def test_columns_of_other_types_are_refused(of_table, column, mistake):
    for use in (of_table.predict, lambda table: Bundle(of_table.model, NAMES, thresholds=0.5, examples=table[SOME])):
        with pytest.raises(TypeError, match=mistake):
            use(TABLE.assign(text=column))


def test_names_of_columns_are_texts_and_differ(of_table):
    for names in (["text", "x", "x", "loud"], ["text", "length", "loud", 3]):
        with pytest.raises(ValueError, match="twice, or not as text"):
            of_table.predict(TABLE.set_axis(names, axis=1))


def test_examples_have_all_their_text(of_table):
    lacking = TABLE[SOME].assign(text=[None, *TEXTS[1:12]])
    with pytest.raises(ValueError, match="examples lacks text in the column 'text'"):
        Bundle(of_table.model, NAMES, thresholds=0.5, examples=lacking)


@pytest.mark.parametrize(
    ("rows", "error", "mistake"),
    [
        ("joyful", TypeError, r"X is a single text, whose letters would be taken for rows; pass a list: \['joyful'\]"),
        (b"joyful", TypeError, "X is a single text"),
        (["joyful", None], TypeError, "X holds None of type NoneType at row 1 among texts"),
        ([np.nan, "joyful"], TypeError, "X holds nan of type float at row 0"),
        ([b"joyful"], TypeError, "X holds b'joyful' of type bytes"),
        (pd.Series(["joyful", np.nan]), TypeError, "X holds nan of type float at row 1"),
        (np.array([["joyful", "angry"]]), TypeError, r"an array of dtype <U6 and shape \(1, 2\)"),
        (
            [["joyful", "angry"], ["wow"]],
            TypeError,
            r"X must be a list of texts, .*, got \[\['joyful', 'angry'\], \['wow'\]\]",
        ),
        ({"text": ["joyful"]}, TypeError, "of type dict"),
        (3, TypeError, "got 3 of type int"),
        (iter(TEXTS), TypeError, "of type list_iterator"),
        (np.ma.masked_array(X, X > 1), TypeError, "of type MaskedArray"),
        (np.array(3.0), ValueError, r"X has shape \(\), expected one row per sample"),
        (X[0], ValueError, r"X has shape \(8,\), expected one row per sample; a single row is x\[None\]"),
        (X, TypeError, "X is an array of numbers, but the examples of the bundle are texts"),
        (SPARSE, TypeError, "X is an array of numbers, but the examples of the bundle are texts"),
        (TABLE, TypeError, "X is a DataFrame, but the examples of the bundle are texts"),
        (X.astype(complex), TypeError, "an array of dtype complex128"),
        (np.array([X[0], X[1]], dtype=object), TypeError, "an array of dtype object"),
    ],
)
def test_other_rows_are_refused(bundle, rows, error, mistake):
    for use in (bundle.predict, bundle.predict_scores, bundle.predict_names):
        with pytest.raises(error, match=mistake):
            use(rows)


def test_batches_are_refused(net_bundle):
    class Batches(keras.utils.PyDataset):
        pass

    with pytest.raises(TypeError, match="X is of type Batches, which gives batches"):
        net_bundle.predict(Batches())


# The parts and each other


def make(model, **kwargs):
    return Bundle(model, **{"label_names": NAMES, "thresholds": 0.5, "examples": X[SOME]} | kwargs)


@pytest.mark.parametrize(
    ("parts", "error", "mistake"),
    [
        ({"label_names": ["joy", "anger"]}, ValueError, "label_names has 2 names for 3 labels"),
        ({"label_names": ["joy", "joy", "anger"]}, ValueError, "label_names holds 'joy' twice"),
        ({"label_names": "joy"}, TypeError, "label_names must be a sequence of names, got str"),
        ({"label_names": set(NAMES)}, TypeError, "label_names must be a sequence of names, got set"),
        ({"label_names": None}, TypeError, "label_names must be a sequence of names, got None"),
        ({"thresholds": None}, TypeError, "thresholds must be Thresholds, one number, or one per label, got None"),
        ({"thresholds": True}, TypeError, "thresholds must be Thresholds, one number, or one per label, got True"),
        ({"thresholds": "0.5"}, TypeError, "thresholds must be Thresholds, one number"),
        ({"thresholds": ["a", "b", "c"]}, TypeError, "thresholds must be an array of real numbers"),
        ({"thresholds": [0.5, 0.5]}, ValueError, "thresholds has 2 values, but the model gives scores for 3 labels"),
        ({"thresholds": [0.5, -1.2, 0.3]}, ValueError, "thresholds holds -1.2 at position 1, expected 0 to 1"),
        ({"thresholds": float("nan")}, ValueError, "thresholds holds nan at position 0"),
        ({"from_logits": 1}, TypeError, "from_logits must be True or False, got 1"),
        ({"at_least_one": None}, TypeError, "at_least_one must be True or False, got None"),
        ({"examples": X[:0]}, ValueError, "examples has 0 rows, expected 1 to 1,000"),
        ({"examples": []}, ValueError, "examples has 0 rows, expected 1 to 1,000"),
        ({"examples": np.zeros((1001, 8))}, ValueError, "examples has 1001 rows"),
        ({"examples": "joyful"}, TypeError, "examples is a single text"),
        ({"examples": X[0]}, ValueError, r"examples has shape \(8,\)"),
        (
            {"calibration": "platt"},
            TypeError,
            "calibration must be a Calibration, as fit_calibration returns it, got str",
        ),
        ({"preprocessing": "tf-idf"}, TypeError, "preprocessing must be a fitted scikit-learn transformer, got str"),
        ({"preprocessing": StandardScaler}, TypeError, "preprocessing must be a fitted"),
        ({"preprocessing": keras.layers.Rescaling(2)}, TypeError, r"Keras layers belong into the model"),
        (
            {"preprocessing": FunctionTransformer(lambda rows: rows[1:])},
            ValueError,
            "gives 11 rows of scores for 12 rows",
        ),
        ({"preprocessing": StandardScaler()}, NotFittedError, "StandardScaler instance is not fitted"),
    ],
)
def test_parts_that_do_not_fit_are_refused(numeric, parts, error, mistake):
    with pytest.raises(error, match=mistake):
        make(numeric, **parts)


@pytest.mark.parametrize("rows", [X[SOME, :5], np.where(X[SOME] > 1, np.nan, X[SOME]), TEXTS[SOME]])
def test_examples_that_the_model_refuses(numeric, rows):
    with pytest.raises(ValueError, match=r"(?s).*This came of the examples"):
        make(numeric, examples=rows)


@pytest.mark.parametrize(
    ("model", "error", "mistake"),
    [
        (LogisticRegression, TypeError, "model must be a Keras model or a fitted scikit-learn estimator, got type Log"),
        ("model.keras", TypeError, "got str"),
        (lambda rows: rows, TypeError, "got function"),
        (OneVsRestClassifier(LogisticRegression()), NotFittedError, "not fitted"),
        (OneVsRestClassifier(LinearSVC()).fit(X, Y), ValueError, "has no predict_proba; pass from_logits=True"),
        (LogisticRegression().fit(X, Y[:, 0]), ValueError, "fitted on one label per sample"),
        (keras.Sequential([keras.layers.Dense(3)]), ValueError, "model is not built"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_model_is_refused(model, error, mistake):
    with pytest.raises(error, match=mistake):
        make(model)


def test_several_outputs_of_keras_are_refused():
    rows = keras.Input((8,))
    model = keras.Model(rows, [keras.layers.Dense(1)(rows) for _ in range(3)])
    with pytest.raises(ValueError, match="model must have one output of shape"):
        make(model, from_logits=True)


def test_logits_are_not_taken_for_probabilities(net, net_bundle):
    with pytest.raises(
        ValueError, match=r"outside \[0, 1\]; if its scores are logits, pass from_logits=True, with calib"
    ):
        make(net)
    with pytest.raises(ValueError, match="calibration was fitted on logits, but from_logits=False"):
        make(net, calibration=net_bundle.calibration)


def test_scores_that_are_not_finite_are_refused():
    model = network()
    model.get_layer("head").set_weights([np.ones((8, 3)), np.array([0, np.nan, 0])])
    with pytest.raises(
        ValueError, match="the output of the model holds nan at row 0, column 1, expected finite numbers"
    ):
        make(model, from_logits=True)


def test_names_in_another_order_are_refused(pipeline, thresholds, net, numeric):
    turned = (NAMES[1], NAMES[0], NAMES[2])
    with pytest.raises(ValueError, match="column 0 is 'anger' in label_names, but 'joy' in thresholds; put the"):
        Bundle(pipeline, turned, thresholds=thresholds, examples=TEXTS[SOME])
    with pytest.raises(ValueError, match="but 'joy' in thresholds"):
        make(numeric, label_names=turned, thresholds=pd.Series([0.1, 0.2, 0.3], index=NAMES))
    calibration = fit_calibration(Y, logits(net), from_logits=True, label_names=turned)
    with pytest.raises(ValueError, match="column 0 is 'joy' in label_names, but 'anger' in calibration"):
        make(net, calibration=calibration, from_logits=True)
    model = ThresholdedClassifier(one_vs_rest()).fit(X, pd.DataFrame(Y, columns=turned))
    with pytest.raises(ValueError, match="column 0 is 'joy' in label_names, but 'anger' in model"):
        make(model, thresholds=model.thresholds_.values)


def test_thresholds_of_a_series_with_these_names_are_taken(numeric):
    made = make(numeric, thresholds=pd.Series([0.1, 0.2, 0.3], index=NAMES))
    assert made.thresholds.tolist() == [0.1, 0.2, 0.3]


def test_a_classifier_with_other_thresholds_is_refused(net_bundle):
    model = ThresholdedClassifier(one_vs_rest()).fit(X, Y)
    own = model.thresholds_
    with pytest.raises(ValueError, match=r"pass thresholds=model.thresholds_, at_least_one=False and no calibration"):
        make(model, thresholds=0.5)
    with pytest.raises(ValueError, match="would predict otherwise than the bundle"):
        make(model, thresholds=own, at_least_one=True)
    with pytest.raises(ValueError, match="would predict otherwise than the bundle"):
        make(model, thresholds=own, calibration=fit_calibration(Y, model.predict_proba(X)))
    for kwargs, on in (({"response_method": "decision_function"}, "decision values"), ({}, "probabilities")):
        model = ThresholdedClassifier(one_vs_rest(), **kwargs).fit(X, Y)
        with pytest.raises(
            ValueError, match=f"model has chosen its thresholds on {on}; pass from_logits={bool(kwargs)}"
        ):
            make(model, thresholds=model.thresholds_, from_logits=not kwargs)
    assert make(model.estimator_).predict(X).shape == Y.shape


@pytest.mark.parametrize("given", ["Thresholds", "array"])
def test_thresholds_on_decision_values_go_through_the_sigmoid(given, tmp_path):
    model = ThresholdedClassifier(OneVsRestClassifier(LinearSVC()), cv=3).fit(X, pd.DataFrame(Y, columns=NAMES))
    own = model.thresholds_
    made = make(model, thresholds=own if given == "Thresholds" else own.values, from_logits=True)
    made.save(tmp_path / "svm")
    for bundle in (made, Bundle.load(tmp_path / "svm")):
        np.testing.assert_array_equal(bundle.predict(X), model.predict(X))
        np.testing.assert_array_equal(np.asarray(bundle.thresholds), expit(own.values))
        np.testing.assert_array_equal(bundle.predict_scores(X), expit(model.decision_function(X)))
    with pytest.raises(ValueError, match="from_logits=True"):
        make(model, thresholds=own)
    with pytest.raises(ValueError, match="would predict otherwise"):
        make(model, thresholds=own.values + 0.01, from_logits=True)
    with pytest.raises(ValueError, match=r"choose them on what predict_scores returns: .*expit\(scores\)"):
        make(model.estimator_, thresholds=own.values - 9, from_logits=True)


def test_labels_of_a_calibration_are_counted(net):
    calibration = fit_calibration(Y[:, :2], logits(net)[:, :2], from_logits=True)
    with pytest.raises(ValueError, match="but the calibration is of 2 labels"):
        make(net, calibration=calibration, from_logits=True)


def test_nothing_can_be_exchanged_afterwards(bundle):
    with pytest.raises(AttributeError):
        bundle.thresholds = 0.9


def test_a_model_that_got_other_labels_is_told(tmp_path):
    model = one_vs_rest().fit(X, Y)
    bundle = make(model)
    model.fit(X, Y[:, :2])
    with pytest.raises(
        ValueError, match=r"scores of shape \(12, 2\) for 3 labels; it was changed after the bundle was"
    ):
        bundle.predict(X[SOME])


def test_examples_are_copied(numeric, tmp_path):
    rows = X[SOME].copy()
    bundle = make(numeric, examples=rows)
    rows[:] = 0
    bundle.save(tmp_path / "bundle")
    assert np.array_equal(Bundle.load(tmp_path / "bundle").examples, X[SOME])


# The folder


def test_files_are_the_same_when_saved_twice(bundle, folders, tmp_path):
    bundle.save(tmp_path / "again")
    first, again = folders / "texts", tmp_path / "again"
    names = sorted(path.name for path in first.iterdir())
    assert names == ["SHA256SUMS", "bundle.json", "examples.json", "expected.npz", "model.skops", "thresholds.json"]
    assert names == sorted(path.name for path in again.iterdir())
    for name in set(names) - {"model.skops", "SHA256SUMS"}:
        assert (first / name).read_bytes() == (again / name).read_bytes()
    text = (first / "bundle.json").read_text()
    assert text.startswith(
        '{\n "format": "mlhelpers bundle 1",\n "model": "scikit-learn",\n "label_names": [\n  "joy",'
    )
    assert str(tmp_path) not in text and str(folders) not in text


def test_the_sums_are_those_of_sha256sum(folders):
    lines = (folders / "net" / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == sorted(p.name for p in (folders / "net").iterdir())[1:]
    for line in lines:
        assert hashlib.sha256((folders / "net" / line[66:]).read_bytes()).hexdigest() == line[:64]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folders / "net", check=True)


def test_versions(folders, bundle, net_bundle):
    loaded = Bundle.load(folders / "net")
    assert loaded.versions == net_bundle.versions
    assert loaded.versions["keras"] == keras.__version__
    assert loaded.versions["backend"].startswith(keras.backend.backend())
    assert "skops" not in loaded.versions and "keras" not in bundle.versions
    assert bundle.versions["skops"] == importlib.metadata.version("skops")
    assert bundle.versions["python"] == ".".join(map(str, sys.version_info[:3]))


def test_a_loaded_bundle_can_be_saved(folders, tmp_path):
    Bundle.load(folders / "net").save(tmp_path / "again")
    again = Bundle.load(tmp_path / "again")
    assert np.array_equal(again.predict_scores(X), Bundle.load(folders / "net").predict_scores(X))
    assert isinstance(Bundle.load(folders / "texts").thresholds, Thresholds)


def in_folder(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_bundle_is_replaced_only_when_asked(bundle, net_bundle, texts_folder):
    before = in_folder(texts_folder)
    with pytest.raises(FileExistsError, match="is a bundle already; pass overwrite=True"):
        net_bundle.save(texts_folder)
    assert in_folder(texts_folder) == before
    net_bundle.save(texts_folder, overwrite=True)
    assert Bundle.load(texts_folder).versions["keras"]
    assert [path.name for path in texts_folder.parent.iterdir()] == ["texts"]


@pytest.mark.parametrize("overwrite", [True, False])
def test_other_folders_are_never_touched(bundle, tmp_path, texts_folder, overwrite):
    other, file = tmp_path / "other", tmp_path / "file"
    other.mkdir()
    (other / "thesis.docx").write_text("years of work")
    file.write_text("a file")
    (texts_folder / "README").write_text("beside the bundle")
    for target in (other, file, texts_folder):
        with pytest.raises(FileExistsError, match="is there and is no bundle"):
            bundle.save(target, overwrite=overwrite)
    assert in_folder(other) == {"thesis.docx": b"years of work"} and file.read_text() == "a file"
    assert (texts_folder / "README").exists() and Bundle.load(texts_folder)


def test_an_empty_folder_is_filled_and_a_missing_parent_is_told(bundle, tmp_path):
    (tmp_path / "empty").mkdir()
    bundle.save(str(tmp_path / "empty"))
    assert Bundle.load(str(tmp_path / "empty")).label_names == NAMES
    with pytest.raises(FileNotFoundError, match=r"can't be made: there is no .*missing'; make it first"):
        bundle.save(tmp_path / "missing" / "bundle")


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_others_may_read_the_folder(folders, tmp_path):
    (tmp_path / "plain").mkdir()
    assert (folders / "net").stat().st_mode == (tmp_path / "plain").stat().st_mode


def shout(texts):
    return [text.upper() for text in texts]


@keras.saving.register_keras_serializable("tests")
class Doubled(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


class Unregistered(keras.layers.Layer):
    def call(self, inputs):
        return inputs


def not_storable():
    lambdas = make_pipeline(FunctionTransformer(lambda texts: texts), TfidfVectorizer(), one_vs_rest()).fit(TEXTS, Y)
    yield "lambda", lambdas, TEXTS, r"model.skops can't be loaded \(.*no lambdas"
    tfidf = TfidfVectorizer(tokenizer=lambda text: text.split(), token_pattern=None)
    yield "tokenizer", make_pipeline(tfidf, one_vs_rest()).fit(TEXTS, Y), TEXTS, r"model.skops can't be loaded"
    yield (
        "Lambda",
        network(keras.layers.Lambda(lambda x: x + 1)),
        X,
        r"model.keras can't be loaded by Keras 3\.\S+ in its safe",
    )
    yield "Unregistered", network(Unregistered()), X, r"a layer of your own needs @keras.saving.register_keras_serial"


@pytest.mark.parametrize("case", list(not_storable()), ids=lambda case: case[0])
def test_what_can_not_be_stored_leaves_nothing_behind(case, texts_folder):
    _, model, rows, mistake = case
    bundle = Bundle(model, NAMES, thresholds=0.5, examples=rows[SOME], from_logits=isinstance(model, keras.Model))
    before = in_folder(texts_folder)
    for target, overwrite in ((texts_folder, True), (texts_folder.parent / "new", False)):
        with pytest.raises(ValueError, match=mistake):
            bundle.save(target, overwrite=overwrite)
    assert [path.name for path in texts_folder.parent.iterdir()] == ["texts"]
    assert in_folder(texts_folder) == before


@pytest.mark.parametrize("step", ["dump", "savez", "last"])
def test_an_error_in_the_middle_leaves_the_old_bundle(bundle, texts_folder, monkeypatch, step):
    import skops.io

    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    def rename(path, target):
        return fail() if path.suffix == ".part" else os.replace(path, target)  # noqa: PTH105

    before = in_folder(texts_folder)
    where = {"dump": (skops.io, "dump", fail), "savez": (np, "savez", fail), "last": (Path, "rename", rename)}
    monkeypatch.setattr(*where[step])
    with pytest.raises(OSError, match="No space left"):
        bundle.save(texts_folder, overwrite=True)
    monkeypatch.undo()
    assert [path.name for path in texts_folder.parent.iterdir()] == ["texts"]
    assert in_folder(texts_folder) == before


def test_a_model_that_was_trained_on_is_not_saved(tmp_path):
    model = network()
    bundle = make(model, from_logits=True)
    model.get_layer("head").set_weights([np.ones((8, 3)), np.ones(3)])
    with pytest.raises(ValueError, match="the examples don't give what they gave where the bundle was made: in row 0"):
        bundle.save(tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_function_of_a_module_is_trusted_by_name(tmp_path):
    model = make_pipeline(FunctionTransformer(shout), TfidfVectorizer(), one_vs_rest()).fit(TEXTS, Y)
    Bundle(model, NAMES, thresholds=0.5, examples=TEXTS[SOME]).save(tmp_path / "bundle")
    (name,) = Bundle.types(tmp_path / "bundle")
    assert name.endswith("test_bundle.shout")
    refused(tmp_path / "bundle", rf"holds types that skops doesn't trust: \['{name}'\]; .* pass trusted=\['{name}'\]")
    loaded = Bundle.load(tmp_path / "bundle", trusted=(each for each in [name]))
    assert np.array_equal(loaded.predict_scores(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize("trusted", ["a.b", b"a.b", True, None, [1]])
def test_trusted_is_a_list_of_names(folders, trusted):
    with pytest.raises(TypeError, match=r"trusted must be a list of names of types, as Bundle.types returns it"):
        Bundle.load(folders / "texts", trusted=trusted)


def test_a_layer_of_ones_own_must_be_registered_where_it_is_loaded(tmp_path, monkeypatch):
    make(network(Doubled()), from_logits=True).save(tmp_path / "bundle")
    assert Bundle.types(tmp_path / "bundle") == []
    assert isinstance(Bundle.load(tmp_path / "bundle").model.layers[0], Doubled)
    monkeypatch.setattr(keras.src.saving.object_registration, "GLOBAL_CUSTOM_OBJECTS", {})
    monkeypatch.setattr(sys.modules[__name__], "Doubled", None)
    refused(tmp_path / "bundle", "model.keras can't be loaded by Keras .* in its safe mode")


# Folders that are wrong


@pytest.mark.parametrize("name", ["texts", "net"])
def test_a_missing_file_is_told(folders, tmp_path, name):
    for file in sorted((folders / name).iterdir()):
        copy = Path(shutil.copytree(folders / name, tmp_path / file.name))
        (copy / file.name).unlink()
        for read in (Bundle.load, Bundle.types):
            with pytest.raises(ValueError, match=f"^{re.escape(file.name)} is missing in the bundle .* copy the whole"):
                read(copy)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_is_told(folders, data):
    folder = folders / data.draw(st.sampled_from(["texts", "net"]))
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    before = path.read_bytes()
    at, bit = data.draw(st.integers(0, len(before) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(before)
    changed[at] ^= 1 << bit
    try:
        path.write_bytes(changed)
        told = "is not the file that was saved|SHA256SUMS in the bundle|is missing in the bundle"
        refused(folder, told)
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", ["bundle.json", "examples.json", "thresholds.json", "expected.npz"])
def test_a_truncated_file_is_told(texts_folder, name):
    path = texts_folder / name
    path.write_bytes(path.read_bytes()[:-20])
    refused(texts_folder, f"^{name} in the bundle .* is not the file that was saved: its SHA-256 is another one")
    sums(texts_folder)
    refused(texts_folder, f"{name}.*does not hold")


@pytest.mark.parametrize("name", ["model.keras", "model.skops"])
def test_a_truncated_model_is_told(folders, tmp_path, name):
    folder = shutil.copytree(folders / ("net" if name == "model.keras" else "texts"), tmp_path / "bundle")
    path = folder / name
    path.write_bytes(path.read_bytes()[:-2000])
    sums(folder)
    refused(folder, f"{name} can't be loaded by Keras|{name} is no file of skops")


def test_a_folder_that_is_no_bundle_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"does not exist; give a folder that Bundle.save wrote"):
        Bundle.load(tmp_path / "missing")
    (tmp_path / "model.keras").write_text("")
    refused(tmp_path, "is no bundle; give a folder that Bundle.save wrote")


@pytest.mark.parametrize("line", ["../secret", "/etc/passwd", "a/b", "..", "~", "C:\\x", ".hidden", "", "bundle.json"])
def test_files_of_other_folders_can_not_be_named(texts_folder, line):
    (texts_folder.parent / "secret").write_text("")
    digest = hashlib.sha256(b"").hexdigest()
    with (texts_folder / "SHA256SUMS").open("a") as file:
        file.write(f"{digest}  {line}\n")
    refused(texts_folder, "SHA256SUMS in the bundle .* does not hold one line for each file of this folder")


def test_files_that_are_no_part_of_a_bundle(texts_folder):
    (texts_folder / "notes.txt").write_text("not listed, so never opened")
    assert Bundle.load(texts_folder)
    sums(texts_folder)
    refused(texts_folder, "has the files .*notes.txt.* expected")


@pytest.mark.parametrize("gone", ["expected.npz", "model.skops", "examples.json", "thresholds.json"])
def test_a_part_that_is_taken_out_is_told(texts_folder, gone):
    (texts_folder / gone).unlink()
    sums(texts_folder)
    refused(texts_folder, "has the files|thresholds must be Thresholds, one number")


def test_a_calibration_that_is_taken_out_is_told(net_folder):
    (net_folder / "calibration.json").unlink()
    sums(net_folder)
    refused(net_folder, "in row 0, label 'joy', the calibration had 0.[0-9]* and has 0.[0-9]* here")


def test_another_format_is_told(texts_folder):
    change(texts_folder, format="mlhelpers bundle 2")
    refused(texts_folder, "is of the format 'mlhelpers bundle 2', and this version of mlhelpers reads '.* 1'")
    change(texts_folder, format="another program")
    refused(texts_folder, "bundle.json does not hold what a bundle needs")


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "torch"},
        {"model": ["keras"]},
        {"label_names": None},
        {"label_names": "joy"},
        {"from_logits": 0},
        {"versions": []},
        {"at_least_one": None},
    ],
)
def test_a_main_file_that_lacks_something_is_told(texts_folder, wrong):
    change(texts_folder, **wrong)
    refused(texts_folder, "bundle.json (lacks one of|does not hold)")


@pytest.mark.parametrize("name", ["texts", "net"])
def test_another_order_of_labels_is_told(folders, tmp_path, name):
    folder = shutil.copytree(folders / name, tmp_path / "bundle")
    text = (folder / "bundle.json").read_text()
    (folder / "bundle.json").write_text(
        text.replace('"joy"', '"_"').replace('"anger"', '"joy"').replace('"_"', '"anger"')
    )
    refused(folder, "^bundle.json in the bundle .* is not the file that was saved")
    sums(folder)  # in the second bundle nothing but the expected scores has names
    side = {"texts": "thresholds", "net": "expected"}[name]
    refused(folder, f"column 0 is 'anger' in label_names, but 'joy' in {side}; put the names into the order of the mod")


def test_a_name_that_was_changed_is_told_by_its_column(texts_folder, net_folder):
    for folder in (texts_folder, net_folder):
        change(folder, label_names=["joy", "anger", "Surprise"])
        refused(folder, "column 2 is 'Surprise' in label_names, but 'surprise' in .*; give one label one name")
        with pytest.raises(ValueError, match="column 2") as caught:
            Bundle.load(folder)
        assert "to_numpy" not in str(caught.value)  # nobody passed arrays


def test_another_number_of_labels_is_told(net_folder):
    change(net_folder, label_names=["joy", "anger"])
    refused(net_folder, "don't fit together .*label_names has 2 names for 3 labels")


def test_other_thresholds_are_told(net_folder, texts_folder):
    change(net_folder, thresholds=[0.3, 0.99, 0.5])
    refused(net_folder, "thresholds are not those .*: 'anger' had 0.4 and has 0.99 here, and so 1 of 3 differ; don't u")
    change(net_folder, thresholds=[0.3, float(np.nextafter(0.4, 1)), 0.5])  # no example shows it
    refused(net_folder, "thresholds are not those .*: 'anger' had 0.4 and has 0.4 here")
    labels = json.loads((texts_folder / "thresholds.json").read_text())["labels"]
    change(texts_folder, "thresholds.json", labels=[label | {"threshold": 0.01} for label in labels])
    refused(texts_folder, "'joy' had .* and has 0.01 here, and so 3 of 3 differ")


def test_versions_are_advised_only_where_they_differ(texts_folder, net_folder):
    for folder in (texts_folder, net_folder):
        change(folder, from_logits=folder is texts_folder, label_names=["joy", "anger", "Surprise"])
        refused(folder, "the versions are those it was made with, so a part was changed or replaced; copy the whole")
    change(texts_folder, from_logits=False, label_names=list(NAMES), **{"at_least_one": True})
    refused(texts_folder, "the decision had 0 .*the versions are those it was made with")
    here = json.loads((texts_folder / "bundle.json").read_text())["versions"]
    change(texts_folder, versions=here | {"numpy": "1.2.3"})
    refused(texts_folder, rf"install the versions it was made with \(numpy 1.2.3, here {np.__version__}\), or save")


def test_another_calibration_is_told(net_folder):
    labels = json.loads((net_folder / "calibration.json").read_text())["labels"]
    change(net_folder, "calibration.json", labels=[label | {"slope": label["slope"] * 1.1} for label in labels])
    refused(net_folder, "the calibration had .* and has .* here")


@pytest.mark.parametrize("name", ["texts", "net"])
def test_other_versions_are_told_and_the_replay_decides(folders, tmp_path, name):
    folder, library = shutil.copytree(folders / name, tmp_path / name), {"texts": "scikit-learn", "net": "keras"}[name]
    here = importlib.metadata.version(library)
    versions = json.loads((folder / "bundle.json").read_text())["versions"]
    change(folder, versions=versions | {library: "1.0.2", "python": "3.99.0", "backend": "torch 9"})
    refused(folder, rf'made with {library} 1.0.2, but {here} is .* "{library}==1.0.2", or pass other_versions=True')
    loaded = Bundle.load(folder, other_versions=True)
    assert loaded.versions[library] == "1.0.2"
    change(folder, versions={"python": "3.11.0"})
    refused(folder, f"bundle.json names no version of {library}")


def test_an_estimator_of_another_version_is_loaded_without_a_warning(texts_folder):
    import zipfile

    path = texts_folder / "model.skops"
    with zipfile.ZipFile(path) as archive:
        contents = {info: archive.read(info) for info in archive.infolist()}
    here = importlib.metadata.version("scikit-learn").encode()
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in contents.items():
            archive.writestr(info, content.replace(b'"' + here + b'"', b'"1.0.2"').replace(b'\\"' + here, b'\\"1.0.2'))
    sums(texts_folder)
    assert Bundle.load(texts_folder, other_versions=True).label_names == NAMES  # warnings are errors here


def test_a_changed_weight_is_told(net_folder, net):
    model = keras.saving.load_model(net_folder / "model.keras")
    kernel, bias = model.get_layer("head").get_weights()
    model.get_layer("head").set_weights([kernel, np.add(bias, [0, 0.01, 0])])
    model.save(net_folder / "model.keras")
    sums(net_folder)
    refused(net_folder, r"in row 0, label 'anger', the model had \S+ and has \S+ here, and so in 12 of 36 cells; don't")
    model.get_layer("head").set_weights([kernel, bias + 1e-5])  # what another processor may give
    model.save(net_folder / "model.keras")
    sums(net_folder)
    assert Bundle.load(net_folder)


def test_another_estimator_is_told(texts_folder):
    other = make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression(C=0.999))).fit(TEXTS, Y)
    import skops.io

    skops.io.dump(other, texts_folder / "model.skops")
    sums(texts_folder)
    refused(texts_folder, "the model had .* and has .* here")


@pytest.mark.parametrize(("keep", "mistake"), [(11, "of shape"), (13, "of shape"), (0, "examples has 0 rows")])
def test_more_or_fewer_examples_are_told(texts_folder, keep, mistake):
    change(texts_folder, "examples.json", texts=TEXTS[:keep])
    refused(texts_folder, mistake)


@pytest.mark.parametrize("texts", ["joyful", [1, 2], TEXTS[1:13]])
def test_other_examples_are_told(texts_folder, texts):
    change(texts_folder, "examples.json", texts=texts)
    refused(texts_folder, "a single text|don't fit together|in row 0, label")


def test_expected_scores_of_another_shape_are_told(net_folder):
    with np.load(net_folder / "expected.npz") as arrays:
        expected = dict(arrays)
    for name in ("outputs", "scores", "predicted"):
        np.savez(net_folder / "expected.npz", **expected | {name: expected[name][:5]})
        sums(net_folder)
        refused(net_folder, "expected.npz holds .* of shape")
    np.savez(net_folder / "expected.npz", **expected | {"thresholds": expected["thresholds"][:2]})
    sums(net_folder)
    refused(net_folder, "expected.npz holds .* and 2 thresholds, but")
    np.savez(net_folder / "expected.npz", **expected | {"scores": expected["scores"] * np.nan})
    sums(net_folder)
    refused(net_folder, "the calibration had nan")
    np.savez(net_folder / "expected.npz", outputs=expected["outputs"])
    sums(net_folder)
    refused(net_folder, "expected.npz does not hold what a bundle needs")


def test_pickled_arrays_are_never_loaded(net_folder):
    np.save(net_folder / "examples.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    sums(net_folder)
    refused(net_folder, "examples.npy does not hold what a bundle needs .*allow_pickle=False")


# Another process, and what it lacks


def run(code):
    environ = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_another_process_computes_the_same_without_keras(folders, bundle):
    code = f"""
import sys
from mlhelpers.bundle import Bundle
assert not {{"keras", "tensorflow", "skops"}} & set(sys.modules)
sys.modules["keras"] = None  # as if it were not there
print(Bundle.load({str(folders / "texts")!r}).predict_scores({TEXTS[:5]!r}).tolist())
"""
    assert np.allclose(json.loads(run(code)), bundle.predict_scores(TEXTS[:5]), atol=1e-12)


def test_another_process_loads_keras_without_skops(folders, net_bundle):
    code = f"""
import sys
sys.modules["skops"] = sys.modules["skops.io"] = None
from mlhelpers.bundle import Bundle
print(Bundle.load({str(folders / "net")!r}).predict_scores({X[:5].tolist()!r}).tolist())
"""
    assert np.allclose(json.loads(run(code)), net_bundle.predict_scores(X[:5]), atol=1e-6)


def test_without_skops_it_says_what_to_install(bundle, folders, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    told = r'skops, which a bundle .* is not installed; run: pip install skops, .*pip install "\.\[bundle\]"'
    for use in (lambda: bundle.save(tmp_path / "bundle"), lambda: Bundle.load(folders / "texts")):
        with pytest.raises(ImportError, match=told):
            use()
    assert list(tmp_path.iterdir()) == []


def test_without_keras_it_says_what_to_install(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    told = r'keras, which a bundle of this model needs, is not installed; run: pip install keras, .* "\.\[keras\]"'
    with pytest.raises(ImportError, match=told):
        Bundle.load(folders / "net")


def test_without_pandas_a_table_says_so(of_table, tmp_path, monkeypatch):
    of_table.save(tmp_path / "bundle")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="examples of the bundle are a DataFrame, and pandas is not installed"):
        Bundle.load(tmp_path / "bundle")
