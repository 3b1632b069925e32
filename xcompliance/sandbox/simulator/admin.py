"""The simulator's own endpoints, under ``/_simulator`` on the API port."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

from xcompliance.sandbox.simulator.clock import time_text
from xcompliance.sandbox.simulator.faults import FAULTS
from xcompliance.sandbox.simulator.jobs import Job
from xcompliance.sandbox.simulator.wire import Request, Response
from xcompliance.sandbox.simulator.world import World

PREFIX = "/_simulator"
MAX_BODY = 1 << 20
CHANGEABLE = (
    "generation",
    "resumable",
    "job_seconds",
    "upload_window_seconds",
    "late_uploads",
    "partial_persistence",
    "upload_rate",
    "sign_content_length",
    "composite_results",
    "chunked",
)
"""The settings that can be changed while the simulator runs; they hold for what happens next."""


class Admin:
    """Answers JSON; 400 with an ``error`` says what was wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "/faults"): self._faults,
            ("POST", "/faults"): self._arm,
            ("DELETE", "/faults"): lambda _: self._world.faults.clear(),
            ("GET", "/journal"): lambda _: [asdict(entry) for entry in self._world.journal.entries()],
            ("DELETE", "/journal"): lambda _: self._world.journal.clear(),
            ("GET", "/jobs"): lambda _: [self._job(job) for job in self._world.jobs.all()],
            ("GET", "/clock"): lambda _: self._now(),
            ("POST", "/clock"): self._advance,
            ("GET", "/settings"): lambda _: self._settings(),
            ("POST", "/settings"): self._change,
        }

    def answer(self, request: Request) -> Response:
        """By method and path."""
        route = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if route is None:
            return _json(404, {"error": "There is nothing at this address."})
        try:
            body = request.body.read(MAX_BODY)
            return _json(200, route(json.loads(body) if body else {}))
        except (ValueError, TypeError) as error:
            return _json(400, {"error": str(error)})

    def answered(self, request: Request, status: int | None, sent: int) -> None:
        """The journal is about the others."""

    def _faults(self, _: Any) -> dict[str, Any]:
        kinds = {
            name: {
                "meaning": kind.meaning,
                "operations": kind.operations,
                "parameters": {name: parameter.default for name, parameter in kind.parameters.items()},
            }
            for name, kind in FAULTS.items()
        }
        return {"armed": [asdict(fault) for fault in self._world.faults.armed()], "known": kinds}

    def _arm(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._world.faults.arm(asked.pop("fault", ""), **asked)
        return self._faults(None)

    def _advance(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._world.clock.advance(float(asked["advance"]))
        return self._now()

    def _now(self) -> dict[str, Any]:
        now = self._world.clock.now()
        return {"now": now, "text": time_text(now)}

    def _change(self, asked: dict[str, Any]) -> dict[str, Any]:
        unknown = set(asked) - set(CHANGEABLE)
        if unknown:
            raise ValueError(f"Only {', '.join(CHANGEABLE)} can be changed.")
        self._world.settings = replace(self._world.settings, **asked)
        return self._settings()

    def _settings(self) -> dict[str, Any]:
        return {
            field.name: getattr(self._world.settings, field.name)
            for field in fields(self._world.settings)
            if field.name in CHANGEABLE
        }

    def _job(self, job: Job) -> dict[str, Any]:
        return {
            "id": job.id,
            "type": job.type,
            "name": job.name,
            "resumable": job.resumable,
            "generation": job.generation,
            "status": job.status(self._world.clock.now()),
            "created_at": time_text(job.created_at),
            "completed_uploads": job.completed_uploads,
            "uploaded_bytes": job.uploaded_bytes,
            "uploaded_crc32c": job.uploaded_crc32c,
            "error": job.error,
        }


def _json(status: int, document: Any) -> Response:
    body = json.dumps(document, default=str).encode()
    return Response(status, [("Content-Type", "application/json")], body)
