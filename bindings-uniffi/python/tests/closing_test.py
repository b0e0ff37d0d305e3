"""A service that is closed refuses, and what is under way ends as it would."""

import asyncio
import gc
import weakref

from scripted import FAILED, TOKENS, Script, ScriptedTest, run, until
from tokensmith import TokenService


class Closing(ScriptedTest):
    async def assert_closed(self):
        answer = await self.script.handle()
        self.assertEqual((answer.status, answer.body), (502, FAILED))
        self.assertEqual(answer.headers["cache-control"], "no-store")
        with self.assertRaisesRegex(RuntimeError, "the service is closed"):
            await self.script.issue()
        self.assertEqual(self.service.in_flight, 0)

    async def test_an_idle_service_closes_twice_and_then_asks_nobody(self):
        await self.script.handle()
        self.service.close()
        self.service.close()
        await self.assert_closed()
        self.assertEqual(self.script.asked, 1)

    async def test_a_with_block_closes_also_by_an_error(self):
        with self.assertRaises(ZeroDivisionError):
            with self.service as service:
                self.assertIs(service, self.service)
                raise ZeroDivisionError
        await self.assert_closed()

    async def test_a_closed_service_still_knows_a_wrong_argument(self):
        self.service.close()
        with self.assertRaises(TypeError):
            await self.script.handle(body="text")
        with self.assertRaises(TypeError):
            await self.script.issue(source=7)

    async def test_what_is_under_way_ends_as_it_would(self):
        gate = asyncio.get_running_loop().create_future()
        self.script.answer = lambda _: gate
        calls = [asyncio.ensure_future(self.script.handle()) for _ in range(2)]
        await until(lambda: self.script.asked == 2)
        self.service.close()
        await self.assert_closed()
        gate.set_result(TOKENS)
        for answer in await asyncio.gather(*calls):
            self.assertEqual(answer.status, 200)

    async def test_what_the_host_gave_is_freed(self):
        script = await Script.begin()
        await script.handle()
        script.service.close()
        await asyncio.sleep(0)
        freed = weakref.ref(script)
        del script
        gc.collect()
        self.assertIsNone(freed())

    async def test_a_service_that_nobody_holds_is_freed(self):
        async def authenticator(_):
            return TOKENS

        config = {"authenticator": {"kind": "host"}}
        service = await TokenService.create(config, authenticator=authenticator)
        await service.issue("app", "secret")
        freed = weakref.ref(authenticator)
        del service, authenticator
        await asyncio.sleep(0)
        gc.collect()
        self.assertIsNone(freed())

    async def test_what_the_host_gave_may_ask_when_it_is_freed(self):
        for how, said in (("close", "in flight: 0\n"), ("collected", "kept: 0\n")):
            ended = run("last_words", how, timeout=20)
            self.assertEqual((ended.stdout, ended.stderr, ended.returncode), (said, "", 0), how)

    async def test_a_service_is_made_by_create_alone(self):
        with self.assertRaisesRegex(TypeError, "TokenService.create"):
            TokenService(object())
