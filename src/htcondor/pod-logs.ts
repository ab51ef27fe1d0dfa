import { CondorImage } from './image';
import { PATHS } from './paths';
import { problem } from '../problem';
import { LABELLED_LOG } from '../workload/labelled-log';

/** Which attributes of a job tell what its output belongs to, for `StartdFleetProps.podLogs`. */
export interface PodLogs {
  /**
   * The job's attribute with the workflow that it belongs to: `My.ReanaWorkflowUuid = "..."` in a submit file.
   *
   * @default ReanaWorkflowUuid
   */
  readonly workflowAttribute?: string;

  /**
   * The job's attribute with the name that its workflow has for it.
   *
   * @default - GlobalJobId, such as ap1@cern.ch#12.0#1764110000
   */
  readonly jobAttribute?: string;
}

/**
 * Follows files of the pod and prints each line with what it belongs to. It is the only one that opens files which jobs can write, in a container
 * that has nothing else to be shown: no token, no configuration, no network that it uses, and the sandboxes to be read only.
 * A file that is a link, or has a second name, is left alone. An open file is read to its end also after its sandbox is gone.
 *
 * Started again it prints lines again, with the ids that they had.
 */
const SCRIPT = `
import json, os, re, signal, socket, stat, sys, time

EXECUTE, LOG, WORKFLOW, JOB = sys.argv[1:5]
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
    return {name: value.strip('"') for name, value in re.findall(r"^(\\w+) = (.*)$", text, re.M)}

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
        labels = {
            "id": "/".join([ad.get("GlobalJobId", ""), start, POD, self.name, stream]),
            "source": "htcondor-job", "stream": stream, "user": ad.get("Owner"), "workflow": ad.get(WORKFLOW),
            "job": ad.get(JOB) or ad.get("GlobalJobId"),
        }
        return {name: value for name, value in labels.items() if value}

sandboxes, daemons = {}, {}

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

def follow_daemons():
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
            if about.st_ino in daemons:
                os.close(fd)
            else:
                daemons[about.st_ino] = Followed(fd, {
                    "id": "/".join([POD, name, str(about.st_ino)]), "source": "htcondor-daemon", "daemon": re.sub(r"Log\\b.*", "", name).lower(),
                })
        for inode, followed in list(daemons.items()):
            # a file that was moved away is read to its end
            gone = inode not in there
            followed.read(gone)
            if gone:
                del daemons[inode]
    finally:
        os.close(log)

while True:
    last = ending
    follow_jobs()
    follow_daemons()
    sys.stdout.flush()
    if last and not sandboxes:
        break
    time.sleep(0.1)
`;

const ATTRIBUTE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The container beside the daemons that prints their logs and the output of jobs, each line with what it belongs to. */
export function podLogsContainer(image: CondorImage, { workflowAttribute = 'ReanaWorkflowUuid', jobAttribute = '' }: PodLogs, rootless: boolean): object {
  return {
    name: LABELLED_LOG.container,
    image: image.reference,
    ...image.pullPolicy && { imagePullPolicy: image.pullPolicy },
    command: ['python3', '-c', SCRIPT, rootless ? PATHS.ownExecute : PATHS.execute, PATHS.log, workflowAttribute, jobAttribute],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      // a sandbox is its job's alone; nothing here can be written
      ...!rootless && { runAsUser: 0 },
      capabilities: { drop: ['ALL'], ...!rootless && { add: ['DAC_OVERRIDE'] } },
    },
    resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '128Mi' } },
    volumeMounts: [
      { name: 'log', mountPath: PATHS.log, readOnly: true },
      { name: 'execute', mountPath: PATHS.execute, readOnly: true },
    ],
  };
}

/** Adds it to the pod of an execution point. */
export function withPodLogs(spec: object, image: CondorImage, podLogs: PodLogs | undefined, rootless: boolean): object {
  if (!podLogs) { return spec; }
  const { containers } = spec as { readonly containers: object[] };
  return { ...spec, containers: [...containers, podLogsContainer(image, podLogs, rootless)] };
}

/** Names of attributes that are none would find nothing. */
export function podLogsProblems(podLogs: PodLogs | undefined): string[] {
  return Object.entries(podLogs ?? {}).filter(([, value]) => !ATTRIBUTE.test(value)).map(([property, value]) =>
    problem(`podLogs.${property}`, value, 'the name of a job attribute, such as ReanaWorkflowUuid'));
}
