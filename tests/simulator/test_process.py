"""The simulator as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from xcompliance.sandbox.simulator.__main__ import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "xcompliance.sandbox.simulator"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_leaves_nothing_behind(tmp_path: Path, stop: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        assert set(urls) == {"x_api_url", "gcs_url"}
        assert [urllib3.request("GET", url).status for url in urls.values()] == [401, 401]
        assert list(tmp_path.iterdir())
        process.send_signal(stop)
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option", [["--generation", "ftp"], ["--partial-persistence", "1"], ["--speed", "0"], ["--events", "nowhere"]]
)
def test_options_that_make_no_sense_are_refused(
    option: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simulator", *option])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert option[0].removeprefix("--").replace("-", "_") in capsys.readouterr().err.replace("-", "_")
