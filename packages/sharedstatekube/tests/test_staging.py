"""What is offered to a step elsewhere, and what is taken from it."""
import json
import os
import shutil
import tempfile
import threading
import unittest
from unittest import mock

from packtivity.statecontexts.posixfs_context import LocalFSState
from sharedstatekube import stage
from sharedstatekube.staging import ABANDONED, Staging


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class StagingTest(unittest.TestCase):
    def setUp(self):
        self.root = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.own, self.other = os.path.join(self.root, "workdirs/w/fit"), os.path.join(self.root, "workdirs/w/generate")
        write(self.other + "/data/events.txt", "events\n")
        os.makedirs(self.own)
        self.state = LocalFSState(readwrite=[self.own], readonly=[self.other])
        self.staging = self.opened()

    def opened(self):
        return Staging({"url": "https://staging.cern.ch:8443", "directory": self.root + "/.staging"}, self.root)

    def place(self, token, *path):
        return os.path.join(self.root, ".staging", token, *path)

    def bring_back(self, token, manifest, **files):
        for name, text in files.items():
            write(self.place(token, "out/files/workdirs/w/fit", name), text)
        write(self.place(token, "out/manifest.json"), json.dumps(dict({"directories": [], "files": [], "links": []}, **manifest)))


class TestStaging(StagingTest):
    def test_nobody_can_guess_where_it_is(self):
        tokens = {self.staging.offer(self.state, {}) for _ in range(5)}
        self.assertEqual(len(tokens), 5)
        for token in tokens:
            self.assertRegex(token, "^[0-9a-f]{64}$")

    def test_what_is_offered_takes_no_room(self):
        token = self.staging.offer(self.state, {})
        offered = self.place(token, "in/files/workdirs/w/generate/data/events.txt")
        self.assertTrue(os.path.samefile(offered, self.other + "/data/events.txt"))

    def test_nobody_else_can_list_what_is_offered(self):
        self.assertEqual(os.stat(self.root + "/.staging").st_mode & 0o777, 0o700)

    def test_what_cannot_be_read_is_refused(self):
        with mock.patch.object(os, "access", lambda path, _: not path.endswith("events.txt")):
            with self.assertRaisesRegex(ValueError, "events.txt can't be read, and so not be sent"):
                self.staging.offer(self.state, {})

    def test_links_are_said_and_not_followed(self):
        write(self.root + "/workdirs/secret/file", "of somebody else\n")
        os.symlink(self.root + "/workdirs/secret", self.other + "/theirs")
        os.symlink("data/events.txt", self.other + "/latest")
        token = self.staging.offer(self.state, {})
        manifest = json.loads(read(self.place(token, "in/manifest.json")))
        self.assertEqual([path for path, _, _ in manifest["files"]], ["workdirs/w/generate/data/events.txt"])
        self.assertIn(["workdirs/w/generate/latest", "data/events.txt"], manifest["links"])
        self.assertFalse(os.path.lexists(self.place(token, "in/files/workdirs/w/generate/theirs")))

    def test_what_came_is_where_the_step_wrote_it(self):
        token = self.staging.offer(self.state, {})
        self.bring_back(token, {
            "directories": ["workdirs/w/fit", "workdirs/w/fit/empty"], "files": [["workdirs/w/fit/result", 3, 0o755]], "links": [["workdirs/w/fit/last", "result"]],
        }, result="42\n")
        self.staging.take(token, self.state)
        self.assertEqual(read(self.own + "/last"), "42\n")
        self.assertTrue(os.access(self.own + "/result", os.X_OK))
        self.assertTrue(os.path.isdir(self.own + "/empty"))

    def test_what_did_not_come_is_said(self):
        token = self.staging.offer(self.state, {})
        with self.assertRaisesRegex(ValueError, "what it has written did not arrive"):
            self.staging.take(token, self.state)
        for size, files in ((4, {"result": "42\n"}), (0, {})):
            self.bring_back(token, {"files": [["workdirs/w/fit/result", size, 0o644]]}, **files)
            with self.assertRaisesRegex(ValueError, "of what it has written workdirs/w/fit/result did not arrive"):
                self.staging.take(token, self.state)
            shutil.rmtree(self.place(token, "out"))

    def test_nothing_is_taken_that_is_not_the_steps(self):
        outside = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, outside)
        os.symlink(outside, self.own + "/away")
        for path in ("workdirs/w/generate/x", "../x", "/etc/x", "workdirs/w/fit/../generate/x", "workdirs/w/fit/away/x", "workdirs/w/fitting", "."):
            for manifest in ({"files": [[path, 3, 0o644]]}, {"directories": [path]}, {"links": [[path, "/etc/passwd"]]}):
                token = self.staging.offer(self.state, {})
                write(os.path.join(self.place(token, "out/files"), "workdirs/w/fit/result"), "42\n")
                self.bring_back(token, manifest)
                with self.assertRaises(ValueError, msg=path):
                    self.staging.take(token, self.state)
        self.assertEqual(os.listdir(outside), [])

    def test_what_is_no_list_of_files_is_refused(self):
        for said in ("{}", "[]", "7", "{", '{"directories": 7, "files": [], "links": []}', '{"directories": [], "files": [[1, 2, 3]], "links": []}',
                     '{"directories": [], "files": [["workdirs/w/fit/x", 0]], "links": []}', '{"directories": [], "files": [], "links": [["workdirs/w/fit/x", null]]}'):
            token = self.staging.offer(self.state, {})
            write(self.place(token, "out/manifest.json"), said)
            with self.assertRaises(ValueError, msg=said):
                self.staging.take(token, self.state)

    def test_what_is_withdrawn_is_gone(self):
        token = self.staging.offer(self.state, {})
        self.staging.withdraw(token)
        self.staging.withdraw(token)
        self.assertEqual(os.listdir(self.root + "/.staging"), [])
        self.assertEqual(read(self.other + "/data/events.txt"), "events\n")

    def test_what_an_engine_has_left_goes_in_a_day(self):
        old, new = self.staging.offer(self.state, {}), self.staging.offer(self.state, {})
        os.makedirs(self.place("gone-" + "0" * 64))
        os.makedirs(self.place(".incoming"))
        for each in (old, "gone-" + "0" * 64, ".incoming"):
            os.utime(self.place(each), (0, os.stat(self.root).st_mtime - ABANDONED - 60))
        self.opened()
        self.assertEqual(sorted(os.listdir(self.root + "/.staging")), sorted([".incoming", new]))

    def test_what_is_wanted_is_touched(self):
        token = self.staging.offer(self.state, {})
        os.utime(self.place(token), (0, 0))
        self.staging.touch(token)
        self.opened()
        self.assertTrue(os.path.isdir(self.place(token)))


