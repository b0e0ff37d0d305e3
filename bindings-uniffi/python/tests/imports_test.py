"""Apps that are brought from elsewhere, with their secrets or with what was kept of these."""

import json
import tempfile
import unittest
from pathlib import Path

from issuer import IssuerTest
from tokensmith import AdminError, TokenService, UnauthorizedError

PLAIN = {"appClientId": "billing", "appSecret": "correct horse battery staple"}
OTHER = {"appClientId": "payroll", "appSecret": "another horse", "name": "Payroll, Berlin"}
# bcrypt of `U*U`, as in the tests of its authors.
LEGACY = {"appClientId": "legacy", "secretHash": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}


def lines(*apps):
    return "\n".join(map(json.dumps, apps))


class Imports(IssuerTest):
    async def ids(self):
        return sorted(app.id for app in await self.admin.list_apps())

    async def test_apps_have_tokens_by_the_secrets_that_they_had(self):
        self.assertEqual(await self.admin.import_json_lines(lines(PLAIN, OTHER)), 2)
        names = {app.id: app.name for app in await self.admin.list_apps()}
        self.assertEqual((names["billing"], names["payroll"]), ("billing", "Payroll, Berlin"))
        tokens = await self.service.issue("billing", PLAIN["appSecret"])
        self.assertEqual(self.admin.verify_access_token(tokens.access_token).app_client_id, "billing")
        kinds = [secret.kind for id in ("billing", self.app.id) for secret in await self.admin.list_secrets(id)]
        self.assertEqual(kinds, ["argon2id", "generated"])
        with self.assertRaises(UnauthorizedError):
            await self.service.issue("billing", OTHER["appSecret"])

    async def test_all_or_none(self):
        before = await self.ids()
        planted = "a-planted-secret"
        good = {"appClientId": "one-more", "appSecret": planted}
        for line, text in (
            (1, planted),
            (2, lines(good, {"appClientId": planted})),
            (2, lines(good, good)),
            (2, lines(good, {**PLAIN, "secretHash": planted})),
            (1, lines(LEGACY, good)),
        ):
            with self.assertRaisesRegex(AdminError, f"^line {line}: ") as caught:
                await self.admin.import_json_lines(text)
            self.assertEqual((caught.exception.code, caught.exception.__context__), ("ERR_ADMIN_INVALID", None))
            self.assertNotIn(planted, f"{caught.exception!r} {caught.exception}")
        with self.assertRaisesRegex(TypeError, "^`lines` must be a str$"):
            await self.admin.import_json_lines([PLAIN])
        self.assertEqual(await self.ids(), before)
        self.assertEqual(await self.admin.import_json_lines(""), 0)
        self.service.close()
        with self.assertRaisesRegex(RuntimeError, "closed"):
            await self.admin.import_json_lines(lines(PLAIN))


class WithoutALoop(unittest.TestCase):
    def test_a_hash_that_is_allowed(self):
        with tempfile.TemporaryDirectory() as folder:
            config = {
                "store": {"path": str(Path(folder, "store.db"))},
                "authenticator": {"verify_legacy_hashes": True},
            }
            with TokenService.create_sync(config) as service:
                self.assertEqual(service.admin.import_json_lines_sync(lines(LEGACY)), 1)
                (secret,) = service.admin.list_secrets_sync("legacy")
                self.assertEqual(secret.kind, "bcrypt")
                service.issue_sync("legacy", "U*U")
