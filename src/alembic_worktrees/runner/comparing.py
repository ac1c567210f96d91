"""In what do models and database differ? And the new revision, with only the chosen differences in it."""

from __future__ import annotations

import copy
import os
from typing import Any, Callable

from .commands import as_the_command
from .differences import ASPECTS, Difference, aspects, differences, only, rendered
from .elsewhere import Elsewhere
from .failures import hidden_if
from .hosts import describe
from .making import maker
from .running import run_env, scripts, unheard


class _Comparison:
    """What was compared last, and waits for what is chosen of it."""

    def __init__(self) -> None:
        self.context: Any = None  # Alembic's RevisionContext
        self.differences: list[Difference] = []


_last = _Comparison()


def compare(argv: list[str], verbose: bool) -> dict[str, Any]:
    """Answer with the operations that `alembic revision --autogenerate` would write, and the rows of every table.

    `argv` is that command. Nothing is changed, written or checked against the rows.
    """
    tables: list[dict[str, Any]] = []

    def run(config: Any) -> None:
        _compare(config, tables)

    _last.differences = []
    with unheard():  # "Detected removed table" would be said of what is left out, too
        failure = as_the_command(argv, run, hidden_if(verbose=verbose))
    return {"failure": failure, "tables": tables, "operations": [one.row for one in _last.differences]}


def compare_elsewhere(argv: list[str], verbose: bool, root: str, there: str, folder: str) -> dict[str, Any]:
    """Answer as `compare` does for the files of the checkout at `root` that lie in `there`, from `folder` in that.

    And with a file of the checkout that was loaded all the same.
    """
    moved = Elsewhere(root, there)
    try:
        moved.enter(folder)
    except OSError as error:
        failure = {"reason": f"{error.strerror}: {error.filename}", "hidden": True}
        return {"failure": failure, "tables": []}
    maker.argv = [moved.moved(word) for word in maker.argv]
    answer = compare([moved.moved(word) for word in argv], verbose)
    return {**answer, "strayed": moved.strayed()}


def _compare(config: Any, tables: list[dict[str, Any]]) -> None:
    from alembic.autogenerate.api import RevisionContext

    script = scripts(config)
    context = RevisionContext(config, script, _arguments(config))
    context.script_directory = _AnyRevisions()  # type: ignore[assignment]

    def run(heads: Any, migration_context: Any) -> list[Any]:
        tables.append(describe(heads, migration_context))
        context.run_autogenerate(heads, migration_context)
        return []

    about: dict[str, Any] = {"template_args": context.template_args, "revision_context": context}
    run_env(config, script, run, dont_mutate=True, **about)
    context.script_directory = script
    _last.context = context
    _last.differences = differences(context) if tables else []


class _AnyRevisions:
    """Stands for the folder of migrations while Alembic asks whether the database has all of it."""

    def get_revisions(self, _: object) -> tuple[()]:
        return ()


def _arguments(config: Any) -> dict[str, Any]:
    """Return what the command line says, as `alembic revision` hands it on."""
    _, _, names = config.cmd_opts.cmd
    return {name: getattr(config.cmd_opts, name, None) for name in names}


def undo(numbers: list[int]) -> dict[str, Any]:
    """Answer with what undoes the operations of these numbers, as `write` takes it: text for both ways, and imports."""
    return {"undoing": [_undoing(_last.differences[number]) for number in numbers]}


def _undoing(difference: Difference) -> dict[str, Any]:
    operation = only(difference.operation, difference.aspect)
    row = {name: difference.row[name] for name in ("engine", "schema", "table", "kind")}
    context = copy.copy(_last.context._last_autogen_context)
    context.imports = set()
    context._has_batch = bool(context.opts.get("render_as_batch")) and row["kind"] != "table"
    up, down = (rendered(context, one) for one in (operation.reverse(), operation))
    return {**row, "up": up, "down": down, "imports": sorted(context.imports)}


def write(left_out: list[int], even_empty: bool, added: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the revision that was compared last, without the operations of these numbers; none that is empty.

    What is `added` is text that `undo` has answered. Answers with the paths of the files, relative to this folder.
    """
    for number in left_out:
        _take_out(_last.differences[number])
    for row in added:
        _put_in(row)
    written: list[str] = []
    failure = as_the_command(["revision"], lambda _: written.extend(_generate(even_empty)))
    return {"failure": failure, "paths": written}


def revision(argv: list[str]) -> dict[str, Any]:
    """Run `argv`, which is `alembic revision` without a comparison. Answers as `write` does."""
    return _made(argv, _arguments)


def merge(message: str, heads: list[str]) -> dict[str, Any]:
    """Write a revision that joins `heads`, also if others have followed them, which `alembic merge` refuses."""
    about = {"message": message, "head": heads, "splice": True}
    return _made(["merge", "-m", message, *heads], lambda _: about)


def _made(argv: list[str], arguments: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    from alembic import command

    written: list[str] = []

    def make(config: Any) -> None:
        made = command.revision(config, **arguments(config))
        written.extend(_paths(made if isinstance(made, list) else [made]))

    return {"failure": as_the_command(argv, make), "paths": written}


def _take_out(difference: Difference) -> None:
    operation, aspect = difference.operation, difference.aspect
    if aspect in ASPECTS:
        setattr(operation, aspect, ASPECTS[aspect])
    elif aspect:
        del operation.kw[aspect]
    if not aspects(operation):
        difference.inside[:] = [one for one in difference.inside if one is not operation]


def _put_in(row: dict[str, Any]) -> None:
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


def _generate(even_empty: bool) -> list[str]:
    scripts = _last.context.generated_revisions
    for script in scripts:
        for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            container.ops[:] = [one for one in container.ops if getattr(one, "ops", None) != []]
    if not even_empty:
        scripts[:] = [script for script in scripts if any(up.ops for up in script.upgrade_ops_list)]
    return _paths(_last.context.generate_scripts())


def _paths(made: Any) -> list[str]:
    """Return where scripts lie that Alembic has made, relative to this folder; None is one that env.py left out."""
    return [os.path.relpath(script.path) for script in made if script is not None]
