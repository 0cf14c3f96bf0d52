# `make` explains; every target creates the environment it needs. That is .venv, which belongs to the
# Python that made it; `make check PYTHON=python3.13` makes and uses .venv-3.13 beside it.
ifeq ($(origin PYTHON), undefined)
PYTHON := $(firstword $(wildcard .venv/bin/python) python3)
endif
OF = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ENV := $(if $(filter-out $(call OF,$(PYTHON)),$(if $(wildcard .venv/bin/python),$(call OF,.venv/bin/python))),.venv-$(call OF,$(PYTHON)),.venv)
BIN := $(ENV)/bin
TESTS :=
# Half of what pytest spends on collecting is bytecode that it would make again in every worker.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo check test bench bench-features bench-online bench-measure truth clean

help:  ## Explain the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: $(ENV)/core  ## Run the whole loop on a simulated lender, about a minute
	@$(BIN)/truerisk demo --yes

check: $(ENV)/dev  ## Lint, format check, type check and the quick tests, under a minute
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q .
	@# mypy beside the tests, its words after theirs: it would leave a core idle.
	@said=$$(mktemp) && { $(BIN)/mypy > $$said 2>&1 & } && \
	{ $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not slow and not thorough"; tests=$$?; } ; \
	wait $$!; types=$$?; cat $$said; rm $$said; exit $$((tests + types))

test: $(ENV)/dev  ## Run all tests, under ten minutes (TESTS=tests/flows: those of a folder)
	@$(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not thorough" $(TESTS)

bench: $(ENV)/dev  ## Repeat the Lending Club proof over 100 salts (LENDING_CLUB=path of the file)
	@$(BIN)/python benchmarks/lending_club.py

bench-features: $(ENV)/dev  ## Compute features beside hand-written SQL, Polars, pandas and Feast
	@$(BIN)/python benchmarks/features.py

bench-online: $(ENV)/dev  ## Time the online store over 5M events
	@$(BIN)/python benchmarks/online.py

bench-measure: $(ENV)/dev  ## Time estimates on 10M decisions; NannyML and Evidently against the truth
	@$(BIN)/python benchmarks/measurement.py

truth: $(ENV)/dev  ## Thousands of worlds with known truth, and mutants that must fail, half an hour
	@$(BIN)/pytest -n 2 -m thorough && $(BIN)/python tests/measurement/truth.py

clean:  ## Remove the environments; the lake and the runs in .truerisk stay
	@rm -rf .venv .venv-3.*

$(ENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("truerisk needs Python 3.11 or newer, and $(PYTHON) is %d.%d; set PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Creating $(ENV) ..." && $(PYTHON) -m venv $(ENV)

$(ENV)/core: $(ENV)/bin/python setup.cfg constraints.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e . && touch $@

$(ENV)/dev: $(ENV)/core
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]' && touch $@
