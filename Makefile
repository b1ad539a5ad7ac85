# Thin: each target is one step a person would type. `make` alone lists them.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
BUILD := build/release
export CCACHE_DIR ?= $(CURDIR)/.cache/ccache
STEP := @printf '\033[1m==>\033[0m %s\n'

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev build demo run test bench fmt install test-image clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install every dependency: Debian packages, libtorch, sentencepiece
	@tools/setup.sh

setup-dev: ## also the tools of the tidy and fuzz presets, make fmt and make test-image
	@tools/setup.sh --dev

$(BUILD)/build.ninja: | setup
	$(STEP) "configure (preset release)"
	@log=$$(mktemp); cmake --preset release > $$log 2>&1 || { tail -30 $$log; exit 1; }; rm -f $$log

build: setup $(BUILD)/build.ninja ## build the programs into build/release/bin
	$(STEP) "build the programs ($(JOBS) jobs; the first time takes minutes, later seconds)"
	@cmake --build --preset release -j $(JOBS) --target programs

demo: build ## train a small model, serve it, classify French tickets
	@tools/demo.sh

run: build ## the same server, left running until Ctrl-C
	@tools/demo.sh --keep-running

test: setup $(BUILD)/build.ninja ## build everything and run every test
	$(STEP) "build the programs and the tests ($(JOBS) jobs)"
	@cmake --build --preset release -j $(JOBS)
	$(STEP) "run the tests"
	@ctest --preset release -j $(JOBS)

bench: setup $(BUILD)/build.ninja ## measure speed and memory; JSON in build/bench
	@cmake --build --preset release -j $(JOBS)
	@tools/bench.sh

fmt: setup-dev ## format the C++ sources (clang-format 19)
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

install: build ## install the programs, the client library and their files under PREFIX
	@cmake --install $(BUILD) --prefix $(PREFIX)

test-image: setup-dev build ## build the container image with buildah and run it
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release -C image -L image

clean: ## remove what was built; dependencies and trained models stay
	@rm -rf build
