"""config.py against literals, and against Alembic's own answers over generated configurations."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.project.config import MAIN, AlembicConfig, parse_config
from alembic_worktrees.project.errors import ConfigUnreadable, PackageMissing
from alembic_worktrees.project.locations import Ground, script_folder, version_folders
from strategies import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strategies import ForAll

PLAIN = AlembicConfig("migrations", (), recursive=False, sourceless=False, prepend_sys_path=())


def ini(*lines: str) -> str:
    return "\n".join(["[alembic]", "script_location = migrations", *lines, ""])


def toml(*lines: str) -> str:
    return "\n".join(["[tool.alembic]", 'script_location = "migrations"', *lines, ""])


def read(
    ini_text: str | None = None,
    toml_text: str | None = None,
    ini_here: str = "/p",
    here: str = "/p",
    section: str = MAIN,
) -> AlembicConfig:
    config = parse_config(ini_text, toml_text, ini_here, here, section)
    assert config is not None
    return config


def refusal(ini_text: str | None = None, toml_text: str | None = None) -> tuple[str, str]:
    with pytest.raises(ConfigUnreadable) as caught:
        parse_config(ini_text, toml_text, "/p", "/p")
    return str(caught.value.values["path"]), str(caught.value.values["reason"])


# Which files configure Alembic


@pytest.mark.parametrize(
    ("ini_text", "toml_text"),
    [
        (None, None),
        ("", ""),
        ("[loggers]\nkeys = root\n", None),
        ("[alembic]\nsourceless = true\n", None),
        ("[DEFAULT]\nscript_location = migrations\n", None),
        (None, "[project]\ndependencies = ['alembic']\n"),
        (None, "[tool.alembic]\nsourceless = true\n"),
        (None, "[tool.alembic-worktrees]\nscript_location = 'migrations'\n"),
    ],
)
def test_files_that_do_not_configure_alembic(ini_text: str | None, toml_text: str | None) -> None:
    assert parse_config(ini_text, toml_text, "/p", "/p") is None


def test_each_file_alone_is_enough() -> None:
    assert read(ini()) == PLAIN
    assert read(None, toml()) == PLAIN


def test_the_ini_wins_option_by_option() -> None:
    config = read(
        "[alembic]\nscript_location = from_ini\n",
        "[tool.alembic]\nscript_location = 'from_toml'\nsourceless = true\nversion_locations = ['a']\n",
    )
    assert config == AlembicConfig("from_ini", ("a",), False, True, ())


def test_an_empty_value_in_the_ini_still_wins_but_for_the_lists() -> None:
    config = read(
        "[alembic]\nscript_location =\nsourceless =\nversion_locations =\nprepend_sys_path =\n",
        toml("sourceless = true", "version_locations = ['a']", "prepend_sys_path = ['b']"),
    )
    assert config == AlembicConfig("", ("a",), False, False, ("b",))


def test_another_section_names_the_ini_section_only() -> None:
    text = "[alembic]\nscript_location = one\n[other]\nscript_location = two\n"
    assert read(text, section="other").script_location == "two"
    assert read("[alembic]\nsourceless = true\n", toml(), section="other") == PLAIN


def test_a_default_section_reaches_the_main_section() -> None:
    assert read("[DEFAULT]\nscript_location = d\n[alembic]\n").script_location == "d"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    assert read(ini("sourceless = true").replace("\n", end)).sourceless


def test_a_toml_without_our_options_is_not_even_parsed() -> None:
    assert read(ini(), "alembic = = broken") == PLAIN


# %(here)s


def test_here_is_the_folder_of_the_file_that_says_it() -> None:
    ini_text, toml_text = ini("prepend_sys_path = %(here)s"), toml("version_locations = ['%(here)s/v']")
    config = read(ini_text, toml_text, "/i", "/t")
    assert config.prepend_sys_path == ("/i",)
    assert config.version_locations == ("/t/v",)
    config = read(ini_text, toml_text)
    assert (config.prepend_sys_path, config.version_locations) == (("/p",), ("/p/v",))


def test_percent_signs() -> None:
    assert read("[alembic]\nx = y\nscript_location = 100%%/%(x)s\n").script_location == "100%/y"
    assert read(None, "[tool.alembic]\nscript_location = '100%%/%(here)s'\n").script_location == "100%//p"


# Lists


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["version_locations = a b  c,d, e"], ("a", "b", "c", "d", "e")),
        (["version_locations = a,"], ("a", "")),
        (["version_locations = a:b"], ("a:b",)),
        (["version_locations = a b", "path_separator = space"], ("a", "b")),
        (["version_locations = a:b", "path_separator = :"], ("a", "b")),
        (["version_locations = a ; b;;", "path_separator = ;"], ("a", "b")),
        ([f"version_locations = a{os.pathsep}b", "path_separator = os"], ("a", "b")),
        (["version_locations =", "  a x", "  b", "path_separator = newline"], ("a x", "b")),
        (["version_locations = a:b", "version_path_separator = :"], ("a", "b")),
        (["version_locations = a;b:c", "path_separator = ;", "version_path_separator = :"], ("a", "b:c")),
        (["version_locations = ::", "path_separator = :"], ()),
        (["version_locations = : :", "path_separator = :"], ("",)),
        (["path_separator = nonsense"], ()),
    ],
)
def test_version_locations_of_an_ini(lines: list[str], expected: tuple[str, ...]) -> None:
    assert read(ini(*lines)).version_locations == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["prepend_sys_path = ."], (".",)),
        (["prepend_sys_path = a b,c:d"], ("a", "b", "c", "d")),
        (["prepend_sys_path = a b;c", "path_separator = ;"], ("a b", "c")),
        # The legacy option is for the version locations only.
        (["prepend_sys_path = a:b;c", "version_path_separator = ;"], ("a", "b;c")),
    ],
)
def test_prepend_sys_path_of_an_ini(lines: list[str], expected: tuple[str, ...]) -> None:
    assert read(ini(*lines)).prepend_sys_path == expected


def test_lists_of_a_toml() -> None:
    config = read(None, toml("version_locations = ['a b', 'c:d', '%(here)s']", "prepend_sys_path = ['.']"))
    assert config.version_locations == ("a b", "c:d", "/p")
    assert config.prepend_sys_path == (".",)


def test_a_string_for_prepend_sys_path_is_taken_letter_by_letter() -> None:
    assert read(None, toml("prepend_sys_path = '.'")).prepend_sys_path == (".",)
    assert read(None, toml("prepend_sys_path = 'ab'")).prepend_sys_path == ("a", "b")


# Booleans


@pytest.mark.parametrize(
    ("written", "expected"), [("true", True), ("True", False), ("1", False), ("yes", False)]
)
def test_booleans_of_an_ini_are_exactly_true(written: str, expected: bool) -> None:
    assert read(ini(f"sourceless = {written}")).sourceless is expected
    assert read(ini(f"recursive_version_locations = {written}")).recursive is expected


def test_booleans_of_a_toml() -> None:
    config = read(None, toml("sourceless = true", "recursive_version_locations = true"))
    assert config.sourceless
    assert config.recursive


# What is refused


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[alembic\n", "no section headers. (line 1)"),
        ("[alembic]\nx = 1\ns3cret\n", "(line 3)"),
        ("[alembic]\nx = 1\nx = 2\n", "already exists"),
        (ini("version_locations = %(nope)s"), "'nope'"),
        (ini("version_locations = 100%"), "'%' must be followed"),
        (ini("sourceless = %"), "'%' must be followed"),
        (ini("version_locations = a", "path_separator = comma"), "path_separator: 'comma'"),
        (ini("prepend_sys_path = a", "path_separator ="), "path_separator: ''"),
        (ini("version_locations = a", "version_path_separator = |"), "version_path_separator: '|'"),
    ],
)
def test_a_broken_ini_is_refused(text: str, reason: str) -> None:
    path, said = refusal(text)
    assert path == "alembic.ini"
    assert reason in said
    assert "s3cret" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[tool.alembic]\nscript_location = ?\n", "line 2"),
        ("[tool]\nalembic = 'script_location'\n", "[tool.alembic] is not a table"),
        ("tool = 1 # alembic script_location\n", "[tool.alembic] is not a table"),
        ("[tool.alembic]\nscript_location = 1\n", "script_location is not a string"),
        ("[tool.alembic]\nscript_location = '%(nope)s'\n", "'%(nope)s'"),
        (toml("version_locations = 'a'"), "version_locations is not a list"),
        (toml("version_locations = [1]"), "version_locations is not a list"),
        (toml("version_locations = ['100%']"), "'100%'"),
        (toml("prepend_sys_path = 1"), "prepend_sys_path is not a list"),
        (toml("sourceless = 'true'"), "sourceless is neither true nor false"),
        (toml("recursive_version_locations = 1"), "recursive_version_locations is neither"),
    ],
)
def test_a_broken_toml_is_refused(text: str, reason: str) -> None:
    path, said = refusal(None, text)
    assert path == "pyproject.toml"
    assert reason in said


texts = st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
heads = st.sampled_from(["", "[alembic]\n", "[alembic]\nscript_location = ", "[DEFAULT]\n[alembic]\n"])
toml_heads = st.sampled_from(["", "alembic script_location", "[tool.alembic]\nscript_location = '"])


@settings(deadline=None)
@given(
    st.none() | st.builds(str.__add__, heads, texts),
    st.none() | st.builds(str.__add__, toml_heads, texts),
    texts,
)
@example("[alembic]\nscript_location = \0:\0/..", None, "")
@example(f"[alembic]\nscript_location = {'x' * 5000}:{'y' * 5000}", None, "")
@example("[alembic]\nscript_location = a\n  b\n\n c\n[alembic:x]\n", None, "")
@example(None, "script_location alembic " + "[" * 5000, "")
@example(None, "[tool.alembic]\nscript_location = '%(here)*d %(here'", "")
@example("[alembic]\nscript_location = %(here)s\n", None, "%")
def test_no_text_lets_a_foreign_exception_out(ini_text: str | None, toml_text: str | None, here: str) -> None:
    try:
        config = parse_config(ini_text, toml_text, here, here)
    except ConfigUnreadable:
        return
    if config is not None:
        with suppress(UserError):
            script_folder(config, Path("/p"))
            version_folders(config, Path("/p"), Ground((Path("/q"),)))


# Folders


def config_at(script_location: str, *version_locations: str, path: tuple[str, ...] = ()) -> AlembicConfig:
    return AlembicConfig(script_location, version_locations, False, False, path)


def make(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)


def test_plain_paths_are_joined_and_normalised(tmp_path: Path) -> None:
    config = config_at("./db/../migrations", "../a", "/abs//b/", "")
    assert script_folder(config, tmp_path) == tmp_path / "migrations"
    assert version_folders(config, tmp_path) == (tmp_path.parent / "a", Path("/abs/b"), tmp_path)


def test_the_default_version_location(tmp_path: Path) -> None:
    assert version_folders(config_at("m"), tmp_path) == (tmp_path / "m" / "versions",)


def test_symbolic_links_stay_links(tmp_path: Path) -> None:
    make(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    assert script_folder(config_at("link"), tmp_path) == tmp_path / "link"
    assert script_folder(config_at("link/../link"), tmp_path) == tmp_path / "link"


def test_the_parent_of_a_link_is_the_parent_of_its_target(tmp_path: Path) -> None:
    make(tmp_path / "services" / "api", tmp_path / "services" / "migrations", tmp_path / "migrations")
    (tmp_path / "backend").symlink_to("services/api")
    found = script_folder(config_at("../migrations"), tmp_path / "backend")
    assert found == (tmp_path / "services" / "migrations").resolve()


def test_a_package_is_found_without_importing_it(tmp_path: Path) -> None:
    for base in ("entry", "", "src"):
        package = tmp_path / base / f"in_{base or 'folder'}" / "sub"
        make(package)
        for folder in (package, package.parent):
            (folder / "__init__.py").write_text("raise SystemExit('imported')")
    elsewhere = tmp_path / "root" / "src" / "in_root"
    make(elsewhere)
    folder, roots = tmp_path, Ground((tmp_path / "root",))
    for location, expected in {
        "in_entry:m": tmp_path / "entry" / "in_entry" / "m",
        "in_folder.sub:m:n": tmp_path / "in_folder" / "sub" / "m" / "n",
        "in_src:": tmp_path / "src" / "in_src",
        "in_root:m": elsewhere / "m",
    }.items():
        make(expected)
        config = config_at(location, path=("entry",))
        assert script_folder(config, folder, roots) == expected
        assert version_folders(config, folder, roots) == (expected / "versions",)
        assert version_folders(config_at("m", "v", location, path=("entry",)), folder, roots) == (
            folder / "v",
            expected,
        )


@pytest.mark.parametrize("location", ["nowhere:m", ":m", "a..b:m", "./there:m", "there.no:m"])
def test_a_package_that_is_not_there(tmp_path: Path, location: str) -> None:
    make(tmp_path / "there")
    for config in (config_at(location), config_at("m", "v", location)):
        with pytest.raises(PackageMissing) as error:
            version_folders(config, tmp_path)
        assert error.value.values["location"] == location


def test_a_regular_package_beats_a_folder_of_its_name(tmp_path: Path) -> None:
    make(tmp_path / "pkg" / "m", tmp_path / "src" / "pkg" / "m")
    assert script_folder(config_at("pkg:m"), tmp_path) == tmp_path / "pkg" / "m"
    (tmp_path / "src" / "pkg" / "__init__.py").touch()
    assert script_folder(config_at("pkg:m"), tmp_path) == tmp_path / "src" / "pkg" / "m"


# Rule 13 of the design: start fast


def test_only_what_is_needed_is_imported() -> None:
    program = (
        "import sys; from alembic_worktrees.project.config import parse_config as p\n"
        "heavy = lambda: {'alembic', 'sqlalchemy', 'configparser', 'tomllib', 'tomli'} & set(sys.modules)\n"
        "p(None, '[project]\\ndependencies = [\"alembic\"]', '/p', '/p'); assert not heavy(), heavy()\n"
        f"p({ini()!r}, None, '/p', '/p'); assert heavy() == {{'configparser'}}, heavy()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# Against Alembic

PACKAGES = ("awt_regular", "awt_space", "awt_in_src")


class World(NamedTuple):
    root: Path
    folder: Path  # where Alembic runs
    ini: Path
    toml: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("world")
    folder = root / "project"
    make(
        *(folder / path for path in ("migrations", "mig rations", "ünï", "50%", "conf/migrations")),
        folder / "awt_regular" / "sub" / "m",
        folder / "awt_space" / "m",
        folder / "src" / "awt_in_src" / "m",
        folder / "awt_in_src" / "m",  # a mere folder: the package in src beats it
        root / "outside" / "migrations",
        root / "outside" / "awt_in_src" / "m",
    )
    for package in ("awt_regular", "awt_regular/sub", "src/awt_in_src"):
        (folder / package / "__init__.py").touch()
    return World(root, folder, folder / "alembic.ini", folder / "conf" / "pyproject.toml")


@contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    """Run with this working folder and with the project's packages installed; leave no trace."""
    before, path = Path.cwd(), list(sys.path)
    os.chdir(folder)
    sys.path += [str(folder), str(folder / "src")]
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        for name in [name for name in sys.modules if name.startswith(PACKAGES)]:
            del sys.modules[name]


