"""Equal arguments give equal texts in every process, whatever order its sets have."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = (
    "import hashlib; from training.generate import examples;"
    "print(hashlib.sha256(repr([(e.text, e.spans) for e in examples(1, 300)]).encode()).hexdigest())"
)


def test_texts_do_not_depend_on_the_order_of_sets() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
