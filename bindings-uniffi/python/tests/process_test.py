"""Ends of processes, forks, and several loops in several threads."""

import asyncio
import gc
import os
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

from scripted import TOKENS, Script, request, run, until


class Exit(unittest.TestCase):
    def test_a_process_ends_as_its_script_does(self):
        # Some of these ends are a race, and an abort would be its loser.
        for how, code in (
            ("idle", 0),
            ("closed", 0),
            ("kept", 0),
            ("pending", 0),
            ("exit", 7),
            ("raise", 1),
            ("thread", 0),
            ("sync", 0),
        ):
            for _ in range(5):
                with self.subTest(how):
                    ended = run("exits", how)
                    self.assertEqual((ended.returncode, ended.stdout), (code, "last line\n"), ended)
                    if how != "raise":
                        self.assertEqual(ended.stderr, "")

    def test_threads_that_nobody_waits_for_end_with_it(self):
        for how in ("host", "late", "issuer"):
            for _ in range(12):
                with self.subTest(how), tempfile.TemporaryDirectory() as folder:
                    ended = run("daemon", how, folder)
                    self.assertEqual((ended.returncode, ended.stdout), (0, "last line\n"), ended)
                    self.assertEqual(ended.stderr, "")

    def test_a_call_after_the_end_is_refused(self):
        ended = run("exits", "handler")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended)
        self.assertEqual(ended.stdout, "last line\nthe interpreter is ending\n")


@unittest.skipUnless(hasattr(os, "fork"), "the system has no fork")
class Fork(unittest.TestCase):
    def test_a_child_of_a_process_with_a_service_has_an_error(self):
        ended = run("forks", "with")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended)
        refused = "RuntimeError: tokensmith was in use before the fork: create the service after it"
        lines = ended.stdout.splitlines()
        self.assertEqual(lines[:5], [refused] * 5)
        self.assertEqual(lines[5:], ["limiter True", "kept 1", "child 0", "parent 200"])

    def test_a_service_that_is_made_after_the_fork_serves(self):
        ended = run("forks", "without")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended)
        self.assertEqual(ended.stdout.splitlines(), ["200", "502", "child 0", "parent 200"])


class Loops(unittest.TestCase):
    def test_one_service_serves_loops_in_threads(self):
        script = Script()
        threads, calls = 4, 250

        async def slowly(_=None):
            await asyncio.sleep(0.001)
            return TOKENS

        async def make():
            made = await Script.begin(max_in_flight=4 * threads * calls)
            made.answer = slowly
            return made

        script = asyncio.run(make())
        statuses = []

        async def ask():
            answers = await asyncio.gather(*(script.service.handle(request()) for _ in range(calls)))
            statuses.extend(answer.status for answer in answers)

        all_of_them = [threading.Thread(target=asyncio.run, args=(ask(),)) for _ in range(threads)]
        for thread in all_of_them:
            thread.start()
        for thread in all_of_them:
            thread.join(60)
        self.assertEqual(statuses, [200] * threads * calls)
        self.assertEqual(script.service.in_flight, 0)
        script.service.close()

    def test_a_call_of_one_loop_is_cancelled_beside_those_of_another(self):
        script = asyncio.run(Script.begin())
        script.answer = lambda _: asyncio.Event().wait()
        ended = []

        async def cancelled():
            for _ in range(50):
                task = asyncio.ensure_future(script.handle())
                await asyncio.sleep(0.001)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    ended.append(True)

        threads = [threading.Thread(target=asyncio.run, args=(cancelled(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(ended), 100)
        self.assertEqual(script.service.in_flight, 0)
        script.service.close()

    def test_a_loop_that_is_closed_during_a_call(self):
        script = asyncio.run(Script.begin(deadline_ms=50))
        script.answer = lambda _: asyncio.Event().wait()
        loop = asyncio.new_event_loop()
        task = loop.create_task(script.handle())
        loop.run_until_complete(until(lambda: script.asked == 1))
        loop.close()
        ignored = []
        with mock.patch.object(sys, "unraisablehook", ignored.append):
            time.sleep(0.1)  # past the deadline, which is told to a loop that is no more
            with self.assertLogs("asyncio"):  # asyncio's own word on a task that never ended
                del task
                gc.collect()  # the call
                gc.collect()  # and what was asked for it
        self.assertEqual((ignored, script.service.in_flight), ([], 0))
        self.assertEqual((script.terminal(), script.heard), (["cancelled"], []))
        script.answer = lambda _: TOKENS
        self.assertEqual(script.service.handle_sync(request()).status, 200)
        script.service.close()

    def test_sync_calls_of_many_threads(self):
        script = asyncio.run(Script.begin())
        tokens = []

        def ask():
            for _ in range(20):
                tokens.append(script.service.issue_sync("app", "secret").access_token)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(tokens, [TOKENS.access_token] * 160)
        script.service.close()
