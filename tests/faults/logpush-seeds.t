#!/bin/sh
# logpush with a spool: kills, refusals, outages and damaged bytes by chance; each
# record has arrived, is a dead letter, or is counted as damaged: never none of
# these
#
# SEEDS: how many rounds, 20 by default; SEED: the first.
. "${0%/*}/../lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. "$top/tests/servers/lib.sh"
start_server http "$top/tests/servers/http-drain"
export http="http://127.0.0.1:$port"

cat >round.py <<'END'
import glob, json, os, random, re, signal, subprocess, sys, time
seed = int(sys.argv[1])
r = random.Random(seed)
spool, url = "sp%d" % seed, "es+%s/s%d" % (os.environ["http"], seed)
for name in ("docs", "mode"):
    if os.path.exists("http/" + name):
        os.remove("http/" + name)
n, lost = 0, 0


def mode(text):
    with open("http/mode.new", "w") as f:
        f.write(text)
    os.rename("http/mode.new", "http/mode")


def damage():
    """Change one byte of what is not delivered yet."""
    segments = [s for s in glob.glob(spool + "/*.spool") if os.path.getsize(s)]
    if not segments:
        return
    with open(r.choice(segments), "r+b") as f:
        at = r.randrange(os.path.getsize(f.name))
        f.seek(at)
        b = f.read(1)[0]
        f.seek(at)
        f.write(bytes([b ^ (1 << r.randrange(8))]))


def run(lines, kill):
    """Feed lines; what logpush took for confirmed must not get lost."""
    p = subprocess.Popen(["logpush", "--confirm", "--spool", spool, "--deadline",
        "300ms", "--batch-lines", str(r.choice((1, 7, 50))), url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.readline()
    sent = 0
    for line in lines:
        p.stdin.write(line)
        p.stdin.flush()
        if p.stdout.readline() != b"OK\n":
            break
        sent += 1
        if sent == kill:
            p.send_signal(signal.SIGKILL)
            p.wait()
            return sent, ""
    p.stdin.close()
    err = p.stderr.read().decode()
    p.wait()
    return sent, err


def count(err):
    return sum(int(m) for m in re.findall(r"(\d+) records are damaged", err))


for step in range(r.randrange(2, 6)):
    mode(r.choice(("", "status=503", "reject=7\"", "close", "busy=3",
                   "outage=403:cluster_block_exception")))
    many = r.randrange(1, 60)
    lines = [b'{"n":"%d"}\n' % (n + i + 1) for i in range(many)]
    sent, err = run(lines, r.choice((0, 0, r.randrange(1, many + 1))))
    n, lost = n + sent, lost + count(err)
    if r.random() < 0.4:
        damage()
mode("")
last = subprocess.run(["logpush", "--spool", spool, "--deadline", "20s", url],
    stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
lost += count(last.stderr.decode())
told = json.loads(subprocess.run(["logpush", "--spool", spool, "--status=json"],
    stdout=subprocess.PIPE).stdout)
here = set()
if os.path.exists("http/docs"):
    for l in open("http/docs"):
        here.add(int(json.loads(l)["_source"]["n"]))
if os.path.exists(spool + "/refused"):
    for l in open(spool + "/refused"):
        here.add(int(json.loads(l)["record"]["n"]))
missing = set(range(1, n + 1)) - here
if len(missing) > max(lost, told["damaged"]) or told["records"] != 0:
    print("seed %d: %d sent, missing %s, %d told as damaged, status %s" %
          (seed, n, sorted(missing), lost, told))
    print(last.stderr.decode())
    sys.exit(1)
END
seed=${SEED:-1} end=$((${SEED:-1} + ${SEEDS:-20}))
while [ "$seed" -lt "$end" ]; do
	ok "seed $seed: no record is lost in silence" timeout 120 python3 round.py "$seed"
	seed=$((seed + 1))
done
done_testing
