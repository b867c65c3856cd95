"""Reading bundles: every mistake has a place, and nothing is loaded in part."""

from importlib.metadata import version

import pytest
from cedarpy import Schema

from strongroom.errors import PolicyInvalidError
from strongroom.policy import Policy
from strongroom.policy import bundle as bundle_room
from strongroom.policy import engine as engine_room
from strongroom.policy.bundle import actions_of, read_rules
from strongroom.policy.engine import schema_text

GOOD = '@id("good") permit (principal, action, resource);\n'
OPEN = 'action == Strongroom::Action::"open"'


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("permit (principal,\n  acton, resource);", "2:3", "did you mean action?"),
        (GOOD + '@id("b")\npermit(principal,,);', "3:18", "unexpected token `,`"),
        ("permit (principal, action", "1:26", "does not end"),
        (GOOD + "permit (principal, action, resource)\n\n", "2:37", "does not end"),
        ("permit (principal, action, resource) $;", "1:38", "invalid token"),
        ('@id("x) permit (principal, action, resource);', "1:5", "invalid token"),
        (f'@id("c") permit(principal, {OPEN}, resource) when {{ foo(1) }};', "1:83", "`foo`"),
        ('@id("c") permit(principal, action, resource) when { "\\q" == "" };', "1:54", "escape"),
        ('@id("c") permit(principal, action, resource) when { 1 + };', "1:57", "unexpected token `}`"),
        (GOOD + "permit(principal, action, resource);", "2:1", "needs a name"),
        (GOOD + '@id("") permit(principal, action, resource);', "2:1", "needs a name"),
        (GOOD + GOOD, "2:1", "two policies named good"),
        ('@id("t") permit(principal == ?principal, action, resource);', "1:1", "templates"),
        ('@id("a") @id("b") permit(principal, action, resource);', "1:2", "duplicate annotation"),
    ],
)
def test_what_does_not_parse_is_located(text: str, place: str, says: str) -> None:
    with pytest.raises(PolicyInvalidError) as caught:
        Policy.load(text, source="my.cedar")
    assert str(caught.value).startswith(f"my.cedar:{place}: ")
    assert says in str(caught.value)
    assert "in force" in caught.value.diagnostics()


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (
            '@id("c") permit(principal, action == Strongroom::Action::"detokenise", resource);',
            "1:38",
            "detokenize?",
        ),
        (GOOD + '@id("c") permit(principal in Strongroom::Rol::"x", action, resource);', "2:30", "mean Role?"),
        (f'@id("c") permit(principal, {OPEN}, resource) when {{ resource.levels < 1 }};', "1:92", "mean level?"),
        (f'@id("c") permit(principal, {OPEN}, resource) when {{ resource.sinks == 1 }};', "1:1", "not compatible"),
        ('@id("c") permit(principal, action, resource) when { resource.level < 1 };', "1:62", "Realm"),
        (
            f'@id("c") permit(principal, {OPEN}, resource) when {{ context.address.isLoopback() }};',
            "1:91",
            "address",
        ),
    ],
)
def test_what_does_not_validate_is_located(text: str, place: str, says: str) -> None:
    with pytest.raises(PolicyInvalidError) as caught:
        Policy.load(text)
    assert str(caught.value).startswith(f"policy:{place}: "), str(caught.value)
    assert says in str(caught.value)


def test_semicolons_in_strings_and_comments_end_nothing() -> None:
    text = '// a; b\n@id("one; two") permit (principal, action, resource) // c;\n;// the end;\n'
    assert Policy.load(text).rules == ("one; two",)


def test_an_empty_bundle_is_legal() -> None:
    assert Policy.load("").rules == ()
    assert Policy.load("// nothing\n").rules == ()


def test_a_bundle_is_not_larger_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_room, "BUNDLE_BYTES_MAX", len(GOOD))
    Policy.load(GOOD)
    with pytest.raises(PolicyInvalidError, match="bytes"):
        Policy.load(GOOD + " ")


def test_a_bundle_may_be_pinned_to_an_engine() -> None:
    here = version("cedarpy")
    major = here.split(".")[0]
    for pin in (here, major):
        assert Policy.load(f"// engine: cedarpy {pin}\n{GOOD}").rules == ("good",)
    for pin in ("cedarpy 3", f"cedarpy {major}9", f"othercedar {here}"):
        with pytest.raises(PolicyInvalidError, match=r"^policy:2:1: .*written for"):
            Policy.load(f"// mine\n// engine: {pin}\n{GOOD}")


def test_the_shipped_bundle_is_pinned() -> None:
    assert "// engine: cedarpy 4\n" in Policy.load().text


def test_actions_are_read_from_the_schema() -> None:
    assert actions_of('  action "a", b appliesTo {\n') == {"a", "b"}
    assert "detokenize" in actions_of(schema_text())


def test_a_validation_error_about_no_policy_in_particular_points_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Problem:
        policy_id = ""
        error = "something else"

    class Result:
        errors = (Problem(),)

    monkeypatch.setattr(bundle_room, "validate_policies", lambda *_: Result())
    with pytest.raises(PolicyInvalidError, match=r"^here:1:1: something else$"):
        read_rules(GOOD, Schema.from_str(schema_text()), schema_text(), source="here")


def test_a_broken_schema_is_said_to_be_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    engine_room._schema.cache_clear()
    monkeypatch.setattr(engine_room, "schema_text", lambda: "entity ;")
    with pytest.raises(PolicyInvalidError, match="shipped schema"):
        Policy.load(GOOD)
