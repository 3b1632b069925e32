"""What the settings name and the deployment does not make: the policy that bounds its roles, buckets of datasets."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from xcompliance.doctor.finding import Finding, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.preflight.assembly import Assembly
from xcompliance.preflight.place import Place
from xcompliance.text import count


def boundaries_of(assembly: Assembly) -> list[Any]:
    """The permissions boundaries of the roles, as the templates have them: one or none."""
    found: list[Any] = []
    for each in assembly.resources("AWS::IAM::Role"):
        policy = each["Properties"].get("PermissionsBoundary")
        if policy and policy not in found:
            found.append(policy)
    return found


def boundary(subject: Subject, assembly: Assembly) -> Finding:
    """Whether the policy that bounds all roles is there."""
    place = Place.of(subject)
    for each in boundaries_of(assembly):
        arn = place.text(each)
        try:
            subject.client("iam").get_policy(PolicyArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            return wrong(f"There is no policy {arn}.", "Make it, or correct permissions_boundary.")
    return right("the policy is there")


def buckets_of(assembly: Assembly) -> list[str]:
    """The buckets of datasets that are not the deployment's own."""
    return sorted(set(_buckets(assembly)))


def _buckets(assembly: Assembly) -> Iterator[str]:
    for each in assembly.resources("AWS::Scheduler::Schedule"):
        said = each["Properties"]["Target"]["Input"]
        if isinstance(said, str):  # what refers to the inbox is more than a text
            yield json.loads(said)["bucket"]["name"]


def dataset_buckets(subject: Subject, assembly: Assembly) -> Finding:
    """Whether the buckets of datasets are there, and keep versions: a run reads those that it has planned with."""
    for name in buckets_of(assembly):
        try:
            subject.client("s3").head_bucket(Bucket=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise
            return wrong(f"There is no bucket {name}.", "Correct its prefix in datasets.yaml.")
        if subject.client("s3").get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
            return wrong(
                f"The bucket {name} keeps no versions.",
                f"aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled",
            )
    return right(f"{count(len(buckets_of(assembly)))} of your own, each with versions")
