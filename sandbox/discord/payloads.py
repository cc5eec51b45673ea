"""People, places and the bot's registration as Discord writes them."""

from datetime import datetime

from sandbox.discord.permissions import in_guild
from sandbox.discord.snowflakes import born
from sandbox.discord.state import Application, Channel, Guild, Json, Kind, Member, Role, Thread, User
from sandbox.discord.world import World

_GATEWAY_PRESENCE, _GATEWAY_MEMBERS, _MESSAGE_CONTENT = 1 << 13, 1 << 15, 1 << 19
"""The "limited" flags, as applications in few guilds have them."""


def moment(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def user(who: User) -> Json:
    """A bot still has a discriminator, people have "0"."""
    return {
        "id": str(who.id),
        "username": who.name if who.bot else who.name.lower(),
        "global_name": None if who.bot else who.name,
        "discriminator": "4242" if who.bot else "0",
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
        "bot": who.bot,
        "system": False,
    }


def me(who: User) -> Json:
    """The bot's own account, as GET /users/@me shows it."""
    return {
        **user(who),
        "mfa_enabled": False,
        "locale": "en-US",
        "verified": True,
        "email": None,
        "premium_type": 0,
    }


def application(world: World) -> Json:
    own = world.application
    return {
        "id": str(own.id),
        "name": own.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(own.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "integration_types_config": {"0": {}},
        "verify_key": "0" * 64,
        "flags": flags(own),
        "flags_new": str(flags(own)),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(own.owner),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "event_webhooks_status": 1,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def flags(own: Application) -> int:
    """Which privileged intents are switched on."""
    return (
        (_GATEWAY_PRESENCE if own.presences else 0)
        | (_GATEWAY_MEMBERS if own.members else 0)
        | (_MESSAGE_CONTENT if own.message_content else 0)
    )


def member(whose: Member, *, with_user: bool = True) -> Json:
    shown = {
        "nick": whose.nick,
        "avatar": None,
        "banner": None,
        "roles": [str(role) for role in whose.roles],
        "joined_at": moment(whose.joined),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return {**shown, "user": user(whose.user)} if with_user else shown


def role(which: Role) -> Json:
    return {
        "id": str(which.id),
        "name": which.name,
        "permissions": str(which.permissions),
        "position": which.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": which.bot is not None,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
        **({} if which.bot is None else {"tags": {"bot_id": str(which.bot)}}),
    }


def guild(which: Guild) -> Json:
    return {
        "id": str(which.id),
        "name": which.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(which.owner_id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(each) for each in which.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def my_guild(world: World, which: Guild) -> Json:
    """A guild in the bot's own list of them."""
    return {
        "id": str(which.id),
        "name": which.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(int(in_guild(which, world.bot.id))),
        "features": [],
    }


def channel(world: World, which: Channel) -> Json:
    """A text channel, a thread or a DM, each with its own fields."""
    shown: Json = {
        "id": str(which.id),
        "type": int(which.kind),
        "flags": 0,
        "last_message_id": None if which.last_message_id is None else str(which.last_message_id),
    }
    if which.kind is Kind.DM:
        others = [user(world.users[each]) for each in which.people if each != world.bot.id]
        return {**shown, "recipients": others}
    shown |= {"guild_id": str(which.guild_id), "name": which.name, "rate_limit_per_user": 0}
    if which.thread is not None:
        return {**shown, **_thread(world, which, which.thread)}
    return {**shown, **_text_channel(which)}


def _text_channel(which: Channel) -> Json:
    return {
        "position": which.position,
        "parent_id": None,
        "topic": None,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(target),
                "type": 0 if target == which.guild_id else 1,
                "allow": str(overwrite.allow),
                "deny": str(overwrite.deny),
            }
            for target, overwrite in which.overwrites.items()
        ],
    }


def _thread(world: World, which: Channel, thread: Thread) -> Json:
    shown: Json = {
        "parent_id": str(thread.parent_id),
        "owner_id": str(thread.owner_id),
        "message_count": min(thread.sent, len(which.messages)),
        "member_count": len(thread.members),
        "total_message_sent": thread.sent,
        "thread_metadata": {
            "archived": thread.archived,
            "archive_timestamp": moment(born(which.id)),
            "auto_archive_duration": thread.minutes,
            "locked": thread.locked,
            "create_timestamp": moment(born(which.id)),
            **({"invitable": False} if which.kind is Kind.PRIVATE_THREAD else {}),
        },
    }
    if world.bot.id in thread.members:
        shown["member"] = thread_member(which, world.bot)
    return shown


def thread_member(which: Channel, who: User) -> Json:
    return {"id": str(which.id), "user_id": str(who.id), "join_timestamp": moment(born(which.id)), "flags": 0}


def interaction_channel(world: World, which: Channel, who: User) -> Json:
    """A channel as an interaction carries it: with the permissions of whoever asks."""
    return {**channel(world, which), "permissions": permissions(world, which, who)}


def permissions(world: World, where: Channel, who: User) -> str:
    """A user's permissions in one channel, as the string of a number."""
    return str(int(world.permissions(who.id, where)))
