"""What a service answers: one class per thing, which is its schema in OpenAPI and what a route returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_SUFFIX = "Resource"
_NO_FIELDS: set[str] = set()
_set = object.__setattr__

Cursor = Annotated[
    str | None, Field(description="Send it as `cursor` to get the next page; null on the last page.")
]


def _name_of(cls: type) -> str:
    return cls.__name__.removesuffix(_SUFFIX)


class Resource(BaseModel):
    """Anything that is answered.

    Build it by ``model_construct``, from a classmethod ``of`` where it shows a thing of the domain: mypy
    holds names and types, and our own data is not validated again. The tests hold every answer to its schema.

    The schema has the name of the class without ``Resource``, because generated clients make it a type:
    ``CaseResource`` is ``Case`` to them. The suffix is for classes whose plain name the domain has already.
    """

    model_config = ConfigDict(model_title_generator=_name_of)

    def __init_subclass__(cls, **settings: Any) -> None:  # noqa: ANN401 - pydantic's class settings
        cls.__qualname__ = _name_of(cls)  # pydantic names the schema by it
        super().__init_subclass__(**settings)

    if not TYPE_CHECKING:  # to mypy it stays pydantic's, with the types of the fields

        @classmethod
        def model_construct(cls, _fields_set: set[str] | None = None, **values: object) -> Resource:
            """The resource of these values: all fields, in the order in which they are to be answered.

            Pydantic's own copies each field and looks for defaults, which takes twice as long; a list of 200
            cases has some 600 objects.
            """
            made = cls.__new__(cls)
            _set(made, "__dict__", values)
            _set(made, "__pydantic_fields_set__", _NO_FIELDS)
            _set(made, "__pydantic_extra__", None)
            _set(made, "__pydantic_private__", None)
            return made
