"""run - record a scenario, build its crash states, run each to its end"""
import gzip
import io
import lzma
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import threading
import zipfile
import zlib

import model

TEMPORARY = re.compile(r"^\..*\.logferry$")
LIMIT_S = 60			# one command


class Torn(Exception):
    pass


def unpack(path):
    """Everything that the file holds, archives and compressed files too."""
    with open(path, "rb") as f:
        data = f.read()
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        elif data[:6] == b"\xfd7zXZ\0":
            data = lzma.decompress(data)
        if ".tar" in os.path.basename(path):
            with tarfile.open(fileobj=io.BytesIO(data)) as t:
                return b"".join(t.extractfile(m).read() for m in t)
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as z:
                return b"".join(z.read(n) for n in z.namelist())
    except (EOFError, zlib.error, lzma.LZMAError, OSError, tarfile.TarError,
            zipfile.BadZipFile) as e:
        raise Torn(e)
    return data


def files_below(top):
    for folder, _, names in os.walk(top):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), top)


class Sink:
    """A receiver: it takes what any number of connections bring."""
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.listener.getsockname()[1]
        self.data, self.open, self.last = b"", 0, None
        self.moved = threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            c, peer = self.listener.accept()
            with self.moved:
                self.open += 1
                self.last = peer
            threading.Thread(target=self.take, args=(c,), daemon=True).start()

    def take(self, c):
        rest = b""
        with c:
            while some := self.receive(c):
                with self.moved:
                    self.data += some
                    self.moved.notify_all()
                rest = self.answer(c, rest + some)
        with self.moved:
            self.open -= 1
            self.moved.notify_all()

    @staticmethod
    def receive(c):
        try:
            return c.recv(1 << 20)
        except OSError:
            return b""

    def answer(self, c, data):
        """HTTP wants answers: 413 for what holds the word refused."""
        while data.startswith(b"POST "):
            head, gap, body = data.partition(b"\r\n\r\n")
            n = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1)) \
                if gap else 0
            if not gap or len(body) < n:
                break
            status = b"413 Content Too Large" if b"refused" in body[:n] else b"200 OK"
            c.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
            data = body[n:]
        return data

    def wait(self, text, n):
        """Until the text has come n times."""
        with self.moved:
            self.moved.wait_for(lambda: self.data.count(text) >= n, LIMIT_S)

    def all(self):
        """What came, once all connections are closed; then it is forgotten.

        Connections are accepted in their order, so once one of our own is
        seen there is none that waits.
        """
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            name = s.getsockname()
        with self.moved:
            self.moved.wait_for(lambda: self.open == 0 and self.last == name,
                                LIMIT_S)
            data, self.data = self.data, b""
        return data


