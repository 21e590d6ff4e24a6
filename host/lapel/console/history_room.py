"""The page of what was asked: searched, seen as it was on the palm, exported, erased."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ..cards import Display, paginate
from ..skills import SkillError
from ..store.keeping import SqlKeeping
from ..store.tables import turns
from . import palm_svg
from .door import fields

Answer = Callable[[Request], Awaitable[Response]]

PAGE = 50  # turns at a time
_LONGEST_SEARCH = 200
_DISPLAY = Display(12, 3)  # of the first vector pins; a picture of the past need not be exact
_SHOWN = ("id", "at_unix_s", "pin", "question", "answer", "failure", "frames", "timings_ms")


class HistoryRoom:
    """Routes below /api/history and /api/facts."""

    def __init__(self, keeping: SqlKeeping) -> None:
        self._keeping = keeping

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/history", _honest(self._list)),
            Route("/api/history/export", _honest(self._export)),
            Route("/api/history/erase", _honest(self._erase), methods=["POST"]),
            Route("/api/history/{turn:int}/delete", _honest(self._delete), methods=["POST"]),
            Route("/api/history/{turn:int}/{page:int}.svg", _honest(self._picture)),
            Route("/api/facts", _honest(self._facts)),
            Route("/api/facts/{fact:int}", _honest(self._change_fact), methods=["POST"]),
            Route("/api/facts/{fact:int}/forget", _honest(self._forget_fact), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        """The newest turns first; `q` is searched for, `before` is the id that the last page ended with."""
        words = request.query_params.get("q", "")[:_LONGEST_SEARCH].split()
        before = request.query_params.get("before", "")
        query = sa.select(*(turns.c[name] for name in _SHOWN)).order_by(turns.c.id.desc()).limit(PAGE)
        for word in words:
            query = query.where((turns.c.question + " " + turns.c.answer).icontains(word, autoescape=True))
        if before.isdigit():
            query = query.where(turns.c.id < int(before))
        rows = await self._keeping.run(lambda c: [dict(row) for row in c.execute(query).mappings()])
        return JSONResponse([_described(row) for row in rows])

    async def _picture(self, request: Request) -> Response:
        query = sa.select(turns.c.answer).where(turns.c.id == request.path_params["turn"])
        answer = await self._keeping.run(lambda c: c.execute(query).scalar())
        pages = paginate(answer or "", _DISPLAY)
        number = request.path_params["page"]
        lines = pages[number] if number < len(pages) else []
        svg = await asyncio.to_thread(palm_svg.draw, lines)
        # An answer does not change any more.
        return Response(svg, media_type="image/svg+xml", headers={"cache-control": "private, max-age=86400"})

    async def _delete(self, request: Request) -> Response:
        query = sa.delete(turns).where(turns.c.id == request.path_params["turn"])
        count = await self._keeping.run(lambda c: c.execute(query).rowcount)
        return JSONResponse({"deleted": count})

    async def _export(self, request: Request) -> Response:
        everything = json.dumps(await self._keeping.everything(), ensure_ascii=False, indent=1)
        headers = {"content-disposition": 'attachment; filename="lapel.json"'}
        return Response(everything, media_type="application/json", headers=headers)

    async def _erase(self, request: Request) -> Response:
        body = await fields(request, everything=bool)
        if isinstance(body, Response):
            return body
        if not body["everything"]:
            return JSONResponse({"error": "everything: expected true; it cannot be undone."}, 400)
        return JSONResponse(await self._keeping.erase())

    async def _facts(self, request: Request) -> Response:
        facts = await self._keeping.facts()
        return JSONResponse(
            [{"id": fact.id, "text": fact.text, "at_unix_s": fact.at.timestamp()} for fact in facts]
        )

    async def _change_fact(self, request: Request) -> Response:
        body = await fields(request, text=str)
        if isinstance(body, Response):
            return body
        if not await self._keeping.change(request.path_params["fact"], body["text"]):
            return JSONResponse({"error": "That note is not there any more."}, 404)
        return JSONResponse({})

    async def _forget_fact(self, request: Request) -> Response:
        await self._keeping.forget(request.path_params["fact"])
        return JSONResponse({})


def _honest(answer: Answer) -> Answer:
    """The same; where the database fails its sentence is the answer."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except SkillError as error:
            return JSONResponse({"error": str(error)}, 500)

    return answered


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "pages": len(paginate(row["answer"], _DISPLAY))}
