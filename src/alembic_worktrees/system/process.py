"""The one door to subprocesses."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, cast

from ..messages import _
from ..messages.errors import FolderMissing, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProgramMissing(UserError):
    """A program that is not installed, or not on PATH."""


class Result(NamedTuple):
    """How a finished process ended, and all that it wrote."""

    status: int
    out: bytes
    err: bytes


def run(
    argv: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    text: bytes = b"",
    user: int | None = None,
    timeout: float | None = None,
) -> Result:
    """Run `argv` in `folder` to its end, with `text` as its standard input; as `user` if we are root.

    Raises ProgramMissing if there is no such program. One that has not ended within `timeout`
    seconds is ended, and has failed with what it had written.
    """
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env=environment,
            input=text,
            capture_output=True,
            check=False,
            user=user,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        return Result(-signal.SIGKILL, error.output or b"", b"no answer within %d seconds" % (timeout or 0))
    except FileNotFoundError as error:
        raise _missing(argv[0], folder) from error
    return Result(done.returncode, done.stdout, done.stderr)


def _missing(program: str, folder: Path) -> UserError:
    text = _(
        "{program} is not installed, or not on PATH. Install it, or add its folder to PATH, "
        "then run it again."
    )
    return ProgramMissing(text, program=program) if folder.is_dir() else FolderMissing(folder)


def hand_over(argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> int:
    """Run `argv` in `folder` at the user's terminal, all that it says on standard error; return its status.

    ^C it hears too, and is waited for: it may have something to end in order. Raises ProgramMissing, FolderMissing.
    """
    try:
        process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=sys.stderr)
    except FileNotFoundError as error:
        raise _missing(argv[0], folder) from error
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def page(pager: str, text: bytes, environment: Mapping[str, str]) -> bool:
    """Let a pager show `text` at the terminal, as git does; say whether there is such a program. ^C is for it alone."""
    words = {"LESS": "FRX", "LV": "-c", **environment}
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(["sh", "-c", pager], input=text, env=words, check=False).returncode not in {
            126,
            127,
        }
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold ^C and the like back until the end: what is being started shall be known before it has to be stopped.

    Processes that are started meanwhile do not hear them at all.
    """
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def accompany(argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> int:
    """Run `argv` in `folder` with our own streams to its end; return its status as a shell does.

    What the terminal sends, it gets as well as we do, and may go on; what is sent to us alone is passed on. Raises
    ProgramMissing, FolderMissing.
    """
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _frame: object) -> None:
        if process and number != signal.SIGINT:
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in ENDING}
    try:
        process = subprocess.Popen(argv, cwd=folder, env=environment)
        status = process.wait()
    except FileNotFoundError as error:
        raise _missing(argv[0], folder) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def show(argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> int:
    """Run `argv` to its end with both its outputs on our standard output; return its status.

    If we are interrupted, it ends with all its children: they are a process group of their own.
    """
    process = None
    try:
        with undisturbed():
            process = subprocess.Popen(
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return process.wait()
    except BaseException:
        if process:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise


def run_within(
    seconds: float, argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> Result:
    """Run `argv` as `run` does; when the time is over, it ends with all that it has started, and has failed.

    If we are in front at a terminal it may ask there, and ^C reaches it alone; else there is nobody to ask.
    """
    import tempfile

    terminal = _terminal()
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):  # what stays behind may hold a pipe open
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=terminal is None,
            preexec_fn=None if terminal is None else os.setpgrp,
        )
        try:
            _put_in_front(terminal, process.pid)
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            err.write(b"no answer within %d seconds" % seconds)
        finally:
            _end_group(process)
            _put_in_front(terminal, os.getpgrp())
            if terminal is not None:
                os.close(terminal)
        out.seek(0)
        err.seek(0)
        return Result(process.returncode, out.read(), err.read())


def _terminal() -> int | None:
    """Return our terminal, None if there is none or we are not in front there."""
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR)
        if os.tcgetpgrp(terminal) == os.getpgrp():
            return terminal
        os.close(terminal)
    return None


def _put_in_front(terminal: int | None, group: int) -> None:
    """Let a process group be the one that the terminal listens to; it may have been stopped for asking too early."""
    if terminal is None:
        return
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    with suppress(OSError):  # it has ended already
        os.tcsetpgrp(terminal, group)
        os.killpg(group, signal.SIGCONT)
    signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and the group: in order, so that a terminal shows again what is typed."""
    for ending, patience in ((signal.SIGTERM, 1), (signal.SIGKILL, None)):
        if process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                os.killpg(process.pid, ending)
                process.wait(patience)


class Conversation:
    """A process that is asked in lines of JSON on its standard input, and answers on its standard output.

    What it says on its standard error goes to ours.
    """

    def __init__(self, argv: Sequence[str], *, folder: Path, silent: bool = False) -> None:
        """Start `argv` in `folder`; if it is `silent`, nobody hears its errors. Raises OSError if it cannot start."""
        pipe = subprocess.PIPE
        errors = subprocess.DEVNULL if silent else None
        self._process = subprocess.Popen(
            argv, cwd=folder, stdin=pipe, stdout=pipe, stderr=errors, encoding="utf-8"
        )
        self._requests, self._answers = (
            cast("IO[str]", self._process.stdin),
            cast("IO[str]", self._process.stdout),
        )
        self._line: str | None = None  # one that was read and not returned

    def send(self, line: str) -> None:
        """Send one line; a process that is gone is noticed by `receive`."""
        with suppress(BrokenPipeError):
            self._requests.write(line + "\n")
            self._requests.flush()

    def receive(self, timeout: float | None = None) -> str | None:
        """Return the next line, or None when the process has ended.

        If nothing comes within `timeout` seconds the process is ended, and TimeoutError is raised.
        """
        if self._line is None:
            if not select.select([self._answers], [], [], timeout)[0]:
                self._process.kill()
                raise TimeoutError
            with undisturbed():  # ^C may come with the line, which is then for who asks again
                self._line = self._answers.readline()
        line, self._line = self._line, None
        return line or None

    def interrupt(self) -> None:
        """Send what ^C sends: who was told by the terminal is told twice, who was not is told at all."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> int:
        """End the conversation, wait for the process, and return its exit status."""
        for end in (self._requests, self._answers):
            with suppress(BrokenPipeError):
                end.close()
        return self._process.wait()
