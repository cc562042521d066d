# SPDX-License-Identifier: Apache-2.0
# connscope: the only makefile. `make help` lists the targets.

O ?= .output
PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
SHAREDIR ?= $(PREFIX)/share

VERSION := 0.1.0
ARCH ?= $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
ifeq ($(filter $(ARCH),x86 arm64),)
$(error connscope runs on x86_64 and aarch64, not on $(ARCH))
endif

CC ?= cc
SCDOC ?= scdoc
CLANG ?= $(firstword $(shell command -v clang-19 clang 2>/dev/null) clang)
LLVM_STRIP ?= $(firstword $(shell command -v llvm-strip-19 llvm-strip 2>/dev/null) llvm-strip)
BPFTOOL ?= $(firstword $(shell PATH="$$PATH:/usr/sbin" command -v bpftool 2>/dev/null) bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
LDFLAGS ?=
SAN ?=

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n'
endif

LIBS := libbpf libelf zlib json-c sqlite3 ncursesw libevent_core libevent_extra
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wundef -Wwrite-strings -Iinclude -Iuser -I$(O) -DCONNSCOPE_VERSION='"$(VERSION)"' \
	-MMD -MP $(CFLAGS)
LIB_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBS))
LIB_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBS))
# The multiarch folder holds <asm/types.h>, which -target bpf does not look for.
BPF_CFLAGS = -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror \
	-D__TARGET_ARCH_$(ARCH) -Iinclude -Ibpf \
	-I/usr/include/$(shell $(CC) -dumpmachine 2>/dev/null) -MMD -MP
