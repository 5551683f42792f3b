"""Run a student's cells, and hand out plain values: the only part of the grader that shares a process with them.

The parent starts this file by its path, sends one line of JSON for each thing to do, and reads one line back. Nothing
here is trusted: whatever the student's code makes of it, the parent sees plain values that this process could have
computed anyway. No judge and no right answer is in here, nor in the modules that it can import.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import importlib
import json
import linecache
import numbers
import os
import pickle
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, NoReturn

FUNCTIONS: list[Any] = []


class CannotCrossError(TypeError):
    """Says why a value can't be handed over."""


# Values


def plain(value: Any) -> Any:
    """Return an answer in JSON; a function stays here and gets a number."""
    if callable(value) and not isinstance(value, types.ModuleType):
        FUNCTIONS.append(value)
        name = getattr(value, "__name__", "")
        return {"is": "function", "number": len(FUNCTIONS) - 1, "name": name if isinstance(name, str) else ""}
    return plain_value(value)


def plain_value(value: Any) -> Any:
    """Return a value in JSON: numbers, text, None, collections, arrays, tables of numbers."""
    if value is None or type(value) in (bool, float, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**63 else float(value)
    if value is ...:
        return {"is": "ellipsis"}
    collection = _collection(value)
    if collection is not None:
        return collection
    library = type(value).__module__.partition(".")[0]
    if library == "pandas":
        return _of_pandas(value)
    if library == "scipy" and hasattr(value, "tocoo"):
        entries = value.tocoo()
        parts = {name: _array(getattr(entries, name)) for name in ("row", "col", "data")}
        return {"is": "sparse", "format": str(value.format), "shape": list(entries.shape), **parts}
    if library == "numpy" and hasattr(value, "dtype"):
        return _array(value)
    if isinstance(value, numbers.Real) or type(value).__name__ == "Decimal":
        return float(value)
    if library in ("keras", "tensorflow", "jax", "jaxlib", "torch") and hasattr(value, "__array__"):
        return _array(value.__array__())
    raise CannotCrossError(
        f"{type(value).__name__} is no plain value; hand in numbers, text, lists, arrays or tables of numbers"
    )


def _collection(value: Any) -> Any:
    kinds: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "set", range: "list"}
    kind = kinds.get(type(value))
    if kind is None and type(value).__name__ in ("dict_values", "dict_keys"):
        kind = "list"
    if kind:
        return {"is": kind, "parts": [plain_value(part) for part in value]}
    if isinstance(value, dict):
        return {"is": "dict", "parts": [[plain_value(key), plain_value(part)] for key, part in value.items()]}
    return None


def _array(value: Any) -> Any:
    import numpy as np

    array = np.asarray(value)
    if array.dtype.kind in "OU":
        return plain_value(array.tolist())
    if array.dtype.kind not in "biufc":
        raise CannotCrossError(f"an array of {array.dtype} is no plain value; hand in numbers or text")
    if array.dtype.itemsize > 8 and array.dtype.kind == "f":
        array = array.astype(float)  # long double is another type on each machine
    array = np.ascontiguousarray(array).reshape(array.shape)
    data = base64.b64encode(array.tobytes()).decode("ascii")
    dtype = array.dtype.newbyteorder("<").str if array.dtype.byteorder == ">" else array.dtype.str
    if array.dtype.byteorder == ">":
        data = base64.b64encode(array.astype(dtype).tobytes()).decode("ascii")
    return {"is": "array", "dtype": dtype, "shape": list(array.shape), "data": data}


def _of_pandas(value: Any) -> Any:
    values = plain_value(value.to_numpy()) if hasattr(value, "to_numpy") else None
    if values is None:
        raise CannotCrossError(f"{type(value).__name__} of pandas is no plain value")
    names = {"index": [str(name) for name in getattr(value, "index", [])]}
    if hasattr(value, "columns"):
        names["columns"] = [str(name) for name in value.columns]
    return {"is": "table", "values": values, **names}


# What the parent can ask for


class Session:
    """The names of one notebook."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.module.__dict__.update(display=lambda *shown, **how: None, get_ipython=lambda: None)
        sys.modules["__main__"] = self.module

    def cell(self, source: str, name: str, start: int, stop: int) -> dict[str, Any]:
        """Run some of the statements of a cell."""
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        exec(compile(ast.Module(tree.body[start:stop], []), name, "exec"), self.module.__dict__)
        return {}

    def value(self, expression: str) -> dict[str, Any]:
        """Return the value of an expression."""
        return {"value": plain(eval(compile(expression, "answer", "eval"), self.module.__dict__))}

    def call(self, number: int, arguments: list[Any]) -> dict[str, Any]:
        """Call a function, and return what it returns, and which of its array arguments it has changed."""
        import numpy as np

        given: list[Any] = [map(received, sent) if isinstance(sent, list) else received(sent) for sent in arguments]
        before = [argument.copy() if type(argument) is np.ndarray else None for argument in given]
        answer = {"value": plain_value(FUNCTIONS[number](*given))}
        changed = {
            str(place): plain_value(argument)
            for place, (argument, former) in enumerate(zip(given, before, strict=True))
            if former is not None and not np.array_equal(argument, former, equal_nan=former.dtype.kind in "fc")
        }
        return {**answer, "changed": changed}


def received(sent: str) -> Any:
    """Return an argument that the parent has sent."""
    return pickle.loads(base64.b64decode(sent))


def described(error: BaseException) -> dict[str, Any]:
    """Return what the parent may know of an error."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    try:
        text = next(iter(str(error).splitlines()), "")[:300]
    except BaseException:  # whatever a foreign error raises
        text = ""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("cell "):
            line = f"{trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return {"error": text, "kinds": kinds, "where": line}


def start(imports: list[str]) -> dict[str, Any]:
    """Import libraries before the time of the first cell begins."""
    for name in imports:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return {}


def limit(limits: dict[str, int]) -> None:
    """Set the limits of resources that this system has."""
    with contextlib.suppress(ImportError):
        import resource

        for name, most in limits.items():
            with contextlib.suppress(AttributeError, ValueError, OSError):
                resource.setrlimit(getattr(resource, name), (most, most))


def main() -> NoReturn:
    """Do what the parent asks for until it hangs up."""
    settings = json.loads(sys.argv[1])
    asked, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what students print or read is none of the grader's business
        os.dup2(nothing, standard)
    sys.path[:0] = settings["first"]
    sys.path += [path for path in settings["last"] if path not in sys.path]
    os.chdir(settings["folder"])
    sys.argv = [""]
    limit(settings["limits"])
    serve(asked, said)
    os._exit(0)


def serve(asked: Iterable[bytes], said: BinaryIO) -> None:
    """Answer each line with a line."""
    session = Session()
    does: dict[str, Callable[..., dict[str, Any]]] = {
        "start": start,
        "cell": session.cell,
        "value": session.value,
        "call": session.call,
    }
    for line in asked:
        wish = json.loads(line)
        try:
            answer = does[wish.pop("do")](**wish)
        except BaseException as error:  # also KeyboardInterrupt and SystemExit: they end a cell, not the grading
            answer = described(error)
        said.write(json.dumps(answer).encode() + b"\n")
        said.flush()


if __name__ == "__main__":
    main()
