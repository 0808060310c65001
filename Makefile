# SPDX-License-Identifier: MIT
# wsbridged.  `make run` tries it, `make check` tests it, `make install` installs it.
#
# All outputs are in build/.  Variants are this Makefile again with another B: build/asan (sanitizers),
# build/fuzz (libFuzzer), build/gcc and build/clang (-Werror).  V=1 shows the whole commands.

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
SYSCONFDIR ?= /etc
MANDIR     ?= $(PREFIX)/share/man
UNITDIR    ?= $(PREFIX)/lib/systemd/system
USERSDIR   ?= $(PREFIX)/lib/sysusers.d
DOCDIR     ?= $(PREFIX)/share/doc/wsbridged
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g
VERSION    := 0.1.0
B          := build

# Who may include whom (DESIGN 2): a layer sees these headers and no others, so a wrong include
# does not build.  tests/layers proves it.
layers      := base proto io web bridge server ctl
sees.base   := base
sees.proto  := proto base
sees.io     := io base
sees.web    := web proto io base
sees.bridge := bridge proto io base
sees.server := server web bridge proto io base
sees.ctl    := ctl proto base
sees.main   := $(layers)

# libev has no .pc file; it casts its watchers to each other, hence -fno-strict-aliasing below.
packages   := libcrypto libssl inih jansson libcares
pc_cflags  := $(shell $(PKG_CONFIG) --cflags $(packages) 2>/dev/null)
LDLIBS     := $(shell $(PKG_CONFIG) --libs $(packages) 2>/dev/null) -lev -lcrypt -lm

# Hardening is the default; HARDEN= and HARDEN_LINK= leave it to your CFLAGS and LDFLAGS.
# FORTIFY needs an optimising compiler, and the first two flags are not for every processor.
takes       = $(shell $(CC) -Werror $1 -c -o /dev/null -x c /dev/null 2>/dev/null && echo $1)
fortify    := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN     := $(call takes,-fcf-protection) $(call takes,-fstack-clash-protection) \
	-fstack-protector-strong -fPIE -Wformat -Werror=format-security \
	$(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),$(fortify))
HARDEN_LINK := -pie -Wl,-z,relro,-z,now
WARN       := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wvla
sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# The flags of layer $1.  -Wa,-I is where the assembler finds the embedded files (.incbin).
flags   = -std=gnu11 -D_GNU_SOURCE -fno-strict-aliasing $(WARN) $(or $(SANITIZE),$(HARDEN)) \
	$(addprefix -Isrc/,$(sees.$1)) -Wa,-I,$(B)/web -Wa,-I,src/web -Wa,-I,src/server $(pc_cflags) $(CPPFLAGS) $(CFLAGS)
link    = $(or $(SANITIZE),$(HARDEN_LINK)) -Wl,--as-needed $(LDFLAGS)
# From sources to a program in one command: tests and tools, which may include every layer.
program = $(call say,LD) $(CC) $(call flags,main) $(link) -o $@ $(filter %.c,$^) $(filter %.a,$^) $(LDLIBS)
say     = $(if $(V),,@printf '  %-4s %s\n' $1 $@ &&)
again   = @$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

objects := $(patsubst src/%.c,$(B)/%.o,$(wildcard $(layers:%=src/%/*.c)))
manuals := $(wildcard man/*.[1-9]) $(B)/man/wsbridge.ini.5
assets  := $(patsubst src/%,$(B)/%.gz,$(foreach e,html css js mjs svg,$(wildcard src/web/*.$e src/web/*/*.$e)))

.PHONY: all run check lint deb install uninstall format clean print-flags FORCE
.DELETE_ON_ERROR:

services:= $(B)/systemd/wsbridged.service $(B)/systemd/wsbridged@.service

all: $(B)/wsbridged $(B)/wsbridgectl $(manuals) $(services)
$(B)/wsbridged: $(B)/main.o
$(B)/wsbridgectl: $(B)/wsbridgectl.o
$(B)/wsbridged $(B)/wsbridgectl: $(B)/libwsbridged.a
	$(call say,LD) $(CC) $(link) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)
$(B)/libwsbridged.a: $(objects)
	$(call say,AR) rm -f $@ && $(AR) rcs $@ $^
