"""Labels with parents: who carries a label carries its ancestors; consistent scores; measures for each level."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import check_same_samples, label_names_of, names_for
from mlhelpers._scores import ROUNDING, check_scores
from mlhelpers._validation import names_of_labels
from mlhelpers.labels import check_labels, split_unknown
from mlhelpers.metrics import Report, evaluate
from mlhelpers.tables import ShownAsTable, Table

__all__ = ["Hierarchy", "LevelReport", "consistent_scores", "evaluate_levels", "with_ancestors"]

Parents: TypeAlias = "Mapping[str, str | Iterable[str]]"

_WAYS = ("max", "min", "product")
_MOST_SPELT = 300  # labels; spelling takes their number squared


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Hierarchy(ShownAsTable):
    """Which label is the parent of which; prints as a table.

    Parameters
    ----------
    parents : mapping of str to str, or to several str
        For each label that has one, its parent, as in ``{"joy": "positive"}``; or several parents.
    label_names : sequence of str, optional
        The names of the columns that there are. Parents that have no column get one after them; a warning is given if
        such a parent looks like a misspelt column. By default, all labels of `parents`, children first, in the order
        in which they are named.

    Attributes
    ----------
    label_names : tuple of str
        All labels, in the order of columns: those given, then parents that are not among them.
    given : tuple of str
        Those given.
    parents : dict of str to tuple of str
        The parents of each label, for all of them.

    Raises
    ------
    ValueError
        If a label is its own ancestor, if a name occurs twice, also as a number and as text, or if a child is none of
        the labels.
    TypeError
        If `parents` is no mapping of names.

    Warns
    -----
    UserWarning
        If a parent has no column, and its name is nearly that of a label that has one; up to 300 labels.

    Notes
    -----
    A label that occurs in `label_names` alone has neither parent nor children. A label may have several
    parents, and then the hierarchy is no tree but a directed acyclic graph; its level is one more than the largest
    level of its parents.

    Examples
    --------
    >>> Hierarchy({"joy": "positive", "love": "positive", "anger": "negative"}, ["joy", "love", "anger", "neutral"])
    label     level   parents  children
    joy           2  positive         –
    love          2  positive         –
    anger         2  negative         –
    neutral       1         –         –
    positive      1         –         2
    negative      1         –         1
    """

    label_names: tuple[str, ...]
    given: tuple[str, ...]
    parents: dict[str, tuple[str, ...]]

    def __init__(self, parents: Parents, label_names: Any = None) -> None:
        read = _read_parents(parents)
        mentioned = tuple(dict.fromkeys([*read, *(name for above in read.values() for name in above)]))
        if label_names is None:
            given = mentioned
        else:
            label_names = list(label_names) if _is_iterator(label_names) else label_names
            given = tuple(names_of_labels(label_names, _length(label_names)))
        twice = next((name for i, name in enumerate(given) if name in given[:i]), None)
        if twice is not None:
            raise ValueError(f"label_names holds {twice!r} twice; give every label a name of its own")
        above = {name for names in read.values() for name in names}
        unknown = next((child for child in read if child not in given and child not in above), None)
        if unknown is not None:
            near = get_close_matches(unknown, given, n=1)
            meant = f"did you mean {near[0]!r}?" if near else "leave it out, or give it a column"
            raise ValueError(f"the hierarchy names {unknown!r}, which is neither a label nor a parent of one; {meant}")
        names = (*given, *(name for name in mentioned if name not in given))
        object.__setattr__(self, "label_names", names)
        object.__setattr__(self, "given", given)
        object.__setattr__(self, "parents", {name: read.get(name, ()) for name in names})
        self._order()
        if label_names is not None:
            self._warn_of_misspelt_parents()

    @classmethod
    def from_groupings(cls, groupings: Mapping[str, Mapping[str, Sequence[str]]], label_names: Any = None) -> Hierarchy:
        """Return the hierarchy of labels under groups, and of groups under larger ones.

        Parameters
        ----------
        groupings : mapping of str to mapping of str to sequence of str
            Ways to put labels into groups, *from the finest to the coarsest*: by the name of the grouping, and of the
            group, the names of its labels; as ``groupings`` of `mlhelpers.datasets.MultilabelDataset`.
        label_names : sequence of str, optional
            The names of the columns; by default the labels in the order of the first grouping.

        Returns
        -------
        Hierarchy
            A group is called by its name, or by that of its grouping and its own, "ekman joy", where a label or a
            finer group has its name already. A group that holds a label of its own name alone is that label.

        Raises
        ------
        ValueError
            If a label is in two groups of one grouping, if a group lies in no single group of the next grouping, if
            a label has the name that a group would get, or for another reason that `Hierarchy` has.
        TypeError
            If `groupings` is not such a mapping.

        Examples
        --------
        >>> groupings = {"ekman": {"joy": ["joy", "love"], "fear": ["fear"]}, "sentiment": {"good": ["joy", "love"]}}
        >>> tree = Hierarchy.from_groupings(groupings)
        >>> tree.label_names
        ('joy', 'love', 'fear', 'ekman joy', 'good')
        >>> tree.parents["love"], tree.parents["ekman joy"]
        (('ekman joy',), ('good',))
        """
        if not isinstance(groupings, Mapping) or not all(isinstance(groups, Mapping) for groups in groupings.values()):
            raise TypeError(
                "groupings must be a mapping of mappings, {grouping: {group: its labels}}, got "
                f"{type(groupings).__name__}; pass one mapping from child to parent to Hierarchy(...)"
            )
        members = (labels for groups in groupings.values() for labels in groups.values())
        mentioned = tuple(dict.fromkeys(str(label) for labels in members for label in labels))
        given = mentioned if label_names is None else tuple(names_of_labels(label_names, len(label_names)))
        top = {label: label for label in mentioned}  # the group, so far, in which each label is
        parents: dict[str, str] = {}
        for grouping, groups in groupings.items():
            taken = {*mentioned, *given, *parents.values()}
            seen: set[str] = set()
            for group, labels in groups.items():
                if isinstance(labels, (str, bytes)):
                    raise TypeError(f"{group!r} of {grouping!r} is {labels!r}, expected a list of labels, [{labels!r}]")
                below = [str(label) for label in labels]
                twice = next((label for label in below if label in seen), None)
                if twice is not None:
                    raise ValueError(f"{twice!r} is in two groups of {grouping!r}; put it into one")
                seen |= set(below)
                if below == [group]:
                    continue
                name = f"{grouping} {group}" if str(group) in taken else str(group)
                if name in taken:
                    raise ValueError(f"{name!r} would be the name of a group, and a label has it; rename one of them")
                finer = dict.fromkeys(top[label] for label in below)
                torn = next((part for part in finer if {x for x in top if top[x] == part} - set(below)), None)
                if torn is not None:
                    raise ValueError(
                        f"{torn!r} is only partly in {group!r} of {grouping!r}; groups must lie within those of the "
                        "next grouping, so give groupings from the finest to the coarsest"
                    )
                parents |= dict.fromkeys(finer, name)
                top |= dict.fromkeys(below, name)
        return cls(parents, given)

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self.label_names)

    @property
    def children(self) -> dict[str, tuple[str, ...]]:
        """The children of each label, in the order of columns."""
        found: dict[str, list[str]] = {name: [] for name in self.label_names}
        for child in self.label_names:
            for parent in self.parents[child]:
                found[parent].append(child)
        return {name: tuple(children) for name, children in found.items()}

    @property
    def depth(self) -> dict[str, int]:
        """The level of each label: 1 for a label without parents, else one more than that of its deepest parent."""
        found: dict[str, int] = {}
        for name in self._order():
            found[name] = 1 + max((found[parent] for parent in self.parents[name]), default=0)
        return found

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """The labels of each level, from the top: ``{"level 1": ...}``.

        A label without children that lies above the lowest level stands in all levels below it, too, where nothing
        finer is known of it.
        """
        depth, children = self.depth, self.children
        return {
            f"level {level}": tuple(
                name
                for name in self.label_names
                if depth[name] == level or (depth[name] < level and not children[name])
            )
            for level in range(1, max(depth.values(), default=0) + 1)
        }

    def ancestors(self) -> NDArray[np.bool_]:
        """Return whether the label of a column is an ancestor of the label of a row, shape (n_labels, n_labels)."""
        found = np.zeros((self.n_labels, self.n_labels), dtype=bool)
        column = {name: j for j, name in enumerate(self.label_names)}
        for name in self._order():
            for parent in self.parents[name]:
                found[column[name]] |= found[column[parent]]
                found[column[name], column[parent]] = True
        return found

    def _warn_of_misspelt_parents(self) -> None:
        for added in self.label_names[len(self.given) :] if self.n_labels <= _MOST_SPELT else ():
            below = self.ancestors()[:, self.label_names.index(added)]
            others = [name for j, name in enumerate(self.given) if not below[j]]
            near = next(iter(get_close_matches(added, others, n=1, cutoff=0.85)), added)
            if re.sub(r"\d", "", near) != re.sub(r"\d", "", added):  # both "group 1" and "group 2" are meant
                warnings.warn(
                    f"the parent {added!r} has no column, and {near!r} has one; did you mean {near!r}? As it is, "
                    f"{added!r} is added",
                    UserWarning,
                    stacklevel=3,
                )

    def _order(self) -> list[str]:
        """Return the labels with parents before children; refuse a circle."""
        ordered: list[str] = []
        left = dict.fromkeys(self.label_names)
        while left:
            free = [name for name in left if not any(parent in left for parent in self.parents[name])]
            if not free:
                raise ValueError(
                    f"the hierarchy goes round in a circle, {' -> '.join(self._circle(list(left)))}, so that "
                    "a label is its own ancestor; take one of these parents out"
                )
            ordered += free
            for name in free:
                del left[name]
        return ordered

    def _circle(self, left: list[str]) -> list[str]:
        path = [left[0]]
        while path[-1] not in path[:-1]:
            path.append(next(parent for parent in self.parents[path[-1]] if parent in left))
        return path[path.index(path[-1]) :]

    def _table(self) -> Table:
        depth, children = self.depth, self.children
        rows = [
            (name, depth[name], ", ".join(self.parents[name]) or "–", len(children[name]) or "–")
            for name in self.label_names
        ]
        return Table(("label", "level", "parents", "children"), rows)


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
    tree = _with_all_columns(y_score, hierarchy, label_names, scores.shape[1])
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


@dataclass(frozen=True, eq=False, repr=False)
class LevelReport(ShownAsTable):
    """What `evaluate_levels` found; prints as a table with one row for each level.

    Attributes
    ----------
    hierarchy : Hierarchy
    levels : dict of str to Report
        The report of each level, over its labels alone.
    overall : Report
        Of the decisions with their ancestors, over all labels of the hierarchy: its micro-averages are the
        hierarchical precision, recall and F1. It has seen decisions, no scores, so what it says of rankings and
        thresholds means nothing.
    n_inconsistent : int
        Samples for which a label is predicted without one of its parents, whatever they weigh.
    """

    hierarchy: Hierarchy
    levels: dict[str, Report]
    overall: Report
    n_inconsistent: int

    @property
    def precision(self) -> float:
        """Hierarchical precision: of all predicted labels and their ancestors, the fraction that is right."""
        return self.overall.averages["precision_micro"]

    @property
    def recall(self) -> float:
        """Hierarchical recall: of all true labels and their ancestors, the fraction that is found."""
        return self.overall.averages["recall_micro"]

    @property
    def f1(self) -> float:
        """Hierarchical F1: the harmonic mean of the two."""
        return self.overall.averages["f1_micro"]

    @property
    def f1_interval(self) -> tuple[float, float] | None:
        """Bootstrap interval of the hierarchical F1; None if no confidence was asked for."""
        return self.overall.intervals.get("f1_micro")

    def _table(self) -> Table:
        keys = ("f1_micro", "f1_macro", "subset_accuracy", "average_precision")
        rows = []
        for name, report in self.levels.items():
            trivial = max(values["f1_micro"] for values in report.baselines.values())
            cardinality = report.counts.support.sum() / report.n_samples
            rows.append(
                (
                    name,
                    len(report.label_names),
                    "–" if report.counts.weighted else f"{cardinality:.2f}",
                    trivial,
                    *("–" if np.isnan(report.averages[key]) else report.averages[key] for key in keys),
                )
            )
        caption = (
            f"{self.overall.n_samples:,} samples, hierarchical precision {self.precision:.3f}, recall "
            f"{self.recall:.3f}, F1 {self.f1:.3f}; a label without its parent in {self.n_inconsistent:,} samples"
        )
        headings = ("labels", "per sample", "trivial F1", "F1, micro", "F1, macro", "subset accuracy", "AP, macro")
        return Table(("level", *headings), rows, caption=caption)


def evaluate_levels(
    y_true: Any,
    y_score: Any,
    hierarchy: Hierarchy | Parents,
    *,
    levels: Mapping[str, Sequence[str]] | None = None,
    threshold: Any = 0.5,
    label_names: Any = None,
    zero_division: float = np.nan,
    confidence: float | None = None,
    n_resamples: int = 1000,
    random_state: int | None = 0,
    groups: Any = None,
    allow_missing: bool = False,
    sample_weight: Any = None,
) -> LevelReport:
    """Judge scores level by level, and by hierarchical precision, recall and F1.

    Parameters
    ----------
    y_true : array-like, DataFrame or sparse matrix of 0/1, shape (n_samples, n_labels)
        The columns that the hierarchy was given, or all. It is completed by `with_ancestors` first.
    y_score : array-like of float, shape (n_samples, n_all_labels)
        Scores, or 0/1 predictions, with one column for each label of the hierarchy.
    hierarchy : Hierarchy, or mapping of str to str or to several str
    levels : mapping of str to sequence of str, optional
        The labels of each level by the name of the level; by default those of ``Hierarchy.levels``. A label may be in
        several.
    threshold : float or array-like of shape (n_all_labels,), default=0.5
        A label is predicted where its score is above this.
    label_names : sequence of str, optional
        One per column of `y_score`; by default the columns of a DataFrame, or the names that a `Hierarchy` has.
    zero_division, confidence, n_resamples, random_state, groups, allow_missing, sample_weight
        As in `mlhelpers.metrics.evaluate`, for each level and for the whole.

    Returns
    -------
    LevelReport

    Raises
    ------
    ValueError, TypeError
        As `mlhelpers.metrics.evaluate` and `with_ancestors`; and if a level names an unknown label, or none.

    Notes
    -----
    The levels are judged by the decisions as they are. For hierarchical precision, recall and F1 [1]_ each set of
    labels, predicted and true, is completed by all ancestors; then the labels that both have are counted over all
    samples, and divided by those predicted, or by those that are true. So a prediction that is wrong but has
    the right parent is partly right. These are the micro-averages over the completed matrices, which [2]_
    recommends for comparing hierarchical classifiers. An unknown label is left out; with ancestors that are
    unknown, too, see `with_ancestors`.

    The table has the best micro-F1 of the three trivial baselines of each level beside that of the model:
    levels have different numbers of labels and frequencies, so that their scores can't be compared with each other.

    References
    ----------
    .. [1] Kiritchenko, Matwin, Nock and Famili (2006), "Learning and evaluation in the presence of class hierarchies:
       application to text categorization", Canadian AI, doi:10.1007/11766247_34.
    .. [2] Silla and Freitas (2011), "A survey of hierarchical classification across different application domains",
       Data Mining and Knowledge Discovery 22, doi:10.1007/s10618-010-0175-9.

    Examples
    --------
    >>> tree = Hierarchy({"joy": "positive", "love": "positive", "anger": "negative"}, ["joy", "love", "anger"])
    >>> y_true = [[1, 0, 0], [0, 0, 1]]  # joy; anger
    >>> y_pred = [[0, 1, 0, 1, 0], [0, 0, 1, 0, 0]]  # love and positive; anger, but not negative
    >>> report = evaluate_levels(y_true, y_pred, tree)
    >>> report.precision, report.recall, report.n_inconsistent
    (0.75, 0.75, 1)
    >>> {level: found.averages["f1_micro"] for level, found in report.levels.items()}
    {'level 1': 0.6666666666666666, 'level 2': 0.5}
    """
    scores = check_scores(y_score)
    tree = _with_all_columns(y_score, hierarchy, label_names, scores.shape[1])
    check_same_samples(y_true=y_true, y_score=y_score)
    truth = with_ancestors(y_true, tree, allow_missing=allow_missing)
    options: dict[str, Any] = {
        "zero_division": zero_division,
        "confidence": confidence,
        "n_resamples": n_resamples,
        "groups": groups,
        "allow_missing": allow_missing,
        "sample_weight": sample_weight,
    }
    chosen = _check_levels(tree.levels if levels is None else levels, tree)
    # Checks all arguments beside each other, names included.
    limits = evaluate(
        truth,
        y_score,
        threshold=threshold,
        label_names=tree.label_names,
        baselines=False,
        **options | {"n_resamples": 1},
    ).threshold
    truth = truth if sparse.issparse(truth) else np.asarray(truth)
    decided = (scores > limits).astype(np.int8)
    found = {
        name: evaluate(
            truth[:, columns],
            scores[:, columns],
            threshold=limits[columns],
            label_names=[tree.label_names[j] for j in columns],
            random_state=random_state,
            **options,
        )
        for name, columns in chosen.items()
    }
    completed = with_ancestors(decided, tree)
    overall = evaluate(truth, completed, label_names=tree.label_names, random_state=random_state, **options)
    lacking = np.zeros(len(decided), dtype=bool)
    column = {name: j for j, name in enumerate(tree.label_names)}
    for name, above in tree.parents.items():
        for parent in above:
            lacking |= (decided[:, column[name]] == 1) & (decided[:, column[parent]] == 0)
    return LevelReport(tree, found, overall, int(lacking.sum()))


def _read_parents(parents: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(parents, Mapping):
        raise TypeError(
            "a hierarchy is a mapping from the name of each child to the name of its parent, as in "
            f'{{"joy": "positive"}}, or a Hierarchy; got {type(parents).__name__}'
        )
    read: dict[str, tuple[str, ...]] = {}
    for child, above in parents.items():
        names = (above,) if isinstance(above, str) or not isinstance(above, Iterable) else tuple(above)
        if isinstance(above, bytes) or any(
            name is None or isinstance(name, (list, tuple, set, dict, float, bytes)) for name in (child, *names)
        ):
            raise TypeError(
                f"the hierarchy has {above!r} as the parent of {child!r}, expected a name or several; leave a label "
                "without parents out"
            )
        if str(child) in read:
            raise ValueError(f"the hierarchy names {str(child)!r} twice, as text and as another type; name it once")
        read[str(child)] = tuple(dict.fromkeys(str(name) for name in names))
    return read


def _is_iterator(values: Any) -> bool:
    return isinstance(values, Iterable) and not hasattr(values, "__len__")


def _length(values: Any) -> int:
    return len(values) if hasattr(values, "__len__") else 0


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


def _with_all_columns(y_score: Any, hierarchy: Hierarchy | Parents, label_names: Any, n_labels: int) -> Hierarchy:
    """Return the hierarchy, all of whose labels have a column of scores."""
    tree, columns = _resolve(y_score, hierarchy, label_names, n_labels, "y_score")
    lacking = [name for name in tree.label_names if name not in columns]
    if lacking:
        raise ValueError(
            f"y_score has no column for {', '.join(map(repr, lacking))}; it needs one for each label of the hierarchy, "
            "parents included: train them, too, or make them from the scores of their labels, such as 1 - prod(1 - p)"
        )
    return tree


def _check_levels(levels: Any, tree: Hierarchy) -> dict[str, list[int]]:
    if not isinstance(levels, Mapping) or not levels:
        raise TypeError(
            f"levels must be a mapping from the name of each level to the names of its labels, got {levels!r}"
        )
    found = {}
    for level, names in levels.items():
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise TypeError(f"levels[{level!r}] must be a sequence of names, got {names!r}")
        names = [str(name) for name in names]
        unknown = next((name for name in names if name not in tree.label_names), None)
        if unknown is not None or not names:
            what = "is empty" if unknown is None else f"names {unknown!r}, which is no label of the hierarchy"
            raise ValueError(f"levels[{level!r}] {what}; give the names of its labels")
        found[str(level)] = [tree.label_names.index(name) for name in names]
    return found


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
