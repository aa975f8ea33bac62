"""Writes and reads the JSON format of the eventsourcing library with orjson: same bytes, half the time.

``{"_type_": "uuid_hex", "_data_": …}`` and its siblings, from the library's registry of transcodings
(``tests/contract/shared/test_transcoder.py`` holds the two to the same bytes).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import DatetimeAsISO, DecimalAsStr, JSONTranscoder, UUIDAsHex

# Dates and dataclasses must come to us; orjson would write them in a form that does not come back.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_MARK = b'"_type_"'


class OrjsonTranscoder(JSONTranscoder):
    """Values of facts to bytes and back; datetime, UUID and Decimal keep their type."""

    def __init__(self) -> None:
        super().__init__()
        for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
            self.register(transcoding)

    def encode(self, obj: Any) -> bytes:  # noqa: ANN401 - the library's signature
        """The value's bytes.

        :raises TranscodingNotRegisteredError: a value of a type that would not come back as it was.
        """
        try:
            return orjson.dumps(self._prepared(obj), default=self._encode_obj, option=_OPTIONS)
        except orjson.JSONEncodeError as error:
            if error.__cause__ is not None:
                raise error.__cause__ from None
            raise

    def decode(self, data: bytes) -> Any:  # noqa: ANN401 - the library's signature
        """The value again; tuples have become lists, and enums of strings strings."""
        value = orjson.loads(data)
        return self._restored(value) if _MARK in data else value

    def _prepared(self, value: Any) -> Any:  # noqa: ANN401 - any JSON-able value
        """The same value with its UUIDs encoded: the registered type that orjson does not ask us about."""
        kind = type(value)
        if kind is UUID:
            return self._encode_obj(value)
        if kind is dict and _holds_uuid(value):
            return {key: self._prepared(each) for key, each in value.items()}
        if kind in (list, tuple) and _holds_uuid(value):
            return [self._prepared(each) for each in value]
        return value

    def _restored(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        kind = type(value)
        if kind is dict:
            for key, each in value.items():
                if type(each) in (dict, list):
                    value[key] = self._restored(each)
            return self._decode_obj(value) if "_type_" in value else value
        if kind is list:
            return [self._restored(each) if type(each) in (dict, list) else each for each in value]
        return value


def _holds_uuid(value: Any) -> bool:  # noqa: ANN401 - any JSON-able value
    kind = type(value)
    if kind is dict:
        return any(map(_holds_uuid, value.values()))
    if kind in (list, tuple):
        return any(map(_holds_uuid, value))
    return kind is UUID
