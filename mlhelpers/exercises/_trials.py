"""A trial for each function that an exercise asks for: data drawn anew, and another computation than the judge's.

From these one learns what to answer: the student edition has no such module.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations, product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit
from scipy.stats import fisher_exact

from mlhelpers.exercises._answers import Wrong, call, read_array, read_numbers
from mlhelpers.exercises._intervals import f1s, judge_interval
from mlhelpers.metrics import LabelCounts

Function: TypeAlias = Callable[..., Any]
Rng: TypeAlias = np.random.Generator

TRIALS: dict[str, tuple[Callable[[Function, Rng], None], int]] = {}


def _trial(exercise: str, tries: int = 1) -> Callable[[Callable[[Function, Rng], None]], None]:
    """Register a trial; more than one try where chance can fail a right function."""

    def register(trial: Callable[[Function, Rng], None]) -> None:
        TRIALS[exercise] = trial, tries

    return register


def _same(found: Any, right: ArrayLike, tolerance: float = 1e-6) -> None:
    array, wanted = read_array(found, "numbers"), np.asarray(right)
    if array.size != wanted.size or (wanted.ndim > 1 and array.shape != wanted.shape):
        raise Wrong("another shape")
    if not np.allclose(array.astype(float).reshape(wanted.shape), wanted, rtol=1e-5, atol=tolerance):
        raise Wrong("other values")


def _labels(rng: Rng, n: int, n_labels: int, low: float = 0.15, high: float = 0.7) -> NDArray[np.int8]:
    return (rng.random((n, n_labels)) < rng.uniform(low, high, n_labels)).astype(np.int8)


def _changed(rng: Rng, Y: NDArray[Any], share: float) -> NDArray[Any]:
    return np.where(rng.random(Y.shape) < share, 1 - Y, Y).astype(Y.dtype)


# Chapters 3 to 5


@_trial("03.1")
def _score_matrix(function: Function, rng: Rng) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    n_labels = int(rng.integers(3, 7))
    X, new = rng.normal(size=(60, 4)), rng.normal(size=(int(rng.integers(5, 15)), 4))
    Y = (X @ rng.normal(size=(4, n_labels)) + rng.normal(size=(60, n_labels)) > 0).astype(int)
    Y[:2] = [[0], [1]]
    moc = MultiOutputClassifier(LogisticRegression()).fit(X, Y)
    _same(call(function, moc, new), np.column_stack([each.predict_proba(new)[:, 1] for each in moc.estimators_]))


@_trial("05.2")
def _macro_f1_of_parts(function: Function, rng: Rng) -> None:
    n, n_labels = int(rng.integers(40, 80)), int(rng.integers(3, 7))
    y = _labels(rng, n, n_labels)
    y[0] = 1
    y_pred = _changed(rng, y, 0.3)
    cuts = np.sort(rng.choice(np.arange(5, n - 5), int(rng.integers(2, 5)), replace=False))
    parts = list(zip(np.split(y, cuts), np.split(y_pred, cuts), strict=True))
    _same(call(function, parts), LabelCounts.from_predictions(y, y_pred).f1("macro", 0))


@_trial("05.5", tries=2)
def _paired_bootstrap(function: Function, rng: Rng) -> None:
    n = int(rng.integers(300, 500))
    y = (rng.random((n, 3)) < [0.6, 0.35, 0.2]).astype(np.int8)
    worse = _changed(rng, y, 0.25)
    better = np.where(rng.random(y.shape) < 0.25, y, worse)
    a, b = (better, worse) if rng.random() < 0.5 else (worse, better)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=4000)
    differences = f1s(drawn, y, a, "macro") - f1s(drawn, y, b, "macro")
    returned = call(function, y, a, b)
    judge_interval(returned, differences, {}, drawn="scenes", compared="prediction", measure="macro-F1")


# Chapters 6 to 8


@_trial("06.3")
def _budget(function: Function, rng: Rng) -> None:
    for _ in range(8):
        scores = rng.integers(0, int(rng.choice([6, 1000])), size=int(rng.integers(4, 30))) / 1000
        k = int(rng.integers(0, len(scores) + 3))
        (cut,) = read_numbers(call(function, scores, k), "a threshold", finite=False)
        possible = [int((scores > lower).sum()) for lower in (*scores, -np.inf)]
        if (scores > cut).sum() != max(n for n in possible if n <= k):
            raise Wrong("another number of alarms")


@_trial("06.4")
def _careful_floor(function: Function, rng: Rng) -> None:
    score = rng.permutation(np.linspace(0.001, 0.999, 300))
    truth = (rng.random(300) < score ** rng.uniform(1.0, 3.0)).astype(np.int8)
    floor, z = float(rng.uniform(0.4, 0.8)), 1.645
    best, claimed = 0, 0  # no cut reaches the floor
    for n in range(1, 301):
        tp = int(truth[np.argsort(-score)[:n]].sum())
        q = tp / n
        half = z * np.sqrt(q * (1 - q) / n + z**2 / (4 * n**2))
        if (q + z**2 / (2 * n) - half) / (1 + z**2 / n) >= floor and tp > best:
            best, claimed = tp, n
    (cut,) = read_numbers(call(function, truth, score, floor), "a threshold", finite=False)
    if (score > cut).sum() != claimed:
        raise Wrong("another number of rows")


@_trial("07.2")
def _calibration_error(function: Function, rng: Rng) -> None:
    for n_bins in rng.choice(np.arange(3, 12), 3, replace=False).tolist():
        p = rng.random(60) * rng.uniform(0.5, 1)
        y = (rng.random(60) < p**2).astype(int)
        error = 0.0
        for k in range(n_bins):
            inside = (p > k / n_bins) & (p <= (k + 1) / n_bins)
            error += abs((p - y)[inside].sum()) / 60
        _same(call(function, y, p, n_bins), error)


@_trial("07.4", tries=2)
def _shrunk_map(function: Function, rng: Rng) -> None:
    from sklearn.linear_model import LogisticRegression

    for sign in (1, -1):  # maps on both sides of the shared one
        shared = np.array([rng.uniform(0.9, 1.1), rng.uniform(-0.2, 0.2)])
        slope, shift = shared + sign * np.array([rng.uniform(0.3, 0.6), rng.uniform(0.4, 1.0)])
        z_all = rng.normal(-1, 2, size=20_000)
        y_all = (rng.random(len(z_all)) < expit(slope * z_all + shift)).astype(int)
        distances = []
        for n_positives in (2000, 20):
            there, absent = np.flatnonzero(y_all)[:n_positives], np.flatnonzero(y_all == 0)[: 4 * n_positives]
            rows = np.sort(np.concatenate([there, absent]))
            y, z = y_all[rows], z_all[rows]
            model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(z[:, None], y)
            own = np.array([model.coef_[0, 0], model.intercept_[0]])
            found = read_numbers(call(function, y, z, shared), "slope", "intercept")
            distances.append([float(abs(found - each).max()) for each in (own, shared)])
        (from_own, from_shared), of_twenty = distances
        if from_own > 0.12 or from_shared < 0.05:
            raise Wrong("not its own map with many positives")
        if min(of_twenty) < 0.02:
            raise Wrong("not in between")


@_trial("08.3")
def _weights_as_repetition(function: Function, rng: Rng) -> None:
    from sklearn.linear_model import LogisticRegression

    m, n_columns = int(rng.integers(3, 12)), int(rng.integers(5, 12))
    X = rng.normal(size=(300, n_columns))
    y = (rng.random(300) < expit(X[:, 0] - 2)).astype(int)
    y[:5] = 1
    rows = np.repeat(np.arange(300), np.where(y == 1, m, 1))
    right = LogisticRegression().fit(X[rows], y[rows]).coef_[0]
    _same(call(function, X, y, m), right, tolerance=0.01)


@_trial("08.4", tries=2)
def _oversampled_in_the_folds(function: Function, rng: Rng) -> None:
    from sklearn.metrics import average_precision_score

    def tried(n_columns: int, shift: float) -> tuple[float, float]:
        X, y = rng.normal(size=(400, n_columns)), np.zeros(400, dtype=int)
        y[rng.choice(400, 20, replace=False)] = 1
        X[:, :5] += shift * y[:, None]
        scores = read_array(call(function, X, y), "probabilities").astype(float).ravel()
        if scores.size != 400 or not np.isfinite(scores).all():
            raise Wrong("no probability for each row")
        return float(average_precision_score(y, scores)), float(scores.mean())

    if tried(12, 1.5)[0] < 0.3 or tried(150, 0.0)[0] > 0.25 or tried(12, 0.0)[1] < 0.2:
        raise Wrong("not by folds, or not oversampled")


@_trial("08.5", tries=2)
def _paired_average_precision(function: Function, rng: Rng) -> None:
    y = (rng.random(450) < 0.15).astype(np.int8)
    common = 1.2 * y + rng.normal(size=450)
    a, b = common + 0.5 * y + 0.3 * rng.normal(size=450), common + 0.8 * rng.normal(size=450)
    if rng.random() < 0.5:
        a, b = b, a
    drawn = rng.multinomial(450, np.full(450, 1 / 450), size=3000)

    def precisions(scores: NDArray[Any]) -> NDArray[Any]:
        order = np.argsort(-scores)
        positives = drawn[:, order] * y[order]
        precision = positives.cumsum(axis=1) / np.maximum(drawn[:, order].cumsum(axis=1), 1)
        return np.asarray((positives * precision).sum(axis=1) / positives.sum(axis=1))

    returned = call(function, y, a, b)
    judge_interval(returned, precisions(a) - precisions(b), {}, drawn="rows", compared="ranking", measure="AP")


# Chapters 9 to 11


def _texts(rng: Rng, n: int) -> list[str]:
    """Return made comments: few words, in many spellings."""
    words = np.array(["owl", "bee", "fog", "sun", "red"])
    found = []
    for _ in range(n):
        text = str(rng.choice([" ", ", ", "  ", "-"])).join(rng.choice(words, int(rng.integers(1, 3))).tolist())
        text = text.upper() if rng.random() < 0.3 else text.capitalize() if rng.random() < 0.3 else text
        found.append(str(rng.choice(["", " "])) + text + str(rng.choice(["", "!", ".", " ?"])))
    return found


@_trial("09.2")
def _twins(function: Function, rng: Rng) -> None:
    for _ in range(3):
        train, other = _texts(rng, 12), _texts(rng, int(rng.integers(10, 40)))
        known, others = ([re.sub(r"\W+", " ", t.lower()).strip() for t in part] for part in (train, other))
        _same(call(function, train, other), sum(text in known for text in others))


@_trial("09.3")
def _chi2_of_a_matrix(function: Function, rng: Rng) -> None:
    n_labels = int(rng.integers(3, 6))
    Y = _labels(rng, 80, n_labels)
    Y[:2] = [[0], [1]]
    Y[:, int(rng.integers(n_labels))] = 0
    X = rng.integers(4, size=(80, int(rng.integers(3, 8)))) + 2 * Y[:, :1]
    observed = Y.T @ X
    expected = np.outer(Y.mean(axis=0), X.sum(axis=0))
    some = Y.any(axis=0)
    _same(call(function, X, Y), ((observed - expected)[some] ** 2 / expected[some]).sum(axis=0))


@_trial("09.4", tries=2)
def _bootstrap_of_groups(function: Function, rng: Rng) -> None:
    groups = np.repeat(rng.permutation(60) + int(rng.integers(10, 900)), rng.permutation(np.tile([2, 3, 7], 20)))
    _, number = np.unique(groups, return_inverse=True)
    y, wrong_a, wrong_b = (
        rng.random((60, 3))[number] < limit for limit in ([0.6, 0.4, 0.2], [0.2, 0.2, 0.2], [0.3, 0.3, 0.3])
    )
    y = y.astype(np.int8)
    a, b = y ^ wrong_a, y ^ wrong_b
    drawn = rng.multinomial(60, np.full(60, 1 / 60), size=4000)[:, number]
    differences = f1s(drawn, y, a, "micro") - f1s(drawn, y, b, "micro")
    returned = call(function, y, a, b, groups)
    judge_interval(returned, differences, {}, drawn="groups", compared="prediction", measure="micro-F1")


@_trial("10.1")
def _cell(function: Function, rng: Rng) -> None:
    words = np.array(["owl", "bee", "fog", "sun", "red", "ink"])
    for _ in range(8):
        tags = rng.choice(words, int(rng.integers(1, 5))).tolist()
        spelled = [tag.upper() if rng.random() < 0.3 else tag for tag in tags]
        mark = str(rng.choice(["; ", ",", " | ", "list"]))
        cell = repr(spelled) if mark == "list" else mark.join(spelled) + str(rng.choice(["", ";", " "]))
        found = call(function, cell)
        if not isinstance(found, (list, tuple)) or list(found) != sorted(set(tags)):
            raise Wrong("other tags")
    if call(function, " " * int(rng.integers(1, 9))) is not None or call(function, " None ") not in ([], ()):
        raise Wrong("no tags")


@_trial("10.3")
def _agreed(function: Function, rng: Rng) -> None:
    words = np.array(["owl", "bee", "fog", "sun"])
    readings = [(f"text {rng.integers(8)}", rng.choice(words, int(rng.integers(0, 4))).tolist()) for _ in range(30)]
    counts: dict[str, Counter[str]] = {text: Counter() for text, _ in readings}
    for text, tags in readings:
        counts[text].update(set(tags))
    right = {text: sorted(tag for tag, n in count.items() if n > 1) for text, count in counts.items()}
    found = call(function, readings)
    if not isinstance(found, dict) or {text: list(tags) for text, tags in found.items()} != right:
        raise Wrong("other tags")


@_trial("10.4")
def _merged(function: Function, rng: Rng) -> None:
    Y = rng.integers(-1, 2, size=(40, int(rng.integers(4, 8)))).astype(np.int8)
    for _ in range(3):
        a, b = rng.choice(Y.shape[1], 2, replace=False).tolist()
        rows = Y.astype(int).tolist()
        for row in rows:
            row[a] = 1 if 1 in (row[a], row[b]) else -1 if -1 in (row[a], row[b]) else 0
            del row[b]
        _same(call(function, Y, a, b), np.array(rows))


@_trial("11.1")
def _columns_in_our_order(function: Function, rng: Rng) -> None:
    ours = [f"label {letter}" for letter in rng.permutation(list("abcdefg"))]
    order = rng.permutation(len(ours))
    scores = rng.random((5, len(ours)))
    _same(call(function, scores[:, order], [ours[j] for j in order], ours), scores)
    try:
        function(scores, [*ours[:-1], "another"], ours)
    except ValueError:
        return
    except Exception:  # another error than the one asked for
        pass
    raise Wrong("no ValueError")


@_trial("11.3")
def _weighted_recall(function: Function, rng: Rng) -> None:
    y, y_pred, q = rng.integers(2, size=80), rng.integers(2, size=80), rng.uniform(0.001, 0.03, 80)
    y[0] = 1
    _same(call(function, y, y_pred, q), (y * y_pred / q).sum() / (y / q).sum())


@_trial("11.4", tries=2)
def _alarm(function: Function, rng: Rng) -> None:
    rates, n = np.geomspace(0.02, 0.3, int(rng.integers(12, 25))), int(rng.integers(800, 1200))
    rang = []

    def bells(k: NDArray[Any], k_ref: NDArray[Any]) -> NDArray[Any]:
        found = read_array(call(function, k, n, k_ref, n), "True or False for each label")
        if found.shape != rates.shape or not np.isin(found, (0, 1)).all():
            raise Wrong("not one for each label")
        return found.astype(bool)

    for _ in range(30):
        rang.append(bool(bells(rng.binomial(n, rates), rng.binomial(n, rates)).any()))
    if sum(rang) > 5:
        raise Wrong("too many false alarms")
    for factor in (4.0, 0.1):
        k, k_ref, label = rng.binomial(n, rates), rng.binomial(n, rates), int(rng.integers(len(rates) // 2, len(rates)))
        k[label] = min(round(factor * rates[label] * n), n)
        plain = fisher_exact([[k[label], n - k[label]], [k_ref[label], n - k_ref[label]]])[1]
        if plain < 1e-5 and not bells(k, k_ref)[label]:
            raise Wrong("no alarm")


# Chapters 12 to 17


@_trial("12.2")
def _ceiling(function: Function, rng: Rng) -> None:
    train, new = (_labels(rng, int(rng.integers(8, 60)), 4) for _ in range(2))
    known = train @ [1, 2, 4, 8]
    _same(call(function, train, new), np.isin(new @ [1, 2, 4, 8], known).mean())


@_trial("12.3")
def _shares(function: Function, rng: Rng) -> None:
    Y = _labels(rng, 70, int(rng.integers(3, 8)), 0.05, 0.6).astype(int)
    Y[0] = 0
    rows = Y[Y.any(axis=1)]
    _same(call(function, Y), np.mean([row / row.sum() for row in rows], axis=0), tolerance=1e-3)


@_trial("12.4")
def _best_for_jaccard(function: Function, rng: Rng) -> None:
    for _ in range(8):
        n_labels = int(rng.integers(3, 5))
        every = np.array([*product((0, 1), repeat=n_labels)])
        sets = every[rng.choice(len(every), int(rng.integers(3, 8)), replace=False)]
        p = rng.dirichlet(np.full(len(sets), 0.8))
        both = every @ sets.T
        either = every.sum(axis=1)[:, None] + sets.sum(axis=1) - both
        values = np.where(either > 0, both / np.maximum(either, 1), 1) @ p
        said = read_array(call(function, sets, p), "zeros and ones")
        place = np.flatnonzero((every == said).all(axis=1)) if said.shape == (n_labels,) else np.array([], dtype=int)
        if not place.size or values[place[0]] < values.max() - 1e-9:
            raise Wrong("another set is better")


@_trial("13.3")
def _completed_matrix(function: Function, rng: Rng) -> None:
    for _ in range(3):
        n_labels = int(rng.integers(6, 20))
        order = rng.permutation(n_labels)
        parent = [-1] * n_labels
        for place in range(1, n_labels):
            parent[order[place]] = int(order[rng.integers(place)]) if rng.random() < 0.85 else -1
        Y = (rng.random((30, n_labels)) < 0.15).astype(np.int8)
        right = Y.copy()
        for row in right:
            for label in np.flatnonzero(row).tolist():
                above = parent[label]
                while above != -1:
                    row[above], above = 1, parent[above]
        _same(call(function, Y, parent), right)


@_trial("13.4")
def _likeliest_sets(function: Function, rng: Rng) -> None:
    z, log_p = rng.normal(-1.5, 2, size=(60, 10)), np.log(rng.dirichlet(np.ones(5), size=60))
    sets = [chosen for k in range(5) for chosen in combinations(range(10), k)]
    rows = np.array([[j in chosen for j in range(10)] for chosen in sets], dtype=int)
    _same(call(function, z, log_p), rows[(z @ rows.T + log_p[:, rows.sum(axis=1)]).argmax(axis=1)])


@_trial("14.2")
def _loss_of_known_cells(function: Function, rng: Rng) -> None:
    Y = rng.integers(-1, 2, size=(30, int(rng.integers(3, 8)))).astype(float)
    Z = rng.normal(0, 2, size=Y.shape)
    right = []
    for row, logits in zip(Y, Z, strict=True):
        p = expit(logits)
        known = [-np.log(q if y == 1 else 1 - q) for y, q in zip(row, p, strict=True) if y >= 0]
        right.append(np.mean(known) if known else 0.0)
    _same(call(function, Y, Z), right, tolerance=1e-4)
    _same(call(function, np.where(Y < 0, np.nan, Y), Z), right, tolerance=1e-4)


@_trial("14.3")
def _most_suspicious(function: Function, rng: Rng) -> None:
    Y, n = rng.integers(-1, 2, size=(25, int(rng.integers(4, 8)))), int(rng.integers(5, 20))
    p = rng.permutation(np.linspace(0.01, 0.98, Y.size)).reshape(Y.shape) + rng.uniform(0, 1e-4, Y.shape)
    cells = [(abs(Y[i, j] - p[i, j]), i, j) for i, j in np.argwhere(Y >= 0).tolist()]
    _same(call(function, Y, p, n), np.array([cell[1:] for cell in sorted(cells, reverse=True)[:n]]))


@_trial("14.4")
def _stratified(function: Function, rng: Rng) -> None:
    n = rng.integers(30, 100, size=int(rng.integers(3, 7)))
    sizes, k = n * rng.integers(5, 200, size=len(n)), rng.binomial(n, rng.uniform(0.05, 0.9, len(n)))
    total = sum(size * part / read for size, part, read in zip(sizes, k, n, strict=True))
    variance = sum(size**2 * part * (read - part) / read**3 for size, part, read in zip(sizes, k, n, strict=True))
    _same(call(function, sizes, n, k), [total, np.sqrt(variance)], tolerance=1e-3)


@_trial("15.2")
def _tags_as_a_matrix(function: Function, rng: Rng) -> None:
    names = rng.permutation(["car", "cart", "old town", "sea", "tree", "7", "77"])[: rng.integers(4, 8)].tolist()
    Y = _labels(rng, int(rng.integers(5, 30)), len(names))
    cells: list[Any] = []
    for row in Y:
        tags = rng.permutation([name for name, there in zip(names, row, strict=True) if there]).tolist()
        cells.append("; ".join(tags) if rng.random() < 0.5 else ";".join(f" {tag} " for tag in tags))
        if not tags and rng.random() < 0.5:
            cells[-1] = float("nan")
    _same(call(function, cells, names), Y)
    try:
        function([*cells, "caart"], names)
    except ValueError:
        return
    raise Wrong("an unknown tag without a word")


@_trial("15.3")
def _what_a_crop_leaves(function: Function, rng: Rng) -> None:
    Y = _labels(rng, int(rng.integers(10, 40)), int(rng.integers(3, 8))).astype(int)
    boxes = np.where(Y, rng.integers(0, 13, (2, *Y.shape)), -1)
    side = int(rng.integers(6, 18))
    top, left = rng.integers(0, 21 - side, 2).tolist()
    window = np.zeros((20, 20))
    window[top : top + side, left : left + side] = 1
    right = np.zeros_like(Y)
    for i, j in np.argwhere(Y):
        r, c = boxes[:, i, j]
        right[i, j] = window[r : r + 8, c : c + 8].mean() >= 0.5
    _same(call(function, Y, boxes, top, left, side), right)


@_trial("15.4")
def _peaks_of_a_map(function: Function, rng: Rng) -> None:
    n, height, width, n_features, n_labels = rng.integers(3, 9, 5).tolist()
    maps, weights = rng.normal(size=(n, height, width, n_features)), rng.normal(size=(n_features, n_labels))
    label = int(rng.integers(n_labels))
    right = []
    for one in maps:
        heat = {(r, c): sum(one[r, c] * weights[:, label]) for r, c in product(range(height), range(width))}
        right.append(max(heat, key=lambda place: heat[place]))
    _same(call(function, maps, weights, label), right)


@_trial("16.2")
def _best_stored(function: Function, rng: Rng) -> None:
    n, n_columns, k = int(rng.integers(10, 30)), int(rng.integers(8, 20)), int(rng.integers(2, 6))
    stored = rng.random((n, n_columns)) < rng.uniform(0.1, 0.6, (n, 1))
    places = np.argwhere(stored)
    values = rng.permutation(len(places)) - len(places) // 2  # negative ones, too, and a stored 0
    S = sparse.csr_matrix((values.astype(float), places.T), shape=stored.shape)
    ranked: dict[int, list[tuple[int, int]]] = {}
    for (row, column), value in zip(places.tolist(), values.tolist(), strict=True):
        ranked.setdefault(row, []).append((value, column))
    right = {(row, col): value for row, each in ranked.items() for value, col in sorted(each, reverse=True)[:k]}
    found = call(function, S, k)
    if not sparse.issparse(found) or found.shape != S.shape:
        raise Wrong("no sparse matrix of this shape")
    cells = found.tocoo()
    if dict(zip(zip(cells.row.tolist(), cells.col.tolist(), strict=True), cells.data.tolist(), strict=True)) != right:
        raise Wrong("other cells")


@_trial("16.3")
def _streamed_f1(function: Function, rng: Rng) -> None:
    n_labels = int(rng.integers(3, 9))
    true = [_labels(rng, int(rng.integers(5, 40)), n_labels) for _ in range(int(rng.integers(2, 6)))]
    claimed = [_changed(rng, Y, 0.25) for Y in true]
    pairs = [(sparse.csr_matrix(Y), sparse.csr_matrix(P)) for Y, P in zip(true, claimed, strict=True)]
    counts = LabelCounts.from_predictions(np.vstack(true), np.vstack(claimed))
    _same(call(function, _Once(pairs)), counts.f1("micro", 0))


class _Once:
    """An iterator that can be handed over, and read once."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = list(parts)

    def __iter__(self) -> _Once:
        return self

    def __next__(self) -> Any:
        if not self._parts:
            raise StopIteration
        return self._parts.pop(0)


