"""The backend: what Yadage asks for each of its steps."""
import logging
import os
import time
import uuid

from kubernetes import client
from packtivity.asyncbackends import ExternalAsyncBackend
from packtivity.statecontexts import load_state
from packtivity.syncbackends import finalize_inputs, finalize_outputs, publish
from urllib3.exceptions import HTTPError

from . import outcome
from .cluster import Cluster, told
from .options import Options
from .step_job import container_resources, resources_of, step_job

log = logging.getLogger(__name__)


def engine():
    """The engine's own Job, as its pod is told it: owner of what it makes, so that who deletes it deletes its steps. None outside of a pod."""
    name, uid = os.environ.get("WFLOW_ENGINE_JOB"), os.environ.get("WFLOW_ENGINE_UID")
    return {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid} if name and uid else None


class StepJobs:
    """The Jobs of one workflow."""

    def __init__(self, options):
        self.options = options
        self.cluster = Cluster(options.namespace, options.incluster, options.kubeconfigloc)
        self.owner = engine()
        self.wflowid = os.environ.get("WFLOW_ID")
        self.known, self.asked, self.pause = {}, float("-inf"), 1
        self.selector = ",".join("%s=%s" % (key, value) for key, value in self.labels().items())

    def labels(self):
        """Those that all of its steps have."""
        common = {key: value for key, value in self.options.resource_labels.items() if "{jobid}" not in str(value)}
        return dict(common, **({"wflowid": self.wflowid} if self.wflowid else {}))

    def submit(self, step):
        jobid = str(uuid.uuid4())
        proxy = {"job_id": "wflow-job-" + jobid, "name": step["metadata"]["name"], "since": time.time()}
        try:
            job, files = step_job(self.options, jobid, step, self.owner, self.wflowid)
            proxy["resources"] = container_resources(self.options, resources_of(step["env"])[1])
            if files:
                self.cluster.create(files)
            self.cluster.create(job)
            log.info("step %s: Job %s", proxy["name"], proxy["job_id"])
        except (ValueError, client.ApiException, HTTPError, OSError) as error:
            self.end(proxy, False, "can't be submitted: %s" % told(error))
        return proxy

    def ready(self, proxy):
        if "success" not in proxy:
            try:
                self.look(proxy)
            except (client.ApiException, HTTPError, OSError) as error:
                log.warning("step %s: the API server can't be asked: %s", proxy["name"], told(error))
        return "success" in proxy

    def successful(self, proxy):
        return proxy["success"]

    def fail_info(self, proxy):
        return proxy.get("reason")

    def look(self, proxy):
        self.refresh()
        job = self.known.get(proxy["job_id"])
        if job is None:
            # what was listed may be older than the Job
            if self.asked > proxy.setdefault("missed", self.asked) + 60:
                self.end(proxy, False, "its Job %s is gone" % proxy["job_id"])
            return
        proxy.pop("missed", None)
        success = outcome.ended(job)
        if success is not None:
            self.end(proxy, success, None if success else outcome.reason(job, self.cluster.pods(proxy["job_id"]), proxy.get("resources", {})))
        elif not job.status.ready and time.time() - proxy["since"] > self.options.start_patience_seconds:
            proxy["since"] = time.time() - self.options.start_patience_seconds + 30
            hindrance = outcome.hindrance(self.cluster.pods(proxy["job_id"]))
            if hindrance:
                self.end(proxy, False, hindrance)

    def refresh(self):
        """Asks for all Jobs at once, and not more often than a tenth of the time is spent on it."""
        now = time.monotonic()
        if now - self.asked >= self.pause:
            self.known = self.cluster.jobs(self.selector)
            self.asked = time.monotonic()
            self.pause = max(1, 10 * (self.asked - now))

    def end(self, proxy, success, reason):
        proxy["success"] = success
        if success:
            log.info("step %s: succeeded", proxy["name"])
        else:
            proxy["reason"] = reason
            log.error("step %s failed: %s (Job %s)", proxy["name"], reason, proxy["job_id"])


class SharedStateBackend(ExternalAsyncBackend):
    """`py:sharedstatekube:backend`."""

    def __init__(self, **opts):
        super().__init__(job_backend=StepJobs(Options(**opts)))

    def result(self, resultproxy):
        state = load_state(resultproxy.statedata, self.deserialization_opts)
        if resultproxy.resultdata is None:
            # the base class leaves `{workdir}` in what is published as it is, and Yadage compares it with what was expected
            parameters, state = finalize_inputs(self.datamodel.create(resultproxy.pardata, state.datamodel), state)
            try:
                published = publish(resultproxy.spec["publisher"], parameters, state, self.config)
            except Exception as error:
                # what Yadage would say has no word of the step
                raise RuntimeError("step %s succeeded, but what it should publish can't be found: %s" % (resultproxy.jobproxy["name"], error)) from error
            resultproxy.resultdata = finalize_outputs(published).json()
        return self.datamodel.create(resultproxy.resultdata, state.datamodel)
