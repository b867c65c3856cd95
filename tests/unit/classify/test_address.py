"""The address grammar: addresses of fourteen countries, on what only looks like one, and on names beside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.address import AddressRecognizer
from strongroom.classify.address.tokens import Token, tokens_of
from strongroom.classify.span import ADDRESS

FOUND = """
«1600 Pennsylvania Avenue» was quoted
«221B Baker Street»
I live at «12 Main Street, Apt 4B, Springfield, IL 62704-1234, USA».
«1111 Broadway, Suite 1515, Oakland, CA 94607»
«261 anderson rd n rock hill sc 29730-3316»
«14442 Country Road 546 Nevada TX 75173»
«1525 W. Homer St., Ste. 401, Chicago, IL 60601»
«P O BOX 88 ST JOSEPH, MI 49085-0000»
«305 Main, Fort Cobb, OK 73038»
«1413 State Highway #50, Mays Landing, NJ 08330»
moved to «Salt Lake City, UT 84101» today
«10 Downing Street, London SW1A 2AA»
«Flat 3, 12 High Street, Headington, Oxford OX3 7AB, United Kingdom»
«1 Smith mountains, East Ann, B1 1AA»
«Studio 53\\nHarriet tunnel\\nPort Guy\\nM8 6TT»
«5/12 Smith Street, Parramatta NSW 2150»
«24 Sussex Drive, Ottawa, ON K1M 1M4, Canada»
«14 O'Connell Street, Dublin 1, D01 X2P2»
«Main Quay 5, Bandon, Co. Cork P72 X285»
«Lindenstraße 12, 10969 Berlin»
wohnt «Am Alten Ring 5a», dort
«Unter den Linden 77, 10117 Berlin»
«Straße des 17. Juni 135, 10623 Berlin»
«Am Markt 5\\n99084 Erfurt»
«Hauptstr.5, 3. OG links, 60311 Frankfurt am Main»
wohnhaft in der «Goethestraße 12 in 04109 Leipzig», geboren
«c/o Müller, Hauptstr. 5, 60311 Frankfurt»
«Postfach 12 34 56, 60311 Frankfurt am Main»
«Industriestraße 5, D-70565 Stuttgart»
«Zeil 29, 60313 Frankfurt»
wohnt in «10115 Berlin» und
«Mariahilfer Straße 12/3/14, 1070 Wien»
«Bahnhofstrasse 12\\nCH-8001 Zürich\\nSchweiz»
«12, rue de la Paix, 75002 Paris»
«12 bis rue Victor Hugo, 69003 Lyon»
J'habite au «86 boulevard Saint-Michel, Appt 3, 75005 Paris Cedex 05, France».
«12 rue des lilas 31000 Toulouse»
«Rue de la Loi 16, 1000 Bruxelles»
«BP 123, 13001 Marseille»
«Calle Mayor, 12, 3º B, 28013 Madrid»
vive en la «calle de Alcalá, 45, 2º dcha., 28014 Madrid»
«Plaza de España s/n, 41013 Sevilla»
«Gran Vía, 17, 28013 Madrid»
«Carrera 7, 28, 11001 San Luis Potosí»
«Via Giuseppe Garibaldi 12, 20121 Milano (MI)»
abita in «via XX Settembre 5, interno 3, 16121 Genova GE»
«Kerkstraat 12-3, 1017GA Amsterdam»
«Burgemeester van Walsumweg 12, 3011 MZ Rotterdam»
«Laan van Meerdervoort 50, 2517 AM Den Haag»
«Postbus 123, 3500 AC Utrecht»
«Rua das Flores, 123, 2º Esq., 1200-109 Lisboa»
«Av. Paulista, 1578 - Bela Vista, São Paulo - SP, 01310-200»
«Rua Augusta, 12, São Paulo/SP - CEP 01310-100, Brasil»
«Rua 25 de Abril, 12, 4000-123 Porto, Portugal»
{"street": "«12 Main St»", "city": "Springfield"}
> «Lindenstraße 7\\n> 12345 Berlin»
# «Lindenstraße 7\\n# 12345 Berlin»
Contact: John Smith, «12 Oak Hill», thanks
«12 Oak Avenue, Springfield, IL 62704»\\n«14 Elm Street, Springfield, IL 62704»
"""

NAMES_STAY_OUT = """
Anna Schmidt «Lindenstraße 7 12345 Berlin»
Anna Schmidt\\n«Lindenstraße 7\\n12345 Berlin»
Anna Schmidt, «Berliner Straße 7, 12345 Berlin», Tel. 030 1234567
Frau Anna Schmidt «Alte Poststraße 12a 80331 München» Rechnung
«Lindenstraße 7 12345 Berlin» Anna Schmidt
«Lindenstraße 7, 12345 Berlin», Anna Schmidt
Jan de Vries «Kerkstraat 12, 1017 GA Amsterdam»
Maria Rossi «Via Roma 5 00184 Roma»
John Smith «12 Main Street, Springfield, IL 62704»
Anna Smith\\n«12 Church Lane\\nOxford\\nOX1 1AA»
Marie Dupont\\n«12 rue Victor Hugo\\n69003 Lyon»
Pedro Gómez Ruiz\\n«Calle Mayor 12\\n28013 Madrid»\\nTel. 600 100 200
"""

NOTHING = """
auf dem Weg 5 Minuten
Er belegte Platz 1
Platz 3 im Rennen
Am Montag 5 Uhr
Im Jahr 2020 waren es 10000 Menschen in Berlin
3 Main Points
2 Way Radio
the ring 5 times
Street 5
5 Drive
5 minutes down the road
his place 5 streets away, 3 lane road, 2 hard drive
In 2019 Wall Street crashed
Version 5 Road map, chapter 12 Main Street
order 12345 Items shipped, 10000 Euro
at 10:30 Place de la Concorde
sent via Slack 3 times
HTTP 500 Internal Server Error after 30 seconds
12 Angry Men, 7 Up, 3 Doors Down
The team won 3 Court cases and 4 Park visits
2024-05-01 12:33:10 INFO took 35 ms
2. Kontrolle, 3. Place of birth, 24 AUGUSTUS 2024. THE DR.
Nürnberg 5, Amsterdam 3
blood pressure BP 120 over 80
ISBN 978-3-16-148410-0, commit 1a2b3c4d, 10.0.0.1:8080
"""


def _lines(block: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in block.strip().splitlines()]


def _marked(text: str) -> str:
    out = text
    for span in reversed(AddressRecognizer().spans(text)):
        out = f"{out[: span.start]}«{out[span.start : span.end]}»{out[span.end :]}"
    return out


@pytest.mark.parametrize("marked", [*_lines(FOUND), *_lines(NAMES_STAY_OUT)])
def test_an_address_is_found_as_a_whole_and_a_name_beside_it_is_left(marked: str) -> None:
    assert _marked(re.sub("[«»]", "", marked)) == marked


@pytest.mark.parametrize("text", _lines(NOTHING))
def test_what_only_looks_like_an_address_is_left(text: str) -> None:
    assert _marked(text) == text


def test_a_line_end_may_be_written_out() -> None:
    text = r'{"to": "12 Main St\nSpringfield, IL 62704"}'
    assert _marked(text) == r'{"to": "«12 Main St\nSpringfield, IL 62704»"}'


def test_scores_say_how_much_stands_together_and_stay_below_validated_patterns() -> None:
    grammar = AddressRecognizer()
    whole, street, box, town = (
        grammar.spans(text)[0]
        for text in ("Lindenstraße 7, 12345 Berlin", "Lindenstraße 7", "PO Box 77", "wohnt in 10115 Berlin,")
    )
    assert 0.8 > whole.score > street.score > box.score > town.score > 0.5
    assert {one.source for one in (whole, street, box, town)} == {ADDRESS}
    assert [one.reasons for one in (whole, town)] == [("street and town",), ("postcode and town",)]


@given(st.text(alphabet="12345 AaBb\n,.-/#ßStraeRODwgCT'()|", max_size=300))
def test_spans_ascend_and_do_not_overlap_whatever_the_text(text: str) -> None:
    last = 0
    for span in AddressRecognizer().spans(text):
        assert last <= span.start < span.end <= len(text)
        last = span.end


@pytest.mark.parametrize(
    "piece", ["12 Main St ", "12345 Ab ", "Straße 1 ", "Hauptweg 5 ", "rue de de 1 ", "SW1A 1AA "]
)
def test_a_text_is_read_at_most_once(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linear by counted work: the characters handed to the tokenizer are no more than the text has."""
    read = 0

    def counted(text: str, start: int, end: int) -> list[Token]:
        nonlocal read
        read += end - start
        return tokens_of(text, start, end)

    monkeypatch.setattr("strongroom.classify.address.recognizer.tokens_of", counted)
    text = piece * 500
    AddressRecognizer().spans(text)
    assert 0 < read <= len(text)
