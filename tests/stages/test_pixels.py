"""Pixels inside one worker."""

from __future__ import annotations

import subprocess
import sys

_PLANES = """
import resource
import numpy as np
from stages.pixels import keep_freed_memory

keep_freed_memory()
faults = []
for _ in range(8):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    first, second = np.ones((1000, 1000), np.float32), np.ones((1000, 3000), np.float32)
    del first, second
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(faults[0], max(faults[2:]))
"""


def test_planes_are_made_in_memory_that_others_left() -> None:
    at_first, later = map(int, subprocess.check_output([sys.executable, "-c", _PLANES], text=True).split())
    assert later < at_first / 10
