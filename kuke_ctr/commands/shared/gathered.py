"""Options that several commands have together: declared once, handed over as one value."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Function = Callable[..., None]


class Declared(NamedTuple):
    """One option: its annotation (`Annotated[..., typer.Option(...)]`) and its default."""

    annotation: Any
    default: object


def gathered(
    argument: str, options: Mapping[str, Declared], make: Callable[..., object]
) -> Callable[[Function], Function]:
    """A decorator: the function has these options in its signature, by the names of the mapping.

    It gets them as one value, `make(**values)`, in place of its own parameter `argument`.
    """

    def decorate(function: Function) -> Function:
        parameters = inspect.signature(function, eval_str=True).parameters.values()

        def with_options(*session: object, **given: object) -> None:
            mine = {name: given.pop(name) for name in options}
            function(*session, **given, **{argument: make(**mine)})

        with_options.__doc__ = function.__doc__
        with_options.__name__ = function.__name__
        with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                *(one for one in parameters if one.name != argument),
                *(
                    inspect.Parameter(
                        name,
                        inspect.Parameter.KEYWORD_ONLY,
                        default=declared.default,
                        annotation=declared.annotation,
                    )
                    for name, declared in options.items()
                ),
            ]
        )
        return with_options

    return decorate
