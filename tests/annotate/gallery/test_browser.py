"""The gallery in a real browser, opened from its files."""

import shutil

import pytest
from playwright.sync_api import expect

BEACH = "sea/beach.jpg"


def box(locator):
    """Left, top, width and height on the screen."""
    said = locator.bounding_box()
    return said["x"], said["y"], said["width"], said["height"]


def shown_regions(page):
    """Numbers of the regions whose box is drawn at full strength."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".region")]
        .filter((g) => getComputedStyle(g).display !== "none" && Number(getComputedStyle(g).opacity) > 0.5
            && getComputedStyle(g.querySelector(".line")).display !== "none")
        .map((g) => Number(g.dataset.regions)).sort()"""
    )


def test_boxes_lie_where_the_record_says(visit):
    page = visit.image(BEACH)
    left, top, width, height = box(page.locator("#picture img"))
    x, y, wide, high = box(page.locator('.region[data-regions="1"] .line'))

    assert x == pytest.approx(left + 0.5 * width, abs=1.5)
    assert y == pytest.approx(top + 0.3 * height, abs=1.5)
    assert wide == pytest.approx(0.3 * width, abs=3)
    assert high == pytest.approx(0.65 * height, abs=3)


def test_an_image_on_its_side_is_shown_upright(visit):
    page = visit.image("turned.jpg")
    natural = page.evaluate(
        "() => { const i = document.querySelector('#picture img'); return [i.naturalWidth, i.naturalHeight] }"
    )

    assert natural == [300, 480]


def test_a_phrase_highlights_its_boxes_and_a_box_its_phrases(visit):
    page = visit.image(BEACH)
    assert shown_regions(page) == [1, 2]

    page.hover(".description .phrase >> text=man in black")
    assert shown_regions(page) == [1]
    page.hover(".description .phrase >> text=subjects")
    assert shown_regions(page) == [1, 2]

    page.hover('.tag[data-regions="2"]')
    lit = page.locator(".description .phrase.is-on").all_text_contents()
    assert lit == ["sky2", "subjects1 2"]
    assert page.locator("table.regions tr.is-on").count() == 1


def test_the_keyboard_reaches_phrases_and_holds_them(visit):
    page = visit.image(BEACH)
    page.locator(".description .phrase").first.focus()
    assert shown_regions(page) == [1]

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert shown_regions(page) == [2]
    page.evaluate("document.activeElement.blur()")
    assert shown_regions(page) == [1]
    assert page.locator(".description .phrase").first.get_attribute("aria-pressed") == "true"

    page.keyboard.press("Escape")
    assert shown_regions(page) == [1, 2]


def test_dropped_regions_are_listed_with_their_reason_and_drawn_on_demand(visit):
    page = visit.image(BEACH)
    assert page.get_by_text("not-confirmed").is_visible()
    assert not page.locator('.region[data-regions="3"]').is_visible()

    page.keyboard.press("d")
    assert shown_regions(page) == [1, 2, 3]
    dashes = page.locator('.region[data-regions="3"] .line').evaluate("(e) => getComputedStyle(e).strokeDasharray")
    assert dashes != "none"
    page.keyboard.press("d")
    page.locator("tr", has_text="not-confirmed").hover()
    assert shown_regions(page) == [3]


def test_boxes_masks_and_points_are_layers(visit):
    page = visit.image(BEACH)
    mask, points = page.locator('.region[data-regions="2"] .mask'), page.locator(".point")
    picture = box(page.locator("#picture img"))
    assert box(mask)[2:] == pytest.approx((picture[2] / 2, picture[3] / 2), abs=6)
    assert not points.first.is_visible()

    page.keyboard.press("p")
    assert points.count() == 2
    assert points.first.is_visible()
    x, y, wide, high = box(page.locator(".point.positive"))
    assert x + wide / 2 == pytest.approx(picture[0] + 0.65 * picture[2], abs=1.5)
    assert y + high / 2 == pytest.approx(picture[1] + 0.6 * picture[3], abs=1.5)

    page.keyboard.press("m")
    assert not mask.is_visible()
    page.keyboard.press("b")
    assert shown_regions(page) == []


