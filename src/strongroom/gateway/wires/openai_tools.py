"""The tools a client of the OpenAI Responses API may declare, field by field.

Source: the OpenAI API reference and the types of the official Python SDK (openai 3.51). Tools that run at the
provider get surrogates, never values: what they need to reach their own servers (a token, a header, a secret of a
container) is the client's word to the provider and stays as it is.

Must never: list a description, a filter's value or a schema as anything but text.
"""

from __future__ import annotations

from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import Arr, Either, Node, Obj, Tagged, binary, opaque, structural, text, tree
from strongroom.guard.session import Origin

S = structural()


def fixed(*names: str) -> dict[str, Node]:
    """Structural fields of these names."""
    return dict.fromkeys(names, S)


_COMMON = fixed("type", "allowed_callers", "defer_loading", "async")
FUNCTION = Obj(
    {**_COMMON, **fixed("name", "strict"), "description": text(), "parameters": SCHEMA, "output_schema": SCHEMA}
)
_CUSTOM = Obj(
    {**_COMMON, "name": S, "description": text(), "format": Obj({**fixed("type", "syntax"), "definition": text()})}
)
_LOCATION = Obj({"type": S, **dict.fromkeys(("city", "country", "region", "timezone"), text())})
_WEB_SEARCH = Obj(
    {
        **fixed("type", "external_web_access", "search_context_size", "search_content_types"),
        "filters": Obj(fixed("allowed_domains")),
        "user_location": _LOCATION,
    }
)
_SECRET = opaque("the client's own word to the server it names")
_NETWORK = Obj(
    {
        **fixed("type", "allowed_domains"),
        "domain_secrets": Arr(Obj({**fixed("domain", "name"), "value": _SECRET})),
    }
)
_SKILL = Obj(
    {
        **fixed("type", "skill_id", "version", "name"),
        "description": text(),
        "path": text(),
        "source": Obj({**fixed("type", "media_type"), "data": binary("a skill's archive")}),
    }
)
ENVIRONMENT = Obj(
    {
        **fixed("type", "container_id", "file_ids", "memory_limit"),
        "network_policy": _NETWORK,
        "skills": Arr(_SKILL),
    }
)
"""Where a shell runs: at the client, or in a container of the provider."""

_MCP_FILTER = Obj(fixed("read_only", "tool_names"))
_MCP = Obj(
    {
        **_COMMON,
        **fixed("server_label", "connector_id", "server_url", "tunnel_id"),
        "server_description": text(),
        "authorization": _SECRET,
        "headers": Obj({}, extra=_SECRET),
        "allowed_tools": Either(arr=Arr(S), obj=_MCP_FILTER),
        "require_approval": Either(string=S, obj=Obj({"always": _MCP_FILTER, "never": _MCP_FILTER})),
    }
)
_IMAGES = Obj(
    {
        **fixed(
            "type", "action", "background", "complexity", "frame_count", "frame_duration_ms", "input_fidelity",
            "model", "moderation", "output_compression", "output_format", "partial_images", "quality", "size",
        ),
        "input_image_mask": Obj({"file_id": S, "image_url": binary("an image: data URL or address", "image")}),
        "svg": Obj({"model": S, "reasoning": Obj(fixed("effort"))}),
    }
)  # fmt: skip
_FILE_SEARCH = Obj(
    {
        **fixed("type", "vector_store_ids", "max_num_results"),
        "filters": tree(Origin.TYPED),
        "ranking_options": Obj(
            {
                **fixed("ranker", "score_threshold"),
                "hybrid_search": Obj(fixed("embedding_weight", "text_weight")),
            }
        ),
    }
)
_WEB_SEARCH_TYPES = (
    "web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11",
)  # fmt: skip

TOOL = Tagged(
    "type",
    {
        "function": FUNCTION,
        "custom": _CUSTOM,
        "namespace": Obj(
            {
                **fixed("type", "name"),
                "description": text(),
                "tools": Arr(Tagged("type", {"function": FUNCTION, "custom": _CUSTOM})),
            }
        ),
        "file_search": _FILE_SEARCH,
        **dict.fromkeys(_WEB_SEARCH_TYPES, _WEB_SEARCH),
        "mcp": _MCP,
        "code_interpreter": Obj({**_COMMON, "container": Either(string=S, obj=ENVIRONMENT)}),
        "image_generation": _IMAGES,
        "shell": Obj({**_COMMON, "environment": ENVIRONMENT}),
        "tool_search": Obj({**fixed("type", "execution"), "description": text(), "parameters": SCHEMA}),
        "computer_use_preview": Obj(fixed("type", "display_height", "display_width", "environment")),
        **dict.fromkeys(("computer", "local_shell", "apply_patch", "programmatic_tool_calling"), Obj(_COMMON)),
    },
)
"""One tool of a request."""

_NAMED = Obj(fixed("type", "name", "server_label"))
CHOICE = Either(string=S, obj=Obj({**fixed("type", "name", "server_label", "mode"), "tools": Arr(_NAMED)}))
"""`tool_choice`."""

FORMAT = Obj({**fixed("type", "name", "strict"), "description": text(), "schema": SCHEMA})
"""`text.format`: what form the answer is to have."""
