"""Programs without their start: Alembic's command, and our own with the runner that it starts.

Half of the time of a test would be imports. A server that has all of it imported forks for each program, which still is
a process of its own (fork_server.py). Nothing is warm before `start`; `paused` leaves it out again.
"""

from __future__ import annotations

import marshal
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from worlds import fork_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent
ALEMBIC = str(Path(sys.executable).with_name("alembic"))
IS_POSSIBLE = hasattr(os, "pidfd_open") and os.path.isdir("/proc/self/fd")


class _Server(NamedTuple):
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def address(self) -> str:
        return str(self.folder / "socket")


_server: _Server | None = None
_paused = False


def start(folder: Path) -> None:
    """Have the server from here on; what belongs to it lies in `folder`. Where the system cannot, all stays cold."""
    global _server
    if not IS_POSSIBLE:
        return
    folder.mkdir()
    command = folder / "alembic-worktrees"
    command.write_text(f"#!{sys.executable} -IS\n{(HERE / 'stand_in.py').read_text()}")
    command.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, HERE / "fork_server.py", folder / "socket", ALEMBIC],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        | {"LC_ALL": "C.UTF-8"},
    )
    while not (folder / "socket").is_socket():
        assert process.poll() is None, "the warm server has ended"
        time.sleep(0.01)
    _server = _Server(process, folder)


def close() -> None:
    """End the server, if there is one."""
    global _server
    if _server is not None:
        _server.process.communicate(timeout=60)
        _server = None


@contextmanager
def paused() -> Iterator[None]:
    """Have every program start from its start."""
    global _paused
    _paused = True
    try:
        yield
    finally:
        _paused = False


def can_run(environment: Mapping[str, str]) -> bool:
    """Whether a program may be run warm with this environment."""
    return bool(on_path()) and fork_server.can_run(environment)


def on_path() -> list[str]:
    """The folder of our own command, warm, for those that find it on PATH; none while all is cold."""
    return [str(_server.folder)] if _server and not _paused else []


def run(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], input: str | None, timeout: float = 180
) -> subprocess.CompletedProcess[str]:
    """Run ALEMBIC, or our own command under any other name, with the words of `argv`."""
    with ExitStack() as stack:
        streams = [
            stack.enter_context(os.fdopen(os.memfd_create(name), "w+b")) for name in ("in", "out", "err")
        ]
        given, out, err = streams
        given.write((input or "").encode("utf-8", "surrogateescape"))
        given.seek(0)
        status = _ask(list(argv), [stream.fileno() for stream in streams], cwd, env, timeout)
        return subprocess.CompletedProcess(list(argv), status, _whole(out), _whole(err))


def _whole(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "surrogateescape")


def _ask(argv: list[str], handles: list[int], cwd: Path, env: Mapping[str, str], timeout: float) -> int:
    with _connected() as server:
        server.settimeout(timeout)
        about: dict[str, Any] = {
            "argv": argv,
            "handles": [0, 1, 2],
            "folder": str(cwd),
            "environment": dict(env),
        }
        os.umask(mask := os.umask(0))
        text = marshal.dumps(about | {"umask": mask})
        socket.send_fds(server, [len(text).to_bytes(8, "big")], handles)
        server.sendall(text)
        try:
            answer = server.recv(64)
        except TimeoutError:
            raise subprocess.TimeoutExpired(argv, timeout) from None
        assert answer, f"{argv} was not run; its folder: {cwd}"
        return int(marshal.loads(answer))  # noqa: S302


def _connected() -> socket.socket:
    assert _server
    server = socket.socket(socket.AF_UNIX)
    server.connect(_server.address)
    return server
