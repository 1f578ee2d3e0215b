"""`make fuzz`: let atheris look for what breaks the decode gate or the readers of links.

    python tests/fuzz/run.py TARGET SECONDS FOLDER      TARGET: gate, png or markup

FOLDER keeps what was found interesting from one time to the next. The first finding ends the run with its traceback
and is written into FOLDER/findings; it belongs into a test, and then mended.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["manifests", "PIL"]):
    sys.path.insert(0, str(Path(__file__).parent))
    from targets import TARGETS, TEXTS, small_images

LONGEST_INPUT = 20_000
SLOWEST_S = 20


def main(target: str, seconds: str, folder: str) -> None:
    """Write the seeds and hand over to libFuzzer, which does not return."""
    seeds, findings = Path(folder) / target, Path(folder) / "findings"
    for made in (seeds, findings):
        made.mkdir(parents=True, exist_ok=True)
    for content in [text.encode() for text in TEXTS] if target == "markup" else small_images():
        (seeds / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SLOWEST_S}",
        "-rss_limit_mb=3000",
        f"-artifact_prefix={findings}/{target}-",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(seeds)], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
