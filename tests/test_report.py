"""What a report shows and gives away: as text, as HTML, as a dict that JSON takes, and as a frame."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest
from scored_labels import (
    BASELINES,
    CURVES,
    MEASURES,
    NOTHING,
    SCORES,
    Y,
)

from mlhelpers.metrics import evaluate


@pytest.mark.parametrize(("n", "marked"), [(9, True), (10, False)])
def test_labels_with_few_positives_are_marked(n, marked):
    truth = np.zeros((1200, 2), dtype=int)
    truth[:n, 0], truth[:1100, 1] = 1, 1
    report = evaluate(truth, truth * 0.9, label_names=["rare", "frequent"])
    assert report.few_positives == (("rare",) if marked else ())
    _, labels, notes = repr(report).split("\n\n")
    assert [line.split()[1] for line in labels.splitlines()[1:]] == [f"{n}*" if marked else f"{n}", "1,100"]
    assert (FEW in notes.splitlines()) == marked
    assert [label["few_positives"] for label in report.to_dict()["labels"].values()] == [marked, False]


def test_a_label_that_never_occurs_has_neither_ratios_nor_an_interval():
    report = evaluate([[1, 0], [1, 0]], [[0.9, 0.1], [0.8, 0.2]], confidence=0.9, n_resamples=5)
    _, labels, notes = repr(report).split("\n\n")
    assert [re.split(" {2,}", line) for line in labels.splitlines()] == [
        ["label", "positives", "predicted", "precision", "recall", "F1", "90% interval", "AP"],
        ["0", "2*", "2", "1.000", "1.000", "1.000", "1.00–1.00", "–"],
        ["1", "0*", "0", "–", "–", "–", "–", "–"],
    ]
    left_out = "no positives and never predicted, so without F1 and left out of the means: 1"
    assert notes.splitlines()[-3:] == [
        FEW,
        "of one class, so without AP and ROC AUC and left out of their means: 0, 1",
        left_out,
    ]
    items = re.search("<ul>(.*)</ul>", report._repr_html_())[1]
    assert items.startswith("<li>") and items.endswith("</li>")
    assert items.count("</li><li>") == len(notes.splitlines()) - 1


@pytest.mark.parametrize("confidence", [None, 0.9])
@pytest.mark.parametrize("truth", [Y, NOTHING], ids=["labels", "no labels"])
def test_frame_holds_what_the_dict_holds(truth, confidence):
    options = {"label_names": ["a", "b"], "threshold": [0.95, 0.35], "confidence": confidence, "n_resamples": 20}
    report = evaluate(truth, SCORES[: len(truth)], **options)
    frame, labels = report.to_frame(), report.to_dict()["labels"]
    assert list(frame.index) == ["a", "b"] and frame.index.name == "label"
    assert frame.shape == (2, 11 if confidence is None else 17)
    for name, label in labels.items():
        for key, value in label.items():
            columns = [key] if "interval" not in key else [key.replace("interval", end) for end in ("low", "high")]
            found, expected = frame.loc[name, columns].to_numpy(float), np.array(value, dtype=float)
            np.testing.assert_array_equal(found, np.atleast_1d(expected))
    assert frame["tp"].dtype == np.int64 and frame["few_positives"].dtype == bool and frame["f1"].dtype == float


def test_without_pandas_a_report_has_no_frame(monkeypatch):
    report = evaluate(Y, SCORES)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"^to_frame makes a pandas\.DataFrame, and pandas is not .* use to_dict\(\)"):
        report.to_frame()


@pytest.mark.parametrize("confidence", [None, 0.9])
@pytest.mark.parametrize("truth", [Y, NOTHING], ids=["labels", "no labels"])
def test_to_dict_goes_through_json_with_the_same_numbers(truth, confidence):
    scores, names = SCORES[: len(truth)], ["a", "b"]
    options = {"label_names": names, "threshold": [0.95, 0.35], "confidence": confidence, "n_resamples": 20}
    report = evaluate(truth, scores, **options)
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert found == report.to_dict()

    def back(values):
        return {key: np.array(value, dtype=float) for key, value in values.items()}  # None becomes NaN

    np.testing.assert_equal(back(found["averages"]), back(report.averages))
    np.testing.assert_equal(back(found["intervals"]), back(report.intervals))
    for name in BASELINES:
        np.testing.assert_equal(back(found["baselines"][name]), back(report.baselines[name]))
    assert found["definitions"].keys() == MEASURES and all(found["definitions"].values())
    assert found["n_samples"] == len(truth) and found["confidence"] == confidence and found["zero_division"] is None
    assert list(found["labels"]) == names
    ratios = {"precision": report.counts.precision, "recall": report.counts.recall, "f1": report.counts.f1}
    for j, label in enumerate(found["labels"].values()):
        expected = {"threshold": [0.95, 0.35][j]}
        expected |= {count: getattr(report.counts, count)[j] for count in ("tp", "fp", "fn", "tn")}
        expected |= {key: ratio(None, np.nan)[j] for key, ratio in ratios.items()}
        expected |= {key: getattr(report, key)[j] for key in CURVES}
        expected["few_positives"] = True
        if confidence is not None:
            expected["precision_interval"] = report.precision_intervals[j]
            expected["recall_interval"] = report.recall_intervals[j]
            expected["f1_interval"] = report.label_intervals[j]
        np.testing.assert_equal(back(label), back(expected))


SHOWN = {
    "precision, micro": "precision_micro",
    "recall, micro": "recall_micro",
    "F1, micro": "f1_micro",
    "F1, macro": "f1_macro",
    "F1 of macro averages": "f1_of_averages",
    "F1, weighted": "f1_weighted",
    "F1, samples": "f1_samples",
    "Jaccard, samples": "jaccard_samples",
    "subset accuracy": "subset_accuracy",
    "Hamming loss": "hamming_loss",
    "precision at 1": "precision_at_1",
    "LRAP": "label_ranking_average_precision",
    "coverage error": "coverage_error",
    "AP, macro": "average_precision",
    "ROC AUC, macro": "roc_auc",
}
FEW = "*: fewer than 10 positives, too few to judge the label by"


def shown(value):
    return "–" if np.isnan(value) else f"{value:.3f}"


def test_report_shows_every_measure_beside_the_baselines_and_defines_it():
    report = evaluate(Y, SCORES)
    averages, labels, notes = repr(report).split("\n\n")
    caption, head, *rows = averages.splitlines()
    assert caption == "4 samples, 2 labels, predicted where the score is above 0.5"
    assert re.split(" {2,}", head) == ["measure", "model", *BASELINES]
    assert len(rows) == len(SHOWN) == len(MEASURES)
    for row, (name, key) in zip(rows, SHOWN.items(), strict=True):
        columns = (report.averages, *report.baselines.values())
        assert re.split(" {2,}", row) == [name, *(shown(values[key]) for values in columns)]
    assert labels.splitlines() == [
        "label  positives  predicted  precision  recall     F1     AP",
        "0             3*          2      1.000   0.667  0.800  1.000",
        "1             1*          1      0.000   0.000  0.000  0.500",
    ]
    *definitions, frequency, few = notes.splitlines()
    definition = report.to_dict()["definitions"]
    assert definitions == [f"{name}: {definition[key]}" for name, key in SHOWN.items()]
    assert frequency.startswith("frequency: ") and few == FEW


def test_report_shows_intervals_beside_the_estimates():
    report = evaluate(Y, SCORES, confidence=0.9, n_resamples=50, baselines=False)
    averages, labels, notes = repr(report).split("\n\n")
    _, head, *rows = averages.splitlines()
    assert re.split(" {2,}", head) == ["measure", "model", "90% interval"]
    for row, (name, key) in zip(rows, SHOWN.items(), strict=True):
        low, high = report.intervals.get(key, (None, None))
        interval = "–" if low is None else f"{low:.2f}–{high:.2f}"
        assert re.split(" {2,}", row) == [name, shown(report.averages[key]), interval]
    assert [line.split()[-2] for line in labels.splitlines()[1:]] == [
        f"{a:.2f}–{b:.2f}" for a, b in report.label_intervals
    ]
    assert "frequency" not in notes


def test_thresholds_are_a_column_only_if_they_differ():
    assert "threshold" not in repr(evaluate(Y, SCORES, threshold=[0.35, 0.35]))
    report = repr(evaluate(Y, SCORES, threshold=[0.35, 0.25]))
    assert "2 labels, predicted where the score is above its threshold" in report
    _, first, second = report.split("\n\n")[1].splitlines()
    assert first.endswith("  0.35") and second.endswith("  0.25")


def test_html_shows_the_same_and_escapes_names():
    report = evaluate(Y, SCORES, label_names=["<b>", 'R&D "x"'], confidence=0.9, n_resamples=20)
    html = report._repr_html_()
    assert "<b>" not in html and "R&D" not in html
    headings = {"label", "90% interval", "measure", "model", *BASELINES, *SHOWN, "&lt;b&gt;", "R&amp;D &quot;x&quot;"}
    assert headings <= set(re.findall(r"<th[^>]*>([^<]*)</th>", html))
    assert "<caption>4 samples, 2 labels" in html
    cells = re.findall(r"<td>([^<]*)</td>", html)
    assert shown(report.averages["f1_micro"]) in cells
    assert html.count("<li>") == len(SHOWN) + 2 and "<li>F1, macro: mean of the labels&#x27; F1" in html
    assert ">threshold</th>" not in html
    assert ">threshold</th>" in evaluate(Y, SCORES, threshold=[0.35, 0.25])._repr_html_()


def test_html_escapes_names_in_notes():
    html = evaluate(NOTHING, NOTHING, label_names=["<b>", "x"])._repr_html_()
    assert "<b>" not in html and ": &lt;b&gt;, x</li>" in html


def test_scores_that_are_decisions_are_told():
    y_true, y_score = [[1, 0], [0, 1], [1, 1]], np.array([[0.9, 0.2], [0.6, 0.7], [0.4, 0.8]])
    of_scores, of_decisions = (evaluate(y_true, scores) for scores in (y_score, (y_score > 0.5).astype(int)))
    assert not of_scores.only_decisions and "only 0 and 1" not in repr(of_scores)
    assert of_decisions.only_decisions and of_decisions.to_dict()["only_decisions"] is True
    assert repr(of_decisions).count("scores are only 0 and 1") == 2
    assert of_decisions.averages["f1_micro"] == of_scores.averages["f1_micro"]


def test_scores_of_unknown_labels_and_of_rows_without_weight_tell_nothing_of_decisions():
    known, unknown = [[1, 0], [0, 1]], [[-1, 0], [0, 1]]
    decided, mixed = [[0, 0], [1, 1]], [[0.3, 0], [1, 1]]
    assert not evaluate(known, mixed).only_decisions
    assert evaluate(unknown, mixed, allow_missing=True).only_decisions
    assert evaluate(known, mixed, sample_weight=[0, 2]).only_decisions
    assert not evaluate([[-1, -1]], [[0, 1]], allow_missing=True).only_decisions
    assert evaluate(known, decided).only_decisions
