"""Refresh tokens: redeemed, revoked, and where nothing redeems them. The issuer is the embedded one."""

import asyncio
import json

from asgi_test import Exchange, Handed
from issuer import IssuerTest
from scripted import SOURCE, ScriptedTest, request, until
from tokensmith import AdminError, ConfigError, UnauthorizedError, asgi_app


class Refresh(IssuerTest):
    async def assert_refused(self, token):
        with self.assertRaises(UnauthorizedError):
            await self.refresh(token)

    async def test_a_token_gives_its_successor_and_is_good_no_more(self):
        self.assertTrue(self.service.can_refresh)
        first = (await self.issue()).refresh_token
        tokens = await self.refresh(first)
        self.assertEqual(tokens.access_token.count("."), 2)
        self.assertNotEqual(tokens.refresh_token, first)
        second = (await self.refresh(tokens.refresh_token)).refresh_token
        await self.assert_refused(first)
        # That it came again says that somebody has it who should not: all of the family are refused.
        await self.assert_refused(second)

    async def test_an_answer_that_was_lost_is_given_again(self):
        token = (await self.issue()).refresh_token
        successors = [(await self.refresh(token)).refresh_token for _ in range(2)]
        self.assertEqual(*successors)

    async def test_a_secret_may_be_bytes_and_a_bytearray_is_wiped_however_it_ends(self):
        right, rejected, wrong = (bytearray(self.app.secret.encode()) for _ in range(3))
        token = (await self.issue()).refresh_token
        token = (await self.refresh(token, bytes(right))).refresh_token
        await self.refresh(token, right)
        with self.assertRaises(UnauthorizedError):
            await self.refresh("no-token", rejected)
        with self.assertRaises(TypeError):
            await self.refresh(7, wrong)
        self.assertEqual([right, rejected, wrong], [bytes(len(self.app.secret))] * 3)

    async def test_what_is_no_token_of_the_apps_is_refused(self):
        token = (await self.issue()).refresh_token
        for wrong in ("", "no-token", "x" * 16_385, "x" * 10_000_000, f"{token}\n"):
            await self.assert_refused(wrong)
        with self.assertRaises(UnauthorizedError):
            await self.refresh(token, "another-secret")
        other = await self.admin.create_app("shipping")
        with self.assertRaises(UnauthorizedError):
            await self.service.refresh(other.id, other.secret, token, SOURCE)
        self.assertTrue((await self.refresh(token)).access_token)

    async def test_arguments_of_the_wrong_kind_ask_nobody(self):
        for wrong in ({"refresh_token": None}, {"refresh_token": b"t"}, {"app_secret": 7}, {"source": ""}):
            arguments = {"app_client_id": "a", "app_secret": "s", "refresh_token": "t", **wrong}
            (name,) = wrong
            with self.assertRaisesRegex((TypeError, ValueError), f"^`{name}` must be "):
                await self.service.refresh(**arguments)
        for call in (self.service.refresh("a", "s", "\ud800"), self.admin.revoke_refresh_token("a", "\ud800")):
            with self.assertRaisesRegex(ValueError, "Unicode"):
                await call
        self.assertEqual(self.events, [])

    async def test_what_has_begun_ends_though_its_task_is_cancelled(self):
        token = (await self.issue()).refresh_token
        for call in (lambda: self.refresh(token), lambda: self.service.handle_refresh(self.request(token))):
            self.events.clear()
            running = asyncio.ensure_future(call())
            await asyncio.sleep(0)
            running.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await running
            await until(self.terminal)
            self.assertEqual(self.terminal(), ["issued"])

    async def test_handle_refresh_gives_the_whole_answer(self):
        token = (await self.issue()).refresh_token
        answer = await self.service.handle_refresh(self.request(token))
        self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "no-store"))
        successor = json.loads(answer.body)["RefreshToken"]
        self.assertNotEqual(successor, token)
        await self.refresh(successor)
        self.assertEqual((await self.service.handle_refresh(self.request(token))).status, 401)
        for body in (b"", b"{}", request().body):
            self.assertEqual((await self.service.handle_refresh(request(body=body))).status, 422, body)
        with self.assertRaisesRegex(ValueError, "^`source` must be "):
            await self.service.handle_refresh(request(source=""))

    async def test_a_body_is_taken_to_its_own_limit(self):
        token = (await self.issue()).refresh_token
        fits = self.request(token).body.ljust(24_576)
        answer = await self.service.handle_refresh(request(body=fits))
        self.assertEqual(answer.status, 200)
        successor = json.loads(answer.body)["RefreshToken"]
        long = self.request(successor).body.ljust(24_577)
        self.assertEqual((await self.service.handle_refresh(request(body=long))).status, 422)
        self.assertTrue((await self.refresh(successor)).access_token)

    async def test_a_closed_service_has_an_answer_and_no_tokens(self):
        self.service.close()
        with self.assertRaisesRegex(RuntimeError, "closed"):
            await self.refresh("a")
        self.assertEqual((await self.service.handle_refresh(self.request("a"))).status, 502)
        with self.assertRaisesRegex(RuntimeError, "closed"):
            await self.admin.revoke_refresh_token(self.app.id, "a")

    async def test_tokens_are_revoked_one_by_one_of_an_app_and_all(self):
        one, other = [(await self.issue()).refresh_token for _ in range(2)]
        await self.admin.revoke_refresh_token(self.app.id, one)
        await self.assert_refused(one)
        # What is none of the app's is revoked already.
        await self.admin.revoke_refresh_token(self.app.id, "no-token")
        for call in (
            self.admin.revoke_refresh_token("appcl-nobody", other),
            self.admin.revoke_refresh_tokens_of("appcl-nobody"),
        ):
            with self.assertRaises(AdminError) as caught:
                await call
            self.assertEqual(caught.exception.code, "ERR_ADMIN_NOT_FOUND")
        other = (await self.refresh(other)).refresh_token
        await self.admin.revoke_refresh_tokens_of(self.app.id)
        await self.assert_refused(other)

    async def test_all_tokens_are_revoked(self):
        token = (await self.issue()).refresh_token
        await self.admin.revoke_all_refresh_tokens()
        await self.assert_refused(token)

    async def test_the_clock_of_the_ledger_is_reset(self):
        token = (await self.issue()).refresh_token
        await self.admin.reset_refresh_clock()
        await self.assert_refused(token)

    async def test_what_is_not_past_its_time_is_not_forgotten(self):
        await self.refresh((await self.issue()).refresh_token)
        self.assertEqual(await self.admin.purge_refresh_tokens(), 0)


