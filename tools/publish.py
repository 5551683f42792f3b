"""Build the book as it is published, in _build/site: pages, notebooks for Colab, and the wheel that these install.

    python tools/publish.py

Where it will be published is a parameter, see tools/publication.py. The site is made in a scratch folder
and takes the place of the last one only when everything succeeded.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.metadata
import os
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

import book
import nbformat
from book import Notebook

SITE = book.BUILD / "site"
NOTICE = "without BOOK_REPOSITORY and BOOK_URL: in Colab its notebooks can't install mlhelpers"

# Colab preloads google.colab. What it has installed stays as it is: of the dependencies, the cell fetches those that
# Colab lacks and the chapter's code needs, and no dependency of theirs; the wheel of mlhelpers comes by its hash.
LACKING = {
    "iterative-stratification": re.compile(""),  # every chapter
    "skops": re.compile(r"\bmlhelpers\.bundle\b|\bfrom mlhelpers import .*\bbundle\b"),
    **dict.fromkeys(("distributed", "sortedcontainers", "tblib", "zict"), re.compile(r"\bdask\.distributed\b")),
}
TWINS = {"distributed": "dask"}  # each release needs the other's of the same number, and Colab has that one
COLAB = book.ROOT / "tests" / "colab" / "constraints.txt"
INSTALL = """\
# @title Install mlhelpers, the package of this book
import importlib.util
import subprocess
import sys

wheel = "{url}#sha256={sha256}"
causes = {{
    "DO NOT MATCH": "its file is not the one that this chapter was made with",
    "HTTP error": "its file is gone; open the chapter from the book again",
    "different Python": "this Python is too old for it, or too new",
}}
if "google.colab" in sys.modules:
    pip = [sys.executable, "-m", "pip", "install", "--no-deps"]
    pip += ["--force-reinstall", "--retries=2", f"mlhelpers @ {{wheel}}", {pinned}]
    done = subprocess.run(pip, capture_output=True, text=True)
    cause = [causes[sign] for sign in causes if sign in done.stderr]
    if done.returncode:
        print("mlhelpers is not installed:", *cause or ["is there a network?"])
elif not importlib.util.find_spec("mlhelpers"):
    print(f'mlhelpers is missing: %pip install "mlhelpers[chapters] @ {{wheel}}"')
"""
LINK = re.compile(r"\]\(([\w./-]+)\.(?:md|ipynb)(#[^)\s]*)?\)")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of mlhelpers, offline; the same files give the same bytes."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    environ = os.environ | {"SOURCE_DATE_EPOCH": "1580601600"}
    done = subprocess.run(command, cwd=book.ROOT, env=environ, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nerror: the wheel of mlhelpers can't be built, see above")
    (wheel,) = folder.glob("*.whl")
    return wheel


def add_wheel(site: Path) -> tuple[str, str]:
    """Build the wheel into the site; return its path there and its hash.

    The folder is named by the hash, so that the wheels of former editions can stay beside it for notebooks saved then.
    """
    scratch = site / "wheels" / "new"
    wheel = build_wheel(scratch)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    folder = scratch.rename(scratch.with_name(sha256[:12]))
    return (folder / wheel.name).relative_to(site).as_posix(), sha256


def lacking(notebook: Notebook) -> list[str]:
    """Return the packages that a chapter's code needs and Colab lacks."""
    code = "\n".join(cell.source for cell in book.code_cells(notebook))
    return [package for package, sign in LACKING.items() if sign.search(code)]


def version(package: str) -> str:
    """Return the version of a package that Colab gets: the one that is installed here, or that of its twin there."""
    if package not in TWINS:
        return importlib.metadata.version(package)
    found = re.search(rf"(?m)^{TWINS[package]}==(\S+)$", COLAB.read_text(encoding="utf-8"))
    if not found:
        sys.exit(f"error: {COLAB} doesn't say which version of {TWINS[package]} Colab has")
    return found[1]


def installer(url: str, sha256: str, packages: list[str]) -> Notebook:
    """Return the first cell of a published notebook."""
    metadata = {"cellView": "form", "jupyter": {"source_hidden": True}}
    pinned = ", ".join(f'"{package}=={version(package)}"' for package in packages)
    source = INSTALL.format(url=url, sha256=sha256, pinned=pinned).strip()
    return nbformat.v4.new_code_cell(source, id="install-mlhelpers", metadata=metadata)


def fold(cell: Notebook) -> None:
    """Fold a hidden cell in Colab, too, under a title."""
    if cell.source.startswith("%%"):
        return  # a magic of the whole cell must be its first line
    if not cell.source.startswith("# @title"):
        title = cell.metadata.get("mystnb", {}).get("code_prompt_show", "Show the code").removeprefix("Show ")
        cell.source = f"# @title {title[0].upper()}{title[1:]}\n{cell.source}"
    cell.metadata["cellView"] = "form"
    cell.outputs = []  # Colab shows them under a folded cell: they would give solutions away


def absolute_links(prose: str, url: str) -> str:
    """Let links to other pages of the book lead to the site: in Colab a notebook stands alone."""

    def absolute(link: re.Match[str]) -> str:
        page = posixpath.normpath(posixpath.join("chapters", link[1]))
        return f"]({url}/{page}.html{link[2] or ''})"

    return LINK.sub(absolute, prose)


def published(notebook: Notebook, url: str = "", install: Notebook | None = None) -> Notebook:
    """Return a chapter as it is published: it installs its package, hides what the book hides, and stands alone."""
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        if book.is_folded(cell):
            fold(cell)
        elif cell.cell_type == "markdown" and url:
            cell.source = absolute_links(cell.source, url)
    if install:
        result.cells.insert(0, install)
    return result


def add_notebooks(site: Path, notebooks: dict[str, Notebook], url: str = "") -> None:
    """Put the wheel into a site, and notebooks that install it: beside their pages, and behind the download button."""
    path, sha256 = add_wheel(site)
    for name, notebook in notebooks.items():
        install = installer(f"{url}/{path}", sha256, lacking(notebook)) if url else None
        text = nbformat.writes(published(notebook, url, install)) + "\n"
        for folder in (site / "chapters", site / "_sources" / "chapters"):
            book.write(folder / f"{name}.ipynb", text)


def build() -> None:
    publication = book.published_at()
    notebooks = book.build()
    scratch = book.BUILD / "site.part"
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(book.HTML, scratch)
    (scratch / ".nojekyll").touch()
    add_notebooks(scratch, notebooks, publication.url if publication else "")
    book.replace_folder(scratch, SITE)
    print(f"The site is ready in {SITE}, " + (f"to be served at {publication.url}" if publication else NOTICE))


def main() -> None:
    with book.alone():
        build()


if __name__ == "__main__":
    main()
