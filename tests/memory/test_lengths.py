"""Lengths of time: the same texts wherever one is an argument, and a remedy that fits it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.memories import ENCODER

from sensorium.errors import QueryError, RecordError
from sensorium.memory import Memory
from sensorium.memory.lengths import EXAMPLES, parse_span

DAY = timedelta(days=1)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_a_remedy_advises_is_taken(name: str) -> None:
    """And nothing that drops memories is advised to drop those of minutes ago."""
    with pytest.raises(QueryError) as raised:
        parse_span("banana", name=name)
    assert raised.value.remedy == f'write {name}="{EXAMPLES[name]}"'
    length = parse_span(EXAMPLES[name], name=name)
    assert (length >= 30 * DAY) == (name in {"older_than", "ttl"})


def test_every_age_is_written_alike() -> None:
    """To digest, to forget and to expire: as text or as a timedelta, and what is neither is not."""
    with Memory.open(":memory:", owner="rex", encoder=ENCODER) as memory:
        for age in ("1 d", "1d", "24 hours", DAY):
            kept = memory.remember(text=f"sea {age}", ttl=age).id
            expires = memory.get(kept).expires_at
            assert expires is not None
            assert abs(expires - memory.get(kept).at - DAY) < timedelta(minutes=1)
            assert memory.forget(older_than=age) == 0
        assert memory.forget(older_than=timedelta()) == 4
        for wrong in ("banana", "-1 d", "0 s", -DAY, 5):
            with pytest.raises(QueryError, match=r'write older_than="90d"'):
                memory.forget(older_than=wrong)  # type: ignore[arg-type]  # what is tested
            with pytest.raises(QueryError, match=r'write older_than="90d"'):
                memory.digest(older_than=wrong)  # type: ignore[arg-type]  # as above
            with pytest.raises(RecordError, match=r'write ttl="30d"'):
                memory.remember(text="sea", ttl=wrong)  # type: ignore[arg-type]  # as above
