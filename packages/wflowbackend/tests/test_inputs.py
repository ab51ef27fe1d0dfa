import io
import os
import stat
import tempfile
import unittest
import urllib.error
import zipfile

from wflowbackend import inputs
from wflowbackend.problem import Problem


class Unpacking(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.archive = os.path.join(self.directory, "inputs.zip")
        self.target = os.path.join(self.directory, "work", "inputs")

    def write(self, members):
        with zipfile.ZipFile(self.archive, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)

    def test_files_and_directories(self):
        self.write([("a.txt", "1"), ("b/", ""), ("b/c/d.txt", "2")])
        inputs.unpack(self.archive, self.target)
        with open(os.path.join(self.target, "b", "c", "d.txt")) as file:
            self.assertEqual(file.read(), "2")

    def test_nothing_leaves_the_directory(self):
        for name in ("../out", "/etc/out", "a/../../out", "a//b", "a\\..\\out", "./a"):
            with self.subTest(name):
                self.write([(name, "x")])
                with self.assertRaises(Problem):
                    inputs.unpack(self.archive, self.target)
        self.assertEqual(sorted(os.listdir(self.directory)), ["inputs.zip"])

    def test_no_links(self):
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        self.write([(link, "/etc/passwd")])
        with self.assertRaises(Problem):
            inputs.unpack(self.archive, self.target)

    def test_the_same_name_twice(self):
        with self.assertWarns(UserWarning):
            self.write([("a", "1"), ("a", "2")])
        with self.assertRaises(Problem):
            inputs.unpack(self.archive, self.target)

    def test_no_bomb(self):
        self.write([("zeros", b"\0" * 10_000_000)])
        self.assertLess(os.path.getsize(self.archive), 20_000)
        with self.assertRaisesRegex(Problem, "more than"):
            inputs.unpack(self.archive, self.target, most=1_000_000)

    def test_not_too_many(self):
        self.write([(str(number), "") for number in range(11)])
        with self.assertRaisesRegex(Problem, "11 files"):
            inputs.unpack(self.archive, self.target, files=10)

    def test_no_archive(self):
        with open(self.archive, "w") as file:
            file.write("<html>")
        with self.assertRaises(Problem):
            inputs.unpack(self.archive, self.target)


class Opener:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def open(self, request, timeout):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)


class Fetching(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.target = os.path.join(directory.name, "archive")

    def test_again_after_failures_with_the_token(self):
        opener = Opener(OSError("reset"), urllib.error.HTTPError("u", 502, "", {}, None), b"content")
        inputs.fetch("https://example.org/a.zip", "secret", self.target, pause=0, opener=opener)
        with open(self.target, "rb") as file:
            self.assertEqual(file.read(), b"content")
        self.assertEqual([request.get_header("Authorization") for request in opener.requests], ["Bearer secret"] * 3)

    def test_a_refusal_is_final(self):
        opener = Opener(urllib.error.HTTPError("u", 404, "", {}, None))
        with self.assertRaisesRegex(Problem, "HTTP 404"):
            inputs.fetch("https://example.org/a.zip", None, self.target, pause=0, opener=opener)

    def test_not_more_than_may_be(self):
        with self.assertRaisesRegex(Problem, "more than 3 bytes"):
            inputs.fetch("https://example.org/a.zip", None, self.target, most=3, opener=Opener(b"1234"))

    def test_https_alone(self):
        for url in ("http://example.org/a", "file:///etc/passwd"):
            with self.assertRaises(Problem):
                inputs.fetch(url, None, self.target, opener=Opener())

    def test_redirections(self):
        handler = inputs.OnlyHttps()
        request = inputs.urllib.request.Request("https://a.example/x", headers={"Authorization": "Bearer secret"})
        redirect = lambda url: handler.redirect_request(request, None, 302, "", {}, url)
        self.assertIsNone(redirect("https://b.example/y").get_header("Authorization"))
        self.assertEqual(redirect("https://a.example/y").get_header("Authorization"), "Bearer secret")
        with self.assertRaises(Problem):
            redirect("http://a.example/y")


if __name__ == "__main__":
    unittest.main()
