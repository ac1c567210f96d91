"""In what do models and database differ? And the new revision, with only the chosen differences in it."""

from __future__ import annotations

import copy
import logging
import os
import sys
from contextlib import suppress
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .commands import as_the_command, hidden_if
from .elsewhere import Elsewhere
from .hosts import describe

ASPECTS = {
    "modify_type": None,
    "modify_nullable": None,
    "modify_server_default": False,
    "modify_comment": False,
}
ASPECTS["modify_name"] = None


class _Difference(NamedTuple):
    """An operation of a new revision, or what it does to one aspect of a column; and the list that it is in."""

    inside: List[Any]
    operation: Any
    aspect: str


class _Comparison:
    """What was compared last, and waits for what is chosen of it."""

    def __init__(self) -> None:
        self.context: Any = None  # Alembic's RevisionContext
        self.differences: List[_Difference] = []
        self.rows: List[Dict[str, Any]] = []


_last = _Comparison()


def compare(
    argv: List[str], elsewhere: Optional[Dict[str, str]] = None, quiet: bool = False, verbose: bool = False
) -> Dict[str, Any]:
    """Answer with the operations that `alembic revision --autogenerate` would write, and the rows of every table.

    `argv` is that command. Nothing is changed, written or checked against the rows. With `elsewhere` it is run for
    the files of the checkout at `root` that lie in `there`, from the `folder` in that.
    """
    answer: Dict[str, Any] = {"tables": [], "operations": [], "strayed": None}
    logging.disable(logging.INFO)  # "Detected removed table" would be said of what is left out
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        moved = Elsewhere(elsewhere["root"], elsewhere["there"]) if elsewhere else None
        if elsewhere and moved:
            argv = moved.enter(elsewhere["folder"], argv)
        hidden = hidden_if(quiet=quiet, verbose=verbose)
        failure = as_the_command(argv, lambda config: _compare(config, answer), hidden)
        answer["strayed"] = moved.strayed() if moved else None
    except OSError as error:
        failure = {"reason": f"{error.strerror}: {error.filename}", "hidden": True}
    finally:
        logging.disable(logging.NOTSET)
        sys.dont_write_bytecode = before
    return {"failure": failure, **answer}


def _compare(config: Any, answer: Dict[str, Any]) -> None:
    from alembic.autogenerate.api import RevisionContext
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(config)
    context = RevisionContext(config, script, _arguments(config))
    context.script_directory = _AnyRevisions()  # type: ignore[assignment]

    def run(heads: Any, migration_context: Any) -> List[Any]:
        answer["tables"].append(describe(heads, migration_context))
        context.run_autogenerate(heads, migration_context)
        return []

    with EnvironmentContext(
        config,
        script,
        fn=run,
        as_sql=False,
        dont_mutate=True,
        template_args=context.template_args,
        revision_context=context,
    ):
        script.run_env()
    context.script_directory = script
    _last.context = context
    found = list(_rows(context)) if answer["tables"] else []
    _last.differences, _last.rows = [one for one, _ in found], [row for _, row in found]
    answer["operations"] = _last.rows


class _AnyRevisions:
    """Stands for the folder of migrations while Alembic asks whether the database has all of it."""

    def get_revisions(self, _: object) -> Tuple[()]:
        return ()


def _arguments(config: Any) -> Dict[str, Any]:
    """Return what the command line says, as `alembic revision` hands it on."""
    _, _, names = config.cmd_opts.cmd
    return {name: getattr(config.cmd_opts, name, None) for name in names}


def _rows(context: Any) -> Iterator[Tuple[_Difference, Dict[str, Any]]]:
    for script in context.generated_revisions:
        for pair in zip(script.upgrade_ops_list, script.downgrade_ops_list):  # noqa: B905 of Python 3.10
            for down, container in enumerate(pair):
                for difference in _within(container.ops):
                    row = _row(context, difference)
                    yield difference, {"engine": pair[0].upgrade_token, "down": bool(down), **row}


def _within(operations: List[Any]) -> Iterator[_Difference]:
    """Yield what a list of operations does; those on one table are in lists of their own."""
    for operation in operations:
        if isinstance(getattr(operation, "ops", None), list):
            yield from _within(operation.ops)
        else:
            for aspect in _aspects(operation) or [""]:
                yield _Difference(operations, operation, aspect)


def _aspects(operation: Any) -> List[str]:
    """Return what an `alter_column` changes; [] of any other operation."""
    from alembic.operations.ops import AlterColumnOp

    if not isinstance(operation, AlterColumnOp):
        return []
    named = [name for name, unset in ASPECTS.items() if getattr(operation, name) is not unset]
    return named + [name for name in operation.kw if name.startswith("modify_")]


def _row(context: Any, difference: _Difference) -> Dict[str, Any]:
    """Return an operation for who compares: the thing it concerns, and its text without what is there already."""
    operation, aspect = difference.operation, difference.aspect
    kind, name, columns = _thing(operation)
    text = _text(context, _only(operation, aspect) if aspect else operation)
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


def _text(context: Any, operation: Any) -> str:
    """Return an operation as it is written outside of a batch, so that settings of batches do not matter."""
    plain = copy.copy(context._last_autogen_context)
    plain.opts, plain.imports = {**plain.opts, "render_as_batch": False}, set()
    return _plain_text(plain, operation)


