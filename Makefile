# Zhitong 369. Everything that a person types is a target here: make help.
SHELL := /bin/bash
GO ?= go
export CGO_ENABLED ?= 0

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# The demo's size and the folder that it fills; each run makes a new folder.
DEMO_SCALE ?= 1
DEMO_SEED ?= 369
DEMO_PARENT ?= data

# How many histories the simulator runs, or FROM:N.
SEEDS ?= 1000

.DEFAULT_GOAL := help
.PHONY: help build demo test check simulate mutants bench postgresql compiler clean

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## bin/zhitong
	$(GO) build -o bin/zhitong ./cmd/zhitong

demo: build postgresql ## fill a fresh data folder with the demo programme and print its two tables
	@mkdir -p $(DEMO_PARENT)
	@folder=$$(mktemp -d $(DEMO_PARENT)/demo-XXXXXX) && \
	bin/zhitong demo --no-serve --scale $(DEMO_SCALE) --seed $(DEMO_SEED) --data "$$folder" && \
	printf '\nbin/zhitong serve --data %s\nbin/zhitong view --data %s\n' "$$folder" "$$folder" >&2

test: postgresql compiler ## all tests, with the race detector
	$(GO) vet ./...
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...

check: postgresql ## formatting, vet, staticcheck, tidy modules
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff

simulate: ## random histories in a world that fails: SEEDS=1000, or SEEDS=FROM:N
	ZHITONG_SIMULATE_SEEDS=$(SEEDS) $(GO) test -count=1 -timeout 60m -run HistoriesInAWorld ./internal/simulate

mutants: ## plant bugs into the application, one after the other, and have the simulator find them
	$(GO) run ./internal/simulate/mutate

bench: build postgresql ## measure this machine
	bin/zhitong bench append --floor --json
	bin/zhitong bench replay --floor --json
	bin/zhitong bench rebuild --growth --floor --json
	bin/zhitong bench lag --floor --json

postgresql: ## install the Postgres server when there is none (Debian and its kin)
	@scripts/need-postgresql

compiler: ## install a C compiler when there is none (Debian and its kin); the race detector needs it
	@scripts/need-compiler

clean: ## remove what was built; data folders stay
	rm -rf bin
