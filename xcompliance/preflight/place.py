"""Where a template is deployed to, and what it says of that in its texts."""

from typing import Any, NamedTuple

from xcompliance.doctor.subject import Subject


class Place(NamedTuple):
    """An account in a region."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, subject: Subject) -> "Place":
        """Whose credentials these are, and the region that is set."""
        session = subject.account.session
        account = subject.client("sts").get_caller_identity()["Account"]
        return cls(session.get_partition_for_region(session.region_name), session.region_name, account)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of this account in this region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def text(self, value: Any) -> str:
        """A text of a template that refers to nothing but the place."""
        if isinstance(value, str):
            return value
        if "Ref" in value:
            known = {"AWS::Partition": self.partition, "AWS::Region": self.region, "AWS::AccountId": self.account}
            return known[value["Ref"]]
        between, parts = value["Fn::Join"]
        return str(between).join(self.text(part) for part in parts)
