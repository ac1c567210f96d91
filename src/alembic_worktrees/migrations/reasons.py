"""Why was a file or a folder skipped? A stable word, and what it says."""

from __future__ import annotations

from ..messages import Message, _

_REASONS = {
    "outside": _("a link that leads out of the checkout"),
    "not-a-file": _("not a plain file"),
    "location-outside": _("a folder of migrations outside of the checkout"),
    "too-large": _("too large for a migration"),
    "gone": _("the link leads nowhere"),
    "denied": _("may not be read"),
    "failing": _("reading it fails"),
    "syntax": _("syntax error"),
    "compiled": _("compiled, and without its source: what it declares is not known"),
    "no-revision": _("no revision in it"),
    "no-down-revision": _("no down_revision in it"),
    "cut-short": _("git took too long, so not all of its history was searched"),
    "git-failed": _("git cannot read it"),
    "computed-id": _("its revision is computed"),
    "not-a-string": _("its revision is not a string"),
    "foreign-owner": _("the folder belongs to another user"),
    "not-kin": _("another project: it shares neither a root commit nor a base migration with this one"),
    "config-unreadable": _("its Alembic config cannot be read"),
    "package-missing": _("the package of its script_location is not found"),
    "scripts-missing": _("its script_location is not there"),
}


def why(reason: str) -> Message:
    """Return what the stable word `reason` says."""
    return Message(_REASONS[reason])
