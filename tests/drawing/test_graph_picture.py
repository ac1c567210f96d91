"""`graph`: every revision and every line is drawn, none through another, whatever the names are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alembic_worktrees.drawing import mermaid, svg
from alembic_worktrees.drawing import text as lines
from alembic_worktrees.drawing.lanes import Layout, lay_out
from alembic_worktrees.drawing.picture import (
    BORROWED,
    ELSEWHERE,
    GIT,
    NOWHERE,
    OWN,
    Entry,
    Item,
    Picture,
    newest_first,
)
from alembic_worktrees.messages.quoting import columns
from alembic_worktrees.messages.speaker import Speaker
from alembic_worktrees.migrations.docstring import first_line
from worlds.observe import TRACES, at_terminal, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worlds.postgres import Database
    from worlds.world import Checkout, World

ENGLISH = Speaker("en").phrase
ALL = ("StoFlow", "StoFlow-A", "StoFlow-B")

DOCS = Path(__file__).parents[2] / "docs"


class Look(NamedTuple):
    """What may be said of a revision in these tests; by default it is applied and in every checkout."""

    whereabouts: str = OWN
    owners: tuple[str, ...] = ALL
    applied: bool | None = True


EVERYWHERE = Look()
OURS = Look(owners=("StoFlow",))
WAITING = Look(owners=("StoFlow",), applied=False)
THEIRS = Look(ELSEWHERE, ("StoFlow-A",))
LENT = Look(BORROWED, ("StoFlow-A",))
REMEMBERED = Look(GIT, ())
LOST = Look(NOWHERE, ())
LOOKS = [EVERYWHERE, OURS, WAITING, THEIRS, LENT, REMEMBERED, LOST, Look(applied=None)]


def item(
    id: str, *parents: str, depends_on: Sequence[str] = (), message: str = "", look: Look = EVERYWHERE
) -> Item:
    return Item(
        id=id,
        message=message or f"do {id}",
        parents=parents,
        depends_on=tuple(depends_on),
        labels=(),
        whereabouts=look.whereabouts,
        owners=look.owners,
        borrowers=("StoFlow",) if look.whereabouts == BORROWED else (),
        origin="StoFlow-A" if look.whereabouts in (BORROWED, GIT) else None,
        applied=look.applied,
        row=False,
        tips=(),
    )


def picture(*items: Item) -> Picture:
    return Picture(items, here="StoFlow", checkouts=ALL, databases=("stoflow (postgresql)",))


def chain(count: int) -> list[Item]:
    return [item(f"r{n:03}", *([f"r{n - 1:03}"] if n else [])) for n in range(count)]


def drawn(pictured: Picture, *, whole: bool = False) -> str:
    return lines.draw(pictured, pictured.unfolded if whole else pictured.folded, ENGLISH)


def parsed(drawing: str) -> ET.Element:
    return ET.fromstring(drawing.encode())  # noqa: S314  # our own text


# Literals


def test_branches_merges_and_dependencies() -> None:
    pictured = picture(
        item("base"),
        item("left", "base"),
        item("right", "base"),
        item("joined", "left", "right"),
        item("later", "joined", depends_on=["base"]),
    )
    assert drawn(pictured) == (
        "●┄╮   later do later\n"
        "●─┊─╮ joined do joined\n"
        "● ┊ │ left do left\n"
        "│ ┊ ● right do right\n"
        "●┄┴─╯ base do base\n"
        "\n"
        "● here\n"
    )


def test_every_state_has_its_sign() -> None:
    pictured = picture(
        *chain(3),
        item("new", "r002", look=WAITING),
        item("theirs", "r001", look=THEIRS),
        item("old", "r000", look=REMEMBERED),
        item("lost", look=LOST),
        item("lent", "lost", look=LENT),
    )
    assert drawn(pictured) == (
        "○   new do new [only here; not applied]\n"
        "●   r002 do r002\n"
        "│ ■ theirs do theirs [not here, in StoFlow-A]\n"
        "●─╯ r001 do r001\n"
        "│ ▲ old do old [only in git: StoFlow-A]\n"
        "●─╯ r000 do r000\n"
        "  ◆ lent do lent [borrowed from StoFlow-A]\n"  # not below r000, of which it is no parent
        "  ✖ lost do lost [nowhere]\n"
        "\n"
        "● here   ○ here, not applied   ◆ borrowed here   ■ in other checkouts   ▲ only in git   ✖ nowhere\n"
    )


def test_a_long_run_is_one_node_and_a_short_one_is_not() -> None:
    assert drawn(picture(*chain(59))).startswith("● r058 do r058\n┋ … 57 revisions …\n● r000 do r000\n")
    assert drawn(picture(*chain(59)), whole=True).count("\n") == 61
    assert "revisions" not in drawn(picture(*chain(5)))


@pytest.mark.parametrize("look", [WAITING, LENT, REMEMBERED, LOST])
def test_what_wants_attention_is_never_folded(look: Look) -> None:
    run = [item(f"r{n}", *([f"r{n - 1}"] if n else []), look=look) for n in range(9)]
    assert len(picture(*run).folded) == 9


def test_a_run_ends_where_somebody_stops() -> None:
    """An old checkout that has only the first half does not hinder the folding."""
    half = [one._replace(owners=ALL[:2]) if int(one.id[1:]) >= 20 else one for one in chain(40)]
    assert [len(entry.items) for entry in picture(*half).folded] == [1, 19, 19, 1]


def test_cycles_are_drawn_all_the_same() -> None:
    pictured = picture(item("a", "c"), item("b", "a"), item("c", "b"), item("s", "s", "a"))
    assert len(lay_out(pictured.folded).edges) == 5
    assert "↺" in drawn(pictured)
    parsed(svg.draw(pictured, pictured.folded, ENGLISH))


def test_lines_fit_the_terminal_and_the_message_gives_way_first() -> None:
    pictured = picture(item("a1b2c3d4", message="a very long sentence " * 9, look=Look(applied=False)))
    shown = lines.draw(pictured, pictured.folded, ENGLISH, width=50).splitlines()[0]
    assert len(shown) <= 50
    assert shown.endswith("… [not applied]")
    assert columns("日本") == 4


DOCSTRINGS = {
    b'"""add users\n\nRevision ID: a\n"""\n': "add users",
    b'"""add users"""\n': "add users",
    b'# comment\n"""\n\n  spaced \n"""\n': "spaced",
    b"'one quote'": "one quote",
    b'r"""raw \\d"""': "raw \\d",
    b'"""tab\\tescaped"""': "tab\tescaped",
    b'# -*- coding: latin-1 -*-\n"""\xe9t\xe9"""': "été",
    b'\xef\xbb\xbf"""bom\n"""': "bom",
    b'"""  \n"""': "",
    b'"""first\x0bsecond"""': "first",
    b'"""\xc2\x85second"""': "second",
    b'"""first""" "too"': "firsttoo",
    b'"""not one""".strip()': "",
    b'"""not one\n""" % 1': "",
    b'"""not \n\xff UTF-8"""': "",
    b"revision = 'a'\n": "",
    b'f"""not one"""': "",
    b"def (": "",
    b"\x00": "",
    b"": "",
}


@pytest.mark.parametrize("content", DOCSTRINGS)
def test_first_line_of_a_docstring(content: bytes) -> None:
    assert first_line(content) == DOCSTRINGS[content]


# Any graph


@st.composite
def pictures(draw: st.DrawFn, *, names: st.SearchStrategy[str] | None = None) -> Picture:
    """Histories of up to 40 revisions: mostly straight, with branches, merges, dependencies and all states."""
    size = draw(st.integers(1, 40))
    ids = [f"r{number:02}" for number in range(size)]
    if names is not None:
        ids = draw(st.lists(names, min_size=1, max_size=12, unique=True))
    items, look = [], EVERYWHERE
    for number, id in enumerate(ids):
        usual = st.just(ids[max(number - 1, 0) : number])
        anything = st.lists(st.sampled_from(ids[:number]), max_size=3, unique=True) if number else usual
        parents = draw(st.one_of(usual, usual, usual, anything))
        depends_on = [one for one in draw(st.one_of(st.just([]), anything)) if one not in parents]
        look = draw(st.one_of(*[st.just(look)] * 6, st.sampled_from(LOOKS)))  # alike in long runs
        message = id if names is None else draw(names)
        items.append(item(id, *parents, depends_on=depends_on, message=message, look=look))
    return picture(*draw(st.permutations(items)))


def wanted(entries: Sequence[Entry]) -> set[tuple[str, str]]:
    """The lines between entries that the revisions themselves ask for."""
    home = {one.id: entry.id for entry in entries for one in entry.items}
    pairs = {(home[one.id], home[parent]) for entry in entries for one in entry.items for parent in one.above}
    return {(child, parent) for child, parent in pairs if child != parent}


GRAPH = re.compile(r"([●○◆◇■□▲△✖┋│┊─┄╭╮╰╯┬┴ ]+?) ?(?=[r…])")
NODES = "●○◆◇■□▲△✖┋"


def graph_part(line: str) -> str:
    match = GRAPH.match(line)
    assert match, line
    return f"{match[1]:<200}"[::2]


def traced(text: str, entries: Sequence[Entry]) -> set[tuple[str, str]]:
    """The lines that a reader sees: from each node, along its lanes, down to the next node."""
    rows = [graph_part(line) for line in text.splitlines()[: len(entries)]]
    found = set()
    for start, row in enumerate(rows):
        node = next(lane for lane, sign in enumerate(row) if sign in NODES)
        below = rows[start + 1][node] if start + 1 < len(rows) else " "
        leaving = [lane for lane, sign in enumerate(row) if sign in "╭╮┬"]
        leaving += [node] if below in "│┊╰╯┴" + NODES else []
        for lane in leaving:
            end = next(n for n in range(start + 1, len(rows)) if rows[n][lane] not in "│┊")
            assert rows[end][lane] in "╰╯┴" + NODES, text
            found.add((entries[start].id, entries[end].id))
    return found


@settings(deadline=None)
@given(pictures(), st.booleans())
def test_every_line_is_seen_and_no_other(pictured: Picture, whole: bool) -> None:
    entries = pictured.unfolded if whole else pictured.folded
    assert traced(drawn(pictured, whole=whole), entries) == wanted(entries)


def assert_apart(layout: Layout) -> None:
    """No line runs through a node, nor along another line."""
    taken: set[tuple[int, int]] = set(enumerate(layout.lanes))
    for edge in layout.edges:
        for row in range(min(edge.start, edge.end) + 1, max(edge.start, edge.end)):
            assert (row, edge.lane) not in taken
            taken.add((row, edge.lane))


@settings(deadline=None)
@given(pictures())
def test_lines_keep_apart_and_lead_down(pictured: Picture) -> None:
    nodes = pictured.unfolded
    layout = lay_out(nodes)
    assert all(edge.start < edge.end for edge in layout.edges)
    assert_apart(layout)
    solid = {(node.id, parent, False) for node in nodes for parent in node.parents}
    dashed = {(node.id, parent, True) for node in nodes for parent in node.depends_on}
    assert {(edge.child, edge.parent, edge.dashed) for edge in layout.edges} == solid | dashed


IDS = st.sampled_from("abcdefgh")
TANGLES = st.dictionaries(IDS, st.lists(IDS, max_size=3, unique=True).map(tuple), min_size=1)


@settings(deadline=None)
@given(TANGLES)
def test_cycles_too(parents: dict[str, tuple[str, ...]]) -> None:
    order = newest_first(parents)
    assert sorted(order) == sorted(parents)
    layout = lay_out([Entry((item(id),), parents[id], ()) for id in order])
    assert len(layout.edges) == sum(parent in parents for above in parents.values() for parent in above)
    assert_apart(layout)
    pictured = picture(*(item(id, *above) for id, above in parents.items()))
    assert drawn(pictured).count("\n") == len(pictured.folded) + 2


@settings(deadline=None)
@given(pictures())
def test_folding_keeps_all_that_matters(pictured: Picture) -> None:
    entries = pictured.folded
    assert sorted(one.id for entry in entries for one in entry.items) == sorted(
        one.id for one in pictured.items
    )
    above = [parent for one in pictured.items for parent in one.above]
    for entry in entries:
        for one in entry.items if len(entry.items) > 1 else ():
            assert len(one.above) == above.count(one.id) == 1  # no head, base, merge or branch point
            assert one.whereabouts not in (BORROWED, GIT, NOWHERE)
            assert one.applied is not False
        following = zip(entry.items, entry.items[1:], strict=False)
        assert all(newer.parents == (older.id,) for newer, older in following)


NASTY = st.text(
    st.sampled_from("ab<>&\"'`\\\n\r\t\x00\x1b\x9b\u202e\ud83d\ufffe é日#;|[](){}%$-"),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(pictures(names=NASTY), st.sampled_from(["en", "fr"]))
def test_no_name_breaks_a_format(pictured: Picture, language: str) -> None:
    phrase, entries = Speaker(language).phrase, pictured.folded
    drawing = svg.draw(pictured, entries, phrase)
    assert not re.search(r"@import|url\(|href|<script", drawing)  # it loads nothing and runs nothing
    root = parsed(drawing)
    inside = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{inside}g")) == len(entries)
    assert len(root.findall(f"{inside}path")) == len(wanted(entries))
    assert_mermaid(mermaid.draw(pictured, entries, phrase), entries)
    text = lines.draw(pictured, entries, phrase)
    assert not set(text) & set("\x00\x1b\x9b\u202e\ud83d\r\t")
    assert text.count("\n") == len(entries) + 2


def assert_mermaid(text: str, entries: Sequence[Entry]) -> None:
    rows = text.splitlines()
    nodes = [row for row in rows if '"' in row]
    assert len(nodes) == len(entries)
    for row in nodes:
        label = re.fullmatch(r'  n\d+[^"\w]+"([^"]*)"[^"\w]+:::\w+', row)
        assert label, row
        assert re.fullmatch(r"(?:[\w ,.:…–-]|#\d+;|<br/>)*", label[1]), row
    assert sum("-->" in row or "-.->" in row for row in rows) == len(wanted(entries))


def test_thousands_of_revisions() -> None:
    big = picture(*chain(5000), *(item(f"x{n}", f"r{n * 50:03}") for n in range(90)))
    assert len(big.folded) < 300
    assert drawn(big, whole=True).count("\n") == 5092
    layout = lay_out(big.unfolded)
    assert layout.width == 2  # a lane is used again
    assert_apart(layout)


# Stories


@pytest.fixture
def two(world: World) -> Checkout:
    """A checkout whose neighbour has applied a migration that only the neighbour has."""
    for number in range(7):
        world.main.revision(f"aaaa000{number}", f"aaaa000{number - 1}" if number else None)
    world.main.commit("Add seven")
    world.main.alembic("upgrade", "heads", check=True)
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.applied("bbbb2222", "aaaa0006")
    b.revision("cccc3333", "aaaa0003")
    return b


def test_the_picture_of_two_checkouts(two: Checkout) -> None:
    before = tree(two.world.root, without=TRACES)
    done = two.tool("graph", check=True)
    assert tree(two.world.root, without=TRACES) == before
    assert done.stderr == ""
    assert done.stdout == (
        "■   bbbb2222 (database, StoFlow-A) add t_bbbb2222 [not here, in StoFlow-A]\n"
        "●   aaaa0006 (StoFlow, StoFlow-B) add t_aaaa0006\n"
        "●   aaaa0005 add t_aaaa0005\n"
        "●   aaaa0004 add t_aaaa0004\n"
        "│ ○ cccc3333 (StoFlow-B) add t_cccc3333 [only here; not applied]\n"
        "●─╯ aaaa0003 add t_aaaa0003\n"
        "●   aaaa0002 add t_aaaa0002\n"
        "●   aaaa0001 add t_aaaa0001\n"
        "●   aaaa0000 add t_aaaa0000\n"
        "\n"
        "● here   ○ here, not applied   ■ in other checkouts\n"
    )
    two.tool("copy", check=True)
    borrowed = "◆   bbbb2222 (database, StoFlow-A) add t_bbbb2222 [borrowed from StoFlow-A]\n"
    assert borrowed in two.tool("graph").stdout


def test_what_only_git_has_and_what_is_nowhere(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-A")
    a.applied("bbbb2222", "aaaa1111")
    world.main.git("worktree", "remove", "--force", str(a.path))
    assert "▲ bbbb2222 (database) add t_bbbb2222 [only in git: StoFlow-A]" in world.main.tool("graph").stdout
    database.set_heads("ffff9999")
    assert "✖ ffff9999 (database) [nowhere]" in world.main.tool("graph").stdout


def test_a_file_is_not_overwritten_unasked(two: Checkout, tmp_path: Path) -> None:
    page = tmp_path / "a b.mmd"
    done = two.tool("graph", "--no-database", "-o", page)
    assert (done.returncode, done.stdout) == (0, "")
    assert page.read_text().startswith("flowchart TD\n")
    page.write_text("mine")
    done = two.tool("graph", "-o", page)
    assert (done.returncode, page.read_text()) == (1, "mine")
    assert "--force" in done.stderr
    two.tool("graph", "--no-database", "-o", page, "--force", "--format", "svg", check=True)
    parsed(page.read_text())
    done = two.tool("graph", "--no-database", "-o", tmp_path / "no" / "folder.svg")
    assert (done.returncode, "Traceback" in done.stderr, "borrowed" in done.stderr) == (1, False, False)
    done = two.tool("graph", "--no-database", "-o", tmp_path / "picture.foo")
    assert (done.returncode, "one of .txt, .svg, .mmd" in done.stderr) == (2, True)
    assert not (tmp_path / "picture.foo").exists()


def test_a_picture_has_its_colours_without_variables_too(two: Checkout) -> None:
    """Outside browsers nobody knows CSS variables: there the first colour counts, or all is black."""
    drawn = two.tool("graph", "--no-database", "--format", "svg", check=True).stdout
    light, _, dark = drawn.partition("@media")
    for name in ("paper", "ref rect", "s0", "f0"):
        assert [
            len(re.findall(rf"\.awt \.{name}[^{{]*{{(?:fill|stroke):#", part)) for part in (light, dark)
        ] == [1, 1]
    for text in (drawn, *(path.read_text(encoding="utf-8") for path in DOCS.glob("*.svg"))):
        uses = re.findall(r"(?:(fill|stroke):#[0-9a-f]{6};)?(fill|stroke):var\(--", text)
        assert all(literal == name for literal, name in uses)


def test_without_the_database(two: Checkout) -> None:
    quiet = two.tool("graph", "--no-database")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert "applied" not in quiet.stdout
    assert "(database" not in quiet.stdout
    two.write("pyproject.toml", '[tool.alembic-worktrees]\npython = "/nowhere/python"\n')
    done = two.tool("graph")
    assert done.returncode == 0
    assert "/nowhere/python" in done.stderr
    assert "cccc3333" in done.stdout


def test_on_a_terminal_in_french(two: Checkout) -> None:
    env = two.world.env | {"TERM": "xterm-256color", "COLUMNS": "70", "LC_ALL": "fr_FR.UTF-8"}
    done = at_terminal(["python", "-m", "alembic_worktrees", "graph"], cwd=two.backend, env=env)
    assert "\x1b[33mcccc3333\x1b[0m" in done.screen
    bare = re.sub(r"\x1b\[[\d;]*m", "", done.screen).splitlines()
    assert max(map(len, bare[:9])) <= 70
    assert "non appliquée" in done.screen
