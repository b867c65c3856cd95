# The front door. `make` alone lists what there is. Needs Python >= 3.11 and make; everything else is fetched.
SHELL := /bin/bash
PYTHON ?= python3
BOOT := $(HOME)/.cache/strongroom/boot
# uv from PATH, else from a small environment of our own, outside the tree so that no build picks it up
UV := $(or $(shell command -v uv 2>/dev/null),$(BOOT)/bin/uv)
# tpm2-pytss has no wheel: it is built where the TPM libraries are, and left out elsewhere
EXTRAS := --all-extras $(shell pkg-config --exists tss2-esys 2>/dev/null || echo --no-extra tpm)
RUN := $(UV) run --locked $(EXTRAS)
# the rooms below the guard, and the ground floor: what the coverage gate measures
WORKERS ?= 2
ROOMS := primitives formats keys envelope classify surrogates policy audit errors identity canonical clock label permit
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench train reference test-gliner

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(BOOT)/bin/uv:
	$(PYTHON) -m venv $(BOOT)
	$(BOOT)/bin/python -m pip install --quiet --disable-pip-version-check uv

setup: $(UV) ## install exactly what uv.lock says into .venv
	@$(UV) sync --locked $(EXTRAS) --quiet

demo: setup ## the main job, offline, on the embedded store; ends by itself with a verdict
	@$(RUN) strongroom demo $(ARGS)

run: setup ## serve the gateway on loopback until Ctrl-C (ARGS="--upstream openai=https://...")
	@$(RUN) strongroom up $(ARGS)

test: setup ## every test, with the branch coverage gate on the rooms below the guard; real processes last, one by one
	$(RUN) pytest -n $(WORKERS) --dist loadfile --ignore=tests/e2e \
		$(foreach room,$(ROOMS),--cov=strongroom.$(room)) --cov-branch --cov-report=term --cov-fail-under=90 $(ARGS)
	$(if $(ARGS),,$(RUN) pytest tests/e2e)

# -o: the ordinary options ask for plug-ins and treat every warning of torch as an error
test-gliner: $(UV) ## the GLiNER plug-in on GLiNER itself, in an environment of its own (downloads several GB of torch)
	$(UV) run --isolated --no-project --with-editable . --with gliner --with pytest --with pytest-timeout \
		pytest -p no:cacheprovider -o addopts=--import-mode=importlib -o filterwarnings= tests/unit/adapters/gliner_by_hand.py $(ARGS)

check: setup ## style, types, layers, dependencies, spelling, lock file, tidiness, documentation
	$(UV) lock --check
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) deptry src
	$(RUN) typos
	$(RUN) pytest tests/test_tidy.py tests/test_docs.py

bench: setup ## one benchmark, side by side with its peers: make bench NAME=envelope
	@test -n "$(NAME)" || { echo "say which: make bench NAME=..."; $(RUN) python -m bench.run; exit 2; }
	@$(RUN) python -m bench.run $(NAME) $(ARGS)

train: setup ## train the names tagger anew from the corpora in a directory: make train DATA=../path
	@test -n "$(DATA)" || { echo "say where the corpora are: make train DATA=../path (training/README.md)"; exit 2; }
	$(RUN) python -m training.train --data "$(DATA)" $(ARGS)

reference: setup ## regenerate docs/reference/{cli,settings,errors}.md
	@$(RUN) python tools/make_reference.py
