# Everything here works in a fresh clone with Go; `make test` also wants gcc, for -race.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 5s
BENCH       ?= .

# What gateways run: static, without symbol tables and build paths.
GOBUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags='-s -w'

# The gateway's build: it speaks HTTP/1.1 to stores anyway, and HTTP/2 is 0.4 MB;
# inlining is 0.6 MB of the SDK, whose generated code is waiting for the network.
# What takes its time in bench/absorb.pgo is compiled for speed (`make profile`).
LEAN := -tags agent,nethttpomithttp2 -gcflags=github.com/aws/...=-l -pgo=bench/absorb.pgo

comma := ,

.PHONY: help modules build lean demo test peers bench profile fuzz lint e2e cross packages packages-test clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

modules: ## downloads what the checks are made of
	go list -deps -test -tags peers ./... >/dev/null
	go list -deps -test -tags agent ./... >/dev/null
	cd e2e && go list -deps -test -tags packages ./... >/dev/null
	cd packaging && go list -deps -test ./... >/dev/null
	go run $(GOFUMPT) -version
	go run $(STATICCHECK) -version

build: ## the full build for this machine, in bin/millwright
	$(GOBUILD) -o bin/millwright ./cmd/millwright

lean: ## the gateway's build for this machine, in bin/millwright-agent
	$(GOBUILD) $(LEAN) -o bin/millwright-agent ./cmd/millwright

demo: ## a simulated pump, the agent and the service, with nothing configured
	go run ./cmd/millwright demo

test: ## all tests of the module, with the race detector
	go test -race -timeout 30m ./...

peers: ## what is tested against Debian's chromium, prometheus (promtool), mosquitto and postgresql
	go test -race -timeout 30m -tags peers ./agent/page ./agent/metrics ./results/sink ./internal/sqldb
	go test -timeout 30m -tags peers ./inference ./inference/store ./inference/backend ./inference/jobs

bench: build lean ## Go's benchmarks, then the figures this project promises beside what is reached
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	go run ./bench

profile: ## bench/absorb.pgo anew, from the gateway's build at work on many drops
	$(GOBUILD) $(subst agent$(comma),agent$(comma)profile$(comma),$(LEAN)) -o bin/millwright-agent ./cmd/millwright
	PROFILE=$(CURDIR)/bench/absorb.pgo go run ./bench "absorb 10"
	$(MAKE) lean

fuzz: ## every fuzz target for FUZZTIME (5s)
	.ci/fuzz $(FUZZTIME)

lint: ## gofumpt, go vet on every build, staticcheck on every build
	@out=$$(go run $(GOFUMPT) -l . ); if [ -n "$$out" ]; then echo "not gofumpt-ed:"; echo "$$out"; exit 1; fi
	go vet ./...
	go vet -tags agent ./...
	go vet -tags peers ./agent/... ./results/... ./internal/sqldb/... ./inference/...
	go vet -tags testclock ./internal/clock ./cmd/millwright
	cd e2e && go vet -tags packages ./...
	cd packaging && go vet ./...
	go run $(STATICCHECK) -tags peers ./...
	go run $(STATICCHECK) -tags agent ./...
	cd e2e && go run $(STATICCHECK) -tags packages ./...
	cd packaging && go run $(STATICCHECK) ./...

e2e: ## drives the built binary against a real S3 server through faults
	cd e2e && go test -count=1 -timeout 90m ./... # the cache does not see what the program is made of

cross: ## all five release builds in dist/, checked to be static and small enough
	.ci/cross

packages: ## deb and rpm of both builds in dist/; VERSION=1.2.3 names them
	cd packaging && go run . $(if $(VERSION),-version $(VERSION))

packages-test: ## installs, runs, upgrades and purges the deb on a Debian made for it; wants root
	cd packaging && go test -count=1 ./...
	cd e2e && go test -tags packages -count=1 -timeout 90m -v ./packages

clean: ## removes what was built
	rm -rf bin dist
