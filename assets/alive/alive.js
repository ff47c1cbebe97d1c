// Says that Refinescope has stopped when it has, in a bar of our own at the top of the page; Streamlit asks about the internet.
//
//   server  <--socket that carries nothing-->  browser        closed, and two looks in vain: the bar; an answer: gone
//
// Once the app answers again, back.js has the page drawn anew. The module runs once in a page, whichever component loads it first, and outlasts every change of page in the app.
const LOOKS = 2;
const PAUSE_MS = 1000;
const LAST_PAUSE_MS = 5000;
const FIRST = "Refinescope does not answer.";
const THEN = "If it was stopped, start it again with ";
const COMMAND = "refinescope";
const LAST = ": what was recorded is kept, and this page goes on by itself. What you type before that may be lost.";

const here = document.baseURI;
let bar = null;
let leaving = false;

function address(path) {
  return new URL(path, here);
}

function show() {
  if (bar) return;
  bar = document.createElement("div");
  bar.setAttribute("role", "alert");
  bar.className = "refinescope-stopped";
  const strong = document.createElement("strong");
  strong.textContent = FIRST;
  const code = document.createElement("code");
  code.textContent = COMMAND;
  bar.append(strong, ` ${THEN}`, code, LAST);
  Object.assign(bar.style, {
    position: "fixed", inset: "0 0 auto 0", zIndex: "2147483647", padding: "0.75rem 1rem", textAlign: "center",
    background: "#7a3a00", color: "#fff", font: "15px/1.4 'Source Sans', sans-serif",
  });
  Object.assign(code.style, { font: "13px monospace", background: "none", color: "inherit" });
  document.body.append(bar);
}

function hide() {
  bar?.remove();
  bar = null;
}

async function answers() {
  try {
    return (await fetch(address("_stcore/health"), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

async function look(failed) {
  if (leaving) return;
  if (await answers()) {
    hide();
    watch();
    document.dispatchEvent(new Event("refinescope-back"));
    return;
  }
  if (failed + 1 >= LOOKS) show();
  setTimeout(look, Math.min(PAUSE_MS * (failed + 1), LAST_PAUSE_MS), failed + 1);
}

function watch() {
  const url = address("lib/alive");
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.onclose = () => setTimeout(look, PAUSE_MS, 0);
}

addEventListener("pagehide", () => { leaving = true; });
addEventListener("pageshow", (event) => {
  if (!event.persisted) return; // else the browser kept the page, and its socket is gone
  leaving = false;
  look(0);
});
watch();
