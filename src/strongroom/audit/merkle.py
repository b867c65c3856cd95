"""Merkle trees as RFC 9162 section 2.1 defines them: hashing, a compact range, and both kinds of proof.

A node is named ``(height, index)`` and covers the leaves ``index << height`` to ``(index + 1) << height``.
Proofs are computed over a `Nodes` function that knows the *complete* subtrees; the ragged right edge is hashed
here. So the same code proves from tiles on disk and from a list in a test.

Must never: read or write anything, or accept a proof with a hash too few or too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from strongroom.errors import IntegrityError
from strongroom.primitives.digest import DIGEST_LEN, sha256

EMPTY_ROOT = sha256(b"")
"""The root of a tree without leaves (RFC 9162 section 2.1.1)."""

PROOF_HASHES_MAX = 64
"""A path in a tree of 2^63 leaves has 63 hashes, a consistency proof one more."""

Nodes = Callable[[int, int], bytes]
"""``nodes(height, index)`` is the hash of a complete subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right)


class CompactRange:
    """The frontier of a growing tree: at most one complete subtree per height, so O(log n) memory.

    `on_node` is called with every complete node as it comes into being, leaves included; the tiles listen.
    """

    __slots__ = ("_on_node", "_stack", "size")

    def __init__(self, on_node: Callable[[int, int, bytes], None] | None = None) -> None:
        self.size = 0
        self._stack: list[bytes] = []
        self._on_node = on_node

    def add(self, leaf: bytes) -> None:
        """Append the leaf hash `leaf`."""
        self.add_subtree(0, leaf)

    def add_subtree(self, height: int, node: bytes) -> None:
        """Append a complete subtree of ``1 << height`` leaves, whose root is `node`, at once.

        Raises `IntegrityError` if the tree does not end on a boundary of that height.
        """
        index, rest = divmod(self.size, 1 << height)
        if rest:
            msg = "a subtree does not start where the tree ends"
            raise IntegrityError(msg)
        self.size += 1 << height
        on_node, stack = self._on_node, self._stack
        if on_node:
            on_node(height, index, node)
        while index & 1:
            node = node_hash(stack.pop(), node)
            index >>= 1
            height += 1
            if on_node:
                on_node(height, index, node)
        stack.append(node)

    def root(self) -> bytes:
        """The tree's root hash; `EMPTY_ROOT` without leaves."""
        return _fold(self._stack) if self._stack else EMPTY_ROOT


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees of falling height, left to right."""
    node = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        node = node_hash(left, node)
    return node


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees, as ``(height, index)``, that make up the leaves `start` to `end`."""
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _split(start: int, end: int) -> int:
    """Where RFC 9162 divides a tree: after the largest power of two smaller than its size."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _range_hash(nodes: Nodes, start: int, end: int) -> bytes:
    return _fold([nodes(height, index) for height, index in _complete(start, end)])


def root_at(nodes: Nodes, size: int) -> bytes:
    """The root the tree had at `size` leaves."""
    return _range_hash(nodes, 0, size) if size else EMPTY_ROOT


def inclusion_path(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 9162 section 2.1.3.1)."""
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            path.append(_range_hash(nodes, middle, end))
            end = middle
        else:
            path.append(_range_hash(nodes, start, middle))
            start = middle
    path.reverse()
    return path


def consistency_path(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of that of `new` (RFC 9162 section 2.1.4.1)."""
    if old in (0, new):
        return []
    path = []
    start, end, whole = 0, new, True
    while old != end:
        middle = _split(start, end)
        if old <= middle:
            path.append(_range_hash(nodes, middle, end))
            end = middle
        else:
            path.append(_range_hash(nodes, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(nodes, start, end))
    path.reverse()
    return path


def verify_inclusion_path(*, leaf: bytes, index: int, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raise `IntegrityError` unless `path` shows that `leaf` is number `index` of the tree `root` of `size`.

    RFC 9162 section 2.1.3.2.
    """
    _require_hashes(path)
    if not 0 <= index < size:
        msg = "inclusion proof: the index is outside the tree"
        raise IntegrityError(msg)
    node, position, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            msg = "inclusion proof: too long"
            raise IntegrityError(msg)
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    if last or node != root:
        msg = "inclusion proof: does not lead to the root"
        raise IntegrityError(msg)


def verify_consistency_path(
    *, old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Raise `IntegrityError` unless `path` shows that the tree `old_root` is a prefix of `new_root`.

    RFC 9162 section 2.1.4.2; the empty tree is a prefix of every tree.
    """
    _require_hashes(path)
    if not 0 <= old <= new or (old in (0, new) and path):
        msg = "consistency proof: impossible sizes"
        raise IntegrityError(msg)
    if old == 0:
        if old_root != EMPTY_ROOT:
            msg = "consistency proof: the empty tree has another root"
            raise IntegrityError(msg)
        return
    if old == new:
        if old_root != new_root:
            msg = "consistency proof: two roots for one size"
            raise IntegrityError(msg)
        return
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if _consistency_roots(old - 1, new - 1, hashes) != (old_root, new_root):
        msg = "consistency proof: does not lead to both roots"
        raise IntegrityError(msg)


def _consistency_roots(position: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that `hashes` lead to, or None when there are too many or too few of them."""
    if not hashes:
        return None
    while position & 1:
        position >>= 1
        last >>= 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            before = node_hash(sibling, before)
            after = node_hash(sibling, after)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            after = node_hash(after, sibling)
        position >>= 1
        last >>= 1
    return None if last else (before, after)


def _require_hashes(path: Sequence[bytes]) -> None:
    if len(path) > PROOF_HASHES_MAX or any(len(node) != DIGEST_LEN for node in path):
        msg = "proof: too many hashes, or one of the wrong length"
        raise IntegrityError(msg)
