"""Write docs/reference/detection-quality.md from what `make bench NAME=detect_quality` measured.

Run it with `python tools/make_detection_quality.py`; a test fails when the page is not what this makes.

Must never: show a number that was not measured, or leave out a corpus because it looks bad.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
REPORT: Final = ROOT / "bench" / "results" / "detection-quality.json"
PAGE: Final = ROOT / "docs" / "reference" / "detection-quality.md"
NOTE: Final = "<!-- made by tools/make_detection_quality.py from bench/results/detection-quality.json -->"
GENERATED: Final = "generated texts"
SAMPLE_MIN: Final = 15
"""Fewer values than this say nothing about a kind."""
NOTHING: Final = "–"  # noqa: RUF001 - a dash in a table of numbers
ABOUT: Final = """
Every number here was measured by the command above, on texts that nothing was trained on and no threshold was
chosen with. No product finds every name; these tables say how many this one misses, and where. One thing was
seen before it was measured: the tagger's list of everyday words was written after reading false alarms on
generated texts of this half, so their precision is flattered a little ([model
card](../../src/strongroom/classify/tagger/MODEL_CARD.md)).

- **Generated texts** come from templates (support chats, e-mails, forms, JSON, tickets, logs, clinical and legal
  notes, in seven languages) that are held out, filled with given names, surnames, organizations, towns and streets
  that are held out as well: a template or a name is on one side of the split for good, by the hash of its text,
  and no wording of five words in a row stands on both sides. The tagger's word lists are without the held-out
  names here; what is shipped knows them too. They are still our own idea of what agents read.
- **Texts written by hand** are a hundred short ones in seven languages, a third without any name, that no template
  and no list of names made. They are few: one word more or less is a third of a percent.
- **Structured values and decoys** are lines with one value (cards, accounts, telephones, e-mail addresses,
  identity numbers of sixty countries, keys, wallets) made by the published rules of their issuers, not by our
  expressions, and as many lines of order numbers, versions, hashes, dates and the like without any. Identity
  numbers, keys and wallets are families of many kinds.
- **Real texts** are sentences of public corpora that were kept apart from training: tweets (Broad Twitter Corpus,
  WNUT 2017), encyclopedia text (Wikigold), and WikiANN, whose labels are made by machine and which nothing is
  trained on.
- **Presidio** is presidio-analyzer with its default recognizers and blank spaCy models, on the same texts. Its
  recognizers for names and places need a language model that does not come with it; without one it finds patterns
  only, so its column says what a plain installation does, not what it could do.

*Words* counts words that must not leave: **recall** (R) is the share of them that lie in any finding, whatever the
finding was called; **precision** (P) the share of words in findings of these kinds that lie in a true value of any
kind. *Exact* is the same kind at the same place. *Partial* is the same kind sharing half of the place. **F2**
weighs a miss four times as heavily as a false alarm. Kinds that a corpus does not label count neither way.
""".strip()


def page(report: Mapping[str, Any]) -> str:
    """The whole page."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report["versions"].items()))
    lines = [
        NOTE, "# Detection quality", "", f"Measured on {report['date']} with `{report['command']}`.",
        *([f"Peer: {versions}."] if versions else []), "", ABOUT, "",
        "## Names, organizations, places and addresses together", "",
        "Words, any label. `[detection] names` is the dial; `balanced` is the default.", "",
        *promises(report["corpora"]), "", "## By kind, generated texts", "",
        f"All languages; kinds with fewer than {SAMPLE_MIN} values are left out. *Covered*: recall of words.", "",
        *kinds(report["corpora"][GENERATED]),
    ]  # fmt: skip
    for name, contestants in report["corpora"].items():
        if name != GENERATED and not name.startswith(f"{GENERATED} in "):
            lines += ["", f"## By kind, {name}", "", *kinds(contestants)]
    return "\n".join([*lines, ""])


def promises(corpora: Mapping[str, Any]) -> Iterator[str]:
    """One line per corpus."""
    yield "| texts | number | balanced: R | P | F1 | recall dial: R | P | F2 | Presidio: R |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for name, contestants in corpora.items():
        if not contestants["balanced"]["named"]["kinds"]:
            continue
        balanced, recall = (contestants[dial]["named"]["words"] for dial in ("balanced", "recall"))
        peer = contestants["peer"]["named"]["words"]["recall"] if "peer" in contestants else None
        shares = (
            balanced["recall"], balanced["precision"], balanced["f1"], recall["recall"], recall["precision"],
            recall["f2"], peer,
        )  # fmt: skip
        texts = contestants["balanced"]["named"]["texts"]
        yield f"| {name} | {texts:,} | " + " | ".join(map(share, shares)) + " |"


def kinds(contestants: Mapping[str, Any]) -> Iterator[str]:
    """One line per kind of a corpus, at the default dial."""
    yield "| kind | values | exact: R | P | F2 | partial: R | P | covered | recall dial | Presidio: covered |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    balanced, recall = (contestants[dial]["every"]["kinds"] for dial in ("balanced", "recall"))
    peer = contestants["peer"]["every"]["kinds"] if "peer" in contestants else {}
    for kind, scores in sorted(balanced.items(), key=lambda item: -item[1]["exact"]["true"]):
        exact, partial = scores["exact"], scores["partial"]
        if exact["true"] < SAMPLE_MIN:
            continue
        shares = (
            exact["recall"], exact["precision"], exact["f2"], partial["recall"], partial["precision"],
            scores["covered"], recall[kind]["covered"], peer[kind]["covered"] if peer else None,
        )  # fmt: skip
        yield f"| {kind} | {exact['true']:,} | " + " | ".join(map(share, shares)) + " |"


def share(value: float | None) -> str:
    """Three digits, cut rather than rounded up."""
    return NOTHING if value is None else f"{int(value * 1000) / 1000:.3f}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json.loads(REPORT.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
