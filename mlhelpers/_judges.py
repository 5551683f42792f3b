"""The judges of the exercises: each knows the right answer, and how one gets to the usual wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from mlhelpers._answers import (
    ANY,
    Routes,
    Wrong,
    call,
    compare,
    compare_name,
    kind_of,
    read_array,
    read_fractions,
    read_label_set,
    read_matrix,
    read_numbers,
    read_two,
)
from mlhelpers.datasets import MultilabelDataset, load_digit_scenes
from mlhelpers.labels import cooccurrence, label_summary, scores_matrix
from mlhelpers.metrics import LabelCounts, macro_f1

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int8]
Judge: TypeAlias = Callable[[Any], str | None]

JUDGES: dict[str, Judge] = {}


def exercise(name: str) -> Callable[[Judge], Judge]:
    """Register a judge: it takes an answer, raises `Wrong` or returns a remark, if there is one to make."""

    def register(judge: Judge) -> Judge:
        JUDGES[name] = judge
        return judge

    return register


# What several exercises compute


@cache
def _scenes(dependence: float = 0.3) -> MultilabelDataset:
    return load_digit_scenes(dependence=dependence)


def _constant(labels: set[int]) -> Labels:
    """Return the same label set as the prediction of every test scene."""
    row = np.isin(np.arange(10), list(labels)).astype(np.int8)
    return np.tile(row, (len(_scenes().Y_test), 1))


def _log_loss(y: NDArray[Any], p: Floats) -> float:
    return float(-np.where(y == 1, np.log(p), np.log1p(-p)).mean())


@cache
def _logistic(digit: int, dependence: float, pixels: bool, others: bool, balanced: bool) -> dict[str, Floats]:
    """Return P(digit) of the training and the test scenes, from pixels, from the other labels or from both."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    data = _scenes(dependence)

    def features(X: NDArray[Any], Y: NDArray[Any]) -> NDArray[Any]:
        parts = [X.reshape(len(X), -1)] * pixels + [np.delete(Y, digit, axis=1)] * others
        return np.hstack(parts)

    with threadpool_limits(limits=1):  # faster on small matrices
        model = LogisticRegression(max_iter=2000, class_weight="balanced" if balanced else None)
        model.fit(features(data.X_train, data.Y_train), data.Y_train[:, digit])
        parts = {"train": (data.X_train, data.Y_train), "test": (data.X_test, data.Y_test)}
        return {name: model.predict_proba(features(*XY))[:, 1] for name, XY in parts.items()}


# Chapter 0: the label matrix


