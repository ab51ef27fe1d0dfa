"""Steps as jobs of a pool of HTCondor, which carries their files."""
import functools
import logging
import math
import os
import queue
import re
import threading
import time
import uuid

from .cluster import PATIENCE
from .condor_files import JobFiles
from .condor_job import SAID, description, relative
from .condor_process import DeskError, DeskProcess
from .condor_settings import CondorSettings
from .step_end import end
from .step_log import KEPT

log = logging.getLogger(__name__)

WORKERS = 4
"""How many jobs' files are on their way at once."""

ANSWER, TRANSFER, FAREWELL = 120, 6 * 3600, 15
"""Seconds that a question may take, the files of a job, and the last question of an engine that was told to stop."""

HELD, REMOVED, COMPLETED = 5, 3, 4
SPOOLING, OWN_POLICY = 16, 3
"""Why a job is held whose files are still coming, and one that has said itself when it is (HoldReasonCode)."""


def cluster_of(machine):
    """The cluster of a slot of this library's fleets, slot1_1@<node>@<fleet>.<cluster>, or None."""
    found = re.fullmatch(r"[^@]+@[^@]+@[^@.]+\.([^@.]+)", machine or "")
    return found and found[1]


def outcome(ad):
    """Whether a job has succeeded, and if it hasn't, why."""
    status, cluster = ad["JobStatus"], ad["ClusterId"]
    if status == HELD:
        return False, ("%s" if ad.get("HoldReasonCode") == OWN_POLICY else "held: %s") % ad.get("HoldReason", "without a reason")
    if status == REMOVED:
        return False, "its job %s of HTCondor is gone%s" % (cluster, ": %s" % ad["RemoveReason"] if "RemoveReason" in ad else "")
    if ad.get("ExitBySignal"):
        return False, "killed by signal %s" % ad.get("ExitSignal", "unknown")
    code = ad.get("ExitCode")
    return code == 0, None if code == 0 else "exit code %s" % code


class Work:
    """A step, and how far it is."""

    def __init__(self, jobid, step, files):
        self.jobid, self.step, self.files = jobid, step, files
        self.name = step["metadata"]["name"]
        self.cluster = self.machine = self.until = None
        self.concluding = False
        self.result = None
        """Whether it has succeeded, and why not."""
        self.log = None
        """The name of its log."""


