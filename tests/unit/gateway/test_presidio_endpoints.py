"""The endpoints for Presidio's clients on a real room, asked in the shapes that LiteLLM's guardrail uses."""

import asyncio
import base64
import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import httpx2 as httpx
import pytest

from strongroom import Strongroom
from strongroom.gateway.app import create_app
from strongroom.gateway.for_room import LOG, parts_for
from strongroom.gateway.parts import GatewayLimits
from strongroom.gateway.serve import Served

TEXT = "Mail anna@example.org, card 4111 1111 1111 1111 for Dorothea Quellmann."
EMAIL = ("EMAIL_ADDRESS", "anna@example.org")
CARD = ("CREDIT_CARD", "4111 1111 1111 1111")
PERSON = ("PERSON", "Dorothea Quellmann")
SALTED = hashlib.sha256(b"Jane Doe0123456789abcdef").hexdigest()


class Desk:
    """A served room, a credential for it, and a client."""

    def __init__(self, room: Strongroom, url: str, client: httpx.Client) -> None:
        self.room = room
        self.url = url
        self.client = client
        self.secret = room.credentials.issue("litellm", tenant="acme", environment="prod")

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.secret}"} | headers
        return self.client.post(self.url + path, json=body, headers=sent)

    def found(self, text: str, **more: Any) -> list[tuple[str, str]]:
        answer = self.post("/analyze", {"text": text, "language": "en", **more})
        assert answer.status_code == 200, answer.text
        return [(one["entity_type"], text[one["start"] : one["end"]]) for one in answer.json()]

    def changed(self, text: str, *places: tuple[int, int, str], **more: Any) -> dict[str, Any]:
        results = [{"start": s, "end": e, "entity_type": kind, "score": 0.8} for s, e, kind in places]
        answer = self.post("/anonymize", {"text": text, "analyzer_results": results, **more})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


Serve = Callable[..., Desk]


