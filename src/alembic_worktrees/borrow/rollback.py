"""The story of what nobody has any more: find it, show it, ask, take it back, and let the archive keep it.

Each step is a transaction with its row, so that whoever is killed has file and rows together: what is left is abandoned
still, and the next run goes on with it. It also notes in the archive what a killed one had no more time to.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from ..messages import OK, STEP, TITLE, WARN, Message, _
from ..messages.errors import Interrupted, UserError
from ..messages.quoting import quoted
from ..migrations.docstring import first_line
from ..migrations.downgrade import read_downgrade
from ..search import archive
from ..search.search import Search
from ..search.sources import IN_BRANCH, IN_REMOTE
from .abandoned import decide
from .copying import borrow
from .ending import cannot_tell
from .objections import objection_to
from .obstacles import below, obstacle_to
from .preview import Page
from .telling import tell_skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..database.applied import Applied
    from ..database.client import Outcome
    from ..project.project import Project
    from ..project.settings import Settings
    from ..search.sources import Candidate
    from .abandoned import Owned
    from .situation import Situation
    from .work import Audience, Work

    Show = Callable[[Iterable[Page], Message], None]

# Why a place may have what could not be seen there
_SHUT = {"foreign-owner", "denied", "failing", "git-failed", "config-unreadable", "package-missing"}


class Case(NamedTuple):
    """What is about to be taken back, children first, and what everybody has."""

    situation: Situation
    owned: tuple[Candidate, ...]
    steps: tuple[str, ...]


def rollback(work: Work, wanted: Sequence[str], show: Show, *, dry_run: bool = False) -> None:
    """Take these back and what is built on them, without words all that is abandoned; with `dry_run` only show it.

    Raises UserError whenever it is not taken back afterwards.
    """
    with work.asked_alone(dry_run=dry_run) as applied:
        case = _look(work, applied, wanted)
        if case.steps:
            show(_pages(case), _order(case))
        else:
            text = _(
                "Nothing here is abandoned: all that is applied belongs to a checkout, a branch or a tag."
            )
            work.audience.tell(Message(text, mark=OK))
        if dry_run:
            return
        if case.steps:
            _take_back(case, work)
        else:
            _note(case, applied)
            borrow(case.situation, work)  # or take out what one that was killed had no more time for


def rollback_sql(work: Work, wanted: Sequence[str]) -> str:
    """Return the SQL that would do it. What Alembic must load for that is borrowed. Raises UserError."""
    database = work.database
    with work.locked(), closing(database):
        case = _look(work, database.probe(), wanted)
        borrow(case.situation, work, whole=case.steps, again=True)
        rows = [table.heads for table in case.situation.applied.tables]
        reached = map(case.situation.reached_by, rows)
        steps = [[id for id in case.steps if id in ran] for ran in reached]
        sql = database.downgrade_sql(zip(rows, steps, strict=True))
        if sql is None:
            raise UserError(_("Alembic could not write the SQL; see its message above."))
        return sql


def _look(work: Work, applied: Applied, wanted: Sequence[str]) -> Case:
    """Find out what is to be taken back. Raises UserError if that may not be, or if nobody can tell."""
    project, settings, _database, audience = work
    situation = work.look(applied)
    tell_skipped(situation, audience)
    if error := obstacle_to(situation) or objection_to(situation):
        raise error
    around = situation.search.surroundings
    search = Search(project, settings, here_too=True, around=around, tell=audience.tell)
    owned = tuple(search.owned())
    for id in wanted:
        if id not in situation.reached:
            text = _("{revision} is not applied in {database:list}, so there is nothing to take back.")
            raise UserError(text, revision=id, database=applied.names)
    decision = decide(situation.graph, situation.reached, owned, wanted)
    for one in decision.owned:
        kept = _kept(one, search, project)
        if wanted or not decision.steps:
            raise UserError(kept.text, **kept.values)
        audience.tell(kept)
    case = Case(situation, owned, decision.steps)
    if not wanted:
        _must_be_nobodys(case, settings)
    _must_be_seen(case, search, audience, by_name=bool(wanted))
    _must_not_refuse(case)
    return case


def _kept(one: Owned, search: Search, project: Project) -> Message:
    """Say who has it, or what follows it, and what to do there."""
    candidate, places = one.candidate, search.surroundings.places
    child, origin = candidate.revision, candidate.origin.name
    clone, _colon, name = origin.rpartition(":")
    there = f"git switch {name}"
    if candidate.path:
        there = f"cd {quoted(places[origin] / os.path.relpath(project.folder, project.root))}"
    if child.id != one.revision:
        text = _(
            "{revision} is abandoned, but {child} follows it: {place}. It stays as long as that has no other "
            "parent. To give it one: {command}"
        )
        command = f"{there} && alembic-worktrees rebase {quoted(child.id)}"
    elif candidate.path:
        text = _(
            "{revision} is not abandoned, {place} has it. Nothing was changed.\n"
            "  To take it back there: {command}"
        )
        command = f"{there} && alembic-worktrees copy && {project.command('downgrade', below(child))}"
    else:
        text = _(
            "{revision} is not abandoned, {place} has it. Nothing was changed.\n"
            "  If nobody needs that any more, run this again after: {command}"
        )
        removal = {IN_BRANCH: f"branch -D {quoted(name)}", IN_REMOTE: "fetch --all --prune"}
        git = f"git -C {quoted(places[clone])}" if clone else "git"
        command = f"{git} {removal.get(candidate.trust, f'tag -d {quoted(name)}')}"
    values = {"revision": one.revision, "child": child.id, "place": candidate.where, "command": command}
    return Message(text, values, WARN)


def _must_be_nobodys(case: Case, settings: Settings) -> None:
    """Raise UserError if somebody else has applied it: it may lie on a machine that nobody here can look at."""
    runners = archive.runners(case.situation.project, settings.share)
    if ran := {id: runners[id] for id in case.steps if id in runners}:
        text = _(
            "No branch has {revisions:list}, but it was applied by {people:list}, whose checkout may still "
            "have it. Nothing was changed.\n"
            "  If you know that nobody needs it: alembic-worktrees rollback {revisions:words}"
        )
        raise UserError(text, revisions=tuple(ran), people=tuple(dict.fromkeys(ran.values())))


def _must_be_seen(case: Case, search: Search, audience: Audience, *, by_name: bool) -> None:
    """Raise UserError where a place that could not be looked at may have it; of what is named that is only told."""
    unseen = tuple(
        one
        for one in dict.fromkeys(search.skipped)
        if one.reason in _SHUT or any(one.may_be(id) for id in case.steps)
    )
    if not (unseen and case.steps):
        return
    text = _(
        "These places could not be looked at, and may have what looks abandoned:\n"
        "{places:lines}\n"
        "  Mend that first, or if you know better, name it: alembic-worktrees rollback {revisions:words}"
    )
    values = {"places": tuple(one.message for one in unseen), "revisions": case.steps}
    if not by_name:
        raise UserError(text, **values)
    audience.tell(Message(text, values, WARN))


def _must_not_refuse(case: Case) -> None:
    for id in case.steps:
        one = case.situation.loaded[id]
        if read_downgrade(one.content).refuses:
            text = _(
                "{revision} cannot be taken back: its downgrade() raises NotImplementedError. "
                "Nothing was changed.\n"
                "  Borrow it, write one in {path}, then run this again: alembic-worktrees copy"
            )
            raise UserError(text, revision=id, path=one.path)


def _pages(case: Case) -> Iterator[Page]:
    """Yield for each step what it takes back, and its source."""
    origins = case.situation.owners
    for id in case.steps:
        one = case.situation.loaded[id]
        down = read_downgrade(one.content)
        does = _("nothing that it drops can be read")
        if down.is_idle:
            does = _("its downgrade() does nothing: its row goes, and all that it made stays")
        elif down.drops:
            does = _("drops, as far as can be read: {names:list}")
        about = {
            "revision": id,
            "title": first_line(one.content),
            "origin": origins[id],
            "does": Message(does, {"names": down.drops}),
        }
        text = _("{revision} “{title}”, from {origin}\n  {does}")
        yield Page(Message(text, about, TITLE), down.source.replace("\r", ""), "python")


def _order(case: Case) -> Message:
    """Name the steps in order, and the databases; and which of them leave behind what they made."""
    contents = {id: case.situation.loaded[id].content for id in case.steps}
    idle = tuple(id for id, content in contents.items() if read_downgrade(content).is_idle)
    values = {"database": case.situation.applied.names, "steps": case.steps, "idle": idle}
    text = _("To be taken back in {database:list}, in this order: {steps:list}")
    if idle:
        text = _(
            "To be taken back in {database:list}, in this order: {steps:list}\n"
            "  Only the row goes, and what it made stays: {idle:list}"
        )
    return Message(text, values, WARN if idle else STEP)


def _take_back(case: Case, work: Work) -> None:
    audience, database, situation = work.audience, work.database, case.situation
    audience.allow(situation.applied)
    borrow(situation, work, whole=case.steps, again=True)
    files = {id: situation.loaded[id] for id in case.steps}
    archive.keep(situation.project, files, (), frozenset(), None)
    outcome = database.downgrade(case.steps)
    after = database.after_interruption() if outcome.interrupted else database.probe()
    if after is None:
        raise cannot_tell(situation.project)
    _note(case, after)
    if not outcome.done:
        raise _stopped(case, after, outcome)
    _tidy(case, after, work)
    text = _("Taken back: {steps:list}. {database:list} is now at {heads:list}; the archive keeps the files.")
    audience.tell(Message(text, {"steps": case.steps, **after.about}, OK))


def _note(case: Case, after: Applied) -> None:
    """Let the archive know what was taken back, now or by who was killed: what nobody has and no row leads to."""
    situation, owners = case.situation, {one.revision.id for one in case.owned}
    back = {*situation.memory.ever, *case.steps} - owners - situation.reached_by(after.heads)
    runs = [
        archive.Run(
            archive.database_key(table, situation.project),
            frozenset(),
            situation.reached_by(table.heads),
            frozenset(back),
        )
        for table in after.tables
    ]
    archive.keep(situation.project, {}, runs, frozenset(), None)


def _tidy(case: Case, after: Applied, work: Work) -> None:
    """Take the copies out again; what was edited here is the user's."""
    audience = work.audience
    situation = work.look(after)
    if not obstacle_to(situation) and not objection_to(situation):
        borrow(situation, work)
    for row in situation.inventory.edited:
        if row.revision in case.steps:
            text = _(
                "{revision} was edited here, and the next upgrade would apply it again. To remove it: rm {path:q}"
            )
            audience.tell(Message(text, row.about, WARN))


def _stopped(case: Case, after: Applied, outcome: Outcome) -> UserError:
    """Return what to say where it ended before its end: what was done, and what was not."""
    reached = case.situation.reached_by(after.heads)
    left = tuple(id for id in case.steps if id in reached)
    done = tuple(id for id in case.steps if id not in reached) or (Message(_("none")),)
    about = {"database": after.names, "done": done, "left": left}
    if outcome.interrupted:
        text = _(
            "Interrupted. Taken back in {database:list} before that: {done:list}; not taken back: {left:list}."
        )
        return Interrupted(text, **about)
    text = _(
        "Alembic could not take back {revision}; see its message above.\n"
        "  Taken back in {database:list}: {done:list}\n"
        "  Not taken back: {left:list}\n"
        "  Mend what failed in {path}, then go on: alembic-worktrees rollback {left:words}"
    )
    return UserError(text, **about, revision=left[0], path=case.situation.loaded[left[0]].path)
