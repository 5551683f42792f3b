"""Maps from scores to calibrated probabilities: one for each label, shared where positives are few."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from mlhelpers._names import check_same_labels, different_names
from mlhelpers._scores import ROUNDING, check_sample_weight, check_scores, check_truth_and_scores
from mlhelpers._validation import whole_number
from mlhelpers.labels import MISSING
from mlhelpers.tables import ShownAsTable, Table

Method: TypeAlias = Literal["platt", "isotonic", "temperature"]

_METHODS = ("platt", "isotonic", "temperature")
_FORMAT = "mlhelpers calibration 1"
_LEAST_PROBABILITY = 1e-12  # where a probability was rounded to 0 or 1, its logit is lost
_MAX_STEPS = 100
_N_OF_START = 5_000


class _Map(NamedTuple):
    """From logits to probabilities: a line under a sigmoid, or the corners of a rising curve."""

    slope: float = np.nan
    intercept: float = np.nan
    curve: NDArray[np.float64] | None = None  # shape (2, n): logits and probabilities

    def __call__(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.curve is None:
            return np.asarray(expit(self.slope * z + self.intercept))
        return np.interp(z, *self.curve)


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(ShownAsTable):
    """Maps from scores to calibrated probabilities, as `fit_calibration` found them; prints as a table.

    Attributes
    ----------
    method : str
    from_logits : bool
        What it takes: logits, or probabilities.
    label_names : tuple of str
    source : tuple of str
        Of each label's map: "own", or "pooled" (fitted on the cells of all labels).
    n_positives : ndarray of int64, shape (n_labels,)
        Known positives of each label where the maps were fitted.
    maps : tuple
        One per label; what a label shares is the same object.
    """

    method: str
    from_logits: bool
    label_names: tuple[str, ...]
    source: tuple[str, ...]
    n_positives: NDArray[np.int64]
    maps: tuple[_Map, ...]

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def slope(self) -> NDArray[np.float64]:
        """Of each label's logits, NaN for isotonic regression; with a temperature T it is 1 / T."""
        return np.array([each.slope for each in self.maps])

    @property
    def intercept(self) -> NDArray[np.float64]:
        """What is added to the logits, NaN for isotonic regression."""
        return np.array([each.intercept for each in self.maps])

    def transform(self, y_score: Any) -> NDArray[np.float64]:
        """Return calibrated probabilities.

        Parameters
        ----------
        y_score : array-like of float, shape (n_samples, n_labels)
            Logits or probabilities, as `from_logits` says, of the same labels in the same order.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_labels)

        Raises
        ------
        ValueError, TypeError
            If `y_score` is not an array of finite numbers with one column per label, in the same order, or holds
            other scores than those that the maps were fitted on.
        """
        scores = check_scores(y_score, whole=True)
        if scores.shape[1] != len(self):
            raise ValueError(
                f"y_score has shape {scores.shape}, but the calibration is of {len(self)} labels; "
                "pass the scores of the same labels in the same order"
            )
        check_same_labels(calibration=self, y_score=y_score)
        z = _logits(scores, self.from_logits)
        return np.column_stack([one(column) for one, column in zip(self.maps, z.T, strict=True)])

    def _table(self) -> Table:
        rows = []
        for name, n, source, one in zip(self.label_names, self.n_positives, self.source, self.maps, strict=True):
            at = [float(one(np.array(z))) for z in logit([0.1, 0.5, 0.9])]
            rows.append((name, n, source, *at))
        columns = ("label", "positives", "from", "0.1 becomes", "0.5 becomes", "0.9 becomes")
        return Table(columns, rows, caption=f"Calibration by {_NAMES[self.method]}")

    def save(self, path: Any) -> None:
        """Write the maps to a JSON file, whole or not at all.

        Parameters
        ----------
        path : str or os.PathLike
        """
        labels = [
            {"name": name, "source": source, "n_positives": int(n), **_to_json(one)}
            for name, source, n, one in zip(self.label_names, self.source, self.n_positives, self.maps, strict=True)
        ]
        content = {"format": _FORMAT, "method": self.method, "from_logits": self.from_logits, "labels": labels}
        target = Path(path)
        scratch = target.with_name(target.name + ".part")
        scratch.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        scratch.replace(target)

    @classmethod
    def load(cls, path: Any) -> Calibration:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        Calibration

        Raises
        ------
        ValueError
            If the file does not hold a calibration.
        OSError
            If it can't be read.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            method, from_logits, labels = content["method"], content["from_logits"], content["labels"]
            names, source = (tuple(str(label[key]) for label in labels) for key in ("name", "source"))
            n_positives = np.array([int(label["n_positives"]) for label in labels])
            whole = len(set(names)) == len(names) > 0 and set(source) <= {"own", "pooled"}
            if content["format"] != _FORMAT or method not in _METHODS or not isinstance(from_logits, bool) or not whole:
                raise ValueError
            maps = tuple(_from_json(label, method) for label in labels)
            return cls(method, from_logits, names, source, n_positives, maps)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise ValueError(
                f"path {str(path)!r} does not hold a calibration; give a file that Calibration.save wrote"
            ) from None


