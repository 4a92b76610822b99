#!/usr/bin/python3
"""Opens a page in headless Chromium, from a server on loopback, in each of these widths.

    browse.py PAGE|URL FOLDER WIDTH...

A URL is that of a server which listens already.

Writes a picture of the whole page for each width into the folder, and prints one JSON object: what
the console said, what was asked for, and for each width whether anything is wider than the window,
the smallest letters, and the headings and the text that are seen.
"""
import base64
import functools
import http.server
import json
import os
import sys
import tempfile
import threading

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

LOOK = """
const shown = e => e.getClientRects().length > 0;
const all = [...document.body.querySelectorAll('*')].filter(shown);
const wide = all.filter(e => e.getBoundingClientRect().right > window.innerWidth + 1);
const texts = all.filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
const sizes = texts.map(e => parseFloat(getComputedStyle(e).fontSize));
return {
  scroll: document.documentElement.scrollWidth,
  inner: window.innerWidth,
  wide: wide.slice(0, 5).map(e => e.tagName + ': ' + e.textContent.slice(0, 60)),
  smallest: Math.min(...sizes),
  headings: [...document.querySelectorAll('h1, h2, h3')].filter(shown).map(e => e.innerText),
  text: document.body.innerText,
};
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def served(page):
    root, name = os.path.split(os.path.abspath(page))
    handler = functools.partial(Quiet, directory=root)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/{name}"


def browser(profile):
    options = Options()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                 "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                 "--disable-dev-shm-usage", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def requests(driver):
    asked = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    return asked


def main():
    page, folder, widths = sys.argv[1], sys.argv[2], [int(width) for width in sys.argv[3:]]
    url = page if page.startswith("http://127.0.0.1:") else served(page)
    answer = {"url": url, "console": [], "requests": [], "widths": {}}
    with tempfile.TemporaryDirectory() as profile:
        driver = browser(profile)
        try:
            # What the browser does at its own start is none of the page's doing.
            driver.get("about:blank")
            driver.get_log("browser"), requests(driver)
            for width in widths:
                size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                driver.get(url)
                answer["widths"][str(width)] = driver.execute_script(LOOK)
                picture = driver.execute_cdp_cmd(
                    "Page.captureScreenshot", {"captureBeyondViewport": True})
                with open(os.path.join(folder, f"page-{width}.png"), "wb") as file:
                    file.write(base64.b64decode(picture["data"]))
                answer["console"] += driver.get_log("browser")
                answer["requests"] += requests(driver)
        finally:
            driver.quit()
    json.dump(answer, sys.stdout)


main()
