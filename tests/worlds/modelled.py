"""Projects that have models: what `alembic revision --autogenerate` compares with the database."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from alembic_worktrees.migrations.revision import read_revision
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.world import Checkout

MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()

"""
ENV = """

from models import metadata  # noqa: E402

OPTIONS.update(target_metadata=metadata, compare_type=True, compare_server_default=True, @OPTIONS@)
"""


def modelled(root: Path, url: str, models: str, *, layout: Layout | None = None, options: str = "") -> World:
    """A world whose env.py knows the models in `models.py` of the backend, written but not committed."""
    world = World.create(root, url, layout=layout)
    env = world.main.backend / world.layout.script_folder / "env.py"
    env.write_text(knowing(env.read_text(), options))
    write_models(world.main, models)
    return world


def knowing(env: str, options: str = "") -> str:
    """The text of an env.py that knows the models in `models.py`."""
    before, line, after = env.partition("OPTIONS = ")
    own, line_break, rest = after.partition("\n")
    return before + line + own + ENV.replace("@OPTIONS@", options) + line_break + rest


def write_models(checkout: Checkout, models: str) -> None:
    """Have these models, as Python that follows `metadata = sa.MetaData()`."""
    (checkout.backend / "models.py").write_text(MODELS + models)


def generated(
    checkout: Checkout, message: str = "auto", rewrite: Callable[[Path], None] = lambda _: None
) -> Path:
    """What plain Alembic writes, written in another way if `rewrite` does, committed and applied."""
    before = {*checkout.versions.glob("*.py")}
    checkout.alembic("revision", "--autogenerate", "-m", message, check=True)
    (path,) = {*checkout.versions.glob("*.py")} - before
    rewrite(path)
    checkout.commit(message)
    checkout.alembic("upgrade", "heads", check=True)
    return path


def operations(path: Path, function: str = "upgrade") -> list[str]:
    """The statements of a migration's upgrade, each as Python would print it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            found = [one for one in node.body if not isinstance(one, ast.Pass)]
            return [
                ast.unparse(one) for one in found if not isinstance(getattr(one, "value", None), ast.Constant)
            ]
    raise AssertionError(path)


def rewritten(checkout: Checkout, path: Path, style: str) -> None:
    """Write what a migration does as "sql", as a "loop", or with "computed" names; as "operations" it stays."""
    if style == "operations":
        return
    if style == "sql":
        done = checkout.alembic("upgrade", "--sql", f"{parent(path)}:head", check=True)
        found = [
            one for one in done.stdout.split(";\n") if not re.search(r"alembic_version|BEGIN|COMMIT", one)
        ]
        body = "".join(
            f"    op.execute({one.strip()!r})\n" for one in found if re.sub("--.*", "", one).strip()
        )
    else:
        body = "".join(f"        lambda: {one},\n" for one in operations(path))
        body = "    for step in (\n" + body + "    ):\n        step()\n"
    text = path.read_text()
    if style == "computed":  # no name is in the file at all
        body = re.sub(r"'(\w)(\w*)'", r"'\1' '\2'", body)
        text = text[: text.index("def downgrade")] + "def downgrade():\n    pass\n"
    start, end = text.index("def upgrade"), text.index("def downgrade")
    path.write_text(text[:start] + "def upgrade():\n" + (body or "    pass\n") + "\n\n" + text[end:])


def parent(path: Path) -> str:
    """The id that a migration follows."""
    return read_revision(path.read_bytes(), path.name).down_revisions[0]
