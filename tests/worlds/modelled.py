"""Projects that have models: what `alembic revision --autogenerate` compares with the database."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from worlds.world import Layout, World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.world import Checkout

MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()

"""
ENV = """

from models import metadata  # noqa: E402

OPTIONS.update(target_metadata=metadata, compare_server_default=True, @OPTIONS@)
"""
OPTIONS = "compare_type=True"


def modelled(
    root: Path, url: str, models: str, *, layout: Layout | None = None, options: str = OPTIONS
) -> World:
    """A world whose env.py knows the models in `models.py` of the backend, written but not committed."""
    world = World.create(root, url, layout=layout)
    env = world.main.backend / world.layout.script_folder / "env.py"
    before, line, after = env.read_text().partition("OPTIONS = ")
    own, line_break, rest = after.partition("\n")
    env.write_text(before + line + own + ENV.replace("@OPTIONS@", options) + line_break + rest)
    write_models(world.main, models)
    return world


def write_models(checkout: Checkout, models: str) -> None:
    """Have these models, as Python that follows `metadata = sa.MetaData()`."""
    (checkout.backend / "models.py").write_text(MODELS + models)


def generated(checkout: Checkout, message: str = "auto") -> Path:
    """What plain Alembic writes, committed and applied."""
    before = {*checkout.versions.glob("*.py")}
    checkout.alembic("revision", "--autogenerate", "-m", message, check=True)
    (path,) = {*checkout.versions.glob("*.py")} - before
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
