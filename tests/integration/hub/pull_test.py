#!/usr/bin/env python3
"""`guichet pull` against a fake hub: pull_test.py BIN_FOLDER. What is fetched, where it lies, how an interrupted pull goes on."""
import json
import os
import pathlib
import pty
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pull_case import BIN, GOLDEN, NAME, SPIECE, File, PullCase, Repo, main, small_repo  # noqa: E402

COMMIT = "a" * 40


class IntoTheCache(PullCase):
    def test_a_model_lies_where_python_looks_for_it(self):
        run = self.pull()
        self.assertEqual((run.code, run.err), (0, ""))
        self.assertEqual(list(run.json), ["repo", "revision", "commit", "path", "files", "downloaded_bytes"])
        self.assertEqual((run.json["repo"], run.json["revision"], run.json["commit"]), (NAME, "main", COMMIT))
        self.assertEqual(run.json["path"], str(self.folder / "snapshots" / COMMIT))
        self.assertEqual((self.folder / "refs/main").read_text(), COMMIT)
        snapshot = pathlib.Path(run.json["path"])
        self.assertEqual(sorted(path.name for path in snapshot.iterdir()), ["config.json", "model.safetensors"])
        for name in ("config.json", "model.safetensors"):
            file = self.hub.repos[NAME].files[name]
            self.assertEqual(os.readlink(snapshot / name), f"../../blobs/{file.etag}")
            self.assertEqual((snapshot / name).read_bytes(), file.data)
        self.assertEqual(run.json["files"], [
            {"name": "config.json", "bytes": len(GOLDEN["safetensors"]["config.json"])},
            {"name": "model.safetensors", "bytes": len(self.weights.data), "sha256": self.weights.etag}])
        self.assertEqual(run.json["downloaded_bytes"], sum(file["bytes"] for file in run.json["files"]))
        self.assertEqual(len(list(self.blobs.iterdir())), 2)

    def test_only_what_is_needed_is_asked_for(self):
        self.hub.repos[NAME].files["pytorch_model.bin"] = File(b"pickle" * 100, lfs=True)
        self.assertEqual(self.pull().code, 0)
        asked = {call.path.rsplit("/", 1)[1] for call in self.hub.asked("/resolve/")}
        self.assertEqual(asked, {"config.json", "model.safetensors"})
        self.assertTrue(all(f"/resolve/{COMMIT}/" in call.path for call in self.hub.asked("/resolve/")), "pinned to the commit")

    def test_a_second_pull_fetches_nothing(self):
        self.assertEqual(self.pull().code, 0)
        before = len(self.hub.asked("/resolve/"))
        run = self.pull()
        self.assertEqual((run.code, run.json["downloaded_bytes"]), (0, 0))
        self.assertEqual(len(self.hub.asked("/resolve/")), before)

    def test_a_blob_that_was_damaged_is_fetched_again(self):
        self.assertEqual(self.pull().code, 0)
        (self.blobs / self.weights.etag).write_bytes(b"x" * len(self.weights.data))
        run = self.pull()
        self.assertEqual(run.code, 0)
        self.assertIn("damaged", run.err)
        self.assertEqual(run.json["downloaded_bytes"], len(self.weights.data))
        self.assertEqual((self.blobs / self.weights.etag).read_bytes(), self.weights.data)

    def test_shards_and_old_weights_are_known(self):
        self.hub.repos["a/shards"] = small_repo("sharded")
        self.hub.repos["a/bin"] = small_repo("bin")
        run = self.pull(name="a/shards")
        self.assertEqual([file["name"] for file in run.json["files"]],
                         ["config.json", "model.safetensors.index.json", *(f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3))])
        run = self.pull(name="a/bin")
        self.assertEqual([file["name"] for file in run.json["files"]], ["config.json", "pytorch_model.bin"])

    def test_an_empty_file_is_a_file(self):
        self.hub.repos[NAME].files["merges.txt"] = File(b"")
        run = self.pull()
        self.assertIn({"name": "merges.txt", "bytes": 0}, run.json["files"])
        self.assertEqual((pathlib.Path(run.json["path"]) / "merges.txt").read_bytes(), b"")

    def test_revisions_are_branches_tags_and_commits(self):
        self.hub.repos[NAME].refs = ("main", "v1.0", "refs/pr/2")
        for revision in ("v1.0", "refs/pr/2"):
            run = self.pull("--revision", revision)
            self.assertEqual(run.json["revision"], revision, run.err)
            self.assertEqual((self.folder / "refs" / revision).read_text(), COMMIT)
        self.assertEqual(self.pull(name=f"{NAME}@{COMMIT}").json["revision"], COMMIT)
        self.assertFalse((self.folder / "refs" / COMMIT).exists())
        self.assertFalse((self.folder / "refs/main").exists())

    def test_a_newer_commit_takes_the_place_of_the_ref(self):
        self.assertEqual(self.pull().code, 0)
        newer = small_repo(extra={"generation_config.json": File(b"{}")}, commit="b" * 40)
        self.hub.repos[NAME] = newer
        run = self.pull()
        self.assertEqual(run.json["downloaded_bytes"], 2)
        self.assertEqual((self.folder / "refs/main").read_text(), "b" * 40)
        self.assertEqual(len(list((self.folder / "snapshots").iterdir())), 2)

    def test_the_environment_says_where_the_cache_is(self):
        for env, place in (({"HF_HOME": "~/h"}, "h/hub"), ({"HF_HUB_CACHE": str(self.home / "c")}, "c"),
                           ({"XDG_CACHE_HOME": str(self.home / "x")}, "x/huggingface/hub")):
            run = self.pull(**env)
            self.assertEqual(run.json["path"], str(self.home / place / self.folder.name / "snapshots" / COMMIT))

    def test_a_bar_is_drawn_on_a_terminal_alone(self):
        main_end, program_end = pty.openpty()
        process = subprocess.Popen([BIN / "guichet", "pull", NAME], env=self.env, stdout=subprocess.PIPE, stderr=program_end)
        os.close(program_end)
        shown = b""
        try:
            while chunk := os.read(main_end, 65536):
                shown += chunk
        except OSError:  # the program ended
            pass
        os.close(main_end)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"100%  model.safetensors", shown)
        json.loads(out)