@pytest.fixture(scope="module")
def serve(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with ExitStack() as open_things:

        def started(*, limits: GatewayLimits | None = None, **settings: Any) -> Desk:
            settings = {"detection": {"names": "off"}} | settings  # what it finds is for others to test
            place = tmp_path_factory.mktemp("desk") / "place"
            shutil.copytree(pristine, place)
            room = open_things.enter_context(
                Strongroom.open(home=place / "home", keyfile=place / "store.key", **settings)
            )
            parts = open_things.enter_context(parts_for(room))
            if limits is not None:
                parts = replace(parts, limits=limits)
            served = open_things.enter_context(Served(create_app(parts)))
            client = open_things.enter_context(httpx.Client(timeout=20, trust_env=False))
            return Desk(room, served.url, client)

        yield started


@pytest.fixture(scope="module")
def desk(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = serve()
    customers = tmp_path_factory.mktemp("source") / "customers.csv"
    customers.write_text("customer_id,name\nC-1001,Dorothea Quellmann\n")
    made.room.sources.add(customers, subject_column="customer_id", tenant="acme", environment="prod")
    return made


# --- as LiteLLM asks -----------------------------------------------------------------------------------


def test_what_litellm_sends_gets_what_litellm_reads(desk: Desk) -> None:
    """It knows an address for each service, appends a word, sends `Accept` and no other header of its own."""
    base = desk.url.replace("http://", f"http://litellm:{desk.secret}@") + "/"
    headers = {"Accept": "application/json"}
    entities = ["CREDIT_CARD", "EMAIL_ADDRESS", "PERSON", "US_SSN"]

    async def guardrail() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        async with aiohttp.ClientSession() as session:
            payload = {"text": TEXT, "language": "en", "entities": entities}
            async with session.post(f"{base}analyze", json=payload, headers=headers) as response:
                assert response.status == 200
                assert response.content_type == "application/json"
                results = await response.json()
            payload = {"text": TEXT, "analyzer_results": results}
            async with session.post(f"{base}anonymize", json=payload, headers=headers) as response:
                assert response.status == 200
                assert response.content_type == "application/json"
                return results, await response.json()

    results, anonymized = asyncio.run(guardrail())
    assert [set(one) for one in results] == [
        {"entity_type", "start", "end", "score", "analysis_explanation"} for _ in range(3)
    ]
    assert [(one["entity_type"], TEXT[one["start"] : one["end"]]) for one in results] == [EMAIL, CARD, PERSON]
    assert anonymized["text"] == "Mail <EMAIL_ADDRESS>, card <CREDIT_CARD> for <PERSON>."
    assert [item["entity_type"] for item in anonymized["items"]] == ["PERSON", "CREDIT_CARD", "EMAIL_ADDRESS"]
    for item in anonymized["items"]:
        assert anonymized["text"][item["start"] : item["end"]] == item["text"] == f"<{item['entity_type']}>"
        assert item["operator"] == "replace"
    # with output_parse_pii it numbers the places itself, from the results and in the original text
    assert all(a["end"] <= b["start"] for a, b in itertools.pairwise(results))


def test_a_wrong_credential_in_the_address_is_an_error_litellm_reports(desk: Desk) -> None:
    wrong = base64.b64encode(b"litellm:sr_wrong").decode()
    answer = desk.post("/analyze", {"text": TEXT, "language": "en"}, authorization=f"Basic {wrong}")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json"
    assert "credential" in answer.json()["error"]


@pytest.mark.parametrize("shown", ["Basic !!", "Basic", "Bearer", "Basic " + base64.b64encode(b"\xff:").decode()])
def test_no_credential_no_answer(desk: Desk, shown: str) -> None:
    assert desk.post("/analyze", {"text": TEXT}, authorization=shown).status_code == 401
    for path in ("/supportedentities", "/recognizers", "/anonymizers", "/deanonymizers"):
        assert desk.client.get(desk.url + path).status_code == 401


def test_a_credential_alone_in_the_address_is_enough(desk: Desk) -> None:
    shown = base64.b64encode(f"{desk.secret}:".encode()).decode()
    assert desk.post("/analyze", {"text": TEXT}, authorization=f"Basic {shown}").status_code == 200


# --- /analyze ------------------------------------------------------------------------------------------


def test_all_entities_by_default_and_a_list_for_a_list(desk: Desk) -> None:
    assert desk.found(TEXT) == [EMAIL, CARD, PERSON]
    answer = desk.post("/analyze", {"text": [TEXT, "nothing", ""], "language": "de"})
    assert [len(one) for one in answer.json()] == [3, 0, 0]


def test_json_text_is_read_by_its_keys(desk: Desk) -> None:
    text = '{"customer": {"name": "Ludmila Brandauer", "note": "caf\\u00e9 of anna@example.org"}}'
    assert desk.found(text) == [("PERSON", "Ludmila Brandauer"), EMAIL]
    (person, *_) = desk.post("/analyze", {"text": text, "return_decision_process": True}).json()
    assert person["analysis_explanation"]["recognizer"] == "field"


def test_own_kinds_may_be_asked_for_and_are_answered_by_the_name_asked(desk: Desk) -> None:
    assert desk.found(TEXT, entities=["EMAIL"]) == [("EMAIL", EMAIL[1])]
    assert desk.found(TEXT, entities=["CREDIT_CARD"]) == [CARD]


def test_entities_nobody_finds_are_named_in_a_header(desk: Desk) -> None:
    body = {"text": TEXT, "language": "en", "entities": ["EMAIL_ADDRESS", "URL", "DATE_TIME", "bad\nname"]}
    answer = desk.post("/analyze", body)
    assert [one["entity_type"] for one in answer.json()] == ["EMAIL_ADDRESS"]
    assert answer.headers["strongroom-not-inspected"] == "URL,DATE_TIME,?"


def test_asking_only_for_what_nobody_finds_is_refused(desk: Desk) -> None:
    answer = desk.post("/analyze", {"text": TEXT, "language": "en", "entities": ["URL", "ZIP"]})
    assert answer.status_code == 422
    assert "supportedentities" in answer.json()["error"]


def test_thresholds_and_allowed_words(desk: Desk) -> None:
    assert desk.found(TEXT, score_threshold=0.96) == [CARD, PERSON]
    assert desk.found(TEXT, allow_list=["anna@example.org"]) == [CARD, PERSON]
    assert desk.found(TEXT, allow_list=["ANNA@EXAMPLE"], allow_list_match="regex") == [CARD, PERSON]
    assert desk.found(TEXT, allow_list=["ANNA@EXAMPLE"], allow_list_match="regex", regex_flags=0) == [
        EMAIL, CARD, PERSON,
    ]  # fmt: skip


ZIP = {
    "name": "Zip code Recognizer",
    "supported_language": "en",
    "supported_entity": "ZIP",
    "patterns": [{"name": "zip code (weak)", "regex": r"\b\d{5}(?:-\d{4})?\b", "score": 0.01}],
    "context": ["zip", "code"],
}
TITLES = {"supported_entity": "TITLE", "deny_list": ["Mr.", "Dr", "a+b"]}


def test_recognizers_that_a_request_brings_along(desk: Desk) -> None:
    text = "zip 12345, then" + " and so on" * 6 + ": 98765-4321 and anna@example.org"
    body = {"text": text, "language": "en", "ad_hoc_recognizers": [ZIP]}
    found = desk.post("/analyze", body).json()
    assert [(one["entity_type"], one["score"]) for one in found[:2]] == [("ZIP", 0.36), ("ZIP", 0.01)]
    assert desk.found(text, ad_hoc_recognizers=[ZIP], entities=["ZIP"]) == [
        ("ZIP", "12345"), ("ZIP", "98765-4321"),
    ]  # fmt: skip
    assert desk.found("mr. Dre asks dr. X about a+b", ad_hoc_recognizers=[TITLES]) == [
        ("TITLE", "mr."), ("TITLE", "dr"), ("TITLE", "a+b"),
    ]  # fmt: skip


def test_a_pattern_that_could_take_for_ever_is_refused_with_why(desk: Desk) -> None:
    body = {"text": "a" * 64, "language": "en", "ad_hoc_recognizers": [ZIP | {"patterns": [
        {"name": "x", "regex": r"(a*)\1b", "score": 0.5}]}]}  # fmt: skip
    answer = desk.post("/analyze", body)
    assert answer.status_code == 400
    assert "Zip code Recognizer" in answer.json()["error"]
    assert "RE2" in answer.json()["error"]


def test_why_is_told_when_asked_for_and_without_the_value(desk: Desk) -> None:
    body = {"text": TEXT, "language": "en", "return_decision_process": True}
    first = desk.post("/analyze", body).json()[0]
    told = first["analysis_explanation"]
    assert told["recognizer"] == "pattern"
    assert told["score"] == told["original_score"] == first["score"]
    assert "anna" not in json.dumps(told)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"language": "en"}, "No text provided"),
        ({"text": "", "language": "en"}, "No text provided"),
        ({"text": ["a", 1]}, "No text provided"),
        ({"text": {"a": 1}}, "No text provided"),
        ({"text": "a", "language": 3}, "language"),
        ({"text": "a", "score_threshold": "0.5"}, "score_threshold"),
        ({"text": "a", "score_threshold": True}, "score_threshold"),
        ({"text": "a", "entities": "PERSON"}, "entities"),
        ({"text": "a", "entities": [1]}, "entities"),
        ({"text": "a", "allow_list_match": "glob"}, "allow_list_match"),
        ({"text": "a", "regex_flags": True}, "regex_flags"),
        ({"text": "a", "ad_hoc_recognizers": [1]}, "ad_hoc_recognizers"),
        ({"text": "a", "ad_hoc_recognizers": [{"patterns": []}]}, "supported_entity"),
        ({"text": "a", "ad_hoc_recognizers": [{"supported_entity": "X"}]}, "deny_list"),
        ({"text": "a", "ad_hoc_recognizers": [{"supported_entity": "X", "patterns": [{"regex": "a"}]}]}, "score"),
    ],
)
def test_fields_that_cannot_be_are_refused_by_name(desk: Desk, body: dict[str, Any], why: str) -> None:
    answer = desk.post("/analyze", body)
    assert answer.status_code == 422
    assert why in answer.json()["error"]


