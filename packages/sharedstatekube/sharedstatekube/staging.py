"""A step's files, where the staging server has them: below an address that nobody can guess, for as long as the step is wanted."""
import json
import logging
import os
import re
import secrets
import shutil
import time

log = logging.getLogger(__name__)

ABANDONED = 86400
"""Seconds after which what no engine has touched is deleted: its engine was killed without a word."""

TOUCHED = 300
"""Seconds between two touches."""


class Staging:
    """The directory that the server serves, on the volume of the workflows."""

    def __init__(self, settings, root):
        self.url, self.authorities, self.directory, self.root = settings["url"], settings.get("authorities"), settings["directory"], root
        # who can list it knows all tokens
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        self.sweep()

    def sweep(self):
        for name in os.listdir(self.directory):
            path = os.path.join(self.directory, name)
            if re.fullmatch("(gone-)?[0-9a-f]{64}", name) and time.time() - os.lstat(path).st_mtime > ABANDONED:
                shutil.rmtree(path, ignore_errors=True)

    def offer(self, state, parameters):
        """Offers what the step reads; gives the token."""
        token = secrets.token_hex(32)
        place = os.path.join(self.directory, token)
        os.makedirs(os.path.join(place, "in", "files"))
        os.mkdir(os.path.join(place, "out"))
        manifest = {"directories": [], "files": [], "links": [], "parameters": parameters or {}}
        for top in sorted(set(state.readwrite + state.readonly)):
            self.relative(top)
            for where, folders, names in os.walk(top):
                manifest["directories"].append(self.relative(where))
                os.makedirs(os.path.join(place, "in", "files", self.relative(where)), exist_ok=True)
                for name in sorted(folders + names):
                    path = os.path.join(where, name)
                    if os.path.islink(path):
                        manifest["links"].append([self.relative(path), os.readlink(path)])
                    elif os.path.isfile(path):
                        offered(path, os.path.join(place, "in", "files", self.relative(path)))
                        manifest["files"].append([self.relative(path), os.path.getsize(path), os.stat(path).st_mode & 0o777])
                folders[:] = sorted(folder for folder in folders if not os.path.islink(os.path.join(where, folder)))
        with open(os.path.join(place, "in", "manifest.json"), "w", encoding="utf-8") as file:
            json.dump(manifest, file)
        return token

    def relative(self, path):
        relative = os.path.relpath(path, self.root)
        if relative == "." or relative.startswith(".."):
            raise ValueError("the step's directory %s is not below the shared volume's %s" % (path, self.root))
        return relative

    def touch(self, token):
        """It is still wanted."""
        place = os.path.join(self.directory, token)
        try:
            if time.time() - os.stat(place).st_mtime > TOUCHED:
                os.utime(place)
        except FileNotFoundError:
            # whoever deleted it has given the step up, and its pod is told so
            log.warning("%s is not there any more", place)

    def take(self, token, state):
        """Brings what the step has written to its directory. Raises ValueError if that isn't all there, or isn't the step's."""
        place = os.path.join(self.directory, token, "out")
        try:
            with open(os.path.join(place, "manifest.json"), encoding="utf-8") as file:
                manifest = json.load(file)
        except FileNotFoundError:
            raise ValueError("what it has written did not arrive") from None
        try:
            self.move(manifest, place, state)
        except (KeyError, TypeError, AttributeError) as error:
            # whoever has the token may write what he likes, and ends no other step by it
            raise ValueError("what it says of what it has written can't be read: %s" % error) from error

    def move(self, manifest, place, state):
        for path in manifest["directories"]:
            os.makedirs(self.own(path, state), exist_ok=True)
        for path, size, mode in manifest["files"]:
            source, target = os.path.join(place, "files", path), self.own(path, state)
            if not os.path.isfile(source) or os.path.islink(source) or os.path.getsize(source) != size:
                raise ValueError("of what it has written %s did not arrive" % path)
            os.chmod(source, mode & 0o777)
            os.replace(source, target)
        for path, target in manifest["links"]:
            link = self.own(path, state)
            if os.path.islink(link):
                os.remove(link)
            os.symlink(target, link)

    def own(self, path, state):
        """A path that the step may write, on the volume."""
        target = os.path.normpath(os.path.join(self.root, path))
        parent = os.path.realpath(os.path.dirname(target))
        tops = state.readwrite
        if target not in tops and not any((os.path.join(parent, os.path.basename(target)) + "/").startswith(top + "/") for top in tops):
            raise ValueError("it has written %s, which is not its own" % path)
        return target

    def withdraw(self, token):
        """From now on nothing is given and nothing is taken there."""
        place = os.path.join(self.directory, token)
        gone = os.path.join(self.directory, "gone-" + token)
        try:
            # at once, and not file by file
            os.rename(place, gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)


def offered(path, target):
    """The same file without a copy, where that is allowed: not of files of others that aren't writable."""
    if not os.access(path, os.R_OK):
        # the server would say that there is none
        raise ValueError("%s can't be read, and so not be sent" % path)
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)