class Interrupted(PullCase):
    def incomplete(self):
        return self.blobs / (self.weights.etag + ".incomplete")

    def test_a_killed_pull_goes_on_where_it_was(self):
        sent, _ = self.hold_half()
        half = len(self.weights.data) // 2
        running = self.start("pull", NAME)
        self.assertTrue(sent.wait(30))
        self.wait_for_size(self.incomplete(), half)
        running.process.send_signal(signal.SIGKILL)
        self.assertEqual(running.end().code, -signal.SIGKILL)
        self.assert_no_model()
        run = self.pull()
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual([call.headers.get("Range") for call in self.hub.asked(self.weights.etag)], [None, f"bytes={half}-"])
        self.assertEqual(run.json["downloaded_bytes"], len(self.weights.data) - half)
        self.assertEqual((pathlib.Path(run.json["path"]) / "model.safetensors").read_bytes(), self.weights.data)
        self.assertFalse(self.incomplete().exists())

    def test_an_interrupt_ends_as_the_signal_and_keeps_what_came(self):
        sent, _ = self.hold_half()
        half = len(self.weights.data) // 2
        running = self.start("pull", NAME)
        self.assertTrue(sent.wait(30))
        self.wait_for_size(self.incomplete(), half)
        running.process.send_signal(signal.SIGINT)
        run = running.end()
        self.assertEqual((run.code, run.out), (-signal.SIGINT, ""))
        self.assertIn(f"{half} of {len(self.weights.data)} bytes of model.safetensors are kept", run.err)
        self.assertEqual(self.incomplete().stat().st_size, half)
        self.assert_no_model()

    def test_a_killed_pull_into_a_folder_goes_on_too(self):
        sent, _ = self.hold_half()
        half = len(self.weights.data) // 2
        out = self.home / "model"
        running = self.start("pull", NAME, "--out", str(out))
        self.assertTrue(sent.wait(30))
        store = self.home / ".model.pull"
        self.wait_for_size(store / self.folder.name / "blobs" / (self.weights.etag + ".incomplete"), half)
        running.process.send_signal(signal.SIGKILL)
        running.end()
        self.assertFalse(out.exists())
        run = self.pull("--out", str(out))
        self.assertEqual(run.json["downloaded_bytes"], len(self.weights.data) - half, run.err)
        self.assertEqual((out / "model.safetensors").read_bytes(), self.weights.data)
        self.assertEqual([path.name for path in self.home.iterdir()], ["model"])

    def test_two_pulls_at_once_fetch_it_once(self):
        sent, go_on = self.hold_half()
        first = self.start("pull", NAME)
        self.assertTrue(sent.wait(30))
        second = self.start("pull", NAME)
        self.assertTrue(second.wait_for_line("model.safetensors: another process fetches it; waiting"))
        go_on.set()
        ended = [first.end(), second.end()]
        self.assertEqual([run.code for run in ended], [0, 0], [run.err for run in ended])
        self.assertEqual([run.json["path"] for run in ended], [ended[0].json["path"]] * 2)
        self.assertEqual(len(self.hub.asked(self.weights.etag)), 1)
        self.assertEqual((pathlib.Path(ended[0].json["path"]) / "model.safetensors").read_bytes(), self.weights.data)

    def test_two_pulls_into_one_folder_make_it_once(self):
        sent, go_on = self.hold_half()
        out = str(self.home / "model")
        first = self.start("pull", NAME, "--out", out)
        self.assertTrue(sent.wait(30))
        second = self.start("pull", NAME, "--out", out)
        self.assertTrue(second.wait_for_line("waiting"))
        go_on.set()
        self.assertEqual(first.end().code, 0)
        late = second.end()
        self.assertEqual(late.code, 1)
        self.assertIn("exists; choose another --out", late.err)
        self.assertEqual([path.name for path in self.home.iterdir()], ["model"])


