# The front door. `make demo` and `make test` are all that a newcomer needs.
.DEFAULT_GOAL := build
BUILD ?= build/release
build:
	cmake -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release
	cmake --build $(BUILD) -j
test: build
	ctest --test-dir $(BUILD) --output-on-failure
.PHONY: build test
