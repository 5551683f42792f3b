"""The address of the published pages, and the buttons of a page: to its sources, and to services that run a chapter.

The repository is a parameter of the build (see tools/publication.py); without it there are none of them.
The theme's own launch buttons know one branch, but Colab opens what was published, from the branch of
the site, while Binder and the edit button need the sources.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sphinx.application import Sphinx

SITE_BRANCH = "gh-pages"  # .github/workflows/publish.yml pushes the site there
# By host: what follows the repository's address to edit a file, and to open an issue.
FORGES = {
    "github.com": ("edit", "issues/new?title="),
    "gitlab.com": ("-/edit", "-/issues/new?issue%5Btitle%5D="),
    "codeberg.org": ("_edit", "issues/new?title="),
}
# The theme names downloads by their ending alone.
NAMES = {".ipynb": "Notebook (.ipynb)", ".pdf": "Print, or save as PDF"}


def link(text: str, url: str, icon: str, label: str, tooltip: str) -> dict[str, str]:
    return {"type": "link", "text": text, "url": url, "icon": icon, "label": label, "tooltip": tooltip}


def group(text: str, icon: str, label: str, buttons: list[dict[str, str]]) -> dict[str, Any]:
    return {"type": "group", "tooltip": text, "icon": icon, "label": label, "buttons": buttons}


def launch_buttons(repository: str, branch: str, path: str) -> list[dict[str, str]]:
    """Return the buttons that run a chapter; both services know repositories on GitHub."""
    place = urlsplit(repository)
    if place.netloc != "github.com" or not path.startswith("chapters/"):
        return []
    colab = f"https://colab.research.google.com/github{place.path}/blob/{SITE_BRANCH}/{quote(path)}"
    opened = urlencode({"urlpath": f"lab/tree/{path}"}, safe="/")
    binder = f"https://mybinder.org/v2/gh{place.path}/{quote(branch, safe='')}?{opened}"
    return [
        link("Open in Colab", colab, "fas fa-play", "launch-colab", "Starts at once; needs a Google account"),
        link("Open in Binder", binder, "fas fa-play", "launch-binder", "Needs no account; takes minutes to start"),
    ]


def source_buttons(repository: str, branch: str, path: str | None) -> list[dict[str, str]]:
    """Return the buttons to the repository; `path` is that of the page's source, if it has one."""
    edit, issue = FORGES.get(urlsplit(repository).netloc, (None, None))
    buttons = [link("Repository", repository, "fas fa-code", "source-repository-button", "The sources of the book")]
    if edit and path:
        url = f"{repository}/{edit}/{quote(branch)}/{quote(path)}"
        buttons.append(link("Edit this page", url, "fas fa-pencil-alt", "source-edit-button", "Suggest a change"))
    if issue and path:
        url = f"{repository}/{issue}{quote(path, safe='')}%3A%20"
        buttons.append(link("Open an issue", url, "fas fa-lightbulb", "source-issues-button", "Report a mistake"))
    return buttons


def add_buttons(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    repository, branch = os.environ.get("BOOK_REPOSITORY"), os.environ.get("BOOK_BRANCH") or "main"
    path = app.env.doc2path(pagename, base=False).replace(os.sep, "/") if doctree is not None else None
    shown = context.get("header_buttons", [])
    if not pagename.startswith("chapters/"):  # a notebook is worth downloading; the source of another page isn't
        shown[:] = [button for button in shown if button.get("label") != "download-buttons"]
    if repository:
        icon = "fab fa-github" if urlsplit(repository).netloc == "github.com" else "fas fa-code"
        shown.insert(0, group("Source of the book", icon, "source-buttons", source_buttons(repository, branch, path)))
        if launch := launch_buttons(repository, branch, path or ""):
            shown.insert(0, group("Run this chapter", "fas fa-rocket", "launch-buttons", launch))
    for button in (button for entry in shown for button in entry.get("buttons", [])):
        button["text"] = NAMES.get(button["text"], button["text"])


def set_address(app: Sphinx, config: Any) -> None:
    """Let pages tell search engines and previews where they are published."""
    config.html_baseurl = os.environ.get("BOOK_URL") or config.html_baseurl


def tell_how_to_install(app: Sphinx, config: Any) -> None:
    """Give pages the lines that need the repository's address; without it they show those for a clone."""
    repository = os.environ.get("BOOK_REPOSITORY")
    install = f'`pip install "mlhelpers[chapters] @ git+{repository}"`'
    without = f"; without one, {install} does" if repository else ""
    config.myst_substitutions = {
        **config.myst_substitutions,
        "without_a_clone": without,
        "on_a_laptop": on_a_laptop(repository),
    }


def on_a_laptop(repository: str | None) -> str:
    """Return what a student types to run the chapters."""
    if not repository:
        return "In a clone of the book:\n\n```sh\nmake lab\n```"
    folder = repository.rpartition("/")[2]
    return f"One line to copy:\n\n```sh\ngit clone {repository} && cd {folder} && make lab\n```"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", set_address, priority=400)  # before the extensions that make use of it
    app.connect("config-inited", tell_how_to_install)
    app.connect("html-page-context", add_buttons, priority=502)  # the theme's own are added at 501
    return {"parallel_read_safe": True, "parallel_write_safe": True}
