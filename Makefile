# `make run` and `make test` do all their set-up themselves.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test again check lint types contract schedules bench chaos nightly clean

run: $(STAMP)
	@$(BIN)/python -m sandbox --or-run

test: $(STAMP)
	$(BIN)/pytest

# The tests that failed a moment ago, one after the other: a test that only fails beside five others is hasty, not wrong.
again: $(STAMP)
	$(BIN)/pytest -n 0 -x --last-failed --last-failed-no-failures none

check: lint types contract test

# Every crash schedule; `make test` tries some.
schedules: $(STAMP)
	PARLEY_SCHEDULES=all $(BIN)/pytest -n 2 --dist worksteal tests/crash/test_schedules.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contract: $(STAMP)
	$(BIN)/lint-imports

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

bench: $(STAMP)
	$(BIN)/python -m bench

chaos: $(STAMP)
	$(BIN)/python -m chaos

# All that `make test` tries some of, and chaos.
nightly: $(STAMP)
	PARLEY_LONG=1 PARLEY_SCHEDULES=all $(BIN)/pytest
	$(BIN)/python -m chaos

clean:
	rm -rf $(VENV) build *.egg-info
