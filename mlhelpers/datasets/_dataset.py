"""What a data set is: three splits of samples with their label matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.labels import label_summary
from mlhelpers.tables import ShownAsTable, Table

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, eq=False, repr=False)
class MultilabelDataset(ShownAsTable):
    """Training, validation and test samples with their label matrices; prints as a table.

    Attributes
    ----------
    X_train, X_val, X_test : ndarray
        Images, float32 of shape (n_samples, height, width), from 0 (paper) to 1 (ink); or texts, objects of type str,
        of shape (n_samples,); or features, float64 of shape (n_samples, n_features). Where nobody has published a
        validation part, `X_val` and `Y_val` have no row.
    Y_train, Y_val, Y_test : ndarray of int8, shape (n_samples, n_labels)
        1 where the sample carries the label, else 0.
    label_names : tuple of str
        One name per column of `Y_train`.
    sources_train, sources_val, sources_test : ndarray of int64, shape (n_samples, n_labels), or None
        Which picture shows the label in the sample, -1 where the label is absent; None where samples are not
        composed of pictures. Samples that share a picture are not independent of each other.
    groupings : dict, or None
        Ways to put labels into groups: by the name of the grouping, and of the group, the names of its labels.
    feature_names : tuple of str, or None
        One name per column of `X_train`, where samples are rows of features.
    """

    X_train: NDArray[Any]
    Y_train: NDArray[np.int8]
    X_val: NDArray[Any]
    Y_val: NDArray[np.int8]
    X_test: NDArray[Any]
    Y_test: NDArray[np.int8]
    label_names: tuple[str, ...]
    sources_train: NDArray[np.int64] | None = None
    sources_val: NDArray[np.int64] | None = None
    sources_test: NDArray[np.int64] | None = None
    groupings: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None
    feature_names: tuple[str, ...] | None = None

    def describe(self) -> Table:
        """Return one row of figures per split that has samples: size, cardinality, empty samples, rarest label.

        Returns
        -------
        Table
            Prints as text, and as an HTML table in a notebook.
        """
        rows = []
        for split in SPLITS:
            X, Y = getattr(self, f"X_{split}"), getattr(self, f"Y_{split}")
            if not len(X):
                continue
            summary = label_summary(Y)
            rarest = int(summary.count.argmin())
            rows.append(
                (
                    split,
                    len(X),
                    _size(X),
                    f"{summary.cardinality:.2f}",
                    f"{summary.n_empty / summary.n_samples:.1%}",
                    f"{self.label_names[rarest]}: {summary.count[rarest]}",
                )
            )
        size = {1: "words", 2: "features"}.get(self.X_train.ndim, "pixels")
        return Table(("split", "samples", size, "labels per sample", "without label", "rarest label"), rows)

    def _table(self) -> Table:
        return self.describe()


def _size(X: NDArray[Any]) -> str:
    """Return how large one sample is: an image's sides, a row's features, or the mean number of words of a text."""
    if X.ndim == 1:
        return f"{np.mean([len(text.split()) for text in X]):.1f}"
    return " × ".join(str(side) for side in X.shape[1:])
