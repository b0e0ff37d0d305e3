"""A token of the server is good to a JWT library that knows nothing of Tokensmith, whatever it is signed by.

usage: python3 verify_token.py path/to/tokensmith-server

For each algorithm it starts the server on a free port in a folder of its own, gets a token with the
very `curl` line that it prints, redeems the refresh token of the answer, and verifies both access
tokens against the server's JWKS with PyJWT.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import unittest
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

SERVER = None
HERE = "http://127.0.0.1:8080"  # the issuer and the audience, unless a configuration says otherwise
REQUIRED = ["iss", "exp", "aud", "sub", "iat", "jti", "client_id"]

# What makes a key of each algorithm, and the members of it that its thumbprint is made of, in the
# order of RFC 7638 section 3.
ALGORITHMS = {
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ("crv", "kty", "x", "y")),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, ("crv", "kty", "x")),
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), ("e", "kty", "n")),
}
PUBLIC = {"kid", "use", "alg"}


class Token:
    """The tests, for the algorithm that a class below names."""

    algorithm = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        arguments = [SERVER, "--listen", "127.0.0.1:0", "--log", "error", "--refresh-route"]
        if cls.algorithm != "ES256":  # which a server without a configuration takes
            config = f'[authenticator]\nalgorithm = "{cls.algorithm}"\n'
            Path(cls.folder.name, "server.toml").write_text(config)
            arguments += ["--config", "server.toml"]
        cls.server = subprocess.Popen(arguments, cwd=cls.folder.name, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        cls.listen()
        cls.ask()
        cls.refreshed = cls.redeem(cls.answer["RefreshToken"])

    @classmethod
    def listen(cls):
        cls.said = ""
        cls.url = None
        for line in cls.server.stdout:
            cls.said += line
            if line.startswith("listening on "):
                cls.url = line.removeprefix("listening on ").strip()
                break
        assert cls.url, f"the server did not start: {cls.said}"
        cls.keys = jwt.PyJWKClient(cls.url + "/.well-known/jwks.json")

    @classmethod
    def ask(cls):
        curl = next(line.strip() for line in cls.said.splitlines() if "curl" in line)
        cls.credentials = json.loads(re.search("-d '(.*)'", curl).group(1))
        cls.asked_at = int(time.time())
        run = subprocess.run(
            curl + r" -w '\n%{http_code}\n%{content_type}'",
            shell=True,
            check=True,
            capture_output=True,
            text=True,
        )
        body, cls.status, cls.content_type = run.stdout.rsplit("\n", 2)
        cls.answer = json.loads(body)

    @classmethod
    def redeem(cls, refresh_token):
        body = json.dumps({**cls.credentials, "refreshToken": refresh_token}).encode()
        asked = Request(cls.url + "/token/refresh", body, {"content-type": "application/json"})
        with urlopen(asked, timeout=20) as answer:
            return json.load(answer)

    @classmethod
    def stop(cls):
        cls.server.terminate()
        code = cls.server.wait(timeout=20)
        cls.server.stdout.close()
        assert code == 0, code

    def tokens(self):
        return self.answer["AccessToken"], self.refreshed["AccessToken"]

    def verified(self, token, key=None, **other):
        expected = {"algorithms": [self.algorithm], "issuer": HERE, "audience": HERE}
        options = {"require": REQUIRED, **other.pop("options", {})}
        key = key or self.keys.get_signing_key_from_jwt(token).key
        return jwt.decode_complete(token, key, **{**expected, **other}, options=options)

    def assert_refused(self, error, token, **other):
        with self.assertRaises(error) as refused:
            self.verified(token, **other)
        self.assertIs(type(refused.exception), error)

    def test_the_printed_line_gets_a_token_and_its_refresh_token_another(self):
        self.assertEqual((self.status, self.content_type), ("200", "application/json"))
        members = ["AccessToken", "ExpiresIn", "TokenType", "RefreshToken"]
        for answer in (self.answer, self.refreshed):
            self.assertEqual(list(answer), members)
            self.assertEqual((answer["ExpiresIn"], answer["TokenType"]), (3600, "Bearer"))
            self.assertIs(type(answer["ExpiresIn"]), int)
            self.assertTrue(answer["RefreshToken"])
        self.assertNotEqual(self.answer["RefreshToken"], self.refreshed["RefreshToken"])

    def test_an_access_token_redeems_nothing(self):
        with self.assertRaises(HTTPError) as refused:
            self.redeem(self.answer["AccessToken"])
        with refused.exception as answer:
            self.assertEqual(answer.code, 401)

    def test_pyjwt_verifies_both(self):
        shown = self.credentials["appClientId"]
        names = set()
        for token in self.tokens():
            verified = self.verified(token)
            header, claims = verified["header"], verified["payload"]
            self.assertEqual((header["typ"], header["alg"]), ("at+jwt", self.algorithm))
            self.assertEqual((claims["client_id"], claims["sub"]), (shown, "app:" + shown))
            self.assertEqual(claims["exp"] - claims["iat"], self.answer["ExpiresIn"])
            self.assertLessEqual(abs(claims["iat"] - self.asked_at), 5)
            self.assertGreaterEqual(len(claims["jti"]), 16)
            names.add(claims["jti"])
        self.assertEqual(len(names), 2)

    def test_the_key_is_found_by_its_thumbprint_and_nothing_of_it_is_private(self):
        [key] = self.keys.get_jwk_set().keys
        published = key._jwk_data
        _, required = ALGORITHMS[self.algorithm]
        self.assertEqual(set(published), {*required, *PUBLIC})
        self.assertEqual((published["alg"], published["use"]), (self.algorithm, "sig"))
        canonical = json.dumps({name: published[name] for name in required}, separators=(",", ":"))
        thumbprint = urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()
        kids = [jwt.get_unverified_header(token)["kid"] for token in self.tokens()]
        self.assertEqual([key.key_id, *kids], [thumbprint] * 3)

    def test_another_key_refuses_it(self):
        make, _ = ALGORITHMS[self.algorithm]
        for token in self.tokens():
            self.assert_refused(jwt.InvalidSignatureError, token, key=make().public_key())

    def test_changed_claims_and_a_changed_signature_are_refused(self):
        for token in self.tokens():
            header, claims, signature = token.split(".")
            longer = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
            longer["exp"] += 1
            changed = urlsafe_b64encode(json.dumps(longer).encode()).rstrip(b"=").decode()
            for forged in (
                f"{header}.{changed}.{signature}",
                f"{header}.{claims}.{'A' * len(signature)}",
                f"{header}.{claims}.",
            ):
                self.assert_refused(jwt.InvalidSignatureError, forged)

    def test_it_is_no_token_of_another_issuer_audience_or_algorithm(self):
        others = [algorithm for algorithm in ALGORITHMS if algorithm != self.algorithm]
        for token in self.tokens():
            self.assert_refused(jwt.InvalidIssuerError, token, issuer="https://elsewhere.test")
            self.assert_refused(jwt.InvalidAudienceError, token, audience="https://elsewhere.test")
            self.assert_refused(jwt.InvalidAlgorithmError, token, algorithms=others)

    def test_it_is_good_until_it_expires(self):
        # PyJWT takes no clock: one that is ahead is a leeway below zero, by which no `iat` is past.
        for token in self.tokens():
            left = self.verified(token)["payload"]["exp"] - int(time.time())
            options = {"verify_iat": False}
            self.verified(token, leeway=-(left - 60), options=options)
            self.assert_refused(jwt.ExpiredSignatureError, token, leeway=-(left + 1), options=options)


class ES256(Token, unittest.TestCase):
    algorithm = "ES256"


class EdDSA(Token, unittest.TestCase):
    algorithm = "EdDSA"


class RS256(Token, unittest.TestCase):
    algorithm = "RS256"


def main():
    global SERVER
    if len(sys.argv) != 2:
        print(__doc__.strip().splitlines()[2], file=sys.stderr)
        return 2
    SERVER = str(Path(sys.argv[1]).resolve())
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed
    # The line that `cargo test` ends with, so that all suites are counted alike.
    print(f"test result: {'ok' if failed == 0 else 'FAILED'}. {passed} passed; {failed} failed;")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
