#!/usr/bin/env python3
"""The laws of ARCHITECTURE.md about who may include whom, read from the tree's #include lines.

Each law is a function from a tree to its violations, and each has planted violations it must find and lawful files it must
leave alone: a law that cannot fail is no law.
"""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tree import Tree, main  # noqa: E402

TORCH_ROOMS = ("model/network/", "model/inference/", "model/training/")
# A torch include costs 4 to 25 s of compile time a file. Pre-training needs four: its network, its session, its loss, and what
# both kinds of session share.
MAX_TORCH_FILES = 32


def is_torch(header):
    return header.startswith(("torch/", "ATen/", "c10/", "caffe2/"))


def is_grpc(header):
    return header.startswith(("grpcpp/", "grpc/", "grpc++/")) or header.endswith(".grpc.pb.h")


def is_protobuf(header):
    return header.startswith("google/protobuf/") or header.endswith(".pb.h")


def is_fmt(header):
    return header.startswith(("fmt/", "spdlog/"))


def is_curl(header):
    return header.startswith("curl/")


def is_sentencepiece(header):
    return header in ("sentencepiece_processor.h", "sentencepiece_trainer.h")


def is_test(path):
    return path.startswith("tests/")


def via(chain):
    return f" (through {' → '.join(chain[1:])})" if len(chain) > 1 else ""


# --- the laws ------------------------------------------------------------------------------------------------------------


def model_knows_no_server(tree):
    """model/ and base/ are libraries of their own: no server, client, gRPC, metrics, protobuf."""
    for path in tree.cpp_files():
        if not path.startswith(("model/", "base/")):
            continue
        for header, chain in tree.reached(path).items():
            forbidden = header.startswith(("server/", "client/", "prometheus/", "spdlog/"))
            if forbidden or is_grpc(header) or is_protobuf(header):
                yield f"{path} includes {header}{via(chain)}"


def torch_stays_in_its_rooms(tree):
    """Only files of three rooms and tests reach a torch header: the rooms' own headers may, those others include may not."""
    for path in tree.cpp_files():
        if is_test(path) or path.startswith(TORCH_ROOMS):
            continue
        for header, chain in tree.reached(path).items():
            if is_torch(header):
                yield f"{path} includes {header}{via(chain)}; only files of {', '.join(TORCH_ROOMS)} may"
                break


def torch_files_are_few(tree):
    """The number of .cc files that pay for torch is bounded; tests are not counted."""
    paying = [p for p in tree.with_suffix(".cc") if not is_test(p) and any(map(is_torch, tree.reached(p)))]
    if len(paying) > MAX_TORCH_FILES:
        yield f"{len(paying)} files reach torch headers, more than {MAX_TORCH_FILES}: {', '.join(paying)}"


def torch_never_meets_protobuf_or_fmt(tree):
    """The wheel's include folder carries another protobuf and another fmt: no file sees both."""
    for path in tree.with_suffix(".cc"):
        reached = tree.reached(path)
        if not any(map(is_torch, reached)):
            continue
        for header, chain in reached.items():
            if is_protobuf(header) or is_fmt(header) or is_grpc(header):
                yield f"{path} sees torch and {header}{via(chain)}"


def sentencepiece_in_one_file(tree):
    """sentencepiece's header opens namespace absl: one .cc includes it, and that one reaches no abseil or gRPC header."""
    users = [p for p in tree.cpp_files() if "sentencepiece_processor.h" in tree.includes(p)]
    if len(users) > 1:
        yield f"sentencepiece_processor.h is included by {', '.join(users)}; one file may"
    for path in tree.cpp_files():
        if not any(map(is_sentencepiece, tree.includes(path))):
            continue
        if path.endswith(".h"):
            yield f"{path} is a header and includes sentencepiece"
        for header, chain in tree.reached(path).items():
            if header.startswith("absl/") or is_grpc(header):
                yield f"{path} sees sentencepiece and {header}{via(chain)}"


def curl_in_one_room(tree):
    """libcurl in the sources of model/http alone, never in its headers: model/ builds without it, and knows no other network."""
    for path in tree.cpp_files():
        home = path.startswith("model/http/") and path.endswith(".cc")
        if not is_test(path) and not home and any(map(is_curl, tree.includes(path))):
            yield f"{path} includes libcurl"


