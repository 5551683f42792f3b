"""Which label is the parent of which."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlhelpers._names import different_names
from mlhelpers._validation import names_of_labels
from mlhelpers.tables import ShownAsTable, Table

Parents: TypeAlias = "Mapping[str, str | Iterable[str]]"

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
            given = different_names(label_names, _length(label_names))
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
