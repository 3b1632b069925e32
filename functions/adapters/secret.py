"""The bearer token, read when it is needed, so that a rotated one is used at once."""

import json

from adapters.aws import secrets_manager
from adapters.settings import settings
from compliance.errors import BadCredentials
from compliance.x_api import XApi


def x_api() -> XApi:
    """X's API with the bearer token from the secret: the token itself, or JSON with a ``bearer_token``.

    Raises BadCredentials when the secret holds neither.
    """
    arn = settings().bearer_token_secret_arn
    text = secrets_manager().get_secret_value(SecretId=arn).get("SecretString", "").strip()
    token = _from_json(text) if text.startswith("{") else text
    if not token or not token.isascii() or any(character.isspace() for character in token):
        raise BadCredentials("The secret holds no bearer token: put the App's one into it.")
    return XApi(settings().x_api_url, token)


def _from_json(text: str) -> str:
    try:
        token = json.loads(text).get("bearer_token")
    except ValueError:
        return ""
    return token if isinstance(token, str) else ""
