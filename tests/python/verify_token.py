"""A token of the server is good to a JWT library that knows nothing of Tokensmith.

usage: python3 verify_token.py path/to/tokensmith-server

Starts the server on a free port in a folder of its own, gets a token with the very `curl` line
that it prints, and verifies the token against the server's JWKS with PyJWT.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import unittest
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import jwt

SERVER = None


class Token(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--log", "error"],
            cwd=cls.folder.name,
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.said = ""
        cls.url = None
        for line in cls.server.stdout:
            cls.said += line
            if line.startswith("listening on "):
                cls.url = line.removeprefix("listening on ").strip()
                break
        assert cls.url, f"the server did not start: {cls.said}"
        cls.curl = next(line.strip() for line in cls.said.splitlines() if "curl" in line)
        cls.asked_at = int(time.time())
        run = subprocess.run(
            cls.curl + r" -w '\n%{http_code}\n%{content_type}'",
            shell=True,
            check=True,
            capture_output=True,
            text=True,
        )
        cls.body, cls.status, cls.content_type = run.stdout.rsplit("\n", 2)

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        code = cls.server.wait(timeout=20)
        cls.server.stdout.close()
        cls.folder.cleanup()
        assert code == 0, code

    def answer(self):
        return json.loads(self.body)

    def shown_id(self):
        return re.search(r"appClientId\s+(\S+)", self.said).group(1)

    def verified(self, token):
        keys = jwt.PyJWKClient(self.url + "/.well-known/jwks.json")
        key = keys.get_signing_key_from_jwt(token)
        return jwt.decode_complete(
            token,
            key.key,
            algorithms=["ES256"],
            issuer="http://127.0.0.1:8080",
            audience="http://127.0.0.1:8080",
            options={"require": ["iss", "exp", "aud", "sub", "iat", "jti", "client_id"]},
        )

    def test_the_printed_line_gets_a_token(self):
        self.assertEqual((self.status, self.content_type), ("200", "application/json"))
        answer = self.answer()
        members = ["AccessToken", "ExpiresIn", "TokenType", "RefreshToken"]
        self.assertEqual(sorted(answer), sorted(members))
        self.assertEqual((answer["ExpiresIn"], answer["TokenType"]), (3600, "Bearer"))
        self.assertIs(type(answer["ExpiresIn"]), int)
        self.assertTrue(answer["RefreshToken"])

    def test_pyjwt_verifies_it(self):
        verified = self.verified(self.answer()["AccessToken"])
        header, claims = verified["header"], verified["payload"]
        self.assertEqual((header["typ"], header["alg"]), ("at+jwt", "ES256"))
        self.assertEqual(claims["client_id"], self.shown_id())
        self.assertEqual(claims["sub"], "app:" + self.shown_id())
        self.assertEqual(claims["exp"] - claims["iat"], self.answer()["ExpiresIn"])
        self.assertLessEqual(abs(claims["iat"] - self.asked_at), 5)
        self.assertGreaterEqual(len(claims["jti"]), 16)

    def test_the_key_is_found_by_its_thumbprint(self):
        header = jwt.get_unverified_header(self.answer()["AccessToken"])
        keys = jwt.PyJWKClient(self.url + "/.well-known/jwks.json").get_jwk_set()
        self.assertEqual([key.key_id for key in keys.keys], [header["kid"]])
        published = keys.keys[0]._jwk_data
        self.assertNotIn("d", published)
        # RFC 7638 section 3: the required members, in order, without spaces.
        required = {name: published[name] for name in ("crv", "kty", "x", "y")}
        canonical = json.dumps(required, separators=(",", ":"), sort_keys=True).encode()

        thumbprint = urlsafe_b64encode(sha256(canonical).digest()).rstrip(b"=").decode()
        self.assertEqual(header["kid"], thumbprint)

    def test_a_changed_token_is_refused(self):
        header, claims, signature = self.answer()["AccessToken"].split(".")
        changed = claims[:-2] + ("A" if claims[-2] != "A" else "B") + claims[-1]
        for token in (
            f"{header}.{changed}.{signature}",
            f"{header}.{claims}.{'A' * len(signature)}",
            f"{header}.{claims}.",
        ):
            with self.assertRaises(jwt.InvalidTokenError):
                self.verified(token)

    def test_another_audience_is_refused(self):
        token = self.answer()["AccessToken"]
        key = jwt.PyJWKClient(self.url + "/.well-known/jwks.json").get_signing_key_from_jwt(token)
        with self.assertRaises(jwt.InvalidAudienceError):
            jwt.decode(token, key.key, algorithms=["ES256"], audience="https://elsewhere.test")


def main():
    global SERVER
    if len(sys.argv) != 2:
        print(__doc__.strip().splitlines()[2], file=sys.stderr)
        return 2
    SERVER = str(Path(sys.argv[1]).resolve())
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Token)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed
    # The line that `cargo test` ends with, so that all suites are counted alike.
    print(f"test result: {'ok' if failed == 0 else 'FAILED'}. {passed} passed; {failed} failed;")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
