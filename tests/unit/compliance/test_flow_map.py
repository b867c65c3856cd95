"""The map says what crossed which boundary, and where values accumulate."""

import xml.etree.ElementTree as ET

from strongroom.compliance.flow_map import draw
from strongroom.compliance.flow_picture import TITLES, svg
from strongroom.guard.flows import CLEAR, REFUSED, SURROGATE, VALUE, Flow, FlowCount


def count(source, kind, sink, form, times=1, *, level=2, sink_kind="", principal="bot", at=1000, tier=""):
    flow = Flow("acme", "prod", principal, source, "pii", kind, level, sink_kind or sink, sink, form, tier)
    return FlowCount(flow, times, at, at + 5)


MODEL = {"sink_kind": "model"}


def test_principals_are_joined_and_boundaries_named() -> None:
    drawn = draw([
        count("tool", "EMAIL", "model:openai", SURROGATE, 3, tier="field", **MODEL),
        count("tool", "EMAIL", "model:openai", SURROGATE, 4, tier="known", principal="other", at=10, **MODEL),
        count("model", "EMAIL", "send_email.to", VALUE, sink_kind="message.recipient"),
        count("model", "EMAIL", "post.url", REFUSED, sink_kind="tool"),
        count("store", "", "agent", VALUE),
    ])  # fmt: skip
    first = drawn.edges[0]
    assert drawn.tiers == (("known", 4), ("field", 3))
    assert (first.count, first.principals, first.first_at, first.last_at) == (7, ("bot", "other"), 10, 1005)
    assert {edge.sink: edge.boundary for edge in drawn.edges} == {
        "model:openai": "agent and its tools → model provider",
        "send_email.to": "model provider → outside",
        "post.url": "model provider → outside",
        "agent": "store → agent and its tools",
    }
    assert next(edge.kind for edge in drawn.edges if edge.sink == "agent") == "*"


def test_only_what_arrives_in_plain_sight_accumulates_and_is_judged_together() -> None:
    shown = [count("tool", kind, "model:x", CLEAR, level=1, **MODEL) for kind in ("AGE", "GENDER", "POSTCODE")]
    drawn = draw([
        *shown, count("tool", "IBAN", "model:x", SURROGATE, level=3, **MODEL),
        count("model", "EMAIL", "user", VALUE),
    ])  # fmt: skip
    model, user = drawn.accumulations
    assert (model.sink, model.level, model.kinds) == ("model:x", 3, ("AGE", "GENDER", "POSTCODE"))
    assert model.reasons == ("together they point to one person: birth date or age, place and sex",)
    assert (user.sink, user.level, user.reasons) == ("user", 2, ())


def test_the_picture_is_well_formed_and_complete() -> None:
    drawn = draw([
        count("tool", "EMAIL", 'model:<&">', SURROGATE, 10**6, **MODEL),
        count("model", "EMAIL", "a" * 60, REFUSED, sink_kind="tool"),
    ])  # fmt: skip
    root = ET.fromstring(svg(drawn))  # noqa: S314 - see above
    texts = [node.text or "" for node in root.iter() if node.text]
    assert 'model:<&">' in texts
    assert all(title in texts for title in TITLES.values())
    assert sum(node.tag.endswith("path") for node in root.iter()) == 4
    assert "Nothing was observed yet." in svg(draw([]))
