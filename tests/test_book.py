"""The built book, as far as it can be checked without a browser. `make test` builds it first."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import needed_data
import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from extensions import extension

ROOT = Path(__file__).parent.parent
HTML = ROOT / "_build" / "html"
PAGES = sorted(page for page in HTML.rglob("*.html") if "_static" not in page.parts)
MARKUP = re.compile(r"\{[a-z][a-z:_-]*\}`|:::|```|\]\(\S+\)|(?<!\w)\*\*(?!(?:fit_)?params\b)\w")
# 2**24 is a power, and **params is how Python writes an argument


@cache
def parsed(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page: Path) -> set[str]:
    return {tag["id"] for tag in parsed(page).find_all(id=True)}


def broken_links(page: Path) -> list[str]:
    """Return the addresses on a page that lead to no file of the book, or to no place in it."""
    found = []
    for tag in parsed(page).find_all(["a", "img", "link", "script"]):
        address = tag.get("href") or tag.get("src") or ""
        link = urlsplit(address)
        if link.scheme or link.netloc or address in ("", "#"):
            continue
        target = (page.parent / unquote(link.path)).resolve() if link.path else page
        missing = not target.is_file() or (
            target.suffix == ".html" and link.fragment and unquote(link.fragment) not in anchors(target)
        )
        if missing:
            found.append(address)
    return found


def leftover_markup(page: Path) -> list[str]:
    """Return what looks like markup in the text that a reader sees."""
    article = parsed(page).select_one("article")
    if article is None:
        return []
    strings = (s for s in article.find_all(string=True) if not s.find_parent(["pre", "code", "script"]))
    return [found[0] for string in strings for found in MARKUP.finditer(string)]


def bad_outputs(page: Path) -> list[str]:
    selectors = ".output.stderr, .output.traceback, .cell_output .stderr, .cell_output .traceback, .system-message"
    return [tag.get_text()[:200] for tag in parsed(page).select(selectors)]


def images_without_alt(page: Path) -> list[str]:
    """Return the images whose alt text is missing, empty or only a file's name, as Sphinx fills it in."""
    images = parsed(page).select("article img")  # the logo beside the title says nothing that the title doesn't
    return [i.get("src") for i in images if not i.get("alt") or re.search(r"\.(png|svg|jpe?g)$", i["alt"])]


CHECKS = [broken_links, leftover_markup, bad_outputs, images_without_alt]


def test_the_book_is_built_with_every_page():
    assert PAGES, "there is no built book: run `make book` first"
    toc = re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
    assert [name for name in toc if not (HTML / f"{name}.html").is_file()] == []


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HTML)))
def test_page(page, check):
    assert check(page) == []


@pytest.mark.parametrize(
    ("check", "mistake"),
    [
        (broken_links, '<a href="nowhere.html">x</a>'),
        (broken_links, '<a href="#nowhere">x</a>'),
        (broken_links, '<img src="nowhere.png" alt="x">'),
        (leftover_markup, "<p>see {term}`logit`</p>"),
        (leftover_markup, "<p>:::{note}</p>"),
        (leftover_markup, "<p>2**24 is **not</p>"),
        (bad_outputs, '<div class="output stderr">a warning</div>'),
        (bad_outputs, '<div class="cell_output"><div class="output traceback">Error</div></div>'),
        (images_without_alt, '<img src="x.png">'),
        (images_without_alt, '<img src="x.png" alt="../_images/x.png">'),
    ],
)
def test_the_checks_find_mistakes(tmp_path, check, mistake):
    page = tmp_path / "page.html"
    page.write_text(f"<html><body><article>{mistake}</article></body></html>")
    assert len(check(page)) == 1


def code_blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def run_script(script: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# A recipe's name, the most lines that it may have, the micro-F1 that it must reach.
RECIPES = {"keras": (10, 0.7), "scikit-learn": (10, 0.7), "texts": (13, 0.4)}


@pytest.mark.parametrize(("recipe", "name"), [*zip(code_blocks("intro.md"), RECIPES, strict=True)], ids=RECIPES)
def test_recipes_of_the_title_page_run_and_learn(recipe, name, tmp_path):
    most_lines, least_f1 = RECIPES[name]
    if "fetch_goemotions" in recipe and (reason := needed_data.missing("fetch_goemotions")):
        pytest.skip(reason)
    assert len([line for line in recipe.splitlines() if line.strip()]) <= most_lines
    last = "print(LabelCounts.from_predictions(data.Y_test, Y_pred))"
    assert last in recipe
    script = recipe + "\nprint('micro-F1', LabelCounts.from_predictions(data.Y_test, Y_pred).f1('micro'))\n"
    assert float(re.search(r"micro-F1 ([\d.]+)", run_script(script, tmp_path))[1]) > least_f1


def test_the_example_of_the_readme_runs(tmp_path):
    (example,) = code_blocks("README.md")
    printed = run_script(example, tmp_path)
    assert "label cardinality" in printed
    assert printed.endswith("0.0\n")


def test_every_local_extension_is_loaded():
    sphinx = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]
    assert set(sphinx["local_extensions"]) <= set(sphinx["config"]["extensions"])


def test_pages_say_what_they_are_about_and_chapters_how_long_they_take():
    for page in (HTML / name for name in ("intro.html", "api.html", "chapters/00_label_matrix.html")):
        description = parsed(page).select_one("meta[name=description]")["content"]
        assert 60 <= len(description) <= 160
        assert parsed(page).select_one("meta[property='og:description']")["content"] == description
    for page in sorted((HTML / "chapters").glob("*.html")):
        told = parsed(page).select_one("h1 + p.times").text
        assert re.fullmatch(r"\d+ minutes to read, \d+ more for its \d exercises", told)


