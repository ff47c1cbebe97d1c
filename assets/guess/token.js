// A token that this browser draws once and keeps, so that its next guess takes the place of the one before. It says nothing of who guesses.
//
// crypto.getRandomValues is there without https, too, as a class reaches the app; crypto.randomUUID is not.
const KEPT = "refinescope.class-token";
let drawn = null; // where the browser keeps nothing: for as long as the page is open

function read() {
  try {
    const kept = localStorage.getItem(KEPT);
    if (/^[0-9a-f]{32}$/.test(kept ?? "")) return kept;
  } catch {
    // below
  }
  drawn ??= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    localStorage.setItem(KEPT, drawn);
  } catch {
    // a browser that keeps nothing
  }
  return drawn;
}

export default function ({ data, setStateValue }) {
  const token = read();
  if (token !== data.known) setStateValue("token", token);
}
