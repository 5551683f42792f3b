"""scikit-learn's checks of estimators, and why some of them can't hold for a classifier of label matrices alone."""

from __future__ import annotations

import traceback

from sklearn.utils.estimator_checks import check_estimator

# What the check does, and what its error, those that it was raised from, or the failing line of the check then hold.
OTHER_LABELS = "its labels are other than 0 and 1", "a label matrix has shape"
ONE_DIMENSION = "its labels have shape (n,)", "a label matrix has shape"
OTHER_WORDS = "it demands scikit-learn's own words for what is no label matrix", "a label matrix has shape"
ONE_LABEL = "it demands the shape that predictions of a single label have elsewhere", ".shape == "
CLASSES = "it takes classes_ for those of a single label", "(dec_exp, y_pred)"
ONE_HALF = "it demands that labels of probability above one half are predicted", "y_prob"
NOT_APPLICABLE = {
    "check_estimators_dtypes": OTHER_LABELS,
    "check_classifier_data_not_an_array": OTHER_LABELS,
    "check_classifiers_classes": OTHER_LABELS,
    "check_fit2d_1feature": OTHER_LABELS,
    "check_sample_weights_pandas_series": OTHER_LABELS,
    "check_sample_weights_not_an_array": OTHER_LABELS,
    "check_sample_weights_shape": OTHER_LABELS,
    "check_sample_weights_not_overwritten": OTHER_LABELS,
    "check_decision_proba_consistency": ONE_DIMENSION,
    "check_complex_data": OTHER_WORDS,
    "check_classifiers_regression_target": OTHER_WORDS,
    "check_classifier_not_supporting_multiclass": OTHER_WORDS,
    "check_classifiers_train": ONE_LABEL,
    "check_estimator_sparse_array": ONE_LABEL,
    "check_estimator_sparse_matrix": ONE_LABEL,
}


def failed_checks(estimator, also_not_applicable):
    """Return the checks that fail without a true excuse and what they say, and the number of those that pass."""
    excuses = NOT_APPLICABLE | also_not_applicable
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = [(r["check_name"], _evidence(r["exception"])) for r in results if r["status"] == "failed"]
    n_passed = sum(result["status"] == "passed" for result in results)
    return [(name, said) for name, said in failed if name not in excuses or excuses[name][1] not in said], n_passed


def _evidence(error):
    """Return what an error says and the line that raised it, and those of the errors that it was raised from."""
    found = []
    while error is not None:
        found += [str(error), *(str(frame.line) for frame in traceback.extract_tb(error.__traceback__))]
        error = error.__cause__ or error.__context__
    return " ".join(found)
