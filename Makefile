# Needs Python 3.11 or newer, nothing else: the rest is installed below var/.
PYTHON ?= python3
VENV := var/venv/bin
RUN := $(VENV)/python

.PHONY: demo demo-reset test torture bench lint format lock setup setup-dev

## Start the demo clinic on http://localhost:8000 (PORT=... for another port); Ctrl-C stops it. Keeps existing data.
demo: setup
	@exec $(RUN) -m config.embedded.demo

## Throw the demo clinic's data away and start over.
demo-reset: setup
	@exec $(RUN) -m config.embedded.demo --reset

## Lint, then the whole test suite on real engines; browser journeys when a Chromium is found.
test: setup-dev
	@status=0; $(RUN) scripts/lint.py || status=$$?; $(RUN) -m pytest -n logical --maxprocesses=4 --dist loadfile || status=$$?; exit $$status

## The proofs of safety (docs/safety.md) and of reminders (docs/reliability.md) in their long form, with the counts: minutes.
torture: setup-dev
	@KINEPLAN_TORTURE=1 $(RUN) -m pytest tests/safety tests/reminders/test_kills.py tests/reminders/test_faults.py tests/reminders/test_misbehaviour.py tests/reminders/test_restarts.py -rP -q

## Ratios of the promised speeds, written to docs/benchmarks.md.
bench: setup-dev
	@$(RUN) -m benchmarks

## Everything that is checked without running the product.
lint: setup-dev
	@$(RUN) scripts/lint.py

format: setup-dev
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format .

## Lock the dependencies anew after a change of requirements*.in.
lock: setup-dev
	@$(RUN) scripts/lock.py

setup:
	@$(PYTHON) scripts/bootstrap.py

setup-dev:
	@$(PYTHON) scripts/bootstrap.py --dev
