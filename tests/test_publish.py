"""The published book: its parameters, the wheel, the notebooks that install it, the buttons, and the workflow."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import colab
import nbformat
import pip
import publication
import publish
import pytest
import yaml
from bs4 import BeautifulSoup
from extensions import extension

ROOT = Path(__file__).parent.parent
UV = [sys.executable, "-m", "uv", "--offline", "--quiet"]
URL = "https://owner.github.io/name"
CHAPTERS = publish.book.chapters()
GOOD = {"BOOK_REPOSITORY": "https://github.com/owner/name", "BOOK_URL": URL}
ACTIONS = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Owner/name"}

# The parameters


def test_nothing_is_published_without_parameters():
    assert publication.from_environment({}) is None
    assert publication.from_environment({"BOOK_REPOSITORY": "", "BOOK_URL": "", "BOOK_BRANCH": "main"}) is None


def test_parameters_reach_another_process_unchanged():
    given = publication.from_environment(GOOD | {"BOOK_BRANCH": "release/2026"})
    assert given == publication.Publication(GOOD["BOOK_REPOSITORY"], URL, "release/2026")
    assert publication.from_environment(given.environ()) == given
    assert publication.from_environment(GOOD).branch == "main"


@pytest.mark.parametrize(
    ("environ", "repository", "url"),
    [
        (ACTIONS, "https://github.com/Owner/name", "https://owner.github.io/name"),
        (ACTIONS | {"GITHUB_REPOSITORY": "Owner/owner.github.io"}, None, "https://owner.github.io"),
        (ACTIONS | {"BOOK_URL": "https://book.example.org", "BOOK_REPOSITORY": ""}, None, "https://book.example.org"),
    ],
)
def test_github_actions_give_what_is_unset(environ, repository, url):
    given = publication.from_environment(environ)
    assert given.url == url
    assert given.repository == (repository or f"https://github.com/{environ['GITHUB_REPOSITORY']}")


def test_the_pages_of_another_server_are_not_guessed():
    assert publication.from_environment(ACTIONS | {"GITHUB_SERVER_URL": "https://git.example.org"}) is None


@pytest.mark.parametrize(
    ("name", "value", "mistake"),
    [
        ("BOOK_URL", "", "BOOK_URL is missing beside BOOK_REPOSITORY"),
        ("BOOK_REPOSITORY", "", "BOOK_REPOSITORY is missing beside BOOK_URL"),
        ("BOOK_URL", "https://owner.github.io/name/", "slash at its end"),
        ("BOOK_URL", "https://owner.github.io/my name", "a space"),
        ("BOOK_URL", " https://owner.github.io", "a space"),
        ("BOOK_URL", "owner.github.io/name", "does not begin with https://"),
        ("BOOK_URL", "ftp://owner.github.io/name", "does not begin with https://"),
        ("BOOK_URL", "http://owner.github.io/name", "http:// is for localhost"),
        ("BOOK_URL", "https://owner.github.io/name?x=1", "more than a host and a plain path"),
        ("BOOK_URL", 'https://owner.github.io/"+evil', "more than a host and a plain path"),
        ("BOOK_URL", "https://owner.github.io/../x", "more than a host and a plain path"),
        ("BOOK_REPOSITORY", "https://user:secret@github.com/owner/name", "more than a host and a plain path"),
        ("BOOK_REPOSITORY", "git@github.com:owner/name", "does not begin with https://"),
        ("BOOK_REPOSITORY", "https://github.com/owner", "not the page of a repository"),
        ("BOOK_REPOSITORY", "https://github.com/owner/name/tree/main", "not the page of a repository"),
        ("BOOK_REPOSITORY", "https://github.com/owner/name.git", "not the page of a repository"),
        ("BOOK_BRANCH", "a b", "not the name of a branch"),
        ("BOOK_BRANCH", "a..b", "not the name of a branch"),
        ("BOOK_BRANCH", "/main", "not the name of a branch"),
    ],
)
def test_a_bad_parameter_is_named_with_what_was_expected(name, value, mistake, monkeypatch):
    with pytest.raises(ValueError, match=f"^{name} is ") as failure:
        publication.from_environment(GOOD | {name: value})
    message = str(failure.value)
    assert mistake in message
    assert repr(value) in message or not value
    assert "such as" in message or "as in" in message
    for variable, given in (ACTIONS | GOOD | {name: value}).items():
        monkeypatch.setenv(variable, given)
    if value:  # what is missing, the workflow's repository gives
        with pytest.raises(SystemExit, match=f"error: {name} is "):
            publish.main()


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:8000/book"])
def test_this_machine_needs_no_https(url):
    assert publication.from_environment(GOOD | {"BOOK_URL": url}).url == url


# The wheel and the notebooks, made once for all tests from the stored outputs


def notebooks():
    return {path.stem: nbformat.read(path, as_version=4) for path in CHAPTERS}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of a site with wheel and notebooks."""
    folder = tmp_path_factory.mktemp("site")
    publish.add_notebooks(folder, notebooks(), URL)
    return folder


