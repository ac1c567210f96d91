"""A world: checkouts of one Alembic project that share one database."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from worlds import templates, warm
from worlds.process import checked, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import CompletedProcess

    from typing_extensions import Unpack

# What the caller's environment may lend us: where programs are, and how to reach a package index.
KEPT = re.compile(r"PATH|TMPDIR|(PIP|SSL|COVERAGE|COV|REQUESTS)_.*|.*_proxy", re.IGNORECASE)

GITCONFIG = """\
[user]
\tname = Dev
\temail = dev@example.invalid
[init]
\tdefaultBranch = develop
[pull]
\trebase = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
"""


class Layout(NamedTuple):
    """How a project arranges its Alembic environment. Schemas that it names are for the test to create."""

    backend: str = "backend"  # folder of the config inside the checkout; "" is the checkout itself
    config: str = "ini"  # "ini", "pyproject" (no ini at all), "both" (as `alembic init -t pyproject`)
    script_location: str = "migrations"  # may be "package:path" or begin with "%(here)s/"
    env: str = "generic"  # "generic", "async", "multidb"
    version_locations: tuple[str, ...] = ()  # relative to the backend
    recursive: bool = False
    version_table: str = "alembic_version"
    version_schema: str | None = None
    options: tuple[tuple[str, str], ...] = ()  # more keys of the config's main section
    name: str = "StoFlow"

    @property
    def script_folder(self) -> str:
        """The script location as a folder relative to the backend."""
        return self.script_location.removeprefix("%(here)s/").replace(":", "/")

    @property
    def locations(self) -> tuple[str, ...]:
        """Folders with migrations, relative to the backend."""
        return self.version_locations or (f"{self.script_folder}/versions",)

    @property
    def parameter(self) -> str:
        """What the `upgrade` of each migration takes."""
        return "engine_name: str" if self.env == "multidb" else ""


class RevisionOptions(TypedDict, total=False):
    """What may be said of a migration that is written for a test."""

    depends_on: str | Sequence[str] | None
    labels: str | Sequence[str] | None
    file: str | None
    location: str | None  # relative to the backend
    body: str | None
    table: str | None


class World:
    """A folder with a main checkout, more beside it, and an environment that knows nothing of the caller.

    The folder is also the home of the user, as in `~/StoFlow` and `~/StoFlow-feature-A`.
    """

    def __init__(self, root: Path, layout: Layout, env: dict[str, str]) -> None:
        self.root = root
        self.layout = layout
        self.env = env
        self.ours: tuple[str | Path, ...] = (sys.executable,)  # what runs our own command
        self.main = Checkout(self, root / layout.name)
        self._now = datetime(2024, 1, 1, tzinfo=timezone.utc)

    @classmethod
    def empty(cls, root: Path, layout: Layout) -> World:
        """A world whose main checkout has no files yet."""
        root.mkdir(parents=True, exist_ok=True)
        root = root.resolve()
        (root / ".gitconfig").write_text(GITCONFIG)
        world = cls(root, layout, hermetic_environment(root))
        world.main.path.mkdir()
        world.main.git("init", "--quiet")
        return world

    @classmethod
    def create(
        cls, root: Path, database_url: str, *, layout: Layout | None = None, other_url: str = ""
    ) -> World:
        """A new world in the folder `root`; `other_url` is the second database of the layout "multidb"."""
        layout = layout or Layout()
        world = cls.empty(root, layout)
        for path, text in project_files(layout, database_url, other_url).items():
            world.main.write(path, text)
        for location in layout.locations:
            world.main.write(_join(layout.backend, location, ".gitkeep"), "")
        world.main.commit("Initial project")
        return world

    def worktree(self, name: str, branch: str | None = None, base: str | None = None) -> Checkout:
        """A linked worktree beside main, on `branch` (default: `name`), which is made at `base` if new."""
        branch = branch or name
        path = self.root / name
        if self.main.git("for-each-ref", f"refs/heads/{branch}"):
            self.main.git("worktree", "add", "--quiet", str(path), branch)
        else:
            self.main.git("worktree", "add", "--quiet", "-b", branch, str(path), base or "HEAD")
        return Checkout(self, path)

    def clone(self, name: str, *options: str) -> Checkout:
        """A separate clone of main, beside it."""
        self.main.git("clone", "--quiet", *options, str(self.main.path), str(self.root / name))
        return Checkout(self, self.root / name)

    def run(
        self,
        *command: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        check: bool = False,
        timeout: float = 180,  # only a hang is meant: a busy machine is slow
    ) -> CompletedProcess[str]:
        """Any command, in the world's environment; `env` adds to it."""
        return run(
            command,
            cwd=cwd or self.root,
            env={**self.env, **(env or {})},
            input=input,
            check=check,
            timeout=timeout,
        )

    def warm_path(self) -> None:
        """From here on who asks PATH for our own command finds it warm."""
        self.env["PATH"] = os.pathsep.join([*warm.on_path(), self.env["PATH"]])

    def tick(self) -> None:
        """Let a minute pass, so that what happens next is later than what happened before."""
        self._now += timedelta(minutes=1)
        self.env["GIT_AUTHOR_DATE"] = self.env["GIT_COMMITTER_DATE"] = self._now.isoformat()


