"""Errors that a user sees as one line: the file or option, the fact, the remedy. Each carries its exit code."""

from __future__ import annotations


class AnnotateError(Exception):
    """Base: the message is for the user, `exit_code` for the shell."""

    exit_code = 1


class InputError(AnnotateError):
    """What `--images` (or another input option) names cannot be used."""

    exit_code = 2


class RecipeError(AnnotateError):
    """A recipe, or an option that changes it, does not hold together."""

    exit_code = 2


class OutputError(AnnotateError):
    """The output folder cannot be used: not a run, another run, full, read-only, or changed by another hand."""

    exit_code = 2


class LockedError(AnnotateError):
    """Another driver works on the output folder."""

    exit_code = 4


class Stalled(AnnotateError):
    """Nothing moved for too long; what was committed stays."""


class Interrupted(AnnotateError):
    """The user or the cluster stopped the work; what was committed stays."""

    exit_code = 130
