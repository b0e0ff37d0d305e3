"""What the tokens of an app say by its policy, and what a token is to whoever asks."""

import json
import tempfile
import unittest
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from issuer import IssuerTest
from tokensmith import ActiveToken, AdminError, AppPolicy, InvalidAccessTokenError, TokenService, UnauthorizedError

HERE = "http://127.0.0.1:8080"
LEDGER = "https://ledger.example"
POLICY = AppPolicy(
    audience=["https://invoices.example", LEDGER],
    scope="invoices:read invoices:write",
    claims={"tenant": "acme", "limits": {"rows": 10, "ratio": 0.5}, "tags": ["ä", None, True]},
    token_life=timedelta(minutes=10),
    id_claims={"name": "Billing"},
)


class Policies(IssuerTest):
    async def code(self, call):
        with self.assertRaises(AdminError) as caught:
            await call
        self.assertIsNone(caught.exception.__context__)
        return caught.exception.code

    def assert_for_another(self, token, **options):
        with self.assertRaises(InvalidAccessTokenError) as caught:
            self.admin.verify_access_token(token, **options)
        self.assertEqual(caught.exception.reason, "issuer")

    async def test_a_policy_is_set_and_read_and_in_each_token_that_follows(self):
        before = await self.issue()
        self.assertEqual(await self.admin.app_policy(self.app.id), AppPolicy())
        await self.admin.set_app_policy(self.app.id, POLICY)
        self.assertEqual(await self.admin.app_policy(self.app.id), POLICY)
        for tokens in (await self.issue(), await self.refresh(before.refresh_token)):
            part = tokens.access_token.split(".")[1]
            payload = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            self.assertEqual((payload["aud"], payload["tenant"]), (POLICY.audience, "acme"))
            part = tokens.id_token.split(".")[1]
            payload = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            self.assertEqual((payload["aud"], payload["name"]), (self.app.id, "Billing"))
            claims = self.admin.verify_access_token(tokens.access_token, audience=LEDGER)
            said = (claims.audience, claims.scope, claims.claims)
            self.assertEqual(said, (POLICY.audience, POLICY.scope, POLICY.claims))
            life = timedelta(minutes=10)
            self.assertEqual((claims.expires - claims.issued, tokens.expires_in), (life, life))
            for options in ({}, {"audience": HERE}, {"audience": ""}):
                self.assert_for_another(tokens.access_token, **options)
        claims = self.admin.verify_access_token(before.access_token, audience=HERE)
        self.assertEqual((claims.audience, claims.scope, claims.claims), ([HERE], None, {}))
        self.assert_for_another(before.access_token, audience=LEDGER)
        await self.admin.set_app_policy(self.app.id, AppPolicy(id_claims={}))
        self.assertIsNotNone((await self.issue()).id_token)
        await self.admin.set_app_policy(self.app.id, AppPolicy())
        self.assertEqual(await self.admin.app_policy(self.app.id), AppPolicy())
        self.assertIsNone((await self.issue()).id_token)

    async def test_what_is_no_policy(self):
        await self.admin.set_app_policy(self.app.id, POLICY)
        for wrong in (
            {"audience": []},
            {"audience": ["a", "a"]},
            {"scope": "a  b"},
            {"claims": {"sub": "a"}},
            {"id_claims": {"sub": "a"}},
            {"claims": {"a": 2**53}},
            {"token_life": timedelta(seconds=59)},
            {"token_life": timedelta(seconds=60.5)},
            {"token_life": timedelta(days=1, seconds=1)},
            {"token_life": timedelta.max},
        ):
            call = self.admin.set_app_policy(self.app.id, replace(POLICY, **wrong))
            self.assertEqual(await self.code(call), "ERR_ADMIN_INVALID", wrong)
        for wrong in (
            {"audience": "one"},
            {"audience": [7]},
            {"scope": ["a"]},
            {"claims": "{}"},
            {"claims": {"a": float("nan")}},
            {"claims": {"a": object()}},
            {"token_life": 600},
            {"token_life": timedelta(seconds=-1)},
        ):
            with self.assertRaisesRegex((TypeError, ValueError), f"^`{next(iter(wrong))}` must "):
                await self.admin.set_app_policy(self.app.id, replace(POLICY, **wrong))
        with self.assertRaisesRegex(TypeError, "^`policy` must be an AppPolicy$"):
            await self.admin.set_app_policy(self.app.id, {"scope": "a"})
        self.assertEqual(await self.admin.app_policy(self.app.id), POLICY)
        for id in ("appcl-nobody", "", "\n"):
            for call in (self.admin.set_app_policy(id, POLICY), self.admin.app_policy(id)):
                self.assertEqual(await self.code(call), "ERR_ADMIN_NOT_FOUND")

    async def test_what_an_access_token_is_until_its_app_is_disabled(self):
        await self.admin.set_app_policy(self.app.id, POLICY)
        other = await self.admin.create_app("another")
        token = (await self.issue()).access_token
        claims = self.admin.verify_access_token(token, audience=LEDGER)
        expected = ActiveToken(
            kind="access",
            issuer=HERE,
            **{name: getattr(claims, name) for name in claims.__dataclass_fields__},
        )
        for who in (self.app.id, other.id):
            self.assertEqual(await self.admin.introspect(who, token), expected)
        self.assertEqual(await self.admin.revoke_token(self.app.id, token), "unsupported")
        self.assertEqual((await self.admin.introspect(self.app.id, token)).kind, "access", "it lives to its end")
        await self.admin.disable_app(self.app.id)
        self.assertIsNone(await self.admin.introspect(other.id, token))

    async def test_what_a_refresh_token_is_to_its_app_alone_until_it_is_revoked(self):
        other = await self.admin.create_app("another")
        token = (await self.issue()).refresh_token
        told = await self.admin.introspect(self.app.id, token)
        self.assertEqual((told.kind, told.app_client_id, told.subject), ("refresh", self.app.id, f"app:{self.app.id}"))
        self.assertEqual((told.issuer, told.audience, told.scope, told.claims, told.token_id), (HERE, None, None, {}, None))
        self.assertLess(abs(told.issued - datetime.now(timezone.utc)), timedelta(minutes=1))
        self.assertGreater(told.expires, told.issued)
        self.assertIsNone(await self.admin.introspect(other.id, token))
        self.assertEqual(await self.admin.revoke_token(other.id, token), "done", "it is none of its")
        token = (await self.refresh(token)).refresh_token
        self.assertEqual(await self.admin.revoke_token(self.app.id, token), "done")
        self.assertIsNone(await self.admin.introspect(self.app.id, token))
        with self.assertRaises(UnauthorizedError):
            await self.refresh(token)

    async def test_what_is_no_token_no_app_and_no_service(self):
        for text in ("", "none of ours", "€" * 20_000, "." * 10**6):
            self.assertIsNone(await self.admin.introspect(self.app.id, text))
            self.assertEqual(await self.admin.revoke_token(self.app.id, text), "done")
        for id in ("appcl-nobody", "", "\n"):
            for call in (self.admin.introspect(id, "token"), self.admin.revoke_token(id, "token")):
                self.assertEqual(await self.code(call), "ERR_ADMIN_NOT_FOUND")
        for call in (
            self.admin.introspect(self.app.id, b"token"),
            self.admin.revoke_token(self.app.id, "\ud800"),
            self.admin.introspect(None, "token"),
        ):
            with self.assertRaisesRegex((TypeError, ValueError), "^`(token|app_id)` must be "):
                await call
        self.service.close()
        for call in (
            self.admin.introspect(self.app.id, "token"),
            self.admin.revoke_token(self.app.id, "token"),
            self.admin.set_app_policy(self.app.id, POLICY),
            self.admin.app_policy(self.app.id),
        ):
            with self.assertRaisesRegex(RuntimeError, "closed"):
                await call


class WithoutALoop(unittest.TestCase):
    def test_everything_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            with TokenService.create_sync({"store": store}) as service:
                admin = service.admin
                app = admin.create_app_sync("billing")
                admin.set_app_policy_sync(app.id, POLICY)
                self.assertEqual(admin.app_policy_sync(app.id), POLICY)
                tokens = service.issue_sync(app.id, app.secret)
                self.assertEqual(admin.introspect_sync(app.id, tokens.access_token).scope, POLICY.scope)
                self.assertEqual(admin.revoke_token_sync(app.id, tokens.refresh_token), "done")
                self.assertIsNone(admin.introspect_sync(app.id, tokens.refresh_token))
