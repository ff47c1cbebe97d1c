"""What axe finds on a page that keeps somebody from using it, for every browser test in the same words.

serious_findings(page)      "rule: the elements it is about"; [] where there is nothing serious
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
LONGEST_ELEMENT = 160


def serious_findings(page: Page, within: str | None = None) -> list[str]:
    """within: a selector of the part to look at; None for the whole page.

    A page whose own rules keep foreign scripts out needs a context with `bypass_csp=True`.
    """
    found = Axe().run(page, context=within) if within else Axe().run(page)
    return [
        f"{one['id']}: {[node['html'][:LONGEST_ELEMENT] for node in one['nodes']]}"
        for one in found.response["violations"]
        if one["impact"] in SERIOUS
    ]
