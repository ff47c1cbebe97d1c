"""Text that can hardly be read: WCAG asks for a contrast of 4.5 to 1, and of 3 to 1 for large text.

axe leaves out what lies over something else, such as an open menu; this looks at every text of the page, in the shadow of
components as well. What is disabled is exempt.
"""

from __future__ import annotations

from playwright.sync_api import Page

_FIND = """() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const rgba = (css) => { pen.clearRect(0,0,1,1); pen.fillStyle = css; pen.fillRect(0,0,1,1); const d = pen.getImageData(0,0,1,1).data; return [d[0],d[1],d[2],d[3]/255]; };
  const over = (top, below) => top.slice(0,3).map((v,i)=>v*top[3]+below[i]*(1-top[3])).concat(1);
  const lum = (c) => { const [r,g,b]=c.slice(0,3).map(v=>{v/=255;return v<=.03928?v/12.92:((v+.055)/1.055)**2.4}); return .2126*r+.7152*g+.0722*b; };
  const up = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;
  const found = [];
  const walk = (root) => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) walk(e.shadowRoot);
      const text = [...e.childNodes].filter(n=>n.nodeType===3).map(n=>n.textContent.trim()).join(' ').trim();
      if (!text || e.closest('style,script,noscript,title')) continue;
      if (e.closest('[disabled],[aria-disabled=true]')) continue;
      const box = e.getBoundingClientRect(); if (!box.width || !box.height) continue;
      const style = getComputedStyle(e); if (style.visibility !== 'visible' || style.clipPath === 'inset(50%)') continue;
      const isSvg = e instanceof SVGElement;
      const chain = []; let alpha = 1; let hidden = false;
      for (let n = e; n; n = up(n)) { const s = getComputedStyle(n); alpha *= Number(s.opacity); if (s.display==='none') hidden = true; chain.push(rgba(s.backgroundColor)); }
      if (hidden || alpha === 0) continue;
      let ground = [255,255,255,1]; for (const c of chain.reverse()) ground = over(c, ground);
      const ink = rgba(isSvg ? style.fill : style.color); ink[3] *= alpha;
      const [a,b] = [lum(over(ink, ground))+.05, lum(ground)+.05];
      const ratio = Math.max(a,b)/Math.min(a,b);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${text.slice(0,50)} <${e.tagName} ${String(e.className?.baseVal ?? e.className).slice(0,40)}> ${style.color}`);
    }
  };
  walk(document);
  return [...new Set(found)];
}"""


def low_contrast(page: Page) -> list[str]:
    """The texts whose contrast with what lies behind them is too low, each with its ratio."""
    found: list[str] = page.evaluate(_FIND)
    return found
