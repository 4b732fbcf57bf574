# The project's verbs. `make help` lists them.
.DEFAULT_GOAL := check
REENTRY := target/debug/reentry
include guests.mk

.PHONY: help setup check test demo install guests sim attack bench bless fuzz docs deny fmt

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: ## install what building needs and is not there, and say what
	@toolchain/setup.sh

check: setup ## format, lints and fast tests
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --exclude reentry-tests

demo: ## the main job: suspend, kill -9, resume in another process
	@toolchain/demo.sh
	@tests/demo.sh

# Where `make install` puts things: below /usr/local for root, below ~/.local for everyone else.
PREFIX ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)

install: setup ## build an optimized `reentry` and put it on PATH, with completions and man pages; PREFIX=... says where
	@toolchain/install.sh "$(PREFIX)"

test: ## everything that has to pass, with the time that each part took
	@tests/all.sh

.PHONY: $(REENTRY)
$(REENTRY):
	cargo build --locked --workspace --bin reentry

sim: ## simulate 10,000 schedules, or with SEED=n that one, and tell all that happens in it
	$(if $(SEED),REENTRY_SIM_SEED=$(SEED),REENTRY_SIM_SCHEDULES=10000) cargo test --locked -p reentry --test simulation -- --nocapture $(if $(SEED),schedules)

attack: ## play the long form of all attacks
	ATTACKS_LONG=1 cargo test --locked --workspace --test attacks

bench: setup guests ## figures, one JSON line each, with the floor of this machine beside them
	cargo run --locked --release -p reentry-tests --bin bench

fuzz: ## fuzz the snapshot decoder and the instrumentation for a minute each (needs nightly and cargo-fuzz)
	cd tests/fuzz && for target in $$(cargo +nightly fuzz list); do \
	  cargo +nightly fuzz run $$target -- -max_total_time=60 || exit 1; done

deny: ## licenses, bans and sources of dependencies (needs cargo-deny)
	cargo deny --locked check licenses bans sources

docs: ## the library's pages
	cargo doc --locked --workspace --no-deps

bless: ## write again what tests compare with: the pages of commands and errors, and what commands print
	BLESS=1 cargo test --locked -p reentry-cli

fmt: ## format everything
	cargo fmt
	cd guest-sdk/rust && cargo fmt
	cd sample-steps && cargo fmt
