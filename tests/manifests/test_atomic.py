import errno
import stat

import pytest

from manifests.atomic import Disk, make_folder, new_folder, sha256_of, write_bytes, write_file, write_json
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


def test_a_new_folder_has_its_content_at_the_end_of_the_block_and_not_before(tmp_path):
    with new_folder(Disk(), tmp_path / "deep" / "out") as folder:
        (folder / "images").mkdir()
        write_bytes(Disk(), folder / "images" / "a", b"a")
        write_bytes(Disk(), folder / "README.md", b"read me")
        assert not (tmp_path / "deep" / "out" / "README.md").exists()
    assert sorted(path.name for path in (tmp_path / "deep" / "out").rglob("*")) == ["README.md", "a", "images"]


def test_a_block_that_fails_leaves_things_as_they_were(tmp_path):
    def fail(path):
        with new_folder(Disk(), path) as folder:
            write_bytes(Disk(), folder / "half", b"half")
            raise ValueError("no image is left")

    (tmp_path / "there").mkdir()
    for path in (tmp_path / "there", tmp_path / "new"):
        with pytest.raises(ValueError, match="no image"):
            fail(path)
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_what_a_killed_command_left_is_no_part_of_the_next_one_s(tmp_path):
    killed = new_folder(Disk(), tmp_path)
    (killed.__enter__() / "old").write_text("half of an image")
    with new_folder(Disk(), tmp_path) as folder:
        write_bytes(Disk(), folder / "new", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_with_something_in_it_is_not_written_into(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(OutputError, match="is not an empty folder"), new_folder(Disk(), tmp_path):
        pytest.fail("the block should not run")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_digest_is_that_of_the_bytes(tmp_path):
    write_bytes(Disk(), tmp_path / "empty", b"")
    assert sha256_of(tmp_path / "empty").startswith("e3b0c44298fc1c14")
    assert stat.S_IMODE((tmp_path / "empty").stat().st_mode) & 0o400
