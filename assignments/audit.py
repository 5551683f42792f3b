"""Judges of the assignment audit.md: on photos that are made anew for each answer."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

from mlhelpers.datasets import load_digit_scenes
from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_array, read_fractions
from mlhelpers.labels import label_sets
from mlhelpers.thresholds import fit_thresholds

_FAULTS = {
    "A": "one line prepares the photos with what it learns from the test part, too",
    "B": "one line puts photos of one scene on both sides",
    "F": "one line chooses with the help of the tags that the choice is then judged by",
    "G": "one line calls a number good that nobody has compared with a prediction of nothing",
}
_NO_FAULTS = {
    "C": "C makes a column for each of the ten digits, whatever the tags are",
    "D": "D makes the same columns for the test part, and learns nothing from it",
    "E": "E fits on the training part alone",
    "H": "H takes the mean over all labels, and counts a label that is never found as 0, which flatters nobody",
}


def _judge_faults(answer):
    letters = list(answer) if isinstance(answer, (str, list, tuple, set, frozenset)) else []
    letters = {letter.upper() for letter in letters if isinstance(letter, str) and letter not in ", "}
    if not letters or not letters <= _FAULTS.keys() | _NO_FAULTS.keys():
        raise Wrong('The question asks for letters from A to H, as a set such as {"C", "E"}.')
    missing = [why for letter, why in _FAULTS.items() if letter not in letters]
    wrong = [why for letter, why in _NO_FAULTS.items() if letter in letters]
    if missing or wrong:
        said = [f"{len(missing)} missing, for example: {missing[0]}."] if missing else []
        raise Wrong(" ".join([*said, *(f"No fault: {why}." for why in wrong)]))


def _judge_division(answer):
    rng = np.random.default_rng()
    times = rng.integers(1, 7, size=100)
    scene = rng.permutation(np.repeat(rng.choice(10_000, 100, replace=False), times))
    tests = []
    for share, seed in ((0.3, 0), (0.3, 1), (0.3, 0), (0.5, 2)):
        test = read_array(call(answer, scene, share, seed), "one True or False for each photo")
        if test.shape != scene.shape or not np.isin(test, (0, 1)).all():
            raise Wrong(
                f"For {len(scene)} photos it returns something of shape {test.shape}; return one True or False each."
            )
        test = test.astype(bool)
        within = set(scene[test].tolist())
        if within & set(scene[~test].tolist()):
            raise Wrong("Some scenes have photos on both sides.")
        if abs(len(within) - 100 * share) > 0.5:
            near = "; it is the share of the photos that fits" if abs(test.mean() - share) < 0.02 else ""
            raise Wrong(f"Of 100 scenes {len(within)} are in the test part, with a share of {share:g}{near}.")
        tests.append(test)
    first, second = (set(scene[test].tolist()) for test in tests[:2])
    ranks = np.flatnonzero(np.isin(np.unique(scene), list(first)))
    # 30 of 100 scenes: two draws share 9 of them, give or take 2, and 9 of a draw have the next number in it, too.
    if (np.diff(ranks) == 1).sum() > 20 or (first != second and not 1 <= len(first & second) <= 18):
        raise Wrong("The scenes of the test part aren't drawn at random: neighbours stay together.")
    if (tests[0] == tests[1]).all():
        raise Wrong("Two seeds give the same division.")
    if (tests[0] != tests[2]).any():
        raise Wrong("The same seed gives two divisions.")


def _made_photos(rng):
    """Return photos of scenes, three each, their tags, their scenes, and which of them are the test part."""
    data = load_digit_scenes(240, 1, 1, random_state=int(rng.integers(2**31)))
    scene = np.repeat(np.arange(240), 3)
    X = data.X_train.reshape(240, -1)[scene]
    X = X + rng.normal(0, 0.1, X.shape)
    test = np.isin(scene, rng.choice(240, 72, replace=False))
    return X, label_sets(data.Y_train[scene], data.label_names), scene, test


def _judge_honest(answer):
    """Compare with what the faults give on the same photos; honest ways differ, so bounds are all there is."""
    X, tags, scene, test = _made_photos(np.random.default_rng())
    (found,) = read_fractions(call(answer, X, tags, scene, test), "macro-F1")
    scaler, Y = StandardScaler().fit(X[~test]), MultiLabelBinarizer(classes=list("0123456789")).fit_transform(tags)
    model = OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(scaler.transform(X[~test]), Y[~test])
    seen, unseen = (model.predict_proba(scaler.transform(X[rows])) for rows in (~test, test))

    def f1(thresholds):
        return f1_score(Y[test], (unseen > thresholds).astype(int), average="macro", zero_division=0)

    late = [f1(fit_thresholds(Y[test], unseen, min_positives=n).values) for n in (0, 10)]
    best, half = late[0], f1(0.5)  # nothing honest reaches what is best for each label
    if found > best - 0.005 or abs(found - late[1]) < 1e-9:
        raise Wrong(f"It returns {found:.3f}, as much as thresholds give that are chosen on the test part.")
    if abs(found - half) < 1e-9:
        raise Wrong("This is the macro-F1 at one half; choose thresholds.")
    if abs(found - f1(fit_thresholds(Y[~test], seen).values)) < 1e-9:
        raise Wrong("Its thresholds are chosen on the photos that the model was trained on, whose scores are too good.")
    if found < half - 0.12:
        raise Wrong(f"It returns {found:.3f}; without any choice of thresholds it would be {half:.3f}.")
    rows = np.flatnonzero(test)
    others = list(tags)
    for row, other in zip(rows, np.roll(rows, 30), strict=True):  # the tags of the test part are those of other scenes
        others[row] = tags[other]
    (chance,) = read_fractions(call(answer, X, others, scene, test), "macro-F1")
    if chance > found - 0.05:
        raise Wrong(f"With wrong tags in the test part it still returns {chance:.3f}: what is judged there?")
    odd = X.copy()
    odd[np.flatnonzero(test)[0]] = 1e4  # all pixels: whatever is scaled by it becomes tiny
    (again,) = read_fractions(call(answer, odd, tags, scene, test), "macro-F1")
    if abs(found - again) > 0.05:
        raise Wrong("One photo of the test part changes what is predicted for the others: something is fitted on them.")
    return f"here thresholds chosen on the test part would have given {best - found:.2f} more"


register("audit.1", _judge_faults, hint="Ask of each line: who knew what when?", points=4, minutes=20)
register("audit.2", _judge_division, hint="Draw scenes, not photos.", points=3, minutes=15)
register("audit.3", _judge_honest, hint="Divide the training part once more.", points=5, minutes=30, judged="by bounds")