$(B)/%.o: src/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(CC) $(call flags,$(or $(filter $(layers),$(*D)),main)) $(defines) -MMD -MP -c -o $@ $<
$(B)/main.o $(B)/wsbridgectl.o $(filter $(B)/server/%,$(objects)): defines := -DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(SYSCONFDIR)"'
-include $(objects:.o=.d) $(B)/main.d $(B)/wsbridgectl.d

# Embedded in the daemon: the pages, compressed (-n: the same bytes every time), and the demo's ini.
$(B)/web/%.gz: src/web/%
	@mkdir -p $(@D)
	$(call say,GZIP) gzip -9nc $< >$@
$(filter $(B)/web/%,$(objects)): $(assets)
$(filter $(B)/server/%,$(objects)): $(wildcard src/server/*.ini)

# Changes when the compiler, its flags or the version do; then everything is built anew.
$(B)/flags: FORCE
	@$(PKG_CONFIG) --exists --print-errors $(packages) || { echo 'try: tools/need run'; exit 1; }
	@mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$(CC) $(call flags,main) $(link) $(VERSION) $(SYSCONFDIR))' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The manual's list of keys comes out of the table that the parser uses.
$(B)/man/keys: man/keys.c $(B)/libwsbridged.a
	@mkdir -p $(@D)
	$(program)
$(B)/man/wsbridge.ini.5: man/wsbridge.ini.5.in $(B)/man/keys
	$(call say,MAN) $(B)/man/keys >$@.keys && $(B)/man/keys wsserver >$@.names && \
		sed -e '/^@KEYS@$$/{r $@.keys' -e 'd;}' -e '/^@WSSERVER@$$/{r $@.names' -e 'd;}' $< >$@

# One service for wsbridge.ini, and one for each file of wsbridge/.
$(services): systemd/wsbridged.service.in FORCE
	@mkdir -p $(@D) && sed -e '/^@$(if $(findstring @,$@),one,each)@/d' -e 's/^@[a-z]*@//' \
		-e 's|@SBINDIR@|$(SBINDIR)|;s|@BINDIR@|$(BINDIR)|;s|@SYSCONFDIR@|$(SYSCONFDIR)|' $< >$@

include tests/rules.mk

run:
	@tools/need run
	$(again) $(B)/wsbridged
	@$(B)/wsbridged --demo
check:
	@tools/need check && tests/check
lint:
	@tools/need lint && tools/lint
deb: # build/deb/wsbridged_*.deb, from a copy of the sources
	@tools/need deb && tools/deb
format:
	clang-format -i $(wildcard src/*.[ch] src/*/*.[ch] man/*.[ch] tests/*/*.[ch])
clean:; rm -rf build
print-flags:; @: $(info $(call flags,$(LAYER))) # of LAYER=proto

# Once for both targets.  An ini that is there is the admin's: never overwritten, and removed only while it is the sample.
ini = $(DESTDIR)$(SYSCONFDIR)/wsbridge.ini
define files
$(call $1,755,$(SBINDIR),$(B)/wsbridged)
$(call $1,755,$(BINDIR),$(B)/wsbridgectl)
$(foreach s,1 5 7 8,$(call $1,644,$(MANDIR)/man$s,$(filter %.$s,$(manuals))))
$(call $1,644,$(UNITDIR),$(services) $(wildcard systemd/*.socket))
$(call $1,644,$(USERSDIR),$(wildcard systemd/sysusers.d/*))
$(call $1,644,$(DOCDIR),$(wildcard systemd/*.conf))
$(call $1,644,$(BASHDIR),$(wildcard share/bash-completion/completions/*))
endef
define put
$(if $3,install -D -m $1 -t $(DESTDIR)$2 $3)

endef
define take
$(if $3,rm -f $(addprefix $(DESTDIR)$2/,$(notdir $3)))

endef
install: all
	$(call files,put)
	test -e $(ini) || install -D -m 644 -t $(DESTDIR)$(SYSCONFDIR) conf/wsbridge.ini
	install -d $(ini:.ini=.d) $(ini:.ini=)
uninstall:
	$(call files,take)
	! cmp -s conf/wsbridge.ini $(ini) || rm $(ini)
	-rmdir --ignore-fail-on-non-empty $(ini:.ini=.d) $(ini:.ini=)
