#!/usr/bin/env python3
"""Runs of the real programs, read back by the real W&B, TensorBoard and MLflow: real_trackers_test.py PYTHON BIN_FOLDER.

PYTHON is that of the environment with the three; without it the test is skipped. The MLflow server runs here, on a free port of
127.0.0.1 with a store in SQLite.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

PYTHON, BIN = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
if not PYTHON.exists():
    print(f"skipped: {PYTHON} is not there; tests/integration/python_clients/make_environment.sh makes it where pip can fetch "
          "tests/integration/tracking/requirements.txt")
    sys.exit(77)
if len(sys.argv) == 3:  # not yet inside the environment
    os.execv(PYTHON, [str(PYTHON), "-B", *sys.argv, "inside"])

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAN = "epochs: 2\nbatch_size: 16\nlearning_rate: 0.005\nthreads: 1\ndevice: cpu\npatience: 0\n"
GATE = {"min_rows": 50, "margin": 0.005, "confidence": 0.95, "resamples": 200, "seed": 42, "max_recall_loss": 0.05, "alpha": 0.05,
        "protected_labels": [], "max_calibration_growth": 0.01, "max_p95_seconds": 0}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class MlflowServer:
    """A real `mlflow server`; stopped by close()."""

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = open(folder / "mlflow.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [PYTHON, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", self.url.rsplit(":", 1)[1], "--workers", "1",
             "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--default-artifact-root", str(folder / "artifacts")],
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"})
        give_up = time.monotonic() + 300
        while True:
            try:
                urllib.request.urlopen(self.url + "/health", timeout=2).read()
                return
            except OSError:
                if time.monotonic() > give_up or self.process.poll() is not None:
                    self.close()
                    raise RuntimeError("no MLflow server: " + (folder / "mlflow.log").read_text()[-2000:]) from None
                time.sleep(0.2)

    def call(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + "/api/2.0/mlflow/" + path, data, {"Content-Type": "application/json"})
        return json.loads(urllib.request.urlopen(request, timeout=20).read())

    def runs(self, experiment):
        found = self.call("experiments/get-by-name?experiment_name=" + experiment)["experiment"]["experiment_id"]
        return self.call("runs/search", {"experiment_ids": [found]}).get("runs", [])

    def history(self, run_id, metric):
        return self.call(f"metrics/get-history?run_id={run_id}&metric_key={metric}")["metrics"]

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


class SilentServer:
    """Takes connections and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.taken = []
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        try:
            while True:
                self.taken.append(self.listener.accept()[0])
        except OSError:
            return

    def close(self):
        self.listener.close()


def wandb_records(log):
    """The records of a .wandb file, read by W&B's own data store."""
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore
    store = DataStore()
    store.open_for_scan(str(log))
    records = []
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        assert record.WhichOneof("record_type"), "an empty record stops wandb sync"
        records.append(record)
    store.close()
    return records


def items(entries):
    return {entry.key: json.loads(entry.value_json) for entry in entries}


def tensorboard_events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


