#!/bin/sh
# scripts/opensearch/setup-index: what it asks for, of a server of our own that
# has index management and dashboards (docs.opensearch.org: index-templates,
# im-plugin/ism/policies, im-plugin/ism/api; dashboards' saved_objects/_import)
. "${0%/*}/lib.sh"
. "$top/tests/servers/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not installed'
command -v curl >/dev/null || skip_all 'curl is not installed'
setup=$top/scripts/opensearch
cat >server.py <<'END'
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
folder = sys.argv[1]
policies = {}
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass
    def answer(self, status, doc):
        body = json.dumps(doc).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        with open(os.path.join(folder, "asked"), "a") as f:
            print(self.command, self.path, status, file=f)
    def do_GET(self):
        seq = policies.get(self.path)
        if seq is None:
            return self.answer(404, {"error": "Policy not found"})
        self.answer(200, {"_id": "logferry", "_version": 1, "_seq_no": seq,
                          "_primary_term": 3, "policy": {}})
    def do_PUT(self):
        doc = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Content-Type"] != "application/json":
            return self.answer(406, {"error": "content type"})
        if os.path.exists(os.path.join(folder, "refuse")):
            return self.answer(403, {"error": "no permissions"})
        path, _, query = self.path.partition("?")
        if path.startswith("/_index_template/"):
            good = set(doc) <= {"index_patterns", "priority", "_meta",
                                "template"} and set(doc["template"]) == {
                                "settings", "mappings"}
            return self.answer(200 if good else 400, {"acknowledged": good})
        policy = doc["policy"]
        names = [s["name"] for s in policy["states"]]
        good = (set(policy) == {"description", "default_state", "states",
                                "ism_template"} and
                policy["default_state"] in names and
                all(t["state_name"] in names for s in policy["states"]
                    for t in s["transitions"]))
        if not good:
            return self.answer(400, {"error": "policy"})
        seq = policies.get(path)
        if seq is not None and query != (
                "if_seq_no=%d&if_primary_term=3" % seq):
            return self.answer(409, {"error": "version conflict"})
        policies[path] = 7 if seq is None else seq + 1
        self.answer(200 if seq else 201, {"_id": "logferry"})
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["osd-xsrf"] is None:
            return self.answer(400, {"error": "Request must contain osd-xsrf"})
        docs = [json.loads(line) for line in body.splitlines()
                if line.startswith(b"{")]
        self.answer(200, {"success": True, "successCount": len(docs)})
server = HTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port"), "w") as f:
    f.write("%d\n" % server.server_address[1])
server.serve_forever()
END
start_server os python3 server.py
exits 0 'templates, policy and dashboard are installed' "$setup/setup-index" "$url" "$url/base/"
cat >want <<'END'
PUT /_index_template/logferry-records 200
PUT /_index_template/logferry-ecs 200
GET /_plugins/_ism/policies/logferry 404
PUT /_plugins/_ism/policies/logferry 201
POST /base/api/saved_objects/_import?overwrite=true 200
END
same 'each is asked for once' want cat os/asked
exits 0 'a policy that is there is replaced' "$setup/setup-index" "$url"
exits 0 'it is replaced again, by its new version' "$setup/setup-index" "$url/"
touch os/refuse
says '^setup-index: logferry-records: status 403: .*no permissions' 'a refusal is told' \
	"$setup/setup-index" "$url"
exits 2 'a refusal is trouble' "$setup/setup-index" "$url"
exits 2 'no URL is misuse' "$setup/setup-index"
exits 2 'a server that is not there is trouble' "$setup/setup-index" http://127.0.0.1:1
done_testing
