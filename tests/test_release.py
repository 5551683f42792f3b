"""A term's pin: one version for one content, the constraints of a course, and what a tag makes of them."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import release
import yaml
from packaging.version import Version

import mlhelpers

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "constraints-course.txt"
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
GOOD = {
    "pyproject.toml": '[project]\nname = "mlhelpers"\nversion = "0.2.0"\n',
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n## [0.1.0] - 2026-11-22\n",
    "CITATION.cff": 'version: 0.2.0\ndate-released: "2026-12-01"\n',
}


def sources(folder: Path, **changed: tuple[str, str]) -> Path:
    """Write the files that name a release, with a word of one of them replaced."""
    for name, text in GOOD.items():
        before, after = changed.get(name.partition(".")[0].lower(), ("", ""))
        assert before in text
        (folder / name).write_text(text.replace(before, after, 1) if before else text, encoding="utf-8")
    return folder


def test_what_is_no_release_has_a_version_of_its_own():
    """Two contents must never have one version: between releases there is a development version of the next one."""
    here = Version(release.version())
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = Version(release.RELEASED.findall(changelog)[0][0])
    if here.is_devrelease:
        assert here > newest
        assert "## [Unreleased]" in changelog
        cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
        assert Version(str(cited["version"])) == newest  # what one can cite is what one can get
    else:
        assert release.mistakes(f"v{here}") == []


def test_the_version_stands_in_one_place():
    version = release.version()
    named = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "intro.md", "tools/release.py")]
    named += (ROOT / "mlhelpers").rglob("*.py")
    named += ROOT.glob("teaching*.md")
    assert [path.name for path in named if version in path.read_text(encoding="utf-8")] == []


def test_the_version_is_found_under_another_name_and_missed_without_harm(monkeypatch):
    def version(name):
        if name == "their-name":
            return "1.2"
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: {"mlhelpers": ["their-name"]})
    assert mlhelpers.__version__ == "1.2"
    monkeypatch.setattr(importlib.metadata, "packages_distributions", dict)
    assert mlhelpers.__version__ == "0+unknown"


def test_a_tag_that_fits_is_a_release(tmp_path):
    assert release.mistakes("v0.2.0", sources(tmp_path)) == []


@pytest.mark.parametrize(
    ("tag", "changed", "told"),
    [
        ("v0.2.1", {}, "the tag of version 0.2.0 is v0.2.0, and not v0.2.1"),
        ("0.2.0", {}, "is v0.2.0, and not 0.2.0"),
        ("v0.2.0.dev0", {"pyproject": ("0.2.0", "0.2.0.dev0")}, "none to release"),
        ("v0.2.0", {"changelog": ("## [0.2.0] - 2026-12-01\n", "")}, "CHANGELOG.md is 0.1.0, and not 0.2.0"),
        ("v0.2.0", {"changelog": ("[Unreleased]\n", "[Unreleased]\n\n- Another content.\n")}, "under [Unreleased]"),
        ("v0.2.0", {"citation": ("0.2.0", "0.1.0")}, "CITATION.cff names 0.1.0"),
        ("v0.2.0", {"citation": ("12-01", "12-02")}, "CITATION.cff names 0.2.0 of 2026-12-02"),
    ],
)
def test_a_tag_that_does_not_fit_is_told_why(tmp_path, monkeypatch, tag, changed, told):
    assert told in "\n".join(release.mistakes(tag, sources(tmp_path, **changed)))
    monkeypatch.setattr(release, "mistakes", lambda given: [told])
    with pytest.raises(SystemExit, match="is no release yet"):
        release.main("check", tag)


@pytest.fixture
def dist(tmp_path, monkeypatch):
    monkeypatch.setattr(release, "DIST", tmp_path / "dist")
    return tmp_path / "dist"


@pytest.mark.parametrize("name", ["mlhelpers", "a-name-of-ones-own"])
def test_wheel_and_source_distribution_hold_the_package_under_the_chosen_name(dist, name, capsys):
    release.main("build", name)
    printed = capsys.readouterr().out
    wheel, archive = release.build(name)
    stem = f"{name.replace('-', '_')}-{release.version()}"
    assert (wheel.name, archive.name) == (f"{stem}-py3-none-any.whl", f"{stem}.tar.gz")
    package = {p.relative_to(ROOT).as_posix() for p in (ROOT / "mlhelpers").rglob("*") if p.is_file()}
    package = {path for path in package if "__pycache__" not in path}
    beside = {f"{stem}.dist-info/{part}" for part in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")}
    assert set(release.contents(wheel)) == package | beside
    more = {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "pyproject.toml", "PKG-INFO"}
    assert set(release.contents(archive)) == {f"{stem}/{path}" for path in package | more}
    assert all(path in printed for path in package)
    with zipfile.ZipFile(wheel) as opened:
        metadata = message_from_bytes(opened.read(f"{stem}.dist-info/METADATA"))
    assert metadata["Name"] == name
    assert not [
        each for each in metadata.get_all("Requires-Dist") if each.startswith("mlhelpers") and name != "mlhelpers"
    ]


def test_the_same_files_give_the_same_release(dist):
    first = [path.read_bytes() for path in release.build()]
    assert [path.read_bytes() for path in release.build()] == first


@pytest.mark.parametrize("name", ["", "-x", "a b", "x/y", 'x"'])
def test_a_bad_name_is_refused_and_builds_nothing(dist, name):
    with pytest.raises(SystemExit, match="can't be the name of a distribution"):
        release.main("build", name)
    assert not dist.exists()


def test_without_a_command_it_says_what_there_is():
    with pytest.raises(SystemExit, match=r"release\.py check TAG"):
        release.main()


# The constraints


def pins(path: Path) -> dict[str, set[str]]:
    """Return the versions of each package; there are several where Pythons differ."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"(?m)^([\w.-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


def test_a_course_has_the_versions_of_the_book():
    course, book = pins(CONSTRAINTS), pins(ROOT / "requirements.lock")
    assert {"nbgrader", "otter-grader", "jupyterlab", "tensorflow", "numpy", "scikit-learn"} <= course.keys()
    differing = {name for name in course.keys() & book.keys() if not course[name] <= book[name]}
    assert differing == {"wrapt"}  # of which otter-grader wants an older one, that TensorFlow takes, too
    assert not re.search(r"://|--hash|\[", CONSTRAINTS.read_text(encoding="utf-8"))  # pip takes none as constraints


@pytest.mark.parametrize("grader", ["nbgrader", "otter"])
@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_the_constraints_resolve_with_a_grader(grader, python):
    command = [sys.executable, "-m", "uv", "--quiet", "pip", "compile", "--no-annotate", "--no-header"]
    command += ["--python-version", python, "--extra", "chapters", "--extra", grader]
    done = subprocess.run(
        [*command, "--constraint", CONSTRAINTS, ROOT / "pyproject.toml"], capture_output=True, text=True
    )
    if re.search(r"(?i)dns error|failed to fetch|error sending request|network", done.stderr):
        pytest.skip("needs a network, or what it asks for in the cache")
    assert done.returncode == 0, done.stderr
    chosen = dict(re.findall(r"(?m)^([\w.-]+)==([^\s;\\]+)", done.stdout))
    allowed = pins(CONSTRAINTS)
    assert {"nbgrader": "nbgrader", "otter": "otter-grader"}[grader] in chosen
    assert [name for name, version in chosen.items() if version not in allowed.get(name, ())] == []


# The workflow


def test_only_a_tag_makes_a_release_and_only_of_what_passed():
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}}  # YAML reads "on" as true
    assert {name: job.get("needs") for name, job in WORKFLOW["jobs"].items()} == {
        "test": None,
        "build": "test",
        "release": "build",
        "index": "build",
    }
    steps = [step.get("run", "") for step in WORKFLOW["jobs"]["build"]["steps"]]
    order = [
        next(i for i, run in enumerate(steps) if part in run)
        for part in ("release.py check", "release.py build", "twine check --strict", "make publish")
    ]
    assert order == sorted(order)


def test_an_index_is_served_only_under_a_name_that_the_owner_chose_and_without_a_secret():
    jobs = WORKFLOW["jobs"]
    assert jobs["index"]["if"] == "vars.INDEX_NAME != ''"
    assert WORKFLOW["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in jobs.items() if "permissions" in job}
    assert granted == {"release": {"contents": "write"}, "index": {"id-token": "write"}}
    assert "secrets." not in (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
