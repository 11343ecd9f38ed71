#!/usr/bin/env python
"""Django's command line for the portal."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django が見つかりません。bin/start を使うか、.venv を有効にしてください。")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
