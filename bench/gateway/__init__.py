"""What it costs to ask through our /v1, beside asking the provider itself and beside LiteLLM's proxy."""

from bench.gateway.rounds import report

__all__ = ["report"]
