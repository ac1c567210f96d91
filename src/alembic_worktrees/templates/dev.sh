#!/usr/bin/env bash
# Upgrade the shared database, then serve this worktree on port 8000 + N - 1, with reload.
# Usage:   scripts/dev.sh N         Example: scripts/dev.sh 2   (port 8001)
# Written once by alembic-worktrees init; yours to change.
set -euo pipefail

number=${1:-1}
app=${APP:-@APP@}
case $number in
'' | *[!0-9]* | 0*) printf 'usage: scripts/dev.sh N   (N = 1, 2, 3 …)\n' >&2 && exit 2 ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=/dev/null
source scripts/alembic-utils.sh
main=$(git worktree list --porcelain | sed -n '1s/^worktree //p') # linked worktrees often have no virtualenv
cd @BACKEND@

auto_copy_missing_migrations "."

for python in "${VIRTUAL_ENV:-.}/bin/python" {,../,"$main"/@BACKEND@/,"$main"/}{.venv,venv}/bin/python python3; do
    command -v "$python" >/dev/null && "$python" -c 'import uvicorn' 2>/dev/null && break
done
exec "$python" -m uvicorn "$app" --reload --port "$((8000 + number - 1))"
