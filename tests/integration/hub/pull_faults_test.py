#!/usr/bin/env python3
"""`guichet pull` against a hub, or something on the way to it, that refuses, breaks, or lies: pull_faults_test.py BIN_FOLDER.
Each fault has its exit code and a message that says what to do, and leaves nothing that looks like a model."""
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pull_case import NAME, FakeHub, PullCase, main, small_repo  # noqa: E402

COMMIT = "a" * 40
SECRET = "hf_secret"


class Refused(PullCase):
    def everywhere(self, deal):
        self.hub.hooks.append(lambda handler, call: call.server == "hub" and deal(handler, call))

    def at_files(self, deal):
        self.hub.hooks.append(lambda handler, call: "/resolve/" in call.path and deal(handler, call))

    def test_a_gated_model_is_four_and_says_where_to_ask(self):
        # As the hub does: its listing is open, its files are not.
        self.at_files(lambda handler, _: handler.refuse(401, "GatedRepo", "Access to model is restricted."))
        self.assert_refused(self.pull(), 4, f"{NAME} is gated", f"{self.hub.url}/{NAME}", "HF_TOKEN", "Access to model is restricted.")
        self.assert_no_model()
        self.assert_no_blob(self.hub.repos[NAME].files["config.json"])
        self.hub.hooks.clear()
        self.at_files(lambda handler, _: handler.refuse(403, "GatedRepo"))
        self.assert_refused(self.pull(HF_TOKEN=SECRET), 4, "gated", "the same account's HF_TOKEN")

    def test_a_missing_repository_is_told_from_a_private_one_as_far_as_the_hub_tells(self):
        self.assert_refused(self.pull(name="no/body"), 4, "no/body: no such repository", "or a private one", "HF_TOKEN")
        self.everywhere(lambda handler, _: handler.refuse(404, "RepoNotFound", "Repository not found"))
        self.assert_refused(self.pull(name="no/body"), 1, "no/body: no such repository", "check the name")

    def test_a_token_that_does_not_count_is_said_and_never_shown(self):
        self.everywhere(lambda handler, _: handler.refuse(401, "", "") if "Authorization" in handler.headers else False)
        run = self.pull(HF_TOKEN=SECRET)
        self.assert_refused(run, 4, "answered 401", "the token does not count")
        self.assertNotIn(SECRET, run.err)

    def test_missing_revisions_and_files_are_named(self):
        self.assert_refused(self.pull("--revision", "v9"), 1, f"{NAME} has no revision 'v9'")
        self.at_files(lambda handler, call: call.path.endswith("model.safetensors") and handler.refuse(404, "EntryNotFound"))
        self.assert_refused(self.pull(), 1, "the hub lists model.safetensors and does not have it")
        self.assert_no_model()

    def test_a_server_that_is_no_hub_is_asked_about(self):
        self.everywhere(lambda handler, _: handler.answer(404, b"<html>"))
        self.assert_refused(self.pull(), 1, "answered 404", "is HF_ENDPOINT a Hugging Face hub?")
        self.hub.hooks.clear()
        self.everywhere(lambda handler, _: handler.answer(200, b"<html>welcome</html>"))
        self.assert_refused(self.pull(), 1, "the listing of " + NAME, "JSON")

    def test_a_servers_words_cannot_act_on_the_terminal(self):
        self.everywhere(lambda handler, _: handler.refuse(403, "Odd", "\x1b[2J" + "x" * 5000))
        run = self.pull()
        self.assert_refused(run, 4, "?[2J")
        self.assertLess(len(run.err), 1000)

    def test_nobody_there_is_three(self):
        self.hub.__exit__()
        run = self.pull("--retries", "2")
        self.assert_refused(run, 3, "again in", "try 3 of 3")
        self.assertEqual(self.guichet("-q", "pull", NAME, "--retries", "0").err.count("\n"), 1)

    def test_the_cache_is_pointed_to_when_nobody_is_there(self):
        self.assertEqual(self.pull().code, 0)
        self.hub.__exit__()
        self.assert_refused(self.pull("--retries", "0"), 3, COMMIT, "HF_HUB_OFFLINE=1")

    def test_a_busy_hub_is_asked_again(self):
        busy = iter([(503, {}), (429, {"Retry-After": "0"})])

        def deal(handler, _):
            code, headers = next(busy, (None, None))
            return code is not None and handler.refuse(code, "", "", headers)
        self.everywhere(deal)
        run = self.pull()
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("answered 503", run.err)
        self.assertIn("answered 429", run.err)
        self.everywhere(lambda handler, _: handler.refuse(500, ""))
        self.assert_refused(self.pull("--retries", "1"), 3, "answered 500")