def test_limits_are_named(desk: Desk) -> None:
    assert desk.post("/analyze", {"text": ["a"] * 513}).status_code == 413
    many = [{"supported_entity": "X", "patterns": [{"regex": "a", "score": 1}] * 40}] * 2
    assert desk.post("/analyze", {"text": "a", "ad_hoc_recognizers": many}).status_code == 413
    long = [{"supported_entity": "X", "patterns": [{"regex": "a" * 5000, "score": 1}]}]
    assert desk.post("/analyze", {"text": "a", "ad_hoc_recognizers": long}).status_code == 413
    often = [{"supported_entity": "X", "patterns": [{"regex": "a", "score": 1}]}]
    assert desk.post("/analyze", {"text": "a" * 10_001, "ad_hoc_recognizers": often}).status_code == 413
    assert desk.post("/analyze", {"text": "a", "entities": ["X"] * 1025}).status_code == 413


def test_bodies_that_cannot_be_read_are_refused(desk: Desk) -> None:
    for raw, status in ((b"{", 400), (b"[]", 400), (b'{"text": "\\ud800"}', 400)):
        answer = desk.client.post(
            desk.url + "/analyze", content=raw,
            headers={"authorization": f"Bearer {desk.secret}", "content-type": "application/json"},
        )  # fmt: skip
        assert (answer.status_code, "error" in answer.json()) == (status, True)
    assert desk.post("/analyze", {"text": "a"}, **{"content-encoding": "gzip"}).status_code == 415
    assert desk.post("/analyze", {"text": "a"}, **{"strongroom-session": "x" * 201}).status_code == 400
    assert desk.client.get(desk.url + "/analyze").status_code == 405
    assert desk.client.post(desk.url + "/recognizers").status_code == 405


