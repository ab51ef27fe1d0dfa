import os
import subprocess
import tempfile
import unittest
from unittest import mock

from wflowbackend import cleanup, results
from wflowbackend.problem import Problem


class Results(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = os.path.join(directory.name, "work")
        for name in ("data/step/out.root", "data/step/_packtivity/step.run.log", "_yadage/state.json", "data/a b [1].txt"):
            self.write(name)

    def write(self, name):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(name)

    def collected(self, *patterns):
        found = results.collect({"resultlist": patterns}, self.root)
        return sorted(os.path.relpath(os.path.join(directory, file), found) for directory, _, files in os.walk(found) for file in files)

    def test_what_the_patterns_find(self):
        self.assertEqual(self.collected("_yadage", "**/*.log", "step/*.root"), [
            "_yadage/state.json", "data/step/_packtivity/step.run.log", "step/_packtivity/step.run.log", "step/out.root",
        ])

    def test_nothing_outside(self):
        os.symlink("/etc", os.path.join(self.root, "data", "etc"))
        os.symlink("/etc/passwd", os.path.join(self.root, "data", "passwd"))
        self.assertEqual(self.collected("etc/*", "passwd"), [])
        for pattern in ("../*", "/etc/*", "a/../../*"):
            with self.assertRaises(Problem):
                self.collected(pattern)

    def test_commands(self):
        self.collected("a b*")
        said = results.commands(os.path.join(self.root, "results"), "/results/alice/x")
        self.assertEqual(said.splitlines()[:2], ['-mkdir "/results/alice"', '-mkdir "/results/alice/x"'])
        self.assertTrue(said.splitlines()[-1].endswith('"/results/alice/x/a b [1].txt"'), said)

    def test_shipped_after_failures(self):
        with tempfile.TemporaryDirectory() as keys, mock.patch.dict(os.environ, {"WFLOW_SHIP_KEYS": keys}):
            with open(os.path.join(keys, "identity"), "w") as file:
                file.write("key")
            answers = [255, 0]
            identities = []

            def run(argv, **_):
                identities.append(os.stat(argv[argv.index("-i") + 1]).st_mode & 0o777)
                return subprocess.CompletedProcess(argv, answers.pop(0), "", "kex_exchange: refused\n")

            found = results.collect({"resultlist": []}, self.root)
            spec = {"user": "ship", "host": "h", "port": "2022", "location": "/results/alice/x"}
            results.ship(found, spec, pause=0, run=run)
            self.assertEqual(identities, [0o600, 0o600])
            answers = [255, 255]
            with self.assertRaisesRegex(Problem, "kex_exchange: refused"):
                results.ship(found, spec, attempts=2, pause=0, run=run)
            self.assertFalse(os.path.exists(os.path.join(self.root, ".identity")))

    def test_cleanup(self):
        self.collected("**/*.root")
        cleanup.cleanup({"shipout_spec": {}}, self.root)
        self.assertTrue(os.path.exists(os.path.join(self.root, "data/step/out.root")))
        cleanup.cleanup({"shipout_spec": {"host": "h"}}, self.root)
        left = sorted(os.path.relpath(os.path.join(directory, file), self.root) for directory, _, files in os.walk(self.root) for file in files)
        self.assertEqual(left, ["_yadage/state.json", "data/a b [1].txt", "data/step/_packtivity/step.run.log"])


if __name__ == "__main__":
    unittest.main()
