"""One request from this machine, by way of its proxy if it has one; a function of the deployment knows none."""

from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError

from compliance.wire import Request, Response, WireError

_TIMEOUT: Final = urllib3.Timeout(connect=10, read=30)


def send(request: Request) -> Response:
    """Sends a request without a body, follows no redirect, retries nothing; raises WireError."""
    with _pool(request.url) as pool:
        try:
            answer = pool.request(
                request.method, request.url, headers=dict(request.headers), redirect=False, timeout=_TIMEOUT
            )
        except (HTTPError, OSError) as error:
            raise WireError(type(error).__name__) from None
    return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)


def _pool(url: str) -> urllib3.PoolManager:
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    host = parts.hostname or ""
    if proxy is None or host in ("127.0.0.1", "localhost") or proxy_bypass(host):
        return urllib3.PoolManager(retries=False)
    return urllib3.ProxyManager(proxy, retries=False)
