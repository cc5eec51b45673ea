-- quota_release.lua: let go of what is held, with nothing taken.
-- asked: id, of the turn
let_go(asked.id, "release")
return ""