def grpc_stays_at_the_edge(tree):
    """grpcpp only in server/rpc, server/security, server/server*.{h,cc}, client/ and tests, also through our headers."""
    for path in tree.cpp_files():
        if is_test(path) or path.startswith(("server/rpc/", "server/security/", "server/server", "client/", "examples/")):
            continue
        for header in tree.includes(path):
            if is_grpc(header):
                yield f"{path} includes {header}"


# A room may include itself and what stands here; an entry ending in a file pattern admits these headers alone.
LEAVES = ("base/", "server/base/")
ARROWS = {
    "base/": (),
    "model/": ("base/",),
    "server/base/": ("base/",),
    # The configuration fills the option structs of the rooms; it knows nothing else of them.
    "server/config/": LEAVES + ("server/*_options.h", "model/*_options.h"),
    # Security is given its section of the configuration, a plain value.
    "server/security/": LEAVES + ("server/config/*_config.h",),
    # Telemetry implements the observers that rooms report to; it knows nothing else of them.
    "server/telemetry/": LEAVES + ("server/*_observer.h",),
    "server/pipeline/": LEAVES + ("model/",),
    "server/registry/": LEAVES + ("model/", "server/pipeline/", "server/store/", "server/telemetry/"),
    "server/jobs/": LEAVES + ("model/", "server/registry/", "server/store/", "server/telemetry/"),
    "server/feedback/": LEAVES + ("model/", "server/registry/", "server/store/", "server/telemetry/"),
    "server/generation/": LEAVES + ("model/", "server/telemetry/"),
    "server/store/": LEAVES,
    "server/rpc/": LEAVES + ("model/", "server/pipeline/", "server/registry/", "server/feedback/", "server/generation/",
                             "server/jobs/", "server/store/", "server/config/", "server/security/", "server/telemetry/"),
    "server/": ("base/", "model/", "server/"),
    "client/cli/": ("base/", "model/", "client/"),
    "client/": ("base/",),
}


def room_of(path):
    return max((room for room in ARROWS if path.startswith(room)), key=len, default=None)


def admits(entry, header):
    if "*" not in entry:
        return header.startswith(entry)
    prefix, suffix = entry.split("*")
    return header.startswith(prefix) and header.endswith(suffix)


def arrows_point_one_way(tree):
    """rpc → {pipeline, registry, jobs} → model; the leaves know nobody above them; the client library stands alone."""
    for path in tree.cpp_files():
        room = room_of(path)
        if room is None:
            continue
        for header in tree.includes(path):
            other = room_of(header)
            if other is None or other == room or is_protobuf(header):
                continue
            if not any(admits(entry, header) for entry in ARROWS[room]):
                yield f"{path} includes {header}: {room} may include {', '.join(ARROWS[room]) or 'nobody'}"


def folder(path):
    return path.rsplit("/", 1)[0]


def rooms_form_no_cycle(tree):
    """No folder of base/, model/, server/ and client/ includes, over any number of steps, itself through another."""
    edges = {}
    for path in tree.cpp_files():
        # A program's main.cc joins the rooms below it, and nobody can include it.
        if room_of(path) is None or path.count("/") < 1 or path.endswith("/main.cc"):
            continue
        for header in tree.includes(path):
            # Plain values and observers are how a room speaks to others; the arrows already say who may see them.
            if header in tree and room_of(header) and folder(header) != folder(path) \
                    and not header.endswith(("_options.h", "_config.h", "_observer.h")):
                edges.setdefault(folder(path), {})[folder(header)] = (path, header)
    for start in edges:
        seen, waiting = set(), [(start, [])]
        while waiting:
            current, trail = waiting.pop()
            for target, (path, header) in edges.get(current, {}).items():
                step = trail + [f"{path} → {header}"]
                if target == start and start == min([start] + [folder(s) for s in trail]):
                    yield f"{start} includes itself: {'; '.join(step)}"
                if target not in seen:
                    seen.add(target)
                    waiting.append((target, step))


