"""The bundle itself: what belongs together, checked against each other when it is made and when it is loaded."""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mlhelpers._names import check_same_labels, different_names, label_names_of
from mlhelpers._scores import ROUNDING
from mlhelpers._validation import real_array
from mlhelpers.bundle import _folder, _models, _rows, _saved
from mlhelpers.bundle._saved import Expected
from mlhelpers.calibration import Calibration
from mlhelpers.labels import decides
from mlhelpers.metrics import LabelCounts
from mlhelpers.tables import ShownAsTable, Table
from mlhelpers.thresholds import Thresholds

_MOST_EXAMPLES = 1000
_TOLERANCE = {"keras": 2e-3, "scikit-learn": 1e-6}  # single precision, and the TF32 of some GPUs; double precision


@dataclass(frozen=True, eq=False, repr=False)
class Bundle(ShownAsTable):
    """A model with all that its predictions need, which is saved and loaded as one folder.

    What is trained here and predicts there must arrive together: the model, what prepares its input, the names of
    its labels in order, their thresholds, the calibration, the versions of the libraries, and a few rows with the
    scores that they got. The parts are checked against each other when the bundle is made; when it is
    loaded, they are checked again, and the rows are computed again and must get the same scores.

    Parameters
    ----------
    model : keras.Model or scikit-learn estimator
        Built, with one output of shape (n_samples, n_labels); or fitted on a label matrix, alone or at the end of a
        pipeline, in any of the shapes that `mlhelpers.labels.scores_matrix` reads. Of a `ThresholdedClassifier`
        pass its ``thresholds_``, too.
    label_names : sequence of str, length n_labels
        In the order of the model's columns, all different; ``classes_`` of a ``MultiLabelBinarizer``, for example.
    thresholds : Thresholds, float or array-like of float, shape (n_labels,)
        For the scores that `predict_scores` returns, so between 0 and 1. There is no default. Those that a
        `ThresholdedClassifier` chose on decision values go through the same sigmoid as these.
    examples : list of str, array-like, sparse matrix or DataFrame of 1 to 1,000 rows
        Input as `predict` will get it: texts, or one row of numbers per sample (images, too), or a DataFrame with
        columns of text, numbers and truth values. They are stored as they are, readable for whoever gets the folder;
        made-up rows will do. What they don't touch, a rare word, a label that none of them gets, they can't test; so
        take a hundred or more that differ, among them some for each label.
    preprocessing : scikit-learn transformer, optional
        Fitted; its ``transform`` comes before the model. Keras's own layers belong into the model.
    calibration : Calibration, optional
        Comes after the model and before the thresholds.
    from_logits : bool, default=False
        Whether scores of the model are logits: a Keras model without a sigmoid at its end, or ``decision_function`` of
        a scikit-learn estimator, which is used instead of ``predict_proba`` then. They go into the calibration, or
        without one into a sigmoid.
    at_least_one : bool, default=False
        Whether `predict` gives a row without any label the one with the highest score; see `Thresholds.predict`.

    Attributes
    ----------
    label_names : tuple of str
    thresholds : Thresholds or ndarray of float64, shape (n_labels,)
    versions : dict of str to str
        Of Python and the libraries where the bundle was made; of a loaded one, where it was saved.

    Raises
    ------
    ValueError, TypeError
        If the parts don't fit together: numbers of labels or their names in another order, thresholds outside [0, 1],
        scores that are not finite or no probabilities, examples that the model doesn't take.

    Notes
    -----
    The folder holds ``model.keras`` (without the optimizer) or ``model.skops``, ``preprocessing.skops``,
    ``thresholds.json``, ``calibration.json``, the examples, ``expected.npz`` with what they gave and the thresholds
    once more, ``bundle.json`` with the rest, and ``SHA256SUMS``, which ``sha256sum -c`` checks, too. It holds no
    pickle: Keras's safe mode stays on, and skops [1]_ makes only objects of trusted types. Trust is still needed: a
    model can lie in its weights, and both are programs with errors of their own; keep them up to date, and load no
    files of strangers. Scikit-learn's estimators need the extra ``bundle`` (skops), Keras's models don't. Saved twice,
    all files have the same bytes, but for the models: Keras writes the time into its files, and skops addresses of
    memory.

    Scores of the replay may differ by 0.000001, and by 0.002 (of 1, or of a logit) with Keras, which computes in single
    precision, on GPUs in less. So a label whose score is that close to its threshold may differ on another machine.

    References
    ----------
    .. [1] skops: secure persistence with skops, https://skops.readthedocs.io/en/stable/persistence.html

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.multiclass import OneVsRestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> texts = ["thank you", "thanks a lot", "so sad", "a sad day", "sad, but thanks"]
    >>> Y = [[1, 0], [1, 0], [0, 1], [0, 1], [1, 1]]
    >>> model = make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression())).fit(texts, Y)
    >>> bundle = Bundle(model, ["gratitude", "sadness"], thresholds=0.5, examples=texts)
    >>> with TemporaryDirectory() as folder:
    ...     bundle.save(f"{folder}/tags")
    ...     loaded = Bundle.load(f"{folder}/tags")
    >>> loaded.predict_names(["thank you a lot", "a sad day"])
    [('gratitude',), ('sadness',)]
    """

    model: Any
    label_names: Any
    thresholds: Any = field(kw_only=True)
    examples: Any = field(kw_only=True)
    preprocessing: Any = field(default=None, kw_only=True)
    calibration: Calibration | None = field(default=None, kw_only=True)
    from_logits: bool = field(default=False, kw_only=True)
    at_least_one: bool = field(default=False, kw_only=True)
    versions: dict[str, str] = field(init=False)
    _kind: _models.Kind = field(init=False)
    _examples: _rows.Rows = field(init=False)
    _expected: Expected = field(init=False)

    def __post_init__(self) -> None:
        for name in ("from_logits", "at_least_one"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
        self._set("_kind", _models.kind_of(self.model))
        _models.check_preprocessing(self.preprocessing)
        _check_calibration(self.calibration, self.from_logits)
        self._set("_examples", _checked_examples(self.examples))
        self._set("examples", self._examples.values)
        outputs = self._outputs_of_examples()
        if self.label_names is None:
            raise TypeError("label_names must be a sequence of names, got None; give one name per column, in order")
        self._set("label_names", different_names(self.label_names, outputs.shape[1]))
        decider = decides(self.model)
        own = getattr(decider, "thresholds_", None)
        _check_same_names(self.label_names, thresholds=self.thresholds, calibration=self.calibration, model=own)
        if own is not None:
            self._set("thresholds", self._own_thresholds(decider))
        self._set("thresholds", _checked_thresholds(self.thresholds, outputs.shape[1]))
        self._set("versions", _models.versions_of(self._kind, self._needs_skops))
        scores = self._scores_of(outputs)
        self._set("_expected", Expected(outputs, scores, self._decide(scores)))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def _needs_skops(self) -> bool:
        return self._kind == "scikit-learn" or self.preprocessing is not None

    def _outputs(self, rows: _rows.Rows) -> NDArray[np.float64]:
        return _models.outputs_of(self.model, self._kind, self.preprocessing, rows, self.from_logits)

    def _outputs_of_examples(self) -> NDArray[np.float64]:
        try:
            return self._outputs(self._examples)
        except Exception as error:  # whatever a model raises
            error.add_note("This came of the examples, which the bundle gives to preprocessing and model as they are.")
            raise

    def _own_thresholds(self, decider: Any) -> Any:
        """Return thresholds with which a bundle predicts what a `ThresholdedClassifier` does by itself, or refuse."""
        own: Thresholds = decider.thresholds_
        on_logits = not hasattr(decider, "predict_proba") or decider.response_method == "decision_function"
        if on_logits != self.from_logits:
            raise ValueError(
                f"model has chosen its thresholds on {'decision values' if on_logits else 'probabilities'}; pass "
                f"from_logits={on_logits}"
            )
        if on_logits:  # the scores of a bundle are what a sigmoid makes of them
            own = replace(own, values=expit(own.values))
        given = np.asarray(self.thresholds)
        same = any(np.array_equal(values, given) for values in (decider.thresholds_.values, own.values))
        if not same or decider.at_least_one != self.at_least_one or self.calibration is not None:
            raise ValueError(
                "model has thresholds of its own, and would predict otherwise than the bundle; pass "
                f"thresholds=model.thresholds_, at_least_one={decider.at_least_one} and no calibration, or "
                "model.estimator_ as the model"
            )
        return own if isinstance(self.thresholds, Thresholds) else own.values

    def _scores_of(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return calibrated scores, or the probabilities themselves."""
        outside = (outputs < -ROUNDING) | (outputs > 1 + ROUNDING)
        if not self.from_logits and outside.any():
            row, column = (int(i) for i in np.argwhere(outside)[0])
            raise ValueError(
                f"the model gives {outputs[row, column]:g} at row {row}, column {column}, outside [0, 1]; if its "
                "scores are logits, pass from_logits=True, with calibration= if you have one"
            )
        if self.from_logits and (self.calibration is None or not self.calibration.from_logits):
            outputs = expit(outputs)
        return outputs if self.calibration is None else self.calibration.transform(outputs)

    def _decide(self, scores: NDArray[np.float64]) -> NDArray[np.int8]:
        """Apply the rule of `Thresholds`, also where the thresholds are only numbers."""
        thresholds, n_labels = self.thresholds, len(self.label_names)
        if not isinstance(thresholds, Thresholds):
            none = LabelCounts(*np.zeros((4, n_labels), dtype=int))
            thresholds = Thresholds(thresholds, self.label_names, ("fixed",) * n_labels, none, "macro_f1")
        return thresholds.predict(scores, at_least_one=self.at_least_one)

    def predict_scores(self, X: Any) -> NDArray[np.float64]:
        """Return the score of each label: the model's probability, after calibration if there is one.

        Parameters
        ----------
        X : list of str, array-like, sparse matrix or DataFrame
            Rows of the same kind as the examples; none gives none. A single row is a list or a matrix of one row.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_labels)

        Raises
        ------
        ValueError, TypeError
            If `X` is of another kind than the examples (a single text among them), or the model gives scores that are
            not finite, or no probabilities; and what the model itself raises.
        """
        rows = _rows.checked_rows(X, "X")
        if rows.kind != "none":
            _rows.check_same_kind(rows, self._examples)
        if not len(rows):
            return np.zeros((0, len(self.label_names)))
        outputs = self._outputs(rows)
        if outputs.shape[1] != len(self.label_names):
            raise ValueError(
                f"model gives scores of shape {outputs.shape} for {len(self.label_names)} labels; it was changed after "
                "the bundle was made"
            )
        return self._scores_of(outputs)

    def predict(self, X: Any) -> NDArray[np.int8]:
        """Return the labels whose score is above their threshold.

        Parameters
        ----------
        X : list of str, array-like, sparse matrix or DataFrame
            As in `predict_scores`.

        Returns
        -------
        ndarray of int8, shape (n_samples, n_labels)

        Raises
        ------
        ValueError, TypeError
            As in `predict_scores`.
        """
        scores = self.predict_scores(X)
        return self._decide(scores) if len(scores) else np.zeros(scores.shape, dtype=np.int8)

    def predict_names(self, X: Any) -> list[tuple[str, ...]]:
        """Return the names of the predicted labels of each row, in the order of `label_names`.

        Parameters
        ----------
        X : list of str, array-like, sparse matrix or DataFrame
            As in `predict_scores`.

        Returns
        -------
        list of tuples of str
            One tuple per row, empty where no label is predicted.

        Raises
        ------
        ValueError, TypeError
            As in `predict_scores`.
        """
        return [tuple(self.label_names[j] for j in np.flatnonzero(row)) for row in self.predict(X)]

    def _table(self) -> Table:
        rows = [(name, f"{t:.3g}") for name, t in zip(self.label_names, np.asarray(self.thresholds), strict=True)]
        library = "keras" if self._kind == "keras" else "scikit-learn"
        made = f"{type(self.model).__name__} ({library} {self.versions[library]})"
        parts = [part for part in ("preprocessing", "calibration") if getattr(self, part) is not None]
        return Table(("label", "threshold"), rows, caption=f"Bundle: {' and '.join([made, *parts])}")

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the bundle to a folder, whole or not at all.

        What was written is loaded again and its examples are replayed before it gets its name: a bundle that is there
        can be loaded.

        Parameters
        ----------
        folder : str or os.PathLike
            A folder that does not exist (or is empty), beside others that do.
        overwrite : bool, default=False
            Whether a bundle that is there may be replaced; it stays as it was if anything fails. A folder that holds
            other files is never touched.

        Raises
        ------
        FileExistsError
            If `folder` is there, and is no bundle or may not be replaced.
        FileNotFoundError
            If the folder to hold it does not exist.
        ValueError
            If the model can't be stored and loaded again, or has changed since the bundle was made.
        ImportError
            If skops is needed and not installed.
        """
        _folder.write_folder(
            folder,
            self._write,
            lambda scratch: Bundle.load(scratch, trusted=Bundle.types(scratch)),
            main=_saved.MAIN,
            known=_saved.KNOWN,
            overwrite=overwrite,
        )

    def _write(self, folder: Path) -> None:
        if self._kind == "keras":
            _models.write_keras(self.model, folder / _models.FILE_OF["keras"])
        else:
            _models.write_skops(self.model, folder / _models.FILE_OF["scikit-learn"])
        if self.preprocessing is not None:
            _models.write_skops(self.preprocessing, folder / _models.PREPROCESSING)
        if self.calibration is not None:
            self.calibration.save(folder / _saved.CALIBRATION)
        if isinstance(self.thresholds, Thresholds):
            self.thresholds.save(folder / _saved.THRESHOLDS)
        _rows.write(self._examples, folder)
        _saved.write_expected(self._expected, self.label_names, np.asarray(self.thresholds), folder / _saved.EXPECTED)
        content = {
            "model": self._kind,
            "label_names": list(self.label_names),
            "thresholds": None if isinstance(self.thresholds, Thresholds) else self.thresholds.tolist(),
            "from_logits": bool(self.from_logits),
            "at_least_one": bool(self.at_least_one),
            "versions": _models.versions_of(self._kind, self._needs_skops),
        }
        _saved.write_main(content, folder)

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], *, trusted: Iterable[str] = (), other_versions: bool = False
    ) -> Bundle:
        """Read what `save` wrote, and replay its examples.

        Parameters
        ----------
        folder : str or os.PathLike
        trusted : sequence of str
            Types of scikit-learn models that skops doesn't trust by itself, as `types` returns them; look at them
            before you pass them on.
        other_versions : bool, default=False
            Whether another version of scikit-learn or Keras than the one that saved the model may read it. The
            examples decide then.

        Returns
        -------
        Bundle

        Raises
        ------
        ValueError
            If the folder is no bundle, a file is missing or changed, the bundle is of another format, it was made with
            other versions, it holds types that are not trusted, its parts don't fit together, its thresholds are not
            those stored with the expected scores, or its examples get other scores than those.
        FileNotFoundError
            If there is no such folder.
        ImportError
            If Keras or skops is needed and not installed.
        """
        trusted = _checked_trusted(trusted)
        path = Path(folder)
        content, files = _saved.read_main(path)
        kind, with_skops = content["model"], any(name.endswith(".skops") for name in files)
        if not other_versions:
            _models.check_versions(content["versions"], kind, with_skops)
        if kind == "keras":
            model = _models.read_keras(path / _models.FILE_OF["keras"])
        else:
            model = _models.read_skops(path / _models.FILE_OF["scikit-learn"], trusted)
        before = path / _models.PREPROCESSING if _models.PREPROCESSING in files else None
        (examples,) = files.intersection(_rows.FILES)
        parts = {
            "thresholds": Thresholds.load(path / _saved.THRESHOLDS)
            if _saved.THRESHOLDS in files
            else content["thresholds"],
            "examples": _saved.read_part(_rows.read, path / examples).values,
            "preprocessing": None if before is None else _models.read_skops(before, trusted),
            "calibration": Calibration.load(path / _saved.CALIBRATION) if _saved.CALIBRATION in files else None,
            "from_logits": content["from_logits"],
            "at_least_one": content["at_least_one"],
        }
        try:
            bundle = cls(model, content["label_names"], **parts)
        except Exception as error:  # also what a model raises
            raise ValueError(
                f"the parts of the bundle {str(folder)!r} don't fit together here ({type(error).__name__}: {error}); "
                f"{_way_out(content['versions'], _models.versions_of(kind, with_skops))}"
            ) from error
        here = bundle.versions
        bundle._set("versions", content["versions"])
        try:
            bundle._check_replay(*_saved.read_part(_saved.read_expected, path / _saved.EXPECTED))
        except _OtherResultError as error:
            raise ValueError(f"{error}; don't use it: {_way_out(content['versions'], here)}") from None
        return bundle

    @staticmethod
    def types(folder: str | os.PathLike[str]) -> list[str]:
        """Return the types in a saved bundle that skops doesn't trust by itself; nothing is loaded.

        Parameters
        ----------
        folder : str or os.PathLike

        Returns
        -------
        list of str
            What `load` needs as `trusted`, sorted. Types of mlhelpers are left out, and a Keras model has none.

        Raises
        ------
        ValueError, FileNotFoundError, ImportError
            As in `load`, if the folder is no bundle, or a file is missing or changed.
        """
        path = Path(folder)
        _, files = _saved.read_main(path)
        found = (_models.untrusted_types(path / name) for name in files if name.endswith(".skops"))
        return sorted(set().union(*found))

    def _check_replay(self, label_names: list[str], thresholds: NDArray[np.float64], stored: Expected) -> None:
        """Refuse a bundle whose parts are others than where it was made, or whose examples get other scores."""
        _check_same_names(self.label_names, expected=SimpleNamespace(label_names=label_names))
        shapes, expected = {each.shape for each in stored}, self._expected.outputs.shape
        if shapes != {expected} or thresholds.shape != expected[1:]:
            raise ValueError(
                f"{_saved.EXPECTED} holds scores of shape {sorted(shapes)} and {thresholds.size} thresholds, but the "
                f"examples and the model give {expected}; save the bundle anew where it was made"
            )
        self._compare("the model", stored.outputs, self._expected.outputs, _TOLERANCE[self._kind])
        scores = self._scores_of(stored.outputs)
        self._compare("the calibration", stored.scores, scores, _TOLERANCE["scikit-learn"])
        differ = np.flatnonzero(np.asarray(self.thresholds) != thresholds)  # also where no example shows it
        if len(differ):
            j = differ[0]
            raise _OtherResultError(
                f"the thresholds are not those of the bundle that was made: {self.label_names[j]!r} had "
                f"{thresholds[j]:.6g} and has {np.asarray(self.thresholds)[j]:.6g} here, and so {len(differ)} of "
                f"{thresholds.size} differ"
            )
        self._compare("the decision", stored.predicted, self._decide(stored.scores), 0.0)

    def _compare(self, what: str, stored: NDArray[Any], computed: NDArray[Any], tolerance: float) -> None:
        far = ~(np.abs(computed - stored) <= tolerance * np.maximum(1, np.abs(stored)))  # NaN is far, too
        if far.any():
            row, column = (int(i) for i in np.argwhere(far)[0])
            raise _OtherResultError(
                f"the examples don't give what they gave where the bundle was made: in row {row}, label "
                f"{self.label_names[column]!r}, {what} had {stored[row, column]:.6g} and has "
                f"{computed[row, column]:.6g} here, and so in {far.sum()} of {far.size} cells"
            )