def _plain_text(context: Any, operation: Any) -> str:
    """Return an operation as it is written, without remarks."""
    from alembic.autogenerate.render import render_op_text

    lines = render_op_text(context, operation).split("\n")
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _only(operation: Any, aspect: str, forget: bool = True) -> Any:
    """Return an `alter_column` that changes one aspect, and, to `forget` it, says nothing of what is there."""
    alone = copy.copy(operation)
    alone.kw = {name: value for name, value in operation.kw.items() if name == aspect or not forget}
    for name, unset in ASPECTS.items():
        if forget:
            setattr(alone, name.replace("modify_", "existing_"), unset)
        if name != aspect:
            setattr(alone, name, unset)
    return alone


def _thing(operation: Any) -> Tuple[str, str, List[str]]:
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


def _columns_of_index(operation: Any) -> List[str]:
    with suppress(Exception):  # of one that is made of expressions
        return [column.name for column in operation.to_index().columns]
    return []


def _constraint(operation: Any) -> Tuple[str, str, List[str]]:
    """Return what a constraint is known by, a foreign key by its columns: models seldom name it, databases do."""
    name = operation.constraint_name
    columns: List[str] = []
    foreign = False
    with suppress(Exception):
        constraint = operation.to_constraint()
        foreign = constraint.__visit_name__ == "foreign_key_constraint"
        columns = [
            getattr(column, "name", column)
            for column in getattr(constraint, "column_keys", constraint.columns)
        ]
    named = name if isinstance(name, str) and not foreign else ",".join(columns)
    return "foreign key" if foreign else "constraint", str(named), columns


def undo(numbers: List[int]) -> Dict[str, Any]:
    """Answer with what undoes the operations of these numbers, as `write` takes it: text for both ways, and imports."""
    found = []
    for number in numbers:
        operation, aspect = _last.differences[number][1:]
        operation = _only(operation, aspect, forget=False) if aspect else operation
        row = {name: _last.rows[number][name] for name in ("engine", "schema", "table", "kind")}
        context = copy.copy(_last.context._last_autogen_context)
        context.imports = set()
        context._has_batch = bool(context.opts.get("render_as_batch")) and row["kind"] != "table"
        up, down = (_plain_text(context, one) for one in (operation.reverse(), operation))
        found.append({**row, "up": up, "down": down, "imports": sorted(context.imports)})
    return {"undoing": found}


def write(left_out: List[int], even_empty: bool, added: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Write the revision that was compared last, without the operations of these numbers; none that is empty.

    What is `added` is text that `undo` has answered. Answers with the paths of the files, relative to this folder.
    """
    for number in left_out:
        _take_out(_last.differences[number])
    for row in added:
        _put_in(row)
    written: List[str] = []
    failure = as_the_command(["revision"], lambda _: _generate(even_empty, written))
    return {"failure": failure, "paths": written}


def revision(argv: List[str]) -> Dict[str, Any]:
    """Run `argv`, which is `alembic revision` without a comparison. Answers as `write` does."""
    from alembic import command

    written: List[str] = []

    def make(config: Any) -> None:
        script = command.revision(config, **_arguments(config))
        written.extend(
            os.path.relpath(one.path) for one in (script if isinstance(script, list) else [script]) if one
        )

    return {"failure": as_the_command(argv, make), "paths": written}


def _take_out(difference: _Difference) -> None:
    operation, aspect = difference.operation, difference.aspect
    if aspect in ASPECTS:
        setattr(operation, aspect, ASPECTS[aspect])
    elif aspect:
        del operation.kw[aspect]
    if not _aspects(operation):
        difference.inside[:] = [one for one in difference.inside if one is not operation]


def _put_in(row: Dict[str, Any]) -> None:
    """Add an operation to the end of the upgrade, and to the beginning of the downgrade."""
    from alembic.operations.ops import ModifyTableOps

    script = _last.context.generated_revisions[-1]
    script.imports = {*(script.imports or ()), *row["imports"]}
    for up, down in zip(script.upgrade_ops_list, script.downgrade_ops_list):  # noqa: B905 of Python 3.10
        if up.upgrade_token == row["engine"]:
            both = [_verbatim(row[name]) for name in ("up", "down")]
            if row["kind"] != "table" and row["table"]:
                both = [ModifyTableOps(row["table"], [one], schema=row["schema"]) for one in both]
            up.ops.append(both[0])
            down.ops.insert(0, both[1])


def _verbatim(text: str) -> Any:
    """Return an operation that is written as this text."""
    from alembic.autogenerate.render import renderers
    from alembic.operations.ops import MigrateOperation

    class Verbatim(MigrateOperation):
        pass

    renderers.dispatch_for(Verbatim)(lambda *_: text.split("\n"))
    return Verbatim()


def _generate(even_empty: bool, written: List[str]) -> None:
    context = _last.context
    for script in context.generated_revisions:
        for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            container.ops[:] = [one for one in container.ops if getattr(one, "ops", None) != []]
    if not even_empty:
        kept = [one for one in context.generated_revisions if any(up.ops for up in one.upgrade_ops_list)]
        context.generated_revisions[:] = kept
    for script in context.generate_scripts():
        if script is not None:
            written.append(os.path.relpath(script.path))


HANDLERS: Dict[str, Callable[..., Dict[str, Any]]] = {
    "compare": compare,
    "undo": undo,
    "write": write,
    "revision": revision,
}
