"""Records: attrs classes and data classes as JSON objects.

cattrs writes the functions that take an instance apart and put it together again, each when it is
first needed; they are as quick as what one would write by hand. What a failure was, and where, is
worked out only once there is one.

A class whose ``__init__`` does more than keep what it is given is put together without it, so that
what comes back is what was written: converters do not convert twice.
"""

from __future__ import annotations

import copy
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Never, final

import attrs
from cattrs import Converter
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import (
    make_dict_structure_fn,
    make_dict_structure_fn_from_attrs,
    make_dict_unstructure_fn,
    make_dict_unstructure_fn_from_attrs,
    override,
)

from statecharts.codec.errors import Misfit, reason, shown
from statecharts.codec.fields import (
    Member,
    finishing,
    is_record,
    keeps_what_it_is_given,
    members,
    named_subclasses,
    subclass_named,
)
from statecharts.codec.shapes import Definitions, JsonSchema, Shape, unwritable, wrong
from statecharts.codec.texts import quoted, text_of
from statecharts.model.events import wire_name
from statecharts.model.suggestions import did_you_mean

TAG: Final = "type"
"""The field that tells the class of an object."""

_TAGGISH: Final = re.compile("type_*").fullmatch
_CONVERTER: Final = Converter()


class Record(Shape):
    """An attrs class, or a data class, as an object of its fields.

    It exists before its fields are known, so that a class may hold itself.

    Args:
        annotation: The class, or a generic class with its arguments.
        lenient: Whether fields that are not known are dropped instead of refused.
    """

    def __init__(self, annotation: Any, *, lenient: bool) -> None:
        self.annotation = annotation
        self.cls: type = typing.get_origin(annotation) or annotation
        self.lenient = lenient
        self.members: tuple[Member, ...] = ()
        self.shapes: dict[str, Shape] = {}
        self.taggish = False
        self._text: Callable[[Any], str] = lambda value: text_of(self._dump(value))
        self.write_tagged: Callable[[Any], str] = lambda value: text_of(
            self.dump_tagged(value, self.name)
        )
        self._plain = True
        self._structure: Callable[[dict[str, Any]], Any] = self._structure_first
        self._unstructure: Callable[[Any], Any] = self._unstructure_first
        super().__init__(
            f"an object ({self.cls.__name__})",
            self._load,
            self._dump,
            self._schema,
            frozenset({"object"}),
            (self.cls,),
            wire_name(self.cls),
            self._write,
        )

    def compile(self, shape_of: Callable[[Any], Shape], special: Mapping[str, Shape]) -> None:
        """Work the fields out.

        Args:
            shape_of: Gives the shape of an annotation.
            special: Shapes of fields whose annotations do not say all.

        Raises:
            Misfit: A field cannot be carried.
        """
        self._plain = keeps_what_it_is_given(self.cls)
        self.members = members(self.annotation)
        for member in self.members:
            try:
                self.shapes[member.key] = special.get(member.name) or shape_of(member.annotation)
            except Misfit as misfit:
                misfit.within(member.key, self.cls)
                raise
        self.taggish = any(map(_is_taggish, self.shapes))
        if self._plain:
            self._text, self.write_tagged = self._writing(None), self._writing(self.name)

    def _structure_first(self, value: dict[str, Any]) -> Any:
        """Put the first instance together."""
        self._structure = self._structuring() if self._plain else self._put_together
        return self._structure(value)

    def _unstructure_first(self, value: Any) -> Any:
        """Take the first instance apart."""
        written = self._unstructuring()
        self._unstructure = written if self._plain else self._checked(written)
        return self._unstructure(value)

    def _writing(self, tag: str | None) -> Callable[[Any], str]:
        """Return a function that writes the text of an instance, with a tag or without one."""
        key = escaped if self.taggish and tag is not None else str
        fields = sorted((key(member.key), member.name, member.key) for member in self.members)
        writes = [(name, self.shapes[own].write) for _, name, own in fields]
        texts = {} if tag is None else {TAG: quoted(tag).replace("%", "%%")}
        texts |= {key: "%s" for key, _, _ in fields}
        template = f"{{{','.join(f'{quoted(key)}:{texts[key]}' for key in sorted(texts))}}}"
        return lambda value: template % tuple([write(getattr(value, n)) for n, write in writes])

    def _checked(self, unstructure: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that writes an instance only if it could be put together again."""
        names = {member.name for member in self.members}
        finish = finishing(self.cls)

        def dump(value: Any) -> Any:
            for member in self.members:
                if not hasattr(value, member.name):
                    found = f"{member.name!r} of a {self.cls.__name__} has no value"
                    raise Misfit("SC421", found, "Set it in __init__", value)
            if finish is None:
                lost = sorted(getattr(value, "__dict__", {}).keys() - names)
                if any(not hasattr(self.cls, name) for name in lost):
                    found = f"a {self.cls.__name__} holds {lost[0]!r}, which is not a field"
                    raise Misfit("SC421", found, "Declare it as a field", value)
                return unstructure(value)
            dumped = unstructure(value)
            try:
                assembled(self.cls, {name: getattr(value, name) for name in names})
            except RecursionError:
                raise
            except Exception as error:  # noqa: BLE001 - the class may refuse with anything
                found = f"{self.cls.__name__} would refuse to be read again: {reason(error)}"
                remedy = f"Have {finish.__name__} take what it has made"
                raise Misfit("SC421", found, remedy, value) from None
            return dumped

        return dump

    def _put_together(self, value: dict[str, Any]) -> Any:
        """Make an instance that holds exactly the values that are given.

        Fields that are not given are left to ``__init__``.
        """
        if not self.lenient and not value.keys() <= self.shapes.keys():
            raise KeyError
        held = self._held(value)
        if len(held) == len(self.members):
            return assembled(self.cls, held)
        if any(member.required and member.name not in held for member in self.members):
            raise KeyError
        arguments = {m.key: held[m.name] for m in self.members if m.given and m.name in held}
        made = self.cls(**copy.deepcopy(arguments))
        _hold(made, held)
        return made

    def _held(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the values of the fields that are given, by their names in an instance."""
        return {
            member.name: self.shapes[member.key].load(value[member.key])
            for member in self.members
            if member.key in value
        }

    def _structuring(self) -> Callable[..., Any]:
        """Have cattrs write what puts instances together."""
        options: dict[str, Any] = {
            "_cattrs_forbid_extra_keys": not self.lenient,
            "_cattrs_detailed_validation": False,
            **self._options(),
        }
        if not attrs.has(self.cls):
            return make_dict_structure_fn(self.cls, _CONVERTER, **options)
        return make_dict_structure_fn_from_attrs(*self._fields(), **options)

    def _unstructuring(self) -> Callable[[Any], dict[str, Any]]:
        """Have cattrs write what takes instances apart."""
        if not attrs.has(self.cls):
            return make_dict_unstructure_fn(self.cls, _CONVERTER, **self._options())
        return make_dict_unstructure_fn_from_attrs(*self._fields(), **self._options())

    def _fields(self) -> tuple[Any, ...]:
        # The shapes know the arguments of type parameters already.
        parameters = {p.__name__: Any for p in getattr(self.cls, "__parameters__", ())}
        return list(attrs.fields(self.cls)), self.cls, _CONVERTER, parameters

    def _options(self) -> dict[str, Any]:
        found: dict[str, Any] = {"_cattrs_use_linecache": False}
        for member in self.members:
            shape = self.shapes[member.key]
            found[member.name] = override(
                omit=False, rename=member.key, struct_hook=shape.load, unstruct_hook=shape.dump
            )
        return found

    def _load(self, value: Any, _: Any = None) -> Any:
        if value.__class__ is not dict:
            raise wrong(self.text, value)
        try:
            return self._structure(value)
        except Exception as error:  # noqa: BLE001 - the class may refuse with anything
            self._refuse(value, value, error)

    def load_tagged(self, value: dict[str, Any]) -> Any:
        """Read an instance from an object with a tag, and ignore the tag."""
        if self.taggish:
            fields = untagged(value)
        else:
            fields = value.copy()
            del fields[TAG]
        try:
            return self._structure(fields)
        except Exception as error:  # noqa: BLE001 - the class may refuse with anything
            self._refuse(untagged(value), value, error)

    def _dump(self, value: Any) -> dict[str, Any]:
        if value.__class__ is not self.cls:
            raise unwritable(f"a {self.cls.__name__}", value)
        try:
            return self._unstructure(value)  # type: ignore[no-any-return]
        except Misfit as misfit:
            given = {m.key: getattr(value, m.name, None) for m in self.members}
            misfit.within(self._key_of(misfit, given, "dump"), value)
            raise

    def _write(self, value: Any) -> str:
        return self._text(value) if value.__class__ is self.cls else text_of(self._dump(value))

    def dump_tagged(self, value: Any, name: str) -> dict[str, Any]:
        """Write an instance as an object with a tag."""
        fields = self._dump(value)
        return tagged(name, fields) if self.taggish else {TAG: name, **fields}

    def _key_of(self, misfit: Misfit, given: Mapping[str, Any], way: str) -> str | None:
        """Return the field whose value is at fault.

        It is known by its identity. Only where several fields hold the same object are they tried
        again, so that the cost of a failure does not double with every level.
        """
        keys = [key for key in self.shapes if key in given and given[key] is misfit.value]
        if len(keys) > 1:
            keys = [key for key in keys if _fails(getattr(self.shapes[key], way), given[key])]
        return keys[0] if keys else None

    def _refuse(self, value: dict[str, Any], whole: dict[str, Any], error: Exception) -> Never:
        """Raise the error, with the field at fault.

        Args:
            value: The fields.
            whole: The object that was given, which may have a tag beside them.
            error: What was raised.
        """
        if isinstance(error, RecursionError):
            raise error
        if isinstance(error, Misfit):
            raise error.within(self._key_of(error, value, "load"), whole)
        raise self._explained(value, error).within(None, whole) from None

    def _explained(self, value: dict[str, Any], error: Exception) -> Misfit:
        """Return the mistake of fields that the class refuses."""
        if isinstance(error, KeyError | ForbiddenExtraKeysError):
            for key in () if self.lenient else value:
                if key not in self.shapes:
                    return unknown_field(key, self.shapes, self.cls.__name__, value)
            for member in self.members:
                if member.required and member.key not in value:
                    remedy = "Give it, or give its field a default"
                    return missing_field(member.key, self.cls.__name__, value, remedy)
        culprit, cause = self._culprit(value, error)
        found = f"{self.cls.__name__} refuses it: {reason(cause)}"
        return Misfit("SC402", found, "Give what the class takes", value).within(culprit, value)

    def _culprit(self, value: dict[str, Any], error: Exception) -> tuple[str | None, Exception]:
        """Return the field whose validator refuses it, or None when the class does as a whole."""
        if not attrs.has(self.cls):
            return None, error
        held = self._held(value)
        try:
            bare = object.__new__(self.cls)
            _hold(bare, held)
        except Exception:  # noqa: BLE001 - an odd class; the error itself has to do
            return None, error
        for attribute in attrs.fields(self.cls):
            if attribute.name in held and attribute.validator is not None:
                try:
                    attribute.validator(bare, attribute, held[attribute.name])
                except Exception as cause:  # noqa: BLE001
                    return attribute.alias or attribute.name, cause
        return None, error

    def _schema(self, definitions: Definitions) -> JsonSchema:
        found: JsonSchema = definitions.ref(
            (self.annotation, "plain"), self.cls.__name__, lambda d: self._fields_schema(d, None)
        )
        return found

    def tagged_schema(self, definitions: Definitions, name: str) -> JsonSchema:
        """Return the schema of the object with its tag."""
        found: JsonSchema = definitions.ref(
            (self.annotation, name), name, lambda d: self._fields_schema(d, name)
        )
        return found

    def _fields_schema(self, definitions: Definitions, tag: str | None) -> JsonSchema:
        key = escaped if tag is not None else str
        properties = {key(k): shape.schema(definitions) for k, shape in self.shapes.items()}
        required = [key(member.key) for member in self.members if member.required]
        if tag is not None:
            properties = {TAG: {"const": tag}, **properties}
            required = [TAG, *required]
        found: JsonSchema = {"type": "object", "properties": properties}
        if required:
            found["required"] = required
        found["additionalProperties"] = self.lenient
        doc = (self.cls.__doc__ or "").strip().partition("\n")[0]
        return {"description": doc, **found} if doc else found


def assembled(cls: type, held: Mapping[str, Any]) -> Any:
    """Return an instance of a class that holds exactly these values, without its ``__init__``.

    Validators run, and so does the method that the class runs at the end of ``__init__``: it may
    refuse the values, and set other attributes. The fields keep the values that are given.
    """
    made: Any = object.__new__(cls)
    finish = finishing(cls)
    _hold(made, held if finish is None else copy.deepcopy(held))
    if attrs.has(cls):
        attrs.validate(made)
    if finish is not None:
        finish(made)
        _hold(made, held)
    return made


def _hold(made: Any, held: Mapping[str, Any]) -> None:
    for name, value in held.items():
        object.__setattr__(made, name, value)


def _fails(function: Callable[[Any], Any], value: Any) -> bool:
    try:
        function(value)
    except Misfit:
        return True
    return False


def unknown_field(key: str, known: Iterable[str], owner: str, value: Any) -> Misfit:
    """Return the mistake of a field that is not known."""
    listed = ", ".join(known) or "it has none"
    remedy = did_you_mean(key, known, f"Leave it out; the fields: {listed}")
    return Misfit("SC404", f"{owner} has no field {key!r}", remedy, value).within(key, value)


def missing_field(key: str, owner: str, value: Any, remedy: str = "Give it") -> Misfit:
    """Return the mistake of a field that is required and not there."""
    return Misfit("SC403", f"{owner} needs {key!r}", remedy, value).within(key, value)


def check_fields(
    value: Any, required: Iterable[str], known: Iterable[str], owner: str, *, lenient: bool
) -> None:
    """Refuse what is not an object with the fields that it must have, and no others."""
    if value.__class__ is not dict:
        raise wrong("an object", value)
    for key in required:
        if key not in value:
            raise missing_field(key, owner, value)
    for key in () if lenient else value:
        if key not in known:
            raise unknown_field(key, known, owner, value)


# -- tags ------------------------------------------------------------------------------------------


def escaped(key: str) -> str:
    """Return the name that a field has beside a tag: one that would pass for it is lengthened.

    >>> escaped("type"), escaped("type_"), escaped("kind")
    ('type_', 'type__', 'kind')
    """
    return f"{key}_" if _is_taggish(key) else key


def tagged(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its tag in front.

    >>> tagged("send", {"type": "http"})
    {'type': 'send', 'type_': 'http'}
    """
    found: dict[str, Any] = {TAG: name}
    if any(map(_is_taggish, fields)):
        found.update((escaped(key), value) for key, value in fields.items())
    else:
        found.update(fields)
    return found


def untagged(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object without its tag.

    >>> untagged({"type": "send", "type_": "http"})
    {'type': 'http'}
    """
    found = value.copy()
    del found[TAG]
    if any(map(_is_taggish, found)):
        found = {k[:-1] if _is_taggish(k) else k: inner for k, inner in found.items()}
    return found


def _is_taggish(key: Any) -> bool:
    return isinstance(key, str) and key.startswith(TAG) and _TAGGISH(key) is not None


def wrapper_field(cls: Any) -> Member | None:
    """Return the field of a class that does nothing but give one value a type of its own.

    Such a class has one field, named ``value``, which is required.
    """
    if not is_record(cls):
        return None
    found = members(cls)
    if len(found) == 1 and found[0].name == "value" and found[0].required:
        return found[0]
    return None


def wrapper_shape(cls: Any, inner: Shape) -> Shape:
    """Return the shape of a class that wraps one scalar: the scalar itself."""
    load_inner, dump_inner = inner.load, inner.dump
    plain = keeps_what_it_is_given(cls)

    def load(value: Any, _: Any = None) -> Any:
        loaded = load_inner(value)
        try:
            return cls(loaded) if plain else assembled(cls, {"value": loaded})
        except Exception as error:  # noqa: BLE001 - the class may refuse with anything
            found = f"{cls.__name__} refuses it: {reason(error)}"
            raise Misfit("SC402", found, "Give what the class takes", value) from None

    def dump(value: Any) -> Any:
        if value.__class__ is not cls:
            raise unwritable(f"a {cls.__name__}", value)
        try:
            return dump_inner(value.value)
        except Misfit as misfit:
            misfit.within(None, value)
            raise

    def write(value: Any) -> str:
        return write_inner(value.value) if value.__class__ is cls else text_of(dump(value))

    text, write_inner = f"{inner.text} ({cls.__name__})", inner.write
    return Shape(text, load, dump, inner.schema, inner.kinds, (cls,), wire_name(cls), write)


# -- subclasses ------------------------------------------------------------------------------------


@final
class Family:
    """A class of data or context, whose place an instance of a subclass may take.

    One of the class itself is written without a tag, one of a subclass with it.

    Args:
        record: The class.
        record_of: Gives the shapes of its subclasses.
    """

    def __init__(self, record: Record, record_of: Callable[[Any], Record]) -> None:
        self.cls = record.cls
        self._record = record
        self._record_of = record_of

    def load(self, value: Any) -> Any:
        """Read an instance."""
        if value.__class__ is not dict or TAG not in value or self._record.taggish:
            return self._record.load(value)
        tag = value[TAG]
        cls = subclass_named(tag, (self.cls,)) if isinstance(tag, str) else None
        if cls is None:
            found = f"{shown(tag)} is not a subclass of {self.cls.__name__} that is imported"
            remedy = f"Import its module, or remove {TAG!r}"
            raise Misfit("SC405", found, remedy, value).within(TAG, value)
        return self._record_of(cls).load_tagged(value)

    def dump(self, value: Any) -> dict[str, Any]:
        """Write an instance."""
        cls = value.__class__
        if cls is self.cls or not isinstance(value, self.cls):
            return self._record.dump(value)  # type: ignore[no-any-return]
        name = wire_name(cls)
        taggish = self._record.taggish
        if taggish or subclass_named(name, (self.cls,)) is not cls:
            found = f"{name!r} does not tell {cls.__name__} from {self.cls.__name__}"
            if taggish:
                found = f"{self.cls.__name__} has a field {TAG!r}, so that no tag tells {name!r}"
            remedy = f"Hold a {self.cls.__name__}, or rename what has the same name"
            raise Misfit("SC421", found, remedy, value)
        return self._record_of(cls).dump_tagged(value, name)

    def write(self, value: Any) -> str:
        """Write the text of an instance."""
        return (
            self._record.write(value) if value.__class__ is self.cls else text_of(self.dump(value))
        )

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Return the schema."""
        found: JsonSchema = self._record.schema(definitions)
        known = {} if self._record.taggish else named_subclasses((self.cls,))
        choices = [
            self._record_of(cls).tagged_schema(definitions, name) for name, cls in known.items()
        ]
        return {"anyOf": [found, *choices]} if choices else found
