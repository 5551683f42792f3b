"""The scores of one linear model for the GoEmotions comments, trained once on each machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray
from sklearn.datasets import get_data_home
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from mlhelpers.datasets import _goemotions
from mlhelpers.datasets._dataset import MultilabelDataset
from mlhelpers.datasets._goemotions import fetch_goemotions


@dataclass(frozen=True, eq=False)
class GoEmotionsScores:
    """What `goemotions_scores` returns.

    Attributes
    ----------
    val, test : ndarray of float64, shape (n_samples, 28)
        The probability that the model gives to each label of each comment; columns as in `fetch_goemotions`.
    """

    val: NDArray[np.float64]
    test: NDArray[np.float64]


def goemotions_scores(
    *, data_home: str | os.PathLike[str] | None = None, download_if_missing: bool = True
) -> GoEmotionsScores:
    """Return what one linear model, trained on the training comments of GoEmotions, says of the others.

    The model is the usual first one for texts: single words and pairs of neighbouring words that occur in at least two
    comments, weighted by tf-idf with the logarithm of the counts, and one logistic regression for each label
    (liblinear, C=4). It is trained at the first call, which takes about a minute on two cores, and its scores are kept
    below the folder in which scikit-learn caches its data sets.

    Parameters
    ----------
    data_home, download_if_missing
        As in `fetch_goemotions`. The scores are kept in ``mlhelpers/scores`` below `data_home`.

    Returns
    -------
    GoEmotionsScores

    Raises
    ------
    FileNotFoundError, OSError, ValueError, ImportError
        As in `fetch_goemotions`.

    Examples
    --------
    >>> from mlhelpers.datasets import goemotions_scores
    >>> scores = goemotions_scores()  # doctest: +SKIP
    >>> scores.val.shape, scores.test.shape  # doctest: +SKIP
    ((5426, 28), (5427, 28))
    """
    comments = fetch_goemotions(data_home=data_home, download_if_missing=download_if_missing)
    memory = joblib.Memory(Path(get_data_home(data_home)) / "mlhelpers" / "scores", verbose=0)
    # The checksums stand for the comments: joblib's own hash of so many texts is slow.
    trained = memory.cache(_trained, ignore=["comments"])
    versions = [package.__version__ for package in (sklearn, np, scipy)]
    return GoEmotionsScores(*trained(comments, [file.sha256 for file in _goemotions.FILES], versions))


def _trained(
    comments: MultilabelDataset, checksums: list[str], versions: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = OneVsRestClassifier(LogisticRegression(solver="liblinear", C=4))
    model.fit(vectorizer.fit_transform(comments.X_train), comments.Y_train)
    val, test = (model.predict_proba(vectorizer.transform(texts)) for texts in (comments.X_val, comments.X_test))
    return val, test
