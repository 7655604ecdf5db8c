"""scenarios - commands and chains, and what must hold after a power cut

A scenario makes its files (set_up), is recorded (first), and for each state
that a crash may leave it is looked at (crashed), run again (again) and looked
at once more (ended).  By default every line of the logs must be in some file
with a final name after the crash, and in exactly `copies` files at the end;
files of others must be as they were, and nothing temporary may stay.
"""
import hashlib
import os
import re
import subprocess


def lines_of(name, n):
    """n lines that tell where they belong and do not compress well."""
    return [b"%s line %05d %s" % (name.encode(), i, hashlib.sha256(
        b"%s%d" % (name.encode(), i)).hexdigest().encode())
        for i in range(n)]


def text(lines):
    return b"".join(line + b"\n" for line in lines)


class Scenario:
    files = {}			# name: number of lines
    before = ""			# a command that is no part of it
    times = {}			# name: mtime
    command = ""
    next_command = None		# after the crash; by default the same
    statuses = (0,)
    end_statuses = (0,)
    copies = (1,)
    needs_sink = False
    is_chain = False		# its status is that of the last command
    ignore = (r"^receipts$",)
    final = r""			# what names are to hold the lines at the end
    stdin = b""

    def __init__(self, name, **what):
        self.name = name
        for k, v in what.items():
            setattr(self, k, v)

    def set_up(self, run):
        for name, n in self.files.items():
            path = os.path.join(run.dir, name)
            with open(path, "wb") as f:
                f.write(text(lines_of(name, n)))
            t = self.times.get(name, 1624977000)
            os.utime(path, (t, t))
        with open(os.path.join(run.dir, "other.log-1"), "wb") as f:
            f.write(b"somebody else's\n")
        if self.before:
            run.shell(self.before)

    def first(self, run, env):
        run.shell(self.command, self.stdin, **env)

    def alone(self, run, env):
        """The same, with nobody who waits for answers."""
        self.first(run, env)

    def again(self, run):
        run.shell(self.next_command or self.command, self.stdin)

    def lines(self):
        return [line for name, n in self.files.items()
                for line in lines_of(name, n)]

    def count(self, run):
        """How many files hold each line; what is wrong with the files."""
        found, temporary, wrong = run.contents(self.ignore)
        if found.pop("other.log-1", b"") != b"somebody else's\n":
            wrong.append("other.log-1 was touched")
        counts = dict.fromkeys(self.lines(), 0)
        places = {}
        for path, data in found.items():
            for line in data.split(b"\n"):
                if line in counts:
                    counts[line] += 1
                    places.setdefault(line, []).append(path)
                elif line != b"":
                    wrong.append("%s has a line of nobody: %r" % (path,
                                                                  line[:60]))
                    break
        return counts, places, temporary, wrong

    def crashed(self, run, contexts):
        counts, _, _, wrong = self.count(run)
        gone = [line for line, n in counts.items() if n == 0]
        if gone:
            wrong.append("after the crash: %d lines are gone, such as %r" %
                         (len(gone), gone[0][:30]))
        return wrong

    def over(self, run, contexts):
        """The power went after the end: is all that was done on disk?"""
        return []

    def done(self, run, contexts):
        """The status says that all was done; is it so?"""
        return self.ended(run, contexts)

    def ended(self, run, contexts):
        counts, places, temporary, wrong = self.count(run)
        bad = [line for line, n in counts.items() if n not in self.copies]
        if bad:
            wrong.append("at the end: %d lines are not in %s files; %r is in "
                         "%s" % (len(bad), self.copies, bad[0][:30],
                                 places.get(bad[0])))
        elif not all(re.search(self.final, p) for ps in places.values()
                     for p in ps[:1]):
            wrong.append("not where they belong: %s" % sorted(
                {p for ps in places.values() for p in ps}))
        if temporary:
            wrong.append("left behind: %s" % " ".join(sorted(temporary)))
        if run.status not in self.end_statuses:
            wrong.append("the next run ends with status %d" % run.status)
        return wrong


class Files(Scenario):
    """Lines move from file to file."""
    def over(self, run, contexts):
        return ["it had ended, and " + w for w in self.ended(run, contexts)]


class Copied(Files):
    """Somebody else made the copy just now, of which a part may be on disk."""
    def crashed(self, run, contexts):
        return [w for w in Files.crashed(self, run, contexts) if "gone" in w]


