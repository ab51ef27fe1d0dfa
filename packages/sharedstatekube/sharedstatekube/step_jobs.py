"""Steps as Jobs of the engine's own cluster."""
import logging
import os
import time

from kubernetes import client
from urllib3.exceptions import HTTPError

from . import outcome
from .cluster import told
from .engine import engine
from .step_end import end
from .step_job import container_resources, resources_of, selector, step_job

log = logging.getLogger(__name__)


class StepJobs:
    """The Jobs of one workflow."""

    def __init__(self, options, cluster):
        self.options = options
        self.cluster = cluster
        self.owner = engine()
        self.wflowid = os.environ.get("WFLOW_ID")
        self.known, self.asked, self.pause = {}, float("-inf"), 1
        self.selector = selector(options, self.wflowid)

    def submit(self, proxy, jobid, step):
        job, files = step_job(self.options, jobid, step, self.owner, self.wflowid)
        proxy["resources"] = container_resources(self.options, resources_of(step["env"])[1])
        if files:
            self.cluster.create(files)
        self.cluster.create(job)
        log.info("step %s: Job %s", proxy["name"], proxy["job_id"])

    def look(self, proxy):
        self.refresh()
        job = self.known.get(proxy["job_id"])
        if job is None:
            # what was listed may be older than the Job
            if self.asked > proxy.setdefault("missed", self.asked) + 60:
                end(proxy, False, "its Job %s is gone" % proxy["job_id"])
            return
        proxy.pop("missed", None)
        success = outcome.ended(job)
        if success is not None:
            end(proxy, success, None if success else outcome.reason(job, self.cluster.pods(proxy["job_id"]), proxy.get("resources", {})))
        elif not job.status.ready and time.time() - proxy["since"] > self.options.start_patience_seconds:
            proxy["since"] = time.time() - self.options.start_patience_seconds + 30
            hindrance = outcome.hindrance(self.cluster.pods(proxy["job_id"]))
            if hindrance:
                end(proxy, False, hindrance)

    def refresh(self):
        """Asks for all Jobs at once, and not more often than a tenth of the time is spent on it."""
        now = time.monotonic()
        if now - self.asked >= self.pause:
            self.known = self.cluster.jobs(self.selector)
            self.asked = time.monotonic()
            self.pause = max(1, 10 * (self.asked - now))

    def leave(self):
        """They belong to the engine's Job, and go with it."""
