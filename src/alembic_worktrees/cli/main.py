"""The command line: options, dispatch, and the one place where every error ends."""

from __future__ import annotations

import atexit
import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from .. import PROGRAM
from ..install.shim import FUNCTIONS, HOME
from ..messages import BAD, Message, _
from ..messages.errors import DONE, INTERRUPTED, NOT_DONE, OUR_BUG, UserError
from ..messages.quoting import quoted
from ..system.encoding import relax
from .options import parse
from .printer import Printer, hush
from .subcommands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUT_FAULTS = {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC}


def run(argv: Sequence[str]) -> int:
    """Run the command line `argv` and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        relax(stream)
    printer = Printer(sys.stderr, argv)
    try:
        status = _perform(argv, printer)
        sys.stdout.flush()
    except UserError as error:
        if "call" in error.values:
            error.values["call"] = _called(argv)
        printer.tell(error.message)
        return error.status
    except KeyboardInterrupt:
        printer.tell(Message(_("Interrupted."), mark=BAD))
        return INTERRUPTED
    except BrokenPipeError:  # the reader, `head` for example, has enough
        hush(sys.stdout)
        return DONE
    except OSError as error:
        printer.tell(_fault(error))
        return NOT_DONE
    except Exception as error:
        return _unexpected(error, argv, printer)
    return status


def _unexpected(error: Exception, argv: Sequence[str], printer: Printer) -> int:
    if isinstance(error, UnicodeEncodeError) and error.encoding != "utf-8":
        text = _(
            "The encoding of this locale, {encoding}, has no way to write {name}. Run it "
            "again with: export LC_ALL=C.UTF-8"
        )
        printer.tell(Message(text, {"encoding": error.encoding, "name": error.object}, BAD))
        return NOT_DONE
    printer.tell(_bug(argv))
    return OUR_BUG


def _bug(argv: Sequence[str]) -> Message:
    import platform
    import traceback

    from .. import __version__
    from ..runner.masking import mask

    versions = f"alembic-worktrees {__version__}, Python {platform.python_version()}, {platform.platform()}"
    report = mask(f"$ alembic-worktrees {' '.join(argv)}\n{versions}\n{traceback.format_exc()}")
    text = _(
        "This is a bug of alembic-worktrees, not of your project. Please report it with "
        "all that follows:\n"
        "\n"
        "{report:text}"
    )
    return Message(text, {"report": report}, BAD)


def _called(argv: Sequence[str]) -> str:
    """Return what the user called, as far as a folder may follow: our command, or the shell function that called it."""
    name, argv = argv[0], argv[1:]
    if name in {"adopt", "rebase", "report", "rollback", "run"}:  # they take none
        return "cd"
    by_function = HOME in os.environ
    names = {ours: function for function, ours in FUNCTIONS.items()} if by_function else {}
    revision = next((word for word in argv if not word.startswith("-")), "") if name == "find" else ""
    return " ".join([names.get(name, f"{PROGRAM} {name}"), *([quoted(revision)] if revision else [])])


def leave(status: int) -> NoReturn:
    """End this process without freeing object by object what ends anyway: a tenth of what a hook takes."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # what could not be written has been told
            stream.flush()
    os._exit(status)


def _perform(argv: Sequence[str], printer: Printer) -> int:
    try:
        options = parse(argv, printer.phrase)
    except SystemExit:  # --help and --version have printed what they have
        return DONE
    printer.quiet = getattr(options, "quiet", False)
    module, function = COMMANDS[options.command].function.split(".")
    status: int = getattr(import_module(f".commands.{module}", __package__), function)(options, printer)
    return status


def _fault(error: OSError) -> Message:
    """Return what to say of a fault of the machine, or of somebody else who is at work in the same folders."""
    if error.filename is None and error.errno in OUTPUT_FAULTS:  # who writes a file names it
        hush(sys.stdout)
        text = _(
            "Cannot write to standard output: {reason}. Let it lead where there is room, then run it again."
        )
        return Message(text, {"reason": error.strerror}, BAD)
    try:
        os.getcwd()
    except FileNotFoundError:
        text = _(
            "The current folder is gone: somebody has removed or replaced it. Change to one that "
            "is there, with cd."
        )
        return Message(text, mark=BAD)
    return Message(
        _("Cannot go on: {what}: {reason}. No file is half written. Mend that, then run it again."),
        {"what": error.filename or type(error).__name__, "reason": error.strerror},
        BAD,
    )
