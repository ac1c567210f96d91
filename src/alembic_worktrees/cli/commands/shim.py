"""`shim` and `demo`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ...install.shim import detect, render
from ...messages.errors import DONE
from ..printer import Printer

if TYPE_CHECKING:
    import argparse


def shim(options: argparse.Namespace, _printer: Printer) -> int:
    """Print the shell file."""
    sys.stdout.write(render(options.shell or detect()))
    return DONE


def demo(_options: argparse.Namespace, _printer: Printer) -> int:
    """Show the problem and the cure."""
    from ...demo.story import run_demo

    run_demo(Printer(sys.stdout, os.environ).tell, os.environ)  # here the talk is the data
    return DONE
