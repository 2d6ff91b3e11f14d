"""Random operators of one field, as in the filters of other vector stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st


def operators_of(operands: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return dictionaries of one or two operators, alone or within $not, $and and $or.

    Args:
        operands: What each operator may have behind it.
    """
    single = st.one_of([st.fixed_dictionaries({name: one}) for name, one in operands.items()])
    simple = single | st.tuples(single, single).map(lambda two: {**two[0], **two[1]})
    return st.recursive(
        simple,
        lambda inner: (
            st.fixed_dictionaries({"$not": inner})
            | st.dictionaries(
                st.sampled_from(["$and", "$or"]),
                st.lists(inner, min_size=1, max_size=2),
                min_size=1,
            )
        ),
        max_leaves=3,
    )
