"""`python -m config.provider --smtp 2525 --http 2580 --folder var/provider`: runs until SIGTERM or Ctrl-C.

The first line it prints is JSON with the two ports; 0 takes any free one. Webhooks are signed with
`KINEPLAN_WEBHOOK_SECRET`, the same as the product's.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from config.provider.reports import Reporter
from config.provider.server import Provider


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.provider", description=__doc__)
    parser.add_argument("--smtp", type=int, default=0, help="port for e-mails")
    parser.add_argument("--http", type=int, default=0, help="port for text messages, notifications and control")
    parser.add_argument("--folder", type=Path, required=True, help="where accepted.jsonl is written")
    parser.add_argument("--mailbox", type=Path, help="also write each message as a file here")
    parser.add_argument("--product", default="", help="where webhooks go: http://127.0.0.1:8000")
    options = parser.parse_args()
    reporter = Reporter(options.product.rstrip("/"), os.environ.get("KINEPLAN_WEBHOOK_SECRET", ""))
    try:
        provider = Provider(
            options.folder, smtp=options.smtp, http=options.http, reporter=reporter, mailbox=options.mailbox
        )
    except OSError as error:
        print(f"The provider cannot start: {error}", file=sys.stderr)
        return 1
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    provider.start()
    print(json.dumps({"smtp": provider.smtp, "http": provider.http}), flush=True)
    stopped.wait()
    provider.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
