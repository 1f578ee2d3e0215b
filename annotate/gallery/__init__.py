"""The gallery: a run as static HTML beside its data, for judging it by eye."""

from annotate.gallery.render import render

__all__ = ["render"]
