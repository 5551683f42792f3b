"""Numbers that are judged by bounds, compared with what they were computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Wrong, read_array, read_matrix
from mlhelpers.exercises._register import scenes
from mlhelpers.metrics import LabelCounts

_RULES_AND_SEEDS = "one list per stopping rule, in it a pair per seed: logits of the validation and of the test scenes"
_TWO_DECISIONS = "two matrices of 0 and 1, what each network predicts for the validation scenes"
_TWO_FOLDINGS = "two matrices of 0 and 1, the out-of-fold predictions for X[order], in order and shuffled"


def judge_evidence(exercise: str, answer: Any, evidence: Any) -> None:
    """Raise `Wrong` unless numbers are those that follow from the evidence."""
    wanted, recomputed = EVIDENCE[exercise]
    try:
        found = recomputed(evidence)
    except Wrong as wrong:
        raise Wrong(f"evidence: {wrong}") from None
    except (TypeError, ValueError):
        raise Wrong(f"evidence: this is something else than {wanted}.") from None
    numbers = read_array(answer, "numbers").astype(float)
    if numbers.shape != found.shape or not np.allclose(numbers, found, rtol=0, atol=0.002):
        raise Wrong("The evidence gives other numbers than these; compute them from what you hand in.")


def _decided(part: Any, n: int) -> NDArray[Any]:
    matrix = read_matrix(part, (n, 10), "decisions")
    if not np.isin(matrix, (0, 1)).all():
        raise Wrong("decisions are 0 and 1.")
    return matrix.astype(np.int8)


def _stopped(evidence: Any) -> NDArray[np.float64]:
    from mlhelpers.thresholds import fit_thresholds

    Y_val, Y_test = scenes().Y_val, scenes().Y_test
    rows = []
    for rule in evidence:
        if len(rule) != 4:
            raise Wrong(f"there are {len(rule)} seeds; the chapter has four.")
        of_seeds = []
        for pair in rule:
            z_val, z_test = (
                read_matrix(z, Y.shape, "logits").astype(float) for z, Y in zip(pair, (Y_val, Y_test), strict=True)
            )
            above = fit_thresholds(Y_val, z_val).values
            f1s = [_macro(Y, z > above) for Y, z in ((Y_val, z_val), (Y_test, z_test))]
            of_seeds.append([*f1s, (np.logaddexp(0, z_test) - Y_test * z_test).mean()])
        rows.append(np.mean(of_seeds, axis=0))
    return np.array(rows, dtype=float)


def _macro(Y: NDArray[Any], said: NDArray[Any]) -> float:
    """Return macro-F1, where an F1 of 0/0 counts 0."""
    return float(LabelCounts.from_predictions(Y, said).f1("macro", 0))


def _folded(evidence: Any) -> NDArray[np.float64]:
    from sklearn.model_selection import KFold

    Y = scenes().Y_train
    Y = Y[np.argsort(Y[:, 9], kind="stable")]
    means = []
    for part, folds in zip(evidence, (KFold(5), KFold(5, shuffle=True, random_state=0)), strict=True):
        said = _decided(part, len(Y))
        means.append(np.mean([_macro(Y[fold], said[fold]) for _, fold in folds.split(Y)]))
    return np.array(means, dtype=float)


def _two_networks(evidence: Any) -> NDArray[np.float64]:
    Y, (absent, left_out) = scenes().Y_val, evidence
    both = [LabelCounts.from_predictions(Y, _decided(part, len(Y))).f1("micro", 0) for part in (absent, left_out)]
    return np.array(both, dtype=float)


EVIDENCE: dict[str, tuple[str, Callable[[Any], NDArray[np.float64]]]] = {
    "02.5": (_RULES_AND_SEEDS, _stopped),
    "03.3": (_TWO_FOLDINGS, _folded),
    "04.4": (_TWO_DECISIONS, _two_networks),
}