class Route(IssuerTest):
    async def test_there_is_none_unless_it_is_asked_for(self):
        token = (await self.issue()).refresh_token
        body = self.request(token).body
        asked = lambda app: Exchange(body, path="/token/refresh").by(app)  # noqa: E731
        self.assertEqual((await asked(asgi_app(self.service))).status, 404)
        app = asgi_app(self.service, refresh_path="/token/refresh")
        self.assertEqual((await asked(app)).status, 200)
        self.assertEqual((await Exchange(method="GET", path="/token/refresh").by(app)).status, 405)
        issue = request().body
        self.assertEqual((await Exchange(issue).by(app)).status, 401)
        self.assertEqual((await Exchange(issue, path="/token/refresh").by(app)).status, 422)

    async def test_it_takes_more_of_a_body_and_the_other_does_not(self):
        for path, length, taken in (("/token/refresh", 24_577, 25), ("/token", 8_193, 9)):
            endless = Exchange(*(b"x" * 1_000 for _ in range(1_000)), path=path)
            handed = HandedBoth(self.service, endless)
            app = asgi_app(handed, refresh_path="/token/refresh")
            self.assertEqual((await endless.by(app)).status, 422)
            self.assertEqual((handed.length, handed.taken), (length, taken))
        token = (await self.issue()).refresh_token
        fits = self.request(token).body.ljust(24_576)
        app = asgi_app(self.service, refresh_path="/token/refresh")
        self.assertEqual((await Exchange(fits, path="/token/refresh").by(app)).status, 200)

    async def test_paths_that_are_none(self):
        for wrong in (7, "token", "/token", b"/refresh"):
            with self.assertRaisesRegex((TypeError, ValueError), "^`refresh_path` must "):
                asgi_app(self.service, refresh_path=wrong)


class HandedBoth(Handed):
    can_refresh = True

    async def handle_refresh(self, request):
        self.length, self.taken = len(request.body), self._exchange.taken
        return await self._service.handle_refresh(request)


class NoRefresher(ScriptedTest):
    async def test_a_host_that_judges_itself_redeems_nothing(self):
        self.assertFalse(self.service.can_refresh)
        calls = (
            self.service.refresh("app", "secret", "token"),
            self.service.handle_refresh(request()),
        )
        for call in calls:
            with self.assertRaises(ConfigError) as caught:
                await call
            self.assertEqual((caught.exception.code, caught.exception.key), ("ERR_TOKEN_CONFIG", None))
        with self.assertRaisesRegex(ConfigError, "^`refresh_path`"):
            asgi_app(self.service, refresh_path="/token/refresh")
        self.assertEqual((self.script.asked, self.script.events), (0, []))
        self.service.close()
        self.assertEqual((await self.service.handle_refresh(request())).status, 502)
