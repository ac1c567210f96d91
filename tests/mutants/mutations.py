"""Python source → the small mistakes that could be in it, each of which some test should notice. Pure."""

from __future__ import annotations

import ast
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = [
    (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE),
    (ast.And, ast.Or), (ast.Add, ast.Sub), (ast.BitOr, ast.BitAnd),
]  # fmt: skip
OPPOSITES: dict[type, Any] = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
OTHERS: dict[type, Any] = {
    bool: lambda value: not value,
    int: lambda value: value + 1,
    str: lambda value: value + "x",
    bytes: lambda value: value + b"x",
}
REMOVED = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


class Mutation(NamedTuple):
    """Bytes to be replaced; `unit` is the first line of the function that they are in, 0 outside of any."""

    line: int
    unit: int
    start: int
    end: int
    new: bytes

    def applied(self, source: bytes) -> bytes:
        """Return the module with this mistake in it."""
        return source[: self.start] + self.new + source[self.end :]


def mutations(source: bytes) -> Iterator[Mutation]:
    """Yield each mistake that Python can still load."""
    starts = [0, *accumulate(len(line) + 1 for line in source.split(b"\n"))]
    for node, unit, is_condition in _nodes(ast.parse(source), 0):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for text in _statements(node) if isinstance(node, ast.stmt) else _expressions(node, is_condition):
            mutation = Mutation(node.lineno, unit, start, end, text.encode())
            with suppress(SyntaxError):
                compile(mutation.applied(source), "mutant", "exec", dont_inherit=True)
                yield mutation


def _nodes(node: Any, unit: int, field: str = "") -> Iterator[tuple[Any, int, bool]]:
    """Yield what may be changed, the function that it is in, and whether it is a condition."""
    if field in ("annotation", "returns") or _is_for_people_or_checkers(node):
        return
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        unit = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    if isinstance(node, (ast.expr, ast.stmt)):
        yield node, unit, field in ("test", "ifs")
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _nodes(child, unit, name)


def _is_for_people_or_checkers(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Constant()) | ast.If(ast.Name("TYPE_CHECKING")) | ast.Call(ast.Name("_" | "_n")):
            return True  # a docstring, what is imported for types alone, a text
    return isinstance(node, ast.JoinedStr)  # whose parts have no places of their own before Python 3.12


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Return(value) if value and ast.unparse(value) != "None":
            yield "return None"
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield "pass"
    if isinstance(node, REMOVED):
        yield "pass"


def _expressions(node: ast.expr, is_condition: bool) -> Iterator[str]:
    """Yield what could stand in its place: a flipped comparison, a negation, another value, an argument less."""
    if is_condition and not isinstance(node, (ast.Compare, ast.UnaryOp)):
        yield f"(not ({ast.unparse(node)}))"
    match node:
        case ast.Compare(left, [op, *ops], comparators):
            yield f"({ast.unparse(ast.Compare(left, [OPPOSITES[type(op)](), *ops], comparators))})"
        case ast.BoolOp(op) | ast.BinOp(op=op) if type(op) in OPPOSITES:
            fields = dict(ast.iter_fields(node)) | {"op": OPPOSITES[type(op)]()}
            yield f"({ast.unparse(type(node)(**fields))})"
        case ast.UnaryOp(ast.Not(), operand):
            yield f"({ast.unparse(operand)})"
        case ast.Constant(value) if type(value) in OTHERS:
            yield repr(OTHERS[type(value)](value))
        case ast.Call(func, args, keywords):
            for gone in keywords:
                yield ast.unparse(ast.Call(func, args, [one for one in keywords if one is not gone]))
