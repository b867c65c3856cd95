"""Lines without a value worth protecting that look as if they had one.

Must never: hold a card, an account, a telephone number, an address, an identity number or a credential.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random  # noqa: TID251 - repeatable on purpose
from typing import Final
from uuid import UUID

Maker = Callable[[Random], str]

_HEX: Final = "0123456789abcdef"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _d(rng: Random, count: int) -> str:
    return str(rng.randrange(1, 10)) + "".join(rng.choices("0123456789", k=count - 1))


def _x(rng: Random, count: int) -> str:
    return "".join(rng.choices(_HEX, k=count))


def _u(rng: Random, count: int) -> str:
    return "".join(rng.choices(_UPPER, k=count))


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _day(rng: Random) -> str:
    return f"{rng.randrange(1990, 2030)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


def _clock(rng: Random) -> str:
    return f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"


def _b64(rng: Random, count: int) -> str:
    return base64.b64encode(rng.randbytes(count)).decode()


def _ean(rng: Random, start: str) -> str:
    body = start + _d(rng, 12 - len(start))
    return body + str(-sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body)) % 10)


MAKERS: Final[tuple[Maker, ...]] = (
    lambda r: f"Your order {_d(r, r.randrange(6, 17))} has shipped.",
    lambda r: f"Order no. {_d(r, 16)} is late, please check.",
    lambda r: f"Bestellnummer: {_d(r, r.randrange(8, 13))}, Artikel {_d(r, 6)}",
    lambda r: f"commande n° {_d(r, 10)} expédiée le {r.randrange(1, 29):02}/{r.randrange(1, 13):02}/2024",
    lambda r: f"pedido {_d(r, 9)} entregado",
    lambda r: f"ordine n. {_d(r, 11)} confermato",
    lambda r: f"bestelling {_d(r, 10)} is verzonden",
    lambda r: f"pedido nº {_d(r, 12)} enviado",
    lambda r: f"invoice INV-{_d(r, 8)} of {_day(r)}",
    lambda r: f"Rechnung Nr. RE{r.randrange(2020, 2027)}-{_d(r, 5)} über {_d(r, 4)},{_d(r, 2)} EUR",
    lambda r: f"tracking number 1Z{_u(r, 16)}",
    lambda r: f"DHL {_d(r, 12)} in delivery, UPS 1Z{_d(r, 16)}",
    lambda r: f"USPS {_d(r, 22)} out for delivery",
    lambda r: f"Sendungsnummer {_d(r, 14)}",
    lambda r: f"version {r.randrange(20)}.{r.randrange(40)}.{r.randrange(99)}",
    lambda r: f"Chrome/{r.randrange(90, 130)}.0.{_d(r, 4)}.{_d(r, 3)} Safari/537.36",
    lambda r: (
        f"upgrade from {r.randrange(9)}.{r.randrange(9)}.{r.randrange(9)}-rc.{r.randrange(9)}+build.{_d(r, 4)}"
    ),
    lambda r: f"commit {_x(r, 40)}",
    lambda r: f"merged {_x(r, 7)} into {_x(r, 12)}",
    lambda r: f"request id {_uuid(r)}",
    lambda r: f'{{"trace_id":"{_x(r, 32)}","span_id":"{_x(r, 16)}"}}',
    lambda r: f"md5 {_x(r, 32)}  file.iso",
    lambda r: f"sha256:{_x(r, 64)}",
    lambda r: f'integrity="sha384-{_b64(r, 48)}"',
    lambda r: f'"integrity": "sha512-{_b64(r, 64)}"',
    lambda r: f"data:image/png;base64,iVBORw0KGgo{_b64(r, 120)}",
    lambda r: f'ETag: W/"{_x(r, 8)}-{_x(r, 16)}"',
    lambda r: f"at {_day(r)}T{_clock(r)}.{_d(r, 3)}Z the job ended",
    lambda r: f"{_day(r)} {_clock(r)},{_d(r, 3)} INFO [worker-{r.randrange(9)}] took {_d(r, 5)} ms",
    lambda r: f"epoch {r.randrange(1_500_000_000, 1_900_000_000)}",
    lambda r: f'"timestamp": {r.randrange(1_500_000_000_000, 1_900_000_000_000)}',
    lambda r: f"createdAt={r.randrange(1_500_000_000, 1_900_000_000)}{_d(r, 6)}",
    lambda r: (
        f"meeting on {r.randrange(1, 13):02}/{r.randrange(1, 29):02}/{r.randrange(2000, 2030)} at {_clock(r)[:5]}"
    ),
    lambda r: (
        f"Termin am {r.randrange(1, 29)}.{r.randrange(1, 13)}.{r.randrange(2000, 2030)} um {_clock(r)[:5]} Uhr"
    ),
    lambda r: f"ISBN {_ean(r, '978')}",
    lambda r: f"ISBN-13: 978-3-16-{_d(r, 6)}-{r.randrange(10)}",
    lambda r: f"EAN {_ean(r, '40')}",
    lambda r: f"GTIN {_d(r, 14)}, SKU {_u(r, 8)}-{_d(r, 4)}",
    lambda r: (
        f"ISSN {_d(r, 4)}-{_d(r, 3)}X and doi:10.{_d(r, 4)}/s{_d(r, 5)}-{_d(r, 3)}-{_d(r, 5)}-{r.randrange(9)}"
    ),
    lambda r: f"total: $ {r.randrange(1, 999)},{_d(r, 3)},{_d(r, 3)}.{_d(r, 2)}",
    lambda r: f"Umsatz {r.randrange(1, 999)}.{_d(r, 3)}.{_d(r, 3)},{_d(r, 2)} €",
    lambda r: f"chiffre d'affaires {r.randrange(1, 999)} {_d(r, 3)} {_d(r, 3)} euros",
    lambda r: f"population {r.randrange(1, 99)},{_d(r, 3)},{_d(r, 3)}",
    lambda r: f"color: #{_x(r, 6)}; background: #{_x(r, 3)};",
    lambda r: f"0x{_x(r, 8)} at address 0x{_x(r, 12)}",
    lambda r: f"error code 0x{_x(r, 8).upper()} (-{_d(r, 10)})",
    lambda r: f"bytes {_d(r, 9)}-{_d(r, 10)}/{_d(r, 11)}",
    lambda r: f"PID {_d(r, 5)}, thread {_d(r, 15)}",
    lambda r: f"ticket SUP-{_d(r, 6)} linked to PROJ-{_d(r, 4)}",
    lambda r: f"case {_d(r, 8)} was closed, see incident INC{_d(r, 7)}",
    lambda r: f"Message-ID <{_x(r, 12)}.{_d(r, 10)}@mail> missing",
    lambda r: f"part number {_u(r, 3)}-{_d(r, 5)}-{_u(r, 2)}, serial {_u(r, 10)}",
    lambda r: f"lot {_d(r, 8)} expires {r.randrange(2025, 2030)}-{r.randrange(1, 13):02}",
    lambda r: f"flight LH{_d(r, 3)}, seat {r.randrange(1, 40)}A, gate B{r.randrange(60)}, booking {_u(r, 6)}",
    lambda r: f"train ICE {_d(r, 3)}, {r.randrange(24):02}:{r.randrange(60):02}, platform {r.randrange(1, 20)}",
    lambda r: f"score {r.randrange(100)}:{r.randrange(100)}, seed {_d(r, 10)}",
    lambda r: f"pi is 3.14159265358979, e is 2.718281828, n={_d(r, 12)}",
    lambda r: f"model: gpt-4o-{_day(r)}, max_tokens: {_d(r, 4)}, token_count={_d(r, 6)}",
    lambda r: f"temperature 0.{_d(r, 2)}, lr=1e-{r.randrange(9)}, loss {r.randrange(9)}.{_d(r, 8)}",
    lambda r: f"container {_x(r, 12)} image repo/app@sha256:{_x(r, 64)}",
    lambda r: f"s3://bucket/{_d(r, 4)}/{_x(r, 32)}.parquet",
    lambda r: f"https://example.com/articles/{_d(r, 8)}/{_x(r, 24)}?page={r.randrange(99)}",
    lambda r: f"cache key user:profile:v2:{_x(r, 20)}",
    lambda r: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{_b64(r, 32)[:43]} build",
    lambda r: f"SHA256:{_b64(r, 32)[:43]}",
    lambda r: f"-----BEGIN CERTIFICATE-----\n{_b64(r, 48)}\n{_b64(r, 48)}\n-----END CERTIFICATE-----",
    lambda r: f"password reset link sent; the password must have {r.randrange(8, 20)} characters",
    lambda _: "password: ******** (hidden), token: <redacted>, secret: ${SECRET}",
    lambda _: "password = os.environ['DB_PASSWORD']  # never write it here",
    lambda _: "api_key = settings.API_KEY; token = get_token(user)",
    lambda r: f"primary key (id), foreign key fk_{_x(r, 6)} on token_id",
    lambda r: f"keyboard shortcut ctrl+{r.choice('abcdef')}, access key {r.choice('abcdef')}",
    lambda r: f"ratio {r.randrange(99)}/{r.randrange(99)}, {_d(r, 3)}-{_d(r, 3)} px, {_d(r, 4)}x{_d(r, 4)}",
    lambda r: f"npm i left-pad@1.{r.randrange(9)}.0 react@^18.{r.randrange(9)}.{r.randrange(9)} @types/node@20",
    lambda r: f"@channel please look at icon@{r.randrange(2, 4)}x.png and git@ urls",
    lambda r: f"row {_d(r, 7)} of {_d(r, 8)}; offset {_d(r, 9)}; checksum {_d(r, 10)}",
    lambda r: f"matrix [{_d(r, 3)}, {_d(r, 4)}, {_d(r, 5)}] shape ({_d(r, 3)}, {_d(r, 3)})",
    lambda r: f"WKN {_u(r, 6)}, section § {r.randrange(900)} BGB, page {r.randrange(900)}",
    lambda r: f"MAC driver v{_d(r, 2)}.{_d(r, 2)}, USB\\VID_{_u(r, 4)}&PID_{_u(r, 4)}",
    lambda r: f"k8s pod web-{_x(r, 9)}-{_x(r, 5)} restarted {r.randrange(9)} times, revision {_d(r, 6)}",
)
