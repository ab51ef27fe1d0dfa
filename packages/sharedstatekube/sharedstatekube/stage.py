"""Moves a step's files between its pod and the staging server. It runs in the pod, alone: nothing but Python's own library is there.

    stage.py in       brings the files, and what the step's command is waited for with
    stage.py out      waits for the command's end, and takes away what it has written
"""
import http.client
import json
import os
import ssl
import sys
import time
import urllib.parse

CONTROL = "/wflow"
BLOCK = 1 << 20


class Gone(Exception):
    """Nobody wants this step any more: it was given up, and runs elsewhere or has failed."""


class Server:
    """The staging server, at the address that is this step's alone. It is asked again until its time is up: a link that was cut comes back."""

    def __init__(self, url, authorities, patience):
        self.url, self.patience = urllib.parse.urlsplit(url), patience
        self.context = ssl.create_default_context(cadata=authorities or None)

    def ask(self, method, path, exchange, body=None, headers=None):
        begin, pause = time.monotonic(), 1
        while True:
            connection = http.client.HTTPSConnection(self.url.hostname, self.url.port or 443, timeout=60, context=self.context)
            try:
                connection.request(method, self.url.path + urllib.parse.quote(os.fsencode(path)), body=body() if body else None, headers=headers() if headers else {})
                response = connection.getresponse()
                if response.status in (403, 404, 409):
                    raise Gone("%s %s: %d" % (method, path, response.status))
                if response.status < 400 or (method, response.status) == ("MKCOL", 405):
                    return exchange(response)
                problem = "%d %s" % (response.status, response.reason)
            except (OSError, http.client.HTTPException) as error:
                problem = "%s: %s" % (type(error).__name__, error)
            finally:
                connection.close()
            if time.monotonic() - begin > self.patience:
                sys.exit("%s %s: %s, for %d s" % (method, path, problem, self.patience))
            print("%s %s: %s" % (method, path, problem), file=sys.stderr, flush=True)
            time.sleep(pause)
            pause = min(2 * pause, 15)

    def text(self, path):
        return self.ask("GET", path, lambda response: response.read())

    def fetch(self, path, target, size):
        """What has come stays, and the rest is asked for."""
        open(target, "wb").close()

        def take(response):
            with open(target, "ab" if response.status == 206 else "wb") as file:
                while True:
                    block = response.read(BLOCK)
                    if not block:
                        break
                    file.write(block)
            if os.path.getsize(target) != size:
                raise http.client.IncompleteRead(b"")

        if size:
            self.ask("GET", path, take, headers=lambda: {"Range": "bytes=%d-" % os.path.getsize(target)})

    def make(self, path):
        self.ask("MKCOL", path + "/", lambda response: response.read())

    def send(self, path, source):
        # a body that begins anew each time
        self.ask("PUT", path, lambda response: response.read(), body=lambda: open(source, "rb"), headers=lambda: {"Content-Length": str(os.path.getsize(source))})

    def send_text(self, path, text):
        self.ask("PUT", path, lambda response: response.read(), body=lambda: text)


def bring(server, root):
    said = json.loads(server.text("/in/manifest.json"))
    for path in said["directories"]:
        os.makedirs(os.path.join(root, path), exist_ok=True)
    for path, size, mode in said["files"]:
        target = os.path.join(root, path)
        server.fetch("/in/files/" + path, target, size)
        os.chmod(target, mode)
    for path, target in said["links"]:
        os.symlink(target, os.path.join(root, path))
    os.makedirs(CONTROL + "/parameters")
    for name, content in said["parameters"].items():
        with open(os.path.join(CONTROL, "parameters", name), "w", encoding="utf-8") as file:
            file.write(content)
    # who has it open lives: however the command's container ends, this is closed
    os.mkfifo(CONTROL + "/alive")
    os.chmod(CONTROL + "/alive", 0o666)


def take_away(server, root, written):
    directories, files, links = [], [], []
    for top in written:
        for where, folders, names in os.walk(os.path.join(root, top)):
            directories.append(os.path.relpath(where, root))
            for name in sorted(folders + names):
                path = os.path.join(where, name)
                if os.path.islink(path):
                    links.append([os.path.relpath(path, root), os.readlink(path)])
                elif os.path.isfile(path):
                    files.append([os.path.relpath(path, root), os.path.getsize(path), os.stat(path).st_mode & 0o777])
            folders[:] = sorted(folder for folder in folders if not os.path.islink(os.path.join(where, folder)))
    made = set()
    for path in ["files"] + ["files/" + path for path in directories]:
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            parent = "/".join(parts[:end])
            if parent not in made:
                server.make("/out/" + parent)
                made.add(parent)
    for path, _, _ in files:
        server.send("/out/files/" + path, os.path.join(root, path))
    # what isn't in here has not come
    server.send_text("/out/manifest.json", json.dumps({"directories": directories, "files": files, "links": links}).encode())


def main(what, root, written):
    # all that is made here is also the command's, whatever user that is
    os.umask(0)
    server = Server(os.environ["WFLOW_STAGING_URL"], os.environ.get("WFLOW_STAGING_AUTHORITIES"), int(os.environ["WFLOW_STAGING_PATIENCE"]))
    try:
        if what == "in":
            bring(server, root)
            return
        with open(CONTROL + "/alive", "rb") as alive:
            alive.read()
        take_away(server, root, json.loads(written))
    except Gone as gone:
        sys.exit("the engine has given this step up (%s)" % gone)


if __name__ == "__main__":
    main(*sys.argv[1:])
