# Weir's targets. `make demo` and `make test` do all their own set-up.

GO       ?= go
# The text starts 0x1000 behind a multiple of 64 KiB, as arm64 asks for. The entry runs before Go's.
TEXT     := 0x7e0000001000
ENTRY    := github.com/weir-emu/weir/internal/hostsys.entry
LDFLAGS  := -T $(TEXT) -E $(ENTRY) -X=runtime.godebugDefault=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0,memprofilerate=0
BUILD    := CGO_ENABLED=0 $(GO) build -trimpath -ldflags='$(LDFLAGS)'
TOOL     := $(GO) tool -modfile=tools/go.mod
PKGS     ?= ./...

# Weir has no C in it, and what its tests find of Go's runtime is what they find without.
export CGO_ENABLED = 0

.PHONY: build contrib ldflags demo test test-go test-all bench bench-plugins fuzz fuzz-isa soak check cross generate setup clean

## build: the static binary bin/weir
build:
	@mkdir -p bin
	$(BUILD) -o bin/weir ./cmd/weir

## contrib: the modules with dependencies of their own, built and tested
contrib: setup build
	@mkdir -p bin
	cd contrib/starlark && $(BUILD) -o ../../bin/weir-starlark ./cmd/weir-starlark && $(GO) vet ./... && $(GO) test ./...

## ldflags: the linker flags, for other programs that embed weir
ldflags:
	@echo "$(LDFLAGS)"

## setup: what the tests need from Debian (cross compiler, riscv64 busybox, a riscv64 userland)
setup:
	scripts/setup-guest.sh
	scripts/setup-sysroot.sh

## demo: a foreign program under a filter; needs nothing but Go
demo: build
	@scripts/demo.sh

## test: all tests that fit in a few minutes
test: setup build
	scripts/test.sh $(PKGS)

## test-go: the Go standard library's own tests for riscv64, run under weir
test-go: build
	scripts/test-go.sh

## test-all: everything, storms included
test-all: setup build
	scripts/setup-sysroot.sh --all
	WEIR_TEST_LONG=1 $(GO) test -timeout 120m $(PKGS)
	scripts/test-go.sh -std

## bench: ratios against native and qemu-user in one run
bench: setup build
	$(GO) run ./test/bench/run -weir bin/weir -md

## bench-plugins: what plugins cost, paired with no plugin; ARGS: flags of test/bench/plugins
bench-plugins: setup
	@mkdir -p bin
	$(BUILD) -o bin/bench-plugins ./test/bench/plugins
	bin/bench-plugins $(ARGS)

## fuzz-isa: a million random instruction sequences, interpreter against JIT
fuzz-isa:
	WEIR_FUZZ_SEQUENCES=1000000 $(GO) test -timeout 0 -run TestRandomSequences -v ./internal/engine/...

## fuzz: the native Go fuzz targets, ten minutes each
fuzz:
	scripts/fuzz.sh 10m

## soak: storms for half an hour
soak: build
	WEIR_TEST_LONG=1 WEIR_SOAK=30m $(GO) test -timeout 60m -run TestStorm -v ./test/...

## check: formatting, vet, staticcheck, generated files, cross-builds
check: cross
	@test -z "$$($(TOOL) gofumpt -l . | tee /dev/stderr)" || { echo 'run: go tool -modfile=tools/go.mod gofumpt -w .'; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

## cross: every OS and host that the tree claims, without a warning
cross:
	@for t in linux/arm64 freebsd/amd64 darwin/arm64 windows/amd64; do \
		echo "vet $$t"; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
		GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) build ./... || exit 1; done

## generate: docs that are made from the tables
generate:
	$(GO) generate ./...

clean:
	rm -rf bin
