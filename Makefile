# Everything from a clone to a running milter. Each target first makes sure that what it needs is
# there (scripts/needs): as root on Debian it installs what is missing, otherwise it says what.

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
TWINSEAL_MESSAGES ?= 2000
ONCE ?=
PROVE ?=
PORT ?=

.PHONY: help run build test check bench differential fuzz dist packages install

help:
	@echo 'make run               seal a message on this machine, then serve (ONCE=1: stop then; PORT=N)'
	@echo 'make build             build target/release/twinseal'
	@echo 'make test              everything that must pass, with a table at the end'
	@echo 'make check             its quick part: format, lints, documentation, generated files'
	@echo 'make bench             measure (BENCH=name: only that; BENCH=quick: see that it works)'
	@echo 'make differential      $(TWINSEAL_MESSAGES) messages, each signed in every way, before all judges'
	@echo 'make fuzz              each fuzz target for FUZZ_SECONDS ($(FUZZ_SECONDS))'
	@echo 'make dist              the files of a release (PROVE=1: and that they build to the same program)'
	@echo 'make packages          build the Debian packages into target/packages'
	@echo 'make install           install below PREFIX ($(PREFIX)), in DESTDIR if it is given'

run:
	@scripts/needs build
	@scripts/build
	@"$$(scripts/build --where)" demo $(if $(filter-out 0 no,$(ONCE)),--once) $(if $(PORT),--port $(PORT))

build:
	@scripts/needs build
	@scripts/build

test:
	@scripts/stages

check:
	@scripts/needs build lint
	@scripts/stages format clippy docs generated

bench:
	@scripts/needs build bench
	@scripts/bench $(BENCH)

differential:
	@scripts/needs build peers
	@scripts/build
	@TWINSEAL_MESSAGES='$(TWINSEAL_MESSAGES)' TWINSEAL_BIN="$$(scripts/build --where)" \
		cargo test --locked --package twinseal-e2e --test differential -- --nocapture

fuzz:
	@scripts/needs build fuzz
	@scripts/fuzz $(FUZZ_SECONDS)

dist:
	@scripts/needs build dist
	@scripts/dist $(if $(filter-out 0 no,$(PROVE)),--prove)

install:
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' scripts/install

packages:
	@scripts/needs build debian
	@scripts/packages
	@ls "$$(scripts/packages --where)"/*.deb
