"""Judges of the assignment bundle.md: each calls a function on cells and messages that are drawn anew."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_matrix

_TAGS = "invoice", "late delivery", "damage", "refund", "urgent", "no answer", "x"


def _made_cells(rng, n=60):
    """Return cells as people type them, and their tags."""
    sets = [{tag for tag in _TAGS if rng.random() < 0.3} for _ in range(n)]
    cells = []
    for tags in sets:
        spelled = [rng.choice([t, t.upper(), t.title()]).replace(" ", rng.choice([" ", "   "])) for t in sorted(tags)]
        spelled = [" " * rng.integers(3) + t + " " * rng.integers(3) for t in rng.permutation(spelled)]
        cells.append("".join(t + str(rng.choice([",", ";", "|"])) for t in spelled))
    cells = [cell[:-1] if rng.random() < 0.8 else cell for cell in cells]
    return [*cells, "", None, "  ", "; ,", "damage, DAMAGE"], [*sets, set(), set(), set(), set(), {"damage"}]


def _not_sorted(rng, tags):
    while (names := rng.permutation(tags).tolist()) == sorted(tags):
        pass
    return names


def _judge_tags(answer):
    cells, right = _made_cells(np.random.default_rng())
    found = call(answer, cells)
    if not isinstance(found, (list, tuple)) or len(found) != len(cells):
        raise Wrong(f"It returns no list (or tuple) with one set for each of the {len(cells)} cells.")
    for cell, tags, wanted in zip(cells, found, right, strict=True):
        if isinstance(tags, str) or not isinstance(tags, (set, frozenset, list, tuple)):
            raise Wrong(f"For the cell {cell!r} it returns no set.")
        if not all(isinstance(tag, str) for tag in tags):
            raise Wrong(f"For the cell {cell!r} the set holds something else than text.")
        tags = set(tags)
        if tags == wanted:
            continue
        of = f"For the cell {cell!r}: "
        if "" in tags:
            raise Wrong(f"{of}there is an empty tag in the set; a separator without a tag isn't one.")
        if any(tag != tag.strip() for tag in tags):
            raise Wrong(f"{of}a tag has spaces around it.")
        if {tag.lower() for tag in tags} == wanted:
            raise Wrong(f"{of}a tag has capitals, so the same tag would get several columns.")
        if {" ".join(tag.split()) for tag in tags} == wanted:
            raise Wrong(f"{of}a tag has several spaces between its words.")
        if tags and all(len(tag) == 1 for tag in tags) and tags != {"x"}:
            raise Wrong(f"{of}these are letters; split the cell before you make a set of it.")
        if any(sign in tag for tag in tags for sign in ",;|"):
            raise Wrong(f"{of}a tag has a separator in it; there are three, and several may be in one cell.")
        if {word for tag in wanted for word in tag.split()} == tags:
            raise Wrong(f"{of}a tag of two words was split at its space.")
        raise Wrong(f"{of}there are {len(tags)} tags in the set, and not those that the cell has.")


def _judge_matrix(answer):
    rng = np.random.default_rng()
    cells, sets = _made_cells(rng)
    names = _not_sorted(rng, _TAGS)
    found = read_matrix(call(answer, cells, names), (len(cells), len(names)), "a label matrix")
    right = np.array([[name in tags for name in names] for tags in sets], dtype=int)
    wrong = (right != found).any(axis=1)
    if wrong.any():
        order = [sorted(names).index(name) for name in names]
        if (right == found[:, order]).all():
            raise Wrong("The columns are in the order of the alphabet; names gives another one.")
        if (right + found == 1).all():
            raise Wrong("0 and 1 are swapped.")
        raise Wrong(f"In {wrong.sum()} of {len(wrong)} rows the labels aren't those of the cell.")
    few = read_matrix(call(answer, ["refund", ""], names), (2, len(names)), "a label matrix of all names")
    if few.sum() != 1:
        raise Wrong("Where most names don't occur, the matrix isn't right.")
    for unknown in ("Warranty", "fund", "late"):  # the others are parts of known ones
        try:
            call(answer, ["refund", f"{unknown}; damage"], names)
        except Wrong as wrong:
            said = str(wrong)
        else:
            raise Wrong(f'The tag "{unknown}" isn\'t among the names, and is left out without a word.')
        if "ValueError" not in said or unknown.lower() not in said.lower():
            raise Wrong("For a tag that isn't among the names it doesn't raise a ValueError that has the tag in it.")


def _made_messages(rng, n, names):
    """Return messages with words of their labels, and their label matrix."""
    Y = (rng.random((n, len(names))) < 0.35).astype(int)
    words = [[f"{name.replace(' ', '')}{k}" for k in range(4)] for name in names]
    messages = []
    for row in Y:
        chosen = [*rng.choice(["hello", "thanks", "order"], 4)]
        for j in np.flatnonzero(row | (rng.random(len(names)) < 0.15)):  # some words mislead
            chosen += [*rng.choice(words[j], 2)]
        messages.append(" ".join(rng.permutation(chosen)))
    return messages, Y


def _judge_round_trip(answer):
    rng = np.random.default_rng()
    names = _not_sorted(rng, _TAGS[:5])
    messages, Y = _made_messages(rng, 200, names)
    new, _ = _made_messages(rng, 80, names)
    thresholds = rng.permutation([0.15, 0.3, 0.5, 0.7, 0.85])
    single = OneVsRestClassifier(LogisticRegression(C=10))
    scores = make_pipeline(TfidfVectorizer(), single).fit(messages, Y).predict_proba(new)
    found = call(answer, messages, Y, names, thresholds, new)
    if not isinstance(found, (list, tuple)) or len(found) != len(new):
        raise Wrong(f"It returns no list with one set of names for each of the {len(new)} new messages.")
    sets = [{*tags} if isinstance(tags, (set, frozenset, list, tuple)) else {tags} for tags in found]
    if any(not tags <= set(names) for tags in sets):
        raise Wrong("There is something else in the sets than the names of labels.")

    def differ(thresholds, names=names):
        """Tell how many sets differ, where no score is so near to its threshold that versions may disagree."""
        sure = (np.abs(scores - thresholds) > 1e-3).all(axis=1)
        wanted = [{name for name, is_there in zip(names, row, strict=True) if is_there} for row in scores > thresholds]
        return sum(mine != other for mine, other, known in zip(sets, wanted, sure, strict=True) if known)

    if not differ(thresholds):
        return
    if not differ(0.5):
        raise Wrong("One half is the cut for all labels; the thresholds didn't get into the bundle.")
    if not differ(thresholds, sorted(names)):
        raise Wrong("The names are in the order of the alphabet, so columns get the names of others.")
    if not differ(thresholds[np.argsort(np.argsort(names))]) or not differ(np.sort(thresholds)):
        raise Wrong("The thresholds are in another order than the columns.")
    raise Wrong(
        f"For {differ(thresholds)} of {len(new)} messages the names aren't those whose scores are above the thresholds."
    )


register(
    "bundle.1", _judge_tags, hint="Split, then clean each part, then leave out what is empty.", points=3, minutes=15
)
register(
    "bundle.2", _judge_matrix, hint="Compare the tags with the names before you make the matrix.", points=3, minutes=15
)
register("bundle.3", _judge_round_trip, hint="Bundle, save, load, predict_names.", points=5, minutes=35)
