"""`--review`: what would be borrowed is shown, and borrowed only on a yes. And what runs is named before it does."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.borrow.plan import Copy
from alembic_worktrees.borrow.preview import pages
from alembic_worktrees.messages.speaker import Speaker
from alembic_worktrees.migrations.record import Origin
from alembic_worktrees.migrations.revision import Revision
from alembic_worktrees.search.sources import Candidate
from shells import SHELLS, shell_or_skip
from worlds.observe import TRACES, at_terminal, tree
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.observe import Seen
    from worlds.postgres import Database
    from worlds.world import Checkout

ID = "bbbb2222"
FILE = f"{ID}_add_t.py"
TOOL = (sys.executable, "-m", "alembic_worktrees")
SPOOF = "Alembic runs what it loads. Borrow this file (1 of 1)? [y,n,a,?]"


@pytest.fixture
def a(world_root: Path) -> Checkout:
    """The checkout that has written, committed and applied the migration."""
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-feature-A", "feature-A")
    path = a.revision(ID, "aaaa1111")
    path.write_text(
        path.read_text() + f"\n# \x1b[2J\u202e end\n\n{SPOOF!r}\n\tx = 1\n".replace("\tx", "if 1:\n\tx")
    )
    a.commit("Add it", path)
    a.alembic("upgrade", "heads", check=True)
    return a


@pytest.fixture
def b(a: Checkout) -> Checkout:
    return a.world.worktree("StoFlow-feature-B", "feature-B", "develop")


def shown(a: Checkout) -> list[str]:
    """The lines of the file as they are to be seen."""
    text = (a.versions / FILE).read_text().replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    return [line for line in text.splitlines() if line]


def review(b: Checkout, answer: str, *words: str, env: dict[str, str] | None = None) -> Seen:
    environment = {**b.world.env, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "150", **(env or {})}
    return at_terminal(
        [*TOOL, *(words or ("upgrade", "--review"))], cwd=b.backend, env=environment, answer=answer
    )


# The question


@pytest.mark.parametrize(("answer", "locale"), [("y\n", "C.UTF-8"), ("oui\n", "fr_FR.UTF-8")])
def test_yes(answer: str, locale: str, a: Checkout, b: Checkout) -> None:
    seen = review(b, answer, env={"LC_ALL": locale})
    assert seen.returncode == 0
    assert (b.versions / FILE).read_bytes() == (a.versions / FILE).read_bytes()
    digest = hashlib.sha256((a.versions / FILE).read_bytes()).hexdigest()
    commit = a.head()
    place = f"~/{b.name}/backend/migrations/versions/{FILE}"
    from_, colon = ("from", ":") if locale.startswith("C") else ("depuis", " :")
    source = f"  {from_} {a.name}{colon} ~/{a.name}/backend/migrations/versions/{FILE}\n"
    assert f"{ID}{colon} {place}\n{source}" in seen.screen
    assert re.search(r"Dev <dev@example.invalid>, 2024-01-01 \d\d:\d\d", seen.screen)
    assert commit in seen.screen
    assert f"sha256 {digest}" in seen.screen
    rows = [line.strip() for line in seen.screen.splitlines()]
    for line in shown(a):
        assert any(re.fullmatch(r"\d+ " + re.escape(line.expandtabs(4)), row) for row in rows), line
    question = (
        "this file (1 of 1)? [y,n,a,?]" if locale.startswith("C") else "ce fichier (1 sur 1) ? [o,n,a,?]"
    )
    (asked,) = (row for row in rows if question in row and not row[0].isdigit())
    assert max(seen.screen.find(line) for line in shown(a)) < seen.screen.find(asked)
    assert "\x1b" not in seen.screen
    assert "\u202e" not in seen.screen


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04", "whatever\n"], ids=["n", "enter", "end", "other"])
@pytest.mark.parametrize("command", ["upgrade", "copy"])
def test_no(command: str, answer: str, b: Checkout) -> None:
    before = tree(b.path, without=TRACES)
    seen = review(b, answer, command, "--review")
    assert seen.returncode == 1
    assert "Not borrowed; nothing was written." in seen.screen
    assert tree(b.path, without=TRACES) == before


def test_each_file_or_all_the_rest(a: Checkout, b: Checkout) -> None:
    for new, parent in (("a2", ID), ("a3", "a2")):
        a.revision(new, parent)
    a.commit("Add two more")
    a.alembic("upgrade", "heads", check=True)
    before = tree(b.path, without=TRACES)
    for answer in ("y\nn\n", "?\n\n", "y\ny\nx\n"):
        seen = review(b, answer)
        assert (seen.returncode, "nothing was written." in seen.screen) == (1, True)
        assert tree(b.path, without=TRACES) == before
    assert "(3 of 3)" in seen.screen
    seen = review(b, "y\na\n")
    assert seen.returncode == 0
    assert ("a2: ~/" in seen.screen, "a3: ~/" in seen.screen) == (True, False)
    assert {path.name for path in b.versions.glob("a*.py")} >= {"a2_add_t.py", "a3_add_t.py"}


def test_colour(a: Checkout, b: Checkout) -> None:
    env = {key: value for key, value in b.world.env.items() if key != "NO_COLOR"} | {"TERM": "xterm-256color"}
    seen = at_terminal([*TOOL, "copy", "--review"], cwd=b.backend, env=env, answer="y\n")
    assert seen.returncode == 0
    assert "\x1b[" in seen.screen
    assert "\x1b[2J" not in seen.screen
    bare = re.sub(r"\x1b\[[0-9;]*m", "", seen.screen)
    assert "\x1b" not in bare
    assert "\\x1b[2J\\u202e end" in bare


def test_nobody_is_there(a: Checkout, b: Checkout) -> None:
    before = tree(b.path, without=TRACES)
    for command in ("copy", "upgrade"):
        done = b.tool(command, "--review", "-x", "a=b c")
        assert done.returncode == 1
        assert (
            "1 migration would be borrowed, and here nobody can be asked; nothing was written." in done.stderr
        )
        assert tree(b.path, without=TRACES) == before
        assert done.stdout == ""
    read = re.findall("To read what would be borrowed: (.*)", done.stderr)[0]
    assert "\\x1b[2J" in b.world.run("sh", "-c", read, cwd=b.backend, check=True).stdout
    assert tree(b.path, without=TRACES) == before
    again = re.findall("to go on without a question: (.*)", done.stderr)[0]
    assert again.startswith("alembic-worktrees upgrade --no-review")
    b.world.run("sh", "-c", again, cwd=b.backend, check=True)
    assert (b.versions / FILE).exists()
    b.tool("upgrade", "--review", check=True)  # there is nothing to ask about


def test_a_dry_run_shows_and_does_not_ask(a: Checkout, b: Checkout) -> None:
    before = tree(b.path, without=TRACES)
    done = b.tool("copy", "--dry-run", "--review", check=True)
    rows = [line.strip() for line in done.stdout.splitlines()]
    for line in shown(a):
        assert any(re.fullmatch(r"\d+ +" + re.escape(line), row) for row in rows), line
    assert done.stderr == ""
    document = b.tool("copy", "--dry-run", "--review", "--json", check=True)
    assert [row["revision"] for row in json.loads(document.stdout)["copies"]] == [ID]
    assert "\\x1b[2J" in document.stderr
    seen = review(b, "", "copy", "--dry-run", "--review")
    assert seen.returncode == 0
    assert "[y,n,a,?]" not in re.sub(".*Alembic runs.*", "", seen.screen)
    assert tree(b.path, without=TRACES) == before


def test_the_setting_and_the_option_that_beats_it(b: Checkout) -> None:
    b.write("backend/pyproject.toml", "[tool.alembic-worktrees]\nreview = true\n")
    assert b.tool("upgrade").returncode == 1
    assert not (b.versions / FILE).exists()
    assert b.tool("copy", "--review", "--no-review").returncode == 2
    b.tool("upgrade", "--no-review", check=True)
    assert (b.versions / FILE).exists()


def test_a_refresh_shows_the_difference(a: Checkout, b: Checkout) -> None:
    b.tool("copy", check=True)
    text = (a.versions / FILE).read_text()
    (a.versions / FILE).write_text(text.replace("def upgrade", "# \x1b[1A changed\ndef upgrade"))
    seen = review(b, "y\n")
    assert seen.returncode == 0
    assert f"{ID}, which has changed: " in seen.screen
    assert "not committed there" in seen.screen
    assert re.search(r"^ +\d+ \+# \\x1b\[1A changed", seen.screen, re.MULTILINE)
    assert seen.screen.count(SPOOF) == 1  # the question; what stayed as it is is not shown again
    assert (b.versions / FILE).read_bytes() == (a.versions / FILE).read_bytes()


def test_who_committed_what_only_git_has(a: Checkout, b: Checkout) -> None:
    world = a.world
    world.main.git("worktree", "remove", "--force", a.path)
    done = b.tool("copy", "--dry-run", "--review", check=True)
    commit = world.main.git("rev-parse", "feature-A").strip()
    assert f"from feature-A: {commit}:backend/migrations/versions/{FILE}" in done.stdout
    assert re.search(f"committed by Dev <dev@example.invalid>, 2024-.*, {commit}", done.stdout)
    clone = world.clone("StoFlow-clone", "--branch", "feature-A")
    clone.git("checkout", "--quiet", "--detach", "HEAD~1")
    world.main.git("branch", "-D", "feature-A")
    done = b.tool("copy", "--dry-run", "--review", check=True)
    assert f"from StoFlow-clone:feature-A: {commit}:" in done.stdout
    assert re.search(f"committed by Dev <dev@example.invalid>, 2024-.*, {commit}", done.stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_through_the_shell_function(shell: str, a: Checkout, b: Checkout) -> None:
    shell_or_skip(shell)
    one = SHELLS[shell]
    path = b.world.root / one.file
    path.write_text(b.tool("shim", "--shell", shell, check=True).stdout)
    env = {**b.world.env, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    argv = one.argv(f"{one.source}\n{one.call('auto_copy_missing_migrations')}", str(path), ".", "--review")
    declined = at_terminal(argv, cwd=b.backend, env=env, answer="n\n")
    assert declined.returncode == 1, declined.screen
    assert not (b.versions / FILE).exists()
    done = at_terminal(argv, cwd=b.backend, env=env, answer="y\n")
    assert done.returncode == 0, done.screen
    assert "Borrow this file (1 of 1)?" in done.screen
    assert (b.versions / FILE).exists()


# What a sheet says


def page(content: bytes, place: Path) -> str:
    origin = Origin("ref", "evil", "c0ffee", "versions/x.py")
    candidate = Candidate(Revision("x", (), (), ()), content, "versions", "x.py", origin, 10, None)
    (one,) = pages([Copy(candidate, place / "x.py", None)], lambda _: None)
    assert "not committed there" in Speaker("en").phrase(one.about)
    return one.text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a = 1\n\tb\n", "a = 1\n\tb"),
        (b"a\r\nb\rc", "a\nb\\rc"),
        (b"# coding: utf-7\n# +AAo-import os\n", "# coding: utf-7\n# \nimport os"),
        (b"# coding: latin-1\n'\xe9'\n", "# coding: latin-1\n'é'"),
        (b"'\xe9'\n", "'\\udce9'"),
        (b"# coding: nonsense\n\x07", "# coding: nonsense\n\\x07"),
        ("'\u2066\u200b\u00ad'".encode(), "'\\u2066\\u200b\\xad'"),
        (b"", ""),
    ],
)
def test_the_text_is_what_python_would_read(content: bytes, text: str, tmp_path: Path) -> None:
    assert page(content, tmp_path) == text


# Named before it runs


def test_what_is_borrowed_is_named_before_anything_runs(a: Checkout, b: Checkout) -> None:
    b.revision("cccc3333", "aaaa1111")
    done = b.tool("upgrade", check=True)
    borrowed = done.stderr.index(
        f"Borrowed {ID} from {a.name}: ~/{b.name}/backend/migrations/versions/{FILE}"
    )
    assert borrowed < done.stderr.index("Running upgrade aaaa1111 -> cccc3333")
    b.revision("dddd4444", "cccc3333")
    again = b.tool("upgrade", "-v", check=True)
    loaded = again.stderr.index(
        f"loads 1 file that was borrowed before; -v names it.\n  {ID} from {a.name}: ~/{b.name}/backend/"
    )
    assert loaded < again.stderr.index("Running upgrade cccc3333 -> dddd4444")
    assert "also loads" not in b.tool("upgrade", check=True).stderr  # nothing runs


def test_a_borrowed_migration_that_will_run_is_named(a: Checkout, b: Checkout) -> None:
    b.tool("copy", check=True)
    with (b.versions / FILE).open("a") as file:
        file.write("# mine\n")
    a.alembic("downgrade", "aaaa1111", check=True)
    done = b.tool("upgrade", check=True)
    place = f"~/{b.name}/backend/migrations/versions/{FILE}"
    named = done.stderr.index(f"Alembic will run the borrowed {ID}, from {a.name}: {place}")
    assert named < done.stderr.index(f"Running upgrade aaaa1111 -> {ID}")


def test_named_for_each_of_two_databases(world_root: Path, database: Database) -> None:
    """Where one of two databases lacks what is borrowed for the other, it runs there."""
    from worlds.world import Layout

    world = World.create(
        world_root,
        f"sqlite:///{world_root}/one.db",
        other_url=f"sqlite:///{world_root}/two.db",
        layout=Layout(env="multidb"),
    )
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-feature-A")
    a.applied(ID, "aaaa1111")
    b = world.worktree("StoFlow-feature-B", "feature-B", "develop")
    (world_root / "two.db").unlink()
    done = b.tool("upgrade", check=True)
    named = done.stderr.index(f"Alembic will run the borrowed {ID}, from {a.name}")
    assert (
        done.stderr.index(f"Borrowed {ID}") < named < done.stderr.index(f"Running upgrade aaaa1111 -> {ID}")
    )