_NAMES = {"platt": "Platt scaling", "isotonic": "isotonic regression", "temperature": "temperature scaling"}


def fit_calibration(
    y_true: Any,
    y_score: Any,
    *,
    method: Method = "platt",
    from_logits: bool = False,
    per_label: bool | None = None,
    min_positives: int = 30,
    label_names: Any = None,
    sample_weight: Any = None,
    allow_missing: bool = False,
) -> Calibration:
    """Fit maps that turn scores into calibrated probabilities: of the cells with 0.8, eight in ten are positive.

    Fit them on samples that the model was not trained on, and that it was not stopped by, if there are enough. No map
    changes the order of a label's scores, so rankings of samples stay what they are.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
    y_score : array-like of float, shape (n_samples, n_labels)
        Probabilities, or logits with ``from_logits=True``. Logits are better: a probability that was rounded to 1 has
        lost how large its logit was.
    method : {"platt", "isotonic", "temperature"}, default="platt"
        "platt" fits slope and intercept of the logits [1]_, "temperature" only the slope [2]_, and "isotonic" any
        rising curve [3]_, which needs hundreds of positives.
    from_logits : bool, default=False
    per_label : bool, optional
        Whether each label has a map of its own, or all share one. Default: one temperature for all, and
        otherwise one map for each.
    min_positives : int, default=30
        Labels with fewer known positives share a map that is fitted on the cells of all labels.
    label_names : sequence of str, optional
        One per column, all different; the columns of `y_true` if it is a DataFrame, else their numbers.
    sample_weight : array-like of float, shape (n_samples,), optional
        What each sample counts, at least 0.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`, and leave them out.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If `y_true` is not a label matrix, shapes or names differ, a score is not finite, probabilities lie outside
        [0, 1], there is no positive or no negative at all, or if no temperature is best, because the scores make no
        mistake, or because they tell nothing.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    Platt's targets, (p + 1) / (p + 2) for positives and 1 / (n + 2) for negatives, p and n of them, hold the slope back
    where positives are few. Platt's slope is never negative here: where that would fit best, the scores tell nothing
    of the label, and it is 0. Both are found by Newton's method with halved steps, as in [4]_.

    References
    ----------
    .. [1] Platt (1999), "Probabilistic outputs for support vector machines and comparisons to regularized likelihood
       methods", Advances in Large Margin Classifiers, MIT Press.
    .. [2] Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks", ICML, arXiv:1706.04599.
    .. [3] Zadrozny and Elkan (2002), "Transforming classifier scores into accurate multiclass probability estimates",
       KDD, doi:10.1145/775047.775151.
    .. [4] Lin, Lin and Weng (2007), "A note on Platt's probabilistic outputs for support vector machines", Machine
       Learning 68(3), doi:10.1007/s10994-007-5018-6.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(2000, 3))
    >>> y_true = (rng.random(z.shape) < 1 / (1 + np.exp(-z))).astype(int)
    >>> calibration = fit_calibration(y_true, 3 * z, from_logits=True, method="temperature")
    >>> (1 / calibration.slope).round(1)
    array([3., 3., 3.])
    """
    if not isinstance(method, str) or method not in _METHODS:
        raise ValueError(f"method must be one of {_METHODS}, got {method!r}")
    for name, value in (("from_logits", from_logits), ("per_label", per_label)):
        if not isinstance(value, (bool, np.bool_)) and not (name == "per_label" and value is None):
            raise TypeError(f"{name} must be True or False, got {value!r}")
    truth, scores = check_truth_and_scores(y_true, y_score, allow_missing=allow_missing, whole=True)
    weight = check_sample_weight(sample_weight, len(truth), y_true=y_true, y_score=y_score)
    names = different_names(label_names, truth.shape[1], y_true=y_true, y_score=y_score)
    least = whole_number(min_positives, "min_positives", least=1)
    counting = np.ones(len(truth), bool) if weight is None else weight > 0
    n_positives = (truth[counting] == 1).sum(axis=0)
    own = np.zeros(len(names), bool)
    if per_label or (per_label is None and method != "temperature"):
        own = (n_positives >= least) & ((truth[counting] == 0).sum(axis=0) > 0)
    z = _logits(scores, from_logits)
    columns = np.flatnonzero(own).tolist()
    with ThreadPoolExecutor() as pool:  # NumPy computes outside of Python's lock
        fitted = pool.map(lambda j: _fit(method, truth[:, j], z[:, j].copy(), weight), columns)
        of_labels = dict(zip(columns, fitted, strict=True))
    if not own.all():
        shared = _fit(method, truth.ravel(), z.ravel(), _repeated(weight, len(names)))
        of_labels |= dict.fromkeys(np.flatnonzero(~own).tolist(), shared)
    maps = tuple(of_labels[j] for j in range(len(names)))
    source = tuple("own" if each else "pooled" for each in own)
    return Calibration(method, bool(from_logits), names, source, n_positives, maps)


