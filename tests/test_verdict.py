"""A verdict that is kept stands exactly as long as judging again would find the same."""

from __future__ import annotations

import random
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees import settings, verdict
from alembic_worktrees.project import ConfigFiles
from alembic_worktrees.review import find_scope, review_index
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.world import Checkout

VERSIONS = "backend/migrations/versions"


@pytest.fixture
def main(world_root: Path) -> Checkout:
    world = World.create(world_root, "postgresql://nobody@localhost/none")
    world.main.revision("aaaa1111")
    world.main.commit("Base")
    return world.main


def stands(checkout: Checkout) -> bool:
    return verdict.stands(str(checkout.path), {})


def judged_good(checkout: Checkout) -> bool:
    """Judge, as `check --staged` does; what is found good is kept."""
    scope = find_scope(None, checkout.path, ConfigFiles())
    assert scope is not None
    return not review_index(scope)


def kept(checkout: Checkout) -> Path:
    return checkout.path / ".git" / verdict.NAME


# What a commit may bring


def nothing(_: Checkout) -> None: ...


def another_file(checkout: Checkout) -> None:
    checkout.write("app.py", "import os\n")
    checkout.git("add", "--all")


def another_commit(checkout: Checkout) -> None:
    another_file(checkout)
    checkout.commit("More")


def edits_that_are_not_staged(checkout: Checkout) -> None:
    checkout.revision("bbbb2222", "gone")
    checkout.write("backend/alembic.ini", "")


@pytest.mark.parametrize("what", [nothing, another_file, another_commit, edits_that_are_not_staged])
def test_it_stands(what: Callable[[Checkout], None], main: Checkout) -> None:
    assert not stands(main)
    assert judged_good(main)
    what(main)
    assert stands(main)
    assert verdict.stands(str(main.versions), {})
    assert not verdict.stands(str(main.world.root), {})


def migration(checkout: Checkout) -> None:
    checkout.revision("bbbb2222", "aaaa1111")
    checkout.git("add", "--all")


def migration_that_is_gone(checkout: Checkout) -> None:
    checkout.git("rm", "--quiet", f"{VERSIONS}/aaaa1111_add_t.py")


def config(checkout: Checkout) -> None:
    file = checkout.backend / "alembic.ini"
    file.write_text(file.read_text() + "# changed\n")
    checkout.git("add", "--all")


def another_project(checkout: Checkout) -> None:
    checkout.write("deep/down/alembic.ini", "[alembic]\nscript_location = migrations\n")
    checkout.git("add", "--all")


def setting(checkout: Checkout) -> None:
    checkout.write("pyproject.toml", "[tool.alembic-worktrees]\nmax-heads = 2\n")


def setting_of_the_project(checkout: Checkout) -> None:
    checkout.write("backend/pyproject.toml", "[tool.alembic-worktrees]\nmax-heads = 2\n")


def setting_that_cannot_be_read(checkout: Checkout) -> None:
    (checkout.path / "pyproject.toml").mkdir()


def announced(checkout: Checkout) -> None:
    checkout.write(f"{VERSIONS}/empty.py", "")
    checkout.git("add", "-N", ".")


def torn(checkout: Checkout) -> None:
    kept(checkout).write_bytes(kept(checkout).read_bytes()[:-5])


def emptied(checkout: Checkout) -> None:
    kept(checkout).write_bytes(b"")


def moved(checkout: Checkout) -> None:
    new = checkout.path.with_name("elsewhere")
    shutil.move(checkout.path, new)
    checkout.path = new


def an_older_head(checkout: Checkout) -> None:
    checkout.git("update-ref", "HEAD", checkout.git("rev-parse", "HEAD^").strip())


def no_head(checkout: Checkout) -> None:
    checkout.git("symbolic-ref", "HEAD", "refs/heads/unborn")


def broken_index(checkout: Checkout) -> None:
    (checkout.path / ".git/index").write_bytes(b"DIRC")


@pytest.mark.parametrize(
    "what",
    [
        migration,
        migration_that_is_gone,
        config,
        another_project,
        setting,
        setting_of_the_project,
        setting_that_cannot_be_read,
        announced,
        torn,
        emptied,
        moved,
        an_older_head,
        no_head,
        broken_index,
    ],
)
def test_it_stands_no_longer(what: Callable[[Checkout], None], main: Checkout) -> None:
    assert judged_good(main)
    assert stands(main)
    what(main)
    assert not stands(main)


def test_a_file_is_read_to_its_end_as_soon_as_head_lacks_it(main: Checkout) -> None:
    """A broken file in HEAD is not looked at again; taken out of HEAD, it is new again."""
    file = main.revision("bbbb2222", "aaaa1111")
    file.write_text(file.read_text() + "\ndef broken(:\n")
    main.git("add", "--all")
    assert not judged_good(main)
    main.git("commit", "--quiet", "--message", "Broken")
    assert judged_good(main)
    assert stands(main)
    main.git("reset", "--quiet", "--soft", "HEAD^")
    assert not stands(main)
    assert not judged_good(main)


@pytest.mark.parametrize("name", verdict.DISTURBING)
def test_the_environment_asks_another_question(name: str, main: Checkout) -> None:
    assert judged_good(main)
    assert not verdict.stands(str(main.path), {name: "x"})