LAWS = [model_knows_no_server, torch_stays_in_its_rooms, torch_files_are_few,
        torch_never_meets_protobuf_or_fmt, sentencepiece_in_one_file, curl_in_one_room, grpc_stays_at_the_edge,
        arrows_point_one_way, rooms_form_no_cycle]

# --- the laws' own tests ---------------------------------------------------------------------------------------------------

# law → [(files of a tree, the file that must be named)]
PLANTED = {
    model_knows_no_server: [
        ({"model/text/a.cc": ["server/rpc/x.h"]}, "model/text/a.cc"),
        ({"model/text/a.cc": ["client/client.h"]}, "model/text/a.cc"),
        ({"model/text/a.h": ["prometheus/counter.h"]}, "model/text/a.h"),
        ({"base/a.h": ["grpcpp/grpcpp.h"]}, "base/a.h"),
        ({"model/data/a.cc": ["guichet/v1/classification.pb.h"]}, "model/data/a.cc"),
        ({"model/data/a.cc": ["model/data/b.h"], "model/data/b.h": ["spdlog/spdlog.h"]}, "model/data/a.cc"),
    ],
    torch_stays_in_its_rooms: [
        ({"model/text/a.cc": ["ATen/core/Tensor.h"]}, "model/text/a.cc"),
        ({"server/pipeline/a.cc": ["model/inference/b.h"], "model/inference/b.h": ["c10/core/Device.h"]},
         "server/pipeline/a.cc"),
        ({"base/a.h": ["torch/torch.h"]}, "base/a.h"),
        ({"client/cli/a.cc": ["model/network/b.h"], "model/network/b.h": ["model/network/c.h"],
          "model/network/c.h": ["torch/nn.h"]}, "client/cli/a.cc"),
    ],
    torch_files_are_few: [
        ({f"model/network/f{i}.cc": ["ATen/ops/linear.h"] for i in range(MAX_TORCH_FILES + 1)}, "model/network/f0.cc")],
    torch_never_meets_protobuf_or_fmt: [
        ({"model/network/a.cc": ["ATen/ATen.h", "fmt/format.h"]}, "model/network/a.cc"),
        ({"model/training/a.cc": ["torch/optim.h", "model/data/b.h"], "model/data/b.h": ["google/protobuf/message.h"]},
         "model/training/a.cc"),
        ({"tests/parity/a.cc": ["torch/torch.h", "proto/x.pb.h"]}, "tests/parity/a.cc"),
    ],
    sentencepiece_in_one_file: [
        ({"model/text/a.cc": ["sentencepiece_processor.h"], "model/text/b.cc": ["sentencepiece_processor.h"]},
         "model/text/b.cc"),
        ({"model/text/a.h": ["sentencepiece_processor.h"]}, "model/text/a.h"),
        ({"model/text/a.cc": ["sentencepiece_processor.h", "model/text/b.h"],
          "model/text/b.h": ["absl/status/status.h"]}, "model/text/a.cc"),
    ],
    curl_in_one_room: [
        ({"model/bundle/a.cc": ["curl/curl.h"]}, "model/bundle/a.cc"),
        ({"model/http/a.h": ["curl/curl.h"]}, "model/http/a.h"),
        ({"model/tracking/a.cc": ["curl/curl.h"]}, "model/tracking/a.cc"),
        ({"client/a.h": ["curl/curl.h"]}, "client/a.h"),
    ],
    grpc_stays_at_the_edge: [
        ({"server/telemetry/a.cc": ["grpcpp/grpcpp.h"]}, "server/telemetry/a.cc"),
        ({"server/main.cc": ["guichet/v1/classification.grpc.pb.h"]}, "server/main.cc"),
        ({"server/pipeline/a.h": ["grpc/grpc.h"]}, "server/pipeline/a.h"),
    ],
    arrows_point_one_way: [
        ({"server/pipeline/a.cc": ["server/rpc/b.h"]}, "server/pipeline/a.cc"),
        ({"server/pipeline/a.cc": ["server/telemetry/metrics.h"]}, "server/pipeline/a.cc"),
        ({"server/config/a.cc": ["server/pipeline/inference_pipeline.h"]}, "server/config/a.cc"),
        ({"server/telemetry/a.cc": ["model/bundle/model_bundle.h"]}, "server/telemetry/a.cc"),
        ({"server/rpc/a.cc": ["server/server.h"]}, "server/rpc/a.cc"),
        ({"server/rpc/a.cc": ["client/client.h"]}, "server/rpc/a.cc"),
        ({"client/client.cc": ["model/text/tokenizer.h"]}, "client/client.cc"),
        ({"client/cli/a.cc": ["server/config/config.h"]}, "client/cli/a.cc"),
        ({"base/a.h": ["model/data/ticket.h"]}, "base/a.h"),
        ({"server/security/a.h": ["server/config/config_yaml.h"]}, "server/security/a.h"),
        ({"server/base/a.h": ["server/config/config.h"]}, "server/base/a.h"),
    ],
    rooms_form_no_cycle: [
        ({"model/text/a.h": ["model/data/b.h"], "model/data/b.h": []}
         | {"model/data/c.cc": ["model/text/a.h"]}, "model/data/c.cc"),
        ({"model/a/x.h": ["model/b/x.h"], "model/b/x.h": ["model/c/x.h"], "model/c/x.h": [],
          "model/c/y.h": ["model/a/x.h"]}, "model/c/y.h"),
    ],
}

