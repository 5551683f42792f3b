"""The files of a bundle: their names, what bundle.json says, and what the examples gave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlhelpers.bundle import _folder, _models, _rows

FORMAT = "mlhelpers bundle 1"
MAIN, THRESHOLDS, CALIBRATION, EXPECTED = "bundle.json", "thresholds.json", "calibration.json", "expected.npz"
_OPTIONAL = {THRESHOLDS, CALIBRATION, _models.PREPROCESSING}
KNOWN = {MAIN, EXPECTED, *_OPTIONAL, *_models.FILE_OF.values(), *_rows.FILES}
_TYPES = {"model": str, "label_names": list, "from_logits": bool, "at_least_one": bool, "versions": dict}

T = TypeVar("T")


class Expected(NamedTuple):
    """What the examples gave where the bundle was made: of the model, after calibration, above thresholds."""

    outputs: NDArray[np.float64]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int8]


def write_main(content: dict[str, Any], folder: Path) -> None:
    text = json.dumps({"format": FORMAT, **content}, indent=1) + "\n"
    (folder / MAIN).write_text(text, encoding="utf-8", newline="\n")


def read_main(folder: Path) -> tuple[dict[str, Any], set[str]]:
    """Return what bundle.json says, and the names of the files of the bundle; their bytes are those that were saved."""
    files = _folder.checked_files(folder, MAIN)
    content = read_part(_read_json, folder / MAIN)
    if content["format"] != FORMAT:
        raise ValueError(
            f"{MAIN} is of the format {content['format']!r}, and this version of mlhelpers reads {FORMAT!r}; "
            "load it with the version of mlhelpers that wrote it"
        )
    if content.get("model") not in [*_models.FILE_OF] or any(type(content.get(k)) is not t for k, t in _TYPES.items()):
        raise ValueError(f"{MAIN} lacks one of {sorted(_TYPES)}, or has it in another form; save the bundle anew")
    needed = {MAIN, EXPECTED, _models.FILE_OF[content["model"]]}
    if not needed <= files or files - needed - _OPTIONAL - {*_rows.FILES} or len(files.intersection(_rows.FILES)) != 1:
        raise ValueError(
            f"the bundle {str(folder)!r} has the files {sorted(files)}, expected {sorted(needed)}, one of "
            f"{list(_rows.FILES)}, and perhaps some of {sorted(_OPTIONAL)}; save the bundle anew"
        )
    return content, files


def _read_json(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not str(content.get("format", "")).startswith("mlhelpers bundle"):
        raise ValueError('it has no "format"')
    return content


def write_expected(expected: Expected, label_names: tuple[str, ...], thresholds: NDArray[Any], path: Path) -> None:
    np.savez(path, label_names=np.array(label_names), thresholds=thresholds, **expected._asdict())


def read_expected(path: Path) -> tuple[list[str], NDArray[np.float64], Expected]:
    """Return the names and the thresholds of the labels, and what the examples gave."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        expected = Expected(*(arrays[name] for name in Expected._fields))
        return arrays["label_names"].tolist(), arrays["thresholds"], expected


def read_part(read: Callable[[Path], T], path: Path) -> T:
    """Read a file, or say that it isn't what a bundle holds under this name."""
    try:
        return read(path)
    except ImportError:
        raise
    except Exception as error:  # of JSON, of zip archives, of arrays
        raise ValueError(f"{path.name} does not hold what a bundle needs ({error}); save the bundle anew") from error
