#!/usr/bin/env python3
"""Clients that others wrote, unchanged: tritonclient and gRPC's Python stack, the README's example among them.

    python_clients_test.py PYTHON BIN_FOLDER

PYTHON has requirements.txt installed; where it is missing the test is skipped. A tiny random bundle is served by a real server.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
from running_server import running_server  # noqa: E402

PYTHON, BIN = (pathlib.Path(argument) for argument in sys.argv[1:3])

TRITON = """
import sys
import numpy as np
import tritonclient.grpc as triton

client = triton.InferenceServerClient(sys.argv[1])
assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready("random-tiny") and not client.is_model_ready("another")
metadata = client.get_model_metadata("random-tiny")
assert [tensor.name for tensor in metadata.inputs] == ["text"], metadata

texts = np.array([["Mon écran reste noir"], ["Le VPN se coupe"], ["Écran"]], dtype=object)
for given in (texts, texts.reshape(3)):
    text = triton.InferInput("text", list(given.shape), "BYTES")
    text.set_data_from_numpy(given)
    result = client.infer("random-tiny", [text])
    assert result.as_numpy("label").shape == (3,) and result.as_numpy("score").shape == (3,)
    wanted = [triton.InferRequestedOutput(name) for name in ("labels", "scores")]
    ranked = client.infer("random-tiny", [text], model_version="1", request_id="7", outputs=wanted, client_timeout=5)
    labels, scores = ranked.as_numpy("labels"), ranked.as_numpy("scores")
    assert labels.shape == scores.shape == (3, 12), (labels.shape, scores.shape)
    assert (np.diff(scores, axis=1) <= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert (labels[:, 0] == result.as_numpy("label")).all()
    assert ranked.get_response().id == "7" and ranked.get_response().model_version == "1"
    best = client.infer("random-tiny", [text], outputs=wanted, parameters={"top_k": 2})
    assert best.as_numpy("labels").shape == (3, 2)

for model, tensor, shape in (("another", "text", [1]), ("random-tiny", "words", [1]), ("random-tiny", "text", [2])):
    bad = triton.InferInput(tensor, shape, "BYTES")
    bad.set_data_from_numpy(np.array(["a"] * shape[0], dtype=object))
    if shape == [2]:
        bad = triton.InferInput(tensor, [2, 3], "BYTES")
        bad.set_data_from_numpy(np.array([["a"] * 3] * 2, dtype=object))
    try:
        client.infer(model, [bad])
    except triton.InferenceServerException as error:
        assert error.status() == ("StatusCode.NOT_FOUND" if model == "another" else "StatusCode.INVALID_ARGUMENT"), error
        print("refused:", error.message())
    else:
        raise AssertionError(f"{model} {tensor} {shape} was answered")
"""

HEALTH_AND_REFLECTION = """
import sys
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

channel = grpc.insecure_channel(sys.argv[1])
health = health_pb2_grpc.HealthStub(channel)
for service in ("", "guichet.v1.Classification", "inference.GRPCInferenceService"):
    answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING, service
watch = health.Watch(health_pb2.HealthCheckRequest(service="guichet.v1.Classification"), timeout=5)
assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
watch.cancel()
services = ProtoReflectionDescriptorDatabase(channel).get_services()
assert {"guichet.v1.Classification", "inference.GRPCInferenceService", "grpc.health.v1.Health"} <= set(services), services
"""


class PythonClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.work = pathlib.Path(folder)
        subprocess.run([BIN / "random_bundle", cls.work / "bundle", "tiny", "encoder"], check=True)
        cls.server = cls.enterClassContext(running_server(BIN, cls.work / "bundle", cls.work))

    def run_client(self, program, *arguments, path=""):
        result = subprocess.run([PYTHON, "-c", program, *arguments], capture_output=True, text=True, timeout=60,
                                env={**os.environ, "PYTHONPATH": str(path)})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_tritonclient_works_unchanged(self):
        output = self.run_client(TRITON, self.server.address)
        self.assertEqual(output.count("refused:"), 3)

    def test_health_and_reflection(self):
        self.run_client(HEALTH_AND_REFLECTION, self.server.address)

    def test_the_readmes_python_example(self):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        generate = re.search(r"^python (-m grpc_tools\.protoc .*)$", readme, re.M)[1]
        example = re.search(r"^```python\n(.*?)^```", readme, re.M | re.S)[1]
        self.assertLessEqual(len(example.strip().splitlines()), 10)
        self.assertIn("localhost:50051", example)
        stubs = self.work / "stubs"
        stubs.mkdir()
        command = f"'{PYTHON}' {generate}".replace("_out=.", f"_out='{stubs}'")
        subprocess.run(command, shell=True, check=True, cwd=ROOT)
        output = self.run_client(example.replace("localhost:50051", self.server.address), path=stubs)
        self.assertRegex(output, r"^42 label \d+ 0\.\d+ False\n$")


if __name__ == "__main__":
    if not PYTHON.exists():
        print(f"skipped: no {PYTHON}; pip could not install tests/integration/python_clients/requirements.txt")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
