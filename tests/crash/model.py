"""model - what a power cut may leave of the files that a program changed

A log of record.c is read as a list of operations.  strict() and ext4() give,
for a crash after the first k of them, the states that the disk may be in then:

strict	What POSIX promises and no more.  A file holds what was written before
	its last fsync; of what was written later nothing, all, one write alone
	or a part as far as a block's end.  A folder has the names that it had
	at its last fsync; each later change of a name may be there or not,
	whatever became of those before it.  A rename within a folder is one
	change, one between two folders is two.
ext4	As ext4 does it with data=ordered and delayed allocation, and other file
	systems with a journal: changes of names, sizes and attributes come to
	the disk in their order, and any fsync takes all earlier ones along.
	What was written since a file's own fsync may be missing from some
	write or some block on.
"""
import collections
import hashlib
import os
import stat

BLOCK = 4096
SUBSETS = 5		# so many changes of names are combined freely
PRODUCT = 400		# so many states of names and contents, too
CUTS = 3		# of one write: the first blocks' ends, and the last


class Node:
    """A file or a folder.  mtime: None for that of the moment."""
    def __init__(self, folder, mode, mtime=None, data=b"", entries=None):
        self.folder, self.mode, self.mtime = folder, mode, mtime
        self.data, self.entries = data, entries or {}

    def copy(self):
        return Node(self.folder, self.mode, self.mtime, self.data,
                    dict(self.entries))


def snapshot(top):
    """The nodes below the folder top by inode number, and top's number."""
    nodes = {}

    def add(path):
        st = os.lstat(path)
        mode, mtime = stat.S_IMODE(st.st_mode), st.st_mtime_ns
        if stat.S_ISDIR(st.st_mode):
            nodes[st.st_ino] = Node(True, mode, entries={
                name: add(os.path.join(path, name))
                for name in os.listdir(path)})
        else:
            with open(path, "rb") as f:
                nodes[st.st_ino] = Node(False, mode, mtime, f.read())
        return st.st_ino
    return nodes, add(top)


# kind: name, data, attr, sync (inode None: of everything) or event
# what: name: [(folder, name, inode or None, only if it is this inode)]
#	data: (offset, bytes) or (size, None); attr: (mode, mtime)
#	event: (letter, bytes)
# new: the Node that was made by it, if any
Op = collections.namedtuple("Op", "kind inode what new")


def read_log(path):
    ops = []
    with open(path, "rb") as f:
        while line := f.readline():
            kind, *a = line.decode().rstrip("\n").split("\t")
            n = [int(x) if x.isdigit() else x for x in a]
            if kind == "C":
                ops.append(Op("name", n[1], [(n[0], a[4], n[1], None)],
                              Node(a[2] == "d", int(a[3], 8))))
            elif kind == "T":
                ops.append(Op("name", n[0], [], Node(False, int(a[1], 8))))
            elif kind == "W":
                ops.append(Op("data", n[0], (n[1], f.read(n[2])), None))
            elif kind == "S":
                ops.append(Op("data", n[0], (n[1], None), None))
            elif kind == "R":
                ops.append(Op("name", n[2], [(n[0], a[3], None, n[2]),
                                             (n[1], a[4], n[2], None)], None))
            elif kind == "L":
                ops.append(Op("name", n[1], [(n[0], a[2], n[1], None)], None))
            elif kind == "U":
                ops.append(Op("name", n[1], [(n[0], a[2], None, n[1])], None))
            elif kind == "F":
                ops.append(Op("sync", n[0], None, None))
            elif kind == "Y":
                ops.append(Op("sync", None, None, None))
            elif kind == "A":
                sec, nsec = a[2].split(".")
                ops.append(Op("attr", n[0], (int(a[1], 8),
                                             int(sec) * 10**9 + int(nsec)), None))
            elif kind in "ois":
                ops.append(Op("event", None, (kind, f.read(n[0])), None))
            elif kind != "P":
                raise ValueError(line)
    return ops


class Crash:
    """The first k operations: what is on disk for certain, what may be."""
    def __init__(self, start, ops, k):
        self.start, self.ops, self.k = start, ops[:k], k
        synced = {}
        self.any_sync = everything = -1
        for i, op in enumerate(self.ops):
            if op.kind == "sync":
                self.any_sync = i
                if op.inode is None:
                    everything, synced = i, {}
                else:
                    synced[op.inode] = i
        # A change of names is cut into one part for each folder.
        self.names = collections.OrderedDict()
        self.names_done, self.data, self.data_done = set(), [], set()
        for i, op in enumerate(self.ops):
            if op.kind == "name":
                for folder in dict.fromkeys(e[0] for e in op.what):
                    unit = (i, folder)
                    if i < synced.get(folder, everything):
                        self.names_done.add(unit)
                    else:
                        self.names[unit] = None
            elif op.kind in ("data", "attr"):
                if i < synced.get(op.inode, everything):
                    self.data_done.add(i)
                else:
                    self.data.append(i)
        self.names = list(self.names)

    def build(self, names, data, torn=None):
        """The nodes, with these changes; torn: (index, bytes kept of it)."""
        nodes = {i: n.copy() for i, n in self.start.items()}
        for i, op in enumerate(self.ops):
            if op.new is not None and op.inode not in nodes:
                nodes[op.inode] = op.new.copy()
            if op.kind == "name":
                for folder, name, inode, only in op.what:
                    unit = (i, folder)
                    if unit not in self.names_done and unit not in names:
                        continue
                    entries = nodes[folder].entries
                    if inode is not None:
                        entries[name] = inode
                    elif entries.get(name) == only:
                        del entries[name]
            elif op.kind == "attr" and (i in self.data_done or i in data):
                nodes[op.inode].mode, nodes[op.inode].mtime = op.what
            elif op.kind == "data" and (i in self.data_done or i in data):
                keep = torn[1] if torn is not None and torn[0] == i else None
                nodes[op.inode].data = changed(nodes[op.inode].data,
                                               op.what, keep)
        return nodes

    def cuts(self, i):
        """Where write i may be torn: numbers of bytes kept."""
        offset, data = self.ops[i].what
        if self.ops[i].kind != "data" or data is None:
            return []
        ends = range(BLOCK - offset % BLOCK, len(data), BLOCK)
        return sorted(set(list(ends[:CUTS - 1]) + list(ends[-1:])))


