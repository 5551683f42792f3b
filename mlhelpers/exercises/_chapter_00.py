"""Judges of chapter 0, the label matrix."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MultiLabelBinarizer

from mlhelpers.exercises._answers import ANY, Wrong, compare, read_array, read_label_set, read_numbers
from mlhelpers.exercises._register import Labels, constant, exercise, scenes
from mlhelpers.labels import cooccurrence, label_summary


@exercise("00.1")
def _scenes_with_a_3_and_a_7(answer: Any) -> None:
    Y = {part: getattr(scenes(), f"Y_{part}") for part in ("train", "val", "test")}
    both = {part: int((labels[:, 3] & labels[:, 7]).sum()) for part, labels in Y.items()}
    three, seven, size = Y["train"][:, 3], Y["train"][:, 7], Y["train"].sum(axis=1)
    name = "how many training scenes"
    if 0 < read_numbers(answer, name)[0] < 1:
        raise Wrong("This is a fraction of the scenes; the question asks for their number.")
    routes = {
        "These are the scenes with a 3 or a 7; the question asks for those with both.": (three | seven).sum(),
        "These are the scenes with a 3 added to those with a 7, and those with both counted twice.": three.sum(
            dtype=int
        )
        + seven.sum(dtype=int),
        "These are all scenes with a 3.": three.sum(),
        "These are all scenes with a 7.": seven.sum(),
        "These scenes show a 3 and a 7 and nothing else; other digits may be there, too.": (
            three & seven & (size == 2)
        ).sum(),
        "These are the columns 2 and 6; columns count from 0, so column 3 is the digit 3.": (
            Y["train"][:, 2] & Y["train"][:, 6]
        ).sum(),
        "This counts test scenes; the question asks for training scenes.": both["test"],
        "This counts validation scenes; the question asks for training scenes.": both["val"],
        "This counts the scenes of all three splits; the question asks for training scenes.": sum(both.values()),
    }
    compare(answer, {name: both["train"]}, routes, tolerance=1e-6)


@exercise("00.2")
def _a_label_that_never_occurs(answer: Any) -> None:
    Y = scenes().Y_train
    old, new = label_summary(Y), label_summary(np.hstack([Y, np.zeros_like(Y[:, :1])]))
    density = new.density / old.density
    expected = {
        "cardinality": new.cardinality / old.cardinality,
        "density": density,
        "mean imbalance ratio": new.mean_imbalance_ratio / old.mean_imbalance_ratio,
        "Hamming loss": density,  # of all zeros it is the density
    }
    if np.isfinite(read_numbers(answer, *expected, finite=False)[2]):
        raise Wrong("Mean imbalance ratio: what is the ratio of the new label itself? Its count is the denominator.")
    routes = {
        "These are the new values; the question asks for factors, the new value divided by the old one.": [
            new.cardinality,
            new.density,
            new.mean_imbalance_ratio,
            new.density,
        ],
        "Cardinality: it is a mean over samples; does the number of labels enter it?": [density, ANY, ANY, ANY],
        "Density: it divides by the number of labels, and there is one more.": [ANY, 1, ANY, ANY],
        "Density: this is upside down; divide the new value by the old one.": [ANY, 1 / density, ANY, ANY],
        "Hamming loss: it is a mean over all decisions, and there are more of them.": [ANY, ANY, ANY, 1],
        "Hamming loss: this is upside down; divide the new value by the old one.": [ANY, ANY, ANY, 1 / density],
    }
    compare(answer, expected, routes)


@exercise("00.3")
def _best_constant_by_hamming_loss(answer: Any) -> None:
    frequency = scenes().Y_train.mean(axis=0)
    chosen, best = read_label_set(answer), set(np.flatnonzero(frequency > 0.5).tolist())
    if chosen == best:
        return
    if len(chosen) == 10:
        raise Wrong("Every label for every scene: most of these decisions are wrong. Choose column by column.")
    loss = np.where(constant(chosen)[0], 1 - frequency, frequency).mean()
    raise Wrong(
        f"The Hamming loss of this set is {loss:.3f}; another set has a lower one. Look at one column of "
        "this set: on how many scenes is a 1 wrong there, on how many a 0?"
    )


@exercise("00.4")
def _scenes_without_dependence(answer: Any) -> None:
    def three(Y: Labels, pair: tuple[int, int] = (0, 2)) -> list[float]:
        a, b = pair
        lift = (Y[:, a] & Y[:, b]).mean() / (Y[:, a].mean() * Y[:, b].mean())
        return [label_summary(Y).n_label_sets, (Y.sum(axis=1) == 0).mean(), lift]

    free, f = scenes(dependence=0).Y_train, scenes(dependence=0).Y_train.mean(axis=0)
    together = cooccurrence(free)[0, 2]
    routes = {
        "These are the book's own scenes; compose them with dependence=0.": three(scenes().Y_train),
        "These are the test scenes; the question asks for the training scenes.": three(scenes(dependence=0).Y_test),
        "Empty scenes: this is their number; the question asks for a fraction.": [
            ANY,
            (free.sum(axis=1) == 0).sum(),
            ANY,
        ],
        "Empty scenes: this is what independence would give; count the scenes.": [ANY, (1 - f).prod(), ANY],
        "Lift: this is how often the pair occurs, not yet divided by both frequencies.": [
            ANY,
            ANY,
            together / len(free),
        ],
        "Lift: this is the fraction of one digit's scenes that show the other; divide by the other's frequency.": [
            ANY,
            ANY,
            together / free[:, 0].sum(),
        ],
        "Lift: this is the one of another pair than (0, 2).": [ANY, ANY, three(free, (0, 1))[2]],
    }
    names = "number of label sets", "fraction of empty scenes", "lift of (0, 2)"
    compare(answer, dict(zip(names, three(free), strict=True)), routes)


_COLUMN = ("cat, dog", "", "Dog,cat , dog", "sunset", "dog,")


def _tag_matrix(*, strip: bool, lower: bool, drop: bool) -> NDArray[Any]:
    """Return the label matrix of the column, with some of the steps left out."""
    steps = [step for step, wanted in ((str.strip, strip), (str.lower, lower)) if wanted]

    def tags(cell: str) -> set[str]:
        parts = cell.split(",")
        for step in steps:
            parts = [step(part) for part in parts]
        return {part for part in parts if part or not drop}

    matrix: NDArray[Any] = MultiLabelBinarizer().fit_transform([tags(cell) for cell in _COLUMN])
    return matrix


@exercise("00.5")
def _a_column_of_tags(answer: Any) -> None:
    wanted = "a label matrix, one row for each cell of the column"
    matrix, right = read_array(answer, wanted), _tag_matrix(strip=True, lower=True, drop=True)
    if np.array_equal(matrix, right):
        return
    if np.array_equal(matrix, MultiLabelBinarizer().fit_transform(_COLUMN)):
        raise Wrong("These are letters: the binarizer was given the cells, which have to be split into tags first.")
    reasons = (
        "Some tags still have a blank before or after them.",
        "Capital letters still make a label of their own.",
        "An empty string is still among the labels.",
    )
    for steps in product((True, False), repeat=3):
        if np.array_equal(matrix, _tag_matrix(**dict(zip(("strip", "lower", "drop"), steps, strict=True)))):
            raise Wrong(" ".join(reason for reason, step in zip(reasons, steps, strict=True) if not step))
    if np.array_equal(matrix, right.T):
        raise Wrong("Rows and columns are swapped: one row for each cell, one column for each label.")
    if np.array_equal(matrix, right[right.any(axis=1)]):
        raise Wrong("A row is missing: a cell without tags is a sample, too, and its row is all zeros.")
    if matrix.shape != right.shape:
        raise Wrong(f"This has shape {matrix.shape}. The question asks for {wanted}, and one column for each label.")
    if matrix.max() > 1:
        raise Wrong("There are entries above 1: a tag that is named twice in a cell is there once.")
    if sorted(matrix.T.tolist()) == sorted(right.T.tolist()):
        raise Wrong("The columns are not in alphabetical order.")
    differs = int(np.flatnonzero((matrix != right).any(axis=1))[0])
    raise Wrong(f"Row {differs} doesn't say what its cell says (rows count from 0).")
