"""The two kinds of models: their scores, the types that they are made of, and their files."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mlhelpers._scores import check_scores
from mlhelpers.bundle._rows import Rows
from mlhelpers.labels import scores_matrix

Kind: TypeAlias = Literal["keras", "scikit-learn"]

FILE_OF: dict[Kind, str] = {"keras": "model.keras", "scikit-learn": "model.skops"}
PREPROCESSING = "preprocessing.skops"
_EXTRA_OF = {"keras": "keras", "skops": "bundle"}
_BATCH = 256  # rows at a time in Keras, so that memory doesn't grow with their number
_OWN_TYPES = (  # which do nothing when they are loaded, and which skops doesn't know
    "mlhelpers.binary_relevance.BinaryRelevance",
    "mlhelpers.binary_relevance._Constant",
    "mlhelpers.metrics.LabelCounts",
    "mlhelpers.splits.MultilabelGroupKFold",
    "mlhelpers.splits.MultilabelKFold",
    "mlhelpers.thresholds.ThresholdedClassifier",
    "mlhelpers.thresholds.Thresholds",
)


def kind_of(model: Any) -> Kind:
    """Return which library a model is of, without importing Keras: whoever has a model of it has done so."""
    keras: Any = sys.modules.get("keras")
    if hasattr(keras, "Model") and isinstance(model, keras.Model):
        if not model.built:
            raise ValueError("model is not built; give it an Input layer, or call it once")
        return "keras"
    if isinstance(model, type) or not hasattr(model, "get_params"):
        raise TypeError(
            f"model must be a Keras model or a fitted scikit-learn estimator, got {type(model).__name__}"
            f"{' ' + model.__name__ if isinstance(model, type) else ''}"
        )
    return "scikit-learn"


def check_preprocessing(preprocessing: Any) -> None:
    if preprocessing is not None and (isinstance(preprocessing, type) or not hasattr(preprocessing, "transform")):
        raise TypeError(
            f"preprocessing must be a fitted scikit-learn transformer, got {type(preprocessing).__name__}; "
            "Keras layers belong into the model, as in keras.Sequential([layer, model])"
        )


def outputs_of(model: Any, kind: Kind, preprocessing: Any, rows: Rows, from_logits: bool) -> NDArray[np.float64]:
    """Return what a model gives for rows, of shape (n_samples, n_labels): probabilities or logits."""
    values = rows.values if preprocessing is None else preprocessing.transform(rows.values)
    if kind == "keras":
        outputs: Any = _keras_outputs(model, values)
    else:
        if not (from_logits or hasattr(model, "predict_proba")) and hasattr(model, "decision_function"):
            raise ValueError(
                f"model, {type(model).__name__}, has no predict_proba; pass from_logits=True, so that a sigmoid makes "
                "scores between 0 and 1 of its decision_function, and thresholds chosen on these: "
                "scipy.special.expit(scores)"
            )
        outputs = scores_matrix(model, values, method="decision_function" if from_logits else "predict_proba")
    checked = check_scores(outputs, "the output of the model", whole=True)
    if len(checked) != len(rows):
        raise ValueError(f"model gives {len(checked)} rows of scores for {len(rows)} rows of input")
    return checked


def _keras_outputs(model: Any, values: Any) -> NDArray[Any]:
    """Call the model itself: `predict` makes a graph for each model and each shape, and warns of the many."""
    keras = import_module("keras")
    parts = []
    n_rows = values.shape[0] if hasattr(values, "shape") else len(values)
    for start in range(0, n_rows, _BATCH):
        part = values[start : start + _BATCH]
        if hasattr(part, "toarray"):
            part = part.toarray()
        elif isinstance(part, list):
            part = np.array(part, dtype=object)  # Keras takes text in no other type
        output = model(np.asarray(part), training=False)
        if isinstance(output, (list, tuple, dict)) or len(output.shape) != 2:
            raise ValueError(
                "model must have one output of shape (n_samples, n_labels); of one output per label make one by "
                "keras.layers.Concatenate()"
            )
        parts.append(keras.ops.convert_to_numpy(output))
    return np.concatenate(parts)


def versions_of(kind: Kind, with_skops: bool) -> dict[str, str]:
    """Return the versions of what a bundle was made with."""
    names = ["mlhelpers", "numpy", "scipy", "scikit-learn", *["skops"] * with_skops, *["keras"] * (kind == "keras")]
    found = {"python": ".".join(map(str, sys.version_info[:3]))} | {name: _version_here(name) for name in names}
    if kind == "keras":
        backend = sys.modules["keras"].backend.backend()
        found["backend"] = f"{backend} {getattr(sys.modules.get(backend), '__version__', '')}".strip()
    return found


def check_versions(stored: dict[str, str], kind: Kind, with_skops: bool) -> None:
    """Refuse another version of the library that reads the model's file."""
    for name in ["keras"] * (kind == "keras") + ["scikit-learn"] * with_skops:
        here, there = _version_here(name), stored.get(name)
        if there is None:
            raise ValueError(f"bundle.json names no version of {name}; save the bundle anew")
        if there != here:
            raise ValueError(
                f"the bundle was made with {name} {there}, but {here} is installed here; install "
                f'"{name}=={there}", or pass other_versions=True, and its examples decide whether the scores '
                "are the same"
            )


