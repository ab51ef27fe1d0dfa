"""Another cluster of the federation, as an engine sees it: by a line that can be cut."""
import logging
import os
import tempfile
import time

from kubernetes import client
from urllib3.exceptions import HTTPError

from .cluster import told

log = logging.getLogger(__name__)

CREDENTIALS = "/opt/wflow-credentials"

TIMEOUT = (5, 20)
"""Seconds until a connection is there, and until an answer is. The engine waits for them, with all of its steps."""

RETRY = 15
"""Seconds after which a member is asked again that did not answer."""


class Silent(Exception):
    """It does not answer now."""


class Member:
    """One namespace of a member."""

    def __init__(self, name, settings, credential, namespace, selector):
        self.name, self.credential, self.namespace, self.selector = name, credential, namespace, selector
        configuration = client.Configuration(host=settings["server"])
        if settings.get("authorities"):
            with tempfile.NamedTemporaryFile("w", suffix=".crt", delete=False) as file:
                file.write(settings["authorities"])
            configuration.ssl_ca_cert = file.name
        # who waits for an answer here decides how often it is asked for
        configuration.retries = False
        configuration.api_key["authorization"] = ""
        configuration.refresh_api_key_hook = self.sign_in
        api = client.ApiClient(configuration)
        self.batch, self.core = client.BatchV1Api(api), client.CoreV1Api(api)
        self.silent_since, self.problem, self.again = None, None, float("-inf")
        self.known, self.asked, self.pause = {}, float("-inf"), 2
        self.abandoned = set()

    def sign_in(self, configuration):
        """The token may be renewed at any time."""
        try:
            with open(os.path.join(CREDENTIALS, self.credential), encoding="utf-8") as file:
                configuration.api_key["authorization"] = "Bearer " + file.read().strip()
        except FileNotFoundError:
            raise OSError("there is no %s in the Secret wflow-engine-credentials" % self.credential) from None

    @property
    def silent(self):
        return self.silent_since is not None

    def silent_for(self, seconds):
        """Whether it has not answered for so long."""
        return self.silent and time.monotonic() - self.silent_since > seconds

    def ask(self, question, *arguments, **options):
        """Its answer. Raises Silent if there is none, and what it says if that will not change."""
        if time.monotonic() < self.again:
            raise Silent
        try:
            answer = question(*arguments, _request_timeout=TIMEOUT, **options)
        except (client.ApiException, HTTPError, OSError) as error:
            # a credential can be mended, as a line can
            if getattr(error, "status", None) in (400, 404, 409, 413, 422):
                self.heard()
                raise
            if self.silent_since is None:
                self.silent_since = time.monotonic()
            self.problem, self.again = told(error), time.monotonic() + RETRY
            log.warning("%s: %s", self.name, self.problem)
            raise Silent from error
        self.heard()
        return answer

    def heard(self):
        self.silent_since, self.again = None, float("-inf")

    def create(self, job):
        try:
            self.ask(self.batch.create_namespaced_job, self.namespace, job)
        except client.ApiException as error:
            # its answer got lost the first time
            if error.status != 409:
                raise

    def refresh(self):
        """Asks for all Jobs at once, and for what was given up to go."""
        now = time.monotonic()
        if now - self.asked < self.pause:
            return
        answer = self.ask(self.batch.list_namespaced_job, self.namespace, label_selector=self.selector, resource_version="0")
        self.known = {job.metadata.name: job for job in answer.items}
        self.asked = time.monotonic()
        self.pause = max(2, 10 * (self.asked - now))
        for name in list(self.abandoned):
            self.delete(name)

    def delete(self, name):
        try:
            self.ask(self.batch.delete_namespaced_job, name, self.namespace, propagation_policy="Background")
        except client.ApiException as error:
            if error.status != 404:
                raise
        self.abandoned.discard(name)

    def pods(self, job):
        return self.ask(self.core.list_namespaced_pod, self.namespace, label_selector="batch.kubernetes.io/job-name=" + job).items

    def log(self, pod, container, lines):
        response = self.ask(self.core.read_namespaced_pod_log, pod, self.namespace, container=container, tail_lines=lines, _preload_content=False)
        return response.data
