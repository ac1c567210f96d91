"""What importing a module would leave in its names, as far as literals go: told by `ast`, running nothing.

Literals, sums of literals and names bound to them are followed; everything else is `COMPUTED`. Functions are
taken not to be called, but a name that is declared `global` somewhere is computed. A star import is taken not
to bind what is asked for.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMPUTED: Final = ...
"""The value of a name that only running the module could tell; also of a literal `...`, which says nothing."""

ANY_NAME: Final = "*"
"""This key stands for each name that is not bound itself, if code that was not run may have bound it."""

_LONGEST: Final = 10_000
"""A longer sum of literals counts as computed: `x = x + x`, forty times, must not fill the memory."""

_REFLECTIONS = frozenset({"globals", "locals", "vars", "exec"})
_COLLECTIONS = (ast.Tuple, ast.List, ast.Set)
_INERT = (ast.Constant, ast.Name, *_COLLECTIONS, ast.BinOp, ast.JoinedStr, ast.expr_context, ast.operator)


def module_names(content: bytes) -> dict[str, object]:
    """Return what each module level name is bound to in the end: a literal's value, or `COMPUTED`.

    The content is read as Python's import reads it. Raises what `compile` raises: `SyntaxError`,
    `ValueError` or `LookupError` (NUL bytes, encodings), `RecursionError` or `MemoryError` (nesting).
    """
    tree = _parse(content)
    names: dict[str, object] = {}
    for statement in tree.body:
        _step(statement, names)
    if b"global" in content:
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                names.update(dict.fromkeys(node.names, COMPUTED))
    return names


def _parse(content: bytes) -> ast.Module:
    with warnings.catch_warnings():  # a "\d" in a string is for others to complain about
        warnings.simplefilter("ignore")
        tree = ast.parse(content)
        compile(tree, "<migration>", "exec", dont_inherit=True)  # alone refuses a `return` outside a function
        return tree


def _step(statement: ast.stmt, names: dict[str, object]) -> None:
    """Apply one module level statement to the names."""
    if isinstance(statement, ast.Assign):
        value = _value(statement.value, names)
        for target in statement.targets:
            _bind(target, value, names)
    elif isinstance(statement, ast.AnnAssign):
        if statement.value is not None:
            _bind(statement.target, _value(statement.value, names), names)
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        _augment(statement, statement.target.id, names)
    elif isinstance(statement, ast.Delete):
        _delete(statement, names)
    elif not _is_bare_constant(statement):
        _disturb(statement, names)


def _is_bare_constant(statement: ast.stmt) -> bool:
    """Whether the statement is a docstring or the like, which every module has and which does nothing."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _augment(statement: ast.AugAssign, name: str, names: dict[str, object]) -> None:
    """Apply `name += value`. It changes a list in place: its other names are computed from here on."""
    before = names.get(name, COMPUTED)
    value = _value(statement.value, names)
    _disturb(statement, names)
    if isinstance(statement.op, ast.Add):
        names[name] = _sum(before, value)


def _delete(statement: ast.Delete, names: dict[str, object]) -> None:
    _disturb(statement, names)
    for target in statement.targets:
        if isinstance(target, ast.Name):
            names.pop(target.id, None)


def _bind(target: ast.expr, value: object, names: dict[str, object]) -> None:
    """Assign the value to a target: a name, or a tuple of targets if the value has as many parts."""
    if isinstance(target, ast.Name):
        names[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (tuple, list)):
        for part, item in zip(target.elts, _spread(value, target), strict=True):
            _bind(part, item, names)
    else:
        _disturb(target, names)


def _spread(value: tuple[object, ...] | list[object], target: ast.Tuple | ast.List) -> Sequence[object]:
    """Return what each part of an unpacking target gets, as far as that can be told without running."""
    starred = any(isinstance(part, ast.Starred) for part in target.elts)
    return [COMPUTED] * len(target.elts) if starred or len(value) != len(target.elts) else value


