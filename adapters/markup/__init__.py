"""From the Markdown that models write to text with spans, cut into pages; knows no platform."""
