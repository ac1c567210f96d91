"""In place of an interpreter: lets the fork server run what this one is asked to, with all that it has open.

It is started without `site` and imports builtin modules only: a start that takes a third less. What the server does not
know is run by the real interpreter.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import marshal
import posix
import sys

SERVER, REAL, KNOWN = "@SERVER@", "@REAL@", ["@KNOWN@"]  # filled in by warm.py


def main(argv: list[str]) -> None:
    """Run `argv` as the interpreter would, and end as it ends."""
    if not argv or argv[0] not in KNOWN:
        posix.execv(REAL, [REAL, *argv])
    server = _socket.socket(_socket.AF_UNIX)
    server.connect(SERVER)
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(number) is not _signal.SIG_IGN:
            _signal.signal(number, lambda number, _: server.send(bytes([number])))
    handles = [number for number in _open() if number != server.fileno()]
    text = marshal.dumps({"argv": argv, "handles": handles, **_surroundings()})
    rights = b"".join(number.to_bytes(4, sys.byteorder) for number in handles)
    server.sendmsg([len(text).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    server.sendall(text)
    for number in handles:
        posix.close(number)
    _end(marshal.loads(server.recv(64) or marshal.dumps(1)))  # noqa: S302


def _surroundings() -> dict[str, object]:
    posix.umask(mask := posix.umask(0))
    environment = {_text(name): _text(value) for name, value in posix.environ.items()}
    return {"umask": mask, "folder": posix.getcwd(), "environment": environment}


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def _open() -> list[int]:
    found = []
    for name in posix.listdir("/proc/self/fd"):
        try:
            posix.fstat(int(name))
        except OSError:  # the one that listed them
            continue
        found.append(int(name))
    return found


def _end(status: int) -> None:
    if status < 0:  # by a signal
        if -status != _signal.SIGKILL:
            _signal.signal(-status, _signal.SIG_DFL)
        posix.kill(posix.getpid(), -status)
    posix._exit(status)


if __name__ == "__main__":
    main(sys.argv[1:])
