"""Images, sounds, documents and addresses: refused, passed with a record, or sent as their text."""

import base64
import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from google import genai
from google.genai import types

from strongroom.adapters.document_text import document_text
from strongroom.errors import AccessDeniedError
from strongroom.gateway.files import FileRules, Rule

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
PASSED: dict[str, Rule] = dict.fromkeys(("image", "audio", "video", "document", "address"), "pass")
GENERATE = "/gemini/v1beta/models/m:generateContent"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pdf(*pages: str) -> bytes:
    """A PDF with one line of text on each page; an empty one has none."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
    font = 3 + 2 * len(pages)
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R "
            f"/Resources << /Font << /F1 {font} 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer << /Size {count} /Root 1 0 R >>"
    return out + f"{end}\nstartxref\n{len(out)}\n%%EOF".encode()


def openai_body(part: Any) -> Any:
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, part]}]}


def gemini_body(part: Any) -> Any:
    return {"contents": [{"parts": [{"text": "hi"}, part]}]}


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
LINKED = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
CASES = [
    ("image", "/openai/v1/chat/completions", openai_body(IMAGE)),
    ("address", "/openai/v1/chat/completions", openai_body(LINKED)),
    ("audio", "/openai/v1/chat/completions", openai_body(SOUND)),
    ("document", "/openai/v1/chat/completions", openai_body({"type": "file", "file": {"file_data": "aGk="}})),
    ("image", "/anthropic/v1/messages", openai_body(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}})),
    ("address", "/anthropic/v1/messages", openai_body(
        {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}})),
    ("document", "/anthropic/v1/messages", openai_body(
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}})),
    ("image", GENERATE, gemini_body({"inlineData": {"mimeType": "image/png", "data": "aGk="}})),
    ("video", GENERATE, gemini_body({"inline_data": {"mime_type": "video/mp4", "data": "aGk="}})),
    ("audio", GENERATE, gemini_body({"inlineData": {"mimeType": "audio/wav", "data": "aGk="}})),
    ("document", GENERATE, gemini_body({"inlineData": {"mimeType": "text/csv", "data": "aGk="}})),
    ("address", GENERATE, gemini_body({"fileData": {"fileUri": "gs://bucket/a.pdf"}})),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "body"), CASES)
def test_a_rule_is_of_one_kind(make_rig: Any, kind: str, path: str, body: Any) -> None:
    raw = json.dumps(body).encode()
    rig = make_rig(files=FileRules({**PASSED, kind: "refuse"}))
    answer = rig.post(path, content=raw)
    assert (answer.status_code, "cannot be inspected" in answer.text) == (400, True)
    assert rig.upstream.requests == []
    rig = make_rig(files=FileRules({kind: "pass"}))
    assert rig.post(path, content=raw).status_code == 200
    assert rig.upstream.bodies == raw
    assert rig.sessions.opened[-1].files == [(path.split("/")[1], kind, 1)]


def test_the_text_around_a_file_is_inspected_and_what_has_no_type_is_refused(make_rig: Any) -> None:
    rig = make_rig(files=FileRules(PASSED))
    named = {"type": "file", "file": {"file_data": "aGk=", "filename": f"{VALUE}.pdf"}}
    assert rig.chat(openai_body(named)).status_code == 200
    assert VALUE.encode() not in rig.upstream.bodies
    answer = rig.post(GENERATE, gemini_body({"inlineData": {"data": "aGk="}}))
    assert answer.status_code == 400
    kept = "https://generativelanguage.googleapis.com/v1beta/files/abc-123"
    rig = make_rig()
    assert rig.post(GENERATE, gemini_body({"fileData": {"fileUri": kept}})).status_code == 200
    assert rig.sessions.opened[-1].files == []


EXTRACT: dict[str, Rule] = {"document": "extract"}
DOCUMENTS = [
    ("/openai/v1/chat/completions",
     lambda data: openai_body({"type": "file", "file": {
         "file_data": f"data:application/pdf;base64,{data}", "filename": "n"}}),
     openai_body({"type": "text", "text": f"n\n\nask {SURROGATE} now"})),
    ("/anthropic/v1/messages",
     lambda data: openai_body({"type": "document", "title": "né", "source": {
         "type": "base64", "media_type": "application/pdf", "data": data}}),
     openai_body({"type": "document", "title": "né", "source": {
         "type": "text", "media_type": "text/plain", "data": f"ask {SURROGATE} now"}})),
    ("/openai/v1/responses",
     lambda data: {"model": "m", "input": [{"role": "user", "content": [
         {"type": "input_file", "filename": "n", "file_data": f"data:application/pdf;base64,{data}"}]}]},
     {"model": "m", "input": [{"role": "user", "content": [
         {"type": "input_text", "text": f"n\n\nask {SURROGATE} now"}]}]}),
    (GENERATE,
     lambda data: gemini_body({"inline_data": {"mime_type": "application/pdf", "data": data}}),
     gemini_body({"text": f"ask {SURROGATE} now"})),
]  # fmt: skip


@pytest.mark.parametrize(("path", "asked", "arrived"), DOCUMENTS)
def test_the_text_of_a_pdf_is_inspected_and_sent_in_its_place(
    make_rig: Any, path: str, asked: Callable[[str], Any], arrived: Any
) -> None:
    rig = make_rig(files=FileRules(EXTRACT, document_text))
    body = asked(encoded(pdf(f"ask {VALUE} now")))
    assert rig.post(path, body).status_code == 200
    assert json.loads(rig.upstream.bodies) == arrived
    assert rig.sessions.opened[-1].files == []
    for broken, says in [
        (b"%PDF-1.4 nothing", "cannot be read"),
        (pdf("one", ""), "page 2 of the PDF has no text"),
        (b"%PDF-1.4\n" + b"\xff" * 50, "cannot be read"),
    ]:
        answer = rig.post(path, asked(encoded(broken)))
        assert (answer.status_code, says in answer.text) == (400, True), answer.text
    assert len(rig.upstream.requests) == 1


def test_several_documents_and_what_is_none(make_rig: Any) -> None:
    rig = make_rig(files=FileRules({**EXTRACT, "image": "pass"}, document_text))
    plain = {"inlineData": {"mimeType": "text/csv", "data": encoded(f"a,{VALUE}\nné,2".encode())}}
    image = {"inlineData": {"mimeType": "image/png", "data": "aGk="}}
    assert (
        rig.post(GENERATE, gemini_body(plain) | {"systemInstruction": {"parts": [image, plain]}}).status_code
        == 200
    )
    sent = json.loads(rig.upstream.bodies)
    assert sent["contents"][0]["parts"][1] == {"text": f"a,{SURROGATE}\nné,2"}
    assert sent["systemInstruction"]["parts"] == [image, {"text": f"a,{SURROGATE}\nné,2"}]
    assert rig.sessions.opened[-1].files == [("gemini", "image", 1)]
    for mime, data, says in [
        ("text/plain", encoded(b"\xff\xfe"), "not UTF-8 at byte 0"),
        ("text/plain", "!!", "not in base64"),
        ("text/plain", encoded(b"a\0b"), "the file is binary"),
        ("application/zip", encoded(b"PK"), "PDFs and plain files only"),
    ]:
        answer = rig.post(GENERATE, gemini_body({"inlineData": {"mimeType": mime, "data": data}}))
        assert (answer.status_code, says in answer.text) == (400, True), answer.text
    inside = {"functionResponse": {"name": "t", "response": {}, "parts": [plain]}}
    answer = rig.post(GENERATE, gemini_body(inside))
    assert (answer.status_code, "no text can take the place" in answer.text) == (400, True)
    url = {"type": "file", "file": {"file_data": "data:text/plain,hello"}}
    assert rig.chat(openai_body(url)).status_code == 400


def test_policy_may_refuse_what_the_settings_pass(make_rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(files=FileRules({"image": "pass"}))

    def refuse(*_: object) -> None:
        msg = "forward of operational was refused"
        raise AccessDeniedError(msg)

    monkeypatch.setattr("tests.unit.gateway.conftest.FakeSession.forward_file", refuse)
    assert rig.chat(openai_body(IMAGE)).status_code == 403
    assert rig.upstream.requests == []
    assert rig.sessions.opened[-1].finished == 1


def test_the_sdks_own_ways_to_send_a_document(make_rig: Any) -> None:
    rig = make_rig(files=FileRules(EXTRACT, document_text))
    document = pdf(f"ask {VALUE} now")
    rig.upstream.answer(b'{"candidates": []}')
    options = types.HttpOptions(base_url=f"{rig.url}/gemini")
    with genai.Client(api_key="sr_test", http_options=options) as client:
        part: Any = types.Part.from_bytes(data=document, mime_type="application/pdf")
        client.models.generate_content(model="m", contents=[part, "sum up"])
    rig.upstream.answer(b'{"choices": []}')
    with openai.OpenAI(base_url=f"{rig.url}/openai/v1", api_key="sr_test", max_retries=0) as gpt:
        file: Any = {"type": "file", "file": {"filename": "a.pdf", "file_data": encoded(document)}}
        gpt.chat.completions.create(model="m", messages=[{"role": "user", "content": [file]}])
    assert VALUE.encode() not in rig.upstream.bodies
    assert rig.upstream.bodies.count(f"ask {SURROGATE} now".encode()) == 2


def test_monitor_mode_reports_files_whatever_the_rules(make_rig: Any) -> None:
    rig = make_rig(mode="monitor", files=FileRules(EXTRACT, document_text))
    raw = json.dumps(openai_body(IMAGE)).encode()
    assert rig.chat(content=raw).status_code == 200
    assert rig.upstream.bodies == raw
    assert "cannot be inspected" in rig.log.line()["unknown"][0]