class CondorSteps:
    """The jobs of one workflow at one access point. What takes long is done by threads: an engine asks all of its steps one after the other."""

    def __init__(self, name, settings, options, logs, here):
        self.name, self.options, self.logs, self.workflow = name, options, logs, here.wflowid
        self.settings = CondorSettings(name, settings)
        self.desk = DeskProcess(self.settings, "%s/%s" % (here.wflowid or "", uuid.uuid4()))
        self.works, self.errands = {}, queue.SimpleQueue()
        self.stopped = threading.Event()
        self.until = 0
        """Until when all jobs that are there stay, if nobody renews it."""
        self.threads = []

    def submit(self, proxy, jobid, step):
        # what can't be is said now
        description(self.settings, self.options, step, self.identity(jobid))
        proxy["cluster"] = self.name
        work = self.works[proxy["job_id"]] = Work(jobid, step, JobFiles(self.options.stateopts["shared_mount"], jobid))
        self.begin()
        self.errands.put(functools.partial(self.bring, work))

    def look(self, proxy):
        work = self.works[proxy["job_id"]]
        proxy["cluster"] = cluster_of(work.machine) or self.name
        if work.result:
            if work.log:
                proxy["log"] = work.log
            end(proxy, *work.result)
            del self.works[proxy["job_id"]]

    def leave(self):
        """Takes the jobs of an engine that ends out of the queue. Those of one that is killed leave when their lease is over."""
        self.stopped.set()
        self.desk.end()
        left = [work for work in self.works.values() if not work.result]
        try:
            if left:
                self.desk.ask("remove", FAREWELL)
        finally:
            for work in left:
                work.files.forget()
            self.desk.forget()

    def identity(self, jobid):
        return {"engine": self.desk.engine, "job": jobid, "workflow": self.workflow, "until": int(time.time()) + self.settings.engine_lease_seconds}

    def begin(self):
        """Starts the threads with the first step. They are none that the engine's end would wait for."""
        if not self.threads:
            self.threads = [threading.Thread(target=target, daemon=True) for target in [self.watch] + WORKERS * [self.work]]
            for thread in self.threads:
                thread.start()

    def work(self):
        while not self.stopped.is_set():
            self.errands.get()()

    def bring(self, work):
        """Brings a step's files to the access point, and its job into the queue."""
        try:
            entries, size = work.files.bring(work.step)
            answer = self.insist(work, lambda: self.desk.ask("submit", TRANSFER, job=work.jobid, commands=self.commands(work, entries, size)))
            work.cluster = answer["cluster"]
            work.files.clear()
            log.info("step %s: job %d of HTCondor at %s", work.name, work.cluster, self.settings.access_point)
        except Exception as error:
            work.files.forget()
            work.result = (False, "can't be submitted: %s" % error)

    def commands(self, work, entries, size):
        identity = self.identity(work.jobid)
        work.until = identity["until"]
        commands = description(self.settings, self.options, work.step, identity)
        if "request_disk" not in commands:
            commands["request_disk"] = "%dMB" % (self.settings.disk_mebibytes + math.ceil(size / 2 ** 20))
        executable = os.path.join(work.files.path, commands["executable"])
        return dict(commands, initialdir=work.files.path, executable=executable, transfer_input_files=",".join(entries))

    def insist(self, work, ask):
        """Asks again what may go well another time."""
        begin, pause = time.monotonic(), 2
        while True:
            try:
                return ask()
            except DeskError as error:
                if not error.passes or self.stopped.is_set() or time.monotonic() - begin > PATIENCE:
                    raise
                log.warning("step %s: %s is asked again: %s", work.name, self.settings.access_point, error)
                self.stopped.wait(pause)
                pause = min(2 * pause, 30)

    def watch(self):
        """Asks for all jobs at once, and has them stay."""
        while not self.stopped.wait(self.settings.poll_seconds):
            works = [work for work in list(self.works.values()) if work.until and not work.result]
            if works:
                self.watch_once(works)

    def watch_once(self, works):
        now = time.time()
        until = int(now) + self.settings.engine_lease_seconds
        renew = until - self.until > self.settings.engine_lease_seconds / 4
        queued = {work.cluster: work for work in works if work.cluster and not work.concluding}
        try:
            ads = self.desk.ask("look", ANSWER, clusters=list(queued), until=until if renew else None)["jobs"]
        except DeskError as error:
            log.warning("%s can't be asked: %s", self.settings.access_point, error)
            for work in queued.values():
                if now > max(work.until, self.until):
                    work.result = (False, "%s was not reached for so long that the job has left: %s" % (self.settings.access_point, error))
            return
        if renew:
            self.until = until
        for ad in ads:
            if ad["ClusterId"] in queued:
                self.see(queued[ad["ClusterId"]], ad)

    def see(self, work, ad):
        machine = ad.get("RemoteHost") or ad.get("LastRemoteHost")
        if machine and machine != work.machine:
            log.info("step %s: job %d runs on %s", work.name, work.cluster, machine)
        work.machine = machine or work.machine
        if ad["JobStatus"] in (COMPLETED, REMOVED) or (ad["JobStatus"] == HELD and ad.get("HoldReasonCode") != SPOOLING):
            work.concluding = True
            self.errands.put(functools.partial(self.conclude, work, ad))

    def conclude(self, work, ad):
        """Brings back what a job has written and said, and takes it out of the queue."""
        success, reason = outcome(ad)
        state = work.step["state"]
        try:
            if ad["JobStatus"] != REMOVED:
                outputs = [relative(path, work.files.mount) for path in state.readwrite] + [SAID]
                fetch = functools.partial(self.desk.ask, "fetch", TRANSFER, cluster=work.cluster, outputs=outputs)
                if ad["JobStatus"] == COMPLETED:
                    self.insist(work, fetch)
                else:
                    # of one that is held there may be nothing
                    fetch()
                work.files.fetch(state)
        except Exception as error:
            if success:
                success, reason = False, "its outputs can't be brought back: %s" % error
        self.keep_log(work)
        if ad["JobStatus"] != REMOVED:
            self.let_go(work)
        work.files.forget()
        work.result = (success, reason)

    def keep_log(self, work):
        """What a step has said, where Yadage's users look for it, and where the monitor does."""
        try:
            said = work.files.end_of_log(KEPT)
            if said is None:
                return
            metadir, proxy = work.step["state"].metadir, {"job_id": "wflow-job-" + work.jobid, "name": work.name}
            self.logs.write(proxy, said)
            work.log = proxy.get("log")
            path = metadir and os.path.join(metadir, work.name + ".run.log")
            if path and not os.path.lexists(path):
                os.makedirs(metadir, exist_ok=True)
                os.replace(work.files.said, path)
        except OSError as error:
            log.warning("step %s: what it said can't be kept: %s", work.name, error)

    def let_go(self, work):
        try:
            self.insist(work, lambda: self.desk.ask("remove", ANSWER, cluster=work.cluster))
        except DeskError as error:
            log.warning("step %s: job %d stays in the queue until its lease is over: %s", work.name, work.cluster, error)
