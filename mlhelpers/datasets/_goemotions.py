"""GoEmotions: comments from the internet, each with one or more of 28 labels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlhelpers.datasets._dataset import MultilabelDataset
from mlhelpers.datasets._files import DataFile, paths_of

_SOURCE = "https://raw.githubusercontent.com/monologg/GoEmotions-pytorch/b75f9d3a8b76bc1060687925b04ca98a1b8ea66b/data/original/"
FILES = tuple(
    DataFile(f"goemotions/{name}", _SOURCE + name, n_bytes, sha256)
    for name, n_bytes, sha256 in (
        ("train.tsv", 3_519_053, "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5"),
        ("dev.tsv", 439_059, "575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62"),
        ("test.tsv", 436_706, "0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4"),
        ("labels.txt", 248, "45c3ef86782d2a4d7fedcd6d8c111aa0d0e94720689bd164fac94fefb4495a89"),
    )
)
_EKMAN = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        *("admiration", "amusement", "approval", "caring", "desire", "excitement"),
        *("gratitude", "joy", "love", "optimism", "pride", "relief"),
    ),
    "sadness": ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    "surprise": ("confusion", "curiosity", "realization", "surprise"),
    "neutral": ("neutral",),
}
_SENTIMENT = {
    "positive": _EKMAN["joy"],
    "negative": (*_EKMAN["anger"], *_EKMAN["disgust"], *_EKMAN["fear"], *_EKMAN["sadness"]),
    "ambiguous": _EKMAN["surprise"],
    "neutral": ("neutral",),
}


def fetch_goemotions(
    *, data_home: str | os.PathLike[str] | None = None, download_if_missing: bool = True
) -> MultilabelDataset:
    """Return the GoEmotions comments with their official split, fetched at the first call.

    English comments from Reddit, which three or five readers each have labelled with 27 emotions or *neutral*
    [1]_. The 54,263 comments with a label on which at least two readers agreed are divided into 43,410 for
    training, 5,426 for validation and 5,427 for test. The licence of the data is CC BY 4.0. They are comments from the
    internet, and some are foul: look before you show one. 37 texts of the test part occur in the
    training part, too.

    Parameters
    ----------
    data_home : path, optional
        The folder in which scikit-learn caches its data sets; the files (4.4 MB) lie below it in
        ``mlhelpers/goemotions``. Default: that of `sklearn.datasets.get_data_home`, unless the environment
        variable ``MLHELPERS_DATA`` names a folder that holds ``goemotions/train.tsv`` and the others.
        Then they are read there, and nothing is fetched or written.
    download_if_missing : bool, default=True
        False raises an error where a file is missing, instead of fetching it.

    Returns
    -------
    MultilabelDataset
        ``X_train``, ``X_val`` and ``X_test`` of shape (n,), the raw texts as objects of type str; ``Y`` of shape
        (n, 28), int8. ``groupings`` has the two of the paper, ``"ekman"`` (six basic emotions and neutral) and
        ``"sentiment"`` (positive, negative, ambiguous and neutral): the names of the labels of each group.

    Raises
    ------
    FileNotFoundError
        If a file is missing and must not be fetched.
    OSError
        If a file is missing and can't be fetched; the message has the address.
    ValueError
        If a file is another one than the one expected, by its SHA-256.
    ImportError
        If a file must be fetched and pooch is not installed.

    References
    ----------
    .. [1] Demszky, Movshovitz-Attias, Ko, Cowen, Nemade and Ravi (2020), "GoEmotions: a dataset of fine-grained
       emotions", ACL, arXiv:2005.00547.

    Examples
    --------
    >>> from mlhelpers.datasets import fetch_goemotions
    >>> comments = fetch_goemotions()  # doctest: +SKIP
    >>> comments.X_train[0]  # doctest: +SKIP
    "My favourite food is anything I didn't have to cook myself."
    >>> [comments.label_names[j] for j in comments.Y_train[0].nonzero()[0]]  # doctest: +SKIP
    ['neutral']
    """
    *parts, names = paths_of(FILES, data_home, download_if_missing)
    label_names = tuple(names.read_text(encoding="utf-8").split())
    read = [_read(path, len(label_names)) for path in parts]
    (X_train, Y_train), (X_val, Y_val), (X_test, Y_test) = read
    return MultilabelDataset(
        X_train,
        Y_train,
        X_val,
        Y_val,
        X_test,
        Y_test,
        label_names,
        groupings={"ekman": _EKMAN, "sentiment": _SENTIMENT},
    )


def _read(path: Path, n_labels: int) -> tuple[NDArray[np.object_], NDArray[np.int8]]:
    """Read lines of a text, the numbers of its labels and the comment's identifier; quotes are literal."""
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")  # other line ends belong to a text
    texts, numbers, _ = zip(*(line.split("\t") for line in lines), strict=True)
    Y = np.zeros((len(lines), n_labels), dtype=np.int8)
    for row, of_row in enumerate(numbers):
        Y[row, [int(number) for number in of_row.split(",")]] = 1
    return np.array(texts, dtype=object), Y