# --- /anonymize and /deanonymize -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ({"type": "replace", "new_value": "ANON"}, "to ANON!"),
        ({"type": "replace"}, "to <PERSON>!"),
        ({"type": "redact"}, "to !"),
        ({"type": "keep"}, "to Jane Doe!"),
        ({"type": "mask", "masking_char": "*", "chars_to_mask": 4, "from_end": True}, "to Jane****!"),
        ({"type": "mask", "masking_char": "*", "chars_to_mask": 4, "from_end": False}, "to **** Doe!"),
        ({"type": "mask", "masking_char": "*", "chars_to_mask": 99}, "to ********!"),
        ({"type": "mask", "masking_char": "*", "chars_to_mask": -1}, "to Jane Doe!"),
        ({"type": "hash", "salt": "0123456789abcdef"}, f"to {SALTED}!"),
    ],
)
def test_operators(desk: Desk, operator: dict[str, Any], wanted: str) -> None:
    for anonymizers in ({"DEFAULT": operator}, {"PERSON": operator, "DEFAULT": {"type": "redact"}}):
        told = desk.changed("to Jane Doe!", (3, 11, "PERSON"), anonymizers=anonymizers)
        assert told["text"] == wanted
        (item,) = told["items"]
        assert item == {
            "start": 3, "end": len(wanted) - 1, "entity_type": "PERSON", "text": wanted[3:-1],
            "operator": operator["type"],
        }  # fmt: skip


def test_a_hash_without_salt_cannot_be_guessed(desk: Desk) -> None:
    hashing = {"DEFAULT": {"type": "hash", "hash_type": "sha512"}}
    texts = {desk.changed("Jane", (0, 4, "PERSON"), anonymizers=hashing)["text"] for _ in range(2)}
    assert {len(text) for text in texts} == {128}
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("operator", "why"),
    [
        ({"type": "hash", "hash_type": "md5"}, "sha256 or sha512"),
        ({"type": "hash", "salt": "short"}, "at least 16 bytes"),
        ({"type": "mask", "masking_char": "**", "chars_to_mask": 1}, "masking_char"),
        ({"type": "mask", "masking_char": "*", "chars_to_mask": "1"}, "chars_to_mask"),
        ({"type": "replace", "new_value": 1}, "new_value"),
        ({"type": "encrypt", "key": "3t6w9z$C&F)J@NcR"}, "surrogate"),
        ({"type": "custom"}, "surrogate"),
        ({"type": "shred"}, "one of replace"),
        ({}, "one of replace"),
    ],
)
def test_operators_that_are_not_offered_are_refused(desk: Desk, operator: dict[str, Any], why: str) -> None:
    body = {
        "text": "Jane", "analyzer_results": [{"start": 0, "end": 4, "entity_type": "PERSON", "score": 1}],
        "anonymizers": {"DEFAULT": operator},
    }  # fmt: skip
    answer = desk.post("/anonymize", body)
    assert answer.status_code == 422
    assert why in answer.json()["error"]
    assert "3t6w9z" not in answer.text


