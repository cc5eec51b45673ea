"""The session core: what a chat is, and how a question becomes exactly one answer. Standard library only."""
