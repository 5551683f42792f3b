"""The border between the grader and a student's process: plain values come in, nothing else."""

from __future__ import annotations

import base64
import contextlib
import importlib
import json
import os
import pickle
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

LARGEST = 64 * 2**20  # bytes of one message
DEEPEST = 30
_DTYPES = {f"{order}{kind}" for order in "<|=" for kind in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}
_FORMATS = ("bsr", "coo", "csc", "csr", "dok", "lil")
_ERRORS = {
    kind.__name__: kind
    for kind in (ArithmeticError, AssertionError, AttributeError, IndexError, KeyError, LookupError, NameError, OSError)
} | {kind.__name__: kind for kind in (NotImplementedError, TypeError, ValueError, ZeroDivisionError)}
_DTYPES |= {f"<{kind}" for kind in ("f2", "f4", "f8", "c8", "c16")}


class Stopped(BaseException):
    """The student's process has ended or was ended; no judge may take this for an error of the answer."""


class NotPlain(Exception):  # noqa: N818 (it is the answer's fault)
    """What came over the border is none of the plain values."""


def read_plain(message: Any, remote: Callable[[int, str], Any], depth: int = 0) -> Any:
    """Return the value that a message stands for, which is built here, from checked parts."""
    if message is None or type(message) in (bool, int, float, str):
        return message
    if depth > DEEPEST or type(message) is not dict:
        raise NotPlain("it is too deep, or no value")
    kind, parts = message.get("is"), message.get("parts")

    def inner(part: Any) -> Any:
        return read_plain(part, _no_function, depth + 1)

    try:
        if kind == "ellipsis":
            return ...
        if kind == "function" and type(message["number"]) is int:
            return remote(message["number"], _word(message["name"]) or "function")
        if kind in ("list", "tuple", "set") and type(parts) is list:
            return {"list": list, "tuple": tuple, "set": set}[kind](map(inner, parts))
        if kind == "dict" and type(parts) is list:
            return {inner(key): inner(part) for key, part in parts}
        if kind == "array":
            return _array(message)
        if kind == "sparse":
            return _sparse(message, inner)
        if kind == "table":
            return _table(message, inner(message["values"]))
    except NotPlain:
        raise
    except Exception:  # whatever a forged message leads to
        pass
    raise NotPlain("it is none of the values that can be handed over")


def _no_function(number: int, name: str) -> Any:
    raise NotPlain("there is a function inside a collection")


def _word(name: Any) -> str:
    return name if isinstance(name, str) and name.isidentifier() and len(name) <= 60 else ""


def _array(message: Any) -> Any:
    shape, dtype = message["shape"], message["dtype"]
    if type(shape) is not list or len(shape) > 8 or not all(type(n) is int and n >= 0 for n in shape):
        raise NotPlain("an array has no shape")
    if dtype not in _DTYPES:
        raise NotPlain("an array holds something else than numbers")
    data = base64.b64decode(message["data"], validate=True)
    array = np.frombuffer(data, dtype=dtype).copy().reshape(shape)  # raises if the size doesn't fit
    return array if array.ndim else array[()]


def _sparse(message: Any, inner: Callable[[Any], Any]) -> Any:
    from scipy import sparse

    rows, columns = message["shape"]
    if not all(type(n) is int and 0 <= n <= 10**6 for n in (rows, columns)) or rows * columns > 10**7:
        raise NotPlain("a sparse matrix is too large")
    row, column, data = (inner(message[name]) for name in ("row", "col", "data"))
    made = sparse.coo_array((data, (row, column)), shape=(rows, columns))
    return made.asformat(message["format"] if message["format"] in _FORMATS else "csr")


def _table(message: Any, values: Any) -> Any:
    try:
        pd = importlib.import_module("pandas")
    except ImportError:
        return values
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    index = [str(name) for name in message["index"]]
    if array.ndim == 2:
        return pd.DataFrame(array, index=index, columns=[str(name) for name in message["columns"]])
    return pd.Series(array, index=index) if len(index) == len(array) else values


