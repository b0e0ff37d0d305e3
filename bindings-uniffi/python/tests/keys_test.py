"""Signing keys: listed, rotated and revoked; and the access tokens that they have signed, verified."""

import json
import tempfile
import unittest
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

from issuer import IssuerTest
from scripted import UNLIMITED
from tokensmith import AccessClaims, AdminError, InvalidAccessTokenError, TokenError, TokenService


def decoded(part):
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def header(token):
    return decoded(token.split(".")[0])


class Keys(IssuerTest):
    async def code(self, call):
        with self.assertRaises(AdminError) as caught:
            await call
        self.assertIsNone(caught.exception.__context__)
        return caught.exception.code

    def reason(self, token, admin=None):
        with self.assertRaises(InvalidAccessTokenError) as caught:
            (admin or self.admin).verify_access_token(token)
        error = caught.exception
        self.assertNotIsInstance(error, (AdminError, TokenError))
        self.assertEqual((error.code, error.__context__), ("ERR_ACCESS_TOKEN_INVALID", None))
        self.assertTrue(str(error).startswith(("the access token", "the signature of")))
        return error.reason

    async def token(self):
        return (await self.issue()).access_token

    def assert_near(self, time, expected):
        self.assertLess(abs(time - expected), timedelta(minutes=1))

    async def test_one_key_signs_under_the_name_of_its_thumbprint(self):
        (key,) = await self.admin.list_keys()
        now = datetime.now(timezone.utc)
        self.assertEqual((key.algorithm, key.state), ("ES256", "active"))
        self.assert_near(key.created, now)
        self.assert_near(key.active, now)
        (published,) = json.loads(self.admin.jwks())["keys"]
        members = {name: published[name] for name in ("crv", "kty", "x", "y")}
        thumbprint = encoded(sha256(json.dumps(members, separators=(",", ":")).encode()).digest())
        self.assertEqual([key.kid, header(await self.token())["kid"]], [thumbprint, thumbprint])

    async def test_what_is_verified_says_what_the_token_does(self):
        token = await self.token()
        claims = decoded(token.split(".")[1])
        issued, expires = (datetime.fromtimestamp(claims[name], timezone.utc) for name in ("iat", "exp"))
        expected = AccessClaims(
            app_client_id=self.app.id,
            subject=claims["sub"],
            audience=[claims["aud"]],
            scope=None,
            claims={},
            token_id=claims["jti"],
            issued=issued,
            expires=expires,
        )
        self.assertEqual(self.admin.verify_access_token(token), expected)
        self.assertEqual((claims["client_id"], expires - issued), (self.app.id, timedelta(hours=1)))
        await self.admin.delete_app(self.app.id)
        self.assertEqual(self.admin.verify_access_token(token), expected, "it lives to its end")

    async def test_what_is_no_access_token_of_this_issuers(self):
        tokens = await self.issue()
        good = tokens.access_token
        for text in ("", "..", "a.b.c", f" {good}", f"{good}\n", f"{good}.{good}", tokens.refresh_token, "€" * 20_000, "." * 10**6):
            self.assertEqual(self.reason(text), "malformed", text[:20])
        head, claims, signature = good.split(".")
        longer = decoded(claims)
        longer["exp"] += 1
        for forged in (
            f"{head}.{encoded(json.dumps(longer).encode())}.{signature}",
            f"{head}.{claims}.{'A' * len(signature)}",
        ):
            self.assertEqual(self.reason(forged), "signature")
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            with await TokenService.create({"store": store}) as other:
                self.assertEqual(self.reason(good, other.admin), "unknown_key")
        for text in (None, b"token", 7):
            with self.assertRaisesRegex(TypeError, "^`token` must be a str$"):
                self.admin.verify_access_token(text)
        with self.assertRaisesRegex(ValueError, "^`token` must be well-formed Unicode$"):
            self.admin.verify_access_token("\ud800")

    async def test_one_of_another_issuer_or_audience_by_the_same_key(self):
        good = await self.token()
        for keys in ({"issuer": "https://other.example"}, {"audience": "https://api.example"}):
            config = {"store": {"path": self.path}, "authenticator": keys, "limits": UNLIMITED}
            with await TokenService.create(config) as other:
                self.assertEqual(self.reason(good, other.admin), "issuer")
                theirs = (await other.issue(self.app.id, self.app.secret)).access_token
                self.assertEqual(other.admin.verify_access_token(theirs).app_client_id, self.app.id)
                self.assertEqual(self.reason(theirs), "issuer")

    async def test_a_key_is_rotated_and_the_former_dropped(self):
        former = await self.token()
        (first,) = await self.admin.list_keys()
        second = await self.admin.rotate_key(algorithm="EdDSA")
        self.assertEqual((second.algorithm, second.state), ("EdDSA", "pending"))
        self.assert_near(second.active, datetime.now(timezone.utc) + timedelta(days=1))
        self.assertEqual(await self.admin.list_keys(), [first, second])
        published = [key["kid"] for key in json.loads(self.admin.jwks())["keys"]]
        self.assertEqual(published, [first.kid, second.kid])
        (event,) = [event for event in self.events if event.name == "key_rotated"]
        self.assertEqual((event.kid, event.terminal), (second.kid, False))
        for algorithm in (None, "RS256"):
            self.assertEqual(await self.code(self.admin.rotate_key(algorithm=algorithm)), "ERR_ADMIN_LIMIT")
        self.assertEqual(header(await self.token())["kid"], first.kid)

        await self.admin.revoke_key(first.kid)
        self.assertEqual(self.reason(former), "unknown_key")
        latter = await self.token()
        self.assertEqual((header(latter)["kid"], header(latter)["alg"]), (second.kid, "EdDSA"))
        self.admin.verify_access_token(latter)
        (key,) = await self.admin.list_keys()
        self.assertEqual((key.kid, key.state), (second.kid, "active"))
        self.assertEqual((await self.admin.rotate_key()).algorithm, "EdDSA", "as the former")

    async def test_the_only_key_that_is_dropped_is_followed_by_another(self):
        (only,) = await self.admin.list_keys()
        await self.admin.revoke_key(only.kid)
        (key,) = await self.admin.list_keys()
        self.assertEqual((key.algorithm, key.state), ("ES256", "active"))
        self.assertNotEqual(key.kid, only.kid)

    async def test_what_is_no_key_and_no_algorithm(self):
        (key,) = await self.admin.list_keys()
        for kid in ("", "a\nb", "x" * 100_000, key.kid[1:]):
            self.assertEqual(await self.code(self.admin.revoke_key(kid)), "ERR_ADMIN_NOT_FOUND")
        for algorithm in ("", "es256", "none", "HS256"):
            call = self.admin.rotate_key(algorithm=algorithm)
            self.assertEqual(await self.code(call), "ERR_ADMIN_INVALID", algorithm)
        for call in (self.admin.rotate_key(algorithm=7), self.admin.revoke_key(None), self.admin.revoke_key("\ud800")):
            with self.assertRaisesRegex((TypeError, ValueError), "^`(algorithm|kid)` must be "):
                await call
        self.assertEqual(await self.admin.list_keys(), [key])

    async def test_a_store_that_fails_and_a_closed_service(self):
        token = await self.token()
        (key,) = await self.admin.list_keys()
        Path(self.path).unlink()
        Path(self.path).write_text("this is no database")
        self.assertEqual(await self.code(self.admin.rotate_key()), "ERR_ADMIN_STORE")
        self.assertEqual(await self.code(self.admin.revoke_key(key.kid)), "ERR_ADMIN_STORE")
        self.admin.verify_access_token(token)
        self.service.close()
        for call in (self.admin.list_keys(), self.admin.rotate_key(), self.admin.revoke_key(key.kid)):
            with self.assertRaisesRegex(RuntimeError, "closed"):
                await call
        with self.assertRaisesRegex(RuntimeError, "closed"):
            self.admin.verify_access_token(token)


class WithoutALoop(unittest.TestCase):
    def test_everything_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            config = {"store": {"path": str(Path(folder, "store.db"))}, "authenticator": {"algorithm": "RS256"}}
            with TokenService.create_sync(config) as service:
                admin = service.admin
                app = admin.create_app_sync("billing")
                token = service.issue_sync(app.id, app.secret).access_token
                self.assertEqual(admin.verify_access_token(token).app_client_id, app.id)
                second = admin.rotate_key_sync(algorithm="EdDSA")
                first, *_ = admin.list_keys_sync()
                self.assertEqual(first.algorithm, "RS256")
                admin.revoke_key_sync(first.kid)
                self.assertEqual([key.kid for key in admin.list_keys_sync()], [second.kid])
