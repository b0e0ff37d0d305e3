"""Secrets of apps: made, listed, rotated, revoked, and gone with their app."""

import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from issuer import IssuerTest
from scripted import request
from tokensmith import AdminError, TokenService, UnauthorizedError


class Secrets(IssuerTest):
    async def code(self, call):
        with self.assertRaises(AdminError) as caught:
            await call
        self.assertIsNone(caught.exception.__context__)
        return caught.exception.code

    async def test_a_secret_is_rotated_and_both_are_good(self):
        made = await self.admin.rotate_secret(self.app.id)
        self.assertNotEqual(made.secret, self.app.secret)
        for secret in (self.app.secret, made.secret):
            await self.issue(secret)
        # Those of one second are in no order.
        secrets = await self.admin.list_secrets(self.app.id)
        former, latter = sorted(secrets, key=lambda secret: secret.id == made.id)
        self.assertEqual((latter.id, latter.expires, latter.revoked), (made.id, None, False))
        left = former.expires - datetime.now(timezone.utc)
        self.assertTrue(timedelta(hours=23) < left <= timedelta(days=1), left)
        self.assertLessEqual(former.created, latter.created)
        for hour in (former.last_used, latter.last_used):
            self.assertEqual((hour.minute, hour.second, hour.tzinfo), (0, 0, timezone.utc))
        (rotated,) = [event for event in self.events if event.name == "secret_rotated"]
        self.assertEqual((rotated.app_client_id, rotated.terminal, rotated.secret_id), (self.app.id, False, None))

    async def test_a_third_secret_is_refused(self):
        await self.admin.rotate_secret(self.app.id)
        self.assertEqual(await self.code(self.admin.rotate_secret(self.app.id)), "ERR_ADMIN_LIMIT")
        self.assertEqual(len(await self.admin.list_secrets(self.app.id)), 2)

    async def test_without_an_overlap_the_former_is_good_no_more(self):
        await self.admin.rotate_secret(self.app.id)
        made = await self.admin.rotate_secret(self.app.id, overlap=timedelta(0))
        with self.assertRaises(UnauthorizedError):
            await self.issue()
        await self.issue(made.secret)
        self.assertEqual([secret.id for secret in await self.admin.list_secrets(self.app.id)], [made.id])

    async def test_an_overlap_has_its_bounds(self):
        for wrong, error in ((timedelta(seconds=-1), ValueError), (86_400, TypeError), (None, TypeError)):
            with self.assertRaisesRegex(error, "^`overlap` must "):
                await self.admin.rotate_secret(self.app.id, overlap=wrong)
        for wrong in (timedelta(seconds=0.5), timedelta(days=90, seconds=1), timedelta.max):
            call = self.admin.rotate_secret(self.app.id, overlap=wrong)
            self.assertEqual(await self.code(call), "ERR_ADMIN_INVALID", wrong)
        self.assertEqual(len(await self.admin.list_secrets(self.app.id)), 1)
        await self.admin.rotate_secret(self.app.id, overlap=timedelta(days=90))

    async def test_a_secret_is_revoked_for_good(self):
        (secret,) = await self.admin.list_secrets(self.app.id)
        self.assertEqual((secret.revoked, secret.expires, secret.last_used), (False, None, None))
        for _ in range(2):
            await self.admin.revoke_secret(secret.id)
        (secret,) = await self.admin.list_secrets(self.app.id)
        self.assertEqual((secret.revoked, secret.expires), (True, None))
        with self.assertRaises(UnauthorizedError):
            await self.issue()

    async def test_an_app_is_deleted(self):
        await self.admin.delete_app(self.app.id)
        self.assertEqual(await self.admin.list_apps(), [])
        with self.assertRaises(UnauthorizedError):
            await self.issue()

    async def test_what_is_not_there(self):
        for id in ("appcl-nobody", "", "\n", "x" * 10_000):
            for call in (
                self.admin.delete_app(id),
                self.admin.rotate_secret(id),
                self.admin.list_secrets(id),
                self.admin.revoke_secret(id),
            ):
                self.assertEqual(await self.code(call), "ERR_ADMIN_NOT_FOUND", id)
        for call in (
            self.admin.revoke_refresh_token("\n", "token"),
            self.admin.revoke_refresh_tokens_of("\n"),
        ):
            self.assertEqual(await self.code(call), "ERR_ADMIN_NOT_FOUND")
        for call in (
            self.admin.delete_app(7),
            self.admin.rotate_secret(None),
            self.admin.list_secrets(b"id"),
            self.admin.revoke_secret("\ud800"),
            self.admin.revoke_refresh_tokens_of(7),
            self.admin.revoke_refresh_token(7, "token"),
        ):
            with self.assertRaisesRegex((TypeError, ValueError), "^`(id|app_id|secret_id)` must be "):
                await call

    async def test_a_closed_service_has_none(self):
        self.service.close()
        for call in (
            self.admin.delete_app(self.app.id),
            self.admin.rotate_secret(self.app.id),
            self.admin.list_secrets(self.app.id),
            self.admin.revoke_secret("id"),
            self.admin.revoke_refresh_tokens_of(self.app.id),
            self.admin.revoke_all_refresh_tokens(),
            self.admin.purge_refresh_tokens(),
            self.admin.reset_refresh_clock(),
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
                made = admin.rotate_secret_sync(app.id, overlap=timedelta(hours=1))
                former = {secret.id for secret in admin.list_secrets_sync(app.id)} - {made.id}
                admin.revoke_secret_sync(*former)
                token = service.issue_sync(app.id, made.secret).refresh_token
                token = service.refresh_sync(app.id, made.secret, token).refresh_token
                self.assertEqual(service.handle_refresh_sync(request(body=b"")).status, 422)
                admin.revoke_refresh_token_sync(app.id, token)
                admin.revoke_refresh_tokens_of_sync(app.id)
                admin.revoke_all_refresh_tokens_sync()
                self.assertEqual(admin.purge_refresh_tokens_sync(), 0)
                admin.reset_refresh_clock_sync()
                with self.assertRaises(UnauthorizedError):
                    service.refresh_sync(app.id, made.secret, token)
                admin.delete_app_sync(app.id)
                self.assertEqual(admin.list_apps_sync(), [])
