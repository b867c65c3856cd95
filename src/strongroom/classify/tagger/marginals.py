"""How likely each label is at each token: the forward-backward algorithm of a linear-chain CRF, in blocks.

A long text is cut into overlapping blocks that are worked on side by side, so that the steps in Python grow with
the block and not with the text. What lies in the overlap only serves as context.

Must never: let a score overflow (every step is scaled), or need memory beyond a fixed multiple of its input.
Source: Lafferty, McCallum, Pereira, "Conditional Random Fields" (ICML 2001); Rabiner's scaling (Proc. IEEE 1989).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK: Final = 32
"""Tokens of a block that count."""
CONTEXT: Final = 6
"""Tokens before and behind them that only serve as context."""
OUTSIDE: Final = 0
"""The label of what is no name; nothing else stands beyond the ends of a text."""
CERTAIN: Final = 10.0


def marginals(emissions: Floats, transitions: Floats) -> Floats:
    """One row of probabilities per token, from `emissions` (tokens by labels) and `transitions` (from, to)."""
    count, labels = emissions.shape
    if count == 0:
        return emissions
    if count <= BLOCK + 2 * CONTEXT:
        whole: Floats = _blocks(emissions[None], transitions)[0]
        return whole
    blocks = -(-count // BLOCK)
    padded = np.zeros((blocks * BLOCK + 2 * CONTEXT, labels), dtype=np.float32)
    padded[:, OUTSIDE] = CERTAIN
    padded[CONTEXT : CONTEXT + count] = emissions
    places = np.arange(BLOCK + 2 * CONTEXT)[None, :] + (np.arange(blocks) * BLOCK)[:, None]
    found = _blocks(padded[places], transitions)
    return found[:, CONTEXT : CONTEXT + BLOCK].reshape(blocks * BLOCK, labels)[:count]


def _blocks(emissions: Floats, transitions: Floats) -> Floats:
    """Marginals of blocks of equal length: (block, token, label)."""
    steps = emissions.shape[1]
    likely = np.exp(emissions - emissions.max(axis=2, keepdims=True)).transpose(1, 0, 2).copy()
    step = np.exp(transitions)
    back = step.T.copy()
    forward = np.empty_like(likely)
    alpha = likely[0] / likely[0].sum(axis=1, keepdims=True)
    forward[0] = alpha
    for at in range(1, steps):
        alpha = (alpha @ step) * likely[at]
        alpha /= alpha.sum(axis=1, keepdims=True)
        forward[at] = alpha
    beta = np.ones_like(alpha)
    for at in range(steps - 2, -1, -1):
        beta = (beta * likely[at + 1]) @ back
        beta /= beta.sum(axis=1, keepdims=True)
        forward[at] *= beta
    forward /= forward.sum(axis=2, keepdims=True)
    found: Floats = forward.transpose(1, 0, 2)
    return found
