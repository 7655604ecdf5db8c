#!/usr/bin/env python3
"""memory.t - each allocation fails once, in all that the commands do

Every command below is run with each of its own allocations failing, one at a
time (calls.c).  Then it did not crash or hang, it has either written all that it
writes else, or ended with a status that says that something is missing, and a
message; and what it has written till then is right.  A receiver has each line if
the status was 0.

RUNS is how many of each command are tried, chosen by SEED; 0 is all.
"""
import collections
import functools
import glob
import gzip
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

here = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
import each

TOP = os.path.join(here, "../..")
GOLDEN = os.path.join(TOP, "tests/golden")
RUNS = int(os.environ.get("RUNS", "10"))
SEED = int(os.environ.get("SEED", "1"))
CHUNK = 40			# runs that a process makes in a row
LINES = 30			# of a golden file
HANGS = 60			# seconds

# What a command is, with a shell's words; "in" is what it reads, {n} in it the
# number of the run, and "made" what it makes, which is there whole or not.
Command = collections.namedtuple("Command", "words input made url")
commands = []


def add(words, input=b"", made=(), url=None):
    commands.append(Command(words, input, made, url))


def golden(name):
    with open(os.path.join(GOLDEN, name), "rb") as f:
        return b"".join(f.readlines()[:LINES])


