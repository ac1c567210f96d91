"""A commit that touches neither a migration nor a configuration is told from its names; in doubt it is looked at."""

from __future__ import annotations

import sys
from itertools import product
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.hooks import touched
from alembic_worktrees.migrations.revision import is_migration_name
from alembic_worktrees.project import project
from worlds.world import Layout, World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.world import Checkout

VERSIONS = "backend/migrations/versions"
LOADED = """
import sys
before = set(sys.modules)
sys.argv[1:] = sys.argv[1].split()
from alembic_worktrees.__main__ import main
try:
    main()
finally:
    print(*sorted(set(sys.modules) - before))
"""
OURS = (
    "alembic_worktrees",
    "alembic_worktrees.__main__",
    "alembic_worktrees.hooks",
    "alembic_worktrees.hooks.touched",
)
ALONE = ["__future__", *OURS]


@pytest.fixture
def main(world_root: Path) -> Checkout:
    world = World.create(world_root, "postgresql://nobody@localhost/none")
    world.main.revision("aaaa1111")
    world.main.commit("Base")
    return world.main


def is_told_at_once(
    checkout: Checkout, command: str = "check --staged", env: dict[str, str] | None = None
) -> bool:
    """Whether nothing was loaded to judge it: not even `typing`, `pathlib` or `subprocess`."""
    done = checkout.world.run(sys.executable, "-c", LOADED, command, cwd=checkout.path, env=env)
    return done.stdout.split() == ALONE


UNCONCERNED = {
    "nothing": (),
    "text": ("README",),
    "modules": ("app.py", "backend/app.py", "backend/migrations/env.py"),
    "other files beside migrations": (f"{VERSIONS}/README", f"{VERSIONS}/data.json"),
}
CONCERNED = ("a.py", "sub/b.py", "c.pyc")


@pytest.mark.parametrize("command", ["check --staged", "protect"])
@pytest.mark.parametrize("case", UNCONCERNED)
def test_what_is_no_migration(case: str, command: str, main: Checkout) -> None:
    for path in UNCONCERNED[case]:
        main.write(path, "x = 1\n")
    main.git("add", "--force", "--all")
    main.revision("bbbb2222", "gone")  # not staged
    assert is_told_at_once(main, command)


@pytest.mark.parametrize(
    "path", [*(f"{VERSIONS}/{name}" for name in CONCERNED), "pyproject.toml", "x/alembic.ini"]
)
def test_what_may_be_one(path: str, main: Checkout) -> None:
    main.write(path, "x = 1\n")
    main.git("add", "--force", "--all")
    assert not is_told_at_once(main)


@pytest.mark.parametrize("how", ["deleted", "moved away", "edited"])
def test_a_migration_that_was_there(how: str, main: Checkout) -> None:
    file = f"{VERSIONS}/aaaa1111_add_t.py"
    if how == "edited":
        main.revision("aaaa1111", body="pass")
        main.git("add", "--all")
    else:
        main.git(*(["rm", "--quiet", file] if how == "deleted" else ["mv", file, "elsewhere.py"]))
    assert not is_told_at_once(main)


LAYOUTS = {
    "version locations": Layout(version_locations=("one", "two/three")),
    "in pyproject.toml": Layout(config="pyproject", version_locations=("one",)),
    "of the top": Layout(backend="", script_location="scripts", version_locations=(".",)),
}


@pytest.mark.parametrize(("case", "recorded"), [("far away", True), *product(LAYOUTS, [True, False])])
def test_migrations_in_other_folders(case: str, recorded: bool, world_root: Path) -> None:
    """Also where the configuration is not in git, perhaps for the password in it."""
    layout = LAYOUTS.get(case, Layout(backend="far/away", version_locations=("one",)))
    main = World.create(world_root, "sqlite://", layout=layout).main
    if not recorded:
        name = "pyproject.toml" if "pyproject" in case else "alembic.ini"
        main.git("rm", "--quiet", "--cached", main.backend / name)
        main.git("commit", "--quiet", "--message", "Keep it out")
    main.write("README", "x")
    main.git("add", "README")
    assert is_told_at_once(main)
    file = main.revision("bbbb2222", "gone")
    main.git("add", str(file))
    assert not is_told_at_once(main)
    assert main.tool("check", "--staged").returncode == 1