class Checkout:
    """One working tree of the project."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path

    def __repr__(self) -> str:
        return f"<Checkout {self.name}>"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def backend(self) -> Path:
        """The folder of the Alembic config."""
        return self.path / self.world.layout.backend

    @property
    def versions(self) -> Path:
        """The first folder with migrations."""
        return self.backend / self.world.layout.locations[0]

    # git

    def git_run(
        self, *args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> CompletedProcess[str]:
        """A git command that may fail, a minute after the last one."""
        self.world.tick()
        return self.world.run("git", *args, cwd=cwd or self.path, env=env)

    def git(self, *args: str | Path, check: bool = True, env: Mapping[str, str] | None = None) -> str:
        """The stdout of a git command."""
        return checked(self.git_run(*args, env=env), check).stdout

    def git_status(self) -> str:
        return self.git("status", "--porcelain")

    def commit(self, message: str, *paths: str | Path) -> None:
        """Add `paths`, or everything, and commit."""
        self.git("add", "--", *paths) if paths else self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def head(self) -> str:
        """The id of the commit that is checked out."""
        return self.git("rev-parse", "HEAD").strip()

    # files

    def write(self, relpath: str | Path, text: str) -> Path:
        """Write a file, its path relative to the checkout."""
        path = self.path / relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def revision(
        self, id: str, down: str | Sequence[str] | None = None, **options: Unpack[RevisionOptions]
    ) -> Path:
        """Write a migration. Unless `body` says what its upgrade does, it creates the table `t_<id>`."""
        location = options.get("location") or self.world.layout.locations[0]
        file = options.get("file") or f"{id}_add_t.py"
        text = revision_text(id, down, parameter=self.world.layout.parameter, **options)
        return self.write(self.backend / location / file, text)

    # commands

    def alembic(
        self, *args: str, check: bool = False, cold: bool = False, env: Mapping[str, str] | None = None
    ) -> CompletedProcess[str]:
        """The alembic command in the backend; `cold` from its start."""
        environment = {**self.world.env, **(env or {})}
        if not (cold or env) and warm.can_run(environment):
            return checked(
                warm.run([warm.ALEMBIC, *args], cwd=self.backend, env=environment, input=None), check
            )
        return self.world.run("alembic", *args, cwd=self.backend, env=env, check=check)

    def applied(
        self,
        id: str,
        down: str | Sequence[str] | None = None,
        *,
        commit: bool = True,
        **options: Unpack[RevisionOptions],
    ) -> Path:
        """A migration that this checkout has written, committed (unless told not to) and applied."""
        path = self.revision(id, down, **options)
        if commit:
            self.commit(f"Add migration {id}", path)
        self.alembic("upgrade", "heads", check=True)
        return path

    def tool(
        self,
        *args: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        check: bool = False,
    ) -> CompletedProcess[str]:
        """Our own command, in `cwd` or the backend."""
        folder = cwd or self.backend
        environment = {**self.world.env, **(env or {})}
        if self.world.ours == (sys.executable,) and warm.can_run(environment):
            done = warm.run(["alembic-worktrees", *map(str, args)], cwd=folder, env=environment, input=input)
            return checked(done, check)
        command = (*self.world.ours, "-m", "alembic_worktrees", *args)
        return self.world.run(*command, cwd=folder, env=env, input=input, check=check)


def hermetic_environment(home: Path) -> dict[str, str]:
    """An environment for a user whose home is `home`, with this interpreter's alembic first on PATH."""
    env = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    binaries = str(Path(sys.executable).parent)
    return env | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([binaries, env.get("PATH", os.defpath)]),
        "TERM": "dumb",
    }


