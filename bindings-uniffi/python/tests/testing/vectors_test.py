"""The conformance vectors, all that a host can ask for, through the facade and the bridge: see
tests/vectors/README.md."""

import asyncio
import os
import unittest
from pathlib import Path

from corpus import OUT_OF_REACH, SUBJECTS, is_out_of_reach
from mismatch import Mismatch
from transcript import compare_lines, lines_without

# So many cases are performed at least, and so many left out at most.
FEWEST = 600
MOST_LEFT_OUT = 60

# `cargo xtask vectors --transcript FILE` writes it; `tests/run python` has it written, and names it.
TRANSCRIPT = os.environ.get("TOKENSMITH_TRANSCRIPT")


class Vectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.performed, cls.mismatches, cls.left_out = {}, [], {}
        asyncio.run(cls.perform_all())

    @classmethod
    async def perform_all(cls):
        for subject in SUBJECTS:
            for vector in subject["cases"]:
                name = vector["name"]
                if is_out_of_reach(vector):
                    cls.left_out[name] = vector["needs"]
                    continue
                try:
                    cls.performed[name] = await subject["perform"](vector)
                except Mismatch as mismatch:
                    cls.mismatches.append(str(mismatch))

    def test_each_case_comes_out_as_it_says(self):
        self.assertEqual(self.mismatches, [])

    def test_the_corpus_is_whole_and_what_is_left_out_is_counted(self):
        calls = sum(map(len, self.performed.values()))
        print(f"{len(self.performed)} cases performed, {calls} lines; {len(self.left_out)} left out")
        for need, why in OUT_OF_REACH.items():
            count = sum(need in needs for needs in self.left_out.values())
            self.assertGreater(count, 0, f"no case needs {need} any more")
            print(f"{count} left out for {need}: {why}")
        names = {vector["name"] for subject in SUBJECTS for vector in subject["cases"]}
        self.assertEqual({*self.performed, *self.left_out}, names)
        self.assertGreaterEqual(len(self.performed), FEWEST)
        self.assertLessEqual(len(self.left_out), MOST_LEFT_OUT)

    @unittest.skipUnless(TRANSCRIPT or os.environ.get("CI"), "TOKENSMITH_TRANSCRIPT names no file")
    def test_what_came_of_every_call_is_what_came_of_it_in_rust_byte_for_byte(self):
        ours = [line for lines in self.performed.values() for line in lines]
        Path(f"{TRANSCRIPT}.python").write_bytes("".join(f"{line}\n" for line in ours).encode())
        of_rust = Path(TRANSCRIPT).read_bytes()
        count = compare_lines(ours, lines_without(of_rust, self.left_out))
        print(f"{count} of {len(lines_without(of_rust, {}))} lines of Rust compared")
