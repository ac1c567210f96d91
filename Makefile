# Two commands do all set-up on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHELL_FILES = .ci/run $(wildcard shell/*.sh) $(wildcard hooks/*)

.PHONY: demo test check suite bench clean

demo: $(READY)
	$(BIN)/alembic-worktrees demo

test: check suite

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/shellcheck $(SHELL_FILES)

suite: $(READY)
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

$(READY): pyproject.toml src/alembic_worktrees/__init__.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "alembic-worktrees needs Python 3.10 or newer; try: make PYTHON=python3.12 ...")'
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || apt-get install -y --no-install-recommends python3-venv || sudo apt-get install -y --no-install-recommends python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[demo]' --group dev
	touch $@

clean:
	rm -rf $(VENV) dist build .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