def test_the_quality_map_is_painted_by_family(visit):
    page = visit.image(BEACH)
    canvas = page.locator("#heat")
    assert not canvas.is_visible()

    def alphas():
        return canvas.evaluate(
            "(c) => [...c.getContext('2d').getImageData(0, 0, 20, 20).data].filter((_, i) => i % 4 === 3)"
        )

    page.get_by_role("button", name="blur").click()
    assert canvas.is_visible()
    painted = alphas()
    assert painted[0] > 150
    assert max(painted[1:]) == 0
    assert box(canvas) == pytest.approx(box(page.locator("#picture img")), abs=1)

    page.keyboard.press("h")
    assert min(alphas()) > 50
    page.keyboard.press("h")
    assert not canvas.is_visible()


def test_a_question_shows_its_cells_of_the_grid(visit):
    page = visit.image(BEACH)
    page.hover(".questions .phrase")
    picture, cells = box(page.locator("#picture img")), box(page.locator("#cells rect"))

    assert cells[2:] == pytest.approx((picture[2] / 2, picture[3] / 2), abs=4)
    assert page.locator(".questions .chip").all_text_contents() == ["yes-no", "referring"]
    page.mouse.move(5, 5)
    assert page.locator("#cells rect").count() == 0


def test_a_contradicted_claim_is_marked_with_what_was_measured(visit):
    page = visit.image(BEACH)

    assert page.locator(".description .answer .contradicted").text_content() == "is full of noise"
    assert "noise measured 1.2" in page.locator(".description .contradictions").text_content()


def test_measured_attributes_stand_beside_the_region(visit):
    page = visit.image(BEACH)
    cells = page.locator("table.measured tbody tr").nth(1).locator("td").all_text_contents()

    assert cells[:3] == ["0.71", "1.25", "\u2013"]


def test_arrow_keys_walk_through_all_images_and_keep_the_layers(visit):
    page = visit.open()
    page.locator(".card a").first.click()
    page.wait_for_selector("body.image-page")
    page.keyboard.press("d")
    seen = [page.get_attribute("body", "data-image")]
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        expect(page.locator("body")).not_to_have_attribute("data-image", seen[-1])
        page.wait_for_load_state()
        seen.append(page.get_attribute("body", "data-image"))
        dropped = page.locator('[data-layer="dropped"][aria-pressed="true"]')
        expect(dropped).to_have_count(page.locator("#picture").count())

    assert seen == sorted(set(seen))
    assert page.get_attribute("#after", "aria-disabled") == "true"
    page.keyboard.press("ArrowLeft")
    expect(page.locator("body")).to_have_attribute("data-image", seen[-2])


def test_arrow_keys_stay_inside_the_filter(visit):
    page = visit.open()
    page.select_option("[name=outcome]", "ok")
    ok = page.locator(".card").evaluate_all("(cards) => cards.map((card) => card.id)")
    page.locator(".card a").first.click()
    expect(page.locator("#place")).to_have_text(f"1 of {len(ok)} filtered")
    page.keyboard.press("ArrowRight")
    expect(page.locator("body")).to_have_attribute("data-image", ok[1])

    expect(page.locator("#place")).to_have_text(f"2 of {len(ok)} filtered")
    page.keyboard.press("i")
    page.wait_for_selector("body.index-page")
    expect(page.locator(".card")).to_have_count(len(ok))
    expect(page.locator(f"[id='{ok[1]}'] a")).to_be_focused()


@pytest.mark.parametrize(
    ("name", "value", "uris"),
    [
        ("label", "person", [BEACH]),
        ("family", "darken", [BEACH]),
        ("outcome", "filtered", ["small.jpg"]),
        ("outcome", "failed", ["stage-failed.png"]),
    ],
)
def test_the_index_filters(visit, name, value, uris):
    page = visit.open()
    page.select_option(f"[name={name}]", value)

    assert page.locator(".card .name").all_text_contents() == uris


