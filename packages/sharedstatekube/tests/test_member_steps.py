"""Steps in members: which one, what becomes of them, and what if a member is lost."""
import os
import shutil
import tempfile
import unittest
from unittest import mock

import urllib3
from kubernetes import client
from packtivity.statecontexts.posixfs_context import LocalFSState
from sharedstatekube import member as member_module
from sharedstatekube import member_steps
from sharedstatekube.member_job import ALIVE
from sharedstatekube.options import HERE, Options

TIMEOUT = 600


def ended(name, kind="Complete", **more):
    return client.V1Job(metadata=client.V1ObjectMeta(name=name), spec=client.V1JobSpec(template=client.V1PodTemplateSpec()),
                        status=client.V1JobStatus(conditions=[client.V1JobCondition(type=kind, status="True", **more)]))


class Api:
    """A member's API server."""

    def __init__(self):
        self.jobs, self.pods, self.down, self.refuses = {}, [], False, None

    def asked(self):
        if self.down:
            raise urllib3.exceptions.ConnectTimeoutError("no route")
        if self.refuses:
            raise client.ApiException(self.refuses)

    def create_namespaced_job(self, namespace, job, **_):
        self.asked()
        self.jobs[job["metadata"]["name"]] = job

    def list_namespaced_job(self, *_, **__):
        self.asked()
        items = [job if isinstance(job, client.V1Job) else client.V1Job(metadata=client.V1ObjectMeta(name=name), status=client.V1JobStatus())
                 for name, job in self.jobs.items()]
        return client.V1JobList(items=items)

    def delete_namespaced_job(self, name, *_, **__):
        self.asked()
        if self.jobs.pop(name, None) is None:
            raise client.ApiException(404)

    def list_namespaced_pod(self, *_, **__):
        self.asked()
        return client.V1PodList(items=self.pods)


