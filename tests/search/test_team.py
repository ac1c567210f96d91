"""The archive over a git remote: what one person has applied, another can go on with; a remote stops nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.git import remote as remotes
from alembic_worktrees.search import archive
from worlds.archiving import keep, migration
from worlds.observe import at_terminal
from worlds.remotes import daemon, hook, over_http, person, shared
from worlds.searching import found, kinds, project, shown
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

BY = "refs/alembic-worktrees/by"
WARNINGS = ("could not be", "does not have all", "no remote of that name")


@pytest.fixture
def bare_world(world_root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose database is never asked; what runs in the test itself lives in it too."""
    world = World.create(world_root, "sqlite://")
    for name in ("HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, world.env[name])
    return world


def on(remote: Path, world: World) -> dict[str, str]:
    """The archives on a remote, by the names of their clones."""
    form = "--format=%(refname:lstrip=3) %(objectname)"
    listed = world.run("git", "for-each-ref", form, BY, cwd=remote, check=True).stdout
    return dict(line.split() for line in listed.splitlines())


def team(checkout: Checkout, told: list[str] | None = None) -> archive.Team:
    repository = project(checkout).repository
    assert repository
    return archive.Team(repository, "origin", lambda message: (told or []).append(message.text))


def test_two_people_one_database_and_no_branch_was_pushed(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    remote = shared(world)
    dana, bob = person(world, "dana", remote), person(world, "bob", remote)
    for name in ("pre-push", "reference-transaction"):
        for clone in (dana, bob):
            hook(clone.path / ".git", name, f'grep "by/\\|remotes/" && echo {name} >> {world.root}/ran; true')
    hook(
        remote, "update", "git log --format=%ce $3 | grep -v example.com && exit 1; true"
    )  # whoever it knows not
    dana.revision("bbbb2222", "aaaa1111")
    text = dana.revision("cccc3333", "bbbb2222").read_bytes()
    assert "Shared with origin" in dana.tool("upgrade", check=True).stderr
    (name,) = on(remote, world)
    assert name.startswith("dana@example.com-")

    sheet = bob.tool("copy", "--dry-run", "--review", check=True).stdout
    assert "from dana@example.com:archive" in sheet
    assert "committed by Dana <dana@example.com>" in sheet
    said = bob.tool("upgrade", check=True).stderr
    assert "Borrowed cccc3333 from the archive of dana@example.com:" in said
    assert (bob.versions / "cccc3333_add_t.py").read_bytes() == text
    assert bob.git_status() == ""
    assert "applied by Dana <dana@example.com>, 2" in bob.tool("status", check=True).stdout
    bob.revision("dddd4444", "aaaa1111")
    bob.tool("upgrade", check=True)
    assert database.heads() == {"cccc3333", "dddd4444"}
    dana.tool("upgrade", check=True)
    assert (dana.versions / "dddd4444_add_t.py").exists()
    listed = [line.split()[3:] for line in dana.tool("archive", check=True).stdout.splitlines()]
    told = json.loads(dana.tool("archive", "--json", check=True).stdout)
    assert told["version"] == 1
    assert [one["who"] for one in told["applications"]] == [" ".join(row[2:]) for row in listed]
    ran = f"postgresql-{database.name}"
    assert sorted(listed) == [
        ["aaaa1111", "–", "Dana", "<dana@example.com>"],
        ["bbbb2222", ran, "Dana", "<dana@example.com>"],
        ["cccc3333", ran, "Dana", "<dana@example.com>"],
        ["dddd4444", ran, "Bob", "<bob@example.com>"],
    ]
    assert not (world.root / "ran").exists()

    remote.rename(world.root / "away")  # who lacks nothing and applies nothing needs it not
    for clone in (dana, bob):
        assert not any(words in clone.tool("upgrade", check=True).stderr for words in WARNINGS)


def test_what_another_has_is_not_abandoned(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    remote = shared(world)
    dana, bob = person(world, "dana", remote), person(world, "bob", remote)
    dana.revision("bbbb2222", "aaaa1111")
    dana.tool("upgrade", check=True)
    assert bob.tool("status", check=True).stdout.endswith("; ask origin:\n  alembic-worktrees upgrade\n")
    bob.tool("upgrade", check=True)
    assert "rollback" not in bob.tool("status", check=True).stdout
    said = bob.tool("rollback", "--yes")
    assert "it was applied by dana@example.com, whose checkout may still have it" in said.stderr
    dana.commit("Add bbbb2222")
    dana.git("push", "--quiet", "origin", "HEAD:feature")
    said = bob.tool("rollback", "bbbb2222", "--yes")
    assert "origin/feature" in said.stderr
    assert (said.returncode, database.heads()) == (1, {"bbbb2222"})
    dana.git("push", "--quiet", "origin", ":feature")
    bob.git("fetch", "--quiet", "--prune")
    remote.rename(world.root / "away")
    assert bob.tool("rollback", "--yes").returncode == 1
    assert database.heads() == {"bbbb2222"}
    bob.tool("rollback", "bbbb2222", "--yes", check=True)
    assert database.heads() == {"aaaa1111"}


def test_a_remote_stops_nobody(world: World) -> None:
    """Each time one warning with its words, and the upgrade stands."""
    remote = shared(world)
    dana, bob = person(world, "dana", remote), person(world, "bob", remote)
    parent = None

    def applied(words: str) -> None:
        nonlocal parent
        number = f"{int(parent or 0) + 1:04}"
        dana.revision(number, parent)
        parent = number
        said = dana.tool("upgrade", check=True).stderr
        assert words in said
        assert sum(words in said for words in WARNINGS) == 1

    hook(remote, "update", "case $1 in refs/alembic*) echo only branches here; exit 1;; esac")
    applied("only branches here")
    with over_http(remote, password=True) as address:
        dana.git("remote", "set-url", "origin", address)
        applied("could not read Username")
    dana.git("remote", "rename", "origin", "elsewhere")
    applied("git remote add origin URL")
    assert on(remote, world) == {}

    bob.git("remote", "set-url", "origin", str(world.root / "gone"))
    said = bob.tool("upgrade")
    assert said.returncode == 1  # it is missing nothing but what dana could not give
    assert said.stderr.count("could not be") == 1
    assert "gone" in said.stderr

    (remote / "hooks" / "update").unlink()
    for clone in (dana, bob):
        clone.git("remote", "rm", "elsewhere" if clone is dana else "origin")
        clone.git("remote", "add", "origin", str(remote))
    assert "does not have all that was applied here" in dana.tool("upgrade", check=True).stderr
    dana.tool("archive", "--push", check=True)
    assert "from the archive of dana@example.com" in bob.tool("upgrade", check=True).stderr


def test_one_that_hangs_is_left_with_all_that_it_started(
    bare_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = shared(bare_world)
    dana = person(bare_world, "dana", remote)
    keep(dana, migration(dana, "x"))
    hook(remote, "update", f"echo $$ > {bare_world.root}/pid; exec sleep 600")
    monkeypatch.setattr(remotes, "TIMEOUT", 1.0)
    start = time.monotonic()
    with pytest.raises(archive.NotShared) as caught:
        team(dana).must_push()
    assert "no answer within 1 seconds" in str(caught.value.values["words"])
    assert time.monotonic() - start < 10
    pid = (bare_world.root / "pid").read_text().strip()
    assert bare_world.run("ps", "-o", "stat=", "-p", pid).stdout.strip() in ("", "Z")
    assert on(remote, bare_world) == {}


@pytest.mark.parametrize("reached", [daemon, over_http])
def test_over_a_network(reached: object, bare_world: World) -> None:
    """Also by clones that lack most of the history, or most of the files."""
    remote = shared(bare_world)
    with reached(remote) as address:  # type: ignore[operator]
        dana = person(bare_world, "dana", address)
        shallow = person(bare_world, "shallow", address, "--depth", "1")
        partial = person(bare_world, "partial", address, "--filter=tree:0")
        keep(dana, migration(dana, "x"), ran=["x"])
        dana.tool("archive", "--push", check=True)
        for clone in (shallow, partial):
            assert found(clone, "x", share="origin") == ()
            clone.tool("archive", "--fetch", check=True)
            (one,) = found(clone, "x", share="origin")
            assert (one.origin.name, one.content) == (
                "dana@example.com:archive",
                migration(dana, "x").content,
            )
            keep(clone, migration(clone, clone.path.parent.name))
            clone.tool("archive", "--push", check=True)
            assert clone.git("fsck", "--connectivity-only", "--no-dangling") == ""
        assert len(on(remote, bare_world)) == 3
        assert (shallow.path / ".git" / "shallow").exists()


def test_eight_clones_that_push_at_once_lose_nothing(bare_world: World) -> None:
    remote = shared(bare_world)
    clones = [person(bare_world, f"p{number}", remote) for number in range(8)]
    words = [sys.executable, "-m", "alembic_worktrees", "archive", "--push"]
    for mark in "ab":
        for clone in clones:
            keep(clone, migration(clone, mark + clone.path.parent.name))
        at_once = [*clones, clones[0]]  # one of them twice, as from two worktrees
        running = [
            subprocess.Popen(words, cwd=clone.backend, env=bare_world.env, stderr=-3) for clone in at_once
        ]
        assert [process.wait(120) for process in running] == [0] * 9
    reader = person(bare_world, "reader", remote)
    team(reader).must_fetch()
    ids = [f"{mark}p{number}" for mark in "ab" for number in range(8)]
    assert [kinds(found(reader, id, share="origin")) for id in ids] == [["archive"]] * 16
    assert len(on(remote, bare_world)) == 8


def test_a_clone_that_was_copied_and_an_archive_that_began_anew_overwrite_nothing(bare_world: World) -> None:
    remote = shared(bare_world)
    dana = person(bare_world, "dana", remote)
    keep(dana, migration(dana, "x"))
    team(dana).must_push()
    copy = person(bare_world, "copy", remote)
    shutil.rmtree(copy.path)
    shutil.copytree(dana.path, copy.path)
    for clone, id in ((dana, "y"), (copy, "z"), (dana, "v")):
        keep(clone, migration(clone, id))
        team(clone).must_push()
    dana.git("update-ref", "-d", archive.REF)
    keep(dana, migration(dana, "w"))
    team(dana).must_push()
    assert len(on(remote, bare_world)) == 3
    bob = person(bare_world, "bob", remote)
    team(bob).must_fetch()
    assert [kinds(found(bob, id, share="origin")) for id in "xyzvw"] == [["archive"]] * 5


def test_what_differs_and_what_is_no_archive(bare_world: World) -> None:
    """What ran goes before what was seen; a tree made by hand brings nothing that leads out of the checkout."""
    remote = shared(bare_world)
    dana, eve, bob = (person(bare_world, name, remote) for name in ("dana", "eve", "bob"))
    keep(dana, migration(dana, "x", table="seen"))
    keep(eve, migration(eve, "x", table="ran"), ran=["x"])
    scope = "backend@alembic"
    files = "".join(
        f'M 100644 inline "{path}"\ndata <<E\n{migration(dana, "evil").content.decode()}E\n'
        for path in (f"{scope}/seen", f"{scope}2/x", "loose", f"{scope}/seen2/evil", "evil/.git2/a.py")
    )
    stream = f"commit refs/heads/odd\ncommitter a <b> 0 +0000\ndata 0\n{files}"
    bare_world.run("git", "fast-import", "--quiet", cwd=dana.path, input=stream, check=True)
    dana.git("push", "--quiet", "origin", f"refs/heads/odd:{BY}/mallory-1")
    for clone in (dana, eve):
        team(clone).must_push()
    team(bob).must_fetch()
    first, second = found(bob, "x", share="origin")
    assert (b"ran" in first.content, b"seen" in second.content) == (True, True)
    assert found(bob, "x", prefer="dana@example.com:archive", share="origin")[0].content == second.content
    assert not any(".." in one.origin.path for one in found(bob, "evil", share="origin"))


def test_what_is_merged_is_forgotten_and_stays_so(world: World) -> None:
    main = world.main
    main.revision("aaaa1111")
    main.revision("bbbb2222", "aaaa1111")
    main.commit("Add both")
    remote = shared(world)
    dana = person(world, "dana", remote)
    dana.revision("cccc3333", "bbbb2222")
    dana.tool("upgrade", check=True)
    assert (
        "Forgotten: 2 migrations that origin/develop has"
        in dana.tool("archive", "--prune", check=True).stderr
    )
    assert [line.split()[3] for line in dana.tool("archive", check=True).stdout.splitlines()] == ["cccc3333"]
    before = dana.git("rev-parse", archive.REF)
    dana.tool("upgrade", check=True)
    assert dana.git("rev-parse", archive.REF) == before
    dana.tool("archive", "--push", check=True)
    dana.alembic("downgrade", "base", check=True)
    dana.tool("upgrade", check=True)
    assert len(dana.tool("archive", check=True).stdout.splitlines()) == 3  # what runs anew is kept anew


def test_init_asks_whether_a_team_shares(bare_world: World) -> None:
    dana = person(bare_world, "dana", shared(bare_world))
    file = dana.path / "pyproject.toml"
    command = [sys.executable, "-m", "alembic_worktrees", "init"]
    for before, after in (
        ("[tool.x]\n", '[tool.x]\n\n[tool.alembic-worktrees]\nshare = "origin"\n'),
        (
            '[tool.alembic-worktrees] # ours\nlanguage = "en"',
            '[tool.alembic-worktrees] # ours\nshare = "origin"\nlanguage = "en"',
        ),
    ):
        file.write_text(before)
        for answers, text in (("n\nn\n", before), ("y\ny\n", after)):
            seen = at_terminal(command, cwd=dana.backend, env=bare_world.env, answer=answers)
            assert "unmerged work too" in seen.screen
            assert file.read_text() == text
        dana.tool("init", "--remove", "--yes", check=True)


def test_it_asks_for_a_key_at_a_terminal_only(bare_world: World) -> None:
    remote = shared(bare_world)
    dana = person(bare_world, "dana", remote)
    keep(dana, migration(dana, "x"))
    ssh = bare_world.root / "ssh"
    ssh.write_text(
        '#!/bin/sh\nprintf "The word for the key: " >/dev/tty && read word </dev/tty || exit 1\n'
        '[ "$word" = sesame ] || exit 1\nfor last; do :; done\nexec sh -c "$last"\n'
    )
    ssh.chmod(0o755)
    dana.git("remote", "set-url", "origin", f"ssh://host{remote}")
    dana.git("config", "core.sshCommand", str(ssh))
    command = [sys.executable, "-m", "alembic_worktrees", "archive", "--push"]
    done = subprocess.run(
        command, cwd=dana.backend, env=bare_world.env, capture_output=True, text=True, start_new_session=True
    )
    assert (done.returncode, "could not be pushed" in done.stderr) == (1, True)
    steer = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", steer, *command]
    seen = at_terminal(command, cwd=dana.backend, env=bare_world.env, answer="sesame\n")
    assert "The word for the key: " in seen.screen
    assert (seen.returncode, len(on(remote, bare_world))) == (0, 1)
    assert shown(dana, next(iter(on(remote, bare_world).values())))
