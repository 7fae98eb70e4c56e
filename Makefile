# make run and make test need Go and make, and nothing set up beforehand.

FUZZTIME ?= 10m
BENCH    ?= .
COUNT    ?= 1

# Without a C compiler the command takes its SQLite in pure Go.
CGO_ENABLED ?= $(shell tools/cgo.sh)
export CGO_ENABLED

# Berkeley DB is linked where its header is.
GOFLAGS ?= -tags=$(shell CGO_ENABLED=$(CGO_ENABLED) tools/tags.sh)
export GOFLAGS

.DEFAULT_GOAL := help
.PHONY: run build test lint long fuzz bench cover clean help

run: build ## build the command and serve the demo site, until Ctrl-C
	bin/datasession demo

build: ## build bin/datasession
	go build -buildvcs=false -trimpath -o bin/datasession ./cmd/datasession

test: ## everything: lint, all tests of all modules, races, real Perl
	tools/test.sh

lint: ## gofmt, go vet, staticcheck, go fix -diff
	tools/lint.sh

long: ## the tests that take long as well (DATASESSION_LONG=1)
	DATASESSION_LONG=1 go test -count=1 -timeout=4h work

fuzz: ## each fuzz target for FUZZTIME (default 10m)
	FUZZTIME=$(FUZZTIME) tools/fuzz.sh

bench: ## the benchmarks (BENCH=regexp); prints, and writes nothing
	BENCH='$(BENCH)' COUNT=$(COUNT) tools/bench.sh

cover: ## test coverage of the main module, by function
	@mkdir -p bin
	go test -coverpkg=./... -coverprofile=bin/cover.out ./...
	go tool cover -func=bin/cover.out

clean: ## remove what the others made
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' Makefile | tr '@' '\t' | expand -t 14
