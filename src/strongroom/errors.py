"""The one error tree: every failure Strongroom reports on purpose has a class here.

Theory: a caller must be able to tell four things apart without reading text: the caller was wrong,
the data is hostile or damaged, a backend is down, or the answer is "no". Bugs are not in this tree.

Must never: carry a protected value, a key or a passphrase in a message, an argument or a `repr`.
`DecryptionError` is the same object to every outsider, whatever went wrong; the precise reason is
reachable only as `.reason`, which the operator's log reads and no surface prints.
"""

from __future__ import annotations

from typing import ClassVar


class StrongroomError(Exception):
    """Root of the tree. `code` is stable and public; `hint` is the next step for a person."""

    code: ClassVar[str] = "strongroom"
    hint: ClassVar[str] = ""

    def diagnostics(self) -> str:
        """What a person should read: the message, then the next step when there is one."""
        return f"{self}\n{self.hint}" if self.hint else str(self)


# --- the caller or the operator configured something wrong ---------------------------------------


class ConfigurationError(StrongroomError):
    """A setting, flag or declaration is missing or contradictory."""

    code = "configuration"


class InvalidNameError(ConfigurationError):
    """A principal, tenant, environment, category or subject name breaks the naming rule."""

    code = "invalid_name"
    hint = "Names are 1 to 64 of a-z 0-9 . _ - and start with a letter or digit."


class PolicyInvalidError(ConfigurationError):
    """A policy, its schema or the catalogue does not parse or validate; the last good one stays."""

    code = "policy_invalid"
    hint = "Nothing was loaded; the policy that was in force still is."


class ExtraMissingError(ConfigurationError):
    """A feature needs an optional dependency that is not installed."""

    code = "extra_missing"


class ModelRefusedError(ConfigurationError):
    """A model of the operator's own cannot be used: its own class because without it text goes uninspected.

    The directory is missing or incomplete, is not what its kind promises, or has a label nobody mapped.
    """

    code = "model_refused"
    hint = "Nothing was loaded. See docs/howto/use-your-own-model.md for what each kind of model needs."


class BackupMismatchError(ConfigurationError):
    """No backup fits what was asked for: there is none, the keys are older, or two stores were mixed up."""

    code = "backup_mismatch"
    hint = "strongroom backup list DIRECTORY shows what there is; keys must be as new as the data, or newer."


class InputError(StrongroomError):
    """A file or directory given as input cannot be used; it is the caller's data that is wrong, no setting."""

    code = "input"
    hint = "Input is a directory of SQLite, CSV, JSON Lines or text files, in UTF-8."


# --- the root and the store -----------------------------------------------------------------------


class RootError(StrongroomError):
    """The root key could not be obtained from an unseal path."""

    code = "root"


class RootMissingError(RootError):
    """No keyfile (or other unseal path) was found where it was expected."""

    code = "root_missing"
    hint = "Put the keyfile back, name it or another path (--keyfile, --root), or use the recovery share."


class WrongPassphraseError(RootError):
    """The passphrase, or the recovery share, does not open this root."""

    code = "wrong_passphrase"
    hint = "Check for typing errors; the recovery share was printed once, on the first run."


class ForeignRootError(RootError):
    """The unseal path belongs to another store."""

    code = "foreign_root"
    hint = "This keyfile was made for another store: check --home and --keyfile."


class TokenMissingError(RootError):
    """The hardware module, its token, the TPM or the keyring that keeps this unseal path is not there."""

    code = "token_missing"
    hint = "Check that the device is plugged in and its driver running, or unseal by another path."


class WrongPinError(RootError):
    """The token refuses the PIN; its own class because every further try may bring it nearer to locking."""

    code = "wrong_pin"
    hint = "Do not guess: a token locks after a few wrong PINs. Another unseal path still opens the store."


class RootKeyGoneError(RootError):
    """The token is there, but the key that wrapped this root is not in it, or may not be used any more."""

    code = "root_key_gone"
    hint = "Unseal by another path, then: strongroom unseal add URI"


