// A chart as PNG: its SVG, drawn on a canvas, at two pixels for each of its own.
import { NotMade } from "./ask.js";

const SCALE = 2;
const MAX_SIDE = 16_384; // what Chromium draws on a canvas
const MAX_PIXELS = 120_000_000;
const TOO_LARGE = "This chart is too large for a PNG. Use the SVG, which can be enlarged and cut.";
const NOT_DRAWN = "This browser cannot draw the chart. Use the SVG.";

/** The scale at which a picture of this size is drawn; 0 where even its own size is too much for a canvas. */
export function chooseScale(width, height) {
  const most = Math.min(MAX_SIDE / width, MAX_SIDE / height, Math.sqrt(MAX_PIXELS / (width * height)));
  return most < 1 ? 0 : Math.min(SCALE, most);
}

/** The size of a picture, in its own pixels. */
export function sizeOf(svg) {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const box = (root.getAttribute("viewBox") ?? "").trim().split(/[\s,]+/).map(Number);
  const [width, height] = ["width", "height"].map((name, at) => Number.parseFloat(root.getAttribute(name) ?? "") || box[at + 2]);
  if (!(width > 0 && height > 0)) throw new NotMade(NOT_DRAWN);
  return { width, height };
}

/** Draw it. svg: the file as text. Throws NotMade with a sentence for a person. */
export async function drawPng(svg) {
  const { width, height } = sizeOf(svg);
  const scale = chooseScale(width, height);
  if (!scale) throw new NotMade(TOO_LARGE);
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const picture = new Image(width, height);
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new NotMade(TOO_LARGE);
    return blob;
  } catch (error) {
    throw error instanceof NotMade ? error : new NotMade(NOT_DRAWN);
  } finally {
    URL.revokeObjectURL(url);
  }
}
