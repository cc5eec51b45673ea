"""bot.ports kept by something: dicts, SQLite, Redis. The same contract suite runs on all three."""
