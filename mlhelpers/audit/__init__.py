"""Find the silent mistakes of multi-label work before training: in a model, its loss and metrics, and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mlhelpers._names import check_same_samples

# Importing the modules of rules registers their rules.
from mlhelpers.audit import _label_rules, _loss_rules, _metric_rules, _search_rules  # noqa: F401
from mlhelpers.audit._findings import CHECKS, TITLES, Finding, Findings, unchanged_generators
from mlhelpers.audit._keras import KerasCase, inputs_of, is_keras_model, keras_case
from mlhelpers.audit._labels import check_length, read_labels
from mlhelpers.audit._sklearn import SklearnCase, check_estimator, nested_estimators

__all__ = ["RULES", "Finding", "Findings", "audit"]

for _public in (Finding, Findings):  # where they are documented and pickled
    _public.__module__ = __name__

RULES: Mapping[str, str] = MappingProxyType(dict(sorted(TITLES.items())))
"""The title of every rule by its code, in the order in which they are applied."""

_RIGHT_FOR_ONE_LABEL_PER_ROW = {"ML101", "ML102", "ML201", "ML202"}


def audit(model: Any, Y: Any, *, X: Any = None) -> Findings:
    """Look for mistakes that raise no error: a linter for a multi-label model and its labels.

    Nothing is trained and nothing is changed: neither weights, nor what was compiled, nor the
    labels, nor any random state of Python, NumPy and Keras. (What a loss of your own counts in an attribute of its own
    counts on: it is called.) What can't be told from the model is not guessed: a custom loss or
    metric is called with a few made values, and an output of unknown activation is left alone unless
    there is `X` to look at its values.

    Parameters
    ----------
    model : compiled keras.Model with one output, or scikit-learn estimator
        An estimator may be nested (a pipeline, a search) and need not be fitted. A compiled Keras model in a wrapper,
        such as ``keras.wrappers.SKLearnClassifier`` or SciKeras's, is looked at, too.
    Y : array-like, DataFrame or sparse matrix, shape (n_samples, n_labels)
        The labels to train on. Values other than 0 and 1 are findings, not errors.
    X : array-like, or list or dict of them, with n_samples rows, optional
        The inputs to train on. At most 256 rows are shown to a Keras model whose output activation is not
        plain from its layers (a subclassed model, a ``Lambda`` layer); a model that is not built is built by that.

    Returns
    -------
    Findings
        A list of `Finding` in the order of their codes; it prints as a table and is empty if
        nothing was found.

    Raises
    ------
    ValueError
        If Y has no rows, no columns or not two dimensions; if X has another number of rows or
        does not fit the model; if a Keras model is not compiled or has several outputs.
    TypeError
        If model is neither a Keras model nor an estimator, or if Y holds text or label sets.

    See Also
    --------
    RULES : The codes, and what each of them is about.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.multiclass import OneVsRestClassifier
    >>> search = GridSearchCV(OneVsRestClassifier(LogisticRegression()), {"estimator__C": [0.1, 1]}, cv=2)
    >>> audit(search, [[1, 0], [1, 1], [0, 0], [1, 0]])  # doctest: +NORMALIZE_WHITESPACE
    ML402  warning  GridSearchCV splits a label matrix by plain KFold, in the order of the rows: of the 2
                    folds, 1 holds no positive of label 1.
                    Fix: cv=mlhelpers.splits.MultilabelKFold(2)
    ML403  warning  GridSearchCV with scoring=None chooses by subset accuracy: a sample counts only if all of
                    its labels are right.
                    Fix: name the score, such as scoring="f1_macro" or scoring="f1_micro"
    """
    cases: list[tuple[KerasCase | SklearnCase, str]]  # and the groups of rules that are about each
    if is_keras_model(model):
        labels = read_labels(Y)
        check_length(inputs_of(X), labels)
        cases = [(keras_case(model, labels, X), "123")]
    else:
        check_estimator(model)
        labels = read_labels(Y)
        check_length([] if X is None else [X], labels)
        case = SklearnCase(labels, tuple(nested_estimators(model)))
        networks = [nested.network for nested in case.with_a_network if is_keras_model(nested.network)]
        cases = [*((keras_case(network, labels, None), "12") for network in networks), (case, "34")]
    check_same_samples(X=X, Y=Y)
    with unchanged_generators():  # which losses and scores of the user's own may draw from
        found = [
            Finding(code, severity, message, fix, f"traps.html#{code.lower()}")
            for code in RULES
            for case, groups in cases
            if code[2] in groups and code not in _right_as_it_is(case)
            for severity, message, fix in CHECKS[code](case)
        ]
    return Findings(dict.fromkeys(found))  # candidates of a search share what they don't vary


def _right_as_it_is(case: KerasCase | SklearnCase) -> set[str]:
    """Return the codes of what is no mistake for labels of this kind."""
    if isinstance(case, KerasCase) and case.is_one_label_as_two_classes:
        return _RIGHT_FOR_ONE_LABEL_PER_ROW | {"ML108"}
    return _RIGHT_FOR_ONE_LABEL_PER_ROW if case.labels.one_per_row else set()