@exercise("00.1")
def _scenes_with_a_3_and_a_7(answer: Any) -> None:
    Y = {part: getattr(_scenes(), f"Y_{part}") for part in ("train", "val", "test")}
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
    Y = _scenes().Y_train
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
    frequency = _scenes().Y_train.mean(axis=0)
    chosen, best = read_label_set(answer), set(np.flatnonzero(frequency > 0.5).tolist())
    if chosen == best:
        return
    if len(chosen) == 10:
        raise Wrong("Every label for every scene: most of these decisions are wrong. Choose column by column.")
    loss = np.where(_constant(chosen)[0], 1 - frequency, frequency).mean()
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

    free, f = _scenes(dependence=0).Y_train, _scenes(dependence=0).Y_train.mean(axis=0)
    together = cooccurrence(free)[0, 2]
    routes = {
        "These are the book's own scenes; compose them with dependence=0.": three(_scenes().Y_train),
        "These are the test scenes; the question asks for the training scenes.": three(_scenes(dependence=0).Y_test),
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


# Chapter 1: sigmoid versus softmax


@exercise("01.1")
def _logits_for_probabilities(answer: Any) -> None:
    p = np.array([0.9, 0.9, 0.1])
    z, any2, any3 = logit(p), [ANY] * 2, [ANY] * 3
    names = "logit of a", "logit of b", "logit of c", "the most with c at 0.1", "the most with c free"
    routes = {
        "The first three are the probabilities; the question asks for logits.": [*p, *any2],
        "The first three are logarithms of p; the logit is the logarithm of the odds p / (1 - p).": [*np.log(p), *any2],
        "The first three are odds; the logit is their logarithm.": [*(p / (1 - p)), *any2],
        "The first three are logarithms to base 10; the sigmoid has base e.": [*(z / np.log(10)), *any2],
        "The first three are upside down: the odds are p / (1 - p).": [*-z, *any2],
        "The most with c at 0.1: 0.9 twice and 0.1 don't sum to one; a and b share what c leaves.": [*any3, 0.9, ANY],
        "The most with c at 0.1: dividing all three by their sum changes c, too.": [*any3, 0.9 / 1.9, ANY],
        "The most with c free: not both at once; the three sum to one.": [*any3, ANY, 1],
        "The most with c free: 0.9 twice is more than one; the three sum to one.": [*any3, ANY, 0.9],
        "The most with c free: c may now go down as far as it likes.": [*any3, ANY, (1 - p[2]) / 2],
    }
    compare(answer, dict(zip(names, [*z, (1 - p[2]) / 2, 0.5], strict=True)), routes)


@exercise("01.2")
def _where_the_naive_loss_breaks(answer: Any) -> None:
    ends = {kind: float(np.log(np.finfo(kind).max)) for kind in (np.float16, np.float32, np.float64)}
    value = read_numbers(answer, "a negative logit", finite=False)[0]
    if np.isinf(value):
        raise Wrong("An infinite logit breaks it, too; the question asks for the one nearest to 0 that does.")
    if abs(value - ends[np.float32]) < 0.1:
        raise Wrong("The question asks for a negative logit; the sign is missing.")
    if 15.5 < abs(value) < 18:
        raise Wrong("There an absent label breaks, since p rounds to 1. Near 0 the numbers are much denser: try it.")
    if 0.1 < abs(value + ends[np.float32]) < 1:
        raise Wrong("Close; a tenth is near enough, a whole logit isn't. Try a finer grid.")
    routes = {
        "There an absent label breaks in 64 bits; here the label is present, and the logits are float32.": (
            np.log(np.finfo(np.float64).epsneg)
        ),
        "That is the end of 64 bits; make the logits float32.": -ends[np.float64],
        "That is the end of 16 bits; make the logits float32.": -ends[np.float16],
        "There exp(z) vanishes; but the sigmoid of this chapter computes exp(-z), which overflows earlier.": (
            np.log(float(np.finfo(np.float32).smallest_subnormal))
        ),
        "There exp(z) loses digits, which does no harm; what happens to exp(-z)?": (
            np.log(float(np.finfo(np.float32).tiny))
        ),
    }
    compare(answer, {"the logit": -ends[np.float32]}, routes, tolerance=0.1)


@exercise("01.3")
def _softmax_network_read_with_sigmoid(answer: Any) -> str:
    Y_test = _scenes().Y_test
    p = read_matrix(answer, Y_test.shape, "the probabilities of the test scenes")
    if p.min() < 0 or p.max() > 1:
        raise Wrong("These are no probabilities; they look like logits, before the sigmoid.")
    if np.isin(p, (0, 1)).all():
        raise Wrong("These are labels or predictions, not probabilities: there is nothing but 0 and 1 in them.")
    if np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise Wrong("Every row sums to one: this is still the softmax. The new network must end in a sigmoid.")
    if p.min() >= 0.5 and p.max() < 0.74:  # the sigmoids of 0 and 1
        raise Wrong("No probability is below one half: the sigmoid was applied on top of the softmax; it replaces it.")
    counts = LabelCounts.from_predictions(Y_test, p > 0.5)
    if counts.f1("micro", 0) < 0.7:
        about = "" if (p > 0.5).sum(axis=1).max() > 1 else ", and no scene gets more than one label"
        raise Wrong(
            f"Micro-F1 is only {counts.f1('micro', 0):.3f}{about}. Was the network given the trained weights of "
            "softmax + BCE, after it was built, and asked for the test scenes?"
        )
    if counts.f1("micro") > 0.95:
        raise Wrong("These are better than those of any network of this chapter; do they come from the true labels?")
    return f"micro-F1 is {counts.f1('micro'):.3f}"


@cache
def _linear_layer(rate: float) -> dict[str, NDArray[Any]]:
    """Return the logits of the training and test scenes after the 500 steps of exercise 01.4."""
    from threadpoolctl import threadpool_limits

    data = _scenes()
    A, W, b = data.X_train.reshape(len(data.X_train), -1), np.zeros((400, 10), np.float32), np.zeros(10, np.float32)
    with threadpool_limits(limits=1):  # faster on small matrices
        for _ in range(500):
            error = (expit(A @ W + b) - data.Y_train) / np.float32(len(A))
            W -= np.float32(rate) * (A.T @ error)
            b -= np.float32(rate) * error.sum(axis=0)
        return {"train": A @ W + b, "test": data.X_test.reshape(len(data.X_test), -1) @ W + b}


@exercise("01.4")
def _linear_layer_from_scratch(answer: Any) -> None:
    if read_array(answer, "one number, micro-F1").size == 2:
        raise Wrong("These are two numbers; hand in micro-F1 only, that of the linear layer.")
    data, z = _scenes(), _linear_layer(0.5)
    counts = LabelCounts.from_predictions(data.Y_test, z["test"] > 0)

    def micro(y: Labels, y_pred: NDArray[Any]) -> float:
        return LabelCounts.from_predictions(y, y_pred).f1("micro", 0)

    right = (z["test"] > 0) == data.Y_test
    routes: Routes = {
        "This is the macro-F1; the question asks for the micro-average.": counts.f1("macro", 0),
        "This is the weighted F1; the question asks for the micro-average.": counts.f1("weighted", 0),
        "This is micro-F1 on the training scenes; evaluate on the test scenes.": micro(data.Y_train, z["train"] > 0),
        "Here 0.5 is the threshold of the logits; a probability of 0.5 is a logit of 0.": (
            micro(data.Y_test, z["test"] > 0.5)
        ),
        "This is the fraction of right decisions; the question asks for micro-F1.": right.mean(),
        "This is subset accuracy; the question asks for micro-F1.": right.all(axis=1).mean(),
        "The steps are ten times too small: the gradient is divided by the labels, too, not only by the scenes.": (
            lambda: micro(data.Y_test, _linear_layer(0.05)["test"] > 0)
        ),
    }
    compare(answer, {"micro-F1": counts.f1("micro")}, routes)


@exercise("01.5")
def _told_the_other_labels(answer: Any) -> None:
    def losses(part: str = "test", dependence: float = 0, kinds: Sequence[tuple[bool, bool]] = ()) -> list[float]:
        y = getattr(_scenes(dependence), f"Y_{part}")[:, 0]
        kinds = kinds or ((True, False), (True, True))
        return [_log_loss(y, _logistic(0, dependence, *kind, balanced=False)[part]) for kind in kinds]

    right = np.array(losses())
    routes: Routes = {
        "The two are swapped: first from the pixels, then from the pixels and the other labels.": right[::-1],
        "These are logarithms to base 2; log_loss takes the natural one.": right / np.log(2),
        "These are logarithms to base 10; log_loss takes the natural one.": right / np.log(10),
        "This is the loss on the training scenes; evaluate on the test scenes.": lambda: losses("train"),
        "The second is of the labels alone; stack the pixels and the labels.": lambda: [
            ANY,
            *losses(kinds=[(False, True)]),
        ],
        "These are the book's own scenes; compose them with dependence=0.": lambda: losses(dependence=0.3),
    }
    names = "log loss from the pixels", "log loss from the pixels and the other labels"
    compare(answer, dict(zip(names, right, strict=True)), routes)


# Chapter 2: Keras and binary cross-entropy


@exercise("02.1")
def _accuracy_of_one_label(answer: Any) -> None:
    compare_name(
        answer,
        "the name of a metric",
        "binaryaccuracy",
        {
            "categoricalaccuracy": "That is what ten columns get; what does a single one?",
            "sparsecategoricalaccuracy": "That is for class numbers as targets; ours are 0 and 1 in one column.",
            "accuracy": "That is the name before Keras replaces it; look at the type of the metric after evaluate.",
            "compilemetrics": "That is the container; the metric is the first of its attribute metrics.",
            "mean": "That is the running loss; the metric is inside the one named compile_metrics.",
        },
    )


@exercise("02.2")
def _best_constants_by_accuracy(answer: Any) -> None:
    Y_test = _scenes().Y_test
    wanted = "the best label set by argmax accuracy, and the best by binary accuracy"
    by_argmax, by_decision = (read_label_set(part) for part in read_two(answer, wanted))
    columns = np.bincount(Y_test.argmax(axis=1), minlength=10) / len(Y_test)
    reached = columns[min(by_argmax, default=0)]  # argmax takes the first of equals
    if reached < columns.max():
        raise Wrong(
            f"First set: its argmax accuracy is {reached:.3f}, and another one has more. Which column does argmax name "
            "in a scene without any label, and which in this set?"
        )
    if by_decision != set(np.flatnonzero(Y_test.mean(axis=0) > 0.5).tolist()):
        reached = (_constant(by_decision) == Y_test).mean()
        raise Wrong(
            f"Second set: its binary accuracy is {reached:.3f}, and another one has more. Go through the columns one "
            "by one: is a 1 right there more often than a 0?"
        )


@exercise("02.3")
def _average_of_auc(answer: Any) -> None:
    compare_name(
        answer,
        "the name of an average",
        "micro",
        {
            "macro": "Compute both and look again: they are further apart than the 200 thresholds of Keras explain.",
            "weighted": "It is one of the two in the question; compute both.",
            "samples": "It is one of the two in the question; compute both.",
        },
    )


@exercise("02.4")
def _subset_accuracy_metric(answer: Any) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(30, 3)).astype(np.int8)
    wrong = rng.random(y.shape) < 0.2
    wrong[0], wrong[7:21], wrong[28] = True, False, [True, False, False]  # batches of 7 differ, and the last is smaller
    z = (np.where(wrong, -1, 1) * (2 * y - 1) * rng.uniform(0.1, 3, size=y.shape)).astype(np.float32)
    right = (z > 0) == y
    metric = call(answer) if isinstance(answer, type) else answer
    if not all(hasattr(metric, method) for method in ("update_state", "result", "reset_state")):
        raise Wrong(
            f"This is {kind_of(answer)}. The question asks for a metric class, with update_state, result and "
            "reset_state; a function would be averaged over batches."
        )
    means = [right[start : start + 7].all(axis=1).mean() for start in range(0, len(y), 7)]
    routes: Routes = {
        "It gives the mean over batches; the last batch is smaller, so count samples.": np.mean(means),
        "It gives the fraction of right decisions; a row counts only if all its labels are right.": right.mean(),
        "It counts a row if any of its labels is right; all of them must be.": right.any(axis=1).mean(),
        "It compares logits with 0.5; a probability of 0.5 is a logit of 0.": ((z > 0.5) == y).all(axis=1).mean(),
        "It compares the largest logit only (argmax); a row has several labels.": (
            (z.argmax(axis=1) == y.argmax(axis=1)).mean()
        ),
        "It gives the last batch only; the state must add up over batches.": means[-1],
        "It gives the number of right rows; divide by the rows.": right.all(axis=1).sum(),
    }
    name = "the metric's result"

    def result(batches: list[slice]) -> Any:
        call(metric.reset_state)
        for batch in batches:
            call(metric.update_state, y[batch], z[batch])
        return read_numbers(call(metric.result), name)

    batches = [slice(start, start + 7) for start in range(0, len(y), 7)]
    with _left_as_it_was(metric):
        compare(result(batches), {name: right.all(axis=1).mean()}, routes, tolerance=1e-5)
        if not np.isclose(result(batches[:1]), means[0], atol=1e-5):
            raise Wrong("It is right at first, but after reset_state the former batches still count.")


