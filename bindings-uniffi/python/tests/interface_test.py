"""What a host calls, and what it is given."""

import asyncio
import copy
import gc
import inspect
import json
import pickle
import tempfile
import unittest
import warnings
from datetime import timedelta
from importlib.metadata import files, metadata, requires
from pathlib import Path

import tokensmith
from scripted import BODY, TOKENS, Script, ScriptedTest, config, request
from tokensmith import (
    ConfigError,
    DownstreamError,
    RateLimitedError,
    RejectedError,
    ThrottledError,
    TokenError,
    TokenService,
    UnauthorizedError,
)


class Package(unittest.TestCase):
    def test_it_is_installed_typed_and_without_dependencies(self):
        folder = Path(tokensmith.__file__).parent
        self.assertIn("site-packages", folder.parts)
        self.assertTrue((folder / "py.typed").is_file())
        self.assertIsNone(requires("tokensmith"))
        self.assertEqual(metadata("tokensmith")["License-Expression"], "MIT OR Apache-2.0")

    def test_it_carries_its_licences(self):
        held = {path.name: path.read_text() for path in files("tokensmith") if "licenses" in path.parts}
        self.assertEqual([*held], ["LICENSE-APACHE", "LICENSE-MIT"])
        # The whole texts, and no word of where they are.
        self.assertIn("Apache License", held["LICENSE-APACHE"])
        self.assertIn("Permission is hereby granted", held["LICENSE-MIT"])

    def test_it_exports_nothing_of_the_build_for_tests(self):
        from tokensmith._bridge import _bridge

        for name in ("ManualHost", "panic_at_once", "create_panicking_service"):
            self.assertFalse(hasattr(_bridge, name), name)

    def test_each_public_name_has_a_text_and_is_of_the_package(self):
        for name in tokensmith.__all__:
            self.assertEqual(getattr(tokensmith, name).__module__, "tokensmith", name)
            self.assertTrue(inspect.getdoc(getattr(tokensmith, name)), name)

    def test_each_async_call_has_one_without_a_loop(self):
        for cls in (TokenService, tokensmith.Admin):
            for name, method in inspect.getmembers(cls, inspect.iscoroutinefunction):
                if name.startswith("_"):
                    continue
                twin = getattr(cls, f"{name}_sync")
                self.assertEqual(
                    [*inspect.signature(method).parameters],
                    [*inspect.signature(twin).parameters],
                    name,
                )


