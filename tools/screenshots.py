"""Takes the web app's pictures in docs/: tools/screenshots.py [a Chromium]. The fixed links show the same each time."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from dev import CHROMIUMS

DOCS = Path(__file__).parents[1] / "docs"
PROBLEM = "board=moonboard-2016&angle=40&grade=7A&name=Slow+Heron&problem=F5s-H8-E10-G12-D14-G16-E18e"
MOONBOARD_BYTES = "l#S103,P136,P81,P119,P58,P123,E89#"
KILTER_BYTES = "01 1c a3 02 54 da 00 1c 13 01 1c 08 01 1f 3d 01 1f 01 01 1f 36 01 1f 15 00 f4 0d 00 f4 f9 00 e3 03"
COMPOSED = "board=moonboard-2016&angle=40&view=compose&problem=F5s-H8-E10-G12-D14-G16-E18e&pins=F5s-E10-D14&bans=I9-B11"


def picture(browser: Browser, address: str, name: str, size: tuple[int, int], scheme: str, steps: int = 0) -> None:
    """Opens an address and takes a picture, after some steps of the beta."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if width < 600 else 1,
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").or_(page.get_by_role("button", name="Ada")).first.wait_for()
    if page.get_by_role("button", name="Ada").is_visible():
        page.get_by_role("button", name="Ada").click()
    else:
        page.get_by_label("Name").fill("Ada")
        page.get_by_role("button", name="Start climbing").click()
    page.wait_for_selector(".panel .moves")
    page.wait_for_selector(".panel .chart:not(.waiting)")
    if steps:
        page.keyboard.press("b")
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    page.screenshot(path=DOCS / name)
    context.close()


def virtual_board(browser: Browser, address: str, query: str, sent: str, name: str) -> None:
    """Takes a picture of the virtual board's wall after it was sent some bytes."""
    context = browser.new_context(viewport={"width": 1000, "height": 800}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}virtual-board/?{query}")
    page.get_by_label("Bytes").fill(sent)
    page.get_by_role("button", name="Show").click()
    page.wait_for_selector(".state li")
    page.locator("main").screenshot(path=DOCS / name)
    context.close()


def main() -> None:
    found = filter(None, map(shutil.which, CHROMIUMS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "climbpath", "serve", "--port", str(port)]
        serving = subprocess.Popen([*command, "--logbook", f"{folder}/logbook.sqlite3"], stdout=subprocess.DEVNULL)
        try:
            time.sleep(5)
            with sync_playwright() as playwright:
                chromium = sys.argv[1] if len(sys.argv) > 1 else next(found, None)
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                address = f"http://localhost:{port}/"
                picture(browser, f"{address}?{PROBLEM}", "web-phone.png", (390, 780), "dark", steps=3)
                picture(browser, f"{address}?{COMPOSED}", "web-compose.png", (1200, 800), "light")
                virtual_board(browser, address, "board=moonboard-2016", MOONBOARD_BYTES, "lights-moonboard.png")
                virtual_board(browser, address, "board=kilter-original&size=12+x+14", KILTER_BYTES, "lights-kilter.png")
                browser.close()
        finally:
            serving.terminate()
            serving.wait()


if __name__ == "__main__":
    main()
