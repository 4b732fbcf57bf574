# Guests: what runs inside. They go to target/guests/NAME.wasm, each made by `reentry build`.

.PHONY: guests guests-rust guests-others guests-plain guest-sdk-check

guests: guests-rust guests-others guests-plain ## build the sample steps as components

guests-rust: $(REENTRY) ## those in Rust
	@toolchain/setup-guest-rust.sh
	@cargo fetch --locked --quiet --manifest-path sample-steps/Cargo.toml
	@mkdir -p target/guests && mkdir -p -m 700 target/compiled
	@bash -c '. toolchain/env.sh && REENTRY_DATA_DIR=$$PWD/target/compiled exec $(REENTRY) build sample-steps --out target/guests'

guests-others: $(REENTRY) ## those in other languages
	@toolchain/build-guests.sh

guests-plain: ## build the steps that have no SDK
	@toolchain/build-plain.sh

guest-sdk-check: ## format, lints and tests of the SDKs and the sample steps, on this machine
	@toolchain/check-sdks.sh
