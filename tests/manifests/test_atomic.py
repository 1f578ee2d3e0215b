import errno
import stat

import pytest

from manifests.atomic import Disk, make_folder, sha256_of, write_bytes, write_file, write_json
from manifests.errors import OutputError


def test_a_file_is_replaced_as_a_whole_and_nothing_else_stays(tmp_path):
    target = tmp_path / "a.json"
    write_json(Disk(), target, {"b": 1, "a": ["é"]})
    write_json(Disk(), target, {"b": 2})
    assert target.read_text() == '{\n  "b": 2\n}\n'
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_does_not_verify_never_gets_its_name(tmp_path):
    target = tmp_path / "part"
    write_bytes(Disk(), target, b"good")

    def refuse(path):
        raise OSError(f"{path}: holds 3 rows instead of 4")

    with pytest.raises(OSError, match="3 rows instead of 4"):
        write_file(Disk(), target, lambda path: path.write_bytes(b"bad") and None, refuse)
    assert target.read_bytes() == b"good"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only"), (errno.EACCES, "permission")],
)
def test_what_the_owner_of_the_disk_can_mend_is_said_in_one_line(tmp_path, number, words):
    class Refusing(Disk):
        def sync(self, path):
            raise OSError(number, "refused")

    with pytest.raises(OutputError, match=words) as refusal:
        write_bytes(Refusing(), tmp_path / "file", b"content")
    assert str(refusal.value).startswith(str(tmp_path / "file"))
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_system_stay_what_they_are(tmp_path):
    class Broken(Disk):
        def replace(self, source, target):
            raise OSError(errno.EIO, "input/output error")

    with pytest.raises(OSError, match="input/output error"):
        write_bytes(Broken(), tmp_path / "file", b"content")


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "x").write_text("a file")
    for path in (tmp_path / "x", tmp_path / "x" / "y"):
        with pytest.raises(OutputError, match="is not a folder"):
            make_folder(Disk(), path)


def test_the_digest_is_that_of_the_bytes(tmp_path):
    write_bytes(Disk(), tmp_path / "empty", b"")
    assert sha256_of(tmp_path / "empty").startswith("e3b0c44298fc1c14")
    assert stat.S_IMODE((tmp_path / "empty").stat().st_mode) & 0o400