class Redirected(PullCase):
    def test_the_token_is_told_to_the_hub_alone(self):
        (self.home / "h").mkdir()
        (self.home / "h/token").write_text(SECRET + "\n")
        for env in ({"HF_TOKEN": SECRET}, {"HF_HOME": str(self.home / "h")}):
            self.hub.calls.clear()
            shutil.rmtree(self.cache, ignore_errors=True)
            run = self.pull(**env)
            self.assertEqual(run.code, 0, run.err)
            self.assertIn("the token goes to " + self.hub.url, run.err)  # this hub has no TLS
            for call in self.hub.calls:
                told = call.headers.get("Authorization")
                self.assertEqual(told, f"Bearer {SECRET}" if call.server == "hub" else None, call)
            self.assertEqual(len(self.hub.asked("", "store")), 1)

    def test_a_renamed_repository_is_followed(self):
        self.hub.repos["new/name"] = self.hub.repos.pop(NAME)
        self.hub.hooks.append(lambda handler, call: call.server == "hub" and NAME in call.path and
                              handler.redirect(307, call.path.replace(NAME, "new/name")))
        run = self.pull(HF_TOKEN=SECRET)
        self.assertEqual((run.code, run.json["repo"]), (0, NAME), run.err)
        self.assertTrue(all(call.headers["Authorization"] for call in self.hub.calls if call.server == "hub"))

    def test_small_files_may_lie_behind_a_relative_redirect(self):
        config = self.hub.repos[NAME].files["config.json"]

        def deal(handler, call):
            if call.path.endswith(f"/resolve/{COMMIT}/config.json"):
                return handler.redirect(307, f"/api/resolve-cache/models/{NAME}/{COMMIT}/config.json")
            if "/resolve-cache/" in call.path:
                handler.contents(config, {})
                return True
            return False
        self.hub.hooks.append(deal)
        self.assertEqual(self.pull().code, 0)

    def test_turning_in_a_circle_ends(self):
        self.hub.hooks.append(lambda handler, call: handler.redirect(302, call.path))
        self.assert_refused(self.pull(), 1, "redirected more than 10 times")
        self.assertEqual(len(self.hub.calls), 11)

    def test_no_other_protocol_is_followed(self):
        for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"):
            self.hub.hooks[:] = [lambda handler, _, target=target: handler.redirect(302, target)]
            self.assert_refused(self.pull(), 1, "redirected to a place that is refused")

    def test_proxies_of_the_environment_are_used(self):
        run = self.pull(HF_ENDPOINT="http://hub.invalid", http_proxy=self.hub.url, no_proxy="127.0.0.1")
        self.assertEqual(run.code, 0, run.err)
        self.assertTrue(self.hub.asked("http://hub.invalid/api/models/"))