ifeq ($(SAN),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

BIN := $(O)/connscope
USER_SOURCES := $(wildcard user/*.c)
HTML_SOURCES := $(wildcard user/html/*.html user/html/*.css user/html/*.js)
USER_OBJECTS := $(USER_SOURCES:%.c=$(O)/%.o)
# All but what speaks to the kernel: what unit tests link with.
PLAIN_OBJECTS := $(filter-out $(addprefix $(O)/user/,main.o run.o check.o top.o session.o serve.o self_test.o tracer.o hooks.o probes.o detach.o),$(USER_OBJECTS))
UNIT_TESTS := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
PEER := $(O)/tests/peer
BENCH := $(O)/tests/bench/work $(O)/tests/bench/floor $(O)/tests/bench/dispatch
BENCH_USER := $(O)/tests/bench/user
BENCH_KERNELS ?= 6.1 6.12 7.2
MAKE_RECORDING := $(O)/tests/make_recording

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all demo check check-tools check-unit check-live check-outputs check-vm check-bpf bench-icount bench-scale
.PHONY: bench-native bench-user bench-baseline runbook lint install uninstall clean help

MAN := $(O)/connscope.8

all: $(BIN) $(MAN) ## build connscope (any user)

$(MAN): user/share/connscope.8.scd
	$(say) MAN $@
	$(Q)mkdir -p $(@D)
	$(Q)$(SCDOC) < $< > $@

$(O)/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LIB_CFLAGS) -c $< -o $@

$(O)/user/tracer.o $(O)/user/hooks.o: $(O)/connscope.skel.h
$(O)/user/out_html.o: $(O)/html/page.h

$(O)/bpf/%.bpf.o: bpf/%.bpf.c Makefile
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# `gen object` leaves the debugging sections out; the skeleton shrinks to a tenth.
$(O)/connscope.bpf.linked.o: $(O)/bpf/connscope.bpf.o
	$(Q)$(BPFTOOL) gen object $@ $<

$(O)/connscope.skel.h: $(O)/connscope.bpf.linked.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name connscope > $@

# uPlot, as user/html/package-lock.json pins it; npm's cache serves where there is no network.
$(O)/html/node_modules/uplot/LICENSE: user/html/package.json user/html/package-lock.json
	$(say) NPM $(O)/html
	$(Q)command -v npm >/dev/null || { echo "npm is missing (Debian: apt-get install npm)" >&2; exit 1; }
	$(Q)mkdir -p $(O)/html && cp $^ $(O)/html
	$(Q)cd $(O)/html && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	$(Q)touch $@

$(O)/html/page.h: $(HTML_SOURCES) $(O)/html/node_modules/uplot/LICENSE
	$(say) GEN $@
	$(Q)node user/html/build.js $(O)/html/node_modules/uplot >$@

$(BIN): $(USER_OBJECTS)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

$(O)/tests/unit/test_self_test: $(O)/user/self_test.o

$(O)/tests/unit/test_%: $(O)/tests/unit/test_%.o $(PLAIN_OBJECTS)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) $(shell $(PKG_CONFIG) --libs cmocka) -o $@

$(PEER): $(patsubst %.c,$(O)/%.o,$(wildcard tests/live/*.c))
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@

$(O)/tests/bench/work: $(O)/tests/bench/work.o
	$(Q)$(CC) $(LDFLAGS) $^ -o $@

$(O)/tests/bench/dispatch: $(addprefix $(O)/,tests/bench/dispatch.o tests/bench/empty.o user/tracefs.o user/kernel_fs.o user/parse.o user/addr.o)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

$(O)/tests/bench/floor: $(O)/tests/bench/floor.o $(O)/tests/bench/empty.o $(filter-out $(O)/user/main.o,$(USER_OBJECTS))
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

$(BENCH_USER): $(O)/tests/bench/user.o $(PLAIN_OBJECTS)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

$(MAKE_RECORDING): $(O)/tests/outputs/make_recording.o $(PLAIN_OBJECTS)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

-include $(shell find $(O) -name '*.d' 2>/dev/null)

demo: ## trace real nginx traffic and print the report (root)
	$(Q)tests/packages build demo
	$(Q)$(MAKE) --no-print-directory all $(PEER)
	$(Q)tests/demo/demo $(abspath $(BIN)) $(abspath $(PEER))

check: ## every test, on this kernel and in VMs of four others (root)
	$(Q)tests/packages build demo check
	$(Q)tests/check

check-tools: $(PEER) $(MAKE_RECORDING)

check-unit: $(UNIT_TESTS) ## unit tests (any user); with SAN=1 under ASan and UBSan
	$(Q)tests/unit/run $(UNIT_TESTS)

check-live: $(BIN) $(PEER) ## live tests on this kernel (root)
	$(Q)CONNSCOPE=$(abspath $(BIN)) PEER=$(abspath $(PEER)) tests/live/run

check-outputs: $(BIN) $(PEER) $(MAKE_RECORDING) ## what stands beside the tracer: recordings, outputs, completions (root)
	$(Q)CONNSCOPE=$(abspath $(BIN)) PEER=$(abspath $(PEER)) MAKE_RECORDING=$(abspath $(MAKE_RECORDING)) tests/live/run $(wildcard tests/outputs/*.sh)

.PHONY: check-doctor
DOCTOR_SCENARIOS := $(filter-out tests/doctor/lib.sh,$(wildcard tests/doctor/*.sh))

check-doctor: $(BIN) $(PEER) ## what doctor finds in real software (root)
	$(Q)CONNSCOPE=$(abspath $(BIN)) PEER=$(abspath $(PEER)) tests/live/run $(DOCTOR_SCENARIOS)

check-vm: $(BIN) $(PEER) ## live tests in VMs of four kernels, and the scenarios in one (root)
	$(Q)CONNSCOPE=$(abspath $(BIN)) PEER=$(abspath $(PEER)) tests/vm/matrix

check-bpf: ## the BPF object with every clang that is here
	$(Q)for clang in clang-14 clang-19; do \
		command -v $$clang >/dev/null || continue; \
		$(MAKE) --no-print-directory O=$(O)/$$clang CLANG=$$clang $(O)/$$clang/bpf/connscope.bpf.o || exit 1; \
	done

ICOUNT := CONNSCOPE=$(abspath $(BIN)) WORK=$(abspath $(O)/tests/bench/work) FLOOR=$(abspath $(O)/tests/bench/floor) \
	DISPATCH=$(abspath $(O)/tests/bench/dispatch) tests/bench/icount

bench-icount: $(BIN) $(BENCH) ## instructions beside each tracer, in VMs, against the baseline (any user)
	$(Q)tests/packages build bench || :
	$(Q)$(ICOUNT) $(BENCH_KERNELS) > $(O)/icount.json
	$(Q)tests/bench/judge $(O)/icount.json tests/bench/baseline.json

bench-scale: BENCH_KERNELS = 6.12
bench-scale: $(BIN) $(BENCH) ## how cost grows with what is open: instructions in a VM, then time on this kernel (root)
	$(Q)VARIANTS=scale MEMORY=3072 $(ICOUNT) $(BENCH_KERNELS) > $(O)/icount-scale.json
	$(Q)tests/bench/judge $(O)/icount-scale.json
	$(Q)CONNSCOPE=$(abspath $(BIN)) WORK=$(abspath $(O)/tests/bench/work) tests/bench/scale $(O)/scale.json

bench-native: $(BIN) ## wrk against nginx beside each tracer, on this kernel (root)
	$(Q)tests/packages build bench || :
	$(Q)CONNSCOPE=$(abspath $(BIN)) tests/bench/native $(O)/native.json

bench-baseline: ## what bench-icount has measured last is what it compares with from now on
	$(Q)cp $(O)/icount.json tests/bench/baseline.json

bench-user: $(BENCH_USER) ## instructions and memory of user space, against the baseline (any user)
	$(Q)tests/packages bench || :
	$(Q)tests/bench/count $(abspath $(BENCH_USER)) > $(O)/user.json
	$(Q)tests/bench/compare $(O)/user.json tests/bench/user.json

runbook: ## what user/share/runbook.md shows, measured here (root)
	$(Q)tests/packages build demo check runbook
	$(Q)$(MAKE) --no-print-directory all $(PEER)
	$(Q)CONNSCOPE=$(abspath $(BIN)) PEER=$(abspath $(PEER)) tests/runbook/run

lint: ## style that a program can judge
	$(Q)tests/lint

# What is installed: mode, source, where to.
define INSTALLED
755 $(BIN) $(SBINDIR)/connscope
644 $(MAN) $(SHAREDIR)/man/man8/connscope.8
644 user/share/connscope.bash $(SHAREDIR)/bash-completion/completions/connscope
644 user/share/_connscope $(SHAREDIR)/zsh/site-functions/_connscope
644 user/share/connscope.fish $(SHAREDIR)/fish/vendor_completions.d/connscope.fish
644 user/share/connscope-rules.yml $(SHAREDIR)/connscope/connscope-rules.yml
644 user/share/connscope-alerts.yml $(SHAREDIR)/connscope/connscope-alerts.yml
644 user/share/connscope-grafana.json $(SHAREDIR)/connscope/connscope-grafana.json
644 user/share/connscope-clickhouse.sql $(SHAREDIR)/connscope/connscope-clickhouse.sql
644 user/share/fleet.md $(SHAREDIR)/connscope/fleet.md
644 user/share/cost.md $(SHAREDIR)/connscope/cost.md
644 user/share/runbook.md $(SHAREDIR)/connscope/runbook.md
endef
export INSTALLED

install: all ## to $(DESTDIR)$(PREFIX)
	$(Q)echo "$$INSTALLED" | while read -r mode from to; do \
		install -D -m "$$mode" "$$from" "$(DESTDIR)$$to" || exit 1; done
	$(say) INSTALL $(DESTDIR)$(SBINDIR)/connscope

uninstall: ## what install put there
	$(Q)echo "$$INSTALLED" | while read -r mode from to; do rm -f "$(DESTDIR)$$to"; done
	$(Q)rmdir "$(DESTDIR)$(SHAREDIR)/connscope" 2>/dev/null || :
	$(say) REMOVE $(DESTDIR)$(SBINDIR)/connscope

clean: ## everything that was built
	$(Q)rm -rf $(O)

help: ## this list
	$(Q)sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 14
	@echo 'Variables: V=1 (whole commands) SAN=1 (ASan, UBSan) O=DIR PREFIX DESTDIR CC CLANG CFLAGS'
