"""A Discord on loopback, as strict as the real one: `server.Discord` is all of it."""