def test_the_index_searches_names_and_descriptions(visit):
    page = visit.open()
    page.fill("[name=q]", "severely SKY")
    expect(page.locator(".card")).to_have_count(1)
    assert page.locator(".card .name").text_content() == BEACH

    page.fill("[name=q]", "rned.jp")
    expect(page.locator(".card .name")).to_have_text(["turned.jpg"])


def test_the_index_accounts_for_every_input(visit):
    page = visit.open()
    counts = dict(
        zip(page.locator(".counts dt").all_text_contents(), page.locator(".counts dd").all_text_contents(), strict=True)
    )
    rows = {row.locator("td").first.text_content(): row.text_content() for row in page.locator("#ended-rows tr").all()}

    assert (counts["inputs"], counts["ok"], counts["filtered"], counts["failed"], counts["duplicate"]) == (
        "8",
        "4",
        "1",
        "2",
        "1",
    )
    assert len(rows) == 4
    assert "same bytes as sea/beach.jpg" in rows["sea/zz-copy.jpg"]
    assert "is text, not an image" in rows["text.jpg"]
    assert "smallest side 20 px" in rows["small.jpg"]
    assert "<b>ended by length</b>" in rows["stage-failed.png"]
    assert page.locator("#unlabelled").get_by_text("smallest side 20 px").is_visible()


def test_a_missing_picture_is_said_in_its_place(visit):
    page = visit.image("gone.jpg")

    assert "No picture" in page.locator(".no-picture").text_content()
    assert "No such file" in page.locator(".no-picture").text_content()
    page.keyboard.press("h")
    page.keyboard.press("b")


def test_names_and_labels_are_text_and_never_markup(visit, gallery):
    page = visit.open()
    name = page.locator(".card .name", has_text="onerror").text_content()
    label = page.locator("[name=label] option", has_text="script").get_attribute("value")
    page.select_option("[name=label]", label)
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator(".card").count() == 1
    page.locator(".card a").click()
    page.wait_for_selector("body.image-page")

    assert name.startswith('<img src=x onerror=hacked=1> "it\'s" & #1?')
    assert page.title() == name
    assert page.locator(".description .phrase > span").text_content() == label
    page.hover(".tag")
    page.locator(".tag").click()
    assert page.locator('script:not([src]):not([type="application/json"])').count() == 0
    assert page.locator("img").count() == 1
    assert page.evaluate("typeof hacked") == "undefined"


def test_a_copy_of_the_folder_works_elsewhere(browser, gallery, tmp_path, visit):
    mailed = shutil.copytree(gallery, tmp_path / "mailed & moved #1")
    visit.gallery, before = mailed, visit.gallery
    page = visit.image(BEACH)

    assert page.evaluate("document.querySelector('#picture img').naturalWidth") > 0
    assert not [url for url in visit.requests if url.startswith(before.as_uri())]
    visit.requests.clear()
    visit.gallery = before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_high_contrast(browser, gallery, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{gallery.as_uri()}/index.html")
    ratios = page.evaluate(
        """() => {
        const light = (text) => {
            const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
                .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = light(getComputedStyle(document.body).backgroundColor);
        return ["body", ".quiet", ".chip", "#found"].map((selector) => {
            const ink = light(getComputedStyle(document.querySelector(selector)).color);
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        });
    }"""
    )
    context.close()

    assert ratios[0] > 12
    assert min(ratios) > 4.5


def test_a_narrow_window_needs_no_sideways_scrolling(browser, gallery):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    widths = []
    for address in ["index.html", *(f"images/{path.name}" for path in (gallery / "images").iterdir())]:
        page.goto(f"{gallery.as_uri()}/{address}")
        widths.append(page.evaluate("document.documentElement.scrollWidth"))
    context.close()

    assert max(widths) <= 390
