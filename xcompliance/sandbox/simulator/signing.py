"""Google's V4 signed URLs: made by Google's own library, verified from scratch with the public key.

Source: Cloud Storage, "V4 signing process" and "Canonical requests".
"""

import hashlib
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from time import strptime
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.cloud.storage._signing import (  # type: ignore[import-untyped, unused-ignore]
    generate_signed_url_v4,
)
from google.oauth2.service_account import Credentials

from xcompliance.sandbox.simulator import google_answers
from xcompliance.sandbox.simulator.settings import MAX_SIGNED_SECONDS
from xcompliance.sandbox.simulator.wire import Request

_SIGNER = "compliance@simulator.iam.gserviceaccount.com"
_ALGORITHM = "GOOG4-RSA-SHA256"
_NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your Google secret key and signing method."
)
_PARAMETERS = (
    "X-Goog-Algorithm",
    "X-Goog-Credential",
    "X-Goog-Date",
    "X-Goog-Expires",
    "X-Goog-SignedHeaders",
    "X-Goog-Signature",
)


class SignatureError(Exception):
    """A request that its URL does not entitle to; carries Google's answer."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.answer = google_answers.error(status, code, message, **more)


@dataclass(frozen=True)
class _Signature:
    credential: str
    signed_at: float
    date: str
    seconds: int
    headers: tuple[str, ...]
    value: bytes

    @property
    def scope(self) -> str:
        return self.credential.partition("/")[2]


class UrlSigner:
    """A throw-away service account that signs for one storage endpoint and recognizes its signatures."""

    def __init__(self, storage_url: str) -> None:
        self._storage_url = storage_url

    def sign(
        self,
        method: str,
        path: str,
        now: float,
        seconds: int,
        *,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """A URL for ``path``, good for ``seconds`` from ``now``; method RESUMABLE opens an upload session."""
        url = generate_signed_url_v4(
            _throw_away_account()[0],
            path,
            seconds,
            api_access_endpoint=self._storage_url,
            method=method,
            content_type=content_type,
            headers=dict(headers or {}),
            _request_timestamp=datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ"),
        )
        return str(url)

    def verify(self, request: Request, now: float) -> None:
        """Returns when the request is exactly what was signed and the signature is still good.

        Raises SignatureError otherwise.
        """
        signature = _signature(request)
        self._require_headers(request, signature)
        canonical_request = _canonical_request(request, signature)
        string_to_sign = "\n".join((_ALGORITHM, signature.date, signature.scope, _sha256(canonical_request)))
        try:
            if signature.credential != f"{_SIGNER}/{signature.date[:8]}/auto/storage/goog4_request":
                raise InvalidSignature
            _throw_away_account()[1].verify(
                signature.value, string_to_sign.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            raise SignatureError(
                403,
                "SignatureDoesNotMatch",
                "Access denied.",
                Details=_NO_MATCH,
                StringToSign=string_to_sign,
                CanonicalRequest=canonical_request,
            ) from None
        expires_at = signature.signed_at + signature.seconds
        if not signature.signed_at <= now < expires_at:
            expired = f"Request signature expired at: {datetime.fromtimestamp(expires_at, UTC).isoformat()}"
            raise SignatureError(400, "ExpiredToken", "The provided token has expired.", Details=expired)

    @staticmethod
    def _require_headers(request: Request, signature: _Signature) -> None:
        """Every signed header must be sent, and every ``x-goog-`` header that is sent must be signed."""
        missing = [name for name in signature.headers if name not in request.headers]
        unsigned = [name for name in request.headers if name.startswith("x-goog-") and name not in signature.headers]
        if missing:
            raise _malformed_header(missing[0], "Header was included in signedheaders, but not in the request.")
        if unsigned or "host" not in signature.headers:
            raise _malformed_header((*unsigned, "host")[0], "Header must be signed.")


@cache
def _throw_away_account() -> tuple[Credentials, rsa.RSAPublicKey]:
    """One for all simulators of a process: making it takes longer than everything else they do to start."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call, unused-ignore]
        {"client_email": _SIGNER, "private_key": pem.decode(), "token_uri": "http://127.0.0.1/unused"}
    )
    return credentials, key.public_key()


def _signature(request: Request) -> _Signature:
    query = dict(request.query)
    present = [name for name in _PARAMETERS if name in query]
    if not present:
        raise SignatureError(401, "AuthenticationRequired", "Authentication required.")
    if len(present) < len(_PARAMETERS) or len(query) < len(request.query):
        raise _invalid_parameters()
    try:
        if query["X-Goog-Algorithm"] != _ALGORITHM or not 0 < int(query["X-Goog-Expires"]) <= MAX_SIGNED_SECONDS:
            raise ValueError
        return _Signature(
            credential=query["X-Goog-Credential"],
            signed_at=timegm(strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ")),
            date=query["X-Goog-Date"],
            seconds=int(query["X-Goog-Expires"]),
            headers=tuple(query["X-Goog-SignedHeaders"].split(";")),
            value=bytes.fromhex(query["X-Goog-Signature"]),
        )
    except ValueError:
        raise _invalid_parameters() from None


def _canonical_request(request: Request, signature: _Signature) -> str:
    """What was signed. A URL for a GET is good for a HEAD too."""
    pairs = sorted(
        f"{quote(name, safe='~')}={quote(value, safe='~')}"
        for name, value in request.query
        if name != "X-Goog-Signature"
    )
    headers = [f"{name}:{' '.join(request.headers[name].split())}\n" for name in signature.headers]
    return "\n".join(
        (
            "GET" if request.method == "HEAD" else request.method,
            urlsplit(request.target).path,
            "&".join(pairs),
            "".join(headers),
            ";".join(signature.headers),
            request.headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
        )
    )


def _malformed_header(name: str, details: str) -> SignatureError:
    return SignatureError(
        400,
        "MalformedSecurityHeader",
        "Your request has a malformed header.",
        ParameterName=name,
        Details=details,
    )


def _invalid_parameters() -> SignatureError:
    return SignatureError(400, "AuthorizationQueryParametersError", "Invalid query parameters.")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
