"""A bundle in a file that may be edited while the service runs.

Must never: put a bundle in force that does not validate; the last good one stays, and the error says so.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from strongroom.clock import Clock, SystemClock
from strongroom.errors import PolicyInvalidError
from strongroom.policy.engine import Policy

CHECK_INTERVAL_S = 1.0
"""How long an edit may go unnoticed; looking at a file's date costs more than most decisions."""

_Stamp = tuple[int, int, int]
_GONE: _Stamp = (0, 0, 0)


class PolicyFile:
    """The bundle at `path`, read again when the file changes. Safe under threads.

    `error` is why the file's present content is not in force, or None. Raises `PolicyInvalidError` when the first
    reading fails: there is no last good bundle then.
    """

    def __init__(self, path: Path | str, *, clock: Clock | None = None) -> None:
        self._path = Path(path)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self.error: PolicyInvalidError | None = None
        self._stamp, self._policy = self._read()
        self._checked_at = self._clock.monotonic()

    def current(self) -> Policy:
        """The last bundle that validated. At most every `CHECK_INTERVAL_S` it looks whether the file changed."""
        if self._clock.monotonic() - self._checked_at >= CHECK_INTERVAL_S:
            self._look()
        return self._policy

    def reload(self) -> Policy:
        """Read the file now. Raises `PolicyInvalidError`; the bundle in force then stays in force."""
        with self._lock:
            self._reload()
        return self._policy

    def _look(self) -> None:
        with self._lock:
            if self._clock.monotonic() - self._checked_at < CHECK_INTERVAL_S:
                return  # another thread was faster
            self._checked_at = self._clock.monotonic()
            if self._stamp_now() != self._stamp:
                # A bundle that does not load is reported as `error`; the service goes on with the last good one.
                with suppress(PolicyInvalidError):
                    self._reload()

    def _reload(self) -> None:
        self._stamp = self._stamp_now()
        try:
            self._stamp, self._policy = self._read()
        except PolicyInvalidError as error:
            self.error = error
            raise
        self.error = None

    def _read(self) -> tuple[_Stamp, Policy]:
        stamp = self._stamp_now()  # before reading: an edit in between is then seen the next time
        try:
            text = self._path.read_text(encoding="utf-8")
        except OSError as error:
            msg = f"{self._path}: the policy cannot be read ({error.strerror})"
            raise PolicyInvalidError(msg) from error
        except UnicodeDecodeError as error:
            msg = f"{self._path}: the policy is not UTF-8 (byte {error.start})"
            raise PolicyInvalidError(msg) from error
        return stamp, Policy.load(text, source=str(self._path))

    def _stamp_now(self) -> _Stamp:
        try:
            status = self._path.stat()
        except OSError:
            return _GONE
        return status.st_mtime_ns, status.st_size, status.st_ino
