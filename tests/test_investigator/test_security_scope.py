"""Scopes: lists of names, and nothing that stands for more than it says."""

from __future__ import annotations

import pickle

import pytest

from machines.investigation.scope import place
from machines.investigator.security import Scope


def test_scope_lists_names_in_one_order() -> None:
    """Equal scopes are equal, however they were written down."""
    one = Scope("u", "t", tools={"b", "a"}, tables=["y", "x", "y"])
    assert one == Scope("u", "t", tools=["a", "b"], tables=("x", "y"))
    assert one.tables == ("x", "y")
    assert hash(one) == hash(pickle.loads(pickle.dumps(one)))


@pytest.mark.parametrize("name", ["*", "sales.*", "", " ", ".", "a\nb", "a\0b"])
def test_scope_refuses_what_names_no_table(name: str) -> None:
    """A star would name everything, and a blank nothing."""
    with pytest.raises(ValueError, match="tables of a scope must be listed one by one"):
        Scope("u", "t", tables=[name])


@pytest.mark.parametrize("names", ["orders", [1], [b"orders"]])
def test_scope_refuses_what_is_no_list_of_names(names: object) -> None:
    """One text would be a list of its letters."""
    with pytest.raises(TypeError, match="a scope takes"):
        Scope("u", "t", tables=names)  # type: ignore[arg-type]


@pytest.mark.parametrize("user", ["", "a\nb", None])
def test_scope_is_for_somebody(user: object) -> None:
    """Nothing is done for nobody."""
    with pytest.raises(ValueError, match="user_id of a scope must be printable"):
        Scope(user, "t")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tenant_id of a scope must be printable"):
        Scope("u", user)  # type: ignore[arg-type]


def test_place_folds_ascii_alone() -> None:
    """SQLite takes no notice of the case of ASCII letters, and of those alone."""
    assert place("ÄBC", "sqlite") == ("main", "Äbc")
    assert place("ÄBC", "postgres") == ("public", "ÄBC")
