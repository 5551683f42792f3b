"""Everything that a page needs lies beside it: the book can be zipped, and read without a network.

Formulas are set by the parts of MathJax that the book uses, from the package sphinx-mathjax-offline,
which would itself copy all of its 24 MB. What no page loads of the theme is left out.
"""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

MATHJAX = Path(find_spec("sphinx-mathjax-offline").submodule_search_locations[0]) / "static" / "mathjax"
# TeX with the AMS's environments, set as HTML, with MathML beside it for screen readers.
COMPONENTS = ("core", "input/tex-base", "input/tex/extensions/ams", "output/chtml", "a11y/assistive-mml")
PARTS = ("startup", *COMPONENTS, "output/chtml/fonts/tex")
UNUSED = ("**/*.map", "locales", "vendor", "scripts/fontawesome.js*", "sbt-webpack-macros.html", "webpack-macros.html")
# Font Awesome's fonts and the names of its nineteen hundred icons; icons.css draws the dozen in use.
FONT_AWESOME = re.compile(
    r"(?:\.fa-[\w-]+:before,?)+\{content:\"[^\"]*\"\}|@font-face\{[^}]*Font ?Awesome[^}]*\}", re.IGNORECASE
)


def load_parts(app: Sphinx, config: Any) -> None:
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {
        "loader": {"load": [*COMPONENTS[:2], "[tex]/ams", *COMPONENTS[3:]]},
        "tex": {"packages": ["base", "ams"]},
        "options": {"enableAssistiveMml": True},
    }


def spare_mathjax(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave MathJax out of the pages without a formula; Sphinx puts it on every page that MyST has read."""
    if 'class="math' not in context.get("body", ""):
        scripts = context.get("script_files", [])
        context["script_files"] = [s for s in scripts if "mathjax" not in f"{s.filename}{s.attributes}".lower()]


def copy_mathjax(static: Path) -> None:
    for part in PARTS:
        target = static / "mathjax" / f"{part}.js"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MATHJAX / f"{part}.js", target)
    fonts = "output/chtml/fonts/woff-v2"
    shutil.copytree(MATHJAX / fonts, static / "mathjax" / fonts, dirs_exist_ok=True)


def remove_unused(static: Path) -> None:
    for path in {found for pattern in UNUSED for found in static.glob(pattern)}:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    style = static / "styles" / "pydata-sphinx-theme.css"
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", FONT_AWESOME.sub("", style.read_text(encoding="utf-8")))
    style.write_text(text, encoding="utf-8", newline="\n")


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        copy_mathjax(static)
        remove_unused(static)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", load_parts, priority=400)  # MyST adds to the settings of MathJax afterwards
    app.connect("html-page-context", spare_mathjax, priority=900)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