def test_surrogates_go_out_and_come_back(desk: Desk) -> None:
    results = desk.post("/analyze", {"text": TEXT, "language": "en"}).json()
    body = {"text": TEXT, "analyzer_results": results, "anonymizers": {"DEFAULT": {"type": "surrogate"}}}
    first = desk.post("/anonymize", body).json()
    assert not any(value in first["text"] for _, value in (EMAIL, CARD, PERSON))
    assert first == desk.post("/anonymize", body).json()  # the same value, the same surrogate, in every request
    assert {item["operator"] for item in first["items"]} == {"surrogate"}
    back = desk.post("/deanonymize", {"text": first["text"]}).json()
    assert back["text"] == TEXT
    assert {item["operator"] for item in back["items"]} == {"restore"}
    places = [{k: item[k] for k in ("start", "end", "entity_type")} for item in first["items"]]
    one = {
        "text": first["text"],
        "anonymizer_results": places[:1],
        "deanonymizers": {"DEFAULT": {"type": "restore"}},
    }
    assert PERSON[1] in desk.post("/deanonymize", one).json()["text"]
    assert EMAIL[1] not in desk.post("/deanonymize", one).json()["text"]


def test_what_the_gateway_put_away_in_a_conversation_comes_back_in_it_only(desk: Desk) -> None:
    with desk.room.session("litellm", tenant="acme", environment="prod", conversation="ticket-7") as session:
        safe = session.tokenize("Mail anna@example.org")
    named = {"strongroom-session": "ticket-7"}
    assert desk.post("/deanonymize", {"text": safe}, **named).json()["text"] == "Mail anna@example.org"
    assert desk.post("/deanonymize", {"text": safe}).json()["text"] == safe


def test_a_place_the_client_found_alone_is_put_away_under_the_kind_of_its_entity(desk: Desk) -> None:
    told = desk.changed("to Zoltan!", (3, 9, "PERSON"), anonymizers={"DEFAULT": {"type": "surrogate"}})
    assert told["text"].startswith("to PERSON_")
    results = [{"start": 0, "end": 2, "entity_type": "ZIP", "score": 1}]
    body = {"text": "to", "analyzer_results": results, "anonymizers": {"DEFAULT": {"type": "surrogate"}}}
    answer = desk.post("/anonymize", body)
    assert answer.status_code == 422
    assert "ZIP" in answer.json()["error"]


def test_policy_decides_what_comes_back(desk: Desk) -> None:
    text = "key ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"[:36]
    found = desk.post("/analyze", {"text": text, "language": "en"}).json()
    assert found, "the sample is no token any more"
    body = {"text": text, "analyzer_results": found, "anonymizers": {"DEFAULT": {"type": "surrogate"}}}
    safe = desk.post("/anonymize", body).json()["text"]
    assert desk.post("/deanonymize", {"text": safe}).json()["text"] == safe


def test_overlaps_are_covered_whole(desk: Desk) -> None:
    text = "Anna Kowalski anna@example.org"
    told = desk.changed(text, (0, 30, "PERSON"), (14, 30, "EMAIL_ADDRESS"), (5, 20, "ORG"))
    assert "Kowalski" not in told["text"]
    assert "anna" not in told["text"]
    assert desk.changed("Anna  Bea Bo", (0, 4, "P"), (6, 9, "P"), (10, 12, "Q"))["text"] == "<P> <Q>"
    assert desk.changed("Anna\nBea", (0, 4, "P"), (5, 8, "P"))["text"] == "<P>\n<P>"