def normal(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # resolve() would follow links


Answer = tuple[Path, tuple[Path, ...], bool, bool, tuple[str, ...]]


def alembic_answer(world: World, ini_text: str | None, toml_text: str | None, section: str) -> Answer | str:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    for path, text in ((world.ini, ini_text), (world.toml, toml_text)):
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_bytes(text.encode())
    with standing_in(world.folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = Config(str(world.ini), str(world.toml), ini_section=section)
        try:
            script = ScriptDirectory.from_config(config)
            return (
                normal(script.dir),
                tuple(normal(location) for location in script._version_locations),
                script.recursive_version_locations,
                script.sourceless,
                tuple(config.get_prepend_sys_paths_list() or ()),
            )
        except Exception as error:  # noqa: BLE001, RUF100 - whatever Alembic dies of is a refusal
            return str(error)


def is_copy(place: Path, world: World) -> bool:
    """From Python 3.13 on a package without `__init__.py` that is on the path twice is given as a temporary copy."""
    return place.is_relative_to(tempfile.gettempdir()) and not place.is_relative_to(world.root)


def our_answer(
    world: World, ini_text: str | None, toml_text: str | None, section: str
) -> Answer | UserError | None:
    try:
        heres = str(world.ini.parent), str(world.toml.parent)
        config = parse_config(ini_text, toml_text, *heres, section)
        if config is None:
            return None
        folders = script_folder(config, world.folder), version_folders(config, world.folder)
    except UserError as error:
        return error
    return (*folders, config.recursive, config.sourceless, config.prepend_sys_path)


# "ROOT" becomes the world's root when the texts are built.
locations = st.sampled_from(
    [
        *("migrations", "./migrations", "../outside/migrations", "conf/../migrations", "mig rations", ""),
        *("%(here)s/migrations", "%(here)s/../outside", "%(here)s", "ROOT/outside/migrations", "50%%"),
        *(
            "awt_regular:",
            "awt_regular.sub:m",
            "awt_space:m",
            "awt_in_src:m",
            "awt_no:m",
            "awt_regular:a:b",
        ),
        *("no/such/folder", "50%", "%(nope)s", "%(base)s/migrations", "%s", "%(here)"),
    ]
)
sane = st.sampled_from(
    ["migrations", "%(here)s/migrations", "ROOT/outside", "awt_regular.sub:m", "mig rations", "awt_in_src:m"]
)
separators = st.sampled_from(["space", "newline", "os", ":", ";"] * 3 + ["comma", ""])
glue = st.sampled_from([",", ", ", " ", "  ", " , ", ":", ";", " ; ", "\n    ", "\n    # comment\n    "])
words = st.sampled_from(["true", "true", "true", "false", "True", "TRUE ", "1", "", "yes"])


@st.composite
def ini_lists(draw: st.DrawFn) -> str:
    joint = draw(glue)
    start = draw(st.sampled_from(["", "\n    ", joint]))
    end = draw(st.sampled_from(["", "", joint]))
    return start + joint.join(draw(st.lists(sane | sane | locations, min_size=1, max_size=3))) + end


@st.composite
def well_split_lists(draw: st.DrawFn) -> dict[str, str]:
    """Version locations between the very separators that the ini announces, or between the usual ones."""
    name = draw(st.sampled_from(["path_separator", "version_path_separator", ""]))
    separator, joints = (
        draw(st.sampled_from(sorted(JOINTS.items()))) if name else ("", [", ", " ", ",", "  "])
    )
    joint, start, end = (draw(st.sampled_from(choice)) for choice in (joints, ["", *joints], ["", *joints]))
    places = draw(st.lists(st.sampled_from(["a", "%(here)s/b", "../c", "/d", "e f"]), min_size=1, max_size=4))
    text = start + joint.join(places) + end
    return {"version_locations": text} | ({name: separator} if name else {})


JOINTS = {
    "space": [" ", "  "],
    "newline": ["\n  ", "\n  \n  "],
    "os": [os.pathsep, f" {os.pathsep} ", os.pathsep * 2],
    ":": [":", " : ", "::"],
    ";": [";", " ; ", ";;"],
}

ini_values: dict[str, st.SearchStrategy[str]] = {
    "script_location": sane | sane | locations,
    "version_locations": ini_lists() | ini_lists() | st.just(""),
    "prepend_sys_path": st.sampled_from(
        ["", ".", ". src", "src:.", "../outside", "ROOT/outside", "%(here)s;src"]
    ),
    "path_separator": separators,
    "version_path_separator": separators,
    "recursive_version_locations": words,
    "sourceless": words,
    "base": st.sampled_from([".", "conf", "%(here)s", "%%"]),
}


@st.composite
def options(draw: st.DrawFn, values: dict[str, st.SearchStrategy[str]], often: str) -> dict[str, str]:
    chosen = [name for name in values if draw(st.booleans()) or (name == often and draw(st.integers(0, 3)))]
    return {name: draw(values[name]) for name in chosen}


@st.composite
def inis(draw: st.DrawFn) -> str:
    """An ini as people write them: comments, odd spacing, other sections, now and then a broken line."""
    lines: list[str] = []
    section = draw(st.sampled_from(["alembic"] * 8 + ["other", "a b"]))
    if draw(st.integers(0, 4)) == 0:
        lines += ["[DEFAULT]", *draw(ini_lines())]
    if draw(st.integers(0, 4)) == 0:
        lines += ["[loggers]", "keys = root,50%"]
    lines += [f"[{section}]", *draw(ini_lines("script_location"))]
    junk = draw(st.sampled_from([""] * 20 + ["junk", "[alembic]", "[", "  indented", "= x", "\ufeff"]))
    text = "\n".join([*lines, junk, ""])
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


@st.composite
def ini_lines(draw: st.DrawFn, often: str = "base") -> list[str]:
    lines = []
    values = draw(options(ini_values, often))
    if draw(st.booleans()):
        for name in ("path_separator", "version_path_separator"):
            values.pop(name, None)
        values |= draw(well_split_lists())
    for name, value in values.items():
        lines.append(draw(st.sampled_from(["", "", "# a comment", "; another = one"])))
        spelled = draw(st.sampled_from([name, name, name.upper()]))
        lines.append(spelled + draw(st.sampled_from([" = ", "=", ": ", "\t=\t"])) + value)
    return lines


def quoted(value: str) -> str:
    return '"' + value.replace("\n", "\\n") + '"'


toml_strings = (sane | sane | locations | st.just("ünï")).map(quoted)
toml_lists = st.lists(toml_strings, max_size=3).map(lambda items: "[\n  " + ",\n  ".join(items) + "\n]")
toml_wrong = st.sampled_from(["1", "1.5", "true", "[1]", "[['a']]", "[{a = 'b'}]", "['a', {}]", "2020-01-01"])
toml_booleans = st.sampled_from(["true", "false"] * 5 + ["'true'", "1", "[]"])
toml_values: dict[str, st.SearchStrategy[str]] = {
    "script_location": toml_strings | toml_strings | toml_strings | toml_wrong,
    "version_locations": toml_lists | toml_lists | toml_lists | toml_wrong | st.just('""'),
    "prepend_sys_path": st.sampled_from(
        ["['.']", "['../outside', 'src']", "'.'", "[]", "''", "['%(here)s/..']"]
    ),
    "recursive_version_locations": toml_booleans,
    "sourceless": toml_booleans,
    "path_separator": st.just("'os'"),  # of no effect in a toml
}


@st.composite
def tomls(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["[tool.alembic]", '[tool."alembic"]', "[tool.other]\n[tool.alembic] # x"]))
    lines = [f"{name} = {value}" for name, value in draw(options(toml_values, "script_location")).items()]
    # A broken line names an option: a text without any is not parsed, and Alembic alone complains of it.
    junk = draw(st.sampled_from([""] * 15 + ["script_location", "[tool]", "x = % # sourceless"]))
    return "\n".join([head, *lines, junk, ""])


@settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    ini_text=st.none() | inis() | inis() | inis(),
    toml_text=st.none() | tomls(),
    section=st.sampled_from(["alembic"] * 8 + ["other", "a b"]),
)
def test_our_reading_is_that_of_alembic(
    world: World, ini_text: str | None, toml_text: str | None, section: str
) -> None:
    agree(world, ini_text, toml_text, section)


