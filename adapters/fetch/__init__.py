"""What we fetch from, and post to, addresses that strangers name: never into our own network."""

from adapters.fetch.fetcher import Fetched, Fetcher
from adapters.fetch.outside import Outside
from adapters.fetch.poster import Poster, signature
from adapters.fetch.urls import check_url

__all__ = ["Fetched", "Fetcher", "Outside", "Poster", "check_url", "signature"]
