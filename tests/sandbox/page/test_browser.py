"""The page in a browser, with the whole service behind it: what a visitor does in the first minute."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sandbox.openai.script import say
from sandbox.stage import Stage, on_stage
from tests.sandbox.page.browser import Sitter, open_browser

# One browser for all of them, in one loop and in one worker. They spread over the channels, since on Discord each
# channel has a limit of its own, and a bot that has just been busy there takes its time.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("browser")]

HURRY = 20.0
"""How many times faster than written the demonstration model speaks."""

READABLE = 60 / HURRY
"""The rate of a script that is to be watched: 60 tokens in a second."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    """One for all, since it takes most of a second: each test looks at the newest messages only."""
    async with on_stage(hurry=HURRY) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def window(browser: Browser) -> Sitter:
    return await Sitter.sits_down(browser)


@pytest_asyncio.fixture(loop_scope="module")
async def alice(window: Sitter, stage: Stage) -> AsyncIterator[Sitter]:
    """She has just opened the page; nothing that she does may make the browser complain."""
    await window.opens(stage.page.url)
    yield window
    assert [] == window.complaints


async def test_an_answer_grows_to_its_end(alice: Sitter, stage: Stage) -> None:
    """The main job, seen: a suggestion, Enter, and an answer that is there while it is being written."""
    stage.openai.queue(say(" ".join(str(number) for number in range(1, 60)), rate=READABLE))
    await alice.page.get_by_role("button", name="A table").click()
    await expect(alice.line("discord")).to_be_focused()
    await alice.page.keyboard.press("Enter")
    await expect(alice.messages("discord").last.get_by_role("button", name="Stop")).to_be_visible()
    await alice.sees("discord", "1 2 3")
    growing = await alice.messages("discord").last.locator(".text").inner_text()
    await alice.sees("discord", "58 59")

    assert "59" not in growing
    await expect(alice.messages("discord").last.get_by_role("button", name="Regenerate")).to_be_visible()


async def test_what_is_rendered_is_seen(alice: Sitter) -> None:
    """Headings, code and links look as they do on Discord."""
    await alice.enters("random")
    await alice.says("discord", "Show me markdown")
    answer = await alice.sees("discord", "The rule above ends the tour.")

    await expect(answer.locator("h4")).to_have_text(["Heading one"])
    await expect(answer.locator("[data-mark=pre] .language", has_text="python")).to_be_visible()
    await expect(answer.locator("a", has_text="link with words")).to_have_attribute(
        "rel", "noopener noreferrer nofollow"
    )


AT_END = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2"
TO_TOP = "log => new Promise(done => { log.addEventListener('scroll', done, {once: true}); log.scrollTop = 0 })"


async def test_who_reads_above_is_left_there(alice: Sitter, stage: Stage) -> None:
    """What is new takes a reader along at the end, and tears nobody away from what they read."""
    log = alice.pane("discord").locator(".log")
    await alice.enters("random")
    stage.openai.queue(say("owl\n" * 90))
    await alice.says("discord", "Show me many lines")
    await alice.sees("discord", "Regenerate")
    assert await log.evaluate(AT_END)
    await log.evaluate(TO_TOP)
    await stage.discord.say("random", "bob", "Hoo!")
    await alice.sees("discord", "Hoo!")

    assert 0 == await log.evaluate("log => log.scrollTop")
    await alice.presses("discord", "Jump to the newest")
    assert await log.evaluate(AT_END)


async def test_a_slash_command_is_filled_in_with_the_keyboard(alice: Sitter) -> None:
    """The list of commands, an option, a suggestion of the bot's, Enter."""
    await alice.line("discord").press_sequentially("/mo")
    await expect(alice.page.get_by_role("option")).to_have_text(
        ["/modelSee the models, or choose the one that answers here"]
    )
    await alice.page.keyboard.press("Enter")
    await expect(alice.page.get_by_role("option")).to_have_text(["demo", "mini"])
    await alice.page.keyboard.type("in")
    await expect(alice.page.get_by_role("option")).to_have_text(["mini"])
    await alice.page.keyboard.press("Enter")
    await alice.page.keyboard.press("Enter")
    answer = await alice.sees("discord", "From now on mini answers")
    await expect(answer.locator(".spoke")).to_have_text("AAlice used /model")


