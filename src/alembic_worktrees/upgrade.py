"""The whole story: ask what is applied, find what is missing, borrow it, upgrade."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .advice import not_found
from .borrow import carry_out
from .checkouts import Surroundings, look_around
from .database import Applied, Database
from .errors import Refusal
from .graph import Graph, Node
from .inventory import Inventory, Stepped, take_inventory
from .lock import only_one
from .messages import Message, quoted
from .plan import Difference, Plan, make_plan
from .sources import Candidate, CheckoutTier, Sources, borrowed_here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .project import Project
    from .settings import Settings

    Tell = Callable[[Message], None]


class Situation(NamedTuple):
    """What one look found, and what follows from it."""

    applied: Applied
    inventory: Inventory
    plan: Plan
    neighbourhood: Neighbourhood


class Neighbourhood:
    """The other checkouts and what lies there; looked at only when something is missing here."""

    def __init__(
        self, project: Project, settings: Settings, inventory: Inventory, prefer: str | None
    ) -> None:
        """Remember where to look; `prefer` names the origin that beats all others."""
        self._project = project
        self._settings = settings
        self._inventory = inventory
        self._prefer = prefer

    @cached_property
    def surroundings(self) -> Surroundings:
        """Every checkout of the project."""
        return look_around(self._project, self._settings.search)

    @cached_property
    def _checkout_tier(self) -> CheckoutTier:
        here = borrowed_here(self.surroundings.here, self._inventory.borrowed)
        return CheckoutTier(self.surroundings.others, here)

    @cached_property
    def _sources(self) -> Sources:
        names = [checkout.name for checkout in self.surroundings.others]
        if self._prefer and self._prefer not in names:
            raise Refusal("origin-unknown", origin=self._prefer, known=tuple(names))
        return Sources([self._checkout_tier], prefer=self._prefer)

    def find(self, word: str) -> tuple[Candidate, ...]:
        """Return the candidates for a revision's id or a branch label."""
        return self._sources.find(word)

    @property
    def stepped(self) -> tuple[Stepped, ...]:
        """What was stepped over on the way, as far as anything was looked at."""
        if "_checkout_tier" not in self.__dict__:
            return ()
        return (*self.surroundings.stepped, *self._checkout_tier.stepped)


def upgrade(
    project: Project,
    settings: Settings,
    environment: Mapping[str, str],
    *,
    prefer: str | None,
    tell: Tell,
    tell_stepped: Callable[[Sequence[Stepped]], None],
    may_upgrade: Callable[[Applied], None],
) -> None:
    """Borrow what is missing here and run `alembic upgrade`, telling each step.

    `may_upgrade` raises Refusal if the database is not to be changed. Raises Refusal whenever the database
    is not at the target afterwards.
    """
    with Database(project, settings.python, environment) as database, _one(project, tell):
        for _attempt in range(settings.max_attempts):
            situation = look(project, settings, database.probe(), prefer)
            tell_stepped(situation.neighbourhood.stepped)
            may_upgrade(situation.applied)
            borrow(project, situation, tell)
            _announce(situation, tell)
            outcome = database.upgrade(settings.target)
            if outcome.done:
                tell(_done(situation, database.probe()))
                return
            if outcome.unknown is None:
                raise Refusal("upgrade-failed", folder=project.folder)
            tell(Message("retry", {"revision": outcome.unknown}))  # another checkout upgraded meanwhile
    raise Refusal("attempts-exhausted", count=settings.max_attempts)


def copy(
    project: Project,
    settings: Settings,
    environment: Mapping[str, str],
    *,
    prefer: str | None,
    dry_run: bool,
    tell: Tell,
    tell_stepped: Callable[[Sequence[Stepped]], None],
) -> Situation:
    """Borrow what is missing here; with `dry_run` only decide. A plan with gaps is not carried out."""
    with Database(project, settings.python, environment) as database, _one(project, tell):
        situation = look(project, settings, database.probe(), prefer)
        tell_stepped(situation.neighbourhood.stepped)
        if not dry_run and not obstacle(project, situation):
            borrow(project, situation, tell)
        return situation


def _one(project: Project, tell: Tell):  # type: ignore[no-untyped-def]
    return only_one(project, lambda: tell(Message("waiting", {})))


def look(project: Project, settings: Settings, applied: Applied, prefer: str | None) -> Situation:
    """Compare what is applied with what is here, and decide. Reads only."""
    inventory = take_inventory(project)
    neighbourhood = Neighbourhood(project, settings, inventory, prefer)
    plan = make_plan(applied.heads, inventory, project, neighbourhood.find)
    return Situation(applied, inventory, plan, neighbourhood)


