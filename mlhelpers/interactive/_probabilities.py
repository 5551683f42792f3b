"""Sigmoid and softmax side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from numpy.typing import ArrayLike

from mlhelpers._validation import real_array
from mlhelpers.interactive._figure import (
    WIDTH,
    InteractiveFigure,
    check_range,
    different_names,
    import_altair,
    make_figure,
    slider,
    variable,
)
from mlhelpers.plotting import BLUE, GREY, ORANGE


def explore_probabilities(logits: ArrayLike, *, label_names: Iterable[str] | None = None) -> InteractiveFigure:
    """Show sigmoid and softmax side by side, over logits that one can move.

    Parameters
    ----------
    logits : array-like of shape (n_labels,)
        Where the sliders stand at the start: two to four logits from -8 to 8.
    label_names : sequence of str, optional
        One per logit, all different; their positions by default.

    Returns
    -------
    InteractiveFigure
        A slider per logit, and one for a number that is added to all of them; both sums, and the
        labels above one half.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above, or their sizes don't match.
    ImportError
        If Altair is not installed.

    Examples
    --------
    >>> explore_probabilities([4, 3, -1.5], label_names=["3", "7", "8"])
    Sigmoid and softmax of the logits 3: 4.0, 7: 3.0, 8: -1.5, which sliders move.
    """
    z = real_array(logits, "logits", ("n_labels",))
    if not 2 <= len(z) <= 4:
        raise ValueError(f"logits holds {len(z)} numbers, expected two to four, a slider each; choose some labels")
    check_range(z, "logits", -8, 8)
    names = different_names(label_names, len(z))
    alt = import_altair()
    moved = [f"(z{i} + shift)" for i in range(len(z))]
    total = " + ".join(f"exp({x})" for x in moved)
    params = [slider(f"z{i}", z[i], -8, 8, 0.5, f"logit of {name}") for i, name in enumerate(names)]
    params += [
        slider("shift", 0, -8, 8, 0.5, "added to all"),
        variable("sigmoid", f"[{', '.join(f'1 / (1 + exp(-{x}))' for x in moved)}]"),
        variable("softmax", f"[{', '.join(f'exp({x}) / ({total})' for x in moved)}]"),
    ]
    lines = []
    for name in ("sigmoid", "softmax"):
        p = [f"{name}[{i}]" for i in range(len(z))]
        words = [f"({x} > 0.5 ? {json.dumps(label + ', ')} : '')" for x, label in zip(p, names, strict=True)]
        chosen = f"slice({' + '.join(words)}, 0, -2)"
        lines.append(f"'{name}: sum ' + format({' + '.join(p)}, '.2f') + ', above one half: {{' + {chosen} + '}}'")
    data = alt.Data(values=[{"i": i, "label": name} for i, name in enumerate(names)])
    panels = [_probability_bars(data, name, colour) for name, colour in (("sigmoid", BLUE), ("softmax", ORANGE))]
    shown = ", ".join(f"{name}: {value}" for name, value in zip(names, z, strict=True))
    description = f"Sigmoid and softmax of the logits {shown}, which sliders move."
    return make_figure([alt.hconcat(*panels, spacing=15)], params, lines, description)


def _probability_bars(data: Any, name: str, colour: str) -> Any:
    alt = import_altair()
    x = alt.X("label:N", sort=None, title=None, axis=alt.Axis(labelAngle=0))
    title = "probability" if name == "sigmoid" else None  # one is enough for both panels, which stand side by side
    y = alt.Y("p:Q", title=title, scale=alt.Scale(domain=[0, 1.1]), axis=alt.Axis(values=[0, 0.5, 1]))
    opacity = alt.condition("datum.p > 0.5", alt.value(1), alt.value(0.5))
    base = alt.Chart(data, title=name).transform_calculate(p=f"{name}[datum.i]").encode(x=x, y=y)
    half = alt.Chart(alt.Data(values=[{}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y=alt.datum(0.5))
    bars = base.mark_bar(color=colour).encode(opacity=opacity)
    return (bars + base.mark_text(dy=-7).encode(text=alt.Text("p:Q", format=".2f")) + half).properties(
        width=WIDTH / 2 - 10, height=150
    )
