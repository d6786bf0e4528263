"""Opens the Overview of a running dashboard (ADDRESS) in a real browser, and fails where no figure comes."""

import os

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(os.environ["ADDRESS"])
    page.wait_for_selector(".st-key-services_chart .js-plotly-plot", timeout=60_000)
    print("the Overview shows", page.locator(".st-key-kpi_deployment_percent").inner_text().replace("\n", " "))
    browser.close()
