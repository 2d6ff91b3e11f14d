"""A URL is shown without the credentials in it, wherever it is shown."""

from __future__ import annotations

import pytest

from sensorium.errors import SourceRefusedError
from sensorium.percepts import Image
from sensorium.percepts.locations import redacted, without_credentials

SHOWN = {
    "http://rex:hunter2@host/media": "http://host/media",
    "http://http://rex:hunter2@host/media": "http://host/media",
    "https://account.blob.example/media?sv=1&sig=hunter2": "https://account.blob.example/media",
    "s3://key:hunter2/+x@bucket/media": "s3://bucket/media",
    "simplecache::s3://key:hunter2@bucket/media": "simplecache::s3://bucket/media",
    "memory://rex:hunter2@x": "memory://x",
    "rex:hunter2@host:6333": "host:6333",
    "ftp://rex:hunt@er2@host": "ftp://host",
    "https://host/media?sig=a@hunter2": "https://***",
    "http://rex:hunter2?@host": "http://***",
    "http://host#hunter2": "http://host",
    "s3://bucket/media": "s3://bucket/media",
    "localhost": "localhost",
    "": "",
}


@pytest.mark.parametrize(("url", "shown"), SHOWN.items())
def test_credentials_are_never_shown(url: str, shown: str) -> None:
    """Neither a password nor a signature; what remains says which place is meant."""
    assert without_credentials(url) == shown
    assert "hunter2" not in without_credentials(url)
    assert "hunter2" not in redacted(f"cannot reach {url}", url)


def test_other_words_of_a_message_stay() -> None:
    """And the password is hidden alone, and as it is escaped in a URL."""
    url = "http://rex:p%40ss@host/media"
    assert redacted("403 for rex with p@ss, or p%40ss", url) == "403 for rex with ***, or ***"
    assert redacted("503 Slow Down", "s3://bucket/media") == "503 Slow Down"


def test_a_url_as_content_is_refused_without_its_password() -> None:
    """The error names the URL."""
    with pytest.raises(SourceRefusedError, match="http://host/dog") as caught:
        Image("http://rex:hunter2@host/dog.png?sig=hunter2")
    assert "hunter2" not in str(caught.value)