class RealTrackers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="guichet-tracking-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.mlflow = MlflowServer(cls.folder)
        cls.addClassCleanup(cls.mlflow.close)
        made = subprocess.run([BIN / "guichet", "data", "make", "--rows", "300", "--seed", "3"], check=True, capture_output=True)
        (cls.folder / "tickets.jsonl").write_bytes(made.stdout)
        config = json.loads((ROOT / "examples/small-classifier/config.json").read_text(encoding="utf-8"))
        config.update(d_model=16, encoder_ffn_dim=32, decoder_ffn_dim=32, encoder_layers=1, decoder_layers=1,
                      encoder_attention_heads=2, decoder_attention_heads=2)
        (cls.folder / "config.json").write_text(json.dumps(config))
        (cls.folder / "plan.yaml").write_text(PLAN)
        cls.trained = cls.train("tickets", f"wandb:{cls.folder}/w,tensorboard:{cls.folder}/tb,mlflow:{cls.mlflow.url}",
                                WANDB_PROJECT="desk", WANDB_NAME="october")
        cls.summary = json.loads(cls.trained.stdout)

    @classmethod
    def command(cls, name, track, *more):
        return [BIN / "guichet", "-q", "train", "--data", cls.folder / "tickets.jsonl", "--scratch", cls.folder / "config.json",
                "--plan", cls.folder / "plan.yaml", "--out", cls.folder / name, *(["--track", track] if track else []), *more]

    @classmethod
    def train(cls, name, track, *more, **environment):
        run = subprocess.run(cls.command(name, track, *more), capture_output=True, text=True,
                             env={**os.environ, **environment}, timeout=200)
        if run.returncode:
            raise RuntimeError(run.stderr)
        return run

    def only(self, folder, pattern):
        found = list(folder.glob(pattern))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_nothing_is_said_when_all_was_written(self):
        self.assertEqual(self.trained.stderr, "")

    def test_wandb_reads_the_run_with_its_data_store(self):
        log = self.only(self.folder / "w/wandb", "offline-run-*/run-*.wandb")
        records = wandb_records(log)
        kinds = [record.WhichOneof("record_type") for record in records]
        self.assertEqual(kinds[:2], ["header", "run"])
        self.assertEqual(kinds[-4:], ["summary", "exit", "final", "footer"])
        self.assertEqual(set(kinds[2:-4]), {"history"})
        self.assertEqual([record.num for record in records], list(range(1, len(records) + 1)))
        run = records[1].run
        self.assertEqual((run.project, run.display_name), ("desk", "october"))
        self.assertEqual(log.name, f"run-{run.run_id}.wandb")
        config = items(run.config.update)
        self.assertEqual((config["epochs"], config["device"], config["learning_rate"]), (2, "cpu", 0.005))
        rows = [items(record.history.item) for record in records[2:-4]]
        steps = [row["_step"] for row in rows]
        self.assertEqual(steps, list(range(1, len(rows) + 1)))
        self.assertEqual(steps, [record.history.step.num for record in records[2:-4]])
        for row in rows:
            self.assertLessEqual({"train/loss", "train/learning_rate", "train/tokens_per_second", "train/gradient_norm"}, set(row))
        judged = [row for row in rows if "validation/macro_f1" in row]
        self.assertEqual(len(judged), 2)
        self.assertLessEqual({"validation/loss", "validation/accuracy"}, set(judged[0]))
        summary = items(records[-4].summary.update)
        for key in ("accuracy", "macro_f1", "seconds", "temperature", "best_epoch", "weights_sha256"):
            self.assertEqual(summary[key], self.summary[key])
        self.assertEqual(records[-3].exit.exit_code, 0)

    def test_wandb_sync_reads_the_run(self):
        folder = self.only(self.folder / "w/wandb", "offline-run-*")
        # The reader of `wandb sync` itself, which shows the records in place of uploading them.
        shown = subprocess.run([PYTHON, "-m", "wandb", "sync", "--view", folder], capture_output=True, text=True, timeout=120,
                               env={**os.environ, "WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9",
                                    "WANDB_ERROR_REPORTING": "false"})
        kinds = [line.split(": ")[1] for line in shown.stdout.splitlines() if line.startswith("Record: ")]
        self.assertEqual(kinds[:3], ["header", "run", "history"], shown.stdout + shown.stderr)
        self.assertEqual(kinds[-4:], ["summary", "exit", "final", "footer"])
        self.assertEqual(kinds.count("history"), len(kinds) - 6)

    def test_tensorboard_reads_the_curves_the_plan_and_the_hparams(self):
        from tensorboard.plugins.hparams import plugin_data_pb2
        events = tensorboard_events(self.only(self.folder / "tb", "october-*"))
        loss = events.Scalars("train/loss")
        self.assertEqual([point.step for point in loss], list(range(1, len(loss) + 1)))
        self.assertEqual(len(events.Scalars("validation/macro_f1")), 2)
        self.assertAlmostEqual(events.Scalars("summary/accuracy")[0].value, self.summary["accuracy"], places=6)
        plan = events.Tensors("plan")[0].tensor_proto.string_val[0].decode()
        self.assertIn("learning_rate: 0.005\n", plan)
        hparams = {}
        for tag in ("session_start_info", "session_end_info"):
            content = events.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content
            hparams[tag] = plugin_data_pb2.HParamsPluginData.FromString(content)
        start = hparams["session_start_info"].session_start_info
        self.assertEqual(start.hparams["epochs"].number_value, 2)
        self.assertEqual(start.hparams["device"].string_value, "cpu")
        self.assertEqual(hparams["session_end_info"].session_end_info.status, 1)

    def test_mlflow_holds_the_run(self):
        run = self.mlflow.runs("desk")[0]
        self.assertEqual(run["info"]["status"], "FINISHED")
        self.assertEqual(run["info"]["run_name"], "october")
        params = {param["key"]: param["value"] for param in run["data"]["params"]}
        self.assertEqual((params["epochs"], params["device"]), ("2", "cpu"))
        metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
        self.assertAlmostEqual(metrics["macro_f1"], self.summary["macro_f1"])
        tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
        self.assertEqual(tags["weights_sha256"], self.summary["weights_sha256"])
        steps = [point["step"] for point in self.mlflow.history(run["info"]["run_id"], "train/loss")]
        self.assertEqual(sorted(steps), list(range(1, len(steps) + 1)))
        self.assertEqual(len(self.mlflow.history(run["info"]["run_id"], "validation/accuracy")), 2)

    def test_ctrl_c_is_a_killed_run(self):
        track = f"wandb:{self.folder}/killed,mlflow:{self.mlflow.url}"
        process = subprocess.Popen(self.command("killed-model", track, "--epochs", "1000"), stderr=subprocess.DEVNULL,
                                   env={**os.environ, "WANDB_PROJECT": "killed"})
        give_up = time.monotonic() + 100
        while not any(path.stat().st_size > 4000 for path in self.folder.glob("killed/wandb/offline-run-*/*.wandb")):
            self.assertLess(time.monotonic(), give_up, "the run logged nothing")
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.wait(60)
        self.assertEqual(self.mlflow.runs("killed")[0]["info"]["status"], "KILLED")
        records = wandb_records(self.only(self.folder / "killed/wandb", "offline-run-*/run-*.wandb"))
        self.assertEqual([record.exit.exit_code for record in records if record.WhichOneof("record_type") == "exit"], [255])

    def test_a_dead_or_silent_server_costs_a_line_and_seconds_only(self):
        silent = SilentServer()
        self.addCleanup(silent.close)
        start = time.monotonic()
        plain = json.loads(self.train("plain", "").stdout)
        untracked = time.monotonic() - start
        for name, url in (("dead", f"http://127.0.0.1:{free_port()}"), ("silent", silent.url)):
            start = time.monotonic()
            run = self.train(name, f"mlflow:{url}")
            seconds = time.monotonic() - start
            summary = json.loads(run.stdout)
            print(f"{name} server: training {summary['seconds']:.1f} s against {plain['seconds']:.1f} s, in all {seconds:.1f} s "
                  f"against {untracked:.1f} s")
            self.assertEqual(summary["weights_sha256"], plain["weights_sha256"])
            # 7 s at the end, and what other tests beside this one may cost.
            self.assertLess(summary["seconds"], 3 * plain["seconds"] + 5)
            self.assertLess(seconds, 3 * untracked + 15)
            self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
            self.assertRegex(run.stderr, rf"guichet: warning: tracking mlflow:{url}: (\d+) of \1 rows were not recorded")

    def test_an_unwritable_folder_costs_a_line(self):
        (self.folder / "file").write_text("")
        run = self.train("unwritable", f"wandb:{self.folder}/file,tensorboard:{self.folder}/file")
        self.assertEqual(len(run.stderr.splitlines()), 2, run.stderr)
        self.assertIn("tracking wandb:", run.stderr)
        self.assertIn("nor the run's end: cannot make", run.stderr)

    def test_the_environment_switches_wandb_off_and_names_its_folder(self):
        self.train("off", "wandb", WANDB_MODE="disabled", WANDB_DIR=str(self.folder / "off-dir"))
        self.assertFalse((self.folder / "off-dir").exists())
        self.train("on", "wandb", WANDB_DIR=str(self.folder / "on-dir"))
        self.only(self.folder / "on-dir/wandb", "offline-run-*/run-*.wandb")

    def test_a_job_that_was_suspended_is_one_run(self):
        job = self.folder / "job"
        job.mkdir()
        (job / "holdout.txt").write_text("")
        (job / "job.json").write_text(json.dumps({
            "id": "job-7", "dataset": str(self.folder / "tickets.jsonl"), "format": "", "columns": "",
            "base": str(self.folder / "tickets"), "live": "", "model": "desk", "plan": PLAN.replace("epochs: 2", "epochs: 6"),
            "validation_share": 0.1, "holdout_share": 0.2, "gate": GATE, "checkpoint_milliseconds": 0}))
        command = [BIN / "guichet-trainer", "--job", job, "--track",
                   f"wandb:{self.folder}/jobs,tensorboard:{self.folder}/jobs,mlflow:{self.mlflow.url}"]
        environment = {**os.environ, "WANDB_PROJECT": "jobs"}
        suspensions = 0
        while suspensions < 2:
            before = set(job.glob("checkpoints/update-*"))
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            while process.poll() is None and len(set(job.glob("checkpoints/update-*")) - before) == 0:
                time.sleep(0.002)
            process.send_signal(signal.SIGTERM)
            if process.wait(60) != 75:
                break
            suspensions += 1
        self.assertGreater(suspensions, 0, "it was never suspended")
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=200)
        summary = json.loads((job / "outcome.json").read_text())["summary"]

        records = wandb_records(self.only(self.folder / "jobs/wandb", "offline-run-*/run-*.wandb"))
        kinds = [record.WhichOneof("record_type") for record in records]
        self.assertEqual([kinds.count(kind) for kind in ("run", "exit", "final")], [1, 1, 1])
        steps = [record.history.step.num for record in records if record.WhichOneof("record_type") == "history"]
        self.assertEqual(steps, sorted(set(steps)))
        last = steps[-1]
        events = tensorboard_events(self.only(self.folder / "jobs", "desk job-7-*"))
        self.assertEqual(len(events.Scalars("validation/macro_f1")), 6)
        points = [point.step for point in events.Scalars("train/loss")]
        self.assertEqual(points, sorted(set(points)))
        self.assertEqual(points[-1], last)
        runs = self.mlflow.runs("jobs")
        self.assertEqual(len(runs), 1)
        self.assertEqual(runs[0]["info"]["status"], "FINISHED")
        tags = {tag["key"]: tag["value"] for tag in runs[0]["data"]["tags"]}
        self.assertEqual(tags["weights_sha256"], summary["weights_sha256"])
        self.assertEqual(tags["verdict"], "PROMOTE")


unittest.main(argv=sys.argv[:1], verbosity=2)
