"""The driver of the vectors sees what it is for: each change of a case, and of a transcript, is found."""

import asyncio
import json
import unittest

from corpus import find, is_out_of_reach
from mismatch import Mismatch
from tokensmith import TokenResponse
from transcript import call_line, compare_lines, lines_without

SIXTH, ORDER, JUST = "the sixth quick request", "four members in order", "just in time"
BOTH, CAPS = "refresh: one answer on both paths", "refresh: each path has its cap"
CHAIN, LOST = "redemption: one after another", "redemption: a lost answer, inside the grace"
HANG, GONE, EXACT = "an authenticator that hangs", "a caller that goes away", "bucket: an exact wait"

# (the case, what is changed in its text, into what, what the driver says)
CHANGES = [
    (SIXTH, '"status":429', '"status":200', "the status: 429, not 200"),
    (SIXTH, '"retry-after":"6"', '"retry-after":"5"', "'retry-after': '6'.*, not .*'retry-after': '5'"),
    (SIXTH, '"retry_after_s":6', '"retry_after_s":5', "the events: .*'retry_after_s': 6"),
    (SIXTH, '"text":"too many requests"', '"text":"too many requestt"', "the body"),
    (ORDER, '\\"ExpiresIn\\":3600', '\\"ExpiresIn\\":3601', "the body"),
    (ORDER, '"pragma":"no-cache",', "", "the headers: .*pragma"),
    (ORDER, '"expires_in_s":3600', '"expires_in_s":1', "'expires_in_s': 3600"),
    (ORDER, '"event":"issued"', '"event":"rejected"', "'event': 'issued'"),
    (JUST, '"answer_at_ms":4999', '"answer_at_ms":4998', "an end at 4998 ms: not within"),
    (JUST, '"answer_at_ms":4999', '"answer_at_ms":5000', "it ended at 4999 ms"),
    (HANG, '"answer_at_ms":5000', '"answer_at_ms":5001', "it ended at 5000 ms"),
    (HANG, '"answer_at_ms":5000', '"answer_at_ms":4999', "an end at 4999 ms: not within"),
    (GONE, '"cancelled"', '"timed_out"', "'event': 'cancelled'"),
    (GONE, '"drop_at_ms":', '"answer_at_ms":', "an end at .* ms: not within"),
    ("byte for byte: spaces around the id", '"app_client_id":" appcl', '"app_client_id":"appcl', "it was given"),
    ("request id: a UUID", '"authenticator":{"receives"', '"authenticator":null,"was":{"receives"', "it was called"),
    ("source: none, said once", '{"event":"source_unknown","request_id":"r1","source":null},', "", "source_unknown"),
    (BOTH, "not valid", "not vaIid", "the body"),
    (BOTH, '"reason":"unknown_client"', '"reason":"wrong_secret"', "the events: .*unknown_client"),
    (CAPS, '"path":"/token/refresh",', "", "the status: 422, not 401"),
    (CHAIN, '<refresh-2>\\"}"}', '<refresh-1>\\"}"}', "the body"),
    (CHAIN, '"app":"<app>"', '"app":"<secret>"', "the events: .*<app>"),
    (LOST, '"at_ms":9000', '"at_ms":11000', "the body"),
    (EXACT, '"granted":5', '"granted":4', "granted by step .: 5, not 4"),
    (EXACT, '"wait_us":6000000', '"wait_us":5000000', "the wait of step .: 6, not 5"),
    (EXACT, '"at_us":5999999', '"at_us":6000000', "granted by step .: 1, not 0"),
    (EXACT, '"steps":', '"refused":true,"steps":', "it was made"),
    ("bucket: 700,000,000 a second", '"tokens":700000000', '"tokens":1', "it was made"),
]

# Some are seen by what does not come, and this is how long it is waited for.
PATIENCE = 1


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def outcome(name, change):
    """What the driver says of a case that was changed, after it has performed the case itself."""

    async def both():
        vector, perform = find(name)
        await perform(vector)
        return await perform(change(vector), PATIENCE)

    return asyncio.run(both())


class Changed(unittest.TestCase):
    def test_each_change_is_seen(self):
        for name, old, new, said in CHANGES:

            def change(vector):
                text = compact(vector)
                self.assertIn(old, text)
                return json.loads(text.replace(old, new, 1))

            with self.subTest(f"{name}: {old} -> {new}"):
                with self.assertRaisesRegex(Mismatch, said):
                    outcome(name, change)

    def test_a_call_that_is_not_made_is_seen(self):
        with self.assertRaisesRegex(Mismatch, "step 5: .*the authenticator: it was called"):
            outcome(SIXTH, lambda vector: {**vector, "steps": vector["steps"][1:]})

    def test_a_call_too_many_is_seen(self):
        with self.assertRaisesRegex(Mismatch, "step 6: .*the authenticator: it was not called"):
            outcome(SIXTH, lambda vector: {**vector, "steps": [vector["steps"][0], *vector["steps"]]})

    def test_a_need_that_nobody_has_judged_is_seen(self):
        self.assertTrue(is_out_of_reach({"name": "a case", "needs": ["panic"]}))
        self.assertFalse(is_out_of_reach({"name": "a case"}))
        with self.assertRaisesRegex(LookupError, "wings"):
            is_out_of_reach({"name": "a case", "needs": ["wings"]})


class Transcript(unittest.TestCase):
    def test_a_line_that_differs_or_is_missing_is_seen(self):
        vector, perform = find(SIXTH)
        lines = asyncio.run(perform(vector))
        self.assertEqual(len(lines), len(vector["steps"]))
        data = "".join(f"{line}\n" for line in lines).encode()
        self.assertEqual(compare_lines(lines, lines_without(data, set())), len(lines))

        def changed(old, new):
            return [line.replace(old, new) for line in lines]

        for other in (
            changed('"status":429', '"status":503'),
            changed("requests", "requestt"),
            changed('["retry-after","6"]', '["retry-after","7"]'),
            changed(
                '["cache-control","no-store"],["pragma","no-cache"]',
                '["pragma","no-cache"],["cache-control","no-store"]',
            ),
            changed('"event":"issued"', '"event":"rejected"'),
            lines[1:],
            lines[:-1],
            [lines[1], *lines[1:]],
            [*lines, lines[0]],
        ):
            with self.assertRaises(AssertionError):
                compare_lines(lines, other)
            with self.assertRaises(AssertionError):
                compare_lines(other, lines)

    def test_what_rust_alone_has_performed_is_left_out(self):
        one, another = (call_line(name, 1, None, []) for name in ("one", "another"))
        data = f"{one}\n{another}\n".encode()
        self.assertEqual(lines_without(data, {"one"}), [another])
        with self.assertRaisesRegex(AssertionError, "last line"):
            lines_without(data[:-1], set())
        with self.assertRaises(UnicodeDecodeError):
            lines_without(b"\xff\n", set())

    def test_bytes_that_are_no_text_are_told_apart(self):
        def shown(body):
            return json.loads(call_line("a case", 1, TokenResponse(status=200, headers={}, body=body), []))["body"]

        self.assertEqual(shown("café".encode()), {"text": "café"})
        self.assertEqual(shown(b"c\xe9"), {"base64": "Y+k="})