def agree(world: World, ini_text: str | None, toml_text: str | None, section: str) -> None:
    """Hold our reading of the two texts against Alembic's; "ROOT" is the world's root."""
    ini_text, toml_text = (text and text.replace("ROOT", str(world.root)) for text in (ini_text, toml_text))
    theirs = alembic_answer(world, ini_text, toml_text, section)
    ours = our_answer(world, ini_text, toml_text, section)
    if not isinstance(theirs, str):
        assume(not any(is_copy(place, world) for place in (theirs[0], *theirs[1])))
        assert ours == theirs
    elif theirs.startswith("No 'script_location'"):
        assert ours is None
    elif theirs.startswith("Path doesn't exist"):
        # Alembic asks for the folder before it looks at the version locations; we leave a path to the caller.
        if isinstance(ours, UserError):
            assert isinstance(ours, PackageMissing)
        else:
            assert ours is not None
            assert not ours[0].exists()
    else:
        assert isinstance(ours, UserError), theirs


@pytest.mark.parametrize("kind", ["ini", "toml"])
def test_our_reading_of_a_damaged_config_is_that_of_alembic(world: World, for_all: ForAll, kind: str) -> None:
    def check(content: bytes) -> None:
        try:
            text = content.decode()
        except UnicodeDecodeError:  # refused by Alembic, and by us before it is parsed (project.py)
            return
        if kind == "ini":
            agree(world, text, None, "alembic")
        else:  # without a word of ours it is not parsed at all, and Alembic alone complains of it
            agree(world, None, f"{text}\n# alembic script_location\n", "alembic")

    made = (inis() if kind == "ini" else tomls()).map(str.encode)
    for_all(damaged(made, most=2), check, corner=200, full=10_000)
