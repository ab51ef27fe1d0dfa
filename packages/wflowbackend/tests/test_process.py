"""A workflow of real Yadage, from its context to its results; skipped where Yadage isn't installed."""

import importlib.util
import os
import tempfile
import unittest
from unittest import mock

from wflowbackend import engine, process
from wflowbackend.problem import Problem

ID = "3f1c6a7e-0000-4000-8000-000000000000"


def step(command):
    return {
        "process": {"process_type": "string-interpolated-cmd", "cmd": command},
        "environment": {"environment_type": "localproc-env"},
        "publisher": {"publisher_type": "interpolated-pub", "publish": {"out": "{out}"}},
    }


def workflow(command):
    return {"stages": [{
        "name": "hello", "dependencies": ["init"],
        "scheduler": {
            "scheduler_type": "singlestep-stage", "parameters": {"out": "{workdir}/hello.txt", "name": {"step": "init", "output": "name"}}, "step": step(command),
        },
    }]}


class Toplevel(unittest.TestCase):
    def test_among_the_inputs_alone(self):
        with tempfile.TemporaryDirectory() as inputs:
            self.assertEqual(engine.toplevel_of({"toplevel": "specs"}, inputs), os.path.join(os.path.realpath(inputs), "specs"))
            self.assertEqual(engine.toplevel_of({"toplevel": "github:a/b"}, inputs), "github:a/b")
            for outside in ("/etc", "../x", "a/../../x"):
                with self.assertRaises(Problem):
                    engine.toplevel_of({"toplevel": outside}, inputs)


@unittest.skipUnless(importlib.util.find_spec("yadage"), "Yadage isn't installed")
class Process(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.directory)
        self.reason = os.path.join(self.directory, "reason")
        environment = {"WFLOW_BACKEND": "multiproc:1", "WFLOW_YADAGEUPDATE": "0.05", "WFLOW_TERMINATION_LOG": self.reason}
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)

    def run_with(self, context):
        with mock.patch("wflowbackend.context.acquire", return_value=context):
            return process.main(["setupFromURL", "generic_onsuccess", "cleanup", "--config-from-server", ID])

    def test_a_workflow(self):
        context = {"workflow": workflow("echo hello {name} > {out}"), "fixed_pars": {"name": "world"}, "resultlist": ["hello/*.txt"]}
        self.assertEqual(self.run_with(context), 0)
        with open(os.path.join("workdirs", ID, "results", "hello", "hello.txt")) as file:
            self.assertEqual(file.read(), "hello world\n")

    def test_a_backend_by_its_python_name(self):
        options = os.path.join(self.directory, "backendopts")
        with open(options, "w") as file:
            file.write("processes: 1\n")
        context = {"workflow": workflow("echo hello {name} > {out}"), "fixed_pars": {"name": "world"}}
        with mock.patch.dict(os.environ, {"WFLOW_BACKEND": "py:tests.own_backend:backend", "PACKTIVITY_ASYNCBACKEND_OPTS": options}):
            self.assertEqual(self.run_with(context), 0)
        with mock.patch.dict(os.environ, {"WFLOW_BACKEND": "py:sharedstatekube_that_is_not_there:backend"}):
            self.assertEqual(self.run_with(context), 1)
        with open(self.reason) as file:
            self.assertIn("can't be set up", file.read())

    def test_a_failing_step(self):
        self.assertEqual(self.run_with({"workflow": workflow("exit 3"), "fixed_pars": {"name": "x"}}), 1)
        with open(self.reason) as file:
            self.assertEqual(file.read(), "failed: hello")

    def test_a_stage_that_never_begins(self):
        # without parameters there is no stage of the name init
        self.assertEqual(self.run_with({"workflow": workflow("true")}), 1)
        with open(self.reason) as file:
            self.assertEqual(file.read(), "stages whose dependencies never were there: hello")

    def test_a_bad_specification(self):
        self.assertEqual(self.run_with({"workflow": {"stages": [{"name": 7}]}}), 1)
        with open(self.reason) as file:
            self.assertIn("ValidationError", file.read())

    def test_an_id_that_is_none(self):
        self.assertEqual(process.main(["setupFromURL", "generic_onsuccess", "cleanup", "--config-from-server", "../../etc"]), 1)


if __name__ == "__main__":
    unittest.main()
