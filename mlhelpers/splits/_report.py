"""The report of what a division did to the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._groups import number_groups
from mlhelpers._names import check_same_labels, check_same_samples, label_names_of
from mlhelpers.labels import MISSING, axis_sums, check_labels
from mlhelpers.tables import ShownAsTable, Table


@dataclass(frozen=True, eq=False, repr=False)
class SplitReport(ShownAsTable):
    """What `split_report` found; prints as a table.

    Attributes
    ----------
    size : ndarray of int64, shape (n_parts,)
        Samples of each part.
    count : ndarray of int64, shape (n_parts, n_labels)
        Samples of each part that carry each label.
    frequency : ndarray of float64, shape (n_parts, n_labels)
        ``count`` divided by the part's samples for which the label is known; NaN if there are none.
    deviation : ndarray of float64, shape (n_parts, n_labels)
        Relative: a part's frequency divided by the whole's, minus one. 0 is perfect, -1 means that the
        label is missing, NaN that it occurs nowhere.
    missing : tuple of tuple of str
        Of each part, the labels of the whole that it lacks.
    label_names : tuple of str
    n_unknown : ndarray of int64, shape (n_parts,)
        Unknown labels of each part.
    n_groups : ndarray of int64, shape (n_parts,), or None
        Groups of each part; None without `groups`, as the next two.
    n_shared_groups : ndarray of int64, shape (n_parts,), or None
        Those of them that another part has, too.
    n_shared_samples : ndarray of int64, shape (n_parts,), or None
        Samples of each part whose group another part has, too.
    """

    size: NDArray[np.int64]
    count: NDArray[np.int64]
    frequency: NDArray[np.float64]
    deviation: NDArray[np.float64]
    missing: tuple[tuple[str, ...], ...]
    label_names: tuple[str, ...]
    n_unknown: NDArray[np.int64]
    n_groups: NDArray[np.int64] | None = None
    n_shared_groups: NDArray[np.int64] | None = None
    n_shared_samples: NDArray[np.int64] | None = None

    def _table(self) -> Table:
        rows: list[tuple[Any, ...]] = []
        for i, deviation in enumerate(self.deviation):
            size = np.abs(deviation)
            if np.isnan(size).all():
                mean, worst = "–", "–"
            else:
                label = int(np.nanargmax(size))
                mean, worst = f"{np.nanmean(size):.1%}", f"{deviation[label]:+.1%} ({self.label_names[label]})"
            rows.append((str(i), int(self.size[i]), mean, worst, _some(self.missing[i])))
        columns: tuple[str, ...] = ("part", "samples", "mean", "worst (label)", "missing labels")
        caption = "How far each label's frequency in a part is from that in the whole, relative to it"
        more = {
            "unknown": self.n_unknown if self.n_unknown.any() else None,
            "groups": self.n_groups,
            "shared groups": self.n_shared_groups,
            "samples in them": self.n_shared_samples,
        }
        for heading, values in more.items():
            if values is not None:
                rows = [(*row, int(n)) for row, n in zip(rows, values, strict=True)]
                columns = (*columns, heading)
        return Table(columns, rows, caption=caption)


def split_report(Y: Any, *parts: Any, groups: Any = None, allow_missing: bool = False) -> SplitReport:
    """Tell how far a division moved the labels' frequencies, which labels a part lacks, and which groups parts share.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        Labels of all samples.
    *parts : arrays
        One for each part: its label matrix, of shape (n, n_labels); or its row numbers in `Y`; or a boolean
        mask of shape (n_samples,).
    groups : array-like of shape (n_samples,), optional
        To which group (patient, author, video) each sample belongs, to count the groups that several parts have. Parts
        must be row numbers or masks then. It finds duplicates, too: pass for each sample what its twins
        have in common, such as the text itself, ``[" ".join(text.lower().split()) for text in texts]``, or the bytes
        of an image, ``[image.tobytes() for image in images]``. A shared group is then a sample that several
        parts have, and `n_shared_samples` of the test part says how many of its samples have a twin elsewhere.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN), which are left out of the frequencies.

    Returns
    -------
    SplitReport

    Raises
    ------
    ValueError, TypeError
        If `Y` is not a label matrix, no part is given, a part is empty or is none of the above, or a group is missing.

    Examples
    --------
    >>> Y = [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]]
    >>> report = split_report(Y, [2, 3, 4], [0, 1, 5])
    >>> report.deviation
    array([[-0.33333333,  1.        ],
           [ 0.33333333, -1.        ]])
    >>> report.missing
    ((), ('1',))

    Which comments are in both parts?

    >>> texts = ["thanks", "no", "so sad", "thanks", "great", "no"]
    >>> split_report(Y, [2, 3, 4], [0, 1, 5], groups=texts).n_shared_samples
    array([1, 1])
    """
    labels = check_labels(Y, allow_missing=allow_missing)
    if not parts:
        raise ValueError("no part to report on; call split_report(Y, Y_train, Y_test), or with the row numbers of each")
    names = tuple(label_names_of(Y) or map(str, range(labels.shape[1])))
    for i, part in enumerate(parts):
        (check_same_labels if hasattr(part, "columns") else check_same_samples)(**{"Y": Y, f"part {i}": part})
    matrices = [_part_labels(labels, part, f"part {i}", allow_missing) for i, part in enumerate(parts)]
    size = np.array([matrix.shape[0] for matrix in matrices], dtype=np.int64)
    count = np.array([axis_sums(matrix == 1, axis=0) for matrix in matrices])
    unknown = np.array([axis_sums(matrix == MISSING, axis=0) for matrix in matrices])
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = axis_sums(labels == 1, axis=0) / (labels.shape[0] - axis_sums(labels == MISSING, axis=0))
        frequency = count / (size[:, None] - unknown)
        deviation = np.where(whole > 0, frequency / whole - 1, np.nan)
    lacking = (count == 0) & (whole > 0)
    missing = tuple(tuple(name for name, none in zip(names, row, strict=True) if none) for row in lacking)
    shared = () if groups is None else _shared_groups(number_groups(groups, labels.shape[0], Y=Y), parts)
    return SplitReport(size, count, frequency, deviation, missing, names, unknown.sum(axis=1), *shared)


def _shared_groups(group: NDArray[np.intp], parts: tuple[Any, ...]) -> tuple[NDArray[np.int64], ...]:
    """Return of each part the number of groups, of those that another part has, and of the samples in these."""
    counts = np.empty((len(parts), int(group.max()) + 1), dtype=np.int64)
    for i, part in enumerate(parts):
        if np.ndim(part) != 1:
            raise ValueError(
                f"part {i} is a label matrix, which does not say to which groups its rows belong; pass row numbers, "
                "as multilabel_train_test_split(numpy.arange(len(Y)), Y) returns them first, or leave groups out"
            )
        counts[i] = np.bincount(group[np.asarray(part)], minlength=counts.shape[1])
    has = counts > 0
    shared = has & (has.sum(axis=0) > 1)
    return has.sum(axis=1), shared.sum(axis=1), (counts * shared).sum(axis=1)


def _part_labels(labels: Any, part: Any, name: str, allow_missing: bool) -> Any:
    """Return the label matrix of a part that is given as a matrix, as row numbers or as a mask."""
    n_samples, n_labels = labels.shape
    rows = part if sparse.issparse(part) else np.asarray(part)
    if hasattr(part, "get_indexer"):
        raise TypeError(
            f"{name} is a row index of pandas, whose entries need not be row numbers; pass Y.loc[index], the labels "
            "themselves"
        )
    if rows.ndim == 2:
        matrix = check_labels(part, name=name, allow_missing=allow_missing)
        if matrix.shape[1] != n_labels:
            raise ValueError(f"{name} has shape {matrix.shape}, but Y has {n_labels} labels; both must have the same")
        return matrix
    if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "biu":
        raise ValueError(
            f"{name} has shape {rows.shape} and dtype {rows.dtype}, expected a label matrix of shape (n, {n_labels}), "
            f"row numbers of shape (n,), or a mask of shape ({n_samples},), none of them empty"
        )
    if rows.dtype.kind == "b":
        if len(rows) != n_samples or not rows.any():
            raise ValueError(
                f"{name} is a mask of {len(rows)} values, {int(rows.sum())} of them True, for {n_samples} samples; "
                "give one value per sample, and choose at least one"
            )
        rows = np.flatnonzero(rows)
    if len(np.unique(rows)) < len(rows):
        raise ValueError(
            f"{name} holds a row number twice; pass row numbers that differ, or of a single label a matrix, as in "
            "part.reshape(-1, 1)"
        )
    if rows.min() < 0 or rows.max() >= n_samples:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"{name} holds row number {wrong}, expected 0 to {n_samples - 1}")
    return labels[rows]


def _some(names: tuple[str, ...], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more or "none"
