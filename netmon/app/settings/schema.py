"""Walking a pydantic schema beside the data it describes: which models and types may stand at a place."""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def alternatives(annotation: Any) -> Iterator[Any]:
    """Give the types of a union one by one, without None and without annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from alternatives(one)
    elif annotation is not NoneType:
        yield annotation


def fields(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return a model's fields by the name that stands in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models(annotations: list[Any]) -> list[type[BaseModel]]:
    """Return those of the types that are models."""
    return [one for one in annotations if isinstance(one, type) and issubclass(one, BaseModel)]


def inside(annotations: list[Any], step: str | int) -> list[Any]:
    """Return the types that may stand at a key or index of a value of one of these types."""
    found: list[Any] = []
    for one in annotations:
        origin, arguments = get_origin(one), get_args(one)
        if origin is None and isinstance(one, type) and issubclass(one, BaseModel):
            field = fields(one).get(str(step))
            found += alternatives(field.annotation) if field else ()
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            found += alternatives(arguments[1])
        elif origin in (list, tuple, set, frozenset) and isinstance(step, int):
            found += alternatives(arguments[0])
    return found


def at(root: Any, path: tuple[str | int, ...]) -> list[Any]:
    """Return the types at a path as pydantic reports it: a step that names a union's member chooses it."""
    here = list(alternatives(root))
    for step in path:
        deeper = inside(here, step)
        here = deeper or [one for one in here if _named(one, str(step))] or deeper
    return here


def _named(one: Any, tag: str) -> bool:
    """Tell whether this type is the union's member that pydantic calls `tag`: by its discriminator or its name."""
    if not (isinstance(one, type) and issubclass(one, BaseModel)):
        return getattr(one, "__name__", "") == tag
    literals = (
        get_args(field.annotation) for field in one.model_fields.values() if get_origin(field.annotation) is Literal
    )
    return one.__name__ == tag or any(tag in values for values in literals)


def choices(annotations: list[Any]) -> list[str]:
    """Return the values that an enumeration or Literal among these types allows."""
    found: list[str] = []
    for one in annotations:
        if get_origin(one) is Literal:
            found += [str(value) for value in get_args(one)]
        elif isinstance(one, type) and issubclass(one, Enum):
            found += [str(member.value) for member in one]
    return found
