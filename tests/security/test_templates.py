"""A finding of checkov's passes where it is accepted, by name and with a reason, and nowhere else."""

import pytest

from tests.security.templates import ACCEPTED, Finding, complaints, read

FOUND = {
    check: Finding(check, each.resources.replace(r"\.", ".").replace(r"\w+", "Name8B620ECA"))
    for check, each in ACCEPTED.items()
}
KEYLESS = {check for check, each in ACCEPTED.items() if not each.with_customer_key}


def test_what_is_accepted_is_no_complaint() -> None:
    assert complaints(FOUND.values(), customer_key=False) == []
    assert complaints([each for check, each in FOUND.items() if check not in KEYLESS], customer_key=True) == []


@pytest.mark.parametrize("check", sorted(KEYLESS))
def test_with_a_key_of_our_own_nothing_is_left_to_keys_of_aws(check: str) -> None:
    left = [each for name, each in FOUND.items() if name not in KEYLESS or name == check]
    (complaint,) = complaints(left, customer_key=True)
    assert complaint.startswith(check)


def test_anything_else_is() -> None:
    public = Finding("CKV_AWS_53", "AWS::S3::Bucket.Inbox1", "Ensure S3 bucket has block public ACLS enabled")
    elsewhere = Finding("CKV_AWS_21", "AWS::S3::Bucket.Inbox1", "Ensure the S3 bucket has versioning enabled")
    assert complaints([*FOUND.values(), public, elsewhere], customer_key=False) == [
        "CKV_AWS_53 on AWS::S3::Bucket.Inbox1: Ensure S3 bucket has block public ACLS enabled",
        "CKV_AWS_21 on AWS::S3::Bucket.Inbox1: Ensure the S3 bucket has versioning enabled",
    ]


def test_nothing_is_accepted_that_is_not_there() -> None:
    left = [each for check, each in FOUND.items() if check != "CKV_AWS_117"]
    assert complaints(left, customer_key=False) == ["CKV_AWS_117 is accepted, and fails nowhere"]


def test_each_has_a_reason() -> None:
    assert all(len(each.reason.split()) >= 7 for each in ACCEPTED.values())


@pytest.mark.parametrize(("resources", "errors"), [(0, 0), (146, 1)])
def test_a_template_that_checkov_could_not_read_does_not_pass(resources: int, errors: int) -> None:
    with pytest.raises(ValueError, match=f"it has read {resources} resources"):
        read({"summary": {"passed": 5, "resource_count": resources, "parsing_errors": errors}, "results": {}})
