"""What Alembic does, as this software relies on it: each a case against the real Alembic and PostgreSQL."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import sys
import termios
from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy.engine import make_url

from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import Checkout

UNKNOWN = "deadbeef0001"
CANNOT_LOCATE = f"Can't locate revision identified by '{UNKNOWN}'"

# Commands that ask the database where it stands.
ASKING = [
    ("upgrade", "head"),
    ("upgrade", "heads"),
    ("current",),
    ("check",),
    ("stamp", "head"),
    ("downgrade", "-1"),
    ("downgrade", "base"),
    ("revision", "--autogenerate", "-m", "new"),
]
READING = [("heads",), ("history",), ("branches",), ("show", "aaaa1111")]

# The probe: what the version tables hold, by the project's own env.py, with nothing resolved against files.
PROBE = """
import json, sys
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

found = []

def capture(heads, context):
    found.append([context.version_table, context.version_table_schema, sorted(heads)])
    return []

config = Config("alembic.ini")
script = ScriptDirectory.from_config(config)
with EnvironmentContext(config, script, fn=capture, dont_mutate=True):
    script.run_env()
json.dump(found, sys.stdout)
"""


@pytest.fixture
def main(world: World, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with one migration; we stand in its backend."""
    world.main.revision("aaaa1111")
    monkeypatch.chdir(world.main.backend)
    return world.main


def refusal(done: CompletedProcess[str]) -> str:
    """The message of a refusal: `FAILED: …` on stdout and exit status 255."""
    lines = [line for line in done.stdout.splitlines() if "FAILED: " in line]
    assert (done.returncode, len(lines)) == (255, 1), done
    return lines[0].strip().removeprefix("FAILED: ")


def crash(done: CompletedProcess[str]) -> str:
    """The last line of a raw traceback with exit status 1."""
    assert done.returncode == 1, done
    assert "Traceback (most recent call last)" in done.stderr
    assert "FAILED" not in done.stdout
    return done.stderr.rstrip().splitlines()[-1]


def scripts(checkout: Checkout, ini: str = "alembic.ini") -> ScriptDirectory:
    return ScriptDirectory.from_config(Config(checkout.backend / ini))


def ids(directory: ScriptDirectory) -> set[str]:
    return {script.revision for script in directory.walk_revisions()}


def probe(checkout: Checkout) -> list[list[object]]:
    done = checkout.world.run(sys.executable, "-c", PROBE, cwd=checkout.backend, check=True)
    found: list[list[object]] = json.loads(done.stdout)
    return found


# How Alembic reports


