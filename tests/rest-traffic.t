#!/bin/sh
# scripts/rest/logferry-drains.cgi and logpush --drains: drains come and go at
# random while lines pass.  COUNT says how often, SEED in which order.
. "${0%/*}/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
COUNT=${COUNT:-200} SEED=${SEED:-1}
LOGFERRY_ALLOW=127.0.0.1 LOGFERRY_DRAINS=$tmp/drains LOGFERRY_KEY_FILE=$tmp/key
export COUNT SEED LOGFERRY_ALLOW LOGFERRY_DRAINS LOGFERRY_KEY_FILE
mkdir drains
echo secret >key
plan 8

cat >drive.py <<'END'
# drive.py CGI: makes and removes drains while logpush gets numbered lines of
# several applications, and is the receiver of all drains.  What is wrong goes to
# ./wrong, what it did to ./done.
import http.server, json, os, random, re, subprocess, sys, threading, time
APPS, MOST, BURST = 8, 40, 3
count = int(os.environ["COUNT"])
random.seed(int(os.environ["SEED"]))
message = re.compile(rb"\d+ <14>1 \S+ app(\d+)-live web\.1-x .* n=(\d+)$")
lock, got, ending = threading.Lock(), {}, threading.Event()
written, drains, alive = [0] * APPS, [], []


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = [message.match(line) for line in body.splitlines()]
        with lock:
            got.setdefault(self.path, []).extend(
                (int(m[1]), int(m[2])) if m else (None, 0) for m in found)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


def write_lines(to):
    while not ending.wait(0.01):
        for app in range(APPS):
            for n in range(written[app] + 1, written[app] + 1 + BURST):
                to.write(json.dumps({"log": "n=%d" % n, "stream": "stdout",
                    "time": "2021-06-29T10:05:03Z", "kubernetes": {
                    "container_name": "app%d--web" % app, "namespace_name":
                    "live", "pod_name": "app%d--web-1-x" % app}}).encode() +
                    b"\n")
            written[app] += BURST
        to.flush()
    to.close()


def ask(method, app, rest="", body=""):
    r = subprocess.run(["sh", sys.argv[1]], input=body.encode(), check=True,
        stdout=subprocess.PIPE, env=dict(os.environ, REQUEST_METHOD=method,
        HTTP_AUTHORIZATION="secret", CONTENT_LENGTH=str(len(body)),
        PATH_INFO="/apps/app%d-live/log-drains%s" % (app, rest)))
    head, _, answer = r.stdout.partition(b"\n\n")
    if not head.startswith(b"Status: 20"):
        sys.exit("%s: %s" % (method, r.stdout))
    return json.loads(answer)


class Drain:
    def __init__(self, app):
        self.app, self.path, self.due = app, "/d%d" % len(drains), None
        self.id = ask("POST", app, "", json.dumps({"url":
            "http://127.0.0.1:%d%s" % (sink.server_address[1], self.path)}))["id"]
        drains.append(self)
        alive.append(self)

    def remove(self):
        alive.remove(self)
        ask("DELETE", self.app, "/" + self.id)

    def look(self):
        """Once it has a status, it gets all lines that are yet to be written."""
        if self.due is None and os.path.exists("drains/%s.status" % self.id):
            self.due = written[self.app] + BURST + 1
        return self.due is not None and written[self.app] >= self.due


def check(d, wrong):
    lines = got.get(d.path, [])
    numbers = [n for app, n in lines]
    if any(app != d.app for app, n in lines):
        print("other", d.path, file=wrong)
    if numbers and numbers != list(range(numbers[0], numbers[-1] + 1)):
        print("order", d.path, numbers[0], numbers[-1], len(numbers), file=wrong)
    if d not in alive:
        return
    if not numbers or numbers[0] > d.due:
        print("begin", d.path, numbers[:1], d.due, file=wrong)
    if not numbers or numbers[-1] != written[d.app]:
        print("end", d.path, numbers[-1:], written[d.app], file=wrong)


sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
threading.Thread(target=sink.serve_forever, daemon=True).start()
logpush = subprocess.Popen(["logpush", "--drains", "drains", "--spool", "spool",
    "-f", "kube", "--batch-time", "100ms", "--deadline", "300s"],
    stdin=subprocess.PIPE)
writer = threading.Thread(target=write_lines, args=[logpush.stdin])
writer.start()
try:
    for app in range(APPS):     # these stay for as long as all others
        Drain(app)
    for _ in range(count):
        if len(alive) > APPS and (len(alive) == MOST or random.random() < 0.5):
            random.choice(alive[APPS:]).remove()
        else:
            Drain(random.randrange(APPS))
        for d in alive:
            d.look()
    patience = time.monotonic() + 300
    while not all([d.look() for d in alive]) and time.monotonic() < patience:
        time.sleep(0.05)
finally:
    ending.set()
    writer.join()
status = logpush.wait()
with open("wrong", "w") as wrong:
    for d in drains:
        check(d, wrong)
with open("done", "w") as f:
    print(status, len(alive), sum(d not in alive for d in drains),
        sum(len(got.get(d.path, [])) > 0 for d in drains if d not in alive),
        file=f)
print("# %d lines, %d drains, %d of them stayed" % (sum(written), len(drains),
    len(alive)), file=sys.stderr)
END
echo "# COUNT=$COUNT SEED=$SEED"
ok 'drains are made and removed while lines pass' python3 drive.py "$top/scripts/rest/logferry-drains.cgi"
read -r status alive removed had <done
wrong() { [ -e wrong ] && grep "^$1 " wrong; }
is 'all is delivered at the end' "$status" 0
is 'every drain that stays gets each line from its beginning on' "$(wrong begin)" ''
is 'every drain that stays gets each line to the end' "$(wrong end)" ''
is 'no drain misses a line in between, or has one twice' "$(wrong order)" ''
is 'no drain gets the lines of another application' "$(wrong other)" ''
is 'drains that stay, and no others, have a file and a status' \
	"$(find drains -name '*.status' | wc -l) $(find drains -name '*-*-*' ! -name '*.status' | wc -l)" "$alive $alive"
ok 'some of the drains that were removed had lines' test "$had" -gt 0 -a "$removed" -ge "$had"
