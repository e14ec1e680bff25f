# SPDX-License-Identifier: GPL-2.0
#
# kipc: a kernel module, a library, tools and tests. "make help" lists what
# this file does; Documentation/testing.rst tells how the guests work.

O	:= $(CURDIR)/build
VM	:= selftests/vm

# What a user may set
KERNELS	?= 6.12 6.1
KERNEL	?= 6.12
DEBUG_KERNELS ?= kasan kcsan hardened
ACCEL	?= auto
CPUS	?= 2
MEM	?= 1G
PREFIX	?= /usr/local
DESTDIR	?=
RELEASE	?= $(shell uname -r)
KDIR	?= /lib/modules/$(RELEASE)/build
WERROR	?= 1

export O KERNEL ACCEL CPUS MEM TIMEOUT KERNELS TESTS PREFIX DESTDIR

# The sub-makes use every processor, this one takes a step at a time
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DELETE_ON_ERROR:

.PHONY: all
all: module lib tools		## the module for this kernel, the library, the tools (default)

## Building

.PHONY: module lib tools examples selftests
module:				## kipc.ko for KDIR, by default the running kernel's headers
	@if [ -d "$(KDIR)" ]; then \
		$(VM)/build-module "$O/module/$(RELEASE)" "$(KDIR)" W=1 && \
		cp "$O/module/$(RELEASE)/kipc.ko" kipc.ko; \
	else \
		echo "No module: $(KDIR) is not there. Install" \
			"linux-headers-$(RELEASE), or set KDIR=;" \
			"the rest is built without it."; \
	fi

lib:				## libkipc, shared and static, in build/lib
	@$(MAKE) -C lib

tools: lib			## kipcctl and kipc-bench, in build/tools
	@$(MAKE) -C tools

examples: lib			## the programs of Documentation/examples, in build/examples
	@$(MAKE) -C Documentation/examples

selftests: lib tools examples $O/linux-source
	@$(MAKE) -C selftests

.PHONY: gcc-plugins
gcc-plugins: deps		## our GCC plugins, which look at the module, in build/gcc-plugins
	@$(MAKE) -C tools/gcc-plugins

.PHONY: deps
deps: $O/.deps			## install the Debian packages that building and testing need
$O/.deps: $(VM)/packages
	@$(VM)/install-packages
	@mkdir -p $O && touch $@

## Trying and testing, in a guest

.PHONY: check check-debug check-rt check-cpus soak coverage style bench insns insns-record shell guest-run guest
.PHONY: check-runner check-plugin check-models check-many check-installed check-address check-thread
.PHONY: check-valgrind abi-record
check: deps			## every test in every kernel of KERNELS; TESTS="a b" runs some
	+@$(VM)/check

check-debug: deps		## the module's tests in instrumented kernels, built first (about 3 h in all)
	+@KERNELS="$(DEBUG_KERNELS)" $(VM)/check debug

check-rt: deps			## the module's tests in Debian's PREEMPT_RT kernel
	+@KERNELS=6.12-rt $(VM)/check debug

STORMS := kill_storm queue_storm queue_race mapping_race many_clients lib_shm_ring_storm soak

check-cpus: deps		## the storms with one processor, and with 24
	+@status=0; for cpus in 1 24; do echo "CPUS=$$cpus"; \
		CPUS=$$cpus KERNELS=$(KERNEL) TIMEOUT=$(or $(TIMEOUT),400) \
		TESTS="$(STORMS)" $(VM)/check || status=1; done; exit $$status

# To bash, SECONDS is how long it has been running
unexport SECONDS
soak: selftests guest-$(KERNEL)	## everything at once for SECONDS (3600), in phases of a minute; SEED=n
	@ACCEL=$$($(VM)/accel -v) $(VM)/soak $(KERNEL) $(or $(SECONDS),3600) $(SEED)

# Status: that of the share of lines and branches (LINES=95 BRANCHES=85)
coverage: deps			## what of the module the tests run: build/coverage/index.html
	+@KERNELS=cover $(VM)/check debug; status=$$?; \
		$(VM)/coverage $(LINES) $(BRANCHES) && exit $$status

style: deps kernels		## sparse, checkpatch, warnings, shellcheck
	@$(VM)/style

check-installed: deps lib tools $O/linux-source	## the library as installed: every way to build against it
	@selftests/host/installed

check-address check-thread check-valgrind: selftests	# the library's tests, here, watched
	@selftests/host/instrumented $(@:check-%=%)

check-address:			## the library's tests on this machine with address and UB sanitizers
check-thread:			## the same with the thread sanitizer
check-valgrind:			## the same under valgrind

check-models: deps		## the models of the hand-over protocols, searched whole; BOUNDS="-D..."
	@selftests/models/check

abi-record: lib			## record the library's binary interface, after a change that is meant
	@selftests/host/abi record

check-plugin: gcc-plugins kernels	## double fetches: test the plugin, and look at the module with it
	@$(VM)/check-plugin $(KERNEL)

check-runner: deps guest-$(KERNEL)	## test the tests: every gate must be able to fail
	@$(VM)/check-runner $(KERNEL)

check-many: selftests guest-$(KERNEL)	## list MANY (100000) queues: linear, and beside calls
	@$(VM)/accel -v > /dev/null && TIMEOUT=$(or $(TIMEOUT),1200) $(VM)/guest-run -k $(KERNEL) \
		$O/selftests/netlink_many -- 'MANY=$(or $(MANY),100000) ./netlink_many'

