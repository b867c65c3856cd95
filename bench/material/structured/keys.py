"""Credentials for the structured corpus, from what their makers document: a beginning, an alphabet, a length.

Must never: use an expression or a check of the catalogue; the corpus is what those are measured against. No value
here was ever issued.
"""

from __future__ import annotations

import base64
import json
from random import Random  # noqa: TID251 - repeatable on purpose
from typing import Final

ALNUM: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LOWER: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
HEX: Final = "0123456789abcdef"
URL: Final = ALNUM + "_-"
B64: Final = ALNUM + "+/"

FAMILIES: Final[tuple[tuple[str, ...], ...]] = (
    ("github", "ghp_", "A36"),
    ("github", "gho_", "A36"),
    ("github", "ghs_", "A36"),
    ("github", "ghu_", "A36"),
    ("github", "github_pat_", "A22", "_", "A59"),
    ("gitlab", "glpat-", "U20"),
    ("gitlab", "glrt-", "U20"),
    ("gitlab", "gldt-", "U20"),
    ("gitlab", "glptt-", "H40"),
    ("gitlab", "GR1348941", "U20"),
    ("openai", "sk-", "A20", "T3BlbkFJ", "A20"),
    ("openai", "sk-proj-", "U74", "T3BlbkFJ", "U74"),
    ("anthropic", "sk-ant-api03-", "U93", "AA"),
    ("aws", "AKIA", "P16"),
    ("aws", "ASIA", "P16"),
    ("google", "AIza", "U35"),
    ("google", "GOCSPX-", "U28"),
    ("google", "ya29.", "U120"),
    ("slack", "xoxb-", "N12", "-", "N12", "-", "A24"),
    ("slack", "xoxp-", "N12", "-", "N12", "-", "N12", "-", "H32"),
    ("slack", "xapp-1-A", "P10", "-", "N13", "-", "H64"),
    ("slack", "https://hooks.slack.com/services/T", "P8", "/B", "P10", "/", "A24"),
    ("stripe", "sk_live_", "A24"),
    ("stripe", "rk_live_", "A24"),
    ("stripe", "sk_test_", "A99"),
    ("stripe", "whsec_", "A32"),
    ("twilio", "SK", "H32"),
    ("sendgrid", "SG.", "U22", ".", "U43"),
    ("mailgun", "key-", "H32"),
    ("mailchimp", "", "H32", "-us7"),
    ("npm", "npm_", "A36"),
    ("pypi", "pypi-AgEIcHlwaS5vcmc", "U150"),
    ("rubygems", "rubygems_", "H48"),
    ("nuget", "oy2", "L43"),
    ("docker", "dckr_pat_", "U27"),
    ("databricks", "dapi", "H32"),
    ("digitalocean", "dop_v1_", "H64"),
    ("shopify", "shpat_", "H32"),
    ("shopify", "shpss_", "H32"),
    ("discord", "M", "A23", ".", "U6", ".", "U38"),
    ("telegram", "N10", ":AA", "U33"),
    ("vault", "hvs.", "U95"),
    ("vault", "hvb.", "U140"),
    ("terraform", "", "A14", ".atlasv1.", "U67"),
    ("grafana", "glsa_", "A32", "_", "H8"),
    ("grafana", "glc_", "B64"),
    ("linear", "lin_api_", "A40"),
    ("notion", "ntn_", "N11", "A35"),
    ("postman", "PMAK-", "H24", "-", "H34"),
    ("age", "AGE-SECRET-KEY-1", "E58"),
    ("huggingface", "hf_", "Z34"),
    ("replicate", "r8_", "A37"),
    ("groq", "gsk_", "A52"),
    ("perplexity", "pplx-", "A48"),
    ("xai", "xai-", "A80"),
    ("openrouter", "sk-or-v1-", "H64"),
    ("nvidia", "nvapi-", "U64"),
    ("langsmith", "lsv2_pt_", "H32", "_", "H10"),
    ("airtable", "pat", "A14", ".", "H64"),
    ("atlassian", "ATATT3xFfGF0", "U180"),
    ("bitbucket", "ATBB", "A32"),
    ("asana", "1/", "N16", ":", "H32"),
    ("dropbox", "sl.", "U135"),
    ("doppler", "dp.pt.", "A43"),
    ("dynatrace", "dt0c01.", "P24", ".", "P64"),
    ("easypost", "EZAK", "A54"),
    ("figma", "figd_", "U40"),
    ("fly", "fo1_", "U43"),
    ("heroku", "HRKU-AA", "U58"),
    ("hubspot", "pat-na1-", "H8", "-", "H4", "-", "H4", "-", "H4", "-", "H12"),
    ("netlify", "nfp_", "A36"),
    ("newrelic", "NRAK-", "P27"),
    ("planetscale", "pscale_tkn_", "U43"),
    ("plaid", "access-sandbox-", "H8", "-", "H4", "-", "H4", "-", "H4", "-", "H12"),
    ("posthog", "phx_", "A43"),
    ("prefect", "pnu_", "A36"),
    ("pulumi", "pul-", "H40"),
    ("readme", "rdme_", "L70"),
    ("sentry", "sntryu_", "H64"),
    ("sendinblue", "xkeysib-", "H64", "-", "A16"),
    ("shippo", "shippo_live_", "H40"),
    ("sonar", "sqp_", "H40"),
    ("sourcegraph", "sgp_", "H40"),
    ("square", "EAAA", "U60"),
    ("square", "sq0atp-", "U22"),
    ("supabase", "sbp_", "H40"),
    ("tailscale", "tskey-auth-", "A12", "-", "A32"),
    ("typeform", "tfp_", "U59"),
    ("yandex", "AQVN", "U35"),
    ("alibaba", "LTAI", "A20"),
    ("artifactory", "AKCp", "A69"),
    ("clojars", "CLOJARS_", "L60"),
    ("duffel", "duffel_live_", "U43"),
    ("flutterwave", "FLWSECK_TEST-", "H32", "-X"),
    ("frameio", "fio-u-", "U64"),
    ("mapbox", "sk.", "A60", ".", "A22"),
    ("facebook", "EAAC", "A140"),
    ("contentful", "CFPAT-", "U43"),
    ("buildkite", "bkua_", "H40"),
    ("tavily", "tvly-", "A32"),
    ("pinecone", "pcsk_", "A68"),
    ("razorpay", "rzp_live_", "A14"),
    ("1password", "ops_eyJ", "B250"),
    ("launchdarkly", "sdk-", "H8", "-", "H4", "-", "H4", "-", "H4", "-", "H12"),
    ("adafruit", "aio_", "A28"),
    ("microsoft", "A3", "8Q~", "U34"),
    ("firebase", "AAAA", "A7", ":APA91b", "U134"),
    ("dnkey", "dnkey-", "L26", "-", "L52"),
    ("circleci", "CCIPAT_", "A22", "_", "H40"),
    ("scalingo", "tk-us-", "U48"),
    ("infracost", "ico-", "A32"),
)
"""Maker, then literal pieces and pieces like ``A36``: an alphabet and a length."""

