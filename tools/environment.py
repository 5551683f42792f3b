"""Create or renew .venv from requirements.lock: `python3 tools/environment.py`.

Uses the standard library alone, and no syntax younger than Python 3.4, so that an
interpreter that is too old says so in one line instead of failing to parse this file.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

OLDEST, YOUNGEST = (3, 11), (3, 13)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
READY = os.path.join(VENV, ".ready")  # written last: a .venv without it was interrupted
LOCK = os.path.join(ROOT, "requirements.lock")
SCRIPTS = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
# TensorFlow writes start-up lines to the process's own stderr, which kernels copy into notebooks.
KERNEL_CONFIG = os.path.join(VENV, "etc", "ipython", "ipython_kernel_config.py")


def fail(message):
    sys.exit("error: " + message)


def check_python():
    version = "{}.{}".format(*sys.version_info[:2])
    supported = "{}.{} to {}.{}".format(*(OLDEST + YOUNGEST))
    if not OLDEST <= sys.version_info[:2] <= YOUNGEST:
        problem = "old" if sys.version_info[:2] < OLDEST else "new"
        fail(
            "Python {} is too {}: this book needs Python {}; "
            "name another one, as in PYTHON=python3.12 make book".format(version, problem, supported)
        )
    return version


def wanted(version):
    """Return what .ready must hold: the interpreter, and a digest of what is to be installed."""
    digest = hashlib.sha256()
    for path in (LOCK, os.path.join(ROOT, "pyproject.toml"), os.path.abspath(__file__)):
        with open(path, "rb") as file:
            digest.update(file.read())
    return "{} {}\n".format(version, digest.hexdigest())


def found():
    try:
        with open(READY) as file:
            return file.read()
    except OSError:
        return ""


def step(command, failure):
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if process.returncode:
        lines = process.stdout.decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip() and "notice" not in line]
        cause = next((line for line in said if line.lower().startswith("error")), "")
        fail("{} ({})".format(failure, (cause or "".join(said[-1:]) or "no output")[:300]))


def install_uv(python):
    """Install the uv that the lock pins, by its hashes: pip alone needs minutes for the rest."""
    with open(LOCK) as file:
        entries = file.read().replace("\\\n", "").split("\n")
    pinned = next((entry for entry in entries if entry.startswith("uv==")), None)
    if pinned is None:
        fail("requirements.lock does not pin uv; renew it with `make lock`")
    handle, path = tempfile.mkstemp(suffix=".txt")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(pinned + "\n")
        pip = [python, "-m", "pip", "install", "--quiet", "--retries", "1", "--require-hashes", "-r", path]
        step(pip, "could not download the installer: is there a network? Run the same command again")
    finally:
        os.remove(path)


def main():
    version = check_python()
    if found() == wanted(version):
        return
    print("Installing the packages of requirements.lock into .venv (Python {}) ...".format(version))
    if found().split(" ")[0] != version:
        shutil.rmtree(VENV, ignore_errors=True)
        step(
            [sys.executable, "-m", "venv", VENV],
            "could not create .venv: this Python lacks the venv or ensurepip module "
            "(on Debian and Ubuntu: apt install python{}-venv)".format(version),
        )
    elif os.path.exists(READY):
        os.remove(READY)
    python = os.path.join(SCRIPTS, "python")
    uv = [python, "-m", "uv", "--quiet", "pip"]
    install_uv(python)
    step(
        uv + ["sync", "--python", python, "--require-hashes", LOCK],
        "could not install the packages: is there a network? Run the same command again",
    )
    step(
        uv + ["install", "--python", python, "--no-deps", "--no-build-isolation", "-e", ROOT],
        "could not install mlhelpers itself",
    )
    os.makedirs(os.path.dirname(KERNEL_CONFIG), exist_ok=True)
    with open(KERNEL_CONFIG, "w") as file:
        file.write("c.IPKernelApp.capture_fd_output = False\nc.IPKernelApp.log_level = 'ERROR'\n")
    with open(READY, "w") as file:
        file.write(wanted(version))


if __name__ == "__main__":
    main()
