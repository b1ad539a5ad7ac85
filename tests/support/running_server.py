"""A real guichet-server for tests and benchmarks in Python."""
import contextlib
import os
import re
import subprocess
import time

# Loopback never goes through a proxy, whichever client asks.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


class RunningServer:
    """What is known of a server that listens: `address` and `http` as host:port, `process`, `log` (a path)."""

    def __init__(self, process, address, http, log):
        self.process, self.address, self.http, self.log = process, address, http, log

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


@contextlib.contextmanager
def running_server(bin_folder, bundle, work, *options, seconds=60):
    """Starts guichet-server over `bundle` on free ports of 127.0.0.1, with its log in the folder `work`; stops it at the end."""
    ready, log = work / "server.ready", work / "server.log"
    with open(ready, "wb") as out, open(log, "wb") as err:
        process = subprocess.Popen([bin_folder / "guichet-server", "--model.path", bundle, "--server.address", "127.0.0.1:0",
                                    "--server.http_address", "127.0.0.1:0", *options], stdout=out, stderr=err,
                                   env={key: value for key, value in os.environ.items() if not key.startswith("GUICHET_")})
    try:
        end = time.monotonic() + seconds
        while not (match := re.search(r"listening on ([^ ,]+), metrics on ([^ ,\n]+)\n", ready.read_text())):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"guichet-server did not become ready within {seconds} s:\n{log.read_text()}")
            time.sleep(0.05)
        yield RunningServer(process, match[1], match[2], log)
    finally:
        process.terminate()
        process.wait(60)
