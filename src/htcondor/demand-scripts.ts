import { BudgetPeriod } from './core-hour-budget';
import { CORE_HOURS_STATE } from './core-hour-count';

/** What the central manager counts for, beside its configuration. */
export const DEMAND_ORDERS_FILE = 'demand.json';

/** What counts, beside the configuration of the central manager. */
export const DEMAND_COUNT_FILE = 'demand-count.py';

/** What answers in the member, beside the configuration of the fleet. */
export const DEMAND_ANSWER_FILE = 'demand-answer.py';

/** Where a member's KEDA asks. */
export const DEMAND_PORT = 8080;

/** How often is counted, in seconds. */
export const DEMAND_INTERVAL = 15;

/** One elastic fleet in one member, as the count needs to know it. In the file they are in the order in which they are to be filled. */
export interface DemandOrder {
  /** `<fleet>.<member>`: what the names of its machines end with. */
  readonly name: string;
  /** The member, by whose collector it hears of its demand. */
  readonly cluster: string;
  /** The ad of one of its machines, without any job. */
  readonly machine: string;
  readonly cpus: number;
  readonly memory: number;
  /** At most so many machines. */
  readonly most: number;
  /** From so many waiting jobs on. */
  readonly threshold: number;
  /** A job waits when it has been idle for so many seconds. */
  readonly patience: number;
  readonly cost: number;
  /** For how many seconds a machine takes jobs. */
  readonly lifetime: number;
  /** In core-hours. */
  readonly budget?: { readonly period: BudgetPeriod; readonly coreHours: number; readonly ofOneMachine: number };
}

/**
 * Counts in the central manager, as a daemon of its master. Queue and running jobs are read in one query of each access point, so that a job
 * is either idle or on a machine. An error leaves all numbers as they are, and they are forgotten when their lifetime is over.
 *
 * Each central manager adds up for itself what a budget is of. What another has counted is asked for each time: one that was away or lost
 * its volume takes the greater number, and no difference between the two is ever added to both.
 */
