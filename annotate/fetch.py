"""`annotate fetch`: download what a recipe's stages need, pinned and with digests, so that a run needs no network."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from annotate.console import console as messages
from annotate.doctor import check_weights, sources_of
from annotate.prepare import prepare
from manifests.errors import InputError, OutputError, RecipeError
from manifests.weights import (
    LOADER_FILES,
    WEIGHTS_FOLDER,
    LockedFile,
    MissingWeights,
    WeightLock,
    WeightSource,
    address_path,
    chosen_files,
    commit_folder,
    file_sha256,
    local_path,
    read_lock,
    weights_folder,
    write_lock,
)

TIMEOUT_S = 30.0
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class FetchRequest:
    """Options of `annotate fetch`."""

    recipe: str | None = None
    overrides: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    """ORG/NAME or ORG/NAME@REVISION: what commands ask for that have no recipe."""
    weights: Path | None = None
    check: bool = False
    update: bool = False


def fetch(request: FetchRequest, console: Console) -> None:
    """Download or check every source of recipe and models, one line each.

    Raises RecipeError, InputError or OutputError.
    """
    if request.recipe is None and not request.models:
        raise InputError("what is to be fetched? give --recipe NAME or --model ORG/NAME")
    if request.weights is not None:
        os.environ[WEIGHTS_FOLDER] = str(request.weights.absolute())
    stages = () if request.recipe is None else prepare(request.recipe, request.overrides, None).stages
    models = [source_of(model) for model in request.models]
    sources = [*sources_of(stages), *models]
    if not sources:
        console.print(f"recipe {request.recipe}: nothing to fetch, its weights come with packages", markup=False)
        return
    if request.check:
        check_weights(stages, request.recipe or "")
        for source in models:
            local_path(source, recipe=None)
    else:
        _check_writable(weights_folder())
    for source in sources:
        if not request.check:
            fetch_source(source, update=request.update)
        console.print(_said(source), markup=False, soft_wrap=True)
    console.print(f"all there, in {weights_folder()}", markup=False, soft_wrap=True)
    if request.weights is not None:
        console.print(f"for annotate run: export {WEIGHTS_FOLDER}={weights_folder()}", markup=False, soft_wrap=True)


def source_of(model: str) -> WeightSource:
    """The source that ORG/NAME or ORG/NAME@REVISION names. Raises RecipeError."""
    name, at, revision = model.partition("@")
    return WeightSource(name, revision if at else None)


def fetch_source(source: WeightSource, *, update: bool = False) -> None:
    """Make one source be on this machine, verified and locked. What is there already is not downloaded again.

    `update` looks up anew what an unpinned revision stands for. Raises RecipeError or InputError in one line.
    """
    if not (update and source.is_hub_model):
        try:
            local_path(source)
        except MissingWeights:
            if source.is_local:
                raise
        else:
            return
    if source.is_address:
        _fetch_address(source)
    elif source.is_hub_model:
        _fetch_model(source, update=update)
    else:
        local_path(source)


def _said(source: WeightSource) -> str:
    path = local_path(source)
    lock = read_lock(source) if source.is_hub_model else None
    if lock is None:
        return f"{source}: {path.name}, {_size(path.stat().st_size)}" if path.is_file() else f"{source}: as it is"
    names = chosen_files(lock.files, source.files)
    return f"{source}: commit {lock.commit[:12]}, {len(names)} files, {_size(sum(lock.files[n].bytes for n in names))}"


def _fetch_model(source: WeightSource, *, update: bool) -> None:
    """Download a hub model's files into the folder of its commit, then write its lock."""
    lock = None if update else read_lock(source)
    with _hub_errors(source):
        from huggingface_hub import HfApi

        revision = lock.commit if lock else source.revision
        info = HfApi().model_info(source.model, revision=revision, files_metadata=True, timeout=TIMEOUT_S)
        offered = {file.rfilename: file for file in info.siblings or ()}
        names = _named(source, list(offered))
        files = {name: _fetch_file(source, str(info.sha), offered[name]) for name in names}
    known = lock if lock is not None and lock.commit == info.sha else None
    patterns = (*(known.patterns if known else ()), *(source.files or LOADER_FILES))
    write_lock(
        source,
        WeightLock(
            model=source.model,
            revision=source.revision,
            commit=str(info.sha),
            patterns=tuple(dict.fromkeys(patterns)),
            files=dict(sorted({**(known.files if known else {}), **files}.items())),
        ),
    )


def _named(source: WeightSource, offered: Sequence[str]) -> list[str]:
    """The files to take. Raises RecipeError when a pattern chooses none."""
    for pattern in source.files:
        if not chosen_files(offered, (pattern,)):
            raise RecipeError(f"weights {source}: the model has no file {pattern}; it has {_some(offered)}")
    names = chosen_files(offered, source.files)
    if not names:
        raise RecipeError(f"weights {source}: the model has no safetensors or configuration; it has {_some(offered)}")
    return names