class _OtherResultError(ValueError):
    """A bundle that doesn't do what it did."""


def _way_out(made_with: dict[str, str], here: dict[str, str]) -> str:
    """Advise other versions only where they differ."""
    others = [f"{name} {v}, here {here.get(name)}" for name, v in made_with.items() if here.get(name) != v]
    if others:
        return f"install the versions it was made with ({'; '.join(others)}), or save it anew where it was made"
    return (
        "the versions are those it was made with, so a part was changed or replaced; copy the whole folder again, or "
        "make the bundle anew"
    )


def _check_same_names(label_names: tuple[str, ...], **sides: Any) -> None:
    """Refuse parts that carry other names, and say in which column; the lists of a folder may be long."""
    ours = SimpleNamespace(label_names=label_names)
    for side, values in sides.items():
        try:
            check_same_labels(label_names=ours, **{side: values})
        except ValueError:
            theirs = label_names_of(values) or []
            k = next(k for k, name in enumerate(label_names) if name != theirs[k])
            moved = sorted(theirs) == sorted(label_names)
            way_out = "put the names into the order of the model's columns" if moved else "give one label one name"
            raise ValueError(
                f"column {k} is {label_names[k]!r} in label_names, but {theirs[k]!r} in {side}; {way_out}"
            ) from None
    check_same_labels(**sides)  # names among each other, where label_names are only numbers


