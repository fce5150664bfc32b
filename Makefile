# `make` alone lists what there is. Everything runs from a clean clone; docs/contributing.md explains.
SHELL      := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO      ?= $(or $(shell command -v cargo),$(HOME)/.cargo/bin/cargo)
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
RUSHES_BIN ?= $(TARGET_DIR)/release/rushes
DESTDIR    ?=
PREFIX     ?= /usr
# Optional: camera files with other tools' readings of them, and black-box fault scripts. Absent ones are skipped, and said so.
RUSHES_DATA   ?= $(realpath ../shared/data)
RUSHES_FAULTS ?= $(realpath ../shared/tools/faults)
export RUSHES_DATA RUSHES_FAULTS
SECONDS_PER_TARGET ?= 60

.PHONY: help demo build release test conformance faults faults-long systemd-check systemd-test fuzz bench lint doc man completions install clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS=$$'\t' read -r t d; do printf '  make %-14s %s\n' "$$t" "$$d"; done

demo: ## install what is missing, build, and run the whole thing on a small roll that it makes itself
	@tests/install-deps.sh demo
	@echo "Building (the first time takes a few minutes)"
	@$(CARGO) build --release --quiet
	@$(RUSHES_BIN) demo

build: ## debug build
	$(CARGO) build

release: ## release build
	$(CARGO) build --release

test: ## install what is missing and run every test, then those on real camera files if there are any
	@tests/install-deps.sh test
	$(CARGO) test -- --skip conformance
	@$(MAKE) --no-print-directory conformance

conformance: ## compare with other tools on the files of RUSHES_DATA
	@if [ -z "$(RUSHES_DATA)" ] || [ ! -d "$(RUSHES_DATA)" ]; then echo "skipped: no RUSHES_DATA"; \
	else echo "conformance, on $(RUSHES_DATA)"; $(CARGO) test --test it conformance -- --nocapture; fi

faults: $(RUSHES_BIN) ## short fault scripts: kill -9, full disk, growing files, bursts, names, races (root)
	@RUSHES_BIN="$(abspath $(RUSHES_BIN))" tests/run-faults.sh short

faults-long: $(RUSHES_BIN) ## the same at full length (hours, root)
	@RUSHES_BIN="$(abspath $(RUSHES_BIN))" tests/run-faults.sh long
	@RUSHES_BATTER=65536 cargo test --release --test it battered -- --nocapture

systemd-check: ## unit, sysusers and tmpfiles files: no warnings, exposure at most 1.5
	@tests/systemd/verify.sh

systemd-test: $(RUSHES_BIN) ## boot a real systemd in a container and try the service (root)
	@tests/systemd/boot.sh "$(abspath $(RUSHES_BIN))"

fuzz: ## fuzz every target for SECONDS_PER_TARGET (60) seconds; TARGETS="riff dpx" for some of them
	@tests/install-deps.sh fuzz
	@SECONDS_PER_TARGET="$(SECONDS_PER_TARGET)" fuzz/run.sh $(TARGETS)

bench: $(RUSHES_BIN) ## how fast things are, beside other tools; BENCHES="hash scan" for some of it
	@tests/install-deps.sh test
	@RUSHES_BIN="$(abspath $(RUSHES_BIN))" benches/run.sh $(BENCHES)

lint: ## format, clippy, docs: as CI does
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --quiet

doc: ## build the API documentation
	$(CARGO) doc --no-deps

man: $(RUSHES_BIN) ## man pages into out/man
	@mkdir -p out/man
	@$(RUSHES_BIN) man out/man
	@echo "man pages: out/man"

completions: $(RUSHES_BIN) ## shell completions into out/completions
	@mkdir -p out/completions
	@for s in bash zsh fish; do $(RUSHES_BIN) completions $$s >out/completions/rushes.$$s; done
	@echo "completions: out/completions"

$(RUSHES_BIN): $(shell find src config -type f 2>/dev/null) Cargo.toml Cargo.lock
	$(CARGO) build --release
	@touch -c $@

install: $(RUSHES_BIN) man completions ## into DESTDIR (PREFIX=/usr)
	install -D -m 755 $(RUSHES_BIN) "$(DESTDIR)$(PREFIX)/bin/rushes"
	sed 's#/usr/bin/rushes#$(PREFIX)/bin/rushes#' systemd/rushes.service >out/rushes.service
	install -D -m 644 out/rushes.service "$(DESTDIR)$(PREFIX)/lib/systemd/system/rushes.service"
	install -D -m 644 systemd/rushes.sysusers "$(DESTDIR)$(PREFIX)/lib/sysusers.d/rushes.conf"
	install -D -m 644 systemd/rushes.tmpfiles "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/rushes.conf"
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/man/man1" out/man/*.1
	install -D -m 644 out/completions/rushes.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/rushes"
	install -D -m 644 out/completions/rushes.zsh "$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_rushes"
	install -D -m 644 out/completions/rushes.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/rushes.fish"
	install -D -m 644 config/rushes.toml "$(DESTDIR)$(PREFIX)/share/doc/rushes/rushes.toml"
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/doc/rushes" README.md CHANGELOG.md LICENSE systemd/outputs.conf.example

clean: ## remove what was built
	$(CARGO) clean
	rm -rf out
