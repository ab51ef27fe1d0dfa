"""The workflow's state, where anybody who may read ConfigMaps sees it grow."""
import base64
import gzip
import json
import logging
import os
import signal
import sys
import time

from kubernetes import client
from urllib3.exceptions import HTTPError

from .engine import engine
from .cluster import Cluster, told

log = logging.getLogger(__name__)

CHANGED = 1
"""Seconds between two changes at least."""

ALIVE = 15
"""Seconds after which it is written though nothing has changed."""

NODE_STATES = {"DEFINED": "DEFINED", "RUNNING": "RUNNING", "SUCCESS": "SUCCESS", "FAILED": "FAILURE"}


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def stage_path(offset, name):
    return "/".join([offset, name]) if offset else "/" + name


def stages(workflow):
    for rules, state in ((workflow.rules, "pending"), (workflow.applied_rules, "applied")):
        for rule in rules:
            yield {"id": stage_path(rule.offset, rule.rule.name), "name": rule.rule.name, "scope": rule.offset, "state": state}


def described(node):
    metadata = node.task.metadata
    proxy = getattr(node.resultproxy, "jobproxy", None) or {}
    node_state = NODE_STATES[str(node.state)]
    said = {
        "id": node.identifier, "name": node.name, "stage": stage_path(metadata.get("wflow_offset", ""), metadata.get("wflow_stage", "")),
        "state": node_state, "job": proxy.get("job_id"), "cluster": proxy.get("cluster"), "log": proxy.get("log"),
        "submitted": node.submit_time and moment(node.submit_time), "ready": node.ready_by_time and moment(node.ready_by_time),
        "message": proxy.get("reason") if node_state == "FAILURE" else None,
    }
    return {key: value for key, value in said.items() if value is not None}


def failures(nodes):
    """The failed steps in one line."""
    failed = ["%s: %s" % (node["name"], node.get("message", "failed")) for node in nodes if node["state"] == "FAILURE"]
    return "; ".join(failed[:3]) + ("; and %d more" % (len(failed) - 3) if len(failed) > 3 else "")


def told_to_stop(*_):
    sys.exit("the engine was told to stop")


class StateTracker:
    """`YADAGE_CUSTOM_TRACKER=sharedstatekube:StateTracker`."""

    def __init__(self, cluster=None):
        self.wflowid = os.environ["WFLOW_ID"]
        self.cluster = cluster or Cluster(os.environ.get("WFLOW_NAMESPACE", "default"), "KUBERNETES_SERVICE_HOST" in os.environ)
        self.started = moment(time.time())
        self.written, self.last = float("-inf"), None

    def initialize(self, workflow):
        # the first process of a container is told nothing that it has not asked for
        signal.signal(signal.SIGTERM, told_to_stop)
        self.write(self.state(workflow, "ACTIVE", ""))

    def track(self, workflow):
        state, since = self.state(workflow, "ACTIVE", ""), time.monotonic() - self.written
        if since >= ALIVE or (since >= CHANGED and state != self.last):
            self.write(state)

    def finalize(self, workflow):
        state = self.state(workflow, "ACTIVE", "")
        done = not workflow.rules and all(node["state"] == "SUCCESS" for node in state["nodes"]) and sys.exc_info()[1] is None
        state["state"] = "SUCCESS" if done else "FAILURE"
        state["reason"] = "" if done else failures(state["nodes"]) or str(sys.exc_info()[1] or "no step can be run, and stages are left")
        for attempt in range(5):
            if self.write(state):
                return
            time.sleep(2 ** attempt)

    def state(self, workflow, state, reason):
        dag = workflow.dag
        return {
            "wflowid": self.wflowid, "state": state, "reason": reason, "started": self.started,
            "stages": list(stages(workflow)),
            "nodes": [described(dag.getNode(node)) for node in dag.nodes()],
            "edges": [list(edge) for edge in dag.edges()],
        }

    def write(self, state):
        text = json.dumps(dict(state, updated=moment(time.time())), separators=(",", ":"))
        name = "wflow-state-" + self.wflowid
        metadata = {"name": name, "labels": {"wflowid": self.wflowid, "component": "wflow-state"}}
        owner = engine()
        if owner:
            metadata["ownerReferences"] = [owner]
        data = {"state.json.gz": base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()}
        try:
            self.cluster.write(name, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": data})
        except (client.ApiException, HTTPError, OSError) as error:
            log.warning("the state can't be written: %s", told(error))
            return False
        self.written, self.last = time.monotonic(), state
        return True
