"""``python -m xcompliance.sandbox.simulator``: tells in one line of JSON where it listens, until stopped."""

import argparse
import json
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args

from xcompliance.sandbox.simulator.server import Simulator
from xcompliance.sandbox.simulator.settings import GENERATIONS, LateUploads, Resumable, Settings

_DEFAULTS = Settings()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m xcompliance.sandbox.simulator", description=__doc__)
    add = parser.add_argument
    add("--api-port", type=int, default=0, help="of X's API; 0 picks a free one")
    add("--storage-port", type=int, default=0, help="of Google Cloud Storage; 0 picks a free one")
    add("--generation", choices=GENERATIONS, default=_DEFAULTS.generation, help="who takes the bytes")
    add("--bearer-token", default=_DEFAULTS.bearer_token, help="the one token that is accepted")
    add("--resumable", choices=get_args(Resumable), help="in a create; default: refused by x-hosted alone")
    add("--speed", type=float, default=_DEFAULTS.speed, help="simulated seconds per real second")
    add("--job-seconds", type=float, default=_DEFAULTS.job_seconds, help="from upload to end, simulated")
    add("--upload-window-seconds", type=float, default=_DEFAULTS.upload_window_seconds, help="simulated")
    add("--late-uploads", choices=get_args(LateUploads), default=_DEFAULTS.late_uploads)
    add("--rate-limit", type=int, default=_DEFAULTS.rate_limit, help="requests per 15 min and operation")
    add("--events", type=Path, help="NDJSON of result records to answer with, instead of the rule")
    add("--partial-persistence", type=float, default=0.0, metavar="P", help="probability per chunk")
    add("--seed", type=int, default=_DEFAULTS.seed, help="of all randomness")
    add("--upload-rate", type=int, help="bytes per real second and connection")
    add("--no-md5", dest="md5", action="store_false", help="CRC32C alone, which is faster")
    add("--sign-content-length", action="store_true", help="sign upload URLs for content-length: 0 too")
    add("--composite-results", action="store_true", help="results that Google knows no MD5 of")
    add("--chunked", action="store_true", help="send bodies with Transfer-Encoding: chunked")
    add("--other-app-token", help="a token of another App, whose jobs are its own")
    return parser


def main() -> int:
    """Runs until SIGTERM or SIGINT. Exits with 2 when the options make no sense."""
    parser = _parser()
    options = vars(parser.parse_args())
    try:
        settings = Settings(**{field.name: options[field.name] for field in fields(Settings)})
    except ValueError as error:
        parser.error(str(error))
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping := {signal.SIGTERM, signal.SIGINT})
    with Simulator(settings, options["api_port"], options["storage_port"]) as simulator:
        urls = {"x_api_url": simulator.x_api_url, "gcs_url": simulator.gcs_url}
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        signal.sigwait(stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main())
