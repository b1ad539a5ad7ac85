#!/usr/bin/env python3
"""examples/notebook.md is true: notebook_test.py BIN_FOLDER.

Every command of its console blocks is run, in order and in one folder, and what it prints is held to the page; "…" stands for any
part of a line, and alone on a line for any lines. The hub is one of this machine. It serves the model in the folder that
GUICHET_BARTHEZ names; without it BARThez's own tokenizer, and what needs weights takes guichet-mini in BARThez's place. BART's
tokenizer is the real one.
"""
import gzip
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from fake_hub import FakeHub, File, Repo  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"
PAGE = ROOT / "examples/notebook.md"
NO_WEIGHTS = struct.pack("<Q", 2) + b"{}"  # a safetensors file of no tensors
NEEDS_WEIGHTS = ("generate", "train")


def barthez_tokenizer():
    """BARThez's files, its weights, which nothing reads then, being a stand-in of a few bytes."""
    names = ("config.json", "sentencepiece.bpe.model")
    return {name: (ROOT / "examples/barthez" / name).read_bytes() for name in names} | {"model.safetensors": NO_WEIGHTS}


def real_barthez(folder):
    names = ("config.json", "generation_config.json", "model.safetensors", "pytorch_model.bin", "sentencepiece.bpe.model")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def bart():
    """BART's tokenizer; its weights, which nothing here reads, are a stand-in of a few bytes."""
    data = ROOT / "tests/data/tokenizer"
    return {"config.json": b'{"model_type": "bart", "vocab_size": 50265}',
            "vocab.json": gzip.decompress((data / "bart_vocab.json.gz").read_bytes()),
            "merges.txt": gzip.decompress((data / "bart_merges.txt.gz").read_bytes()),
            "model.safetensors": NO_WEIGHTS}


def repo(files):
    return Repo({name: File(data, lfs=name.endswith((".safetensors", ".bin", ".model"))) for name, data in files.items()})


def without_real_weights(command):
    if any(f"guichet {name} " in command for name in NEEDS_WEIGHTS):
        return command.replace("moussaKam/barthez", "guichet-mini")
    return command


def steps(page):
    """(command, the lines it shows) of every console block."""
    for block in re.findall(r"^```console\n(.*?)^```", page, re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown.splitlines()


def pattern(shown):
    """What the whole output must match."""
    lines = []
    for line in shown:
        if line == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*?".join(map(re.escape, line.split("…"))) + r"[ \t]*\n")
    return re.compile("".join(lines))


class NotebookTest(unittest.TestCase):
    def test_every_command_prints_what_the_page_shows(self):
        folder = os.environ.get("GUICHET_BARTHEZ")
        print(f"weights: {folder or 'guichet-mini; GUICHET_BARTHEZ names a folder with the real ones'}", flush=True)
        ran = 0
        with FakeHub() as hub, tempfile.TemporaryDirectory(prefix="guichet-notebook-") as home:
            hub.repos["moussaKam/barthez"] = repo(real_barthez(pathlib.Path(folder)) if folder else barthez_tokenizer())
            hub.repos["facebook/bart-base"] = repo(bart())
            environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": home, "HF_ENDPOINT": hub.url, "LANG": "C.UTF-8",
                           "OMP_WAIT_POLICY": "passive"}
            for command, shown in steps(PAGE.read_text(encoding="utf-8")):
                if not folder:
                    command = without_real_weights(command)
                run = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], cwd=home, env=environment, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900, check=False)
                self.assertEqual(run.returncode, 0, f"$ {command}\n{run.stdout}")
                self.assertRegex(run.stdout, re.compile(r"\A" + pattern(shown).pattern + r"\Z"), f"$ {command}")
                ran += 1
        self.assertGreater(ran, 10)

    def test_a_page_that_is_wrong_is_found(self):
        self.assertTrue(pattern(["a … c", "…", "z"]).fullmatch("a b c\n1\n2\nz\n"))
        self.assertTrue(pattern(["…", "z"]).fullmatch("z\n"))
        for wrong in ("a b d\nz\n", "a b c\ny\n", "a b c\nz\nmore\n", ""):
            self.assertFalse(pattern(["a … c", "…", "z"]).fullmatch(wrong), wrong)


unittest.main(verbosity=1)
