# Two commands: `make lab` opens the first lesson, `make test` proves that everything holds.
# The recipes are one line each; what they do is in scripts/.

PYTHON := $(shell scripts/python.sh 2>/dev/null)
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help lab setup setup-dev venv-dev test lint format lock clean python

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do printf 'make %-10s %s\n' "$$name" "$$what"; done
	@echo "YES=1 installs missing system programs without asking."

lab: setup ## Set up what is missing, and open the first lesson in JupyterLab
	@.venv/bin/python -m scripts.lab

setup: python ## Set up all that a lesson needs, short of opening it
	@$(PYTHON) -m scripts.system_programs lab
	@scripts/venv.sh lab
	@$(PYTHON) -m scripts.system_programs docker

setup-dev: python ## Set up all that the tests need
	@$(PYTHON) -m scripts.system_programs test
	@$(MAKE) --no-print-directory venv-dev
	@$(PYTHON) -m scripts.system_programs docker

test: setup-dev ## Run everything: style, types, layers, tests, lessons on every engine
	@scripts/test.sh

lint: venv-dev ## Check style, types and layers only
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports --no-logo

format: venv-dev ## Rewrite the code in the project's style
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

lock: venv-dev ## Resolve pyproject.toml into requirements/*.txt anew
	@scripts/lock.sh --upgrade

clean: ## Remove everything that these commands made, .venv and the tests' cache included
	@scripts/clean.sh

venv-dev: python
	@scripts/venv.sh dev

python:
	@test -n "$(PYTHON)" || scripts/python.sh
