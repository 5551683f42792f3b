"""Rows that a model takes: which kinds there are, and a file that holds a few of them."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from mlhelpers._validation import refuse_batches

FILES = ("examples.json", "examples.npy", "examples.npz")
_KINDS = "a list of texts, an array or sparse matrix of numbers with one row per sample, or a DataFrame"
_PLURAL = {"texts": "texts", "array": "an array of numbers", "sparse": "an array of numbers", "table": "a DataFrame"}


class Rows(NamedTuple):
    """Rows of one kind: "texts" (a list), "array", "sparse" (CSR), "table" (a DataFrame), or "none" of no kind."""

    kind: str
    values: Any

    def __len__(self) -> int:
        return int(self.values.shape[0]) if hasattr(self.values, "shape") else len(self.values)


def checked_rows(X: Any, name: str) -> Rows:
    """Return rows of a known kind, or say what came instead: text that would be read letter by letter, a single row."""
    refuse_batches(X, name)
    if isinstance(X, (str, bytes)):
        raise TypeError(f"{name} is a single text, whose letters would be taken for rows; pass a list: [{_short(X)}]")
    if sparse.issparse(X) and X.ndim == 2 and X.dtype.kind in "biuf":
        return Rows("sparse", X.tocsr())
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        _kinds_of_columns(X, name)
        return Rows("table", X)
    if isinstance(X, (list, tuple)) and any(isinstance(row, (str, bytes)) for row in X):
        return Rows("texts", _texts(X, name))
    try:
        if isinstance(X, (dict, np.ma.MaskedArray)) or not (hasattr(X, "__len__") or hasattr(X, "__array__")):
            raise TypeError
        array = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {_KINDS}, got {_short(X)} of type {type(X).__name__}") from None
    if array.ndim >= 1 and len(array) == 0:
        return Rows("none", array)
    if array.ndim == 1 and array.dtype.kind in "OUTS":
        return Rows("texts", _texts(array.tolist(), name))
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise TypeError(f"{name} must be {_KINDS}, got an array of dtype {array.dtype} and shape {array.shape}")
    if array.ndim < 2:
        raise ValueError(
            f"{name} has shape {array.shape}, expected one row per sample; a single row is x[None], a single column "
            "of numbers is x[:, None]"
        )
    return Rows("array", array)


def check_same_kind(rows: Rows, examples: Rows) -> None:
    """Refuse rows of another kind than the examples: what a model was not tried on may fail in silence."""
    if _PLURAL.get(rows.kind, "") != _PLURAL[examples.kind]:
        raise TypeError(f"X is {_PLURAL[rows.kind]}, but the examples of the bundle are {_PLURAL[examples.kind]}")
    if rows.kind == "table":
        came, expected = _kinds_of_columns(rows.values, "X"), _kinds_of_columns(examples.values, "examples")
        if list(came.items()) != list(expected.items()):
            raise ValueError(
                f"X has the columns {came}, but the examples of the bundle have {expected}; select them in that order, "
                f"as in X[{list(expected)}], and convert what is of another kind"
            )
    if {rows.kind, examples.kind} == {"array"} and rows.values.ndim != examples.values.ndim:
        raise ValueError(
            f"X has shape {rows.values.shape}, but the examples of the bundle have {examples.values.shape}; "
            "pass one row per sample, a single one as x[None]"
        )


def copied(rows: Rows) -> Rows:
    """Return rows that don't change with the caller's."""
    if rows.kind == "table":
        return Rows("table", rows.values.reset_index(drop=True).copy())
    return Rows(rows.kind, rows.values.copy())


def write(rows: Rows, folder: Path) -> None:
    """Write rows into one of FILES; which one it is tells their kind."""
    if rows.kind == "array":
        np.save(folder / "examples.npy", rows.values, allow_pickle=False)
    elif rows.kind == "sparse":
        sparse.save_npz(folder / "examples.npz", rows.values)
    else:
        content = {"texts": rows.values} if rows.kind == "texts" else {"columns": _columns(rows.values)}
        (folder / "examples.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Rows:
    """Read what `write` wrote, without pickle."""
    if path.suffix == ".npy":
        return Rows("array", np.load(path, allow_pickle=False))
    if path.suffix == ".npz":
        return Rows("sparse", sparse.load_npz(path))
    content = json.loads(path.read_text(encoding="utf-8"))
    if "texts" in content:
        return Rows("texts", content["texts"])
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise ImportError("the examples of the bundle are a DataFrame, and pandas is not installed") from None
    columns = {each["name"]: pandas.Series(each["values"], dtype=each["dtype"]) for each in content["columns"]}
    return Rows("table", pandas.DataFrame(columns))


def _texts(values: Any, name: str) -> list[str]:
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise TypeError(
                f"{name} holds {_short(value)} of type {type(value).__name__} at row {row} among texts; pass texts "
                'only, "" where there is none'
            )
    return [str(value) for value in values]


def _kinds_of_columns(table: Any, name: str) -> dict[str, str]:
    """Return whether each column of a DataFrame holds text, numbers or truth values; refuse others."""
    kinds = {}
    for column, dtype in zip(table.columns, table.dtypes, strict=True):
        if not isinstance(column, str) or column in kinds:
            raise ValueError(f"{name} has the column {column!r} twice, or not as text; give each column a name")
        numeric = isinstance(dtype, np.dtype) and dtype.kind in "biuf"
        kinds[column] = "text" if not numeric else "bool" if dtype.kind == "b" else "number"
        if not numeric and (str(dtype) not in ("object", "string", "str") or not _is_text(table[column])):
            raise TypeError(
                f"{name} has dtype {dtype} in the column {column!r}, expected text, numbers or truth values of NumPy's "
                f"dtypes; convert it, as in X.astype({{{column!r}: float}}), before the model sees it"
            )
    return kinds


def _is_text(column: Any) -> bool:
    return all(isinstance(value, str) for value in column[column.notna()])


def _columns(table: Any) -> list[dict[str, Any]]:
    """Return the columns of a DataFrame for JSON; pandas chooses its type for text anew when it is read."""
    return [
        {
            "name": name,
            "dtype": dtype.name if isinstance(dtype, np.dtype) and dtype.kind in "biuf" else None,
            "values": table[name].tolist(),
        }
        for name, dtype in zip(table.columns, table.dtypes, strict=True)
    ]


def check_storable(rows: Rows, name: str) -> None:
    """Refuse what a file would not give back: text that is missing, as None, NaN or NA."""
    if rows.kind == "table":
        for column, kind in _kinds_of_columns(rows.values, name).items():
            if kind == "text" and rows.values[column].isna().any():
                raise ValueError(f"{name} lacks text in the column {column!r}; choose rows that have it")


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
