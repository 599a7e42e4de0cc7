# `make` alone lists the targets. Everything lives in .venv and build/; nothing is installed
# outside but git and gpg, where they are missing and the system's package manager is ours to use.

PYTHON ?= python3
BIN := .venv/bin
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.PHONY: help run test faults check format bench lock clean

help:
	@echo 'make run     build the example repository and run everything on it'
	@echo 'make test    the whole test suite'
	@echo 'make faults  every fault at every call; takes two hours and more'
	@echo 'make check   compile, format, lint, layers, types'
	@echo 'make format  put the sources into their form'
	@echo 'make bench   side by side with peers; well over half an hour; renews docs/benchmarks.md'
	@echo 'make lock    pin all dependencies anew, by hash'
	@echo 'make clean   remove .venv and build/'

run: .venv/ready
	@$(BIN)/python -m sealwright.example.tour build/example

test: .venv/ready
	@$(BIN)/python -m pytest -n auto --dist worksteal

faults: .venv/ready
	@TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo /tmp) $(BIN)/python -m tests.faults

check: .venv/ready
	@$(BIN)/python -m compileall -q lib scripts tests benchmarks dodo.py tasks.py
	@$(BIN)/ruff format --quiet --check . || { echo 'format: make format'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-logo > build/layers.txt 2>&1 || { cat build/layers.txt; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@echo 'check: compile, format, lint, layers and types hold'

format: .venv/ready
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

bench: .venv/ready build/bench/peers/ready
	@$(BIN)/python -m benchmarks

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-header --group dev pyproject.toml --output-file config/requirements.lock

clean:
	rm -rf .venv build

build/bench/peers/ready: benchmarks/peers.txt | .venv/ready
	@$(PYTHON) -m venv build/bench/peers
	@build/bench/peers/bin/python -m pip install --quiet --disable-pip-version-check \
	  --requirement benchmarks/peers.txt && touch $@ || \
	  echo 'bench: benchmarks/peers.txt cannot be installed; what is missing is left out'

define need
command -v $(1) >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
  apt-get -qq update && apt-get -qq install --yes $(2) >/dev/null; } || \
  { echo 'make: $(1) is missing; install it, for example: apt-get install $(2)'; exit 1; }
endef

.venv/ready: config/requirements.lock pyproject.toml
	@mkdir -p build
	@$(call need,git,git)
	@$(call need,gpg,gnupg)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'make: expected Python 3.11 or later; name one: make PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement config/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --editable .
	@touch $@