class PcrMismatchError(RootError):
    """The machine did not boot into the state this root was sealed to; the message names the registers."""

    code = "pcr_mismatch"
    hint = "After a wanted update, unseal by another path and add this one again; else find out what changed."


class ShareError(RootError):
    """A share is missing, mistyped, given twice or from another set; the message says which one."""

    code = "share"
    hint = "Shares are typed in any order; each says its number, its set and how many are needed."


class StoreError(StrongroomError):
    """The store could not be read or written."""

    code = "store"


class RootRotatedError(RootError, StoreError):
    """Another process gave the store a new root; what this process holds opens nothing any more."""

    code = "root_rotated"
    hint = "Start this process again, by one of the store's present unseal paths."


class KmsError(RootError):
    """A key management service refused, or answered something that cannot be used. Nothing is unsealed."""

    code = "kms"
    hint = "Nothing was opened. Another unseal path still opens the store: --root recovery: or the setting root."


class KmsUnavailableError(KmsError):
    """The key service did not answer, or asked to be left alone, through every bounded retry."""

    code = "kms_unavailable"
    hint = "Try again later, or unseal by another path: --root recovery: or the setting root."


class KmsAccessDeniedError(KmsError):
    """The key service does not know this identity, or does not let it use the key."""

    code = "kms_access_denied"
    hint = "Check whose credentials this process runs with, and that they may encrypt and decrypt with the key."


class KmsKeyNotFoundError(KmsError):
    """The key service has no such key (or no longer the version that is needed) at this place."""

    code = "kms_key_not_found"
    hint = "Check the key's name, and the region, project or address it was made in."


class KmsDisabledError(KmsError):
    """The key service has the key but it is switched off."""

    code = "kms_disabled"
    hint = "If that was not meant as a stop, have the key's owner switch it on again."


class KmsPendingDestructionError(KmsError):
    """The key is scheduled for destruction: its own class because there is a last day to undo it."""

    code = "kms_pending_destruction"
    hint = "Cancel the deletion at the key service now, or add another unseal path before the key is gone."


class KmsContextMismatchError(KmsError):
    """What the key service was given, or gave back, does not belong to this store."""

    code = "kms_context_mismatch"
    hint = "The wrap was made for another store or by another key, or was altered: check --home and the key."


class StoreVersionError(StoreError):
    """The store was written by a newer Strongroom."""

    code = "store_version"
    hint = "Upgrade Strongroom; an older program never writes to a newer store."


class StoreLockedError(StoreError):
    """Another process holds the store longer than the busy timeout."""

    code = "store_locked"
    hint = "Another process is writing; try again, or stop it."


class StoreFullError(StoreError):
    """The disk is full; nothing was half-written."""

    code = "store_full"
    hint = "Free some space and repeat the command; what was committed before is intact."


class StoreDamagedError(StoreError):
    """The store's file is not a Strongroom store, or is damaged: its own class because only a backup helps."""

    code = "store_damaged"
    hint = "Check --home; restore the file from a backup, it was left as it is."


class StoreTamperedError(StoreError):
    """A row does not carry the authenticator it was written with."""

    code = "store_tampered"
    hint = "Somebody edited the store outside Strongroom: restore it and read the audit log."


# --- keys -----------------------------------------------------------------------------------------


class KeyAccessError(StrongroomError):
    """A key exists in a state in which the wanted operation is refused, or does not exist."""

    code = "key"


class KeyNotFoundError(KeyAccessError):
    """No such key or key version."""

    code = "key_not_found"


class KeyStateError(KeyAccessError):
    """The key version's state refuses this operation (disabled, destroyed, compromised ...)."""

    code = "key_state"


class KeyDestroyedError(KeyStateError):
    """The key version was destroyed: what it sealed cannot be opened by anybody, ever again."""

    code = "key_destroyed"


class KeyInUseError(KeyAccessError):
    """A key version that should end is still needed: its own class because the answer is to wait or to rewrap."""

    code = "key_in_use"
    hint = "See who with: strongroom keys usage PATH; seal its data anew with: strongroom keys rewrap PATH"


