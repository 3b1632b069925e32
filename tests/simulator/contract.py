"""Holds the API's answers to X's own description of them."""

import json
from pathlib import Path
from typing import Any

import jsonschema

DESCRIPTION = Path(__file__).parents[3] / "shared" / "x-compliance-openapi.json"

UNDESCRIBED_PROBLEMS = ("about:blank", "credits", "credits-depleted", "usage-capped")
"""The last parts of problem types that X answers with but does not describe."""

_SCHEMAS = {
    ("POST", ""): "CreateComplianceJobsResponse",
    ("GET", ""): "GetComplianceJobsResponse",
    ("GET", "/id"): "GetComplianceJobsByIdResponse",
    ("DELETE", "/id"): "DeleteComplianceJobsByIdResponse",
    ("PUT", "/id/upload"): "UploadComplianceJobSubmissionResponse",
}


class Contract:
    """X's OpenAPI description."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._components = description["components"]

    @classmethod
    def load(cls) -> "Contract | None":
        """The contract, or None where the description is not at hand."""
        return cls(json.loads(DESCRIPTION.read_text())) if DESCRIPTION.exists() else None

    def accepts(self, schema: str, document: Any) -> bool:
        """Whether a document is what the schema says."""
        return self._validator(schema).is_valid(document)

    def check(self, method: str, path: str, status: int, document: Any) -> None:
        """Raises ValidationError for an answer that X does not describe."""
        if status == 200:
            route = path.removeprefix("/2/compliance/jobs").split("/")
            shape = "/".join(["", "id", *route[2:]] if len(route) > 1 else [""])
            self._validator(_SCHEMAS[method, shape]).validate(document)
        elif document["type"].rpartition("/")[2] in UNDESCRIBED_PROBLEMS:
            assert {"type", "title", "detail"} <= set(document)
        else:
            self._validator("Problem").validate(document)

    def _validator(self, schema: str) -> jsonschema.Draft202012Validator:
        return jsonschema.Draft202012Validator(
            {"$ref": f"#/components/schemas/{schema}", "components": self._components}
        )