@unittest.skipUnless(shutil.which("openssl"), "openssl makes the certificate")
class Encrypted(PullCase):
    def setUp(self):
        super().setUp()
        self.certificate = self.home / "hub.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.certificate,
                        "-out", self.home / "only.pem"], check=True, capture_output=True)
        with open(self.certificate, "ab") as both:
            both.write((self.home / "only.pem").read_bytes())
        self.secure = FakeHub(self.certificate)
        self.addCleanup(self.secure.__exit__)
        self.secure.repos[NAME] = small_repo()
        self.env["HF_ENDPOINT"] = self.secure.url

    def test_whom_to_trust_is_named_by_a_file(self):
        self.assert_refused(self.pull(), 1, "certificate", "SSL_CERT_FILE")
        self.assertEqual(self.secure.calls, [])
        run = self.pull(SSL_CERT_FILE=str(self.certificate), HF_TOKEN=SECRET)
        self.assertEqual((run.code, run.err), (0, ""))

    def test_encryption_is_not_given_up_on_the_way(self):
        self.secure.hooks.append(lambda handler, call: "/resolve/" in call.path and
                                 handler.redirect(302, self.hub.url + call.path))
        self.assert_refused(self.pull(SSL_CERT_FILE=str(self.certificate)), 1, "redirected from https to http://127.0.0.1")
        self.assertEqual(self.hub.calls, [])
        self.assert_no_model()


class Broken(PullCase):
    """Transfers of the weights that do not come to their end."""

    def sending(self, *, bytes_sent, length=None, headers=()):
        """Promises `length` bytes (all by default; None in headers: none), sends `bytes_sent`, and hangs up."""
        def deal(handler, _):
            handler.close_connection = True
            begin, data = handler.wanted_range(self.weights.data)
            handler.send_response(200 if begin is None else 206)
            for name, value in {"Content-Length": str(len(data) if length is None else length),
                                **({"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(self.weights.data)}"} if begin else {}),
                                **dict(headers)}.items():
                if value is not None:
                    handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write((data + b"x" * 1000)[:bytes_sent])
            handler.wfile.flush()
            return True
        self.on_store(deal)

    def incomplete(self):
        return self.blobs / (self.weights.etag + ".incomplete")

    def test_what_breaks_off_goes_on_where_it_was(self):
        self.sending(bytes_sent=60_000)
        run = self.pull()
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual([call.headers.get("Range") for call in self.hub.asked("", "store")],
                         [None, *(f"bytes={begin}-" for begin in range(60_000, len(self.weights.data), 60_000))])
        self.assertEqual((pathlib.Path(run.json["path"]) / "model.safetensors").read_bytes(), self.weights.data)

    def test_what_breaks_off_too_often_is_kept(self):
        self.sending(bytes_sent=10_000)
        size = len(self.weights.data)
        self.assert_refused(self.pull("--retries", "1"), 1, f"20000 of {size} bytes of model.safetensors are kept", "run the same")
        self.assert_no_model()
        self.hub.hooks.clear()
        self.assertEqual(self.pull().json["downloaded_bytes"], size - 20_000)

    def test_an_end_without_a_promised_length_is_noticed(self):
        self.sending(bytes_sent=10_000, headers={"Content-Length": None})
        self.assert_refused(self.pull("--retries", "0"), 1, "it ended after 10000 of", "are kept")
        self.assert_no_model()

    def test_a_server_that_stalls_is_left(self):
        sent, _ = self.hold_half()
        run = self.pull("--stall-seconds", "1", "--retries", "1")
        self.assertTrue(sent.is_set())
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("1024 bytes/sec", run.err)
        self.assertIn("again in", run.err)

    def test_nothing_at_all_from_a_server_is_unreachable(self):
        sent, _ = self.hold_half()
        self.hub.hooks.insert(0, lambda handler, call: call.server == "hub" and sent.wait(10))
        self.assert_refused(self.pull("--stall-seconds", "1", "--retries", "0"), 3, "Operation too slow")
        sent.set()

    def test_a_server_that_cannot_go_on_sends_all_of_it(self):
        sizes = []
        for ignores in ("range", "offset"):
            self.sending(bytes_sent=10_000)
            self.assertEqual(self.pull("--retries", "0").code, 1)
            if ignores == "range":
                self.hub.hooks[:] = [lambda handler, call: call.server == "store" and handler.answer(200, self.weights.data)]
            else:
                self.hub.hooks[:] = [lambda handler, call: call.server == "store" and "Range" in call.headers and
                                     handler.answer(416)]
            run = self.pull()
            self.assertEqual(run.code, 0, run.err)
            sizes.append(run.json["downloaded_bytes"])
            self.hub.hooks.clear()
            shutil.rmtree(self.cache)
        self.assertEqual(sizes, [len(self.weights.data)] * 2)

    def test_a_beginning_that_was_changed_is_fetched_anew(self):
        self.sending(bytes_sent=10_000)
        self.assertEqual(self.pull("--retries", "0").code, 1)
        self.hub.hooks.clear()
        self.incomplete().write_bytes(b"y" * 10_000)
        run = self.pull()
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("starting over", run.err)
        self.assertEqual((pathlib.Path(run.json["path"]) / "model.safetensors").read_bytes(), self.weights.data)

    def test_a_beginning_longer_than_the_file_is_no_beginning(self):
        self.blobs.mkdir(parents=True)
        self.incomplete().write_bytes(b"y" * (len(self.weights.data) + 1))
        self.assertEqual(self.pull().code, 0)


