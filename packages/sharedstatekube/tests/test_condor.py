"""Steps as jobs of HTCondor: what is submitted, how files come and go, and how a step ends."""
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from types import SimpleNamespace
from unittest import mock

from packtivity.statecontexts.posixfs_context import LocalFSState
from sharedstatekube import condor_steps
from sharedstatekube.condor_files import ROOT, JobFiles
from sharedstatekube.condor_job import OWN, SAID, SCRIPT, description, quantity, script
from sharedstatekube.condor_process import DESK, DeskError, DeskProcess
from sharedstatekube.condor_settings import CondorSettings
from sharedstatekube.options import Options

GIVEN = {"type": "htcondor", "collectors": ["condor.cern.ch:9618"], "access_point": "ap1@cern.ch", "token": "/opt/wflow-credentials/batch"}
IDENTITY = {"engine": "w/1", "job": "j", "workflow": "w", "until": 2000000000}


def settings(**more):
    return CondorSettings("batch", dict(GIVEN, **more))


def options(mount="/srv/workerdata", **more):
    return Options(**dict({"stateopts": {"type": "sharedvol", "shared_mount": mount, "shared_volume": {}}}, **more))


def environment(**more):
    return dict({"environment_type": "docker-encapsulated", "image": "atlas/fit", "imagetag": "21.2", "resources": []}, **more)


def step(env=None, job=None, mount="/srv/workerdata", readonly=("generate_0",)):
    state = LocalFSState(readwrite=[mount + "/workdirs/w/fit_0"], readonly=["%s/workdirs/w/%s" % (mount, name) for name in readonly])
    return {"job": job or {"command": "true"}, "env": env or environment(), "metadata": {"name": "fit_0"}, "state": state}


