"""What is asked of the Kubernetes API, and asked again when it was late."""
import logging
import time

from kubernetes import client, config
from urllib3.exceptions import HTTPError

log = logging.getLogger(__name__)

TIMEOUT = 30
"""Seconds that one answer may take."""

PATIENCE = 600
"""Seconds for which what could not be asked is asked again."""


def passes(error):
    """Whether the same question may have another answer later: no answer at all, a busy API server, a quota that is used up for now."""
    if isinstance(error, client.ApiException):
        return error.status in (0, 429, 500, 502, 503, 504) or (error.status == 403 and "exceeded quota" in str(error.body))
    return isinstance(error, (HTTPError, OSError))


class Cluster:
    """One namespace of a cluster."""

    def __init__(self, namespace, incluster, kubeconfigloc=None):
        configuration = client.Configuration()
        if incluster:
            config.load_incluster_config(client_configuration=configuration)
        else:
            config.load_kube_config(kubeconfigloc, client_configuration=configuration)
        api = client.ApiClient(configuration)
        self.namespace = namespace
        self.batch = client.BatchV1Api(api)
        self.core = client.CoreV1Api(api)

    def create(self, body):
        """Creates an object, unless it is there: names are of this run alone."""
        create = self.batch.create_namespaced_job if body["kind"] == "Job" else self.core.create_namespaced_config_map
        begin, pause = time.monotonic(), 1
        while True:
            try:
                return create(self.namespace, body, _request_timeout=TIMEOUT)
            except (client.ApiException, HTTPError, OSError) as error:
                if getattr(error, "status", None) == 409:
                    return None
                if not passes(error) or time.monotonic() - begin > PATIENCE:
                    raise
                log.warning("%s %s can't be made yet: %s", body["kind"], body["metadata"]["name"], told(error))
                time.sleep(pause)
                pause = min(2 * pause, 30)

    def jobs(self, selector):
        """The Jobs of a selector, by name; from the API server's memory, since the answer may be a moment old."""
        answer = self.batch.list_namespaced_job(self.namespace, label_selector=selector, resource_version="0", _request_timeout=TIMEOUT)
        return {job.metadata.name: job for job in answer.items}

    def pods(self, job):
        return self.core.list_namespaced_pod(self.namespace, label_selector="batch.kubernetes.io/job-name=" + job, _request_timeout=TIMEOUT).items

    def write(self, name, body):
        """Makes a ConfigMap, or changes it."""
        try:
            self.core.patch_namespaced_config_map(name, self.namespace, {"binaryData": body["binaryData"]}, _request_timeout=TIMEOUT)
        except client.ApiException as error:
            if error.status != 404:
                raise
            self.core.create_namespaced_config_map(self.namespace, body, _request_timeout=TIMEOUT)


def told(error):
    """An error in one line."""
    if isinstance(error, client.ApiException):
        return "%s %s: %s" % (error.status, error.reason, " ".join(str(error.body or "").split())[:300])
    return "%s: %s" % (type(error).__name__, error)
