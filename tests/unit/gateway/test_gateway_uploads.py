"""Files uploaded by the official SDKs and by hand: what arrives at the provider, and what is refused."""

import json
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from strongroom.adapters.document_text import document_text
from strongroom.errors import FormatError
from strongroom.gateway.files import FileRules
from strongroom.gateway.multipart import Part, boundary_of, form, parts_of
from strongroom.guard.session import Origin

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
TEXT = FileRules({"document": "extract", "image": "pass"}, document_text)
KEPT = json.dumps({"id": "f", "object": "file", "filename": f"{SURROGATE}.csv", "bytes": 1, "purpose": "user_data",
                   "created_at": 1, "status": "processed"}).encode()  # fmt: skip
FILES = ["/openai/v1/files", "/anthropic/v1/files"]


def body(*parts: Part) -> tuple[bytes, str]:
    return form(list(parts), b"xyz"), "multipart/form-data; boundary=xyz"


def arrived(rig: Any) -> dict[str, Part]:
    request = rig.upstream.requests[-1]
    boundary = boundary_of(request.headers["content-type"].encode())
    return {part.name: part for part in parts_of(request.body, boundary)}


def test_the_sdks_upload_the_inspected_text(make_rig: Any) -> None:
    rig = make_rig(files=TEXT)
    rig.upstream.answer(KEPT)
    with openai.OpenAI(base_url=f"{rig.url}/openai/v1", api_key="sr_test", max_retries=0) as gpt:
        content = f"name,mail\nné,{VALUE}".encode()
        kept = gpt.files.create(file=(f"{VALUE}.csv", content, "text/csv"), purpose="user_data")
    assert kept.filename == f"{VALUE}.csv"
    seen = arrived(rig)
    assert seen["file"] == Part("file", f"{SURROGATE}.csv", "text/csv", f"name,mail\nné,{SURROGATE}".encode())
    assert seen["purpose"].content == b"user_data"
    assert rig.upstream.requests[-1].path == "/v1/files"
    assert [origin for _, origin in rig.sessions.opened[-1].protected] == [Origin.TOOL, Origin.TOOL]
    assert rig.sessions.flushed > 0
    said = {"id": "f", "type": "file", "filename": "a.txt", "mime_type": "text/plain", "size_bytes": 1,
            "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    rig.upstream.answer(json.dumps(said).encode())
    with anthropic.Anthropic(base_url=f"{rig.url}/anthropic", api_key="sr_test", max_retries=0) as claude:
        claude.beta.files.upload(file=("a.txt", f"to {VALUE}".encode(), "text/plain"))
    assert arrived(rig)["file"].content == f"to {SURROGATE}".encode()
    assert VALUE.encode() not in rig.upstream.bodies


@pytest.mark.parametrize("path", FILES)
def test_rules_are_of_kinds_and_what_passes_keeps_its_bytes(make_rig: Any, path: str) -> None:
    image = Part("file", "a.png", "image/png", b"\x89PNG\r\n--xy" + VALUE.encode())
    sent, kind = body(image, Part("purpose", None, "", b"vision"))
    rig = make_rig(files=TEXT)
    assert rig.post(path, content=sent, content_type=kind).status_code == 200
    assert rig.upstream.bodies == sent
    assert rig.sessions.opened[-1].files == [(path.split("/")[1], "image", 1)]
    rig = make_rig()
    answer = rig.post(path, content=sent, content_type=kind)
    assert (answer.status_code, "cannot be inspected" in answer.text) == (400, True)
    assert rig.upstream.requests == []
    rig = make_rig(mode="monitor", files=FileRules({"image": "pass"}))
    assert rig.post(path, content=sent, content_type=kind).status_code == 200
    assert rig.upstream.bodies == sent


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (Part("file", "a.pdf", "application/pdf", b"%PDF-1.4 nothing"), "file: the PDF cannot be read"),
        (Part("file", "a.zip", "application/zip", b"PK"), "PDFs and plain files only"),
        (Part("file", "a", "", b"a\0b"), "the file is binary"),
        (Part("other", "a", "text/plain", b"x"), "another name than file"),
        (Part("anna", None, "", b"x"), "multipart: unknown field"),
        (Part("purpose", None, "", b"x" * 65), "purpose: longer than 64"),
    ],
)
def test_what_is_refused_is_named(make_rig: Any, part: Part, says: str) -> None:
    rig = make_rig(files=TEXT)
    sent, kind = body(part)
    answer = rig.post(FILES[0], content=sent, content_type=kind)
    assert (answer.status_code, says in answer.text) == (400, True), answer.text
    assert rig.upstream.requests == []


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"{}", "application/json"),
        (b"", "multipart/form-data; boundary=xyz"),
        (b"preamble\r\n--xyz\r\n\r\n\r\n--xyz--", "multipart/form-data; boundary=xyz"),
        (b"--xyz\r\nX-Other: 1\r\n\r\nx\r\n--xyz--", "multipart/form-data; boundary=xyz"),
        (b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', "multipart/form-data; boundary=xyz"),
        (
            b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--xyz y\r\n--xyz--',
            "multipart/form-data; boundary=xyz",
        ),
        (b"--xyz\r\n", "multipart/form-data; boundary=xyz; charset=utf-16"),
    ],
)
def test_another_form_than_the_plain_one_is_refused(make_rig: Any, raw: bytes, kind: str) -> None:
    rig = make_rig(files=TEXT)
    answer = rig.post(FILES[0], content=raw, content_type=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "format")
    assert rig.upstream.requests == []


def test_the_snippet_of_the_how_to_runs(make_rig: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[3] / "docs" / "howto" / "images-and-files.md"
    code = page.read_text(encoding="utf-8").split("```python\n", 1)[1].split("```", 1)[0]
    rig = make_rig(files=TEXT)
    rig.upstream.answer(KEPT)
    code = code.replace("http://127.0.0.1:8080", rig.url).replace("sr_...", "sr_test")
    names: dict[str, Any] = {}
    exec(compile(code, page.name, "exec"), names)  # noqa: S102 - our own page
    names["client"].close()
    assert capsys.readouterr().out == "f\n"
    assert arrived(rig)["file"].content == SURROGATE.encode()
    assert rig.sessions.opened[-1].conversation == "ticket-4711"


def test_a_form_is_what_it_was_taken_apart_from() -> None:
    parts = [
        Part("purpose", None, "", b"batch"),
        Part("file", "né.jsonl", "application/jsonl", b"\r\n{}\r\n--xy\r\n"),
    ]
    raw = form(parts, b"xyz")
    assert parts_of(raw, b"xyz") == parts
    with pytest.raises(FormatError, match="stands in a part"):
        form([Part("file", "a", "", b"\r\n--xyz--")], b"xyz")
    assert boundary_of(b'Multipart/Form-Data; boundary="a b"'.replace(b"a b", b"a:b")) == b"a:b"