class TestDescription(unittest.TestCase):
    def said(self, env=None, given=None, **opts):
        return description(settings(**(given or {})), options(**opts), step(env), IDENTITY)

    def test_a_container_at_the_paths_of_the_engine(self):
        said = self.said()
        wanted = {"universe": "container", "container_image": "docker://atlas/fit:21.2", "container_target_dir": "/srv/workerdata",
                  "transfer_output_files": "workdirs/w/fit_0", "preserve_relative_paths": "true"}
        self.assertEqual({key: said[key] for key in wanted}, wanted)
        self.assertEqual((said["+WflowJob"], said["+WflowStep"], said["+WflowUntil"]), ('"j"', '"fit_0"', "2000000000"))

    def test_all_of_it_is_its_own(self):
        self.assertEqual({key.lower() for key in self.said(given={"accounting_group": "ATLAS"}, active_deadline_seconds=60)} - OWN, set())
        for command in ("executable", "Requirements", "+WflowUntil"):
            with self.assertRaisesRegex(ValueError, re.escape(command)):
                settings(submit={command: "true"})
        with self.assertRaisesRegex(ValueError, "one line"):
            settings(submit={"priority": "1\nqueue 1000"})
        self.assertEqual(self.said(given={"submit": {"priority": 10}})["priority"], 10)

    def test_unpacked_images(self):
        unpacked = {"unpacked_images": "/cvmfs/unpacked.cern.ch/"}
        image = lambda given, *resources: self.said(environment(resources=list(resources)), given)["container_image"]
        self.assertEqual(image(unpacked), "/cvmfs/unpacked.cern.ch/atlas/fit:21.2")
        self.assertEqual(image(unpacked, {"unpacked_img": False}), "docker://atlas/fit:21.2")
        with self.assertRaisesRegex(ValueError, "unpacked_images"):
            image({}, {"unpacked_img": True})

    def test_what_would_say_more_than_it_is_is_refused(self):
        for env in (environment(image="x\nrequirements = true"), environment(imagetag="$(HOME)"), environment(image="/etc")):
            with self.assertRaisesRegex(ValueError, "no reference of an image"):
                self.said(env)
        for path in ("/etc", "/srv/workerdata", "/srv/workerdata/../x", "/srv/workerdata/a,b", "/srv/workerdata/a\nqueue"):
            given = step()
            given["state"] = LocalFSState(readwrite=[path])
            with self.assertRaises(ValueError):
                description(settings(), options(), given, IDENTITY)
        named = step()
        named["metadata"]["name"] = 'fit" \n$(X)'
        self.assertEqual(description(settings(), options(), named, IDENTITY)["+WflowStep"], '"fit_____X_"')

    def test_what_it_asks_for(self):
        ask = lambda *resources, **opts: {key: value for key, value in self.said(environment(resources=list(resources)), **opts).items() if key.startswith("request_")}
        self.assertEqual(ask(), {"request_cpus": "1", "request_memory": "103"})
        opts = {"resources_opts": {"requests": {"cpu": "1500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}}
        self.assertEqual(ask(**opts), {"request_cpus": "2", "request_memory": "2048"})
        self.assertEqual(ask({"kubernetes_memory_limit": "512Mi"}, **opts)["request_memory"], "512")
        self.assertEqual(
            ask({"htcondor_request_cpus": 8, "htcondor_request_memory": "16 GB", "htcondor_request_disk": "5GB"}, **opts),
            {"request_cpus": "8", "request_memory": "16 GB", "request_disk": "5GB"})
        for hint in ({"htcondor_max_runtime": "espresso"}, {"htcondor_requirements": "true"}, {"htcondor_request_memory": "1 GB\nqueue"}):
            with self.assertRaisesRegex(ValueError, next(iter(hint))):
                ask(hint)

    def held(self, said, **ad):
        """The reason for which HTCondor holds a job whose ad says this, or None."""
        import classad2
        job = classad2.ClassAd(ad)
        job.update({key: classad2.ExprTree(said[key]) for key in ("periodic_hold", "periodic_hold_reason")})
        return job.eval("periodic_hold_reason") if job.eval("periodic_hold") is True else None

    def test_how_long_it_may_run(self):
        now = int(time.time())
        running = lambda seconds, start=0: {"JobStatus": 2, "NumJobStarts": 0, "JobCurrentStartDate": now - seconds - start, "ShadowBday": now - seconds - start,
                                            "JobCurrentStartExecutingDate": now - seconds}
        minutes = self.said(active_deadline_seconds=120)
        for ad in (running(121), running(121, start=300), dict(running(121), ShadowBday=now - 10)):
            self.assertEqual(self.held(minutes, **ad), "longer than 120 s")
        for ad in (running(60), running(60, start=300), dict(running(60), JobCurrentStartExecutingDate=now - 600), {"JobStatus": 1, "NumJobStarts": 0},
                   dict(running(600), JobStatus=1), dict(running(600), JobStatus=4)):
            self.assertIsNone(self.held(minutes, **ad))
        self.assertEqual(self.held(self.said(environment(resources=[{"htcondor_max_runtime": 60}]), active_deadline_seconds=120), **running(61)), "longer than 60 s")
        self.assertIsNone(self.held(self.said(), **running(10 ** 6)))

    def test_how_often_it_may_begin(self):
        for said in (self.said(), self.said(active_deadline_seconds=120)):
            self.assertIsNone(self.held(said, JobStatus=1, NumJobStarts=1))
            self.assertEqual(self.held(said, JobStatus=1, NumJobStarts=2, LastRemoteHost="slot1_1@otc-1@startd.tsystems", VacateReason="it went"),
                             "it began 2 times and did not end, the last time on slot1_1@otc-1@startd.tsystems: it went")
        self.assertEqual(self.held(self.said(given={"on_loss": "fail"}), JobStatus=1, NumJobStarts=1),
                         "it began once and did not end, the last time on a machine: the machine was lost")

    def test_what_began_and_was_not_counted(self):
        once, again = self.said(given={"on_loss": "fail"}), self.said()
        uncounted = {"JobStatus": 1, "NumJobStarts": 0, "JobCurrentStartExecutingDate": int(time.time())}
        self.assertEqual(self.held(once, **uncounted), "it began once and did not end, the last time on a machine: the machine was lost")
        self.assertIsNone(self.held(again, **uncounted))
        self.assertIsNone(self.held(once, JobStatus=1, NumJobStarts=0))

    def test_quantities(self):
        self.assertEqual([quantity(text) for text in ("1", 2, "500m", "1.5Gi", "2M")], [1, 2, 0.5, 1.5 * 2 ** 30, 2e6])
        with self.assertRaisesRegex(ValueError, "'2 GB' is no quantity"):
            quantity("2 GB")

    def test_machines(self):
        starts = "max({MY.NumJobStarts ?: 0, MY.JobCurrentStartExecutingDate =?= undefined ? 0 : 1})"
        self.assertEqual(self.said()["requirements"], "(%s < 2)" % starts)
        self.assertEqual(self.said(environment(resources=["CVMFS"]), {"requirements": "Datacenter == \"otc\"", "on_loss": "fail"})["requirements"],
                         "(Datacenter == \"otc\") && (TARGET.HasCVMFS =?= true) && (%s < 1)" % starts)
        self.assertEqual(self.said(given={"loss_timeout_seconds": 120})["job_lease_duration"], "120")

    def test_what_htcondor_cannot_do_is_refused(self):
        for env, complaint in (
                (environment(environment_type="localproc-env"), "localproc-env"), (environment(resources=["GRIDProxy"]), "GRIDProxy"),
                (environment(par_mounts=[{"mountpath": "/etc/fit.conf", "mountcontent": ""}]), "/etc/fit.conf can't be made")):
            with self.assertRaisesRegex(ValueError, complaint):
                self.said(env)
        with self.assertRaisesRegex(ValueError, "sharedvol"):
            description(settings(), Options(), step(), IDENTITY)

    def test_misspelt_settings_are_refused(self):
        for given, complaint in (
                ({"requirement": ""}, "compute_backends.batch: unknown requirement; known are"), ({"collectors": []}, "lacks collectors"),
                ({"on_loss": "retry"}, "known are rerun, fail"), ({"requirements": "a\nb"}, "requirements is no submit command of one line")):
            with self.assertRaisesRegex(ValueError, complaint):
                settings(**given)


class TestFiles(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.mount = os.path.realpath(directory.name)
        there = {"generate_0/events.txt": "events", "generate_0/deep/er/x y,z": "deep", "fit_0/_packtivity/x": "", "other/secret": "secret"}
        for path, text in there.items():
            self.write("workdirs/w/" + path, text)
        self.files = JobFiles(self.mount, "j")

    def write(self, path, text):
        path = os.path.join(self.mount, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def read(self, path):
        with open(os.path.join(self.mount, path), encoding="utf-8") as file:
            return file.read()

    def brought(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.files.path) for folder, _, names in os.walk(self.files.path) for name in names)

    def test_what_a_step_may_see_is_brought_and_nothing_else(self):
        entries, size = self.files.bring(step(mount=self.mount))
        self.assertEqual((entries, size), (["workdirs"], 10))
        files = ["workdirs/w/" + path for path in ("fit_0/_packtivity/x", "generate_0/deep/er/x y,z", "generate_0/events.txt")]
        self.assertEqual(self.brought(), [SCRIPT] + files)
        self.assertEqual(os.stat(os.path.join(self.files.path, "workdirs/w/generate_0/events.txt")).st_nlink, 2)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.mount, ROOT)).st_mode), 0o700)

    def test_directories_are_there_though_nothing_is_in_them(self):
        os.makedirs(self.mount + "/workdirs/w/generate_0/empty")
        self.files.bring(step(mount=self.mount, readonly=("generate_0", "not_there")))
        for name in ("generate_0/empty", "not_there"):
            self.assertTrue(os.path.isdir(os.path.join(self.files.path, "workdirs/w", name)))

    def test_a_symbolic_link_is_what_it_leads_to_or_said_to_be_missing(self):
        folder = self.mount + "/workdirs/w/generate_0/"
        links = {"inside": folder + "events.txt", "outside": self.mount + "/workdirs/w/other/secret", "token": "/etc/hostname",
                 "folder": folder + "deep", "nowhere": "nothing"}
        for name, target in links.items():
            os.symlink(target, folder + name)
        os.mkfifo(folder + "pipe")
        self.files.bring(step(mount=self.mount))
        brought = [path for path in self.brought() if path.startswith("workdirs/w/generate_0/")]
        self.assertEqual(brought, ["workdirs/w/generate_0/" + name for name in ("deep/er/x y,z", "events.txt", "inside")])
        said = subprocess.run(["sh", os.path.join(self.files.path, SCRIPT)], capture_output=True, text=True, timeout=60).stdout
        for name in ("outside", "token", "folder", "nowhere", "pipe"):
            self.assertIn("not here: %s%s, " % (folder, name), said)

    def test_where_there_are_no_hard_links_files_are_copied(self):
        os.chmod(self.mount + "/workdirs/w/generate_0/events.txt", 0o755)
        with mock.patch("os.link", side_effect=OSError("no")):
            self.files.bring(step(mount=self.mount))
        copy = os.path.join(self.files.path, "workdirs/w/generate_0/events.txt")
        self.assertEqual((self.read(copy), stat.S_IMODE(os.stat(copy).st_mode), os.stat(copy).st_nlink), ("events", 0o755, 1))

    def test_files_of_parameters_below_the_volume(self):
        env = environment(par_mounts=[{"mountpath": self.mount + "/workdirs/w/generate_0/events.txt", "mountcontent": "other"},
                                      {"mountpath": self.mount + "/conf/fit.json", "mountcontent": "{}"}])
        entries, _ = self.files.bring(step(env, mount=self.mount))
        self.assertEqual(entries, ["conf", "workdirs"])
        self.assertEqual(self.read(self.files.path + "/workdirs/w/generate_0/events.txt"), "other")
        # what is on the volume stays
        self.assertEqual(self.read("workdirs/w/generate_0/events.txt"), "events")

    def came(self, path, text):
        self.write("%s/j/%s" % (ROOT, path), text)

    def test_what_comes_back_is_put_where_it_belongs(self):
        self.came("workdirs/w/fit_0/a/b.txt", "b")
        self.came("workdirs/w/fit_0/_packtivity/x", "new")
        self.came("workdirs/w/other/secret", "changed")
        self.came(SAID, "0123456789")
        self.files.fetch(step(mount=self.mount)["state"])
        came = [self.read("workdirs/w/" + path) for path in ("fit_0/a/b.txt", "fit_0/_packtivity/x", "other/secret")]
        self.assertEqual(came, ["b", "new", "secret"])
        self.assertEqual((self.files.end_of_log(4), self.files.end_of_log(99)), (b"6789", b"0123456789"))
        self.files.forget()
        self.assertEqual((os.listdir(self.mount + "/" + ROOT), self.files.end_of_log(4)), ([], None))

    def test_by_no_link_and_as_nothing_but_files(self):
        state = step(mount=self.mount)["state"]
        self.came("workdirs/w/fit_0/link/secret", "changed")
        os.symlink("../other", self.mount + "/workdirs/w/fit_0/link")
        self.files.fetch(state)
        self.assertEqual((self.read("workdirs/w/other/secret"), self.read("workdirs/w/fit_0/link/secret")), ("secret", "changed"))
        os.symlink("/etc/passwd", os.path.join(self.files.path, "workdirs/w/fit_0/made"))
        with self.assertRaisesRegex(ValueError, "made is neither a file nor a directory"):
            self.files.fetch(state)
        os.rename(self.mount + "/workdirs/w/fit_0", self.mount + "/workdirs/w/moved")
        os.symlink("moved", self.mount + "/workdirs/w/fit_0")
        with self.assertRaisesRegex(ValueError, "reached by a symbolic link"):
            self.files.fetch(state)


class TestScript(unittest.TestCase):
    def run_script(self, job, env=None, shell="sh"):
        with tempfile.TemporaryDirectory() as mount:
            given = step(env, job, os.path.realpath(mount))
            os.makedirs(given["state"].readwrite[0])
            result = subprocess.run(
                [shell, "-c", script(given, mount)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60, cwd="/")
            return result.returncode, result.stdout.replace(mount, "MOUNT"), sorted(os.listdir(given["state"].readwrite[0]))

    def test_the_command_in_its_own_directory_with_one_log(self):
        self.assertEqual(self.run_script({"command": "pwd; echo wrong >&2; echo $HOME; echo x >made; exit 3"}),
                         (3, "MOUNT/workdirs/w/fit_0\nwrong\nMOUNT\n", ["made"]))

    def test_another_directory_and_an_environment_that_is_set_up_first(self):
        with tempfile.NamedTemporaryFile("w", suffix=".sh") as setup:
            setup.write("RELEASE=21.2\n")
            setup.flush()
            env = environment(workdir="/usr", envscript=setup.name)
            self.assertEqual(self.run_script({"command": "pwd; echo $RELEASE"}, env)[:2], (0, "/usr\n21.2\n"))
        self.assertEqual(self.run_script({"command": "true"}, environment(workdir="/not/there"))[0], 126)

    def test_a_script_is_its_interpreters(self):
        self.assertEqual(self.run_script({"script": "print('it\\'s')\nraise SystemExit(4)\n", "interpreter": "python3"})[:2], (4, "it's\n"))


class FakeDesk:
    """Answers as a pool would; what a job brings back is written by `fetched`."""

    engine = "w/1"

    def __init__(self):
        self.asked, self.problems, self.ad, self.fetched = [], {}, {"JobStatus": 1}, lambda: None

    def ask(self, do, seconds, **of):
        self.asked.append((do, of))
        if self.problems.get(do):
            raise self.problems[do].pop(0)
        if do == "fetch":
            self.fetched()
        return {"submit": {"cluster": 7}, "look": {"jobs": [dict(self.ad, ClusterId=7)]}}.get(do, {})

    def of(self, do):
        return [of for each, of in self.asked if each == do]

    def end(self):
        self.asked.append(("end", {}))

    def forget(self):
        self.asked.append(("forget", {}))


class TestCondorSteps(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.mount = os.path.realpath(directory.name)
        self.step = step(mount=self.mount)
        os.makedirs(self.step["state"].readwrite[0])
        os.makedirs(self.step["state"].readonly[0])
        self.logs = mock.Mock(write=mock.Mock(side_effect=lambda proxy, text: proxy.update(log="wflow-log-j")))
        self.desk = FakeDesk()
        self.steps = self.made()
        self.proxy = {"job_id": "wflow-job-j", "name": "fit_0"}

    def made(self, **more):
        with mock.patch.object(condor_steps, "DeskProcess", lambda *_: self.desk):
            made = condor_steps.CondorSteps("batch", dict(GIVEN, **more), options(self.mount), self.logs, SimpleNamespace(wflowid="w"))
        # threads would do by themselves what is done here one after the other
        made.begin = lambda: None
        made.stopped.wait = lambda _: False
        return made

    def errand(self):
        self.steps.errands.get(block=False)()

    def submitted(self):
        self.steps.submit(self.proxy, "j", self.step)
        self.errand()
        return self.steps.works.get("wflow-job-j")

    def watched(self, **ad):
        self.desk.ad = ad
        self.steps.watch_once([work for work in self.steps.works.values() if not work.result])
        self.steps.look(self.proxy)

    def ends(self, **ad):
        self.watched(**ad)
        self.errand()
        with self.assertLogs(level="INFO"):
            self.steps.look(self.proxy)
        return self.proxy["success"], self.proxy.get("reason")

    def test_a_step_that_succeeds(self):
        self.submitted()
        [asked] = self.desk.of("submit")
        self.assertEqual(asked["commands"]["initialdir"], os.path.join(self.mount, ROOT, "j"))
        self.assertEqual(asked["commands"]["transfer_input_files"], "workdirs")
        self.assertEqual(asked["commands"]["request_disk"], "1024MB")
        self.watched(JobStatus=1)
        self.assertEqual(self.proxy["cluster"], "batch")
        self.watched(JobStatus=2, RemoteHost="slot1_1@otc-1@startd.tsystems")
        self.assertEqual(self.proxy["cluster"], "tsystems")
        self.assertNotIn("success", self.proxy)

        def fetched():
            for path, text in {SAID: "hello\n", "workdirs/w/fit_0/out": "made"}.items():
                os.makedirs(os.path.dirname(os.path.join(self.mount, ROOT, "j", path)), exist_ok=True)
                with open(os.path.join(self.mount, ROOT, "j", path), "w", encoding="utf-8") as file:
                    file.write(text)
        self.desk.fetched = fetched
        self.assertEqual(self.ends(JobStatus=4, ExitCode=0, LastRemoteHost="slot1_1@otc-1@startd.tsystems"), (True, None))
        self.assertEqual(self.desk.of("fetch"), [{"cluster": 7, "outputs": ["workdirs/w/fit_0", SAID]}])
        self.assertEqual(self.desk.of("remove"), [{"cluster": 7}])
        self.assertEqual((self.proxy["cluster"], self.proxy["log"]), ("tsystems", "wflow-log-j"))
        self.logs.write.assert_called_once_with(mock.ANY, b"hello\n")
        directory = self.step["state"].readwrite[0]
        for path, text in {"out": "made", "_packtivity/fit_0.run.log": "hello\n"}.items():
            with open(os.path.join(directory, path), encoding="utf-8") as file:
                self.assertEqual(file.read(), text)
        self.assertEqual((os.listdir(os.path.join(self.mount, ROOT)), self.steps.works), ([], {}))

    def test_how_it_fails(self):
        for ad, reason in (
                ({"JobStatus": 4, "ExitCode": 3}, "exit code 3"),
                ({"JobStatus": 4, "ExitBySignal": True, "ExitSignal": 9}, "killed by signal 9"),
                ({"JobStatus": 5, "HoldReason": "the job used 300 MiB, and its slot has 100"}, "held: the job used 300 MiB, and its slot has 100"),
                ({"JobStatus": 5, "HoldReasonCode": 3, "HoldReason": "it began once and did not end"}, "it began once and did not end"),
                ({"JobStatus": 3, "RemoveReason": "via condor_rm"}, "its job 7 of HTCondor is gone: via condor_rm"),
                ({"JobStatus": 3}, "its job 7 of HTCondor is gone")):
            self.desk.asked.clear()
            self.proxy = {"job_id": "wflow-job-j", "name": "fit_0"}
            self.submitted()
            self.assertEqual(self.ends(**ad), (False, reason))
            self.assertEqual(len(self.desk.of("remove")), 0 if ad["JobStatus"] == 3 else 1)

    def test_files_that_are_still_coming_hold_nobody(self):
        self.submitted()
        self.watched(JobStatus=5, HoldReasonCode=16, HoldReason="Spooling input data files")
        self.assertTrue(self.steps.errands.empty())

    def test_what_cannot_be_is_said_at_once(self):
        with self.assertRaisesRegex(ValueError, "localproc-env"):
            self.steps.submit(self.proxy, "j", step(environment(environment_type="localproc-env"), mount=self.mount))
        self.assertEqual(self.steps.works, {})

    def test_an_access_point_that_is_late_is_asked_again(self):
        self.desk.problems["submit"] = [DeskError("no route", True), DeskError("no route", True)]
        with self.assertLogs(level="WARNING"):
            self.assertEqual(self.submitted().cluster, 7)
        self.assertEqual(len(self.desk.of("submit")), 3)

    def test_one_that_refuses_is_not(self):
        self.desk.problems["submit"] = [DeskError("which is not a valid user account", False)]
        self.submitted()
        with self.assertLogs(level="ERROR"):
            self.steps.look(self.proxy)
        self.assertEqual(self.proxy["reason"], "can't be submitted: which is not a valid user account")
        self.assertEqual(os.listdir(os.path.join(self.mount, ROOT)), [])

    def test_outputs_that_do_not_come_fail_it(self):
        self.submitted()
        self.desk.problems["fetch"] = [DeskError("no such job", False)]
        self.assertEqual(self.ends(JobStatus=4, ExitCode=0), (False, "its outputs can't be brought back: no such job"))

    def test_jobs_are_given_time_before_it_is_over(self):
        work = self.submitted()
        self.watched(JobStatus=2)
        self.watched(JobStatus=2)
        given = [of["until"] for of in self.desk.of("look")]
        self.assertGreater(given[0], time.time() + 7100)
        self.assertEqual((len(given), given[1]), (2, None))
        self.desk.problems["look"] = [DeskError("no route", True), DeskError("no route", True)]
        with self.assertLogs(level="WARNING"):
            self.watched()
        self.assertIsNone(work.result)
        work.until = self.steps.until = time.time() - 1
        with self.assertLogs(level="WARNING"):
            self.watched()
        self.assertRegex(self.proxy["reason"], "ap1@cern.ch was not reached for so long that the job has left: no route")

    def test_who_leaves_takes_them_along(self):
        self.steps.leave()
        self.assertEqual(self.desk.asked, [("end", {}), ("forget", {})])
        self.submitted()
        self.desk.problems["remove"] = [DeskError("no route", True)]
        with self.assertRaises(DeskError):
            self.steps.leave()
        self.assertEqual(self.desk.asked[-2:], [("remove", {}), ("forget", {})])
        self.assertEqual(os.listdir(os.path.join(self.mount, ROOT)), [])

    def test_clusters_by_the_names_of_this_librarys_machines(self):
        names = ("slot1_1@otc-1@startd.tsystems", "slot1@b7s12.cern.ch", "slot1@glidein_1_2@wn.cern.ch", None)
        self.assertEqual([condor_steps.cluster_of(name) for name in names], ["tsystems", None, None, None])


class TestProcess(unittest.TestCase):
    """The question's way to a library that is played here."""

    LIBRARY = {
        "classad2": "def quote(text):\n    return '\"%s\"' % text\n",
        "htcondor2": """
            import json, os, stat
            class DaemonType: Schedd = 1
            class JobAction: Remove = 1
            class TransactionFlag: SetDirty = 1
            class Collector:
                def __init__(self, address): self.address = address
                def locate(self, kind, name):
                    if self.address == "down": raise RuntimeError("no route")
                    return name
            class Submit(dict): pass
            class Schedd:
                def __init__(self, name): self.name = name
                def query(self, constraint, projection):
                    directory = os.environ["_CONDOR_SEC_TOKEN_DIRECTORY"]
                    file = os.path.join(directory, "token")
                    shown, mode = open(file).read().strip(), oct(os.stat(file).st_mode)
                    return [{"ClusterId": 1, "JobStatus": 2, "RemoteHost": shown, "HoldReason": mode, "x": object()}]
                def history(self, constraint, projection, limit): return [{"ClusterId": 2, "JobStatus": 3, "RemoveReason": constraint}]
                def submit(self, commands, spool): raise RuntimeError("not a valid user account")
                def act(self, action, which, reason): os._exit(4) if which == "ClusterId == 4" else None
                def retrieve(self, which): os.kill(os.getpid(), 19)
                def edit(self, *_): pass
            """,
    }

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        for name, text in self.LIBRARY.items():
            with open(os.path.join(directory.name, name + ".py"), "w", encoding="utf-8") as file:
                file.write(textwrap.dedent(text))
        self.token = os.path.join(directory.name, "batch")
        self.show("a token")
        self.enterContext(mock.patch.dict(os.environ, PYTHONPATH=directory.name))
        self.desk = DeskProcess(settings(token=self.token, collectors=["down", "up"]), "w/1")
        self.addCleanup(self.desk.forget)

    def show(self, token):
        with open(self.token, "w", encoding="utf-8") as file:
            file.write(token + "\n")

    def test_a_question_and_its_answer_with_a_token_that_is_the_engines_alone(self):
        for token in ("a token", "a renewed one"):
            self.show(token)
            self.assertEqual(self.desk.ask("look", 60, clusters=[1, 2], until=None), {"jobs": [
                {"ClusterId": 1, "JobStatus": 2, "RemoteHost": token, "HoldReason": "0o100600"},
                {"ClusterId": 2, "JobStatus": 3, "RemoveReason": "ClusterId == 2"}]})

    def test_what_goes_wrong(self):
        for passes, complaint, question in (
                (False, "not a valid user account", lambda: self.desk.ask("submit", 60, job="j", commands={})),
                (True, "HTCondor's library has ended with 4", lambda: self.desk.ask("remove", 60, cluster=4)),
                (True, "HTCondor has not answered in 1 s", lambda: self.desk.ask("fetch", 1, cluster=1, outputs=[]))):
            with self.assertRaisesRegex(DeskError, complaint) as raised:
                question()
            self.assertEqual(raised.exception.passes, passes)
        os.remove(self.token)
        with self.assertRaisesRegex(DeskError, "there is no token"):
            self.desk.ask("remove", 60)

    def test_an_image_without_htcondor(self):
        question = json.dumps({"do": "look", "of": {}, "engine": "w", "collectors": [], "access_point": "ap1"})
        answer = subprocess.run([sys.executable, "-S", DESK], input=question, capture_output=True, text=True, timeout=60, env={}).stdout
        self.assertRegex(json.loads(answer)["error"], "the engine's image has no HTCondor")
        self.assertFalse(json.loads(answer)["passes"])


if __name__ == "__main__":
    unittest.main()