class Files:
    """The staging server, as a directory."""

    def __init__(self, place):
        self.place = place

    def text(self, path):
        return read(self.place + path)

    def fetch(self, path, target, size):
        shutil.copyfile(self.place + path, target)

    def make(self, path):
        os.mkdir(self.place + path)

    def send(self, path, source):
        shutil.copyfile(source, self.place + path)

    def send_text(self, path, text):
        with open(self.place + path, "xb") as file:
            file.write(text)


class TestStage(StagingTest):
    """From here to the pod and back."""

    def test_there_and_back(self):
        os.symlink("data/events.txt", self.other + "/latest")
        os.chmod(self.other + "/data/events.txt", 0o755)
        token = self.staging.offer(self.state, {"file0": "beam: 13\n"})
        pod = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, pod)
        server, control = Files(self.place(token)), os.path.join(pod, "wflow")
        with mock.patch.object(stage, "CONTROL", control):
            stage.bring(server, pod + "/data")
            there = pod + "/data/workdirs/w/"
            self.assertEqual(read(there + "generate/latest"), "events\n")
            self.assertTrue(os.access(there + "generate/data/events.txt", os.X_OK))
            self.assertEqual(read(control + "/parameters/file0"), "beam: 13\n")
            self.assertEqual(os.listdir(there + "fit"), [])
            write(there + "fit/deep/er/result", "42\n")
            os.symlink("deep", there + "fit/last")
            os.mkdir(there + "fit/empty")
            write(there + "generate/changed", "by mistake\n")
            stage.take_away(server, pod + "/data", ["workdirs/w/fit"])
        self.staging.take(token, self.state)
        self.assertEqual(read(self.own + "/last/er/result"), "42\n")
        self.assertEqual(sorted(os.listdir(self.own)), ["deep", "empty", "last"])
        self.assertEqual(sorted(os.listdir(self.other)), ["data", "latest"])

    def test_it_waits_for_the_end_of_whoever_holds_the_pipe(self):
        token = self.staging.offer(self.state, {})
        pod = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, pod)
        with mock.patch.object(stage, "CONTROL", os.path.join(pod, "wflow")):
            stage.bring(Files(self.place(token)), pod + "/data")
            ended = threading.Event()

            def wait():
                with open(stage.CONTROL + "/alive", "rb") as alive:
                    alive.read()
                ended.set()

            waiting = threading.Thread(target=wait)
            waiting.start()
            with open(stage.CONTROL + "/alive", "wb"):
                self.assertFalse(ended.wait(0.2))
            self.assertTrue(ended.wait(10))
            waiting.join()
