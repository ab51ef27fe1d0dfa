/** What the exporter runs. */
export const EXPORTER_FILE = 'exporter.py';

/** The metrics it serves: name, type, help, labels. */
export const EXPORTER_METRICS_FILE = 'metrics.json';

/** What the program knows of the pool. */
export const EXPORTER_POOL_FILE = 'pool.json';

/** What the exporter is told of the pool, beside its configuration. */
export interface ExportedPool {
  /** The cluster of the pool's own daemons. */
  readonly host: string;
  /** The clusters of execution points. */
  readonly clusters: readonly string[];
  /** The declared accounting groups. */
  readonly groups: readonly string[];
  /**
   * Which configuration a master is to have: of the pool's own by the name of its StatefulSet, of execution points by what their names end
   * with, `<fleet>.<cluster>`, or by `<fleet>` alone.
   */
  readonly digests: { readonly [master: string]: string };
}

/**
 * Asks the pool at an interval, and serves what it was told last. Core-seconds are counted from the records that access points write when a
 * run ends. How far they were read and what they sum up to is one file, put in place by one rename before anybody sees it: after a crash the
 * same records are read again, and count once.
 */
export const EXPORTER_SCRIPT = String.raw`# Tells Prometheus of an HTCondor pool: exporter.py PORT INTERVAL DIRECTORY METRICS POOL
import base64, json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import classad2, htcondor2

STATES = {1: "idle", 2: "running", 3: "removed", 4: "completed", 5: "held", 6: "transferring_output", 7: "suspended"}
QUEUE = ["ClusterId", "ProcId", "JobStatus", "JobUniverse", "EnteredCurrentStatus", "QDate", "HoldReasonCode", "RemoteHost", "CpusProvisioned",
         "RequestCpus", "CurrentHosts", "AcctGroup"]
RUN = ["ClusterId", "ProcId", "JobCurrentStartDate", "ShadowBday", "EpochWriteDate", "RemoteHost", "CpusProvisioned", "RequestCpus", "CurrentHosts",
       "AcctGroup"]
SCHEDD = ["Name", "MyAddress", "ScheddIpAddr", "AddressV1", "CondorVersion", "LastHeardFrom", "DaemonCoreDutyCycle", "RecentDaemonCoreDutyCycle",
          "JobsSubmitted", "JobsStarted", "JobsCompleted", "JobsExited"]
# shadows write their records one after the other, though not quite in the order of the times in them
OVERLAP = 600

port, interval, directory, metrics_file, pool_file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
ledger_file = os.path.join(directory, "core-seconds.json")
with open(metrics_file) as file:
    METRICS = {each["name"]: each for each in json.load(file)}
served = {"text": "", "until": 0}


def number(ad, attribute, default=0):
    value = ad.eval(attribute) if attribute in ad else default
    return value if isinstance(value, (int, float)) else default


def text(ad, attribute, default=""):
    value = ad.eval(attribute) if attribute in ad else default
    return value if isinstance(value, str) else default


def cluster_of(name):
    """Of an execution point, whose collector takes no name with another end: [slot@]node@fleet.cluster."""
    return name.rsplit(".", 1)[1] if "@" in name and "." in name.rsplit("@", 1)[1] else ""


def group_of(job, pool):
    """The declared group that the negotiator takes a job for."""
    words = text(job, "AcctGroup").lower().split(".")
    declared = {group.lower(): group for group in pool["groups"]}
    for length in range(len(words), 0, -1):
        found = declared.get(".".join(words[:length]))
        if found:
            return found
    return "none"


def cores(job):
    return number(job, "CpusProvisioned", number(job, "RequestCpus", 1)) * max(number(job, "CurrentHosts", 1), 1)


class Page:
    """What is served: only what is described, with all its labels."""

    def __init__(self):
        self.values = {}

    def set(self, name, value, *labels):
        if len(labels) != len(METRICS[name]["labels"]):
            raise ValueError("%s has the labels %s" % (name, METRICS[name]["labels"]))
        self.values.setdefault(name, {})[tuple(str(label) for label in labels)] = value

    def add(self, name, value, *labels):
        key = tuple(str(label) for label in labels)
        self.set(name, self.values.get(name, {}).get(key, 0) + value, *labels)

    def text(self):
        lines = []
        escape = lambda label: label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        for name, metric in METRICS.items():
            if name in self.values:
                lines += ["# HELP %s %s" % (name, metric["help"]), "# TYPE %s %s" % (name, metric["type"])]
            for labels, value in sorted(self.values.get(name, {}).items()):
                inside = ",".join('%s="%s"' % (label, escape(given)) for label, given in zip(metric["labels"], labels))
                lines.append("%s%s %s" % (name, "{%s}" % inside if inside else "", repr(value)))
        return "\n".join(lines) + "\n"


class Ledger:
    """Core-seconds by group and cluster, and up to where the records of each access point are in them."""

    def __init__(self, file):
        self.file = file
        try:
            with open(file) as ledger:
                self.data = json.load(ledger)
        except FileNotFoundError:
            # what ended before there was anybody to count belongs to nobody's counter
            self.data = {"since": int(time.time()), "totals": {}, "schedds": {}}
            self.save()

    def save(self):
        with open(self.file + ".new", "w") as ledger:
            json.dump(self.data, ledger)
            ledger.flush()
            os.fsync(ledger.fileno())
        os.replace(self.file + ".new", self.file)

    def read(self, name, schedd, queued, pool):
        known = self.data["schedds"].setdefault(name, {"mark": self.data["since"], "until": {}})
        mark, until = known["mark"], known["until"]
        runs = schedd.jobEpochHistory(projection=RUN, since=classad2.ExprTree("EpochWriteDate < %d" % (mark - OVERLAP)))
        for run in sorted(runs, key=lambda run: number(run, "EpochWriteDate")):
            end = number(run, "EpochWriteDate")
            begin = number(run, "JobCurrentStartDate", number(run, "ShadowBday", end))
            cluster = cluster_of(text(run, "RemoteHost"))
            if not cluster or end < self.data["since"]:
                continue
            # a job has one run at a time: what overlaps is the same time told twice, by a record that was read before, or by the
            # shadow that was reconnected to a job after another one had told of it
            job = "%d.%d" % (run["ClusterId"], run["ProcId"])
            seconds = end - max(begin, until.get(job, 0))
            if seconds > 0:
                totals = self.data["totals"].setdefault(group_of(run, pool), {})
                totals[cluster] = totals.get(cluster, 0) + seconds * cores(run)
            until[job] = max(end, until.get(job, 0))
            known["mark"] = max(known["mark"], end)
        # records of a job come while it is in the queue, and are read again for a while
        known["until"] = {job: end for job, end in until.items() if job in queued or end >= known["mark"] - OVERLAP - 60}


def read_execution_points(collector, page):
    slots = collector.query(htcondor2.AdType.Startd, projection=["Name", "State", "Activity", "SlotType", "Cpus", "LastHeardFrom"])
    for slot in slots:
        name = text(slot, "Name")
        cluster, machine = cluster_of(name), name.split("@", 1)[-1]
        page.add("htcondor_slots", 1, cluster, text(slot, "State"), text(slot, "Activity"), text(slot, "SlotType"))
        page.add("htcondor_slot_cpus", number(slot, "Cpus"), cluster, text(slot, "State"))
        heard = page.values.get("htcondor_startd_last_heard_timestamp_seconds", {}).get((cluster, machine), 0)
        page.set("htcondor_startd_last_heard_timestamp_seconds", max(heard, number(slot, "LastHeardFrom")), cluster, machine)


def read_masters(collector, page, pool):
    for master in collector.query(htcondor2.AdType.Master, projection=["Name", "ConfigDigest"]):
        name = text(master, "Name")
        fleet = name.rsplit("@", 1)[-1]
        own = "@" not in name
        # condor-cm-0.condor-cm...: the pod of a StatefulSet
        wanted = pool["digests"].get(name.split(".")[0].rsplit("-", 1)[0]) if own else pool["digests"].get(fleet, pool["digests"].get(fleet.split(".")[0]))
        if wanted:
            page.set("htcondor_master_config_stale", int(text(master, "ConfigDigest") != wanted), pool["host"] if own else cluster_of(name), name)


def read_negotiators(collector, page):
    for ad in collector.query(htcondor2.AdType.Negotiator, projection=["Name", "LastNegotiationCycleEnd0", "LastNegotiationCycleDuration0", "LastNegotiationCycleMatches0"]):
        name = text(ad, "Name")
        page.set("htcondor_negotiator_last_cycle_end_timestamp_seconds", number(ad, "LastNegotiationCycleEnd0"), name)
        page.set("htcondor_negotiator_last_cycle_duration_seconds", number(ad, "LastNegotiationCycleDuration0"), name)
        page.set("htcondor_negotiator_last_cycle_matches", number(ad, "LastNegotiationCycleMatches0"), name)


def read_queue(name, schedd, page, pool):
    """The jobs of an access point; gives their ids."""
    jobs = schedd.query(projection=QUEUE)
    now = time.time()
    for state in STATES.values():
        page.set("htcondor_schedd_jobs", 0, name, state)
    oldest = now
    for job in jobs:
        page.add("htcondor_schedd_jobs", 1, name, STATES.get(number(job, "JobStatus"), "unknown"))
        if number(job, "JobStatus") == 1:
            oldest = min(oldest, number(job, "EnteredCurrentStatus", number(job, "QDate", now)))
        if number(job, "JobStatus") == 5:
            page.add("htcondor_schedd_held_jobs", 1, name, number(job, "HoldReasonCode"))
        cluster = cluster_of(text(job, "RemoteHost"))
        if number(job, "JobStatus") == 2 and cluster:
            page.add("htcondor_running_cores", cores(job), group_of(job, pool), cluster)
    page.set("htcondor_schedd_oldest_idle_job_age_seconds", round(max(now - oldest, 0)), name)
    return {"%d.%d" % (job["ClusterId"], job["ProcId"]) for job in jobs}


def read_schedds(collector, page, pool, ledger):
    for group in pool["groups"] + ["none"]:
        for cluster in pool["clusters"]:
            page.set("htcondor_running_cores", 0, group, cluster)
    for ad in collector.query(htcondor2.AdType.Schedd, projection=SCHEDD):
        name = text(ad, "Name")
        page.set("htcondor_schedd_last_heard_timestamp_seconds", number(ad, "LastHeardFrom"), name)
        page.set("htcondor_schedd_duty_cycle_ratio", number(ad, "RecentDaemonCoreDutyCycle", number(ad, "DaemonCoreDutyCycle")), name)
        for what in ("Submitted", "Started", "Completed", "Exited"):
            page.set("htcondor_schedd_jobs_%s_total" % what.lower(), number(ad, "Jobs" + what), name)
        page.set("htcondor_schedd_up", 0, name)
        try:
            schedd = htcondor2.Schedd(ad)
            queued = read_queue(name, schedd, page, pool)
            ledger.read(name, schedd, queued, pool)
            ledger.data["schedds"][name]["read"] = int(time.time())
            page.set("htcondor_schedd_up", 1, name)
        except Exception as error:
            print("%s: %r" % (name, error), flush=True)


def read_tokens(page):
    """When tokens expire: what a token says of itself is readable without the key that signed it."""
    tokens = htcondor2.param["SEC_TOKEN_DIRECTORY"]
    for file in os.listdir(tokens):
        try:
            with open(os.path.join(tokens, file)) as token:
                payload = token.read().split(".")[1]
            said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            if "exp" in said:
                page.set("htcondor_token_expiration_timestamp_seconds", int(said["exp"]), said["sub"])
        except (OSError, ValueError, KeyError, IndexError):
            pass


def look(ledger):
    begin = time.monotonic()
    # read again each time: another program is no reason to start again
    with open(pool_file) as file:
        pool = json.load(file)
    page = Page()
    page.set("htcondor_up", 0)
    for address in htcondor2.param["COLLECTOR_HOST"].split(","):
        try:
            asked = Page()
            collector = htcondor2.Collector(address.strip())
            read_execution_points(collector, asked)
            read_masters(collector, asked, pool)
            read_negotiators(collector, asked)
            read_schedds(collector, asked, pool, ledger)
            asked.set("htcondor_up", 1)
            page = asked
            break
        except Exception as error:
            print("%s: %r" % (address.strip(), error), flush=True)
    ledger.save()
    # a counter that begins at zero tells of its first increase, too
    for group in set(pool["groups"]) | {"none"} | set(ledger.data["totals"]):
        for cluster in set(pool["clusters"]) | set(ledger.data["totals"].get(group, {})):
            page.set("htcondor_core_seconds_total", ledger.data["totals"].get(group, {}).get(cluster, 0), group, cluster)
    for name, known in ledger.data["schedds"].items():
        if "read" in known:
            page.set("htcondor_core_seconds_read_timestamp_seconds", known["read"], name)
    read_tokens(page)
    page.set("htcondor_exporter_scrape_duration_seconds", round(time.monotonic() - begin, 3))
    return page.text()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        fresh = time.monotonic() < served["until"]
        found = self.path in ("/", "/metrics")
        body = served["text"].encode() if fresh and found else b""
        self.send_response(404 if not found else 200 if fresh else 503)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    threading.Thread(target=ThreadingHTTPServer(("", port), Answer).serve_forever, daemon=True).start()
    ledger = Ledger(ledger_file)
    while True:
        # who hangs is not believed for long
        served.update(text=look(ledger), until=time.monotonic() + 3 * interval + 30)
        time.sleep(interval)
`;
