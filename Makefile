# make run    the whole service on this machine        make test    everything on SQLite, and on PostgreSQL what can differ there
# Both make their own environment in .venv from the locked requirements first.

PYTHON ?= python3
REQUESTS ?= 2000
SEED ?= 1
BIN := .venv/bin
CATALOGS := events/words/translations/vi/LC_MESSAGES/messages.mo

# The rules of time, the catalogue, opening, ticking, calendars and mails; the rest plays whole years or asks for pages.
FAST := tests/events/days tests/events/catalog tests/events/units tests/events/campaigns/test_opening.py tests/events/checklist/test_states.py tests/events/calendars tests/notifications tests/scheduler/test_config.py

.PHONY: run test test-fast test-postgresql check fix messages lock bench storm older fuzz units rights audit

run: .venv/run $(CATALOGS)
	@exec $(BIN)/sumvay serve

test: .venv/dev $(CATALOGS)
	@sh .ci/browser
	@sh .ci/libical
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not alike"

# The rest on PostgreSQL: what it does as SQLite does.
test-postgresql: .venv/dev $(CATALOGS)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m alike

test-fast: .venv/dev $(CATALOGS)
	$(BIN)/python -m pytest -n 2 -m "not browser and not postgresql and not slow" $(FAST)

check: .venv/dev $(CATALOGS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.checks

fix: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Ask every address as everybody about every unit, and print as JSON what leaked.
rights: .venv/dev $(CATALOGS)
	@$(BIN)/python -m tests.web.rights_matrix

bench: .venv/dev $(CATALOGS)
	$(BIN)/python -m benchmarks

# Kill the server again and again while people work, and print what was lost: make storm SEED=7 KILLS=200 DATABASE=postgresql,
# or SECONDS=600, or both: whichever comes first. Then relays are killed over MAILS mails, stopped past their leases, and their database
# is away for a minute.
SECONDS ?=
KILLS ?=
DATABASE ?= sqlite
MAILS ?= 2000
storm: .venv/dev $(CATALOGS)
	@$(BIN)/python -m tests.reliability.storm --seed $(SEED) $(SECONDS:%=--seconds %) $(KILLS:%=--kills %) --database $(DATABASE) --mails $(MAILS)

# Make installations with the code of older commits, upgrade them and account for every row: make older COMMITS="HEAD~100 a66b93a"
older: .venv/dev $(CATALOGS)
	@$(BIN)/python -m tests.reliability.older $(COMMITS)

# Send odd numbers, dates, texts and sizes to every page; prints a report as JSON.
fuzz: .venv/dev $(CATALOGS)
	@$(BIN)/python -m tests.reliability.fuzz $(REQUESTS) $(SEED)

# Collect the sentences of the code into the catalogue of translations; new ones come out empty.
messages: .venv/dev
	$(BIN)/pybabel -q extract -F pyproject.toml -k N_ -k _l --no-location --sort-output --omit-header -o .venv/messages.pot .
	$(BIN)/pybabel -q update -D messages -d events/words/translations -l vi -i .venv/messages.pot --no-fuzzy-matching --ignore-obsolete --no-wrap

# Lock the dependencies with hashes, without the address of any index.
lock: .venv/dev
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-dev.txt
	$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements-dev.txt -o requirements.txt

# Ask which of the locked libraries have known faults: each month, and when one is talked about.
audit: .venv/dev
	$(BIN)/pip install --quiet pip-audit
	$(BIN)/pip-audit --requirement requirements.txt --require-hashes --disable-pip

# Make the lists of the country's units again, from the package that .ci/units.py names.
units: .venv/dev
	$(BIN)/python .ci/units.py

%.mo: %.po
	@$(BIN)/pybabel -q compile -i $< -o $@ 2>/dev/null

$(CATALOGS): | .venv/run

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (found: $$($(PYTHON) --version 2>&1))."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The module venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.txt | .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
