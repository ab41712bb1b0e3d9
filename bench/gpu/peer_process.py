"""PyTorch's processes (peers.py): all get ready before anything is timed.

The ways: `eager`; `compile`, torch.compile with all that max-autotune searches, a few networks at a time,
each with all processors, what it found kept in a folder; `library`, torch.compile that leaves products and
convolutions to cuBLAS and cuDNN and generates the other kernels, which takes no search and gets ready side by
side with the others.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "peers.py"
THREADS = {"compile": os.cpu_count(), "library": 3}  # workers that compile kernels


class Peer:
    """PyTorch in a process of its own, ready to be timed once `seconds` says after how long it was."""

    def __init__(self, model, way, precision, shapes, folder):
        self.words = [sys.executable, SCRIPT, model, way, precision, json.dumps(shapes)]
        self.way, self.folder, self.process, self.seconds = way, folder, None, None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        env = {
            "TORCHINDUCTOR_COMPILE_THREADS": str(THREADS.get(self.way, 1)),
            "TORCHINDUCTOR_CACHE_DIR": str(self.folder),
        }
        with open(self.folder / "log.txt", "w") as errors:
            self.process = subprocess.Popen(
                self.words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **env},
            )

    def _line(self):
        for line in self.process.stdout:
            if line.startswith("ready") or line[0].isdigit():
                return line
        raise RuntimeError("PyTorch ended")

    def wait(self, end):
        """Until it is ready, or the clock says `end` and its process is killed."""
        if not select.select([self.process.stdout], [], [], max(0, end - time.time()))[0]:
            self.process.kill()
            raise RuntimeError("PyTorch is not ready in time")
        self.seconds = int(self._line().split()[1])

    def milliseconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self._line())

    def close(self):
        self.process.stdin.close()
        self.process.terminate()


def get_ready(peers, end, lanes=2):
    """Starts {name: Peer} and gives a function that waits until each is ready or the clock says `end`. Those
    that search start one after another in their order, as many at a time as there are lanes."""
    searching = [(name, peer) for name, peer in peers.items() if peer.way == "compile"]

    def wait(name, peer):
        try:
            peer.wait(end)
            print(f"{name}: ready after {peer.seconds} s", flush=True)
        except RuntimeError as error:
            print(f"{name}: {error}", flush=True)

    def search():
        while searching and time.time() < end:
            name, peer = searching.pop(0)
            peer.start()
            wait(name, peer)

    for peer in peers.values():
        if peer.way != "compile":
            peer.start()
    threads = [threading.Thread(target=search) for _ in range(lanes)]
    for thread in threads:
        thread.start()

    def finish():
        for name, peer in peers.items():
            if peer.way != "compile":
                wait(name, peer)
        for thread in threads:
            thread.join()
        for name, _ in searching:
            print(f"{name}: PyTorch was not started in time", flush=True)

    return finish
