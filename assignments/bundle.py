"""Judges of the assignment bundle.md: each calls a function on cells and messages that are drawn anew."""

import hashlib
import json
import re

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_matrix, read_two

_TAGS = "invoice", "late delivery", "damage", "refund", "urgent", "no answer", "x"


def _drawn_tags(rng):
    """Return tags of a help desk, and some that nobody can know beforehand, one of them within another."""
    one, two, three = ("".join(rng.choice([*"bdfgklmnprst"], 3)) + "a" for _ in range(3))
    return *_TAGS, one, f"un{one}", f"{two} {three}"


def _made_cells(rng, known, n=60):
    """Return cells as people type them, and their tags."""
    sets = [{tag for tag in known if rng.random() < 0.3} for _ in range(n)]
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


def _read_list(found, n, what):
    """Return the sets that were returned, in a list, a tuple, an array or a column of pandas."""
    found = found.tolist() if hasattr(found, "tolist") else found
    if not isinstance(found, (list, tuple)) or len(found) != n:
        raise Wrong(f"It returns no list with {what.format(n)}.")
    return found


def _judge_tags(answer):
    rng = np.random.default_rng()
    cells, right = _made_cells(rng, _drawn_tags(rng))
    found = _read_list(call(answer, cells), len(cells), "one set for each of the {} cells")
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
    known = _drawn_tags(rng)
    cells, sets = _made_cells(rng, known)
    names = _not_sorted(rng, known)
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
    for unknown in ("warranty", "fund", "late", "paid fund"):  # some are parts of names
        try:
            call(answer, ["refund", f"{unknown.title()}; refund"], names)
        except Wrong as wrong:
            said = str(wrong)
        else:
            raise Wrong(f'The tag "{unknown}", which isn\'t among the names, is left out without a word.')
        if "ValueError" not in said or not re.search(rf"\b{unknown}\b", said.lower()):
            raise Wrong(f'For the tag "{unknown}" it doesn\'t raise a ValueError that has this tag in it.')


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
    thresholds = np.array(_not_sorted(rng, [0.15, 0.3, 0.5, 0.7, 0.85]))
    single = OneVsRestClassifier(LogisticRegression(C=10))
    scores = make_pipeline(TfidfVectorizer(), single).fit(messages, Y).predict_proba(new)
    returned = call(answer, messages, Y, names, thresholds, new)
    found, files = read_two(returned, "the sets of names, and the files of the folder")
    found = _read_list(found, len(new), "one set of names for each of the {} new messages")
    sets = [{*tags} if isinstance(tags, (set, frozenset, list, tuple)) else {tags} for tags in found]
    if any(not tags <= set(names) for tags in sets):
        raise Wrong("There is something else in the sets than the names of labels.")

    def differ(thresholds, names=names):
        """Tell how many sets differ, where no score is so near to its threshold that versions may disagree."""
        sure = (np.abs(scores - thresholds) > 1e-3).all(axis=1)
        wanted = [{name for name, is_there in zip(names, row, strict=True) if is_there} for row in scores > thresholds]
        return sum(mine != other for mine, other, known in zip(sets, wanted, sure, strict=True) if known)

    if not differ(thresholds):
        return _read_files(files, names, thresholds)
    if not differ(0.5):
        raise Wrong("One half is the cut for all labels; the thresholds didn't get into the bundle.")
    if not differ(thresholds, sorted(names)):
        raise Wrong("The names are in the order of the alphabet, so columns get the names of others.")
    if not differ(thresholds[np.argsort(np.argsort(names))]) or not differ(np.sort(thresholds)):
        raise Wrong("The thresholds are in another order than the columns.")
    raise Wrong(
        f"For {differ(thresholds)} of {len(new)} messages the names aren't those whose scores are above the thresholds."
    )


def _read_files(files, names, thresholds):
    """Read what was saved as text alone: nothing that a student made is loaded, so whose model it is, nobody asks."""
    if not isinstance(files, dict) or not all(isinstance(name, str) for name in files):
        raise Wrong("The second thing that it returns is no dictionary of files; files_of(folder) makes it.")
    contents = {}
    for name, content in files.items():
        of_bytes = isinstance(content, np.ndarray) and content.dtype == np.uint8
        contents[name] = content.tobytes() if of_bytes else content
        if not isinstance(contents[name], bytes):
            raise Wrong(f"The file {name} isn't there as bytes; files_of(folder) reads them.")
    lacking = {"bundle.json", "examples.json", "expected.npz", "model.skops", "SHA256SUMS"} - contents.keys()
    if lacking:
        raise Wrong(f"The folder is no bundle of a text model: it lacks {', '.join(sorted(lacking))}.")
    try:
        told = json.loads(contents["bundle.json"])
        names_there, cuts = told["label_names"], told["thresholds"]
        if cuts is None:  # an object has its own file
            cuts = [each["threshold"] for each in json.loads(contents["thresholds.json"])["labels"]]
        same_cuts = [float(cut) for cut in cuts] == thresholds.tolist()
        lines = contents["SHA256SUMS"].decode("ascii").splitlines()
    except (ValueError, KeyError, TypeError):
        raise Wrong("The folder's files aren't those that a bundle writes.") from None
    for name in contents.keys() - {"SHA256SUMS"}:
        if f"{hashlib.sha256(contents[name]).hexdigest()}  {name}" not in lines:
            raise Wrong(f"The file {name} isn't the one that the bundle saved: its checksum is another one.")
    if names_there != names:
        raise Wrong("The names in the saved bundle aren't the names given, in their order.")
    if not same_cuts:
        raise Wrong("The thresholds in the saved bundle aren't those given.")


register(
    "bundle.1", _judge_tags, hint="Split, then clean each part, then leave out what is empty.", points=3, minutes=15
)
register(
    "bundle.2", _judge_matrix, hint="Compare the tags with the names before you make the matrix.", points=3, minutes=15
)
register("bundle.3", _judge_round_trip, hint="Bundle, save, load, predict_names, files_of.", points=5, minutes=35)
