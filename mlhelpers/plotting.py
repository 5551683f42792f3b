"""The figures of the book, one function each.

Every function returns a `matplotlib.figure.Figure`, which a notebook shows when it is the last
value of a cell and which ``figure.savefig`` writes to a file. Figures are five inches wide with
text of ten points, so that they stay legible on a phone; they stand on white and use the
palette of Okabe and Ito (Wong 2011, doi:10.1038/nmeth.1618), so that they read the same in both
themes and for colour-blind readers.
"""

from __future__ import annotations

import functools
import inspect
import textwrap
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit, softmax

from mlhelpers._names import check_same_labels, check_same_samples, names_for
from mlhelpers._validation import names_of_labels, real_array, whole_number
from mlhelpers.calibration import ReliabilityBins
from mlhelpers.labels import axis_sums, check_labels, label_summary

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#595959"
_WIDTH = 5.0  # inches
_P = ParamSpec("_P")
_SETTINGS = threading.Lock()  # matplotlib's settings are shared by all threads
_STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 200,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "text.color": "black",
    "axes.labelcolor": "black",
    "legend.frameon": False,
}


_RETURNS_AND_RAISES = """\
Returns
-------
Figure

Raises
------
ValueError, TypeError
    If an argument is not what is asked for above, or their sizes don't match.

"""


def _styled(draw: Callable[_P, Figure]) -> Callable[_P, Figure]:
    """Draw in the style of the book, whatever the reader's matplotlib is set to; document what all figures share."""

    @functools.wraps(draw)
    def styled(*args: _P.args, **kwargs: _P.kwargs) -> Figure:
        with _SETTINGS, plt.style.context(["default", _STYLE]):
            figure = draw(*args, **kwargs)
            for ax in figure.axes:  # how many ticks fit is asked again at every drawing, after the style has gone
                ax.tick_params(labelsize=_STYLE["font.size"])
            return figure

    styled.__doc__ = inspect.cleandoc(draw.__doc__ or "").replace(
        "Examples\n---", f"{_RETURNS_AND_RAISES}Examples\n---"
    )
    return styled


def _figure(height: float) -> Figure:
    """Return a figure that pyplot does not also show by itself."""
    figure = plt.figure(figsize=(_WIDTH, height), layout="constrained")
    plt.close(figure)
    return figure


def _axes(n_rows: int, n_columns: int, height: float, **options: Any) -> tuple[Figure, NDArray[Any]]:
    """Return a figure and its axes as a flat array."""
    figure = _figure(height)
    return figure, figure.subplots(n_rows, n_columns, squeeze=False, **options).ravel()


