# Canopy. `make help` lists the targets and variables: lines with `##` and `#:` here.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

#: STACK    auto (default): in containers where a Docker engine answers, else as programs;
#:          or compose, native, none (only the host, as a program)
#: LISTEN   address and port of the host where it is a program; default: 127.0.0.1:8080
#: SPEC     specification of the model; default: model-wasm/specs/bike-sharing.toml
#: MODEL    file of the model; default: models/bike-sharing.wasm; in containers only its name
#:          counts, see scripts/train.sh
#: ARGS     further arguments of the program that the target runs
#: ALERT    alert of fire-alert: down (default), rmse or drift
#: SECONDS  fuzz: for each parser; default: 60
#: ONLY, ROUNDS, QUICK, WRITE   bench: see bench/run.py --help
STACK  ?= auto
LISTEN ?= 127.0.0.1:8080
SPEC   ?= model-wasm/specs/bike-sharing.toml
MODEL  ?= models/bike-sharing.wasm
ARGS   ?=
ALERT  ?= down
BIN    := target/release
GUESTS := canopy-guest canopy-unruly-guest canopy-wasi-guest
export CARGO_TERM_PROGRESS_WHEN ?= auto
export MODEL SPEC
export BIKE_API_ADDRESS = $(LISTEN)

# How the stack runs, asked only where it matters: compose, native or none.
ifneq ($(filter all stop model evaluation traffic fire-alert,$(MAKECMDGOALS)),)
WAY := $(shell STACK="$(STACK)" BIKE_API_ADDRESS="$(LISTEN)" scripts/way.sh)
ifeq ($(WAY),)
$(error no way to run the stack)
endif
endif

.PHONY: all stop run model evaluation traffic fire-alert test verify chaos fuzz bench microbench budget flamegraph deny lint reference smoke package build guest help

ifeq ($(WAY),compose)
all:
	@scripts/grafana-password.sh >/dev/null
	docker compose up --build --detach --wait
	@scripts/welcome.sh compose
else
all: build $(MODEL) ## Start the stack: build what is missing, train the model, predict (STACK=none: only the host)
	@scripts/stack.sh up $(if $(filter none,$(WAY)),bike-api)
	@scripts/welcome.sh $(WAY)
endif

stop: ## End what `make all` started
	@scripts/stack.sh down
ifeq ($(WAY),compose)
	docker compose --profile evaluation --profile model --profile traffic down
endif

run: build $(MODEL) ## Run the host in the foreground
	$(BIN)/canopy serve --model "$(MODEL)" --models .run/versions --listen "$(LISTEN)" $(ARGS)

ifeq ($(WAY),compose)
model:
	@scripts/train.sh $(ARGS)

evaluation traffic:
	@scripts/compose-run.sh evaluation evaluation $(if $(filter traffic,$@),traffic,evaluate) $(ARGS)

fire-alert:
	@scripts/fire-alert.sh compose "$(ALERT)" $(ARGS)
else
model: build ## Train the model again: SPEC=file MODEL=file ARGS="--data hour.csv"
	$(BIN)/canopy-trainer train --spec "$(SPEC)" --output "$(MODEL)" $(ARGS)

evaluation: build ## Evaluate the three weeks of February: ARGS="--period march=2011-03-01..2011-03-07"
	$(BIN)/canopy-evaluation evaluate --url "http://$(LISTEN)" $(ARGS)

traffic: build ## Send prediction traffic: ARGS="--rate 500 --duration 30s --drifted-share 0.2"
	$(BIN)/canopy-evaluation traffic --url "http://$(LISTEN)" $(ARGS)

fire-alert: build ## Make an alert fire, to see that it arrives: ALERT=down|rmse|drift CANOPY_ALERT_FOR=5s
	@scripts/fire-alert.sh native "$(ALERT)" $(ARGS)
endif

test: lint guest ## Lint, run every test, and list those that could not run here
	@scripts/test.sh $(GUESTS)

verify: build guest ## Run what `make test` has no time for: chaos and fuzzing at full length, dependencies, peers. SECONDS=60
	@scripts/verify.sh "$(or $(SECONDS),60)" $(GUESTS)

bench: build ## Measure what the documents claim, beside peers: ONLY=forest,predict ROUNDS=10 QUICK=1 WRITE=docs/explanation/performance.md
	bench/run.py $(if $(ONLY),--only "$(ONLY)") $(if $(ROUNDS),--rounds "$(ROUNDS)") $(if $(QUICK),--quick) $(if $(WRITE),--write "$(WRITE)")

microbench: guest ## Measure each part of a prediction alone, with criterion: ARGS=row/json
	cargo bench --profile release --workspace $(addprefix --exclude ,$(GUESTS)) --bench micro --bench drift -- $(ARGS)

budget: guest ## Count the instructions of the hottest functions anew; `make test` compares with bench/tests/budget.toml
	cargo test --release --workspace $(addprefix --exclude ,$(GUESTS)) --test budget -- write

flamegraph: build $(MODEL) ## Draw where the time of POST /predict goes: docs/images/predict-flame.svg, and a table
	bench/flamegraph.py "$(MODEL)" docs/images/predict-flame.svg

chaos: guest ## Faults while requests flow, at full length: swaps, kills, a full disk …; `make test` runs them short
	@scripts/list-not-run.sh env CANOPY_CHAOS=full cargo test --release --workspace $(addprefix --exclude ,$(GUESTS)) --test chaos -- --include-ignored --nocapture --test-threads=1

fuzz: guest ## Fuzz every parser, guided by coverage: SECONDS=600 for each; `make test` takes 5
	scripts/fuzz.sh "$(or $(SECONDS),60)"

deny: ## Check licences, sources, versions and advisories of the dependencies; compiles cargo-deny once
	@scripts/deny.sh

lint: build ## rustfmt and clippy, warnings as errors; the reference documentation is up to date
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- --deny warnings
	scripts/reference.sh --check

reference: build ## Generate docs/reference from the programs
	@scripts/reference.sh

smoke: ## Build, train, serve, predict and stop, as on a new machine: ARGS=--no-build
	@scripts/smoke.sh $(ARGS)

package: build ## Pack the programs for a release: dist/canopy-VERSION-TRIPLE.tar.gz and its SHA-256
	@scripts/package.sh

build: ## Build the blank guest and the programs, target/release/canopy*
	@scripts/build-guest.sh blank
	cargo build --release --bins

guest: ## Build the blank guest that models are baked into, and the guests of the tests
	@scripts/build-guest.sh

$(MODEL): $(SPEC) | build
	$(BIN)/canopy-trainer train --spec "$(SPEC)" --output "$(MODEL)"

help: ## List targets and variables
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; echo "Variables, as in make evaluation LISTEN=127.0.0.1:9000:"
	@sed -n 's/^#:/ /p' $(MAKEFILE_LIST)
