import orjson
import pytest

from strongroom.canonical import json_bytes
from strongroom.errors import FormatError
from strongroom.formats.entry import ENTRY_BYTES_MAX, NUMBER_MAX, Entry, Event, encode_entry, parse_entry

FULL = Event(
    action="detokenize", phase="outcome", principal="support-bot", tenant="acme", environment="prod",
    purpose="resolve-ticket", session="chat-9", resource="note-17", category="pii", level=2, sink="message.text",
    subject="cust-812", policies=("detokenize.sink", "env-wall"), policy_version="3f2a", permit=17, count=3,
    result="ok", anchor="",
)  # fmt: skip


def changed(**fields: object) -> Event:
    values = {name: getattr(FULL, name) for name in Event.__slots__}
    return Event(**(values | fields))


@pytest.mark.parametrize(
    ("phase", "action", "class_uid", "activity", "severity"),
    [
        ("intent", "open", 6003, 2, 1),
        ("outcome", "seal", 6003, 1, 1),
        ("outcome", "erase", 6003, 4, 1),
        ("outcome", "manage_key", 6003, 3, 1),
        ("outcome", "forward", 6003, 99, 1),
        ("denied", "detokenize", 6003, 2, 2),
        ("admin", "key.create", 3004, 1, 1),
        ("admin", "key.destroy", 3004, 4, 1),
        ("admin", "key.rotate", 3004, 3, 1),
        ("alarm", "unknown_surrogate", 2004, 1, 4),
    ],
)
def test_each_phase_is_an_ocsf_class(
    phase: str, action: str, class_uid: int, activity: int, severity: int
) -> None:
    record = orjson.loads(encode_entry(changed(phase=phase, action=action), time_ms=5))
    assert record["class_uid"] == class_uid
    assert record["category_uid"] == class_uid // 1000
    assert record["activity_id"] == activity
    assert record["type_uid"] == class_uid * 100 + activity
    assert record["severity_id"] == severity
    assert record["time"] == 5
    required = {6003: {"api", "src_endpoint"}, 3004: {"entity"}, 2004: {"finding_info"}}
    assert required[class_uid] <= record.keys()
    assert {"actor", "metadata", "status_id"} <= record.keys()


@pytest.mark.parametrize(
    ("phase", "result", "status"),
    [("intent", "", 0), ("outcome", "ok", 1), ("outcome", "key_state", 2), ("denied", "", 2)],
)
def test_the_status_follows_the_result(phase: str, result: str, status: int) -> None:
    raw = encode_entry(changed(phase=phase, result=result), time_ms=5)
    assert f'"status_id":{status},'.encode() in raw


def test_an_entry_is_canonical_json_and_comes_back() -> None:
    raw = encode_entry(FULL, time_ms=1_700_000_000_000)
    assert json_bytes(orjson.loads(raw)) == raw
    assert parse_entry(raw) == Entry(1_700_000_000_000, FULL)


def test_three_names_are_concealed_and_nothing_else() -> None:
    raw = encode_entry(FULL, time_ms=1, conceal=lambda text: f"<{text[::-1]}>")
    event = parse_entry(raw).event
    assert event == changed(session="<9-tahc>", resource="<71-eton>", subject="<218-tsuc>")


def test_what_is_empty_is_left_out_and_not_concealed() -> None:
    def never(_text: str) -> str:
        raise AssertionError

    bare = Event(action="open", phase="intent", principal="bot", tenant="", environment="", resource="*")
    raw = encode_entry(bare, time_ms=1, conceal=never)
    assert parse_entry(raw).event == bare
    assert b'""' not in raw


@pytest.mark.parametrize(
    "fields",
    [
        {"phase": "rumour"},
        {"level": 4},
        {"level": -1},
        {"count": -1},
        {"count": NUMBER_MAX + 1},
        {"permit": -1},
        {"permit": NUMBER_MAX + 1},
        {"principal": "\ud800"},
        {"purpose": "x" * ENTRY_BYTES_MAX},
    ],
)
def test_an_event_that_has_no_entry_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(FormatError, match=r"^entry: "):
        encode_entry(changed(**fields), time_ms=1)


@pytest.mark.parametrize("time_ms", [-1, NUMBER_MAX + 1])
def test_a_time_that_json_cannot_keep_is_refused(time_ms: int) -> None:
    with pytest.raises(FormatError, match="out of range"):
        encode_entry(FULL, time_ms=time_ms)


RAW = encode_entry(FULL, time_ms=1)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not an audit entry"),
        (b"[]", "not an audit entry"),
        (b"{}", "not an audit entry"),
        (b"\xff", "not an audit entry"),
        (b"{" * 2000, "not an audit entry"),
        (b" " + RAW, "canonical"),
        (RAW.replace(b'"level":2', b'"level":2.0'), "not an audit entry"),
        (RAW.replace(b'"level":2', b'"level":true'), "not an audit entry"),
        (RAW.replace(b'"level":2', b'"level":7'), "out of range"),
        (RAW.replace(b'"acme"', b"5"), "not an audit entry"),
        (RAW.replace(b'["detokenize.sink","env-wall"]', b"[1]"), "not an audit entry"),
        (RAW.replace(b'[{"uid":"note-17"}]', b"[]"), "not an audit entry"),
        (RAW.replace(b'"severity_id":1', b'"severity_id":4'), "canonical"),
        (RAW.replace(b'"count":3', b'"count":3,"extra":1'), "canonical"),
        (RAW.replace(b'"count":3', b'"count":2,"count":3'), "canonical"),
        (RAW.replace(b"acme", b"\\u0061cme"), "canonical"),
        (b"x" * (ENTRY_BYTES_MAX + 1), "longer than"),
    ],
)
def test_what_is_not_exactly_an_entry_is_refused(raw: bytes, message: str) -> None:
    assert raw != RAW
    with pytest.raises(FormatError, match=message):
        parse_entry(raw)
