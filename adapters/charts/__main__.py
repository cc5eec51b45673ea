"""Reads a report as JSON, writes its picture as PNG."""

import sys

from adapters.charts import REPORTS
from adapters.charts.usage import png

if __name__ == "__main__":
    sys.stdout.buffer.write(png(REPORTS.validate_json(sys.stdin.buffer.read())))