class Calls(ScriptedTest):
    async def test_handle_gives_the_whole_answer(self):
        answer = await self.service.handle(request())
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            answer.headers,
            {
                "content-type": "application/json",
                "cache-control": "no-store",
                "pragma": "no-cache",
                "x-content-type-options": "nosniff",
            },
        )
        self.assertEqual(
            answer.body,
            b'{"AccessToken":"an-access-token","ExpiresIn":3600,"TokenType":"Bearer",'
            b'"RefreshToken":"a-refresh-token"}',
        )

    async def test_handle_takes_a_bytearray_and_leaves_it_alone(self):
        body = bytearray(BODY)
        self.assertEqual((await self.service.handle(request(body=body))).status, 200)
        self.assertEqual(body, BODY)

    async def test_issue_gives_the_tokens(self):
        self.script.answer = lambda _: tokensmith.TokenSet(
            access_token="a",
            expires_in=timedelta(seconds=90.9),
            token_type="bearer",
            refresh_token="r",
            id_token="i",
        )
        tokens = await self.script.issue()
        self.assertEqual(
            (tokens.access_token, tokens.token_type, tokens.refresh_token, tokens.id_token),
            ("a", "Bearer", "r", "i"),
        )
        self.assertEqual(tokens.expires_in // timedelta(seconds=1), 90)

    async def test_the_authenticator_is_asked_for_what_came(self):
        asked = []
        self.script.answer = lambda request: asked.append(request) or TOKENS
        await self.script.handle(request_id="r-1")
        (one,) = asked
        self.assertEqual(
            (one.app_client_id, one.app_secret, one.source, one.request_id),
            ("appcl-1234", "a-secret", "192.0.2.1", "r-1"),
        )
        self.assertTrue(timedelta(seconds=4) < one.budget <= timedelta(seconds=5), one.budget)

    async def test_a_secret_may_be_bytes_and_a_bytearray_is_wiped(self):
        asked = []
        self.script.answer = lambda request: asked.append(request.app_secret) or TOKENS
        wiped = bytearray(b"a-secret \xc3\xa9")
        await self.script.issue(app_secret=b"a-secret \xc3\xa9")
        await self.script.issue(app_secret=wiped)
        self.assertEqual(asked, ["a-secret \u00e9"] * 2)
        self.assertEqual(wiped, bytes(11))

    async def test_a_bytearray_is_wiped_however_the_call_ends(self):
        self.script.answer = lambda _: (_ for _ in ()).throw(RejectedError())
        rejected, wrong, closed = (bytearray(b"a-secret") for _ in range(3))
        with self.assertRaises(UnauthorizedError):
            await self.script.issue(app_secret=rejected)
        with self.assertRaises(TypeError):
            await self.script.issue(app_secret=wrong, source=7)
        self.service.close()
        with self.assertRaises(RuntimeError):
            await self.script.issue(app_secret=closed)
        self.assertEqual([rejected, wrong, closed], [bytes(8)] * 3)

    async def test_events_tell_what_became_of_each_call(self):
        await self.script.handle(request_id="r-1")
        await self.script.handle(request_id="r-2", body=b"{}")
        issued, invalid = self.script.events
        self.assertEqual(
            (issued.name, issued.terminal, issued.request_id, issued.source, issued.app_client_id),
            ("issued", True, "r-1", "192.0.2.1", "appcl-1234"),
        )
        self.assertEqual(issued.expires_in, timedelta(hours=1))
        self.assertEqual((invalid.name, invalid.request_id), ("invalid", "r-2"))
        self.assertTrue(invalid.reason)

    async def test_what_is_of_this_process_can_be_neither_copied_nor_pickled(self):
        with tempfile.TemporaryDirectory() as folder:
            with await TokenService.create({"store": {"path": Path(folder, "store.db")}}) as service:
                for held in (service, service.admin, tokensmith.Limiter(60, 10)):
                    for way in (copy.copy, copy.deepcopy, pickle.dumps):
                        with self.assertRaisesRegex(TypeError, "neither copied nor pickled"):
                            way(held)

    async def test_a_loop_of_another_kind_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            with await TokenService.create({"store": {"path": Path(folder, "store.db")}}) as service:
                calls = [
                    self.service.handle(request()),
                    self.service.issue("app", "secret"),
                    TokenService.create(config(), authenticator=self.script),
                    service.admin.list_apps(),
                ]

                def drive():
                    for call in calls:
                        with self.assertRaisesRegex(RuntimeError, "event loop of asyncio"):
                            call.send(None)

                await asyncio.to_thread(drive)
        self.assertEqual((self.script.asked, self.script.events), (0, []))

    async def test_a_call_without_a_loop_is_refused_within_one(self):
        for call in (
            lambda: self.service.issue_sync("a", "b"),
            lambda: self.service.handle_sync(request()),
            lambda: TokenService.create_sync(config(), authenticator=self.script),
        ):
            # Nor does Python complain of a coroutine that nobody awaits.
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                with self.assertRaisesRegex(RuntimeError, "running event loop"):
                    call()
                gc.collect()
            self.assertEqual(warned, [])
        self.assertEqual(self.script.asked, 0)


class Errors(ScriptedTest):
    async def error(self, answer):
        self.script.answer = answer
        with self.assertRaises(TokenError) as caught:
            await self.script.issue()
        self.assertIsNone(caught.exception.__context__)
        return caught.exception

    async def test_each_refusal_has_its_class_code_and_status(self):
        def raises(error):
            def answer(_):
                raise error

            return answer

        rejected = await self.error(raises(RejectedError()))
        self.assertIs(type(rejected), UnauthorizedError)
        self.assertEqual((rejected.code, rejected.status), ("ERR_TOKEN_UNAUTHORIZED", 401))
        throttled = await self.error(raises(ThrottledError(timedelta(seconds=1.2))))
        self.assertIs(type(throttled), RateLimitedError)
        self.assertEqual((throttled.code, throttled.status), ("ERR_TOKEN_RATE_LIMITED", 429))
        self.assertEqual(throttled.retry_after, timedelta(seconds=2))
        failed = await self.error(raises(KeyError("a")))
        self.assertIs(type(failed), DownstreamError)
        self.assertEqual((failed.code, failed.status), ("ERR_TOKEN_DOWNSTREAM", 502))
        self.assertEqual((failed.retry_after, str(failed)), (None, "the authentication service failed"))

    async def test_an_empty_bucket_is_told_with_the_wait(self):
        limits = {"source": {"per_minute": 1, "burst": 1}}
        script = await Script.begin(limits=limits)
        await script.issue()
        with self.assertRaises(RateLimitedError) as caught:
            await script.issue()
        self.assertEqual(caught.exception.retry_after, timedelta(minutes=1))
        answer = await script.handle()
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "60"))
        script.service.close()

    async def test_a_configuration_that_is_wrong_names_its_key(self):
        for wrong, key in (
            ({"deadline": 5}, "deadline"),
            ({"limits": {"source": {"per_minute": 0, "burst": 1}}}, "limits.source.per_minute"),
            ({"authenticator": {"kind": "issuer"}}, None),
            ({"store": {"path": "x.db"}}, None),
        ):
            with self.assertRaises(ConfigError) as caught:
                await TokenService.create(config(**wrong), authenticator=self.script)
            self.assertEqual((caught.exception.code, caught.exception.status), ("ERR_TOKEN_CONFIG", None))
            if key is not None:
                self.assertEqual(caught.exception.key, key)
        with self.assertRaises(ConfigError):
            await TokenService.create(config())

    def test_errors_survive_a_pickle(self):
        for error in (
            RateLimitedError("a", timedelta(seconds=3)),
            ConfigError("b", "key"),
            tokensmith.AdminError("ERR_ADMIN_STORE", "c"),
            ThrottledError(timedelta(seconds=4)),
        ):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), str(again)), (type(error), str(error)))
            self.assertEqual(vars(again), vars(error))


