"""Processes that die, stall and lose their store while people talk to them, and a judge of what stands in the chats."""