class TestMemberSteps(unittest.TestCase):
    def setUp(self):
        self.root = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.now = 1000.0
        for module in (member_module, member_steps):
            patch = mock.patch.object(module.time, "monotonic", lambda: self.now)
            patch.start()
            self.addCleanup(patch.stop)

    def steps(self, *members, **settings):
        options = Options(stateopts={"type": "sharedvol", "shared_mount": self.root, "shared_volume": {"emptyDir": {}}})
        self.logs, self.here = mock.Mock(), mock.Mock(wflowid="w")
        steps = member_steps.MemberSteps("cloud", dict({
            "members": {name: {"server": "https://%s:6443" % name} for name in members}, "options": {"namespace": "recast"}, "image": "yadage:1",
            "staging": {"url": "https://staging.cern.ch", "directory": self.root + "/.staging"}, "loss_timeout_seconds": TIMEOUT, "on_loss": "rerun",
        }, **settings), options, self.logs, self.here)
        self.apis = {}
        for name, each in steps.members.items():
            each.batch = each.core = self.apis[name] = Api()
        return steps

    def submit(self, steps, jobid="1", **env):
        own = os.path.join(self.root, "workdirs/w/fit" + jobid)
        os.makedirs(own)
        step = {"job": {"command": "fit"}, "state": LocalFSState(readwrite=[own]), "metadata": {"name": "fit"},
                "env": dict({"environment_type": "docker-encapsulated", "image": "analysis", "imagetag": "1"}, **env)}
        proxy = {"job_id": "wflow-job-" + jobid, "name": "fit", "since": 0, "backend": "cloud"}
        steps.submit(proxy, jobid, step)
        return proxy

    def look(self, steps, proxy, seconds=20):
        self.now += seconds
        steps.look(proxy)

    def wait(self, steps, proxy, seconds):
        """As an engine does, which asks again and again."""
        for _ in range(int(seconds / 20)):
            if "success" not in proxy and proxy["backend"] == "cloud":
                self.look(steps, proxy)

    def tokens(self):
        return os.listdir(self.root + "/.staging")

    def test_a_step_is_a_job_of_a_member_with_directories_of_its_own(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps, par_mounts=[{"mountpath": "/etc/beam", "mountcontent": "13"}])
        self.look(steps, proxy)
        job = self.apis["tsystems"].jobs["wflow-job-1"]
        self.assertEqual(proxy["cluster"], "tsystems")
        self.assertNotIn("ownerReferences", job["metadata"])
        pod = job["spec"]["template"]["spec"]
        self.assertEqual([each["name"] for each in pod["initContainers"] + pod["containers"]], ["stage-in", "payload", "stage-out"])
        self.assertEqual(pod["volumes"], [{"name": "packtivitystate", "emptyDir": {}}, {"name": "wflow", "emptyDir": {}}])
        payload = pod["containers"][0]
        self.assertEqual(payload["command"][:4], ["sh", "-c", ALIVE, "sh"])
        self.assertEqual(payload["volumeMounts"], [
            {"name": "packtivitystate", "mountPath": self.root}, {"name": "wflow", "mountPath": "/wflow"},
            {"name": "wflow", "mountPath": "/etc/beam", "subPath": "parameters/file0", "readOnly": True},
        ])
        # what knows the address is not the step
        self.assertNotIn("env", payload)
        self.assertIn(self.tokens()[0], pod["containers"][1]["env"][0]["value"])

    def test_members_take_turns(self):
        steps = self.steps("meyrin", "tsystems")
        self.assertEqual([self.submit(steps, str(n))["cluster"] for n in range(4)], ["meyrin", "tsystems", "meyrin", "tsystems"])

    def test_a_member_that_does_not_answer_is_not_chosen(self):
        steps = self.steps("meyrin", "tsystems")
        self.apis["meyrin"].down = True
        first = self.submit(steps, "0")
        with self.assertLogs(level="WARNING"):
            self.look(steps, first)
        self.assertEqual([self.submit(steps, str(n))["cluster"] for n in range(1, 3)], ["tsystems", "tsystems"])

    def test_a_failed_step_says_why_and_its_job_stays(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.look(steps, proxy)
        self.apis["tsystems"].jobs["wflow-job-1"] = ended("wflow-job-1", "Failed", reason="BackoffLimitExceeded", message="it failed")
        with self.assertLogs(level="ERROR"):
            self.look(steps, proxy)
        self.assertEqual((proxy["success"], proxy["reason"]), (False, "BackoffLimitExceeded: it failed"))
        self.assertIn("wflow-job-1", self.apis["tsystems"].jobs)
        self.assertEqual(self.tokens(), [])

    def test_a_step_whose_outputs_did_not_come_has_failed(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.look(steps, proxy)
        self.apis["tsystems"].jobs["wflow-job-1"] = ended("wflow-job-1")
        with self.assertLogs(level="ERROR"):
            self.look(steps, proxy)
        self.assertEqual(proxy["reason"], "what it has written did not arrive")

    def test_a_log_that_cannot_be_kept_does_not_change_how_it_ended(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.look(steps, proxy)
        self.apis["tsystems"].jobs["wflow-job-1"] = ended("wflow-job-1", "Failed", reason="BackoffLimitExceeded", message="it failed")
        with mock.patch.object(steps, "said", lambda *_: b"hello"), mock.patch.object(member_steps, "keep_in_directory", side_effect=OSError("no space")):
            with self.assertLogs(level="WARNING"):
                self.look(steps, proxy)
        self.assertEqual(proxy["reason"], "BackoffLimitExceeded: it failed")

    def test_a_line_that_is_cut_for_a_while_changes_nothing(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.look(steps, proxy)
        self.apis["tsystems"].down = True
        with self.assertLogs(level="WARNING"):
            self.wait(steps, proxy, TIMEOUT - 60)
        self.apis["tsystems"].down = False
        self.wait(steps, proxy, 2 * TIMEOUT)
        self.assertNotIn("success", proxy)
        self.assertEqual(list(self.apis["tsystems"].jobs), ["wflow-job-1"])

    def test_of_a_lost_member_the_step_is_begun_again_at_another_and_what_it_left_is_deleted_when_it_is_back(self):
        steps = self.steps("meyrin", "tsystems")
        proxy = self.submit(steps)
        self.look(steps, proxy)
        [token] = self.tokens()
        self.apis["meyrin"].down = True
        with self.assertLogs(level="WARNING") as said:
            self.wait(steps, proxy, TIMEOUT + 60)
        self.assertRegex("\n".join(said.output), r"meyrin did not answer for 600 s .*; it is begun again, at tsystems")
        self.assertEqual(proxy["cluster"], "tsystems")
        self.assertNotEqual(self.tokens(), [token])
        self.apis["meyrin"].down = False
        other = self.submit(steps, "2")
        other["cluster"] = "meyrin"
        steps.runs["wflow-job-2"].member = steps.members["meyrin"]
        self.wait(steps, other, 60)
        self.assertEqual(list(self.apis["meyrin"].jobs), ["wflow-job-2"])

    def test_with_no_other_member_it_is_begun_again_here(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.apis["tsystems"].down = True
        with self.assertLogs(level="WARNING"):
            self.wait(steps, proxy, TIMEOUT + 60)
        self.assertEqual(proxy["backend"], HERE)
        self.assertNotIn("cluster", proxy)
        [(given, jobid, _), _] = self.here.submit.call_args
        self.assertEqual((given["job_id"], given is proxy), ("wflow-job-" + jobid, True))

    def test_what_cannot_be_begun_again_has_failed(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.apis["tsystems"].down = True
        self.here.submit.side_effect = ValueError("the step wants CVMFS, and backendopts say no repository")
        with self.assertLogs(level="WARNING"):
            self.wait(steps, proxy, TIMEOUT + 60)
        self.assertRegex(proxy["reason"], "tsystems did not answer for 600 s .*, and it can't be begun again: .*CVMFS")

    def test_a_second_loss_fails_it_and_a_first_one_where_that_is_wished(self):
        for settings, members, lost in (({}, ("meyrin", "tsystems"), "tsystems"), ({"on_loss": "fail"}, ("tsystems",), "tsystems")):
            with self.subTest(settings):
                steps = self.steps(*members, **settings)
                proxy = self.submit(steps, lost + str(len(members)))
                for api in self.apis.values():
                    api.down = True
                with self.assertLogs(level="WARNING"):
                    self.wait(steps, proxy, 3 * TIMEOUT)
                self.assertRegex(proxy["reason"], "^%s did not answer for 600 s" % lost)

    def test_what_a_member_refuses_has_failed(self):
        steps = self.steps("tsystems")
        proxy = self.submit(steps)
        self.apis["tsystems"].refuses = 422
        with self.assertLogs(level="ERROR"):
            self.look(steps, proxy)
        self.assertRegex(proxy["reason"], "^tsystems refuses it: 422")

    def test_without_a_credential_it_is_said_which_one_is_missing(self):
        member = member_module.Member("tsystems", {"server": "https://127.0.0.1:1"}, "cloud.tsystems", "recast", "wflowid=w")
        with self.assertLogs(level="WARNING") as said, self.assertRaises(member_module.Silent):
            member.refresh()
        self.assertEqual(len(said.output), 1)
        self.assertRegex(said.output[0], "there is no cloud.tsystems in the Secret wflow-engine-credentials")

    def test_who_leaves_ends_what_runs_and_withdraws_what_is_offered(self):
        steps = self.steps("meyrin", "tsystems")
        for number in range(2):
            self.look(steps, self.submit(steps, str(number)))
        self.apis["meyrin"].down = True
        with self.assertLogs(level="WARNING") as said:
            steps.leave()
        self.assertEqual(self.apis["tsystems"].jobs, {})
        self.assertEqual(self.tokens(), [])
        self.assertIn("meyrin does not answer: 1 Jobs are left there to their time limit", said.output[-1])
