"""Check and build a release: the wheel and the source distribution of mlhelpers, in dist/.

    python tools/release.py check TAG      do the tag, the version, the changelog and CITATION.cff name one release?
    python tools/release.py build [NAME]   build both, on an index under a name of one's own, and list what is in them

The version stands in pyproject.toml alone. "Release" in CONTRIBUTING.md tells the steps, and
.github/workflows/release.yml takes the last of them when a tag is pushed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

import yaml
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
COPIED = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "mlhelpers")
UNRELEASED = re.compile(r"(?ms)^## \[Unreleased\]\n(.*?)(?=^## |\Z)")
RELEASED = re.compile(r"(?m)^## \[(\d[^\]]*)\] - (\d{4}-\d\d-\d\d)$")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def version(root: Path = ROOT) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def mistakes(tag: str, root: Path = ROOT) -> list[str]:
    """Return in what the sources differ from the release that a tag names."""
    here, found = version(root), []
    if Version(here).is_prerelease:
        found.append(f"pyproject.toml has version {here}, which is none to release")
    if tag != f"v{here}":
        found.append(f"the tag of version {here} is v{here}, and not {tag}")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if "".join(UNRELEASED.findall(changelog)).strip():
        found.append("CHANGELOG.md lists changes under [Unreleased], which this release has, too")
    releases = RELEASED.findall(changelog)
    newest, date = releases[0] if releases else ("none", "never")
    if newest != here:
        found.append(f"the newest release in CHANGELOG.md is {newest}, and not {here}")
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    if (str(cited["version"]), str(cited["date-released"])) != (newest, date):
        found.append(
            f"CITATION.cff names {cited['version']} of {cited['date-released']}, the changelog {newest} of {date}"
        )
    return found


def check(tag: str) -> None:
    if found := mistakes(tag):
        sys.exit("\n".join([f"error: {tag} is no release yet", *found, 'see "Release" in CONTRIBUTING.md']))
    print(f"{tag} is the release of version {version()}")


def named(project: str, name: str) -> str:
    """Return pyproject.toml with another name of the distribution; the package in it is imported as before."""
    project = re.sub(r'(?m)^name = "mlhelpers"$', f'name = "{name}"', project)
    return project.replace('"mlhelpers[', f'"{name}[')


def build(name: str = "mlhelpers") -> list[Path]:
    """Build wheel and source distribution, offline; the same files give the same bytes."""
    if not NAME.fullmatch(name):
        sys.exit(f"error: {name!r} can't be the name of a distribution: letters, digits, and -, _ or . between them")
    with tempfile.TemporaryDirectory() as folder:
        sources, made = Path(folder, "sources"), Path(folder, "made")
        for each in COPIED:
            copy = shutil.copytree if (ROOT / each).is_dir() else shutil.copy
            sources.mkdir(exist_ok=True)
            copy(ROOT / each, sources / each)
        project = sources / "pyproject.toml"
        project.write_text(named(project.read_text(encoding="utf-8"), name), encoding="utf-8")
        command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--target", "wheel"]
        environ = os.environ | {"SOURCE_DATE_EPOCH": "1580601600"}
        done = subprocess.run(
            [*command, "--directory", str(made)], cwd=sources, env=environ, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{done.stdout}{done.stderr}\nerror: the release can't be built, see above")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(made, DIST)
    return sorted(DIST.iterdir())


def contents(path: Path) -> list[str]:
    """Return the files in a wheel or a source distribution."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return sorted(wheel.namelist())
    with tarfile.open(path) as archive:
        return sorted(archive.getnames())


def main(command: str = "", *arguments: str) -> None:
    if command == "check" and len(arguments) == 1:
        check(*arguments)
    elif command == "build" and len(arguments) < 2:
        for path in build(*arguments):
            print(f"{path} ({path.stat().st_size / 2**10:.0f} KiB)", *contents(path), sep="\n  ")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
