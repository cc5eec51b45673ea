"""Every port in dicts: the reference that the other stores are held against. It forgets when the process ends."""

from storage.memory.open import open_memory

__all__ = ["open_memory"]
