"""Labels and scores that agree with a hierarchy: completed label matrices, consistent scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import label_names_of, names_for
from mlhelpers._scores import ROUNDING, check_scores
from mlhelpers.hierarchy._hierarchy import Hierarchy, Parents
from mlhelpers.labels import check_labels, split_unknown

_WAYS = ("max", "min", "product")


def with_ancestors(
    Y: Any, hierarchy: Hierarchy | Parents, *, label_names: Any = None, allow_missing: bool = False
) -> Any:
    """Return the label matrix in which who carries a label carries its ancestors, too.

    Parameters
    ----------
    Y : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        Never changed.
    hierarchy : Hierarchy, or mapping of str to str or to several str
        The parent, or the parents, of each label that has one: ``{"joy": "positive"}``. Parents that `Y` has no column
        for are added.
    label_names : sequence of str, optional
        One per column of `Y`; by default the columns of a DataFrame, or the names that a `Hierarchy` has.
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None).

    Returns
    -------
    ndarray of int8, csr_array of int8 or DataFrame, shape (n_samples, n_all_labels)
        The columns of `Y`, in order, then those of added parents; their names are
        ``Hierarchy(hierarchy, label_names).label_names``, as text. A DataFrame if `Y` is one, and CSR if it is sparse.
        Unknown labels are -1.

    Raises
    ------
    ValueError, TypeError
        If `Y` is not a label matrix; see `mlhelpers.labels.check_labels`. If names are missing, unknown,
        twice there or in another order; if a label is its own ancestor.

    Notes
    -----
    A parent that has a column is 1 where one of its descendants is, and else what it was: it may be present without any
    of the children that have a name. A parent that is *added* is the union of its children: 1 where one of them is 1,
    0 where all of them are 0, and unknown where none is known to be there and one at least is unknown, since
    that one may be there. Nothing is concluded from a parent about its children. Doing it twice changes nothing.

    Examples
    --------
    >>> parents = {"joy": "positive", "love": "positive", "anger": "negative"}
    >>> names = ["joy", "love", "anger"]
    >>> with_ancestors([[1, 0, 0], [0, 0, 1], [0, 0, 0]], parents, label_names=names)
    array([[1, 0, 0, 1, 0],
           [0, 0, 1, 0, 1],
           [0, 0, 0, 0, 0]], dtype=int8)
    >>> Hierarchy(parents, names).label_names
    ('joy', 'love', 'anger', 'positive', 'negative')

    Love is unknown in both rows. In the first joy is there, which is enough; in the second nobody knows:

    >>> with_ancestors([[1, -1, 0], [0, -1, 0]], parents, label_names=names, allow_missing=True)
    array([[ 1, -1,  0,  1,  0],
           [ 0, -1,  0, -1,  0]], dtype=int8)
    """
    labels = check_labels(Y, allow_missing=allow_missing)
    tree, columns = _resolve(Y, hierarchy, label_names, labels.shape[1], "Y")
    own = np.isin(tree.label_names, columns)
    reached = np.eye(tree.n_labels, dtype=bool) | tree.ancestors()
    present, unknown = split_unknown(labels)
    if sparse.issparse(labels):
        closed = _sparse_product(present, reached[own])
        if unknown is not None:
            doubtful = _sparse_product(unknown, _through_added(tree, own))
            closed = sparse.csr_array(closed - (doubtful - doubtful.multiply(closed)))
        return closed
    closed = _any_of(present, reached[own])
    if unknown is not None:
        closed = np.where(closed, 1, np.where(_any_of(unknown, _through_added(tree, own)), -1, 0))
    closed = closed.astype(np.int8)
    if hasattr(Y, "iloc"):
        return type(Y)(closed, index=Y.index, columns=list(tree.label_names))
    return closed


def consistent_scores(
    y_score: Any, hierarchy: Hierarchy | Parents, *, how: str = "max", label_names: Any = None
) -> NDArray[np.float64]:
    """Return scores with which no label scores above its parents.

    Parameters
    ----------
    y_score : array-like or DataFrame of float, shape (n_samples, n_labels)
        One column for each label of the hierarchy.
    hierarchy : Hierarchy, or mapping of str to str or to several str
    how : {"max", "min", "product"}, default="max"
        "max", bottom-up: a label gets the largest score of itself and its descendants. "min", top-down: a label
        gets the smallest score of itself and its ancestors. "product", by the chain rule: the scores are
        *conditional* probabilities, of a label given that its parent is there, and are multiplied along the path from
        the top; for trees alone, where no label has two parents.
    label_names : sequence of str, optional
        One per column; by default the columns of a DataFrame, or the names that a `Hierarchy` has.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_labels)

    Raises
    ------
    ValueError
        If a score is not finite, or for "product" not a probability; if the hierarchy is no tree and `how` is
        "product"; if a label has no column, or names are in another order.
    TypeError
        If an argument is of the wrong type.

    Notes
    -----
    "max" and "min" compare scores of different labels, so these must be of one kind: all of them
    probabilities, or all logits. Both leave scores alone that are consistent already. On 0/1 decisions "max" adds the
    ancestors, and "min" drops a label whose ancestors are not all there.

    Consistent scores give consistent *decisions* if all labels have one threshold. A label that has a lower threshold
    than its parent can still be predicted without it; then make the decisions consistent, too.

    Eleven ways to make scores consistent have been compared on protein functions [1]_, among them others that change
    the scores as little as possible.

    References
    ----------
    .. [1] Obozinski, Lanckriet, Grant, Jordan and Noble (2008), "Consistent probabilistic outputs for protein function
       prediction", Genome Biology 9(S1), doi:10.1186/gb-2008-9-s1-s6.

    Examples
    --------
    >>> tree = Hierarchy({"joy": "positive", "love": "positive"})
    >>> tree.label_names
    ('joy', 'love', 'positive')
    >>> consistent_scores([[0.8, 0.1, 0.6]], tree, how="max")
    array([[0.8, 0.1, 0.8]])
    >>> consistent_scores([[0.8, 0.1, 0.6]], tree, how="min")
    array([[0.6, 0.1, 0.6]])
    >>> consistent_scores([[0.8, 0.1, 0.6]], tree, how="product")
    array([[0.48, 0.06, 0.6 ]])
    """
    if not isinstance(how, str) or how not in _WAYS:
        raise ValueError(f"how must be one of {', '.join(map(repr, _WAYS))}, got {how!r}")
    scores = check_scores(y_score).copy()
    tree = with_all_columns(y_score, hierarchy, label_names, scores.shape[1])
    column = {name: j for j, name in enumerate(tree.label_names)}
    order = tree._order()
    if how == "product":
        several = next((name for name in order if len(tree.parents[name]) > 1), None)
        if several is not None:
            raise ValueError(
                f"{several!r} has the parents {', '.join(tree.parents[several])}, and a product along the path needs "
                'one at most; use how="max" or "min"'
            )
        if scores.min() < -ROUNDING or scores.max() > 1 + ROUNDING:
            raise ValueError(
                f'y_score goes from {scores.min():g} to {scores.max():g}, and how="product" multiplies probabilities '
                "from 0 to 1; pass scipy.special.expit(y_score) if these are logits"
            )
    for name in reversed(order) if how == "max" else order:
        for parent in tree.parents[name]:
            child, above = scores[:, column[name]], scores[:, column[parent]]
            if how == "max":
                np.maximum(above, child, out=above)
            elif how == "min":
                np.minimum(child, above, out=child)
            else:
                child *= above
    return scores


def _resolve(
    values: Any, hierarchy: Hierarchy | Parents, label_names: Any, n_labels: int, side: str
) -> tuple[Hierarchy, tuple[str, ...]]:
    """Return the hierarchy over all its labels, and the names of the columns that `values` have."""
    own = label_names_of(values)
    if not isinstance(hierarchy, Hierarchy):
        if label_names is None and own is None:
            raise ValueError(
                f"the hierarchy speaks of names, and {side} has none; pass label_names with one name per column, "
                "or a DataFrame"
            )
        names = names_for(label_names, n_labels, **{side: values})
        return Hierarchy(hierarchy, names), tuple(names)
    expected = next((names for names in (hierarchy.label_names, hierarchy.given) if len(names) == n_labels), None)
    if expected is None:
        raise ValueError(
            f"{side} has {n_labels} columns, and the hierarchy has {hierarchy.n_labels} labels, of which "
            f"{len(hierarchy.given)} were given to it; pass as many columns, in the order of its label_names"
        )
    known = names_for(label_names, n_labels, **{side: values}) if label_names is not None else own
    if known is not None and known != list(map(str, range(n_labels))) and tuple(known) != expected:
        j = next(j for j, name in enumerate(known) if name != expected[j])
        way_out = "put the columns into one order" if sorted(known) == sorted(expected) else "give one label one name"
        raise ValueError(
            f"column {j} of {side} is {known[j]!r}, and the hierarchy has {expected[j]!r} there; {way_out}"
        )
    return hierarchy, expected


def with_all_columns(y_score: Any, hierarchy: Hierarchy | Parents, label_names: Any, n_labels: int) -> Hierarchy:
    """Return the hierarchy, all of whose labels have a column of scores."""
    tree, columns = _resolve(y_score, hierarchy, label_names, n_labels, "y_score")
    lacking = [name for name in tree.label_names if name not in columns]
    if lacking:
        raise ValueError(
            f"y_score has no column for {', '.join(map(repr, lacking))}; it needs one for each label of the hierarchy, "
            "parents included: train them, too, or make them from the scores of their labels, such as 1 - prod(1 - p)"
        )
    return tree


def _through_added(tree: Hierarchy, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which labels are unknown where an own one is, unless they are present: itself, and added ones above it."""
    column = {name: j for j, name in enumerate(tree.label_names)}
    found = np.eye(tree.n_labels, dtype=bool)
    for name in reversed(tree._order()):  # children first, so found[:, column[name]] is complete
        for parent in tree.parents[name]:
            if not own[column[parent]]:
                found[:, column[parent]] |= found[:, column[name]]
    return found[own]


def _any_of(cells: NDArray[Any], reached: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cells.astype(np.float32) @ reached.astype(np.float32) > 0)


def _sparse_product(cells: Any, reached: NDArray[np.bool_]) -> sparse.csr_array:
    product = sparse.csr_array(cells, dtype=np.int64) @ sparse.csr_array(reached.astype(np.int64))
    return sparse.csr_array((product > 0).astype(np.int8))