def _logits(scores: NDArray[np.float64], from_logits: bool) -> NDArray[np.float64]:
    if from_logits:
        return scores
    outside = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
    if outside.any():
        row, column = (int(i) for i in np.argwhere(outside)[0])
        raise ValueError(
            f"y_score holds {scores[row, column]:g} at row {row}, column {column}, outside [0, 1]; "
            "if these are logits, pass from_logits=True"
        )
    return np.asarray(logit(np.clip(scores, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)))


def _repeated(weight: NDArray[np.float64] | None, n_labels: int) -> NDArray[np.float64] | None:
    return None if weight is None else np.repeat(weight, n_labels)


def _fit(method: str, labels: NDArray[np.int8], z: NDArray[np.float64], weight: NDArray[np.float64] | None) -> _Map:
    known = labels != MISSING
    labels, z = labels[known], z[known]
    weight = np.ones(len(labels)) if weight is None else weight[known]
    positives, negatives = weight[labels == 1].sum(), weight[labels == 0].sum()
    if not (positives and negatives):
        kind = "negative" if positives else "positive"
        raise ValueError(f"y_true has no {kind} at all, so there is nothing to calibrate by; pass more samples")
    if method == "isotonic":
        curve = IsotonicRegression(y_min=0, y_max=1).fit(z, labels, sample_weight=weight)
        return _Map(curve=np.array([curve.X_thresholds_, curve.y_thresholds_]))
    if method == "temperature":
        return _Map(_temperature_slope(labels, z, weight), 0.0)
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    return _Map(*_platt(target, z, weight, float(logit((positives + 1) / (positives + negatives + 2)))))