class Receipts(Files):
    """A source that has gone has a whole receipt."""
    def crashed(self, run, contexts):
        wrong = Files.crashed(self, run, contexts)
        path = os.path.join(run.dir, "receipts")
        receipts = []
        if os.path.exists(path):
            with open(path, "rb") as f:
                receipts = f.read().split(b"\n")[:-1]
        for name in self.files:
            if not os.path.exists(os.path.join(run.dir, name)) and not any(
                    r.startswith(b"{") and r.endswith(b"}") and
                    name.encode() in r for r in receipts):
                wrong.append("%s has gone without a receipt" % name)
        return wrong


class Moved(Files):
    """Each line is in the store, and once at most among the files done."""
    copies = (1, 2)

    def over(self, run, contexts):
        counts, _, _, _ = self.count(run)
        return Files.over(self, run, contexts) + [
            "it had ended, and %r is in one place" % line[:30]
            for line, n in list(counts.items())[:1] if n != 2]

    def ended(self, run, contexts):
        wrong = Files.ended(self, run, contexts)
        _, places, _, _ = self.count(run)
        for line, some in places.items():
            if sorted(p.split("/")[0] for p in some) not in (
                    ["done", "new"], ["new"]):
                return wrong + ["%r is in %s" % (line[:30], some)]
        return wrong