def test_the_title_page_adds_the_times_up():
    text = " ".join((ROOT / "intro.md").read_text(encoding="utf-8").split())
    chapters = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
    told = [parsed(HTML / "chapters" / f"{path.stem}.html").select_one("h1 + p.times").text for path in chapters]
    reading, exercises = (sum(int(re.findall(r"\d+", line)[k]) for line in told) / 60 for k in (0, 1))
    running = sum(json.loads(path.read_text(encoding="utf-8"))["metadata"]["run"]["seconds"] for path in chapters) / 60
    told_reading, told_exercises, told_running = map(
        int, re.search(r"takes about (\d+) hours.* take about (\d+) more.* run in about (\d+) minutes", text).groups()
    )
    assert abs(told_reading - reading) <= 0.5
    assert abs(told_exercises - exercises) <= 0.5
    assert abs(told_running - running) <= 1


def check_of(name, **attributes):
    prompt = "Show the check of these claims"
    return nodes.container("", nodes.Text(name), nb_element="cell_code", prompt_show=prompt, **attributes)


def said(text):
    return nodes.paragraph("", text)


def listed(*texts):
    return nodes.bullet_list("", *(nodes.list_item("", said(text)) for text in texts))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ([said("a"), check_of("1"), said("b")], [["a", "1"], "b"]),  # what it follows
        ([nodes.container(), check_of("1"), said("b"), said("c")], ["", ["b", "1"], "c"]),  # what explains the output
        ([nodes.container(), check_of("1"), nodes.container()], ["", "1", ""]),
        ([said("a"), check_of("1"), check_of("2"), said("b")], [["a", "1", "2"], "b"]),
        ([listed("a", "b"), check_of("1"), said("c")], [["a", ["b", "1"]], "c"]),
        ([check_of("1"), listed("a", "b")], [["a", ["b", "1"]]]),
        ([check_of("1")], ["1"]),
        ([check_of("1"), said("a"), nodes.math_block("", "b"), said("c"), said("d")], ["a", "b", ["c", "1"], "d"]),
        ([nodes.container(hide_mode="all"), check_of("1"), said("b")], ["", "1", "b"]),  # the next exercise
        ([nodes.raw("", "</details>", format="html"), check_of("1"), said("b")], ["</details>", "1", "b"]),
        ([said("a"), check_of("1"), said("b"), nodes.math_block("", "c")], [["a", "1"], "b", "c"]),
    ],
)
def test_a_check_stands_at_the_end_of_its_text(page, expected):
    doctree = new_document("")
    doctree += page

    def told(node):
        several = len(node.children) > 1 or isinstance(node.children[0], nodes.list_item) if node.children else False
        return [told(child) for child in node.children] if several else node.astext()

    extension("checks").make_ticks(None, doctree, "")
    assert [told(node) for node in doctree.children] == expected
    assert all("check" in node["classes"] for node in doctree.findall(extension("checks").is_check))


@pytest.mark.parametrize(
    "chapter", [page for page in PAGES if page.parent.name == "chapters"], ids=lambda page: page.stem
)
def test_checks_are_ticks_in_the_text(chapter):
    folds = [fold for fold in parsed(chapter).select("details.hide") if "Show the check" in fold.summary.get_text()]
    assert folds and all(fold.find_parent("div", class_="check") is not None for fold in folds)
    in_the_text = [fold for fold in folds if fold.find_parent(class_="checked") is not None]
    assert len(in_the_text) > 0.7 * len(folds)


@pytest.mark.parametrize("path", sorted((ROOT / "quick_checks").glob("*.yml")), ids=lambda path: path.stem)
def test_quick_checks_stand_at_the_end_of_their_sections(path):
    (chapter,) = (HTML / "chapters").glob(f"{path.stem}_*.html")
    forms = parsed(chapter).select("form.quick-check")
    places = sorted(form.find_parent("section")["id"] for form in forms)
    assert places == sorted(question.after for question in extension("quick_checks").read(path))
    assert [form for form in forms if form.find_next_sibling(lambda tag: tag.name != "form")] == []


def test_reading_times_count_words_code_formulas_figures_and_exercises():
    def made(node, *children, **attributes):
        return node("", *children, **attributes)

    code = made(nodes.literal_block, nodes.Text("a = 1\n\nb = 2\n"))
    exercise = made(nodes.paragraph, nodes.Text(""), made(nodes.strong, nodes.Text("1.")), nodes.Text(" Prove it."))
    folded = made(nodes.container, nodes.paragraph("", "One two."), classes=["cell", "tag_hide-cell"])
    outputs = [
        made(nodes.container, made(nodes.literal_block, nodes.Text("3\n")), classes=["cell_output"]),
        made(nodes.container, made(nodes.image), classes=["cell_output"]),
    ]
    said = made(
        nodes.paragraph, nodes.Text("Five words "), made(nodes.strong, nodes.Text("of")), nodes.Text(" prose here.")
    )
    page = made(nodes.section, said, code, nodes.math_block("", "a"), *outputs, exercise, folded)
    expected = {"word": 5 + 3, "line of code": 2, "formula": 1, "output": 1, "figure": 1, "exercise": 1}
    assert extension("reader").count(page) == expected
    assert extension("reader").reading_time(page) == "5 minutes to read, 5 more for its 1 exercises"


def test_only_absolute_addresses_are_claimed():
    """Without the site's address there are none: see sphinxext-opengraph in _ext/reader.py."""
    tags = parsed(HTML / "intro.html").select("link[rel=canonical], meta[property='og:url'], meta[property='og:image']")
    assert [tag for tag in tags if not (tag.get("href") or tag["content"]).startswith("https://")] == []
    assert len(tags) in (0, 3)
