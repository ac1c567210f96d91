"""A MariaDB of one test, for projects whose database is no PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worlds.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD, DATABASE = "dev", "m4ria", "stoflow"
SETUP = (
    f"CREATE DATABASE {DATABASE};\n"
    f"CREATE USER {USER} IDENTIFIED BY '{PASSWORD}';\n"
    f"GRANT ALL ON {DATABASE}.* TO {USER};\n"
)
# The server ends when our end of the pipe is closed, hence also when the test is killed.
WATCHED = '"$@" & read -r _; kill $!; wait $!'


def is_here() -> bool:
    return bool(_program("mariadbd") and _program("mariadb-install-db"))


@contextmanager
def server(folder: Path) -> Iterator[Path]:
    """A server in `folder` while the context lasts; its socket."""
    data, setup, log = (folder / name for name in ("data", "setup.sql", "log"))
    socket = data / "socket"  # of all folders here this one is its user's
    setup.write_text(SETUP)
    user = [f"--user={_user(folder)}"]
    install = [_program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db", *user]
    run(install, cwd=folder, env=os.environ, check=True, timeout=120)
    options = [f"--datadir={data}", f"--socket={socket}", f"--init-file={setup}", "--skip-networking", *user]
    command = ["sh", "-c", WATCHED, "sh", _program("mariadbd"), "--no-defaults", *options]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output)
    try:
        _wait(socket, log)
        yield socket
    finally:
        process.communicate(timeout=60)


def _wait(socket: Path, log: Path) -> None:
    """It opens its socket when it has done its init file."""
    deadline = time.monotonic() + 60
    while not socket.exists():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") or ""


def _user(folder: Path) -> str:
    """Whom it runs as: never root, and whoever it is must get to its folder."""
    if os.geteuid():
        return str(os.geteuid())
    for above in (folder, folder.parent):
        above.chmod(0o711)
    return "nobody"
