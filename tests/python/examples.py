"""The example for Python, started as a reader would start it, and asked over HTTP: it answers 200, 401,
422 and 429 as the contract says.

usage: python3 examples.py
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from http.client import HTTPConnection
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
MEMBERS = ["AccessToken", "ExpiresIn", "TokenType", "RefreshToken"]


class Asgi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = subprocess.Popen(
            [sys.executable, str(EXAMPLES / "python-asgi" / "server.py")],
            cwd=cls.folder.name,
            env={**os.environ, "PORT": "0"},
            stdout=subprocess.PIPE,
            text=True,
        )
        said = cls.server.stdout.readline()
        body, cls.port = re.search(r"-d '(.*)' http://127\.0\.0\.1:(\d+)/token$", said).groups()
        cls.credentials = json.loads(body)

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        code = cls.server.wait(timeout=30)
        cls.server.stdout.close()
        cls.folder.cleanup()
        # uvicorn ends in order, and then as the signal would have ended it.
        assert code in (0, -signal.SIGTERM), code

    def ask(self, body, method="POST", path="/token"):
        connection = HTTPConnection("127.0.0.1", int(self.port), timeout=30)
        headers = {"content-type": "application/json"}
        connection.request(method, path, body if isinstance(body, (bytes, str)) else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, response.headers, text

    def test_it_keeps_the_contract(self):
        status, headers, text = self.ask(self.credentials)
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        self.assertEqual(headers["cache-control"], "no-store")
        self.assertEqual([*json.loads(text)], MEMBERS)

        for wrong in ({"appSecret": "wrong"}, {"appClientId": "nobody-1"}):
            status, headers, _ = self.ask({**self.credentials, **wrong})
            self.assertEqual((status, headers["www-authenticate"]), (401, 'AppSecret realm="token"'))
        for body in ("", "{}", "[]", '{"appClientId":1,"appSecret":"x"}', "x" * 9_000, "x" * 1_000_000):
            self.assertEqual(self.ask(body)[0], 422, body[:40])
        self.assertEqual((self.ask("", "GET")[0], self.ask("", "GET")[1]["allow"]), (405, "POST"))
        self.assertEqual(self.ask("", path="/elsewhere")[0], 404)
        keys = json.loads(self.ask("", "GET", "/.well-known/jwks.json")[2])
        self.assertEqual(len(keys["keys"]), 1)

        # Wrong secrets drain the bucket of the app at this address.
        for _ in range(10):
            status, headers, _ = self.ask({**self.credentials, "appSecret": "wrong"})
            if status == 429:
                break
        self.assertEqual(status, 429)
        self.assertRegex(headers["retry-after"], "^[1-9][0-9]*$")
        self.assertEqual(self.ask(self.credentials)[0], 429)

    def test_a_client_that_leaves_does_no_harm(self):
        for sent in (b"", b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{"):
            with socket.create_connection(("127.0.0.1", int(self.port))) as client:
                client.sendall(sent)
        self.assertEqual(self.ask("", path="/elsewhere")[0], 404)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Asgi)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    # The line that `cargo test` ends with, so that all suites are counted alike.
    print(f"test result: {'ok' if failed == 0 else 'FAILED'}. {result.testsRun - failed} passed; {failed} failed;")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
