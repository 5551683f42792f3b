"""How many processes test, and a browser for the tests that need one: the system's own; nothing is downloaded."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import sync_playwright

GIB_PER_WORKER = 4  # TensorFlow in the process itself, a chapter's kernel beside it, a browser


def pytest_xdist_auto_num_workers(config):
    """Let `-n auto` mean two processes where there are two cores and the memory, one where there aren't."""
    try:
        gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError):  # not told by this system
        gib = 2 * GIB_PER_WORKER
    return 2 if (os.cpu_count() or 1) > 1 and gib >= 2 * GIB_PER_WORKER else 1


@pytest.fixture(scope="module")
def chromium():
    """Return a Chromium without a network; skip where there is none, unless BROWSER_TESTS=required."""
    from browser import pdf  # here, since an environment without the book's packages has tests, too

    path = pdf.chromium()
    if path is None:
        missing = pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip
        missing(f"the built pages are not tried in a browser: {pdf.MISSING}")
    # One module holds it, not the session: Playwright's event loop would be in the way of the notebooks' kernels.
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def context(chromium):
    """Return a browser profile that the tests of a module share: animations off, offline."""
    from browser import LAPTOP

    shared = chromium.new_context(viewport=LAPTOP, reduced_motion="reduce", color_scheme="light", offline=True)
    yield shared
    shared.close()


@pytest.fixture
def page(context):
    """Return a fresh page as wide as a laptop's, in the light theme."""
    fresh = context.new_page()
    yield fresh
    fresh.close()