def _fetch_file(source: WeightSource, commit: str, file: Any) -> LockedFile:
    """One file of a hub model, checked against what the hub says of it; a spoilt one is downloaded once more."""
    from huggingface_hub import hf_hub_download

    folder = commit_folder(source.model, commit)
    for again in (False, True):
        path = Path(
            hf_hub_download(source.model, file.rfilename, revision=commit, local_dir=folder, force_download=again)
        )
        if _is_what_the_hub_has(path, file):
            return LockedFile(path.stat().st_size, file_sha256(path))
    raise InputError(f"{source}: {file.rfilename} arrives with another digest than the hub names; try again later")


def _is_what_the_hub_has(path: Path, file: Any) -> bool:
    """Whether size and digest are the hub's: sha256 of large files, git's own SHA-1 of small ones."""
    if file.size is not None and path.stat().st_size != file.size:
        return False
    if file.lfs is not None:
        return file_sha256(path) == str(file.lfs.sha256)
    content = path.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return file.blob_id is None or git == str(file.blob_id)


def _fetch_address(source: WeightSource) -> None:
    """Download the file of an address; a part that is there already is gone on with. Its sha256 decides."""
    target = address_path(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with _address_errors(source):
        _download(source.model, part)
    found = file_sha256(part)
    if found != source.sha256:
        part.unlink()
        raise InputError(
            f"{source.model}: sha256 is {found[:12]}…, the recipe says {str(source.sha256)[:12]}…; "
            "the file there has changed, or the recipe is wrong"
        )
    part.replace(target)


def _download(address: str, part: Path) -> None:
    there = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={there}-"} if there else {}
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT_S) as reply:
        if reply.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return
        if not reply.ok:
            raise InputError(f"{address}: the server says {reply.status_code}; check the address")
        goes_on = reply.status_code == HTTPStatus.PARTIAL_CONTENT
        total = int(reply.headers.get("Content-Length", 0)) + (there if goes_on else 0)
        with part.open("ab" if goes_on else "wb") as file, _bar(part.stem, total, there if goes_on else 0) as advance:
            for chunk in reply.iter_content(CHUNK_BYTES):
                file.write(chunk)
                advance(len(chunk))


@contextmanager
def _bar(name: str, total: int, done: int) -> Iterator[Any]:
    """A callback that counts bytes; it shows them where there is a terminal."""
    columns = (TextColumn(f"[bold]{name}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=messages, transient=True, disable=not messages.is_terminal) as progress:
        task = progress.add_task("", total=total or None, completed=done)
        yield lambda count: progress.advance(task, count)


@contextmanager
def _hub_errors(source: WeightSource) -> Iterator[None]:
    """What the hub's client raises, as one line with a remedy."""
    if find_spec("huggingface_hub") is None:
        raise RecipeError("annotate fetch needs the package huggingface_hub; pip install 'annotate[fetch]'")
    from huggingface_hub import errors
    from huggingface_hub.utils import disable_progress_bars

    if not messages.is_terminal:
        disable_progress_bars()
    try:
        yield
    except errors.GatedRepoError as error:
        raise InputError(
            f"weights {source}: gated; accept its licence on its page at the hub, then set HF_TOKEN"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise RecipeError(f"weights {source}: the model has no such revision; mend it in the recipe") from error
    except errors.RepositoryNotFoundError as error:
        raise RecipeError(
            f"weights {source}: no such model at the hub, or a private one (then set HF_TOKEN)"
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise InputError("HF_HUB_OFFLINE is set, so nothing can be fetched; unset it for annotate fetch") from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, errors.FileMetadataError, errors.HTTPError) as error:
        raise InputError(f"weights {source}: {_unreachable(error)}") from error
    except OSError as error:
        raise _disk_or_network(source, error) from error


@contextmanager
def _address_errors(source: WeightSource) -> Iterator[None]:
    """What a plain download raises, as one line with a remedy."""
    try:
        yield
    except requests.RequestException as error:
        raise InputError(f"{source.model}: {_unreachable(error)}") from error
    except OSError as error:
        raise _disk_or_network(source, error) from error


def _unreachable(error: Exception) -> str:
    fact = " ".join(str(error).split())[:160] or type(error).__name__
    return f"the download failed ({fact}); check the network, the same command goes on"


def _disk_or_network(source: WeightSource, error: OSError) -> Exception:
    if error.errno is None:
        return InputError(f"weights {source}: {_unreachable(error)}")
    return OutputError(f"{weights_folder()}: {error.strerror}; mend that, or choose another --weights")


def _check_writable(folder: Path) -> None:
    """Raises OutputError before anything is downloaded."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}; choose another --weights") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: permission denied; choose another --weights")


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:6]) + (", …" if len(names) > 6 else "") or "no files"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
