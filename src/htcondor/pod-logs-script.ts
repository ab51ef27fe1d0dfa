/**
 * Follows files of the pod and prints each line with what it belongs to. It is the only one that opens files which jobs can write, in a container
 * that has nothing else to be shown: no token, no configuration, no network that it uses, and the sandboxes to be read only.
 * A file that is a link, or has a second name, is left alone. An open file is read to its end also after its sandbox is gone.
 *
 * Started again it prints lines again, with the ids that they had.
 */
export const POD_LOGS_SCRIPT = `
import json, os, re, signal, socket, stat, sys, time

EXECUTE, LOG, EVENT_LOG, WORKFLOW, JOB = sys.argv[1:6]
LONGEST, LINE = 8192, 15000
ending = False

def end(*_):
    global ending
    ending = True

signal.signal(signal.SIGTERM, end)
POD = socket.gethostname()

def say(labels, offset, raw):
    line = json.dumps({**labels, "id": "%s/%d" % (labels["id"], offset), "log": raw.decode("utf-8", "replace")}, ensure_ascii=False)
    if len(line.encode()) > LINE:
        say(labels, offset, raw[:len(raw) // 2])
        say(labels, offset + len(raw) // 2, raw[len(raw) // 2:])
    else:
        sys.stdout.write(line + "\\n")

class Followed:
    def __init__(self, fd, labels):
        self.fd, self.labels, self.offset, self.rest = fd, labels, 0, b""

    def read(self, last=False):
        while True:
            data = os.pread(self.fd, 1 << 20, self.offset + len(self.rest))
            text = self.rest + data
            lines = text.split(b"\\n")
            self.rest = lines.pop()
            for line in lines:
                self.emit(line)
                self.offset += 1
            while len(self.rest) > LONGEST or (last and not data and self.rest):
                piece, self.rest = self.rest[:LONGEST], self.rest[LONGEST:]
                self.emit(piece)
            if not data:
                break
        if last:
            os.close(self.fd)

    def emit(self, line):
        for at in range(0, max(len(line), 1), LONGEST):
            say(self.labels, self.offset + at, line[at:at + LONGEST])
        self.offset += len(line)

class Events(Followed):
    """An event has several lines, and after it comes another one with what is known of its job."""

    def __init__(self, fd, labels):
        super().__init__(fd, labels)
        self.begin, self.lines, self.event = 0, [], None

    def emit(self, line):
        if not self.lines:
            self.begin = self.offset
        self.lines.append(line)
        self.offset += len(line)
        if line == b"...":
            text, self.lines = b"\\n".join(self.lines[:-1]), []
            if text.startswith(b"028 "):
                self.tell(attributes(text.decode("utf-8", "replace")))
            else:
                self.tell({})
                self.event = (self.begin, text)

    def read(self, last=False):
        super().read(last)
        if last:
            self.tell({})

    def tell(self, ad):
        event, self.event = self.event, None
        # the file begins with one about itself
        if event and b"Global JobLog:" not in event[1]:
            say({**self.labels, **belongings(ad)}, *event)

def attributes(text):
    return {name: value.strip('"') for name, value in re.findall(r"^(\\w+) = (.*)$", text, re.M)}

def belongings(ad):
    found = {"user": ad.get("Owner"), "workflow": ad.get(WORKFLOW), "job": ad.get(JOB) or ad.get("GlobalJobId")}
    return {name: value for name, value in found.items() if value}

def plain(directory, name):
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    about = os.fstat(fd)
    if stat.S_ISREG(about.st_mode) and about.st_nlink <= 1:
        return fd, about
    os.close(fd)
    raise OSError("a link, or no file: " + name)

def below(directory, name):
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)

def job_ad(directory):
    fd, about = plain(directory, ".job.ad")
    try:
        text = os.read(fd, 1 << 20).decode("utf-8", "replace")
    finally:
        os.close(fd)
    return attributes(text)

class Sandbox:
    def __init__(self, name, inode):
        self.name, self.inode, self.ad, self.files = name, inode, None, {}

    def look(self, execute):
        opened = []
        try:
            root = below(execute, self.name)
            opened.append(root)
            if os.fstat(root).st_ino != self.inode:
                return
            places = {"": root}
            for name in ("htcondor", "scratch"):
                try:
                    places[name] = below(root, name)
                    opened.append(places[name])
                except OSError:
                    pass
            for stream in ("stdout", "stderr"):
                if stream not in self.files:
                    try:
                        fd, _ = plain(places.get("scratch", root), "_condor_" + stream)
                    except OSError:
                        continue
                    # it is written in whole before the job's output is opened, and not before that
                    if self.ad is None:
                        try:
                            self.ad = job_ad(places.get("htcondor", root))
                        except OSError:
                            self.ad = {}
                    self.files[stream] = Followed(fd, self.labels(stream))
        except OSError:
            pass
        finally:
            for fd in opened:
                os.close(fd)

    def labels(self, stream):
        ad = self.ad
        start = ad.get("JobCurrentStartDate", "0")
        return {
            "id": "/".join([ad.get("GlobalJobId", ""), start, POD, self.name, stream]), "source": "htcondor-job", "stream": stream, **belongings(ad),
        }

sandboxes, logs = {}, {}

def follow_jobs():
    try:
        execute = os.open(EXECUTE, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        there = {}
        with os.scandir(execute) as entries:
            for entry in entries:
                if re.match(r"dir_\\d+$", entry.name):
                    there[(entry.name, entry.inode())] = entry
        for key in there:
            sandbox = sandboxes.setdefault(key, Sandbox(*key))
            sandbox.look(execute)
        for key, sandbox in list(sandboxes.items()):
            gone = key not in there
            for followed in sandbox.files.values():
                followed.read(gone)
            if gone:
                del sandboxes[key]
    finally:
        os.close(execute)

def followed_log(name, fd, inode):
    labels = {"id": "/".join([POD, name, str(inode)])}
    if name == EVENT_LOG:
        return Events(fd, {**labels, "source": "htcondor-event"})
    return Followed(fd, {**labels, "source": "htcondor-daemon", "daemon": re.sub(r"Log\\b.*", "", name).lower()})

def follow_logs():
    try:
        log = os.open(LOG, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        there = set()
        for name in os.listdir(log):
            if not re.match(r"([A-Z]\\w*Log|StarterLog\\.[\\w.]+)$", name) or name.endswith(".old"):
                continue
            try:
                fd, about = plain(log, name)
            except OSError:
                continue
            there.add(about.st_ino)
            if about.st_ino in logs:
                os.close(fd)
            else:
                logs[about.st_ino] = followed_log(name, fd, about.st_ino)
        for inode, followed in list(logs.items()):
            # a file that was moved away is read to its end
            gone = inode not in there
            followed.read(gone)
            if gone:
                del logs[inode]
    finally:
        os.close(log)

while True:
    last = ending
    follow_jobs()
    follow_logs()
    sys.stdout.flush()
    if last and not sandboxes:
        break
    # what a job writes is gone soon after its end
    time.sleep(0.1 if EXECUTE else 1)
`;
