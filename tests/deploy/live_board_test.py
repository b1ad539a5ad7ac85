#!/usr/bin/env python3
"""Every panel of the board shows something when a real Prometheus scrapes a real server that has worked, and no alert is wrong.

    live_board_test.py BIN_DIR BUNDLE_MAKER

A tiny random bundle is made and served on free loopback ports; `guichet classify` and `guichet bench` give it work; then every
expression of the board and of the rules is asked of Prometheus.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import metric_names  # noqa: E402
import support  # noqa: E402
from dashboard_test import boards, targets  # noqa: E402

# Panels that rightly show nothing on a healthy server without errors and without TLS.
QUIET = {"Texts refused", "Certificate runs out in",
         "Label drift"}  # a random bundle was trained on nothing
ONLY_WITH_TLS = {"guichet_certificate_expiry_timestamp_seconds"}
SCRAPE_SECONDS = 1
TICKETS = ["Impossible de me connecter au VPN", "Mon écran reste noir depuis ce matin", "Merci de réinitialiser mon mot de passe"]
BIN, MAKER = (Path(argument) for argument in sys.argv[1:3])
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback never goes through a proxy


def fetch(url):
    with OPENER.open(url, timeout=10) as answer:
        return answer.read().decode()


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = condition()
        except (urllib.error.URLError, ConnectionError, OSError):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds} s")


class Stack:
    """A server with a tiny model, and a Prometheus that scrapes it; both end with the object."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def start(self, name, *command):
        output = open(self.folder / f"{name}.log", "w")  # noqa: SIM115: closed with the process
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_")}
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, env=environment)
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def serve(self):
        subprocess.run([MAKER, self.folder / "bundle", "tiny", "encoder"], check=True)
        process = self.start("server", BIN / "guichet-server", "--model.path", self.folder / "bundle",
                             "--server.address", "127.0.0.1:0", "--server.http_address", "127.0.0.1:0",
                             "--training.folder", self.folder / "state")

        def listening():
            if process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log('server')}")
            return re.search(r"listening on ([^ ,]+), metrics on ([^ ,\n]+)", self.log("server"))
        found = wait_for("the server listens", listening)
        return found[1], found[2]

    def scrape(self, target):
        config = self.folder / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": "1s"},
            "rule_files": [str(support.DEPLOY / "prometheus/rules/*.yml")],
            "scrape_configs": [{"job_name": "guichet", "static_configs": [{"targets": [target]}]}]}))
        port = free_port()
        self.start("prometheus", "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}",
                   f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn")
        url = f"http://127.0.0.1:{port}"
        wait_for("Prometheus is ready", lambda: fetch(f"{url}/-/ready"))
        return url

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=45)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class LiveBoardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        cls.stack = Stack(cls.folder)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.addClassCleanup(cls.stack.stop)
        cls.grpc, http = cls.stack.serve()
        cls.metrics_url = f"http://{http}/metrics"
        cls.prometheus = cls.stack.scrape(http)
        cls.scrape_twice()
        # More than one resolution step of work, so that every rate has something to see.
        for _ in range(4):
            subprocess.run([BIN / "guichet", "classify", "--server", cls.grpc, "-"], input="\n".join(TICKETS * 10) + "\n",
                           text=True, check=True, stdout=subprocess.DEVNULL)
            time.sleep(SCRAPE_SECONDS)
        label = json.loads(subprocess.run([BIN / "guichet", "classify", "--server", cls.grpc, "-"], input=TICKETS[0], text=True,
                                          check=True, capture_output=True).stdout)["label"]
        subprocess.run([BIN / "guichet", "feedback", "--server", cls.grpc, "--ticket", "1", "--label", label, "--predicted", label],
                       check=True, stdout=subprocess.DEVNULL)
        wait_for("the accuracy", lambda: re.search(r"guichet_feedback_accuracy_ratio\{[^}]*\} 1", fetch(cls.metrics_url)))
        cls.scrape_twice()

    @classmethod
    def scrape_twice(cls):
        def scrapes():
            counted = cls.ask('count_over_time(up{job="guichet"}[10m])')
            return int(counted[0]["value"][1]) if counted else 0
        before = scrapes()
        wait_for("two scrapes", lambda: scrapes() >= before + 2)

    @classmethod
    def ask(cls, expression):
        query = urllib.parse.urlencode({"query": expression})
        answer = json.loads(fetch(f"{cls.prometheus}/api/v1/query?{query}"))
        if answer["status"] != "success":
            raise AssertionError(f"{expression}: {answer.get('error')}")
        return answer["data"]["result"]

    def test_every_panel_shows_something(self):
        for board in boards().values():
            for title, target in targets(board):
                written = target["expr"].replace("$__rate_interval", "30s").replace("$__range", "1h")
                written = written.replace("$job", "guichet").replace("$instance", ".*")
                with self.subTest(title):
                    found = self.ask(written)
                    if title not in QUIET:
                        self.assertTrue(found, f"nothing for {written}")
                        self.assertFalse(all(series["value"][1] == "NaN" for series in found), f"NaN for {written}")

    def test_no_alert_is_pending_or_firing(self):
        answer = json.loads(fetch(f"{self.prometheus}/api/v1/rules"))
        for group in answer["data"]["groups"]:
            for rule in group["rules"]:
                with self.subTest(rule["name"]):
                    self.assertEqual(rule["health"], "ok", rule.get("lastError"))
                    self.assertEqual(rule.get("alerts", []), [])

    def test_the_scrape_holds_what_the_sources_define_and_nothing_else(self):
        exported = set(re.findall(r"^# TYPE (\S+) ", fetch(self.metrics_url), re.MULTILINE))
        defined = set(metric_names.exported(support.ROOT))
        self.assertEqual(exported - defined, set(), "exported, but defined where metric_names.py does not look")
        self.assertEqual(defined - exported - ONLY_WITH_TLS, set(), "defined, but missing from a server at work")

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing_to_say_of_the_scrape(self):
        checked = subprocess.run(["promtool", "check", "metrics"], input=fetch(self.metrics_url), capture_output=True, text=True,
                                 check=False)
        self.assertEqual(checked.stdout + checked.stderr, "")


if __name__ == "__main__":
    if not shutil.which("prometheus"):
        support.skip("prometheus is not installed (tools/setup.sh --dev)")
    del sys.argv[1:]
    sys.exit(support.run(LiveBoardTest))
