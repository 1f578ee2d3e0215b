import io
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from manifests.errors import InputError
from manifests.gate import Refusal
from manifests.sources import content_id, list_inputs, location_of, read_content, refuse_nesting


def test_a_folder_is_listed_at_any_depth_and_other_files_are_counted(photos):
    inputs = list_inputs(photos)
    assert inputs.uris == ["a.jpg", "b.JPG", "broken.bmp", "c.jpeg", "d.jpg", "more/e.png", "z-copy.jpg"]
    assert inputs.ignored == {"(hidden)": 1, ".txt": 1}
    assert inputs.refused == {}
    assert (inputs.kind, inputs.root, inputs.source) == ("folder", str(photos), str(photos))


def test_uris_do_not_depend_on_where_the_folder_lies(photos, tmp_path, monkeypatch):
    before = list_inputs(photos).uris
    moved = photos.rename(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    assert list_inputs("elsewhere").uris == list_inputs(moved).uris == before


def test_a_glob_is_rooted_where_its_stars_begin(photos):
    inputs = list_inputs(f"{photos}/**/*.*g")
    assert inputs.root == str(photos)
    assert inputs.uris == ["a.jpg", "c.jpeg", "d.jpg", "more/e.png", "z-copy.jpg"]
    assert list_inputs(f"{photos}/*").ignored == {".txt": 1}


def test_one_image_is_a_source(photos):
    inputs = list_inputs(photos / "a.jpg")
    assert (inputs.root, inputs.uris) == (str(photos), ["a.jpg"])


def test_a_list_names_files_relative_to_itself_or_absolutely(photos, tmp_path):
    far = tmp_path / "far.jpg"
    far.write_bytes((photos / "a.jpg").read_bytes())
    listing = photos / "list.txt"
    listing.write_text(f"# best ones\n./more/e.png\n\na.jpg\na.jpg\n{far}\n../escape.jpg\nhttps://example.org/x.jpg\n")
    inputs = list_inputs(listing)
    assert inputs.uris == sorted([str(far), "a.jpg", "more/e.png", "https://example.org/x.jpg"])
    assert inputs.ignored == {"(named twice)": 1}
    assert inputs.refused == {"../escape.jpg": "leaves the folder of the list; write an absolute path"}
    assert read_content(location_of(inputs.root, str(far))) == far.read_bytes()
    with pytest.raises(Refusal, match="is remote"):
        read_content(location_of(inputs.root, "https://example.org/x.jpg"))


def write_parquet(path, columns, **options):
    pq.write_table(pa.table(columns), path, **options)
    return path


@pytest.mark.parametrize("struct", [True, False], ids=["HF struct", "binary"])
def test_images_in_a_parquet_file_are_read_by_row(tmp_path, encode, struct):
    images = [encode(seed) for seed in range(11)]
    values = [{"bytes": image, "path": None} for image in images] if struct else images
    path = write_parquet(tmp_path / "photos.parquet", {"id": list(range(11)), "image": values}, row_group_size=4)
    inputs = list_inputs(path)
    assert inputs.uris[:3] == ["photos.parquet#00", "photos.parquet#01", "photos.parquet#02"]
    assert [read_content(location_of(inputs.root, uri)) for uri in inputs.uris] == images
    with pytest.raises(Refusal, match="cannot be read"):
        read_content(location_of(inputs.root, "photos.parquet#11"))


def test_a_parquet_row_without_bytes_is_refused(tmp_path, encode):
    path = write_parquet(tmp_path / "photos.parquet", {"image": [{"bytes": encode(0)}, None, {"bytes": None}]})
    for row in (1, 2):
        with pytest.raises(Refusal, match="holds no bytes"):
            read_content(f"{path}#{row}")


def test_uris_in_a_parquet_file_are_relative_to_it(photos):
    path = write_parquet(photos / "index.parquet", {"uri": ["more/e.png", "a.jpg", "../../etc/passwd"]})
    inputs = list_inputs(path)
    assert inputs.uris == ["a.jpg", "more/e.png"]
    assert list(inputs.refused) == ["../../etc/passwd"]


def test_links_are_followed_inside_the_root_and_refused_outside(photos, tmp_path, encode):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(encode(9))
    (photos / "within.jpg").symlink_to(photos / "a.jpg")
    (photos / "without.jpg").symlink_to(outside / "secret.jpg")
    (photos / "folder-out").symlink_to(outside)
    (photos / "more" / "loop").symlink_to(photos)
    (photos / ".store").mkdir()
    (photos / ".store" / "f.jpg").write_bytes(encode(8))
    (photos / "shown").symlink_to(photos / ".store")
    inputs = list_inputs(photos)
    assert "within.jpg" in inputs.uris
    assert "shown/f.jpg" in inputs.uris
    assert len(inputs.uris) == 9
    assert inputs.refused == {"without.jpg": "is a link out of the input folder"}
    assert inputs.ignored["(folder link out of the input)"] == 1


def test_a_name_that_is_not_utf_8_is_refused_and_accounted_for(photos):
    (photos / os.fsdecode(b"caf\xe9.jpg")).write_bytes((photos / "a.jpg").read_bytes())
    assert list_inputs(photos).refused == {"caf\\xe9.jpg": "has a name that is not UTF-8"}


def test_bytes_that_changed_since_the_plan_are_not_taken_for_the_same_image(photos, encode):
    location = location_of(str(photos), "a.jpg")
    planned = content_id(read_content(location))
    assert read_content(location, planned)
    (photos / "a.jpg").write_bytes(encode(77))
    with pytest.raises(Refusal, match="changed since the plan was made"):
        read_content(location, planned)


def test_every_impossible_source_is_one_line_with_a_remedy(photos, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    for name in ("a.txt", "b.txt", "c.parquet"):
        (tmp_path / "texts" / name).write_text("x")
    (tmp_path / "movie.mp4").write_bytes(b"x")
    (tmp_path / "bad.parquet").write_bytes(b"x")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9.jpg")
    (tmp_path / "none.txt").write_text("# nothing\n")
    write_parquet(tmp_path / "numbers.parquet", {"number": [1]})
    write_parquet(tmp_path / "rowless.parquet", {"image": pa.array([], pa.binary())})
    expected = {
        "gone": "no such file or folder; check the path",
        "empty": "no image files under",
        "texts": "no image files under .*texts; ignored 1 .parquet, 2 .txt; name the Parquet file itself",
        "*.jpg": "no image files match",
        "movie.mp4": "neither an image, a list of paths",
        "bad.parquet": "not a readable Parquet file",
        "latin.txt": "not UTF-8 text",
        "none.txt": "no paths in",
        "numbers.parquet": "has no column 'uri' or 'image', only number",
        "rowless.parquet": "no rows in",
    }
    for name, message in expected.items():
        with pytest.raises(InputError, match=message) as refusal:
            list_inputs(tmp_path / name)
        assert "\n" not in str(refusal.value)
        assert refusal.value.exit_code == 2


def test_output_and_input_must_not_lie_in_each_other(photos, tmp_path):
    folder = list_inputs(photos)
    for out in (photos, photos / "runs" / "x", photos / "more" / ".." / "x"):
        with pytest.raises(InputError, match="lies inside the input folder"):
            refuse_nesting(folder, out)
    with pytest.raises(InputError, match="lies inside it"):
        refuse_nesting(folder, photos.parent)
    refuse_nesting(folder, tmp_path / "out")
    refuse_nesting(folder, photos.with_name(photos.name + "-labels"))


def test_a_list_may_stand_beside_its_output_but_not_name_files_in_it(photos):
    (photos / "list.txt").write_text("a.jpg\nmore/e.png\n")
    inputs = list_inputs(photos / "list.txt")
    refuse_nesting(inputs, photos / "runs" / "x")
    with pytest.raises(InputError, match=r"the input more/e\.png lies inside it"):
        refuse_nesting(inputs, photos / "more")
    with pytest.raises(InputError, match="lies inside it"):
        refuse_nesting(inputs, photos)


def test_an_image_in_parquet_survives_as_it_was(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, "PNG")
    path = write_parquet(tmp_path / "one.parquet", {"image": [buffer.getvalue()]})
    assert content_id(read_content(f"{path}#0")) == content_id(buffer.getvalue())


def test_a_list_may_not_leave_its_folder_by_a_link(photos, tmp_path):
    (photos / "out.jpg").symlink_to(tmp_path / "far.jpg")
    (photos / "elsewhere").symlink_to(tmp_path)
    (photos / "within.jpg").symlink_to("a.jpg")
    listing = photos / "list.txt"
    listing.write_text("out.jpg\nelsewhere/far.jpg\nelsewhere/more.jpg\nwithin.jpg\nmore/..\nmore/../../b.jpg\n")
    inputs = list_inputs(listing)
    assert inputs.uris == [".", "within.jpg"]
    assert set(inputs.refused) == {"out.jpg", "elsewhere/far.jpg", "elsewhere/more.jpg", "more/../../b.jpg"}


def test_a_link_to_itself_is_an_input_that_cannot_be_read(photos):
    (photos / "itself.jpg").symlink_to("itself.jpg")
    assert "itself.jpg" in list_inputs(photos).uris
