"""A workflow's steps, each in the place that runs it."""
import atexit
import logging
import time
import uuid

from kubernetes import client
from urllib3.exceptions import HTTPError

from .cluster import Cluster, told
from .options import HERE
from .step_end import end
from .step_job import resources_of
from .step_jobs import StepJobs
from .step_log import StepLogs

log = logging.getLogger(__name__)


def place(name, settings, options, logs, here):
    """A compute backend that was declared. Its module is loaded when there is one: it may need what images without it lack."""
    kind = settings.get("type")
    if kind == "cluster":
        from .member_steps import MemberSteps
        return MemberSteps(name, settings, options, logs, here)
    if kind == "htcondor":
        from .condor_steps import CondorSteps
        return CondorSteps(name, settings, options, logs, here)
    raise ValueError("backendopts: compute_backends.%s.type is %r; known are cluster, htcondor" % (name, kind))


class Steps:
    """The steps of one workflow, each where its specification says (`compute_backend`)."""

    def __init__(self, options):
        self.options = options
        cluster = Cluster(options.namespace, options.incluster, options.kubeconfigloc)
        here = StepJobs(options, cluster)
        logs = StepLogs(cluster, here.owner, here.wflowid)
        self.places = {name: place(name, settings, options, logs, here) for name, settings in options.compute_backends.items()}
        self.places[HERE] = here
        # jobs elsewhere don't belong to the engine's Job, and don't go with it by themselves
        atexit.register(self.leave)

    def submit(self, step):
        jobid = str(uuid.uuid4())
        proxy = {"job_id": "wflow-job-" + jobid, "name": step["metadata"]["name"], "since": time.time()}
        try:
            proxy["backend"] = self.backend_of(step)
            self.places[proxy["backend"]].submit(proxy, jobid, step)
        except (ValueError, client.ApiException, HTTPError, OSError) as error:
            end(proxy, False, "can't be submitted: %s" % told(error))
        return proxy

    def backend_of(self, step):
        name = resources_of(step["env"])[1].get("compute_backend", self.options.compute_backend)
        if name not in self.places:
            raise ValueError("compute_backend is %r; known are %s" % (name, ", ".join(sorted(self.places))))
        return name

    def ready(self, proxy):
        if "success" not in proxy:
            try:
                self.places[proxy["backend"]].look(proxy)
            except (client.ApiException, HTTPError, OSError) as error:
                log.warning("step %s: the API server can't be asked: %s", proxy["name"], told(error))
        return "success" in proxy

    def successful(self, proxy):
        return proxy["success"]

    def fail_info(self, proxy):
        return proxy.get("reason")

    def leave(self):
        for name, place in self.places.items():
            try:
                place.leave()
            except Exception as error:  # the others are left all the same
                log.warning("%s: what runs there can't be ended: %s", name, told(error))
