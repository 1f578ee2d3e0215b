"""The data that decides an author's words, as text for a stage's identity."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from stages.language import comparison, distortions, english, evidence, naming, verdict, virtues
from stages.measure import scales


def data_of(*modules: ModuleType) -> dict[str, str]:
    """The public constants of modules, one text for each module, in a stable order."""
    return {module.__name__: _constants(module) for module in modules}


def words_of_the_language() -> Mapping[str, str]:
    """Words and thresholds that all authors share."""
    return data_of(comparison, distortions, english, evidence, naming, scales, verdict, virtues)


def _constants(module: ModuleType) -> str:
    constants = {name: value for name, value in vars(module).items() if name.isupper() and not name.startswith("_")}
    return "\n".join(f"{name} = {_stable(value)}" for name, value in sorted(constants.items()))


def _stable(value: object) -> str:
    """A constant's text, whatever the order of a set and the address of a function."""
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(_stable(item) for item in value)) + "}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_stable(key)}: {_stable(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(_stable(item) for item in value) + ")"
    if callable(value):
        return "function"
    if hasattr(value, "__dataclass_fields__"):
        return type(value).__name__ + _stable({name: getattr(value, name) for name in value.__dataclass_fields__})
    return repr(value)