def _checked_examples(examples: Any) -> _rows.Rows:
    rows = _rows.checked_rows(examples, "examples")
    if not 1 <= len(rows) <= _MOST_EXAMPLES:
        raise ValueError(
            f"examples has {len(rows)} rows, expected 1 to {_MOST_EXAMPLES:,}; a hundred or more, some for each label, "
            "test most"
        )
    _rows.check_storable(rows, "examples")
    return _rows.copied(rows)


def _checked_trusted(trusted: Any) -> list[str]:
    names = [] if isinstance(trusted, (str, bytes)) or not isinstance(trusted, Iterable) else list(trusted)
    if not isinstance(trusted, Iterable) or isinstance(trusted, (str, bytes)) or any(type(n) is not str for n in names):
        raise TypeError(f"trusted must be a list of names of types, as Bundle.types returns it, got {trusted!r}")
    return names


def _check_calibration(calibration: Any, from_logits: bool) -> None:
    if calibration is None:
        return
    if not isinstance(calibration, Calibration):
        raise TypeError(
            f"calibration must be a Calibration, as fit_calibration returns it, got {type(calibration).__name__}"
        )
    if calibration.from_logits and not from_logits:
        raise ValueError(
            "calibration was fitted on logits, but from_logits=False says that the model gives probabilities; "
            "pass from_logits=True if it gives logits, or fit the calibration on its probabilities"
        )


