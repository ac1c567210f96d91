#!/usr/bin/env bash
# Upgrade the shared database, then serve this worktree on port 8000 + N - 1, with reload, until ^C.
# Usage:   scripts/dev.sh N         Example: scripts/dev.sh 2   (port 8001)
# To change: BASE_PORT=9000, or APP=package.module:name, before the command.
# Yours to change; while you have not, init renews it. (alembic-worktrees init, seal 000000000000)
set -euo pipefail

number=${1-1}
case $number in
'' | *[!0-9]* | 0* | ?????*) printf 'usage: scripts/dev.sh N   (N = 1, 2, 3 …)\n' >&2 && exit 2 ;;
esac
port=$((${BASE_PORT:-8000} + number - 1))

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
# shellcheck source=/dev/null
source scripts/alembic-utils.sh
main=$(git worktree list --porcelain | sed -n '1s/^worktree //p') # linked worktrees often have no virtualenv
cd @BACKEND@

auto_copy_missing_migrations "."

has_uvicorn() { command -v "$1" >/dev/null && "$1" -c 'import uvicorn' 2>/dev/null; }
for python in "${VIRTUAL_ENV:-.venv}/bin/python" {.,"$root","$main"/@BACKEND@,"$main"}/{.venv,venv}/bin/python python3; do
    has_uvicorn "$python" && exec "$python" -m uvicorn "${APP:-@APP@}" --reload --port "$port"
done
printf 'scripts/dev.sh: no Python here has uvicorn; activate the virtualenv, or install it there: pip install uvicorn\n' >&2
exit 1