_ALPHABETS: Final = {
    "A": ALNUM,
    "L": LOWER,
    "P": UPPER,
    "H": HEX,
    "U": URL,
    "B": B64,
    "N": "0123456789",
    "Z": ALNUM[:52],
    "E": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}
_WORDS: Final = (
    "Winter",
    "summer",
    "Dragon",
    "hunter",
    "blue",
    "Paris",
    "geheim",
    "qwerty",
    "Fussball",
    "monkey",
    "s3cr3t",
    "Pa$$",
)

ASSIGNED: Final = (
    "password=@",
    "password: @",
    'password = "@"',
    '"password": "@"',
    "PASSWORD='@'",
    "DB_PASSWORD=@",
    "db.password=@",
    "passwd: @",
    "pwd=@",
    'spring.datasource.password="@"',
    "Passwort: @",
    "Kennwort: @",
    "mot de passe : @",
    "contraseña: @",
    "my password is @",
    "mein Passwort lautet @",
    "wachtwoord: @",
    "senha: @",
    "palavra-passe: @",
    "mysql -u root --password=@",
    "sshpass -p '@' ssh host",
    "<password>@</password>",
    "ADMIN_PASS=@",
    "passphrase: @",
    "password = @",
    "POSTGRES_PASSWORD: @",
    "Server=db1;Database=x;User Id=sa;Password=@;Encrypt=true",
    "Driver={SQL};Uid=app;Pwd=@;",
    "jdbc:mysql://h:3306/d?user=a&password=@",
    "machine api.example.com login joe password @",
    "redis-cli -a @ ping",
    "postgres://app:@@db.example:5432/app",
    "mongodb+srv://joe:@@cluster0.example.net/x",
    "https://deploy:@@git.example.com/x.git",
    "amqp://guest:@@mq:5672/",
    "redis://:@@cache:6379/0",
    "curl -u admin:@ https://api.example.com",
)
"""Where passwords stand; ``@`` is the value, the first of two in an address."""