class Lying(PullCase):
    def assert_lie(self, *parts):
        self.assert_refused(self.pull("--retries", "1"), 1, *parts)
        self.assert_no_model()

    def test_other_contents_of_the_right_size(self):
        self.on_store(lambda handler, _: handler.answer(200, b"x" * len(self.weights.data)))
        self.assert_lie("model.safetensors: its SHA-256 is", f"the listing says {self.weights.etag}", "HF_ENDPOINT", "removed")
        self.assert_no_blob(self.weights)
        self.assertEqual(len(self.hub.asked("", "store")), 1, "a lie is not asked for again")

    def test_other_contents_of_a_small_file(self):
        config = self.hub.repos[NAME].files["config.json"]
        self.hub.hooks.append(lambda handler, call: call.path.endswith("config.json") and
                              handler.answer(200, b"x" * len(config.data)))
        self.assert_lie("config.json: its git blob SHA-1 is", config.etag)
        self.assert_no_blob(config)

    def test_another_size(self):
        size = len(self.weights.data)
        for sent in (size - 1, size + 1):
            self.hub.hooks[:] = [lambda handler, call, sent=sent: call.server == "store" and handler.answer(200, b"x" * sent)]
            self.assert_lie(f"model.safetensors: the server sends {sent} bytes, the listing says {size}")
            self.assert_no_blob(self.weights)

    def test_more_than_was_said_without_saying_so(self):
        def deal(handler, _):
            handler.close_connection = True
            handler.send_response(200)
            handler.end_headers()
            for _ in range(100):
                handler.wfile.write(b"x" * 100_000)
            return True
        self.on_store(deal)
        self.assert_lie(f"sends more than the {len(self.weights.data)} bytes")
        self.assert_no_blob(self.weights)

    def test_a_range_that_was_not_asked_for(self):
        def deal(handler, _):
            return handler.answer(206, self.weights.data[5:], {"Content-Range": f"bytes 5-99/{len(self.weights.data)}"})
        self.on_store(deal)
        self.assert_lie("asked for the bytes from 0 on, the server sends Content-Range 'bytes 5-99")
        self.assert_no_blob(self.weights)

    def test_no_contents_where_there_should_be_some(self):
        self.on_store(lambda handler, _: handler.answer(204))
        self.assert_lie("answered 204, expected 200 or 206")


