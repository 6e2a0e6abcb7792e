# Canopy. `make help` lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

LISTEN ?= 127.0.0.1:8080
MODEL  ?= models/bike-sharing.wasm
SPEC   ?= model-wasm/specs/bike-sharing.toml
ARGS   ?=
BIN    := target/release
export CARGO_TERM_PROGRESS_WHEN ?= auto

.PHONY: all stop run model evaluation traffic test lint build guest help

all: build $(MODEL) ## Build what is missing, train the model, start the host, say what to try
	@scripts/start.sh "$(LISTEN)" "$(MODEL)"

stop: ## End what `make all` started
	@scripts/stop.sh

run: build $(MODEL) ## Run the host in the foreground
	$(BIN)/canopy serve --model "$(MODEL)" --listen "$(LISTEN)" $(ARGS)

model: build ## Train the model again: SPEC=file MODEL=file ARGS="--data hour.csv"
	$(BIN)/canopy-trainer train --spec "$(SPEC)" --output "$(MODEL)" $(ARGS)

evaluation: build ## Evaluate the three weeks of February: ARGS="--period march=2011-03-01..2011-03-07"
	$(BIN)/canopy-evaluation evaluate --url "http://$(LISTEN)" $(ARGS)

traffic: build ## Send prediction traffic: ARGS="--rate 500 --duration 30s --drifted-share 0.2"
	$(BIN)/canopy-evaluation traffic --url "http://$(LISTEN)" $(ARGS)

test: lint ## Lint, then run every test
	@deployment/check.sh
	cargo test --release --workspace --exclude canopy-guest --exclude canopy-unruly-guest

lint: guest ## rustfmt and clippy, warnings as errors
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- --deny warnings

build: guest
	cargo build --release

guest:
	@scripts/build-guest.sh

$(MODEL): $(SPEC) | build
	$(BIN)/canopy-trainer train --spec "$(SPEC)" --output "$(MODEL)"

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13