class IntoAFolder(PullCase):
    def test_it_holds_plain_files_and_nothing_is_left_beside_it(self):
        out = self.home / "model"
        run = self.pull("--out", str(out) + "/")
        self.assertEqual((run.code, run.err), (0, ""))
        self.assertEqual(run.json["path"], str(out))
        for path in out.iterdir():
            self.assertFalse(path.is_symlink())
            self.assertEqual(path.read_bytes(), self.hub.repos[NAME].files[path.name].data)
        self.assertEqual([path.name for path in self.home.iterdir()], ["model"])

    def test_what_the_cache_has_is_copied(self):
        self.assertEqual(self.pull().code, 0)
        out = self.home / "model"
        self.assertEqual(self.pull("--out", str(out)).json["downloaded_bytes"], 0)
        (out / "model.safetensors").write_bytes(b"changed")
        self.assertEqual((self.blobs / self.weights.etag).read_bytes(), self.weights.data, "no link into the cache")

    def test_what_is_there_is_not_touched(self):
        out = self.home / "model"
        out.mkdir()
        self.assert_refused(self.pull("--out", str(out)), 1, "exists; choose another --out")
        self.assertEqual(list(out.iterdir()), [])
        self.assert_refused(self.pull("--out", str(self.home / "no/model")), 1, "there is no folder", "make it first")
        self.assertEqual(self.hub.calls, [])


class Offline(PullCase):
    def test_only_the_cache_counts(self):
        online = self.pull()
        calls = len(self.hub.calls)
        run = self.pull(HF_HUB_OFFLINE="1")
        self.assertEqual(run.json, {**online.json, "downloaded_bytes": 0})
        copied = self.pull("--out", str(self.home / "model"), HF_HUB_OFFLINE="1")
        self.assertEqual((self.home / "model/model.safetensors").read_bytes(), self.weights.data, copied.err)
        self.assertEqual(len(self.hub.calls), calls)

    def test_what_is_not_whole_there_is_said(self):
        self.assert_refused(self.pull(HF_HUB_OFFLINE="1"), 1, NAME, "HF_HUB_OFFLINE", "unset it and pull again")
        self.assertEqual(self.pull().code, 0)
        self.assert_refused(self.pull("--revision", "v2", HF_HUB_OFFLINE="1"), 1, "v2")
        blob = self.blobs / self.weights.etag
        blob.write_bytes(b"x" * len(self.weights.data))
        self.assert_refused(self.pull(HF_HUB_OFFLINE="1"), 1, "model.safetensors", "is not what its name says")
        blob.unlink()
        self.assert_refused(self.pull(HF_HUB_OFFLINE="1"), 1, "no model.safetensors")