@_trial("16.4")
def _workers(function: Function, rng: Rng) -> None:
    for _ in range(5):
        n, c, b = int(rng.integers(5, 5000)), float(rng.uniform(0.01, 0.2)), float(rng.uniform(0.1, 1.5))
        seconds = {w: b * w + n * c / w for w in range(1, n + 1)}
        best = min(seconds, key=lambda w: seconds[w])
        _same(call(function, n, c, b), [best, seconds[best]])


@_trial("17.1")
def _which_f1_it_can_be(function: Function, rng: Rng) -> None:
    for _ in range(20):
        precision, recall = rng.uniform(0.1, 0.9, 2).round(3)
        harmonic = 2 / (1 / precision + 1 / recall)
        kind, shift = (("harmonic", 0.0), ("mean", -0.02), ("neither", 0.02))[rng.integers(3)]
        found = call(function, float(precision), float(recall), float(round(harmonic + shift, 3)))
        if str(found).strip().lower() != kind:
            raise Wrong("another kind")


@_trial("17.2")
def _lowest_and_highest_macro_f1(function: Function, rng: Rng) -> None:
    n_labels = int(rng.integers(4, 9))
    Y, said = (_labels(rng, 40, n_labels) for _ in range(2))
    empty = rng.permutation(n_labels)[: rng.integers(1, 3)]
    Y[:, empty] = said[:, empty] = 0
    claimed, true = said.sum(axis=0), Y.sum(axis=0)
    with np.errstate(invalid="ignore"):
        each = 2 * (Y & said).sum(axis=0) / (claimed + true)
    lowest, highest = (float(np.where(claimed + true == 0, value, each).mean()) for value in (0.0, 1.0))
    _same(call(function, Y.astype(int), said.astype(int)), [lowest, highest])


@_trial("17.4")
def _coverage_as_in_scikit_learn(function: Function, rng: Rng) -> None:
    for n_labels in rng.integers(3, 60, 5).tolist():
        depth = float(rng.uniform(1, n_labels))
        _same(call(function, round((depth - 1) / n_labels, 4), n_labels), depth, tolerance=0.01)
