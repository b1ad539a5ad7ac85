"""What the deployment tests share. PyYAML is Debian's python3-yaml; without it a test is skipped (exit status 77)."""

import os
import sys
import unittest
from pathlib import Path

SKIPPED = 77
ROOT = Path(os.environ.get("GUICHET_SOURCE_DIR", Path(__file__).resolve().parents[2]))
DEPLOY = ROOT / "deploy"


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def yaml():
    try:
        import yaml as module
    except ImportError:
        skip("python3-yaml is not installed")
    return module


def load_yaml(path):
    return yaml().safe_load(Path(path).read_text(encoding="utf-8"))


def run(*cases):
    """Runs unittest cases and returns an exit status."""
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in cases)
    return 0 if unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite).wasSuccessful() else 1
