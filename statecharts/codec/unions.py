"""Unions, enums and literals: which of several things a JSON value is.

A class is told by its tag: ``{"type": "gates_passed", …}``. JSON itself tells a string
from a number or from null, so these are written as they are. It does not tell two kinds of string
apart, so these are written with a tag around them: ``{"type": "date", "value": "2026-01-31"}``.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, final

from attrs import frozen

from statecharts.codec.errors import Misfit, shown
from statecharts.codec.records import TAG, Record, missing_field
from statecharts.codec.scalars import FINITE, FLOAT, INTEGER
from statecharts.codec.shapes import (
    KINDS,
    Definitions,
    JsonSchema,
    Shape,
    unwritable,
    wrong,
)
from statecharts.model.events import snake_case
from statecharts.model.suggestions import did_you_mean

VALUE: Final = "value"
"""The field beside a tag that holds a value that is not an object."""


def optional_shape(inner: Shape) -> Shape:
    """Return the shape of something or None."""
    if not {object, type(None)}.isdisjoint(inner.classes):
        return inner
    load_inner, dump_inner = inner.load, inner.dump

    def load(value: Any, _: Any = None) -> Any:
        return None if value is None else load_inner(value)

    def dump(value: Any) -> Any:
        return None if value is None else dump_inner(value)

    def dump_told(value: Any) -> Any:
        dumped = dump(value)
        if dumped is None and value is not None:  # as a carrier may write it
            found = f"null for a {value.__class__.__name__} cannot be told from None"
            raise Misfit("SC421", found, "Write it as something else", value)
        return dumped

    def schema(definitions: Definitions) -> JsonSchema:
        return {"anyOf": [inner.schema(definitions), {"type": "null"}]}

    classes = (*inner.classes, type(None))
    text = f"{inner.text} or null"
    kinds = inner.kinds | {"null"}
    if "null" in inner.kinds:
        return Shape(text, load, dump_told, schema, kinds, classes, inner.name)
    write = inner.write
    return Shape(
        *(text, load, dump, schema, kinds, classes, inner.name),
        lambda value: "null" if value is None else write(value),
    )


def union_shape(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of one of several, None apart.

    Raises:
        Misfit: Two of them could not be told apart.
    """
    members = _finite(shapes)
    owners: dict[type, Shape] = {}
    names: dict[str, Shape] = {}
    for shape in members:
        for cls in shape.classes:
            if cls in owners:
                found = f"{owners[cls].name} and {shape.name} in one union are the same to Python"
                raise Misfit("SC422", found, "Keep one of them, or make classes of them", cls)
            owners[cls] = shape
        if shape.name in names:
            found = f"two members of one union have the name {shape.name!r}"
            raise Misfit("SC422", found, "Give them different names", shape.classes[0])
        names[shape.name] = shape
    return _Union(owners, *_sorted_out(members)).shape()


def _finite(shapes: Sequence[Shape]) -> list[Shape]:
    """Let floats have no strings where another member may be a string."""
    texts = any("string" in shape.kinds for shape in shapes if shape is not FLOAT)
    return [FINITE if shape is FLOAT and texts else shape for shape in shapes]


def _sorted_out(members: Sequence[Shape]) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the members that JSON tells apart, by kind, and those that need a tag, by name."""
    plain = [shape for shape in members if not isinstance(shape, Record)]
    counts = Counter(kind for shape in plain for kind in shape.kinds)
    needy = [shape for shape in plain if any(counts[kind] > 1 for kind in shape.kinds)]
    if needy or len(plain) < len(members):  # objects have tags, so that no object can do without
        needy += [s for s in plain if "object" in s.kinds and s not in needy]
    tags = {s.name: s for s in members if isinstance(s, Record) or s in needy}
    bare = {kind: s for s in plain if s not in needy for kind in s.kinds}
    if "number" in bare and "integer" not in bare and INTEGER.name not in tags:
        bare["integer"] = bare["number"]
    return bare, tags


@final
@frozen(eq=False)
class _Union:
    """A union worked out.

    Attributes:
        owners: The member for each class of value.
        bare: The members that are written without a tag, by kind of JSON.
        tags: The members that are written with a tag, by name.
    """

    owners: Mapping[type, Shape]
    bare: Mapping[str, Shape]
    tags: Mapping[str, Shape]

    def shape(self) -> Shape:
        """Return the shape."""
        kinds = set(self.bare) | ({"object"} if self.tags else set())
        classes = tuple(self.owners)
        text = self._text()
        return Shape(text, self.load, self.dump, self.schema, frozenset(kinds), classes, text)

    def load(self, value: Any, _: Any = None) -> Any:
        """Read the member that the tag or the kind of JSON tells."""
        if value.__class__ is dict and self.tags:
            return self._load_tagged(value)
        shape = self.bare.get(KINDS.get(value.__class__, ""))
        if shape is None:
            raise wrong(self._text(), value)
        return shape.load(value)

    def _load_tagged(self, value: dict[str, Any]) -> Any:
        shape = self.tags.get(tag_of(value, self.tags))
        if shape is None:
            raise unknown_type(value, self.tags)
        if isinstance(shape, Record):
            return shape.load_tagged(value)
        if VALUE not in value:
            raise missing_field(VALUE, shape.name, value)
        for key in value:
            if key not in (TAG, VALUE):
                found = f"{shape.name} has no field {key!r}"
                raise Misfit("SC404", found, "Leave it out", value).within(key, value)
        try:
            return shape.load(value[VALUE])
        except Misfit as misfit:
            misfit.within(VALUE, value)
            raise

    def dump(self, value: Any) -> Any:
        """Write the member that the class of the value tells."""
        shape = self.owners.get(value.__class__)
        if shape is None:
            near = (self.owners[cls] for cls in type(value).__mro__ if cls in self.owners)
            shape = next(near, None)
            if shape is None:
                raise unwritable(self._text(), value)
        if shape.name not in self.tags:
            return shape.dump(value)
        if isinstance(shape, Record):
            return shape.dump_tagged(value, shape.name)
        return {TAG: shape.name, VALUE: shape.dump(value)}

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema."""
        bare = {id(shape): shape.schema(definitions) for shape in self.bare.values()}
        choices = list(bare.values())
        for name, shape in self.tags.items():
            if isinstance(shape, Record):
                choices.append(shape.tagged_schema(definitions, name))
            else:
                properties = {TAG: {"const": name}, VALUE: shape.schema(definitions)}
                choices.append(
                    {
                        "type": "object",
                        "properties": properties,
                        "required": [TAG, VALUE],
                        "additionalProperties": False,
                    }
                )
        return {"anyOf": choices}

    def _text(self) -> str:
        names = dict.fromkeys(shape.name for shape in self.owners.values())
        return f"one of {', '.join(names)}"