class Spool(Scenario):
    """A stream to a receiver, with a spool, fed with numbered lines."""
    needs_sink = True
    end_statuses = (0, 1)	# 1: what the power cut tore is told
    url = "syslog+tcp://127.0.0.1:$PORT"
    options = ""
    groups = (3, 1, 24, 2)	# so many lines at once
    pad = 200
    more = 5			# lines that the next run brings itself

    def line(self, i):
        pad = hashlib.sha256(b"%d" % i).hexdigest()
        return b"number %06d %s" % (i, (pad * 4)[:self.pad].encode())

    def set_up(self, run):
        os.mkdir(os.path.join(run.dir, "var"))

    def args(self, options):
        return "logpush %s --framing lf --spool var/spool '%s'" % (
            options, self.url.replace("$PORT", "'$PORT'"))

    def first(self, run, env):
        raise NotImplementedError

    def feed(self, run, env, wait):
        """The groups, each when the one before it was answered and came."""
        p = subprocess.Popen(
            ["sh", "-c", "exec " + self.args(self.options)], cwd=run.dir,
            env={**run.env, **env}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        n = 0
        if wait:
            p.stdout.readline()
        for group in self.groups:
            p.stdin.write(text(self.line(n + i) for i in range(group)))
            p.stdin.flush()
            n += group
            for _ in range(group if wait else 0):
                p.stdout.readline()
            run.sink.wait(b"number ", n)
        p.stdin.close()
        p.stdout.read()
        run.err, run.status = p.stderr.read(), p.wait()
        run.received = run.sink.all()

    def alone(self, run, env):
        run.shell(self.args(self.options), text(
            self.line(i) for i in range(sum(self.groups))), **env)

    def again(self, run):
        run.shell(self.args(self.options), text(
            self.line(900000 + i) for i in range(self.more)))

    def crashed(self, run, contexts):
        return []

    def done(self, run, contexts):
        came, total = set(self.numbers(run.received)), sum(self.groups)
        return [] if came == set(range(total)) else [
            "of %d lines came %d" % (total, len(came))]

    @staticmethod
    def numbers(data):
        return [int(n) for n in re.findall(rb"number (\d{6}) ", data)]

    def answered(self, context):
        """How many lines were confirmed."""
        return max(context.printed.count(b"OK\n") - 1, 0)

    def ended(self, run, contexts):
        wrong = []
        total = sum(self.groups)
        after = self.numbers(run.received)
        new = [n for n in after if n >= 900000]
        if new != list(range(900000, 900000 + self.more)):
            wrong.append("of the next run's own lines came %s" % new)
        old = [n for n in after if n < total]
        told = b"are damaged" in run.err
        if old != (sorted(set(old)) if told else list(
                range(min(old, default=0), max(old, default=-1) + 1))):
            wrong.append("after the crash came %s" % old)
        for c in contexts:
            seen = set(old) | set(self.numbers(c.sent))
            if seen != set(range(len(seen))) and not told:
                wrong.append("some are missing before others: %s" %
                             sorted(seen))
            if not set(range(self.answered(c))) <= seen:
                wrong.append("%d were confirmed, %d came" %
                             (self.answered(c), len(seen)))
        if run.status not in self.end_statuses:
            wrong.append("the next run ends with status %d" % run.status)
        return wrong


class Confirmed(Spool):
    options = "--confirm"

    def first(self, run, env):
        self.feed(run, env, True)


class Unconfirmed(Spool):
    def first(self, run, env):
        self.feed(run, env, False)


class Drains(Unconfirmed):
    """The same to a drain, whose spool is not synced as it grows."""
    def set_up(self, run):
        Unconfirmed.set_up(self, run)
        os.mkdir(os.path.join(run.dir, "drains"))
        self.put_drain(run, run.sink.port)

    def put_drain(self, run, port):
        with open(os.path.join(run.dir, "drains/one"), "w") as f:
            f.write('{"url":"syslog+tcp://127.0.0.1:%d","framing":"lf"}' % port)

    def args(self, options):
        return "logpush %s --drains drains --spool var/spool" % options


class DrainsAway(Drains):
    """The drain is away: when the command has ended, all is in its spool."""
    statuses = (75,)

    def set_up(self, run):
        Drains.set_up(self, run)
        self.put_drain(run, 1)

    def first(self, run, env):
        run.shell(self.args("--deadline 100ms") +
                  "; st=$?; [ $st != 75 ] || echo over; exit $st", text(
                      self.line(i) for i in range(sum(self.groups))), **env)

    alone = first

    def again(self, run):
        self.put_drain(run, run.sink.port)
        Drains.again(self, run)

    def done(self, run, contexts):
        return []

    def ended(self, run, contexts):
        came = self.numbers(run.received)
        total = sum(self.groups)
        return Drains.ended(self, run, contexts) + [
            "it had ended, and of %d lines came %s" % (total, came)
            for c in contexts if b"over" in c.printed and
            came[:total] != list(range(total))]


class DeadLetters(Confirmed):
    """Each third line is refused: it must come to the dead letters."""
    url = "http://127.0.0.1:$PORT/"
    groups = (2, 4)
    more = 3
    statuses = end_statuses = (0, 1)
    options = "--confirm --batch-lines 1 --dead-letter refused.ndjson"

    def line(self, i):
        return Spool.line(self, i) + (b" refused" if i % 3 == 2 else b"")

    def done(self, run, contexts):
        return []

    def ended(self, run, contexts):
        path = os.path.join(run.dir, "refused.ndjson")
        dead = []
        if os.path.exists(path):
            with open(path, "rb") as f:
                dead = self.numbers(f.read())
        taken = self.numbers(run.received)
        wrong = []
        for c in contexts:
            for i in list(range(self.answered(c))) + [900000, 900001, 900002]:
                if i % 3 == 2 and i not in dead:
                    wrong.append("%d was confirmed and refused, but is in no "
                                 "dead letter" % i)
                elif i % 3 != 2 and i not in taken + self.numbers(c.sent):
                    wrong.append("%d was confirmed and did not come" % i)
        return wrong


class FolderStream(Scenario):
    """A stream to files in a folder, a batch each, by way of a spool."""
    command = ("logpush --confirm --batch-lines 7 --spool var/spool "
               "file://$D/out/")
    copies = (1,)
    files = {"burst": 30}
    final = r"^out/"
    ignore = (r"^var/",)

    def set_up(self, run):
        os.mkdir(os.path.join(run.dir, "var"))
        with open(os.path.join(run.dir, "other.log-1"), "wb") as f:
            f.write(b"somebody else's\n")

    def first(self, run, env):
        run.shell(self.command, text(self.lines()), **env)

    def again(self, run):
        run.shell(self.command, b"")

    def crashed(self, run, contexts):
        return []

    def ended(self, run, contexts):
        counts, places, temporary, wrong = self.count(run)
        lines = self.lines()
        for c in contexts:
            ok = max(c.printed.count(b"OK\n") - 1, 0)
            gone = [line for line in lines[:ok] if counts[line] == 0]
            if gone:
                wrong.append("%d were confirmed, %d did not come" %
                             (ok, len(gone)))
        twice = [line for line in lines if counts[line] > 1]
        if twice:
            wrong.append("%d lines came twice; %r is in %s" % (
                len(twice), twice[0][:30], places[twice[0]]))
        if temporary or run.status not in (0, 1):
            wrong.append("status %d, left %s" % (run.status, temporary))
        return wrong


class Unplaced(FolderStream):
    """The power went once before, when a spool file had its name already, but the
    position had not: then it is made by who delivers."""
    command = "logpush --spool var/spool file://$D/out/"
    held = 20			# lines that wait; the others come later

    def set_up(self, run):
        FolderStream.set_up(self, run)
        run.shell("touch out; logpush --deadline 10ms --spool var/spool "
                  "file://$D/out/; rm out var/spool/delivered",
                  text(self.lines()[:self.held]))

    def first(self, run, env):
        run.shell(self.command, b"", **env)

    def again(self, run):
        run.shell(self.command, text(self.lines()[self.held:]))

    def missing(self, run, n):
        counts, _, _, wrong = self.count(run)
        gone = [line for line in self.lines()[:n] if counts[line] == 0]
        return wrong + ["%d lines did not come" % len(gone) for _ in gone[:1]]

    def done(self, run, contexts):
        return self.missing(run, self.held)

    def ended(self, run, contexts):
        return (FolderStream.ended(self, run, contexts) +
                self.missing(run, len(self.lines())))


class Quiet(Scenario):
    """The command appends what it is given to the file fed and syncs it."""
    options = "--state state"
    lines_in = 40
    feeds = False
    waits = False

    def input(self):
        return text(lines_of("burst", self.lines_in))

    def args(self, more=""):
        return ("logquiet -t 100ms %s %s --retries 0 -- sh -c 'echo ran >>fed;"
                " cat >>fed; sync fed .'" % (self.options, more))

    def confirmed(self, context):
        return max(context.printed.count(b"OK\n") - 1, 0) if self.waits else 0

    def set_up(self, run):
        with open(os.path.join(run.dir, "fed"), "wb"):
            pass

    def first(self, run, env):
        if not self.waits:
            run.shell(self.args(), self.input(), **env)
            return
        p = subprocess.Popen(["sh", "-c", "exec " + self.args()], cwd=run.dir,
                             env={**run.env, **env}, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdout.readline()
        for line in lines_of("burst", self.lines_in):
            p.stdin.write(line + b"\n")
            p.stdin.flush()
            p.stdout.readline()
        p.stdin.close()
        p.stdout.read()
        run.err, run.status = p.stderr.read(), p.wait()

    def alone(self, run, env):
        run.shell(self.args(), self.input(), **env)

    def again(self, run):
        run.shell(self.args(), b"")

    def crashed(self, run, contexts):
        return []

    def done(self, run, contexts):
        with open(os.path.join(run.dir, "fed"), "rb") as f:
            fed = f.read()
        wrong = [] if b"ran" in fed and (
            "--feed" not in self.options or self.input() in fed) else [
            "the command never ran, or without its data"]
        if os.path.getsize(os.path.join(run.dir, "state")) > 0:
            wrong.append("the burst is pending still, and would fire again")
        return wrong

    def ended(self, run, contexts):
        with open(os.path.join(run.dir, "fed"), "rb") as f:
            fed = f.read()
        wrong = []
        for c in contexts:
            if c.read and b"ran" not in fed:
                wrong.append("a burst was read, and the command never ran")
            ok = self.confirmed(c)
            missing = [line for line in lines_of("burst", ok)
                       if line not in fed]
            if missing:
                wrong.append("%d lines were confirmed, %d of them never "
                             "reached the command" % (ok, len(missing)))
        if run.status != 0:
            wrong.append("the next run ends with status %d" % run.status)
        left = [p for p in os.listdir(run.dir) if p not in ("fed", "state")]
        if left and not any(c.told for c in contexts):
            wrong.append("left behind: %s" % left)
        if os.path.getsize(os.path.join(run.dir, "state")) > 0:
            wrong.append("something is pending still")
        return wrong


class Adopted(Quiet):
    """Begins with what a logquiet left that was killed amidst a burst."""
    options = "--state state --feed"

    def set_up(self, run):
        Quiet.set_up(self, run)
        p = subprocess.Popen(
            ["sh", "-c", "exec " + self.args("--confirm")], cwd=run.dir,
            env=run.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        p.stdin.write(self.input())
        p.stdin.flush()
        for _ in range(self.lines_in + 1):
            p.stdout.readline()
        p.kill()
        p.wait()

    def first(self, run, env):
        run.shell(self.args(), b"", **env)

    alone = first

    def confirmed(self, context):
        return self.lines_in


PACK = ("for f in app.log-1 app.log-2; do "
        "[ ! -e $f ] || logpack %s $f || exit; done")
TWO = {"app.log-1": 150, "app.log-2": 80}
ROTATED = {"app.log": 40, "app.log.1": 150, "app.log.2": 80}
LATER = {"app.log": 1624980000, "app.log.1": 1624977000,
         "app.log.2": 1624970000}
PUSH = "find . -name 'app.log-*' ! -path './[nsd]*' | sort | logpush -q "
CHAIN = ("logstamp -0a app.log | logpack -9 -0T - >/dev/null; "
         "logstamp -0p app.log | logpush -q --rm -0T - file://$D/store/")
# On a file system that has no RENAME_NOREPLACE.
LINKS = "CRASH_LINKS=1 "
LIVE = "[ -e app.log ] || : >app.log; "

SCENARIOS = [
    Files("logstamp -a", files=ROTATED, times=LATER,
          command="logstamp -a app.log"),
    Files("logstamp of named files", files={"app.log.1": 100},
          command="[ ! -e app.log.1 ] || logstamp app.log.1",
          final=r"app.log-1624977000$"),
    Files("logstamp -r", files={"app.log": 150},
          command=LIVE + "logstamp -r app.log", final=r"app.log-1"),
    # A log that has both names is told, and left to people.
    Files("logstamp -r, by links", files={"app.log": 150},
          copies=(1, 2), end_statuses=(0, 1),
          command=LIVE + LINKS + "logstamp -r app.log", final=r"app.log"),
    Files("logpack", files=TWO, command=PACK % "-9", final=r"\.gz$"),
    Files("logpack, by links", files={"app.log-1": 150},
          command="[ ! -e app.log-1 ] || " + LINKS + "logpack app.log-1",
          final=r"\.gz$"),
    Files("logpack, two files at once", files=TWO,
          command="ls -d app.log-? | logpack -j2 -T -",
          next_command="ls -d app.log-? 2>/dev/null | logpack -T -",
          final=r"\.gz$"),
    Copied("logpack, a result that is there", files={"app.log-1": 150},
          command="[ ! -e app.log-1 ] || { gzip -kf app.log-1; "
          "logpack app.log-1; }", final=r"\.gz$"),
    Copied("logpack -d of an archive, members that are there", files=TWO,
          before="logpack -a all.tar.gz app.log-1 app.log-2; mkdir out",
          command="cp app.log-? out; [ ! -e all.tar.gz ] || "
          "logpack -d --rm -C out all.tar.gz",
          ignore=(r"^app.log-",), final=r"^out/"),
    Files("logpack --type xz", files=TWO, command=PACK % "--type xz",
          final=r"\.xz$"),
    Files("logpack -k", files=TWO, command=PACK % "-k", copies=(2,)),
    Files("logpack -a --rm, tar.gz", files=TWO,
          command="logpack --rm -a all.tar.gz app.log-1 app.log-2",
          next_command="set -- app.log-?; [ ! -e $1 ] || logpack --rm "
          "-a all.tar.gz $*", final=r"tar\.gz$"),
    Copied("logpack -a --rm, an archive that is there", files=TWO,
           before="logpack -a ready.tar.gz app.log-1 app.log-2",
           command="set -- app.log-?; [ ! -e $1 ] || { cp ready.tar.gz "
           "all.tar.gz; logpack --rm -a all.tar.gz $*; }",
           ignore=(r"^ready",), final=r"^all"),
    Files("logpack -a --rm, zip", files=TWO,
          command="logpack --rm -a all.zip app.log-1 app.log-2",
          next_command="set -- app.log-?; [ ! -e $1 ] || logpack --rm "
          "-a all.zip $*", final=r"zip$"),
    Files("logpack -a, sources stay", files=TWO, copies=(2,),
          command="logpack -a all.tar.gz app.log-1 app.log-2"),
    Files("logpack -d", files={"app.log-1": 150}, before="logpack app.log-1",
           command="[ ! -e app.log-1.gz ] || logpack -d app.log-1.gz",
           final=r"app.log-1$"),
    Files("logpack -d of an archive, --rm", files=TWO,
           before="logpack --rm -a all.tar.gz app.log-1 app.log-2; mkdir out",
           command="[ ! -e all.tar.gz ] || logpack -d --rm -C out all.tar.gz",
           final=r"^out/"),
    Files("logpack -d of an archive with folders", files=TWO,
           before="mkdir sub; mv app.log-? sub; "
           "logpack --rm -a all.tar.gz sub/app.log-1 sub/app.log-2; rmdir sub;"
           "mkdir out",
           command="[ ! -e all.tar.gz ] || logpack -d --rm -C out all.tar.gz",
           final=r"^out/sub/"),
    # From so many members on, one sync is for all of them.
    Files("logpack -d of an archive of many, --rm",
           files={"app.log-%d" % i: 1 for i in range(16)},
           before="logpack --rm -a all.tar.gz app.log-*; mkdir out",
           command="[ ! -e all.tar.gz ] || logpack -d --rm -C out all.tar.gz",
           final=r"^out/"),
    Files("logpush --rm to a new folder", files=TWO,
          command=PUSH + "-j1 --rm -T - file://$D/new/deep/",
          final=r"^new/deep/"),
    Copied("logpush --rm, a copy that is there", files={"app.log-1": 100},
          before="mkdir new",
          command="[ ! -e app.log-1 ] || cp app.log-1 new; " + PUSH +
          "--rm -T - file://$D/new/", final=r"^new/"),
    Files("logpush --rm, several at once", files=TWO,
          command=PUSH + "-j4 --rm -T - file://$D/new/",
          final=r"^new/"),
    Receipts("logpush --rm with receipts", files={"app.log-1": 100},
             command=PUSH + "--rm --receipts receipts -T - file://$D/new/",
             final=r"^new/"),
    Moved("logpush --move-to", files=TWO, before="mkdir done",
          command=PUSH + "-j1 --move-to done -T - file://$D/new/"),
    Moved("logpush --move-to, by links", files=TWO, before="mkdir done",
          command=PUSH.replace("logpush", LINKS + "logpush") +
          "-j1 --move-to done -T - file://$D/new/"),
    # A run that was stopped made the second link and synced nothing.
    Files("logpush --move-to, links that are there", files=TWO,
          before="mkdir done", ignore=(r"^new/",),
          command="ln app.log-? done; " + PUSH +
          "-j1 --move-to done -T - file://$D/new/",
          next_command=PUSH + "-j1 --move-to done -T - file://$D/new/",
          final=r"^done/"),
    Files("logpush --rm, names that are taken", files=TWO,
          before="mkdir new; echo another >new/app.log-1",
          command=PUSH + "--rm -T - file://$D/new/", ignore=["^new/app.log-1$"],
          final=r"^new/app.log-(1_01|2)$"),
    Files("logpush --rm --if-exists overwrite", files={"app.log-1": 100},
          command=PUSH + "--rm --if-exists overwrite -T - file://$D/new/",
          final=r"^new/"),
    Files("rotate, stamp, pack, push", is_chain=True, files={"app.log": 150},
          command=LIVE + "logstamp -r app.log | logpack -9 -T - | "
          "logpush -q --rm -T - file://$D/store/",
          next_command=LIVE + "logstamp -r app.log >/dev/null; " + CHAIN,
          final=r"^(store/|app.log$)"),
    Files("stamp, pack, push", is_chain=True, files=ROTATED, times=LATER,
          command=CHAIN, final=r"^(store/|app.log$)"),
    Confirmed("logpush --spool --confirm"),
    Confirmed("logpush --spool --confirm, many segments",
              groups=(3, 40, 20), options="--confirm --spool-max 64k"),
    Unconfirmed("logpush --spool"),
    Unconfirmed("logpush --spool, over HTTP",
                url="logplex+http://127.0.0.1:$PORT/"),
    Drains("logpush --drains"),
    DrainsAway("logpush --drains, one that is away"),
    FolderStream("logpush --spool to a folder"),
    Unplaced("logpush --spool to a folder, without a position"),
    DeadLetters("logpush --spool --dead-letter"),
    Quiet("logquiet --state"),
    Quiet("logquiet --state --feed", options="--state state --feed"),
    Quiet("logquiet --state --feed --confirm", lines_in=12, waits=True,
          options="--state state --feed --confirm"),
    Adopted("logquiet that takes a burst over"),
]
