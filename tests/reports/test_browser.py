"""The pages in a real browser: every chart is drawn, and nothing went wrong."""

import re
import shutil
import subprocess

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.mark.slow
@pytest.mark.parametrize("which", ["train", "measured"])
def test_every_chart_is_drawn(which, request, tmp_path):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    text = request.getfixturevalue(which).__wrapped__()  # with the charting library
    file = tmp_path / "page.html"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--enable-logging=stderr",
            "--virtual-time-budget=10000",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    asked = len(re.findall('<div class="chart"', text))
    assert asked >= 2
    assert len(re.findall(r"<svg\b[^>]*class=\"marks\"|<canvas\b", done.stdout)) == asked
    legends = done.stdout.count(">the approved only</text>")
    assert legends == asked - ("Applications by month" in text)
    assert "could not be drawn: " not in re.sub(r"<script.*?</script>", "", done.stdout, flags=re.S)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []
