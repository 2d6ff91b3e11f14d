"""Who is let in, and that owners see nothing of each other."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.browsing import ALL, Visitor
from tests.support.page_server import PageServer


def test_a_wrong_token_is_refused_in_words(visitors: Callable[..., Visitor]) -> None:
    """The door says what helps; signing out closes it."""
    visitor = visitors(owner="doorkeeper")
    page = visitor.page
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").fill("sns_this_is_no_token_of_anybody_at_all_whatsoever")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    visitor.troubles.clear()  # a refusal is an error of the console, by the browser's own count


def test_two_owners_see_nothing_of_each_other(visitors: Callable[..., Visitor]) -> None:
    """In two browsers: not in lists, not by asking, not by the address of a record."""
    ana, ben = visitors(owner="ana"), visitors(owner="ben")
    name = ana.remember(text="the code of the safe is on the piano", tags=["anas-own"])
    ben.remember(text="a concert on the piano")
    ben.page.get_by_label("Words to ask with").fill("the code of the safe on the piano")
    ben.page.keyboard.press("Enter")
    ben.page.get_by_role("article").first.wait_for()
    assert "code" not in ben.page.locator("main").inner_text()
    ben.go("Timeline")
    ben.page.get_by_role("link", name="a concert on the piano").wait_for()
    assert "code" not in ben.page.content()
    assert "anas-own" not in ben.page.content()
    ben.page.goto(f"{ben.address}#/record/{name}")
    ben.page.get_by_role("heading", name="This memory cannot be shown").wait_for()
    ben.troubles[:] = [each for each in ben.troubles if "404" not in each]  # as is right


def test_new_memories_appear_by_themselves(newcomer: Visitor) -> None:
    """What another program remembers appears on the page and in the timeline."""
    newcomer.go("Timeline")
    newcomer.page.get_by_text("There is nothing here").wait_for()
    newcomer.remember(text="the parcel has arrived")
    newcomer.page.get_by_text("A new memory:").wait_for()
    newcomer.page.locator(".virtual").get_by_role("link", name="the parcel has arrived").wait_for()


def test_nothing_of_an_owner_stays_for_the_next(
    visitors: Callable[..., Visitor], server: PageServer
) -> None:
    """After another one signed in, the edit of the first cannot be taken back into his memory.

    Nor in another tab, which has the same cookie.
    """
    visitor = visitors(owner="first")
    page, about = visitor.page, {"id": "shared", "tags": ["home"]}
    visitor.remember(text="the key is under the mat", **about)
    page.goto(f"{visitor.address}#/record/shared")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Text").fill("the key is in the shed")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Undo the last edit").wait_for()
    tab = page.context.new_page()
    tab.goto(f"{visitor.address}#/record/shared")
    tab.get_by_role("heading", name="the key is in the shed").wait_for()
    page.get_by_role("button", name="Sign out").click()
    tab.get_by_label("Token").wait_for()  # it left, too
    visitor.token = server.token("second", ALL)
    visitor.remember(text="of the second", **about)
    page.get_by_label("Token").fill(visitor.token)
    page.get_by_role("button", name="Sign in").click()
    for each in (page, tab):
        each.get_by_role("heading", name="of the second").wait_for()
        assert each.get_by_role("button", name="Undo the last edit").count() == 0
    visitor.troubles[:] = [each for each in visitor.troubles if "401" not in each]  # as is right


def test_what_another_shares_says_whose_it_is(visitors: Callable[..., Visitor]) -> None:
    """In lists and by itself; it cannot be edited or forgotten there."""
    lender, reader = visitors(owner="lender", rights=(*ALL, "share")), visitors(owner="reader")
    lender.remember(text="the boat leaves at nine", tags=["trip"])
    reader.go("Timeline")
    reader.page.get_by_text("There is nothing here").wait_for()
    shared = lender.page.request.post(
        f"{lender.address}v1/shares",
        headers={"Authorization": f"Bearer {lender.token}"},
        data={"with": "reader", "tags": ["trip"]},
    )
    assert shared.status == 201
    reader.page.reload()
    reader.page.get_by_text("shared by lender").first.wait_for()
    reader.page.locator(".virtual").get_by_role("link", name="the boat leaves at nine").click()
    reader.page.get_by_role("heading", name="the boat leaves at nine").first.wait_for()
    assert reader.page.get_by_role("button", name="Edit").count() == 0
    assert reader.page.get_by_role("button", name="Forget").count() == 0
    assert "shared by lender" in reader.page.locator("article.record header").inner_text()
