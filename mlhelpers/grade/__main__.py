"""``python -I -m mlhelpers.grade SUBMISSION.ipynb --json``."""

import sys

_AGAIN = """\
import json, sys
sys.path += [path for path in json.loads(sys.argv.pop(1)) if path not in sys.path]
from mlhelpers.grade import command
sys.exit(command(sys.argv[1:]))
"""


def main() -> int:
    """Grade; without -I, in a second Python, which doesn't import what lies in the present folder."""
    if sys.flags.isolated:
        from mlhelpers.grade import command

        return command(sys.argv[1:])
    import json
    import subprocess
    from pathlib import Path

    # What was handed in may lie in the present folder, also a folder "mlhelpers". So an installed one goes before it.
    package = str(Path(__file__).resolve().parents[2])
    paths = [path for path in sys.path if path and Path(path).resolve() != Path.cwd()] + [package]
    again = [sys.executable, "-I", "-c", _AGAIN, json.dumps(paths), *sys.argv[1:]]
    return subprocess.run(again, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
