"""`lapel metrics`: a token for a Prometheus that reads the relay's figures."""

from __future__ import annotations

import argparse
import sys

from .. import config
from ..console import scrape


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--forget", action="store_true", help="make no token, and let the one before go")


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    if options.forget:
        gone = scrape.forget(settings.home)
        sys.stdout.write("The token opens nothing any more.\n" if gone else "There was no token.\n")
        return 0
    token = scrape.make(settings.home)
    sys.stderr.write(
        "This token reads /metrics and nothing else. It is shown once; the one before is gone.\n"
        "Put it into a file that only Prometheus may read, and name that in prometheus.yml:\n"
        "\n"
        "  - job_name: lapel\n"
        "    authorization: {credentials_file: /etc/prometheus/lapel.token}\n"
        f"    static_configs: [{{targets: ['{settings.console.host}:{settings.console.port}']}}]\n"
        "\n"
    )
    sys.stdout.write(f"{token}\n")
    return 0
