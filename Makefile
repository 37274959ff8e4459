# All there is to do here. `make run` and `make test` need Python 3.11+, git and a shell; the rest comes by itself.
.DEFAULT_GOAL := help
SHELL := /bin/sh
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
PYTEST := .venv/bin/pytest
# Each module has a house of its own on ports of its own: three of them live side by side, for agents and people mostly wait.
HOUSES := $(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder

JIRA := tests/outside/tracker tests/flow/abroad tests/doors/test_hooks.py tests/browser/test_trackers.py $(wildcard tests/*/test_jira*.py)

.PHONY: help run test check types bench story faults browser jira pods bench-pods dockerfiles cluster-up cluster-down ready-to-test ready-for-pods ready-to-check

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: ## start everything on this machine; Ctrl-C stops it
	@exec ./run

test: ready-to-test ## set up, then every test: units and contracts, frontend, story, faults, browser
	$(PYTEST) -n 4 -m "not story and not faults and not browser and not pods and not bench and not dockerfiles"
	cd frontend && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run unit
	$(HOUSES) -m "story or faults or browser"

check: ready-to-check ## lint, format, types, import contracts, generated files, house rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy platform agents
	.venv/bin/lint-imports
	$(MAKE) types
	git diff --exit-code -- frontend/src/wire
	cd frontend && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run typecheck
	$(PYTEST) tests/house

types: ## print the wire's TypeScript from the Python models
	$(PY) -m deckwire.typescript > frontend/src/wire/types.ts.new
	mv frontend/src/wire/types.ts.new frontend/src/wire/types.ts

bench: ready-to-test ## print figures, assert none
	$(PYTEST) -m "bench and not pods" -s

story: ready-to-test ## the whole product once: ticket to merge
	$(HOUSES) -m story

faults: ready-to-test ## kill processes and check the history
	$(HOUSES) -m faults

browser: ready-to-test ## a person's path in real Chromium
	$(HOUSES) -m browser

jira: ready-to-test ## trackers alone: contracts, documents, webhooks, polls, write-back, story, kills, settings
	$(PYTEST) -n 2 $(JIRA) -m "not story and not faults and not browser"
	$(HOUSES) $(JIRA) -m "story or faults or browser"

# Thirty at once take the whole machine: nobody else's seconds are counted meanwhile.
pods: ready-for-pods ## agents in real pods of clusters of our own (root; the first time builds them, 6 minutes)
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m "pods and not bench" --ignore=tests/pods/test_many.py
	$(PYTEST) -m "pods and not bench" tests/pods/test_many.py

bench-pods: ready-for-pods ## how soon a pod's agent works: 1, 10 and 30 at once, beside a bare pod
	$(PYTEST) -m "pods and bench" -s

dockerfiles: ready-to-test ## build the Dockerfiles and run what they make (root, Debian's buildah and mmdebstrap; no Docker)
	$(PYTEST) -m dockerfiles tests/infra

cluster-up: ## a Kubernetes of our own on this machine: LEVEL=node (real pods, root) or LEVEL=api
	@infra/cluster/given.sh || infra/cluster/up.sh $(or $(LEVEL),node)

cluster-down: ## take it down; nothing is left of it but what was built
	@infra/cluster/down.sh

ready-to-test:
	@./run --for test

# Once, before several clusters start at the same time. Without root and Linux the tests say why they are skipped.
ready-for-pods: ready-to-test
	@[ "$$(uname -s):$$(id -u)" != Linux:0 ] || infra/cluster/up.sh node --make

ready-to-check:
	@./run --for check