def _checked_thresholds(thresholds: Any, n_labels: int) -> Thresholds | NDArray[np.float64]:
    """Return thresholds between 0 and 1, one per label: the object, or an array."""
    if thresholds is None or isinstance(thresholds, (bool, np.bool_, str)):
        raise TypeError(
            f"thresholds must be Thresholds, one number, or one per label, got {thresholds!r}; one half for every "
            "label is thresholds=0.5"
        )
    one = isinstance(thresholds, numbers.Real) or getattr(thresholds, "ndim", 1) == 0
    values = np.full(n_labels, float(thresholds)) if one else real_array(thresholds, "thresholds", ("n_labels",))
    if len(values) != n_labels:
        raise ValueError(
            f"thresholds has {len(values)} values, but the model gives scores for {n_labels} labels; pass one each"
        )
    wrong = ~((values >= -ROUNDING) & (values <= 1 + ROUNDING))
    if wrong.any():
        raise ValueError(
            f"thresholds holds {values[wrong][0]:g} at position {int(wrong.argmax())}, expected 0 to 1, as "
            "scores of a bundle are probabilities; choose them on what predict_scores returns: for from_logits=True "
            "without a calibration on scipy.special.expit(scores)"
        )
    return thresholds if isinstance(thresholds, Thresholds) else values.copy()
