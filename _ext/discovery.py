"""What search engines read, where the build knows the address of the pages: a map of the site, and what a page is.

The data in a page are schema.org's, as JSON-LD. Without the address there is neither: they would name places that
nobody knows.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from reader import count, minutes
from sphinx.application import Sphinx

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
GOALS = "You will"
SITEMAP = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{}</urlset>\n'


def address(app: Sphinx, page: str) -> str:
    return f"{app.config.html_baseurl.rstrip('/')}/{page}.html"


def chapter_names(app: Sphinx) -> list[str]:
    return sorted(page for page in app.env.found_docs if page.startswith("chapters/"))


def goals(doctree: nodes.document) -> list[str]:
    """Return what a chapter says that its reader will do."""
    for paragraph in doctree.findall(nodes.paragraph):
        after = paragraph.next_node(siblings=True, descend=False)
        if paragraph.astext().startswith(GOALS) and isinstance(after, nodes.bullet_list | nodes.enumerated_list):
            return [" ".join(item.astext().split()).rstrip(".;,") for item in after.children]
    return []


def common(app: Sphinx, page: str, description: str) -> dict[str, Any]:
    """Return what is to be said of any page."""
    return {
        "@id": address(app, page),
        "url": address(app, page),
        "name": app.env.titles[page].astext(),
        "description": description,
        "inLanguage": "en",
        "license": LICENSE,
        "isAccessibleForFree": True,
        "author": {"@type": "Organization", "name": app.config.author},
    }


def data_of(app: Sphinx, page: str, doctree: nodes.document, description: str) -> dict[str, Any] | None:
    """Return the data of a page that teaches, as JSON-LD."""
    said = {"@context": "https://schema.org"} | common(app, page, description)
    root = app.config.root_doc
    if page == root:
        parts = [{"@type": "LearningResource", "@id": address(app, name)} for name in chapter_names(app)]
        return said | {"@type": ["Book", "LearningResource"], "hasPart": parts}
    part_of = {"isPartOf": {"@id": address(app, root)}}
    if page == "teaching_plans":
        return said | part_of | {"@type": "Course", "name": f"{app.config.html_title}: {said['name']}"}
    if not page.startswith("chapters/"):
        return None
    counts = count(doctree)
    counts.pop("exercise", 0)
    return (
        said
        | part_of
        | {
            "@type": "LearningResource",
            "learningResourceType": "chapter",
            "position": chapter_names(app).index(page) + 1,
            "timeRequired": f"PT{minutes(counts)}M",
            "teaches": goals(doctree),
        }
    )


def add_data(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if not app.config.html_baseurl or doctree is None:
        return
    description = (context.get("meta") or {}).get("og:description", "")
    if data := data_of(app, pagename, doctree, description):
        text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")  # nothing in it may end the script
        context["metatags"] += f'<script type="application/ld+json">{text}</script>\n'


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html" and app.config.html_baseurl:
        pages = sorted(app.env.found_docs, key=lambda page: (page != app.config.root_doc, page))
        lines = "".join(f"<url><loc>{escape(address(app, page))}</loc></url>\n" for page in pages)
        Path(app.outdir, "sitemap.xml").write_text(SITEMAP.format(lines), encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_data, priority=450)  # when reader.py has described the page
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
