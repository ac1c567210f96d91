"""Take back just what is named: parallel heads stay, and a step that fails undoes nothing that was done before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_worktrees.database.client import Database as Client
from alembic_worktrees.project.settings import Settings
from worlds.searching import project
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database

REFUSING = '    op.drop_table("t_b1")'


def test_named_ones_alone(world: World, database: Database) -> None:
    """Two lines that a merge with a dependency joins, and a third beside them."""
    main = world.main
    for id, down, depends_on in (
        ("0001", None, None),
        ("a1", "0001", None),
        ("a2", "a1", None),
        ("b1", "0001", None),
        ("side", "0001", None),
        ("free", "0001", None),
        ("both", ("a2", "b1"), "side"),
    ):
        main.revision(id, down, depends_on=depends_on)
    path = main.versions / "b1_add_t.py"
    main.alembic("upgrade", "heads", check=True)
    assert database.heads() == {"both", "free"}
    with Client(project(main), Settings(), world.env) as client:
        ids = ["both", "a2", "b1"]
        sql = client.downgrade_sql([(sorted(database.heads()), ids)])
        assert sql
        tables = [line for line in sql.splitlines() if line.startswith("DROP")]
        assert tables == [f"DROP TABLE t_{id};" for id in ids]
        assert database.heads() == {"both", "free"}
        path.write_text(path.read_text().replace(REFUSING, REFUSING + "\n    raise RuntimeError"))
        outcome = client.downgrade(ids)
        assert not outcome.done
        assert outcome.migration == ("b1", path)
        assert database.heads() == {"a1", "b1", "free", "side"}
        path.write_text(path.read_text().replace("raise RuntimeError", "pass # mended"))
        assert client.downgrade(ids).done  # what is done already is passed over
        assert database.heads() == {"a1", "free", "side"}
    assert {name for name in database.tables() if name.startswith("t_")} == {
        "t_0001",
        "t_a1",
        "t_free",
        "t_side",
    }


def test_in_each_database_what_it_has(world_root: Path, new_database: Callable[[], Database]) -> None:
    one, other = new_database(), new_database()
    world = World.create(world_root, one.url, other_url=other.url, layout=Layout(env="multidb"))
    world.main.revision("0001")
    world.main.revision("a1", "0001")
    world.main.alembic("upgrade", "heads", check=True)
    other.execute("DROP TABLE t_a1")
    other.set_heads("0001")
    with Client(project(world.main), Settings(), world.env) as client:
        assert client.downgrade(["a1"]).done
    assert (one.heads(), other.heads()) == ({"0001"}, {"0001"})
    assert "t_a1" not in one.tables()
