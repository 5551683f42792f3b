"""The register of the judges, and what several of them compute."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlhelpers.datasets import MultilabelDataset, load_digit_scenes

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int8]
Judge: TypeAlias = Callable[[Any], str | None]

JUDGES: dict[str, Judge] = {}


def exercise(name: str) -> Callable[[Judge], Judge]:
    """Register a judge: it takes an answer, raises `Wrong` or returns a remark, if there is one to make."""

    def register(judge: Judge) -> Judge:
        JUDGES[name] = judge
        return judge

    return register


@cache
def scenes(dependence: float = 0.3) -> MultilabelDataset:
    return load_digit_scenes(dependence=dependence)


def constant(labels: set[int]) -> Labels:
    """Return the same label set as the prediction of every test scene."""
    row = np.isin(np.arange(10), list(labels)).astype(np.int8)
    return np.tile(row, (len(scenes().Y_test), 1))


def log_loss(y: NDArray[Any], p: Floats) -> float:
    return float(-np.where(y == 1, np.log(p), np.log1p(-p)).mean())


@cache
def logistic(digit: int, dependence: float, pixels: bool, others: bool, balanced: bool) -> dict[str, Floats]:
    """Return P(digit) of the training and the test scenes, from pixels, from the other labels or from both."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    data = scenes(dependence)

    def features(X: NDArray[Any], Y: NDArray[Any]) -> NDArray[Any]:
        parts = [X.reshape(len(X), -1)] * pixels + [np.delete(Y, digit, axis=1)] * others
        return np.hstack(parts)

    with threadpool_limits(limits=1):  # faster on small matrices
        model = LogisticRegression(max_iter=2000, class_weight="balanced" if balanced else None)
        model.fit(features(data.X_train, data.Y_train), data.Y_train[:, digit])
        parts = {"train": (data.X_train, data.Y_train), "test": (data.X_test, data.Y_test)}
        return {name: model.predict_proba(features(*XY))[:, 1] for name, XY in parts.items()}
