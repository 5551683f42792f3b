"""The figures draw what they are given, leave the reader's settings alone, and say what is wrong."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")  # the tests run without a display

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import sparse
from scipy.special import expit, softmax

from mlhelpers import plotting
from mlhelpers.calibration import calibration_report

IMAGES = np.linspace(0, 1, 3 * 4 * 5).reshape(3, 4, 5)
LABELS = np.array([[1, 0], [0, 0], [1, 1]])
BINS = calibration_report(np.tile([[1], [0], [1], [1]], (5, 1)), np.repeat([[0.25], [0.75]], 10, axis=0)).bins[0]
FIGURES = {
    "scenes": lambda: plotting.plot_scenes(IMAGES, LABELS, n_columns=2, title="Scenes"),
    "label_rows": lambda: plotting.plot_label_rows(IMAGES, LABELS, title="Rows"),
    "label_frequencies": lambda: plotting.plot_label_frequencies(LABELS, title="Frequencies"),
    "lift": lambda: plotting.plot_lift([[2.0, 0.5], [0.5, 2.0]], title="Lift"),
    "probabilities": lambda: plotting.plot_probabilities([2.0, -1.0], title="Probabilities"),
    "curves": lambda: plotting.plot_curves([0, 1, 2], {"a": [0, 1, np.inf], "b": [1, 1, 1]}, title="Curves"),
    "threshold_spread": lambda: plotting.plot_threshold_spread([0.2, 0.1], [[0.1, 0.05], [0.3, 0.4]], title="Spread"),
    "label_set_sizes": lambda: plotting.plot_label_set_sizes(LABELS, {"m": LABELS}, title="Sizes"),
    "predictions": lambda: plotting.plot_predictions(IMAGES, LABELS, LABELS[::-1], title="Predictions"),
    "label_scores": lambda: plotting.plot_label_scores(
        {"m": [0.5, 0.9]}, intervals={"m": [[0.4, 0.6], [0.8, 1.0]]}, title="Scores"
    ),
    "reliability": lambda: plotting.plot_reliability({"m": BINS}, title="Reliability"),
    "differences": lambda: plotting.plot_differences(
        {"F1": [[0.2, 0.1, 0.3], [0, -0.1, 0.2]], "AP": np.zeros((2, 3))}, names=["weights", "SMOTE"], title="Gains"
    ),
    "weights": lambda: plotting.plot_weights(IMAGES - 0.5, n_columns=2, title="Weights"),
}


def texts(figure: Figure) -> list[str]:
    found = [t.get_text() for ax in figure.axes for t in (*ax.texts, ax.title, ax._left_title)]
    return [*found, figure.get_suptitle()]


def bar_heights(ax) -> list[float]:
    return [bar.get_height() for bar in ax.patches]


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_returned_once_and_settings_stay(draw, tmp_path):
    before = dict(mpl.rcParams)
    figure = draw()
    assert isinstance(figure, Figure)
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []  # else a notebook shows the figure twice
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_figure_fits_a_phone(draw):
    figure = draw()
    smallest = min(t.get_fontsize() for t in figure.findobj(mpl.text.Text) if t.get_text())
    pixels_per_point = 350 / (figure.get_figwidth() * 72)
    assert smallest * pixels_per_point >= 7.5
    assert figure.get_facecolor() == (1, 1, 1, 1)


def test_scenes_stand_under_their_label_sets():
    figure = plotting.plot_scenes(IMAGES, sparse.csr_array(LABELS), label_names=["cat", "dog"], n_columns=2)
    assert [ax.get_title() for ax in figure.axes] == ["{cat}", "{}", "{cat, dog}", ""]
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), IMAGES[2])


def test_label_rows_show_the_matrix():
    table = plotting.plot_label_rows(IMAGES, LABELS).axes[0]
    assert [t.get_text() for t in table.texts] == [str(v) for v in LABELS.ravel()]


def test_label_frequencies_are_means_and_name_the_counts():
    ax = plotting.plot_label_frequencies(LABELS).axes[0]
    assert bar_heights(ax) == pytest.approx(LABELS.mean(axis=0))
    assert [t.get_text() for t in ax.texts] == ["2", "1"]


def test_lift_leaves_the_diagonal_blank_and_numbers_legible():
    given = np.array([[2.0, 0.1], [1.9, 2.0]])
    ax = plotting.plot_lift(given).axes[0]
    assert [t.get_text() for t in ax.texts] == ["0.1", "1.9"]
    assert [t.get_color() for t in ax.texts] == ["white", "white"]
    assert np.ma.getmaskarray(np.ma.masked_invalid(ax.images[0].get_array())).tolist() == [[True, False], [False, True]]
    assert given[0, 0] == 2.0  # the argument is not changed


def test_probabilities_are_those_of_scipy():
    logits = np.array([4.0, -2.0, 3.0])
    axes = plotting.plot_probabilities(logits).axes
    assert bar_heights(axes[0]) == pytest.approx(expit(logits))
    assert bar_heights(axes[1]) == pytest.approx(softmax(logits))


def test_label_set_sizes_count_rows():
    predicted = np.ones_like(LABELS)
    ax = plotting.plot_label_set_sizes(LABELS, {"all ones": predicted}).axes[0]
    assert bar_heights(ax) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0, 1])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            lambda: plotting.plot_scenes(IMAGES[0], LABELS),
            r"X has shape \(4, 5\).*expected \(n_samples, height, width\)",
        ),
        (lambda: plotting.plot_scenes(IMAGES[:2], LABELS), r"X has shape \(2, 4, 5\) and Y has shape \(3, 2\)"),
        (lambda: plotting.plot_label_rows(IMAGES[:2], LABELS), r"X has shape \(2, 4, 5\) and Y has shape \(3, 2\)"),
        (lambda: plotting.plot_label_frequencies(LABELS, label_names=["a"]), "label_names has 1 names for 2 labels"),
        (lambda: plotting.plot_label_frequencies([0, 1]), r"Y has shape \(2,\)"),
        (lambda: plotting.plot_lift([[1.0, 2.0]]), r"lift has shape \(1, 2\), expected \(n_labels, n_labels\)"),
        (lambda: plotting.plot_scenes(IMAGES, LABELS, n_columns=0), "n_columns must be at least 1, got 0"),
        (
            lambda: plotting.plot_curves([0, 1], {str(i): [0, 1] for i in range(5)}),
            "curves has 5 entries, and more than 4",
        ),
        (lambda: plotting.plot_curves([0, 1], {"a": [1, 2, 3]}), r"curves\['a'\] has 3 values over 2 points of x"),
        (lambda: plotting.plot_threshold_spread([0.1], [[0.1, 0.2]]), r"spread has shape \(1, 2\), expected \(2, 1\)"),
        (lambda: plotting.plot_threshold_spread([0.1], [[0.0], [0.2]]), "must be above 0 on a logarithmic axis"),
        (lambda: plotting.plot_probabilities([np.inf, 1]), "logits holds inf, expected finite numbers"),
        (lambda: plotting.plot_probabilities(1.0), r"logits has shape \(\), expected \(n_labels,\)"),
        (
            lambda: plotting.plot_label_set_sizes(LABELS, {"m": LABELS[:1]}),
            r"predictions\['m'\] has shape \(1, 2\) but y_true has shape \(3, 2\)",
        ),
        (
            lambda: plotting.plot_predictions(IMAGES, LABELS, LABELS[:, :1]),
            r"y_true has shape \(3, 2\) but y_pred has shape \(3, 1\)",
        ),
        (
            lambda: plotting.plot_predictions(IMAGES, LABELS[:2], LABELS),
            r"X has shape \(3, 4, 5\) and y_true has shape \(2, 2\)",
        ),
        (lambda: plotting.plot_predictions(IMAGES, LABELS, LABELS * 0.4), "y_pred holds 0.4 at row 0, column 0"),
        (lambda: plotting.plot_label_scores({"a": [1, 2], "b": [1]}), r"scores\['b'\] has 1 values for 2 labels"),
        (
            lambda: plotting.plot_label_scores({"a": [1, 2]}, intervals={"a": [[0, 1]]}),
            r"intervals\['a'\] has shape \(1, 2\), expected \(2, 2\)",
        ),
        (
            lambda: plotting.plot_differences({"F1": [[0, 0, 0]]}, names=["a", "b"]),
            r"differences\['F1'\] has shape \(1, 3\), expected \(2, 3\)",
        ),
        (
            lambda: plotting.plot_differences({name: [[0, 0, 0]] for name in "abcde"}, names=["m"]),
            "differences has 5 entries, and more than 4",
        ),
        (lambda: plotting.plot_weights(IMAGES[0]), r"weights has shape \(4, 5\), expected \(n_labels, height, width\)"),
    ],
)
def test_bad_input_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plotting.plot_reliability({"a": [0.1]}), r"bins\['a'\] must be ReliabilityBins, got list; pass"),
        (lambda: plotting.plot_reliability({}), "bins must map at least one name"),
        (lambda: plotting.plot_scenes(IMAGES, LABELS, n_columns=2.5), "n_columns must be an integer, got 2.5"),
        (
            lambda: plotting.plot_scenes([["a"]], LABELS),
            r"X must be an array of real numbers of shape \(n_samples, height",
        ),
        (
            lambda: plotting.plot_label_frequencies(LABELS, label_names={"a", "b"}),
            "label_names must be a sequence.*got set",
        ),
        (lambda: plotting.plot_label_frequencies(LABELS, label_names=2), "label_names must be a sequence.*got int"),
        (lambda: plotting.plot_lift(sparse.eye(2)), "lift must be an array of real numbers"),
        (
            lambda: plotting.plot_probabilities(np.ma.array([1, 2], mask=[0, 1])),
            "logits must be an array of real numbers",
        ),
        (lambda: plotting.plot_curves([0, 1], [[0, 1]]), "curves must map at least one name"),
        (lambda: plotting.plot_label_set_sizes(LABELS, {}), "predictions must map at least one name"),
        (lambda: plotting.plot_differences({}, names=[]), "differences must map at least one name"),
    ],
)
def test_bad_types_are_named_and_leave_no_figure(draw, message):
    with pytest.raises(TypeError, match=message):
        draw()
    assert plt.get_fignums() == []


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_figures_look_the_same_whatever_the_reader_has_set(draw):
    def pixels():
        canvas = FigureCanvasAgg(draw())
        canvas.draw()
        return np.asarray(canvas.buffer_rgba()).copy()

    plain = pixels()
    with plt.style.context(["dark_background", {"image.origin": "lower", "xtick.labelsize": 30}]):
        styled = pixels()
    np.testing.assert_array_equal(plain, styled)


def test_labels_of_one_name_keep_their_own_bars():
    ax = plotting.plot_label_frequencies(LABELS, label_names=["a", "a"]).axes[0]
    assert [round(bar.get_x() + bar.get_width() / 2) for bar in ax.patches] == [0, 1]


def test_predictions_name_both_sets_and_frame_mistakes():
    figure = plotting.plot_predictions(IMAGES[:2], LABELS[:2], [[1, 0], [0, 1]], label_names=["cat", "dog"])
    titles = [ax.get_title() for ax in figure.axes[:2]]
    assert titles == ["true {cat}\npredicted {cat}", "true {}\npredicted {dog}"]
    right, wrong = (ax.spines["top"].get_edgecolor() for ax in figure.axes[:2])
    assert mpl.colors.same_color(right, plotting.BLUE)
    assert mpl.colors.same_color(wrong, plotting.ORANGE)


def test_threshold_spread_stands_at_its_values_first_label_at_the_top():
    (ax,) = plotting.plot_threshold_spread([0.2, 0.1], [[0.1, 0.05], [0.3, 0.4]], label_names=["joy", "grief"]).axes
    assert list(ax.lines[0].get_xdata()) == [0.2, 0.1]
    segments = ax.collections[0].get_segments()
    assert [segment[:, 0].tolist() for segment in segments] == [[0.1, 0.3], [0.05, 0.4]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["joy", "grief"]
    assert ax.yaxis_inverted()
    assert ax.get_xscale() == "log"


def test_label_scores_stand_at_their_values_within_their_intervals():
    figure = plotting.plot_label_scores({"a": [0.5, 0.9], "b": [0.1, 0.2]}, intervals={"a": [[0.4, 0.7], [0.9, 1.0]]})
    ax = figure.axes[0]
    points, _, (bars,) = ax.containers[0]
    assert list(points.get_ydata()) == [0.5, 0.9]
    assert [segment[:, 1].round(6).tolist() for segment in bars.get_segments()] == [[0.4, 0.7], [0.9, 1.0]]
    assert list(ax.containers[1][0].get_ydata()) == [0.1, 0.2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_reliability_stands_at_probability_and_frequency_within_the_interval():
    ax = plotting.plot_reliability({"a": BINS, "b": BINS}).axes[0]
    assert ax.lines[0].get_xydata().tolist() == [[0, 0], [1, 1]]  # what calibrated probabilities do
    points, _, (bars,) = ax.containers[0]
    assert points.get_xydata().tolist() == [[0.25, 0.7], [0.75, 0.8]]
    assert np.allclose([segment[:, 1] for segment in bars.get_segments()], BINS.interval)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["calibrated", "a", "b"]


def test_reliability_without_intervals_has_no_bars():
    report = calibration_report(LABELS[:, :1], [[0.1], [0.2], [0.9]], sample_weight=[1, 2, 3])
    points, _, bars = plotting.plot_reliability({"weighted": report.bins[0]}).axes[0].containers[0]
    assert len(points.get_xydata()) == 3 and bars == ()


def test_differences_stand_at_their_values_within_their_intervals_from_top_to_bottom():
    figure = plotting.plot_differences({"F1": [[0.2, 0.1, 0.4], [0.0, -0.1, 0.2]]}, names=["weights", "SMOTE"])
    ax = figure.axes[0]
    points, _, (bars,) = ax.containers[0]
    assert list(points.get_xdata()) == [0.2, 0.0]
    assert [segment[:, 0].round(6).tolist() for segment in bars.get_segments()] == [[0.1, 0.4], [-0.1, 0.2]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["weights", "SMOTE"]
    assert ax.yaxis_inverted()
    assert figure.legends == []
    figure = plotting.plot_differences({"F1": [[0.2, 0.1, 0.4]], "AP": [[0.1, 0.0, 0.2]]}, names=["weights"])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["F1", "AP"]


def test_weights_share_one_scale_around_zero():
    images = np.stack([np.full((2, 2), 0.5), np.full((2, 2), -2.0)])
    figure = plotting.plot_weights(images)
    scales = {ax.images[0].get_clim() for ax in figure.axes if ax.images and ax.get_title() in ("0", "1")}
    assert scales == {(-2.0, 2.0)}
