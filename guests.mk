# Guests: what runs inside. `make guests-core` leaves target/guests/NAME.core.wasm for each sample step,
# `make guests-conformance` target/guests/conformance-LANGUAGE.wasm.

.PHONY: guests-core guests-conformance guests-samples guests-plain guest-sdk-check

guests-core: ## build the sample steps as core modules
	@toolchain/setup-guest-rust.sh
	toolchain/build-guest.sh sample-steps

guests-conformance: $(REENTRY) ## build the conformance step in every language
	@toolchain/build-conformance.sh

guests-samples: ## build the sample steps that are not in Rust
	@toolchain/build-samples.sh

guests-plain: ## build the steps that have no SDK
	@toolchain/build-plain.sh

guest-sdk-check: export CARGO_TARGET_DIR = $(CURDIR)/target/guest-build
guest-sdk-check: ## format, lints and tests of the SDKs and the sample steps, on this machine
	cd guest-sdk/rust && cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings && cargo test --locked
	cd sample-steps && cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings && cargo test --locked
	node --test guest-sdk/javascript/test/
	python3 -B -m unittest discover guest-sdk/python/tests
