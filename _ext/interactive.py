"""Show the interactive figures of the notebooks in the book: without a network, in both themes, in print.

The stored output of such a figure holds its Vega-Lite specification. On the page it becomes the figure as
it stands at the start, drawn as SVG for print and for readers without scripts, and the specification, compiled
to Vega, from which interactive.js makes the figure that moves. The library is bundled once, and only pages with
such a figure load it.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

import vl_convert
from sphinx.application import Sphinx

MIME_TYPE = re.compile(r"application/vnd\.vegalite\.v\d+\+json")
SCRIPT = "interactive.js"
FIGURE = '<figure class="interactive">'


def show_figures(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace, in the text of a notebook, the outputs that are interactive figures by HTML."""
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            found = [kind for kind in output.get("data", {}) if MIME_TYPE.fullmatch(kind)]
            if found:
                alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
                output["data"] = {"text/html": figure_html(output["data"][found[0]], alt)}
    source[0] = json.dumps(notebook)


def figure_html(spec: dict[str, Any], alt: str) -> str:
    """Return the page's part for a figure: its picture, its sliders-to-be, its text-to-be, its specification."""
    spec = {**spec, "background": None}  # that of the page
    vega = json.dumps(vl_convert.vegalite_to_vega(spec), separators=(",", ":"))
    vega = vega.replace("<", "\\u003c")  # "</script>" would end the script, and "<!--<script>" keep it open
    svg = vl_convert.vegalite_to_svg(spec).replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return (
        f'{FIGURE}<div class="interactive-chart">{svg}</div><form class="interactive-controls"></form>'
        f'<p class="interactive-caption"></p><script type="application/json">{vega}</script></figure>'
    )


def load_script(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Let a page with an interactive figure load the script."""
    if FIGURE in context.get("body", ""):
        path = Path(app.outdir) / "_static" / SCRIPT
        if not path.exists():
            path.write_text(bundle(), encoding="utf-8")
        app.add_js_file(SCRIPT, loading_method="defer")


def bundle() -> str:
    """Return interactive.js and the Vega that it uses, as one classic script: modules don't load from a disk."""
    own = Path(__file__).with_name(SCRIPT).read_text(encoding="utf-8")
    # A path among the modules that vl-convert carries; its own global `vega` is null for Vega 6.
    vega = f'import {{ View, parse }} from "/npm/vega@{vl_convert.get_vega_version()}/+esm";\n'
    return f"(() => {{{vl_convert.javascript_bundle(vega + own)}}})();\n"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", show_figures)
    app.connect("html-page-context", load_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
