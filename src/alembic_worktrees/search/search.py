"""Where is it? Every place that may have a migration, in the order in which they are trusted (DESIGN, rule 8)."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache, cached_property, partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from .. import git
from ..messages import SEEK, Message, _
from ..messages.errors import UserError
from ..migrations.inventory import Skipped
from ..system.reading import is_sound
from . import archive
from .checkouts import Surroundings, look_around
from .git_memory import TIERS, Remembered
from .ranking import History, rank
from .sources import BORROWED_HERE, PREFERRED, Candidate, CheckoutFiles, borrowed_copy, index

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from ..messages import Text
    from ..migrations.inventory import Borrowed
    from ..project.project import Project
    from ..project.settings import Settings
    from .sources import Index

    Look = Callable[[Remembered], Iterator[Candidate]]
    Tell = Callable[[Message], None]

# Seconds for each walk of git over all of a history: for who only looks, and for who cannot do without.
GLANCE = 10.0
THOROUGH = 300.0


class Search:
    """A search that looks at nothing before it is asked, and at each place once."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        *,
        borrowed: Sequence[Borrowed] = (),
        waiting: Sequence[Candidate] = (),
        here_too: bool = False,
        prefer: str | None = None,
        around: Surroundings | None = None,
        loads: Callable[[bytes], bool] | None = None,
        tell: Tell | None = None,
        fetch: Callable[[], None] | None = None,
        timeout: float = GLANCE,
    ) -> None:
        """Look from `project`; `borrowed` are the copies it has already, `waiting` those that were taken out.

        `here_too` also offers this checkout's own files. `prefer` names the origin that beats all others. `around` is
        what was found already. `loads` tells whether Python could load a file; what it could not load is skipped.
        `tell` is told when a search goes beyond the checkouts. `fetch` brings the archives of others, if a search
        comes to them. Git has `timeout` seconds for each walk over all of a history.
        """
        self._project = project
        self.settings = settings
        self._borrowed = borrowed
        self._waiting = waiting
        self._here_too = here_too
        self._prefer = prefer
        self._around = around
        self._loads = cache(loads) if loads else None
        self._tell = tell
        self._fetch = fetch
        self._timeout = timeout
        self._history = cache(self._read_history)
        self._broken: list[Skipped] = []  # clones that git cannot read, and files that Python cannot

    def find(self, word: str) -> tuple[Candidate, ...]:
        """Return the candidates for a revision's id or a branch label, most trusted first.

        Raises UserError if nothing bears the preferred name.
        """
        groups = islice(self._groups(word), 2 if self._preferred(word) else 1)
        return tuple(chain.from_iterable(groups))

    def foreign(self, own: Collection[str]) -> Iterator[Candidate]:
        """Yield each migration that is not `own`: what is borrowed here, of the other checkouts, of the archives."""
        checkouts = (self._files.named(checkout.name) for checkout in self.surroundings.others)
        archives = (
            self._recall(look, *row)
            for look in (Remembered.in_archive, Remembered.in_team)
            for row in self._repositories.items()
        )
        known = set(own)
        for candidate in chain(self._held, *checkouts, *archives):
            if candidate.revision.id not in known:
                known.add(candidate.revision.id)
                yield candidate

    def owned(self) -> Iterator[Candidate]:
        """Yield each migration that a checkout has as its own, a branch or a tag; what else is applied is abandoned.

        What could not be looked at is `skipped`.
        """
        checkouts = (self._files.named(checkout.name) for checkout in self.surroundings.checkouts)
        refs = (self._recall(Remembered.in_refs, *row) for row in self._repositories.items())
        yield from (one for one in chain(*checkouts, *refs) if one.trust < BORROWED_HERE)

    def everywhere(self, word: str) -> Iterator[Candidate]:
        """Yield the candidates as `find` does, and after these what lies further; each looked for only if asked for."""
        return chain.from_iterable(self._groups(word))

    def choices(self, word: str) -> Iterator[Sequence[Candidate]]:
        """Yield the candidates to borrow in groups, in each what is to be taken first in front (DESIGN, rule 8).

        To the nearest that has any come what the archive has and what is borrowed already; what lies further is
        looked for only if it is asked for. Raises UserError.
        """
        groups = self._groups(word)
        nearest = next(groups, [])
        if nearest and nearest[0].trust == PREFERRED:
            yield nearest
            nearest = next(groups, [])
        if nearest:
            known = [*index(self._held)(word)]
            # The archive only says which of the copies ran, so that it may be broken.
            with suppress(UserError):
                known += self._archive(word)
            yield self._ranked([*nearest, *filter(self._is_sound, known)])
        yield from map(self._ranked, groups)

    def _groups(self, word: str) -> Iterator[Sequence[Candidate]]:
        """Yield what is preferred, then the candidates of each tier that has any; each group most trusted first.

        Nothing takes the place of a preferred one that is not sound.
        """
        preferred = [one._replace(trust=PREFERRED) for one in self._preferred(word)[:1]]
        if not all(map(self._is_sound, preferred)):
            return
        if preferred:
            yield preferred
        for tier in self._tiers:
            if sound := sorted(filter(self._is_sound, tier()(word)), key=lambda one: one.trust):
                yield sound

    def must_know_preferred(self) -> None:
        """Raise UserError if nothing bears the preferred name, also where nothing is missing."""
        _ = self._preferred

    @cached_property
    def surroundings(self) -> Surroundings:
        """Every checkout of the project."""
        return self._around or look_around(self._project, self.settings.search)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was skipped on the way, as far as anything was looked at."""
        if "_files" not in self.__dict__:
            return ()
        return (*self.surroundings.skipped, *self._files.skipped, *self._broken)

    @property
    def cut_short(self) -> tuple[Skipped, ...]:
        """The repositories in which git took too long, so that not all was searched."""
        return tuple(one for one in self._broken if one.reason == "cut-short")

    @cached_property
    def _files(self) -> CheckoutFiles:
        around = self.surroundings
        return CheckoutFiles(around.checkouts if self._here_too else around.others)

    @cached_property
    def _tiers(self) -> list[Callable[[], Index]]:
        """All that can be looked in, each at most once, in the order in which it is trusted."""
        rows = [row for row in TIERS.items() if self.settings.share or row[1] is not Remembered.in_team]
        refs, *remembered = (partial(self._looked_in, *row) for row in rows)
        tiers: list[Callable[[], Index]] = [
            lambda: self._files.originals(),
            refs,
            lambda: index((*self._held, *self._files.borrowed())),
            *remembered,
        ]
        return [cache(tier) for tier in tiers]

    @cached_property
    def _preferred(self) -> Index:
        return self._named(self._prefer) if self._prefer else index(())

    def _is_sound(self, candidate: Candidate) -> bool:
        if self._loads is None or self._loads(candidate.content):
            return True
        if candidate.path:
            self._broken.append(Skipped(candidate.path, "syntax", content=candidate.content))
        return False

    @cached_property
    def _held(self) -> tuple[Candidate, ...]:
        here = (borrowed_copy(self._project.root, row, BORROWED_HERE) for row in self._borrowed)
        return (*here, *self._waiting)

    @cached_property
    def _archive(self) -> Index:
        return self._remembered(Remembered.in_archive)

    def _ranked(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        locations = tuple(sorted({one.location for one in candidates}))
        return rank(candidates, lambda: self._history(locations))

    def later(self, paths: Iterable[str], one: bytes, other: bytes) -> int:
        """Tell which version of a file git shows to be the later one: 1 if `other`, -1 if `one`, 0 if neither.

        It may have been at any of the `paths`, from the top of the checkout.
        """
        ages = self._history(tuple(sorted({*map(os.path.dirname, paths)}))).ages(paths, {one, other})
        return bool(ages[one][0]) - bool(ages[other][0])

    def _read_history(self, locations: Sequence[str]) -> History:
        """Ask git how the files in these version locations changed."""
        if self._project.repository is None:
            return History(())
        inside = [location for location in locations if location == "." or is_sound(location)]
        return History(git.changes(self._project.root, inside, without=archive.REF))

    def _named(self, name: str) -> Index:
        """Return what lies in the checkout of this name, else in what git knows by it."""
        checkouts = tuple(checkout.name for checkout in self.surroundings.others)
        found = [repository.named(name) for repository in self._repositories.values()]
        if name not in checkouts and not any(one is not None for one in found):
            text = _(
                "Nothing here is called {origin}: no checkout, branch, tag, stash or commit. The "
                "checkouts:\n"
                "{known:lines}"
            )
            raise UserError(text, origin=name, known=checkouts)
        return index(chain(self._files.named(name), *filter(None, found)))

    def _looked_in(self, where: Text, look: Look) -> Index:
        if self._repositories and self._tell:
            tier = Message(where)
            self._tell(Message(_("Not in any checkout; looking in {tier} …"), {"tier": tier}, SEEK))
        if self._fetch and look is Remembered.in_team:
            self._fetch()
        return self._archive if look is Remembered.in_archive else self._remembered(look)

    def _remembered(self, look: Look) -> Index:
        found = (self._recall(look, *row) for row in self._repositories.items())
        return index(chain.from_iterable(found))

    def _recall(self, look: Look, common: Path, repository: Remembered) -> tuple[Candidate, ...]:
        try:
            found = tuple(look(repository))
            if repository.cut_short:
                self._broken.append(Skipped(common, "cut-short"))
            return found
        except UserError:
            if self._project.repository and self._project.repository.common == common:
                raise
            self._broken.append(Skipped(common, "git-failed"))
            return ()

    @cached_property
    def _repositories(self) -> dict[Path, Remembered]:
        """This repository, then that of each clone."""
        own = self._project.repository
        found: dict[Path, Remembered] = {}
        if own:
            share, root = self.settings.share, self._project.root
            found[own.common] = Remembered(root, self._project, share=share, timeout=self._timeout)
        for name, repository in self._clones():
            clone = Remembered(repository.top, self._project, clone=name, timeout=self._timeout)
            found.setdefault(repository.common, clone)
        return found

    def _clones(self) -> Iterator[tuple[str, git.Repository]]:
        for checkout in self.surroundings.others:
            try:
                repository = None if checkout.worktree else git.locate(checkout.path)
            except UserError:
                self._broken.append(Skipped(checkout.path, "git-failed"))
                continue
            if repository:
                yield checkout.name, repository
