"""`shim` and `demo`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ...install.shim import detect, render
from ...messages.errors import DONE
from ..printer import Printer, has_colour

if TYPE_CHECKING:
    import argparse


def shim(options: argparse.Namespace, _printer: Printer) -> int:
    """Print the shell file."""
    sys.stdout.write(render(options.shell or detect()))
    return DONE


def demo(_options: argparse.Namespace, _printer: Printer) -> int:
    """Show the problem and the cure."""
    from ...demo.story import run_demo

    tell = Printer(sys.stdout).tell  # here the talk is the data
    run_demo(tell, colour=has_colour(sys.stdout))
    return DONE
