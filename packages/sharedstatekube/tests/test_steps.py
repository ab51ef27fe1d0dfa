"""Where steps go, and what is kept of what they said."""
import base64
import gzip
import os
import tempfile
import unittest
from unittest import mock

from kubernetes import client
from packtivity.statecontexts.posixfs_context import LocalFSState
from sharedstatekube import steps as module
from sharedstatekube.options import Options
from sharedstatekube.step_log import KEPT, StepLogs, keep_in_directory


class Place:
    """A compute backend that remembers what it was asked."""

    def __init__(self, name, problem=None):
        self.name, self.problem, self.steps, self.left = name, problem, [], False

    def submit(self, proxy, jobid, step):
        if self.problem:
            raise self.problem
        self.steps.append(step)

    def leave(self):
        self.left = True
        if self.problem:
            raise self.problem


def step(*resources):
    return {"env": {"resources": list(resources)}, "metadata": {"name": "fit"}}


class TestSteps(unittest.TestCase):
    def steps(self, **options):
        with mock.patch.object(module, "Cluster"), mock.patch.object(module, "place", lambda name, *_: Place(name)):
            steps = module.Steps(Options(**options))
        steps.places["kubernetes"] = Place("kubernetes")
        self.addCleanup(module.atexit.unregister, steps.leave)
        return steps

    def test_a_step_goes_where_its_specification_says(self):
        steps = self.steps(compute_backends={"cloud": {}})
        for resources in ([], [{"compute_backend": "kubernetes"}], ["CVMFS", {"compute_backend": "cloud"}]):
            steps.submit(step(*resources))
        self.assertEqual({name: len(place.steps) for name, place in steps.places.items()}, {"kubernetes": 2, "cloud": 1})

    def test_or_where_the_options_say(self):
        steps = self.steps(compute_backends={"cloud": {}}, compute_backend="cloud")
        self.assertEqual(steps.submit(step())["backend"], "cloud")
        self.assertEqual(steps.submit(step({"compute_backend": "kubernetes"}))["backend"], "kubernetes")

    def test_a_place_that_nobody_knows_fails_it(self):
        proxy = self.steps(compute_backends={"cloud": {}}).submit(step({"compute_backend": "htcondorcern"}))
        self.assertEqual(proxy["reason"], "can't be submitted: ValueError: compute_backend is 'htcondorcern'; known are cloud, kubernetes")
        self.assertFalse(proxy["success"])

    def test_what_cannot_be_left_does_not_keep_others(self):
        steps = self.steps(compute_backends={"cloud": {}, "batch": {}})
        steps.places["cloud"].problem = OSError("no route")
        with self.assertLogs(level="WARNING"):
            steps.leave()
        self.assertTrue(all(place.left for place in steps.places.values()))

    def test_a_kind_that_is_not_known_is_refused(self):
        with self.assertRaisesRegex(ValueError, r"compute_backends.cloud.type is 'slurm'; known are cluster, htcondor"):
            module.place("cloud", {"type": "slurm"}, Options(), None, None)


class TestStepLogs(unittest.TestCase):
    def write(self, *texts):
        written, proxy = [], {"job_id": "wflow-job-1", "name": "fit"}
        logs = StepLogs(mock.Mock(write=lambda name, body: written.append((name, body))), {"name": "wflow-nonint-w"}, "w")
        for text in texts:
            logs.write(proxy, text)
        return written, proxy

    def test_it_has_the_labels_of_the_step_and_goes_with_the_engine(self):
        [(name, body)], proxy = self.write(b"hello\n")
        self.assertEqual(name, "wflow-log-1")
        self.assertEqual(body["metadata"], {"name": name, "labels": {"jobid": "1", "component": "wflow-log", "wflowid": "w"}, "ownerReferences": [{"name": "wflow-nonint-w"}]})
        self.assertEqual(gzip.decompress(base64.b64decode(body["binaryData"]["run.log.gz"])), b"hello\n")
        self.assertEqual(proxy["log"], "wflow-log-1")

    def test_it_is_written_when_it_has_changed(self):
        written, _ = self.write(b"hello\n", b"hello\n", b"hello\nworld\n")
        self.assertEqual(len(written), 2)

    def test_its_end_is_kept_and_fits_however_it_looks(self):
        [(_, body)], _ = self.write(b"first" + os.urandom(2 * KEPT) + b"last")
        data = body["binaryData"]["run.log.gz"]
        self.assertLess(len(data), 1024 * 1024)
        text = gzip.decompress(base64.b64decode(data))
        self.assertEqual((len(text), text[-4:]), (KEPT, b"last"))

    def test_an_api_server_that_is_late_fails_nothing(self):
        logs = StepLogs(mock.Mock(write=mock.Mock(side_effect=client.ApiException(503))), None, None)
        proxy = {"job_id": "wflow-job-1", "name": "fit"}
        with self.assertLogs(level="WARNING"):
            logs.write(proxy, b"hello")
        self.assertNotIn("log", proxy)

    def test_in_the_directory_it_is_unless_the_step_brought_its_own(self):
        with tempfile.TemporaryDirectory() as directory:
            state = LocalFSState(readwrite=[directory])
            keep_in_directory(state, "fit", b"what was heard")
            path = os.path.join(state.metadir, "fit.run.log")
            keep_in_directory(state, "fit", b"other")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "what was heard")