async def test_stop_continue_and_regenerate(alice: Sitter, stage: Stage) -> None:
    """The buttons below an answer, on Discord."""
    await alice.enters("random")
    stage.openai.queue(say("owl " * 400, rate=READABLE), say("and so on."), say("Once more."))
    await alice.says("discord", "Say owl for ten seconds")
    await alice.sees("discord", "owl owl")
    await alice.presses("discord", "Stop")
    await alice.sees("discord", "Stopped.")
    await alice.presses("discord", "Continue")
    await alice.sees("discord", "and so on.")
    await alice.presses("discord", "Regenerate")
    await alice.sees("discord", "Once more.")


async def test_only_you_can_see_this_and_put_it_away(alice: Sitter, browser: Browser, stage: Stage) -> None:
    """Another visitor, as Bob in another window, sees none of it, and after a reload all is as it was."""
    bob = await Sitter.sits_down(browser)
    await bob.opens(stage.page.url)
    await bob.pane("discord").get_by_role("radio", name="Bob").check(force=True)
    await alice.line("discord").fill("/usage")
    await alice.page.keyboard.press("Enter")
    await alice.page.keyboard.press("Enter")
    await alice.sees("discord", "Only you can see this")
    await alice.page.reload()
    await alice.sees("discord", "Only you can see this")
    await bob.says("discord", "Who am I?")
    await bob.sees("discord", "You are Bob")
    await alice.sees("discord", "You are Bob")
    await expect(bob.pane("discord")).not_to_contain_text("Only you can see this")
    await alice.presses("discord", "Dismiss message")
    await expect(alice.pane("discord")).not_to_contain_text("Only you can see this")
    await bob.page.context.close()
    assert [] == bob.complaints


async def test_a_reply_and_a_thread(alice: Sitter) -> None:
    """Found with the keyboard: up to the message, then to its buttons."""
    await alice.says("discord", "Tell me a joke")
    await alice.sees("discord", "Regenerate")
    await alice.pane("discord").locator(".log").press("ArrowUp")
    await expect(alice.messages("discord").last).to_be_focused()
    await alice.presses("discord", "Reply")
    await alice.says("discord", "Count to 7")
    answer = await alice.sees("discord", "1, 2, 3, 4, 5, 6, 7.")
    await answer.hover()
    await answer.get_by_role("button", name="Open a thread").click()
    await expect(alice.pane("discord").locator(".channel.thread")).to_have_attribute("aria-current", "true")
    await alice.says("discord", "Who am I?")
    await alice.sees("discord", "You are Alice")


async def test_a_command_that_nobody_answers_says_so(
    alice: Sitter, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord's red line, and a hint below what was said past the bot."""
    await alice.pane("discord").get_by_role("button", name="@Parley").click()
    await alice.says("discord", "Bob?")
    await expect(alice.messages("discord").last).to_have_class("message unheard")
    monkeypatch.setattr(stage.discord.rules, "ack_seconds", 0)
    await alice.line("discord").fill("/new")
    await alice.page.keyboard.press("Enter")
    await alice.page.keyboard.press("Enter")
    await expect(alice.pane("discord").locator(".sent.failed")).to_have_text("/new: The application did not respond")


async def test_telegram_in_private(alice: Sitter) -> None:
    """Start, the menu of commands, an error with a way on, a sticker."""
    await alice.presses("private", "Start")
    await alice.sees("private", "Hello Alice!")
    await alice.presses("private", "Commands")
    await alice.page.keyboard.type("mod")
    await alice.page.keyboard.press("Enter")
    await expect(alice.line("private")).to_have_value("/model ")
    await alice.says("private", "Show me an error")
    await alice.sees("private", "The model is not answering right now")
    await alice.presses("private", "Stickers")
    await alice.presses("private", "An owl")
    await alice.sees("private", "this was a sticker")


async def test_telegram_in_a_group(alice: Sitter) -> None:
    """Privacy mode is explained where it bites; a reply reaches the bot without a command."""
    await alice.pane("group").get_by_role("checkbox").uncheck()
    await alice.says("group", "Hoo?")
    await alice.sees("group", "Parley did not get this")
    await alice.says("group", "/ask Hoo?")
    await alice.sees("group", "Parley did not get this")
    await alice.pane("group").get_by_role("checkbox").check()
    await alice.says("group", "/ask Count to 7")
    await alice.sees("group", "1, 2, 3, 4, 5, 6, 7.")
    await expect(alice.pane("group").locator(".text", has_text="/ask@ParleyOwlBot Count to 7")).to_have_count(1)
    await alice.says("group", "Show me code")
    answer = await alice.sees("group", "divmod does the work")
    await expect(answer.locator("[data-mark=keyword]", has_text="def")).to_have_count(1)
    await alice.pane("group").get_by_role("radio", name="Bob").check(force=True)
    await answer.hover()
    await answer.get_by_role("button", name="Reply").click()
    await alice.says("group", "Who am I?")
    await alice.sees("group", "You are Bob")


ATTACKS = """\
<script>window.hacked = 1</script> <img src=x onerror="window.hacked = 1"> <svg onload=window.hacked=1>
[press](javascript:window.hacked=1) [me](data:text/html,<script>window.hacked=1</script>) <javascript:window.hacked=1>
[label](<https://example.org/" onmouseover="window.hacked=1>) ||<b onclick=window.hacked=1>spoiler</b>||
```"><script>window.hacked=1</script>
</code></pre><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>
```
&lt;script&gt;window.hacked=1&lt;/script&gt; {{constructor.constructor('window.hacked=1')()}}
"""


async def test_a_hostile_answer_is_only_something_to_read(alice: Sitter, stage: Stage) -> None:
    """What a model says is not trusted: every sign of it is shown as it is, and nothing else happens."""
    stage.openai.queue(*[say(f"{ATTACKS}\nEnd.")] * 2)
    for pane in ("discord", "private"):
        await alice.says(pane, ATTACKS)
        answer = await alice.sees(pane, "End.")
        assert '<script>window.hacked = 1</script> <img src=x onerror="window.hacked = 1">' in await answer.inner_text()
        for link in await answer.locator("a").all():
            assert (await link.get_attribute("href") or "").startswith("https://example.org/")

    assert await alice.page.evaluate("window.hacked === undefined")
    assert 0 == await alice.page.locator("main :is(script, img, iframe, [onload], [onclick], [onmouseover])").count()


async def test_a_narrow_window_shows_one_pane(browser: Browser, stage: Stage) -> None:
    """On a phone: tabs, nothing wider than the screen, and a sign where something new is."""
    sitter = await Sitter.sits_down(browser, 390, 844)
    await sitter.opens(stage.page.url)
    await sitter.says("discord", "Show me a table")
    await sitter.sees("discord", "Regenerate")
    await expect(sitter.pane("group")).to_be_hidden()
    await stage.telegram.say(stage.telegram.club, stage.telegram.people["bob"], "Alice?")
    group = sitter.page.get_by_role("tab", name="Group")
    await expect(group).to_have_attribute("data-news", "")
    await group.click()
    await expect(sitter.pane("discord")).to_be_hidden()
    await sitter.sees("group", "Alice?")

    await expect(group).not_to_have_attribute("data-news", "")
    assert 390 == await sitter.page.evaluate("document.scrollingElement.scrollWidth")
    assert [] == sitter.complaints
    await sitter.page.context.close()