def _grid(n_images: int, n_columns: int, *, row_height: float) -> tuple[Figure, NDArray[Any]]:
    """Return a figure and its axes for images in rows, those that are left over hidden."""
    n_columns = whole_number(n_columns, "n_columns", least=1)
    n_rows = -(-n_images // n_columns)
    figure, axes = _axes(n_rows, n_columns, row_height * n_rows + 0.25)
    for ax in axes[n_images:]:
        ax.axis("off")
    return figure, axes


def _title(figure: Figure, title: str) -> None:
    """Give a figure of several axes the title that a single one has: at the left, in bold."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=_STYLE["axes.titlesize"], fontweight="bold")


def _check_named(values: Any, name: str, most: int | None = None) -> None:
    if not isinstance(values, Mapping) or not values:
        raise TypeError(f"{name} must map at least one name to its values, got {values!r:.80}; pass a dict")
    if most is not None and len(values) > most:
        raise ValueError(
            f"{name} has {len(values)} entries, and more than {most} can't be told apart; draw two figures"
        )


def _label_set(row: NDArray[Any], names: Sequence[str]) -> str:
    return "{" + ", ".join(name for name, there in zip(names, row, strict=True) if there) + "}"


@_styled
def plot_scenes(
    X: ArrayLike, Y: ArrayLike, *, label_names: Iterable[str] | None = None, n_columns: int = 4, title: str = ""
) -> Figure:
    """Show images, each under its label set.

    Parameters
    ----------
    X : array-like of shape (n_samples, height, width)
        Intensities from 0 (white) to 1 (black).
    Y : array-like of 0/1, shape (n_samples, n_labels)
    label_names : sequence of str, optional
        One per column of `Y`; by default the columns of a DataFrame, else their numbers.
    n_columns : int, default=4
        Images per row.
    title : str
        What the figure shows.

    Examples
    --------
    >>> import numpy as np
    >>> plot_scenes(np.zeros((2, 8, 8)), [[1, 0], [0, 0]], label_names=["cat", "dog"])
    <Figure size 1000x340 with 4 Axes>
    """
    images, matrix = _images_and_labels(X, Y)
    names = names_for(label_names, matrix.shape[1], Y=Y)
    figure, axes = _grid(len(images), n_columns, row_height=1.45)
    for ax, image, row in zip(axes, images, matrix, strict=False):
        _draw_image(ax, image)
        ax.set_title(_label_set(row, names), loc="center", fontweight="normal")
    _title(figure, title)
    return figure


@_styled
def plot_label_rows(X: ArrayLike, Y: ArrayLike, *, label_names: Iterable[str] | None = None, title: str = "") -> Figure:
    """Show images, each beside its row of the label matrix.

    Parameters
    ----------
    X : array-like of shape (n_samples, height, width)
        Intensities from 0 (white) to 1 (black).
    Y : array-like of 0/1, shape (n_samples, n_labels)
    label_names : sequence of str, optional
        One per column of `Y`; by default the columns of a DataFrame, else their numbers.
    title : str
        What the figure shows.

    Examples
    --------
    >>> import numpy as np
    >>> plot_label_rows(np.zeros((2, 8, 8)), [[1, 0], [0, 0]])
    <Figure size 1000x480 with 3 Axes>
    """
    images, matrix = _images_and_labels(X, Y)
    names = names_for(label_names, matrix.shape[1], Y=Y)
    figure = _figure(0.95 * len(images) + 0.5)
    grid = figure.add_gridspec(len(images), 2, width_ratios=(1, 4))
    table = figure.add_subplot(grid[:, 1])
    table.imshow(matrix, cmap=ListedColormap(["white", "#A6CEE3"]), vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(matrix):
        table.text(j, i, str(value), ha="center", va="center", color="black" if value else GREY)
    table.set(xticks=range(len(names)), xticklabels=names, yticks=[])
    table.xaxis.tick_top()
    table.tick_params(length=0)
    table.spines[:].set_visible(False)
    for i, image in enumerate(images):
        _draw_image(figure.add_subplot(grid[i, 0]), image)
    _title(figure, title)
    return figure


def _images_and_labels(X: ArrayLike, Y: ArrayLike, name: str = "Y") -> tuple[NDArray[Any], NDArray[np.int8]]:
    images, matrix = real_array(X, "X", ("n_samples", "height", "width")), check_labels(Y, name=name)
    if len(images) != matrix.shape[0]:
        raise ValueError(
            f"X has shape {images.shape} and {name} has shape {matrix.shape}; expected (n_samples, height, width) "
            "and (n_samples, n_labels) of the same samples"
        )
    return images, matrix.toarray() if sparse.issparse(matrix) else matrix


def _draw_image(ax: Axes, image: NDArray[Any]) -> None:
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[["top", "right"]].set_visible(True)


@_styled
def plot_label_frequencies(Y: ArrayLike, *, label_names: Iterable[str] | None = None, title: str = "") -> Figure:
    """Draw how often each label occurs, with its number of positives.

    Parameters
    ----------
    Y : array-like of 0/1, shape (n_samples, n_labels)
    label_names : sequence of str, optional
        One per column of `Y`; by default the columns of a DataFrame, else their numbers.
    title : str
        What the figure shows.

    Examples
    --------
    >>> plot_label_frequencies([[1, 0], [1, 1], [1, 0]])
    <Figure size 1000x560 with 1 Axes>
    """
    summary = label_summary(Y)
    positions = range(summary.n_labels)
    figure, (ax,) = _axes(1, 1, 2.8)
    bars = ax.bar(positions, summary.frequency, color=BLUE)
    ax.set_xticks(positions, names_for(label_names, summary.n_labels, Y=Y))
    ax.bar_label(bars, [f"{c:,}" for c in summary.count], fontsize=9)
    ax.set(title=title, xlabel="label", ylabel="fraction of samples")
    ax.margins(y=0.12)
    return figure


@_styled
def plot_lift(lift: ArrayLike, *, label_names: Iterable[str] | None = None, title: str = "") -> Figure:
    """Draw which labels attract and which repel each other.

    Parameters
    ----------
    lift : array-like of shape (n_labels, n_labels)
        How many times more often two labels occur together than if they were independent;
        1 is independence. The diagonal is left blank.
    label_names : sequence of str, optional
        One per row of `lift`; the row numbers by default.
    title : str
        What the figure shows.

    Examples
    --------
    >>> plot_lift([[2.0, 0.5], [0.5, 2.0]])
    <Figure size 1000x860 with 2 Axes>
    """
    values = real_array(lift, "lift", ("n_labels", "n_labels")).copy()
    if values.shape[0] != values.shape[1]:
        raise ValueError(f"lift has shape {values.shape}, expected (n_labels, n_labels)")
    check_same_labels(columns=lift, rows=getattr(lift, "T", None))
    names = names_for(label_names, len(values), lift=lift)
    np.fill_diagonal(values, np.nan)
    figure, (ax,) = _axes(1, 1, 4.3)
    image = ax.imshow(values, cmap="PuOr", vmin=0, vmax=2)
    for (i, j), value in np.ndenumerate(values):
        if i != j:
            dark = image.norm(value) < 0.2 or image.norm(value) > 0.8
            ax.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=8, color="white" if dark else "black")
    ax.set(title=title, xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names)
    ax.set(xlabel="label", ylabel="label")
    figure.colorbar(image, ax=ax, label="lift (1: independent)", extend="max", shrink=0.85)
    return figure


@_styled
def plot_probabilities(logits: ArrayLike, *, label_names: Iterable[str] | None = None, title: str = "") -> Figure:
    """Draw what sigmoid and softmax make of the same logits.

    Parameters
    ----------
    logits : array-like of shape (n_labels,)
    label_names : sequence of str, optional
        One per logit; their positions by default.
    title : str
        What the figure shows.

    Examples
    --------
    >>> plot_probabilities([2.0, 1.0, -3.0])
    <Figure size 1000x840 with 2 Axes>
    """
    z = real_array(logits, "logits", ("n_labels",))
    if not np.isfinite(z).all():
        raise ValueError(
            f"logits holds {z[~np.isfinite(z)][0]}, expected finite numbers; look for an overflow before it"
        )
    names = names_for(label_names, len(z), logits=logits)
    figure, axes = _axes(2, 1, 4.2, sharex=True, sharey=True)
    for ax, name, p, colour in zip(axes, ("sigmoid", "softmax"), (expit(z), softmax(z)), (BLUE, ORANGE), strict=True):
        bars = ax.bar(range(len(z)), p, color=colour)
        ax.bar_label(bars, [f"{v:.2f}" for v in p], fontsize=8)
        ax.axhline(0.5, color=GREY, linestyle="--", linewidth=1)
        ax.set(ylabel=name, ylim=(0, 1.15), yticks=[0, 0.5, 1])
        ax.text(len(z) - 0.5, 1.0, f"sum {p.sum():.2f}", ha="right")
    axes[1].set_xticks(range(len(z)), names)
    axes[1].set_xlabel("label")
    _title(figure, title)
    return figure


@_styled
def plot_curves(
    x: ArrayLike, curves: Mapping[str, ArrayLike], *, title: str = "", xlabel: str = "", ylabel: str = ""
) -> Figure:
    """Draw several curves over one axis, each with its own colour and dash.

    Parameters
    ----------
    x : array-like of shape (n_points,)
    curves : mapping of str to array-like of shape (n_points,)
        Name of each curve, as the legend shows it, and its values: up to four curves. Values
        that are not finite leave a gap.
    title, xlabel, ylabel : str
        What the figure shows, and its axes.

    Examples
    --------
    >>> plot_curves([0, 1, 2], {"line": [0, 1, 2], "square": [0, 1, 4]}, xlabel="x", ylabel="y")
    <Figure size 1000x600 with 1 Axes>
    """
    points = real_array(x, "x", ("n_points",))
    _check_named(curves, "curves", most=4)
    figure, (ax,) = _axes(1, 1, 3.0)
    lines = {}
    styles = zip((ORANGE, BLUE, GREEN, GREY), ("-", (0, (5, 2)), (0, (1, 1)), "-."), (3.5, 1.8, 2.2, 1.8), strict=True)
    for (name, values), (colour, dash, width) in zip(curves.items(), styles, strict=False):
        heights = real_array(values, f"curves[{name!r}]", ("n_points",))
        if len(heights) != len(points):
            raise ValueError(f"curves[{name!r}] has {len(heights)} values over {len(points)} points of x")
        lines[name] = ax.plot(points, heights, color=colour, linestyle=dash, linewidth=width)[0]
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if (points == np.round(points)).all():  # of epochs, say: no ticks at 2.5 and 7.5
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(lines.values(), lines.keys())
    return figure


@_styled
def plot_threshold_spread(
    values: ArrayLike, spread: ArrayLike, *, label_names: Iterable[str] | None = None, title: str = ""
) -> Figure:
    """Draw each label's threshold, and how far it moves when it is chosen again on resamples.

    Parameters
    ----------
    values : array-like of shape (n_labels,)
        Thresholds above 0; the axis is logarithmic. The first label stands at the top.
    spread : array-like of shape (2, n_labels)
        Lower and upper end of each line, as ``Thresholds.spread`` holds them.
    label_names : sequence of str, optional
        One per threshold; their positions by default.
    title : str
        What the figure shows.

    Examples
    --------
    >>> plot_threshold_spread([0.2, 0.05], [[0.1, 0.01], [0.3, 0.2]], label_names=["joy", "grief"])
    <Figure size 1000x260 with 1 Axes>
    """
    cuts, ends = real_array(values, "values", ("n_labels",)), real_array(spread, "spread", ("2", "n_labels"))
    if ends.shape != (2, len(cuts)):
        raise ValueError(f"spread has shape {ends.shape}, expected (2, {len(cuts)}): both ends of each threshold")
    if not (cuts > 0).all() or not (ends > 0).all():
        raise ValueError("values and spread must be above 0 on a logarithmic axis; pass thresholds for probabilities")
    names, rows = names_for(label_names, len(cuts), values=values, spread=spread), range(len(cuts))
    figure, (ax,) = _axes(1, 1, 0.2 * len(cuts) + 0.9)
    ax.hlines(rows, *ends, color=BLUE, linewidth=3)
    ax.plot(cuts, rows, "o", color=ORANGE, markersize=5)
    ax.set(xscale="log", xlabel="threshold, and where the resamples put it")
    steps = [digit * 10.0**power for power in range(-6, 1) for digit in (1, 2, 5)]
    ax.set_xticks(ticks := [step for step in steps if ends.min() <= step <= ends.max()], [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set_yticks(rows, names)
    ax.invert_yaxis()
    _title(figure, title)
    return figure


@_styled
def plot_label_set_sizes(y_true: ArrayLike, predictions: Mapping[str, ArrayLike], *, title: str = "") -> Figure:
    """Compare how many labels per sample each model predicts with how many there are.

    Parameters
    ----------
    y_true : array-like of 0/1, shape (n_samples, n_labels)
    predictions : mapping of str to array-like of 0/1, shape (n_samples, n_labels)
        Name of each model and its predicted labels; two panels a row.
    title : str
        What the figure shows.

    Examples
    --------
    >>> plot_label_set_sizes([[1, 0], [1, 1]], {"model": [[1, 0], [1, 0]]})
    <Figure size 1000x430 with 2 Axes>
    """
    truth = check_labels(y_true, name="y_true")
    _check_named(predictions, "predictions")
    sizes = np.arange(truth.shape[1] + 1)
    figure, axes = _axes(-(-len(predictions) // 2), 2, 1.9 * -(-len(predictions) // 2) + 0.25, sharex=True, sharey=True)
    for ax in axes[len(predictions) :]:
        ax.axis("off")
    for ax, (name, predicted) in zip(axes, predictions.items(), strict=False):
        y_pred = check_labels(predicted, name=f"predictions[{name!r}]")
        check_same_labels(**{"y_true": y_true, f"predictions[{name!r}]": predicted})
        check_same_samples(**{"y_true": y_true, f"predictions[{name!r}]": predicted})
        if y_pred.shape != truth.shape:
            raise ValueError(f"predictions[{name!r}] has shape {y_pred.shape} but y_true has shape {truth.shape}")
        _size_bars(ax, truth, sizes - 0.2, GREY, "true")
        _size_bars(ax, y_pred, sizes + 0.2, ORANGE, "predicted")
        ax.set_title(name, fontweight="normal")
        ax.set(xticks=sizes[::2])
    axes[0].legend(fontsize=9)
    figure.supxlabel("labels per sample", fontsize=10)
    figure.supylabel("fraction of samples", fontsize=10)
    _title(figure, title)
    return figure


def _size_bars(ax: Axes, matrix: Any, positions: NDArray[Any], colour: str, name: str) -> None:
    per_sample = axis_sums(matrix, axis=1)
    heights = np.bincount(per_sample, minlength=len(positions)) / len(per_sample)
    ax.bar(positions, heights, width=0.4, color=colour, label=name)


@_styled
def plot_predictions(
    X: ArrayLike,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    label_names: Iterable[str] | None = None,
    n_columns: int = 3,
    title: str = "",
) -> Figure:
    """Show images with their true and their predicted label set.

    Parameters
    ----------
    X : array-like of shape (n_samples, height, width)
        Intensities from 0 (white) to 1 (black).
    y_true, y_pred : array-like of 0/1, shape (n_samples, n_labels)
    label_names : sequence of str, optional
        One per column of `y_true`; by default the columns of a DataFrame, else their numbers.
    n_columns : int, default=3
        Images per row.
    title : str
        What the figure shows.

    Examples
    --------
    >>> import numpy as np
    >>> plot_predictions(np.zeros((3, 8, 8)), [[1, 0], [0, 0], [1, 1]], [[1, 0], [0, 1], [1, 0]])
    <Figure size 1000x430 with 3 Axes>
    """
    images, truth = _images_and_labels(X, y_true, "y_true")
    predicted = _images_and_labels(X, y_pred, "y_pred")[1]
    check_same_labels(y_true=y_true, y_pred=y_pred)
    check_same_samples(X=X, y_true=y_true, y_pred=y_pred)
    if truth.shape != predicted.shape:
        raise ValueError(
            f"y_true has shape {truth.shape} but y_pred has shape {predicted.shape}; both must be the same"
        )
    names = names_for(label_names, truth.shape[1], y_true=y_true)
    figure, axes = _grid(len(images), n_columns, row_height=1.9)
    for ax, image, true_row, predicted_row in zip(axes, images, truth, predicted, strict=False):
        _draw_image(ax, image)
        right = (true_row == predicted_row).all()
        ax.spines[:].set(color=BLUE if right else ORANGE, linewidth=2)
        lines = f"true {_label_set(true_row, names)}", f"predicted {_label_set(predicted_row, names)}"
        width = 84 // n_columns  # characters that fit between two neighbours
        sets = "\n".join(textwrap.fill(line, width, break_long_words=False) for line in lines)
        ax.set_title(sets, loc="center", fontweight="normal", fontsize=9)
    _title(figure, title)
    return figure


@_styled
def plot_label_scores(
    scores: Mapping[str, ArrayLike],
    *,
    intervals: Mapping[str, ArrayLike] | None = None,
    label_names: Iterable[str] | None = None,
    title: str = "",
    ylabel: str = "F1",
) -> Figure:
    """Draw one value per label for each of several models.

    Parameters
    ----------
    scores : mapping of str to array-like of shape (n_labels,)
        Name of each model and its values: up to four models. NaN leaves a gap.
    intervals : mapping of str to array-like of shape (n_labels, 2), optional
        Lower and upper bound around the values of the models named in it.
    label_names : sequence of str, optional
        One per label; by default the index of a Series, else their positions.
    title, ylabel : str
        What the figure shows, and what the values are.

    Examples
    --------
    >>> plot_label_scores({"MLP": [0.9, 0.4], "CNN": [0.95, 0.7]}, label_names=["cat", "dog"])
    <Figure size 1000x600 with 1 Axes>
    """
    _check_named(scores, "scores", most=4)
    values = {name: real_array(row, f"scores[{name!r}]", ("n_labels",)) for name, row in scores.items()}
    sides = {f"scores[{name!r}]": row for name, row in scores.items()}
    check_same_labels(**sides)
    n_labels = len(next(iter(values.values())))
    names = names_for(label_names, n_labels, **sides)
    for name, bounds in (intervals or {}).items():
        check_same_samples(**sides, **{f"intervals[{name!r}]": bounds})  # there, rows are labels
    figure, (ax,) = _axes(1, 1, 3.0)
    positions, offsets = np.arange(n_labels), (np.arange(len(values)) - (len(values) - 1) / 2) * 0.18
    for (name, row), offset, colour, marker in zip(
        values.items(), offsets, (ORANGE, BLUE, GREEN, GREY), "osD^", strict=False
    ):
        if len(row) != n_labels:
            raise ValueError(f"scores[{name!r}] has {len(row)} values for {n_labels} labels")
        around = _interval_lengths(intervals, name, row)
        ax.errorbar(positions + offset, row, yerr=around, color=colour, marker=marker, linestyle="none", label=name)
    ax.set_xticks(positions, names)
    ax.set(title=title, xlabel="label", ylabel=ylabel, ylim=(0, None))
    ax.grid(axis="y", alpha=0.3)
    ax.legend(fontsize=9, loc="lower left")
    return figure


def _interval_lengths(
    intervals: Mapping[str, ArrayLike] | None, name: str, row: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return how far an interval reaches below and above each value, as matplotlib wants it."""
    if intervals is None or name not in intervals:
        return None
    bounds = real_array(intervals[name], f"intervals[{name!r}]", ("n_labels", "2"))
    if bounds.shape != (len(row), 2):
        raise ValueError(f"intervals[{name!r}] has shape {bounds.shape}, expected ({len(row)}, 2)")
    return np.clip(np.stack([row - bounds[:, 0], bounds[:, 1] - row]), 0, None)


@_styled
def plot_reliability(bins: Mapping[str, ReliabilityBins], *, title: str = "") -> Figure:
    """Draw reliability diagrams: how often a label is there, over the probability that it was given.

    Calibrated probabilities lie on the diagonal. Points above it stand for probabilities that are too low.

    Parameters
    ----------
    bins : mapping of str to ReliabilityBins
        What to call each curve, and the bins of a label, as `calibration_report` finds them: up to four. Bars are the
        intervals of the frequencies, where there are any.
    title : str
        What the figure shows.

    Examples
    --------
    >>> from mlhelpers.calibration import calibration_report
    >>> report = calibration_report([[1], [0], [1], [1]], [[0.5], [0.5], [1.0], [1.0]])
    >>> plot_reliability({"cat": report.bins[0]})
    <Figure size 1000x700 with 1 Axes>
    """
    _check_named(bins, "bins", most=4)
    for name, curve in bins.items():
        if not isinstance(curve, ReliabilityBins):
            raise TypeError(
                f"bins[{name!r}] must be ReliabilityBins, got {type(curve).__name__}; pass report.bins[j] of a report "
                "that calibration_report returns"
            )
    figure, (ax,) = _axes(1, 1, 3.5)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="calibrated")
    for (name, curve), colour, marker in zip(bins.items(), (ORANGE, BLUE, GREEN, GREY), "osD^", strict=False):
        ends = curve.interval.T
        around = None if np.isnan(ends).any() else np.clip([curve.frequency - ends[0], ends[1] - curve.frequency], 0, 1)
        ax.errorbar(curve.probability, curve.frequency, yerr=around, color=colour, marker=marker, label=name)
    ax.set(title=title, xlabel="probability", ylabel="frequency", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    ax.grid(alpha=0.3)
    ax.legend(fontsize=9, loc="upper left")
    return figure


@_styled
def plot_differences(
    differences: Mapping[str, ArrayLike], *, names: Iterable[str], title: str = "", xlabel: str = "difference"
) -> Figure:
    """Draw how far each of several methods is from a common baseline, with intervals: a row for each method.

    Parameters
    ----------
    differences : mapping of str to array-like of shape (n_methods, 3)
        Name of each measure, and for each method the difference and the two ends of its interval: up to four measures.
    names : sequence of str
        One per method, from top to bottom.
    title, xlabel : str
        What the figure shows, and what the differences are.

    Examples
    --------
    >>> plot_differences({"F1": [[0.2, 0.1, 0.3], [0.0, -0.1, 0.1]]}, names=["weights", "SMOTE"])
    <Figure size 1000x360 with 1 Axes>
    """
    _check_named(differences, "differences", most=4)
    values = {
        name: real_array(rows, f"differences[{name!r}]", ("n_methods", "3")) for name, rows in differences.items()
    }
    methods = list(names)
    for name, rows in values.items():
        if rows.shape != (len(methods), 3):
            raise ValueError(
                f"differences[{name!r}] has shape {rows.shape}, expected ({len(methods)}, 3): for each of the "
                f"{len(methods)} names a difference and the two ends of its interval"
            )
    figure, (ax,) = _axes(1, 1, 0.45 * len(methods) + 0.9)
    positions, offsets = np.arange(len(methods)), (np.arange(len(values)) - (len(values) - 1) / 2) * 0.2
    for (name, rows), offset, colour, marker in zip(
        values.items(), offsets, (ORANGE, BLUE, GREEN, GREY), "osD^", strict=False
    ):
        around = _interval_lengths({name: rows[:, 1:]}, name, rows[:, 0])
        ax.errorbar(
            rows[:, 0], positions + offset, xerr=around, color=colour, marker=marker, linestyle="none", label=name
        )
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set_yticks(positions, methods)
    ax.invert_yaxis()
    ax.set(title=title, xlabel=xlabel)
    ax.grid(axis="x", alpha=0.3)
    if len(values) > 1:
        figure.legend(fontsize=9, loc="outside lower center", ncols=len(values))
    return figure


@_styled
def plot_weights(
    weights: ArrayLike, *, label_names: Iterable[str] | None = None, n_columns: int = 5, title: str = ""
) -> Figure:
    """Show the weights of linear models as images, one per label, on a common scale.

    Parameters
    ----------
    weights : array-like of shape (n_labels, height, width)
        Purple pixels speak for the label, orange ones against it.
    label_names : sequence of str, optional
        One per image; their positions by default.
    n_columns : int, default=5
        Images per row.
    title : str
        What the figure shows.

    Examples
    --------
    >>> import numpy as np
    >>> plot_weights(np.eye(4).reshape(2, 2, 4))
    <Figure size 1000x280 with 6 Axes>
    """
    images = real_array(weights, "weights", ("n_labels", "height", "width"))
    names = names_of_labels(label_names, len(images))
    figure, axes = _grid(len(images), n_columns, row_height=1.15)
    most = float(np.abs(images).max()) or 1.0
    for ax, image, name in zip(axes, images, names, strict=False):
        drawn = ax.imshow(image, cmap="PuOr", vmin=-most, vmax=most)
        ax.set(xticks=[], yticks=[])
        ax.set_title(name, loc="center", fontweight="normal")
    figure.colorbar(drawn, ax=axes.tolist(), label="weight", shrink=0.9)
    _title(figure, title)
    return figure
