"""The application: command line, Ray DAG, gallery, reports."""

__version__ = "0.1.0"
