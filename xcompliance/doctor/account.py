"""Whoever asks, and where: region, credentials and clock."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from botocore import UNSIGNED
from botocore.exceptions import ClientError

from xcompliance.doctor.finding import DeadEnd, Finding, not_checked, right, wrong
from xcompliance.doctor.subject import Subject
from xcompliance.text import duration

SKEW_SECONDS: Final = 60.0
"""AWS refuses what is signed five minutes off [AWS, Signature Version 4]."""


def region(subject: Subject) -> Finding:
    """Whether one is set."""
    name = subject.account.session.region_name
    if name is None:
        advice = "Set AWS_REGION, or start a sandbox with: xcompliance sandbox up"
        raise DeadEnd(wrong("No AWS region is set.", advice))
    return right(f"{name}, of the sandbox" if subject.handle else name)


def credentials(subject: Subject) -> Finding:
    """Whose they are."""
    identity = subject.client("sts").get_caller_identity()
    return right(f"{identity['Arn']}, account {identity['Account']}")


def clock(subject: Subject) -> Finding:
    """Whether this machine's clock is AWS's; unsigned, as no signature is taken from a clock that is wrong."""
    sts = subject.client("sts", signature_version=UNSIGNED)
    before = time.time()
    try:
        answer = sts.get_caller_identity()
    except ClientError as error:
        answer = error.response
    return clock_beside(answer["ResponseMetadata"]["HTTPHeaders"], (before + time.time()) / 2)


def clock_beside(headers: Mapping[str, str], now: float) -> Finding:
    """This machine's time (epoch seconds) beside that in AWS's headers, which is cut to seconds."""
    if "date" not in headers:
        return not_checked("AWS has not told its time.")
    skew = now - parsedate_to_datetime(headers["date"]).timestamp() - 0.5
    said = f"{duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'} AWS's"
    if abs(skew) > SKEW_SECONDS:
        return wrong(
            f"This machine's clock is {said}.",
            "Set it, best by NTP: AWS refuses requests that are signed five minutes off.",
        )
    return right("the same as AWS's" if abs(skew) < 1 else said)
