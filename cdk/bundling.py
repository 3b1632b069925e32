"""The functions' code with its pinned dependencies, built without Docker.

Dependencies are wheels for Lambda's platform, or for this machine in the sandbox. They are installed once for each
set of pins and platform and kept under `.build/`; the same tree always gives the same asset.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk.aws_lambda import Architecture, Code, Runtime
from uv import find_uv_bin

from cdk.config import Settings

ROOT: Final = Path(__file__).parents[1]
FUNCTIONS: Final = ROOT / "functions"
CACHE: Final = ROOT / ".build" / "dependencies"

# The emulator reports every exception of its own Python runtime under one name; AWS's runtime client keeps the names.
SANDBOX_BOOTSTRAP: Final = '#!/bin/sh\nexec "$SANDBOX_PYTHON" -m awslambdaric "$_HANDLER"\n'

# Lambda reads the files as another user. The CDK's asset hash ignores modes, so a bundle that says which it has never
# reuses the upload of one that was built without them, under a strict umask.
MODES: Final = "Files are 0644; directories and bootstrap are 0755.\n"

# What differs between two installations of the same pins, or is of no use to a function.
_NOISE: Final = (
    ".lock",
    "bin",
    "*-stubs",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "**/*.pyi",
    "**/__pycache__",
)


@dataclass(frozen=True)
class Platform:
    """Where functions run, and how the installer of their dependencies names it."""

    runtime: Runtime
    architecture: Architecture
    install_options: tuple[str, ...]
    bootstrap: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Platform":
        """Lambda on Arm; in the sandbox this machine and its interpreter."""
        if not settings.sandbox:
            return cls(
                Runtime.PYTHON_3_14,
                Architecture.ARM_64,
                # The runtime stands on Amazon Linux 2023, which has glibc 2.34.
                ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.14"),
            )
        on_arm = platform.machine() in ("arm64", "aarch64")
        return cls(
            Runtime.PROVIDED_AL2023,
            Architecture.ARM_64 if on_arm else Architecture.X86_64,
            ("--python", sys.executable),
            SANDBOX_BOOTSTRAP,
        )


def function_code(requirements: Path, target: Platform) -> Code:
    """The asset of functions that need what `requirements` pins."""
    return Code.from_asset(
        str(FUNCTIONS),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(
            image=DockerImage.from_registry("never-pulled"),
            # Takes no part in local bundling, but tells one asset from the other.
            command=[requirements.name, *target.install_options],
            local=_LocalBundling(requirements, target),
        ),
    )


@jsii.implements(ILocalBundling)
class _LocalBundling:
    def __init__(self, requirements: Path, target: Platform) -> None:
        self._requirements = requirements
        self._target = target

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        assemble(self._requirements, self._target, Path(output_dir))
        return True


def assemble(requirements: Path, target: Platform, asset: Path) -> None:
    """Lays out one asset: the handlers' source beside the dependencies, and the bootstrap where one is needed.

    Args:
        requirements: a file of pins, each with its hashes.
        target: the platform of the wheels.
        asset: the directory to fill.

    Raises:
        RuntimeError: the dependencies could not be installed; says what the installer said.
    """
    shutil.copytree(_installed(requirements, target), asset, dirs_exist_ok=True)
    for source in FUNCTIONS.rglob("*.py"):
        copy = asset / source.relative_to(FUNCTIONS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    if target.bootstrap:
        (asset / "bootstrap").write_text(target.bootstrap)
    (asset / "modes.txt").write_text(MODES)
    for path in (asset, *asset.rglob("*")):
        is_executable = path.is_dir() or path.name == "bootstrap"
        path.chmod(0o755 if is_executable else 0o644)


def _installed(requirements: Path, target: Platform) -> Path:
    """The directory of installed dependencies, from an earlier build where pins and platform are the same."""
    identity = (requirements.read_text(), platform.python_version(), *target.install_options)
    ready = CACHE / hashlib.sha256("\0".join(identity).encode()).hexdigest()[:16]
    if not ready.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as fresh:
            _install(requirements, target, Path(fresh) / "site")
            try:
                (Path(fresh) / "site").rename(ready)
            except OSError:
                # Somebody else may have installed the same at the same time.
                if not ready.exists():
                    raise
    return ready


def _install(requirements: Path, target: Platform, directory: Path) -> None:
    options = ("--require-hashes", "--no-deps", "--only-binary", ":all:", *target.install_options)
    outcome = subprocess.run(  # every argument is ours
        [find_uv_bin(), "pip", "install", "--quiet", *options, "--target", directory, "-r", requirements],
        check=False,
        capture_output=True,
        text=True,
    )
    if outcome.returncode:
        raise RuntimeError(f"Installing {requirements.name} failed:\n{outcome.stderr.strip()}")
    for pattern in _NOISE:
        for noise in list(directory.glob(pattern)):
            shutil.rmtree(noise) if noise.is_dir() else noise.unlink()
