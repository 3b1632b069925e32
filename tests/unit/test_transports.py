"""Bytes and tokens go to X and to Google, and to nobody whose name looks like theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import ProtocolViolation
from compliance.transports import TransferHosts

HOSTS = TransferHosts(("https://api.x.com", "https://api.twitter.com"), "https://storage.googleapis.com")
SAME = TransferHosts(("https://127.0.0.1:8443",), "https://127.0.0.1:8443")
HOSTED = "/2/compliance/jobs/123/upload?token=SECRET"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.x.com" + HOSTED,
        "https://api.x.com:443" + HOSTED,
        "https://API.X.COM" + HOSTED,
        "HTTPS://api.x.com" + HOSTED,
        "https://api.twitter.com" + HOSTED,
    ],
)
def test_xs_own_host_is_x(url: str) -> None:
    assert HOSTS.of(url) == "x"


@pytest.mark.parametrize(
    "url",
    ["https://storage.googleapis.com/bucket/object?X-Goog-Signature=SECRET", "https://storage.googleapis.com:443/o"],
)
def test_googles_host_is_google(url: str) -> None:
    assert HOSTS.of(url) == "google"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.com" + HOSTED,
        "http://api.x.com" + HOSTED,
        "http://storage.googleapis.com/o",
        "https://api.x.com:8443" + HOSTED,
        "https://api.x.com.evil.com" + HOSTED,
        "https://api-x.com" + HOSTED,
        "http://api.twitter.com" + HOSTED,
        "https://api.twitter.com.evil.com" + HOSTED,
        "https://upload.twitter.com" + HOSTED,
        "https://twitter.com" + HOSTED,
        "https://xapi.x.com" + HOSTED,
        "https://x.com" + HOSTED,
        "https://api.x.com." + HOSTED,
        "https://evil.com/https://api.x.com" + HOSTED,
        "https://evil.com#@api.x.com" + HOSTED,
        "https://evil.com?@api.x.com" + HOSTED,
        "https://api.x.com@evil.com" + HOSTED,
        "https://user:SECRET@api.x.com" + HOSTED,
        "https://@api.x.com" + HOSTED,
        "https://api.x.com\\@evil.com" + HOSTED,
        "https://api.x.com\\.evil.com" + HOSTED,
        "https://api.x.com%2eevil.com" + HOSTED,
        "https://\u0430pi.x.com" + HOSTED,
        "https://bucket.storage.googleapis.com/o",
        "https://storage.googleapis.com.evil.com/o",
        "https://storage-googleapis.com/o",
        "//api.x.com" + HOSTED,
        "https:api.x.com" + HOSTED,
        "ftp://api.x.com" + HOSTED,
        "file:///etc/passwd",
        "https://api.x.com:99999" + HOSTED,
        "https://api.x.com:port" + HOSTED,
        "https://[api.x.com" + HOSTED,
        "https://169.254.169.254/latest/meta-data",
        "",
        "upload",
    ],
)
def test_any_other_origin_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ProtocolViolation) as refused:
        HOSTS.of(url)
    assert "SECRET" not in str(refused.value)
    assert "evil" not in str(refused.value)


@given(st.text(max_size=40))
def test_nothing_but_the_two_origins_passes(text: str) -> None:
    for url in (text, "https://" + text, f"https://{text}.x.com/", f"https://api.x.com{text}"):
        try:
            host = HOSTS.of(url)
        except ProtocolViolation:
            continue
        assert host == "x"
        assert url.lower().startswith("https://api.x.com")
        assert url[len("https://api.x.com") :].strip("\t\r\n")[:1] in ("", "/", "?", "#", ":")


def test_two_services_behind_one_origin_are_told_apart_by_xs_documented_path() -> None:
    assert SAME.of("https://127.0.0.1:8443" + HOSTED) == "x"
    assert SAME.of("https://127.0.0.1:8443/bucket/object?X-Goog-Signature=SECRET") == "google"
    with pytest.raises(ProtocolViolation):
        SAME.of("https://127.0.0.1:8444" + HOSTED)


def test_with_two_origins_the_path_decides_nothing() -> None:
    assert HOSTS.of("https://storage.googleapis.com" + HOSTED) == "google"
    assert HOSTS.of("https://api.x.com/bucket/object") == "x"
