"""What axe finds on a page that keeps somebody from using it, for every browser test in the same words.

serious_findings(page)                  "rule: the elements it is about"; [] where there is nothing serious
rules_in("dark")                        of axe, where the same page is looked at in both themes
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
LONGEST_ELEMENT = 160
COLOURS = ("color-contrast", "link-in-text-block")  # axe's only rules that look at colours


def rules_in(scheme: str) -> tuple[str, ...]:
    """All rules in the light theme; in the dark one those of colours, as nothing else can differ there."""
    return COLOURS if scheme == "dark" else ()


def serious_findings(page: Page, within: str | None = None, rules: tuple[str, ...] = ()) -> list[str]:
    """within: a selector of the part to look at; None for the whole page. rules: axe's names; () for all.

    A page whose own rules keep foreign scripts out needs a context with `bypass_csp=True`.
    """
    options: dict[str, object] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = Axe().run(page, within, options)
    return [
        f"{one['id']}: {[node['html'][:LONGEST_ELEMENT] for node in one['nodes']]}"
        for one in found.response["violations"]
        if one["impact"] in SERIOUS
    ]
