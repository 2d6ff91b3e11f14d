# Each target sets up what it needs in .venv; nothing has to be installed beforehand but Python 3.10+.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready

.PHONY: demo test check lint format types bench clean

demo: $(SETUP)  ## encode one small percept of each sense and print the table
	$(BIN)/python examples/six_senses.py

test: lint types  ## everything CI runs
	$(BIN)/python -m pytest -q

check: lint types  ## everything but the slow tests
	$(BIN)/python -m pytest -q -m "not slow"

lint: $(SETUP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(SETUP)
	$(BIN)/mypy

format: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(SETUP)  ## minutes: builds the huge sizes; 10 GB of temporary files
	$(BIN)/python benchmarks/opening.py
	$(BIN)/python benchmarks/encode.py

# pip, not uv: pip honours a machine's own constraints and find-links for torch.
$(SETUP): pyproject.toml
	@echo "Setting up .venv: a few minutes the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv
