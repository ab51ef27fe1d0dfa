"""A step's Job, and what its container runs."""
import os
import subprocess
import tempfile
import unittest

from packtivity.statecontexts.posixfs_context import LocalFSState
from sharedstatekube.options import Options
from sharedstatekube.step_job import LOGGED, STEP, command, step_job


def options(**more):
    return Options(**dict({
        "stateopts": {"type": "sharedvol", "shared_mount": "/srv/workerdata", "shared_volume": {"persistentVolumeClaim": {"claimName": "data"}}},
    }, **more))


def environment(**more):
    return dict({"environment_type": "docker-encapsulated", "image": "analysis", "imagetag": "1", "resources": [], "par_mounts": [], "envscript": None,
                 "workdir": None}, **more)


def step(env=None, job=None, state=None):
    return {
        "job": job or {"command": "true"}, "env": env or environment(), "metadata": {"name": "fit_0"},
        "state": state or LocalFSState(readwrite=["/srv/workerdata/workdirs/w/fit_0"], readonly=["/srv/workerdata/workdirs/w/generate_0"]),
    }


class TestStepJob(unittest.TestCase):
    def container(self, **given):
        body, _ = step_job(options(**given.pop("options", {})), "1", step(**given), None, "w")
        return body["spec"]["template"]["spec"]["containers"][0]

    def test_its_directories_are_at_the_paths_of_the_engine(self):
        self.assertEqual(self.container()["volumeMounts"], [
            {"name": "packtivitystate", "mountPath": "/srv/workerdata/workdirs/w/fit_0", "subPath": "workdirs/w/fit_0"},
            {"name": "packtivitystate", "mountPath": "/srv/workerdata/workdirs/w/generate_0", "subPath": "workdirs/w/generate_0", "readOnly": True},
        ])

    def test_on_a_part_of_a_claim(self):
        given = options(stateopts={"type": "sharedvol", "shared_mount": "/srv/workerdata", "shared_volume": {}, "sub_path": "recast"})
        body, _ = step_job(given, "1", step(), None, None)
        self.assertEqual(body["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][0]["subPath"], "recast/workdirs/w/fit_0")

    def test_directories_of_the_node(self):
        body, _ = step_job(Options(), "1", step(), None, None)
        self.assertEqual(body["spec"]["template"]["spec"]["volumes"], [
            {"name": "packtivitystate0", "hostPath": {"path": "/srv/workerdata/workdirs/w/fit_0", "type": "Directory"}},
            {"name": "packtivitystate1", "hostPath": {"path": "/srv/workerdata/workdirs/w/generate_0", "type": "Directory"}},
        ])

    def test_a_directory_outside_of_the_volume_is_refused(self):
        for path in ("/etc", "/srv/workerdata", "/srv/workerdata/../other"):
            with self.assertRaises(ValueError):
                self.container(state=LocalFSState(readwrite=[path]))

    def test_labels_of_the_contract(self):
        owner = {"kind": "Job", "name": "wflow-nonint-w"}
        body, _ = step_job(options(resource_labels={"component": "wflow-job", "jobid": "{jobid}", "team": "a"}), "1", step(), owner, "w")
        labels = {"component": "wflow-job", "jobid": "1", "team": "a", "wflowid": "w"}
        self.assertEqual(body["metadata"], {
            "name": "wflow-job-1", "labels": labels, "annotations": {STEP: "fit_0"}, "ownerReferences": [owner]})
        self.assertEqual(body["spec"]["template"]["metadata"], {"labels": labels, "annotations": {STEP: "fit_0"}})
        self.assertEqual((body["spec"]["backoffLimit"], body["spec"]["ttlSecondsAfterFinished"]), (0, 86400))

    def test_a_queue_of_kueue_lets_it_begin(self):
        body, _ = step_job(options(queue_name="analyses"), "1", step(), None, None)
        self.assertEqual((body["metadata"]["labels"]["kueue.x-k8s.io/queue-name"], body["spec"]["suspend"]), ("analyses", True))

    def test_resources_of_the_step_go_before_those_of_all(self):
        given = {"resources_opts": {"requests": {"memory": "2Gi", "cpu": "1"}, "limits": {"memory": "2Gi"}}}
        resources = lambda *said: self.container(options=given, env=environment(resources=list(said)))["resources"]
        self.assertEqual(resources(), given["resources_opts"])
        self.assertEqual(resources({"kubernetes_memory_limit": "64Mi"}), {"requests": {"memory": "64Mi", "cpu": "1"}, "limits": {"memory": "64Mi"}})
        self.assertEqual(resources({"kubernetes_memory_limit": "8Gi", "kubernetes_memory_request": "1Gi"}),
                         {"requests": {"memory": "1Gi", "cpu": "1"}, "limits": {"memory": "8Gi"}})
        self.assertEqual(resources({"kubernetes_cpu_request": 4}), {"requests": {"memory": "2Gi", "cpu": "4"}, "limits": {"memory": "2Gi"}})

    def test_a_user_of_its_own(self):
        body, _ = step_job(options(pod={"securityContext": {"runAsUser": 1000, "fsGroup": 1000}}), "1",
                           step(env=environment(resources=[{"kubernetes_uid": 500}])), None, None)
        self.assertEqual(body["spec"]["template"]["spec"]["securityContext"], {"runAsUser": 500, "fsGroup": 1000})

    def test_files_of_parameters(self):
        env = environment(par_mounts=[{"mountpath": "/etc/a_b.conf", "mountcontent": "x"}, {"mountpath": "/opt/B.conf", "mountcontent": "y"}])
        body, files = step_job(options(), "1", step(env=env), None, "w")
        self.assertEqual((files["metadata"]["name"], files["data"]), ("wflow-job-1", {"file0": "x", "file1": "y"}))
        self.assertEqual(body["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][2:], [
            {"name": "parameters", "mountPath": "/etc/a_b.conf", "subPath": "file0", "readOnly": True},
            {"name": "parameters", "mountPath": "/opt/B.conf", "subPath": "file1", "readOnly": True},
        ])

    def test_cvmfs_and_credentials_for_who_wants_them(self):
        given = {"cvmfs": {"atlas.cern.ch": {"persistentVolumeClaim": {"claimName": "cvmfs-atlas"}}}, "auth": "hepauth"}
        self.assertEqual(len(self.container(options=given)["volumeMounts"]), 2)
        mounts = self.container(options=given, env=environment(resources=["CVMFS", "GRIDProxy"]))["volumeMounts"][2:]
        self.assertEqual([(each["mountPath"], each["readOnly"]) for each in mounts], [("/cvmfs/atlas.cern.ch", True), ("/recast_auth", True)])
        for resource in ("CVMFS", "KRB5Auth"):
            with self.assertRaises(ValueError):
                self.container(env=environment(resources=[resource]))

    def test_what_a_job_cannot_run_is_refused(self):
        with self.assertRaisesRegex(ValueError, "localproc-env"):
            self.container(env={"environment_type": "localproc-env"})

    def test_misspelt_options_are_refused(self):
        with self.assertRaisesRegex(ValueError, "resource_opts; known are"):
            Options(resource_opts={})
        with self.assertRaisesRegex(ValueError, "'nfs'"):
            Options(stateopts={"type": "nfs"})
        with self.assertRaisesRegex(ValueError, "shared_volume"):
            Options(stateopts={"type": "sharedvol", "shared_mount": "/data"})


class TestCommand(unittest.TestCase):
    def run_step(self, job, env=None, path=None):
        with tempfile.TemporaryDirectory() as directory:
            log = os.path.join(directory, "_packtivity", "fit_0.run.log")
            result = subprocess.run(["sh", "-c", LOGGED, log] + command(job, env or environment()), capture_output=True, text=True,
                                    env=dict(os.environ, **({"PATH": path} if path else {})), timeout=60)
            kept = None
            if os.path.exists(log):
                with open(log) as file:
                    kept = file.read()
            return result.returncode, result.stdout, kept

    def test_the_exit_code_is_the_commands(self):
        for code in (0, 1, 42):
            self.assertEqual(self.run_step({"command": "echo said; exit %d" % code}), (code, "said\n", "said\n"))
        self.assertEqual(self.run_step({"command": "kill -9 $$"})[0], 137)
        self.assertEqual(self.run_step({"command": "no-such-command"})[0], 127)

    def test_what_goes_wrong_is_in_the_log_as_well(self):
        self.assertEqual(self.run_step({"command": "echo wrong >&2"}), (0, "wrong\n", "wrong\n"))

    def test_who_goes_on_in_the_background_keeps_nobody(self):
        self.assertEqual(self.run_step({"command": "sleep 30 >/dev/null 2>&1 & echo done"}), (0, "done\n", "done\n"))

    def test_a_script_is_its_interpreters_whatever_is_in_it(self):
        script = "text = '''RECASTJOB\nit's 100% $HOME \\n `ls` \"quoted\"'''\nprint(text)\nraise SystemExit(3)\n"
        said = "RECASTJOB\nit's 100% $HOME \n `ls` \"quoted\"\n"
        self.assertEqual(self.run_step({"script": script, "interpreter": "python3"}), (3, said, said))

    def test_an_environment_that_is_set_up_first(self):
        with tempfile.NamedTemporaryFile("w", suffix=".sh") as setup:
            setup.write("RELEASE=21.2\nexport RELEASE\n")
            setup.flush()
            self.assertEqual(self.run_step({"command": "echo $RELEASE"}, environment(envscript=setup.name))[1], "21.2\n")

    def test_where_there_is_no_tee(self):
        with tempfile.TemporaryDirectory() as programs:
            for name in ("sh", "mkdir", "dirname"):
                os.symlink("/bin/" + name if os.path.exists("/bin/" + name) else "/usr/bin/" + name, os.path.join(programs, name))
            code, said, _ = self.run_step({"command": "echo said; exit 5"}, path=programs)
            self.assertEqual((code, said), (5, "said\n"))


if __name__ == "__main__":
    unittest.main()