LAWFUL = {
    "base/clock.h": ["chrono", "absl/status/status.h"],
    "model/text/tokenizer.h": ["base/clock.h"],
    "model/text/processor.cc": ["sentencepiece_processor.h", "string"],
    "model/http/http_client.cc": ["curl/curl.h"],
    "model/inference/text_classifier.h": ["absl/status/statusor.h", "model/text/tokenizer.h"],
    "model/network/linear.h": ["ATen/core/Tensor.h"],
    "model/network/linear.cc": ["ATen/ops/linear.h", "model/inference/text_classifier.h"],
    "tests/parity/a.cc": ["torch/torch.h"],
    "tests/unit/b.cc": ["fmt/format.h", "grpcpp/grpcpp.h", "server/server.h"],
    "server/pipeline/pipeline_options.h": ["base/clock.h"],
    "server/pipeline/pipeline_observer.h": [],
    "server/pipeline/queue.cc": ["fmt/format.h", "model/inference/text_classifier.h", "server/base/threads.h"],
    "server/config/config.cc": ["server/pipeline/pipeline_options.h"],
    "server/security/tls.h": ["server/config/server_config.h"],
    "server/config/server_config.h": [],
    "server/telemetry/metrics.cc": ["prometheus/counter.h", "server/pipeline/pipeline_observer.h"],
    "server/rpc/service.cc": ["grpcpp/grpcpp.h", "guichet/v1/classification.grpc.pb.h", "server/telemetry/metrics.h"],
    "server/server.cc": ["grpcpp/grpcpp.h", "server/rpc/service.h", "server/config/config.h"],
    "client/client.cc": ["grpcpp/grpcpp.h", "base/clock.h"],
    "client/cli/predict.cc": ["model/inference/text_classifier.h", "client/client.h"],
}


def violations(law, files):
    with tempfile.TemporaryDirectory() as root:
        for path, headers in files.items():
            target = Path(root, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("".join(f'#include "{h}"\n' for h in headers))
        return list(law(Tree(root)))


class EveryLaw(unittest.TestCase):
    def test_finds_what_is_planted(self):
        for law in LAWS:
            for files, culprit in PLANTED[law]:
                with self.subTest(law=law.__name__, files=files):
                    found = violations(law, files)
                    self.assertTrue(found, "nothing found")
                    self.assertTrue(any(culprit in f for f in found), found)

    def test_leaves_lawful_files_alone(self):
        for law in LAWS:
            with self.subTest(law=law.__name__):
                self.assertEqual(violations(law, LAWFUL), [])

    def test_reads_every_way_to_write_an_include(self):
        with tempfile.TemporaryDirectory() as root:
            Path(root, "a.h").write_text('#include <x/a.h>\n  #  include "b.h"  // c\n// #include "no.h"\n')
            self.assertEqual(Tree(root).includes("a.h"), ["x/a.h", "b.h"])


if __name__ == "__main__":
    sys.exit(main([(law.__doc__.splitlines()[0], law) for law in LAWS], EveryLaw))
