"""drains.py WHAT...: whether the receivers of drains.t have got what is promised

A drain's lines are (member, run, application, number), as its receiver took
them.  Where a receiver is not told the run, that is 0.
"""
import gzip, json, os, re, subprocess, sys, urllib.parse
LINE = re.compile(r'(?:.*?\bm([12])-(\d+) )?.*"app":"app(\d)".*"n":(\d+)}$')
SUM = ("waiting", "delivered", "dropped", "refused", "damaged")
LIVING = {"tcp": 0, "tls": 1, "udp": 2, "logplex": 3, "https": 4, "slow": 4,
          "es": 5, "s3": 6, "kafka": 7}
AWAY = {"dead": 0, "hangs": 1, "refuses": 3}


def texts(name):
    """A drain's lines, each with "m1-7 " before it if only its request says so."""
    if name in ("https", "slow"):
        lines = open(name + "/lines")
        for request in map(json.loads, open(name + "/requests")):
            for _ in range(request["lines"]):
                yield request["headers"]["x-amz-meta-run"] + " " + next(lines)
        assert next(lines, None) is None
    elif name == "es":
        for doc in map(json.loads, open("es/docs")):
            yield doc["_index"] + "-0 " + json.dumps(doc["_source"],
                                                     separators=(",", ":"))
    elif name == "s3":          # in the order of the objects' names
        for key in sorted(os.listdir("s3/objects")):
            if key.endswith(".gz"):
                member = urllib.parse.unquote(key).split("/")[0]
                for line in gzip.open("s3/objects/" + key, "rt"):
                    yield member + "-0 " + line
    elif name == "kafka":
        for member in "12":
            for line in subprocess.run(["kcat", "-C", "-e", "-q", "-b",
                    os.environ["KAFKA_BROKER"], "-t", "out" + member],
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    text=True).stdout.splitlines():
                yield "m%s-0 %s" % (member, line)
    else:
        yield from open({"tcp": "rsyslog.lines", "tls": "syslog-ng.lines"}.get(
            name, name + "/lines"))


def lines(name):
    for m in map(LINE.match, texts(name)):
        if m:                   # else it was cut by SIGKILL, or tells of losses
            yield tuple(int(part or 0) for part in m.groups())


def lost_by_kernel():
    port = ":%04X" % int(open("udp/port").read())
    return sum(int(row.split()[-1]) for row in open("/proc/net/udp")
               if row.split()[1].endswith(port))


def numbers(name):
    return [n for _, _, _, n in lines(name)]


def each(first, last):
    for name in LIVING:
        missing = set(range(int(first), int(last) + 1)) - set(numbers(name))
        assert len(missing) <= (name == "udp" and lost_by_kernel()), \
            "%s lacks %d, such as %d" % (name, len(missing), min(missing))


def own():
    for name, app in [*LIVING.items(), *AWAY.items()]:
        assert {a for _, _, a, _ in lines(name)} == {app}, name


def order():
    """What a member sent, run after run, has each number for the first time
    after all that are smaller."""
    for name in [*LIVING, *AWAY]:
        for member in 1, 2:
            sent = sorted((l for l in lines(name) if l[0] == member),
                          key=lambda l: l[1])
            firsts = list(dict.fromkeys(n for _, _, _, n in sent))
            assert firsts == sorted(firsts), (name, member)


def once(first, last):
    for name in LIVING:
        got = [n for n in numbers(name) if int(first) <= n <= int(last)]
        assert len(got) == len(set(got)), name


# --- what is counted ---

def taken(name):
    """How many lines a receiver was sent.  es keeps one of those that are equal,
    as documents have ids."""
    if name == "es":
        return sum(json.loads(l)["lines"] // 2 for l in open("es/requests"))
    return len(numbers(name))


def statuses(member):
    return {name: json.load(open("d%s/%s.status" % (member, name)))
            for name in [*LIVING, *AWAY]}


def counts():
    """Those of both members together."""
    found, other = statuses(1), statuses(2)
    for name in found:
        found[name] = {k: found[name][k] + other[name][k] for k in SUM}
        found[name]["taken"] = taken(name) if name in LIVING else 0
    return found


def note(to):
    found = counts()
    json.dump(found, open(to, "w"))
    for name, s in found.items():
        print("# %s:" % name, *("%d %s," % (s[k], k) for k in s))


def leaves(member):
    """With which status it has to end"""
    print(75 if any(s["waiting"] for s in statuses(member).values()) else 0)


def share(member, n=0):
    """How many lines went through it, which must be more than n."""
    got = sum(s["delivered"] for s in statuses(member).values())
    print(got)
    sys.exit(got <= int(n))


def load(noted):
    return json.load(open(noted))


def settled(noted):
    """The living were sent all that is counted as delivered, some of it twice,
    and of the others nothing is counted so."""
    for name, s in load(noted).items():
        assert s["refused"] == s["damaged"] == 0, (name, s)
        if name in AWAY:
            assert s["delivered"] == 0 and s["dropped"] > 0, (name, s)
        else:
            assert s["dropped"] == 0, (name, s)
            assert s["taken"] >= s["delivered"] or name == "udp", (name, s)


def added(before, after, n):
    """Since before, each drain was given n lines, and each is accounted for."""
    before, after = load(before), load(after)
    for name, s in after.items():
        assert sum(s[k] - before[name][k] for k in SUM) == int(n), (name, s)
        assert s["waiting"] == 0 or name in AWAY, (name, s)


def back(noted, last):
    """Those that were away have what their spools had kept, and the rest is told
    as dropped."""
    now, last = counts(), int(last)
    for name, s in load(noted).items():
        if name in LIVING:
            continue
        got = numbers(name)
        missing = last - len(set(got))
        told = sum(map(int, re.findall(r"Error L12: (\d+) messages",
                                       "".join(texts(name)))))
        print("%s: %d kept, %d dropped; %d of %d numbers are missing" %
              (name, s["waiting"], s["dropped"], missing, last))
        assert now[name]["waiting"] == 0, now[name]
        assert now[name]["delivered"] == s["waiting"] == len(got), now[name]
        assert now[name]["dropped"] == s["dropped"] == told, (told, now[name])
        assert 0 < missing <= s["dropped"] and max(got) == last, max(got)


# --- what is made and removed ---

def beyond(name, n):
    sys.exit(max(numbers(name), default=0) <= int(n))


def between(name, first, last):
    """It has all numbers from first on until its last one, which is not above
    last, and no other application's."""
    got = set(numbers(name))
    assert set(range(int(first), max(got) + 1)) <= got, name
    assert max(got) <= int(last), (name, max(got))
    assert {app for _, _, app, _ in lines(name)} == {5}, name


globals()[sys.argv[1]](*sys.argv[2:])
