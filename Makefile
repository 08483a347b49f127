# Two commands: `make lab` opens the first lesson, `make test` proves that everything holds.
# The recipes are one line each; what they do is in scripts/.

FOUND := $(shell scripts/python.sh 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help lab setup setup-dev venv-dev test bench lint docs format lock widgets clean python

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "YES=1 installs missing system programs without asking."

lab: setup ## Set up what is missing, and open the first lesson in JupyterLab
	@.venv/bin/python -m scripts.lab

setup: python ## Set up all that a lesson needs, short of opening it
	@$(FOUND) -m scripts.system_programs lab
	@PYTHON=$(FOUND) scripts/venv.sh lab
	@$(FOUND) -m scripts.system_programs docker

setup-dev: python ## Set up all that the tests need
	@$(FOUND) -m scripts.system_programs test
	@$(MAKE) --no-print-directory venv-dev
	@$(FOUND) -m scripts.system_programs docker

test: setup-dev ## Run everything: style, types, layers, tests, lessons on every engine
	@scripts/test.sh

bench: setup-dev ## Measure the engines side by side, as root, into docs/benchmarks.md
	@.venv/bin/python -m benchmarks

lint: venv-dev ## Check style, types and layers only
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports --no-logo

format: venv-dev ## Rewrite the code in the project's style
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

docs: venv-dev ## Build the site, lessons and all, into build/site; no network needed
	@.venv/bin/python -m sphinx -q -W --keep-going -c docs -d build/doctrees . build/site
	@echo "Open build/site/index.html in a browser."

lock: venv-dev ## Resolve pyproject.toml into requirements/*.txt anew
	@scripts/lock.sh --upgrade

widgets: ## Bundle the widgets' JavaScript anew (needs Node; what it makes is committed)
	@cd js && npm ci --silent && node build.js

clean: ## Remove everything that these commands made, .venv and the tests' cache included
	@scripts/clean.sh

venv-dev: python
	@PYTHON=$(FOUND) scripts/venv.sh dev

python:
	@scripts/python.sh >/dev/null
