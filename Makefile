# `make` explains; every target creates the environment it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo check test bench bench-features bench-online bench-measure truth clean

help:  ## Explain the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: .venv/core  ## Run the whole loop on a simulated lender, about two minutes
	@$(BIN)/truerisk demo --yes

check: .venv/dev  ## Lint, format check, type check and the quick tests, under a minute
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not slow and not thorough"

test: .venv/dev  ## Run all tests, under ten minutes
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not thorough"

bench: .venv/dev  ## Repeat the Lending Club proof over 100 salts (LENDING_CLUB=path of the file)
	@$(BIN)/python benchmarks/lending_club.py

bench-features: .venv/dev  ## Compute features beside hand-written SQL, Polars, pandas and Feast
	@$(BIN)/python benchmarks/features.py

bench-online: .venv/dev  ## Time the online store over 5M events
	@$(BIN)/python benchmarks/online.py

bench-measure: .venv/dev  ## Time estimates on 10M decisions; NannyML and Evidently against the truth
	@$(BIN)/python benchmarks/measurement.py

truth: .venv/dev  ## Thousands of worlds with known truth, and mutants that must fail, half an hour
	@$(BIN)/pytest -n 2 -m thorough && $(BIN)/python tests/measurement/truth.py

clean:  ## Remove the environment; the lake and the runs in .truerisk stay
	@rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("truerisk needs Python 3.11 or newer, and $(PYTHON) is %d.%d; set PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Creating .venv ..." && $(PYTHON) -m venv .venv

.venv/core: .venv/bin/python setup.cfg constraints.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e . && touch $@

.venv/dev: .venv/core
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]' && touch $@
