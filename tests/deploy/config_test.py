#!/usr/bin/env python3
"""The configurations that deployments ship are accepted by the server itself: config_test.py GUICHET_SERVER. A misspelt key in the
same files is not, so the check cannot pass by looking away."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import support  # noqa: E402

SERVER = sys.argv.pop() if len(sys.argv) > 1 else ""


def configurations():
    config_map = support.load_yaml(support.DEPLOY / "kubernetes/configmap.yaml")
    yield "kubernetes", config_map["data"]["guichet.yaml"]
    yield "docker", (support.ROOT / "docker/guichet.yaml").read_text()
    yield "systemd", (support.DEPLOY / "systemd/guichet.yaml").read_text()


class ConfigTest(unittest.TestCase):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            environment = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_")}
            return subprocess.run([SERVER, "--check-config", "--config", file.name], capture_output=True, text=True, timeout=60,
                                  env=environment, check=False)

    def test_the_server_accepts_what_deployments_ship(self):
        for name, text in configurations():
            with self.subTest(name):
                done = self.check(text)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_server_refuses_a_misspelt_key(self):
        for name, text in configurations():
            with self.subTest(name):
                done = self.check(text.replace("  path:", "  paths:"))
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("paths", done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(support.run(ConfigTest))
