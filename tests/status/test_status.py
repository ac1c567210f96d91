"""`status`: one look says where each checkout and the database stand, and the one next command; it writes nothing."""

from __future__ import annotations

import json
import re
import socket
from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alembic_worktrees.cli.commands.call import our_command
from alembic_worktrees.messages import Message, Text
from alembic_worktrees.messages.speaker import Speaker
from alembic_worktrees.migrations.record import Origin
from alembic_worktrees.project.settings import Settings
from alembic_worktrees.status import survey as landscape
from alembic_worktrees.status.next_step import Step
from alembic_worktrees.status.standing import BorrowedFile, Head, Row, Rows, Standing
from alembic_worktrees.status.view import document, fitting, render
from worlds.observe import TRACES, at_terminal, tree
from worlds.searching import project
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

DOWN = "postgresql+psycopg2://joe:hunter2@127.0.0.1:9/none"


def look(checkout: Checkout, *words: str, status: int = 0) -> dict[str, Any]:
    """The document of `status --json`, which nothing on stderr accompanies."""
    done = checkout.tool("status", "--json", *words)
    assert (done.returncode, done.stderr) == (status, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found.pop("version") == 1
    return found


def row(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["checkouts"] if one["name"] == name)


def next_of(checkout: Checkout, status: int = 0) -> tuple[str, str | None]:
    step = look(checkout, status=status)["next"]
    return step["id"], step["command"]


# Stories


def test_two_checkouts_and_what_one_of_them_applied(world: World) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    a.applied("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "aaaa1111")
    b.commit("Add cccc3333")
    before = tree(world.root, without=TRACES)
    found = look(b)
    assert tree(world.root, without=TRACES) == before  # not a byte, in no checkout and not in git
    assert [one["name"] for one in found["checkouts"]] == ["StoFlow", "StoFlow-A", "StoFlow-B"]
    assert row(found, "StoFlow-B") == {
        "name": "StoFlow-B",
        "path": str(b.path),
        "branch": "feature-B",
        "here": True,
        "has_project": True,
        "heads": ["cccc3333"],
        "borrowed": [],
        "lacks": ["bbbb2222"],
        "waiting": ["cccc3333"],
    }
    assert row(found, "StoFlow")["lacks"] == ["bbbb2222"]
    assert row(found, "StoFlow-A")["waiting"] == []
    (database,) = found["databases"]
    assert database["heads"] == [
        {
            "revision": "bbbb2222",
            "owners": ["StoFlow-A"],
            "borrowers": [],
            "remembered": None,
            "application": None,
            "abandoned": False,
            "since": None,
        }
    ]
    assert found["next"]["command"] == "alembic-worktrees upgrade"


def test_its_next_commands_lead_to_nothing_to_do(world: World) -> None:
    """Each command that it names is run as it stands; what a person must do is done between."""
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    a.applied("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "aaaa1111")
    b.revision("dddd4444", "aaaa1111")
    taken = []
    for _ in range(8):
        id, command = next_of(b)
        taken.append(id)
        if command is None:
            break
        ours = command.replace("alembic-worktrees", "python -m alembic_worktrees", 1)
        ours = ours.replace("git commit", "git commit -m x").replace(" commit", " commit -qm x")
        world.run("bash", "-ec", ours, cwd=b.backend, check=True)
    assert taken == ["upgrade", "merge", "upgrade", "commit", "nothing"]
    assert b.git_status() == ""
    formatted = b.versions / "cccc3333_add_t.py"
    formatted.write_text(formatted.read_text() + "\n\n")
    assert next_of(b)[0] == "nothing"
    b.git("restore", ".")
    assert [borrowed_file["revision"] for borrowed_file in row(look(b), "StoFlow-B")["borrowed"]] == [
        "bbbb2222"
    ]
    with (b.versions / "cccc3333_add_t.py").open("a") as file:
        file.write("# formatted\n")
    assert next_of(b)[0] == "nothing"  # a commit has it, if not just so


def test_a_file_of_ours_needs_a_borrowed_one(world: World) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.applied("bbbb2222", "aaaa1111")
    b.tool("upgrade", check=True)
    b.applied("cccc3333", "bbbb2222")
    found = look(b)
    assert found["next"]["command"] == "alembic-worktrees adopt bbbb2222"
    (borrowed_file,) = row(found, "StoFlow-B")["borrowed"]
    assert (borrowed_file["revision"], borrowed_file["origin"], borrowed_file["edited"]) == (
        "bbbb2222",
        "StoFlow-A",
        False,
    )
    text = b.tool("status", check=True).stdout
    assert "bbbb2222 ← StoFlow-A" in text
    assert "backend/migrations/versions/bbbb2222_add_t.py" in text


def test_a_borrowed_file_that_was_edited(world: World) -> None:
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.applied("aaaa1111")
    b.tool("upgrade", check=True)
    (copy,) = b.versions.glob("*.py")
    copy.write_text(copy.read_text() + "# edited\n")
    found = look(b)
    assert row(found, "StoFlow-B")["borrowed"][0]["edited"] is True
    assert row(found, "StoFlow-B")["heads"] == []
    assert found["databases"][0]["heads"][0]["owners"] == ["StoFlow-A"]
    assert found["next"]["id"] == "nothing"
    a.alembic("downgrade", "base", check=True)
    (id, command), told = next_of(b), b.tool("status").stdout
    assert (id, command) == ("remove", f"rm {copy}")
    assert "the next upgrade would run it" in told
    copy.unlink()
    assert next_of(b)[0] == "nothing"


def test_applied_by_nobody_any_more(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-A", "feature-A")
    a.applied("bbbb2222", "aaaa1111")
    world.main.git("worktree", "remove", "--force", str(a.path))
    found = look(world.main)
    (head,) = found["databases"][0]["heads"]
    assert (head["owners"], head["remembered"]["kind"]) == ([], "ref")
    assert head["remembered"]["name"] == "feature-A"
    assert found["next"]["id"] == "upgrade"
    assert "git has it in feature-A (" in world.main.tool("status", check=True).stdout
    database.set_heads("ffff9999")
    found = look(world.main)
    assert found["databases"][0]["heads"][0]["remembered"] is None
    assert found["next"]["command"] == "alembic-worktrees rollback ffff9999 --forget --at aaaa1111"
    assert "git does not have it" in world.main.tool("status").stdout


def test_borrowed_from_one_that_is_gone(world: World) -> None:
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.applied("aaaa1111")
    b.tool("upgrade", check=True)
    world.main.git("worktree", "remove", "--force", str(a.path))
    world.main.git("branch", "-D", "StoFlow-A")
    (head,) = look(b)["databases"][0]["heads"]
    assert (head["owners"], head["borrowers"], head["abandoned"]) == ([], ["StoFlow-B"], True)
    assert head["remembered"]["kind"] == "archive"
    assert head["since"] in b.tool("status").stdout
    assert head["since"] in b.tool("graph").stdout
    (listed,) = json.loads(b.tool("list", "--json").stdout)["checkouts"][1]["migrations"]
    assert (listed["borrowed"], listed["abandoned"]) == (True, True)
    b.tool(*str(next_of(b)[1]).split()[1:], "--yes", check=True)
    assert next_of(b)[0] == "nothing"


def test_what_only_the_archive_has_is_taken_back_rather_than_borrowed(world: World) -> None:
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-A")
    a.revision("bbbb2222", "aaaa1111")
    a.tool("upgrade", check=True)
    world.main.git("worktree", "remove", "--force", str(a.path))
    world.main.git("branch", "-D", "StoFlow-A")
    assert row(look(world.main), "StoFlow")["lacks"] == ["bbbb2222"]
    id, command = next_of(world.main)
    assert id == "rollback"
    world.main.tool(*str(command).split()[1:], "--yes", check=True)
    assert next_of(world.main) == ("nothing", None)


def test_what_stood_before_a_squash_is_not_to_be_taken_back(world: World) -> None:
    world.main.applied("aaaa1111")
    world.main.git("rm", "--quiet", "backend/migrations/versions/aaaa1111_add_t.py")
    world.main.revision("bbbb2222")
    world.main.commit("Squash")
    found = look(world.main)
    assert found["databases"][0]["heads"][0]["abandoned"]
    assert found["next"]["id"] == "upgrade"


def test_a_broken_graph_is_for_check(world: World) -> None:
    world.main.applied("aaaa1111")
    world.main.revision("bbbb2222", "gone0000")
    assert next_of(world.main) == ("check", "alembic-worktrees check")
    world.main.write("backend/migrations/versions/bbbb2222_add_t.py", "revision = (\n")
    assert next_of(world.main) == ("check", "alembic-worktrees check")


@pytest.mark.parametrize("language", ["en_US.UTF-8", "fr_FR.UTF-8"])
def test_the_database_does_not_answer(language: str, world_root: Path) -> None:
    world = World.create(world_root, DOWN)
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    world.env["LC_ALL"] = language
    done = world.main.tool("status")
    assert (done.returncode, done.stderr) == (1, "")
    assert "aaaa1111" in done.stdout
    assert "Connection refused" in done.stdout
    assert "hunter2" not in done.stdout
    assert f"cd {world.main.backend} && alembic current" in done.stdout
    said = "n'a pas répondu" if "fr" in language else "did not answer"
    assert said in done.stdout
    found = look(world.main, status=1)
    assert found["databases"] is None
    assert "Connection refused" in found["silence"]
    assert row(found, "StoFlow")["lacks"] is None


def test_a_host_that_never_answers(world_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landscape, "TIMEOUT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        world = World.create(world_root, f"postgresql+psycopg2://joe@127.0.0.1:{port}/none")
        world.main.revision("aaaa1111")
        seen = landscape.survey(
            project(world.main), Settings(), world.env, ask_database=True, tell=lambda _: None
        )
    assert seen.applied is None
    assert seen.silence
    assert ENGLISH(seen.silence).startswith("Nothing came within 1 seconds. If env.py takes that long,")
    assert seen.here.inventory.own


def test_no_interpreter_has_alembic(world: World) -> None:
    world.main.revision("aaaa1111")
    world.main.write("pyproject.toml", '[tool.alembic-worktrees]\npython = "/nowhere/python"\n')
    found = look(world.main, status=1)
    assert "/nowhere/python" in found["silence"]
    assert row(found, "StoFlow")["heads"] == ["aaaa1111"]


def test_two_databases(world_root: Path, new_database: Callable[[], Database]) -> None:
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    world.main.applied("aaaa1111")
    found = look(world.main)
    assert [one.name, two.name] == [row["database"].split(" ")[0] for row in found["databases"]]
    assert all(row["heads"][0]["owners"] == ["StoFlow"] for row in found["databases"])


def test_clones_detached_heads_and_folders_without_a_project(world: World) -> None:
    world.main.applied("aaaa1111")
    clone = world.clone("StoFlow-clone")
    clone.git("switch", "-q", "-c", "fix")
    detached = world.worktree("StoFlow-detached")
    detached.git("checkout", "-q", "--detach")
    empty = world.worktree("StoFlow-empty")
    empty.git("rm", "-rqf", "backend")
    empty.commit("Remove")
    found = look(world.main)
    assert row(found, "StoFlow-clone")["branch"] == "fix"
    assert row(found, "StoFlow-detached")["branch"] is None
    assert row(found, "StoFlow-empty")["lacks"] is None
    text = world.main.tool("status", check=True).stdout
    assert "(no branch)" in text
    assert "no Alembic project" in text
    assert found["next"]["id"] == "nothing"


def test_outside_git_and_from_elsewhere(world: World) -> None:
    plain = world.root / "plain"
    world.run("cp", "-R", str(world.main.path), str(plain), check=True)
    world.run("rm", "-rf", str(plain / ".git"), check=True)
    world.main.applied("aaaa1111")
    done = world.run("python", "-m", "alembic_worktrees", "status", "plain/backend", cwd=world.root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "aaaa1111" in done.stdout
    assert done.stdout.endswith("  cd plain/backend && alembic-worktrees find aaaa1111\n")


def test_on_a_terminal(world: World) -> None:
    world.main.applied("aaaa1111")
    done = at_terminal(
        ["python", "-m", "alembic_worktrees", "status"],
        cwd=world.main.backend,
        env=world.env | {"TERM": "xterm-256color", "COLUMNS": "100"},
    )
    assert done.returncode == 0
    assert "\x1b[33maaaa1111" in done.screen
    shown = re.sub(r"\x1b\[[0-9;]*m", "", done.screen).replace("\r", "")
    assert shown == world.main.tool("status", check=True).stdout
    plain = world.env | {"TERM": "xterm-256color", "NO_COLOR": "1"}
    done = at_terminal(["python", "-m", "alembic_worktrees", "status"], cwd=world.main.backend, env=plain)
    assert "\x1b" not in done.screen


def test_the_bare_picture(world: World) -> None:
    world.main.applied("aaaa1111")
    world.worktree("StoFlow-B", "feature-B")
    done = world.main.tool("status", check=True)
    name = done.stdout.partition("Database ")[2].partition("\n")[0]
    assert done.stdout == (
        "   Checkout   Branch     Own heads  Borrowed  Lacks  Not applied\n"
        "*  StoFlow    develop    aaaa1111   –         –      –\n"
        "   StoFlow-B  feature-B  aaaa1111   –         –      –\n"
        "\n"
        f"Database {name}\n"
        "  aaaa1111  StoFlow, StoFlow-B\n"
        "\n"
        "Nothing to do: all that is applied is here, and all that is here is applied.\n"
    )


# The pure parts

ENGLISH = Speaker("en").phrase
NOTHING = Step("nothing", None, Message(Text("Nothing to do.")))
NAMES = st.text(min_size=1, max_size=12)
IDS = st.lists(NAMES, max_size=5).map(tuple)
LOANS = st.lists(st.builds(BorrowedFile, NAMES, NAMES, NAMES, st.booleans()), max_size=4).map(tuple)
MAYBE = st.none() | IDS
CHECKOUTS = st.builds(
    Row, NAMES, NAMES, st.none() | NAMES, st.just(False), st.booleans(), IDS, LOANS, MAYBE, MAYBE
)
ORIGINS = st.none() | st.builds(Origin, st.just("ref"), NAMES, st.none() | NAMES, NAMES)
TABLES = st.builds(Rows, NAMES, st.lists(st.builds(Head, NAMES, IDS, IDS, ORIGINS), max_size=3).map(tuple))


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    rows = draw(st.lists(CHECKOUTS, min_size=1, max_size=4))
    rows[0] = rows[0]._replace(here=True)
    databases = draw(st.none() | st.lists(TABLES, max_size=2).map(tuple))
    silence = (
        Message(Text("Nothing came within {seconds} seconds."), {"seconds": 10})
        if databases is None
        else None
    )
    return Standing(tuple(rows), databases, silence)


@settings(deadline=None)
@given(standings(), st.sampled_from(["en", "fr"]))
def test_whatever_the_names_are_the_picture_stays_whole(standing: Standing, language: str) -> None:
    phrase = Speaker(language).phrase
    text = render(standing, NOTHING, phrase)
    table = text.partition("\n\n")[0].split("\n")
    assert len(table) == 1 + len(standing.checkouts)
    assert sum(line.startswith("*") for line in table) == 1
    assert not set(text) & {"\x1b", "\r", "\x00", "\x9b", "\u202e"}
    json.dumps(document(standing, NOTHING, phrase))


@settings(deadline=None)
@given(standings())
def test_no_name_steers_the_terminal(standing: Standing) -> None:
    shown = render(standing, NOTHING, ENGLISH, width=80, colour=True)
    assert not re.sub(r"\x1b\[[0-9;]*m", "", shown).count("\x1b")


def test_a_long_list_is_counted() -> None:
    one = Row("A", "/a", None, True, True, ("a", "b", "c", "d"), (), ("x",) * 64, None)
    standing = Standing((one,), None, None)
    assert fitting(standing, ENGLISH, None)[1] == ("*", "A", "(no branch)", "a, b +2", "–", "x, x +62", "?")
    assert fitting(standing, ENGLISH, 40)[1][3:6] == ("a +3", "–", "64")


def test_commands_mean_the_same_project() -> None:
    words = {"directory": "my dir", "config": ["other.ini"], "name": "alembic", "arguments": ["tenant=a b"]}
    command = partial(our_command, Namespace(**words))
    assert command("adopt", "x y") == "cd 'my dir' && alembic-worktrees adopt 'x y' -c other.ini"
    assert command("upgrade").endswith("alembic-worktrees upgrade -c other.ini -x 'tenant=a b'")


@pytest.mark.parametrize("by_env", [False, True])
def test_a_file_of_sqlite_in_each_checkout(by_env: bool, world_root: Path) -> None:
    """What is applied here says nothing of the others: named from the folder, or by env.py from its own place."""
    main = World.create(world_root, "sqlite:///dev.db").main
    if by_env:
        env = main.backend / "migrations/env.py"
        place = 'os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "dev.db")'
        line = f'import os\nconfig.set_main_option("sqlalchemy.url", "sqlite:///" + {place})\n'
        env.write_text(env.read_text().replace("OPTIONS =", f"{line}OPTIONS ="))
    main.write(".gitignore", "*.db\n__pycache__/\n")
    main.revision("aaaa1111")
    main.commit("Begin")
    b = main.world.worktree("feature-B")
    b.alembic("upgrade", "heads", check=True)
    main.applied("bbbb2222", "aaaa1111")
    rows = {
        row["name"]: row for row in json.loads(main.tool("status", "--json", check=True).stdout)["checkouts"]
    }
    assert (rows[main.name]["lacks"], rows[main.name]["waiting"]) == ([], [])
    assert (rows[b.name]["lacks"], rows[b.name]["waiting"]) == (None, None)
    assert "This file is not everybody's" in main.tool("status", check=True).stdout
