"""Reading a body field by field, noting everything that Discord would object to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sandbox.discord.errors import Path, Problems, invalid_form

Json = dict[str, Any]


class Form:
    """
    One object of a body. Fields that are absent or null read as None, unknown fields are never looked at.

    The wording of each objection is Discord's own.
    """

    def __init__(self, value: Json, problems: Problems, path: Path = ()) -> None:
        self.value = value
        self.problems = problems
        self.path = path

    def has(self, name: str) -> bool:
        """Whether the field is there, be it null: an edit changes what is there."""
        return name in self.value

    def refuse(self, name: str, code: str, message: str) -> None:
        self.problems.add((*self.path, name) if name else self.path, code, message)

    def text(self, name: str, *, most: int, least: int = 0, required: bool = False) -> str | None:
        """A string of `least` to `most` characters. Discord takes numbers and makes strings of them."""
        value = self._present(name, required)
        if value is None:
            return None
        if isinstance(value, dict | list | bool):
            self.refuse(name, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return None
        self._length(name, len(str(value)), least, most)
        return str(value)

    def integer(
        self, name: str, *, least: int | None = None, most: int | None = None, required: bool = False
    ) -> int | None:
        value = self._present(name, required)
        if value is None:
            return None
        number = _whole(value)
        if number is None:
            self.refuse(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif least is not None and number < least:
            self.refuse(name, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")
        elif most is not None and number > most:
            self.refuse(name, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        return number

    def choice(self, name: str, among: Collection[int], *, required: bool = False) -> int | None:
        """An integer that must be one of a few."""
        number = self.integer(name, required=required)
        if number is not None and number not in among:
            self.refuse(name, "BASE_TYPE_CHOICES", f"Value must be one of {set(among)}.")
            return None
        return number

    def snowflake(self, name: str, *, required: bool = False) -> int | None:
        value = self._present(name, required)
        number = None if value is None else _whole(value)
        if value is not None and number is None:
            self.refuse(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        return number

    def flag(self, name: str) -> bool | None:
        value = self.value.get(name)
        if value is not None and not isinstance(value, bool):
            self.refuse(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
            return None
        return value

    def part(self, name: str, *, required: bool = False) -> Form | None:
        """An object within this one."""
        value = self._present(name, required)
        if value is None:
            return None
        return self._form(value, (*self.path, name))

    def parts(self, name: str, *, most: int, least: int = 0, required: bool = False) -> list[Form] | None:
        """A list of objects."""
        values = self.items(name, most=most, least=least, required=required)
        if values is None:
            return None
        forms = [self._form(value, (*self.path, name, str(index))) for index, value in enumerate(values)]
        return [form for form in forms if form is not None]

    def items(self, name: str, *, most: int, least: int = 0, required: bool = False) -> list[Any] | None:
        """A list of anything."""
        value = self._present(name, required)
        if value is None:
            return None
        if not isinstance(value, list):
            self.refuse(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return None
        self._length(name, len(value), least, most)
        return value

    def _present(self, name: str, required: bool) -> Any:
        value = self.value.get(name)
        if value is None and required:
            self.refuse(name, "BASE_TYPE_REQUIRED", "This field is required")
        return value

    def _form(self, value: object, path: Path) -> Form | None:
        if isinstance(value, dict):
            return Form(value, self.problems, path)
        self.problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return None

    def _length(self, name: str, length: int, least: int, most: int) -> None:
        if least <= length <= most:
            return
        if least == 0:
            self.refuse(name, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        else:
            self.refuse(name, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


def path_id(name: str, value: str) -> int:
    """
    The id in a path.

    Raises:
        ApiError: 50035, when it is none ("@me" where Discord wants a number, too).
    """
    if value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    raise invalid_form((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdigit() and value.isascii():
        return int(value)
    return None
