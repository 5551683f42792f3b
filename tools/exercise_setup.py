"""What of a chapter an exercise needs: the statements before it that make the names which it uses.

So an exercise can stand in a notebook of its own, as in an assignment.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)[^)]+\)")
# What these need, their chapters fetch, or train for minutes, or make in ways that `sliced` does not see.
IN_THEIR_CHAPTERS = {"01.3", "02.1", "02.3", "02.4", "02.5", "03.1", "03.3", "03.4", "04.3", "04.4", "13.2"}


def statement(exercise: str) -> str:
    """Return the statement of an exercise, without its number and without links to other pages of the book."""
    return LINK.sub(r"\1", exercise.partition("<details>")[0].partition(" ")[2]).strip()


def alone(name: str, before: Sequence[str], text: Mapping[str, str], solution: str) -> dict[str, str]:
    """Return what an exercise needs in a notebook of its own, and its model answer there; nothing if it can't."""
    if name in IN_THEIR_CHAPTERS:
        return {}
    steps, answer = answered(solution, name)
    needed = setup(before, text["statement"], text["answer"], f"{steps}\n{answer}")
    return {"setup": needed, "model": f"{steps}\nanswer = {answer}".strip()}


def answered(solution: str, exercise: str) -> tuple[str, str]:
    """Return those statements of a solution that its answer needs, and the answer, as an expression."""
    tree = ast.parse(solution)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "check":
            name, answer = node.args
            if isinstance(name, ast.Constant) and name.value == exercise:
                kept, _ = sliced([solution], free_names(answer))
                return "\n".join(kept), ast.unparse(answer)
    raise ValueError(f"the solution of {exercise} doesn't check its answer")


def setup(before: Sequence[str], statement: str, asked: str, model: str) -> str:
    """Return the statements of the cells `before` on which a model answer depends, and the code spans of the statement.

    A function gets what it needs as arguments: what its statement speaks of are mostly these.
    """
    spoken = set() if asked.startswith("a function") else set(CODE_SPAN.findall(statement))
    return "\n".join(sliced(before, set().union(free_names(model), *map(free_names, spoken)))[0])


def sliced(cells: Sequence[str], needed: set[str]) -> tuple[list[str], set[str]]:
    """Return the statements that make the needed names, and the names that are still to be made before them."""
    kept: list[str] = []
    modules = {
        name
        for source in cells
        for node in ast.parse(source).body
        if isinstance(node, ast.Import)
        for name in bound(node)
    }
    for source in reversed(cells):
        lines = source.splitlines()
        for node in reversed(ast.parse(source).body):
            made, changed = set(bound(node)), touched(node) - modules
            if isinstance(node, ast.Assert) or not (made | changed) & needed:
                continue
            if isinstance(node, ast.Import | ast.ImportFrom):
                kept.append(only(node, needed))
            else:
                kept.append("\n".join(lines[first_line(node) - 1 : node.end_lineno]))
            # What is only changed here is still to be made before; so is what the statement itself reads.
            needed = (needed - (made - changed)) | free_names(node)
    return kept[::-1], needed


def only(node: ast.Import | ast.ImportFrom, needed: set[str]) -> str:
    """Return an import without the names that nobody needs."""
    names = [each for each in node.names if (each.asname or each.name).partition(".")[0] in needed]
    return ast.unparse(ast.ImportFrom(node.module, names, 0) if isinstance(node, ast.ImportFrom) else ast.Import(names))


def first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])


def bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement makes in its notebook."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
        return
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield (alias.asname or alias.name).partition(".")[0]
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.For):  # what it counts with is nobody's later
        for child in [*node.body, *node.orelse]:
            yield from bound(child)
        return
    if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return
    for child in ast.iter_child_nodes(node):
        yield from bound(child)


def touched(node: ast.stmt) -> set[str]:
    """Return the names whose objects a statement may change: by a method, an item, an attribute, or in place."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.AugAssign):
            found |= {root(each.target)}
        elif isinstance(each, (ast.Subscript, ast.Attribute)) and isinstance(each.ctx, ast.Store):
            found |= {root(each)}
    for each in ast.walk(node):
        called = each.value.func if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call) else None
        if isinstance(called, ast.Attribute):
            found |= {root(called)}
        elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr.startswith("fit"):
            found |= {root(each.func)}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return set()
    return found - {""}


def root(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return ""  # an object that has just been made
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def free_names(code: str | ast.AST) -> set[str]:
    """Return the names that code reads and doesn't make before, those of its functions and loops left out."""
    if isinstance(code, str):
        try:
            code = ast.parse(code)
        except SyntaxError:
            return set()
    found: set[str] = set()
    read(code.body if isinstance(code, ast.Module) else [code], set(), found)
    return found - set(dir(builtins))


def read(nodes: Iterable[ast.AST], known: set[str], found: set[str]) -> None:
    """Put into `found` what is read before it is known."""
    for node in nodes:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load) and node.id not in known:
                found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.Lambda)):
            spec, inner = node.args, set(known)
            read([*node.args.defaults, *filter(None, node.args.kw_defaults)], known, found)
            read(getattr(node, "decorator_list", []), known, found)
            every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, [spec.vararg, spec.kwarg])]
            inner |= {each.arg for each in every}
            body = node.body if isinstance(node.body, list) else [node.body]
            inner |= {name for each in body for name in bound(each)}
            read(body, inner, found)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            inner = known | {name for each in node.generators for name in bound(each.target)}
            read(ast.iter_child_nodes(node), inner, found)
        elif isinstance(node, ast.comprehension):
            read([node.iter, *node.ifs], known, found)
        elif isinstance(node, ast.AugAssign):
            read([*ast.walk(node.target), node.value], known, found)
            if (name := root(node.target)) not in known:
                found.add(name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            read([node.value] if node.value else [], known, found)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            read(targets, known, found)
            known |= {name for each in targets for name in bound(each)}
        elif isinstance(node, ast.For):
            read([node.iter], known, found)
            known |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
            read([node.target, *node.body, *node.orelse], known, found)
        else:
            read(ast.iter_child_nodes(node), known, found)
        if isinstance(node, ast.stmt):
            known |= set(bound(node))
