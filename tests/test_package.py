"""What `import mlhelpers` loads and offers, and the tables that its modules print."""

import ast
import pickle
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import mlhelpers
from mlhelpers.datasets import load_digit_scenes
from mlhelpers.labels import label_summary
from mlhelpers.metrics import LabelCounts
from mlhelpers.tables import Table

ROOT = Path(__file__).parents[1]
TABLE = Table(("fruit", "n"), [("apple", "3"), ("passion fruit", "1,200")], caption="In the basket")


def run(code):
    """Return what the code prints in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("module", "left_out"),
    [
        ("mlhelpers", {"tensorflow", "keras", "matplotlib", "sklearn"}),
        ("mlhelpers.labels", {"tensorflow", "keras", "matplotlib", "sklearn"}),
        ("mlhelpers.metrics", {"tensorflow", "keras", "matplotlib", "sklearn"}),
        ("mlhelpers.datasets", {"tensorflow", "keras", "matplotlib"}),
    ],
)
def test_import_leaves_out(module, left_out):
    assert run(f"import sys, {module}; print({left_out} & set(sys.modules) or 'none')") == "none"


def test_modules_are_imported_when_first_used():
    code = """
import sys, mlhelpers
before = "mlhelpers.labels" in sys.modules
module = mlhelpers.labels
print(before, module is sys.modules["mlhelpers.labels"], module.check_labels.__name__)
"""
    assert run(code) == "False True check_labels"


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="module 'mlhelpers' has no attribute 'label'"):
        mlhelpers.label  # noqa: B018


def test_version_is_that_of_the_project():
    assert mlhelpers.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_dir_lists_every_public_module_once():
    on_disk = {path.stem for path in Path(mlhelpers.__file__).parent.glob("*.py") if not path.stem.startswith("_")}
    names = dir(mlhelpers)  # some of the modules are imported by now, so they are globals as well
    assert on_disk | {"__version__"} <= set(names)
    assert len(names) == len(set(names))


def test_table_aligns_its_columns():
    assert str(TABLE).splitlines() == [
        "In the basket",
        "fruit              n",
        "apple              3",
        "passion fruit  1,200",
    ]
    assert str(Table(TABLE.columns, TABLE.rows)) == str(TABLE).split("\n", 1)[1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-0.0001, "0.000"),
        (True, "True"),
        (1200, "1,200"),
        (np.int64(-1200), "-1,200"),
        (0.5, "0.500"),
        (np.float32(1 / 3), "0.333"),
        (float("nan"), "nan"),
        ("1200", "1200"),
        (None, "None"),
    ],
)
def test_table_shows_values(value, shown):
    assert Table(("name", "value"), [("a", value)]).rows == (("a", shown),)


@pytest.mark.parametrize("row", [("a",), ("a", "b", "c"), ()])
def test_table_rejects_rows_of_another_length(row):
    message = f"rows has a row of {len(row)} values under 2 columns: {row}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Table(("fruit", "n"), [("apple", 3), row])


def test_table_needs_a_column():
    with pytest.raises(ValueError, match="columns is empty"):
        Table((), [])


def test_table_escapes_html():
    html = Table(("<a>", "b"), [("c & d", "<e>")], caption='"<f>"')._repr_html_()
    assert list(ElementTree.fromstring(html).itertext()) == ['"<f>"', "<a>", "b", "c & d", "<e>"]


class Tags(HTMLParser):
    """Collects the open elements at every tag, as a browser's tokenizer sees them."""

    def __init__(self, html):
        super().__init__()
        self.open, self.paths = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.paths.append(("/".join(self.open), dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "shown",
    [
        TABLE,
        label_summary([[1, 0], [0, 0]]),
        LabelCounts([1, 0], [0, 0], [2, 0], [1, 4]),
        load_digit_scenes(3, 2, 2),
        load_digit_scenes(3, 2, 2).describe(),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_html_says_what_the_text_says(shown):
    html = shown._repr_html_()
    tags = Tags(html)
    assert not tags.open
    assert {"table/thead/tr/th", "table/tbody/tr/th", "table/tbody/tr/td"} <= {path for path, _ in tags.paths}
    # Screen readers need to know whether a heading is that of a column or of a row.
    for path, attributes in tags.paths:
        if path.endswith("th"):
            assert attributes == {"scope": "col" if "thead" in path else "row"}
    rows = [[cell.text for cell in row] for row in ElementTree.fromstring(html).iter("tr")]
    text = str(shown).splitlines()[-len(rows) :]
    assert [" ".join(row).split() for row in rows] == [line.split() for line in text]
    assert len({len(row) for row in rows}) == 1


def test_tables_and_counts_can_be_sent_to_another_process():
    counts = LabelCounts([1, 0], [0, 0], [2, 0], [1, 4])
    assert pickle.loads(pickle.dumps(counts)) == counts
    assert str(pickle.loads(pickle.dumps(TABLE))) == str(TABLE)
    scenes = load_digit_scenes(3, 2, 2)
    assert np.array_equal(pickle.loads(pickle.dumps(scenes)).X_val, scenes.X_val)


def test_no_module_imports_a_private_name_of_another_subject():
    package = ROOT / "mlhelpers"
    for path in package.rglob("*.py"):
        subject = path.relative_to(package).parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlhelpers."):
                other, *inside = node.module.split(".")[1:]
                if other != subject.removesuffix(".py"):
                    assert not any(name.startswith("_") for name in inside), f"{path.name} imports {node.module}"
                    private = [alias.name for alias in node.names if alias.name.startswith("_")]
                    assert not private, f"{path.name} imports {', '.join(private)} of {node.module}"
