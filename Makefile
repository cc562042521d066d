# SPDX-License-Identifier: Apache-2.0
# connscope: the only makefile. `make help` lists the targets.

O ?= .output
PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man

VERSION := 0.1.0
ARCH ?= $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
ifeq ($(filter $(ARCH),x86 arm64),)
$(error connscope runs on x86_64 and aarch64, not on $(ARCH))
endif

CC ?= cc
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

LIBS := libbpf json-c
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
ALL_CFLAGS += -fsanitize=address,undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

BIN := $(O)/connscope
USER_SOURCES := $(wildcard user/*.c)
USER_OBJECTS := $(USER_SOURCES:%.c=$(O)/%.o)
# All but what speaks to the kernel: what unit tests link with.
PLAIN_OBJECTS := $(filter-out $(addprefix $(O)/user/,main.o tracer.o probes.o),$(USER_OBJECTS))
UNIT_TESTS := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
PEER := $(O)/tests/peer

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all deps demo check check-unit check-live check-vm lint install uninstall clean help

all: $(BIN) ## build connscope (any user)

$(O)/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LIB_CFLAGS) -c $< -o $@

$(O)/user/tracer.o: $(O)/connscope.skel.h

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

$(BIN): $(USER_OBJECTS)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) -o $@

$(O)/tests/unit/test_%: $(O)/tests/unit/test_%.o $(PLAIN_OBJECTS)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) $^ $(LIB_LIBS) $(shell $(PKG_CONFIG) --libs cmocka) -o $@

$(PEER): $(patsubst %.c,$(O)/%.o,$(wildcard tests/live/*.c))
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@

-include $(shell find $(O) -name '*.d' 2>/dev/null)
