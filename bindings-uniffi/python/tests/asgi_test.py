"""The ASGI application, by the messages of ASGI; a real server is in the example."""

import asyncio
from unittest import mock

from scripted import BODY, TOKENS, ScriptedTest, until
from tokensmith import asgi_app

JSON = [(b"content-type", b"application/json")]


class Exchange:
    """A request, and what was sent for it. After the last message of it the client stays."""

    def __init__(self, *parts, **scope):
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/token",
            "headers": JSON,
            "client": ("192.0.2.7", 4711),
            **scope,
        }
        self.taken = 0
        self.left = asyncio.Event()
        self._parts = list(parts or (BODY,))
        self.sent = []

    async def receive(self):
        self.taken += 1
        if self._parts:
            part = self._parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self._parts)}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    async def by(self, app):
        await app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self):
        return self.sent[1]["body"]


class Asgi(ScriptedTest):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.app = asgi_app(self.service)

    async def test_it_gives_the_answer_of_the_service(self):
        exchange = await Exchange().by(self.app)
        expected = await self.script.handle()
        self.assertEqual((exchange.status, exchange.body), (200, expected.body))
        length = str(len(expected.body))
        self.assertEqual(exchange.headers, {**expected.headers, "content-length": length})
        self.assertEqual([message["type"] for message in exchange.sent], ["http.response.start", "http.response.body"])
        self.assertTrue(all(name == name.lower() for name in exchange.headers))
        await asyncio.sleep(0)
        self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    async def test_the_source_is_the_client_or_what_the_host_says(self):
        await Exchange().by(self.app)
        await Exchange(client=None).by(self.app)
        await Exchange(client=["2001:db8::1", 1]).by(self.app)
        told = asgi_app(self.service, source=lambda scope: "tenant-7", request_id=lambda scope: "r-1")
        await Exchange().by(told)
        events = [event for event in self.script.events if event.terminal]
        self.assertEqual(
            [event.source for event in events],
            ["192.0.2.7", None, "2001:db8::1", "tenant-7"],
        )
        self.assertEqual(events[-1].request_id, "r-1")

    async def test_a_body_comes_in_parts(self):
        self.assertEqual((await Exchange(*(bytes([byte]) for byte in BODY)).by(self.app)).status, 200)
        self.assertEqual((await Exchange(b"", BODY, b"").by(self.app)).status, 200)
        self.assertEqual((await Exchange(b"").by(self.app)).status, 422)

    async def test_the_content_type_is_handed_over(self):
        for headers, status in (
            ([], 422),
            ([(b"content-type", b"text/plain")], 422),
            ([(b"Content-Type", b"application/json; charset=UTF-8")], 200),
            ([(b"content-type", b"application/json\xff")], 422),
            (JSON * 2, 422),
        ):
            self.assertEqual((await Exchange(headers=headers).by(self.app)).status, status, headers)

    async def test_a_body_is_taken_to_its_limit_and_no_further(self):
        fits = BODY + b" " * (8_192 - len(BODY))
        self.assertEqual((await Exchange(fits).by(self.app)).status, 200)
        self.assertEqual((await Exchange(fits + b" ").by(self.app)).status, 422)
        endless = Exchange(*(b"x" * 1_000 for _ in range(1_000)))
        handed = Handed(self.service, endless)
        self.assertEqual((await endless.by(asgi_app(handed))).status, 422)
        self.assertEqual((handed.length, handed.taken), (8_193, 9))

    async def test_other_paths_and_methods(self):
        for path in ("/", "/tokens", "/token/", "/TOKEN", ""):
            self.assertEqual((await Exchange(path=path).by(self.app)).status, 404, path)
        for method in ("GET", "PUT", "HEAD", "OPTIONS", "post"):
            refused = await Exchange(method=method).by(self.app)
            self.assertEqual((refused.status, refused.headers["allow"]), (405, "POST"))
            self.assertEqual(refused.headers["cache-control"], "no-store")
        self.assertEqual((self.script.asked, self.script.events), (0, []))

    async def test_a_socket_without_an_address_is_no_source(self):
        await Exchange(client=("", 0)).by(self.app)
        self.assertIsNone(self.script.events[-1].source)

    async def test_it_may_be_mounted_and_have_another_path(self):
        for path, root in (
            ("/token", ""),
            ("/auth/token", "/auth"),
            ("/auth/token", "/auth/"),
            ("/token", "/auth"),
            ("/token", "/to"),
            ("/token", "/"),
        ):
            mounted = Exchange(path=path, root_path=root)
            self.assertEqual((await mounted.by(self.app)).status, 200, (path, root))
        app = asgi_app(self.service, path="/oauth")
        self.assertEqual((await Exchange(path="/oauth").by(app)).status, 200)
        self.assertEqual((await Exchange().by(app)).status, 404)

    async def test_a_client_that_goes_cancels_the_call(self):
        self.script.answer = lambda _: asyncio.Event().wait()
        exchange = Exchange()
        running = asyncio.ensure_future(exchange.by(self.app))
        await until(lambda: self.script.asked == 1)
        exchange.left.set()
        await asyncio.wait_for(running, 10)
        await until(lambda: self.script.cancelled == 1)
        self.assertEqual((exchange.sent, self.script.terminal()), ([], ["cancelled"]))

    async def test_a_server_that_has_no_more_to_say_gets_its_answer(self):
        self.script.answer = lambda _: asyncio.sleep(0.01, TOKENS)
        exchange = Exchange()
        said = [await exchange.receive(), RuntimeError("nothing more")]
        exchange.receive = mock.AsyncMock(side_effect=said)
        self.assertEqual((await exchange.by(self.app)).status, 200)
        self.assertEqual(exchange.receive.await_count, 2)

    async def test_a_client_that_goes_within_its_body_asks_nobody(self):
        async def receive():
            return {"type": "http.disconnect"}

        exchange = Exchange()
        exchange.receive = receive
        await exchange.by(self.app)
        self.assertEqual((exchange.sent, self.script.asked, self.script.events), ([], 0, []))

    async def test_a_server_that_ends_the_request_cancels_the_call(self):
        self.script.answer = lambda _: asyncio.Event().wait()
        running = asyncio.ensure_future(Exchange().by(self.app))
        await until(lambda: self.script.asked == 1)
        running.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await running
        await until(lambda: self.script.cancelled == 1)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if left:
            await asyncio.wait(left, timeout=10)
        self.assertEqual(self.service.in_flight, 0)

    async def test_a_closed_service_is_a_502(self):
        self.service.close()
        self.assertEqual((await Exchange().by(self.app)).status, 502)

    async def test_the_life_of_the_server_is_answered(self):
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent = []

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message["type"])

        await self.app({"type": "lifespan"}, receive, send)
        self.assertEqual(sent, ["lifespan.startup.complete", "lifespan.shutdown.complete"])
        with self.assertRaisesRegex(RuntimeError, "HTTP"):
            await self.app({"type": "another"}, receive, send)

    async def test_a_stranger_who_asks_for_a_websocket_is_refused(self):
        exchange = Exchange(type="websocket")
        exchange.receive = mock.AsyncMock(return_value={"type": "websocket.connect"})
        await exchange.by(self.app)
        self.assertEqual(exchange.sent, [{"type": "websocket.close"}])

    async def test_options_that_are_none(self):
        for wrong in ({"path": 7}, {"path": "token"}, {"source": "192.0.2.1"}, {"request_id": 7}, {"source": None}):
            with self.assertRaisesRegex((TypeError, ValueError), "^`"):
                asgi_app(self.service, **wrong)
        with self.assertRaisesRegex(TypeError, "`service`"):
            asgi_app(object())


class Handed:
    """The service, how much of a body it was given, and of how many messages."""

    def __init__(self, service, exchange):
        self._service = service
        self._exchange = exchange

    async def handle(self, request):
        self.length, self.taken = len(request.body), self._exchange.taken
        return await self._service.handle(request)
