"""The record of borrowed files: what is written can be read again, and git ignores exactly what it names."""

from __future__ import annotations

import json
import os
import string
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from alembic_worktrees import git
from alembic_worktrees.migrations.record import Entry, Origin, can_record, is_record, parse, pattern, render
from strategies import damaged
from worlds.process import run
from worlds.world import hermetic_environment

if TYPE_CHECKING:
    from pathlib import Path

    from strategies import ForAll

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too: names that are not UTF-8
NAMES = st.text(
    st.one_of(st.sampled_from(string.punctuation + " aé"), st.characters()), min_size=1, max_size=12
).filter(lambda name: can_record(name) and "/" not in name and name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ORIGINS = st.builds(Origin, ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, ANY_TEXT)
ENTRIES = st.builds(Entry, PATHS, ANY_TEXT, ORIGINS, ANY_TEXT)

ORIGIN = Origin("checkout", "StoFlow", None, "backend/versions/a.py")
ENTRY = Entry("a.py", "aaaa1111", ORIGIN, "00ff")

ODD_NAMES = [
    "a.py",
    "a b.py",
    " a.py",
    "a.py ",
    "a.py  ",
    "!a.py",
    "#a.py",
    "*.py",
    "?.py",
    "[a].py",
    "[!a].py",
    "[az]*?.py",
    "a\\.py",
    "\\a.py",
    "a.py\\",
    "a\\ .py",
    "**",
    "é.py",
    "e\u0301.py",
    "日本.py",
    "$x'\"`.py",
    "-a.py",
    "~a.py",
    "{a,b}.py",
    "A.py",
    ".a.py",
    "...",
    ":a.py",
    ":!a.py",
]


@given(st.lists(ENTRIES, unique_by=lambda entry: entry.path))
@example([ENTRY._replace(revision="\u2028\x85\r\n\x1c", origin=ORIGIN._replace(name="caf\udce9"))])
def test_what_is_written_can_be_read_again(entries: list[Entry]) -> None:
    text = render(entries)
    assert is_record(text)
    assert parse(text) == tuple(sorted(entries, key=lambda entry: entry.path))
    assert parse(text.encode("utf-8").decode("utf-8")) == parse(text)


@given(st.text())
@example("# {}")
@example('# {"path": 1}')
@example("# []")
@example("# {" + "[" * 100_000)
def test_any_text_can_be_parsed(text: str) -> None:
    assert all(isinstance(entry, Entry) for entry in parse(text + "\n# {" + text))


def test_a_damaged_record_says_nothing_that_is_not_sound(for_all: ForAll) -> None:
    def check(content: bytes) -> None:
        for entry in parse(content.decode("utf-8", "replace")):
            assert all(isinstance(value, str) for value in (entry.path, entry.revision, entry.sha256))
            assert all(value is None or isinstance(value, str) for value in entry.origin)
            inside = os.path.normpath(os.path.join("/folder", entry.path))
            assert inside.startswith("/folder/"), entry.path

    records = st.lists(ENTRIES, min_size=1, max_size=3).map(lambda entries: render(entries).encode())
    for_all(damaged(records), check, corner=60, full=20_000)


def test_a_value_of_another_kind_makes_no_entry() -> None:
    def parsed(**changed: object) -> tuple[Entry, ...]:
        about = {**ENTRY._asdict(), "origin": ORIGIN._asdict(), **changed}
        return parse(f"# {json.dumps(about)}")

    assert parsed() == (ENTRY,)
    others: tuple[object, ...] = (1, True, ["x"], {}, None)
    for value in others:
        for field in Entry._fields:
            assert parsed(**{field: value}) == (), (field, value)
        for field in Origin._fields:
            expected = (ENTRY,) if field == "commit" and value is None else ()
            assert parsed(origin={**ORIGIN._asdict(), field: value}) == expected, (field, value)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../a.py", "a/../../b.py", ".."])
def test_an_entry_never_leads_out(path: str) -> None:
    assert parse(render([ENTRY._replace(path=path)])) == ()


@pytest.mark.parametrize("name", ["a\nb.py", "a\rb.py", "\udce9.py", "a\u2028.py", "\x1b[31m.py", "a\tb.py"])
def test_what_a_line_cannot_hold_is_not_recorded(name: str) -> None:
    assert not can_record(name)


def test_the_record_of_somebody_else() -> None:
    assert not is_record("")
    assert not is_record("*.pyc\n# Written by alembic-worktrees\n")


# Held against git


@pytest.fixture(scope="session")
def repository(sandbox: Path) -> Path:
    folder = sandbox / "ignoring"
    folder.mkdir()
    run(["git", "init", "-q", "."], cwd=folder, env=hermetic_environment(folder), check=True)
    return folder


def ignored(repository: Path, record: str, names: list[str]) -> set[str]:
    """Which of `names` git ignores where `record` is the `.gitignore`."""
    (repository / ".gitignore").write_text(record, encoding="utf-8")
    with mock.patch.dict(os.environ, hermetic_environment(repository), clear=True):
        found = git.ignored(repository, [repository / name for name in names])
    return {path.relative_to(repository).as_posix() for path in found}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_pattern_matches_its_path_alone(name: str, repository: Path) -> None:
    below = [f"{folder}{other}" for other in ODD_NAMES for folder in ("", "sub/")]
    assert ignored(repository, pattern(name) + "\n", below) == {name}
    assert ignored(repository, pattern(f"sub/{name}") + "\n", below) == {f"sub/{name}"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAMES, min_size=2, max_size=30, unique=True))
def test_the_record_ignores_itself_and_what_it_names(repository: Path, names: list[str]) -> None:
    assume(".git" not in {name.casefold() for name in names})
    listed = names[::2]
    record = render(ENTRY._replace(path=name) for name in listed)
    leftover = ".alembic-worktrees-x7"
    assert ignored(repository, record, [*names, ".gitignore", leftover]) == {*listed, ".gitignore", leftover}