class KeyLeaseError(KeyAccessError):
    """This process could not renew its lease on the keys in time, so it may not know of a revocation."""

    code = "key_lease"
    hint = "The shared store is out of reach; keys are refused until it answers."


class IllegalTransitionError(KeyAccessError):
    """The key state machine has no such transition."""

    code = "illegal_transition"


# --- hostile or damaged data ----------------------------------------------------------------------


class FormatError(StrongroomError):
    """Foreign bytes do not have the form their marker promises. The message names field and offset."""

    code = "format"


class DecryptionError(StrongroomError):
    """Sealed data did not open. One opaque message for outsiders, whatever the cause.

    `reason` is for the operator's log only: a short constant such as ``"commitment"`` or ``"key_state"``.
    """

    code = "decryption"

    def __init__(self, reason: str = "unspecified") -> None:
        super().__init__("cannot open the sealed data")
        self.reason = reason


class IntegrityError(StrongroomError):
    """A log, chain or manifest does not verify. The message says where."""

    code = "integrity"


class ModelChangedError(IntegrityError):
    """A model's directory is not the one whose digest is in the settings; nothing of it was loaded."""

    code = "model_changed"
    hint = "If you changed it yourself, look at it, then pin it anew: strongroom classify pin DIRECTORY"


# --- the answer is no -----------------------------------------------------------------------------


class AccessDeniedError(StrongroomError):
    """Policy refused. `policies` holds the ids that decided, `nearest` the explanation of the near miss."""

    code = "access_denied"

    def __init__(self, message: str, *, policies: tuple[str, ...] = (), nearest: str = "") -> None:
        super().__init__(message)
        self.policies = policies
        self.nearest = nearest

    def diagnostics(self) -> str:
        """The refusal, with the near miss spelled out."""
        return f"{self}\n{self.nearest}" if self.nearest else str(self)


class PermitError(StrongroomError):
    """A permit is missing, forged, expired or made for something else. Always a bug or an attack."""

    code = "permit"


class CredentialError(StrongroomError):
    """A credential is unknown, expired or revoked."""

    code = "credential"
    hint = "Issue one with: strongroom credential issue NAME"


class UnknownSurrogateError(StrongroomError):
    """A well-formed surrogate was never issued in this scope."""

    code = "unknown_surrogate"


class LimitExceededError(StrongroomError):
    """An input is larger, deeper or more numerous than a named limit."""

    code = "limit"


class NotInspectedError(LimitExceededError):
    """A text could not be inspected, so it goes nowhere: it is too long, binary or encoded too many times."""

    code = "not_inspected"
    hint = "What is looked into and what is not: docs/reference/disguises.md. Monitor mode reports instead."


class RequestRefusedError(StrongroomError):
    """A request cannot be inspected completely, so it is not forwarded (unknown endpoint or field ...)."""

    code = "request_refused"


# --- a backend is down ----------------------------------------------------------------------------


class AuditUnavailableError(StrongroomError):
    """The audit sink cannot take an entry, so nothing is opened."""

    code = "audit_unavailable"
    hint = "Without a durable audit sink Strongroom does not serve: check the disk under --home."


class CountersUnavailableError(StrongroomError):
    """The shared counters of rate limits and budgets do not answer: its own class because only counting stops."""

    code = "counters_unavailable"
    hint = 'Check the server under [counters]; outage = "local" counts in each process until it is back.'


class WorkersFailedError(StrongroomError):
    """The processes that share a port keep ending; starting them again would go on for ever."""

    code = "workers_failed"
    hint = "Each said above why it ended; the system's log tells of those that were killed."


class UpstreamError(StrongroomError):
    """The upstream could not be reached or answered garbage."""

    code = "upstream"


class UpstreamUnreachableError(UpstreamError):
    """No connection to the upstream came about, so nothing was sent: its own class as asking again is safe."""

    code = "upstream_unreachable"


class UpstreamTimeoutError(UpstreamError):
    """The upstream did not answer in time; a surface reports it as a gateway timeout, not a bad gateway."""

    code = "upstream_timeout"
