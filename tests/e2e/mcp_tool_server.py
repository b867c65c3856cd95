"""An MCP server made with the official SDK, as a process of its own: `python mcp_tool_server.py stdio|http`.

Over HTTP its first line of output is the port. What its tools were called with stands in the file it was given.
"""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from mcp.server.context import ServerMiddleware
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import Message, UserMessage
from mcp.types import ImageContent
from pydantic import BaseModel, Field

CUSTOMER = {"name": "Anna Schmidt", "email": "anna.schmidt@example.org", "card": "4111 1111 1111 1111"}


class Form(BaseModel):
    """What the server asks its user."""

    reason: str


class Payment(BaseModel):
    """A result with numbers in it, as its schema says."""

    card: int
    amount: int


def build(calls: Path, *middleware: ServerMiddleware[Any]) -> MCPServer[Any]:
    server = MCPServer("crm", instructions="Ask lead@example.org when in doubt.", middleware=middleware)

    def called(name: str, **arguments: Any) -> None:
        with calls.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"tool": name, **arguments}) + "\n")

    @server.tool(description="Look up a customer. Questions go to owner@example.org.")
    def look_up(query: str) -> dict[str, str]:
        called("look_up", query=query)
        return CUSTOMER

    @server.tool()
    def send_email(to: str, body: str, region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "To"})] = ""
    ) -> str:  # fmt: skip
        called("send_email", to=to, body=body, region=region)
        return f"sent to {to}"

    @server.tool()
    def payment() -> Payment:
        return Payment(card=4111111111111111, amount=12)

    @server.tool()
    def picture() -> list[ImageContent]:
        return [ImageContent(type="image", data="aGk=", mime_type="image/png")]

    @server.tool()
    def broken() -> str:
        msg = "no route to host for anna.schmidt@example.org"
        raise ValueError(msg)

    _talking_tools(server, called)
    _resources(server, called)
    return server


Called = Callable[..., None]


def _talking_tools(server: MCPServer[Any], called: Called) -> None:
    @server.tool()
    async def talkative(ctx: Context[Any, Any]) -> str:
        await ctx.report_progress(1, 2, "reading the mail of anna.schmidt@example.org")
        await ctx.session.send_log_message("info", {"to": CUSTOMER["email"]}, related_request_id=ctx.request_id)
        return "done"

    @server.tool()
    async def ask(ctx: Context[Any, Any]) -> str:
        answer = await ctx.elicit(f"Delete {CUSTOMER['email']}?", Form)
        called("ask", reason=answer.data.reason if answer.action == "accept" else answer.action)
        return answer.action


def _resources(server: MCPServer[Any], called: Called) -> None:
    @server.resource("crm://customers/{email}")
    def customer(email: str) -> str:
        called("customer", email=email)
        return json.dumps(CUSTOMER)

    @server.resource("crm://newest/anna.schmidt@example.org")
    def newest() -> str:
        called("newest")
        return "Anna Schmidt, anna.schmidt@example.org"

    @server.prompt()
    def complaint(email: str) -> list[Message]:
        called("complaint", email=email)
        return [UserMessage(f"Answer {email}")]


def main() -> None:
    transport, calls = sys.argv[1], Path(sys.argv[2])
    sys.stderr.write("starting for anna.schmidt@example.org\n")
    server = build(calls)
    if transport == "stdio":
        server.run("stdio")
        return
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    app = server.streamable_http_app(json_response=transport == "json")
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", ws="none")).run(sockets=[listening])


if __name__ == "__main__":
    main()
