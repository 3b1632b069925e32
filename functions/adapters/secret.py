"""The bearer token, read when it is needed, so that a rotated one is used at once."""

from adapters.aws import secrets_manager
from adapters.settings import settings
from compliance.bearer_token import read_token
from compliance.x_api import XApi


def x_api() -> XApi:
    """X's API with the bearer token from the secret; raises BadCredentials when that holds none."""
    arn = settings().bearer_token_secret_arn
    secret = secrets_manager().get_secret_value(SecretId=arn).get("SecretString", "")
    return XApi(settings().x_api_url, read_token(secret))
