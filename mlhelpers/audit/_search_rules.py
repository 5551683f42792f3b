"""Rules on scikit-learn: inner thresholds, folds, and what a search chooses by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlhelpers.audit._findings import Found, rule
from mlhelpers.audit._labels import Labels
from mlhelpers.audit._names import kinds_of
from mlhelpers.audit._sklearn import (
    CUTS_SCORES_ITSELF,
    PER_LABEL,
    Nested,
    Scorer,
    SklearnCase,
    scores_by_subset_accuracy,
)


@rule("ML401", "A tuned threshold that one-vs-rest ignores")
def _ignored_threshold(case: SklearnCase) -> Found:
    for nested in case.estimators:
        if not nested.cut_by or not nested.kinds & {"tunedthresholdclassifiercv", "fixedthresholdclassifier"}:
            continue
        if getattr(nested.estimator, "threshold", None) != "auto":  # which is the usual threshold
            yield (
                "error",
                f"{nested.cut_by} cuts the scores of {nested.name} itself and ignores its threshold.",
                "sklearn.multioutput.MultiOutputClassifier in its place, or mlhelpers.thresholds.ThresholdedClassifier "
                "around it",
            )


@rule("ML402", "Cross-validation by plain KFold")
def _plain_folds(case: SklearnCase) -> Found:
    for nested in case.that_split_the_matrix(_CROSS_VALIDATED):
        n_folds = nested.n_folds
        if n_folds is None:
            continue
        without, lacking = case.labels.folds_without(n_folds)
        yield (
            "warning" if without else "info",
            f"{nested.name} splits a label matrix by plain KFold, in the order of the rows: "
            + (
                f"of the {n_folds} folds, {without} hold{'s' * (without == 1)} no positive of "
                f"{case.labels.named(lacking)}."
                if without
                else "here every fold holds every label, which the next data set need not."
            ),
            f"cv=mlhelpers.splits.MultilabelKFold({n_folds}{', random_state=0' * nested.needs_same_folds})",
        )


_SEARCHES = {"basesearchcv", "rfecv", "sequentialfeatureselector"}


_CROSS_VALIDATED = _SEARCHES | {"stackingclassifier", "ridgeclassifiercv"}


@rule("ML403", "A search that scores by subset accuracy")
def _search_without_scoring(case: SklearnCase) -> Found:
    for nested in case.that_split_the_matrix(_SEARCHES):
        for name in _scored_by_accuracy(nested):
            yield (
                "warning",
                f"{nested.name} with scoring={name} chooses by subset accuracy: a sample counts only if all of its "
                "labels are right.",
                'name the score, such as scoring="f1_macro" or scoring="f1_micro"',
            )


@rule("ML404", "Stacked probabilities of a label matrix")
def _stacked_probabilities(case: SklearnCase) -> Found:
    for nested in case.that_split_the_matrix({"stackingclassifier"}):
        yield (
            "error",
            f"{nested.name} on a label matrix: its predict_proba is the probability that a label is absent, by a "
            "slip of scikit-learn (predict is right).",
            f"OneVsRestClassifier({nested.name}(...)), which stacks each label by itself",
        )


@rule("ML405", "A constant label that predict_proba or fit can't take")
def _constant_label_in_estimator(case: SklearnCase) -> Found:
    constant = case.labels.constant
    for nested in case.estimators if constant.size else ():
        if nested.sees_one_label:
            continue
        is_chain, inner, labels = "classifierchain" in nested.kinds, kinds_of(nested.inner), constant
        if nested.kinds & _ONE_COLUMN:
            if nested.selects_features:
                continue
            problem = "its predict_proba has one column for such a label, so [:, 1] fails."
        elif not nested.kinds & PER_LABEL - CUTS_SCORES_ITSELF or inner & _HAS_NO_PROBABILITIES:
            continue
        elif "histgradientboostingclassifier" in inner:  # two columns: the first is of the class that occurs
            labels = case.labels.never if is_chain else case.labels.always
            problem = "its predict_proba gives such a label the probability of the class that it never has."
        else:
            problem = "fit refuses such a label, or predict_proba has one column for it, fails or takes the wrong one."
        if labels.size:
            way_out = "leave such labels out" if is_chain else "mlhelpers.labels.scores_matrix to read predict_proba"
            yield (
                "warning",
                f"{nested.name}, and {case.labels.named(labels)} constant in Y: {problem}",
                f"OneVsRestClassifier, or {way_out}",
            )


_ONE_COLUMN = {
    "decisiontreeclassifier",
    "forestclassifier",
    "kneighborsclassifier",
    "radiusneighborsclassifier",
    "dummyclassifier",
}


_HAS_NO_PROBABILITIES = {"ridgeclassifier", "ridgeclassifiercv"}


@rule("ML406", "A search by a score that can't judge a label matrix")
def _scorer_that_cannot_judge(case: SklearnCase) -> Found:
    for nested in case.that_split_the_matrix(_SEARCHES):
        for scorer in (scorer for scorer in nested.scorers.values() if scorer.kinds):
            for message, fix in _what_is_wrong(scorer, nested, case.labels):
                yield "error", f"{nested.name} with scoring={scorer.name}: {message}", fix


@rule("ML407", "A search that takes the largest value of a loss")
def _maximised_loss(case: SklearnCase) -> Found:
    for nested in case.that_split_the_matrix(_SEARCHES):
        for scorer in nested.deciding_scorers:
            if scorer.prefers_mistakes(case.labels.n_labels):
                yield (
                    "error",
                    f"{nested.name} with scoring={scorer.name}: it is lower for right predictions than for wrong ones, "
                    "and the search chooses the candidate with the highest.",
                    "make_scorer(..., greater_is_better=False)",
                )


@rule("ML408", "Class weights of a tree on a label matrix")
def _multiplied_class_weights(case: SklearnCase) -> Found:
    for nested in case.estimators if case.labels.n_labels > 1 else ():
        if nested.sees_one_label or not nested.kinds & {"decisiontreeclassifier", "forestclassifier"}:
            continue
        given = nested.parameters.get("class_weight")
        if given is not None:
            yield (
                "warning",
                f"{nested.name} with class_weight={given!r} multiplies the weights of all labels of a row: a row with "
                "two rare labels counts as many times as both of them together.",
                f"OneVsRestClassifier({nested.name}(class_weight=...)), which weighs each label by itself",
            )


@rule("ML409", "A network that is not made yet")
def _network_to_be_made(case: SklearnCase) -> Found:
    for nested in case.with_a_network:
        if not getattr(nested.network, "compiled", False):
            yield (
                "info",
                f"{nested.name} makes or compiles its Keras model in fit, so nothing can be told of its output and its "
                "loss.",
                "audit the compiled model itself, as the function of model= returns it",
            )


@rule("ML410", "One-vs-rest whose first label is constant")
def _constant_first_label(case: SklearnCase) -> Found:
    constant = case.labels.constant
    for nested in case.that_split_the_matrix({"onevsrestclassifier"}) if 0 in constant else ():
        if hasattr(nested.inner, "decision_function"):
            yield (
                "error",
                f"{nested.name} takes the limit of all labels from the first one, and {case.labels.named(constant[:1])}"
                f" is constant in Y: decision values of {type(nested.inner).__name__} are cut at 0.5 in place of 0, and"
                " too few labels are predicted.",
                "leave the constant label out, or mlhelpers.binary_relevance.BinaryRelevance",
            )


@rule("ML411", "A search for a rare label that scores by accuracy")
def _search_by_accuracy_of_one_label(case: SklearnCase) -> Found:
    labels = case.labels
    counts = np.where(labels.n_positives == 0, labels.n_samples, labels.n_positives)  # absent ones are ML303
    rarest = int(counts.argmin())
    if labels.n_labels == 1 or counts[rarest] > 0.1 * labels.n_samples or labels.is_missing.any():
        return
    for nested in case.estimators:
        if not nested.sees_one_label or not nested.kinds & _SEARCHES:
            continue
        for name in _scored_by_accuracy(nested):
            yield (
                "warning",
                f"{nested.name} sees one label at a time, and with scoring={name} it chooses by accuracy: "
                f"{labels.named(np.array([rarest]))} is in {counts[rarest]} of {labels.n_samples:,} rows, so never to "
                f"predict it has an accuracy of {1 - counts[rarest] / labels.n_samples:.4g}.",
                'scoring="average_precision" in the search, and thresholds afterwards; or scoring="f1"',
            )


@rule("ML412", "Platt scaling of probabilities")
def _sigmoid_of_probabilities(case: SklearnCase) -> Found:
    for nested in case.estimators:
        inner = nested.parameters.get("estimator")
        if "calibratedclassifiercv" not in nested.kinds or nested.parameters.get("method") != "sigmoid":
            continue
        if hasattr(inner, "predict_proba") and not hasattr(inner, "decision_function"):
            yield (
                "warning",
                f"{nested.name} with method='sigmoid' takes the probabilities of {type(inner).__name__}, which has no "
                "decision_function, for scores: no sigmoid of a number between 0 and 1 is that number again, and the "
                "smallest mostly come out many times too high.",
                "mlhelpers.calibration.fit_calibration on held-out probabilities, or method='isotonic' if each label "
                "has hundreds of positives",
            )


def _scored_by_accuracy(nested: Nested) -> list[str]:
    """Return the scores by which a search chooses, if they are accuracies, which of a matrix is subset accuracy."""
    if nested.parameters["scoring"] is None and scores_by_subset_accuracy(nested.parameters["estimator"]):
        return ["None"]
    return [scorer.name for scorer in nested.deciding_scorers if "accuracyscore" in scorer.kinds]


def _what_is_wrong(scorer: Scorer, nested: Nested, labels: Labels) -> Iterator[tuple[str, str]]:
    all_nan = "and with it the score of every candidate, with no more than a warning; a search by it takes the first."
    if np.isnan(scorer.value(labels.n_labels)):
        if "rfecv" not in nested.kinds and nested.parameters.get("error_score") != "raise":
            score = nested.parameters.get("error_score", "nan")
            yield f"it refuses a label matrix, so the score of a fold is {score}, {all_nan}", scorer.on_a_matrix
    elif scorer.kinds & {"logloss", "d2loglossscore"} and not labels.one_per_row:
        yield (
            "it takes the labels of a row for one choice, and what is predicted for absent labels costs nothing.",
            'scoring="neg_brier_score", or a scorer of log_loss(Y.ravel(), P.ravel())',
        )
    else:
        for only, constant in ((0, labels.never), (1, labels.always)):
            if not np.isnan(scorer.value(labels.n_labels, only)):
                continue
            fix = "leave such labels out"
            if not constant.size and nested.n_folds:
                constant = labels.only_one_class_in_a_fold(nested.n_folds, only)
                fix = f"cv=mlhelpers.splits.MultilabelKFold({nested.n_folds})"
            if constant.size:
                yield f"a fold holds only {only}s of {labels.named(constant)}, so its score is nan, {all_nan}", fix
