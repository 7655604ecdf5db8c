#!/usr/bin/env python3
"""calls.t - each system call and each allocation fails once

Every scenario of tests/crash is run with each call that it makes failing with
each error that the call's manual page names, one at a time, and with reads and
writes that do a half.  Then no line is lost, there was no crash, no hang and no
status 0 that is not true; and the next run, where nothing fails, does the rest.

RUNS is how many of each scenario are tried, chosen by SEED; 0 is all.
"""
import collections
import functools
import os
import random
import re
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(here, "../crash"))
import each
import model
import run
import scenarios

RUNS = int(os.environ.get("RUNS", "20"))
SEED = int(os.environ.get("SEED", "1"))
CHUNK = 50			# runs that a process makes in a row

HALF = -1
ERRORS = {
    "access": "EACCES ENOMEM EROFS EIO",
    "chmod": "EIO EPERM EROFS ENOMEM",
    "chown": "EIO EPERM EROFS ENOMEM EDQUOT",
    "close": "EIO EINTR ENOSPC EDQUOT",
    "connect": "EACCES EINTR ECONNREFUSED ETIMEDOUT",
    "dup": "EMFILE EINTR",
    "eventfd": "EMFILE ENOMEM",
    "fcntl": "EMFILE EINTR ENOLCK EACCES",
    "flock": "EINTR ENOLCK EIO",
    "fork": "EAGAIN ENOMEM",
    "fsync": "EIO EINTR ENOSPC EDQUOT EROFS",
    "ftruncate": "EIO EINTR EPERM EROFS ENOSPC",
    "inotify": "EMFILE ENOMEM ENOSPC",
    "link": "EACCES EDQUOT EIO ENOSPC EROFS EPERM",
    "malloc": "ENOMEM",
    "mkdir": "EACCES EDQUOT ENOMEM ENOSPC EROFS EIO",
    "mmap": "ENOMEM EACCES",
    "open": "EACCES EDQUOT EINTR EMFILE ENOMEM ENOSPC EROFS EIO",
    "pipe": "EMFILE",
    "poll": "EINTR ENOMEM",
    "pthread": "EAGAIN",
    "read": "EIO EINTR ENOMEM half",
    "readdir": "EIO",
    "readlink": "EACCES EIO ENOMEM",
    "recv": "EINTR ENOMEM ECONNRESET half",
    "rename": "EACCES EDQUOT EIO ENOMEM ENOSPC EROFS EINVAL",
    "send": "EINTR ECONNRESET EPIPE ENOMEM half",
    "socket": "EMFILE ENOMEM EACCES",
    "stat": "EACCES ENOMEM EIO",
    "unlink": "EACCES EIO ENOMEM EROFS EPERM",
    "utimens": "EACCES EPERM EROFS EIO",
    "waitpid": "EINTR",
    "write": "EIO EINTR ENOSPC EDQUOT half",
    "xattr": "ENOTSUP EDQUOT ENOSPC EPERM EACCES",
}

Fault = collections.namedtuple("Fault", "program call nth error")
Seen = collections.namedtuple("Seen", "read printed sent told")


def number(error):
    import errno
    return HALF if error == "half" else getattr(errno, error)


def programs(scenario):
    """What it runs that is ours."""
    what = scenario.command or scenario.args(scenario.options)
    return [p for p in ("logstamp", "logpack", "logpush", "logquiet")
            if re.search(r"\b%s\b" % p, what)]


def start_of(scenario, top, build, shim):
    os.makedirs(top)
    r = run.Run(scenario, top, build, shim)
    os.mkdir(r.dir)
    scenario.set_up(r)
    return r, model.snapshot(r.dir)


def plan(top, build, shim, index):
    """All faults that can be tried."""
    faults, scenario = [], scenarios.SCENARIOS[index]
    top = os.path.join(top, "plan%d" % index)
    for p in programs(scenario):
        where = os.path.join(top, p)
        r, _ = start_of(scenario, where, build, shim)
        log = os.path.join(where, "calls")
        scenario.alone(r, {"LD_PRELOAD": shim, "FAULT_PROGRAM": p,
                           "FAULT_LOG": log})
        with open(log) as f:
            counts = collections.Counter(f.read().split())
        faults += [Fault(p, call, n, error) for call in counts
                   for n in range(1, counts[call] + 1)
                   for error in ERRORS[call].split()]
    return faults


def choose(faults):
    """How many there are, and RUNS, of which allocations are a quarter at most."""
    if RUNS == 0:
        return len(faults), faults
    pick = random.Random(SEED)
    calls = [f for f in faults if f.call != "malloc"]
    memory = [f for f in faults if f.call == "malloc"]
    memory = pick.sample(memory, min(len(memory), RUNS // 4))
    calls = pick.sample(calls, min(len(calls), RUNS - len(memory)))
    return len(faults), calls + memory


def try_fault(r, start, fault):
    """What is wrong, or None when the fault did not come about."""
    s, (nodes, root) = r.scenario, start
    once = os.path.join(r.top, "once")
    subprocess.run(["rm", "-rf", r.dir, once], check=True)
    model.write_tree(nodes, root, r.dir)
    s.alone(r, {"LD_PRELOAD": r.shim, "FAULT_PROGRAM": fault.program,
                "FAULT_CALL": fault.call, "FAULT_NTH": str(fault.nth),
                "FAULT_ERRNO": str(number(fault.error)), "FAULT_ONCE": once})
    if not os.path.exists(once):
        return None
    status, said = r.status, r.err
    seen = [Seen(b"burst" if status == 0 else b"", r.out, r.received, r.err)]
    if status < 0 or status > 127:
        return ["it crashed or hung: status %d" % status]
    wrong = []
    if status in s.statuses and not s.is_chain:
        wrong = ["status %d, but " % status + w for w in s.done(r, seen)]
    elif status != 0 and said == b"":
        wrong = ["status %d without a word" % status]
    wrong += s.crashed(r, seen)
    if not wrong:
        s.again(r)
        wrong = ["after the next run " + w for w in s.ended(r, seen)]
    return [w + "; it said %r" % said[:200] for w in wrong]


def work(top, build, shim, index, first, faults, _):
    """(how many were tried, what was wrong)"""
    tried, messages = 0, []
    s = scenarios.SCENARIOS[index]
    r, start = start_of(s, os.path.join(top, "%d.%d" % (index, first)), build,
                        shim)
    for f in faults:
        wrong = try_fault(r, start, f)
        tried += wrong is not None
        if wrong:
            messages.append("%s: %s %d: %s" % f)
            messages += ["    " + w for w in wrong[:3]]
    return tried, messages


def main():
    only = sys.argv[1:]
    sets = {i: s.name + ": no call that fails costs a line"
            for i, s in enumerate(scenarios.SCENARIOS)
            if not only or any(o in s.name for o in only)}
    with each.preloaded("calls") as where:
        each.report(sets, functools.partial(plan, *where), choose,
                    functools.partial(work, *where), CHUNK)


main()
