"""What a figure with sliders is, and the parts that it is made of."""

from __future__ import annotations

import base64
import importlib.util
import io
import re
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._validation import names_of_labels

# What is used of Vega-Lite is the same in its versions 5 and 6, and more front ends show 5 by themselves.
MIME_TYPE = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
WIDTH = 300  # of a plot, in pixels: with its axis it fits a phone
_CONFIG: dict[str, Any] = {
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "grid": False,
        "labelFlush": False,  # the ends stand under their ticks, as the others do
    },
    "legend": {"labelFontSize": 12, "orient": "top", "title": None, "symbolType": "stroke", "symbolSize": 400},
    "mark": {"aria": False},  # the lines of text say it better than hundreds of ticks
    "text": {"fontSize": 12},
    "title": {"fontSize": 12, "anchor": "start", "frame": "group"},
    "view": {"stroke": None},
}


class InteractiveFigure:
    """A figure with sliders.

    In a notebook it is the figure itself, in VS Code and JupyterLab without a network; where no
    script runs, as on GitHub, a picture of it as it stands at the start; and in a terminal a sentence.

    Attributes
    ----------
    chart : altair.TopLevelMixin
        The figure as an Altair chart, to be changed or saved: ``figure.chart.save("figure.html")``.
    description : str
        What the figure shows at the start.
    """

    def __init__(self, chart: Any, description: str) -> None:
        self.chart = chart
        self.description = description

    @property
    def spec(self) -> dict[str, Any]:
        """The figure as a Vega-Lite specification."""
        return {**self.chart.to_dict(), "$schema": _SCHEMA}

    def __repr__(self) -> str:
        return self.description

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if _importable("google.colab"):  # which shows an Altair chart, but no specification
            return self.chart._repr_mimebundle_(include, exclude)
        bundle = {MIME_TYPE: self.spec, "text/plain": self.description}
        if _importable("vl_convert"):
            bundle["image/png"] = base64.b64encode(_picture(self.spec)).decode()
        return bundle


def _picture(spec: dict[str, Any]) -> bytes:
    """Return the figure as it stands at the start, as PNG in a palette: a tenth of the size of true colours."""
    import vl_convert
    from PIL import Image  # which matplotlib depends on

    picture = Image.open(io.BytesIO(vl_convert.vegalite_to_png(spec, scale=2)))
    small = io.BytesIO()
    picture.convert("RGB").quantize(64).save(small, "png", optimize=True)
    return small.getvalue()


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of a parent
        return False


def import_altair() -> Any:
    try:
        import altair
    except ImportError:
        raise ImportError(
            "the interactive figures are made with Altair, which is not installed; run: pip install altair"
        ) from None
    return altair


def make_figure(
    panels: list[Any],
    params: list[Any],
    lines: list[str],
    description: str,
    *,
    numbers: Any = None,
    datasets: dict[str, Any] | None = None,
) -> InteractiveFigure:
    """Put the panels, and under them the lines of text that tell what they show, into one figure.

    The lines are Vega expressions, of the params and of the fields of `numbers`, a chart whose data are one row.
    What the text says is read from the mark "caption" where the figure lives in a page.
    """
    alt = import_altair()
    one_row = alt.Chart(alt.Data(values=[{}])) if numbers is None else numbers
    text = alt.expr(f"[{', '.join(lines)}]")
    caption = one_row.mark_text(text=text, align="left", baseline="top", lineHeight=17)
    caption = caption.encode(x=alt.value(-25), y=alt.value(0))
    caption = caption.properties(name="caption", width=WIDTH, height=17 * len(lines))
    options = {"params": params, "config": _CONFIG, "background": "white", "description": description}
    if datasets:
        options["datasets"] = datasets
    apart = dict.fromkeys(("color", "strokeDash", "shape"), "independent")  # each panel has its own legend
    chart = alt.vconcat(*panels, caption, **options).resolve_legend(**apart)
    return InteractiveFigure(chart, description)


def slider(name: str, value: float, least: float, most: float, step: float, label: str) -> Any:
    alt = import_altair()
    return alt.VariableParameter(
        name=name, value=float(value), bind=alt.BindRange(input="range", min=least, max=most, step=step, name=label)
    )


def variable(name: str, expression: str) -> Any:
    return import_altair().VariableParameter(name=name, expr=expression)


def different_names(label_names: Iterable[str] | None, n_labels: int) -> list[str]:
    names = [line_of_text(name, "label_names") for name in names_of_labels(label_names, n_labels)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"label_names holds {name!r} more than once; a figure tells labels apart by their names")
    return names


def line_of_text(name: Any, argument: str) -> str:
    """Return a name as text, if it is a single line that a picture can hold: its format has no control characters."""
    found = re.search("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]", str(name))
    if found:
        raise ValueError(
            f"{argument} holds {name!r}, expected one line of text; leave out the character U+{ord(found[0]):04X}"
        )
    return str(name)


def number_between(value: Any, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}; use float(...)")
    number = float(value)
    if not least <= number <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, got {number:g}")
    return number


def check_range(values: NDArray[np.float64], name: str, least: float, most: float) -> None:
    wrong = values[~((values >= least) & (values <= most))]
    if len(wrong):
        raise ValueError(f"{name} holds {wrong[0]:g}, expected numbers from {least:g} to {most:g}")