def without_ours(path: str) -> str:
    """PATH without the folders that have our own command."""
    folders = path.split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not Path(folder, "alembic-worktrees").exists())


def project_files(layout: Layout, url: str, other_url: str = "") -> dict[str, str]:
    """The files of a new project by their path in the checkout."""
    scripts = _join(layout.backend, layout.script_folder)
    files = {
        ".gitignore": templates.GITIGNORE,
        f"{scripts}/env.py": _env(layout),
        f"{scripts}/script.py.mako": templates.MAKO.replace("@PARAMETER@", layout.parameter),
    }
    if layout.config != "pyproject":
        files[_join(layout.backend, "alembic.ini")] = _ini(layout, url, other_url)
    if layout.config != "ini":
        files[_join(layout.backend, "pyproject.toml")] = _pyproject(layout)
    if layout.config == "pyproject":
        files[_join(layout.backend, "settings.py")] = f"DATABASE_URL = {url!r}\n"
    if ":" in layout.script_location:
        package = layout.script_location.partition(":")[0].replace(".", "/")
        files[_join(layout.backend, package, "__init__.py")] = ""
    return files


def revision_text(
    id: str,
    down: str | Sequence[str] | None = None,
    *,
    parameter: str = "",
    **options: Unpack[RevisionOptions],
) -> str:
    """The text of a migration, as Alembic's template writes it."""
    body = options.get("body")
    table = options.get("table") or "t_" + re.sub(r"\W", "_", id).lower()
    upgrade = body or f'op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))'
    parents = [down] if isinstance(down, str) else list(down or ())
    words = {
        "MESSAGE": "add t" if body else f"add {table}",
        "ID": id,
        "PARENTS": ", ".join(parents),
        "REVISION": repr(id),
        "DOWN": _literal(down),
        "LABELS": _literal(options.get("labels")),
        "DEPENDS": _literal(options.get("depends_on")),
        "PARAMETER": parameter,
        "UPGRADE": textwrap.indent(textwrap.dedent(upgrade).strip("\n"), "    "),
        "DOWNGRADE": "    pass" if body else f'    op.drop_table("{table}")',
    }
    return re.sub(r"@([A-Z]+)@", lambda match: words[match[1]], templates.REVISION)


def _literal(value: str | Sequence[str] | None) -> str:
    return repr(value) if value is None or isinstance(value, str) else repr(tuple(value))


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _env(layout: Layout) -> str:
    options = {"target_metadata": None, "version_table": layout.version_table}
    if layout.version_schema:
        options["version_table_schema"] = layout.version_schema
    url = templates.ENV_SETTINGS_URL if layout.config == "pyproject" else ""
    return (
        templates.ENV_HEAD.replace("@OPTIONS@", repr(options))
        + templates.ENVS[layout.env]
        + url
        + templates.ENV_TAIL
    )


def _source_options(layout: Layout) -> list[tuple[str, str | list[str]]]:
    options: list[tuple[str, str | list[str]]] = [
        ("script_location", layout.script_location),
        ("prepend_sys_path", ["."]),
    ]
    if layout.version_locations:
        options.append(("version_locations", list(layout.version_locations)))
    if layout.recursive:
        options.append(("recursive_version_locations", "true"))
    return [*options, *layout.options]


def _ini(layout: Layout, url: str, other_url: str) -> str:
    source = [] if layout.config == "both" else [*_source_options(layout), ("path_separator", "os")]
    escaped = url.replace("%", "%%")
    if layout.env == "multidb":
        source.append(("databases", "engine1, engine2"))
        urls = f"\n[engine1]\nsqlalchemy.url = {escaped}\n\n[engine2]\nsqlalchemy.url = {other_url}\n"
    else:
        urls = f"sqlalchemy.url = {escaped}\n"
    lines = [
        f"{key} = {value if isinstance(value, str) else os.pathsep.join(value)}\n" for key, value in source
    ]
    return "[alembic]\n" + "".join(lines) + urls + "\n" + templates.LOGGING


def _pyproject(layout: Layout) -> str:
    lines = [
        f"{key} = {'true' if value == 'true' else repr(value)}\n" for key, value in _source_options(layout)
    ]
    return "[tool.alembic]\n" + "".join(lines)
