"""The AWS Encryption SDK with a raw AES keyring, key commitment, no signature: the nearest in what it promises."""

from __future__ import annotations

import time
from typing import Any

import aws_encryption_sdk
from answer import answer
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import AesWrappingAlg, CreateRawAesKeyringInput
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.identifiers import Algorithm

CONTEXT = {"tenant": "acme", "category": "health", "object": "ticket/4711"}
CLIENT = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
KEYRING = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig()).create_raw_aes_keyring(
    input=CreateRawAesKeyringInput(
        key_namespace="bench",
        key_name="bench",
        wrapping_key=bytes(range(32)),
        wrapping_alg=AesWrappingAlg.ALG_AES256_GCM_IV12_TAG16,
    )
)


def sealed(length: int) -> bytes:
    ciphertext, _ = CLIENT.encrypt(
        source=bytes(length),
        keyring=KEYRING,
        encryption_context=CONTEXT,
        algorithm=Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
    )
    return ciphertext


def mean(call: Any, calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls


def seal(length: int, calls: int) -> float:
    return mean(lambda: sealed(length), calls)


def open_(length: int, calls: int) -> float:
    ciphertext = sealed(length)
    return mean(lambda: CLIENT.decrypt(source=ciphertext, keyring=KEYRING, encryption_context=CONTEXT), calls)


def overhead(length: int) -> float:
    return float(len(sealed(length)) - length)


answer(
    {"seal": seal, "open": open_, "overhead": overhead},
    "aws-encryption-sdk",
    "aws-cryptographic-material-providers",
)
