"""What argparse itself says in our command line, for `make texts` to collect. It is said by argparse, not from here."""

from __future__ import annotations

from ..messages import _

TEXTS = (
    _("usage: "),
    _("argument %(argument_name)s: %(message)s"),  # translated from Python 3.11 on
    _("expected one argument"),
    _("ignored explicit argument %r"),
    _("invalid %(type)s value: %(value)r"),
    _("invalid choice: %(value)r (choose from %(choices)s)"),
    _("not allowed with argument %s"),
    _("the following arguments are required: %s"),
    _("unrecognized arguments: %s"),
)
