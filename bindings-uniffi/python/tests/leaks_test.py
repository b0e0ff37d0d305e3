"""Calls with every fault leave nothing behind. TOKENSMITH_CALLS says how many: 100,000 by default."""

import os
import re
import sys
import unittest

from scripted import run

CALLS = int(os.environ.get("TOKENSMITH_CALLS", "100000"))


@unittest.skipUnless(sys.platform == "linux", "memory is read from /proc")
class Leaks(unittest.TestCase):
    def test_memory_is_flat_and_all_calls_end(self):
        ended = run("stress", str(CALLS), timeout=600)
        print(ended.stdout, end="", flush=True)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended.stdout)
        outcomes = dict(re.findall(r"(\w+)=(\d+)", ended.stdout))
        for outcome in ("200", "401", "429", "502", "cancelled"):
            self.assertGreater(int(outcomes[outcome]), CALLS // 100, ended.stdout)
