# Two commands are enough: `make demo` runs the town, `make test` runs every test. Both set up what they need.
.DEFAULT_GOAL := help
.PHONY: help tools setup assets demo test check lint format slow bench bench-ingest bench-jobs bench-ledger bench-live bench-memory bench-portal bench-scale bench-audit bench-fleet bench-login bench-tariff bundle lab machines shots lock clean

PORT ?= 8080
python := .venv/bin/python
alone := lab or journey or timing
apart := slow or machine
whole := tests/lab/box/test_box.py tests/lab/box/test_readme.py tests/lab/arm/test_arm.py::test_on_arm64_everything_is_installed_by_the_roles_script_and_imported

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

setup:  ## build .venv from the locks, nothing else
	@.ci/venv.sh

assets: setup  ## browser assets from npm into hub/static/vendor
	@$(python) -m hub.assets

demo: assets  ## the town at http://localhost:8080 (PORT=...)
	@$(python) -m hub demo --port $(PORT)

tools:
	@.ci/venv.sh tests

test: tools  ## every test but the two below; installs the servers it needs on Debian
	@.ci/packages.sh
	@$(python) -m hub.assets
	@failed=0; \
	$(python) -m pytest -q -n 2 --dist loadfile -m "not ($(apart) or $(alone))" || failed=1; \
	$(python) -m pytest -q -m "($(alone)) and not ($(apart))" || failed=1; \
	exit $$failed

check: lint  ## format, lint, types, import rules, fast tests: about a minute
	@$(python) -m pytest -q -n 2 -m "not ($(apart) or thorough or postgres or process or $(alone))"

lint: tools  ## format, lint, types, import rules, the roles
	@$(python) -m ruff format --check . && $(python) -m ruff check .
	@$(python) -m mypy
	@.venv/bin/lint-imports
	@cd ansible && PATH="$(CURDIR)/.venv/bin:$$PATH" ansible-lint -q

format: tools  ## put the code into its format
	@$(python) -m ruff format . && $(python) -m ruff check --fix .

machines: tools assets  ## the playbook on whole machines, a real access point and power cuts in a virtual one (root)
	@.ci/packages.sh
	@$(python) -m pytest -q -m "machine and not slow"

slow: tools assets  ## what takes longest, and the playbook on Debian's other release (root)
	@.ci/packages.sh slow
	@failed=0; \
	$(python) -m pytest -m slow || failed=1; \
	BOX_RELEASE=other $(python) -m pytest -q -s $(whole) || failed=1; \
	exit $$failed

bench: bench-ingest bench-jobs bench-ledger bench-live bench-login bench-audit bench-memory bench-portal bench-scale bench-fleet bench-tariff  ## every figure of the README

bench-ingest: tools  ## ingest against a bare loop and Node-RED (npm)
	@$(python) -m tests.bench.ingest

bench-jobs: tools  ## jobs/s of four workers on SQLite and PostgreSQL, beside a bare loop
	@.ci/packages.sh
	@$(python) -m tests.bench.jobs

bench-ledger: tools  ## transfers/s of 16 clients beside a bare group commit; payments over HTTP
	@$(python) -m tests.bench.ledger

bench-live: tools  ## 2,000 phones on the live stream
	@$(python) -m tests.bench.live

bench-memory: tools assets  ## memory and start of the demo, memory of a node
	@$(python) -m tests.bench.memory

bench-portal: tools  ## from the click to the internet, 250 devices, beside a bare prototype (root)
	@.ci/packages.sh
	@$(python) -m tests.bench.portal

bench-scale: tools  ## a day offline, 10,000 bays, a year of history, 16 bays on a node
	@$(python) -m tests.bench.scale

bench-audit: tools  ## verifying 100,000 entries of the audit log
	@$(python) -m tests.bench.audit

bench-tariff: tools  ## prices a minute over all tariffs, two processes
	@$(python) -m tests.bench.tariff

bench-fleet: tools assets  ## 2,000 nodes: CPU and memory of the hub, p95 of the fleet page
	@$(python) -m tests.bench.fleet

bench-login: tools assets  ## log-ins beside bare argon2, and pages while eight log in at once
	@$(python) -m tests.bench.login

bundle: tools assets  ## the signed release for nodes and hub into build/bundle (needs the network)
	@$(python) ansible/release/build.py

lab: tools  ## a street in network namespaces: a visitor's shell, the landing page in your browser (root)
	@.ci/packages.sh
	@$(python) -m tests.lab

shots: tools assets  ## screenshots of every page of a running demo into build/shots
	@$(python) -m tests.journeys.pages build/shots http://localhost:$(PORT)

lock:  ## resolve the dependencies anew (needs uv)
	@sh .ci/lock.sh

clean:  ## remove what was built
	rm -rf .venv build hub/static/vendor hub/assets/node_modules
