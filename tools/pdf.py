"""Print the built book as one PDF, _build/book.pdf, with the Chromium of this machine.

The articles of all pages are put into one page, one after another: links between them become links
within the PDF, folds are open, and a table of contents and page numbers are added by the browser.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
PDF = ROOT / "_build" / "book.pdf"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "no Chromium on this machine: install it (Debian, Ubuntu: apt install chromium) "
    "or name one in the environment variable CHROMIUM"
)
FOOTER = """<div style="font: 8px sans-serif; color: #555; width: 100%; margin: 0 18mm; display: flex;
justify-content: space-between"><span>{title}</span>
<span class="pageNumber"></span></div>"""


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        sys.exit(f"error: {MISSING}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def title() -> str:
    """Return the title of the book, as HTML."""
    return escape(yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"])


def page_names() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *files(toc)]


def files(entry: dict[str, Any]) -> Iterator[str]:
    """Yield the pages at and below an entry of the table of contents, in the order of reading."""
    if "file" in entry:
        yield entry["file"]
    for below in ("parts", "chapters", "sections"):
        for each in entry.get(below, []):
            yield from files(each)


def anchor(name: str, fragment: str = "") -> str:
    """Return the id that an id of a page has in the one page of the PDF."""
    return f"{name.replace('/', '-')}--{fragment}" if fragment else name.replace("/", "-")


def relink(tag: Tag, attribute: str, name: str, names: list[str]) -> None:
    """Make an address relative to a page one within the PDF, or relative to the whole book."""
    address = tag[attribute]
    link = urlsplit(address)
    if link.scheme or link.netloc:
        return
    folder = (HTML / name).parent
    target = Path(os.path.relpath(folder / link.path, HTML)).as_posix() if link.path else f"{name}.html"
    page = target.removesuffix(".html")
    if page in names:
        tag[attribute] = f"#{anchor(page, link.fragment)}"
    elif target.endswith(".html"):
        tag.name, tag.attrs = "span", {}  # the source code of the package is not printed
    else:
        tag[attribute] = target


def unfold(fold: Tag) -> None:
    """Open a fold, and name what is in it: "Solution 1" instead of "Show solution 1" and "Hide solution 1"."""
    fold["open"] = ""
    titles = {kind: fold.select_one(f"summary > .{kind}") for kind in ("collapsed", "expanded")}
    if titles["collapsed"] and titles["expanded"]:
        name = re.sub(r"^Show (the )?", "", titles["collapsed"].get_text())
        titles["expanded"].string = name[:1].upper() + name[1:]


def article(name: str, names: list[str]) -> Tag:
    found = parsed(name).select_one("article")
    for useless in found.select(".headerlink, .viewcode-link, .copybtn"):
        useless.decompose()
    for tag in found.find_all(id=True):
        tag["id"] = anchor(name, tag["id"])
    for tag in found.find_all(attrs={"aria-labelledby": True}):
        tag["aria-labelledby"] = anchor(name, tag["aria-labelledby"])
    for tag in found.find_all(attrs={"clip-path": True}):  # of the figures' drawings
        tag["clip-path"] = tag["clip-path"].replace("url(#", f"url(#{anchor(name)}--")
    for attribute in ("href", "src"):
        for tag in found.find_all(attrs={attribute: True}):
            relink(tag, attribute, name, names)
    for fold in found.find_all("details"):
        unfold(fold)
    found["id"] = anchor(name)
    return found


def parsed(name: str) -> BeautifulSoup:
    return BeautifulSoup((HTML / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def formula_scripts(names: list[str]) -> list[Tag]:
    """Return the scripts that set formulas, from the first chapter that has any."""
    for name in names:
        scripts = [s for s in parsed(name).find_all("script") if "mathjax" in f"{s.get('src', '')}{s.text}".lower()]
        for script in scripts:
            if script.get("src"):
                relink(script, "src", name, names)
        if scripts:
            return scripts
    return []


def one_page() -> str:
    """Return the whole book as one HTML page, to lie beside index.html."""
    names = page_names()
    whole = parsed(names[0])
    for script in whole.find_all("script"):
        script.decompose()
    whole.head.extend(formula_scripts(names))
    whole.body.clear()
    whole.body.attrs = {"class": "printed"}
    whole.body.extend([article(name, names) for name in names])
    whole.html["data-theme"] = whole.html["data-mode"] = "light"
    return str(whole)


def settle(page: Page) -> None:
    """Wait until formulas, fonts and pictures are there."""
    page.evaluate("async () => { await window.MathJax?.startup?.promise; await document.fonts.ready; }")


def main() -> None:
    if not (HTML / "index.html").exists():
        sys.exit("error: there is no built book to print; run `make book` first")
    with browser() as started:
        source = HTML / "book-in-one-page.html"
        source.write_text(one_page(), encoding="utf-8")
        try:
            page = started.new_page(color_scheme="light")
            page.emulate_media(media="print", color_scheme="light")
            page.goto(source.as_uri())
            settle(page)
            page.pdf(
                path=PDF,
                format="A4",
                margin={"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER.format(title=title()),
                outline=True,
                tagged=True,
            )
        finally:
            source.unlink()
    print(f"The book as a PDF ({PDF.stat().st_size / 2**20:.1f} MiB): {PDF}")


if __name__ == "__main__":
    main()
