"""Tokens by three keys that have followed one another, each of another algorithm, are good to a JWT
library that knows nothing of Tokensmith, by one set of keys.

usage: python3 verify_succession.py FILE, as `cargo xtask tokens FILE` has written it
"""

import json
import sys
import unittest
from pathlib import Path

import jwt

MADE = {}
ALGORITHMS = ["ES256", "EdDSA", "RS256"]


class Succession(unittest.TestCase):
    def setUp(self):
        self.keys = jwt.PyJWKSet.from_dict(MADE["jwks"])
        self.tokens = {token["algorithm"]: token["accessToken"] for token in MADE["tokens"]}

    def key_of(self, token):
        return self.keys[jwt.get_unverified_header(token)["kid"]]

    def verified(self, token, key):
        # As a verifier does that has one set for all its issuer's tokens.
        expected = {"algorithms": ALGORITHMS, "issuer": MADE["issuer"], "audience": MADE["audience"]}
        return jwt.decode_complete(token, key, **expected)

    def test_there_are_as_many_tokens_as_keys_of_three_algorithms(self):
        self.assertEqual(list(self.tokens), ALGORITHMS)
        self.assertEqual([key.algorithm_name for key in self.keys.keys], ALGORITHMS)
        kids = [self.key_of(token).key_id for token in self.tokens.values()]
        self.assertEqual(kids, [key.key_id for key in self.keys.keys])

    def test_pyjwt_finds_the_key_among_the_others_and_verifies_the_token(self):
        for algorithm, token in self.tokens.items():
            verified = self.verified(token, self.key_of(token))
            self.assertEqual((verified["header"]["alg"], verified["header"]["typ"]), (algorithm, "at+jwt"))
            self.assertEqual(verified["payload"]["client_id"], MADE["appClientId"])

    def test_not_by_another_key_of_the_set(self):
        for token in self.tokens.values():
            own = self.key_of(token)
            for other in self.keys.keys:
                if other.key_id != own.key_id:
                    with self.assertRaises(jwt.InvalidTokenError):
                        self.verified(token, other)

    def test_no_other_tokens_signature_will_do(self):
        for token in self.tokens.values():
            signed = token.rpartition(".")[0]
            for other in self.tokens.values():
                if other != token:
                    with self.assertRaises(jwt.InvalidSignatureError):
                        self.verified(f"{signed}.{other.rpartition('.')[2]}", self.key_of(token))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    MADE.update(json.loads(Path(sys.argv[1]).read_text()))
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Succession)
    )
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed
    # The line that `cargo test` ends with, so that all suites are counted alike.
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed;")
    sys.exit(1 if failed or not passed else 0)


main()
