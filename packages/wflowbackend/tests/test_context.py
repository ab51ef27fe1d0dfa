import http.server
import json
import os
import tempfile
import threading
import unittest
from unittest import mock

from wflowbackend import context
from wflowbackend.problem import Problem


class Answers(http.server.BaseHTTPRequestHandler):
    statuses = []
    asked = []

    def do_GET(self):
        self.asked.append((self.path, self.headers["Authorization"]))
        self.send_response(self.statuses.pop(0))
        self.end_headers()
        self.wfile.write(json.dumps({"configs": [{"workflow": "w.yml"}]}).encode())

    def log_message(self, *_):
        pass


class Context(unittest.TestCase):
    def setUp(self):
        Answers.asked.clear()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.directory = tempfile.TemporaryDirectory()
        token = os.path.join(self.directory.name, "token")
        with open(token, "w") as file:
            file.write("the-token\n")
        environment = {"WFLOW_SERVER": "http://127.0.0.1:{}/".format(self.server.server_port), "WFLOW_TOKEN_FILE": token}
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(self.directory.cleanup)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def test_comes_with_the_token_after_failures(self):
        Answers.statuses = [503, 500, 200]
        self.assertEqual(context.acquire("some-id", pause=0), {"workflow": "w.yml"})
        self.assertEqual(Answers.asked, [("/workflow_config?workflow_ids=some-id", "Bearer the-token")] * 3)

    def test_a_refusal_is_final(self):
        Answers.statuses = [403]
        with self.assertRaisesRegex(Problem, "HTTP 403"):
            context.acquire("some-id", pause=0)
        self.assertEqual(len(Answers.asked), 1)

    def test_gives_up(self):
        Answers.statuses = [503, 503]
        with self.assertRaisesRegex(Problem, "HTTP 503"):
            context.acquire("some-id", attempts=2, pause=0)


if __name__ == "__main__":
    unittest.main()
