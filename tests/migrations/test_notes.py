"""What is written down as borrowed survives its `.gitignore`: git overwrites that, and anybody may remove it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.migrations.notes import MEMORY
from worlds.world import World, revision_text

if TYPE_CHECKING:
    from worlds.world import Checkout

FILE = "bbbb2222_add_t.py"
VERSIONS = "backend/migrations/versions"
CHECK = "#!/bin/sh\nexec python -m alembic_worktrees check --staged\n"


@pytest.fixture
def world(world_root: Path) -> World:
    """A has bbbb2222, committed and applied; B has borrowed it. The hook judges each commit."""
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.applied("aaaa1111")
    world.worktree("StoFlow-A").applied("bbbb2222", "aaaa1111")
    world.worktree("StoFlow-B", "feature-B", "develop").tool("copy", check=True)
    hook = world.main.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(CHECK)
    hook.chmod(0o755)
    return world


@pytest.fixture
def b(world: World) -> Checkout:
    return at(world, "StoFlow-B")


def at(world: World, name: str) -> Checkout:
    from worlds.world import Checkout

    return Checkout(world, world.root / name)


def memory(checkout: Checkout) -> Path:
    return Path(checkout.git("rev-parse", "--absolute-git-dir").strip()) / MEMORY


def visible(checkout: Checkout) -> str:
    return checkout.git("status", "--porcelain", "--untracked-files=all")


def bring_gitignore(b: Checkout) -> None:
    """Develop brings a tracked `.gitignore`, which takes the place of the record."""
    world = b.world
    world.main.write(f"{VERSIONS}/.gitignore", "*.bak\n")
    world.main.commit("Ignore backups")
    b.git("merge", "--quiet", "develop")


def pasted(checkout: Checkout, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=checkout.backend,
        env=checkout.world.env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def refused(checkout: Checkout) -> dict[str, str]:
    """The cures that a refused commit names, by what they are for."""
    done = checkout.git_run("commit", "--quiet", "-m", "x")
    assert done.returncode == 1
    assert "bbbb2222 is only borrowed here (from StoFlow-A)" in done.stdout + done.stderr
    lines = [line.partition("→ ")[2] for line in (done.stdout + done.stderr).splitlines() if "→" in line]
    return {purpose: command for purpose, _, command in (line.partition(": ") for line in lines)}


def test_git_overwrites_the_record(b: Checkout) -> None:
    bring_gitignore(b)
    assert visible(b) == f"?? {VERSIONS}/{FILE}\n"
    b.git("add", "--all")
    cures = refused(b)
    b.tool("upgrade", check=True)  # which does not make it this branch's own
    assert pasted(b, cures["To leave it out"]).returncode == 0
    assert visible(b) == ""
    assert f"/versions/{FILE}\n" in (b.backend / "migrations/.gitignore").read_text()
    b.git("add", "--all")
    assert visible(b) == ""
    b.git("merge", "--quiet", "StoFlow-A")
    assert "git has brought it" in b.tool("upgrade", check=True).stderr
    assert not memory(b).exists()
    assert not (b.backend / "migrations/.gitignore").exists()


def test_what_is_staged_is_adopted_or_told(b: Checkout) -> None:
    bring_gitignore(b)
    b.git("add", "--all")
    assert "bbbb2222 is only borrowed here, and is staged" in b.tool("upgrade", check=True).stderr
    assert "bbbb2222  from StoFlow-A, staged here" in b.tool("status", check=True).stdout
    assert visible(b) == f"A  {VERSIONS}/{FILE}\n"
    assert pasted(b, refused(b)["To record it all the same"]).returncode == 0
    b.git("commit", "--quiet", "-m", "Adopted")
    assert not memory(b).exists()
    assert "borrowed" not in b.tool("upgrade", check=True).stderr


def test_forced_into_the_index(b: Checkout) -> None:
    """Its record is as it was: to be adopted it needs no other command."""
    b.git("add", "--force", f"{VERSIONS}/{FILE}")
    assert pasted(b, refused(b)["To record it all the same"]).returncode == 0
    b.git("commit", "--quiet", "-m", "Adopted")
    assert "is not borrowed here; it is this checkout's own already" in b.tool("adopt", "bbbb2222").stderr


def test_git_keeps_other_line_ends_in_the_index(b: Checkout) -> None:
    original = at(b.world, "StoFlow-A").versions / FILE
    original.write_bytes(original.read_bytes().replace(b"\n", b"\r\n"))
    assert "Refreshed bbbb2222" in b.tool("copy", check=True).stderr
    b.git("-c", "core.autocrlf=true", "add", "--force", f"{VERSIONS}/{FILE}")
    assert refused(b)


@pytest.mark.parametrize("edited", [False, True])
def test_somebody_removes_the_record(edited: bool, b: Checkout) -> None:
    """It is mended, whether or not a database answers; a dry run and `status` write nothing."""
    text = (b.versions / ".gitignore").read_bytes()
    (b.versions / ".gitignore").unlink()
    if edited:
        (b.versions / FILE).write_text(revision_text("bbbb2222", "aaaa1111") + "# mine\n")
    assert "bbbb2222" in b.tool("status").stdout.partition("Borrowed here")[2]
    b.tool("copy", "--dry-run", check=True)
    assert not (b.versions / ".gitignore").exists()
    (b.backend / "migrations/env.py").write_text("raise SystemExit(1)\n")
    done = b.tool("copy")
    assert done.returncode == 1
    assert "Git ignores 1 borrowed file again" in done.stderr
    assert (b.versions / ".gitignore").read_bytes() == text
    assert FILE not in visible(b)


def test_the_hook_after_a_merge_mends_it(b: Checkout) -> None:
    hook = b.world.main.path / ".git/hooks/post-merge"
    hook.write_text('#!/bin/sh\nexec python -m alembic_worktrees report post-merge "$@"\n')
    hook.chmod(0o755)
    bring_gitignore(b)
    assert visible(b) == ""


def test_a_record_of_version_1_0(b: Checkout) -> None:
    """There was no memory then: it is made from the record at the next run."""
    memory(b).unlink()
    b.tool("upgrade", check=True)
    (b.versions / ".gitignore").unlink()
    b.tool("upgrade", check=True)
    assert visible(b) == ""


def test_what_ended_does_not_come_back(b: Checkout) -> None:
    """Returned, removed with the record, and written anew as a file of one's own."""
    at(b.world, "StoFlow-A").alembic("downgrade", "aaaa1111", check=True)
    b.tool("copy", check=True)
    assert not memory(b).exists()
    b.revision("bbbb2222", "aaaa1111")
    b.tool("copy", check=True)
    assert visible(b) == f"?? {VERSIONS}/{FILE}\n"


def test_a_neighbour_without_its_record_owns_no_copy(b: Checkout) -> None:
    (b.versions / ".gitignore").unlink()
    at(b.world, "StoFlow-A").git("rm", "--quiet", "--cached", f"{VERSIONS}/{FILE}")
    (at(b.world, "StoFlow-A").versions / FILE).unlink()
    shown = b.world.main.tool("status", "--json", check=True).stdout
    assert '"owners": []' in shown.partition('"databases"')[2]


def test_two_projects_of_a_checkout(b: Checkout) -> None:
    """The memory is of the worktree; the run of one project keeps what it has of the other."""
    shutil.copytree(b.backend, b.path / "billing")  # with its copy, and its record
    b.tool("copy", cwd=b.path / "billing", check=True)
    both = memory(b).read_text()
    assert f"\n/{VERSIONS}/{FILE}\n" in both
    assert f"\n/billing/migrations/versions/{FILE}\n" in both
    (b.versions / ".gitignore").unlink()
    b.tool("copy", check=True)
    assert memory(b).read_text() == both
    assert "billing" not in (b.versions / ".gitignore").read_text()
