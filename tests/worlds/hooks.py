"""Our plain hooks in a world, and what they are given to judge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from worlds.world import Checkout, World

HOOKS = Path(__file__).parents[2] / "hooks"
VERSIONS = "backend/migrations/versions"


def install(world: World, folder: Path | None = None) -> None:
    """Put the hooks into `folder` or where git looks."""
    for hook in HOOKS.iterdir():
        target = (folder or world.main.path / ".git/hooks") / hook.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(hook.read_bytes())
        target.chmod(0o755)
    world.warm_path()


def fails(done: CompletedProcess[str], problem: str = "parent-missing") -> bool:
    """Whether git was refused, with these words; any other failure is an error of the test."""
    if done.returncode:
        assert problem in done.stdout + done.stderr  # git leaves the output of pre-push where it is
    return done.returncode != 0


def broken(checkout: Checkout) -> Path:
    return checkout.revision("bbbb2222", "gone1111", file="b.py")


def sound(checkout: Checkout) -> Path:
    return checkout.revision("bbbb2222", "aaaa1111", file="b.py")


def second_project(checkout: Checkout) -> str:
    """Write another project beside the first; where its migrations lie."""
    for path in ("alembic.ini", "migrations/env.py", "migrations/script.py.mako"):
        checkout.write(f"services/api/{path}", (checkout.backend / path).read_text())
    checkout.write("services/api/migrations/versions/a.py", "revision = 'a'\ndown_revision = None\n")
    return "services/api/migrations/versions"
