"""The package without the book: the page of coursework in an environment that holds nothing but core dependencies."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

ROOT = Path(__file__).parents[1]
CORE = {"numpy", "scipy", "scikit-learn", "matplotlib", "iterative-stratification", "mlhelpers"}
LEFT_OUT = {"keras", "tensorflow", "pandas", "jupyter-book", "pytest"}
MODULES = [
    "datasets",
    "labels",
    "splits",
    "losses",
    "keras_metrics",
    "metrics",
    "thresholds",
    "calibration",
    "binary_relevance",
    "audit",
    "tables",
    "exercises",
    "grade",
]


def run(*command: object, **options: object) -> subprocess.CompletedProcess:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, **options)


def done(*command: object, **options: object) -> str:
    process = run(*command, **options)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def core_python(tmp_path_factory):
    """Make an environment that holds mlhelpers, as a wheel, and its core dependencies in the lock's versions."""
    folder = tmp_path_factory.mktemp("core")
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.removesuffix("\\").strip() for line in lines if "==" in line]
    (folder / "pins.txt").write_text("\n".join(pins))
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    uv = [sys.executable, "-m", "uv", "--quiet"]
    done(*uv, "venv", "--python", sys.executable, folder / "venv")
    done(*uv, "pip", "install", "--python", python, "--constraint", folder / "pins.txt", wheel)
    return python


def test_only_core_dependencies_are_installed(core_python):
    listed = done(sys.executable, "-m", "uv", "--quiet", "pip", "list", "--python", core_python, "--format", "freeze")
    installed = {line.split("==")[0].split(" ")[0].lower() for line in listed.splitlines()}
    assert installed >= CORE
    assert not LEFT_OUT & installed


def test_the_page_of_coursework_runs_without_the_book(core_python, tmp_path):
    page = (ROOT / "api.md").read_text(encoding="utf-8").partition("## In coursework")[2]
    code = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL)[1]
    assert 18 <= len([line for line in code.splitlines() if line.strip()]) <= 24
    printed = done(core_python, "-c", code, cwd=tmp_path)
    for part in ("label cardinality", "missing labels", "no findings", "Thresholds for macro_f1", "95% interval"):
        assert part in printed
    macro = next(line for line in printed.splitlines() if line.startswith("F1, macro"))
    model, baselines = float(macro.split()[2]), [float(value) for value in macro.split()[4:]]
    assert model > max(baselines)


def test_without_keras_its_modules_say_what_is_missing(core_python, tmp_path):
    process = run(core_python, "-c", "import mlhelpers.losses", cwd=tmp_path)
    assert "keras" in process.stderr.splitlines()[-1]
    done(core_python, "-c", "import mlhelpers.audit, mlhelpers.plotting, mlhelpers.datasets", cwd=tmp_path)


def test_exercises_are_checked_without_the_book_and_without_keras(core_python, tmp_path):
    code = "from mlhelpers import exercises; print(exercises.check('05.1', [0.5, 0.5])); exercises.hint('05.1')"
    verdict, hint = done(core_python, "-c", code, cwd=tmp_path).splitlines()
    assert verdict.startswith("05.1: not yet.") and "owl" in hint


# The reference page


def public_names(module: str) -> list[str]:
    home = import_module(f"mlhelpers.{module}")
    found = inspect.getmembers(home, lambda x: inspect.isclass(x) or inspect.isfunction(x))
    offered = getattr(home, "__all__", [n for n, x in found if x.__module__ == home.__name__ and not n.startswith("_")])
    return [n for n, _ in found if n in offered]


INTERNAL = {
    "check_scores", "check_truth_and_scores", "different_names", "check_sample_weight", "is_observed",
    "checked_mask_value", "checked_flag", "matrices_of_one_shape", "ShownAsTable",
}  # fmt: skip


@pytest.mark.parametrize("module", [*MODULES, "plotting", "interactive"])
def test_every_public_name_has_an_entry_on_the_reference_page(module):
    page = BeautifulSoup((ROOT / "_build" / "html" / "api.html").read_text(encoding="utf-8"), "html.parser")
    anchors = {tag["id"] for tag in page.find_all(id=True)}
    wanted = {f"mlhelpers.{module}.{name}" for name in public_names(module) if name not in INTERNAL}
    assert wanted
    assert wanted - anchors == set()


def test_what_the_page_says_of_other_libraries():
    import keras

    Y = np.array([[1, 0], [0, 1], [1, 1], [0, 0]] * 5)
    X = Y + 0.1
    with pytest.raises(ValueError, match="Only binary classification is supported"):
        TunedThresholdClassifierCV(LogisticRegression()).fit(X, Y)
    for threshold in (0, [0.5, 0.4]):
        with pytest.raises(ValueError, match="threshold"):
            keras.metrics.F1Score(threshold=threshold)
    with pytest.raises(ValueError, match="The least populated class"):
        train_test_split(Y[:4], stratify=Y[:4])
