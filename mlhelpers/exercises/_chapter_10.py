"""Judges of chapter 10, texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Wrong, call, compare, kind_of, read_array
from mlhelpers.exercises._register import Labels, exercise


@exercise("10.1")
def _cell(answer: Any) -> None:
    for cell, tags in (
        ("joy; fear", ["fear", "joy"]),
        ("['joy', 'fear']", ["fear", "joy"]),
        ("joy,fear", ["fear", "joy"]),
        ("Joy; FEAR", ["fear", "joy"]),
        (" joy ;fear ", ["fear", "joy"]),
        ("['Joy ']", ["joy"]),
        ("joy;Joy; joy", ["joy"]),
        ("joy;", ["joy"]),
        ("joy | fear", ["fear", "joy"]),
    ):
        if (found := _read(answer, cell)) != tags:
            _wrong_tags(cell, found, tags)
    for cell in ("", "  ", "n/a", "NA", "-"):
        if _read(answer, cell) is not None:
            raise Wrong(f"Nobody has looked at the comment of the cell {cell!r}: return None there, not a list.")
    for cell in ("none", "None", "NONE ", "['None']"):
        if (found := _read(answer, cell)) is None:
            raise Wrong(f"Somebody wrote {cell!r}: no tag fits, which is an empty list. None means that nobody looked.")
        elif found:
            raise Wrong(f"Of the cell {cell!r} it makes tags; no tag fits there, which is an empty list.")
    _refuses_what_is_no_list(answer)


def _read(answer: Any, cell: str) -> list[str] | None:
    """Return what the function makes of a cell, if that can be a list of tags."""
    found = call(answer, cell)
    if found is None:
        return None
    if not isinstance(found, (list, tuple)) or not all(isinstance(tag, str) for tag in found):
        raise Wrong(f"Of the cell {cell!r} it makes {kind_of(found)}. Return None or a list of texts.")
    return list(found)


def _wrong_tags(cell: str, found: list[str] | None, tags: list[str]) -> None:
    """Say what is wrong with the tags of a cell that has some."""
    of = f"The cell {cell!r}: "
    if found is None:
        raise Wrong(of + "there are tags in it, and None says that nobody has looked.")
    if found and all(len(tag) <= 1 for tag in found):
        raise Wrong(of + "it makes letters of it; a text is a collection of letters.")
    bare = [tag.strip() for tag in found]
    if "" in bare:
        raise Wrong(of + "there is an empty tag in the list; drop what is left of a separator at the end.")
    if bare != found:
        raise Wrong(of + "blanks are left around a tag.")
    if any(tag != tag.lower() for tag in found):
        raise Wrong(of + "capitals are left, so that Joy and joy are two labels.")
    if len(set(found)) < len(found):
        raise Wrong(of + "a tag is in the list twice.")
    if set(found) == set(tags):
        raise Wrong(of + "the tags are right, but not sorted.")
    if len(found) == 1 and any(mark in found[0] for mark in ";,|["):
        raise Wrong(
            of + "it is taken for one tag; tags are separated by semicolons, commas or bars, or stand in a Python list."
        )
    raise Wrong(of + f"it finds {len(found)} tags, and not those that are there.")


def _refuses_what_is_no_list(answer: Any) -> None:
    for cell in ("['jo' + 'y' * 2]", "[joy, fear]", "['joy'"):
        try:
            found = answer(cell)
        except Exception:  # whichever it is
            continue
        if isinstance(found, list) and all(isinstance(tag, str) for tag in found) and "joyy" in found:
            raise Wrong(
                f"The cell {cell!r} was computed. So eval would run whatever stands there; use ast.literal_eval."
            )
        raise Wrong(f"Of the cell {cell!r}, which is no list of texts, it makes a guess; an error is wanted.")


@exercise("10.2")
def _naive_bayes_weights(answer: Any) -> None:
    with_label, without = np.array([3.0, 1, 0]), np.array([1.0, 3, 4])
    texts = np.array([4.0, 6.0])
    present, absent = with_label + 1, without + 1
    right = np.log(present / present.sum()) - np.log(absent / absent.sum())
    names = ("great", "bus", "late")
    by_texts = np.log(present / (texts[0] + 2)) - np.log(absent / (texts[1] + 2))
    routes = {
        "The signs are the wrong way round: a word that speaks for the label has a positive weight.": -right,
        "These are the ratios; take their logarithms.": np.exp(right),
        "This is the logarithm to base 10; take the natural one.": right / np.log(10),
        "This is the logarithm to base 2; take the natural one.": right / np.log(2),
        "The counts of each side must be divided by their sum first; the sides differ in size.": np.log(
            present / absent
        ),
        "Divide by the sum over the words, not by the number of texts.": by_texts,
        "Divide by the sum over the words, not by the number of texts, to which nothing is added.": np.log(
            present / texts[0]
        )
        - np.log(absent / texts[1]),
        "Add the 1 before you take the sums.": np.log(present / with_label.sum()) - np.log(absent / without.sum()),
    }
    compare(answer, dict(zip(names, right.tolist(), strict=True)), routes)


READINGS = [
    ("so good", ["joy", "love"]),
    ("so good", ["love", "joy"]),
    ("so good", ["joy", "pride"]),
    ("oh no", ["fear", "fear"]),
    ("well", ["joy"]),
    ("oh no", ["sadness"]),
    ("well", []),
    ("no!", ["fear", "anger"]),
    ("no!", ["fear", "anger"]),
]


@exercise("10.3")
def _agreed(answer: Any) -> None:
    found = call(answer, READINGS)
    if not isinstance(found, Mapping):
        raise Wrong(f"It returns {kind_of(found)}. Return a dictionary from each text to its list of tags.")
    if any(isinstance(tags, str) or not isinstance(tags, (list, tuple)) for tags in found.values()):
        raise Wrong("Not every value of the dictionary is a list of tags.")
    texts = {text for text, _ in READINGS}
    if extra := set(found) - texts:
        raise Wrong(f"There are {len(extra)} keys that are no texts of the list.")
    if missing := texts - set(found):
        raise Wrong(
            f"{len(missing)} texts are lost. Where no two readers agree, the list is empty: nobody's tag counts."
        )
    if not all(isinstance(tag, str) for tags in found.values() for tag in tags):
        raise Wrong("Not every tag in the lists is a text.")
    right = {"so good": ["joy", "love"], "oh no": [], "well": [], "no!": ["anger", "fear"]}
    given = {text: list(tags) for text, tags in found.items()}
    if given == right:
        return
    if {text: sorted(tags) for text, tags in given.items()} == right:
        raise Wrong("The tags are right, but not sorted.")
    if any(len(set(tags)) < len(tags) for tags in given.values()):
        raise Wrong("A list has a tag twice.")
    if given["well"]:
        raise Wrong("One of two readers of 'well' gave a tag, and it is in the list; at least two must have given it.")
    if given["oh no"]:
        raise Wrong("One reader of 'oh no' wrote fear twice; that is still one reader.")
    if given["so good"] == ["joy"]:
        raise Wrong("Of 'so good' it takes what all three readers gave; two are enough.")
    raise Wrong("These are not the tags that at least two readers of each text gave.")


@exercise("10.4")
def _merged(answer: Any) -> None:
    states = np.array([-1, 0, 1], dtype=np.int8)
    x, y = (part.ravel() for part in np.meshgrid(states, states))
    others = np.arange(18).reshape(9, 2) % 2
    Y = np.column_stack([others[:, 0], x, others[:, 1], y]).astype(np.int8)
    for a, b in ((1, 3), (3, 1)):
        _check_merge(Y, a, b, call(answer, Y, a, b))
    given = Y.copy()
    call(lambda matrix: answer(given, 1, 3), Y)
    if not np.array_equal(given, Y):
        raise Wrong("It changes the matrix that it is given; work on a copy.")


def _check_merge(Y: Labels, a: int, b: int, answer: Any) -> None:
    found = read_array(answer, "a label matrix with one column less")
    if found.shape == Y.shape:
        raise Wrong("The result has as many columns as before; column b must go.")
    if found.shape != (len(Y), Y.shape[1] - 1):
        raise Wrong(f"Of a matrix of shape {Y.shape} it makes one of shape {found.shape}.")
    place = a - (b < a)
    expected = np.delete(Y, b, axis=1)
    expected[:, place] = _either(Y[:, a], Y[:, b])
    rest = np.arange(expected.shape[1]) != place
    if not np.array_equal(found[:, rest], expected[:, rest]):
        raise Wrong(f"Called with a={a} and b={b}, it changes other columns, or their order.")
    column = found[:, place]
    if np.array_equal(column, expected[:, place]):
        return
    if np.array_equal(column, Y[:, a]):
        raise Wrong("Column a is as it was before; it must take in column b.")
    cells = list(zip(Y[:, a].tolist(), Y[:, b].tolist(), column.tolist(), strict=True))
    for x, y, got in cells:
        if {x, y} == {-1, 0} and got == 0:
            raise Wrong("One is absent and nobody knows of the other: the pair may be present, so it is unknown, −1.")
        if {x, y} == {-1, 1} and got != 1:
            raise Wrong("One is present: then one of the two is, whatever the other may be.")
        if {x, y} == {-1} and got != -1:
            raise Wrong("Where both are unknown, so is the pair.")
    raise Wrong("Column a isn't 1 exactly where one of the two is.")


def _either(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Return 1 where one is present, 0 where both are absent, and −1 for unknown elsewhere."""
    return np.where((x == 1) | (y == 1), 1, np.where((x == 0) & (y == 0), 0, -1))
