"""The code of the README, as a newcomer runs it."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


class QuickStart(unittest.TestCase):
    def test_the_code_of_the_page_runs(self):
        blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
        expected = [
            "Bearer 3600\n",
            "200 application/json\n",
            "ERR_ADMIN_LIMIT 2\n"
            "redeemed twice, so somebody else has it: all that came of it are revoked\n",
            "True\n"
            "ERR_ACCESS_TOKEN_INVALID malformed\n"
            "[('ES256', 'active'), ('EdDSA', 'pending')]\n",
            "invoices:read acme\nrefresh\ndone\n",
            "2\nBearer\n",
        ]
        self.assertEqual(len(blocks), len(expected))
        for code, printed in zip(blocks, expected):
            command = [sys.executable, "-W", "error", "-c", code]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertEqual((ended.stdout, ended.stderr), (printed, ""))
