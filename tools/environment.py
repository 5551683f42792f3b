"""Create or renew an environment from its lock.

    python3 tools/environment.py                                  .venv from requirements.lock
    python3 tools/environment.py .venv-jax requirements-jax.lock  another one from another lock

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
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
READY = ".ready"  # written last: an environment without it was interrupted


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


def wanted(version, lock):
    """Return what .ready must hold: the interpreter, and a digest of what is to be installed."""
    digest = hashlib.sha256()
    for path in (os.path.join(ROOT, lock), os.path.join(ROOT, "pyproject.toml"), os.path.abspath(__file__)):
        with open(path, "rb") as file:
            digest.update(file.read())
    return "{} {}\n".format(version, digest.hexdigest())


def found(folder):
    try:
        with open(os.path.join(folder, READY)) as file:
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


def install_uv(python, lock):
    """Install the uv that the lock pins, by its hashes: pip alone needs minutes for the rest."""
    with open(os.path.join(ROOT, lock)) as file:
        entries = file.read().replace("\\\n", "").split("\n")
    pinned = next((entry for entry in entries if entry.startswith("uv==")), None)
    if pinned is None:
        fail("{} does not pin uv; renew it with `make lock`".format(lock))
    handle, path = tempfile.mkstemp(suffix=".txt")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(pinned + "\n")
        pip = [python, "-m", "pip", "install", "--quiet", "--retries", "1", "--require-hashes", "-r", path]
        step(pip, "could not download the installer: is there a network? Run the same command again")
    finally:
        os.remove(path)


def quieten_kernels(folder):
    """Keep the lines that TensorFlow writes to the process's own stderr out of notebooks."""
    config = os.path.join(folder, "etc", "ipython", "ipython_kernel_config.py")
    os.makedirs(os.path.dirname(config), exist_ok=True)
    with open(config, "w") as file:
        file.write("c.IPKernelApp.capture_fd_output = False\nc.IPKernelApp.log_level = 'ERROR'\n")


def main(venv=".venv", lock="requirements.lock"):
    version, folder = check_python(), os.path.join(ROOT, venv)
    if found(folder) == wanted(version, lock):
        return
    print("Installing the packages of {} into {} (Python {}) ...".format(lock, venv, version))
    if found(folder).split(" ")[0] != version:
        shutil.rmtree(folder, ignore_errors=True)
        step(
            [sys.executable, "-m", "venv", folder],
            "could not create {}: this Python lacks the venv or ensurepip module "
            "(on Debian and Ubuntu: apt install python{}-venv)".format(venv, version),
        )
    else:
        os.remove(os.path.join(folder, READY))
    python = os.path.join(folder, SCRIPTS, "python")
    uv = [python, "-m", "uv", "--quiet", "pip"]
    install_uv(python, lock)
    step(
        uv + ["sync", "--python", python, "--require-hashes", os.path.join(ROOT, lock)],
        "could not install the packages: is there a network? Run the same command again",
    )
    step(
        uv + ["install", "--python", python, "--no-deps", "--no-build-isolation", "-e", ROOT],
        "could not install mlhelpers itself",
    )
    quieten_kernels(folder)
    with open(os.path.join(folder, READY), "w") as file:
        file.write(wanted(version, lock))


if __name__ == "__main__":
    main(*sys.argv[1:])