class Administration(unittest.IsolatedAsyncioTestCase):
    async def test_apps_are_made_listed_disabled_and_enabled(self):
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            with await TokenService.create({"store": store}) as service:
                app = await service.admin.create_app("billing")
                tokens = await service.issue(app.id, app.secret, "192.0.2.1")
                self.assertEqual(tokens.access_token.count("."), 2)
                (listed,) = await service.admin.list_apps()
                self.assertEqual((listed.id, listed.name, listed.enabled), (app.id, "billing", True))
                self.assertIsNotNone(listed.created.tzinfo)
                await service.admin.disable_app(app.id)
                with self.assertRaises(UnauthorizedError):
                    await service.issue(app.id, app.secret, "192.0.2.2")
                await service.admin.enable_app(app.id)
                await service.issue(app.id, app.secret, "192.0.2.3")
                self.assertEqual(len(json.loads(service.admin.jwks())["keys"]), 1)
                for call, code in (
                    (service.admin.create_app(""), "ERR_ADMIN_INVALID"),
                    (service.admin.enable_app("appcl-nobody"), "ERR_ADMIN_NOT_FOUND"),
                ):
                    with self.assertRaises(tokensmith.AdminError) as caught:
                        await call
                    self.assertEqual(caught.exception.code, code)
            for call in (service.admin.list_apps(), service.admin.create_app("x")):
                with self.assertRaisesRegex(RuntimeError, "closed"):
                    await call
            with self.assertRaisesRegex(RuntimeError, "closed"):
                service.admin.jwks()

    async def test_a_host_that_judges_itself_has_no_administration(self):
        script = await Script.begin()
        self.assertIsNone(script.service.admin)
        script.service.close()


class WithoutALoop(unittest.TestCase):
    def test_everything_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            with TokenService.create_sync({"store": store}) as service:
                app = service.admin.create_app_sync("billing")
                self.assertEqual(service.issue_sync(app.id, app.secret).token_type, "Bearer")
                self.assertEqual(service.handle_sync(request(body=b"")).status, 422)
                service.admin.disable_app_sync(app.id)
                service.admin.enable_app_sync(app.id)
                self.assertEqual([one.id for one in service.admin.list_apps_sync()], [app.id])