class ByName(PullCase):
    """Other commands take what was pulled by its name."""

    def setUp(self):
        super().setUp()
        config = json.loads(GOLDEN["safetensors"]["config.json"])
        self.hub.repos["a/texts"] = Repo({"config.json": File(json.dumps({**config, "vocab_size": 50002}).encode()),
                                          "sentencepiece.bpe.model": File(SPIECE, lfs=True),
                                          "model.safetensors": self.weights})

    def tokenize(self, model):
        run = subprocess.run([BIN / "guichet", "tokenize", "--model", model, "-"], input="Paris\n", env=self.env, text=True,
                             capture_output=True, timeout=60, cwd=self.home)
        return run.returncode, run.stdout, run.stderr

    def test_a_pulled_model_imports_under_its_own_name(self):
        self.assertEqual(self.pull().code, 0)
        run = self.guichet("bundle", "import", NAME, "--out", str(self.home / "bundle"))
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual(json.loads(run.out)["name"], "petit-barthez")

    def test_a_pulled_model_generates_by_its_name(self):
        self.hub.repos["a/writer"] = small_repo("generation")
        generate = ["generate", "--model", "a/writer", "--ids", "--max-length", "5", "-"]
        run = subprocess.run([BIN / "guichet", *generate], input="[0, 5, 2]\n", env=self.env, text=True, capture_output=True,
                             timeout=60, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("guichet pull a/writer", run.stderr)
        self.assertEqual(self.pull(name="a/writer").code, 0)
        run = subprocess.run([BIN / "guichet", *generate], input="[0, 5, 2]\n", env=self.env, text=True, capture_output=True,
                             timeout=60, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["sequences"][0]["ids"][0], 2)

    def test_shards_in_the_cache_are_read_through_their_links(self):
        self.hub.repos["a/shards"] = small_repo("sharded")
        self.assertEqual(self.pull(name="a/shards").code, 0)
        run = self.guichet("bundle", "import", "a/shards", "--out", str(self.home / "bundle"))
        self.assertEqual(run.code, 0, run.err)

    def test_a_pulled_tokenizer_tokenises(self):
        self.assertEqual(self.pull("--revision", "main", name="a/texts").code, 0)
        built_in = self.tokenize("barthez")
        self.assertEqual(built_in[0], 0, built_in[2])
        self.assertEqual(self.tokenize("a/texts"), built_in)
        self.assertEqual(self.tokenize("a/texts@main"), built_in)
        self.assertEqual(self.tokenize(f"a/texts@{COMMIT}"), built_in)

    def test_what_was_not_pulled_says_how(self):
        code, out, err = self.tokenize("a/texts")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("a/texts: no such folder, and not in the cache", err)
        self.assertIn("run: guichet pull a/texts\n", err)
        self.assertIn("run: guichet pull a/texts@v2\n", self.tokenize("a/texts@v2")[2])
        data = self.home / "d.jsonl"
        data.write_text(self.guichet("data", "make", "--rows", "300", "--seed", "3").out)
        for words in (["bundle", "import", "a/texts"], ["train", "--data", str(data), "--base", "a/texts"]):
            self.assert_refused(self.guichet(*words, "--out", str(self.home / "o")), 1, "run: guichet pull a/texts\n")

    def test_a_folder_that_exists_wins(self):
        self.assertEqual(self.pull(name="a/texts").code, 0)
        (self.home / "a/texts").mkdir(parents=True)
        code, _, err = self.tokenize("a/texts")
        self.assertEqual(code, 1)
        self.assertIn("no tokenizer in a/texts", err)


class Usage(PullCase):
    def test_wrong_usage_is_two_and_asks_nobody(self):
        for words in ([], ["barthez"], ["a/b/c"], ["a/../b"], ["../b"], ["a/b@"], ["a/b@../x"], ["a b/c"], ["a/b", "--revision", "x/../y"],
                      ["a/b@x", "--revision", "y"], ["a/b", "--retries", "-1"], ["a/b", "--stall-seconds", "0"]):
            run = self.guichet("pull", *words)
            self.assertEqual((run.code, run.out), (2, ""), words)
            self.assertTrue(run.err, words)
        for env in ({"HF_ENDPOINT": "hub.example"}, {"HF_ENDPOINT": "ftp://hub.example"}, {"HF_ENDPOINT": "http://"},
                    {"HF_TOKEN": "a b"}, {"HF_TOKEN": "a\r\nX-Evil: 1"}):
            run = self.pull(**env)
            self.assertEqual((run.code, run.out), (2, ""), env)
            self.assertIn(next(iter(env)), run.err)
        self.assertEqual(self.hub.calls, [])

    def test_help_names_the_environment_and_the_exit_codes(self):
        text = self.guichet("pull", "--help").out
        for word in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "https_proxy", "Exit codes", "downloaded_bytes"):
            self.assertIn(word, text)


if __name__ == "__main__":
    main()
