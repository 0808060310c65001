# SPDX-License-Identifier: MIT
# tests/rules.mk - builds and runs the programs of the tests; the Makefile includes it.

units   := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/unit/test_*.c))
vectors := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/vectors/run_*.c tests/vectors/second_*.c))
fuzzers := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
replays := $(fuzzers:$(B)/fuzz_%=$(B)/fuzz/replay_%)
bench   := $(addprefix $(B)/bench/,load floor micro)

.PHONY: programs check-programs asan faults valgrind abuse soak fuzz coverage bench bench-publish bench-check

# Programs of the tests: a source of that name, with what else its directory has to share.
programs: $(B)/fault/shim.so $(B)/fault/clock.so $(B)/wsbridged $(B)/wsbridgectl $(B)/man/wsbridge.ini.5 $(units) $(vectors) $(replays) $(bench)
$(units) $(vectors) $(bench): $(B)/%: tests/%.c
$(replays): $(B)/fuzz/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c
$(units) $(vectors) $(bench) $(replays): $(B)/libwsbridged.a $(wildcard tests/*/*.h)
	@mkdir -p $(@D)
	$(program)
$(units): LDLIBS += -lcmocka
$(B)/vectors/second_wslay $(B)/fuzz_wslay $(B)/fuzz/replay_wslay: LDLIBS += -lwslay
$(units): $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
$(vectors): $(filter-out tests/vectors/run_% tests/vectors/second_%,$(wildcard tests/vectors/*.c))
$(B)/bench/load: $(filter-out $(bench:$(B)/%=tests/%.c) tests/bench/lws.c tests/bench/ballast.c,$(wildcard tests/bench/*.c))
$(B)/bench/lws: tests/bench/lws.c # its library is only needed here
	@mkdir -p $(@D)
	$(program) -lwebsockets
$(B)/fault/shim.so: $(wildcard tests/fault/shim_*.c tests/fault/*.h)
$(B)/fault/shim.so $(B)/fault/clock.so $(B)/bench/ballast.so $(B)/valgrind/fork.so: $(B)/%.so: tests/%.c
	@mkdir -p $(@D)
	$(call say,LD) $(CC) $(call flags,main) -fPIC -shared -o $@ $(filter %.c,$^)
$(fuzzers): $(B)/%: tests/fuzz/%.c $(B)/libwsbridged.a $(wildcard tests/*/*.h)
	$(program) -fsanitize=fuzzer

check-programs: programs
	$(again) B=build/asan SANITIZE='$(sanitizers)' programs
asan:
	$(again) B=build/asan SANITIZE='$(sanitizers)' build/asan/wsbridged build/asan/wsbridgectl
fuzz: # T=60: seconds for each target; ONLY="http session": of these; build/fuzz/account sums up all runs
	@tools/need fuzz
	$(again) B=build/fuzz CC=clang SANITIZE='-fsanitize=fuzzer-no-link $(sanitizers)' $(if $(ONLY),$(ONLY:%=build/fuzz/fuzz_%),$(fuzzers:$(B)/%=build/fuzz/%))
	@tools/fuzz $(or $(T),60) $(ONLY)
faults: # every call that can fail; make check takes a sample
	@tools/need check
	$(again) programs
	@FAULTS=all tests/check fault
abuse: # in numbers that make check has no time for
	@tools/need check
	$(again) programs
	cd tests/it && ABUSE=all /usr/bin/python3 -m pytest -q -s test_abuse.py
soak: asan # MINUTES=20: everything at once, with an account of every message; make check takes a sample
	@tools/need check
	@WSBRIDGED=$(CURDIR)/build/asan/wsbridged tests/soak/soak.py --minutes $(or $(MINUTES),20)
valgrind: # some of tests/it with every daemon under valgrind; half an hour
	@tools/need valgrind
	$(again) programs $(B)/valgrind/fork.so
	@tests/check valgrind
coverage:
	$(again) B=build/coverage CC=gcc CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage HARDEN= HARDEN_LINK= \
		$(replays:$(B)/%=build/coverage/%)
	@tests/coverage
bench:
	@tools/need bench
	$(again) $(B)/wsbridged $(bench) $(B)/bench/ballast.so $(B)/bench/lws
	@tests/bench/bench.py
bench-publish: # what the READMEs show, of the last result
	@tests/bench/publish.py
bench-check: # is a message twice as dear as it was?
	@tools/need check
	$(again) $(B)/wsbridged $(bench)
	@tests/bench/check.py
