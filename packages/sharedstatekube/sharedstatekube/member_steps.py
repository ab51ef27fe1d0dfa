"""Steps as Jobs in other clusters of the federation, without a volume that they share: their files move by the staging server."""
import logging
import os
import time
import uuid

from kubernetes import client
from urllib3.exceptions import HTTPError

from . import outcome
from .cluster import told
from .member import Member, Silent
from .member_job import PAYLOAD, member_job, never_began
from .options import HERE, Options
from .staging import Staging
from .step_end import end
from .step_job import container_resources, resources_of, selector, step_job
from .step_log import KEPT, PAUSE, keep_in_directory

log = logging.getLogger(__name__)

LINES = 10000


class Run:
    """A step that a member has been given."""

    def __init__(self, step, member, token, job):
        self.step, self.member, self.token, self.job = step, member, token, job
        self.created, self.missed, self.looked, self.logged, self.reruns = False, None, time.monotonic(), 0, 0


class MemberSteps:
    """The steps of one workflow that one compute backend sends to members."""

    def __init__(self, name, settings, options, logs, here):
        if options.stateopts.get("type") != "sharedvol":
            raise ValueError("backendopts: compute_backends.%s needs stateopts.type sharedvol" % name)
        self.settings, self.logs, self.here = settings, logs, here
        self.options = Options(**dict(settings["options"], stateopts=options.stateopts))
        self.staging = Staging(settings["staging"], self.options.stateopts["shared_mount"])
        labels = selector(self.options, here.wflowid)
        self.members = {member: Member(member, its, "%s.%s" % (name, member), self.options.namespace, labels) for member, its in settings["members"].items()}
        self.runs = {}

    def submit(self, proxy, jobid, step):
        self.begin(proxy, jobid, step, self.choose())

    def choose(self, lost=None):
        """The member with the fewest steps of this workflow, of those that answer."""
        taken = [run.member.name for run in self.runs.values()]
        others = [name for name in self.members if name != lost]
        answering = [name for name in others if not self.members[name].silent]
        return min(answering or ([] if lost else others), key=taken.count, default=None)

    def begin(self, proxy, jobid, step, member, reruns=0):
        job, _ = step_job(self.options, jobid, step, None, self.here.wflowid)
        parameters = {"file%d" % n: each["mountcontent"] for n, each in enumerate(step["env"].get("par_mounts") or [])}
        token = self.staging.offer(step["state"], parameters)
        proxy["job_id"], proxy["cluster"] = job["metadata"]["name"], member
        proxy["resources"] = container_resources(self.options, resources_of(step["env"])[1])
        run = Run(step, self.members[member], token, member_job(job, step, self.options.stateopts["shared_mount"], self.staging, token, self.settings))
        run.reruns = reruns
        self.runs[proxy["job_id"]] = run
        log.info("step %s: Job %s at %s", proxy["name"], proxy["job_id"], member)

    def look(self, proxy):
        run = self.runs[proxy["job_id"]]
        try:
            self.staging.touch(run.token)
            if not run.created:
                run.member.create(run.job)
                run.created = True
            run.member.refresh()
            self.judge(proxy, run)
        except Silent:
            if run.member.silent_for(self.settings["loss_timeout_seconds"]):
                self.lose(proxy, run)
        except client.ApiException as error:
            self.finish(proxy, run, False, "%s refuses it: %s" % (run.member.name, told(error)), delete=True)

    def judge(self, proxy, run):
        job = run.member.known.get(proxy["job_id"])
        if job is None:
            if run.missed is None:
                run.missed = run.member.asked
            if run.member.asked > run.missed + 60:
                self.finish(proxy, run, False, "its Job %s at %s is gone" % (proxy["job_id"], run.member.name))
            return
        run.missed = None
        success = outcome.ended(job)
        if success is not None:
            pods = run.member.pods(proxy["job_id"])
            self.finish(proxy, run, success, None if success else outcome.reason(job, pods, proxy["resources"]), pods)
        elif time.monotonic() - run.looked > PAUSE:
            self.look_closer(proxy, run)

    def look_closer(self, proxy, run):
        """At what it says, and at what keeps it from that."""
        run.looked = time.monotonic()
        pods = run.member.pods(proxy["job_id"])
        for pod in pods:
            if never_began(pod):
                self.finish(proxy, run, False, outcome.reason(run.member.known[proxy["job_id"]], pods, proxy["resources"]), pods, delete=True)
                return
        hindrance = outcome.hindrance(pods)
        if hindrance and time.time() - proxy["since"] > self.options.start_patience_seconds:
            self.finish(proxy, run, False, hindrance, pods, delete=True)
        else:
            text = self.said(run, pods)
            if text:
                self.logs.write(proxy, text)

    def said(self, run, pods):
        """What its command has said until now; none of what did not begin."""
        for pod in pods:
            if any(status.name == PAYLOAD and status.state and (status.state.running or status.state.terminated) for status in pod.status.container_statuses or []):
                try:
                    return run.member.log(pod.metadata.name, PAYLOAD, LINES)
                except client.ApiException:
                    return b""
        return b""

    def finish(self, proxy, run, success, reason, pods=(), delete=False):
        """Takes what it has written, and what it said. A Job that has ended stays there for its time, as those here do."""
        try:
            text = self.said(run, pods)
        except Silent:
            text = b""
        try:
            self.staging.take(run.token, run.step["state"])
        except (ValueError, OSError) as error:
            if success:
                success, reason = False, str(error)
        self.drop(run, proxy["job_id"], delete)
        if text:
            try:
                keep_in_directory(run.step["state"], proxy["name"], text)
            except OSError as error:
                log.warning("step %s: what it said can't be kept: %s", proxy["name"], error)
        self.logs.write(proxy, text or written_log(run.step["state"], proxy["name"]))
        end(proxy, success, reason)

    def lose(self, proxy, run):
        """It runs on there, maybe; what it will have written nobody takes."""
        lost = run.member.name
        reason = "%s did not answer for %d s (%s)" % (lost, self.settings["loss_timeout_seconds"], run.member.problem)
        self.drop(run, proxy["job_id"], delete=True)
        if self.settings["on_loss"] != "rerun" or run.reruns:
            end(proxy, False, reason)
            return
        jobid, proxy["since"] = str(uuid.uuid4()), time.time()
        member = self.choose(lost)
        log.warning("step %s: %s; it is begun again, %s", proxy["name"], reason, "at " + member if member else "here")
        try:
            if member:
                self.begin(proxy, jobid, run.step, member, reruns=1)
            else:
                proxy["job_id"], proxy["backend"] = "wflow-job-" + jobid, HERE
                del proxy["cluster"]
                self.here.submit(proxy, jobid, run.step)
        except (ValueError, client.ApiException, HTTPError, OSError) as error:
            end(proxy, False, "%s, and it can't be begun again: %s" % (reason, told(error)))

    def drop(self, run, name, delete):
        self.staging.withdraw(run.token)
        del self.runs[name]
        if delete:
            run.member.abandoned.add(name)

    def leave(self):
        """The engine ends: nobody waits for what still runs."""
        for name, run in list(self.runs.items()):
            self.drop(run, name, delete=True)
        for member in self.members.values():
            # there is no other time to ask it again
            member.heard()
            try:
                for name in list(member.abandoned):
                    member.delete(name)
            except Silent:
                log.warning("%s does not answer: %d Jobs are left there to their time limit", member.name, len(member.abandoned))


def written_log(state, name):
    """What the step itself has kept of what it said."""
    try:
        with open(os.path.join(state.metadir or "", name + ".run.log"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - KEPT))
            return file.read()
    except OSError:
        return b""
