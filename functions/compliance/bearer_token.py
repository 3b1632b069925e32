"""X's bearer token, as it stands in the secret."""

import json

from compliance.errors import BadCredentials


def read_token(secret: str) -> str:
    """The token itself, or the ``bearer_token`` of JSON; raises BadCredentials when the secret holds neither."""
    text = secret.strip()
    token = _from_json(text) if text.startswith("{") else text
    if not token or not token.isascii() or any(character.isspace() for character in token):
        raise BadCredentials("The secret holds no bearer token: put the App's one into it.")
    return token


def _from_json(text: str) -> str:
    try:
        token = json.loads(text).get("bearer_token")
    except ValueError:
        return ""
    return token if isinstance(token, str) else ""