def tag_of(value: dict[str, Any], known: Iterable[str]) -> str:
    """Return the tag of an object.

    Raises:
        Misfit: It has none, or one that is not a string.
    """
    tag: Any = value.get(TAG)
    if tag.__class__ is str:
        return tag
    if TAG in value:
        found = f"{shown(tag)} is not the name of a type"
        raise Misfit("SC402", found, "Give its name as a string", value).within(TAG, value)
    listed = ", ".join(known)
    raise Misfit("SC403", f"{TAG!r} is missing", f"Give one of {listed}", value).within(TAG, value)


def unknown_type(value: dict[str, Any], known: Iterable[str]) -> Misfit:
    """Return the mistake of a tag that is not known."""
    tag = value[TAG]
    remedy = did_you_mean(tag, known, f"The types: {', '.join(known) or 'there are none'}")
    return Misfit("SC405", f"{shown(tag)} is not a type here", remedy, value).within(TAG, value)


# -- one of certain values -------------------------------------------------------------------------


def literal_shape(values: Sequence[Any]) -> Shape:
    """Return the shape of a `Literal`.

    Raises:
        Misfit: A value is neither one of JSON nor a member of an enum.
    """
    texts = []
    for value in values:
        text = value.value if isinstance(value, enum.Enum) else value
        if text.__class__ not in (str, int, bool, type(None)):
            raise Misfit(
                "SC422", f"the literal {value!r} is not one of JSON", "Use a string", value
            )
        texts.append(text)
    return _choice(
        {(t.__class__, t): v for t, v in zip(texts, values, strict=True)},
        {(v.__class__, v): t for t, v in zip(texts, values, strict=True)},
        "literal",
        tuple(dict.fromkeys(v.__class__ for v in values)),
    )


def enum_shape(cls: type[enum.Enum]) -> Shape:
    """Return the shape of an enum: by value where JSON has all of them, else by name."""
    if issubclass(cls, enum.Flag):
        return _flag_shape(cls)
    members = list(cls)
    plain = all(m.value.__class__ in (str, int) for m in members)
    texts = [m.value if plain else m.name for m in members]
    name = cls.__name__
    return _choice(
        {(t.__class__, t): m for t, m in zip(texts, members, strict=True)},
        {(cls, m): t for t, m in zip(texts, members, strict=True)},
        snake_case(name),
        (cls,),
        f"a {name}",
    )


def _choice(
    loads: dict[tuple[type, Any], Any],
    dumps: dict[tuple[type, Any], Any],
    name: str,
    classes: tuple[type, ...],
    declared: str = "",
) -> Shape:
    choices = [choice for _, choice in loads]
    text = f"one of {', '.join(shown(choice) for choice in choices)}"

    def load(value: Any, _: Any = None) -> Any:
        try:
            return loads[value.__class__, value]
        except (KeyError, TypeError):
            raise wrong(text, value) from None

    def dump(value: Any) -> Any:
        try:
            return dumps[value.__class__, value]
        except (KeyError, TypeError):
            raise unwritable(declared or text, value) from None

    kinds = frozenset(KINDS[cls] for cls, _ in loads)
    return Shape(text, load, dump, lambda _definitions: {"enum": choices}, kinds, classes, name)


def _flag_shape(cls: type[enum.Flag]) -> Shape:
    text = f"the number of a {cls.__name__}"

    def load(value: Any, _: Any = None) -> Any:
        if value.__class__ is int:
            try:
                return cls(value)
            except ValueError:
                pass
        raise wrong(text, value)

    def dump(value: Any) -> int:
        if isinstance(value, cls):
            return int(value.value)
        raise unwritable(f"a {cls.__name__}", value)

    kinds = frozenset({"integer"})
    name = snake_case(cls.__name__)
    return Shape(text, load, dump, lambda _: {"type": "integer"}, kinds, (cls,), name)
