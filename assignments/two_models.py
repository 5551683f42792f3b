"""Judges of the assignment two_models.md: each calls a function on data that are drawn anew."""

import numpy as np

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_matrix, read_numbers, read_two
from mlhelpers.thresholds import fit_thresholds

_FEWEST = {"objective": "cost", "cost_fp": 1, "cost_fn": 1, "min_positives": 0}


def _made_scores(rng, n):
    """Return true labels, A's scores, and B's, which rank worse and are on another scale for each label."""
    Y = (rng.random((n, 5)) < [0.5, 0.4, 0.3, 0.2, 0.1]).astype(int)
    A, B = (quality * Y + rng.normal(-1, 1, Y.shape) for quality in (2, 1.2))
    return Y, A, np.exp(B / 2 + np.arange(5) - 1)


def _is_cut(said, score):
    """Tell whether in each label the named rows are those with the highest scores."""
    named = zip(said.T == 1, score.T, strict=True)
    return all(not each.any() or each.all() or s[each].min() >= s[~each].max() for each, s in named)


def _judge_decisions(answer):
    rng = np.random.default_rng()
    Y_val, *val = _made_scores(rng, 600)
    Y_test, *test = _made_scores(rng, 500)
    # As a test part the validation part shows how good the thresholds are where they were chosen.
    for Y, scores in ((Y_test, test), (Y_val, val)):
        returned = call(answer, Y_val, *val, *scores)
        said = read_two(returned, "two label matrices, what A says and what B says")
        said = [read_matrix(each, Y.shape, "a label matrix of the test part") for each in said]
        if not np.isin(said, (0, 1)).all():
            raise Wrong("It returns something else than 0 and 1; return what is predicted, not scores.")
        for each, other in zip(said, scores[::-1], strict=True):
            if _is_cut(each, other) and not np.isin(each.mean(axis=0), (0, 1)).all():
                raise Wrong("What is returned for one model comes from the scores of the other.")
        if (said[0] == (scores[0] > 0.5)).all():
            raise Wrong("The cut is one half; scores needn't be probabilities, so choose it.")
        if (said[1] == (scores[1] > 0.5)).all():
            raise Wrong("Thresholds are chosen for A, while B keeps one half.")
        for name, each, score in zip("AB", said, scores, strict=True):
            if not _is_cut(each, score):
                raise Wrong(f"What {name} says doesn't come from one threshold on its scores for each label.")
    for name, each, score in zip("AB", said, val, strict=True):
        wrong, least, for_f1 = (
            5 * (one != Y_val).mean()
            for one in (each, *(score > fit_thresholds(Y_val, score, **how).values for how in (_FEWEST, {})))
        )
        if wrong > least + 0.02:  # a fine grid of thresholds is as good as all
            if abs(wrong - for_f1) < 0.01:
                raise Wrong("These thresholds are chosen for F1; here wrong labels count, of both kinds alike.")
            raise Wrong(
                f"On the validation part itself {name} makes {wrong:.2f} wrong labels per row, and {least:.2f} do: "
                "choose each label's threshold there, from the model's own scores."
            )


