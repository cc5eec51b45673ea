"""Every command, written once for all platforms."""
