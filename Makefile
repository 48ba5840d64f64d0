# What a developer runs. Needs Go, git and make; CGO stays off but for the race detector.
export CGO_ENABLED ?= 0

GO       ?= go
FUZZTIME ?= 20s
SOAK     ?= 10m
SEEDS    ?= 1000
BASE     ?= 1
LAWSEED  ?= 1
ROUNDS   ?= 20
TARGETS  := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# The packages whose tests draw their cases (package rapid, which alone knows the flags): a check of a commit draws the
# same cases each time, "make laws" new ones.
EVERY = $(shell $(GO) list ./...)
DRAWN = $(shell $(GO) list -f '{{$$p := .ImportPath}}{{range .TestImports}}{{if eq . "pgregory.net/rapid"}}{{$$p}}{{end}}{{end}}{{range .XTestImports}}{{if eq . "pgregory.net/rapid"}}{{$$p}}{{end}}{{end}}' ./...)

.PHONY: laws crash simulate test vet format lint race soak build kill conformance day bench fuzz man docs planted

test: vet format lint ## everything that must hold before a commit
	@ended=0; \
	$(GO) test -timeout 15m $(filter-out $(DRAWN),$(EVERY)) || ended=1; \
	$(GO) test -timeout 15m $(sort $(DRAWN)) -rapid.seed=$(LAWSEED) || ended=1; \
	exit $$ended

laws: ## the drawn laws with ROUNDS new seeds from LAWSEED on
	@set -e; for seed in $$(seq $(LAWSEED) $$(($(LAWSEED) + $(ROUNDS) - 1))); do \
	  echo "seed $$seed"; $(GO) test -count=1 -timeout 30m $(sort $(DRAWN)) -rapid.seed=$$seed; \
	done

vet:
	$(GO) vet ./...

format:
	@out=$$(gofmt -l $$(git ls-files -- '*.go')); \
	if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

lint: ## golangci-lint, where it is installed
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run ./...; \
	else echo "lint: golangci-lint is not installed, left out"; fi

race: ## all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

soak: ## both personalities under the race detector for SOAK, every fault on; CLIENTS: folder with the public clients
	TANDEM_SOAK=$(SOAK) TANDEM_SOAK_CLIENTS=$(CLIENTS) CGO_ENABLED=1 $(GO) test -race -count=1 -v -timeout 60m -run 'TestSoak' ./internal/cli/conformance

build: ## one static binary for each system, in dist/
	@mkdir -p dist
	@set -e; for target in $(TARGETS); do \
	  os=$${target%/*}; arch=$${target#*/}; ext=; [ $$os = windows ] && ext=.exe || true; \
	  echo "dist/tandem-$$os-$$arch$$ext"; \
	  CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -o dist/tandem-$$os-$$arch$$ext ./cmd/tandem; \
	done

simulate: ## SEEDS lives of two sites from seed BASE on, each twice, with faults, crashes and people who edit
	$(GO) test -count=1 -v -timeout 0 -run 'TestSimulate$$' ./internal/engine/simulation -seeds $(SEEDS) -base $(BASE)

planted: ## the simulation must find each bug that is planted in the engine, by the name of the invariant that it breaks
	$(GO) test -tags planted -count=1 -v -timeout 30m -run 'TestPlanted' ./internal/engine/simulation

kill: ## kill -9 at every failpoint of every verb and at 200 random moments
	TANDEM_KILLS=all $(GO) test -count=1 -v -timeout 60m -run 'Kill' ./internal/cli ./internal/store

crash: ## every scenario of sync, ended before and after every write and in the commit of its outcome
	TANDEM_CRASHES=all $(GO) test -count=1 -v -timeout 60m -run 'TestScenarioCrashes' ./internal/engine/simulation

conformance: ## the emulator and the connectors against the vendor's documents, recordings and public clients
	bash conformance/run.sh

day: ## 24 emulated hours of two sites kept together, 50 authors a side, 2 % of the requests harmed; DAY: another length
	TANDEM_DAY=$(or $(DAY),24h) $(GO) test -count=1 -v -timeout 12h -run 'TestDay$$' ./internal/engine/simulation

bench: ## tandem bench: figures with their bounds
	$(GO) run ./cmd/tandem bench

fuzz: ## each fuzz target for FUZZTIME
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; \
	done

docs: ## generated documents: docs/openapi.json, docs/errors.md, the list of commands
	$(GO) run ./cmd/tandem openapi --to docs/openapi.json
	$(GO) test -count=1 -run 'TestErrorsPage|TestHelpPages' ./internal/cli -update

man: ## man pages in dist/man
	@mkdir -p dist/man
	$(GO) run ./cmd/tandem completion --man dist/man
