"""Three small data sets of the Mulan collection, with which much of the literature compares its methods."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from scipy.io import arff

from mlhelpers.datasets._dataset import MultilabelDataset
from mlhelpers.datasets._files import DataFile, paths_of

_SOURCE = "https://raw.githubusercontent.com/tsoumakas/mulan/43f6389095ad71984264db4387a8074b22bc7d4a/data/multi-label/"
FILES = {
    name: tuple(
        DataFile(f"{name}/{name}{end}", f"{_SOURCE}{name}/{name}{end}", n_bytes, sha256)
        for end, n_bytes, sha256 in ends
    )
    for name, ends in {
        "emotions": (
            ("-train.arff", 252_080, "bbe704106c79bb8fb99c1d1d2e9bde081d6a2daeb01f100862f11fd91a3c1f98"),
            ("-test.arff", 132_007, "f13d4b746b7b5c8eb484bd751d6ac463d4560dff998a93516a5c1fe35daf6c8f"),
            (".xml", 323, "dbce8e6ccbbb2fcbfd9e9edbb230d7ed12692c6e13f59fdbc0161fa9b6cf2dc0"),
        ),
        "scene": (
            ("-train.arff", 3_127_968, "b53ba93bdf412de922e3960389bcee24744fa3e872ce610511fc1d750888b64d"),
            ("-test.arff", 3_090_742, "ea38d20296b3ff7e220f477a3b802a9bcb2d768881fe6ee163efbc97ea527a42"),
            (".xml", 285, "55d8b247b949ad5c52e5a73d8c6775ec6e5469ce9682465b45b333b68ee4bcc5"),
        ),
        "yeast": (
            ("-train.arff", 1_501_117, "e759dc991ff54694a4ff9c4314f3be0d6fd2b1994a4b563f57e416394c6aebbd"),
            ("-test.arff", 918_515, "4aaac102bff9669a765bf0b378602e5cc8c3b181048282e2f003117b496d552a"),
            (".xml", 526, "c3056cc26444b5158b1588d1b73bec9c45429e10f0957ad085903423cb81f247"),
        ),
    }.items()
}


def fetch_emotions(
    *, data_home: str | os.PathLike[str] | None = None, download_if_missing: bool = True
) -> MultilabelDataset:
    """Return the emotions data, pieces of music and the feelings they call up, fetched at the first call.

    593 clips of 30 seconds, each described by 8 numbers of rhythm and 64 of timbre, and labelled by three listeners
    with one or more of six clusters of emotions [1]_, in the division of the Mulan collection [2]_: 391 for training,
    202 for test. No licence of the data was found, so they are fetched and never part of this package.

    Parameters
    ----------
    data_home : path, optional
        The folder in which scikit-learn caches its data sets; the files (0.4 MB) lie below it in
        ``mlhelpers/emotions``. Default: that of `sklearn.datasets.get_data_home`, unless the environment
        variable ``MLHELPERS_DATA`` names a folder that holds ``emotions/emotions-train.arff`` and the others.
        Then they are read there, and nothing is fetched or written.
    download_if_missing : bool, default=True
        False raises an error where a file is missing, instead of fetching it.

    Returns
    -------
    MultilabelDataset
        ``X_train`` of shape (391, 72) and ``X_test`` of shape (202, 72), float64; ``Y_train`` and ``Y_test`` with 6
        columns, int8; ``feature_names``. Columns are in the order of the ARFF files. There is no official validation
        part: ``X_val`` and ``Y_val`` have the same columns and no row;
        `mlhelpers.splits.multilabel_train_test_split` takes validation rows out of the training part.

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
    .. [1] Trohidis, Tsoumakas, Kalliris and Vlahavas (2008), "Multi-label classification of music into emotions",
       ISMIR, 325-330.
    .. [2] Tsoumakas, Spyromitros-Xioufis, Vilcek and Vlahavas (2011), "Mulan: a Java library for multi-label
       learning", Journal of Machine Learning Research 12, 2411-2414; https://github.com/tsoumakas/mulan.

    Examples
    --------
    >>> from mlhelpers.datasets import fetch_emotions
    >>> music = fetch_emotions()  # doctest: +SKIP
    >>> music.X_train.shape, music.Y_train.shape  # doctest: +SKIP
    ((391, 72), (391, 6))
    >>> music.label_names[:2]  # doctest: +SKIP
    ('amazed-suprised', 'happy-pleased')
    """
    return _fetched("emotions", data_home, download_if_missing)


def fetch_scene(
    *, data_home: str | os.PathLike[str] | None = None, download_if_missing: bool = True
) -> MultilabelDataset:
    """Return the scene data, photos of landscapes and cities, fetched at the first call (6.2 MB).

    2,407 photos, each described by 294 numbers (means and variances of colour in 49 blocks of the photo), and labelled
    with one or more of beach, sunset, fall foliage, field, mountain and urban [1]_, in the division of the Mulan
    collection [2]_: 1,211 for training, 1,196 for test. 6 rows of the test part occur in the training part, too.

    Parameters
    ----------
    data_home, download_if_missing
        As in `fetch_emotions`.

    Returns
    -------
    MultilabelDataset
        As of `fetch_emotions`: 294 features, 6 labels, no row for validation.

    Raises
    ------
    FileNotFoundError, OSError, ValueError, ImportError
        As in `fetch_emotions`.

    References
    ----------
    .. [1] Boutell, Luo, Shen and Brown (2004), "Learning multi-label scene classification", Pattern Recognition 37,
       1757-1771, doi:10.1016/j.patcog.2004.03.009.
    .. [2] Tsoumakas, Spyromitros-Xioufis, Vilcek and Vlahavas (2011), "Mulan: a Java library for multi-label
       learning", Journal of Machine Learning Research 12, 2411-2414; https://github.com/tsoumakas/mulan.

    Examples
    --------
    >>> from mlhelpers.datasets import fetch_scene
    >>> photos = fetch_scene()  # doctest: +SKIP
    >>> photos.label_names  # doctest: +SKIP
    ('Beach', 'Sunset', 'FallFoliage', 'Field', 'Mountain', 'Urban')
    """
    return _fetched("scene", data_home, download_if_missing)


def fetch_yeast(
    *, data_home: str | os.PathLike[str] | None = None, download_if_missing: bool = True
) -> MultilabelDataset:
    """Return the yeast data, genes and the groups of functions they have, fetched at the first call (2.4 MB).

    2,417 genes of yeast, each described by 103 numbers (its expression on microarrays and its phylogenetic profile),
    and labelled with one or more of 14 classes of functions [1]_, in the division of the Mulan collection [2]_: 1,500
    for training, 917 for test. ``Class14`` has 34 positives in all.

    Parameters
    ----------
    data_home, download_if_missing
        As in `fetch_emotions`.

    Returns
    -------
    MultilabelDataset
        As of `fetch_emotions`: 103 features, 14 labels, no row for validation.

    Raises
    ------
    FileNotFoundError, OSError, ValueError, ImportError
        As in `fetch_emotions`.

    References
    ----------
    .. [1] Elisseeff and Weston (2001), "A kernel method for multi-labelled classification", Advances in Neural
       Information Processing Systems 14, 681-687.
    .. [2] Tsoumakas, Spyromitros-Xioufis, Vilcek and Vlahavas (2011), "Mulan: a Java library for multi-label
       learning", Journal of Machine Learning Research 12, 2411-2414; https://github.com/tsoumakas/mulan.

    Examples
    --------
    >>> from mlhelpers.datasets import fetch_yeast
    >>> genes = fetch_yeast()  # doctest: +SKIP
    >>> genes.X_test.shape, genes.Y_test.shape  # doctest: +SKIP
    ((917, 103), (917, 14))
    """
    return _fetched("yeast", data_home, download_if_missing)


def _fetched(name: str, data_home: str | os.PathLike[str] | None, download: bool) -> MultilabelDataset:
    return _read(*paths_of(FILES[name], data_home, download))


def _read(train: Path, test: Path, labels: Path) -> MultilabelDataset:
    """Read the two parts; the XML says which columns are labels, the ARFF files in which order."""
    root = ElementTree.fromstring(labels.read_text(encoding="utf-8"))
    declared = {element.attrib["name"] for element in root.iter() if element.tag.endswith("label")}
    (X_train, Y_train, names), (X_test, Y_test, _) = (_read_part(path, declared) for path in (train, test))
    return MultilabelDataset(
        X_train,
        Y_train,
        X_train[:0],
        Y_train[:0],
        X_test,
        Y_test,
        label_names=tuple(name for name in names if name in declared),
        feature_names=tuple(name for name in names if name not in declared),
    )


def _read_part(path: Path, labels: set[str]) -> tuple[NDArray[np.float64], NDArray[np.int8], Sequence[str]]:
    with path.open(encoding="utf-8") as lines:
        rows, meta = arff.loadarff(lines)
    names = meta.names()
    X = np.column_stack([rows[name] for name in names if name not in labels])
    Y = np.column_stack([rows[name] for name in names if name in labels])  # b"0" and b"1"
    return X.astype(np.float64), Y.astype(np.int8), names
