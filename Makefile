# Everything here works on a machine with Python 3.11, make and the package index: no root, no service.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
JOBS ?= 3

.PHONY: setup demo test check mutants soak fuzz bench bench-large tools interop clean lock

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q gateway clients
	touch .venv/ready

demo: setup
	$(BIN)/juki-gateway demo build/demo

# Files in their order: those that start processes come first, so that no long one is left for the end.
test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Switches every refusal off in turn; fails when the refusal tests do not notice.
mutants: setup
	$(BIN)/python -m tests.mutants

# Kills, cuts and failing calls while changes are reported; says its seed: make soak SEED=1 runs it again.
soak: setup
	$(BIN)/python -m tests.soak $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.soak --database postgresql --only kills --changes 5000 $(if $(SEED),--seed $(SEED))

# Ten million random inputs for all that reads a stranger's bytes; make fuzz SEED=1 tries those of a seed again.
fuzz: setup
	$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED))

# What a signed round trip costs beside the arithmetic of the same run: build/bench/report.json.
bench: setup
	$(BIN)/python -m tests.bench

# Search latency and evidence at full size; takes long.
bench-large: setup
	$(BIN)/python -m tests.bench.large

# Tools in their own folders under build/tools: what tests use and what cannot live in .venv.
tools: setup
	$(BIN)/python -m tests.tools

# Every SOAP stack that make tools has got, every service and algorithm: docs/interop.md.
interop: setup
	$(BIN)/python -m tests.interop.matrix

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