def _judge_difference(answer):
    """Compare with the formula: ends of 4,000 drawings are off by some 0.05 standard errors, and 0.25 are allowed."""
    rng = np.random.default_rng()
    n = 500
    Y = (rng.random((n, 8)) < 0.3).astype(int)
    hard, odd = rng.random((2, n, 1)) < 0.3  # scenes where both make many errors, and where B makes them alone
    A = Y ^ (rng.random(Y.shape) < np.where(hard, 0.5, 0.03))
    B = np.where(odd, Y ^ (rng.random(Y.shape) < 0.5), A)
    found = read_numbers(call(answer, Y, A, B), "difference", "lower end", "upper end")
    a, b = (A != Y), (B != Y)
    more = b.sum(axis=1) - a.sum(axis=1)
    cells = (b * 1.0 - a).std() * np.sqrt(8 / n)
    apart = np.sqrt((a.sum(axis=1).var() + b.sum(axis=1).var()) / n)
    error = more.std(ddof=1) / np.sqrt(n)

    mean = more.mean()

    def near(error, mean=mean, sign=1):
        ends = mean + 1.96 * error * np.array([-1, 1])
        return np.abs(found - sign * np.array([mean, *ends[::sign]])).max() < 0.25 * error

    if near(error):
        return f"for 500 made rows it is {found[2] - found[1]:.2f} wide"
    if near(error, sign=-1):
        raise Wrong("It is A's wrong labels minus B's; the question asks for the other direction.")
    if near(error / 8, mean / 8):
        raise Wrong("This is per label; the question asks for wrong labels per scene.")
    if near(apart):
        raise Wrong("The interval is that of two models on different scenes. Take the difference scene by scene.")
    if near(cells):
        raise Wrong(
            "The interval takes the labels of a scene as independent of each other; add them up for each scene first."
        )
    if near(error * np.sqrt(n)):
        raise Wrong("These are the limits of single scenes; the question asks for those of their mean.")
    if found[1] > found[2]:
        raise Wrong("The ends are swapped: the lower one comes first.")
    if near(error * 1.645 / 1.96):
        raise Wrong("The interval is too narrow, about as one of 90 %; for 95 % leave out 2.5 % at each end.")
    if abs(found[0] - mean) > 0.01 * error:
        raise Wrong("The first number isn't the difference between the mean numbers of wrong labels.")
    times = (found[2] - found[1]) / (2 * 1.96 * error)
    raise Wrong(f"The interval is {times:.2f} times as wide as it should be, or doesn't lie around the mean.")


_NONE, _OPEN, _WINNERS = "no difference that matters", "open", ("B is better", "A is better")
_WHY = {  # what is right, what is said
    ("none", "open"): "All of the interval is smaller than what matters: that is an answer, and no open question.",
    ("none", "winner"): "It is on one side of 0, but all of it is smaller than what matters.",
    ("winner", "winner"): "Look at the sign: it says how many more wrong labels B makes than A.",
    ("winner", "none"): "It reaches beyond what matters.",
    ("winner", "open"): "All of it is on one side of 0.",
    ("open", "none"): "There are differences that matter in it; not to know is something else than no difference.",
    ("open", "winner"): "0 is in the interval, so it doesn't say which model is better.",
}


def _judge_conclusion(answer):
    rng = np.random.default_rng()
    for kind in [*rng.permutation(6).tolist(), *rng.integers(6, size=20).tolist()]:
        m, (p, q) = float(rng.uniform(0.05, 2)), np.sort(rng.uniform(0.02, 0.9, 2)).tolist()
        low, high, right = (
            (-m * p, m * q, _NONE),
            (m * p, m * q, _NONE),  # favours A, and is small
            (-m * (1 + q), -m * p, _WINNERS[0]),
            (m * p, m * (1 + q), _WINNERS[1]),
            (-m * p, m * (1 + q), _OPEN),  # may be nothing, may matter
            (-m * (1 + p), m * (1 + q), _OPEN),
        )[kind]
        said = call(answer, low, high, m)
        said = said.strip('" .') if isinstance(said, str) else ""
        kinds = {_NONE: "none", _OPEN: "open"} | dict.fromkeys(_WINNERS, "winner")
        if said not in kinds:
            raise Wrong(f"It returns none of the texts {', '.join(kinds)}.")
        if said != right:
            of = f'From {low:.2f} to {high:.2f}, where {m:.2f} matters, it says "{said}".'
            raise Wrong(f"{of} {_WHY[kinds[right], kinds[said]]}")


register("two_models.1", _judge_decisions, hint="What would B say if it were A on another scale?", points=3, minutes=15)
register("two_models.2", _judge_difference, hint="One number for each scene, then their mean.", points=4, minutes=20)
register("two_models.3", _judge_conclusion, hint="The order of the three questions matters.", points=3, minutes=15)
