"""The texts written by hand: every mark is read, titles stay outside, nothing of the notation is left over."""

from bench.material import handwritten


def test_marks_become_spans_and_leave_no_trace() -> None:
    texts = list(handwritten.texts())
    assert len(texts) > 100
    assert sum(not text.spans for text in texts) > 25
    for text in texts:
        assert not handwritten.MARK.search(text.text)
        for span in text.spans:
            assert text.text[span.start : span.end].strip()


def test_titles_are_no_part_of_a_name() -> None:
    named = {text.text[s.start : s.end] for text in handwritten.texts() for s in text.spans if s.kind == "PERSON"}
    assert {"Petrossian", "Ilse Brandstätter", "Lefebvre-Nguyen"} <= named
    assert not any(name.startswith(("Mr", "Frau ", "Herr ", "Dr.")) for name in named)