@pytest.fixture(scope="module")
def wheel(site):
    (found,) = site.glob("wheels/*/*.whl")
    return found


def virtual_environment(folder):
    """Make an empty environment without a network; return its Python."""
    subprocess.run([*UV, "venv", "--python", sys.executable, str(folder)], check=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def installing(notebook):
    """Return the address and the hash in the first cell of a published notebook."""
    return re.search(r'wheel = "(\S+)#sha256=([0-9a-f]{64})"', notebook.cells[0].source).groups()


def test_the_wheel_holds_the_whole_package(wheel):
    on_disk = {path for path in (ROOT / "mlhelpers").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {path.relative_to(ROOT).as_posix() for path in on_disk}
    assert "mlhelpers/py.typed" in packed


def test_the_same_files_give_the_same_wheel(wheel, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert publish.build_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_installs_offline_into_an_empty_environment(wheel, tmp_path):
    python = virtual_environment(tmp_path / "venv")
    subprocess.run([*UV, "pip", "install", "--python", str(python), "--no-deps", str(wheel)], check=True)
    script = "import mlhelpers; print(mlhelpers.__version__, 'venv' in mlhelpers.__file__)"
    done = subprocess.run([python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{importlib.metadata.version('mlhelpers')} True\n"


def test_a_wheel_that_cannot_be_built_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(publish.book, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="error: the wheel of mlhelpers can't be built"):
        publish.build_wheel(tmp_path)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_published_chapter_is_its_source_after_one_cell(path, site, wheel):
    source = nbformat.read(path, as_version=4)
    published = nbformat.read(site / "chapters" / path.name, as_version=4)
    nbformat.validate(published)
    first, *others = published.cells
    assert installing(published) == (
        f"{URL}/{wheel.relative_to(site).as_posix()}",
        hashlib.sha256(wheel.read_bytes()).hexdigest(),
    )
    assert first.metadata.cellView == "form" and first.outputs == [] and first.id == "install-mlhelpers"
    assert len(first.source.splitlines()) <= 25
    assert len(others) == len(source.cells)
    for theirs, ours in zip(others, source.cells, strict=True):
        if ours.cell_type == "code":
            folded = "hide-cell" in ours.metadata.get("tags", [])
            title, _, code = theirs.source.partition("\n")
            assert ours.source == (code if folded else theirs.source)
            assert title.startswith("# @title ") == folded == (theirs.metadata.get("cellView") == "form")
            assert theirs.outputs == ([] if folded else ours.outputs)
        else:
            assert re.sub(r"\]\([^)]*\)", "", theirs.source) == re.sub(r"\]\([^)]*\)", "", ours.source)
            assert re.findall(r"\]\((?!https?:|#|attachment:)[^)]*\)", theirs.source) == []
    assert (site / "_sources" / "chapters" / path.name).read_bytes() == (site / "chapters" / path.name).read_bytes()


def test_sources_are_free_of_what_publishing_adds():
    for path in CHAPTERS:
        assert re.findall(r"google.colab|pip install|install-mlhelpers", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("link", "published"),
    [
        ("[a](../glossary.md#term-logit)", f"[a]({URL}/glossary.html#term-logit)"),
        ("[a](../api.md)", f"[a]({URL}/api.html)"),
        ("[a](01_next.ipynb#part)", f"[a]({URL}/chapters/01_next.html#part)"),
        ("[a](https://doi.org/10.1/x.md)", "[a](https://doi.org/10.1/x.md)"),
        ("[a](#here) and $y[1](2)$", "[a](#here) and $y[1](2)$"),
    ],
)
def test_links_to_other_pages_lead_to_the_site(link, published):
    assert publish.absolute_links(link, URL) == published


def hidden(source, **mystnb):
    return nbformat.v4.new_code_cell(source, metadata={"tags": ["hide-cell"], "mystnb": mystnb})


@pytest.mark.parametrize(
    ("cell", "source"),
    [
        (hidden("1 + 1", code_prompt_show="Show solution 1"), "# @title Solution 1\n1 + 1"),
        (hidden("1 + 1", code_prompt_show="Show the check"), "# @title The check\n1 + 1"),
        (hidden("1 + 1"), "# @title The code\n1 + 1"),
        (hidden("# @title Solution 1\n1 + 1"), "# @title Solution 1\n1 + 1"),
        (hidden("%%time\n1 + 1"), "%%time\n1 + 1"),
    ],
)
def test_hidden_cells_fold_in_colab(cell, source):
    publish.fold(cell)
    assert cell.source == source
    assert (cell.metadata.get("cellView") == "form") == source.startswith("# @title")


# The first cell, run


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Return the Python of an environment with pip and nothing else, made faster than by venv."""
    python = virtual_environment(tmp_path_factory.mktemp("colab") / "venv")
    shutil.copytree(Path(pip.__file__).parent, colab.purelib(python) / "pip")
    return python


@pytest.fixture
def served(site, tmp_path):
    """Serve a site of its own; return its folder and its address."""
    folder, chapter = tmp_path / "site", CHAPTERS[0]
    with colab.served(folder) as url:
        plain, shipping = (nbformat.read(chapter, as_version=4) for _ in range(2))
        shipping.cells.append(nbformat.v4.new_code_cell("from mlhelpers.bundle import Bundle"))
        publish.add_notebooks(folder, {chapter.stem: plain, "shipping": shipping}, url)
        yield folder, url


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Return a folder that pip takes the packages from that Colab lacks: without a network, wheels that are empty."""
    folder = tmp_path_factory.mktemp("index")
    for package in publish.LACKING:
        name, version = package.replace("-", "_"), publish.version(package)
        info = f"{name}-{version}.dist-info"
        needs = "Requires-Dist: prettytable\n"  # which pip must not look for
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
            about = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n{needs}"
            archive.writestr(f"{info}/METADATA", about)
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture(autouse=True)
def one_index(index, monkeypatch):
    """Let pip know that folder, and no network."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))


def first_cell(folder, name=CHAPTERS[0].stem):
    return nbformat.read(folder / "chapters" / f"{name}.ipynb", as_version=4).cells[0].source


def run_cell(python, source, folder, in_colab=True):
    """Run the first cell, then look for mlhelpers; return what was printed, and whether it is there."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"NO_PROXY": "127.0.0.1"}
    environ |= {"PYTHONPATH": str(colab.add_stub(folder))} if in_colab else {}
    look = "\nimport importlib.util\nprint('found:', importlib.util.find_spec('mlhelpers') is not None)"
    done = subprocess.run(
        [python, "-c", source + look], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    printed, _, found = done.stdout.rpartition("found: ")
    return printed, found == "True\n"


def uninstall(python):
    command = [python, "-m", "pip", "uninstall", "--quiet", "--yes", "mlhelpers", *publish.LACKING]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "lacking"),
    [(CHAPTERS[0].stem, ["iterative-stratification"]), ("shipping", ["iterative-stratification", "skops"])],
)
def test_in_colab_it_installs_that_wheel_and_the_packages_that_colab_lacks(served, empty, tmp_path, name, lacking):
    def freeze():
        command = [empty, "-m", "pip", "freeze"]
        return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())

    uninstall(empty)
    before = freeze()
    for _ in range(2):  # twice does no harm
        assert run_cell(empty, first_cell(served[0], name), tmp_path) == ("", True)
    added = sorted(freeze() - before)
    assert added.pop(1).startswith(f"mlhelpers @ {served[1]}/wheels/")
    assert added == [f"{package}=={publish.version(package)}" for package in lacking]


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("from mlhelpers.bundle import Bundle", True),
        ("import mlhelpers.bundle as shipped", True),
        ("from mlhelpers import bundle, labels", True),
        ("from mlhelpers import labels\nbundle = 1", False),
        ("from mlhelpers.labels import check_labels", False),
    ],
)
def test_only_a_chapter_that_ships_a_bundle_gets_skops(source, needs):
    cells = [nbformat.v4.new_markdown_cell("See `mlhelpers.bundle`."), nbformat.v4.new_code_cell(source)]
    found = publish.lacking(nbformat.v4.new_notebook(cells=cells))
    assert found == ["iterative-stratification", *["skops"] * needs]


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("from dask.distributed import Client", True),
        ("import dask.distributed", True),
        ("import dask", False),
        ("from dask import delayed", False),
    ],
)
def test_only_a_chapter_with_a_cluster_gets_distributed_at_the_version_of_dask_there(source, needs):
    found = publish.lacking(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]))
    assert found == ["iterative-stratification", *["distributed", "sortedcontainers", "tblib", "zict"] * needs]
    there = re.search(r"(?m)^dask==(.+)$", colab.LOCK.read_text(encoding="utf-8").replace(" \\", ""))[1]
    assert publish.version("distributed") == there
    assert publish.version("zict") == importlib.metadata.version("zict")


