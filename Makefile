# logferry: make, make check, make install
CMDS = loggrep logpack logparse logpush logquiet logstamp
B = build
PREFIX ?= /usr/local
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/logferry
DOCDIR = $(PREFIX)/share/doc/logferry
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
ADMIN = apparmor cron cut grafana opensearch postrotate rest rsyslog selinux \
	setup setup.d ship syslog-ng systemd

# CC, CPPFLAGS, CFLAGS, LDFLAGS, PREFIX and DESTDIR may come from the environment
# or the command line: flags are added last, after ours.  HARDEN= leaves the
# hardening out.
CFLAGS ?= -O2 -g -gz
takes = $(shell $(CC) -Werror $1 -x c -c /dev/null -o /dev/null 2>&1 || echo no)
option = $(if $(call takes,$1),,$1)
HARDEN := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3) \
	-fstack-protector-strong $(call option,-fstack-clash-protection) \
	$(call option,-fcf-protection) \
	$(call option,-ftrivial-auto-var-init=zero) \
	$(call option,-fstrict-flex-arrays=3)
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	-iquote lib -fPIE -pthread -ffile-prefix-map='$(CURDIR)'=. $(WARN) \
	$(HARDEN) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,--as-needed -Wl,-z,relro,-z,now $(HARDEN) \
	$(CFLAGS) $(LDFLAGS)
LDLIBS = -lpcre2-8 -ldeflate -lz -llz4 -larchive -lcrypto -lm
$B/logpush: LDLIBS += -Wl,--no-as-needed -lcurl