def _temperature_slope(labels: NDArray[np.int8], z: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return the slope, above 0, that minimises the cross-entropy of sigmoid(slope · z)."""
    if ((2 * labels - 1) * z > 0)[weight > 0].all():
        raise ValueError(
            "the logits have the right sign in every cell, so that no temperature is best; "
            "calibrate on samples that the model was not trained on"
        )
    slope, _ = _newton(labels.astype(float), z, weight, np.array([1.0, 0.0]), with_intercept=False)
    if slope <= 0:
        raise ValueError(
            "positives have no higher logits than negatives, so that no temperature is right; "
            "look for labels or columns in another order"
        )
    return float(slope)


def _platt(
    target: NDArray[np.float64], z: NDArray[np.float64], weight: NDArray[np.float64], prior: float
) -> tuple[float, float]:
    start = np.array([0.0, prior])
    if len(z) > 4 * _N_OF_START:  # every k-th sample tells nearly where to begin
        some = slice(None, None, len(z) // _N_OF_START)
        start = _newton(target[some], z[some], weight[some], start, with_intercept=True)
    slope, intercept = _newton(target, z, weight, start, with_intercept=True)
    if slope >= 0:
        return float(slope), float(intercept)
    return 0.0, float(logit(weight @ target / weight.sum()))  # the best of all with this slope


def _newton(
    target: NDArray[np.float64],
    z: NDArray[np.float64],
    weight: NDArray[np.float64],
    at: NDArray[np.float64],
    with_intercept: bool,
) -> NDArray[np.float64]:
    """Minimise the cross-entropy of sigmoid(slope · z + intercept), halving steps that don't shorten the gradient."""
    weight = weight / (weight.sum() or 1.0)
    scale = np.abs(z).max() or 1.0  # steps of slope and intercept become comparable
    z, at = z / scale, at * [scale, 1]
    moments = np.vstack([np.ones_like(z), z, z * z])

    def derivatives(at: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        p = expit(at[0] * z + at[1])
        of_intercept, of_slope = moments[:2] @ (weight * (p - target))
        h0, h1, h2 = moments @ (weight * p * (1 - p))
        if with_intercept:
            return np.array([of_slope, of_intercept]), np.array([[h2, h1], [h1, h0]])
        return np.array([of_slope, 0.0]), np.array([[h2, 0.0], [0.0, 1.0]])

    gradient, hessian = derivatives(at)
    for _ in range(_MAX_STEPS):
        step = -np.linalg.solve(hessian + 1e-15 * np.eye(2), gradient)
        for halvings in range(40):
            there = at + step / 2**halvings
            gradient_there, hessian_there = derivatives(there)
            if np.abs(gradient_there).max() < np.abs(gradient).max():
                break
        else:
            break  # as short as rounding lets it be
        at, gradient, hessian = there, gradient_there, hessian_there
        if np.abs(gradient).max() < 1e-11:
            break
    return np.asarray(at / [scale, 1])


def _to_json(one: _Map) -> dict[str, Any]:
    if one.curve is None:
        return {"slope": one.slope, "intercept": one.intercept}
    return {"logits": one.curve[0].tolist(), "probabilities": one.curve[1].tolist()}


def _from_json(label: dict[str, Any], method: str) -> _Map:
    if method == "isotonic":
        curve = np.array([label["logits"], label["probabilities"]], dtype=float)
        rising = curve.ndim == 2 and (np.diff(curve) >= 0).all() and np.isfinite(curve).all()
        if not rising or not ((curve[1] >= 0) & (curve[1] <= 1)).all():
            raise ValueError
        return _Map(curve=curve)
    slope, intercept = float(label["slope"]), float(label["intercept"])
    if not (np.isfinite([slope, intercept]).all() and slope >= 0):
        raise ValueError
    return _Map(slope, intercept)
