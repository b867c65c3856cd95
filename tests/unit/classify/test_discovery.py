"""What a recorded task shows: fields by name and by values, tools with the sinks their parameters suggest."""

import json
import tomllib
from typing import Any

import pytest

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier
from strongroom.classify.discovery import Discovery, discover
from strongroom.classify.discovery_files import settings_toml, types_yaml
from strongroom.classify.fields import FieldClassifier
from strongroom.errors import ConfigurationError

ROWS = [
    {
        "name": "Anna Kowalski",
        "contact": f"a{number}@example.org",
        "parcel_ref": f"PX-{number}",
        "note": "left at door",
    }
    for number in range(4)
]
CALL = {"to": "a0@example.org", "body": "Hello", "priority": "high"}
OPENAI = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Card 4111 1111 1111 1111 please"}]},
        {
            "role": "assistant", "content": None,
            "tool_calls": [{"id": "1", "function": {"name": "send_email", "arguments": json.dumps(CALL)}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": json.dumps(ROWS)},
    ]
}  # fmt: skip
ANTHROPIC = {
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Card 4111 1111 1111 1111 please"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "send_email", "input": CALL}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "content": [{"type": "text", "text": json.dumps(ROWS)}]}],
        },
    ],
}


def walked(catalogue: Catalogue, classifier: Classifier, *tasks: Any, **declared: Any) -> Discovery:
    fields = FieldClassifier(catalogue, classifier)
    return discover(tasks, catalogue=catalogue, classifier=classifier, fields=fields, declared=declared)


@pytest.mark.parametrize("task", [OPENAI, ANTHROPIC, OPENAI["messages"]], ids=["openai", "anthropic", "list"])
def test_a_task_is_read_in_either_form(catalogue: Catalogue, classifier: Classifier, task: Any) -> None:
    found = walked(catalogue, classifier, task)
    assert [(item.name, item.values, item.kind, item.by, item.proposed) for item in found.fields] == [
        ("contact", 4, "EMAIL", "values", ""),
        ("name", 4, "PERSON", "name", ""),
        ("note", 4, "", "", ""),
        ("parcel_ref", 4, "", "", "PARCEL_REF"),
    ]
    assert [(item.parameter, item.kinds, item.suggested) for item in found.parameters] == [
        ("body", (), "message.text"), ("priority", (), ""), ("to", ("EMAIL",), "message.recipient"),
    ]  # fmt: skip
    assert [(item.origin, item.kind, item.count) for item in found.texts] == [("user", "CARD", 1)]


def test_what_is_declared_is_not_proposed_again(catalogue: Catalogue, classifier: Classifier) -> None:
    found = walked(catalogue, classifier, OPENAI, send_email={"to": "message.recipient"})
    assert {item.parameter: (item.declared, item.suggested) for item in found.parameters}["to"] == (
        "message.recipient", "",
    )  # fmt: skip
    proposed = tomllib.loads(settings_toml(found))
    assert proposed == {"tools": {"send_email": {"body": "message.text"}}}


def test_proposals_are_files_that_load(catalogue: Catalogue, classifier: Classifier, tmp_path: Any) -> None:
    found = walked(catalogue, classifier, OPENAI)
    text = types_yaml(found)
    assert "PX-" not in text
    assert "example.org" not in settings_toml(found) + text
    (tmp_path / "types.yaml").write_text(text)
    own = Catalogue.load([tmp_path / "types.yaml"])
    assert FieldClassifier(own).kind_of("parcel_ref", ["PX-1"]) == "PARCEL_REF"
    assert types_yaml(Discovery()) == settings_toml(Discovery()) == ""


def test_a_hostile_name_stays_inside_its_quotes(catalogue: Catalogue, classifier: Classifier) -> None:
    name = 'x"]\n[limits]\nbody_bytes = 1 #'
    call = {"function": {"name": name, "arguments": json.dumps({name: "1", "to": "2"})}}
    found = walked(catalogue, classifier, [{"role": "assistant", "tool_calls": [call]}])
    assert tomllib.loads(settings_toml(found)) == {
        "tools": {name: {name: "message.text", "to": "message.recipient"}}
    }


@pytest.mark.parametrize("task", [{}, [], 3, {"messages": []}, {"messages": ["x"]}, [1]])
def test_what_is_no_task_is_refused(catalogue: Catalogue, classifier: Classifier, task: Any) -> None:
    with pytest.raises(ConfigurationError, match="a task is"):
        walked(catalogue, classifier, task)