def _value(node: ast.expr, names: dict[str, object]) -> object:
    """Return the value of an assigned expression, having applied what evaluating it does to the names."""
    try:
        value = _fold(node, names)
    except RecursionError:
        value = COMPUTED
    if not isinstance(node, ast.Constant) and not all(isinstance(part, _INERT) for part in ast.walk(node)):
        _disturb(node, names)
    return value


def _fold(node: ast.expr, names: dict[str, object]) -> object:
    """Return the value of a literal, of a sum of literals, or of a name bound to one; else `COMPUTED`."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id, COMPUTED)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return _collection(node, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(_fold(node.left, names), _fold(node.right, names))
    if isinstance(node, ast.JoinedStr):
        return _joined(node)
    return COMPUTED


def _collection(node: ast.Tuple | ast.List | ast.Set, names: dict[str, object]) -> object:
    if any(isinstance(item, ast.Starred) for item in node.elts):
        return COMPUTED
    items = [_item(item, names) for item in node.elts]
    if isinstance(node, ast.List):
        return items
    try:
        return tuple(items) if isinstance(node, ast.Tuple) else set(items)
    except TypeError:  # a list in a set: importing fails too
        return COMPUTED


def _item(node: ast.expr, names: dict[str, object]) -> object:
    """Return an item's value, but no shared collection: `x = (x, x)`, forty times, could not be hashed."""
    value = _fold(node, names)
    shared = isinstance(value, (tuple, list, set)) and not isinstance(node, _COLLECTIONS)
    return COMPUTED if shared else value


def _joined(node: ast.JoinedStr) -> object:
    """Return the value of an f-string without expressions."""
    parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
    return "".join(map(str, parts)) if len(parts) == len(node.values) else COMPUTED


def _sum(left: Any, right: Any) -> object:
    """Return `left + right` of two strings, two tuples or two lists."""
    same = any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, tuple, list))
    return left + right if same and len(left) + len(right) <= _LONGEST else COMPUTED


# Everything but plain assignments


def _disturb(node: ast.AST, names: dict[str, object]) -> None:
    """Mark as computed whatever this code, which is not read any further, may change.

    That is: the names that it binds; a list or a set that it mentions, under all its names; and all names, if
    it mentions a way to reach them unseen.
    """
    for part, binds_here in _executed(node):
        if isinstance(part, ast.Name):
            _spoil(names.get(part.id), names)
            if part.id in _REFLECTIONS:
                names.update(dict.fromkeys((*names, ANY_NAME), COMPUTED))
        if binds_here:
            names.update(dict.fromkeys(_bound(part), COMPUTED))


def _spoil(value: object, names: dict[str, object]) -> None:
    """Mark a list or a set as computed, under each name that is bound to it."""
    if isinstance(value, (list, set)):
        for name in [name for name, other in names.items() if other is value]:
            names[name] = COMPUTED


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that this node itself binds in its scope."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.alias):
        if node.name != "*":
            yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.MatchMapping):
        if node.rest:
            yield node.rest
    else:
        name = getattr(node, "name", None)  # def, class, except … as, case … as, *rest
        if isinstance(name, str):
            yield name


def _executed(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Yield each node that importing executes (no function's body), and whether it binds module names."""
    stack = [(node, True)]
    while stack:
        part, here = stack.pop()
        yield part, here
        for field, value in ast.iter_fields(part):
            children = value if isinstance(value, list) else [value]
            inner = here and _same_scope(part, field)
            if not _is_deferred(part, field):
                stack.extend((child, inner) for child in children if isinstance(child, ast.AST))


def _same_scope(node: ast.AST, field: str) -> bool:
    """Whether this field binds names where the node stands, not inside a class or a comprehension."""
    if isinstance(node, ast.ClassDef):
        return field != "body"
    return not (isinstance(node, ast.comprehension) and field == "target")


def _is_deferred(node: ast.AST, field: str) -> bool:
    return field == "body" and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
