"""Try the claims of a notebook inside its kernel: `tools/sweep.py` puts a cell with `install` before the first one.

A claim is an assert. Each is judged and counted, and none stops the notebook. `keras.utils.set_random_seed` is moved
by an offset; nothing else of the notebook is touched. The numbers that asserts compare are kept, so that one can see
with how much room a claim holds, and where another processor computes something else.
"""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from numbers import Real
from typing import Any

NAME = "__claims__"


class Claims:
    """What became of the asserts, by the number of the executed cell."""

    def __init__(self) -> None:
        self.cell = -1  # the cell that installs this is not counted
        self.held: dict[int, bool] = {}
        self.failed: dict[int, list[str]] = {}
        self.numbers: dict[int, list[float]] = {}

    def next_cell(self, info: Any) -> None:
        self.cell += 1

    def see(self, value: Any) -> Any:
        """Keep an operand of a comparison if it is one number, and return it."""
        if isinstance(value, Real) or getattr(value, "shape", None) == ():
            with suppress(TypeError, ValueError):  # a dtype has that shape, too
                self.numbers.setdefault(self.cell, []).append(float(f"{float(value):.6g}"))
        return value

    def judge(self, held: bool, text: str) -> None:
        self.held[self.cell] = held and self.held.get(self.cell, True)
        if not held:
            seen = ", ".join(f"{number:g}" for number in self.numbers.get(self.cell, [])[-4:])
            self.failed.setdefault(self.cell, []).append(f"{text}  (last numbers: {seen})")

    def report(self) -> str:
        cells = {
            cell: {"held": held, "failed": self.failed.get(cell, []), "numbers": self.numbers.get(cell, [])}
            for cell, held in self.held.items()
        }
        return json.dumps(cells)


class Rewrite(ast.NodeTransformer):
    """Let asserts be judged rather than stop, and move the seeds."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def visit_Assert(self, node: ast.Assert) -> ast.Try:
        text = ast.unparse(node.test)
        self.generic_visit(node)
        for comparison in compared(node.test):
            comparison.left = call("see", comparison.left)
            comparison.comparators = [call("see", operand) for operand in comparison.comparators]
        handler = ast.ExceptHandler(ast.Name("AssertionError", ast.Load()), None, [judged(False, text)])
        attempt = ast.Try([node], [handler], [judged(True, text)], [])
        return ast.fix_missing_locations(ast.copy_location(attempt, node))

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if ast.unparse(node.func).split(".")[-1] == "set_random_seed":
            node.args[0] = ast.BinOp(node.args[0], ast.Add(), ast.Constant(self.offset))
        return ast.fix_missing_locations(node)


def compared(test: ast.expr) -> list[ast.Compare]:
    """Return the comparisons of which a claim consists: those joined by `and`, with no call around them."""
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    return [part for part in parts if isinstance(part, ast.Compare)]


def call(method: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(NAME, ast.Load()), method, ast.Load()), list(arguments), [])


def judged(held: bool, text: str) -> ast.Expr:
    return ast.Expr(call("judge", ast.Constant(held), ast.Constant(text)))


def install(shell: Any, offset: int) -> None:
    """Rewrite every cell that the shell executes from here on."""
    claims = Claims()
    shell.user_ns[NAME] = claims
    shell.events.register("pre_run_cell", claims.next_cell)
    shell.ast_transformers.append(Rewrite(offset))