def changed(old, what, keep):
    offset, data = what
    if data is None:
        return old[:offset] + b"\0" * (offset - len(old))
    data = data if keep is None else data[:keep]
    old += b"\0" * (offset - len(old))
    return old[:offset] + data + old[offset + len(data):]


def subsets(units):
    """All of them, or those that matter when there are too many."""
    n = len(units)
    if n <= SUBSETS:
        return [frozenset(u for j, u in enumerate(units) if bits >> j & 1)
                for bits in range(1 << n)]
    every = frozenset(units)
    some = [frozenset(), every]
    for j, unit in enumerate(units):
        some += [frozenset([unit]), every - {unit}, frozenset(units[:j]),
                 frozenset(units[j:])]
    return list(dict.fromkeys(some))


def contents(c):
    """What may have become of writes: (those on disk, torn)."""
    writes = [i for i in c.data if c.ops[i].kind == "data"]
    every = frozenset(c.data)
    attrs = every - set(writes)
    some = [(frozenset(), None), (every, None)]
    for i in writes:
        earlier = frozenset(j for j in c.data if j <= i)
        some += [(attrs | {i}, None), (every - {i}, None), (earlier, None)]
        for keep in c.cuts(i):
            some += [(earlier, (i, keep)), (attrs | {i}, (i, keep))]
    return list(dict.fromkeys(some))


def strict(c):
    names, data = subsets(c.names), contents(c)
    if len(names) * len(data) > PRODUCT:
        for s in names:
            yield from ((s, d[0], d[1]) for d in data[:2])
        names = [frozenset(c.names)]
    for s in names:
        for d, torn in data:
            yield s, d, torn


def ext4(c):
    """The journal ends somewhere after the last sync of whatever file."""
    for end in range(c.any_sync + 1, c.k + 1):
        names = frozenset(u for u in c.names if u[0] < end)
        meta = {i for i in c.data if i < end and (c.ops[i].kind == "attr" or
                                                  c.ops[i].what[1] is None)}
        writes = [i for i in c.data if i not in meta and
                  c.ops[i].kind == "data" and c.ops[i].what[1] is not None]
        some = [(frozenset(meta), None)]
        for i in writes:
            earlier = meta | {j for j in writes if j <= i}
            same = meta | {j for j in writes if j <= i and
                           c.ops[j].inode == c.ops[i].inode}
            some += [(frozenset(earlier), None), (frozenset(same), None)]
            some += [(frozenset(earlier), (i, keep)) for keep in c.cuts(i)]
        for d, torn in dict.fromkeys(some):
            yield names, d, torn


def digest(nodes, top):
    """Of all that can be reached from the folder top."""
    h = hashlib.sha1()

    def add(inode):
        n = nodes[inode]
        h.update(b"%d %o %d %d\0" % (n.folder, n.mode, n.mtime or 0,
                                     len(n.data)))
        h.update(n.data)
        for name in sorted(n.entries):
            h.update(b"%s\0%d\0" % (name.encode(), n.entries[name]))
            add(n.entries[name])
        h.update(b"end\0")
    add(top)
    return h.digest()


def write_tree(nodes, inode, path):
    """Make path what the node is; path is not there."""
    n, done = nodes[inode], {}

    def make(inode, path):
        n = nodes[inode]
        if n.folder:
            os.mkdir(path)
            for name, child in n.entries.items():
                make(child, os.path.join(path, name))
        elif inode in done:
            os.link(done[inode], path)
        else:
            done[inode] = path
            with open(path, "wb") as f:
                f.write(n.data)
            os.chmod(path, n.mode)
        if n.mtime is not None:
            os.utime(path, ns=(n.mtime, n.mtime))
    make(inode, path)


def all_states(start, top, ops):
    """{digest: (nodes, rules, [numbers of operations])} in the log's order."""
    states = collections.OrderedDict()
    for k in range(len(ops) + 1):
        c = Crash(start, ops, k)
        for rules, some in (("ext4", ext4(c)), ("strict", strict(c))):
            for names, data, torn in some:
                nodes = c.build(names, data, torn)
                key = digest(nodes, top)
                if key not in states:
                    states[key] = (nodes, rules, [])
                if k not in states[key][2]:
                    states[key][2].append(k)
    return states
