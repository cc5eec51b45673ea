"""A browser that is already on the machine, and somebody in front of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.sandbox.page.installed import program

QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE = 10_000
"""Milliseconds."""

expect.set_options(timeout=PATIENCE)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program(), args=list(QUIET))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody who looks at the page. `complaints` is whatever the browser's console had to say."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    async def sits_down(cls, browser: Browser, width: int = 1440, height: int = 900) -> Self:
        context = await browser.new_context(viewport={"width": width, "height": height})
        sitter = cls(await context.new_page())
        sitter.page.on("console", lambda message: sitter.complaints.append(message.text))
        sitter.page.on("pageerror", lambda error: sitter.complaints.append(str(error)))
        sitter.page.set_default_timeout(PATIENCE)
        return sitter

    async def opens(self, url: str) -> None:
        await self.page.goto(url)
        await expect(self.page.get_by_text("running", exact=True)).to_be_visible()

    async def enters(self, channel: str) -> None:
        """Another channel on Discord, or the direct messages with Parley."""
        button = self.pane("discord").locator(".rooms").get_by_role("button", name=channel)
        await button.click()
        await expect(button).to_have_attribute("aria-current", "true")

    def pane(self, name: str) -> Locator:
        """`discord`, `private` or `group`."""
        return self.page.locator(f"#{name}")

    def line(self, pane: str) -> Locator:
        """Where one writes."""
        return self.pane(pane).locator("textarea")

    def messages(self, pane: str) -> Locator:
        return self.pane(pane).locator(".message")

    async def says(self, pane: str, text: str) -> None:
        """Write something and see it appear: from then on the last message is this one or a later one."""
        before = await self.messages(pane).count()
        await self.line(pane).fill(text)
        await self.line(pane).press("Enter")
        await expect(self.messages(pane).nth(before)).to_be_visible()

    async def sees(self, pane: str, text: str) -> Locator:
        """The last message, once it says so."""
        last = self.messages(pane).last
        await expect(last).to_contain_text(text)
        return last

    async def presses(self, pane: str, label: str) -> None:
        """The newest button so called."""
        await self.pane(pane).get_by_role("button", name=label).last.click()