class LyingListings(PullCase):
    def answer_listing(self, body):
        self.hub.hooks[:] = [lambda handler, call: "/api/models/" in call.path and handler.answer(200, body)]

    def changed(self, change):
        listing = {"sha": COMMIT, "siblings": list(self.hub.repos[NAME].siblings())}
        change(listing)
        self.answer_listing(json.dumps(listing).encode())

    def assert_refused_listing(self, *parts):
        run = self.pull()
        self.assert_refused(run, 1, "the listing of " + NAME, *parts)
        self.assertLess(len(run.err), 2000)
        self.assertEqual(self.hub.asked("/resolve/"), [])
        self.assertFalse(self.folder.exists())

    def test_names_that_lead_elsewhere(self):
        for name in ("../config.json", "/etc/passwd", "a/../../b", "a//b", "./x", "..", "", "a\\b", "a\nb", "a\0b", "x" * 300,
                     "/".join(["d" * 100] * 20)):
            self.changed(lambda listing, name=name: listing["siblings"].append(
                {"rfilename": name, "size": 1, "blobId": "0" * 40}))
            self.assert_refused_listing("siblings[6].rfilename")

    def test_sizes_that_are_none(self):
        for size in (-1, 1.5, 1e300, 2**63, 2**70, "7", None, True, []):
            self.changed(lambda listing, size=size: listing["siblings"][0].update(size=size, lfs=None))
            self.assert_refused_listing("siblings[0].size", "a whole number of bytes from 0 to")

    def test_sizes_that_no_disk_holds_are_not_begun_with(self):
        shards = [f"model-{number:05}-of-00400.safetensors" for number in range(1, 401)]
        self.changed(lambda listing: listing.update(siblings=[
            *(entry for entry in listing["siblings"] if entry["rfilename"] == "config.json"),
            {"rfilename": "model.safetensors.index.json", "size": 2, "blobId": "0" * 40},
            *({"rfilename": name, "lfs": {"sha256": f"{number:064x}", "size": 2**38}} for number, name in enumerate(shards))]))
        self.assert_refused(self.pull(), 1, "more bytes are needed", "are free on the disk of", "HF_HOME or --out")
        self.assertEqual(self.hub.asked("/resolve/"), [])

    def test_digests_that_are_none(self):
        for digest in ("", "../../x", "A" * 64, "0" * 63, 7, None):
            self.changed(lambda listing, digest=digest: listing["siblings"][1].update(lfs={"sha256": digest, "size": 3}))
            self.assert_refused_listing("siblings[1].lfs.sha256", "64 lower-case hexadecimal digits")
            self.changed(lambda listing, digest=digest: listing.update(sha=digest))
            self.assert_refused_listing("listing.sha", "40 lower-case hexadecimal digits")

    def test_a_million_files(self):
        many = [{"rfilename": f"f{i}"} for i in range(1_000_000)]
        self.changed(lambda listing: listing.update(siblings=many[:20_000]))
        self.assert_refused_listing("siblings", "at most 10000 files")
        self.changed(lambda listing: listing.update(siblings=many))
        self.assert_refused(self.pull(), 1, "longer than the 16777216 bytes allowed")

    def test_the_same_file_twice(self):
        self.changed(lambda listing: listing["siblings"].append(listing["siblings"][0]))
        self.assert_refused_listing("siblings[6].rfilename", "no name twice")

    def test_json_that_is_too_deep_or_none(self):
        for body, part in ((b"[" * 100_000, "nested deeper"), (b"[]", "a JSON object"), (b"{", "JSON"), (b"\xff\xfe", "JSON"),
                           (b'{"sha": "%s"}' % COMMIT.encode(), "siblings"), (b"", "JSON")):
            self.answer_listing(body)
            self.assert_refused_listing(part)

    def test_another_commit_than_was_asked_for(self):
        self.changed(lambda listing: listing.update(sha="b" * 40))
        run = self.pull("--revision", COMMIT)
        self.assert_refused(run, 1, f"sha is {'b' * 40}, asked for {COMMIT}")

    def test_what_is_no_model_is_said(self):
        files = self.hub.repos[NAME].files
        shards = small_repo("sharded").files
        without = shards.pop("model-00002-of-00003.safetensors")
        self.assertTrue(without)
        for repo, part in (({}, "no config.json"), ({"config.json": files["config.json"]}, "no model.safetensors"),
                           (shards, "its shard model-00002-of-00003.safetensors is not")):
            self.hub.repos[NAME].files = repo
            self.assert_refused(self.pull(), 1, NAME, part)
            self.assertEqual(self.hub.asked("/resolve/"), [])


if __name__ == "__main__":
    main()