def obstacle(project: Project, situation: Situation) -> Refusal | None:
    """Return why the plan cannot be carried out, None if it can."""
    plan, graph = situation.plan, _graph(situation.inventory)
    if graph.duplicates:
        return _duplicate(*next(iter(graph.duplicates.items())))
    if plan.ties:
        return _tie(plan.ties[0])
    if plan.gaps:
        return not_found(project, situation.neighbourhood.surroundings, plan.gaps)
    if plan.unapplied:
        return _not_applied(plan)
    return None


def borrow(project: Project, situation: Situation, tell: Tell) -> None:
    """Carry out the plan, or raise the Refusal that says why it cannot be."""
    if refusal := obstacle(project, situation):
        raise refusal
    plan, inventory = situation.plan, situation.inventory
    for difference in plan.differences:
        tell(_differs(difference))
    carry_out(plan, project, inventory)
    for copied in plan.copies:
        key = "refreshed" if copied.replaces else "borrowed"
        tell(
            Message(
                key,
                {"revision": copied.candidate.revision.id, "path": copied.path, **_from(copied.candidate)},
            )
        )
    for row in plan.returned:
        tell(Message("returned", {"revision": row.entry.revision, "path": row.migration.path}))
    for row in inventory.edited:
        tell(Message("edited", {"revision": row.entry.revision, "path": row.migration.path}))
    for row in inventory.arrived:
        tell(Message("arrived", {"revision": row.entry.revision, "path": row.migration.path}))


def _from(candidate: Candidate) -> dict[str, object]:
    return {"origin": candidate.origin.name}


def _graph(inventory: Inventory) -> Graph:
    return Graph(Node(migration.revision, str(migration.path)) for migration in inventory.own)


def _announce(situation: Situation, tell: Tell) -> None:
    """Name the database before it is changed, and every head if there are several."""
    for name in dict.fromkeys(table.name for table in situation.applied.tables):
        tell(Message("upgrading", {"database": name}))
    heads = _heads(situation)
    if len(heads) > 1:
        tell(Message("several-heads", {"heads": _with_owners(heads, situation)}))


def _heads(situation: Situation) -> tuple[str, ...]:
    candidates = [copied.candidate.revision for copied in situation.plan.copies]
    kept = [row.migration.revision for row in situation.plan.kept]
    own = [migration.revision for migration in situation.inventory.own]
    return Graph(Node(revision, "") for revision in (*own, *candidates, *kept)).real_heads


def _with_owners(heads: tuple[str, ...], situation: Situation) -> tuple[Message, ...]:
    plan = situation.plan
    owners = {copied.candidate.revision.id: copied.candidate.origin.name for copied in plan.copies}
    owners |= {row.entry.revision: row.entry.origin.name for row in plan.kept}
    return tuple(
        Message(
            "head-borrowed" if head in owners else "head-own", {"revision": head, "origin": owners.get(head)}
        )
        for head in heads
    )


def _done(situation: Situation, applied: Applied) -> Message:
    names = tuple(dict.fromkeys(table.name for table in applied.tables))
    heads = _with_owners(tuple(sorted(applied.heads)), situation) or (Message("no-heads"),)
    return Message("up-to-date", {"database": names, "heads": heads})


def _differs(difference: Difference) -> Message:
    chosen = difference.chosen.origin.name if difference.chosen else ""
    others = tuple(_choice(candidate) for candidate in difference.others)
    return Message("differs", {"revision": difference.revision, "chosen": chosen, "others": others})


def _tie(difference: Difference) -> Refusal:
    import difflib

    first, second = difference.others[:2]
    diff = difflib.unified_diff(_lines(first), _lines(second), _place(first), _place(second), lineterm="")
    choices = tuple(_choice(candidate) for candidate in difference.others)
    return Refusal("tie", revision=difference.revision, diff="\n".join(diff), candidates=choices)


def _lines(candidate: Candidate) -> list[str]:
    return candidate.content.decode("utf-8", "backslashreplace").splitlines()


def _choice(candidate: Candidate) -> Message:
    return Message("choose", {"path": _place(candidate), "origin": candidate.origin.name})


def _place(candidate: Candidate) -> str:
    return f"{candidate.origin.name}/{candidate.origin.path}"


def _duplicate(revision: str, nodes: Sequence[Node]) -> Refusal:
    files = tuple(node.path for node in nodes)
    return Refusal("duplicate-here", revision=revision, files=files, remove=f"rm {quoted(files[-1])}")


def _not_applied(plan: Plan) -> Refusal:
    revision, needed_by, candidate = plan.unapplied[0]
    return Refusal("parent-not-applied", revision=revision, needed_by=needed_by, **_from(candidate))