export const DEMAND_COUNT_SCRIPT = String.raw`# Counts the machines that each elastic fleet could use, and tells the collector of its member.
import json, os, subprocess, sys, time
# by the pool's key: the name that this user has on this machine is allowed nothing
os.environ["_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS"] = "IDTOKENS"
import classad2, htcondor2
import core_hours

JOB = ["ClusterId", "ProcId", "JobStatus", "AutoClusterId", "EnteredCurrentStatus", "RemoteHost", "RequestCpus", "RequestMemory",
       "CpusProvisioned", "MemoryProvisioned"]
LOG = os.path.join(htcondor2.param["LOG"], "DemandLog")
USED = os.path.join(htcondor2.param["SPOOL"], "${CORE_HOURS_STATE}")


def say(line):
    if os.path.exists(LOG) and os.path.getsize(LOG) > 1000000:
        os.replace(LOG, LOG + ".old")
    with open(LOG, "a") as log:
        log.write(time.strftime("%m/%d/%y %H:%M:%S ") + line + "\n")


def number(ad, attribute, default):
    value = ad.eval(attribute) if attribute in ad else default
    return value if isinstance(value, (int, float)) else default


def quantized(memory):
    # as execution points give it
    return -(-int(memory) // 128) * 128


def alike(idle):
    """Jobs for which all that matters is equal. What the access point has not compared yet is what was submitted together."""
    groups = {}
    for job in idle:
        groups.setdefault(job.get("AutoClusterId", -1 - job["ClusterId"]), []).append(job)
    return groups


def one_of_each(schedd, groups):
    """The whole ad of one job of each group."""
    wanted, ads = [(group, jobs[0]) for group, jobs in groups.items()], {}
    while wanted:
        some, wanted = wanted[:100], wanted[100:]
        names = {(job["ClusterId"], job["ProcId"]): group for group, job in some}
        constraint = " || ".join("(ClusterId == %d && ProcId == %d)" % name for name in names)
        for ad in schedd.query(constraint=constraint):
            ads[names[ad["ClusterId"], ad["ProcId"]]] = ad
    return ads


def read_queues(central_manager):
    """Groups of equal idle jobs with the times since when they are idle, and running jobs."""
    groups, running = [], []
    for location in htcondor2.Collector(central_manager).query(htcondor2.AdType.Schedd, projection=["Name", "MyAddress", "ScheddIpAddr", "AddressV1", "CondorVersion"]):
        schedd = htcondor2.Schedd(location)
        jobs = schedd.query(constraint="JobUniverse == 5 && (JobStatus == 1 || JobStatus == 2)", projection=JOB)
        idle = alike(job for job in jobs if job["JobStatus"] == 1)
        running += [job for job in jobs if job["JobStatus"] == 2]
        for group, ad in one_of_each(schedd, idle).items():
            since = [job.get("EnteredCurrentStatus", 0) for job in idle[group]]
            groups.append({"ad": ad, "cpus": number(ad, "RequestCpus", 1), "memory": quantized(number(ad, "RequestMemory", 0)), "since": since})
    # what is big finds no place later
    return sorted(groups, key=lambda group: (group["cpus"], group["memory"]), reverse=True), running


def busy_machines(order, running, old):
    """What is free for jobs on the machines of a fleet that have one, by machine: on those that are old nothing is."""
    free = {}
    for job in running:
        machine = job.get("RemoteHost", "").split("@", 1)[-1]
        if machine.endswith("@" + order["name"]):
            place = free.setdefault(machine, [0, 0] if machine in old else [order["cpus"], order["memory"]])
            place[0] -= number(job, "CpusProvisioned", number(job, "RequestCpus", 1))
            place[1] -= number(job, "MemoryProvisioned", number(job, "RequestMemory", 0))
    return list(free.values())


def fill(order, machine, groups, running, now, old=(), most=None):
    """How many machines the fleet could use, the waiting jobs that they are for, and the machines that have a job. Takes these jobs."""
    most = order["most"] if most is None else min(most, order["most"])
    places = busy_machines(order, running, old)
    busy = len(places)
    fitting = [group for group in groups if group["cpus"] <= order["cpus"] and group["memory"] <= order["memory"]]
    waiting = [(group, sum(1 for since in group["since"] if now - since >= order["patience"])) for group in fitting]
    waiting = [(group, count) for group, count in waiting if count > 0 and group["ad"].symmetricMatch(machine)]
    total = sum(count for _, count in waiting)
    if total < order["threshold"]:
        return busy, total, busy
    for group, count in waiting:
        cpus, memory = max(group["cpus"], 1), group["memory"]
        index, placed = 0, 0
        while placed < count:
            if index == len(places):
                if len(places) >= most:
                    break
                places.append([order["cpus"], order["memory"]])
            place = places[index]
            fit = int(min(count - placed, place[0] // cpus, place[1] // memory if memory else count))
            if fit > 0:
                place[0] -= fit * cpus
                place[1] -= fit * memory
                placed += fit
            index += 1
        # they are not for a dearer fleet; those that came first are served first
        group["since"] = sorted(group["since"])[placed:]
    return len(places), total, busy


def machines_of(order, address):
    """The machines of the fleet, each without its jobs."""
    name = order["name"]
    constraint = 'SlotType == "Partitionable" && substr(Name, -%d) == "@%s"' % (len(name) + 1, name)
    return htcondor2.Collector(address).query(htcondor2.AdType.Startd, constraint=constraint)


def machine_of(order, machines, seen={}):
    """A machine of the fleet without a job, as the program expects it; what it can't know is learned from the first one that comes."""
    name = order["name"]
    for ad in machines:
        seen[name] = ad
    machine = classad2.parseOne(order["machine"])
    for attribute in seen.get(name, ()):
        if attribute not in machine:
            machine[attribute] = seen[name].lookup(attribute)
    return machine


def old_machines(order, machines, now):
    """Those that take no new job."""
    return {ad["Name"].split("@", 1)[-1] for ad in machines if now - number(ad, "DaemonStartTime", now) >= order["lifetime"]}


def counted_elsewhere(address):
    """What other central managers have counted themselves, by fleet and period. One that doesn't answer soon is not waited for."""
    found = {}
    for other in htcondor2.param["COLLECTOR_HOST"].split(","):
        if other.strip() == address:
            continue
        try:
            said = subprocess.run(
                [os.path.join(htcondor2.param["BIN"], "condor_status"), "-pool", other.strip(), "-any", "-constraint", 'MyType == "Demand"',
                 "-af", "Name", "BudgetPeriod", "CoreHoursCounted"], capture_output=True, text=True, timeout=10)
        except subprocess.TimeoutExpired:
            continue
        for name, period, counted in (line.split() for line in said.stdout.splitlines() if "undefined" not in line):
            found[name, period] = max(float(counted), found.get((name, period), 0))
    return found


def spent(order, machines, known, elsewhere, now):
    """What is published of a fleet's budget; adds to what is known."""
    name = order["name"]
    known[name] = core_hours.add(known.get(name, {}), order["budget"]["period"], [
        (ad["Name"], number(ad, "DaemonStartTime", now), number(ad, "LastHeardFrom", now), number(ad, "TotalCpus", order["cpus"])) for ad in machines], now)
    period = known[name]["period"]
    known[name] = core_hours.heard(known[name], elsewhere.get((name, period), 0))
    used = core_hours.used(known[name])
    return {
        "BudgetPeriod": period, "BudgetCoreHours": float(order["budget"]["coreHours"]), "CoreHoursUsed": used,
        "CoreHoursCounted": core_hours.core_hours(known[name]), "ExecutionPointsAffordable": core_hours.affordable(order["budget"], used),
    }


def count(orders, address):
    fleets = [(order, machines_of(order, address)) for order in orders["fleets"]]
    now, budgets = int(time.time()), {}
    if any("budget" in order for order, _ in fleets):
        known, elsewhere = core_hours.load(USED), counted_elsewhere(address)
        budgets = {order["name"]: spent(order, machines, known, elsewhere, now) for order, machines in fleets if "budget" in order}
        core_hours.save(USED, known)
    groups, running = read_queues(address)
    for order, machines in fleets:
        budget = budgets.get(order["name"], {})
        wanted, waiting, busy = fill(order, machine_of(order, machines), groups, running, now, old_machines(order, machines, now),
                                     budget.get("ExecutionPointsAffordable"))
        ad = classad2.ClassAd({
            "MyType": "Demand", "Name": order["name"], "ExecutionPointsWanted": wanted, "ExecutionPointsBusy": busy, "JobsWaiting": waiting,
            "ClassAdLifetime": orders["lifetime"], **budget,
        })
        for collector in (address, address + "?sock=collector-" + order["cluster"]):
            htcondor2.Collector(collector).advertise([ad], "UPDATE_AD_GENERIC", True)
        say("%s: %d wanted, %d busy, for %d waiting jobs" % (order["name"], wanted, busy, waiting) + (
            "; %(CoreHoursUsed).2f of %(BudgetCoreHours).2f core-hours of %(BudgetPeriod)s used, enough for %(ExecutionPointsAffordable)d at a time" % budget if budget else ""))


if __name__ == "__main__":
    while True:
        # read again each time: other limits are no reason to start a central manager again
        with open(sys.argv[1]) as file:
            orders = json.load(file)
        try:
            count(orders, os.environ["K8S_POD_IP"] + ":" + sys.argv[2])
        except Exception as error:
            say("not counted: %r" % error)
        time.sleep(orders["interval"])
`;

