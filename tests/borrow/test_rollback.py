"""Take back what nobody has any more: exactly that, children first, and nothing that somebody still has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.borrow.abandoned import decide
from alembic_worktrees.migrations.graph import Graph, Node
from alembic_worktrees.migrations.record import Origin
from alembic_worktrees.migrations.revision import Revision
from alembic_worktrees.search.sources import COMMITTED, Candidate
from worlds.observe import at_terminal
from worlds.running import running

if TYPE_CHECKING:
    from worlds.postgres import Database
    from worlds.world import Checkout, World


def thrown_away(world: World) -> tuple[Checkout, Checkout, str]:
    """A branch of two migrations that was applied here, and is gone with its worktree; B has own work, and copies."""
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    a.applied("x1", "aaaa1111")
    a.applied("x2", "x1")
    b.revision("own", "aaaa1111")
    b.commit("Own work")
    b.tool("upgrade", check=True)
    a.tool("upgrade", check=True)
    commit = a.head()
    world.main.git("worktree", "remove", "--force", str(a.path))
    world.main.git("branch", "-D", "feature-A")
    return world.main, b, commit


def test_all_that_is_abandoned(world: World, database: Database) -> None:
    main, b, _ = thrown_away(world)
    before = database.tables()
    shown = main.tool("rollback", "--dry-run", check=True).stdout
    assert shown.index("x2") < shown.index("x1 ")
    assert "drop_table t_x1" in shown
    sql = main.tool("rollback", "--sql", check=True).stdout
    assert [line for line in sql.splitlines() if line.startswith("DROP")] == [
        "DROP TABLE t_x2;",
        "DROP TABLE t_x1;",
    ]
    asked = main.tool("rollback")
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert (database.tables(), database.heads()) == (before, {"x2", "own"})
    words = [sys.executable, "-m", "alembic_worktrees", "rollback"]
    assert at_terminal(words, cwd=main.backend, env=world.env, answer="y\n").returncode == 0
    assert database.heads() == {"own"}
    assert before - database.tables() == {"t_x1", "t_x2"}
    assert not list(main.versions.glob("x*"))
    assert main.git_status() == ""
    kept = main.git("ls-tree", "-r", "--name-only", "refs/alembic-worktrees/applied").splitlines()
    assert {id for _, how, id, *_ in (path.split("/") for path in kept) if how == "back"} == {"x1", "x2"}
    # The other checkout has copies still; plain Alembic moves the rows, and nothing is held to be forgotten.
    assert list(b.versions.glob("x*"))
    b.revision("own2", "own")
    b.tool("upgrade", check=True)
    assert not list(b.versions.glob("x*"))
    assert database.heads() == {"own2"}
    archive = main.git("rev-parse", "refs/alembic-worktrees/applied")
    assert main.tool("find", "x1", check=True).stdout.startswith(archive.strip())
    assert "abandoned" in main.tool("rollback", check=True).stderr
    assert database.tables() & {"t_x1", "t_x2"} == set()


def refused(checkout: Checkout, *words: str) -> str:
    done = checkout.tool("rollback", "--yes", *words)
    assert done.returncode == 1
    return done.stderr


def paste(said: str, checkout: Checkout) -> None:
    """Run the command at the end of what was said."""
    command = said.strip().rpartition(": ")[2].replace("alembic-worktrees", "python -m alembic_worktrees")
    checkout.world.run("bash", "-ec", command, cwd=checkout.backend, check=True)


def test_what_somebody_has(world: World, database: Database) -> None:
    """In a checkout, in a branch, in a file that nobody can read, or as the parent of what is not even applied."""
    main, b, commit = thrown_away(world)
    child = b.revision("child", "x2")
    assert f"StoFlow-B/{child.relative_to(b.path)}" in refused(main)
    child.write_text("<<<<<<< HEAD\n" + child.read_text())
    assert child.name in refused(main)
    child.unlink()
    main.git("branch", "again", commit)
    said = refused(main, "x1")
    paste(said, main)
    assert "again" not in main.git("branch")
    world.worktree("StoFlow-A", "once-more", commit)
    said = refused(main, "x1", "x2")
    assert database.heads() == {"x2", "own"}
    paste(refused(main, "x2"), main)
    assert database.heads() == {"x1", "own"}
    assert "x2 is not applied" in refused(main, "x2")


def test_what_lies_here_is_somebodys_though_it_is_not_committed(world: World) -> None:
    main, _, _ = thrown_away(world)
    main.revision("mine", "aaaa1111")
    main.tool("upgrade", check=True)
    shown = main.tool("rollback", "--dry-run", check=True).stdout
    assert "x2" in shown
    assert "mine" not in shown


def test_steps_that_cannot_be_done(world: World, database: Database) -> None:
    """Told before anything runs, or stopped where it is; a copy that was mended here is what runs."""
    main, *_ = thrown_away(world)
    main.tool("upgrade", check=True)
    (copy,) = main.versions.glob("x1*")
    whole = copy.read_text()
    copy.write_text(whole.replace('op.drop_table("t_x1")', "raise NotImplementedError"))
    assert "Nothing was changed" in refused(main)
    assert database.heads() == {"x2", "own"}
    copy.write_text(whole.replace('op.drop_table("t_x1")', 'op.drop_table("nowhere")'))
    said = refused(main)
    assert "Taken back in" in said
    assert database.heads() == {"x1", "own"}
    copy.write_text(whole.replace('op.drop_table("t_x1")', "pass"))
    assert "stays: x1" in main.tool("rollback", "--dry-run", check=True).stdout
    paste(said.strip() + " --yes", main)
    assert (database.heads(), "t_x1" in database.tables()) == ({"own"}, True)
    assert copy.exists()  # it is the user's now, who is told so


def test_lost_for_good(world: World, database: Database) -> None:
    """A row without a file says something else from now on; under a migration of ours an empty one stands in."""
    main = world.main
    main.applied("aaaa1111")
    main.tool("upgrade", check=True)
    main.revision("bbbb2222", "aaaa1111")
    main.commit("Not applied yet")
    database.set_heads("lost")
    said = main.tool("upgrade").stderr
    command = "rollback lost --forget --at aaaa1111"
    assert command in said
    assert command in main.tool("status").stdout
    shown = main.tool(*command.split(), "--dry-run", check=True).stdout
    assert "aaaa1111" in shown
    assert database.heads() == {"lost"}
    assert "add --yes" in main.tool(*command.split()).stderr
    assert database.heads() == {"lost"}
    assert main.tool("rollback", "lost", "--forget", "--at", "nowhere", "--yes").returncode == 1
    main.tool(*command.split(), "--yes", check=True)
    assert database.heads() == {"aaaa1111"}
    assert main.tool("rollback", "aaaa1111", "--forget", "--at", "bbbb2222", "--yes").returncode == 1
    main.tool("upgrade", check=True)

    main.revision("cccc3333", "gone")
    database.set_heads("cccc3333")
    paste(main.tool("upgrade").stderr, main)
    assert "A  " in main.git_status()
    assert "cccc3333" in main.alembic("heads", check=True).stdout
    assert main.tool("adopt", "--stub", "bbbb2222", "--parent", "aaaa1111").returncode == 1


def test_two_at_once(world: World, database: Database) -> None:
    main, b, _ = thrown_away(world)
    with running(main, "rollback", "--yes") as one, running(b, "rollback", "--yes") as other:
        assert (one.finish(), other.finish()) == (0, 0), one.said + other.said
    assert database.heads() == {"own"}
    assert database.tables() & {"t_x1", "t_x2"} == set()


revisions = st.lists(st.sets(st.integers(0, 30), max_size=3), min_size=1, max_size=12)


@given(
    revisions,
    st.sets(st.integers(0, 11)),
    st.sets(st.integers(0, 11)),
    st.sets(st.integers(0, 11), max_size=2),
)
def test_what_is_decided(drawn: list[set[int]], heads: set[int], owned: set[int], wanted: set[int]) -> None:
    """What stays applied needs nothing that goes, and without words nothing stays that could go."""
    found = [
        Revision(
            str(number), tuple(sorted({str(parent % number) for parent in above} if number else ())), (), ()
        )
        for number, above in enumerate(drawn)
    ]
    graph = Graph(Node(one, "") for one in found)
    applied = graph.closure(map(str, heads & set(range(len(found))))).known
    ids = {str(number) for number in wanted} & applied
    origin = Origin("checkout", "A", None, "")
    theirs = [Candidate(one, b"", "", "", origin, COMMITTED, None) for one in found if int(one.id) in owned]
    steps, kept = decide(graph, applied, theirs, ids)
    left = applied - set(steps)
    assert graph.closure(left).known == left
    assert list(steps) == list(reversed(graph.order(steps)))
    needed = graph.closure(one.revision.id for one in theirs).known
    assert not needed & set(steps)
    if not ids:
        assert set(steps) == applied - needed
    elif not kept:
        assert ids <= set(steps)
