"""Every text that a user reads, in English and French."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """A text in both languages, and the mark that stands before it on a terminal."""

    mark: str
    en: str
    fr: str


OK, BAD, WARN, STEP, TITLE, PLAIN = "✅", "❌", "⚠️ ", "📋", "👉", ""

TEXTS: dict[str, Text] = {
    # The story of an upgrade
    "waiting": Text(
        "⏳",
        "Another checkout is upgrading; waiting for it to finish.",
        "Un autre worktree fait sa mise à jour ; attente de la fin.",
    ),
    "borrowed": Text(
        STEP, "Borrowed {revision} from {origin}: {path}", "{revision} copiée depuis {origin} : {path}"
    ),
    "refreshed": Text(
        STEP,
        "Refreshed {revision}, which changed in {origin}: {path}",
        "{revision} rafraîchie, elle a changé dans {origin} : {path}",
    ),
    "returned": Text(
        STEP,
        "Removed the borrowed {revision}, no longer needed here: {path}",
        "Copie de {revision} retirée, plus nécessaire ici : {path}",
    ),
    "arrived": Text(
        OK,
        "{revision} is no longer borrowed, git has brought it: {path}",
        "{revision} n'est plus empruntée, git l'a apportée : {path}",
    ),
    "edited": Text(
        WARN,
        "The borrowed {revision} was edited here; it is left as it is: {path}\n"
        "  To keep the edit, as this branch's own: alembic-worktrees adopt {revision:q}\n"
        "  To get the original back: rm {path:q}",
        "La copie empruntée de {revision} a été modifiée ici ; elle est laissée telle quelle : {path}\n"
        "  Pour garder la modification, dans cette branche : alembic-worktrees adopt {revision:q}\n"
        "  Pour reprendre l'original : rm {path:q}",
    ),
    "staged": Text(
        WARN,
        "{revisions:list} is only borrowed here, and is staged, so the next commit would record it.\n"
        "  To leave it out: git rm --cached {paths:words}, then run this again\n"
        "  To record it, as this branch's own: alembic-worktrees adopt {revisions:words}",
        "{revisions:list} est seulement empruntée ici, et indexée ; le prochain commit l'enregistrerait.\n"
        "  Pour la laisser de côté : git rm --cached {paths:words}, puis relancer ceci\n"
        "  Pour l'enregistrer, dans cette branche : alembic-worktrees adopt {revisions:words}",
    ),
    "taken-over": Text(
        STEP,
        "{revision}, copied here by hand, counts as borrowed from {origin}, which has it committed: {path}\n"
        "  To make it this branch's own instead: alembic-worktrees adopt {revision:q}",
        "{revision}, copiée ici à la main, compte comme empruntée à {origin}, qui l'a commitée : {path}\n"
        "  Pour la rendre plutôt propre à cette branche : alembic-worktrees adopt {revision:q}",
    ),
    "mended": Text(
        OK,
        "Git ignores {files:count borrowed file|borrowed files} again; a .gitignore that said so was overwritten or "
        "removed:\n{files:lines}",
        "Git ignore de nouveau {files:count fichier emprunté|fichiers empruntés} ; le .gitignore qui le disait a été "
        "écrasé ou supprimé :\n{files:lines}",
    ),
    "differs": Text(
        WARN,
        "{revision} is not the same everywhere for Alembic. Taken: {chosen}. To choose otherwise: {others:list}",
        "{revision} n'est pas la même partout pour Alembic. Choisie : {chosen}. Pour choisir autrement : {others:list}",
    ),
    "from": Text(PLAIN, "--from {origin:q}", "--from {origin:q}"),
    "differs-in-bytes": Text(
        STEP,
        "{revision} lies elsewhere with other bytes, the same for Alembic. Taken: {chosen}. Not taken:\n{others:lines}",
        "{revision} existe ailleurs avec d'autres octets, la même pour Alembic. Choisie : {chosen}. Écartées :\n"
        "{others:lines}",
    ),
    "choose": Text(
        PLAIN, "{path} (to choose it: --from {origin:q})", "{path} (pour la choisir : --from {origin:q})"
    ),
    "held-back": Text(
        WARN,
        "{revisions:list} changed its parents where it comes from, after it was applied. The copy here stays as it "
        "was: with the new one the database's rows would overlap, and Alembic would refuse to upgrade.",
        "{revisions:list} a changé de parents à son origine, après avoir été appliquée. La copie d'ici reste telle "
        "quelle : avec la nouvelle, les lignes de la base se recouvriraient et Alembic refuserait la mise à jour.",
    ),
    "never-ran": Text(
        WARN,
        "{revisions:list} now comes before a migration that is applied, so it counts as applied too, but it has "
        "never run on this database. To run it, go back to the old parents where they were changed, downgrade "
        "below them, take the new parents, and upgrade.",
        "{revisions:list} précède désormais une migration appliquée et compte donc comme appliquée, mais n'a jamais "
        "été exécutée sur cette base. Pour l'exécuter : revenir aux anciens parents là où ils ont changé, "
        "faire un downgrade en dessous, reprendre les nouveaux parents, et mettre à jour.",
    ),
    "not-tidied": Text(
        WARN,
        "The project's env.py could not be asked, so what was borrowed before stays as it is: {revisions:list}",
        "Le env.py du projet n'a pas pu être interrogé ; ce qui a été copié auparavant reste tel quel : {revisions:list}",
    ),
    "looking": Text(
        "🔎",
        "Not in any checkout; looking in {tier:of tier} …",
        "Dans aucun worktree ; recherche dans {tier:of tier} …",
    ),
    "tier-refs": Text(PLAIN, "branches and tags", "les branches et les tags"),
    "tier-archive": Text(PLAIN, "the archive", "l'archive"),
    "tier-stashes": Text(PLAIN, "stashes", "les stashs"),
    "tier-reflogs": Text(PLAIN, "reflogs", "les reflogs"),
    "tier-history": Text(PLAIN, "the history of all branches", "l'historique de toutes les branches"),
    "tier-lost": Text(PLAIN, "commits that nothing leads to any more", "les commits devenus inaccessibles"),
    "upgrading": Text(STEP, "Upgrading {database}", "Mise à jour de {database}"),
    "unlocked": Text(
        WARN,
        "{database} cannot be locked, so do not upgrade from another clone now: {reason}",
        "{database} ne peut pas être verrouillée ; ne faites pas de mise à jour depuis un autre clone : {reason}",
    ),
    "unlocked-pooler": Text(
        WARN,
        "{database} is reached through a connection pooler and cannot be locked,"
        " so do not upgrade from another clone now.",
        "{database} est atteinte par un pooler de connexions et ne peut pas être verrouillée ;"
        " ne faites pas de mise à jour depuis un autre clone.",
    ),
    "several-heads": Text(
        STEP,
        "This checkout has {heads:count head|heads}, and the database gets them all:\n{heads:lines}",
        "Ce worktree a {heads:count tête|têtes}, et la base les reçoit toutes :\n{heads:lines}",
    ),
    "runs-borrowed": Text(
        STEP,
        "Alembic will run the borrowed {revision}, from {origin}: {path}",
        "Alembic va exécuter la migration empruntée {revision}, de {origin} : {path}",
    ),
    "loads-borrowed": Text(
        STEP,
        "Alembic also loads what was borrowed before:\n{files:lines}",
        "Alembic charge aussi ce qui a été copié auparavant :\n{files:lines}",
    ),
    "loaded": Text(PLAIN, "{revision} from {origin}: {path}", "{revision} depuis {origin} : {path}"),
    "head-own": Text(PLAIN, "{revision}", "{revision}"),
    "head-borrowed": Text(PLAIN, "{revision} (borrowed from {origin})", "{revision} (empruntée à {origin})"),
    "up-to-date": Text(
        OK, "{database:list} is up to date: {heads:list}", "{database:list} est à jour : {heads:list}"
    ),
    "past-target": Text(
        WARN,
        "{database:list} had {target} before, and is further on: {heads:list}. An upgrade leads only forward; to go back: "
        "cd {folder:q} && {command}",
        "{database:list} avait déjà {target}, et est plus loin : {heads:list}. Une mise à jour ne mène qu'en avant ; pour "
        "revenir : cd {folder:q} && {command}",
    ),
    "no-heads": Text(PLAIN, "no migration yet", "aucune migration"),
    "retry": Text(
        WARN,
        "{revision} was applied by another checkout meanwhile; looking again.",
        "{revision} a été appliquée entre-temps par un autre worktree ; nouvelle recherche.",
    ),
    "skipped-path": Text(WARN, "Skipped {path}: {reason:of reason}", "Ignoré : {path} ({reason:of reason})"),
    # What `copy` plans
    "plan-copy": Text(STEP, "{revision} ← {origin}: {path}", "{revision} ← {origin} : {path}"),
    "plan-return": Text(STEP, "{revision} would be removed: {path}", "{revision} serait retirée : {path}"),
    "plan-nothing": Text(
        OK,
        "Nothing to borrow: all that is applied is here.",
        "Rien à copier : tout ce qui est appliqué est ici.",
    ),
    # What is shown with --review, and asked
    "preview-copy": Text(
        TITLE,
        "{revision}: {path}\n  from {origin}: {source}\n  {committed}\n  sha256 {sha256}",
        "{revision} : {path}\n  depuis {origin} : {source}\n  {committed}\n  sha256 {sha256}",
    ),
    "preview-refresh": Text(
        TITLE,
        "{revision}, which has changed: {path}\n  from {origin}: {source}\n  {committed}\n  sha256 {sha256}",
        "{revision}, qui a changé : {path}\n  depuis {origin} : {source}\n  {committed}\n  sha256 {sha256}",
    ),
    "preview-committed": Text(
        PLAIN,
        "committed by {author}, {date}, {commit}",
        "commité par {author}, {date}, {commit}",
    ),
    "preview-uncommitted": Text(PLAIN, "not committed there", "pas commité là-bas"),
    "preview-ask": Text(
        WARN,
        "Alembic runs what it loads. Borrow {copies:count file|files}? [y/N] ",
        "Alembic exécute ce qu'il charge. Copier {copies:count fichier|fichiers} ? [o/N] ",
    ),
    "preview-declined": Text(
        BAD,
        "Not borrowed; nothing was written.",
        "Rien n'a été copié, rien n'a été écrit.",
    ),
    "preview-unanswered": Text(
        BAD,
        "{copies:count migration|migrations} would be borrowed, and here nobody can be asked; nothing was written.\n"
        "  To read what would be borrowed: {read}\n"
        "  Then to go on without a question: {again}",
        "{copies:count migration serait copiée|migrations seraient copiées}, et personne ne peut répondre ici ; rien "
        "n'a été écrit.\n"
        "  Pour lire ce qui serait copié : {read}\n"
        "  Puis, pour continuer sans question : {again}",
    ),
    # What belongs to this branch
    "adopted": Text(
        OK,
        "{revision}, borrowed from {origin}, is now this branch's own, and staged: {path}",
        "{revision}, empruntée à {origin}, appartient maintenant à cette branche, et est indexée : {path}",
    ),
    "already-own": Text(
        BAD,
        "{revision} is not borrowed here; it is this checkout's own already: {path}",
        "{revision} n'est pas empruntée ici ; elle appartient déjà à ce worktree : {path}",
    ),
    "not-borrowed": Text(
        BAD,
        "{revision} is not borrowed here, so it cannot be adopted. What is borrowed:\n{known:lines}\n"
        "  To borrow what the database needs: alembic-worktrees copy",
        "{revision} n'est pas empruntée ici et ne peut donc pas être adoptée. Ce qui est emprunté :\n{known:lines}\n"
        "  Pour copier ce que la base demande : alembic-worktrees copy",
    ),
    "nothing-to-join": Text(
        OK,
        "Nothing to join: this branch has {heads:count head|heads} of its own, and none diverge.",
        "Rien à fusionner : cette branche a {heads:count tête|têtes} à elle, sans divergence.",
    ),
    "joined": Text(
        OK,
        "Joined {heads:list}. Commit the new file.",
        "{heads:list} fusionnées. Commiter le nouveau fichier.",
    ),
    "left-out": Text(
        STEP,
        "Left out, because they belong to other checkouts: {heads:list}",
        "Laissées de côté, car elles appartiennent à d'autres worktrees : {heads:list}",
    ),
    "merge-failed": Text(
        BAD,
        "Alembic could not join {heads:list}; its own words stand above.",
        "Alembic n'a pas pu fusionner {heads:list} ; ses propres mots sont ci-dessus.",
    ),
    # What `check` finds. Each problem's id has its text here and its cure below.
    "check-line": Text(
        PLAIN, "{id}: {message}\n{files:lines}\n  → {hint}", "{id} : {message}\n{files:lines}\n  → {hint}"
    ),
    "check-warning": Text(
        PLAIN,
        "{id} (only a warning): {message}\n{files:lines}\n  → {hint}",
        "{id} (simple avertissement) : {message}\n{files:lines}\n  → {hint}",
    ),
    "check-parent-missing": Text(
        PLAIN,
        "{needed_by:list} follows {revision}, which is nowhere: Alembic fails with KeyError",
        "{needed_by:list} suit {revision}, qui n'est nulle part : Alembic échoue avec KeyError",
    ),
    "check-parent-borrowed": Text(
        PLAIN,
        "{needed_by:list} follows {revision}, which is only borrowed here (from {origin}) and will not be recorded",
        "{needed_by:list} suit {revision}, qui est seulement empruntée ici (à {origin}) et ne sera pas enregistrée",
    ),
    "check-parent-unrecorded": Text(
        PLAIN,
        "{needed_by:list} follows {revision}, which lies here but is not recorded: {path}",
        "{needed_by:list} suit {revision}, qui se trouve ici mais n'est pas enregistrée : {path}",
    ),
    "check-parent-elsewhere": Text(
        PLAIN,
        "{needed_by:list} follows {revision}, which lies in {origin} but not here: {path}",
        "{needed_by:list} suit {revision}, qui se trouve dans {origin} mais pas ici : {path}",
    ),
    "check-parent-unsearched": Text(
        PLAIN,
        "{needed_by:list} follows {revision}, which was not found; git took too long, so not all of its history was searched",
        "{needed_by:list} suit {revision}, introuvable ; git a mis trop de temps, son historique n'a pas été tout parcouru",
    ),
    "cure-parent-missing": Text(
        PLAIN,
        "Correct down_revision, or bring back the file of {revision}",
        "Corriger down_revision, ou rétablir le fichier de {revision}",
    ),
    "check-depends-missing": Text(
        PLAIN,
        "{needed_by:list} depends on {revision}, which is nowhere: Alembic fails with KeyError",
        "{needed_by:list} dépend de {revision}, qui n'est nulle part : Alembic échoue avec KeyError",
    ),
    "check-depends-borrowed": Text(
        PLAIN,
        "{needed_by:list} depends on {revision}, which is only borrowed here (from {origin}) and will not be recorded",
        "{needed_by:list} dépend de {revision}, qui est seulement empruntée ici (à {origin}) et ne sera pas enregistrée",
    ),
    "check-depends-unrecorded": Text(
        PLAIN,
        "{needed_by:list} depends on {revision}, which lies here but is not recorded: {path}",
        "{needed_by:list} dépend de {revision}, qui se trouve ici mais n'est pas enregistrée : {path}",
    ),
    "check-depends-elsewhere": Text(
        PLAIN,
        "{needed_by:list} depends on {revision}, which lies in {origin} but not here: {path}",
        "{needed_by:list} dépend de {revision}, qui se trouve dans {origin} mais pas ici : {path}",
    ),
    "check-depends-unsearched": Text(
        PLAIN,
        "{needed_by:list} depends on {revision}, which was not found; git took too long, so not all of its history was "
        "searched",
        "{needed_by:list} dépend de {revision}, introuvable ; git a mis trop de temps, son historique n'a pas été tout "
        "parcouru",
    ),
    "cure-depends-missing": Text(
        PLAIN,
        "Correct depends_on, or bring back the file of {revision}",
        "Corriger depends_on, ou rétablir le fichier de {revision}",
    ),
    "bring-search": Text(
        PLAIN,
        "Take the time: alembic-worktrees find {revision:q}",
        "Prendre le temps : alembic-worktrees find {revision:q}",
    ),
    "bring-adopt": Text(
        PLAIN, "{there}alembic-worktrees adopt {revision:q}", "{there}alembic-worktrees adopt {revision:q}"
    ),
    "bring-add": Text(
        PLAIN, "git add {path:top}, and commit it too", "git add {path:top}, et la commiter aussi"
    ),
    "bring-merge": Text(PLAIN, "git merge --autostash {branch:q}", "git merge --autostash {branch:q}"),
    "bring-pull": Text(
        PLAIN,
        "git pull --no-rebase --autostash {place:q} {branch:q}",
        "git pull --no-rebase --autostash {place:q} {branch:q}",
    ),
    "bring-commit": Text(
        PLAIN,
        "It is not committed there yet: git -C {place:q} add {path:top}, commit it there, and merge it here",
        "Elle n'y est pas encore commitée : git -C {place:q} add {path:top}, la commiter là-bas, et la fusionner ici",
    ),
    "bring-copy": Text(
        PLAIN, "cp {path:q} {target:q} && git add {target:q}", "cp {path:q} {target:q} && git add {target:q}"
    ),
    "bring-show": Text(
        PLAIN,
        "git -C {place:q} show {name:q} >{target:q} && git add {target:q}",
        "git -C {place:q} show {name:q} >{target:q} && git add {target:q}",
    ),
    "check-duplicate-revision": Text(
        PLAIN,
        "{revision} is defined by {files:count file|files}; Alembic takes them for heads of their own",
        "{revision} est définie par {files:count fichier|fichiers} ; Alembic y voit plusieurs têtes",
    ),
    "cure-duplicate-revision": Text(
        PLAIN,
        "Keep one and remove the others, for example: {remove}",
        "En garder un et retirer les autres, par exemple : {remove}",
    ),
    "check-borrowed-staged": Text(
        PLAIN,
        "{revisions:list} is only borrowed here (from {origins:list}), and is staged: it would be recorded as this "
        "branch's own",
        "{revisions:list} est seulement empruntée ici (à {origins:list}), et indexée : elle serait enregistrée dans cette "
        "branche",
    ),
    "cure-borrowed-staged": Text(
        PLAIN,
        "To leave it out: git rm --cached {files:top} && {there}alembic-worktrees copy\n"
        "  → To record it all the same: {there}alembic-worktrees adopt {revisions:words}",
        "Pour la laisser de côté : git rm --cached {files:top} && {there}alembic-worktrees copy\n"
        "  → Pour l'enregistrer quand même : {there}alembic-worktrees adopt {revisions:words}",
    ),
    "check-cycle": Text(
        PLAIN,
        "These revisions follow each other in a circle: {cycle:list}",
        "Ces révisions se suivent en cercle : {cycle:list}",
    ),
    "cure-cycle": Text(
        PLAIN,
        "Correct down_revision or depends_on in one of them",
        "Corriger down_revision ou depends_on dans l'une d'elles",
    ),
    "check-self-loop": Text(PLAIN, "{revision} follows itself", "{revision} se suit elle-même"),
    "cure-self-loop": Text(
        PLAIN, "Correct its down_revision or depends_on", "Corriger son down_revision ou depends_on"
    ),
    "check-duplicate-label": Text(
        PLAIN,
        "The branch label {label} is used by {owners:list}; Alembic allows one",
        "Le label de branche {label} est utilisé par {owners:list} ; Alembic n'en admet qu'une",
    ),
    "cure-duplicate-label": Text(
        PLAIN, "Change branch_labels in one of them", "Changer branch_labels dans l'une d'elles"
    ),
    "check-no-revision": Text(
        PLAIN,
        "Alembic loads every .py file there, and this one has no revision",
        "Alembic charge chaque fichier .py de ce dossier, et celui-ci n'a pas de revision",
    ),
    "cure-no-revision": Text(
        PLAIN,
        "Move it to another folder, or give it a revision",
        "Le déplacer dans un autre dossier, ou lui donner une revision",
    ),
    "check-unreadable": Text(
        PLAIN,
        "Alembic cannot load it: {reason:of reason} {detail}",
        "Alembic ne peut pas le charger : {reason:of reason} {detail}",
    ),
    "cure-unreadable": Text(PLAIN, "Correct the file", "Corriger le fichier"),
    "check-compiled": Text(
        PLAIN,
        "not judged: Alembic loads it (sourceless = true), and what it declares is compiled",
        "non jugé : Alembic le charge (sourceless = true), et ce qu'il déclare est compilé",
    ),
    "cure-compiled": Text(
        PLAIN,
        "Put its source beside it: then that is loaded, and read",
        "Mettre sa source à côté : c'est alors elle qui est chargée, et lue",
    ),
    "check-package-missing": Text(
        PLAIN,
        "not judged: the Alembic config says {location}, and no package {package} with this folder is found",
        "non jugé : la configuration d'Alembic dit {location}, et aucun paquet {package} avec ce dossier n'est trouvé",
    ),
    "cure-package-missing": Text(
        PLAIN,
        "Install the project (pip install --editable .), set prepend_sys_path, or write the location as a path",
        "Installer le projet (pip install --editable .), définir prepend_sys_path, ou écrire l'emplacement comme un chemin",
    ),
    "check-illegal-id": Text(
        PLAIN,
        "Alembic does not allow {characters} in an id: {revision}",
        "Alembic n'admet pas {characters} dans un identifiant : {revision}",
    ),
    "cure-illegal-id": Text(
        PLAIN,
        "Rename the revision, here and where it is referred to",
        "Renommer la révision, ici et là où elle est citée",
    ),
    "check-id-too-long": Text(
        PLAIN,
        "{revision} has {length} characters; the version table holds {longest}",
        "{revision} a {length} caractères ; la table de version en contient {longest}",
    ),
    "cure-id-too-long": Text(
        PLAIN,
        "Rename the revision, here and where it is referred to",
        "Renommer la révision, ici et là où elle est citée",
    ),
    "check-id-prefix": Text(
        PLAIN,
        "{longer} begins with {revision}: where {revision} is missing, Alembic silently takes {longer} for it",
        "{longer} commence par {revision} : là où {revision} manque, Alembic prend {longer} en silence",
    ),
    "cure-id-prefix": Text(
        PLAIN,
        "Rename the one that is not yet applied anywhere",
        "Renommer celle qui n'est encore appliquée nulle part",
    ),
    "check-diverged-heads": Text(
        PLAIN,
        "The history has diverged into {heads:count head|heads}: {heads:list}",
        "L'historique a divergé en {heads:count tête|têtes} : {heads:list}",
    ),
    "cure-diverged-heads": Text(
        PLAIN,
        'alembic-worktrees merge {folder:q}{words:options} -m "merge heads", then commit the new file',
        'alembic-worktrees merge {folder:q}{words:options} -m "merge heads", puis commiter le nouveau fichier',
    ),
    "check-applied-missing": Text(
        PLAIN,
        "The database has {revision}, which this checkout lacks",
        "La base a {revision}, qui manque dans ce worktree",
    ),
    "cure-applied-missing": Text(
        PLAIN,
        "alembic-worktrees upgrade {folder:q}{words:options}",
        "alembic-worktrees upgrade {folder:q}{words:options}",
    ),
    "check-not-applied": Text(
        PLAIN, "The database does not have {waiting:list} yet", "La base n'a pas encore {waiting:list}"
    ),
    "cure-not-applied": Text(
        PLAIN,
        "alembic-worktrees upgrade {folder:q}{words:options}",
        "alembic-worktrees upgrade {folder:q}{words:options}",
    ),
    "check-config-unreadable": Text(
        PLAIN,
        "It cannot be read as Alembic reads it: {reason}",
        "Il ne peut pas être lu comme Alembic le lit : {reason}",
    ),
    "cure-config-unreadable": Text(PLAIN, "Correct the file", "Corriger le fichier"),
    # The hooks
    "were-before": Text(
        PLAIN,
        "{problems:count problem was there before and stops|problems were there before and stop} nothing now: {ids:list}. "
        "See: {command}",
        "{problems:count problème existait avant et ne bloque|problèmes existaient avant et ne bloquent} rien ici : {ids:list}. "
        "Voir : {command}",
    ),
    "past-check": Text(
        PLAIN,
        "To commit it as it is, for once: SKIP=alembic-check git commit …, or git commit --no-verify …",
        "Pour commiter tel quel, une fois : SKIP=alembic-check git commit …, ou git commit --no-verify …",
    ),
    "past-check-merge": Text(
        PLAIN,
        "The merge waits for you. Once that is mended, add it and go on: git commit --no-edit\n"
        "  To give the merge up: git merge --abort\n"
        "  To commit it as it is, for once: SKIP=alembic-check git commit --no-edit",
        "La fusion attend. Une fois cela réparé, l'ajouter et continuer : git commit --no-edit\n"
        "  Pour renoncer à la fusion : git merge --abort\n"
        "  Pour commiter tel quel, une fois : SKIP=alembic-check git commit --no-edit",
    ),
    "past-check-push": Text(
        PLAIN,
        "To push it as it is, for once: SKIP=alembic-check git push …, or git push --no-verify …",
        "Pour pousser tel quel, une fois : SKIP=alembic-check git push …, ou git push --no-verify …",
    ),
    "past-protect": Text(
        PLAIN,
        "  To commit it anyway: SKIP=alembic-protect git commit …, or git commit --no-verify …",
        "  Pour commiter quand même : SKIP=alembic-protect git commit …, ou git commit --no-verify …",
    ),
    "nothing-to-check": Text(
        BAD,
        "No Alembic project in {where}, so nothing was checked. If it has one, name its folder or its config: "
        "alembic-worktrees check FOLDER, or -c FILE",
        "Aucun projet Alembic dans {where} ; rien n'a donc été vérifié. S'il en a un, nommer son dossier ou sa "
        "configuration : alembic-worktrees check FOLDER, ou -c FILE",
    ),
    "protected": Text(
        BAD,
        "{branches:list} already has these migrations, and others may have applied them:\n{rows:lines}\n"
        "  Write a new migration instead. To undo the change: git restore --staged --worktree {paths:top}",
        "{branches:list} a déjà ces migrations, et d'autres les ont peut-être appliquées :\n{rows:lines}\n"
        "  Écrire plutôt une nouvelle migration. Pour annuler : git restore --staged --worktree {paths:top}",
    ),
    "protected-edited": Text(PLAIN, "{path} (edited)", "{path} (modifiée)"),
    "protected-deleted": Text(PLAIN, "{path} (deleted)", "{path} (supprimée)"),
    "published-missing": Text(
        BAD,
        "The setting published names {branch}, which this repository does not have. Get it with git fetch, "
        "or correct published under [tool.alembic-worktrees] in pyproject.toml",
        "Le réglage published nomme {branch}, que ce dépôt n'a pas. La récupérer avec git fetch, "
        "ou corriger published sous [tool.alembic-worktrees] dans pyproject.toml",
    ),
    "report-new": Text(
        STEP,
        "{files:count new migration|new migrations}:\n{files:lines}",
        "{files:count nouvelle migration|nouvelles migrations} :\n{files:lines}",
    ),
    "report-problem": Text(WARN, "{message}\n  → {hint}", "{message}\n  → {hint}"),
    "report-failed": Text(
        WARN,
        "alembic-worktrees could not look at the migrations ({error}). To see why: alembic-worktrees check",
        "alembic-worktrees n'a pas pu examiner les migrations ({error}). Pour voir pourquoi : alembic-worktrees check",
    ),
    "commit-missing": Text(
        BAD,
        "{name} names no commit here. In a shallow clone, get it first: git fetch --unshallow",
        "{name} ne nomme aucun commit ici. Dans un clone partiel, le récupérer d'abord : git fetch --unshallow",
    ),
    "not-a-repository": Text(
        BAD,
        "{folder} is not in a git repository, so there is no index and no commit to check. "
        "To check the files: alembic-worktrees check",
        "{folder} n'est pas dans un dépôt git ; il n'y a ni index ni commit à vérifier. "
        "Pour vérifier les fichiers : alembic-worktrees check",
    ),
    "since-without-ref": Text(
        BAD,
        "--since goes with --ref: alembic-worktrees check --ref HEAD --since origin/main",
        "--since va avec --ref : alembic-worktrees check --ref HEAD --since origin/main",
    ),
    "database-with-git": Text(
        BAD,
        "--database compares the files with the database; leave out --staged, --pushed and --ref",
        "--database compare les fichiers avec la base ; sans --staged, --pushed ni --ref",
    ),
    # init
    "init-create": Text(STEP, "To write: {path}", "À écrire : {path}"),
    "init-delete": Text(STEP, "To remove: {path}", "À retirer : {path}"),
    "init-change": Text(STEP, "To change: {path}\n{diff:text}", "À modifier : {path}\n{diff:text}"),
    "init-project": Text(STEP, "Alembic project: {folder}", "Projet Alembic : {folder}"),
    "init-already": Text(
        WARN,
        "{problems:count thing is|things are} wrong here already. The hooks will not stop a commit for that, only for what "
        "it makes worse.",
        "{problems:count chose cloche|choses clochent} déjà ici. Les hooks n'arrêteront aucun commit pour cela, seulement "
        "pour ce qu'il aggrave.",
    ),
    "init-which": Text(
        BAD,
        "This checkout has several Alembic projects, and --with is about one:\n{found:lines}\n"
        "  Name it, for example: {command} --with …",
        "Ce worktree a plusieurs projets Alembic, et --with n'en concerne qu'un :\n{found:lines}\n"
        "  Le nommer, par exemple : {command} --with …",
    ),
    "init-unknown-extra": Text(
        BAD,
        "--with does not know '{name}'; it knows dev (scripts/dev.sh) and claude (/sync and /finish). "
        "For example: {command}",
        "--with ne connaît pas « {name} » ; il connaît dev (scripts/dev.sh) et claude (/sync et /finish). "
        "Par exemple : {command}",
    ),
    "init-nothing": Text(OK, "All is in place; nothing to write.", "Tout est en place ; rien à écrire."),
    "init-nothing-left": Text(OK, "Nothing to remove.", "Rien à retirer."),
    "init-ask": Text(WARN, "Write this? [y/N] ", "Écrire ceci ? [o/N] "),
    "init-ask-remove": Text(WARN, "Remove this? [y/N] ", "Retirer ceci ? [o/N] "),
    "init-needs-yes": Text(
        BAD,
        "Nothing was written. To do it without being asked: {command}",
        "Rien n'a été écrit. Pour le faire sans question : {command}",
    ),
    "init-hooks-shared": Text(
        WARN,
        "The hooks are those of all worktrees of this repository, so these lose them too:\n{others:lines}",
        "Les hooks sont ceux de tous les worktrees de ce dépôt ; ceux-ci les perdent donc aussi :\n{others:lines}",
    ),
    "init-delete-archive": Text(
        STEP,
        "To remove: the archive, {ids:count migration|migrations} that ran. "
        "To have it back, until git's gc: git update-ref {ref:q} {commit}",
        "À retirer : l'archive, {ids:count migration exécutée|migrations exécutées}. "
        "Pour la reprendre, jusqu'au gc de git : git update-ref {ref:q} {commit}",
    ),
    "init-purge-copies": Text(
        WARN,
        "Without the borrowed files Alembic stops here, as long as the database has their revisions applied.",
        "Sans les fichiers empruntés, Alembic s'arrête ici tant que leurs révisions sont appliquées dans la base.",
    ),
    "init-purge-others": Text(
        WARN,
        "These worktrees have borrowed files too. To take them out, run this there as well:\n{others:lines}",
        "Ces worktrees ont aussi des fichiers empruntés. Pour les retirer, lancer ceci là aussi :\n{others:lines}",
    ),
    "init-stays": Text(
        WARN,
        "This stays:\n{what:lines}\n  To take it out too: {command}",
        "Ceci reste :\n{what:lines}\n  Pour le retirer aussi : {command}",
    ),
    "remains-copies": Text(
        PLAIN,
        "{copies:count borrowed file|borrowed files} in this worktree",
        "{copies:count fichier emprunté|fichiers empruntés} dans ce worktree",
    ),
    "remains-archive": Text(
        PLAIN,
        "the archive: {ids:count migration|migrations} that ran",
        "l'archive : {ids:count migration exécutée|migrations exécutées}",
    ),
    "remains-files": Text(
        PLAIN,
        "{files:count file|files} with notes of its own",
        "{files:count fichier|fichiers} de notes à lui",
    ),
    "init-purge-alone": Text(
        BAD,
        "--purge takes out more than --remove does, and goes with it: {command}",
        "--purge retire plus que --remove, et va avec lui : {command}",
    ),
    "init-done": Text(
        OK,
        "Done. Commit the new files, then in a worktree: source scripts/alembic-utils.sh",
        "Terminé. Commiter les nouveaux fichiers, puis dans un worktree : source scripts/alembic-utils.sh",
    ),
    "init-removed": Text(OK, "Removed.", "Retiré."),
    "init-kept": Text(
        WARN, "Left as it is, for it is yours: {path}", "Laissé tel quel, car il est à vous : {path}"
    ),
    "init-in-the-way": Text(
        WARN,
        "{path} is another file, and git does not have it as it is. Commit or move it, then run init again.",
        "{path} est un autre fichier, et git ne l'a pas tel quel. Le commiter ou le déplacer, puis relancer init.",
    ),
    "init-add-by-hand": Text(
        WARN, "Add this to {path} by hand:\n{text:text}", "À ajouter à la main dans {path} :\n{text:text}"
    ),
    "init-call-by-hand": Text(
        WARN,
        "{path} is no shell script. Let it run this, and fail where this fails: {command}",
        "{path} n'est pas un script shell. Qu'il lance ceci, et échoue si ceci échoue : {command}",
    ),
    "init-hook-off": Text(
        WARN,
        "{path} is not executable, so git passes over it; it is left as it is. To use it: "
        "chmod +x {path:q}, then run init again.",
        "{path} n'est pas exécutable, git l'ignore donc ; il est laissé tel quel. Pour l'utiliser : "
        "chmod +x {path:q}, puis relancer init.",
    ),
    "init-hooks-elsewhere": Text(
        WARN,
        "This repository runs its hooks through {where}. Add there, hook by hook:\n{hooks:text}",
        "Ce dépôt lance ses hooks par {where}. Y ajouter, hook par hook :\n{hooks:text}",
    ),
    "init-pre-commit-install": Text(
        WARN, "Let git call pre-commit, once: {command}", "Que git appelle pre-commit, une fois : {command}"
    ),
    "init-pre-commit-refuses": Text(
        WARN,
        "core.hooksPath is set ({where}), and there pre-commit refuses to install its hooks. To let git call it: "
        "git config --unset-all core.hooksPath && {command}",
        "core.hooksPath est défini ({where}), et pre-commit refuse alors d'installer ses hooks. Pour que git l'appelle : "
        "git config --unset-all core.hooksPath && {command}",
    ),
    "init-from-path": Text(
        WARN,
        "pre-commit will run the alembic-worktrees on PATH, because this one was installed from {source}, which others "
        "do not have. Whoever commits here needs it too, or pre-commit stops the commit.",
        "pre-commit lancera l'alembic-worktrees du PATH, car celui-ci a été installé depuis {source}, que les autres "
        "n'ont pas. Quiconque commite ici en a besoin aussi, sinon pre-commit arrête le commit.",
    ),
    "init-not-on-path": Text(
        WARN,
        "The hooks call the alembic-worktrees on PATH, and none is there: {command}",
        "Les hooks appellent l'alembic-worktrees du PATH, et il n'y en a pas : {command}",
    ),
    "init-husky-unused": Text(
        WARN,
        "{husky} is here, but git runs its hooks from {hooks}. If husky is to run them, let it set itself up, "
        "then run init again.",
        "{husky} est là, mais git lance ses hooks depuis {hooks}. Si husky doit les lancer, le laisser s'installer, "
        "puis relancer init.",
    ),
    "init-no-default": Text(
        WARN,
        "Nothing here says which branch of origin is its default, so no migration counts as published and protected. "
        "Let git ask it: git remote set-head origin --auto",
        "Rien ici ne dit quelle branche d'origin est celle par défaut ; aucune migration n'est donc publiée et protégée. "
        "Que git le demande : git remote set-head origin --auto",
    ),
    "init-changed": Text(
        BAD,
        "{path} has changed meanwhile; nothing was written. Run init again.",
        "{path} a changé entre-temps ; rien n'a été écrit. Relancer init.",
    ),
    "init-cannot-read": Text(
        BAD,
        "Cannot read {path}: {reason}. Allow reading it, or move it, then run init again.",
        "Impossible de lire {path} : {reason}. Autoriser sa lecture ou le déplacer, puis relancer init.",
    ),
    "init-cannot-write": Text(
        BAD,
        "Cannot write {path}: {reason}. No file is half written. Free space or allow writing there, "
        "then run init again.",
        "Impossible d'écrire {path} : {reason}. Aucun fichier n'est écrit à moitié. Libérer de la place ou autoriser "
        "l'écriture, puis relancer init.",
    ),
    "init-no-git": Text(
        BAD,
        "{folder} is not in a git repository. To write the shell file alone: "
        "alembic-worktrees shim --shell bash > scripts/alembic-utils.sh",
        "{folder} n'est pas dans un dépôt git. Pour écrire seulement le fichier shell : "
        "alembic-worktrees shim --shell bash > scripts/alembic-utils.sh",
    ),
    # Where do I stand?
    "column-checkout": Text(PLAIN, "Checkout", "Worktree"),
    "column-branch": Text(PLAIN, "Branch", "Branche"),
    "column-heads": Text(PLAIN, "Own heads", "Têtes propres"),
    "column-borrowed": Text(PLAIN, "Borrowed", "Empruntées"),
    "column-lacks": Text(PLAIN, "Lacks", "Manquantes"),
    "column-waiting": Text(PLAIN, "Not applied", "Non appliquées"),
    "status-no-project": Text(PLAIN, "no Alembic project", "aucun projet Alembic"),
    "status-no-branch": Text(PLAIN, "(no branch)", "(aucune branche)"),
    "status-database": Text(PLAIN, "Database {database}", "Base {database}"),
    "status-apart": Text(
        PLAIN,
        "This file is not everybody's: the checkouts with a ? have one of their own",
        "Ce fichier n'est pas celui de tous : les worktrees marqués ? ont le leur",
    ),
    "status-silent": Text(PLAIN, "The database did not answer", "La base n'a pas répondu"),
    "silent-because": Text(PLAIN, "{reason:text}", "{reason:text}"),
    "silent-slow": Text(
        PLAIN, "Nothing came within {seconds} seconds.", "Rien n'est venu en {seconds} secondes."
    ),
    "status-owned": Text(PLAIN, "{revision}  {owners:list}", "{revision}  {owners:list}"),
    "status-everywhere": Text(PLAIN, "{revision}  every checkout", "{revision}  tous les worktrees"),
    "status-remembered": Text(
        PLAIN,
        "{revision}  in no checkout any more; git has it in {origin} ({commit})",
        "{revision}  n'est plus dans aucun worktree ; git l'a dans {origin} ({commit})",
    ),
    "status-nowhere": Text(
        PLAIN,
        "{revision}  in no checkout any more, and git does not have it",
        "{revision}  n'est plus dans aucun worktree, et git ne l'a pas",
    ),
    "status-copies": Text(
        PLAIN,
        "{revision}  in no checkout any more but as a copy, borrowed by {borrowers:list}",
        "{revision}  n'est plus dans aucun worktree, sauf en copie empruntée par {borrowers:list}",
    ),
    "status-borrowers": Text(PLAIN, "; borrowed by {borrowers:list}", " ; empruntée par {borrowers:list}"),
    "status-loans": Text(PLAIN, "Borrowed here", "Empruntées ici"),
    "status-loan": Text(PLAIN, "{revision}  from {origin}: {path}", "{revision}  à {origin} : {path}"),
    "status-loan-staged": Text(
        PLAIN,
        "{revision}  from {origin}, staged here: {path}",
        "{revision}  à {origin}, indexée ici : {path}",
    ),
    "status-loan-edited": Text(
        PLAIN,
        "{revision}  from {origin}, edited here: {path}",
        "{revision}  à {origin}, modifiée ici : {path}",
    ),
    "next-lost": Text(
        PLAIN,
        "Next: the database has {revisions:list}, and no checkout and no git here has a file for it. See what to do:",
        "Ensuite : la base a {revisions:list}, dont ni les worktrees ni git n'ont le fichier. Voir que faire :",
    ),
    "next-doubled": Text(
        PLAIN,
        "Next: {revisions:list} lies here twice, as a file of this checkout and as a borrowed copy. Remove the copy:",
        "Ensuite : {revisions:list} est ici deux fois, comme fichier de ce worktree et comme copie empruntée. Retirer la "
        "copie :",
    ),
    "next-check": Text(
        PLAIN,
        "Next: Alembic cannot load the migrations here because of {what:list}. See the cures:",
        "Ensuite : Alembic ne peut pas charger les migrations d'ici à cause de {what:list}. Voir les remèdes :",
    ),
    "next-compiled": Text(
        PLAIN,
        "Next: Alembic loads {files:list}, compiled, and what that declares is not known here. See the cure:",
        "Ensuite : Alembic charge {files:list}, compilé, et ce qui y est déclaré n'est pas connu ici. Voir le remède :",
    ),
    "next-lacking": Text(
        PLAIN,
        "Next: the database has {revisions:count migration|migrations} that this checkout lacks. Borrow and upgrade:",
        "Ensuite : la base a {revisions:count migration|migrations} de plus que ce worktree. Copier et mettre à jour :",
    ),
    "next-adopt": Text(
        PLAIN,
        "Next: {needed_by:list} follows {revisions:list}, which is only borrowed here. Make it this branch's own, "
        "unless git will bring it:",
        "Ensuite : {needed_by:list} suit {revisions:list}, seulement empruntée ici. La rendre propre à cette branche, "
        "à moins que git ne l'apporte :",
    ),
    "next-merge": Text(
        PLAIN,
        "Next: this branch has diverged into {revisions:count head|heads}, {revisions:list}. Join them:",
        "Ensuite : cette branche a divergé en {revisions:count tête|têtes}, {revisions:list}. Les fusionner :",
    ),
    "next-silent": Text(
        PLAIN,
        "Next: the database did not answer, so what is applied is not known. See why:",
        "Ensuite : la base n'a pas répondu ; ce qui est appliqué n'est donc pas connu. Voir pourquoi :",
    ),
    "next-waiting": Text(
        PLAIN,
        "Next: {revisions:count migration|migrations} of this checkout not applied yet. Upgrade:",
        "Ensuite : {revisions:count migration|migrations} de ce worktree à appliquer. Mettre à jour :",
    ),
    "next-by-hand": Text(
        PLAIN,
        "Next: {revisions:list} was copied here by hand, and {owners:list} has it committed: git would stumble over the "
        "copy. Count it as borrowed:",
        "Ensuite : {revisions:list} a été copiée ici à la main, et {owners:list} l'a commitée : git buterait sur la "
        "copie. La compter comme empruntée :",
    ),
    "next-commit": Text(
        PLAIN,
        "Next: applied, but in no commit yet: {revisions:list}. Commit it, or other checkouts depend on this folder:",
        "Ensuite : appliquée, mais dans aucun commit : {revisions:list}. La commiter, sinon les autres worktrees "
        "dépendent de ce dossier :",
    ),
    "next-nothing": Text(
        PLAIN,
        "Nothing to do: all that is applied is here, and all that is here is applied.",
        "Rien à faire : tout ce qui est appliqué est ici, et tout ce qui est ici est appliqué.",
    ),
    # The picture of all revisions
    "graph-folded": Text(
        PLAIN, "… {revisions:count revision|revisions} …", "… {revisions:count révision|révisions} …"
    ),
    "graph-database": Text(PLAIN, "database", "base"),
    "graph-only-here": Text(PLAIN, "only here", "seulement ici"),
    "graph-here-and": Text(PLAIN, "here and in {names}", "ici et dans {names}"),
    "graph-borrowed": Text(PLAIN, "borrowed from {origin}", "empruntée à {origin}"),
    "graph-only-in": Text(PLAIN, "not here, in {names}", "pas ici, dans {names}"),
    "graph-only-copies": Text(PLAIN, "only borrowed by {names}", "seulement empruntée par {names}"),
    "graph-git": Text(PLAIN, "only in git: {origin}", "seulement dans git : {origin}"),
    "graph-nowhere": Text(PLAIN, "nowhere", "nulle part"),
    "graph-label": Text(PLAIN, "label {label}", "label {label}"),
    "graph-not-applied": Text(PLAIN, "not applied", "non appliquée"),
    "graph-and-more": Text(
        PLAIN, "{names} and {more:count other|others}", "{names} et {more:count autre|autres}"
    ),
    "legend-own": Text(PLAIN, "here", "ici"),
    "legend-borrowed": Text(PLAIN, "borrowed here", "empruntée ici"),
    "legend-elsewhere": Text(PLAIN, "in other checkouts", "dans d'autres worktrees"),
    "legend-git": Text(PLAIN, "only in git", "seulement dans git"),
    "legend-nowhere": Text(PLAIN, "nowhere", "nulle part"),
    "graph-title": Text(PLAIN, "Migrations of {checkout}", "Migrations de {checkout}"),
    "graph-here": Text(PLAIN, "seen from {checkout}", "vu depuis {checkout}"),
    "graph-databases": Text(PLAIN, "database {databases:list}", "base {databases:list}"),
    "graph-no-database": Text(PLAIN, "database not asked", "base non interrogée"),
    "graph-empty": Text(OK, "No migrations yet.", "Aucune migration."),
    "graph-silent": Text(
        WARN,
        "The database did not answer, so the picture does not say what is applied (to leave it out: --no-database). {why}",
        "La base n'a pas répondu ; l'image ne dit donc pas ce qui est appliqué (pour s'en passer : --no-database). {why}",
    ),
    "format-unknown": Text(
        BAD,
        "{path}: no format ends in .{end}. Let it end in one of {known:list}, or add for example --format svg",
        "{path} : aucun format ne finit par .{end}. Le finir par {known:list}, ou ajouter par exemple --format svg",
    ),
    "cannot-save": Text(
        BAD,
        "Cannot write {path}: {reason}. Name a file in a folder that is there and may be written to: --output FILE",
        "Impossible d'écrire {path} : {reason}. Nommer un fichier dans un dossier existant et ouvert à l'écriture : "
        "--output FILE",
    ),
    "file-exists": Text(
        BAD,
        "{path} exists already. To overwrite it, add --force",
        "{path} existe déjà. Pour l'écraser, ajouter --force",
    ),
    # Why it was not done
    "not-found": Text(
        BAD,
        "{gaps:rows}{unread}\nCheckouts looked at:\n{looked:lines}\n\nSuggestions:\n"
        "  1. {first}\n  2. Look in {main}: {pull}\n  3. Write the missing migration by hand{lacking}",
        "{gaps:rows}{unread}\nWorktrees vérifiés:\n{looked:lines}\n\nSuggestions:\n"
        "  1. {first}\n  2. Vérifier dans {main}: {pull}\n  3. Créer manuellement la migration manquante{lacking}",
    ),
    "find-longer": Text(
        BAD,
        "Migration {revision} not found in the worktrees. These begin with it, and an id has to be whole:\n{longer:lines}",
        "Migration {revision} introuvable dans les worktrees. Celles-ci commencent ainsi, et il faut l'identifiant "
        "entier :\n{longer:lines}",
    ),
    "unread-nothing": Text(PLAIN, "", ""),
    "unread-files": Text(
        PLAIN,
        "\nThese files mention it and cannot be read as migrations. If it is one of them, mend it there:\n{files:lines}",
        "\nCes fichiers la mentionnent et sont illisibles comme migrations. Si c'est l'un d'eux, le réparer là-bas :\n{files:lines}",
    ),
    "unread-file": Text(PLAIN, "{path}: {reason:of reason}", "{path} ({reason:of reason})"),
    "lacking-nothing": Text(PLAIN, "", ""),
    "lacking-history": Text(
        PLAIN,
        "\n  4. This clone is shallow. Get the rest of it: {command}",
        "\n  4. Ce clone est superficiel. Récupérer le reste : {command}",
    ),
    "lacking-contents": Text(
        PLAIN,
        "\n  4. This clone is partial, and nothing is fetched unasked. Get its migrations: {command}",
        "\n  4. Ce clone est partiel, et rien n'est téléchargé sans demande. Récupérer ses migrations : {command}",
    ),
    "gap": Text(
        PLAIN,
        "Migration {revision} not found in the worktrees",
        "Migration {revision} introuvable dans les worktrees",
    ),
    "gap-needed": Text(
        PLAIN,
        "Migration {revision} not found in the worktrees (needed by {needed_by:list}); nothing was copied",
        "Migration {revision} introuvable dans les worktrees (requise par {needed_by:list}) ; rien n'a été copié",
    ),
    "suggest-sync": Text(
        PLAIN,
        "Run /sync to get the migrations from {default}",
        "Exécuter /sync pour récupérer les migrations depuis {default}",
    ),
    "suggest-git": Text(
        PLAIN,
        "Get the migrations from {default}: {command}",
        "Récupérer les migrations depuis {default} : {command}",
    ),
    "no-project-there": Text(PLAIN, "{name} (no Alembic project)", "{name} (aucun projet Alembic)"),
    "parent-not-applied": Text(
        BAD,
        "{needed_by:list} in this checkout needs {revision}, which lies in {origin} but which the database has not "
        "applied, so it is not borrowed.\n  Get it with git (merge or rebase onto the branch of {origin}), or apply "
        "it in {origin} first.",
        "{needed_by:list} dans ce worktree requiert {revision}, qui se trouve dans {origin} mais que la base n'a pas "
        "appliquée ; elle n'est donc pas copiée.\n  La récupérer avec git (merge ou rebase sur la branche de "
        "{origin}), ou l'appliquer d'abord dans {origin}.",
    ),
    "rows-overlap-somewhere": Text(
        BAD,
        "One of the databases has {rows:list} as a row of its own, but by the files here another applied migration "
        "comes after it, so Alembic refuses: the parents of an applied migration were changed.\n"
        "  If all of them did run there, delete that row from its version table.",
        "Une des bases a {rows:list} comme ligne à part, mais d'après les fichiers d'ici une autre migration appliquée "
        "vient après ; Alembic refuse donc : les parents d'une migration appliquée ont changé.\n"
        "  Si toutes y ont bien été exécutées, supprimer cette ligne de sa table de version.",
    ),
    "rows-overlap": Text(
        BAD,
        "The database has {rows:list} as a row of its own, but by the files here another applied migration comes "
        "after it, so Alembic refuses: the parents of an applied migration were changed.\n"
        "  If all of them did run, let the rows say so: cd {folder:q} && {stamp}",
        "La base a {rows:list} comme ligne à part, mais d'après les fichiers d'ici une autre migration appliquée "
        "vient après ; Alembic refuse donc : les parents d'une migration appliquée ont changé.\n"
        "  Si toutes ont bien été exécutées, remettre les lignes en accord : cd {folder:q} && {stamp}",
    ),
    # What the archive knows better
    "another-ran": Text(
        BAD,
        "{revision} is applied, but what ran is another migration than the one here, which has not run. "
        "Nothing was done.\n  ran:  {ran}\n  here: {here}\n"
        "  To keep both, give the one here another id: revision in {path}\n"
        "  To have the one here instead, take back what ran: {take_back}\n"
        "  If the one here is what ran: alembic-worktrees upgrade --trust-files",
        "{revision} est appliquée, mais ce qui a été exécuté est une autre migration que celle d'ici, qui ne l'a pas "
        "été. Rien n'a été fait.\n  exécutée : {ran}\n  ici :      {here}\n"
        "  Pour garder les deux, donner un autre identifiant à celle d'ici : revision dans {path}\n"
        "  Pour avoir plutôt celle d'ici, défaire ce qui a été exécuté : {take_back}\n"
        "  Si c'est celle d'ici qui a été exécutée : alembic-worktrees upgrade --trust-files",
    ),
    "told-migration": Text(
        PLAIN, "“{title}”, after {parents:list}: {place}", "« {title} », après {parents:list} : {place}"
    ),
    "no-parent": Text(PLAIN, "nothing", "rien"),
    "forgotten": Text(
        BAD,
        "{revision} ran after {ran:list}, but by its file here it follows {now:list}: {path}\n"
        "  So no row of the database would lead to {forgotten:list} any more, and it would run a second time. "
        "Nothing was done.{still}\n"
        "  To give it back the parent with which it ran, write in that file: {line}\n"
        "  To let the new parent hold, change the rows of {database}:\n{sql:lines}\n"
        "  If {forgotten:list} was taken back since: alembic-worktrees upgrade --trust-files",
        "{revision} a été exécutée après {ran:list}, mais d'après son fichier d'ici elle suit {now:list} : {path}\n"
        "  Plus aucune ligne de la base ne mènerait donc à {forgotten:list}, qui serait exécutée une seconde fois. "
        "Rien n'a été fait.{still}\n"
        "  Pour lui rendre le parent avec lequel elle a été exécutée, écrire dans ce fichier : {line}\n"
        "  Pour garder le nouveau parent, changer les lignes de {database} :\n{sql:lines}\n"
        "  Si {forgotten:list} a été défaite depuis : alembic-worktrees upgrade --trust-files",
    ),
    "still-lies": Text(
        PLAIN,
        "\n  As it ran it lies in {place}; both cannot be right.",
        "\n  Telle qu'exécutée, elle est dans {place} ; les deux ne peuvent pas être justes.",
    ),
    "lies-nowhere": Text(PLAIN, "", ""),
    "skipped": Text(
        BAD,
        "{revision} ran after {ran:list}, but by its file here it follows {now:list}: {path}\n"
        "  So {skipped:list} would count as applied, and has never run. Nothing was done.\n"
        "  To run all in the new order, take back what ran, then upgrade: {take_back}\n"
        "  To give it back the parent with which it ran, write in that file: {line}\n"
        "  If {skipped:list} did run: alembic-worktrees upgrade --trust-files",
        "{revision} a été exécutée après {ran:list}, mais d'après son fichier d'ici elle suit {now:list} : {path}\n"
        "  {skipped:list} compterait donc comme appliquée, sans avoir jamais été exécutée. Rien n'a été fait.\n"
        "  Pour tout exécuter dans le nouvel ordre, défaire ce qui a été exécuté, puis mettre à jour : {take_back}\n"
        "  Pour lui rendre le parent avec lequel elle a été exécutée, écrire dans ce fichier : {line}\n"
        "  Si {skipped:list} a bien été exécutée : alembic-worktrees upgrade --trust-files",
    ),
    "left-behind": Text(
        BAD,
        "{left:list}, borrowed here from {origins:list}, was applied when this checkout looked last. Now no row of the "
        "database leads to it, and {rows:list} was applied meanwhile, not through us. If that one was built on it and "
        "got another parent since, the database has forgotten it, and it would run a second time. Nothing was done.\n"
        "  If so, change the rows of {database}:\n{sql:lines}\n"
        "  If it was taken back: {remove}",
        "{left:list}, empruntée ici à {origins:list}, était appliquée au dernier regard de ce worktree. Plus aucune "
        "ligne de la base n'y mène, et {rows:list} a été appliquée entre-temps, pas par nous. Si celle-ci la suivait "
        "et a changé de parent depuis, la base l'a oubliée, et elle serait exécutée une seconde fois. Rien n'a été "
        "fait.\n  Dans ce cas, changer les lignes de {database} :\n{sql:lines}\n"
        "  Si elle a été défaite : {remove}",
    ),
    "on-borrowed": Text(
        BAD,
        "{revision} is not applied yet, and follows {parents:list}, which is only borrowed here, from {origins:list}. "
        "Once it is applied, the database goes by that parent. The database was not changed.\n"
        "  Give it an own parent first, in {path}, line {number}:\n    {before}\n  → {after}\n"
        "  If that parent is meant, because git will bring it: alembic-worktrees upgrade --on-borrowed",
        "{revision} n'est pas encore appliquée, et suit {parents:list}, seulement empruntée ici, à {origins:list}. "
        "Une fois appliquée, la base tient à ce parent. La base n'a pas été modifiée.\n"
        "  Lui donner d'abord un parent à elle, dans {path}, ligne {number} :\n    {before}\n  → {after}\n"
        "  Si ce parent est voulu, parce que git l'apportera : alembic-worktrees upgrade --on-borrowed",
    ),
    "duplicate-here": Text(
        BAD,
        "Two files of this checkout define {revision}; Alembic cannot tell them apart:\n{files:lines}\n"
        "  Keep one and remove the other, for example: {remove}",
        "Deux fichiers de ce worktree définissent {revision} ; Alembic ne peut pas les distinguer :\n{files:lines}\n"
        "  En garder un et retirer l'autre, par exemple : {remove}",
    ),
    "origin-unknown": Text(
        BAD,
        "Nothing here is called {origin}: no checkout, branch, tag, stash or commit. The checkouts:\n{known:lines}",
        "Rien ici ne s'appelle {origin} : ni worktree, ni branche, tag, stash ou commit. Les worktrees :\n{known:lines}",
    ),
    "upgrade-failed": Text(
        BAD,
        "Alembic could not upgrade; its own words stand above. See it again with: cd {folder:q} && {command}",
        "Alembic n'a pas pu mettre à jour ; ses propres mots sont ci-dessus. "
        "Pour les revoir : cd {folder:q} && {command}",
    ),
    "migration-failed": Text(
        BAD,
        "Alembic could not upgrade: {revision} failed, as its own words above say: {path}. "
        "See it again with: cd {folder:q} && {command}",
        "Alembic n'a pas pu mettre à jour : {revision} a échoué, comme ses propres mots le disent ci-dessus : {path}. "
        "Pour les revoir : cd {folder:q} && {command}",
    ),
    "attempts-exhausted": Text(
        BAD,
        "Still not upgraded after {count} attempts: other checkouts keep applying new migrations. "
        "Run it again when they are done.",
        "Toujours pas à jour après {count} tentatives : d'autres worktrees appliquent sans cesse de nouvelles "
        "migrations. Relancer quand ils ont fini.",
    ),
    "not-kept": Text(
        BAD,
        "The database has what stands above, but it could not be kept in the archive: {command} failed in {folder}:\n"
        "{words}\n  Mend that, then run it again; see what is broken with: git -C {folder:q} fsck",
        "La base a ce qui est ci-dessus, mais impossible de le garder dans l'archive : {command} a échoué dans "
        "{folder} :\n{words}\n  Réparer cela, puis relancer ; pour voir ce qui est abîmé : git -C {folder:q} fsck",
    ),
    "cannot-print": Text(
        BAD,
        "Cannot write to standard output: {reason}. Let it lead where there is room, then run it again.",
        "Impossible d'écrire sur la sortie standard : {reason}. La diriger là où il y a de la place, puis relancer.",
    ),
    "locale-lacks": Text(
        BAD,
        "The encoding of this locale, {encoding}, has no way to write {name}. Run it again with: export LC_ALL=C.UTF-8",
        "L'encodage de cette locale, {encoding}, ne permet pas d'écrire {name}. Relancer avec : export LC_ALL=C.UTF-8",
    ),
    "cwd-gone": Text(
        BAD,
        "The current folder is gone: somebody has removed or replaced it. Change to one that is there, with cd.",
        "Le dossier courant n'existe plus : quelqu'un l'a retiré ou remplacé. Aller dans un autre, avec cd.",
    ),
    "machine-failed": Text(
        BAD,
        "Cannot go on: {what}: {reason}. No file is half written. Mend that, then run it again.",
        "Impossible de continuer : {what} : {reason}. Aucun fichier n'est écrit à moitié. Réparer cela, puis relancer.",
    ),
    "probe-failed": Text(
        BAD,
        "The database could not be asked what is applied; Alembic's own words stand above. "
        "Is it running, and is its address right? See it again with: cd {folder:q} && {command}",
        "Impossible de demander à la base ce qui est appliqué ; les mots d'Alembic sont ci-dessus. "
        "Est-elle démarrée, et son adresse est-elle juste ? Pour les revoir : cd {folder:q} && {command}",
    ),
    "python-lacks": Text(
        BAD,
        "{python} cannot load env.py: {reason}. Is it this project's Python? Activate the project's virtualenv, or set "
        "python under [tool.alembic-worktrees] in pyproject.toml. See it again with: cd {folder:q} && {command}",
        "{python} ne peut pas charger env.py : {reason}. Est-ce le Python de ce projet ? Activer son virtualenv, ou définir "
        "python sous [tool.alembic-worktrees] dans pyproject.toml. Pour le revoir : cd {folder:q} && {command}",
    ),
    "database-down": Text(
        BAD,
        "The database could not be asked what is applied ({reason}). Start it, or correct its address. "
        "All that Alembic says is shown with -v, or by: cd {folder:q} && {command}",
        "Impossible de demander à la base ce qui est appliqué ({reason}). La démarrer, ou corriger son adresse. "
        "Tout ce que dit Alembic s'affiche avec -v, ou par : cd {folder:q} && {command}",
    ),
    "direct-silent": Text(
        WARN,
        "The database that database-url names has not answered within {seconds} seconds; asking through env.py.",
        "La base que nomme database-url n'a pas répondu en {seconds} secondes ; demande à travers env.py.",
    ),
    "no-database": Text(
        BAD,
        "{env} came to its end without asking a database, so nothing says what is applied. See it with: "
        "cd {folder:q} && {command}",
        "{env} s'est terminé sans interroger de base ; rien ne dit donc ce qui est appliqué. Pour le voir : "
        "cd {folder:q} && {command}",
    ),
    "not-local": Text(
        BAD,
        "{database} is not a local database, {why}; it is upgraded only if you say so: add --remote-database, or put "
        "its host under [tool.alembic-worktrees] in pyproject.toml: remote-database = [{host:toml}]",
        "{database} n'est pas une base locale, {why} ; elle n'est mise à jour que sur demande : ajouter "
        "--remote-database, ou son hôte sous [tool.alembic-worktrees] dans pyproject.toml : "
        "remote-database = [{host:toml}]",
    ),
    "ask-not-local": Text(
        WARN,
        "{database} is not a local database, {why}. Upgrade it? [y/N] ",
        "{database} n'est pas une base locale, {why}. La mettre à jour ? [o/N] ",
    ),
    "remote-address": Text(
        PLAIN,
        "for {host} is not this machine's loopback address",
        "car {host} n'est pas l'adresse de bouclage de cette machine",
    ),
    "remote-name": Text(
        PLAIN,
        "for {host} is {address}, not this machine's loopback address",
        "car {host} est {address}, et non l'adresse de bouclage de cette machine",
    ),
    "remote-unknown": Text(
        PLAIN,
        "for no address of {host} is known here",
        "car aucune adresse de {host} n'est connue ici",
    ),
    "no-alembic": Text(
        BAD,
        "No Python here can import alembic. Tried:\n{tried:lines}\n"
        "  Activate the project's virtualenv, or install alembic in it, or set python under "
        "[tool.alembic-worktrees] in pyproject.toml",
        "Aucun Python ici ne peut importer alembic. Essayés :\n{tried:lines}\n"
        "  Activer le virtualenv du projet, ou y installer alembic, ou définir python sous "
        "[tool.alembic-worktrees] dans pyproject.toml",
    ),
    "python-unfit": Text(
        BAD,
        "The Python that the setting names cannot import alembic:\n{tried:lines}\n"
        "  Correct python under [tool.alembic-worktrees] in pyproject.toml, or install alembic there.",
        "Le Python que nomme le réglage ne peut pas importer alembic :\n{tried:lines}\n"
        "  Corriger python sous [tool.alembic-worktrees] dans pyproject.toml, ou y installer alembic.",
    ),
    "runner-died": Text(
        BAD,
        "Alembic's process ended (status {status}) before it answered. See why with: cd {folder:q} && {command}",
        "Le processus d'Alembic s'est arrêté (statut {status}) sans répondre. "
        "Pour voir pourquoi : cd {folder:q} && {command}",
    ),
    "package-missing": Text(
        BAD,
        "The Alembic config in {folder} says {location}, but no package {package} with this folder is found: not here, "
        "nor by this project's Python. See it with: cd {folder:q} && alembic heads\n"
        "  Install the project (pip install --editable .), or set prepend_sys_path in the config, or write the location "
        "as a path: %(here)s/…",
        "La configuration d'Alembic dans {folder} dit {location}, mais aucun paquet {package} avec ce dossier n'est trouvé : "
        "ni ici, ni par le Python de ce projet. Pour le voir : cd {folder:q} && alembic heads\n"
        "  Installer le projet (pip install --editable .), ou définir prepend_sys_path dans la configuration, ou écrire "
        "l'emplacement comme un chemin : %(here)s/…",
    ),
    "from-home": Text(
        WARN,
        "{here} is in no Alembic project; this is about {folder}, where the functions were sourced from last.",
        "{here} n'est dans aucun projet Alembic ; il s'agit de {folder}, d'où les fonctions ont été chargées en dernier.",
    ),
    "folder-missing": Text(
        BAD,
        "There is no folder {folder}. Name the folder that has alembic.ini, for example: {call:text} backend",
        "Le dossier {folder} n'existe pas. Nommer celui qui contient alembic.ini, par exemple : {call:text} backend",
    ),
    "no-config": Text(
        BAD,
        "No Alembic project in {folder}: there is no alembic.ini with a script_location, nor [tool.alembic] in "
        "pyproject.toml. Name its folder, for example: {call:text} backend",
        "Aucun projet Alembic dans {folder} : ni alembic.ini avec script_location, ni [tool.alembic] dans "
        "pyproject.toml. Nommer son dossier, par exemple : {call:text} backend",
    ),
    "no-config-but": Text(
        BAD,
        "No Alembic project in {folder}, but this checkout has one in:\n{found:lines}\n"
        "  Name it: {call:text} {first:q}",
        "Aucun projet Alembic dans {folder}, mais ce worktree en a un dans :\n{found:lines}\n"
        "  Le nommer : {call:text} {first:q}",
    ),
    "config-unreadable": Text(
        BAD,
        "{path} cannot be read as Alembic reads it: {reason}",
        "{path} ne peut pas être lu comme Alembic le lit : {reason}",
    ),
    "scripts-missing": Text(
        BAD,
        "The Alembic config in {folder} says script_location = {location}, but there is no such folder. "
        "Correct script_location, or create it with: cd {folder:q} && {starter:q} init {location:q}",
        "La configuration d'Alembic dans {folder} dit script_location = {location}, mais ce dossier n'existe pas. "
        "Corriger script_location, ou le créer : cd {folder:q} && {starter:q} init {location:q}",
    ),
    "database-url-unset": Text(
        BAD,
        "The setting database-url reads the variable {name}, which is not set. Set it, or remove database-url under "
        "[tool.alembic-worktrees] in pyproject.toml",
        "Le réglage database-url lit la variable {name}, qui n'est pas définie. La définir, ou retirer database-url "
        "sous [tool.alembic-worktrees] dans pyproject.toml",
    ),
    "setting-unknown": Text(
        BAD,
        "{path}: unknown key {setting} under [tool.alembic-worktrees]{suggestion:hint}",
        "{path} : clé inconnue {setting} sous [tool.alembic-worktrees]{suggestion:hint}",
    ),
    "did-you-mean": Text(PLAIN, "; did you mean {it}?", " ; vouliez-vous dire {it} ?"),
    "setting-invalid": Text(
        BAD,
        "{path}: {setting} under [tool.alembic-worktrees] must be: {expected}",
        "{path} : {setting} sous [tool.alembic-worktrees] doit être : {expected}",
    ),
    "git-failed": Text(
        BAD,
        "{command} failed in {folder}:\n{words:text}\n  If that names no cure, see what is broken: git -C {folder:q} fsck",
        "{command} a échoué dans {folder} :\n{words:text}\n"
        "  Si cela ne nomme aucun remède, voir ce qui est abîmé : git -C {folder:q} fsck",
    ),
    "git-too-old": Text(
        BAD,
        "{program} is too old: {found}. This needs git {needed} or newer. Install one, or put its folder first on PATH.",
        "{program} est trop ancien : {found}. Il faut git {needed} ou plus récent. L'installer, ou mettre son dossier "
        "en tête de PATH.",
    ),
    "repository-broken": Text(
        BAD,
        "{mark} says that this is a checkout, but git finds no repository there; nothing was done. It says:\n{words:text}\n"
        "  If a worktree or its main one was moved, run in the main one: git worktree repair {folder:q}",
        "{mark} dit que ceci est un worktree, mais git n'y trouve aucun dépôt ; rien n'a été fait. Il dit :\n{words:text}\n"
        "  Si un worktree ou le principal a été déplacé, lancer dans le principal : git worktree repair {folder:q}",
    ),
    "program-missing": Text(
        BAD,
        "{program} is not installed, or not on PATH. Install it, or add its folder to PATH, then run it again.",
        "{program} n'est pas installé, ou n'est pas dans PATH. L'installer ou ajouter son dossier à PATH, puis relancer.",
    ),
    "cannot-write": Text(
        BAD,
        "Cannot write {path}: {reason}. Nothing was borrowed. Free space or allow writing there, then run it again.",
        "Impossible d'écrire {path} : {reason}. Rien n'a été copié. "
        "Libérer de la place ou autoriser l'écriture, puis relancer.",
    ),
    "leads-out": Text(
        BAD,
        "{folder} is {real}, which git does not see as a folder of {root}, so nothing was borrowed. Make it a folder "
        "of this checkout, without a link on the way, or name one as version_locations in the Alembic config.",
        "{folder} est {real}, que git ne voit pas comme un dossier de {root} ; rien n'a donc été copié. En faire un "
        "dossier de ce worktree, sans lien sur le chemin, ou en nommer un dans version_locations de la "
        "configuration Alembic.",
    ),
    "not-ignored": Text(
        BAD,
        "Git would not ignore {path}, so it was not borrowed: another .gitignore insists on it. See which with: "
        "git check-ignore -v {path:q}",
        "Git n'ignorerait pas {path}, qui n'a donc pas été copié : un autre .gitignore l'impose. Voir lequel : "
        "git check-ignore -v {path:q}",
    ),
    "no-place-for-record": Text(
        BAD,
        "Every folder from {folder} up to {root} has a .gitignore of its own, so there is no place for the record of "
        "borrowed files. Merge one of them into another above it, for example: "
        "cat {folder:q}/.gitignore >> {above:q}/.gitignore && rm {folder:q}/.gitignore",
        "Chaque dossier de {folder} à {root} a son propre .gitignore ; il ne reste aucune place pour noter les "
        "fichiers empruntés. En fusionner un dans un autre au-dessus, par exemple : "
        "cat {folder:q}/.gitignore >> {above:q}/.gitignore && rm {folder:q}/.gitignore",
    ),
    "usage": Text(BAD, "{words:text}\n  Help: {command} --help", "{words:text}\n  Aide : {command} --help"),
    "interrupted": Text(BAD, "Interrupted.", "Interrompu."),
    "interrupted-upgrade": Text(
        BAD,
        "Interrupted. In {database:list} applied before that: {done:list}; not applied: {left:list}.",
        "Interrompu. Dans {database:list}, appliquées avant cela : {done:list} ; non appliquées : {left:list}.",
    ),
    "interrupted-unknown": Text(
        BAD,
        "Interrupted. Alembic did not stop in order and was ended; its server may still be at work on the last "
        "statement. See what is applied with: cd {folder:q} && {command}",
        "Interrompu. Alembic ne s'est pas arrêté de lui-même et a été tué ; son serveur exécute peut-être encore la "
        "dernière instruction. Pour voir ce qui est appliqué : cd {folder:q} && {command}",
    ),
    "none": Text(PLAIN, "none", "aucune"),
    "bug": Text(
        BAD,
        "This is a bug of alembic-worktrees, not of your project. Please report it with all that follows:\n\n{report:text}",
        "C'est un bogue d'alembic-worktrees, pas de votre projet. Merci de le signaler avec tout ce qui suit :\n\n"
        "{report:text}",
    ),
    # The demo
    "demo-begin": Text(
        TITLE,
        "In a temporary folder: a real git repository, and a real PostgreSQL that takes a few seconds to start.",
        "Dans un dossier temporaire : un vrai dépôt git, et un vrai PostgreSQL qui met quelques secondes à démarrer.",
    ),
    "demo-worktrees": Text(
        TITLE,
        "One project in three worktrees. All share one database:",
        "Un projet en trois worktrees. Tous partagent une base :",
    ),
    "demo-feature": Text(
        TITLE,
        "In feature A, somebody adds a table. Its migration is applied to the shared database:",
        "Dans feature A, quelqu'un ajoute une table. Sa migration est appliquée à la base partagée :",
    ),
    "demo-problem": Text(
        TITLE,
        "THE PROBLEM. Feature B has no file for that migration, so there Alembic gives up:",
        "LE PROBLÈME. Feature B n'a pas le fichier de cette migration ; Alembic y abandonne :",
    ),
    "demo-cure": Text(
        TITLE,
        "THE CURE. The missing migration is borrowed from the worktree that has it:",
        "LE REMÈDE. La migration manquante est copiée depuis le worktree qui l'a :",
    ),
    "demo-works": Text(
        TITLE,
        "In feature B Alembic works again, and git sees no change:",
        "Dans feature B, Alembic marche de nouveau, et git ne voit aucun changement :",
    ),
    "demo-list": Text(
        TITLE,
        "Who has which migration:",
        "Qui a quelle migration :",
    ),
    "demo-merge": Text(
        TITLE,
        "Later, git brings the original. The borrowed file is not in its way:",
        "Plus tard, git apporte l'original. Le fichier copié ne le gêne pas :",
    ),
    "demo-end": Text(
        OK,
        "Done. The repository and the database are gone again, nothing of this is left on your machine.\n"
        "  In your own repository: alembic-worktrees init",
        "Terminé. Le dépôt et la base ont disparu, il n'en reste rien sur votre machine.\n"
        "  Dans votre dépôt : alembic-worktrees init",
    ),
    "demo-blank": Text(PLAIN, "", ""),
    "demo-prompt": Text(PLAIN, "$ {command}", "$ {command}"),
    "demo-extra-missing": Text(
        BAD,
        "The demo needs a PostgreSQL of its own, which is not installed here. Install it with:\n  {command}",
        "La démo a besoin de son propre PostgreSQL, qui n'est pas installé ici. Pour l'installer :\n  {command}",
    ),
    "demo-no-postgres": Text(
        BAD,
        "The PostgreSQL of the demo does not run here; {program} says:\n{words:text}",
        "Le PostgreSQL de la démo ne fonctionne pas ici ; {program} dit :\n{words:text}",
    ),
    "demo-not-prepared": Text(
        BAD,
        "The repository of the demo could not be made:\n{words:text}",
        "Le dépôt de la démo n'a pas pu être créé :\n{words:text}",
    ),
    "demo-astray": Text(
        BAD,
        "The demo did not go as it should: this ended with status {status}:\n{command}",
        "La démo ne s'est pas déroulée comme prévu : ceci s'est terminé avec le statut {status} :\n{command}",
    ),
    # Help
    "help-program": Text(
        PLAIN,
        "Many worktrees, one Alembic database: borrow the migrations that are missing here, and upgrade.",
        "Plusieurs worktrees, une base Alembic : copier les migrations qui manquent ici, et mettre à jour.",
    ),
    "help-usage": Text(PLAIN, "usage: ", "utilisation : "),
    "help-positionals": Text(PLAIN, "arguments", "arguments"),
    "help-options": Text(PLAIN, "options", "options"),
    "help-help": Text(PLAIN, "show this help", "afficher cette aide"),
    "help-version": Text(PLAIN, "print the version", "afficher la version"),
    "help-verbose": Text(
        PLAIN,
        "name every file that was skipped, and show all that Alembic says of a database that is down",
        "nommer chaque fichier ignoré, et montrer tout ce que dit Alembic d'une base arrêtée",
    ),
    "help-upgrade": Text(
        PLAIN,
        "borrow what is missing here, then run `alembic upgrade heads`",
        "copier ce qui manque ici, puis lancer `alembic upgrade heads`",
    ),
    "help-upgrade-example": Text(
        PLAIN, "Example: alembic-worktrees upgrade backend", "Exemple : alembic-worktrees upgrade backend"
    ),
    "help-copy": Text(PLAIN, "borrow what is missing here, no more", "copier ce qui manque ici, sans plus"),
    "help-copy-example": Text(
        PLAIN, "Example: alembic-worktrees copy --dry-run", "Exemple : alembic-worktrees copy --dry-run"
    ),
    "help-find": Text(
        PLAIN,
        "print the path of a migration, in whatever checkout",
        "afficher le chemin d'une migration, où qu'elle soit",
    ),
    "help-find-example": Text(
        PLAIN, "Example: alembic-worktrees find a1b2c3d4", "Exemple : alembic-worktrees find a1b2c3d4"
    ),
    "help-list": Text(
        PLAIN, "list the migrations of every checkout", "lister les migrations de chaque worktree"
    ),
    "help-list-example": Text(
        PLAIN, "Example: alembic-worktrees list --json", "Exemple : alembic-worktrees list --json"
    ),
    "help-status": Text(
        PLAIN,
        "show where each checkout and the database stand, and the next step",
        "montrer où en sont chaque worktree et la base, et l'étape suivante",
    ),
    "help-status-example": Text(
        PLAIN,
        "Example: alembic-worktrees status\nChanges nothing. If the database does not answer, the rest is shown, and the status is 1.",
        "Exemple : alembic-worktrees status\nNe change rien. Si la base ne répond pas, le reste est affiché, et le statut est 1.",
    ),
    "help-graph": Text(
        PLAIN,
        "draw the revisions of all checkouts together",
        "dessiner ensemble les révisions de tous les worktrees",
    ),
    "help-graph-example": Text(
        PLAIN,
        "Examples:\n  alembic-worktrees graph\n  alembic-worktrees graph -o migrations.svg\nChanges nothing else. Without an answer from the database the picture says nothing of it, and the status is still 0.",
        "Exemples :\n  alembic-worktrees graph\n  alembic-worktrees graph -o migrations.svg\nNe change rien d'autre. Sans réponse de la base, l'image n'en dit rien, et le statut reste 0.",
    ),
    "help-format": Text(
        PLAIN,
        "text, svg or mermaid (default: by the end of FILE, else text)",
        "text, svg ou mermaid (par défaut : d'après la fin de FILE, sinon text)",
    ),
    "help-all": Text(PLAIN, "fold nothing", "ne rien replier"),
    "help-no-database": Text(PLAIN, "do not ask the database", "ne pas interroger la base"),
    "help-output": Text(PLAIN, "write to FILE", "écrire dans FILE"),
    "help-force": Text(PLAIN, "overwrite FILE", "écraser FILE"),
    "help-check": Text(
        PLAIN,
        "check that the migrations are complete, without a database",
        "vérifier que les migrations sont complètes, sans base",
    ),
    "help-check-example": Text(
        PLAIN,
        "Examples:\n  alembic-worktrees check --staged\n  alembic-worktrees check --ref HEAD --since origin/main",
        "Exemples :\n  alembic-worktrees check --staged\n  alembic-worktrees check --ref HEAD --since origin/main",
    ),
    "help-staged": Text(
        PLAIN,
        "what the next commit makes worse (a git hook)",
        "ce que le prochain commit aggrave (un hook git)",
    ),
    "help-pushed": Text(
        PLAIN,
        "what a push makes worse, as git tells it on standard input (a git hook)",
        "ce qu'un push aggrave, tel que git le dit sur l'entrée standard (un hook git)",
    ),
    "help-ref": Text(PLAIN, "what this commit records", "ce que ce commit enregistre"),
    "help-since": Text(
        PLAIN, "only what is worse than in this commit", "seulement ce qui est pire que dans ce commit"
    ),
    "help-database": Text(PLAIN, "compare with the database too", "comparer aussi avec la base"),
    "help-protect": Text(
        PLAIN,
        "refuse a commit that deletes or edits a published migration (a git hook)",
        "refuser un commit qui supprime ou modifie une migration publiée (un hook git)",
    ),
    "help-protect-example": Text(
        PLAIN, "Example: alembic-worktrees protect", "Exemple : alembic-worktrees protect"
    ),
    "help-report": Text(
        PLAIN,
        "say what a merge, rebase or checkout brought (a git hook)",
        "dire ce qu'un merge, rebase ou checkout a apporté (un hook git)",
    ),
    "help-report-example": Text(
        PLAIN, "Example: alembic-worktrees report post-merge", "Exemple : alembic-worktrees report post-merge"
    ),
    "help-hook": Text(PLAIN, "the hook's name and its arguments", "le nom du hook et ses arguments"),
    "help-init": Text(
        PLAIN,
        "put the shell file and the hooks into this repository",
        "installer le fichier shell et les hooks dans ce dépôt",
    ),
    "help-init-example": Text(
        PLAIN,
        "Example: alembic-worktrees init --with dev,claude",
        "Exemple : alembic-worktrees init --with dev,claude",
    ),
    "help-with": Text(
        PLAIN,
        "also scripts/dev.sh, and /sync and /finish for Claude",
        "aussi scripts/dev.sh, et /sync et /finish pour Claude",
    ),
    "help-yes": Text(PLAIN, "write without asking", "écrire sans demander"),
    "help-remove": Text(PLAIN, "take it all out again", "tout retirer"),
    "help-purge": Text(
        PLAIN,
        "with --remove: also the archive, and what was borrowed in this worktree",
        "avec --remove : aussi l'archive, et ce qui a été emprunté dans ce worktree",
    ),
    "help-shim": Text(PLAIN, "print the shell file", "afficher le fichier shell"),
    "help-shim-example": Text(
        PLAIN,
        "Example: alembic-worktrees shim --shell bash > scripts/alembic-utils.sh",
        "Exemple : alembic-worktrees shim --shell bash > scripts/alembic-utils.sh",
    ),
    "help-completion": Text(
        PLAIN,
        "print what lets a shell complete our commands, options and revisions",
        "afficher ce qui permet à un shell de compléter commandes, options et révisions",
    ),
    "help-completion-example": Text(
        PLAIN,
        "Examples:\n"
        '  bash, in ~/.bashrc:                 eval "$(alembic-worktrees completion --shell bash)"\n'
        '  zsh, in ~/.zshrc, after compinit:   eval "$(alembic-worktrees completion --shell zsh)"\n'
        "  fish, once:   alembic-worktrees completion --shell fish > ~/.config/fish/completions/alembic-worktrees.fish",
        "Exemples :\n"
        '  bash, dans ~/.bashrc :                 eval "$(alembic-worktrees completion --shell bash)"\n'
        '  zsh, dans ~/.zshrc, après compinit :   eval "$(alembic-worktrees completion --shell zsh)"\n'
        "  fish, une fois :   alembic-worktrees completion --shell fish > ~/.config/fish/completions/alembic-worktrees.fish",
    ),
    "help-demo": Text(
        PLAIN,
        "show the problem and the cure on a real repository and a real PostgreSQL",
        "montrer le problème et le remède sur un vrai dépôt et un vrai PostgreSQL",
    ),
    "help-demo-example": Text(PLAIN, "Example: alembic-worktrees demo", "Exemple : alembic-worktrees demo"),
    "help-adopt": Text(
        PLAIN,
        "make borrowed migrations, and the borrowed ones that they need, this branch's own",
        "rendre propres à cette branche des migrations empruntées, et celles dont elles dépendent",
    ),
    "help-adopt-example": Text(
        PLAIN, "Example: alembic-worktrees adopt a1b2c3d4", "Exemple : alembic-worktrees adopt a1b2c3d4"
    ),
    "help-merge": Text(
        PLAIN,
        "join this branch's own heads with a merge migration, never the borrowed ones",
        "fusionner les têtes propres à cette branche, jamais celles empruntées",
    ),
    "help-merge-example": Text(
        PLAIN,
        'Example: alembic-worktrees merge -m "join the heads"',
        'Exemple : alembic-worktrees merge -m "joindre les têtes"',
    ),
    "help-stage": Text(
        PLAIN, "stage the new migration, as with git add", "indexer la nouvelle migration, comme git add"
    ),
    "help-message": Text(PLAIN, "the message of the merge migration", "le message de la migration de fusion"),
    "help-its-id": Text(PLAIN, "the whole id of a migration", "l'identifiant complet d'une migration"),
    "help-directory": Text(
        PLAIN,
        "the folder of the Alembic project (default: backend, else here, else the nearest above)",
        "le dossier du projet Alembic (par défaut : backend, sinon ici, sinon le plus proche au-dessus)",
    ),
    "help-config": Text(PLAIN, "as for alembic, from DIR", "comme pour alembic, depuis DIR"),
    "help-section": Text(
        PLAIN, "as for alembic: the section of the ini", "comme pour alembic : la section de l'ini"
    ),
    "help-argument": Text(
        PLAIN, "as for alembic: a word for env.py", "comme pour alembic : un mot pour env.py"
    ),
    "help-from": Text(
        PLAIN,
        "where copies differ, take that of this checkout",
        "si des copies diffèrent, prendre celle de ce worktree",
    ),
    "help-target": Text(
        PLAIN,
        "upgrade to this revision (default: heads)",
        "mettre à jour jusqu'à cette révision (par défaut : heads)",
    ),
    "help-max-attempts": Text(
        PLAIN,
        "how often to look again if others upgrade meanwhile (default: 3)",
        "combien de fois recommencer si d'autres mettent à jour entre-temps (par défaut : 3)",
    ),
    "help-review": Text(
        PLAIN,
        "show each file that would be borrowed, and ask before it is",
        "montrer chaque fichier qui serait copié, et demander avant de le faire",
    ),
    "help-no-review": Text(
        PLAIN, "do not, whatever the setting says", "ne pas le faire, quoi que dise le réglage"
    ),
    "help-on-borrowed": Text(
        PLAIN,
        "apply own migrations also where they follow borrowed ones",
        "appliquer les migrations propres même si elles suivent une migration empruntée",
    ),
    "help-trust-files": Text(
        PLAIN,
        "take what lies here for what ran, whatever the archive says",
        "tenir ce qui est ici pour ce qui a été exécuté, quoi que dise l'archive",
    ),
    "help-remote-database": Text(
        PLAIN, "upgrade also a database that is not local", "mettre à jour même une base qui n'est pas locale"
    ),
    "help-dry-run": Text(PLAIN, "only print what would be done", "seulement afficher ce qui serait fait"),
    "help-json": Text(PLAIN, "print JSON", "afficher du JSON"),
    "help-shell": Text(
        PLAIN,
        "the shell to print for (default: the one that runs this)",
        "le shell visé (par défaut : celui en cours)",
    ),
    # Why a path was skipped
    "reason-outside": Text(PLAIN, "a link that leads out of the checkout", "un lien qui sort du worktree"),
    "reason-not-a-file": Text(PLAIN, "not a plain file", "pas un fichier ordinaire"),
    "reason-location-outside": Text(
        PLAIN, "a folder of migrations outside of the checkout", "un dossier de migrations hors du worktree"
    ),
    "reason-too-many": Text(
        PLAIN, "it holds more than a project ever has", "il contient plus qu'aucun projet n'en a"
    ),
    "reason-too-large": Text(PLAIN, "too large for a migration", "trop gros pour une migration"),
    "reason-gone": Text(PLAIN, "the link leads nowhere", "le lien ne mène nulle part"),
    "reason-denied": Text(PLAIN, "may not be read", "lecture refusée"),
    "reason-failing": Text(PLAIN, "reading it fails", "sa lecture échoue"),
    "reason-syntax": Text(PLAIN, "not valid Python", "Python invalide"),
    "reason-compiled": Text(
        PLAIN,
        "compiled, and without its source: what it declares is not known",
        "compilé, et sans sa source : ce qu'il déclare est inconnu",
    ),
    "reason-encoding": Text(PLAIN, "not text in its encoding", "texte illisible dans son encodage"),
    "reason-no-revision": Text(PLAIN, "no revision in it", "aucune revision dedans"),
    "reason-no-down-revision": Text(PLAIN, "no down_revision in it", "aucun down_revision dedans"),
    "reason-cut-short": Text(
        PLAIN,
        "git took too long, so not all of its history was searched",
        "git a mis trop de temps, son historique n'a pas été tout parcouru",
    ),
    "reason-git-failed": Text(PLAIN, "git cannot read it", "git ne peut pas le lire"),
    "reason-computed-id": Text(PLAIN, "its revision is computed", "sa revision est calculée"),
    "reason-not-a-string": Text(PLAIN, "its revision is not a string", "sa revision n'est pas une chaîne"),
    "reason-foreign-owner": Text(
        PLAIN, "the folder belongs to another user", "le dossier est à un autre utilisateur"
    ),
    "reason-not-kin": Text(
        PLAIN,
        "another project: it shares neither a root commit nor a base migration with this one",
        "un autre projet : ni commit racine ni migration de base en commun avec celui-ci",
    ),
    "reason-config-unreadable": Text(
        PLAIN, "its Alembic config cannot be read", "sa configuration Alembic est illisible"
    ),
    "reason-package-missing": Text(
        PLAIN,
        "the package of its script_location is not found",
        "le paquet de son script_location est introuvable",
    ),
    "reason-scripts-missing": Text(
        PLAIN, "its script_location is not there", "son script_location n'existe pas"
    ),
    # A new migration
    "kept-of-others": Text(
        STEP,
        "Left out: {operation}. Others' work: {makers}",
        "Laissé de côté : {operation}. Travail d'autrui : {makers}",
    ),
    "kept-of-unknown": Text(
        STEP,
        "Left out: {operation}. The published models want that too, so it is not this branch's doing",
        "Laissé de côté : {operation}. Les modèles publiés le veulent aussi ; ce n'est donc pas l'œuvre de cette branche",
    ),
    "maker": Text(PLAIN, "{revision} ({origin})", "{revision} ({origin})"),
    "makers": Text(PLAIN, "{makers:list}", "{makers:list}"),
    "makers-unknown": Text(
        PLAIN,
        "something that no migration found here names",
        "quelque chose que nomme aucune migration trouvée ici",
    ),
    "done-by-others": Text(
        WARN,
        "{operation}: these models want it, and the database has it already by {makers}. So it is not in this migration, "
        "and a database without that will lack it",
        "{operation} : ces modèles le veulent, et la base l'a déjà par {makers}. Ce n'est donc pas dans cette migration, "
        "et une base sans cela ne l'aura pas",
    ),
    "contested": Text(
        WARN,
        "{operation}: this migration takes back what {makers} has done to the same thing",
        "{operation} : cette migration défait ce que {makers} a fait à la même chose",
    ),
    "judged-by-names": Text(
        WARN,
        "The published models could not be compared ({reason}), so it was judged by names: what only others' migrations "
        "name is left out. Read the new file",
        "Les modèles publiés n'ont pas pu être comparés ({reason}) ; jugé par les noms : ce que seules les migrations "
        "d'autrui nomment est laissé de côté. Relire le nouveau fichier",
    ),
    "nothing-of-own": Text(
        OK,
        "Models and database differ in nothing of this branch's own, so no migration was written. "
        "To have an empty one: --allow-empty",
        "Rien de propre à cette branche ne distingue les modèles de la base ; aucune migration n'a été écrite. "
        "Pour en avoir une vide : --allow-empty",
    ),
    "revision-holds": Text(
        OK, "The new migration:\n{operations:lines}", "La nouvelle migration :\n{operations:lines}"
    ),
    "revision-next": Text(TITLE, "Next: {command}", "Ensuite : {command}"),
    "revision-failed": Text(
        BAD,
        "Alembic could not write the migration; its own words stand above.",
        "Alembic n'a pas pu écrire la migration ; ses propres mots sont ci-dessus.",
    ),
    "comparison-failed": Text(
        BAD,
        "Models and database could not be compared ({reason}).",
        "Impossible de comparer les modèles et la base ({reason}).",
    ),
    "several-own-heads": Text(
        BAD,
        "This branch has {heads:count head|heads} of its own: {heads:list}. No migration was written.\n"
        "  Join them first: alembic-worktrees merge\n"
        "  Or follow one of them: --head {first:q}",
        "Cette branche a {heads:count tête|têtes} à elle : {heads:list}. Aucune migration n'a été écrite.\n"
        "  Les joindre d'abord : alembic-worktrees merge\n"
        "  Ou en suivre une : --head {first:q}",
    ),
    "several-own-bases": Text(
        BAD,
        "This branch has {heads:count head|heads} of its own, each with a base of its own: {heads:list}. "
        "No migration was written. Follow one of them, for example: --head {first:q}",
        "Cette branche a {heads:count tête|têtes} à elle, chacune avec sa propre base : {heads:list}. "
        "Aucune migration n'a été écrite. En suivre une, par exemple : --head {first:q}",
    ),
    "head-unknown": Text(
        BAD,
        "No migration here is {revision}. This branch's own heads: {heads:list}. No migration was written.",
        "Aucune migration ici n'est {revision}. Les têtes propres à cette branche : {heads:list}. Aucune n'a été écrite.",
    ),
    "follows-borrowed": Text(
        BAD,
        "{revision} is only borrowed here, from {origin}: once this branch is merged without that one, nobody could "
        "apply a migration that follows it. No migration was written.\n"
        "  To follow this branch's own head ({heads:list}): leave it out\n"
        "  If it is meant, because git will bring it: --on-borrowed",
        "{revision} est seulement empruntée ici, à {origin} : une fois cette branche fusionnée sans l'autre, personne ne "
        "pourrait appliquer une migration qui la suit. Aucune migration n'a été écrite.\n"
        "  Pour suivre la tête propre à cette branche ({heads:list}) : ne pas la nommer\n"
        "  Si c'est voulu, parce que git l'apportera : --on-borrowed",
    ),
    "follows-borrowed-meant": Text(
        WARN,
        "The new migration follows {revisions:list}, only borrowed here: until git brings it, alembic-worktrees check "
        "refuses a commit of the one without the other.",
        "La nouvelle migration suit {revisions:list}, seulement empruntée ici : tant que git ne l'apporte pas, "
        "alembic-worktrees check refuse un commit de l'une sans l'autre.",
    ),
    "own-pending": Text(
        BAD,
        "{revisions:list} of this branch is not applied yet, so the database cannot be compared with the models. "
        "No migration was written. Apply it first: alembic-worktrees upgrade",
        "{revisions:list} de cette branche n'est pas encore appliquée ; la base ne peut être comparée aux modèles. "
        "Aucune migration n'a été écrite. L'appliquer d'abord : alembic-worktrees upgrade",
    ),
    "published-unrelated": Text(
        PLAIN,
        "this branch has nothing in common with {branch}",
        "cette branche n'a rien en commun avec {branch}",
    ),
    "published-no-git": Text(PLAIN, "there is no git here", "il n'y a pas de git ici"),
    "published-elsewhere": Text(
        PLAIN,
        "its env.py leads to another database: {databases:list}",
        "son env.py mène à une autre base : {databases:list}",
    ),
    "strayed": Text(PLAIN, "Python loaded {path} of this checkout", "Python a chargé {path} de ce worktree"),
    "help-revision": Text(
        PLAIN,
        "write a migration on this branch's own head, with only this branch's own changes in it",
        "écrire une migration sur la tête propre à cette branche, avec ses seuls changements",
    ),
    "help-revision-example": Text(
        PLAIN,
        'Example: alembic-worktrees revision --autogenerate -m "add users.nickname"',
        'Exemple : alembic-worktrees revision --autogenerate -m "ajouter users.nickname"',
    ),
    "help-revision-message": Text(PLAIN, "the message of the migration", "le message de la migration"),
    "help-autogenerate": Text(
        PLAIN,
        "fill it with what models and database differ in, without what other checkouts made",
        "la remplir de ce qui distingue les modèles de la base, sans ce que d'autres worktrees ont fait",
    ),
    "help-head": Text(
        PLAIN,
        "the migration to follow, instead of this branch's own head",
        "la migration à suivre, au lieu de la tête propre à cette branche",
    ),
    "help-splice": Text(
        PLAIN,
        "follow that even if others of this branch do already",
        "la suivre même si d'autres de cette branche la suivent",
    ),
    "help-depends-on": Text(PLAIN, "a migration that it needs", "une migration dont elle a besoin"),
    "help-branch-label": Text(PLAIN, "a branch label for it", "une étiquette de branche pour elle"),
    "help-version-path": Text(PLAIN, "the version location to write it to", "l'emplacement où l'écrire"),
    "help-rev-id": Text(
        PLAIN, "its id, instead of a random one", "son identifiant, au lieu d'un tiré au hasard"
    ),
    "help-sql": Text(PLAIN, "as alembic revision --sql", "comme alembic revision --sql"),
    "help-revision-on-borrowed": Text(
        PLAIN,
        "follow a migration that is only borrowed, because git will bring it",
        "suivre une migration seulement empruntée, parce que git l'apportera",
    ),
    "help-keep-all": Text(
        PLAIN,
        "leave nothing out: what alembic itself would write",
        "ne rien laisser de côté : ce qu'alembic écrirait",
    ),
    "help-allow-empty": Text(
        PLAIN, "write it even if nothing is left for it", "l'écrire même s'il ne reste rien à y mettre"
    ),
}