def test_without_the_version_of_dask_there_the_build_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "COLAB", tmp_path / "constraints.txt")
    publish.COLAB.write_text("daskette==1.0\n")
    with pytest.raises(SystemExit, match="doesn't say which version of dask Colab has"):
        publish.version("distributed")


def tamper(folder):
    """Change one byte of code in the wheel, and leave it a good wheel."""
    (wheel,) = folder.glob("wheels/*/*.whl")
    rewrite(wheel, "mlhelpers/tables.py", lambda content: content + b"#")


def rewrite(wheel, name, change):
    with zipfile.ZipFile(wheel) as archive:
        contents = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for info, content in contents.items():
            archive.writestr(info, change(content) if info.filename == name else content)


def make_demanding(folder):
    """Let the wheel need a Python that there is not, and the notebooks expect this wheel."""
    (wheel,) = folder.glob("wheels/*/*.whl")
    (metadata,) = (n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("METADATA"))
    before = hashlib.sha256(wheel.read_bytes()).hexdigest()
    rewrite(wheel, metadata, lambda content: content.replace(b"Requires-Python: >=3.11", b"Requires-Python: >=9"))
    after = hashlib.sha256(wheel.read_bytes()).hexdigest()
    notebook = folder / "chapters" / CHAPTERS[0].name
    notebook.write_text(notebook.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("mischief", "cause"),
    [
        (tamper, "its file is not the one that this chapter was made with"),
        (lambda folder: shutil.rmtree(folder / "wheels"), "its file is gone; open the chapter from the book again"),
        (make_demanding, "this Python is too old for it, or too new"),
    ],
    ids=["tampered", "gone", "old Python"],
)
def test_in_colab_it_refuses_another_wheel_and_says_why_in_one_line(served, empty, tmp_path, mischief, cause):
    uninstall(empty)
    mischief(served[0])
    assert run_cell(empty, first_cell(served[0]), tmp_path) == (f"mlhelpers is not installed: {cause}\n", False)