def test_nothing_to_change_changes_nothing(desk: Desk) -> None:
    assert desk.changed("Jane") == {"text": "Jane", "items": []}
    assert desk.post("/deanonymize", {"text": "Jane"}).json() == {"text": "Jane", "items": []}


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/anonymize", {"text": "a"}, "analyzer_results can not be empty"),
        ("/anonymize", {"analyzer_results": []}, "text can not be empty"),
        ("/anonymize", {"text": "a", "analyzer_results": [{"start": 0, "end": 2, "entity_type": "P"}]}, "inside"),
        ("/anonymize", {"text": "a", "analyzer_results": [{"start": 1, "end": 1, "entity_type": "P"}]}, "before"),
        ("/anonymize", {"text": "a", "analyzer_results": [{"start": -1, "end": 1, "entity_type": "P"}]}, "inside"),
        ("/anonymize", {"text": "a", "analyzer_results": [{"start": 0, "end": 1}]}, "entity_type"),
        ("/anonymize", {"text": "a", "analyzer_results": [{"start": 0.5, "end": 1, "entity_type": "P"}]}, "start"),
        ("/anonymize", {"text": "a", "analyzer_results": ["a"]}, "start"),
        ("/anonymize", {"text": "a", "analyzer_results": [], "anonymizers": {"DEFAULT": "redact"}}, "anonymizers"),
        ("/deanonymize", {"text": "a", "deanonymizers": {"DEFAULT": {"type": "decrypt", "key": "k"}}}, "restore"),
        ("/deanonymize", {"text": "a", "deanonymizers": []}, "deanonymizers"),
    ],
)
def test_changes_that_cannot_be_are_refused(desk: Desk, path: str, body: dict[str, Any], why: str) -> None:
    answer = desk.post(path, body)
    assert answer.status_code == 422
    assert why in answer.json()["error"]


# --- the rest ------------------------------------------------------------------------------------------


def test_health_needs_no_credential_and_says_nothing(desk: Desk) -> None:
    answer = desk.client.get(desk.url + "/health")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")


def test_what_is_offered_is_listed(desk: Desk) -> None:
    def listed(path: str) -> Any:
        answer = desk.client.get(desk.url + path, headers={"authorization": f"Bearer {desk.secret}"})
        assert answer.status_code == 200
        return answer.json()

    entities = listed("/supportedentities?language=en")
    assert {"PERSON", "EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "PASSWORD"} <= set(entities)
    assert not {"EMAIL", "CARD", "URL", "UUID"} & set(entities)
    assert "pattern" in listed("/recognizers")
    assert "surrogate" in listed("/anonymizers")
    assert listed("/deanonymizers") == ["restore"]


def test_the_operator_of_the_settings_is_the_one_for_clients_that_name_none(serve: Serve) -> None:
    desk = serve(presidio={"operator": "surrogate"}, limits=GatewayLimits(body_bytes=2000, inline_bytes=0))
    told = desk.changed("to Jane Doe!", (3, 11, "PERSON"))
    assert told["text"].startswith("to PERSON_")
    assert desk.changed("to a zip", (5, 8, "ZIP"))["text"] == "to a <ZIP>"
    assert desk.post("/analyze", {"text": "a" * 2001}).status_code == 413
    answer = desk.post("/analyze", {"text": "a", "entities": ["URL"]})  # an error from a thread is an answer, too
    assert answer.status_code == 422


def test_the_log_has_the_calls_and_none_of_their_words(desk: Desk) -> None:
    desk.post(
        "/anonymize", {"text": "xyzzy", "analyzer_results": [{"start": 0, "end": 5, "entity_type": "PLUGH"}]}
    )
    desk.post("/analyze", {"text": "xyzzy", "entities": ["PLUGH"]})
    path = desk.room.house.home / "logs" / LOG
    for _ in range(5000):  # lines are written together, a moment after the first of them
        desk.client.get(desk.url + "/health")
        if len(path.read_bytes().splitlines()) > 1:
            break
    log = path.read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"presidio.analyze", "presidio.anonymize"} <= {line["route"] for line in lines}
    assert {"litellm"} <= {line["principal"] for line in lines}
    assert "xyzzy" not in log
    assert "PLUGH" not in log
    assert desk.secret not in log


def test_without_its_parts_the_endpoints_do_not_exist(rig: Any) -> None:
    assert rig.post("/analyze", {"text": "a"}).status_code == 404
    assert rig.client.get(rig.url + "/health").status_code == 404
