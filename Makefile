# logferry: make, make check, make install
CMDS = loggrep logpack logparse logpush logquiet logstamp
B = build
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/logferry
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
ADMIN = cron postrotate rsyslog selinux syslog-ng systemd

CC = cc
OPTIMIZE = -O2 -g
CFLAGS = $(OPTIMIZE) -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection
LDFLAGS = -Wl,-z,relro,-z,now
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -iquote lib \
	-fPIE -pthread $(WARN) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,--as-needed $(CFLAGS) $(LDFLAGS)
LDLIBS = -lpcre2-8 -ldeflate -lz -llz4 -larchive -lcrypto -lm

LIBOBJS = $(patsubst %.c,$B/%.o,$(wildcard lib/*.c))
CTESTS = $(patsubst %.c,$B/%,$(wildcard tests/*.c))
FUZZERS = $(patsubst %.c,$B/%,$(wildcard tests/fuzz/*.c))
SCRIPTS = $(shell grep -lrIE '^\#!.*sh$$' scripts tests .ci)
PROVE ?= prove --timer -e ''
FUZZ_SECONDS = 20

all: $(CMDS:%=$B/%)

$B/%: $B/cmd/%.o $B/liblogferry.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
$B/tests/%: $B/tests/%.o $B/liblogferry.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
$B/liblogferry.a: $(LIBOBJS)
	rm -f $@ && $(AR) rcs $@ $^
$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Fast, no root, no network.
check: all $(CTESTS)
	B=$(abspath $B) $(PROVE) -j2 tests/*.t $(CTESTS)

# On real servers; a test that needs one that is not installed says so.
check-services: all
	B=$(abspath $B) $(PROVE) tests/services/*.t

check-faults: all
	B=$(abspath $B) $(PROVE) tests/faults/*.t

check-asan:
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 \
	UBSAN_OPTIONS=halt_on_error=1:exitcode=99 \
	$(MAKE) check B=build-asan OPTIMIZE='-O1 -g' LDFLAGS= CFLAGS='-O1 -g \
	    -fno-omit-frame-pointer -fsanitize=address,undefined \
	    -fno-sanitize-recover=undefined'

# Bounded: FUZZ_SECONDS for each harness, from its corpus.
fuzz:
	$(MAKE) fuzz-run B=build-fuzz CC=clang LDFLAGS= CFLAGS='-O1 -g \
	    -fsanitize=fuzzer-no-link,address,undefined \
	    -fno-sanitize-recover=undefined'
$B/tests/fuzz/%: $B/tests/fuzz/%.o $B/liblogferry.a
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzz-run: $(FUZZERS)
	@for f in $(FUZZERS); do n=$${f##*/}; \
	    mkdir -p $B/corpus/$$n tests/fuzz/corpus/$$n && \
	    echo "fuzz $$n for $(FUZZ_SECONDS) s" && \
	    $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -verbosity=0 \
	        -print_final_stats=1 -artifact_prefix=$B/ \
	        $B/corpus/$$n tests/fuzz/corpus/$$n || exit 1; done

lint:
	scripts/lint $(SCRIPTS)

bench: all
	B=$(abspath $B) scripts/bench

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(DATADIR)/scripts \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR)
	install $(CMDS:%=$B/%) $(DESTDIR)$(BINDIR)
	cd man && for m in *.[157]; do install -m 644 $$m \
	    $(DESTDIR)$(MANDIR)/man$${m##*.} || exit 1; done
	for c in $(CMDS); do install -m 644 scripts/completions/logferry.bash \
	    $(DESTDIR)$(BASHDIR)/$$c || exit 1; done
	install -m 644 scripts/completions/_logferry $(DESTDIR)$(ZSHDIR)
	cp -R logrotate.d $(DESTDIR)$(DATADIR)
	cp -R $(ADMIN:%=scripts/%) $(DESTDIR)$(DATADIR)/scripts
	grep -rl /usr/local/share/logferry $(DESTDIR)$(DATADIR) | \
	    xargs sed -i 's|/usr/local/share/logferry|$(DATADIR)|g'
	cd man && for m in *.[157]; do sed -i \
	    -e 's|/usr/local/share/logferry|$(DATADIR)|g' \
	    -e 's|/usr/local/bin/|$(BINDIR)/|g' \
	    $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m || exit 1; done

uninstall:
	rm -f $(CMDS:%=$(DESTDIR)$(BINDIR)/%)
	cd man && for m in *.[157]; do \
	    rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done
	rm -f $(CMDS:%=$(DESTDIR)$(BASHDIR)/%) $(DESTDIR)$(ZSHDIR)/_logferry
	rm -rf $(DESTDIR)$(DATADIR)

clean:
	rm -rf build build-asan build-fuzz

.PHONY: all check check-services check-faults check-asan fuzz fuzz-run lint \
	bench install uninstall clean
.SECONDARY:
-include $(shell find $B -name '*.d' 2>/dev/null)