TOKENS: Final = (
    "api_key=@",
    "API_KEY: @",
    'apiKey: "@"',
    "X-API-Key: @",
    "Authorization: Bearer @",
    "Authorization: Token @",
    "access_token=@",
    '"access_token": "@"',
    "client_secret=@",
    "CLIENT_SECRET: '@'",
    "secret_key = '@'",
    "SECRET_KEY_BASE=@",
    "auth_token: @",
    "private-token: @",
    "x-auth-token: @",
    "//registry.example.com/:_authToken=@",
    "datadog_api_key: @",
    "CLOUDFLARE_API_TOKEN=@",
    "okta_api_token = '@'",
    "ALGOLIA_ADMIN_KEY=@",
    "FASTLY_API_TOKEN=@",
    "snyk_token: @",
    "MISTRAL_API_KEY=@",
    "COHERE_API_KEY='@'",
    "twitter_consumer_secret=@",
    "ZENDESK_SECRET_KEY=@",
    "SUMO_ACCESS_KEY: @",
    "webhook_secret: @",
    "encryption_key=@",
    "my api key is @",
    "?token=@&x=1",
    "refreshToken: '@'",
    "session_secret: @",
    "Proxy-Authorization: Basic @",
    "api-key: @",
    "aws_secret_access_key = @",
)
"""Where keys without a maker's beginning stand."""


def issued(rng: Random) -> str:
    """A credential with its maker's beginning."""
    _, *pieces = rng.choice(FAMILIES)
    return "".join(_piece(rng, piece) for piece in pieces)


def _piece(rng: Random, piece: str) -> str:
    if len(piece) > 1 and piece[0] in _ALPHABETS and piece[1:].isdigit():
        return "".join(rng.choices(_ALPHABETS[piece[0]], k=int(piece[1:])))
    return piece


def password(rng: Random) -> str:
    """One that a person chose, or one that a program made."""
    if rng.random() < 0.6:
        return f"{rng.choice(_WORDS)}{rng.randrange(1, 9999)}{rng.choice(('!', '', '#', '.x', '_A'))}"
    return "".join(rng.choices(ALNUM + "!$%*+_", k=rng.randrange(10, 24)))


def token(rng: Random) -> str:
    """Key material without a beginning that tells."""
    alphabet, length = rng.choice(
        ((HEX, 32), (HEX, 40), (HEX, 64), (ALNUM, 24), (ALNUM, 32), (ALNUM, 40), (URL, 43), (B64, 40))
    )
    return "".join(rng.choices(alphabet, k=length)).strip("-_+/") + "7"


def jwt(rng: Random) -> str:
    """Signed, with the usual header (RFC 7519)."""
    parts = (
        {"alg": rng.choice(("HS256", "RS256", "ES256")), "typ": "JWT"},
        {"sub": str(rng.randrange(10**9)), "iat": rng.randrange(10**9)},
    )
    spelled = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join((*spelled, "".join(rng.choices(URL, k=43))))


def private_key(rng: Random) -> str:
    r"""A PEM block of any of the usual kinds, with lines as they are or written as ``\n``."""
    kind = rng.choice(("", "RSA ", "EC ", "OPENSSH ", "DSA ", "ENCRYPTED "))
    body = ["".join(rng.choices(B64, k=64)) for _ in range(rng.randrange(2, 12))]
    lines = [
        f"-----BEGIN {kind}PRIVATE KEY-----",
        *body,
        "".join(rng.choices(B64, k=22)) + "==",
        f"-----END {kind}PRIVATE KEY-----",
    ]
    return ("\n" if rng.random() < 0.7 else "\\n").join(lines)
