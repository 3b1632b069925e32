"""What a synthesis of the app leaves behind, and how to read it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from app import build
from cdk import bundling
from cdk.bundling import ROOT, Platform

Resources = dict[str, dict[str, Any]]

DATASETS = """\
datasets:
  - name: newspapers
    type: tweets
    schedule: cron(0 3 ? * MON *)
    timezone: Europe/Berlin
    overlap: skip
  - name: accounts
    type: users
    schedule: rate(7 days)
    prefix: s3://our-archive/exports/ids/
    max_age_days: 10
    rounded_ids: warn
    embedded: false
  - name: posts
    type: tweets
    schedule: rate(1 day)
    query: SELECT post_id FROM posts WHERE deleted_at IS NULL;
    database: archive
    reads: [s3://our-archive/posts/]
  - name: everything
    type: tweets
    schedule: rate(30 days)
    query: SELECT DISTINCT id FROM checked_ids WHERE type = 'tweets'
"""
"""Of each kind: a folder of the inbox, one of another bucket, queries over others' tables and over our own."""


@dataclass(frozen=True)
class Deployment:
    """What one synthesis left behind."""

    app: App
    directory: Path

    def json(self, stack: str) -> dict[str, Any]:
        template: dict[str, Any] = json.loads((self.directory / f"{stack}.template.json").read_text())
        return template

    @property
    def storage(self) -> Template:
        return Template.from_json(self.json("XComplianceStorage"))

    @property
    def pipeline(self) -> Template:
        return Template.from_json(self.json("XCompliancePipeline"))

    def resources(self, type_: str) -> Resources:
        """The resources of one type in both stacks, by logical ID."""
        stacks = (self.json("XComplianceStorage"), self.json("XCompliancePipeline"))
        every: Resources = {name: body for stack in stacks for name, body in stack["Resources"].items()}
        return {name: body for name, body in every.items() if body["Type"] == type_}

    @property
    def functions(self) -> Resources:
        """The properties of the functions, by the names of their handler files."""
        functions = self.resources("AWS::Lambda::Function").values()
        return {each["Properties"]["Handler"].removesuffix(".handler"): each["Properties"] for each in functions}

    def statements(self, role: dict[str, Any]) -> list[dict[str, Any]]:
        """The policy statements of the role that a resource names by `Fn::GetAtt`."""
        reference = {"Ref": role["Fn::GetAtt"][0]}
        return [
            statement
            for policy in self.resources("AWS::IAM::Policy").values()
            if reference in policy["Properties"]["Roles"]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]

    def asset(self, function: str) -> Path:
        """The directory that a function's code is uploaded from."""
        key: str = self.functions[function]["Code"]["S3Key"]
        return self.directory / f"asset.{key.removesuffix('.zip')}"


def _note_pins(requirements: Path, target: Platform, directory: Path) -> None:
    directory.mkdir()
    (directory / "installed.txt").write_text(requirements.name)


def synthesize(directory: Path, **context: object) -> Deployment:
    """Synthesizes with the flags of `cdk.json`, as the CDK command does, but notes what would have been installed."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundling, "CACHE", directory / "dependencies")
        patch.setattr(bundling, "_install", _note_pins)
        # Not the settings of whoever runs the tests.
        own = {"config": ""} | context
        app = build(App(context=flags | own, outdir=str(directory)))
        app.synth()
    return Deployment(app, directory)


def everything(folder: Path) -> dict[str, str]:
    """The settings by which a deployment has all that only some have; their datasets are listed in ``folder``."""
    datasets = folder / "datasets.yaml"
    datasets.write_text(DATASETS)
    return {
        "datasets_file": str(datasets),
        "deduplicate_across_parts": "true",
        "alarm_email": "on-call@example.com",
    }
