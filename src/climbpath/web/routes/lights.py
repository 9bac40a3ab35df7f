"""Routes for lights: where the LEDs of a board are, and the board that this machine's Bluetooth lights."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from climbpath import board as boards
from climbpath.lights.leds import Light
from climbpath.lights.messages import Sending, colours_of, encode, is_moonboard, off
from climbpath.lights.shared import SharedBoard, check_board
from climbpath.web.schemas.lights import HoldBoardBody, LightsOut, ReleaseBody, ShowBody


def add_light_routes(app: FastAPI, board: SharedBoard | None) -> None:
    """Add these routes to the app; `board` is what this machine lights, None if it lights nothing."""

    @app.get("/leds/{board}.json", include_in_schema=False)
    def get_leds(board: str) -> dict[str, Any]:
        """The LEDs of a board, a file of the page: without access, too, the virtual board shows what it is sent."""
        if board not in boards.names():
            raise HTTPException(404, "there is no such board")
        layout = boards.load(board)
        return {
            "isMoonboard": is_moonboard(layout),
            "colours": dict(colours_of(layout)),
            "sizes": {name: size.leds for name, size in layout.sizes.items()},
        }

    @app.get("/api/lights")
    async def get_lights() -> LightsOut:
        """Whether this machine lights a board, and who holds it."""
        return _out(board, None)

    @app.post("/api/lights/hold")
    async def post_hold(body: HoldBoardBody) -> LightsOut:
        """Ask for the board, or say that one is still there: one page at a time holds it, the others wait in order.

        A page that is silent for a minute loses its place, and so does a holder who lights nothing for ten minutes
        while others wait.
        """
        check_board(board).turn.ask(str(body.client), body.name)
        return _out(board, body.client)

    @app.post("/api/lights/show", status_code=204)
    async def post_show(body: ShowBody) -> None:
        """Show these lights and no others, or put all out; for whoever holds the board."""
        layout = boards.load(body.board)
        sending = Sending(
            brightness=body.brightness / 100,
            extra_leds=body.extra_leds,
            new_letters=body.new_letters,
            mini=body.mini,
        )
        lights = [Light(f"LED {one.position}", one.position, one.role) for one in body.lights]

        def message(level: int) -> bytes:
            return off(layout, level) if body.off else encode(layout, lights, level, sending)

        await check_board(board).light(str(body.client), message, is_moonboard(layout))

    @app.post("/api/lights/release", status_code=204)
    async def post_release(body: ReleaseBody) -> None:
        """Give up the board, or one's place."""
        check_board(board).turn.leave(str(body.client))


def _out(board: SharedBoard | None, client: UUID | None) -> LightsOut:
    if board is None:
        return LightsOut(offered=False, board=None, holder=None, is_mine=False, ahead=0)
    holder, is_mine, ahead = board.turn.standing(str(client) if client else None)
    return LightsOut(offered=True, board=board.name, holder=holder, is_mine=is_mine, ahead=ahead)
