"""The tree as C2SP tlog-tiles: files of 256 hashes, and the growing tree that makes and reads them.

A tile of level L holds the hashes of 256 complete subtrees of height 8L. Full tiles never change; the hashes
of the partial tiles at the right edge stay in memory and are recomputed from entries and full tiles on open.

Must never: trust a tile. What is loaded from tiles counts only once the root matches a signed checkpoint.
"""

from __future__ import annotations

from strongroom.audit.merkle import CompactRange, node_hash, root_at
from strongroom.audit.segments import numbered_path
from strongroom.audit.storage import LogStorage
from strongroom.errors import IntegrityError
from strongroom.primitives.digest import DIGEST_LEN

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * DIGEST_LEN


def tile_name(level: int, number: int, width: int = TILE_WIDTH) -> str:
    """The name of a tile; a partial one (`width` under 256) ends in ``.p/<width>``."""
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{numbered_path(number)}{suffix}"


class TiledTree:
    """A Merkle tree that keeps its right edge in memory and everything left of it in tiles.

    Not thread-safe. `storage` is only read from.
    """

    def __init__(self, storage: LogStorage) -> None:
        self._storage = storage
        self._range = CompactRange(self._on_node)
        self._edges: list[list[bytes]] = []
        self._full: list[tuple[int, int, bytes]] = []

    @classmethod
    def load(cls, storage: LogStorage, size: int) -> TiledTree:
        """The tree of the first `size` leaves rounded down to whole tiles, without reading an entry.

        At most 255 tiles per level are read. Raises `IntegrityError` if one is missing or not a tile.
        """
        tree = cls(storage)
        top = max(size.bit_length() - 1, 0) // TILE_HEIGHT
        for level in range(top, 0, -1):
            count = size >> (TILE_HEIGHT * level)
            for index in range(count // TILE_WIDTH * TILE_WIDTH, count):
                hashes = tree.read_tile(level - 1, index)
                tree._range.add_subtree(TILE_HEIGHT * level, subtree_root(hashes))
        return tree

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._range.size

    def root(self, size: int | None = None) -> bytes:
        """The root now, or as it was at `size` leaves."""
        return self._range.root() if size is None else root_at(self.node, size)

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        self._range.add(leaf)

    def take_full(self) -> list[tuple[int, int, bytes]]:
        """The tiles that became full since the last call, as ``(level, number, bytes)``."""
        full, self._full = self._full, []
        return full

    def edge_tiles(self) -> list[tuple[str, bytes]]:
        """The partial tiles of the present size, for publishing the log as static files."""
        return [
            (tile_name(level, (self.size >> TILE_HEIGHT * level) // TILE_WIDTH, len(edge)), b"".join(edge))
            for level, edge in enumerate(self._edges)
            if edge
        ]

    def node(self, height: int, index: int) -> bytes:
        """The hash of a complete subtree. Raises `IntegrityError` if its tile is missing or no tile."""
        level, rest = divmod(height, TILE_HEIGHT)
        first = index << rest
        number, offset = divmod(first, TILE_WIDTH)
        if number == (self.size >> TILE_HEIGHT * level) // TILE_WIDTH:
            hashes = self._edges[level]
        else:
            hashes = self.read_tile(level, number)
        return subtree_root(hashes[offset : offset + (1 << rest)])

    def read_tile(self, level: int, number: int) -> list[bytes]:
        """The 256 hashes of a full tile on disk. Raises `IntegrityError` if it is missing or no tile."""
        name = tile_name(level, number)
        raw = self._storage.read(name)
        if raw is None or len(raw) != TILE_BYTES:
            msg = f"{name} is {'missing' if raw is None else 'not a whole tile'}"
            raise IntegrityError(msg)
        return [raw[start : start + DIGEST_LEN] for start in range(0, TILE_BYTES, DIGEST_LEN)]

    def _on_node(self, height: int, index: int, node: bytes) -> None:
        level, rest = divmod(height, TILE_HEIGHT)
        if rest:
            return
        while len(self._edges) <= level:
            self._edges.append([])
        edge = self._edges[level]
        edge.append(node)
        if len(edge) == TILE_WIDTH:
            self._full.append((level, index // TILE_WIDTH, b"".join(edge)))
            edge.clear()


def subtree_root(hashes: list[bytes]) -> bytes:
    """The root over a power of two of sibling hashes."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]
