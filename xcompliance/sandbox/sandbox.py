"""The whole deployment on one machine: AWS emulator, simulator of X and Google, and both stacks."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

import boto3

from xcompliance.sandbox.deployment import ROOT, CdkCli
from xcompliance.sandbox.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, emulator
from xcompliance.sandbox.processes import running
from xcompliance.sandbox.simulator.settings import Generation
from xcompliance.sandbox.tls import make_certificate

STATE = ROOT / ".sandbox"
BEARER_TOKEN = "sandbox-bearer-token"  # noqa: S105 -- known to the simulator only


@dataclass(frozen=True)
class Options:
    """How a sandbox is started. ``x_api_url`` puts another loopback server in the simulator's place."""

    generation: Generation = "gcs"
    events: Path | None = None
    x_api_url: str | None = None
    wait_scale: float = 0.1
    job_seconds: float = 3.0
    upload_rate: int | None = None
    simulator_options: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: what a client needs to know of it."""

    aws_endpoint_url: str
    region: str
    ca_bundle: str
    aws_access_key_id: str
    aws_secret_access_key: str
    x_api_url: str
    gcs_url: str
    outputs: dict[str, str]

    def as_json(self) -> dict[str, str]:
        """What a client needs, with the stacks' outputs beside the rest."""
        about = {field.name: getattr(self, field.name) for field in fields(self) if field.type is str}
        return {**about, **self.outputs}

    @property
    def session(self) -> boto3.Session:
        """A boto3 session with the emulator's root user; its clients need endpoint and CA bundle besides."""
        return boto3.Session(self.aws_access_key_id, self.aws_secret_access_key, region_name=self.region)


@contextmanager
def sandbox(options: Options, say: Callable[[str], None] = lambda _: None) -> Iterator[Sandbox]:
    """Starts a sandbox and ends it with the context, whatever happens; ``say`` is told what is going on.

    Its folder, with the logs, outlives an error only. Raises SandboxError when a part does not start.
    """
    STATE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=STATE))
    keeps_logs = False
    try:
        with _started(folder, options, say) as box:
            yield box
    except Exception:
        keeps_logs = True
        raise
    finally:
        if not keeps_logs:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(folder: Path, options: Options, say: Callable[[str], None]) -> Iterator[Sandbox]:
    with ExitStack() as stack:
        say("Starting the AWS emulator")
        aws = stack.enter_context(emulator(folder, make_certificate(folder), options.wait_scale))
        if options.x_api_url is None:
            say("Starting the simulator of X")
            x_api_url, gcs_url = stack.enter_context(_simulator(folder, options))
        else:
            x_api_url = gcs_url = options.x_api_url
        say("Deploying the stacks with the CDK CLI")
        context = {"sandbox": "true", "x_api_url": x_api_url, "gcs_url": gcs_url, **options.context}
        outputs = CdkCli(folder, aws.client_environment, REGION).deploy(context)
        box = Sandbox(
            aws_endpoint_url=aws.url,
            region=REGION,
            ca_bundle=str(aws.certificate.bundle),
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            x_api_url=x_api_url,
            gcs_url=gcs_url,
            outputs=outputs,
        )
        secrets = box.session.client("secretsmanager", endpoint_url=box.aws_endpoint_url, verify=box.ca_bundle)
        secrets.put_secret_value(SecretId=outputs["BearerTokenSecretArn"], SecretString=BEARER_TOKEN)
        yield box


@contextmanager
def _simulator(folder: Path, options: Options) -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-m", "xcompliance.sandbox.simulator", "--bearer-token", BEARER_TOKEN]
    command += ["--generation", options.generation, "--job-seconds", str(options.job_seconds)]
    if options.events is not None:
        command += ["--events", str(options.events.resolve())]
    if options.upload_rate is not None:
        command += ["--upload-rate", str(options.upload_rate)]
    log = folder / "simulator.log"

    def urls() -> tuple[str, str] | None:
        line, ended, _ = log.read_text().partition("\n")
        if not ended or not line.startswith("{"):
            return None
        about = json.loads(line)
        return about["x_api_url"], about["gcs_url"]

    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1"}
    with running("simulator of X", [*command, *options.simulator_options], environment, log, urls) as found:
        yield found
