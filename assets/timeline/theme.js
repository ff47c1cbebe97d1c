// Colours and font of the page's theme, and what "token:…" in a figure stands for.

import { isDark } from "../shared/dom.js";

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function rgb(colour) {
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

export const css = (c, opacity = 1) => `rgba(${c.map(Math.round).join(",")},${opacity})`;
const mix = (a, b, share) => a.map((v, i) => v * share + b[i] * (1 - share));

// What "token:…" in a figure stands for, read from Streamlit's theme and from shared/colors.css.
export function readTheme(element) {
  const style = getComputedStyle(element);
  const of = (name, otherwise) => rgb(style.getPropertyValue(name).trim() || otherwise);
  const text = of("--st-text-color", "#31333f");
  const background = of("--st-background-color", "#ffffff");
  const dark = isDark(element);
  const scored = of("--scored", "#0072b2");
  const hint = of("--hint", "#a8487f");
  return {
    dark,
    font: style.getPropertyValue("--st-font").trim() || "sans-serif",
    colours: {
      text,
      background,
      scored,
      hint,
      accent: of("--st-primary-color", "#0072b2"),
      muted: mix(text, background, 0.72),
      grid: mix(text, background, 0.1),
      border: mix(text, background, 0.3),
      faint: mix(text, background, 0.05),
      track: mix(text, background, 0.09),
      best: of("--best", "#007a58"),
      failed: of("--failed", "#b84a08"),
      bar: mix(scored, background, dark ? 0.62 : 0.58),
      chip: mix(hint, background, 0.16),
    },
  };
}

// A figure with its colours and its font put in. Only where a colour or a font is meant: a name may read "token:…" too.
export function resolve(value, theme, name = "") {
  if (Array.isArray(value)) return value.map((one) => resolve(one, theme, name));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v, theme, k)]));
  }
  if (typeof value !== "string" || !value.startsWith("token:") || !/(colou?r|family)$/i.test(name)) return value;
  const token = value.slice("token:".length);
  return token === "font" ? theme.font : css(theme.colours[token] ?? theme.colours.text);
}
