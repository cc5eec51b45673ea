"""
How many HTTP calls are let through: per route, in all, and before the whole address is shut out.

Source: docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from collections.abc import Mapping

from sandbox.discord.errors import ApiError
from sandbox.discord.rules import Quota, Rules

VIA = {"Via": "1.1 google"}
"""What Discord's own refusals carry and Cloudflare's do not; discord.py retries only after the former."""


class Limits:
    """The windows that are open, by bucket and major parameters."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._windows: dict[tuple[str, str], Window] = {}
        self._all = Window(rules.everything)
        self._invalid: deque[float] = deque()
        self._banned_until = 0.0

    def take(self, bucket: str, major: str) -> dict[str, str]:
        """
        Count one call; the headers that its answer carries.

        Args:
            bucket: The routes that share a limit.
            major: The channel, guild or webhook on which it counts.

        Raises:
            ApiError: 429 with scope "user".
        """
        quota = self._rules.quotas.get(bucket, self._rules.quota)
        window = self._windows.get((bucket, major))
        if window is None or window.over or window.quota != quota:
            window = self._windows[bucket, major] = Window(quota)
        free = window.take()
        headers = window.headers(bucket)
        if not free:
            raise _limited(window.left, {**headers, "X-RateLimit-Scope": "user"}, everywhere=False)
        return headers

    def take_any(self) -> None:
        """
        Count one call against the global limit.

        Raises:
            ApiError: 429 with scope "global".
        """
        if self._all.over or self._all.quota != self._rules.everything:
            self._all = Window(self._rules.everything)
        if not self._all.take():
            headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
            raise _limited(self._all.left, headers, everywhere=True)

    @property
    def banned(self) -> float:
        """Seconds for which the address is still shut out, 0 when it is not."""
        return max(0.0, self._banned_until - time.monotonic())

    def count_invalid(self) -> None:
        """Count one answer 401, 403 or 429; too many of them shut the address out."""
        limit, now = self._rules.invalid, time.monotonic()
        self._invalid.append(now)
        while now - self._invalid[0] > limit.seconds:
            self._invalid.popleft()
        if len(self._invalid) >= limit.limit:
            self._invalid.clear()
            self._banned_until = now + self._rules.ban_seconds

    def forgive(self) -> None:
        """Forget all that was counted, for a test that wants to begin anew."""
        self._windows.clear()
        self._invalid.clear()
        self._all = Window(self._rules.everything)
        self._banned_until = 0.0


class Window:
    """A count of calls that starts with the first of them."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._used = 0
        self._ends = time.monotonic() + quota.seconds

    @property
    def left(self) -> float:
        """Seconds until it is over."""
        return max(0.001, self._ends - time.monotonic())

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._ends

    def take(self) -> bool:
        self._used += 1
        return self._used <= self.quota.limit

    def headers(self, bucket: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.quota.limit),
            "X-RateLimit-Remaining": str(max(0, self.quota.limit - self._used)),
            "X-RateLimit-Reset": f"{_up(time.time() + self.left):.3f}",
            "X-RateLimit-Reset-After": f"{_up(self.left):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:32],
        }


def _limited(seconds: float, headers: Mapping[str, str], *, everywhere: bool) -> ApiError:
    more = {"retry_after": _up(seconds), "global": everywhere}
    answer = {**headers, **VIA, "Retry-After": str(math.ceil(seconds))}
    return ApiError(429, 0, "You are being rate limited.", headers=answer, more=more)


def _up(seconds: float) -> float:
    """Milliseconds, never too few: whoever waits exactly that long comes in time."""
    return math.ceil(seconds * 1000) / 1000
