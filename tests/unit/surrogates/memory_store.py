"""An in-memory `SurrogateStore` with the same promises as the real one, and with faults on request."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from strongroom.errors import StoreError
from strongroom.surrogates.store import SurrogateRow


class MemoryStore:
    """Two dictionaries under one lock."""

    def __init__(self) -> None:
        self.rows: dict[tuple[bytes, str], SurrogateRow] = {}
        self.failing = False
        self.calls: list[str] = []
        self._lock = threading.Lock()

    def load(self, scope: bytes, limit: int) -> list[SurrogateRow]:
        self._call("load")
        with self._lock:
            return [row for row in self.rows.values() if row.scope == scope][:limit]

    def find_value(self, scope: bytes, lookup: bytes) -> SurrogateRow | None:
        self._call("find_value")
        with self._lock:
            return self._by_value(scope, lookup)

    def find_surrogate(self, scope: bytes, surrogate: str) -> SurrogateRow | None:
        self._call("find_surrogate")
        return self.rows.get((scope, surrogate))

    def claim(self, rows: Sequence[SurrogateRow]) -> list[SurrogateRow]:
        self._call("claim")
        with self._lock:
            return [self._claim(row) for row in rows]

    def relabel(self, row: SurrogateRow) -> bool:
        self._call("relabel")
        with self._lock:
            now = self.rows.get((row.scope, row.surrogate))
            if now is None or now.lookup != row.lookup:
                return False
            self.rows[row.scope, row.surrogate] = replace(now, sealed=row.sealed, label=row.label)
            return True

    def erase(self, tenant: str, environment: str, subject: str) -> int:
        self._call("erase")
        with self._lock:
            mine = [
                row
                for row in self.rows.values()
                if (row.tenant, row.environment, row.label.subject) == (tenant, environment, subject)
            ]
            for row in mine:
                label = replace(row.label, subject="", source="")
                self.rows[row.scope, row.surrogate] = replace(row, lookup=None, sealed=b"", label=label)
            return len(mine)

    def _claim(self, row: SurrogateRow) -> SurrogateRow:
        standing = self._by_value(row.scope, row.lookup) or self.rows.get((row.scope, row.surrogate))
        if standing is None:
            standing = self.rows[row.scope, row.surrogate] = row
        return standing

    def _by_value(self, scope: bytes, lookup: bytes | None) -> SurrogateRow | None:
        return next((row for row in self.rows.values() if (row.scope, row.lookup) == (scope, lookup)), None)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.failing:
            msg = "the store is down"
            raise StoreError(msg)
