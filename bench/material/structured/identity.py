"""National identity, tax and insurance numbers for the structured corpus, by country, with what people call them.

A mask proposes digits and letters at random; only what python-stdnum calls valid is kept. Some come from Faker.

Must never: use an expression or a check of the catalogue; the corpus is what those are measured against.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from random import Random  # noqa: TID251 - repeatable on purpose
from typing import Final, NamedTuple

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CONSONANTS: Final = "BCDFGHJKLMNPQRSTVWXZ"
TRIES: Final = 200_000


class Number(NamedTuple):
    """One kind of number: a mask, the module that knows it, how it is printed, and what it is called.

    In a mask ``#`` is a digit, ``@`` a letter, ``=`` a consonant, ``L`` a letter that NINOs begin with, ``D`` a
    date YYMMDD, ``Y`` one YYYYMMDD and ``T`` one DDMMYY; ``~`` is A to D; ``C`` and ``R`` are check characters
    that may be letters. In `shown`, each underscore stands for the next character of the number. `alone`: it is
    told by itself, without a word that names it.
    """

    country: str
    module: str
    mask: str
    shown: tuple[str, ...]
    called: tuple[str, ...]
    alone: bool = False


NUMBERS: Final = (
    Number(
        "DE",
        "de.idnr",
        "###########",
        ("", "__ ___ ___ ___"),
        ("Steuer-ID", "IdNr.", "Steueridentifikationsnummer"),
        alone=False,
    ),
    Number("AT", "at.vnr", "####T", ("", "____ ______"), ("SVNR", "Sozialversicherungsnummer")),
    Number("CH", "ch.ssn", "756##########", ("___.____.____.__",), ("AHV-Nummer", "numéro AVS"), alone=True),
    Number("US", "us.ssn", "#########", ("___-__-____",), ("SSN", "Social Security number"), alone=True),
    Number("US", "us.ssn", "#########", ("", "___ __ ____"), ("SSN", "social security number")),
    Number("US", "us.itin", "9########", ("___-__-____",), ("ITIN",), alone=True),
    Number(
        "CA", "ca.sin", "#########", ("___-___-___", "___ ___ ___", ""), ("SIN", "social insurance number", "NAS")
    ),
    Number(
        "GB",
        "",
        "LL######~",
        ("", "__ __ __ __ _"),
        ("National Insurance number", "NI number", "NINO"),
        alone=True,
    ),
    Number("GB", "gb.nhs", "##########", ("___ ___ ____", ""), ("NHS number", "NHS no.")),
    Number("IE", "ie.pps", "#######@", ("",), ("PPS number", "PPSN"), alone=True),
    Number("FR", "fr.nir", "1##0575########", ("",), ("NIR", "numéro de sécurité sociale", "n° sécu"), alone=True),
    Number("ES", "es.dni", "########@", ("", "________-_"), ("DNI", "NIF"), alone=True),
    Number("ES", "es.nie", "X#######@", ("", "_-_______-_"), ("NIE",), alone=True),
    Number("NL", "nl.bsn", "#########", ("",), ("BSN", "burgerservicenummer")),
    Number("BE", "be.nn", "D#####", ("__.__.__-___.__",), ("rijksregisternummer", "numéro national"), alone=True),
    Number(
        "PT", "pt.nif", "2########", ("", "___ ___ ___"), ("NIF", "contribuinte n.º", "número de contribuinte")
    ),
    Number("PL", "pl.pesel", "D#####", ("",), ("PESEL", "numer PESEL")),
    Number("PL", "pl.nip", "##########", ("___-___-__-__", ""), ("NIP",)),
    Number("SE", "se.personnummer", "D####", ("______-____",), ("personnummer",), alone=True),
    Number("NO", "no.fodselsnummer", "T#####", ("", "______ _____"), ("fødselsnummer", "personnummer")),
    Number("DK", "dk.cpr", "T####", ("______-____",), ("CPR-nummer", "CPR")),
    Number("FI", "fi.hetu", "T-###@", ("",), ("henkilötunnus", "HETU"), alone=True),
    Number("RO", "ro.cnp", "1D4#####", ("",), ("CNP", "cod numeric personal")),
    Number("CZ", "cz.rc", "D####", ("______/____",), ("rodné číslo", "r.č.")),
    Number("SK", "sk.rc", "D####", ("______/____",), ("rodné číslo",)),
    Number("BG", "bg.egn", "D####", ("",), ("ЕГН", "EGN")),
    Number("GR", "gr.amka", "T#####", ("",), ("\u0391\u039c\u039a\u0391", "AMKA")),
    Number("HR", "hr.oib", "###########", ("",), ("OIB",)),
    Number("SI", "si.emso", "15039#550####", ("",), ("EMŠO", "EMSO")),
    Number("EE", "ee.ik", "3D####", ("",), ("isikukood",)),
    Number("LT", "lt.asmens", "4D####", ("",), ("asmens kodas",)),
    Number("LV", "lv.pvn", "T1####", ("______-_____",), ("personas kods",)),
    Number("IS", "is_.kennitala", "T###9", ("______-____", ""), ("kennitala",)),
    Number("TR", "tr.tckimlik", "###########", ("",), ("TC Kimlik No", "T.C. kimlik numaras\u0131")),
    Number("UA", "ua.rntrc", "##########", ("",), ("РНОКПП", "ІПН")),
    Number("RU", "ru.inn", "############", ("",), ("ИНН", "INN")),
    Number("BR", "br.cpf", "###########", ("___.___.___-__",), ("CPF",), alone=True),
    Number("BR", "br.cpf", "###########", ("",), ("CPF", "CPF nº")),
    Number("MX", "mx.curp", "@A@@DHSP===0#", ("",), ("CURP",)),
    Number("CL", "cl.rut", "########R", ("__.___.___-_",), ("RUT", "R.U.T."), alone=True),
    Number("AR", "ar.cuit", "20#########", ("__-________-_",), ("CUIT", "CUIL"), alone=True),
    Number("AR", "ar.dni", "########", ("", "__.___.___"), ("DNI",)),
    Number("CO", "co.nit", "##########", ("_________-_",), ("NIT",)),
    Number("EC", "ec.ci", "17########", ("",), ("cédula", "cédula de identidad")),
    Number("DO", "do.cedula", "###########", ("___-_______-_",), ("cédula",)),
    Number("UY", "", "#.###.###-#", ("",), ("cédula de identidad", "CI")),
    Number("PE", "pe.cui", "#########", ("",), ("CUI", "DNI")),
    Number("VE", "", "V-########", ("",), ("cédula", "C.I.")),
    Number("IN", "in_.aadhaar", "############", ("____ ____ ____",), ("Aadhaar", "Aadhaar number", "UID")),
    Number("IN", "in_.pan", "@@@P@####@", ("",), ("PAN", "PAN card")),
    Number("CN", "cn.ric", "110101Y###C", ("",), ("身份证", "resident ID"), alone=True),
    Number("KR", "kr.rrn", "D1######", ("______-_______",), ("RRN", "주민등록번호"), alone=True),
    Number("JP", "jp.in_", "############", ("____ ____ ____", ""), ("My Number", "マイナンバー")),
    Number("TW", "", "A#########", ("",), ("Taiwan ID", "身分證字號", "national ID")),
    Number("HK", "", "A######(#)", ("",), ("HKID", "Hong Kong identity card")),
    Number("MY", "my.nric", "D14####", ("______-__-____",), ("MyKad", "NRIC", "IC number"), alone=True),
    Number("ID", "id.nik", "317401T####", ("",), ("NIK", "KTP")),
    Number("TH", "th.pin", "#############", ("_-____-_____-__-_", ""), ("Thai ID", "เลขประจำตัวประชาชน")),
    Number("PK", "pk.cnic", "#############", ("_____-_______-_",), ("CNIC",)),
    Number("SG", "", "S#######@", ("",), ("NRIC", "FIN")),
    Number("AU", "au.tfn", "#########", ("___ ___ ___", ""), ("TFN", "tax file number")),
    Number("NZ", "nz.ird", "#########", ("___-___-___", ""), ("IRD number", "IRD")),
    Number("ZA", "za.idnr", "D#######", ("",), ("ID number", "South African ID")),
    Number("IL", "il.idnr", "#########", ("",), ("teudat zehut", "ת.ז.", "Israeli ID")),
    Number("EG", "", "2D01#####", ("",), ("الرقم القومي", "Egyptian national ID")),
    Number("IT", "it.codicefiscale", "", ("",), ("codice fiscale", "C.F."), alone=True),
)


def _letter(rng: Random, char: str) -> str:
    day, month, year = f"{rng.randrange(1, 29):02}", f"{rng.randrange(1, 13):02}", rng.randrange(1935, 2005)
    made: dict[str, Callable[[], str]] = {
        "#": lambda: rng.choice("0123456789"),
        "@": lambda: rng.choice(LETTERS),
        "=": lambda: rng.choice(CONSONANTS),
        "L": lambda: rng.choice("ABCEHJLMPRSTWXYZ"),
        "C": lambda: rng.choice("0123456789X"),
        "~": lambda: rng.choice("ABCD"),
        "R": lambda: rng.choice("0123456789K"),
        "D": lambda: f"{year % 100:02}{month}{day}",
        "Y": lambda: f"{year}{month}{day}",
        "T": lambda: f"{day}{month}{year % 100:02}",
    }
    return made[char]() if char in made else char


def number(rng: Random, kind: Number, codice: Callable[[], str]) -> str:
    """A number of this kind, in one of its printed forms."""
    if not kind.mask:
        return codice()
    valid = importlib.import_module(f"stdnum.{kind.module}").is_valid if kind.module else None
    for _ in range(TRIES):
        raw = "".join(_letter(rng, char) for char in kind.mask)
        if valid is None or valid(raw):
            return _printed(raw, rng.choice(kind.shown))
    msg = f"no valid {kind.module} in {TRIES} tries"
    raise AssertionError(msg)


def _printed(raw: str, form: str) -> str:
    if not form:
        return raw
    left = iter(raw)
    return "".join(next(left) if char == "_" else char for char in form)