def test_another_version_judges_anew(main: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged_good(main)
    monkeypatch.setattr(verdict, "__version__", "0.0.1")
    assert not stands(main)


def test_each_worktree_has_its_own(main: Checkout) -> None:
    other = main.world.worktree("StoFlow-other")
    assert judged_good(main)
    assert not stands(other)
    assert judged_good(other)
    main.git("worktree", "remove", str(other.path))
    assert stands(main)


LAYOUTS = {
    "package": (Layout(script_location="app:migrations"), False),
    "a link may follow": (Layout(script_location="../backend/migrations"), False),
    "at the top": (Layout(backend="", script_location="scripts", version_locations=(".",)), True),
    "odd names": (Layout(backend="bäck *end", script_location="[mi] $x", config="pyproject"), True),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts(case: str, world_root: Path) -> None:
    """Where the folders on disk have a say, or a name would not fit, nothing stands."""
    layout, expected = LAYOUTS[case]
    checkout = World.create(world_root, "postgresql://nobody@localhost/none", layout=layout).main
    checkout.revision("aaaa1111")
    checkout.commit("Base")
    assert judged_good(checkout)
    assert stands(checkout) is expected
    checkout.revision("bbbb2222", "aaaa1111")
    checkout.git("add", "--all")
    assert not stands(checkout)


def test_without_a_project_nothing_is_kept(main: Checkout) -> None:
    main.git("rm", "--quiet", "-r", "backend")
    assert judged_good(main)
    assert not kept(main).exists()


def test_where_nothing_can_be_written_it_is_judged_each_time(main: Checkout) -> None:
    kept(main).mkdir()
    assert judged_good(main)
    assert not stands(main)


def test_in_hooks_the_commit_that_is_made_counts(main: Checkout) -> None:
    """`commit -a` and `commit -- path` have an index of their own, of which only git's environment tells."""
    hook = main.path / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexec alembic-worktrees check --staged\n")
    hook.chmod(0o755)
    main.git("commit", "--allow-empty", "--message", "Kept")
    assert stands(main)
    main.revision("bbbb2222", "gone", file="b.py")
    main.git("add", "--all")
    main.git("reset", "--quiet", f"{VERSIONS}/b.py")
    main.git("add", "-N", f"{VERSIONS}/b.py")
    assert main.git_run("commit", "--all", "--message", "x").returncode
    assert main.git_run("commit", "--message", "x", "--", f"{VERSIONS}/b.py").returncode
    main.write("app.py", "")
    main.git("add", "app.py")
    assert not main.git_run("commit", "--message", "x", "--", "app.py").returncode


class Walk:
    """Somebody who does this and that with the migrations of a checkout."""

    ids = ("bbbb2222", "cccc3333", "dddd4444")

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.chance = random.Random(2)  # noqa: S311

    def step(self) -> None:
        steps = (
            self.write,
            self.write,
            self.remove,
            self.unstage,
            self.commit,
            self.commit,
            self.back,
            self.set,
        )
        self.chance.choice(steps)()

    def write(self) -> None:
        parent = self.chance.choice(["aaaa1111", "gone", *self.ids])
        file = self.checkout.revision(self.chance.choice(self.ids), parent)
        if self.chance.random() < 0.2:
            file.write_text(file.read_text() + "\ndef broken(:\n")
        self.checkout.git("add", "--all")

    def remove(self) -> None:
        path = f"{VERSIONS}/{self.chance.choice(self.ids)}_add_t.py"
        self.checkout.git("rm", "--quiet", "--force", "--ignore-unmatch", path)

    def unstage(self) -> None:
        self.checkout.git("reset", "--quiet")

    def commit(self) -> None:
        self.checkout.git("commit", "--quiet", "--allow-empty", "--message", "x")

    def back(self) -> None:
        if int(self.checkout.git("rev-list", "--count", "HEAD")) > 2:
            self.checkout.git("reset", "--quiet", self.chance.choice(["--soft", "--hard"]), "HEAD^")

    def set(self) -> None:
        heads = self.chance.randint(1, 2)
        self.checkout.write("pyproject.toml", f"[tool.alembic-worktrees]\nmax-heads = {heads}\n")


def test_a_walk(main: Checkout, thorough: bool, record_property: Callable[[str, object], None]) -> None:
    """Whatever was done, in whatever order: what stands would be judged good."""
    walk, standing, steps = Walk(main), 0, 1000 if thorough else 40
    for _ in range(steps):
        walk.step()
        stood = stands(main)
        standing += stood
        assert judged_good(main) or not stood
    assert standing > 2
    record_property("steps", steps)
    record_property("verdicts that stood", standing)


def test_it_looks_for_what_the_usual_question_is_about() -> None:
    """The names stand in both places, for this module must not load the other."""
    assert ConfigFiles()[:2] == verdict.CONFIGS
    assert verdict.SETTINGS == settings.FILE


def test_nothing_heavy_is_loaded(main: Checkout) -> None:
    """The whole command, as a hook runs it: not even `typing`, `pathlib` or `subprocess`."""
    main.tool("check", "--staged", cwd=main.path, check=True)
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "sys.argv[1:] = ['check', '--staged']\n"
        "from alembic_worktrees.__main__ import main\n"
        "main()\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    loaded = main.world.run(sys.executable, "-c", code, cwd=main.path, check=True).stdout.split()
    ours = ["alembic_worktrees", "alembic_worktrees.__main__", "alembic_worktrees.verdict"]
    assert loaded == ["__future__", *ours]
