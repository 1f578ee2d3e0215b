"""Figures of the sessions of a run: one file for each driver that committed something, kept beside the manifests.

They are measurements, not results: nothing reads them back but people and `annotate status`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from manifests.atomic import Disk, write_json
from manifests.layout import session_path, session_paths


def write_session(out: Path, figures: Mapping[str, Any], disk: Disk | None = None) -> Path:
    """Write the next `ledger/session-0001.json`. Raises OutputError when the disk refuses."""
    path = session_path(out, len(list(session_paths(out))) + 1)
    write_json(disk or Disk(), path, dict(figures))
    return path


def read_sessions(out: Path) -> list[dict[str, Any]]:
    """Figures of all sessions, oldest first."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in session_paths(out)]
