"""What is secret is printed by nothing: no value of the package, no error, no event."""

import asyncio
import io
import logging
import pprint
import tempfile
import traceback
import unittest
from datetime import timedelta
from pathlib import Path

import tokensmith
from scripted import Script, ScriptedTest, request
from tokensmith import AuthRequest, CreatedApp, CreatedSecret, Limiter, TokenRequest, TokenService, TokenSet

PLANTED = "a-planted-secret"


def printed(value):
    """All that a host may print of it, also nested in its own, and a log."""
    log = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(log))
    logger.error("%s %r %s", value, value, [value], exc_info=value if isinstance(value, BaseException) else None)
    texts = [repr(value), str(value), f"{value} {value!r} {[value]} {({'a': value})}", pprint.pformat([value])]
    if isinstance(value, BaseException):
        whole = traceback.TracebackException.from_exception(value, capture_locals=True)
        texts += ["".join(whole.format()), repr(value.args), repr(vars(value))]
    return "\n".join([*texts, log.getvalue()])


class Redaction(ScriptedTest):
    def assert_hidden(self, value):
        self.assertNotIn(PLANTED, printed(value))

    async def error(self, call):
        """What it raises, without the frames of the test, which hold what was planted."""
        try:
            await call
        except Exception as error:
            error.__traceback__ = error.__traceback__.tb_next
            return error
        self.fail("nothing was raised")

    async def test_answers_and_tokens(self):
        self.script.answer = lambda _: TokenSet(
            access_token=PLANTED,
            expires_in=timedelta(hours=1),
            refresh_token=PLANTED,
            id_token=PLANTED,
        )
        answer, tokens = await self.script.handle(), await self.script.issue()
        self.assertEqual(f"{[answer, tokens]}", "[TokenResponse([REDACTED]), TokenSet([REDACTED])]")
        for value in (answer, tokens):
            self.assert_hidden(value)
        self.assertIn(PLANTED.encode(), answer.body)
        self.assertEqual(tokens.id_token, PLANTED)

    async def test_what_is_asked(self):
        asked = []
        self.script.answer = lambda given: asked.append(given)
        await self.script.handle()
        self.assertEqual(str(asked), "[AuthRequest([REDACTED])]")
        for value in (
            AuthRequest(app_client_id=PLANTED, app_secret=PLANTED),
            TokenRequest(body=PLANTED.encode(), content_type=PLANTED),
            CreatedApp(id="a", secret=PLANTED),
            CreatedSecret(id="a", secret=PLANTED),
        ):
            self.assert_hidden(value)

    async def test_a_new_app(self):
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            with await TokenService.create({"store": store}) as service:
                app = await service.admin.create_app("billing")
                for value in (app, service, service.admin, vars(service), vars(service.admin)):
                    self.assertNotIn(app.secret, printed(value))

    async def test_a_new_secret_and_a_refresh_token(self):
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            service = await TokenService.create({"store": store})
            app = await service.admin.create_app("billing")
            made = await service.admin.rotate_secret(app.id)
            self.assertNotIn(made.secret, printed(made))
            self.assertEqual(f"{made}", "CreatedSecret([REDACTED])")
            self.assert_hidden(await self.error(service.refresh(app.id, PLANTED, PLANTED)))
            service.close()
            for call in (
                service.refresh(app.id, PLANTED, PLANTED),
                service.admin.revoke_refresh_token(app.id, PLANTED),
                service.admin.revoke_token(app.id, PLANTED),
                service.admin.import_json_lines(PLANTED),
                service.admin.introspect(app.id, PLANTED),
            ):
                self.assert_hidden(await self.error(call))

    async def test_an_access_token_that_is_no_good(self):
        with tempfile.TemporaryDirectory() as folder:
            store = {"path": str(Path(folder, "store.db"))}
            service = await TokenService.create({"store": store})

            async def verify(token):
                service.admin.verify_access_token(token)

            for text in (PLANTED, f"{PLANTED}.{PLANTED}.{PLANTED}", [PLANTED], f"{PLANTED}\ud800"):
                error = await self.error(verify(text))
                self.assertNotIn(PLANTED, f"{error!r} {error.args} {error.__context__!r}")
            for closed in (False, True):
                error = await self.error(verify(PLANTED))
                # That of the test itself.
                while error.__traceback__.tb_frame.f_code.co_name != "verify_access_token":
                    error.__traceback__ = error.__traceback__.tb_next
                self.assert_hidden(error)
                service.close()

    async def test_errors_of_calls_and_their_frames(self):
        def talk(error):
            def answer(_):
                raise error

            return answer

        for answer in (
            talk(Exception(PLANTED)),
            talk(tokensmith.RejectedError(PLANTED)),
            talk(tokensmith.ThrottledError()),
            lambda _: TokenSet(access_token=f"{PLANTED} x", expires_in=timedelta(1), refresh_token="r"),
            lambda _: TokenSet(access_token=f"{PLANTED}\ud800", expires_in=timedelta(1)),
        ):
            self.script.answer = answer
            error = await self.error(self.service.issue("app", PLANTED, "192.0.2.1"))
            self.assertIsInstance(error, tokensmith.TokenError)
            self.assert_hidden(error)
        for event in self.script.events:
            self.assert_hidden(event)

    async def test_errors_of_calls_without_a_loop_and_their_frames(self):
        async def issue():
            await asyncio.to_thread(self.service.issue_sync, "app", PLANTED)

        self.script.answer = lambda _: None
        error = await self.error(issue())
        while error.__traceback__.tb_frame.f_code.co_name != "issue_sync":
            error.__traceback__ = error.__traceback__.tb_next
        self.assert_hidden(error)

    async def test_the_error_of_a_closed_service(self):
        self.service.close()
        self.assert_hidden(await self.error(self.service.issue("app", PLANTED)))

    async def test_arguments_of_the_wrong_kind(self):
        long, lone = PLANTED * 9, f"{PLANTED}\ud800"
        handle, issue, refresh = self.service.handle, self.service.issue, self.service.refresh
        calls = [
            handle(PLANTED),
            *(handle(request(body=body)) for body in (PLANTED, [PLANTED], None)),
            *(handle(request(content_type=text)) for text in ([PLANTED], PLANTED.encode(), lone)),
            *(handle(request(source=text)) for text in ([PLANTED], lone, long, "")),
            *(handle(request(request_id=text)) for text in ({PLANTED: 1}, lone)),
            *(issue(text, "secret") for text in (None, [PLANTED], PLANTED.encode(), lone)),
            *(issue("app", text) for text in (None, [PLANTED], lone, PLANTED.encode() + b"\xff")),
            *(issue("app", "secret", text) for text in ([PLANTED], lone, long, "")),
            *(refresh("app", "secret", text) for text in (None, [PLANTED], PLANTED.encode(), lone)),
            *(TokenService.create(text) for text in (PLANTED, None, {"a": {PLANTED}}, {"a": float("nan")})),
            TokenService.create({PLANTED: object()}),
            TokenService.create({}, authenticator=PLANTED),
            TokenService.create({}, observer=PLANTED),
            TokenService.create({}, on_authenticator_error=PLANTED),
        ]
        for call in calls:
            error = await self.error(call)
            self.assertIsInstance(error, (TypeError, ValueError))
            self.assertRegex(str(error), "^`[a-z_]+` must be ")
            self.assertNotIn(PLANTED, f"{error!r} {error.args} {error.__context__!r} {error.__cause__!r}")
        self.assertEqual(self.script.asked, 0)

    async def test_settings_of_the_wrong_kind(self):
        for wrong in (
            {"deadline_ms": PLANTED},
            {"limits": {"source": PLANTED}},
            {"store": {"path": 7, "kind": PLANTED}},
            {"authenticator": {"kind": PLANTED}},
            {"response": {"scheme": f"{PLANTED} \n"}},
            {"response": {"scheme": f"{PLANTED}\ud800"}},
        ):
            error = await self.error(TokenService.create(wrong))
            self.assertIsInstance(error, tokensmith.ConfigError)
            self.assertNotIn(PLANTED, f"{error!r} {error} {error.args} {error.__context__!r}")

    async def test_arguments_of_a_limiter(self):
        limiter = Limiter(60, 10)
        for call in (
            lambda: Limiter(PLANTED, 1),
            lambda: Limiter(1, [PLANTED]),
            lambda: Limiter(1, 1, slots=PLANTED),
            lambda: limiter.try_acquire([PLANTED]),
            lambda: limiter.try_acquire(f"{PLANTED}\ud800"),
            lambda: limiter.try_acquire("key", PLANTED),
            lambda: tokensmith.ThrottledError(PLANTED),
        ):
            with self.assertRaises((TypeError, ValueError)) as caught:
                call()
            self.assertNotIn(PLANTED, f"{caught.exception!r} {caught.exception.__context__!r}")

    async def test_a_task_that_is_printed(self):
        self.script.answer = lambda _: asyncio.Event().wait()
        task = asyncio.ensure_future(self.service.issue("app", PLANTED))
        await asyncio.sleep(0.01)
        self.assertNotIn(PLANTED, repr(asyncio.all_tasks()))
        task.cancel()


class Nothing(unittest.IsolatedAsyncioTestCase):
    async def test_the_script_of_the_tests_plants(self):
        """The search finds what is not hidden: else it would find nothing anywhere."""
        script = await Script.begin()
        script.answer = lambda _: (_ for _ in ()).throw(ValueError(PLANTED))
        await script.handle()
        self.assertIn(PLANTED, printed(script.heard[0]))
        script.service.close()