/** Answers in a member what the member's collector was told, and an error when that is too old or the collector doesn't answer. */
export const DEMAND_ANSWER_SCRIPT = String.raw`# Tells KEDA how many execution points the pool could use here: GET / gives {"wanted": ...}, or 503 where nobody knows.
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import htcondor2

# what the fleet's machines are called is the name of its demand
NAME = htcondor2.param["FILESYSTEM_DOMAIN"]
FRESH = 'MyType == "Demand" && Name == "%s" && time() - LastHeardFrom < ClassAdLifetime' % NAME
known = {"until": 0, "answer": {}}


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        fresh = time.monotonic() < known["until"]
        body = json.dumps(known["answer"] if fresh else {"error": "the pool has not said how much it needs"}).encode()
        self.send_response(200 if fresh else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask():
    for collector in htcondor2.param["COLLECTOR_HOST"].split(","):
        try:
            for ad in htcondor2.Collector(collector.strip()).query(htcondor2.AdType.Any, constraint=FRESH):
                return {"wanted": ad["ExecutionPointsWanted"], "busy": ad["ExecutionPointsBusy"], "waiting": ad["JobsWaiting"]}
        except Exception as error:
            print("%s: %r" % (collector.strip(), error), flush=True)
    return None


if __name__ == "__main__":
    threading.Thread(target=ThreadingHTTPServer(("", int(sys.argv[1])), Answer).serve_forever, daemon=True).start()
    interval = int(sys.argv[2])
    before = None
    while True:
        answer = ask()
        if answer is not None:
            known.update(answer=answer, until=time.monotonic() + 3 * interval)
        if answer != before:
            print("%s: %s" % (NAME, "nothing known" if answer is None else json.dumps(answer)), flush=True)
            before = answer
        time.sleep(interval)
`;