def test_a_commented_option_is_none(main: Checkout) -> None:
    ini = main.backend / "alembic.ini"
    ini.write_text(
        ini.read_text()
        + "# version_locations = x\n  ; version_locations\n[x]\nrecursive_version_locations = true\n"
    )
    main.git("commit", "--quiet", "--all", "--no-verify", "--message", "As Alembic's template has it")
    main.git("config", "grep.lineNumber", "true")
    main.git("config", "color.ui", "always")
    main.write("app.py", "")
    main.git("add", "app.py")
    assert is_told_at_once(main)


def test_who_asks_for_something_else_is_not_answered_so(main: Checkout) -> None:
    for name in touched.DISTURBING:
        assert not is_told_at_once(main, env={name: "x"})
    for command in ("check", "check --staged backend", "check --ref HEAD"):
        assert not is_told_at_once(main, command)
    assert not is_told_at_once(type(main)(main.world, main.backend))
    main.git("checkout", "--quiet", "--orphan", "new")
    assert not is_told_at_once(main)


def test_the_commit_that_is_made_counts(main: Checkout) -> None:
    """`commit -a` and `commit -- path` have an index of their own, of which only git's environment tells."""
    hook = main.path / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexec alembic-worktrees check --staged\n")
    hook.chmod(0o755)
    main.revision("bbbb2222", "gone", file="b.py")
    main.git("add", "-N", f"{VERSIONS}/b.py")
    assert main.git_run("commit", "--all", "--message", "x").returncode
    assert main.git_run("commit", "--message", "x", "--", f"{VERSIONS}/b.py").returncode
    main.write("app.py", "")
    main.git("add", "app.py")
    assert not main.git_run("commit", "--message", "x", "--", "app.py").returncode


# What a checkout, merge or rebase brings

EVENTS = {
    "checkout": ("report post-checkout HEAD~1 HEAD 1", {}),
    "merge": ("report post-merge 0", {}),
    "squash": ("report post-merge 1", {}),
    "rebase": ("report post-rewrite rebase", {}),
    "pre-commit, checkout": (
        "report",
        {"PRE_COMMIT_FROM_REF": "HEAD~1", "PRE_COMMIT_TO_REF": "HEAD", "PRE_COMMIT_CHECKOUT_TYPE": "1"},
    ),
    "pre-commit, merge": ("report", {"PRE_COMMIT_IS_SQUASH_MERGE": "0"}),
    "pre-commit, rebase": ("report", {"PRE_COMMIT_REWRITE_COMMAND": "rebase"}),
}


def brought(checkout: Checkout, path: str, event: str) -> None:
    """Let the last thing that git did bring this file."""
    checkout.write(path, "x = 1\n")
    checkout.git("add", "--force", "--all")
    if event != "squash":
        checkout.git("commit", "--quiet", "--no-verify", "--message", "Brought")
        checkout.git("update-ref", "ORIG_HEAD", "HEAD~1")


@pytest.mark.parametrize("event", EVENTS)
def test_what_brings_no_migration(event: str, main: Checkout) -> None:
    brought(main, "backend/app.py", event)
    command, env = EVENTS[event]
    assert is_told_at_once(main, command, env)
    assert not is_told_at_once(main, f"{command} --database", env)
    brought(main, f"{VERSIONS}/b.py", event)
    assert not is_told_at_once(main, command, env)


@pytest.mark.parametrize("path", ["x/alembic.ini", "backend/pyproject.toml", f"{VERSIONS}/.gitignore"])
def test_what_may_bring_more(path: str, main: Checkout) -> None:
    """Also a `.gitignore`, which may have taken the place of a record."""
    brought(main, path, "checkout")
    assert not is_told_at_once(main, EVENTS["checkout"][0])


def test_what_brings_nothing_at_all(main: Checkout) -> None:
    for words in ("post-checkout HEAD HEAD 1", "post-checkout x y 0", "post-rewrite amend"):
        assert is_told_at_once(main, f"report {words}")
    for words in (f"post-checkout {'0' * 40} HEAD 1", "post-checkout gone HEAD 1", "post-merge 0", "post-x"):
        assert not is_told_at_once(main, f"report {words}")  # a new worktree; no commit, or none before


def test_it_knows_the_names_that_others_know() -> None:
    """They stand in both places, for this module must not load the others."""
    assert project.ConfigFiles()[:2] == touched.CONFIGS
    assert project.USUAL_FOLDER in touched.USUAL_FOLDERS
    endings = (".py", ".pyc", ".pyo", ".txt", "")
    assert {ending for ending in endings if is_migration_name(f"x{ending}")} <= set(touched.MODULES)
