MODULES := $(sort $(patsubst %/,%,$(dir $(shell find . -name go.mod -not -path '*/testdata/*'))))
TOOL    := go tool -modfile=$(CURDIR)/api/go.mod

export VERSION BASE

.PHONY: test generate check-generated lint lint-contract doc-comments api-compat dist vulncheck drift fuzz bench bench-check

test: ## the tests of every module, this one's with the race detector
	go test -race -shuffle=on ./...
	@for module in $(filter-out .,$(MODULES)); do echo "# $$module" && (cd $$module && go test -shuffle=on ./...) || exit; done

generate: ## write what is generated from openapi.yaml: sessions.gen.go, and bench's stock client; all or nothing
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	(cd api && go tool generate -o "$$fresh/sessions.gen.go") && \
	sed "s#^output: .*#output: $$fresh/stock.gen.go#" bench/stock/oapi-codegen.yaml >"$$fresh/config.yaml" && \
	$(TOOL) oapi-codegen -config "$$fresh/config.yaml" openapi.yaml && \
	cp "$$fresh/sessions.gen.go" . && cp "$$fresh/stock.gen.go" bench/stock/

check-generated: ## fail, showing the difference, when what is generated is stale
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && stale() { echo "$$1 is stale: run make generate and commit the result" >&2; exit 1; }; \
	(cd api && go tool generate -o "$$fresh/sessions.gen.go") && \
	{ diff -u sessions.gen.go "$$fresh/sessions.gen.go" || stale sessions.gen.go; } && \
	sed "s#^output: .*#output: $$fresh/stock.gen.go#" bench/stock/oapi-codegen.yaml >"$$fresh/config.yaml" && \
	$(TOOL) oapi-codegen -config "$$fresh/config.yaml" openapi.yaml && \
	{ diff -u bench/stock/stock.gen.go "$$fresh/stock.gen.go" || stale bench/stock/stock.gen.go; }

lint-contract: ## openapi.yaml by Redocly and Spectral; needs Node.js and, once, the network
	@api/lint-contract.sh

lint: ## formatting, vet, staticcheck and tidiness of every module; doc comments
	@unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "run gofmt -w on: $$unformatted" >&2; exit 1; }
	@for module in $(MODULES); do echo "# $$module" && (cd $$module && go mod tidy -diff && go vet ./... && $(TOOL) staticcheck ./...) || exit; done
	@$(MAKE) --silent doc-comments

doc-comments: ## every exported name of the importable packages has a comment that starts with it
	@$(TOOL) godoclint -enable require-doc,require-pkg-doc -exclude '(^|/)internal/' $$(go list -f '{{if ne .Name "main"}}{{.ImportPath}}{{end}}' ./...)

api-compat: ## the exported API against the last release, or BASE=v1.2.3; fails on an incompatible change
	@api/compat.sh $(if $(BASE),"$$BASE")

dist: ## archives of the command for every system, in dist/: VERSION=v1.2.3
	@.github/dist.sh "$$VERSION"

vulncheck: ## known vulnerabilities that any module's code reaches; needs the network
	@for module in $(MODULES); do echo "# $$module" && (cd $$module && $(TOOL) govulncheck ./...) || exit; done

MODE ?= check
drift: ## compare openapi.yaml with what Clerk publishes: MODE=check|watch|update UPSTREAM=dir OLD=file NEW=file JSON=1
	@cd api && go tool drift $(if $(JSON),-json) $(if $(UPSTREAM),-upstream $(abspath $(UPSTREAM))) \
		$(if $(OLD),-old $(abspath $(OLD))) $(if $(NEW),-new $(abspath $(NEW))) $(MODE)

# A count, since a run that ends by the clock fails now and then with "context deadline exceeded" and no finding.
FUZZTIME ?= 20000x
fuzz: ## run every fuzz target for FUZZTIME: a number of inputs (20000x) or a time (10m)
	@for target in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for name in $$(cd $$target && go test -list '^Fuzz' . | grep '^Fuzz'); do \
			echo "# $$target $$name" && (cd $$target && go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 50x .) || exit; \
		done; \
	done

bench: ## the same work through this client and its peers, in one run: a table of ratios
	cd bench && go run ./table

bench-check: ## fail when an operation allocates more than its committed budget
	cd bench && go run ./budget
