"""Judges of the assignment thresholds.md: each calls a function on data that are drawn anew."""

import numpy as np

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import Wrong, call, read_numbers
from mlhelpers.thresholds import fit_thresholds


def _made(rng, n, frequencies):
    """Return true labels, and probabilities that are right for them."""
    logits = rng.normal(np.log(frequencies), 1.5, size=(n, len(frequencies)))
    p = 1 / (1 + np.exp(-logits))
    return (rng.random(p.shape) < p).astype(int), p


def _costs(Y, said, fp, fn):
    """Return what each decision costs."""
    return np.where(Y == 1, fn * (said == 0), fp * (said == 1))


def _least(Y, score, fp, fn):
    return fit_thresholds(Y, score, objective="cost", cost_fp=fp, cost_fn=fn, min_positives=0).values


def _read_thresholds(returned, n_labels):
    return read_numbers(returned, *(f"threshold of label {j}" for j in range(n_labels)), finite=False)


def _judge_cheapest(answer):
    rng = np.random.default_rng()
    Y, p = _made(rng, 300, [0.5, 0.3, 0.2, 0.2])
    score = np.round(10 * p**2, 1)  # no probabilities, and many are equal
    fp, fn = np.array([1.0, 3.0, 1.0, 1000.0]), np.array([8.0, 1.0, 1000.0, 1.0])
    Y[np.argmin(score[:, 2]), 2] = 1  # so the third is named everywhere,
    Y[np.argmax(score[:, 3]), 3] = 0  # and the fourth nowhere
    cuts = _read_thresholds(call(answer, Y, score, fp, fn), 4)

    def costs(cuts):
        return _costs(Y, score > cuts, fp, fn).sum(axis=0)

    found, least = costs(cuts), costs(_least(Y, score, fp, fn))
    if np.allclose(found, least, rtol=0, atol=1e-6):
        return
    swapped = (_costs(Y, score > each, fn, fp).sum(axis=0) for each in (cuts, _least(Y, score, fn, fp)))
    if np.allclose(*swapped):
        raise Wrong("The two costs are swapped: fp is what it costs to name a label that isn't there.")
    if np.allclose(found, costs(0.5)):
        raise Wrong("One half is the cut for equal costs, and for probabilities.")
    if np.allclose(found, costs(fp / (fp + fn))):
        raise Wrong("fp / (fp + fn) is the cut for probabilities; these scores are none, so look at the rows.")
    if np.allclose(costs(cuts - 1e-9), least):
        raise Wrong("A row whose score is the threshold isn't named: it has to be above it.")
    worst = int(np.argmax(found - least))
    why = {2: "naming it everywhere is cheapest", 3: "naming it nowhere is cheapest"}.get(worst)
    of = f"With fp {fp[worst]:g} and fn {fn[worst]:g} the errors of a label cost {found[worst]:g}, and can cost less"
    raise Wrong(f"{of}{': ' + why if why else ''}.")