@contextmanager
def _left_as_it_was(metric: Any) -> Iterator[None]:
    """Give a student's own metric its state back; a copy would do, but Keras can't copy what a notebook defines."""
    attributes = dict(getattr(metric, "__dict__", {}))
    variables = call(
        lambda: [(v, np.asarray(v).copy()) for v in getattr(metric, "variables", []) if hasattr(v, "assign")]
    )
    try:
        yield
    finally:
        getattr(metric, "__dict__", {}).update(attributes)
        for variable, value in variables:
            variable.assign(value)


@exercise("02.5")
def _stopping_rules_with_fitted_thresholds(answer: Any) -> str:
    wanted = "one row per stopping rule (by loss, by macro-F1), one column per measure (test macro-F1, test loss)"
    array = read_array(answer, f"{wanted}, shape (2, 2)")
    if array.shape != (2, 2):
        seeds = "; average over the seeds" if 3 in array.shape else ""
        raise Wrong(f"This has shape {array.shape}{seeds}. The question asks for {wanted}, shape (2, 2).")
    values = read_numbers(array, "macro-F1 by loss", "loss by loss", "macro-F1 by macro-F1", "loss by macro-F1")
    (early_f1, early_loss), (late_f1, late_loss) = table = values.reshape(2, 2)
    if table.min() < 0:
        raise Wrong("There is a negative number in it, and neither F1 nor this loss can be one.")
    if table[0].min() > 0.4 > table[1].max():
        raise Wrong("The table lies on its side: a row per rule, and in it macro-F1 and then the loss.")
    if table[:, 1].min() > 0.4 > table[:, 0].max():
        raise Wrong("The columns are swapped: macro-F1 first, then the loss.")
    f1 = read_fractions(table[:, 0], "macro-F1 by loss", "macro-F1 by macro-F1")
    if early_f1 == late_f1 and early_loss == late_loss:
        raise Wrong("Both rules give exactly the same: were the weights of the chosen epoch put back before testing?")
    if table[:, 1].min() > 1:
        raise Wrong("Such a loss is a sum over the labels, or it takes logits for probabilities; take the mean.")
    if early_loss >= late_loss:
        raise Wrong("The rule that watches the loss ends with the higher one: are the rows swapped?")
    if f1.max() > 0.74:
        raise Wrong("This network reaches less in macro-F1 on the test scenes; is it micro-F1, or are they others?")
    if f1.mean() > 0.696:
        raise Wrong(
            "On test scenes this network reaches less: are these the validation scenes, or were the thresholds fitted "
            "on the scenes on which they are judged?"
        )
    if f1.min() < 0.5:
        raise Wrong(
            "This network reaches more: 20 epochs at most, rate 0.004, batches of 64, the best weights put back?"
        )
    if early_f1 < 0.652:
        raise Wrong("Stopped by loss it reaches more with a fitted threshold for each label; is this the one at 0.5?")
    gain, ratio = late_f1 - early_f1, late_loss / early_loss
    return f"the later epoch changes macro-F1 by {gain:+.3f}, and its loss is {ratio:.2f} times as high"


