"""The server of the tests ends with them, however they end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.postgres import NAMED

ROOT = Path(__file__).parents[2]

PROGRAM = """
import time
from tests.postgres import Server
server = Server()
print(server.folder, server._process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.long(at=0.0)
@pytest.mark.skipif(bool(NAMED), reason="somebody else's server")
def test_server_ends_with_a_killed_process() -> None:
    """Neither its process nor its data are left."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        folder, process = tests.stdout.readline().split()
        assert Path(folder, "data", "postmaster.pid").exists()
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while (Path(folder).exists() or _runs(process)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    assert not _runs(process)


def _runs(process: str) -> bool:
    state = ["ps", "-o", "stat=", "-p", process]
    found = subprocess.run(state, check=False, capture_output=True, text=True).stdout.strip()
    return bool(found) and not found.startswith("Z")
