"""Rules on the labels."""

from __future__ import annotations

import numpy as np

from mlhelpers.audit._findings import Found, rule
from mlhelpers.audit._keras import KerasCase
from mlhelpers.audit._sklearn import SklearnCase
from mlhelpers.labels import MISSING


@rule("ML301", "Labels other than 0 and 1")
def _other_values(case: KerasCase | SklearnCase) -> Found:
    labels, keras_model = case.labels, isinstance(case, KerasCase)
    if labels.signed:
        if not (case.masks(MISSING) or (isinstance(case, KerasCase) and case.takes_signed_labels)):
            yield "error", "Y holds -1 and 1 and no 0, so -1 seems to mean absent.", "(Y > 0).astype(int)"
        return
    wrong = labels.is_wrong & ~np.isin(labels.values, [v for v in labels.wrong_values if case.masks(v)])
    if wrong.any():
        whole = bool((labels.values[wrong] == np.round(labels.values[wrong])).all())
        yield (
            "error",
            f"Y holds values other than 0 and 1: {labels.first(wrong)}.",
            "(Y > 0).astype(int) if these are counts, MultiLabelBinarizer if they are class indices"
            if whole
            else "labels, such as (Y >= 0.5).astype(int) if these are scores",
        )
    if labels.is_soft.any():
        yield (
            "warning" if keras_model else "error",
            f"Y holds values between 0 and 1: {labels.first(labels.is_soft)}. "
            + (
                "That is right for label smoothing and for degrees of belief under a cross-entropy, and "
                "wrong if they are scores that lack a threshold."
                if keras_model
                else "Classifiers of scikit-learn take only 0 and 1."
            ),
            "(Y >= 0.5).astype(int), unless the values are meant",
        )


@rule("ML302", "Missing labels that the loss does not leave out")
def _missing_labels(case: KerasCase | SklearnCase) -> Found:
    labels = case.labels
    if labels.signed or not labels.is_missing.any():
        return
    kept = labels.is_missing & np.isin(labels.values, [v for v in (MISSING,) if case.masks(v) is False])
    if case.masks(np.nan) is False:
        kept |= np.isnan(labels.values)
    if kept.any():
        in_keras = isinstance(case, KerasCase)
        yield (
            "error",
            f"Y holds {kept.sum():,} missing labels (first {labels.first(kept)}), and "
            + (
                "the loss takes them for labels." if in_keras else "scikit-learn takes -1 for a class, and refuses NaN."
            ),
            "mlhelpers.losses.WeightedBinaryCrossentropy(from_logits=True, mask_value=-1)"
            if in_keras
            else "fit each label on the rows where it is known",
        )


@rule("ML303", "A label that is never or always present")
def _constant_label(case: KerasCase | SklearnCase) -> Found:
    for which, word in ((case.labels.never, "never"), (case.labels.always, "always")):
        if which.size:
            yield (
                "warning",
                f"In Y, {case.labels.named(which)} {'is' if which.size == 1 else 'are'} {word} present: nothing can be "
                "learned of it, and its F1, AUC or precision may be undefined.",
                "leave the label out, or split so that every part holds it (mlhelpers.splits)",
            )


@rule("ML304", "Exactly one label in every row")
def _one_label_per_row(case: KerasCase | SklearnCase) -> Found:
    if case.labels.one_per_row:
        yield (
            "info",
            "Every row of Y has exactly one label: an ordinary problem of several classes, for which softmax, "
            "categorical cross-entropy and argmax metrics are right.",
            "Y.argmax(axis=1) as the target if that will stay so; nothing if rows with none or several will come",
        )
