"""What AWS's refusals mean, and what to do about them, in a sentence."""

from boto3.exceptions import Boto3Error
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

AwsError = (BotoCoreError, Boto3Error, ClientError)
"""All that AWS's library raises."""

_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN = (
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403")
_THROTTLED = (
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)

_SIGNED_OUT = (exceptions.SSOError, exceptions.LoginError, exceptions.TokenRetrievalError, exceptions.NoAuthTokenError)
_NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
)
_UNREACHABLE = (exceptions.ConnectionError, exceptions.HTTPClientError)


def sentence(error: Exception) -> str:
    """One line about an error of AWS's library: what is wrong, what to do, and what AWS says."""
    said, meaning = words_of(error), meaning_of(error)
    return f"{meaning} ({said})" if meaning else said


def meaning_of(error: Exception) -> str | None:
    """What is wrong, and what to do; None for what only AWS's own words explain."""
    known = _cause(error)
    return _of_answer(known) if isinstance(known, ClientError) else _of_library(known)


def words_of(error: Exception) -> str:
    """What AWS or its library says, in a line."""
    known = _cause(error)
    return " ".join(str(known).split()) or type(known).__name__


def is_denied(error: Exception) -> bool:
    """Whether AWS knows who asks, and does not let them."""
    return isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _DENIED


def _of_answer(error: ClientError) -> str | None:
    code = error.response.get("Error", {}).get("Code", "")
    if code in _EXPIRED:
        return "The AWS credentials have expired: sign in again."
    if code in _UNKNOWN:
        return "AWS does not take these credentials: look at the access key, the profile and this machine's clock."
    if code in _DENIED:
        return f"These AWS credentials may not call {error.operation_name}: ask who manages the account for it."
    if code in _THROTTLED:
        return "AWS is throttling: try again in a minute."
    return None


def _of_library(error: Exception) -> str | None:
    if isinstance(error, exceptions.NoRegionError):
        return "No AWS region is set: set AWS_REGION."
    if isinstance(error, exceptions.ProfileNotFound):
        return "There is no such AWS profile: look at AWS_PROFILE."
    if isinstance(error, _SIGNED_OUT):
        return "You are not signed in at AWS, or no longer: sign in again."
    if isinstance(error, _NO_CREDENTIALS):
        return "There are no AWS credentials: sign in, set AWS_PROFILE, or start a sandbox with: xcompliance sandbox up"
    if isinstance(error, _UNREACHABLE):
        return "AWS cannot be reached: look at the network, the proxy and the region."
    return None


def _cause(error: Exception) -> Exception:
    cause = error.__context__ if isinstance(error, Boto3Error) else None  # an upload wraps its reason in a text
    return cause if isinstance(cause, BotoCoreError | ClientError) else error