class Run:
    """A scenario in the folder top/s, which is made anew for each state."""
    def __init__(self, scenario, top, build, shim):
        self.scenario, self.top, self.shim = scenario, top, shim
        self.dir = os.path.join(top, "s")
        self.sink = Sink() if scenario.needs_sink else None
        self.env = {
            "PATH": build + ":" + os.environ["PATH"], "LC_ALL": "C",
            "TZ": "UTC", "D": self.dir, "TMPDIR": top, "HOME": top,
            "LOGFERRY_ALLOW": "127.0.0.1",	# for drains
            "PORT": str(self.sink.port if self.sink else 0),
        }
        self.out, self.err, self.status, self.received = b"", b"", 0, b""

    def shell(self, command, stdin=b"", **env):
        """The command, in the scenario's folder, until it has ended."""
        p = subprocess.Popen(["sh", "-c", command], cwd=self.dir,
                             env={**self.env, **env}, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             start_new_session=True)
        try:
            self.out, self.err = p.communicate(stdin, LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            self.out, self.err = p.communicate()
            self.err += b"killed: it had not ended after %d s" % LIMIT_S
        self.status = p.wait()
        self.received = self.sink.all() if self.sink else b""

    def record(self):
        """The state before, and the operations of one run that succeeds."""
        os.mkdir(self.dir)
        self.scenario.set_up(self)
        start, root = model.snapshot(self.dir)
        log = os.path.join(self.top, "log")
        env = {"LD_PRELOAD": self.shim, "CRASH_DIR": self.dir, "CRASH_LOG": log}
        self.scenario.first(self, env)
        if self.status not in self.scenario.statuses:
            raise RuntimeError("status %d: %s" % (self.status,
                                                  self.err.decode()))
        ops = model.read_log(log)
        self.check_log(start, root, ops)
        return start, root, ops

    def check_log(self, start, root, ops):
        """All operations must make of the start what the command did."""
        c = model.Crash(start, ops, len(ops))
        nodes = c.build(frozenset(c.names), frozenset(c.data))
        got = os.path.join(self.top, "again")
        model.write_tree(nodes, root, got)
        p = subprocess.run(["diff", "-r", self.dir, got], capture_output=True)
        if p.returncode != 0:
            raise RuntimeError("the log lacks something: " +
                               p.stdout.decode(errors="replace"))
        shutil.rmtree(got)

    def try_state(self, nodes, root, contexts):
        """What is wrong in this state and after the command ran again."""
        shutil.rmtree(self.dir)
        model.write_tree(nodes, root, self.dir)
        wrong = self.scenario.crashed(self, contexts)
        if not wrong and any(c.over for c in contexts):
            wrong = self.scenario.over(self, contexts)
        if not wrong:
            self.scenario.again(self)
            wrong = self.scenario.ended(self, contexts)
        return wrong

    def contents(self, ignore=()):
        """{path: bytes}, unpacked; temporary names apart, in a set."""
        found, temporary, wrong = {}, set(), []
        for path in files_below(self.dir):
            name = os.path.basename(path)
            if TEMPORARY.match(name):
                temporary.add(path)
            elif not any(re.search(i, path) for i in ignore):
                try:
                    found[path] = unpack(os.path.join(self.dir, path))
                except Torn as e:
                    wrong.append("%s is torn: %s" % (path, e))
        return found, temporary, wrong


class Context:
    """What the world had seen of the recorded run when the power went."""
    def __init__(self, ops, over):
        def joined(kind):
            return b"".join(op.what[1] for op in ops
                            if op.kind == "event" and op.what[0] == kind)
        self.read, self.printed = joined("i"), joined("o")
        self.sent = joined("s")
        self.told = b""
        self.k, self.over = len(ops), over


def describe(ops, k):
    if k == 0:
        return "before anything"
    op = ops[k - 1]
    what = [e[:2] for e in op.what] if op.kind == "name" else \
        op.what[0] if op.kind in ("data", "event") else ""
    return "after operation %d of %d: %s %s %s" % (k, len(ops), op.kind,
                                                   op.inode or "", what)


def run_scenario(scenario, top, build, shim, limit, seed):
    """(states by rules, lost by rules, messages)"""
    tried = {"ext4": 0, "strict": 0}
    lost = {"ext4": 0, "strict": 0}
    messages = []
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(top)
    run = Run(scenario, top, build, shim)
    start, root, ops = run.record()
    states = list(model.all_states(start, root, ops).values())
    total = len(states)
    if 0 < limit < total:
        states = random.Random(seed).sample(states, limit)
    for nodes, rules, ks in states:
        wrong = run.try_state(nodes, root, [Context(ops[:k], k == len(ops))
                                          for k in ks])
        tried[rules] += 1
        if wrong:
            lost[rules] += 1
            if len(messages) < 40:
                messages.append("%s rules, %s:" % (rules,
                                                   describe(ops, ks[-1])))
                messages += ["    " + w for w in wrong[:6]]
                messages += ["    left: " + " ".join(tree(nodes, root))]
                messages += ["    stderr: " + line for line in
                             run.err.decode(errors="replace").split("\n")[:3]
                             if line]
    shutil.rmtree(top)
    return tried, lost, messages, total


def tree(nodes, inode, path=""):
    for name, child in sorted(nodes[inode].entries.items()):
        n = nodes[child]
        if n.folder:
            yield path + name + "/"
            yield from tree(nodes, child, path + name + "/")
        else:
            yield "%s%s(%d)" % (path, name, len(n.data))