# The student's process


class Process:
    """A student's process, which answers one question at a time, within a time."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        own_group = {"start_new_session": True} if os.name == "posix" else {}
        self._popen = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **own_group,  # type: ignore[call-overload]
        )
        self._talk: threading.Thread | None = None

    def ask(self, wish: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Return the answer to a wish; end the process if none comes in time, or none that is one."""
        came: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        line = json.dumps(wish).encode() + b"\n"
        self._talk = threading.Thread(target=self._exchange, args=(line, came), daemon=True)
        self._talk.start()
        try:
            line = came.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            self.end()
            raise Stopped(f"it was stopped after {seconds:.0f} seconds") from None
        except BaseException:
            self.end()
            raise
        if not line.endswith(b"\n"):
            self.end()
            raise Stopped("its answer is larger than 64 MiB" if len(line) > LARGEST else "it ended Python")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if type(answer) is not dict:
            self.end()
            raise Stopped("it broke off the conversation with the grader")
        return answer

    def _exchange(self, line: bytes, came: queue.SimpleQueue[bytes]) -> None:
        answer = b""
        with contextlib.suppress(OSError, ValueError):
            assert self._popen.stdin is not None and self._popen.stdout is not None
            self._popen.stdin.write(line)
            self._popen.stdin.flush()
            answer = self._popen.stdout.readline(LARGEST + 1)
        came.put(answer)

    def end(self) -> None:
        """Kill the process, and all that it has started and that hasn't left its group."""
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self._popen.pid, signal.SIGKILL)
            else:
                self._popen.kill()
        self._popen.wait()
        if self._talk is not None:
            self._talk.join(timeout=1)
        for pipe in (self._popen.stdin, self._popen.stdout):
            # A process that has left the group may hold the other end: then the conversation never ends.
            if pipe is not None and not (self._talk is not None and self._talk.is_alive()):
                with contextlib.suppress(OSError):
                    pipe.close()


class Remote:
    """A student's function: it looks like one to a judge, and runs on the other side of the border."""

    def __init__(self, process: Process, number: int, name: str, seconds: float) -> None:
        self._process, self._number, self._left = process, number, seconds
        self.__name__ = name

    def __call__(self, *arguments: Any) -> Any:
        """Call it; all calls together have `seconds`."""
        sent = [_sent(argument) for argument in arguments]
        start = time.monotonic()
        try:
            answer = self._process.ask({"do": "call", "number": self._number, "arguments": sent}, self._left)
        except Stopped as stopped:
            raise Stopped(f"called by the judge, {stopped}") from None
        self._left -= time.monotonic() - start
        if "error" in answer:
            raise foreign_error(answer)
        changed = answer.get("changed")
        for place, argument in enumerate(arguments):
            if type(changed) is dict and str(place) in changed and isinstance(argument, np.ndarray):
                new = read_plain(changed[str(place)], _no_function)
                if isinstance(new, np.ndarray) and new.shape == argument.shape and new.dtype == argument.dtype:
                    argument[...] = new
        return read_plain(answer.get("value"), _no_function)


def _sent(argument: Any) -> list[str] | str:
    """Return an argument for a student's function, pickled; a list of such for an iterator, part for part."""
    from scipy import sparse

    if isinstance(argument, Iterator):
        return [str(_sent(part)) for part in argument]
    if isinstance(argument, sparse.csr_matrix):
        argument = sparse.csr_matrix(argument)  # the judge's own class stays here
    return base64.b64encode(pickle.dumps(argument)).decode("ascii")


def foreign_error(answer: dict[str, Any]) -> Exception:
    """Return an error of the nearest kind that judges know, under its own name."""
    kinds = answer.get("kinds")
    names = [name for kind in (kinds if type(kinds) is list else []) if (name := _word(kind))]
    known = next((_ERRORS[name] for name in names if name in _ERRORS), RuntimeError)
    made: type[Exception] = type(names[0] if names else "Error", (known,), {})
    return made(str(answer.get("error"))[:300])
