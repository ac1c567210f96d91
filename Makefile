# Two commands do all set-up on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.ready-dev
# The tests that are run small, and by `make trials` at full size.
TRIALS := tests/whole/test_hostile.py tests/borrow/test_at_once.py tests/borrow/test_killed.py tests/whole/test_fuzz.py tests/project/test_config.py tests/project/test_settings.py tests/migrations/test_record.py tests/install/test_blocks.py tests/check/test_recorded.py tests/author/test_own_content.py
# `make whole`: the facts that we rely on, installations and versions, servers and remotes, races, abuse, the pages.
WHOLE := $(sort $(TRIALS) tests/facts tests/demo $(filter-out %_architecture.py,$(wildcard tests/whole/test_*.py)) \
	$(addprefix tests/,hooks/test_pre_commit.py install/test_integrations.py search/test_team.py borrow/test_lock.py \
	borrow/test_aside.py database/test_interrupted.py project/test_interpreter.py system/test_encoding.py))
PO := src/alembic_worktrees/messages/locale/fr/LC_MESSAGES/alembic-worktrees.po
MO := $(PO:.po=.mo)
SHELL_FILES = .ci/run .ci/venv $(wildcard shell/*.sh) $(wildcard hooks/*)

.PHONY: demo test whole check shells suite trials replay bench growth matrix mutants texts docs clean

demo: $(READY)
	@$(BIN)/alembic-worktrees demo

test: check shells
	@$(MAKE) --no-print-directory suite PYTEST_ARGS="$(addprefix --ignore=,$(WHOLE)) $(PYTEST_ARGS)"

whole: shells
	@$(MAKE) --no-print-directory suite PYTEST_ARGS="$(WHOLE) $(PYTEST_ARGS)"

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/shellcheck $(SHELL_FILES)

shells:
	@for shell in zsh fish; do \
		command -v $$shell >/dev/null || echo "Left out: the tests under $$shell, which is not installed."; \
	done

suite: $(DEV) $(MO)
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

trials: $(DEV) $(MO)
	$(BIN)/python -m pytest --thorough -o faulthandler_timeout=0 $(TRIALS) $(PYTEST_ARGS)

replay: $(DEV) $(MO)
	$(BIN)/python -m pytest --thorough -o faulthandler_timeout=0 tests/search/test_replay.py $(PYTEST_ARGS)

bench: $(DEV)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks bench $(BENCH_ARGS)

growth: $(DEV)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks growth $(BENCH_ARGS)

# Every version: of what a project may have, then of the Python that is ours.
matrix: $(DEV) $(MO)
	$(BIN)/python -m pytest -n auto --dist worksteal --thorough tests/whole/test_versions.py $(PYTEST_ARGS)
	$(BIN)/python -m pytest tests/whole/suites.py $(PYTEST_ARGS)

# Which mistakes do the tests not notice?
mutants: $(DEV) $(MO)
	@PYTHONPATH=tests $(BIN)/python -m mutants $(MUTANTS_ARGS)

# Bring the texts of the source into the translations; what is new there is then to be translated.
texts: $(DEV)
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --no-default-keywords --keywords=_ --keywords=_n:1,2 --sort-by-file \
		--add-location=file --project=alembic-worktrees --version=1 --output-file=build/texts.pot src/alembic_worktrees
	@$(BIN)/pybabel --quiet update --input-file=build/texts.pot --output-file=$(PO) --locale=fr \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

# Write what is shown in docs/: sessions, pictures, the reference. Then read the difference.
docs: $(DEV) $(MO)
	$(BIN)/python -m pytest --rewrite tests/whole/test_readme.py tests/whole/test_docs.py -k "sessions or picture or reference"

$(MO): $(PO) hatch_build.py | $(DEV)
	@$(BIN)/python hatch_build.py

$(READY): pyproject.toml hatch_build.py src/alembic_worktrees/__init__.py .ci/venv
	@echo "Setting up $(VENV); this is done once and takes a minute."
	@sh .ci/venv '$(PYTHON)' '$(VENV)'
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(DEV): $(READY)
	@echo "Setting up what the tests need."
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean:
	rm -rf $(VENV) .matrix dist build .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
