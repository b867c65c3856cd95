"""In-process doors: the gateway's protection inside a program, where a client or framework has a place for it.

A door does what the gateway does, with the same wire tables and the same sessions, without a server between:
what goes to a model is inspected and carries surrogates, what comes back is restored where policy lets it out.

    from strongroom.doors import Door, DoorTransport

    door = Door.of(room, "support-bot", tenant="acme", environment="prod")
    client = OpenAI(http_client=httpx2.Client(transport=DoorTransport(door, httpx2.HTTPTransport())))

Must never: read or change a message by rules of its own where a wire table has one, import what serves or
forwards over the network (`gateway.app`, `gateway.serve`, …), or let a message pass that was not inspected.
"""

from strongroom.doors.door import Door
from strongroom.doors.http import AsyncDoorTransport, DoorTransport

__all__ = ["AsyncDoorTransport", "Door", "DoorTransport"]
