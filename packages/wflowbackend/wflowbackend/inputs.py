"""The inputs of a request: an archive by https, unpacked below the working directory."""

import logging
import os
import shutil
import stat
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from .problem import Problem

log = logging.getLogger(__name__)

ATTEMPTS = 5
PAUSE = 2.0
TIMEOUT = 60
CHUNK = 1024 * 1024
# an archive may be so large, and what it unpacks to; more files are no inputs but an attack
MOST_BYTES = int(os.environ.get("WFLOW_MAX_INPUT_BYTES", 20 * 1024**3))
MOST_FILES = int(os.environ.get("WFLOW_MAX_INPUT_FILES", 100_000))


class OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follows redirections to https alone; the token stays with the host that it is for."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if urllib.parse.urlsplit(newurl).scheme != "https":
            raise Problem("inputURL: redirected to something else than https")
        redirected = super().redirect_request(req, fp, code, msg, headers, newurl)
        if redirected and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            redirected.remove_header("Authorization")
        return redirected


def fetch(url, token, target, most=MOST_BYTES, attempts=ATTEMPTS, pause=PAUSE, opener=None):
    """Downloads an archive into a file."""
    if urllib.parse.urlsplit(url).scheme != "https":
        raise Problem("inputURL: given {}, allowed: https".format(url.split(":")[0]))
    opener = opener or urllib.request.build_opener(OnlyHttps)
    headers = {"Authorization": "Bearer " + token} if token else {}
    for attempt in range(1, attempts + 1):
        try:
            with opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as answer, open(target, "wb") as file:
                copy(answer, file, most, "inputURL: the archive")
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise Problem("inputURL: HTTP {}".format(error.code)) from error
            reason = "HTTP {}".format(error.code)
        except OSError as error:
            reason = str(error)
        log.warning("inputs, attempt %s of %s: %s", attempt, attempts, reason)
        if attempt < attempts:
            time.sleep(pause)
    raise Problem("inputURL: {}".format(reason))


def copy(source, target, most, what):
    """Copies a stream, unless it is longer than it may be. What it says of its own length is nothing to go by."""
    written = 0
    while True:
        chunk = source.read(CHUNK)
        if not chunk:
            return written
        written += len(chunk)
        if written > most:
            raise Problem("{} has more than {} bytes".format(what, most))
        target.write(chunk)


def unpack(archive, directory, most=MOST_BYTES, files=MOST_FILES):
    """Unpacks a zip archive below a directory: regular files and directories, nowhere else, and no more than may be."""
    root = os.path.realpath(directory)
    left = most
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            if len(members) > files:
                raise Problem("the archive of inputs has {} files, allowed: {}".format(len(members), files))
            for member in members:
                path = target_of(root, member)
                if member.is_dir():
                    os.makedirs(path, exist_ok=True)
                    continue
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with opened.open(member) as source, open(path, "xb") as target:
                    left -= copy(source, target, left, "what the archive of inputs unpacks to")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, FileExistsError, NotADirectoryError) as error:
        raise Problem("the archive of inputs can't be unpacked: {}".format(error)) from error


def target_of(root, member):
    """Where a member goes."""
    name = member.filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    parts = name.rstrip("/").split("/")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or name.startswith("/") or "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise Problem("the archive of inputs has {!r}, allowed: files and directories below its root".format(name[:100]))
    return os.path.join(root, *parts)


def setup_from_url(context, workdir):
    """Makes the working directory, with the inputs in it."""
    shutil.rmtree(workdir, ignore_errors=True)
    os.makedirs(workdir)
    url = context.get("inputURL")
    if not url:
        return
    log.info("downloading inputs")
    archive = os.path.join(workdir, "inputs.zip")
    fetch(url, context.get("inputAuth"), archive)
    unpack(archive, os.path.join(workdir, "inputs"))
    os.remove(archive)
