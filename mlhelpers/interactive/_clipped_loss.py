"""The textbook loss with its clip, beside the loss from logits."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlhelpers.interactive._figure import (
    WIDTH,
    InteractiveFigure,
    import_altair,
    make_figure,
    number_between,
    slider,
    variable,
)
from mlhelpers.plotting import BLUE, GREY, ORANGE


def explore_clipped_loss(*, epsilon: float = 1e-7, logit: float = 18.0) -> InteractiveFigure:
    """Show the loss of an absent label over its logit, and its slope: clipped, and from logits.

    Computed in double precision, of probabilities clipped to [epsilon, 1 - epsilon].

    Parameters
    ----------
    epsilon : float, default=1e-7
        Where the slider of epsilon stands at the start, from 1e-9 to 0.1; it moves over half powers of ten.
    logit : float, default=18.0
        Where the slider of the logit stands at the start, from -5 to 25.

    Returns
    -------
    InteractiveFigure
        Both losses and both slopes at the logit, and from where on the clip acts.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above.
    ImportError
        If Altair is not installed.

    Examples
    --------
    >>> explore_clipped_loss()
    The clipped and the unclipped loss of an absent label over its logit, with epsilon 1e-07 and logit 18, which \
sliders move.
    """
    epsilon = number_between(epsilon, "epsilon", 1e-9, 0.1)
    logit = number_between(logit, "logit", -5, 25)
    params = [
        slider("exponent", round(np.log10(epsilon), 9), -9, -1, 0.5, "epsilon, a power of ten"),
        slider("logit", logit, -5, 25, 0.5, "logit of an absent label"),
        variable("epsilon", "pow(10, exponent)"),
        variable("absent", "1 / (1 + exp(logit))"),  # its probability, 1 - p
        variable("kept", "clamp(absent, epsilon, 1 - epsilon)"),
        variable("slope", "kept == absent ? 1 - absent : 0"),
    ]
    lines = [
        "'1 − p = ' + format(absent, '.1e')"
        " + (kept == absent ? ', not clipped' : ', clipped to ' + format(kept, '.1e'))",
        "'clipped: loss = −log(' + format(kept, '.1e') + ') = ' + format(-log(kept), '.2f')"
        " + ', slope ' + format(slope, '.2f')",
        "'from logits: loss = ' + format(max(logit, 0) + log(1 + exp(-abs(logit))), '.2f')"
        " + ', slope ' + format(1 - absent, '.2f')",
        "'The clip acts beyond the logits ±' + format(log((1 - epsilon) / epsilon), '.1f') + '.'",
    ]
    curves = {
        "loss": ("-log(clamp(q, epsilon, 1 - epsilon))", "max(datum.z, 0) + log(1 + exp(-abs(datum.z)))"),
        "slope": ("q > epsilon && q < 1 - epsilon ? 1 - q : 0", "1 - q"),
    }
    panels = [_loss_curves(name, *both) for name, both in curves.items()]
    description = (
        "The clipped and the unclipped loss of an absent label over its logit, "
        f"with epsilon {epsilon:g} and logit {logit:g}, which sliders move."
    )
    return make_figure(panels, params, lines, description)


def _loss_curves(name: str, clipped: str, from_logits: str) -> Any:
    alt = import_altair()
    absent = "(1 / (1 + exp(datum.z)))"
    heights = {"clipped": clipped.replace("q", absent), "from logits": from_logits.replace("q", absent)}
    axis, one = alt.sequence(-5, 25.05, 0.1, as_="z"), alt.Data(values=[{}])
    legend = alt.Legend() if name == "loss" else None  # of both panels
    colour = alt.Color("form:N", legend=legend, scale=alt.Scale(domain=list(heights), range=[ORANGE, BLUE]))
    dash = alt.StrokeDash("form:N", legend=legend, scale=alt.Scale(domain=list(heights), range=[[1, 0], [5, 3]]))
    x = alt.X("z:Q", title="logit", scale=alt.Scale(domain=[-5, 25], nice=False))
    base = alt.Chart(axis).transform_calculate(**heights).transform_fold(list(heights), as_=["form", "height"])
    lines = base.mark_line(strokeWidth=2.5).encode(x=x, y=alt.Y("height:Q", title=name), color=colour, strokeDash=dash)
    here = alt.Chart(one).transform_calculate(z="logit", **heights)
    points = here.transform_calculate(**heights).transform_fold(list(heights), as_=["form", "height"])
    dots = points.mark_point(filled=True, size=60, opacity=1).encode(x="z:Q", y="height:Q", color=colour)
    rule = here.mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="z:Q")
    return (rule + lines + dots).properties(width=WIDTH, height=150 if name == "loss" else 80)
