"""A step's files on their way to HTCondor and back: a directory for each job, on the shared volume, which no step sees."""
import os
import shutil

from .condor_job import SAID, SCRIPT, parameter_files, relative, script

ROOT = ".htcondor"
"""Below the shared volume's root, which is mounted in engines alone."""


class JobFiles:
    """The directory of one job."""

    def __init__(self, mount, jobid):
        self.mount, self.path = mount, os.path.join(mount, ROOT, jobid)

    def bring(self, step):
        """Puts what the step reads there, and its script. Gives the entries that HTCondor is to take, and the bytes of it."""
        self.forget()
        # nobody's but the engines', whatever they write for their group
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        os.mkdir(self.path)
        size, notes = 0, []
        paths = sorted(set(step["state"].readwrite + step["state"].readonly))
        # a directory inside of another comes with it
        for path in [each for each in paths if not any(each.startswith(other + "/") for other in paths)]:
            if os.path.isdir(path):
                size += self.take(path, paths, notes)
        for path in paths:
            # of one that isn't there, a step may expect nothing but that it is a directory
            os.makedirs(os.path.join(self.path, relative(path, self.mount)), exist_ok=True)
        for path, content in parameter_files(step["env"], self.mount).items():
            os.makedirs(os.path.dirname(os.path.join(self.path, path)), exist_ok=True)
            # what is there may be a file of the volume
            if os.path.lexists(os.path.join(self.path, path)):
                os.remove(os.path.join(self.path, path))
            with open(os.path.join(self.path, path), "x", encoding="utf-8") as file:
                file.write(content)
        entries = sorted(os.listdir(self.path))
        with open(os.path.join(self.path, SCRIPT), "x", encoding="utf-8") as file:
            file.write(script(step, self.mount, notes))
        os.chmod(os.path.join(self.path, SCRIPT), 0o755)
        return entries, size

    def take(self, path, paths, notes):
        """Links a directory's files. HTCondor would follow symbolic links, and a step could have made one to what the engine alone may read."""
        size = 0
        for folder, folders, files, descriptor in os.fwalk(path, follow_symlinks=False):
            inside = os.path.join(self.path, os.path.relpath(folder, self.mount))
            os.makedirs(inside, exist_ok=True)
            for name in folders:
                if os.path.islink(os.path.join(folder, name)):
                    notes.append("not here: %s, a symbolic link to a directory" % os.path.join(folder, name))
            for name in files:
                source = os.path.join(folder, name)
                if os.path.islink(source):
                    target = os.path.realpath(source)
                    if not (os.path.isfile(target) and any(target.startswith(each + "/") for each in paths)):
                        notes.append("not here: %s, a symbolic link out of the step's directories" % source)
                        continue
                    size += link(target, None, os.path.join(inside, name))
                elif os.path.isfile(source):
                    size += link(name, descriptor, os.path.join(inside, name))
                else:
                    notes.append("not here: %s, no file" % source)
        return size

    def clear(self):
        """Takes away what was brought, so that nothing that comes back is written into it."""
        for name in os.listdir(self.path):
            remove(os.path.join(self.path, name))

    def fetch(self, state):
        """Puts what came back where the step's next ones read it."""
        for path in state.readwrite:
            if os.path.realpath(path) != os.path.normpath(path):
                raise ValueError("%s is reached by a symbolic link" % path)
            came = os.path.join(self.path, relative(path, self.mount))
            if os.path.isdir(came):
                move(came, path)

    @property
    def said(self):
        return os.path.join(self.path, SAID)

    def end_of_log(self, most):
        """The last bytes that the step said, if anything came."""
        try:
            with open(self.said, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - most))
                return file.read()
        except FileNotFoundError:
            return None

    def forget(self):
        shutil.rmtree(self.path, ignore_errors=True)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.remove(path)


def link(source, descriptor, target):
    """Gives a file another name, or copies it where that can't be. What it is was looked at before: a link in its place is not followed."""
    try:
        os.link(source, target, src_dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=descriptor), "rb") as given, open(target, "xb") as taken:
            shutil.copyfileobj(given, taken)
            os.fchmod(taken.fileno(), os.fstat(given.fileno()).st_mode & 0o777)
    return os.lstat(target).st_size


def move(source, target):
    """Moves what is in a directory into another one, over what is there. Nothing but files and directories, and by no link that is there."""
    for entry in list(os.scandir(source)):
        place = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if os.path.islink(place) or not os.path.isdir(place):
                if os.path.lexists(place):
                    os.remove(place)
                os.mkdir(place)
            move(entry.path, place)
        elif entry.is_file(follow_symlinks=False):
            if os.path.isdir(place) and not os.path.islink(place):
                raise ValueError("%s came as a file, and is a directory" % place)
            os.replace(entry.path, place)
        else:
            raise ValueError("%s is neither a file nor a directory" % entry.path)
