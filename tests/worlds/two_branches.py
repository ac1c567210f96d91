"""Made-up models of two branches, and what they have in common: for what autogenerate makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

FAMILIES = (
    ("Integer", "BigInteger", "Numeric(10, 2)"),
    ("String(20)", "String(50)", "Text"),
    ("Boolean",),
    ("DateTime",),
)
TYPES = [type for family in FAMILIES for type in family]
SCHEMA = "shop"


class Column(NamedTuple):
    """A column, and the index and constraints that are its own."""

    type: str
    nullable: bool = True
    default: bool = False
    indexed: bool = False
    unique: bool = False
    refers: bool = False  # to "base"

    @property
    def text(self) -> str:
        default = {"Bo": "true", "Da": "2024-01-01", "St": "x", "Te": "x"}.get(self.type[:2], "1")
        words = [f"sa.{self.type}"]
        words += ['sa.ForeignKey("base.id")'] if self.refers else []
        words += [f"nullable={self.nullable}"]
        words += [f'server_default="{default}"'] if self.default else []
        words += ["index=True"] if self.indexed else []
        words += ["unique=True"] if self.unique else []
        return ", ".join(words)


class Table(NamedTuple):
    """A table that has an `id` and these columns; `pair`: an index over the first two."""

    columns: Mapping[str, Column]
    schema: str | None = None
    pair: bool = False

    def text(self, name: str) -> str:
        words = [repr(name), "metadata", 'sa.Column("id", sa.Integer, primary_key=True)']
        words += [f"sa.Column({name!r}, {column.text})" for name, column in self.columns.items()]
        kept = [name for name in self.columns if name.startswith("k")]
        words += [f'sa.Index("ix_pair_of_{name}", {kept[0]!r}, {kept[1]!r})'] if self.pair else []
        words += [f"schema={self.schema!r}"] if self.schema else []
        return f"sa.Table({', '.join(words)})\n"


Models = dict[str, Table]


class Branches(NamedTuple):
    """The models that are published, those of two branches, and how the first of them writes its migration."""

    published: Models
    a: Models
    b: Models
    style: str


def text(models: Models) -> str:
    """The models as Python, after `metadata = sa.MetaData()`."""
    return "".join(table.text(name) for name, table in models.items())


@st.composite
def columns(draw: st.DrawFn) -> Column:
    return draw(changed(Column(draw(st.sampled_from(TYPES)))))


@st.composite
def changed(draw: st.DrawFn, column: Column) -> Column:
    """The column, other than it was in some things; a database can cast what it has to the new type."""
    family = next(family for family in FAMILIES if column.type in family)
    flips = [draw(st.booleans()) for _ in range(5)]
    kind = column.type if column.refers else draw(st.sampled_from(family))
    turned = kind == column.type == "Integer" and flips[0] and flips[4]
    column = column._replace(type=kind, refers=column.refers ^ turned)
    column = column._replace(nullable=column.nullable ^ flips[0], default=column.default ^ flips[1])
    if column.type != "Text":
        column = column._replace(
            indexed=column.indexed ^ flips[2], unique=column.unique ^ (flips[3] and not flips[2])
        )
    return column


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Two columns that nobody touches (`k…`), and some more."""
    more = draw(st.lists(columns(), min_size=1, max_size=4))
    kept = {"k1": Column("Integer"), "k2": Column("String(50)")}
    found = {**kept, **{f"c{number}": column for number, column in enumerate(more, 1)}}
    return Table(found, draw(st.sampled_from([None, None, SCHEMA])), draw(st.booleans()))


@st.composite
def branches(draw: st.DrawFn, *, apart: bool) -> Branches:
    """Two branches that touch different things, or, if not `apart`, here and there the same."""
    base = Table({"k1": Column("Integer"), "k2": Column("Integer")})
    more = draw(st.lists(tables(), min_size=1, max_size=3))
    published = {"base": base, **{f"t{number}": table for number, table in enumerate(more, 1)}}
    sides: dict[str, Models] = {"a": {}, "b": {}}
    for name, table in published.items():
        dropper = draw(st.sampled_from("ab")) if name != "base" and draw(st.integers(0, 4)) == 0 else ""
        both = dict.fromkeys(sides, table) if dropper and apart else draw(touched(table, apart=apart))
        for side in set(sides) - set(dropper):
            sides[side][name] = both[side]
    for side in draw(st.lists(st.sampled_from("ab"), max_size=3)):
        name = f"new_{side}" if apart else draw(st.sampled_from(["new", f"new_{side}"]))
        sides[side].setdefault(name, draw(tables()))
    style = draw(st.sampled_from(["operations", "sql", "loop", "computed"]))
    return Branches(published, sides["a"], sides["b"], style)


@st.composite
def touched(draw: st.DrawFn, table: Table, *, apart: bool) -> dict[str, Table]:
    """The table as each side has it."""
    sides = {"a": dict(table.columns), "b": dict(table.columns)}
    for name, column in table.columns.items():
        for side in "" if name.startswith("k") else draw(owners(apart=apart)):
            if draw(st.integers(0, 2)):
                sides[side][name] = draw(changed(column))
            else:
                del sides[side][name]
    for side in draw(st.lists(st.sampled_from("ab"), max_size=2)):
        name = f"more_{side}" if apart else draw(st.sampled_from(["more", f"more_{side}"]))
        sides[side][name] = draw(columns())
    toggled = draw(owners(apart=apart))
    return {
        side: table._replace(columns=found, pair=table.pair ^ (side in toggled))
        for side, found in sides.items()
    }


def owners(*, apart: bool) -> st.SearchStrategy[str]:
    """Who touches a thing."""
    return st.sampled_from(["", "a", "b"] if apart else ["", "a", "b", "ab"])
