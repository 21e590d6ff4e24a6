"""The page of the house's health, and the same for Prometheus."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import scrape
from .figures import Complaints, Figures, memory_bytes


class HealthRoom:
    """`/api/health`, `/api/doctor`, `/metrics`. `examine` is the doctor's; `queues` gives depths by name."""

    def __init__(
        self,
        figures: Figures,
        complaints: Complaints,
        examine: Callable[[], list[Any]],
        queues: Callable[[], dict[str, int]],
    ) -> None:
        self._figures = figures
        self._complaints = complaints
        self._examine = examine
        self._queues = queues
        self._examining = asyncio.Lock()  # it loads an engine: one at a time

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/health", self._health),
            Route("/api/doctor", self._doctor, methods=["POST"]),
            Route(scrape.PATH, self._metrics),
        ]

    async def _health(self, request: Request) -> Response:
        return JSONResponse(
            {
                "up_s": round(time.time() - self._figures.began),
                "load": os.getloadavg()[0],
                "cores": os.cpu_count(),
                "memory_bytes": memory_bytes(),
                "loop_lag_ms": self._figures.lag_ms,
                "queues": self._queues(),
                "stages": self._figures.percentiles(),
                "complaints": list(self._complaints.latest)[::-1],
            }
        )

    async def _doctor(self, request: Request) -> Response:
        async with self._examining:
            findings = await asyncio.to_thread(self._examine)
        return JSONResponse([asdict(finding) for finding in findings])

    async def _metrics(self, request: Request) -> Response:
        return Response(self._figures.metrics(), media_type=CONTENT_TYPE_LATEST)
