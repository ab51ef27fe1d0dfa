"""The results of a request: what its list of patterns finds, shipped by SFTP."""

import glob
import logging
import os
import shutil
import subprocess
import time

from .problem import Problem

log = logging.getLogger(__name__)

ATTEMPTS = 10
PAUSE = 5.0
# as long as a transfer may take, in seconds
TIMEOUT = int(os.environ.get("WFLOW_SHIP_TIMEOUT", 6 * 3600))


def collect(context, workdir):
    """Links what the patterns find below the working directory into a directory of its own, and says what that is."""
    root = os.path.realpath(workdir)
    results = os.path.join(root, "results")
    os.makedirs(results, exist_ok=True)
    for pattern in context.get("resultlist", []):
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise Problem("resultlist: given {!r}, allowed: relative paths that lead nowhere else".format(pattern[:100]))
        # what a workflow makes is below data; the patterns of 2018 were of the directory that both are in
        for base in (root, os.path.join(root, "data")):
            for found in sorted(glob.glob(os.path.join(glob.escape(base), pattern), recursive=True)):
                keep(found, base, root, results)
    return results


def keep(found, base, root, results):
    """Takes a file or a directory over, unless it leads out of the working directory or is among the results already."""
    real = os.path.realpath(found)
    if not real.startswith(root + os.sep) or (real + os.sep).startswith(results + os.sep):
        return
    target = os.path.join(results, os.path.relpath(found, base))
    if os.path.isdir(found):
        for directory, _, files in os.walk(found):
            for file in files:
                keep(os.path.join(directory, file), base, root, results)
        return
    if os.path.isfile(found) and not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.link(real, target)
        except OSError:
            shutil.copy2(real, target)


def commands(results, location):
    """What SFTP is told: the directories, which may be there, then everything. Names can't have a backslash or a line's end, which sftp can't read."""
    lines = ["-mkdir {}".format(quoted(parent)) for parent in parents(location)]
    for directory, directories, files in os.walk(results):
        directories.sort()
        there = os.path.normpath(os.path.join(location, os.path.relpath(directory, results)))
        if directory != results and not ("\n" in there or "\\" in there):
            lines.append("-mkdir {}".format(quoted(there)))
        for file in sorted(files):
            if "\n" in there + file or "\\" in there + file:
                log.warning("not shipped, for its name: %r", os.path.join(there, file))
            else:
                lines.append("put {} {}".format(quoted(os.path.join(directory, file)), quoted(os.path.join(there, file))))
    return "\n".join(lines) + "\n"


def parents(location):
    """A path's directories below the one that is there, with itself."""
    parts = [part for part in location.split("/") if part]
    return ["/" + "/".join(parts[: count + 1]) for count in range(1, len(parts))]


def quoted(name):
    """A name as sftp reads it: what is in quotes is no pattern to it."""
    return '"' + name.replace('"', '\\"') + '"'


def ship(results, spec, attempts=ATTEMPTS, pause=PAUSE, run=subprocess.run):
    """Ships results, again and again until it works."""
    keys = os.environ.get("WFLOW_SHIP_KEYS", "/wflow-ship")
    identity = private(os.path.join(keys, "identity"), os.path.dirname(results))
    argv = [
        "sftp", "-b", "-", "-P", str(spec["port"]), "-i", identity,
        "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=none",
        "-o", "UserKnownHostsFile=" + os.path.join(keys, "known_hosts"), "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15",
        "{}@{}".format(spec["user"], spec["host"]),
    ]
    reason = ""
    try:
        for attempt in range(1, attempts + 1):
            try:
                done = run(argv, input=commands(results, spec["location"]), text=True, capture_output=True, timeout=TIMEOUT, check=False)
                if done.returncode == 0:
                    log.info("results are at %s", spec["location"])
                    return
                reason = why(done)
            except subprocess.TimeoutExpired:
                reason = "not within {} s".format(TIMEOUT)
            log.warning("shipping results, attempt %s of %s: %s", attempt, attempts, reason)
            if attempt < attempts:
                time.sleep(pause)
    finally:
        os.remove(identity)
    raise Problem("the results could not be shipped: {}".format(reason))


def why(done):
    """What sftp says, without what it always says."""
    said = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith(("Connection closed", "Warning: "))]
    return "; ".join(said[-3:]) or "sftp ended with exit code {}".format(done.returncode)


def private(key, directory):
    """A copy of a key that nobody else may read: ssh takes no other, and a Secret's files can't be so."""
    path = os.path.join(directory, ".identity")
    with open(key, "rb") as source, open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        target.write(source.read())
    return path


def generic_onsuccess(context, workdir):
    """Collects and ships what the request asked for."""
    results = collect(context, workdir)
    spec = context.get("shipout_spec")
    if spec:
        log.info("shipout_spec: %s", {key: spec[key] for key in ("user", "host", "port", "location")})
        ship(results, spec)
