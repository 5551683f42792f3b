"""Load an extension of the book as a module, without Sphinx."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent.parent / "_ext"


def extension(name: str) -> ModuleType:
    # By another name, since the package has modules of the same ones.
    spec = importlib.util.spec_from_file_location(f"extension_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