LIBOBJS = $(patsubst %.c,$B/%.o,$(sort $(wildcard lib/*/*.c)))
CTESTS = $(patsubst %.c,$B/%,$(wildcard tests/*.c))
FUZZERS = $(patsubst %.c,$B/%,$(wildcard tests/fuzz/*.c))
SCRIPTS = $(shell grep -lrIE '^\#!.*sh$$' scripts tests .ci)
PROVE ?= prove --timer -e ''
FUZZ_SECONDS = 20
FUZZ_SEED = 0

all: $(CMDS:%=$B/%)

# "CC lib/base/buf.o", or with V=1 the whole command.
V = 0
quiet_0 = @echo '  $1' '$(@:$B/%=%)';
quiet = $(quiet_$V)

# A command is cmd/NAME.c and, where it is large, the parts cmd/NAME_PART.c.
.SECONDEXPANSION:
$B/%: $B/cmd/%.o \
    $$(addprefix $B/,$$(addsuffix .o,$$(basename $$(sort $$(wildcard cmd/$$*_*.c))))) \
    $B/liblogferry.a
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
$B/tests/%: $B/tests/%.o $B/liblogferry.a
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)
$B/liblogferry.a: $(LIBOBJS)
	$(call quiet,AR)rm -f $@ && $(AR) rcsDT $@ $^
$B/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Fast, no root, no network.
check: all $(CTESTS)
	@echo 'check: four minutes of processor time'
	B=$(abspath $B) $(PROVE) -j4 tests/*.t $(CTESTS)

# On real servers; a test that needs one that is not installed says so.
check-services: all
	B=$(abspath $B) $(PROVE) tests/services/*.t

check-faults: all
	B=$(abspath $B) $(PROVE) -j2 tests/faults/*.t

# Power cuts: every state that one may leave, or STATES of each scenario.
STATES = 0
check-crash: all
	B=$(abspath $B) tests/crash/crash -n $(STATES)

check-asan:
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 \
	UBSAN_OPTIONS=halt_on_error=1:exitcode=99 \
	$(MAKE) check B=build-asan HARDEN= LDFLAGS= CFLAGS='-O1 -g \
	    -fno-omit-frame-pointer -fsanitize=address,undefined \
	    -fno-sanitize-recover=undefined'

# What has threads, under ThreadSanitizer.  It cannot bear how some kernels lay
# out memory at random, so they are asked not to.  Threads that hang in a receiver
# are left behind, and with them what they would have joined.
THREADED = loggrep.t logpack.t logparse.t logpush-s3.t \
	logpush-drains.t logpush-stream.t url-operands.t
check-tsan:
	$(MAKE) tsan-run B=build-tsan HARDEN= LDFLAGS= \
	    CFLAGS='-O1 -g -fsanitize=thread'
tsan-run: all $B/tests/jobs
	rm -rf $B/races && mkdir $B/races
	B=$(abspath $B) \
	    TSAN_OPTIONS=report_thread_leaks=0:log_path=$(abspath $B)/races/at \
	    $$(setarch -R true 2>/dev/null && echo setarch -R) \
	    $(PROVE) -j2 $(THREADED:%=tests/%) $B/tests/jobs; \
	st=$$?; cat $B/races/* 2>/dev/null && exit 1; exit $$st

# The main job while everything fails, for a minute for each of SEEDS.
SEEDS = 1 2 3 4 5
check-chaos: all
	B=$(abspath $B) tests/chaos $(SEEDS)

# Cross-built for arm64 and run by qemu; build-arm64 keeps the libraries.
check-qemu:
	tests/foreign arm64

# What the suites reach, room by room.
COVERED = check check-services check-faults check-crash check-chaos
coverage:
	find build-cov -name '*.gcda' -delete 2>/dev/null; \
	    for s in $(COVERED); do $(MAKE) $$s B=build-cov HARDEN= \
	        CPPFLAGS=-DNO_SANDBOX \
	        LDFLAGS='-Wl,--wrap=_exit -Wl,--wrap=execl -Wl,--wrap=execvp \
	            $(CURDIR)/tests/faults/exit_gcov.c' \
	        CFLAGS='-O0 -g --coverage -fprofile-update=atomic'; done
	tests/coverage build-cov

# Do the tests see a change?  CHANGES of them, chosen by SEED.
CHANGES = 200
SEED = 1
mutants:
	tests/mutants -n $(CHANGES) -s $(SEED)

# Bounded: FUZZ_SECONDS for each harness, from its corpus, by FUZZ_SEED (0: chance).
fuzz:
	$(MAKE) fuzz-run B=build-fuzz CC=clang HARDEN= LDFLAGS= CFLAGS='-O1 -g \
	    -fsanitize=fuzzer-no-link,address,undefined \
	    -fno-sanitize=pointer-overflow \
	    -fno-sanitize-recover=undefined'
$B/tests/fuzz/%: $B/tests/fuzz/%.o $B/liblogferry.a
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzz-run: $(FUZZERS)
	@for f in $(FUZZERS); do n=$${f##*/}; \
	    mkdir -p $B/corpus/$$n tests/fuzz/corpus/$$n && \
	    echo "fuzz $$n for $(FUZZ_SECONDS) s" && \
	    $$f -seed=$(FUZZ_SEED) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -verbosity=0 \
	        -print_final_stats=1 -artifact_prefix=$B/ \
	        $B/corpus/$$n tests/fuzz/corpus/$$n || exit 1; done

lint:
	scripts/lint $(SCRIPTS)

bench: all
	B=$(abspath $B) scripts/bench

# Whatever the umask is; PREFIX and DESTDIR may hold blanks.
D = "$(DESTDIR)
RELOCATE = sed -i -e 's|/usr/local/share/logferry|$(DATADIR)|g' \
	-e 's|/usr/local/bin\([:/]\)|$(BINDIR)\1|g'
install: all
	install -d -m 755 $D$(BINDIR)" $D$(DATADIR)/scripts" $D$(DOCDIR)" \
	    $D$(MANDIR)/man1" $D$(MANDIR)/man5" $D$(MANDIR)/man7" \
	    $D$(BASHDIR)" $D$(ZSHDIR)" $D$(FISHDIR)"
	install -m 755 $(CMDS:%=$B/%) $D$(BINDIR)"
	install -m 644 README NEWS LICENSE HACKING SECURITY $D$(DOCDIR)"
	cd man && for m in *.[157]; do install -m 644 $$m \
	    $D$(MANDIR)"/man$${m##*.} || exit 1; done
	install -m 644 scripts/completions/logferry.bash $D$(BASHDIR)/loggrep"
	install -m 644 scripts/completions/logferry.fish \
	    $D$(FISHDIR)/loggrep.fish"
	for c in $(filter-out loggrep,$(CMDS)); do \
	    ln -sf loggrep $D$(BASHDIR)"/$$c && \
	    ln -sf loggrep.fish $D$(FISHDIR)"/$$c.fish || exit 1; done
	install -m 644 scripts/completions/_logferry $D$(ZSHDIR)"
	cp -R logrotate.d $D$(DATADIR)"
	cp -R $(ADMIN:%=scripts/%) $D$(DATADIR)/scripts"
	chmod -R u=rwX,go=rX $D$(DATADIR)"
	grep -rlZ /usr/local/ $D$(DATADIR)" | xargs -0 $(RELOCATE)
	$(RELOCATE) $D$(DOCDIR)/README"
	cd man && for m in *.[157]; do \
	    $(RELOCATE) $D$(MANDIR)"/man$${m##*.}/$$m || exit 1; done

# make setup ARGS='docker s3://bucket/logs/{host}/'
setup: install
	'$(DATADIR)/scripts/setup' $(ARGS)

uninstall:
	for c in $(CMDS); do rm -f $D$(BINDIR)"/$$c $D$(BASHDIR)"/$$c \
	    $D$(FISHDIR)"/$$c.fish; done
	cd man && for m in *.[157]; do \
	    rm -f $D$(MANDIR)"/man$${m##*.}/$$m; done
	rm -f $D$(ZSHDIR)/_logferry"
	rm -rf $D$(DATADIR)" $D$(DOCDIR)"

# What a release is made of, and packages of it: in build/dist.
VERSION = $(shell sed -n 's/.*LOGFERRY_VERSION "\(.*\)"/\1/p' lib/base/version.h)
dist:
	scripts/package/make-dist $(VERSION) build/dist
deb: dist
	scripts/package/make-deb $(VERSION) build/dist
rpm: dist
	scripts/package/make-rpm $(VERSION) build/dist

# The manual as pages for a browser, with an index: build/html.  Pages that are
# not ours are Debian's.
PAGES = logferry.7 $(filter-out logferry.7,$(notdir $(wildcard man/*.[157])))
html:
	rm -rf build/html && mkdir -p build/html
	cd man && for m in $(PAGES); do mandoc -T html -O \
	    'man=%N.%S.html;https://manpages.debian.org/%N.%S' $$m \
	    >../build/html/$$m.html || exit 1; done
	{ echo '<!DOCTYPE html><title>logferry</title><h1>logferry</h1><dl>'; \
	    for m in $(PAGES); do \
	        echo "<dt><a href='$$m.html'>$${m%.*}($${m##*.})</a>" \
	            "<dd>$$(sed -n 's/^\.Nd //p' man/$$m)"; done; echo '</dl>'; \
	} >build/html/index.html

clean:
	rm -rf build build-asan build-cov build-tsan build-fuzz build-arm64 \
	    build-i386 build-s390x

.PHONY: all check check-services check-faults check-crash check-chaos \
	check-qemu check-asan check-tsan tsan-run fuzz fuzz-run coverage mutants \
	lint bench html install setup uninstall dist deb rpm clean
.SECONDARY:
-include $(shell find $B -name '*.d' 2>/dev/null)
