#!/usr/bin/env python3
"""What `guichet pull` leaves, read by the real huggingface_hub, and the other way round: real_hub_client_test.py BIN_FOLDER PYTHON.

PYTHON is that of the environment with huggingface_hub; without it the test is skipped.
"""
import json
import os
import pathlib
import subprocess
import sys

PYTHON = pathlib.Path(sys.argv[2])
if not PYTHON.exists():
    print(f"skipped: {PYTHON} is not there; tests/integration/python_clients/make_environment.sh makes it where pip can fetch "
          "tests/integration/hub/requirements.txt")
    sys.exit(77)
del sys.argv[2]

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pull_case import NAME, PullCase, main  # noqa: E402

COMMIT = "a" * 40


class RealHubClient(PullCase):
    def python(self, code, **env):
        """Runs `code` with huggingface_hub; what it leaves in `answer` comes back."""
        run = subprocess.run([PYTHON, "-B", "-c", f"import json, huggingface_hub as hub\nname = {NAME!r}\n{code}\n"
                              "print(json.dumps(answer))"],
                             env={**self.env, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "DO_NOT_TRACK": "1",
                                  "HF_HUB_DISABLE_UPDATE_CHECK": "1", **env},
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout.splitlines()[-1])

    def test_python_finds_what_was_pulled_without_a_network(self):
        pulled = self.pull().json
        calls = len(self.hub.calls)
        offline = {"HF_HUB_OFFLINE": "1"}
        self.assertEqual(self.python("answer = hub.snapshot_download(name)", **offline), pulled["path"])
        file = self.python("answer = hub.hf_hub_download(name, 'model.safetensors')", **offline)
        self.assertEqual(pathlib.Path(file).read_bytes(), self.weights.data)
        self.assertEqual(self.python("answer = hub.try_to_load_from_cache(name, 'config.json')"), pulled["path"] + "/config.json")
        self.assertEqual(len(self.hub.calls), calls)

    def test_python_counts_it_in_its_cache(self):
        pulled = self.pull().json
        found = self.python("info = hub.scan_cache_dir()\n"
                            "answer = [[str(w) for w in info.warnings], [[r.repo_id, r.repo_type, r.size_on_disk, list(r.refs)] "
                            "for r in info.repos]]")
        self.assertEqual(found, [[], [[NAME, "model", pulled["downloaded_bytes"], ["main"]]]])

    def test_python_takes_its_blobs_rather_than_fetching_them(self):
        self.assertEqual(self.pull().code, 0)
        path = self.python("answer = hub.hf_hub_download(name, 'model.safetensors')")
        self.assertEqual(os.path.realpath(path), str(self.blobs / self.weights.etag))
        self.assertEqual(len(self.hub.asked(self.weights.etag, "store")), 1)

    def test_what_python_fetched_is_pulled_without_fetching(self):
        path = self.python("answer = hub.snapshot_download(name, allow_patterns=['*.json', '*.safetensors'])")
        calls = len(self.hub.asked("/resolve/"))
        pulled = self.pull().json
        self.assertEqual((pulled["path"], pulled["downloaded_bytes"]), (path, 0))
        self.assertEqual(len(self.hub.asked("/resolve/")), calls)
        self.assertEqual(self.pull(HF_HUB_OFFLINE="1").json["path"], path)

    def test_python_waits_for_a_pull_under_way(self):
        sent, go_on = self.hold_half()
        pulling = self.start("pull", NAME)
        self.assertTrue(sent.wait(30))
        self.assertTrue(self.python(
            "import glob\n"
            f"lock = glob.glob({str(self.cache)!r} + '/.locks/*/{self.weights.etag}.lock')\n"
            "from filelock import FileLock, Timeout\n"
            "try:\n    FileLock(lock[0], timeout=0).acquire()\n    answer = False\n"
            "except Timeout:\n    answer = True"))
        go_on.set()
        self.assertEqual(pulling.end().code, 0)


if __name__ == "__main__":
    main()
