"""Everything that speaks a foreign format: chat platforms, model providers, HTTP, the shell."""
