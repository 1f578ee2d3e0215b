"""Errors that a user can mend: one line each, naming the file or option, the fact and the remedy."""

from __future__ import annotations


class AnnotateError(Exception):
    """Base; `exit_code` is what the command line ends with."""

    exit_code = 1


class InputError(AnnotateError):
    """An input, an output folder or an option that cannot be used."""

    exit_code = 2


class RecipeError(InputError):
    """A recipe or an override that does not fit the stages."""


class LockedError(AnnotateError):
    """Another driver works on the same output folder."""

    exit_code = 4


class LedgerError(AnnotateError):
    """Results that do not add up, or an output that cannot be written."""
