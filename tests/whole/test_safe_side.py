"""The safe side: a look writes nothing, and version rows change only as `alembic upgrade` changes them."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import alembic_worktrees
from worlds.world import Checkout, World

if TYPE_CHECKING:
    from worlds.postgres import Database

SOURCES = sorted(Path(alembic_worktrees.__file__).parent.rglob("*.py"))
LOOKS = [
    "copy --dry-run",
    "copy --dry-run --json",
    "find bbbb2222",
    "list --json",
    "status",
    "graph",
    "check",
    "check --ref HEAD",
    "init --dry-run --with dev,claude",
]


def everything(root: Path) -> dict[str, tuple[object, ...]]:
    """Each path with its bytes and with what a write would leave on it: git's folders and the database included."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [root, *root.rglob("*")]:
        about = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        written = (about.st_mtime_ns, about.st_size) if path.name != ".git" else ()
        found[str(path)] = (about.st_mode, about.st_ino, *written, content)
    return found


def set_heads(world: World, *ids: str) -> None:
    with closing(sqlite3.connect(world.root / "shared.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("DELETE FROM alembic_version")
        database.executemany("INSERT INTO alembic_version VALUES (?)", [(id,) for id in ids])


def test_a_look_writes_nothing_whatever_the_plan(world_root: Path) -> None:
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    a, b, c = (world.worktree(f"StoFlow-{name}") for name in "ABC")
    original = a.revision("bbbb2222", "aaaa1111")
    b.write(".claude/commands/keep", "")
    for checkout in (world.main, a, b):  # git would like to note that these are as before
        (checkout.versions / "aaaa1111_add_t.py").touch()

    def look(kind: str, said: str, *, status: int = 0) -> None:
        before = everything(world.root)
        for words in LOOKS:
            done = b.tool(*words.split())
            assert everything(world.root) == before, (kind, words)
            if words == "copy --dry-run":
                assert done.returncode == status, (kind, done.stderr)
                assert said in done.stdout + done.stderr, kind

    set_heads(world, "nowhere")
    look("unresolved", "Migration nowhere not found", status=1)
    set_heads(world, "bbbb2222")
    look("missing", "bbbb2222 ← StoFlow-A")
    c.revision("bbbb2222", "aaaa1111", table="other")
    look("differing", "bbbb2222 ← StoFlow-A")
    (c.versions / original.name).unlink()
    b.tool("copy", check=True)
    original.write_text(original.read_text() + "# changed\n")
    look("refresh", "bbbb2222 ← StoFlow-A")
    set_heads(world, "aaaa1111")
    look("return", "bbbb2222 would be removed")


def test_a_fresh_database_is_left_without_a_table(world: World, database: Database) -> None:
    """Alembic itself makes its version table for whoever asks."""
    world.main.revision("aaaa1111")
    asking = [*LOOKS, "copy", "check --database"]
    said = {words: world.main.tool(*words.split()) for words in asking}
    assert "aaaa1111" in said["status"].stdout
    assert "The database does not have aaaa1111 yet" in said["check --database"].stdout
    assert database.tables() == set()


# The rows of the version table

WATCH = """
CREATE TABLE seen (number SERIAL, op TEXT, before TEXT, after TEXT);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'TRUNCATE' THEN INSERT INTO seen (op) VALUES (TG_OP); RETURN NULL; END IF;
    INSERT INTO seen (op, before, after) VALUES (TG_OP,
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_num END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_num END);
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON alembic_version FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note_all AFTER TRUNCATE ON alembic_version EXECUTE FUNCTION note();
CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'dropped'; END $$;
CREATE EVENT TRIGGER forbid ON sql_drop EXECUTE FUNCTION forbid();
"""


def test_a_day_changes_the_rows_only_as_alembic_upgrade_does(world: World, database: Database) -> None:
    """The server itself notes every change of a row; nothing that it holds may be dropped."""
    main = world.main
    main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    database.execute(WATCH)

    def seen() -> list[tuple[str, str | None, str | None]]:
        return [tuple(row) for row in database.execute("DELETE FROM seen RETURNING op, before, after")]

    a.revision("bbbb2222", "aaaa1111")
    a.commit("Add bbbb2222")
    a.tool("upgrade", check=True)
    assert seen() == [("UPDATE", "aaaa1111", "bbbb2222")]
    b.revision("cccc3333", "aaaa1111")
    b.commit("Add cccc3333")
    b.tool("upgrade", check=True)
    assert seen() == [("INSERT", None, "cccc3333")]
    for words in ("copy", "status", "graph", "list", "check --database"):
        b.tool(*words.split())
    b.git("merge", "--quiet", "--no-edit", "StoFlow-A")
    merged = Path(b.tool("merge", check=True).stdout.strip())
    assert seen() == []
    b.commit("Join", merged)
    b.tool("upgrade", check=True)
    changes = seen()
    assert sorted(op for op, *_ in changes) == ["DELETE", "UPDATE"]  # two heads become one
    assert {before for _, before, _ in changes} == {"bbbb2222", "cccc3333"}
    a.tool("upgrade", check=True)
    database.set_heads("nowhere")  # by another hand; what cannot be found is no reason to change a row
    seen()
    for words in ("upgrade", "copy", "status"):
        assert b.tool(words).returncode in (0, 1)
    assert seen() == []
    assert database.heads() == {"nowhere"}


# What only `rebase` and `rollback` lead to
ASKED = {"rebase.py", "rollback.py", "client.py", "downgrading.py"}
ADVISING = {"obstacles.py", "objections.py", "upgrade.py"}


def test_no_other_module_knows_how_to_go_back() -> None:
    """Alembic's verbs that the sources name: `stamp` and `downgrade` stand in advice, and what a file does."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"stamp", "downgrade", "ensure_version"} or source.name in ASKED, (
                    source
                )
            if isinstance(node, ast.Constant) and node.value in ("stamp", "downgrade"):
                assert source.name in {*ADVISING, "likeness.py", *ASKED}, source


def test_a_database_that_is_not_local_is_not_upgraded_by_way_of_database_url(world_root: Path) -> None:
    """Reading is always allowed; the answer of `database-url` never leads to an upgrade without Alembic's own look."""
    world = World.create(world_root, "postgresql+psycopg2://dev:x@db.example.invalid:1/stoflow")
    here: Checkout = world.main
    here.revision("aaaa1111")
    here.write(
        "backend/pyproject.toml",
        '[tool.alembic-worktrees]\ndatabase-url = "postgresql://h.example.invalid/x"\n',
    )
    done = here.tool("upgrade")
    assert done.returncode == 1
    assert "could not be asked what is applied" in done.stderr
