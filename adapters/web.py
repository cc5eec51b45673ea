"""What our HTTP server offers, as the configuration says. It weighs 25 MB, so it is imported where it is needed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from adapters.config.shape import Config
from adapters.fetch import Outside
from adapters.upstream.agents import Agents
from bot.api import Desk
from bot.keyring import KeyScope
from bot.pool import Pool
from bot.ports import Ports

if TYPE_CHECKING:
    from fastapi import FastAPI

    from adapters.http.front import Front, Handler


def is_wanted(config: Config) -> bool:
    """Whether anybody is to call us."""
    called_by_telegram = config.telegram is not None and config.telegram.mode == "webhook"
    return called_by_telegram or config.http.api or config.pool.agents or config.http.metrics


def create(config: Config, desk: Desk, pool: Pool, outside: Outside) -> "Front":
    """A server with all that is offered, but for what a platform adds."""
    from adapters.http import server
    from adapters.http.front import Front

    ports = desk.ports
    app = server.create(documented=config.http.api)
    server.add_ready(app, lambda: ports.records.get("pepper", "pepper"))
    busy = _offer_api(app, config, desk, outside) if config.http.api else {}
    if config.pool.agents:
        _offer_agents(app, config, ports, pool)
    if config.http.metrics:
        from adapters.http.metrics import add_metrics

        add_metrics(app, pool.statuses, ports.now, config.http.paths.get("/metrics", "/metrics"))
    return Front(app, busy, map(str, config.http.proxies))


def _offer_api(app: "FastAPI", config: Config, desk: Desk, outside: Outside) -> "Mapping[str, Handler]":
    """Returns the handlers to which a request can go straight."""
    from fastapi.middleware.cors import CORSMiddleware

    from adapters.fetch import Fetcher, Poster
    from adapters.http.ask import add_ask
    from adapters.http.auth import Door
    from adapters.http.callbacks import Tasks
    from adapters.http.chat import add_chat
    from adapters.http.conversations import add_conversations
    from adapters.http.openai import add_openai
    from adapters.http.routes import Routes
    from adapters.http.sessions import add_sessions
    from adapters.http.talks import Talks
    from adapters.http.users import add_users

    api, door = desk.ports.api, Door(desk.ports)
    assert api is not None
    if config.http.origins:
        app.add_middleware(CORSMiddleware, allow_origins=config.http.origins, allow_methods=["*"], allow_headers=["*"])
    tasks = Tasks(desk, Poster(outside, desk.ports.now))
    busy = add_openai(app, door, desk, api, Fetcher(outside), tasks)
    routes, talks = Routes(app, config.http.paths), Talks(door, desk, config.titles.model)
    add_conversations(routes, talks)
    add_sessions(routes, talks, config.http.model_names)
    add_ask(routes, talks)
    add_chat(routes, talks)
    add_users(routes, door, desk.ports)
    return {} if config.http.origins else busy  # that other pages may call us, FastAPI's middleware says


def _offer_agents(app: "FastAPI", config: Config, ports: Ports, pool: Pool) -> None:
    from adapters.http.agents import add_agents
    from adapters.http.auth import key_in, may

    async def admit(key: str, address: str) -> str | None:
        record = await may(ports, key, address, KeyScope.AGENT)
        return record.id if record else None

    async def admit_admin(authorization: str, address: str) -> bool:
        return await may(ports, key_in(authorization), address, KeyScope.ADMIN) is not None

    door, listing = (config.http.paths.get(path, path) for path in ("/client/register", "/api/connections"))
    add_agents(app, Agents(pool, ports.now), admit, admit_admin, door=door, listing=listing)
