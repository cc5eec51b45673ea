"""/model: which model answers in this conversation."""

from collections.abc import Sequence

from bot.catalogue import Ability
from bot.chat import Call
from bot.commands.spec import Command, Param
from bot.ports import Outcome, Ports, Setting
from bot.preferences import model_for, set_model
from bot.reply import Reply


async def _model(setting: Setting) -> Outcome:
    ports, session = setting.ports, setting.turn.session
    wanted = setting.call.arguments.get("name", "")
    if not wanted:
        return Reply(_offer(ports, (await model_for(ports, session)).alias))
    spec = ports.catalogue.find(wanted, Ability.CHAT)
    await set_model(ports, session, spec.alias)
    return Reply(f"From now on **{spec.alias}** answers in this conversation.")


def _offer(ports: Ports, current: str) -> str:
    lines = ["Models you can choose with `/model name`:", ""]
    for spec in ports.catalogue.able(Ability.CHAT):
        summary = f": {spec.summary}" if spec.summary else ""
        chosen = " (answers here now)" if spec.alias == current else ""
        lines.append(f"- **{spec.alias}**{summary}{chosen}")
    return "\n".join(lines)


async def _suggest(ports: Ports, call: Call, typed: str) -> Sequence[str]:
    del call
    aliases = [spec.alias for spec in ports.catalogue.able(Ability.CHAT)]
    return [alias for alias in aliases if typed.casefold() in alias.casefold()]


MODEL = Command(
    "model",
    "See the models, or choose the one that answers here",
    _model,
    params=(Param("name", "The model to use from now on", suggest=_suggest),),
    aside=False,
)
