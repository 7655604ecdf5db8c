"""each - a program's calls fail one by one, in many runs at a time

For suites that preload calls.c: makes it, shares their runs out to processes and
says in TAP what came of each set of runs.
"""
import collections
import concurrent.futures
import contextlib
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))


@contextlib.contextmanager
def preloaded(name):
    """A folder for the suite; the folder of the commands; calls.c, compiled."""
    build = os.path.abspath(os.environ.get("B", os.path.join(here,
                                                             "../../build")))
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory,
                                     prefix="logferry-%s." % name) as top:
        shim = os.path.join(top, "calls.so")
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1",
                        "-o", shim, os.path.join(here, "calls.c"), "-ldl"],
                       check=True)
        yield top, build, shim


def report(sets, plan, choose, work, chunk):
    """A test for each of {set: what it is called}.

    plan(set) is a run where nothing fails; choose(what it gave) is (how many
    runs there can be, those to make); work(set, first, runs, what it gave) makes
    runs, chunk at most, and gives (how many came about, what was wrong).
    """
    print("1..%d" % len(sets))
    tried, left = collections.Counter(), collections.Counter()
    wrong, possible, jobs, n = collections.defaultdict(list), {}, {}, 0
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        plans = {pool.submit(plan, s): s for s in sets}
        for p in concurrent.futures.as_completed(plans):
            s, planned = plans[p], p.result()
            possible[s], runs = choose(planned)
            for first in range(0, max(len(runs), 1), chunk):
                left[s] += 1
                jobs[pool.submit(work, s, first, runs[first:first + chunk],
                                 planned)] = s
        for job in concurrent.futures.as_completed(jobs):
            s, (some, messages) = jobs[job], job.result()
            tried[s] += some
            wrong[s] += messages
            left[s] -= 1
            if left[s] > 0:
                continue
            n += 1
            print("%sok %d - %s" % ("not " if wrong[s] else "", n, sets[s]))
            print("# %d of %d tried" % (tried[s], possible[s]))
            for m in wrong[s][:60]:
                print("#   " + m)
            sys.stdout.flush()
    print("# %d calls failed" % sum(tried.values()))
