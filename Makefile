# The two commands: `make digest` and `make test`. Everything else is beside them.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# One run waits for the disk over a hundred times, so the tests' folders lie in memory where that has 8 GB to spare,
# in one that others may pass through: the tests' PostgreSQL, which refuses to be root's, has its own below it.
SPARE := [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 8000000 ] 2>/dev/null

# Debian's packages of what the tests start for themselves, and a command of each.
BESIDE := chromium:chromium postgresql:initdb postfix:postfix dovecot-imapd:dovecot
COMMANDS := $(PATH):/usr/sbin:$(lastword $(wildcard /usr/lib/postgresql/*/bin))

.PHONY: digest test dev bench format setup lock beside clean

digest: $(READY)  ## Make the latest digest from the settings' sources: out of the box, the embedded sample
	@$(BIN)/paperboy digest

test: $(READY) beside  ## Everything that a contributor must pass
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m orchestration.dev check
	@folder=$$(if $(SPARE); then mktemp -d /dev/shm/paperboy.XXXXXX; else mktemp -d; fi) && trap 'rm -rf "$$folder"' EXIT && \
		chmod a+x "$$folder" && \
		TMPDIR=$$folder $(BIN)/pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

dev: $(READY)  ## The Dagster UI on http://127.0.0.1:3000, with the schedule running
	@$(BIN)/python -m orchestration.dev

bench: $(READY)  ## Every benchmark's table
	@$(BIN)/python -m tests.benchmarks

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: $(READY)

# uv comes first, by the hash that the lock file has for it, because it installs the rest ten times faster than pip.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Paperboy needs Python 3.11 or newer, not " + sys.version.split()[0] + "; set PYTHON=python3.12, say" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv from requirements.lock ..."
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(READY)  ## Resolve pyproject.toml anew
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --group dev pyproject.toml --output-file requirements.lock

# As root, what is missing is installed: without a question, without a service that starts (policy-rc.d forbids it with
# 101), and never in the place of another package, as of another mail server.
beside:
	@policy=/usr/sbin/policy-rc.d; \
	for each in $(BESIDE); do \
		package=$${each%:*}; \
		if PATH="$(COMMANDS)" command -v $${each#*:} >/dev/null; then continue; fi; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			if [ ! -e $$policy ]; then trap 'rm -f $$policy' EXIT; printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; fi; \
			apt-get update --quiet=2 && DEBIAN_FRONTEND=noninteractive \
				apt-get install --quiet=2 --yes --no-remove $$package >/dev/null && continue; \
		fi; \
		echo "No $$package here: its tests will be skipped. Debian: sudo apt install $$package"; \
	done

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