def add_logparse():
    for path in sorted(glob.glob(os.path.join(GOLDEN, "logparse/*.log"))):
        name = path[:-len(".log")]
        options = ""
        if os.path.exists(name + ".opts"):
            with open(name + ".opts") as f:
                options = " ".join(map(shlex.quote, f.read().splitlines()))
        add("logparse --multiline --tz UTC --year 2021 " + options,
            golden("logparse/" + os.path.basename(path)))
    mixed = golden("logparse/mixed.log")
    for form in ("tsv", "csv", "logfmt", "ltsv", "syslog", "sls", "ecs", "otlp",
                 "gelf", "hec"):
        add("logparse --source -o " + form, mixed)
    add("logparse -o csv --header -s timestamp,message,status", mixed)
    add("logparse -j 2 --stats --source log other log", mixed)
    for options, files in (
            ("-o ecs", "access"), ("-o gelf", "pairs"), ("", "pairs"),
            ("--tz UTC -o ecs", "mixed"), ("-s nothing", "lossy"),
            ("-s nothing,x --unparsed drop", "lossy access"),
            ("-f logfmt,auto", "pairs"), ("-f ltsv", "labels"),
            ("", "kube"), ("-f json", "object"), ("", "behind"),
            ("--multiline", "behind pairs"), ("", "wide"),
            ("-f ltsv", "wide-labels"), ("-f json", "wide-object"),
            ("-f kube", "wide-kube"), ("", "pieces"), ("--multiline", "pieces"),
            ("-f docker-json", "docker"), ("", "journal"), ("-F '%t %h'", "clf"),
            ("", "w3c"), ("--unparsed drop -o tsv", "named"),
            ("", "zoned"), ("--multiline", "zoned")):
        add("logparse %s %s" % (options, files))
    add(r"""logparse -e '(?<a>\w+) (?<b>\d*)(?<timestamp>.*)'""", mixed)
    add("logparse -F '$remote_addr [$time_local] \"$request\" $status $upstream'",
        mixed)
    add("logparse -F '%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" %{ms}T'", mixed)
    add("logparse --formats formats -f mine", mixed)
    add("logparse --formats formats -f mine,auto -s format,a", mixed)
    add("logparse --nginx-conf nginx.conf", mixed)
    add("logparse --nginx-conf including.conf:second", mixed)
    add("logparse --list-formats")


def add_loggrep():
    add("loggrep --since 2021-06-29T10:00 --until 2021-06-30 -c zoned zoned")
    for options in ("-5", "-5 --explain", "-W 'message~e' -c",
                    "-W 'request.status>=500' -c", "-5 -e 503"):
        add("loggrep %s access mixed pairs wide object pieces docker" % options)
    add("loggrep -5 -n -B 5 -A 1 long-pieces")
    add("loggrep -c -5 -B 5 long-pieces")
    add("loggrep -n -B 3 -A 1 -j 2 needle long-pieces long-pieces")
    add("loggrep --since 2021-06-29 -5 mixed pieces")
    errors = golden("loggrep/errors") + golden("loggrep/others")
    for options in (
            "-5", "-5 --explain", "-c -W 'status>=500' -W 'message~e'",
            "-e err -e '^[a-c].*x' -i", "-F -f words", "-o -b -n -H 'e[a-z]+'",
            "-w -A 2 -B 1 --color=always error", "-v -m 3 a", "-x '.*0.*'",
            "--since 2001-01-01 --until 2030-01-01 -c",
            "-j 2 -l error log other log", "-L -Z nothing log",
            "-W 'path~^/a' -W 'timestamp>2001-01-01' -c", "-T list -c error",
            "-5 -c log.gz", "-c error log.tar", "--stats -c e log"):
        add("loggrep " + options, errors)


def add_others():
    log = golden("logparse/mixed.log")
    add("logquiet -t 10ms --feed cat", log)
    add("logquiet -t 10ms --tee --state state --lock lock true", log)
    add("logquiet -t 10ms --confirm -v -m 1s -g 1ms true", b"a\nb\n")
    add("logstamp -n -v -a rotated")
    add("logstamp -n -l rotated")
    add("logstamp -p rotated")
    add("logstamp -n -f %Y-%m-%d.%N -T list")
    for options in ("-c", "-c -9 --type=zst", "-c -j 2 --type=xz",
                    "-c -1 --rsyncable"):
        add("logpack %s log" % options)
        add("logpack " + options, log)
    add("logpack -l log.gz log.tar.gz")
    add("logpack -t log.gz log.tar.gz")
    add("logpack -d -c log.gz")
    add("logpack -n -a x.tar.gz log other")
    add("logpack -a made.zip -v log other", made=("made.zip",))
    add("logpack -a made.tar.gz -T list", made=("made.tar.gz",))
    add("logpack -d -k -C out log.tar.gz", made=("out/log",))


def add_receivers(urls):
    record = (b'{"timestamp":"2021-06-29T10:05:03Z","hostname":"h","status":503,'
              b'"message":"run-{n}-a"}\nrun-{n}-b\n')
    plain = "logpush -q --deadline 20s --batch-time 10ms --batch-lines 1 %s %s"
    for options, url in (
            ("", "{http-drain}/in"), ("--gzip -H 'A: b'", "{http-drain}/in"),
            ("--auth-file auth --also es+http://127.0.0.1:1", "es+{http-drain}/i-{date:%Y}"),
            ("--aws-sigv4 es --region eu-1", "es+{http-drain}/i"),
            ("", "logplex+{http-drain}/logplex"), ("", "otlp+{intakes}"),
            ("--labels appname", "loki+{intakes}"),
            ("", "syslog+tcp://127.0.0.1:{sink}"),
            ("--framing lf --hostname '{hostname}'", "syslog+tcp://127.0.0.1:{sink}"),
            ("--spool spool --spool-max 1M", "{http-drain}/in"),
            ("--spool spool --dead-letter dead --receipts receipts",
             "syslog+tcp://127.0.0.1:{sink}"),
            ("-j 2", "{http-drain}/in")):
        add(plain % (options, url), record, url=urls)
    add("logpush -q --deadline 20s --drains drains --spool spool", record,
        url=urls)
    add("logpush -q -f auto --deadline 20s --drains drains --spool spool", record,
        url=urls)
    add("logpush -q --deadline 20s --receipts receipts file://{dir}/{n}/ log",
        made=("{n}/log",))
    add("logpush -q --deadline 20s --metadata a=b --tag c=d "
        "s3://bucket/{n}/ log", url=urls, made=("{storefolder}/objects/{n}%2Flog",))
    add("logpush -q --deadline 20s --since 1h --list s3://bucket/none/", url=urls)


# --- a run ---

ACCESS = (b'192.0.2.7 - - [29/Jun/2021:10:05:03 +0000] "GET /a?b=c HTTP/1.1" '
          b'503 5 "-" "x"\n')
OBJECT = b'{"o":{"message":"in"},"status":503,"b":"a\\nb","level":"e\\u0041"}\n'
PIECE = b"2021-06-29T10:05:03.5Z stdout %c %s\n"


def wide(form, between):
    """More names than a record has room for at first."""
    return between.join(form % (i, i) for i in range(40))


FILES = {
    "access": ACCESS,
    "pairs": b'a=1 b="x y" status=503\n',
    "mixed": ACCESS + b'{"hostname":"h","message":"a\\nb","_x":-1,"o":{"q":1},'
             b'"status":503,"request":"GET /a?b=c HTTP/1.1"}\n'
             b'<34>1 2021-06-29T10:05:03Z h a p m [x y="v"] {"a":{"b":"x"},'
             b'"c":["y"],"level":"error"}\n'
             b'CEF:0|v|p|1|100|n|5|cs1=foo\\=bar msg=YQ==\n',
    "lossy": b'<34>1 - h a - - [x y="\xff"] m\n',
    "labels": b"time:29/Jun/2021:10:05:03 +0000\thost:h\t"
              b"reqtime_microsec:1500\tstatus:200\n",
    "object": OBJECT,
    "behind": b'2021-06-29T10:05:03Z INFO c.e.App: text {"a":1,"b":2}\n',
    "kube": b'{"log":"GET /a\\n","stream":"stdout","kubernetes":{"host":"n",'
            b'"pod_name":"shop--web-1-2","container_name":"shop--web"}}\n',
    "wide": wide(b"name%d=%d", b" ") + b" status=503\n",
    "wide-labels": wide(b"name%d:%d", b"\t") + b"\treqtime_microsec:15\n",
    "wide-object": b"{" + wide(b'"name%d":%d', b",") + b',"message":"m",'
                   b'"status":503}\n',
    "wide-kube": b'{"log":"GET /a","kubernetes":{' + wide(b'"n%d":%d', b",") +
                 b',"host":"h"}}\n',
    "pieces": PIECE % (b"P", b"one ") + PIECE % (b"P", b"two ") +
              PIECE % (b"F", ACCESS[:-1]),
    "docker": b'{"log":"%s","stream":"stdout","time":"2021-06-29T10:05:03.5Z"}'
              b'\n{"log":"b\\n","stream":"stdout",'
              b'"time":"2021-06-29T10:05:03.5Z"}\n' % (b"a" * 16384),
    "journal": b"__CURSOR=c\n__REALTIME_TIMESTAMP=1624961103123456\n"
               b"PRIORITY=3\nMESSAGE=%s\n\n" % (b"text " * 30),
    "clf": b"[29/Jun/2021:10:05:03 +0000] 192.0.2.7\n",
    "w3c": b"#Fields: date time c-ip cs-method cs-uri-stem sc-status "
           b"cs(User-Agent)\n2021-06-29 10:05:03 192.0.2.7 GET /a 503 a+b\n",
    "named": b"web.log:" + ACCESS + b"web.log:text of no format\n",
    "zoned": b"[29-Jun-2021 10:05:03 Europe/Berlin] PHP Warning:  x in /a.php "
             b"on line 3\n",
    # A message whose pieces are in three blocks.
    "long-pieces": PIECE % (b"P", b"needle") +
                   (PIECE % (b"P", b"a" * 9000)) * 60 +
                   PIECE % (b"F", ACCESS[:-1]),
    "including.conf": b"http { include inc/*.conf;\ninclude inc/more/*.conf; }\n",
    "inc/one.conf": b"log_format first '$remote_addr $status';\n",
    "inc/more/two.conf": b"log_format second '$remote_addr - $request';\n",
    "words": b"error\n500\nfailed\n",
    "list": b"log\nother\n",
    "formats": b"[mine]\nregex = (?<a>[^ ]+) (?<message>.*)\n",
    "nginx.conf": b"http { log_format main '$remote_addr - $status'\n"
                  b" ' $request';\n}\n",
    "auth": b"Bearer token\n",
    "rotated": b"now\n", "rotated.1": b"then\n", "rotated.2.gz": b"",
    "rotated.1624977000": b"", "rotated.1624977000.5.gz": b"",
}


def make_files(top, urls):
    log = golden("logparse/mixed.log")
    for name in ("folder", "drains", "out", "inc/more"):
        os.makedirs(os.path.join(top, name), exist_ok=True)
    files = dict(FILES)
    files["log"] = files["folder/log"] = log
    files["other"] = golden("loggrep/errors")
    drain = b'{"url":"' + urls["http-drain"].encode() + b'/in"'
    files["drains/all"] = drain + b"}"
    files["drains/none"] = drain + b',"where":["status>=500"]}'
    for name, text in files.items():
        with open(os.path.join(top, name), "wb") as f:
            f.write(text)
        os.chmod(os.path.join(top, name), 0o600)
        os.utime(os.path.join(top, name), (1624977000, 1624977000))
    for words in ("gzip -kf log", "tar cf log.tar log other",
                  "tar czf log.tar.gz log other"):
        subprocess.run(words.split(), cwd=top, check=True)


class Place:
    """A folder where runs are made one behind the other."""

    def __init__(self, top, command, build, shim):
        self.top, self.command, self.shim = top, command, shim
        shutil.copytree(os.path.join(os.path.dirname(top), "files"), top)
        urls = command.url or {}
        self.names = dict(urls, dir=top)
        self.env = {"PATH": build + ":" + os.environ["PATH"], "TZ": "UTC",
                    "HOME": top, "LC_ALL": "C", "AWS_ACCESS_KEY_ID": "AKIDTEST",
                    "LOGFERRY_ALLOW": "127.0.0.1", "LD_PRELOAD": shim,
                    "AWS_SECRET_ACCESS_KEY": "secret/+=key",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_ENDPOINT_URL": urls.get("store", "")}
        if not urls:
            del self.env["AWS_ENDPOINT_URL"]

    def fill(self, text, n):
        for name, value in dict(self.names, n=n).items():
            text = text.replace("{%s}" % name, str(value))
        return text

    def run(self, n, **more):
        """(status, output, messages, what was made)"""
        made = [os.path.join(self.top, self.fill(m, n))
                for m in self.command.made]
        for path in made + [os.path.join(self.top, "state")]:
            if os.path.exists(path):
                os.unlink(path)
        shutil.rmtree(os.path.join(self.top, "spool"), ignore_errors=True)
        words = [self.fill(w, n) for w in shlex.split(self.command.words)]
        env = dict(self.env, FAULT_PROGRAM=words[0], **more)
        with tempfile.TemporaryFile(dir=self.top) as text:
            # Not a pipe: a command that fails on one waits a second.
            text.write(self.command.input.replace(b"{n}", b"%d" % n))
            text.seek(0)
            try:
                r = subprocess.run(words, cwd=self.top, env=env, stdin=text,
                                   stdout=subprocess.PIPE, timeout=HANGS,
                                   stderr=subprocess.PIPE, check=False)
            except subprocess.TimeoutExpired:
                return -1, b"", b"it hung", ()
        return (r.returncode, r.stdout, r.stderr,
                tuple(read_or_none(p) for p in made))


def read_or_none(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None


def received(urls, n):
    """Whether both lines of a run have come."""
    both = [b"run-%d-%c" % (n, c) for c in b"ab"]
    for _ in range(200):
        text = b"".join(read_or_none(os.path.join(d, "lines")) or b"" for d in
                        urls["folders"]) + b"".join(
                            read_or_none(os.path.join(d, "docs")) or b""
                            for d in urls["folders"])
        if all(b in text for b in both):
            return True
        time.sleep(0.05)
    return False


def judge(command, right, got, n):
    """What is wrong with the result, as a list."""
    status, out, said, made = got
    if status < 0 or status > 127:
        return ["it crashed or hung: status %d" % status]
    wrong = []
    if status != right[0]:
        if said == b"":
            wrong.append("status %d without a word" % status)
        return wrong
    if unpacked(out) != unpacked(right[1]) and not may_differ(command):
        wrong.append("status %d, but other output" % status)
    if any((a is None) != (b is None) for a, b in zip(made, right[3])):
        wrong.append("status %d, but it is not made" % status)
    if status == 0 and command.url and command.input and \
            not received(command.url, n):
        wrong.append("status 0, but a line has not come")
    return wrong


def unpacked(out):
    """Without memory the index of a .gz says less, so that more is read."""
    try:
        return gzip.decompress(out) if out[:2] == b"\x1f\x8b" else out
    except (OSError, EOFError, zlib.error):
        return out


def may_differ(command):
    """Output with sizes or the time in it, or of objects that others make."""
    return "--stats" in command.words or "--list" in command.words.split()


def plan(top, build, shim, index):
    """(what the command does else, how many allocations it makes)"""
    place = Place(os.path.join(top, "plan%d" % index), commands[index], build,
                  shim)
    log = os.path.join(place.top, "calls")
    right = place.run(index * 100000, FAULT_LOG=log)
    with open(log) as f:
        return right, f.read().split().count("malloc")


def choose(planned):
    _, possible = planned
    numbers = range(1, possible + 1)
    if 0 < RUNS < possible:
        numbers = sorted(random.Random(SEED).sample(numbers, RUNS))
    return possible, numbers


def work(top, build, shim, index, first, numbers, planned):
    """(how many were tried, what was wrong)"""
    command, (right, _) = commands[index], planned
    if right[0] not in (0, 1):
        return 0, ["nothing failed, but: %d %r" % right[::2]]
    place = Place(os.path.join(top, "%d.%d" % (index, first)), command, build,
                  shim)
    once = os.path.join(place.top, "once")
    tried, messages = 0, []
    for nth in numbers:
        n = index * 100000 + nth
        got = place.run(n, FAULT_CALL="malloc", FAULT_NTH=str(nth),
                        FAULT_ERRNO="12", FAULT_ONCE=once)
        if not os.path.exists(once):
            continue
        os.unlink(once)
        tried += 1
        messages += ["allocation %d: %s; it said %r" % (nth, w, got[2][:150])
                     for w in judge(command, right, got, n)]
    return tried, messages


# --- the whole ---

def start_servers(top):
    urls, started = {"folders": []}, []
    for name, words in (("http-drain", ["http-drain"]),
                        ("intakes", ["intakes"]), ("store", ["store"]),
                        ("sink", ["syslog-sink"])):
        folder = os.path.join(top, "server-" + name)
        os.mkdir(folder)
        args = [folder] + (["tcp"] if name == "sink" else [])
        started.append(subprocess.Popen(
            [sys.executable, os.path.join(TOP, "tests/servers", words[0])] + args,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        port = os.path.join(folder, "port")
        while not read_or_none(port):
            time.sleep(0.02)
        number = read_or_none(port).decode().strip()
        urls[name] = number if name == "sink" else "http://127.0.0.1:" + number
        urls["folders"].append(folder)
    return urls, started


def main():
    with each.preloaded("memory") as where:
        urls, servers = start_servers(where[0])
        urls["storefolder"] = urls["folders"][2]
        add_logparse()
        add_loggrep()
        add_others()
        add_receivers(urls)
        sets = {i: "no allocation that fails is passed over: " +
                c.words.replace("#", "")[:90] for i, c in enumerate(commands)
                if not sys.argv[1:] or any(a in c.words for a in sys.argv[1:])}
        make_files(os.path.join(where[0], "files"), urls)
        try:
            each.report(sets, functools.partial(plan, *where), choose,
                        functools.partial(work, *where), CHUNK)
        finally:
            for s in servers:
                s.kill()
                s.wait()


main()
