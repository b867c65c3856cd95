"""The table of a JSON Schema inside a request: tool parameters and output formats.

A schema is read by the model, so its descriptions, defaults, enums and examples are text; property names and
keywords are the protocol's. A keyword that is not listed is inspected as a tree of text rather than refused:
vendors add annotations freely, and inspecting too much costs nothing but time.

Must never: change a key; a tool's parameters are found by their names.
"""

from __future__ import annotations

from strongroom.gateway.wires.table import Arr, Either, Node, Obj, opaque, structural, tree
from strongroom.guard.session import Origin

WORDS = tree(Origin.TYPED, why="any other keyword: description, title, default, enum, const, examples ...")
_FIXED = structural()

SCHEMA = Obj({}, extra=WORDS)
_SCHEMA_OR_SWITCH = Either(obj=SCHEMA, scalar=_FIXED)  # `true` and `false` are schemas too
_NAMED = Obj({}, extra=_SCHEMA_OR_SWITCH)
_LIST = Arr(_SCHEMA_OR_SWITCH)

_KEYWORDS: dict[Node, tuple[str, ...]] = {
    _NAMED: ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
    _SCHEMA_OR_SWITCH: (
        "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "contains", "not",
        "if", "then", "else", "additionalItems",
    ),
    Either(obj=SCHEMA, arr=_LIST, scalar=_FIXED): ("items",),
    _LIST: ("anyOf", "oneOf", "allOf", "prefixItems"),
    opaque("a regular expression"): ("pattern",),
    _FIXED: (
        "type", "format", "$ref", "$id", "$schema", "$anchor", "required", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems",
        "uniqueItems", "minProperties", "maxProperties", "nullable", "deprecated", "readOnly", "writeOnly",
        "contentEncoding", "contentMediaType", "strict",
    ),
}  # fmt: skip
SCHEMA.fields.update({keyword: node for node, keywords in _KEYWORDS.items() for keyword in keywords})
