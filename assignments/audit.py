"""Judges of the assignment audit.md: on photos that are made anew for each answer."""

import re

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

from mlhelpers.datasets import load_digit_scenes
from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_array, read_matrix, read_numbers, read_two
from mlhelpers.labels import label_sets

_FAULTS = {
    "A": "one line prepares the photos with what it learns from the test part, too",
    "B": "one line puts photos of one scene on both sides",
    "F": "one line chooses with the help of the tags that the choice is then judged by",
    "G": "one line calls a number good that nobody has compared with a prediction of nothing",
}
_NO_FAULTS = {
    "C": "C writes the tags of the training part as 0 and 1, in columns that are known beforehand",
    "D": "D writes the tags of the test part in the same columns, and learns nothing from them",
    "E": "E fits on the training part alone",
    "H": "H takes the mean over all labels, and counts a label that is never found as 0, which flatters nobody",
}


def _judge_faults(answer):
    parts = [answer] if isinstance(answer, str) else answer
    parts = parts if isinstance(parts, (list, tuple, set, frozenset)) else []
    words = [word for part in parts for word in re.findall(r"\w+", str(part).upper()) if word != "AND"]
    letters = set("".join(words))
    if not letters or not letters <= _FAULTS.keys() | _NO_FAULTS.keys():
        got = f" This is {' '.join(words)[:40]}." if words else ""
        raise Wrong(f'The question asks for letters from A to H, as a set such as {{"C", "E"}}.{got}')
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
        if len(within) != round(100 * share):
            near = "; it is the share of the photos that fits" if abs(test.mean() - share) < 0.02 else ""
            raise Wrong(f"Of 100 scenes {len(within)} are in the test part, with a share of {share:g}{near}.")
        for order in (np.unique(scene), scene[np.sort(np.unique(scene, return_index=True)[1])]):
            # By chance it changes 42 times or more, give or take 4, from one side to the other.
            if np.diff(np.isin(order, scene[test])).sum() < 20:
                raise Wrong("The scenes of the test part stand in a block; draw them at random.")
        tests.append(test)
    if (tests[0] == tests[1]).all():
        raise Wrong("Two seeds give the same division.")
    shared = len(set(scene[tests[0]].tolist()) & set(scene[tests[1]].tolist()))
    if shared > 20:  # of 30, by chance 9, give or take 2
        raise Wrong(f"Two seeds have {shared} of 30 scenes in common; draw them at random.")
    if (tests[0] != tests[2]).any():
        raise Wrong("The same seed gives two divisions.")


_DIGITS = [str(digit) for digit in range(10)]
_FREQUENCIES = np.array([0.4, 0.36, 0.33, 0.3, 0.27, 0.25, 0.22, 0.2, 0.18, 0.15])  # none is rare


def _made_photos(rng, n, noise, by_lot=False):
    """Return photos of scenes, three each, their tags, their scenes, and which of them are the test part.

    By lot: the tags of a scene have nothing to do with what it shows.
    """
    data = load_digit_scenes(n, 1, 1, label_frequencies=_FREQUENCIES, random_state=int(rng.integers(2**31)))
    scene = np.repeat(np.arange(n), 3)
    X = data.X_train.reshape(n, -1)[scene]
    X = X + rng.normal(0, noise, X.shape)
    Y = (rng.random((n, 10)) < 0.5).astype(int) if by_lot else data.Y_train
    test = np.isin(scene, rng.choice(n, n * 3 // 10, replace=False))
    return X, label_sets(Y[scene], _DIGITS), scene, test


def _decided(answer, X, tags, scene, test):
    """Return the thresholds, and what is predicted for the test part."""
    cuts, said = read_two(call(answer, X, tags, scene, test), "ten thresholds, and a label matrix")
    cuts = read_numbers(cuts, *(f"threshold of {digit}" for digit in _DIGITS), finite=False)
    said = read_matrix(said, (int(test.sum()), 10), "a label matrix of the test part")
    if not np.isin(said, (0, 1)).all():
        raise Wrong("It returns something else than 0 and 1 for the photos; return what is predicted, not scores.")
    return cuts, said.astype(int)


def _judge_honest(answer):
    """Look at what the answer depends on; how good its thresholds are, is left to chance."""
    rng = np.random.default_rng()
    # Where nothing can be learned, the F1 is highest if all is named, unless the thresholds were chosen on photos whose
    # scenes the model knows by heart: these name about as many as there were, half.
    by_lot, said = _decided(answer, *_made_photos(rng, 200, 0.01, by_lot=True))
    if said.mean() < 0.69:  # honest ones named 76 % or more, others 65 % or less
        raise Wrong(
            f"On photos whose tags were drawn by lot it names {said.mean():.0%} of all labels, and F1 is highest if "
            "nearly all are named. Its thresholds aren't chosen, or on photos of scenes that the model was trained on."
        )
    X, tags, scene, test = _made_photos(rng, 150, 0.1)
    cuts, said = _decided(answer, X, tags, scene, test)
    if len(np.unique(cuts)) == 1:
        raise Wrong("There is one threshold for all labels; choose one for each.")
    if np.array_equal(cuts, by_lot):
        raise Wrong("The thresholds are the same for other photos with other tags: they aren't chosen.")

    def moved(X, tags):
        other, again = _decided(answer, X, tags, scene, test)
        return max((again != said)[1:].mean(), (~np.isclose(other, cuts, rtol=0, atol=0.01)).mean())

    rows = np.arange(len(tags))
    rows[test] = rng.permutation(rows[test])
    shuffled = [tags[row] for row in rows]
    odd = X.copy()
    odd[np.flatnonzero(test)[0]] = 1e4  # all pixels: whatever is scaled by it becomes tiny
    if moved(odd, shuffled) > 0.01:
        if moved(X, tags) > 0.01:
            raise Wrong("Two calls with the same photos give different results; give what is drawn a fixed seed.")
        if moved(X, shuffled) > 0.01:
            raise Wrong("Other tags in the test part change the thresholds or the predictions: they were used before.")
        raise Wrong("One photo of the test part changes what is predicted for the others: something is fitted on them.")
    if moved(X * 10.0 ** rng.integers(-1, 2, X.shape[1]), tags) > 0.35:  # by rounding one may move, or two
        raise Wrong("The unit of a pixel changes what is predicted: the photos aren't scaled, or not pixel by pixel.")
    Y = MultiLabelBinarizer(classes=_DIGITS).fit_transform(tags)
    model = make_pipeline(StandardScaler(), OneVsRestClassifier(LogisticRegression(max_iter=1000)))
    scores = model.fit(X[~test], Y[~test]).predict_proba(X[test])
    if ((scores > cuts) != said).mean() > 0.4:  # 0.25 with a model that was fitted on half of the scenes
        raise Wrong("What it predicts isn't what is above its thresholds.")
    return f"its macro-F1 is {f1_score(Y[test], said, average='macro', zero_division=0):.2f} here"


register("audit.1", _judge_faults, hint="Ask of each line: who knew what when?", points=4, minutes=20)
register("audit.2", _judge_division, hint="Draw scenes, not photos.", points=3, minutes=15)
register("audit.3", _judge_honest, hint="Divide the training part once more.", points=5, minutes=30, judged="by bounds")
