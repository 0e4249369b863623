# The front door. `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
RELEASE := build/release
DEMO := runs/demo
DEMO_OPTIONS ?=
PYTHON ?= python3
PART ?= all
OUT ?= build/gpu/results
BACKEND ?= cuda

.PHONY: help deps deps-check build program test demo check lint fuzz bench twins docs gpu-check gpu-bundle wheel deb tarball install clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "DEPS=skip leaves packages alone; JOBS=n bounds the build; FUZZ_SECONDS=n times each fuzzer"

deps:  ## Install the Debian packages that are missing, and say which
	@.ci/deps build

deps-check:  ## The same, with clang's tools (for check, lint, fuzz)
	@.ci/deps check

build: deps  ## Build the library, the program and the tests into build/release
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)

program: deps  ## Build the program alone
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target throng_program

test: build  ## Run every test
	@ctest --preset release -j $(JOBS)

demo: program  ## Synthetic world, f_sta, DQN: a learning curve and a table in under 5 minutes
	$(RELEASE)/throng train configs/demo.json $(DEMO_OPTIONS)
	@echo; echo "Why one of these users would like an item or not:"; echo
	$(RELEASE)/throng explain $(DEMO)/world.safetensors configs/demo.json --sta $(DEMO)/sta.safetensors --user u00007 --item i00042

check: deps-check  ## Every test under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset debug >/dev/null
	@cmake --build --preset debug -j $(JOBS)
	@ctest --preset debug -j $(JOBS)

lint: deps-check  ## Formatting, clang-tidy and the house's own rules
	@cmake --preset release >/dev/null
	@.ci/lint $(RELEASE) $(JOBS)

fuzz: deps-check  ## Fuzz every reader for FUZZ_SECONDS each, from the kept corpus
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	@.ci/fuzz build/fuzz $(FUZZ_SECONDS)

bench: build  ## Measure, beside the PyTorch peer where PYTHON has torch
	@PYTHON="$(PYTHON)" bench/run.sh $(RELEASE)

twins: build  ## Time and memory of the paper's five sets at full size, on synthetic twins
	@bench/twins.sh $(RELEASE)

docs:  ## The pages and the C interface as a site with search: build/docs/html
	@.ci/deps docs
	@docs/site/build.sh build/docs/html

wheel: deps  ## The Python package as a wheel with its libraries inside: build/wheelhouse
	@.ci/wheel build/wheelhouse "$(PYTHON)" "$(JOBS)"

deb: deps  ## Debian packages of program, library and Python package: build/deb
	@.ci/deps package
	@.ci/deb build/deb "$(JOBS)"

tarball: deps  ## The program as one archive for any Linux, its libraries inside: build/tarball
	@.ci/deps bundle
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target throng_program throng_documents
	@.ci/tarball $(RELEASE) build/tarball

install: build  ## Install under PREFIX (/usr/local); DESTDIR is heeded
	@DESTDIR="$(DESTDIR)" cmake --install $(RELEASE) --prefix "$(PREFIX)"

gpu-check:  ## On a machine with a GPU, offline: build, compare, sanitise, profile, measure (PART=all OUT=folder)
	@PYTHON="$(PYTHON)" JOBS="$(JOBS)" .ci/gpu-check build/gpu "$(OUT)" --backend "$(BACKEND)" $(PART)

gpu-bundle:  ## The same as one archive, for a machine that cannot build: build/gpu-bundle
	@.ci/deps bundle
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target gpu_check_programs
	@.ci/gpu-bundle $(RELEASE) build/gpu-bundle

clean:  ## Remove everything that was built
	@rm -rf build
