"""The machine that a benchmark runs on: its processor, and what signing and verifying cost on it.

    python -m tests.bench.machine KEY CERTIFICATE SECONDS     prints CPU µs of one sign and one verify

As a program of its own it runs under the same environment and on the same core as the server beside it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

MASK = {"OPENSSL_ia32cap": ":~0x200000"}
"""Environment that keeps OpenSSL from using the IFMA instructions (AVX-512), which other processors lack."""

_DATA = bytes(range(256)) * 6  # as long as a canonical SignedInfo
_BATCH = 25


def cpu_model() -> str:
    """The processor's name."""
    return next(iter(_cpuinfo("model name")), "unknown")


def has_ifma() -> bool:
    """Whether it has the instructions that make RSA-2048 about twice as cheap."""
    return "avx512ifma" in next(iter(_cpuinfo("flags")), "").split()


def _cpuinfo(name: str) -> list[str]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return [line.partition(":")[2].strip() for line in lines if line.partition("\t")[0] == name]


def environment(*, masked: bool) -> dict[str, str]:
    """This process's environment for a child, with IFMA masked or not."""
    return {**os.environ, **(MASK if masked else {})}


def pinned(cores: Iterable[int]) -> Callable[[], None]:
    """What a child does first, to run on these cores only."""
    chosen = set(cores)
    return lambda: os.sched_setaffinity(0, chosen)


def arithmetic_us(
    key: Path, certificate: Path, *, cores: Sequence[int], masked: bool, seconds: float
) -> list[float]:
    """CPU µs of one signature and one verification, measured on each of the cores at the same time."""
    command = [sys.executable, "-m", "tests.bench.machine", str(key), str(certificate), str(seconds)]
    children = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            env=environment(masked=masked),
            preexec_fn=pinned([core]),  # noqa: PLW1509 - this process has no threads
        )
        for core in cores
    ]
    return [float(child.communicate()[0]) for child in children]


def main() -> None:
    """Alternate signing and verifying; the median over batches of 25."""
    key = load_pem_private_key(Path(sys.argv[1]).read_bytes(), password=None)
    public = x509.load_pem_x509_certificate(Path(sys.argv[2]).read_bytes()).public_key()
    found: list[float] = []
    stop = time.monotonic() + float(sys.argv[3])
    while time.monotonic() < stop or not found:
        begin = time.thread_time_ns()
        for _ in range(_BATCH):
            if isinstance(key, rsa.RSAPrivateKey) and isinstance(public, rsa.RSAPublicKey):
                value = key.sign(_DATA, padding.PKCS1v15(), hashes.SHA256())
                public.verify(value, _DATA, padding.PKCS1v15(), hashes.SHA256())
            elif isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(
                public, ec.EllipticCurvePublicKey
            ):
                value = key.sign(_DATA, ec.ECDSA(hashes.SHA256()))
                public.verify(value, _DATA, ec.ECDSA(hashes.SHA256()))
            else:
                raise SystemExit("a key of another kind")
        found.append((time.thread_time_ns() - begin) / _BATCH / 1000)
    sys.stdout.write(f"{statistics.median(found):.2f}\n")


if __name__ == "__main__":
    main()