bench: export TIMEOUT := $(or $(TIMEOUT),3600)
bench: guest-$(KERNEL)		## compare the mechanisms; BENCH_ARGS= goes to kipc-bench
	@$(VM)/accel -v > /dev/null && $(VM)/guest-run -k $(KERNEL) -g /tmp/bench.json=$O/bench.json -- \
		'modprobe -q binder_linux; kipc-bench --json /tmp/bench.json $(BENCH_ARGS)'

insns: guest-$(KERNEL)		## count the instructions of a small call, against those recorded
	@$(VM)/insns $(KERNEL)

insns-record: guest-$(KERNEL)	## record them, after a change that is meant
	@$(VM)/insns $(KERNEL) record

fuzz: selftests guest-$(KERNEL)	## fuzz the module: OPS= calls (10000000) or SECONDS= (3600), KERNEL=cover or kasan
	@$(VM)/accel -v > /dev/null && FUZZ_OPS=$(or $(OPS),10000000) \
		FUZZ_SECONDS=$(or $(SECONDS),3600) $(VM)/fuzz $(KERNEL)

shell: guest-$(KERNEL)		## a shell in a guest with the module loaded
	@$(VM)/shell $(KERNEL)

# The command goes through the environment as it was written
guest-run: export COMMAND = $(value RUN)
guest-run: guest-$(KERNEL)	## run RUN="./prog data" in a guest that has FILES="prog data"
	@$(VM)/accel -v > /dev/null && $(VM)/guest-run -k $(KERNEL) $(FILES) -- "$$COMMAND"

.PHONY: kernels
kernels: $(KERNELS:%=$O/kernels/%/release) $O/linux-source

guest: $(KERNELS:%=guest-%)	## build all that the guests need, boot none

guests := $(sort $(KERNELS:%=guest-%) guest-$(KERNEL))
.PHONY: $(guests)
$(guests): guest-%: deps lib tools $O/guest/base.cpio $O/guest/tools.cpio \
		$O/guest/%.cpio

$O/kernels/%/release: | deps
	@$(VM)/fetch-kernel $*

# The instrumented kernels are built here, each anew when its configuration changes
instrumented := $(filter-out base,$(patsubst $(VM)/kernels/%.config,%,$(wildcard $(VM)/kernels/*.config)))
$(instrumented:%=$O/kernels/%/release): $O/kernels/%/release: FORCE | deps
	@$(VM)/build-kernel $*

# What their modules are built with beside what the kernel's configuration says
module-kasan := KCOV_INSTRUMENT=y
module-cover := KCOV_INSTRUMENT=y GCOV_PROFILE=y

$O/linux-source: $(VM)/fetch-source | deps
	@$(VM)/fetch-source

$O/module/%/kipc.ko: $O/kernels/%/release FORCE
	@$(VM)/build-module $O/module/$* $O/kernels/$*/headers W=1 KUNIT=y $(module-$*) \
		$(if $(filter 1,$(WERROR)),KCFLAGS=-Werror)
	@[ ! $(@D)/kipc_kunit.ko -nt $@ ] || touch $@ # one archive has both

$O/guest/base.cpio: $(wildcard $(VM)/guest/*) $(VM)/image $(VM)/pack
	@$(VM)/image base

$O/guest/tools.cpio: lib tools $(VM)/image $(VM)/add-files $(VM)/pack
	@$(VM)/image tools

$O/guest/%.cpio: $O/module/%/kipc.ko $(VM)/image $(VM)/add-modules $(VM)/pack
	@$(VM)/image kernel $* $<

.PRECIOUS: $O/kernels/%/release $O/module/%/kipc.ko $O/guest/%.cpio
.PHONY: FORCE
FORCE:

## Installing

.PHONY: install uninstall clean distclean help
MODDIR = $(DESTDIR)/lib/modules/$(RELEASE)/updates

install: all			## into DESTDIR and PREFIX
	@if [ -f kipc.ko ]; then \
		install -Dm644 kipc.ko "$(MODDIR)/kipc.ko" && \
		{ [ -n "$(DESTDIR)" ] || depmod $(RELEASE); }; \
	fi
	@$(MAKE) -C lib install
	@$(MAKE) -C tools install

uninstall:			## what install put there
	rm -f "$(MODDIR)/kipc.ko"
	@$(MAKE) -C lib uninstall
	@$(MAKE) -C tools uninstall

clean:				## what was built; fetched kernels stay
	rm -rf kipc.ko $O/module $O/lib $O/tools $O/examples $O/selftests $O/guest $O/run $O/check

distclean:			## all of build/
	rm -rf kipc.ko $O

help:				## this
	@sed -n -e 's/^## \(.*\)/\n\1/p' \
		-e 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' \
		$(firstword $(MAKEFILE_LIST)) | expand -t 18
	@echo
	@echo "Variables: KERNEL=$(KERNEL) KERNELS=\"$(KERNELS)\" ACCEL=auto|kvm|tcg|icount CPUS=$(CPUS)" \
		"MEM=$(MEM) TIMEOUT= WERROR=0" \
		"TESTS= SECONDS= SEED= FILES= RUN= BENCH_ARGS= KDIR= PREFIX=$(PREFIX) DESTDIR="
