"""What the stored outputs of a chapter were made from, and whether that is still what there is.

`make run` writes it into the notebook's metadata, under "fingerprint": a digest of every code cell with its tags, of
every module of mlhelpers that the chapter loaded, and the versions of the packages that cells and modules import.
A Python, a processor or a time is none of it: these are noted beside it, under "run".
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode as Notebook

PACKAGE = "mlhelpers"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code_cells(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_digests(notebook: Notebook) -> list[str]:
    return [digest(json.dumps([cell.source, cell.metadata.get("tags", [])])) for cell in code_cells(notebook)]


def module_path(root: Path, module: str) -> Path:
    """Return the file of a module of the package; it need not exist."""
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def module_digest(root: Path, module: str) -> str | None:
    try:
        return digest(module_path(root, module).read_text(encoding="utf-8"))  # any newlines
    except OSError:
        return None


def parsed(source: str) -> ast.Module:
    """Return the syntax tree of a cell, which may hold magics, or of a module."""
    return ast.parse(TransformerManager().transform_cell(source))


def imported(source: str) -> set[str]:
    """Return the top-level names that a cell or a module imports."""
    names: set[str] = set()
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@cache
def distributions() -> dict[str, list[str]]:
    return {name: sorted(set(found)) for name, found in importlib.metadata.packages_distributions().items()}


def versions(sources: Iterable[str]) -> dict[str, str]:
    """Return the installed versions of the packages that the sources import, without the standard library."""
    names = set().union(*map(imported, sources)) - {PACKAGE} - sys.stdlib_module_names
    packages = {package for name in names for package in distributions().get(name, [])}
    return {package: importlib.metadata.version(package) for package in sorted(packages)}


def fingerprint(notebook: Notebook, modules: Iterable[str], root: Path) -> dict[str, Any]:
    """Return the fingerprint of a chapter that has loaded these modules of the package."""
    modules = sorted(modules)
    sources = [cell.source for cell in code_cells(notebook)]
    sources += [module_path(root, module).read_text(encoding="utf-8") for module in modules]
    return {
        "cells": cell_digests(notebook),
        "modules": {module: module_digest(root, module) for module in modules},
        "versions": versions(sources),
    }


def differences(notebook: Notebook, root: Path) -> list[str]:
    """Say in which cell, module or version a chapter differs from what its outputs were made from."""
    stored = notebook.metadata.get("fingerprint")
    if not stored:
        return ["it holds no fingerprint"]
    found = [*changed_cells(notebook, stored["cells"])]
    for module, former in stored["modules"].items():
        current = module_digest(root, module)
        if current != former:
            found.append(f"{module} has changed" if current else f"{module} is gone")
    for package, former in stored["versions"].items():
        version = installed(package)
        if version != former:
            found.append(f"{package} {former} became {version}" if version else f"{package} is not installed")
    return found


def changed_cells(notebook: Notebook, stored: list[str]) -> Iterable[str]:
    current = cell_digests(notebook)
    if len(current) != len(stored):
        yield f"{len(current)} code cells in place of {len(stored)}"
        return
    numbers = [number for number, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]
    for number, now, former in zip(numbers, current, stored, strict=True):
        if now != former:
            yield f"cell {number} has changed"


def installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