def test_in_colab_without_network_it_says_so(served, empty, tmp_path):
    uninstall(empty)
    source = first_cell(served[0]).replace(served[1], "http://127.0.0.1:9")
    assert run_cell(empty, source, tmp_path) == ("mlhelpers is not installed: is there a network?\n", False)


def test_in_colab_without_the_package_that_it_lacks_nothing_is_installed(served, empty, tmp_path, monkeypatch):
    uninstall(empty)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    said = "mlhelpers is not installed: is there a network?\n"
    assert run_cell(empty, first_cell(served[0]), tmp_path) == (said, False)


def test_what_colab_lacks_is_all_that_the_package_needs_there():
    """A dependency that Colab's image gets or loses, or that mlhelpers or skops gets, changes the first cell."""
    lock = {line.partition("==")[0] for line in colab.LOCK.read_text(encoding="utf-8").splitlines() if "==" in line}

    def missing(package, extra=None):
        needs = [need.partition(";") for need in importlib.metadata.requires(package)]
        chosen = [name for name, _, rule in needs if ("extra" in rule) == bool(extra) and (extra or "") in rule]
        return {re.match(r"[\w-]+", name)[0] for name in chosen} - lock

    of_cluster = {"distributed"} | missing("distributed")
    assert missing("mlhelpers") | missing("mlhelpers", "'bundle'") | of_cluster == publish.LACKING.keys()
    assert missing("skops") | missing("iterative-stratification") == set()
    assert of_cluster.isdisjoint(lock)


