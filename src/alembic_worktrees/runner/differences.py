"""What would a new revision do? Alembic's operations, one by one, for who compares them."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any, Iterator, NamedTuple

# What an `alter_column` may change, and what stands there where it does not.
ASPECTS: dict[str, bool | None] = {
    "modify_type": None,
    "modify_nullable": None,
    "modify_server_default": False,
    "modify_comment": False,
    "modify_name": None,
}


class Difference(NamedTuple):
    """An operation of a new revision, or what it does to one aspect of a column; the list that it is in; and its row.

    The row is what is answered of it: what it does to which thing, and its text.
    """

    inside: list[Any]
    operation: Any
    aspect: str
    row: dict[str, Any]


def differences(context: Any) -> list[Difference]:
    """Return what was found by Alembic's RevisionContext, for the upgrade and for the downgrade of every engine."""
    found: list[Difference] = []
    for script in context.generated_revisions:
        for up, down in zip(script.upgrade_ops_list, script.downgrade_ops_list):  # noqa: B905 of Python 3.10
            found += _one_way(context, up, {"engine": up.upgrade_token, "down": False})
            found += _one_way(context, down, {"engine": up.upgrade_token, "down": True})
    return found


def _one_way(context: Any, container: Any, about: dict[str, Any]) -> list[Difference]:
    return [
        Difference(inside, operation, aspect, {**about, **_row(context, operation, aspect)})
        for inside, operation in _within(container.ops)
        for aspect in aspects(operation) or [""]
    ]


def _within(operations: list[Any]) -> Iterator[tuple[list[Any], Any]]:
    """Yield each operation with the list that it is in; those on one table are in lists of their own."""
    for operation in operations:
        if isinstance(getattr(operation, "ops", None), list):
            yield from _within(operation.ops)
        else:
            yield operations, operation


def aspects(operation: Any) -> list[str]:
    """Return what an `alter_column` changes; [] of any other operation."""
    from alembic.operations.ops import AlterColumnOp

    if not isinstance(operation, AlterColumnOp):
        return []
    named = [name for name, unset in ASPECTS.items() if getattr(operation, name) is not unset]
    return named + [name for name in operation.kw if name.startswith("modify_")]


def only(operation: Any, aspect: str) -> Any:
    """Return an operation that does no more than this; "" is all of it."""
    if not aspect:
        return operation
    alone = copy.copy(operation)
    others = {name for name in aspects(operation) if name != aspect}
    alone.kw = {name: value for name, value in operation.kw.items() if name not in others}
    for name in others & ASPECTS.keys():
        setattr(alone, name, ASPECTS[name])
    return alone


def _forgetful(operation: Any) -> Any:
    """Return an `alter_column` that says nothing of what is there already."""
    if not aspects(operation):
        return operation
    new = copy.copy(operation)
    new.kw = {name: value for name, value in operation.kw.items() if name.startswith("modify_")}
    for name, unset in ASPECTS.items():
        setattr(new, name.replace("modify_", "existing_"), unset)
    return new


def _row(context: Any, operation: Any, aspect: str) -> dict[str, Any]:
    """Return an operation for who compares: the thing it concerns, and its text without what is there already.

    The text is that outside of a batch, so that settings of batches do not matter.
    """
    kind, name, columns = _thing(operation)
    plain = copy.copy(context._last_autogen_context)
    plain.opts, plain.imports = {**plain.opts, "render_as_batch": False}, set()
    text = rendered(plain, _forgetful(only(operation, aspect)))
    table = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    return {
        "verb": text.partition("(")[0].rpartition(".")[2] if "(" in text else type(operation).__name__,
        "schema": getattr(operation, "schema", None) or getattr(operation, "kw", {}).get("source_schema"),
        "table": table and str(table),
        "kind": kind,
        "name": name,
        "columns": columns,
        "aspect": aspect.replace("modify_", ""),
        "text": text,
    }


def rendered(context: Any, operation: Any) -> str:
    """Return an operation as it is written, without remarks."""
    from alembic.autogenerate.render import render_op_text

    lines = render_op_text(context, operation).split("\n")
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _thing(operation: Any) -> tuple[str, str, list[str]]:
    """Return what an operation concerns: the kind of thing, its name, and the columns that it is made of."""
    from alembic.operations import ops

    if isinstance(operation, (ops.CreateTableOp, ops.DropTableOp)):
        return "table", str(operation.table_name), []
    if isinstance(operation, ops.AddColumnOp):
        return "column", str(operation.column.name), []
    if isinstance(operation, (ops.DropColumnOp, ops.AlterColumnOp)):
        return "column", str(operation.column_name), []
    if isinstance(operation, (ops.CreateIndexOp, ops.DropIndexOp)):
        return "index", str(operation.index_name), _columns_of_index(operation)
    if isinstance(operation, (ops.AddConstraintOp, ops.DropConstraintOp)):
        return _constraint(operation)
    return "other", "", []


def _columns_of_index(operation: Any) -> list[str]:
    with suppress(Exception):  # of one that is made of expressions
        return [column.name for column in operation.to_index().columns]
    return []


def _constraint(operation: Any) -> tuple[str, str, list[str]]:
    """Return what a constraint is known by, a foreign key by its columns: models seldom name it, databases do."""
    name = operation.constraint_name
    columns: list[str] = []
    foreign = False
    with suppress(Exception):
        constraint = operation.to_constraint()
        foreign = constraint.__visit_name__ == "foreign_key_constraint"
        found = getattr(constraint, "column_keys", constraint.columns)
        columns = [getattr(column, "name", column) for column in found]
    named = name if isinstance(name, str) and not foreign else ",".join(columns)
    return "foreign key" if foreign else "constraint", str(named), columns
