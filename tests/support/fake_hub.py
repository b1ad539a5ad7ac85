"""A hub for tests that speaks the part of the Hugging Face hub's HTTP API that pulls need, over two servers of 127.0.0.1: the hub
itself, and the store of large files that it redirects to. Faults are put in by hooks. Standard library only."""
import contextlib
import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import threading
import urllib.parse

# Loopback never goes through a proxy, whichever client asks.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def git_sha1(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class File:
    """A file of a repository; `lfs`: in large-file storage, so that its contents are named by SHA-256."""

    def __init__(self, data, lfs=False):
        self.data, self.lfs = data, lfs
        self.blob_id = git_sha1(data)
        self.etag = hashlib.sha256(data).hexdigest() if lfs else self.blob_id


class Repo:
    def __init__(self, files, commit="a" * 40, refs=("main",)):
        self.files, self.commit, self.refs = files, commit, refs

    def siblings(self):
        for name, file in self.files.items():
            entry = {"rfilename": name, "blobId": file.blob_id, "size": len(file.data)}
            if file.lfs:
                entry["lfs"] = {"sha256": file.etag, "size": len(file.data), "pointerSize": 134}
            yield entry

    def tree(self):
        for name, file in self.files.items():
            entry = {"type": "file", "oid": file.blob_id, "size": len(file.data), "path": name}
            if file.lfs:
                entry["lfs"] = {"oid": file.etag, "size": len(file.data), "pointerSize": 134}
            yield entry


class Call:
    """One request as it came: `server` is "hub" or "store"."""

    def __init__(self, server, handler):
        self.server, self.method = server, handler.command
        self.path, self.headers = handler.path, dict(handler.headers.items())

    def __repr__(self):
        return f"{self.server}: {self.method} {self.path} {self.headers.get('Range', '')}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub, call = self.server.hub, Call(self.server.role, self)
        with hub.lock:
            hub.calls.append(call)
        # A client that is killed, or has seen enough, is no failure of the hub.
        with contextlib.suppress(ConnectionError):
            for hook in list(hub.hooks):
                if hook(self, call):
                    return
            url = urllib.parse.urlsplit(self.path)
            path = urllib.parse.unquote(url.path)
            if call.server == "store":
                self.store(path)
            elif match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/(.+)", path):
                self.listing(*match.groups(), urllib.parse.parse_qs(url.query))
            elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
                self.resolve(*match.groups())
            else:
                self.refuse(404, "")

    def answer(self, code, body=b"", headers=()):
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return True

    def refuse(self, code, error_code, message="", headers=()):
        error = {"X-Error-Code": error_code, "X-Error-Message": message} if error_code else {}
        return self.answer(code, json.dumps({"error": message}).encode(), {**error, **dict(headers)})

    def redirect(self, code, location, headers=()):
        return self.answer(code, b"elsewhere", {"Location": location, **dict(headers)})

    def find(self, name, revision):
        repo = self.server.hub.repos.get(name)
        if repo is None:
            self.refuse(401, "RepoNotFound", "Invalid username or password.")
        elif revision != repo.commit and revision not in repo.refs:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return repo
        return None

    def listing(self, name, kind, revision, query):
        repo = self.find(name, revision)
        if repo is None:
            return
        if kind == "tree":
            body = list(repo.tree())
        else:
            siblings = list(repo.siblings())
            if query.get("blobs", ["false"])[0].lower() != "true":
                siblings = [{"rfilename": entry["rfilename"]} for entry in siblings]
            body = {"_id": "0", "id": name, "modelId": name, "author": name.split("/")[0], "sha": repo.commit, "private": False,
                    "gated": False, "disabled": False, "tags": ["transformers"], "downloads": 1, "siblings": siblings}
        self.answer(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def resolve(self, name, revision, path):
        repo = self.find(name, revision)
        if repo is None:
            return
        file = repo.files.get(path)
        if file is None:
            self.refuse(404, "EntryNotFound", "Entry not found")
        elif file.lfs:
            self.redirect(302, f"{self.server.hub.store_url}/{file.etag}?signature=secret", {
                "X-Repo-Commit": repo.commit, "X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(len(file.data))})
        else:
            self.contents(file, {"X-Repo-Commit": repo.commit})

    def store(self, path):
        for repo in self.server.hub.repos.values():
            for file in repo.files.values():
                if file.lfs and path == "/" + file.etag:
                    self.contents(file, {})
                    return
        self.refuse(404, "")

    def contents(self, file, headers):
        begin, data = self.wanted_range(file.data)
        if begin == len(file.data) > 0:
            self.answer(416, b"", {"Content-Range": f"bytes */{len(file.data)}"})
            return
        headers = {"ETag": f'"{file.etag}"', "Accept-Ranges": "bytes", **headers}
        if begin is not None:
            headers["Content-Range"] = f"bytes {begin}-{len(file.data) - 1}/{len(file.data)}"
        self.answer(200 if begin is None else 206, data, headers)

    def wanted_range(self, data):
        """Where the asked range begins, None without one, and what it holds."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not match:
            return None, data
        begin = min(int(match[1]), len(data))
        return begin, data[begin:]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class FakeHub:
    """Started at once; `with FakeHub() as hub`. `url` is for HF_ENDPOINT. A hook is called with the handler and the Call before
    anything else, and answers true when it has dealt with the request."""

    def __init__(self, certificate=None):
        self.repos, self.hooks, self.calls, self.lock = {}, [], [], threading.Lock()
        self.certificate = certificate
        self.servers = []
        self.url = self.start("hub")
        self.store_url = self.start("store")

    def start(self, role):
        server = Server(("127.0.0.1", 0), Handler)
        server.hub, server.role = self, role
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.servers.append(server)
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{server.server_address[1]}"

    def asked(self, part, server=None):
        """The calls whose path holds `part`."""
        with self.lock:
            return [call for call in self.calls if part in call.path and server in (None, call.server)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()
