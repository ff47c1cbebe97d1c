// Has the whole page drawn once more when the app is back, since Streamlit draws nothing anew for a page that it already has: a
// restarted app knows nothing of it, and its buttons would do nothing.
//
//   assets/alive --"refinescope-back"--> here --trigger "back"--> Python --data.drawn--> here      asked again until that is another
const PAUSE_MS = 1000;
const MAX_TRIES = 30;

let tell = null;
let drawn = null;
let timer = 0;

function ask(before, tries) {
  clearTimeout(timer);
  if (drawn !== before || tries > MAX_TRIES) return;
  tell?.("back", tries);
  timer = setTimeout(ask, PAUSE_MS, before, tries + 1);
}

let listening = false;

export default function ({ data, setTriggerValue }) {
  tell = setTriggerValue;
  drawn = data.drawn;
  if (!listening) document.addEventListener("refinescope-back", () => ask(drawn, 1));
  listening = true;
}
