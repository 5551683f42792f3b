"""What a page tells its reader, with eyes or with a screen reader, that the theme leaves out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from html import escape
from textwrap import shorten
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# What a reader who wants to understand takes, in seconds.
SECONDS = {"word": 60 / 200, "line of code": 4, "formula": 30, "output": 15, "figure": 45, "exercise": 7 * 60}
THEME = {
    "logo": {"image_light": "_static/logo.svg", "image_dark": "_static/logo.svg"},
    # Every colour of these two stands out from its ground by 7:1.
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "use_fullscreen_button": False,
}
DESCRIPTION_LENGTH = 160
ABSOLUTE = re.compile(r'<meta property="og:(?:url|image)[^>]*>\s*|<meta name="twitter:[^>]*>\s*')


def set_theme(app: Sphinx, config: Any) -> None:
    config.html_theme_options = {**config.html_theme_options, **THEME}
    config.html_context = {**config.html_context, "default_mode": "auto"}
    config.ogp_site_name = config.html_title
    config.ogp_site_url = f"{config.html_baseurl.rstrip('/')}/" if config.html_baseurl else ""


def count(node: nodes.Node) -> Counter[str]:
    """Count below a node what a reader has to take in; nothing that is folded away."""
    if isinstance(node, nodes.Text):
        return Counter(word=len(node.astext().split()))
    classes = set(node.get("classes", ())) if isinstance(node, nodes.Element) else set()
    if "tag_hide-cell" in classes or isinstance(node, nodes.comment | nodes.raw):
        return Counter()
    if isinstance(node, nodes.literal_block):
        return Counter({"line of code": len([line for line in node.astext().splitlines() if line.strip()])})
    if isinstance(node, nodes.math_block):
        return Counter(formula=1)
    if "cell_output" in classes:
        return Counter(figure=1) if next(node.findall(nodes.image), None) else Counter(output=1)
    found = sum(map(count, node.children), Counter())
    found["exercise"] += begins_exercise(node)
    return found


def begins_exercise(node: nodes.Node) -> bool:
    """Tell whether a paragraph begins with a number in bold."""
    bold = next(node.findall(nodes.strong), None) if isinstance(node, nodes.paragraph) else None
    return bold is not None and re.fullmatch(r"\d+\.", bold.astext()) is not None


def minutes(counts: Mapping[str, int]) -> int:
    """Return a time to the next five minutes."""
    return max(1, round(sum(SECONDS[kind] * n for kind, n in counts.items()) / 300)) * 5


def reading_time(doctree: nodes.document) -> str:
    """Return how long a chapter takes: its text with code, formulas and figures, and its exercises."""
    counts = count(doctree)
    exercises = {"exercise": counts.pop("exercise", 0)}
    more = f", {minutes(exercises)} more for its {exercises['exercise']} exercises" if exercises["exercise"] else ""
    return f"{minutes(counts)} minutes to read{more}"


def mend(body: str) -> str:
    """Mend the markup that screen readers stumble over."""
    # The label hides what the fold itself says: "Show solution 1".
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # Parameters on lines of their own are a definition list without terms.
    body = re.sub(
        r"<dl>\s*((?:<dd>.*?</dd>\s*)+)</dl>(?=\s*<span class=\"sig-paren\">)",
        lambda found: '<ul class="sig-parameters">' + re.sub(r"(</?)dd>", r"\1li>", found[1]) + "</ul>",
        body,
        flags=re.DOTALL,
    )
    # In the list of modules, those of a package stand between its entries and not in one.
    body = re.sub(r"</li>\s*<ul>(.*?)</ul>", r"\n<ul>\1</ul></li>", body, flags=re.DOTALL)
    # Above its row names pandas writes a header that says nothing.
    body = body.replace("<th></th>", "<td></td>")
    # A role that ARIA has given up; the entries stand in a list.
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Describe a page by its first paragraph; sphinxext-opengraph would cut words, and read figures aloud."""
    paragraph = next(iter(doctree.findall(nodes.paragraph)), None) if doctree else None
    if paragraph is not None:
        text = shorten(paragraph.astext(), DESCRIPTION_LENGTH, placeholder=" …")
        context["metatags"] += f'<meta name="description" content="{escape(text)}">\n'
        context["meta"] = {**(context["meta"] or {}), "og:description": text}


def improve(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" in context:
        context["body"] = mend(context["body"])
    if pagename.startswith("chapters/"):
        line = f'</h1>\n<p class="times">{reading_time(doctree)}</p>'
        context["body"] = context["body"].replace("</h1>", line, 1)
    if not app.config.html_baseurl:  # these want the site's address, and nobody knows it
        context["metatags"] = ABSOLUTE.sub("", context.get("metatags", ""))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", set_theme)
    app.connect("html-page-context", describe, priority=400)  # before sphinxext-opengraph's
    app.connect("html-page-context", improve, priority=900)  # when the theme and the page's metadata are done
    return {"parallel_read_safe": True, "parallel_write_safe": True}
