"""/ban, /unban, /role, /client: who may do what in a community."""

from dataclasses import replace

from bot.access import Rank
from bot.amounts import limit_words, parse_limit
from bot.billing import client_scope
from bot.chat import Key
from bot.commands.diary import noted
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, NotAllowed
from bot.names import names_in
from bot.people import EVERYWHERE, all_of, decide, is_owner, rank_of, set_role_rank, standing_of
from bot.ports import Outcome, Setting
from bot.reply import Reply, plain

RANKS = {"guest": Rank.GUEST, "user": Rank.USER, "client": Rank.CLIENT, "admin": Rank.ADMIN}
USUAL = "usual"

MEANINGS = {
    Rank.GUEST: "is a guest: what newcomers are given, and no more",
    Rank.USER: "is a member",
    Rank.CLIENT: "may issue keys to users of their own",
    Rank.ADMIN: "may do what those may who run this place",
}


async def _ban(setting: Setting) -> Outcome:
    user, club = await _subject(setting)
    await decide(setting.ports.records, club, user, banned=True, by=setting.call.origin.key.person)
    await noted(setting, "ban", user)
    return Reply(f"User {_id(user)} gets no answers from me any more{_where(club)}.")


async def _unban(setting: Setting) -> Outcome:
    user, club = await _subject(setting)
    if not (await standing_of(setting.ports.records, club, user)).banned:
        return Reply(f"User {_id(user)} was not banned{_where(club)}.")
    await decide(setting.ports.records, club, user, banned=False, by=setting.call.origin.key.person)
    await noted(setting, "unban", user)
    return Reply(f"User {_id(user)} gets answers again{_where(club)}.")


async def _role(setting: Setting) -> Outcome:
    key, arguments = setting.call.origin.key, setting.call.arguments
    wanted, role = arguments.get("is", "").strip().lower(), arguments.get("role", "")
    if wanted not in RANKS and wanted != USUAL:
        raise BadArgument(f"“{plain(wanted)}” is no role here. There is {', '.join(RANKS)}, and {USUAL}.")
    if key.private:
        raise BadArgument("Roles are given in a server or a group: ask me there.")
    rank = RANKS.get(wanted)
    if role:
        await set_role_rank(setting.ports.records, key.club, role, rank)
        await noted(setting, "role", f"role {role}", new=wanted)
        return Reply(f"Whoever has that role {MEANINGS[rank] if rank is not None else 'is what they are without it'}.")
    user, club = await _subject(setting)
    await decide(setting.ports.records, club, user, rank=rank, by=key.person)
    await noted(setting, "role", user, new=wanted)
    return Reply(f"User {_id(user)} {MEANINGS[rank] if rank is not None else 'is what the platform says they are'}.")


async def _add_client(setting: Setting) -> Outcome:
    user, club = await _subject(setting)
    if club == EVERYWHERE:
        raise BadArgument("Clients belong to a server or a group: ask me there.")
    share = parse_limit(setting.call.arguments.get("limit", ""))
    await setting.ports.ledger.set_limit(client_scope(club, user), share, setting.ports.now())
    await decide(setting.ports.records, club, user, rank=Rank.CLIENT, by=setting.call.origin.key.person)
    await noted(setting, "client add", user, new=limit_words(share))
    return Reply(
        f"User {_id(user)} may issue keys here with `/key issue`. All of these together may use {limit_words(share)}."
    )


async def _remove_client(setting: Setting) -> Outcome:
    user, club = await _subject(setting)
    if (await standing_of(setting.ports.records, club, user)).rank is not Rank.CLIENT:
        return Reply(f"User {_id(user)} is no client here.")
    await decide(setting.ports.records, club, user, rank=None, by=setting.call.origin.key.person)
    await noted(setting, "client remove", user)
    return Reply(f"User {_id(user)} may issue no more keys. Those that they issued go on; `/key revoke` ends one.")


async def _list_clients(setting: Setting) -> Outcome:
    key = setting.call.origin.key
    if key.private:
        raise BadArgument("Clients belong to a server or a group: ask me there.")
    clients = [who for who, each in (await all_of(setting.ports.records, key.club)).items() if each.rank is Rank.CLIENT]
    names = await names_in(setting.ports.settings, key)
    if not clients:
        return Reply("Nobody but those who run this place issues keys here. `/client add` makes somebody a client.")
    lines = [f"- {plain(names.get(who, 'somebody'))} (user {_id(who)})" for who in clients]
    return Reply("**Clients here**\n" + "\n".join(lines))


async def _subject(setting: Setting) -> tuple[str, str]:
    """The person a command is about, and the community. Raises BadArgument, NotAllowed."""
    key, user = setting.call.origin.key, setting.call.arguments.get("user", "")
    if not user:
        raise BadArgument("Whom? Name a user, or reply to one of their messages.")
    rank = await rank_of(setting.call, setting.ports)
    if key.private and rank < Rank.OWNER:
        raise NotAllowed(setting.call.command, Rank.OWNER.called)
    if rank < Rank.OWNER and await _runs_the_place(setting, replace(key, user=user)):
        raise NotAllowed(f"{setting.call.command} for people who run this place", Rank.OWNER.called)
    return f"{key.platform}:{user}", key.club or EVERYWHERE


async def _runs_the_place(setting: Setting, key: Key) -> bool:
    if await is_owner(setting.ports, key.person):
        return True
    return await setting.ports.platforms[key.platform].rank(key) >= Rank.ADMIN


def _id(person: str) -> str:
    return person.partition(":")[2]


def _where(club: str) -> str:
    return "" if club == EVERYWHERE else " in this community"


_USER = Param("user", "Who", kind="user", required=True)

BAN = Command("ban", "Give somebody no more answers", _ban, params=(_USER,), audience=Rank.ADMIN)
UNBAN = Command("unban", "Give somebody answers again", _unban, params=(_USER,), audience=Rank.ADMIN)
ROLE = Command(
    "role",
    "Say what somebody, or everybody with a role, may do",
    _role,
    params=(
        Param("is", "What they shall be", required=True, choices=(*RANKS, USUAL)),
        Param("user", "Who", kind="user"),
        Param("role", "Everybody who has this role of the server", kind="role"),
    ),
    audience=Rank.ADMIN,
)
ADD_CLIENT = Command(
    "client add",
    "Let somebody issue keys, within a share",
    _add_client,
    params=(_USER, Param("limit", "For all of their keys together, like 1M tokens per month", required=True)),
    audience=Rank.ADMIN,
)
REMOVE_CLIENT = Command(
    "client remove", "Let somebody issue no more keys", _remove_client, params=(_USER,), audience=Rank.ADMIN
)
CLIENTS = Command("client list", "See who issues keys here", _list_clients, audience=Rank.ADMIN)
