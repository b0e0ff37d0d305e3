"""Runs the tests of a folder against the installed package: python3 tests [FOLDER]"""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    folder = HERE / sys.argv[1] if len(sys.argv) > 1 else HERE
    sys.path[:0] = [str(folder), str(HERE)]
    suite = unittest.defaultTestLoader.discover(str(folder), pattern="*_test.py")
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    # The line that `cargo test` ends with, so that all suites are counted alike.
    print(f"test result: {'ok' if failed == 0 else 'FAILED'}. {passed} passed; {failed} failed;")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