def test_refusal_is_on_stdout_and_logged_on_stderr(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    done = main.alembic("current")
    assert refusal(done) == CANNOT_LOCATE
    assert f"ERROR [alembic.util.messaging] {CANNOT_LOCATE}" in done.stderr


def test_refusal_is_not_logged_without_logging_in_env(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    env = main.backend / "migrations/env.py"
    env.write_text(env.read_text().replace("fileConfig(config.config_file_name)", "pass"))
    done = main.alembic("current")
    assert refusal(done) == CANNOT_LOCATE
    assert "ERROR [" not in done.stderr


def test_quiet_removes_the_refusal_from_stdout(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    done = main.alembic("-q", "current")
    assert (done.returncode, done.stdout) == (255, "")


@pytest.mark.cold
def test_refusal_wraps_when_stdin_is_a_terminal(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    lines = from_terminal(main, 40, "alembic", "current").splitlines()
    assert lines == ["  FAILED: Can't locate revision", "  identified by 'deadbeef0001'"]


@pytest.mark.cold
def test_a_narrow_terminal_splits_the_id(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    out = from_terminal(main, 12, "alembic", "current")
    assert UNKNOWN not in out
    assert UNKNOWN in "".join(out.split())


def from_terminal(checkout: Checkout, columns: int, *command: str) -> str:
    """The stdout, a pipe, of a command whose stdin is a terminal of so many columns."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        terminal = {"TERMINAL": os.ttyname(theirs)}
        done = checkout.world.run(
            "sh", "-c", '"$@" <"$TERMINAL"', "sh", *command, cwd=checkout.backend, env=terminal
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 255, done
    return done.stdout


def test_import_error_in_a_migration_is_a_raw_traceback(main: Checkout) -> None:
    main.write("backend/migrations/versions/broken.py", "import no_such_module\n")
    assert crash(main.alembic("heads")) == "ModuleNotFoundError: No module named 'no_such_module'"


def test_syntax_error_in_a_migration_is_a_raw_traceback(main: Checkout) -> None:
    main.write("backend/migrations/versions/broken.py", "revision = 'b' ]\n")
    assert crash(main.alembic("heads")).startswith("SyntaxError")


def test_in_python_the_cause_carries_the_id(main: Checkout) -> None:
    with pytest.raises(CommandError) as caught:
        scripts(main).get_revision(UNKNOWN)
    cause = caught.value.__cause__
    assert isinstance(cause, ResolutionError)
    assert cause.argument == UNKNOWN


# An id that no file defines


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_unknown_id_stops(command: tuple[str, ...], main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    assert refusal(main.alembic(*command)) == CANNOT_LOCATE


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_unknown_id_does_not_stop(command: tuple[str, ...], main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    assert "aaaa1111" in main.alembic(*command, check=True).stdout or command == ("branches",)


def test_unknown_id_hides_behind_two_heads(main: Checkout, database: Database) -> None:
    main.revision("bbbb1111")
    database.set_heads(UNKNOWN)
    done = main.alembic("upgrade", "head")
    assert "Multiple head revisions" in refusal(done)
    assert UNKNOWN not in done.stdout + done.stderr


def test_only_the_first_of_several_unknown_ids_is_named(main: Checkout, database: Database) -> None:
    unknown = {"deadbeef0001", "deadbeef0002", "deadbeef0003"}
    database.set_heads(*unknown)
    message = refusal(main.alembic("upgrade", "heads"))
    assert len([revision for revision in unknown if revision in message]) == 1


def test_an_applied_id_resolves_to_a_longer_local_one(main: Checkout, database: Database) -> None:
    main.versions.joinpath("aaaa1111_add_t.py").unlink()
    main.revision("aaaa1111xyz")
    database.set_heads("aaaa1111")
    assert main.alembic("current", check=True).stdout.strip() == "aaaa1111xyz (head)"
    main.alembic("upgrade", "heads", check=True)
    assert database.tables() == {"alembic_version"}


def test_stamp_needs_purge_past_an_unknown_id(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN)
    assert refusal(main.alembic("stamp", "head")) == CANNOT_LOCATE
    main.alembic("stamp", "--purge", "head", check=True)
    assert database.heads() == {"aaaa1111"}


# A broken graph


@pytest.mark.parametrize("command", [*READING, *ASKING], ids=" ".join)
def test_dangling_parent_is_a_warning_and_a_key_error(
    command: tuple[str, ...], main: Checkout, database: Database
) -> None:
    main.revision("bbbb1111", UNKNOWN)
    database.set_heads("aaaa1111")
    done = main.alembic(*command)
    assert crash(done) == f"KeyError: '{UNKNOWN}'"
    assert f"UserWarning: Revision {UNKNOWN} referenced from {UNKNOWN} -> bbbb1111 (head)" in done.stderr
    assert "is not present" in done.stderr


def test_dangling_dependency_is_a_key_error_without_a_warning(main: Checkout) -> None:
    main.revision("bbbb1111", "aaaa1111", depends_on=UNKNOWN)
    done = main.alembic("heads")
    assert crash(done) == f"KeyError: '{UNKNOWN}'"
    assert "UserWarning" not in done.stderr


@pytest.mark.parametrize("twin", ["aaaa1111", "bbbb1111"], ids=["not a head", "head"])
def test_duplicate_id_is_a_warning_and_false_heads(twin: str, main: Checkout) -> None:
    main.revision("bbbb1111", "aaaa1111")
    main.revision(twin, None if twin == "aaaa1111" else "aaaa1111", file="twin.py")
    done = main.alembic("upgrade", "head")
    assert f"UserWarning: Revision {twin} is present more than once" in done.stderr
    assert "Multiple head revisions" in refusal(done)


def test_cycle(main: Checkout) -> None:
    main.revision("bbbb1111", "cccc1111")
    main.revision("cccc1111", "bbbb1111")
    assert crash(main.alembic("heads")).startswith("alembic.script.revision.CycleDetected: Cycle is detected")


def test_self_loop(main: Checkout) -> None:
    main.revision("bbbb1111", "bbbb1111")
    assert crash(main.alembic("heads")).startswith("alembic.script.revision.LoopDetected: Self-loop is")


def test_duplicate_branch_label(main: Checkout) -> None:
    main.revision("bbbb1111", labels="shop")
    main.revision("cccc1111", labels="shop")
    last = crash(main.alembic("heads"))
    assert last.startswith("alembic.script.revision.RevisionError: Branch name 'shop' in revision ")
    assert last.endswith("1111")
    assert "already used by revision" in last


def test_helper_file_in_the_folder_stops_everything(main: Checkout) -> None:
    main.write("backend/migrations/versions/helper.py", "ANSWER = 42\n")
    message = refusal(main.alembic("heads"))
    assert message.startswith("Could not determine revision id from filename helper.py")


# Several heads


def test_upgrade_head_refuses_several_heads(main: Checkout, database: Database) -> None:
    main.revision("bbbb1111")
    assert "Multiple head revisions" in refusal(main.alembic("upgrade", "head"))
    main.alembic("upgrade", "heads", check=True)
    assert database.heads() == {"aaaa1111", "bbbb1111"}


# The probe


def test_probe_yields_raw_heads_with_rows_unknown(main: Checkout, database: Database) -> None:
    database.set_heads(UNKNOWN, "aaaa1111")
    assert probe(main) == [["alembic_version", None, ["aaaa1111", UNKNOWN]]]


def test_probe_yields_raw_heads_with_a_dangling_graph(main: Checkout, database: Database) -> None:
    main.revision("bbbb1111", UNKNOWN)
    main.revision("cccc1111", "aaaa1111", depends_on="deadbeef0002")
    database.set_heads("bbbb1111")
    assert probe(main) == [["alembic_version", None, ["bbbb1111"]]]


def test_probe_does_not_even_load_the_migrations(main: Checkout, database: Database) -> None:
    main.write("backend/migrations/versions/broken.py", "import no_such_module\n")
    database.set_heads("aaaa1111")
    assert probe(main) == [["alembic_version", None, ["aaaa1111"]]]


def test_probe_makes_no_version_table(main: Checkout, database: Database) -> None:
    assert probe(main) == [["alembic_version", None, []]]
    assert database.tables() == set()


def test_probe_is_not_fooled_by_a_prefix(main: Checkout, database: Database) -> None:
    main.revision("cccc1111xyz", "aaaa1111")
    database.set_heads("cccc1111")
    assert probe(main) == [["alembic_version", None, ["cccc1111"]]]


def test_probe_names_version_table_and_schema(world_root: Path, database: Database) -> None:
    database.execute("CREATE SCHEMA meta")
    layout = Layout(version_table="stoflow_version", version_schema="meta")
    world = World.create(world_root, database.url, layout=layout)
    database.set_heads(UNKNOWN, table="stoflow_version", schema="meta")
    assert probe(world.main) == [["stoflow_version", "meta", [UNKNOWN]]]


def test_probe_through_an_async_env(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.async_url, layout=Layout(env="async"))
    database.set_heads(UNKNOWN)
    assert probe(world.main) == [["alembic_version", None, [UNKNOWN]]]


def test_probe_yields_every_database(world_root: Path, new_database: Callable[[], Database]) -> None:
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    one.set_heads("aaaa1111")
    two.set_heads(UNKNOWN)
    assert probe(world.main) == [
        ["alembic_version", None, ["aaaa1111"]],
        ["alembic_version", None, [UNKNOWN]],
    ]


# Files


@pytest.mark.parametrize(
    "name", ["x.py", "_x.py", ".x.py", "a b.py", "é.py", "2024-01-01-x.py", "x.tmp.py", "x_init__.py"]
)
def test_file_counts(name: str, main: Checkout) -> None:
    main.revision("bbbb1111", "aaaa1111", file=name)
    assert ids(scripts(main)) == {"aaaa1111", "bbbb1111"}


@pytest.mark.parametrize(
    "name",
    [".#x.py", "__init__.py", "__init__x.py", "x.py~", "x.py.tmp", "x.PY", "x.pyc", "x.pyo", "sub/x.py"],
)
def test_file_does_not_count(name: str, main: Checkout) -> None:
    main.revision("bbbb1111", "aaaa1111", file=name)
    assert ids(scripts(main)) == {"aaaa1111"}


def test_compiled_files_count_when_sourceless(world_root: Path) -> None:
    layout = Layout(script_location="%(here)s/migrations", options=(("sourceless", "true"),))
    world = World.create(world_root, "sqlite://", layout=layout)
    world.main.revision("aaaa1111", file="x.py")
    compiled = "import py_compile, sys; py_compile.compile(sys.argv[1], cfile=sys.argv[1] + 'c')"
    world.run(sys.executable, "-c", compiled, "x.py", cwd=world.main.versions, check=True)
    (world.main.versions / "x.py").unlink()
    assert ids(scripts(world.main)) == {"aaaa1111"}


def test_a_linked_file_resolves_to_its_real_path(main: Checkout) -> None:
    real = main.revision("bbbb1111", "aaaa1111", file="../elsewhere/real.py")
    (main.versions / "linked.py").symlink_to(real)
    script = scripts(main).get_revision("bbbb1111")
    assert script is not None
    assert script.path == str(real.resolve())


def test_a_file_name_need_not_hold_the_id(world_root: Path) -> None:
    options = (("file_template", "%%(year)d_%%(month).2d_%%(slug)s"),)
    layout = Layout(script_location="%(here)s/migrations", options=options)
    world = World.create(world_root, "sqlite://", layout=layout)
    world.main.alembic("revision", "-m", "add users", "--rev-id", "zz_not_hex", check=True)
    (made,) = world.main.versions.glob("*.py")
    assert made.name.endswith("_add_users.py")
    assert "zz_not_hex" not in made.name
    assert ids(scripts(world.main)) == {"zz_not_hex"}


# Ids and references


@pytest.mark.parametrize("revision", ["1", "001", "été", "a b", "x.y", "HEAD_", "q" * 32])
def test_id_may_be_any_string(revision: str, main: Checkout, database: Database) -> None:
    main.revision(revision, "aaaa1111", file="new.py")
    database.set_heads("aaaa1111")
    main.alembic("upgrade", "heads", check=True)
    assert database.heads() == {revision}


@pytest.mark.parametrize("character", "@-+:")
def test_id_may_not_hold(character: str, main: Checkout) -> None:
    main.revision(f"bb{character}cc", file="new.py")
    last = crash(main.alembic("heads"))
    assert last.endswith(f"Character(s) '{character}' not allowed in revision identifier 'bb{character}cc'")


def test_version_table_holds_32_characters(main: Checkout, database: Database) -> None:
    main.revision("q" * 33, "aaaa1111")
    done = main.alembic("upgrade", "heads")
    assert "value too long for type character varying(32)" in crash_or_more(done)
    assert database.heads() == set()


def crash_or_more(done: CompletedProcess[str]) -> str:
    crash(done)
    return done.stderr


def test_partial_ids_resolve_however_short(main: Checkout) -> None:
    """The message asks for four characters; what counts is that the whole id has four."""
    main.revision("bbb")
    directory = scripts(main)
    for partial in ("aaaa", "aaa", "a"):
        found = directory.get_revision(partial)
        assert found is not None
        assert found.revision == "aaaa1111"
    with pytest.raises(CommandError, match="Can't locate revision"):
        directory.get_revision("bb")


def test_an_ambiguous_partial_id_cannot_be_located(main: Checkout) -> None:
    main.revision("aaaa2222", "aaaa1111")
    with pytest.raises(CommandError, match="Can't locate revision identified by 'aaaa'") as caught:
        scripts(main).get_revision("aaaa")
    assert str(caught.value.__cause__).startswith("Multiple revisions start with 'aaaa'")


@pytest.mark.parametrize(
    "line",
    [
        "down_revision = None",
        "down_revision = 'aaaa1111'",
        "down_revision = ('aaaa1111', 'bbbb1111')",
        "down_revision = ['aaaa1111', 'bbbb1111']",
        "down_revision: str | None = 'aaaa1111'",
        "down_revision: tuple[str, ...] = ('aaaa1111',)",
        "down_revision = ()",
        "down_revision = ''.join(['aaaa', '1111'])",
    ],
)
def test_down_revision_takes_many_forms(line: str, main: Checkout) -> None:
    main.revision("bbbb1111", "aaaa1111")
    main.write("backend/migrations/versions/c.py", f"revision = 'cccc1111'\n{line}\n")
    script = scripts(main).get_revision("cccc1111")
    assert script is not None
    expected = {revision for revision in ("aaaa1111", "bbbb1111") if revision in line}
    assert script._all_down_revisions == tuple(
        sorted(expected or ({"aaaa1111"} if "join" in line else set()))
    )


def test_depends_on_may_name_a_branch_label(main: Checkout, database: Database) -> None:
    main.revision("bbbb1111", labels="shop")
    main.revision("cccc1111", "aaaa1111", depends_on="shop")
    main.alembic("upgrade", "cccc1111", check=True)
    assert {"t_bbbb1111", "t_cccc1111"} <= database.tables()


def test_an_applied_dependency_has_no_row_of_its_own(main: Checkout, database: Database) -> None:
    main.revision("bbbb1111")
    main.revision("cccc1111", "aaaa1111", depends_on="bbbb1111")
    main.alembic("upgrade", "heads", check=True)
    assert database.heads() == {"cccc1111"}
    assert "t_bbbb1111" in database.tables()


# Configuration


def test_relative_paths_are_relative_to_the_cwd(main: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(scripts(main)) == {"aaaa1111"}
    monkeypatch.chdir(main.path)
    with pytest.raises(CommandError, match="Path doesn't exist: migrations"):
        scripts(main)


def test_here_is_the_folder_of_the_config(world_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(script_location="%(here)s/migrations"))
    world.main.revision("aaaa1111")
    monkeypatch.chdir(world.root)
    assert ids(scripts(world.main)) == {"aaaa1111"}


def test_config_by_option_or_variable(main: Checkout) -> None:
    (main.backend / "alembic.ini").rename(main.backend / "other.ini")
    assert "No 'script_location' key found" in refusal(main.alembic("heads"))
    assert "aaaa1111" in main.alembic("-c", "other.ini", "heads", check=True).stdout
    assert "aaaa1111" in main.alembic("heads", env={"ALEMBIC_CONFIG": "other.ini"}, check=True).stdout


def test_option_beats_variable(main: Checkout) -> None:
    done = main.alembic("-c", "alembic.ini", "heads", env={"ALEMBIC_CONFIG": "none.ini"}, check=True)
    assert "aaaa1111" in done.stdout


def test_one_ini_and_one_pyproject(main: Checkout) -> None:
    main.write("backend/pyproject.toml", "[tool.alembic]\nscript_location = 'none'\n")
    both = ("-c", "alembic.ini", "-c", "pyproject.toml")
    assert "aaaa1111" in main.alembic(*both, "heads", check=True).stdout


def test_a_second_ini_is_refused(main: Checkout) -> None:
    done = main.alembic("-c", "alembic.ini", "-c", "other.ini", "heads")
    assert crash(done) == "alembic.util.exc.CommandError: only one ini file may be indicated"


def test_the_section_option_does_not_reach_pyproject(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(config="pyproject"))
    world.main.revision("aaaa1111")
    assert "aaaa1111" in world.main.alembic("-n", "second", "heads", check=True).stdout


def test_the_section_option_is_for_the_ini(main: Checkout) -> None:
    ini = main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]", "[second]"))
    assert "aaaa1111" in main.alembic("-n", "second", "heads", check=True).stdout
    assert "No 'script_location' key found" in refusal(main.alembic("heads"))


def test_the_ini_wins_over_pyproject(main: Checkout) -> None:
    main.write("backend/pyproject.toml", "[tool.alembic]\nscript_location = 'none'\n")
    assert "aaaa1111" in main.alembic("heads", check=True).stdout


def test_pyproject_alone_needs_no_ini(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(config="pyproject"))
    world.main.revision("aaaa1111")
    assert not (world.main.backend / "alembic.ini").exists()
    assert "aaaa1111" in world.main.alembic("heads", check=True).stdout


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("path_separator = os\nversion_locations = a:b", 2),
        ("path_separator = space\nversion_locations = a b", 2),
        ("path_separator = newline\nversion_locations =\n  a\n  b", 2),
        ("path_separator = ;\nversion_locations = a;b", 2),
        ("version_path_separator = os\nversion_locations = a:b", 2),
        ("version_locations = a b", 2),
        ("version_locations = a,b", 2),
        ("version_locations = a, b", 2),
        ("version_locations = a:b", 1),
        ("path_separator = os\nversion_path_separator = space\nversion_locations = a:b", 2),
        ("path_separator = os\nversion_path_separator = space\nversion_locations = a b", 1),
    ],
)
@pytest.mark.filterwarnings("ignore:No path_separator found:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The version_path_separator:DeprecationWarning")
def test_version_locations_are_split(lines: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = %(here)s/m\n{lines}\n")
    locations = ScriptDirectory.from_config(Config(tmp_path / "alembic.ini")).version_locations
    assert locations is not None
    assert len(locations) == count


@pytest.mark.parametrize(("value", "found"), [("true", True), ("True", False), ("1", False), ("yes", False)])
def test_booleans_are_exactly_true(value: str, found: bool, world_root: Path) -> None:
    layout = Layout(script_location="%(here)s/migrations", options=(("recursive_version_locations", value),))
    world = World.create(world_root, "sqlite://", layout=layout)
    world.main.revision("aaaa1111", file="2024/x.py")
    assert ids(scripts(world.main)) == ({"aaaa1111"} if found else set())


def test_file_template_may_hold_sub_folders(world_root: Path) -> None:
    options = (("file_template", "%%(year)d/%%(rev)s_%%(slug)s"), ("recursive_version_locations", "true"))
    world = World.create(world_root, "sqlite://", layout=Layout(options=options))
    world.main.alembic("revision", "-m", "new", "--rev-id", "aaaa1111", check=True)
    assert [path.parent.parent for path in world.main.versions.rglob("*_new.py")] == [world.main.versions]


def test_script_location_may_name_a_package(
    world_root: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    world = World.create(world_root, database.url, layout=Layout(script_location="app:migrations"))
    world.main.applied("aaaa1111")
    assert database.heads() == {"aaaa1111"}


def test_a_bare_postgresql_url_means_psycopg_3() -> None:
    assert make_url("postgresql://u@h/d").get_dialect().driver == "psycopg"