# Chapter 3: scikit-learn, one versus rest


@cache
def _made_classifier() -> tuple[Any, NDArray[Any], Floats]:
    """Return a fitted MultiOutputClassifier for four labels, seven samples, and their score matrix."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(40, 3)), rng.normal(size=(7, 3))
    moc = MultiOutputClassifier(LogisticRegression()).fit(X, (X @ rng.normal(size=(3, 4)) > 0).astype(int))
    return moc, new, scores_matrix(moc, new)


@exercise("03.1")
def _score_matrix_in_one_line(answer: Any) -> None:
    moc, new, right = _made_classifier()
    array = read_array(call(answer, moc, new), "one matrix of probabilities, scenes × labels, from the function")
    if array.shape == (4, 7, 2):
        raise Wrong("It returns the list as it comes from predict_proba; make one matrix of its second columns.")
    if array.shape == (4, 7):
        raise Wrong("The matrix lies on its side: it has a row per label; scenes go down, labels to the right.")
    if array.shape != right.shape:
        raise Wrong(
            f"For 7 samples and 4 labels it returns shape {array.shape}; a score matrix has one number per sample and "
            "label. Which of the two columns of each array is it?"
        )
    if np.allclose(array, right):
        return
    if np.allclose(array, 1 - right):
        raise Wrong("These are the probabilities that a label is absent; which column belongs to class 1?")
    if np.array_equal(array, right > 0.5):
        raise Wrong("These are the predictions; the question asks for the probabilities.")
    raise Wrong("The shape is right, the values are not: column j must be P(label j is present).")


@exercise("03.2")
def _balanced_weights(answer: Any) -> None:
    data = _scenes()

    def both(balanced: bool = True, part: str = "test", digit: int = 9, present: int = 1) -> NDArray[Any]:
        p = _logistic(digit, 0.3, pixels=True, others=False, balanced=balanced)[part]
        y = getattr(data, f"Y_{part}")[:, [digit]] == present
        c = LabelCounts.from_predictions(y, (p[:, None] > 0.5) == present)
        return np.array([c.precision("micro", 0), c.recall("micro", 0)])

    right = both()
    routes: Routes = {
        "The two are swapped: precision first, then recall.": right[::-1],
        "These are those of the absent 9; the positives are the scenes that show it.": both(present=0),
        "These are those of the training scenes; evaluate on the test scenes.": both(part="train"),
        'These are those of the plain classifier; give it class_weight="balanced".': lambda: both(balanced=False),
        "These are those of the 8; the digit 9 is column 9.": lambda: both(digit=8),
    }
    names = "precision of the 9", "recall of the 9"
    compare(answer, dict(zip(names, right, strict=True)), routes, tolerance=0.01)


@exercise("03.3")
def _sorted_and_shuffled_folds(answer: Any) -> str:
    names = "macro-F1 in the order of the file", "macro-F1 shuffled"
    if read_array(answer, f"two numbers: {', '.join(names)}").shape == (2, 5):
        raise Wrong("These are the scores of the five folds; the question asks for their means.")
    in_order, shuffled = read_fractions(answer, *names)
    if max(in_order, shuffled) > 0.7:
        raise Wrong('That is more than this model has in macro-F1; scoring="f1_macro"?')
    if min(in_order, shuffled) < 0.55:
        raise Wrong('That is less than this model has in macro-F1; scoring="f1_macro"? Without it, rows are scored.')
    if in_order - shuffled > 0.01:
        raise Wrong("The two are swapped: first with cv=5, then shuffled.")
    if shuffled - in_order < 0.01:
        raise Wrong("The two hardly differ: were both the scenes and their labels sorted by the 9, X[order], Y[order]?")
    return f"{shuffled - in_order:.2f} apart"


@exercise("03.4")
def _chains(answer: Any) -> str:
    names = "subset accuracy of one-vs-rest", "of the chain", "of the chain in reverse order"
    plain, chain, backwards = read_fractions(answer, *names)
    if min(plain, chain, backwards) > 0.85:
        raise Wrong("These look like fractions of right decisions; subset accuracy counts rows without any mistake.")
    if min(plain, chain, backwards) > 0.68:
        raise Wrong("These look like micro-F1; the question asks for subset accuracy, rows without any mistake.")
    if plain > 0.55:
        raise Wrong(
            "One-vs-rest: fewer rows than that are free of mistakes on the test scenes; are the three in order?"
        )
    if min(plain, chain, backwards) < 0.4:
        raise Wrong("That is too little; are they the test scenes, 1,000 iterations, a column of the labels each?")
    if min(chain, backwards) - plain < 0.03:
        raise Wrong("A chain is no better than one-vs-rest here; is it a ClassifierChain, fitted with an order?")
    if backwards < chain:
        raise Wrong("The two chains are swapped: first the order of the columns, then its reverse.")
    return f"the chains gain {chain - plain:.3f} and {backwards - plain:.3f}"


# Chapter 4: a custom clipped loss


@exercise("04.1")
def _end_of_the_clip(answer: Any) -> None:
    epsilon = 0.1
    largest, dead = -np.log(epsilon), logit(1 - epsilon)
    routes = {
        "The two are swapped: the loss first, then the logit.": [dead, largest],
        "Largest loss: that is the logarithm to base 10; the loss takes the natural one.": [-np.log10(epsilon), ANY],
        "Largest loss: that is the logarithm to base 2; the loss takes the natural one.": [-np.log2(epsilon), ANY],
        "Largest loss: that is the smallest one, of a confident right answer.": [-np.log(1 - epsilon), ANY],
        "Largest loss: a loss isn't negative; it is minus the logarithm.": [-largest, ANY],
        "Largest loss: that is the clipped probability; what is its loss?": [epsilon, ANY],
        "Logit: that is the probability at which the clip acts; which logit has it?": [ANY, 1 - epsilon],
        "Logit: that is the largest loss; which logit has the sigmoid 1 - epsilon?": [ANY, largest],
        "Logit: that is where the clip begins for a present label.": [ANY, -dead],
        "Logit: those are the odds; the logit is their logarithm.": [ANY, (1 - epsilon) / epsilon],
        "Logit: that is the logarithm to base 10; the sigmoid has base e.": [ANY, np.log10((1 - epsilon) / epsilon)],
    }
    compare(answer, {"largest loss": largest, "logit": dead}, routes)


@exercise("04.2")
def _slope_without_a_clip(answer: Any) -> None:
    def slope(z: float, kind: type[np.floating[Any]]) -> float:
        p = 1 / (kind(1) + np.exp(kind(-z)))
        return float(p * (kind(1) - p) / (kind(1) - p + kind(1e-7)))

    p = expit(np.float32(20))
    routes = {
        "That is the slope in 64 bits; the networks of this chapter compute in 32.": slope(20, np.float64),
        "That is the slope of the loss from logits; here the sigmoid and the logarithm are two steps.": 1,
        "That is the value of the loss; the question asks for its slope.": -np.log(1 - p + np.float32(1e-7)),
        "That is the slope at 15, where it begins to fade.": slope(15, np.float64),
    }
    name = "the slope at logit 20"
    compare(answer, {name: slope(20, np.float32)}, routes, tolerance=0.005)


@exercise("04.3")
def _penalty_under_sum_and_mean(answer: Any) -> None:
    n_labels, strength = 10, 1e-3
    names = "the penalty that gives the mean the same minimum", "squared weights with the sum, divided by the mean's"
    penalty, ratio = read_numbers(answer, *names)
    for name, value in (("Penalty", penalty), ("Ratio", ratio)):
        if value <= 0:
            raise Wrong(f"{name}: this is not above 0; a penalty is, and so are sums of squares.")
    routes = {
        "Penalty: unchanged it weighs more beside a mean, which is smaller than the sum.": strength,
        "Penalty: this goes the wrong way; the sum is larger than the mean by the number of labels.": strength
        * n_labels,
        "Penalty: this divides by the number of samples; both reductions average those.": strength / 4000,
        "Penalty: this divides by the square of the number of labels.": strength / n_labels**2,
    }
    compare(penalty, {names[0]: strength / n_labels}, routes, tolerance=1e-6)
    if ratio < 0.8:
        raise Wrong("Ratio: the weights of the sum are divided by those of the mean, not the other way round.")
    if ratio < 1.25:
        raise Wrong(
            "Ratio: both have the same size. Was the mean trained with the smaller penalty? Train both with 10⁻³, "
            "set before the training."
        )
    if ratio < 2.5:
        raise Wrong("Ratio: this looks like that of the lengths; add up the squares, and don't take the root.")
    if ratio > 8:
        raise Wrong("Ratio: add up the squares of the kernels of all three layers, and nothing else.")


@exercise("04.4")
def _missing_by_value(answer: Any) -> str:
    absent, left_out = read_fractions(answer, "micro-F1 taken for absent", "micro-F1 left out")
    if absent > left_out + 0.1:
        raise Wrong("The two are swapped: first taken for absent, then left out.")
    if left_out - absent < 0.1:
        raise Wrong(
            "The two are close; that happens if mostly absent labels are unknown. Compare the random numbers with 0.5 "
            "where the label is present, and with 0.1 where it is absent."
        )
    if left_out > 0.8 or left_out < 0.6:
        raise Wrong("Left out: this is not the micro-F1 of this network on the test scenes; is it macro-F1?")
    if absent > 0.5:
        raise Wrong("Taken for absent: half of the present labels are taught as absent, which costs more.")
    return f"leaving out gains {left_out - absent:.2f}"


# Chapter 5: micro and macro evaluation


@exercise("05.1")
def _a_seventh_photo(answer: Any) -> None:
    y_true = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    y_pred = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]])

    def f1s(seventh_true: list[int], seventh_pred: list[int]) -> list[float]:
        y, p = np.vstack([y_true, seventh_true]), np.vstack([y_pred, seventh_pred])
        return [LabelCounts.from_predictions(y, p).f1(average, 0) for average in ("micro", "macro")]

    micro, macro = f1s([0, 0, 1], [0, 0, 1])
    seven = LabelCounts.from_predictions(np.vstack([y_true, [0, 0, 1]]), np.vstack([y_pred, [0, 0, 1]]))
    routes = {
        "The two are swapped: micro first, then macro.": [macro, micro],
        "These are the averages of the six photos; add the seventh.": f1s([0, 0, 0], [0, 0, 0]),
        "Here the owl counts as a miss or as a false alarm; the model says owl, and is right.": f1s(
            [0, 0, 1], [0, 0, 0]
        ),
        "Micro: this divides tp by tp + fp + fn; F1 counts tp twice, above and below.": [seven.jaccard("micro"), ANY],
        "Micro: this is the weighted average; add up the counts first, then divide once.": [seven.f1("weighted"), ANY],
        "Micro: the owl's miss in the fifth photo stays; it belongs below the line.": [6 / 7, ANY],
        "Micro: this is the one of the six photos; it moves, too, if less.": [10 / 13, ANY],
        "Macro: this is the weighted average; each label counts the same.": [ANY, seven.f1("weighted")],
        "Macro: the owl's F1 isn't 1; its miss in the fifth photo stays.": [ANY, (1 + 1 / 2 + 1) / 3],
        "Macro: the F1 of the averages is another number; average the labels' F1.": [
            ANY,
            macro_f1(np.vstack([y_true, [0, 0, 1]]), np.vstack([y_pred, [0, 0, 1]]), kind="f1_of_averages"),
        ],
    }
    compare(answer, {"micro-F1": micro, "macro-F1": macro}, routes)


@exercise("05.2")
def _macro_f1_of_parts(answer: Any) -> None:
    rng = np.random.default_rng(1)
    y = (rng.random((30, 3)) < [0.6, 0.4, 0.15]).astype(np.int8)
    y_pred = np.where(rng.random(y.shape) < 0.75, y, 1 - y)
    cuts = [slice(0, 5), slice(5, 12), slice(12, 30)]
    parts = [(y[cut], y_pred[cut]) for cut in cuts]
    counts = [LabelCounts.from_predictions(*part) for part in parts]
    macros, sizes = [c.f1("macro", 0) for c in counts], [len(y[cut]) for cut in cuts]
    whole = counts[0] + counts[1] + counts[2]
    routes: Routes = {
        "It returns the mean of the parts' macro-F1; add the counts of the parts up first.": np.mean(macros),
        "It returns a mean of the parts weighted by their sizes; F1 is a ratio, and only counts add up.": (
            np.average(macros, weights=sizes)
        ),
        "It returns the micro-F1 of all parts together; the question asks for macro-F1.": whole.f1("micro"),
        "It returns the weighted F1 of all parts together; the question asks for macro-F1.": whole.f1("weighted"),
        "It returns the F1 of the averages; the question asks for the mean of the labels' F1.": macro_f1(
            y, y_pred, kind="f1_of_averages"
        ),
        "It returns the macro-F1 of the last part only.": macros[-1],
        "It returns the macro-F1 of the first part only.": macros[0],
    }
    name = "what the function returns for three made parts"
    found = read_array(call(answer, parts), f"one number, {name}")
    if found.shape == (3,):
        raise Wrong("It returns three numbers, one per label or per part; the question asks for one.")
    compare(found, {name: whole.f1("macro")}, routes, tolerance=1e-6)


@exercise("05.3")
def _weighted_and_micro_precision(answer: Any) -> str:
    wanted = "two label matrices of one shape, the true and the predicted labels"
    parts = [read_array(part, wanted) for part in read_two(answer, wanted)]
    if any(part.ndim != 2 for part in parts):
        raise Wrong("Each of the two is a matrix: one row per sample, one column per label.")
    if parts[0].shape != parts[1].shape or parts[0].size == 0:
        raise Wrong(f"These have the shapes {parts[0].shape} and {parts[1].shape}. The question asks for {wanted}.")
    if not all(np.isin(part, (0, 1)).all() for part in parts):
        raise Wrong("A label matrix holds only 0 and 1.")
    counts = LabelCounts.from_predictions(*(part.astype(int) for part in parts))
    if (counts.tp + counts.fp == 0).any():
        raise Wrong("A label that is never predicted has no precision; predict each of them at least once.")
    if (counts.support == 0).all():
        raise Wrong("No label has positives, so the weights are 0/0; give at least one.")
    weighted, micro = counts.precision("weighted"), counts.precision("micro")
    if np.isclose(weighted, micro):
        raise Wrong(
            f"Both precisions are {micro:.3f} here. The weights are the positives; let a label be predicted more often "
            "or less often than it is there."
        )
    return f"weighted precision is {weighted:.3f}, micro precision {micro:.3f}"


@exercise("05.4")
def _best_constant_by_micro_f1(answer: Any) -> None:
    Y_test = _scenes().Y_test
    chosen, order = read_label_set(answer), np.argsort(-Y_test.mean(axis=0))

    def micro(labels: set[int]) -> float:
        return LabelCounts.from_predictions(Y_test, _constant(labels)).f1("micro", 0)

    best = max((set(order[:size].tolist()) for size in range(1, 11)), key=micro)
    if micro(chosen) >= micro(best):
        return
    if not chosen:
        raise Wrong("All zeros have no true positives, so their F1 is 0.")
    if chosen != set(order[: len(chosen)].tolist()):
        raise Wrong(
            f"Its micro-F1 is {micro(chosen):.3f}. Other sets of {len(chosen)} have more true positives at the same "
            "number of predictions."
        )
    raise Wrong(
        f"Its micro-F1 is {micro(chosen):.3f}. The {len(chosen)} most frequent are the best of their size; try other "
        "sizes."
    )


@exercise("05.5")
def _paired_bootstrap(answer: Any) -> str:
    low, high = read_numbers(answer, "lower end", "upper end")
    if max(abs(low), abs(high)) > 1:
        raise Wrong("There are values above 1; the book gives fractions, not percent.")
    if low > high:
        raise Wrong("The ends are swapped: the 2.5 % quantile first, then the 97.5 % quantile.")
    if low > 0.3:
        raise Wrong(
            "This is the interval of one model's macro-F1; take the difference for every drawing, then quantiles."
        )
    if high < 0:
        raise Wrong("The difference is the other way round: the one with positive weights minus the plain one.")
    if high - low > 0.042:
        raise Wrong("This is wider than it should be; are the same scenes drawn for both models?")
    if high - low < 0.027:
        raise Wrong("This is narrower than a middle 95 %; which quantiles? Draw as many scenes as there are.")
    if not (low < 0.09 and high < 0.14):
        raise Wrong("The interval lies elsewhere; macro-F1 of both, on the test scenes, with 0.5 as the threshold?")
    return f"it is {high - low:.3f} wide"
