"""The running simulator of X, asked by way of its admin endpoint."""

import json
from dataclasses import dataclass, field
from typing import Any

import urllib3

Entry = dict[str, Any]
Job = dict[str, Any]


@dataclass(frozen=True)
class SimulatorAdmin:
    """What the simulator has seen, and how it is to behave from now on."""

    x_api_url: str
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False), repr=False)

    def journal(self, operation: str | None = None, path: str = "") -> list[Entry]:
        """The requests, or those of one operation, whose path contains ``path``; in the order of their answers."""
        entries: list[Entry] = self._call("GET", "journal")
        return [entry for entry in entries if operation in (None, entry["operation"]) and path in entry["path"]]

    def jobs(self, name: str = "") -> list[Job]:
        """The jobs whose name begins with ``name``, oldest first."""
        jobs: list[Job] = self._call("GET", "jobs")
        return [job for job in jobs if (job["name"] or "").startswith(name)]

    def change(self, **settings: Any) -> None:
        """Changes settings for what happens next."""
        self._call("POST", "settings", settings)

    def arm(self, fault: str, **details: Any) -> None:
        """Lets a fault happen, once unless ``times`` says more."""
        self._call("POST", "faults", {"fault": fault, **details})

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self._call("POST", "clock", {"advance": seconds})

    def armed(self) -> list[Any]:
        """The faults that have not happened yet."""
        armed: list[Any] = self._call("GET", "faults")["armed"]
        return armed

    def _call(self, method: str, what: str, document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        answer = self._http.request(method, f"{self.x_api_url}/_simulator/{what}", body=body)
        assert answer.status == 200, answer.data
        return json.loads(answer.data)
