"""``python -m compiler.replay FILE``: show the internal error that a replay file was written for."""

from __future__ import annotations

import argparse
import sys
import traceback

from compiler import recording
from compiler.errors import InternalError
from compiler.replaying import replay

_DESCRIPTION = """Capture again, with random tensors, what the compiler failed on. The file is written when an internal
error is met while COMPILER_REPLAY_DIR is set. UNSAFE: it holds code and is a pickle, so replaying it can run what its
writer wanted. Replay only files that you trust. --about reads nothing but text."""


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 if the compiler fails again, else 0."""
    parser = argparse.ArgumentParser(prog="python -m compiler.replay", description=_DESCRIPTION)
    parser.add_argument("file", help=f"a file whose name ends in {recording.SUFFIX}")
    parser.add_argument("--about", action="store_true", help="only say what the file was written for")
    asked = parser.parse_args(arguments)
    try:
        described = recording.about(asked.file)
        print("\n".join(f"{name}: {text}" for name, text in described.items()))
        if asked.about:
            return 0
        explained = replay(asked.file)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print("-- replayed --")
    print(explained)
    if explained.exception is not None:
        print("".join(traceback.format_exception(explained.exception)))
    return int(isinstance(explained.exception, InternalError))


if __name__ == "__main__":
    sys.exit(main())
