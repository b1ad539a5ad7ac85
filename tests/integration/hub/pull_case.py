"""What the tests of `guichet pull` share: a fake hub with a small model, and the real program as a process against it."""
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
from fake_hub import FakeHub, File, Repo  # noqa: E402

BIN = pathlib.Path(sys.argv[1]).resolve()
NAME = "atelier/petit-barthez"


def golden(variant):
    """The files of one form of the golden classifier, by name."""
    with tarfile.open(ROOT / "tests/data/goldens/tiny_classifier.tar.xz") as archive:
        return {pathlib.Path(member.name).name: archive.extractfile(member).read() for member in archive
                if member.isfile() and pathlib.Path(member.name).parent.name == variant}


GOLDEN = {variant: golden(variant) for variant in ("safetensors", "sharded", "bin", "generation")}
SPIECE = (ROOT / "examples/barthez/sentencepiece.bpe.model").read_bytes()


def small_repo(variant="safetensors", extra=(), **repo):
    """A repository with the golden classifier, and what hubs put beside a model."""
    files = {name: File(data, lfs=name.endswith((".safetensors", ".bin"))) for name, data in GOLDEN[variant].items()}
    files.update({"README.md": File(b"# petit\n"), ".gitattributes": File(b"*.bin filter=lfs\n"),
                  "tf_model.h5": File(b"tf" * 1000, lfs=True), "onnx/model.onnx": File(b"onnx" * 1000, lfs=True)})
    files.update(extra)
    return Repo(files, **repo)


class Running:
    """The program as it runs; its stderr can be waited on."""

    def __init__(self, words, env):
        self.process = subprocess.Popen([BIN / "guichet", *words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.lines, self.changed = [], threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()

    def wait_for_line(self, part, seconds=30):
        with self.changed:
            return self.changed.wait_for(lambda: any(part in line for line in self.lines), seconds)

    def end(self, seconds=60):
        out = self.process.stdout.read()
        code = self.process.wait(seconds)
        self.reader.join(seconds)
        self.process.stdout.close()
        self.process.stderr.close()
        return Ended(code, out, "".join(self.lines))


class Ended:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out.splitlines()[-1])


class PullCase(unittest.TestCase):
    """A hub and an empty home for every test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="guichet-pull-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.hub = FakeHub()
        self.addCleanup(self.hub.__exit__)
        self.hub.repos[NAME] = small_repo()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "HF_ENDPOINT": self.hub.url, "no_proxy": "127.0.0.1",
                    **{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")}}

    @property
    def cache(self):
        return self.home / ".cache/huggingface/hub"

    @property
    def folder(self):
        return self.cache / ("models--" + NAME.replace("/", "--"))

    @property
    def blobs(self):
        return self.folder / "blobs"

    @property
    def weights(self):
        return self.hub.repos[NAME].files["model.safetensors"]

    def start(self, *words, **env):
        return Running(words, {**self.env, **env})

    def guichet(self, *words, **env):
        return self.start(*words, **env).end()

    def pull(self, *words, name=NAME, **env):
        """With tries that follow each other at once."""
        return self.guichet("pull", name, "--retry-wait", "0", *words, **env)

    def assert_refused(self, run, code, *parts):
        self.assertEqual(run.code, code, run.err)
        self.assertEqual(run.out, "")
        for part in parts:
            self.assertIn(part, run.err)
        self.assertNotIn("\x1b", run.err)

    def assert_no_model(self):
        """Nothing that looks like a model is left, and nothing half-written but for resuming."""
        self.assertFalse((self.folder / "snapshots").is_dir() and list((self.folder / "snapshots").iterdir()))
        self.assertFalse((self.folder / "refs").exists())

    def assert_no_blob(self, file):
        self.assertEqual([path.name for path in self.blobs.glob(file.etag + "*")] if self.blobs.is_dir() else [], [])

    def on_store(self, deal):
        """Puts `deal(handler, call)` before every request to the store of large files."""
        self.hub.hooks.append(lambda handler, call: call.server == "store" and deal(handler, call))

    def hold_half(self):
        """The store sends half of what is asked for and waits: (sent, go_on), two events. The first request only."""
        sent, go_on, first = threading.Event(), threading.Event(), threading.Lock()
        self.addCleanup(go_on.set)

        def deal(handler, _):
            if not first.acquire(blocking=False):
                return False
            data = self.weights.data
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data[:len(data) // 2])
            handler.wfile.flush()
            sent.set()
            go_on.wait(60)
            handler.wfile.write(data[len(data) // 2:])
            return True
        self.on_store(deal)
        return sent, go_on

    def wait_for_size(self, path, size, seconds=30):
        end = time.monotonic() + seconds
        while not path.exists() or path.stat().st_size < size:
            self.assertLess(time.monotonic(), end, f"{path} does not grow to {size} bytes")
            time.sleep(0.01)


def main():
    del sys.argv[1]
    unittest.main(verbosity=1)
