"""The measures of a report: what they are called, how they are defined, and their values for any predictions."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlhelpers.labels import axis_sums
from mlhelpers.metrics._counts import LabelCounts, count_cells, f1_of_averages
from mlhelpers.metrics._ranking import ranking_measures
from mlhelpers.metrics._truth import TrueLabels

PerSample: TypeAlias = "dict[str, tuple[NDArray[Any], NDArray[Any]]]"
"""Numerator and denominator of measures, one of each per sample: sum them up, then divide."""

CURVES = ("average_precision", "roc_auc")  # the names of scikit-learn's scorers, which take the macro mean, too

DEFINITIONS = {
    "precision_micro": ("precision, micro", "counts of all labels added up, then tp / (tp + fp)"),
    "recall_micro": ("recall, micro", "counts of all labels added up, then tp / (tp + fn)"),
    "f1_micro": ("F1, micro", "counts of all labels added up, then 2 tp / (2 tp + fp + fn)"),
    "f1_macro": ("F1, macro", "mean of the labels' F1, the macro-F1 of scikit-learn (averaged F1)"),
    "f1_of_averages": ("F1 of macro averages", "harmonic mean of macro-precision and macro-recall"),
    "f1_weighted": ("F1, weighted", "mean of the labels' F1, weighted by their positives"),
    "f1_samples": ("F1, samples", "mean of the samples' F1; an empty row that is predicted empty counts 1"),
    "jaccard_samples": ("Jaccard, samples", "mean over samples of |both| / |either|; empty and predicted empty is 1"),
    "subset_accuracy": ("subset accuracy", "fraction of samples whose whole label set is right"),
    "hamming_loss": ("Hamming loss", "fraction of wrong decisions; lower is better"),
    "precision_at_1": ("precision at 1", "fraction of samples whose best-scored label is true; ties share"),
    "label_ranking_average_precision": (
        "LRAP",
        "label ranking average precision: of the labels scored at least as high as a true one, the fraction "
        "that is true, as a mean over true labels, then over samples; a sample without labels counts 1; "
        "ties count as the worst order",
    ),
    "coverage_error": (
        "coverage error",
        "how far down the ranking one goes to meet all true labels; lower is better, at best the label cardinality; "
        "ties count as the worst order",
    ),
    "average_precision": (
        "AP, macro",
        "mean of the labels' average precision (AP): the precision at each score, weighted by the recall that it adds",
    ),
    "roc_auc": (
        "ROC AUC, macro",
        "mean of the labels' area under the ROC curve: how often a positive sample scores above a negative one, ties "
        "half",
    ),
}


def averages(counts: LabelCounts, sample_means: dict[str, float], zero_division: float) -> dict[str, float]:
    """Return the measures that are made of counts or are means over samples, in the order of their definitions."""
    values = {**_count_measures(counts, zero_division), **sample_means}
    return {key: values[key] for key in DEFINITIONS if key in values}


def _count_measures(counts: LabelCounts, zero_division: float) -> dict[str, float]:
    return {
        "precision_micro": counts.precision("micro", zero_division),
        "recall_micro": counts.recall("micro", zero_division),
        "f1_micro": counts.f1("micro", zero_division),
        "f1_macro": counts.f1("macro", zero_division),
        "f1_of_averages": f1_of_averages(counts, zero_division),
        "f1_weighted": counts.f1("weighted", zero_division),
    }


def sample_measures(truth: TrueLabels, predicted: NDArray[np.int8], scores: NDArray[np.float64]) -> PerSample:
    """Return the measures that are means over samples; predictions are 0 and scores -inf where the truth is unknown."""
    return {**_decision_measures(truth, predicted), **_over_known(truth, ranking_measures(truth.labels, scores))}


def _decision_measures(truth: TrueLabels, predicted: NDArray[np.int8]) -> PerSample:
    labels = truth.labels
    both, sizes = axis_sums(labels & predicted, axis=1), axis_sums(labels, axis=1) + axis_sums(predicted, axis=1)
    empty = sizes == 0
    values = {
        "f1_samples": np.where(empty, 1, 2 * both / np.maximum(sizes, 1)),
        "jaccard_samples": np.where(empty, 1, both / np.maximum(sizes - both, 1)),
        "subset_accuracy": (sizes == 2 * both).astype(float),
    }
    return {**_over_known(truth, values), "hamming_loss": (sizes - 2 * both, truth.known_per_sample)}


def _over_known(truth: TrueLabels, values: dict[str, NDArray[np.float64]]) -> PerSample:
    """Leave out the samples of which no label is known."""
    known = (truth.known_per_sample > 0).astype(float)
    return {key: (value * known, known) for key, value in values.items()}


def means(truth: TrueLabels, samples: PerSample) -> dict[str, float]:
    return {key: truth.mean(*parts) for key, parts in samples.items()}


def macro(values: NDArray[np.float64]) -> float:
    """Return the mean over the labels that have a value; NaN if none has."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def baseline_measures(
    truth: TrueLabels, has_curves: NDArray[np.bool_], zero_division: float
) -> dict[str, dict[str, float]]:
    """Judge three predictions that don't look at the input; `has_curves` are the labels of two classes."""
    shape = truth.labels.shape
    positives, known = truth.label_sums(truth.labels), truth.known_per_label
    frequency = positives / np.where(known > 0, known, 1)
    # Scores that don't tell samples apart: precision is the frequency at every recall, and all pairs tie.
    areas = zip(CURVES, (macro(frequency[has_curves]), macro(np.full(has_curves.sum(), 0.5))), strict=True)
    curves = dict(areas)
    ranked = truth.without_unknown(np.broadcast_to(frequency, shape), -np.inf)
    tied, by_frequency = _over_known(truth, _tied(truth)), _over_known(truth, ranking_measures(truth.labels, ranked))
    rows = {
        "all zeros": (np.zeros(shape[1]), tied),
        "all ones": (np.ones(shape[1]), tied),
        "frequency": (frequency > 0.5, by_frequency),
    }
    found = {}
    for name, (row, ranking) in rows.items():
        predicted = truth.without_unknown(np.broadcast_to(row.astype(np.int8), shape))
        samples = {**_decision_measures(truth, predicted), **ranking}
        found[name] = averages(count_cells(truth, predicted), means(truth, samples), zero_division) | curves
    return found


def _tied(truth: TrueLabels) -> dict[str, NDArray[np.float64]]:
    """Return the measures of `ranking_measures` where all scores of a sample tie, so that every label ranks last."""
    n_true, n_known = axis_sums(truth.labels, axis=1), truth.known_per_sample
    share = n_true / np.maximum(n_known, 1)
    return {
        "precision_at_1": share,
        "label_ranking_average_precision": np.where(n_true == 0, 1.0, share),
        "coverage_error": np.where(n_true == 0, 0.0, n_known),
    }
