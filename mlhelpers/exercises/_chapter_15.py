"""Judges of chapter 15, images from disk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_numbers
from mlhelpers.exercises._register import exercise


@exercise("15.1")
def _scores_by_lot(answer: Any) -> None:
    frequency, claimed = 0.3, 0.2
    both = frequency * claimed
    right = 2 * both / (frequency + claimed)
    values = read_numbers(answer, "precision", "F1")
    routes: Routes = {
        "The two are swapped: the precision first.": [right, frequency],
        "The precision: this is the share that is claimed; of claims by lot as many are right as pictures have the "
        "label.": [claimed, ANY],
        "The precision: this is the share of all pictures that are claimed and right; divide by the claims.": [
            both,
            ANY,
        ],
        "The F1: this is the mean of precision and recall; F1 is their harmonic mean.": [
            ANY,
            (frequency + claimed) / 2,
        ],
        "The F1: the 2 is missing.": [ANY, right / 2],
        "The F1: this is the precision again.": [ANY, frequency],
        "The F1: this is the recall.": [ANY, claimed],
    }
    compare(values, {"precision": frequency, "F1": right}, routes)


@exercise("15.2")
def _tags_to_matrix(answer: Any) -> None:
    names = ["sky", "cat", "tree"]
    tags = ["tree;cat", "", "sky", "cat; tree", float("nan"), "cat"]
    right = np.array([[0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 0]])
    found = _matrix(answer, tags, names, right.shape)
    if not np.array_equal(found, right):
        order = np.argsort(names)
        if np.array_equal(found, right[:, order]):
            raise Wrong("The columns are sorted by name; they must stand in the order of names.")
        rows = ~(found == right).all(axis=1)
        if np.array_equal(np.flatnonzero(rows), [3]):
            raise Wrong("A space after the semicolon makes another tag of it; strip each tag.")
        if rows[[1, 4]].any():
            raise Wrong("A row without tags must be all zeros: an empty text, or NaN as pandas reads it.")
        raise Wrong("Its label matrix is another one than the tags say.")
    for tag, names_, message in (
        (" cat ;sky ", names, "A space behind a tag belongs to it as little as one before it; strip both."),
        ("blue sky", ["blue sky", "cat"], "A space inside of a tag belongs to it; strip the ends alone."),
        ("cats", ["cat", "cats"], "It finds 'cat' inside of 'cats'; compare whole tags."),
        ("cat;sky;cat", names, "A tag that is given twice is still a 1; a label matrix holds 0 and 1."),
        (" cat ;traffic light", ["cat", "cattle", "traffic light"], "It is right for some tags, but not for all."),
    ):
        wanted = [[int(name in [part.strip() for part in tag.split(";")]) for name in names_]]
        try:
            same = np.array_equal(_matrix(answer, [tag], names_, (1, len(names_))), wanted)
        except Wrong:
            same = False
        if not same:
            raise Wrong(message)
    try:
        answer(["cat;dgo"], list(names))
    except ValueError:
        return
    except Exception as error:
        raise Wrong(
            f"A tag that is not in names must raise a ValueError, and this is a {type(error).__name__}."
        ) from None
    raise Wrong("A tag that is not in names is dropped without a word; a typing error must raise a ValueError.")


def _matrix(answer: Any, tags: list[Any], names: list[str], shape: tuple[int, int]) -> NDArray[Any]:
    found = read_array(call(answer, tags, names), "a label matrix")
    if found.shape != shape:
        raise Wrong(f"It returns something of shape {found.shape}; {shape[0]} rows and {shape[1]} names were given.")
    return found


@exercise("15.3")
def _labels_in_a_window(answer: Any) -> None:
    boxes = np.array(
        [[[1, -1, 10], [9, 10, -1], [0, 0, 13]], [[0, -1, 10], [0, 9, -1], [9, 0, 4]]]
    )  # rows and columns of the first pixel
    Y = (boxes[0] >= 0).astype(int)
    window = (1, 0, 12)  # first row, first column, side
    found = _window(answer, Y, boxes, *window)
    share = _share(boxes, window)
    if np.array_equal(found, Y * (share >= 0.5)):
        _everywhere(answer)
        return
    others = {
        "It gives absent digits a label: a place of -1 is no place.": share >= 0.5,
        "It returns the labels as they were.": Y,
        "It keeps a digit of which any pixel is left; at least half of its square must be.": Y * (share > 0),
        "It keeps a digit only if all of it is left; half of its square is enough.": Y * (share == 1),
        "Exactly half of a square is enough: at least, not more than.": Y * (share > 0.5),
        "Rows and columns of the window are swapped.": Y * (_share(boxes, (0, 1, 12)) >= 0.5),
    }
    for message, wrong in others.items():
        if np.array_equal(found, wrong):
            raise Wrong(message)
    raise Wrong("It returns other labels than the window leaves.")


def _everywhere(answer: Any) -> None:
    """Let a digit stand at every place, under windows of several sizes."""
    boxes = np.indices((13, 13)).reshape(2, -1, 1)
    Y = np.ones(boxes.shape[1:], dtype=int)
    for window in ((3, 5, 9), (4, 0, 13), (15, 16, 4)):
        found = _window(answer, Y, boxes, *window).astype(int)
        if np.array_equal(found, _share(boxes, window) >= 0.5):
            continue
        rows, columns = _overlaps(boxes, window)
        top, left, side = window
        others = {
            "Half of the rows and half of the columns are a quarter of the square: multiply the shares.": (
                (rows >= 4) & (columns >= 4)
            ),
            "Its window is one pixel too large: it ends before row top + side.": (
                _share(boxes, (top, left, side + 1)) >= 0.5
            ),
            "An overlap below 0 is none, and two of them multiply to more than 0.": rows * columns >= 32,
        }
        for message, wrong in others.items():
            if np.array_equal(found, wrong):
                raise Wrong(message)
        raise Wrong(f"It is right for some places, but not for all under a window of {side} x {side} pixels.")


def _overlaps(boxes: NDArray[Any], window: tuple[int, int, int]) -> list[NDArray[Any]]:
    """Return how many rows and columns are left; below 0 it is how far away they are."""
    *starts, side = window
    return [
        np.minimum(first + 8, begin + side) - np.maximum(first, begin)
        for first, begin in zip(boxes, starts, strict=True)
    ]


def _share(boxes: NDArray[Any], window: tuple[int, int, int]) -> NDArray[Any]:
    rows, columns = (np.clip(seen, 0, 8) / 8 for seen in _overlaps(boxes, window))
    return np.asarray(rows * columns)


def _window(answer: Any, Y: NDArray[Any], *arguments: Any) -> NDArray[Any]:
    found = read_array(call(answer, Y, *arguments), "a label matrix")
    if found.shape != Y.shape:
        raise Wrong(f"It returns something of shape {found.shape} for labels of shape {Y.shape}.")
    return found


@exercise("15.4")
def _peaks(answer: Any) -> None:
    rng = np.random.default_rng(15)
    maps, weights, label = rng.normal(size=(6, 4, 5, 3)), rng.normal(size=(3, 7)), 2
    found = read_array(call(answer, maps, weights, label), "the row and the column of each peak")
    right = _peaks_of(maps @ weights[:, label])
    if found.shape == (6,):
        raise Wrong("It returns one number for each picture; np.unravel_index makes row and column of it.")
    if found.shape == (2, 6):
        raise Wrong("It returns rows and columns one below the other; return the transposed, of shape (n, 2).")
    if found.shape != right.shape:
        raise Wrong(f"It returns something of shape {found.shape}, and {right.shape} is asked for.")
    if np.array_equal(found, right):
        return
    others = {
        "Row and column are swapped: the row first.": right[:, ::-1],
        "This is where the features are largest; multiply them by the weights of the label first.": _peaks_of(
            maps.sum(axis=-1)
        ),
        "This is where the map is smallest.": _peaks_of(-(maps @ weights[:, label])),
        "This is the peak of the largest size, without the sign; a negative value speaks against the label.": _peaks_of(
            abs(maps @ weights[:, label])
        ),
        "This adds up the maps of all labels; ask for one label.": _peaks_of((maps @ weights).sum(axis=-1)),
        "This is the label 0, whatever label is asked for.": _peaks_of(maps @ weights[:, 0]),
    }
    for message, wrong in others.items():
        if np.array_equal(found, wrong):
            raise Wrong(message)
    if found.max() >= max(maps.shape[1:3]):
        raise Wrong("This looks like pixels; rows and columns of the map are asked for.")
    raise Wrong("These are not the peaks of the map of this label.")


def _peaks_of(maps: NDArray[Any]) -> NDArray[Any]:
    flat = maps.reshape(len(maps), -1).argmax(axis=1)
    return np.column_stack(np.unravel_index(flat, maps.shape[1:]))