def _version_here(name: str) -> str:
    try:
        return str(import_module({"scikit-learn": "sklearn"}.get(name, name)).__version__)
    except ImportError:
        way_out = f'run: pip install {name}, or in a clone of the book: pip install ".[{_EXTRA_OF[name]}]"'
        raise ImportError(f"{name}, which a bundle of this model needs, is not installed; {way_out}") from None


def write_keras(model: Any, path: Path) -> None:
    model.save(path, include_optimizer=False)


def read_keras(path: Path) -> Any:
    """Load a Keras model in Keras's safe mode, which refuses code in the file; it is no shield against strangers."""
    keras = import_module("keras")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # of Keras, of HDF5, of a layer's own constructor
        raise ValueError(
            f"{path.name} can't be loaded by Keras {keras.__version__} in its safe mode ({_first_line(error)}); "
            "a layer of your own needs @keras.saving.register_keras_serializable() and its module imported before; a "
            "Lambda layer, which would execute code from the file, needs a layer of your own in its place; and another "
            "version of Keras may have made it"
        ) from error


def write_skops(estimator: Any, path: Path) -> None:
    _skops().dump(estimator, path)


def untrusted_types(path: Path) -> list[str]:
    """Return the types in a file that neither skops nor mlhelpers vouches for."""
    try:
        types = _skops().get_untrusted_types(file=path)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ValueError(f"{path.name} is no file of skops ({_first_line(error)}); save the bundle anew") from error
    return sorted(set(types) - set(_OWN_TYPES))


def read_skops(path: Path, trusted: Iterable[str]) -> Any:
    """Load an estimator if its types are trusted."""
    unknown = sorted(set(untrusted_types(path)) - set(trusted))
    if unknown:
        raise ValueError(
            f"{path.name} holds types that skops doesn't trust: {unknown}; if they are what you expect of this bundle "
            f"and you trust where it comes from, pass trusted={unknown}"
        )
    try:
        with warnings.catch_warnings():
            # Another version was asked for, and the replay of the examples decides.
            warnings.filterwarnings("ignore", "Trying to unpickle estimator", UserWarning)
            return _skops().load(path, trusted=[*_OWN_TYPES, *trusted])
    except Exception as error:  # whatever constructors and attributes of other versions raise
        raise ValueError(
            f"{path.name} can't be loaded ({_first_line(error)}); functions and classes of your own must be in a "
            "module that can be imported here, and no lambdas; and another version of scikit-learn may have made it"
        ) from error


def _skops() -> Any:
    _version_here("skops")
    return import_module("skops.io")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"
