"""What a step said that ran elsewhere: kept where the monitor and the workflow server find it, since it has no pod here."""
import base64
import gzip
import logging
import os

from kubernetes import client
from urllib3.exceptions import HTTPError

from .cluster import told

log = logging.getLogger(__name__)

KEPT = 512 * 1024
"""Bytes of a log that are kept at most, from its end. What a ConfigMap may have, it has with room, also if it can't be compressed."""

PAUSE = 15
"""Seconds between two versions of a log that grows."""


class StepLogs:
    """The ConfigMaps `wflow-log-<jobid>` of one workflow."""

    def __init__(self, cluster, owner, wflowid):
        self.cluster, self.owner, self.wflowid = cluster, owner, wflowid
        self.written = {}

    def write(self, proxy, text):
        """Keeps the end of what a step has said, bytes; its name is then in the proxy."""
        kept = text[-KEPT:]
        jobid = proxy["job_id"].replace("wflow-job-", "", 1)
        name = "wflow-log-" + jobid
        if self.written.get(name) == hash(kept):
            return
        metadata = {"name": name, "labels": {"jobid": jobid, "component": "wflow-log"}}
        if self.wflowid:
            metadata["labels"]["wflowid"] = self.wflowid
        if self.owner:
            metadata["ownerReferences"] = [self.owner]
        data = {"run.log.gz": base64.b64encode(gzip.compress(kept, mtime=0)).decode()}
        try:
            self.cluster.write(name, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": data})
            proxy["log"], self.written[name] = name, hash(kept)
        except (client.ApiException, HTTPError, OSError) as error:
            log.warning("step %s: what it said can't be kept: %s", proxy["name"], told(error))


def keep_in_directory(state, name, text):
    """Where Yadage's users look for it, if the step's own hasn't come."""
    if not state.metadir:
        return
    path = os.path.join(state.metadir, name + ".run.log")
    if not os.path.lexists(path):
        os.makedirs(state.metadir, exist_ok=True)
        with open(path, "xb") as file:
            file.write(text)