def test_elsewhere_it_does_nothing_or_says_how_to_get_the_package(site, empty, tmp_path):
    uninstall(empty)
    assert run_cell(sys.executable, first_cell(site), tmp_path, in_colab=False) == ("", True)
    printed, found = run_cell(empty, first_cell(site), tmp_path, in_colab=False)
    assert not found
    address, sha256 = installing(nbformat.read(site / "chapters" / CHAPTERS[0].name, as_version=4))
    assert printed == f'mlhelpers is missing: %pip install "mlhelpers[chapters] @ {address}#sha256={sha256}"\n'


# The site


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Let publish.main() work on a built book in a scratch folder."""
    html = tmp_path / "html"
    html.mkdir()
    (html / "index.html").write_text("the new book")
    for name, value in {"HTML": html, "BUILD": tmp_path, "build": notebooks}.items():
        monkeypatch.setattr(publish.book, name, value)
    monkeypatch.setattr(publish, "SITE", tmp_path / "site")
    for name in (*GOOD, *ACTIONS, "BOOK_BRANCH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_site_holds_pages_notebooks_and_wheel(project, monkeypatch, capsys):
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        publish.main()
        site = project / "site"
        assert (site / "index.html").read_text() == "the new book"
        assert (site / ".nojekyll").exists()
        assert len(list(site.glob("wheels/*/mlhelpers-*.whl"))) == 1
        assert sorted(path.name for path in site.glob("chapters/*")) == [path.name for path in CHAPTERS]
        assert f"to be served at {URL}" in capsys.readouterr().out
    assert sorted(path.name for path in project.iterdir()) == ["html", "lock", "site"]


def test_a_site_without_address_has_no_cell_that_installs(project, capsys):
    publish.main()
    assert "without BOOK_REPOSITORY and BOOK_URL" in capsys.readouterr().out
    for path in CHAPTERS:
        published = nbformat.read(project / "site" / "chapters" / path.name, as_version=4)
        assert len(published.cells) == len(nbformat.read(path, as_version=4).cells)


@pytest.mark.parametrize("failing", ["build", "write"])
def test_a_failing_publication_leaves_the_last_site(project, monkeypatch, failing):
    (project / "site").mkdir()
    (project / "site" / "index.html").write_text("the last site")

    def fail(*arguments):
        raise SystemExit("error: nothing works")

    monkeypatch.setattr(publish.book, failing, fail)
    with pytest.raises(SystemExit):
        publish.main()
    assert [path.name for path in (project / "site").iterdir()] == ["index.html"]
    assert (project / "site" / "index.html").read_text() == "the last site"


# The buttons


def build_pages(folder, environ):
    """Build two pages with the theme of the book; return the links of their buttons by name."""
    (folder / "chapters").mkdir(parents=True)
    (folder / "_ext").mkdir()
    shutil.copy(ROOT / "_ext" / "launch.py", folder / "_ext")
    config = {"title": "A book", "execute": {"execute_notebooks": "off"}, "only_build_toc_files": True}
    config["parse"] = {"myst_enable_extensions": ["substitution"]}
    (folder / "_config.yml").write_text(yaml.dump(config | {"sphinx": {"local_extensions": {"launch": "_ext"}}}))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: intro\nchapters:\n- file: chapters/00_one\n")
    (folder / "intro.md").write_text("# Title\n\nPip{{ without_a_clone }}.\n")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "chapters" / "00_one.ipynb")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")} | environ
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", ".", "-W", "-q"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return {page: buttons(folder / "_build" / "html" / f"{page}.html") for page in ("intro", "chapters/00_one")}


def buttons(page):
    header = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select_one(".article-header-buttons")
    return {tag.get_text(" ", strip=True): tag["href"] for tag in header.select("a.btn")}


def test_buttons_lead_to_the_given_repository(tmp_path):
    repository = "https://github.com/owner/name"
    given = build_pages(tmp_path, GOOD | {"BOOK_BRANCH": "spring/2026"})
    assert given["chapters/00_one"] == {
        "Open in Colab": "https://colab.research.google.com/github/owner/name/blob/gh-pages/chapters/00_one.ipynb",
        "Open in Binder": "https://mybinder.org/v2/gh/owner/name/spring%2F2026?urlpath=lab/tree/chapters/00_one.ipynb",
        "Repository": repository,
        "Edit this page": f"{repository}/edit/spring/2026/chapters/00_one.ipynb",
        "Open an issue": f"{repository}/issues/new?title=chapters%2F00_one.ipynb%3A%20",
        "Notebook (.ipynb)": "../_sources/chapters/00_one.ipynb",
    }
    assert given["intro"] == {
        "Repository": repository,
        "Edit this page": f"{repository}/edit/spring/2026/intro.md",
        "Open an issue": f"{repository}/issues/new?title=intro.md%3A%20",
    }
    page = BeautifulSoup((tmp_path / "_build" / "html" / "chapters" / "00_one.html").read_text(), "html.parser")
    assert page.select_one("link[rel=canonical]")["href"] == f"{URL}/chapters/00_one.html"
    title = BeautifulSoup((tmp_path / "_build" / "html" / "intro.html").read_text(), "html.parser")
    install = f'pip install "mlhelpers[chapters] @ git+{repository}"'
    assert f"Pip; without one, {install} does." in title.select_one("article").get_text()
    download = tmp_path / "_build" / "html" / "_sources" / "chapters" / "00_one.ipynb"
    assert json.loads(download.read_text()) == json.loads((tmp_path / "chapters" / "00_one.ipynb").read_text())


def test_without_a_repository_there_are_no_such_buttons(monkeypatch):
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    context = {
        "header_buttons": [{"type": "group", "buttons": [{"text": ".ipynb", "label": "download-source-button"}]}]
    }
    extension("launch").add_buttons(None, "chapters/00_one", "page.html", context, None)
    ((button,),) = (group["buttons"] for group in context["header_buttons"])
    assert button["text"] == "Notebook (.ipynb)"


@pytest.mark.skipif(publication.from_environment() is not None, reason="the built book has a repository")
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_built_book_leads_to_no_repository(path):
    assert list(buttons(ROOT / "_build" / "html" / "chapters" / f"{path.stem}.html")) == ["Notebook (.ipynb)"]


@pytest.mark.parametrize(
    ("repository", "urls"),
    [
        (
            "https://gitlab.com/group/sub/name",
            ["/-/edit/main/intro.md", "/-/issues/new?issue%5Btitle%5D=intro.md%3A%20"],
        ),
        ("https://codeberg.org/owner/name", ["/_edit/main/intro.md", "/issues/new?title=intro.md%3A%20"]),
        ("https://git.example.org/owner/name", []),
    ],
)
def test_other_hosts_have_what_is_known_of_them(repository, urls):
    made = extension("launch").source_buttons(repository, "main", "intro.md")
    assert [button["url"] for button in made] == [repository, *(repository + url for url in urls)]
    assert extension("launch").launch_buttons(repository, "main", "chapters/00_one.ipynb") == []


def test_a_page_without_source_has_only_the_repository():
    assert len(extension("launch").source_buttons("https://github.com/owner/name", "main", None)) == 1


# The workflow, and the environments of the services


WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
JOBS = WORKFLOWS["publish"]["jobs"]
SHA = "0" * 40
needs_shell = pytest.mark.skipif(
    shutil.which("git") is None or shutil.which("bash") is None, reason="needs git and bash"
)


def script(word):
    """Return the shell script of the step whose name begins with a word."""
    steps = (step for job in JOBS.values() for step in job.get("steps", []))
    return next(step["run"] for step in steps if "run" in step and step.get("name", "").startswith(word))


@pytest.fixture
def shell(tmp_path):
    """Return a function that runs a script as GitHub does, with a bare repository in the place of the one there."""
    address = "https://x-access-token:a-token@github.com/owner/name.git"
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), "TOKEN": "a-token"}
    environ |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_VALUE_0": address} | ACTIONS
    environ |= {"GIT_CONFIG_KEY_0": f"url.{tmp_path / 'bare.git'}.insteadOf"}
    environ |= {"GITHUB_REPOSITORY": "owner/name", "GITHUB_ACTOR": "somebody", "GITHUB_SHA": SHA}

    def run(script, folder=tmp_path, fails=False):
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["bash", "-ec", script], cwd=folder, env=environ, capture_output=True, text=True)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout

    return run


def built_site(folder, edition):
    site = folder / edition / "_build" / "site"
    (site / "wheels" / edition).mkdir(parents=True)
    (site / "wheels" / edition / "mlhelpers.whl").write_text(edition)
    (site / "index.html").write_text(edition)
    return site


@needs_shell
def test_the_workflow_pushes_the_site_and_keeps_former_wheels(shell, tmp_path):
    shell("git init --quiet --bare bare.git")
    for edition in ("a", "b", "c"):
        built = built_site(tmp_path, edition)
        shell(script("Keep"), tmp_path / edition)
        shell(f"tar -cf ../artifact.tar --exclude='.[^/]*' -C {built} .", tmp_path / edition / "push")
        shell(f"mv ../artifact.tar .\n{script('Push')}", tmp_path / edition / "push")
    git = "git --git-dir bare.git"
    assert shell(f"{git} log --format=%s gh-pages") == f"Site of {SHA}\n"
    assert shell(f"{git} show gh-pages:index.html") == "c"
    wheels = [f"wheels/{edition}/mlhelpers.whl" for edition in "abc"]
    assert shell(f"{git} ls-tree -r --name-only gh-pages").split() == [".nojekyll", "index.html", *wheels]


@needs_shell
def test_the_workflow_stops_where_it_cannot_learn_what_is_published(shell, tmp_path):
    built_site(tmp_path, "a")
    shell(script("Keep"), tmp_path / "a", fails=True)  # there is no repository


@needs_shell
@pytest.mark.parametrize(
    ("answer", "fails"), [("echo workflow", False), ("echo legacy", True), ("echo '{}'; exit 1", True)]
)
def test_the_workflow_asks_for_the_setting_of_pages_at_once(shell, tmp_path, answer, fails):
    (tmp_path / "gh").write_text(f"#!/bin/sh\n{answer}\n")
    (tmp_path / "gh").chmod(0o755)
    told = shell(script("Check"), fails=fails)
    assert ("Source: GitHub Actions" in told) == fails


def test_only_what_passed_on_the_default_branch_is_published():
    assert JOBS["test"] == {"uses": "./.github/workflows/test.yml"}
    assert JOBS["settings"]["if"] == "github.ref_name == github.event.repository.default_branch"
    assert {name: job.get("needs") for name, job in JOBS.items()} == {
        "test": None,
        "settings": None,
        "build": ["test", "settings"],
        "pages": "build",
        "branch": "pages",
    }
    triggers = {name: set(workflow[True]) for name, workflow in WORKFLOWS.items()}  # YAML reads "on" as true
    assert triggers["publish"] == {"push", "workflow_dispatch"}
    assert triggers["test"] == {"workflow_call", "pull_request", "workflow_dispatch"}


def test_only_the_job_that_pushes_may_write_to_the_repository():
    assert WORKFLOWS["publish"]["permissions"] == WORKFLOWS["test"]["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job} == {
        "settings": {"pages": "read"},
        "pages": {"pages": "write", "id-token": "write"},
        "branch": {"contents": "write"},
    }
    assert "secrets." not in (ROOT / ".github" / "workflows" / "publish.yml").read_text()


def pinned(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^([\w.-]+)==([^\s;\\]+)", text))


def test_the_environment_of_test_colab_has_colabs_versions():
    wanted, locked = pinned("tests/colab/constraints.txt"), pinned("requirements-colab.lock")
    assert {"tensorflow", "keras", "numpy", "scikit-learn", "altair", "pip"} <= wanted.keys()
    assert {name: locked.get(name) for name in wanted} == wanted


def test_without_colabs_python_it_says_so_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PYENV_VERSION", "")
    monkeypatch.setattr(colab, "VERSION", "3.99")
    monkeypatch.setattr(colab, "VENV", tmp_path / "venv")
    with pytest.raises(SystemExit, match=r"^error: there is no Python 3\.99, which Colab has, [^\n]*$"):
        colab.main(["00"])


def test_chapters_that_passed_on_colab_as_they_stand_are_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(colab, "PASSED", tmp_path / "passed.json")
    first, second, *others = colab.book.chosen([])
    assert colab.chosen(["changed"]) == [first, second, *others]
    for path in (first, second):
        colab.note_passed(path, colab.made_of(path))
    assert colab.chosen(["changed"]) == [first, *others]  # the first one tries the installation
    assert colab.chosen([]) == [first, second, *others]
    assert colab.chosen([second.stem]) == [second]


@pytest.mark.parametrize("changed", ["code", "module", "lock", "installer"])
def test_what_a_chapter_is_made_of_on_colab(tmp_path, monkeypatch, changed):
    path = tmp_path / "00_one.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    notebook.metadata["fingerprint"] = {"modules": {"mlhelpers.labels": ""}}
    nbformat.write(notebook, path)
    before = colab.made_of(path)
    notebook.cells.append(nbformat.v4.new_markdown_cell("Prose is no part of it."))
    nbformat.write(notebook, path)
    assert colab.made_of(path) == before
    other = tmp_path / "other.txt"
    other.write_text("another", encoding="utf-8")
    if changed == "code":
        notebook.cells[0].source = "2"
        nbformat.write(notebook, path)
    elif changed == "module":
        monkeypatch.setattr(colab.fingerprint, "module_digest", lambda root, module: f"another {module}")
    else:
        monkeypatch.setattr(*((colab, "LOCK", other) if changed == "lock" else (publish, "__file__", str(other))))
    assert colab.made_of(path) != before


def test_binder_has_the_versions_of_the_book():
    binder = (ROOT / ".binder" / "requirements.txt").read_text()
    lock = (ROOT / "requirements.lock").read_text()
    names = pinned(".binder/requirements.txt")
    assert {"tensorflow", "keras", "numpy", "scikit-learn", "altair", "iterative-stratification"} <= names.keys()
    assert [name for name, version in names.items() if f"{name}=={version}" not in lock] == []
    assert "--hash=sha256:" in binder and "://" not in binder
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)