def _judge_expected(answer):
    """Compare with the formula: ends of 4,000 drawings are off by some 0.05 standard errors, and 0.25 are allowed."""
    rng = np.random.default_rng()
    n, fp, fn = 600, 1.0, float(rng.choice([5, 8, 12]))
    Y = (rng.random((n, 6)) < np.where(rng.random((n, 1)) < 0.3, 0.7, 0.1)).astype(int)
    Y_pred = Y ^ (rng.random(Y.shape) < np.where(rng.random((n, 1)) < 0.3, 0.5, 0.05))
    found = read_numbers(call(answer, Y, Y_pred, fp, fn), "mean cost", "lower end", "upper end")
    each = _costs(Y, Y_pred, fp, fn).sum(axis=1)
    error = each.std(ddof=1) / np.sqrt(n)
    cells = _costs(Y, Y_pred, fp, fn).std() * np.sqrt(6 / n)

    mean = each.mean()

    def near(error, times=1.0, mean=mean):
        return np.abs(found / times - mean - 1.96 * error * np.array([0, -1, 1])).max() < 0.25 * error

    swapped = _costs(Y, Y_pred, fn, fp).sum(axis=1)
    if near(error):
        return f"for {n} made rows it is {found[2] - found[1]:.2f} wide"
    if near(error, 1 / 6):
        raise Wrong("This is the cost of a single decision; the question asks for that of a row, with all its labels.")
    if near(error, n):
        raise Wrong("This is the cost of all rows together; the question asks for the mean.")
    if near(swapped.std(ddof=1) / np.sqrt(n), mean=swapped.mean()):
        raise Wrong("The two costs are swapped: fn is what a digit costs that is there and not named.")
    if near(error * np.sqrt(n)):
        raise Wrong("These are the limits of single rows; the question asks for those of their mean.")
    if near(cells):
        raise Wrong(
            "The interval takes the labels of a row as independent of each other; add them up for each row first."
        )
    if found[1] > found[2]:
        raise Wrong("The ends are swapped: the lower one comes first.")
    if near(error * 1.645 / 1.96):
        raise Wrong("The interval is too narrow, about as one of 90 %; for 95 % leave out 2.5 % at each end.")
    if abs(found[0] - mean) > 0.01 * error:
        raise Wrong("The first number isn't the mean cost of a row.")
    times = (found[2] - found[1]) / (2 * 1.96 * error)
    raise Wrong(f"The interval is {times:.2f} times as wide as it should be, or doesn't lie around the mean.")


def _made_unlike(rng, n):
    """Return labels that differ in what room is worth to them: three are hard to tell, two are nearly sure."""
    logits = rng.normal([-1, -1.2, -1.2, 0, 0], [0.8, 0.8, 1, 1, 1.2], size=(n, 5))
    logits[:, 3:] += np.where(rng.random((n, 2)) < [0.25, 0.2], 4, -5)
    p = 1 / (1 + np.exp(-logits))
    return (rng.random(p.shape) < p).astype(int), p ** np.array([1, 3, 0.5, 2, 0.3])  # each on a scale of its own


def _judge_limited(answer):
    Y, score = _made_unlike(np.random.default_rng(), 1000)
    for fp, fn, most in ((1.0, 8.0, 0.7), (1.0, 4.0, 0.55), (1.0, 8.0, 5.0)):
        cuts = _read_thresholds(call(answer, Y, score, fp, fn, most), 5)
        free, within = _least(Y, score, fp, fn), _within(Y, score, fp, fn, most)
        named, of = (score > cuts).sum() / len(Y), f"With room for {most:g} labels per row"
        if named > most + 1e-9:
            as_if = ", as if there were no limit" if (score > cuts).sum() == (score > free).sum() else ""
            raise Wrong(f"{of} it names {named:.4g}{as_if}.")
        found, least = (_costs(Y, score > each, fp, fn).sum() / len(Y) for each in (cuts, within))
        if found > 1.05 * least:
            why = "which labels give up what?"
            if most == 5.0:
                why = "there is room for all of them."
            elif named < 0.9 * most:
                why = f"it names only {named:.2f} labels per row."
            raise Wrong(f"{of} a row costs {found:.2f}, and {least:.2f} is possible: {why}")


def _within(Y, score, fp, fn, most):
    """Return the cheapest thresholds at the lowest price of a named label at which the limit is kept.

    A label that is named costs the price, right or wrong; so a miss, which saves it, costs that much less.
    """
    low, high = 0.0, fn
    for _ in range(25):
        price = (low + high) / 2
        cuts = _least(Y, score, fp + price, fn - price)
        low, high = (low, price) if (score > cuts).sum() <= most * len(Y) else (price, high)
    return _least(Y, score, fp + high, fn - high)


register(
    "thresholds.1", _judge_cheapest, hint="Try every score as a threshold, and one below all.", points=4, minutes=20
)
register("thresholds.2", _judge_expected, hint="One number for each row, then their mean.", points=3, minutes=15)
register("thresholds.3", _judge_limited, hint="Raise the price until it fits.", points=4, minutes=25)
