// The menu to share a run, or many: a link to what is on the screen, what to leave out, and the files.
//
//   data --take--> link, "Leave out", a row for each format
//   a press --ask.js--> the file, made when it is asked for; as it comes it is saved, copied, or drawn as PNG; spans are sent
//
// Nothing of this reaches the page's script, so that a press moves nothing else. Text enters by textContent.
import { NotMade, askForFile, save } from "./ask.js";
import { leaveOut } from "./leave_out.js";
import { drawPng } from "./png.js";
import { copyText, showToCopy } from "../shared/clipboard.js";
import { isDark, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";

const PATIENCE_MS = 400; // before "Preparing" is said
const MINE = /^(localhost|127\.|\[::1\])/;

class Menu {
  constructor(place) {
    this.root = make("div", { class: "rs-share", role: "group", tabindex: "-1" });
    this.place = make("div", { class: "rs-share-place" }, this.root);
    place.append(this.place);
    this.note = make("p", { class: "note" });
    this.asked = new Map(); // name of a row -> what ends what it asked for
  }

  take(data) {
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.setAttribute("aria-label", `Share ${data.what}`);
    if (!this.data) this.root.focus({ preventScroll: true }); // it comes too late for Streamlit to give it the focus
    this.note.textContent = data.note; // a run that ends takes nothing back that was asked for
    this.note.hidden = !data.note;
    const source = JSON.stringify({ ...data, note: "" });
    if (source === this.source) return;
    this.source = source;
    this.data = data;
    this.stop();
    this.out = leaveOut(data.fields, data.prompts, () => this.rows.forEach((row) => row.forget()));
    this.rows = data.rows.map((row) => this.row(row));
    this.root.replaceChildren(
      ...(data.link ? [this.link(data.link)] : []),
      this.note,
      this.out.node,
      make("ul", { "aria-label": `Files of ${data.what}` }, this.rows.map((row) => row.node)),
    );
  }

  link(parameters) {
    const said = make("span", { class: "said", role: "status" });
    const copy = async () => {
      const url = linkTo(parameters);
      if (await copyText(url.href)) said.replaceChildren(make("span", { class: "done", text: "Copied." }));
      else showToCopy(said, url.href);
    };
    const where = MINE.test(location.hostname) ? "It opens on this computer. For others, send a file." : "It opens for whoever reaches this server.";
    const words = make("span", { class: "about", text: `Restores what you see now. ${where}` });
    return make(
      "section",
      { class: "link" },
      make("div", { class: "words" }, make("strong", { text: "Link to this view" }), said, words),
      make("div", { class: "buttons" }, make("button", { type: "button", text: "Copy link", on: { click: copy } })),
    );
  }

  row({ label, about, buttons }) {
    const said = make("span", { class: "said", role: "status" });
    const id = `share-${Math.random().toString(36).slice(2)}`;
    const node = make("li", {});
    const name = make("strong", { id, text: label });
    const size = make("span", { class: "size" });
    const all = buttons.map((one) => {
      const it = make("button", { type: "button", text: one.label, "aria-label": `${one.label}: ${label}`, title: one.title, disabled: one.disabled });
      it.addEventListener("click", () => this.press(one, said, size));
      return it;
    });
    node.setAttribute("aria-labelledby", id);
    node.append(
      make("div", { class: "words" }, make("span", {}, name, size), said, make("span", { class: "about", text: about })),
      make("div", { class: "buttons" }, all),
    );
    const forget = () => {
      this.asked.get(said)?.abort();
      said.replaceChildren();
      size.replaceChildren();
    };
    return { node, forget };
  }

  async press(button, said, size) {
    this.asked.get(said)?.abort();
    const ending = new AbortController();
    this.asked.set(said, ending);
    const [progress, cancel] = [make("span", { text: "Preparing …" }), make("button", { type: "button", class: "plain", text: "Cancel" })];
    cancel.addEventListener("click", () => {
      ending.abort();
      said.replaceChildren("Cancelled.");
    });
    said.replaceChildren();
    const waiting = setTimeout(() => said.replaceChildren(progress, " ", cancel), PATIENCE_MS);
    const onProgress = (done, of) => {
      if (of > 1) progress.textContent = done < of ? `Reading run ${number(done + 1)} of ${number(of)} …` : button.do === "send" ? "Sending …" : "Writing the file …";
    };
    const asking = askForFile(
      new URL(this.data.url, document.baseURI),
      { runs: this.data.runs, to: button.to, leave_out: this.out.chosen(), send: button.do === "send" },
      { signal: ending.signal, onProgress },
    );
    try {
      const words = await this.deliver(button, asking, said, size);
      clearTimeout(waiting);
      if (words) said.replaceChildren(make("span", { class: "done", text: words }));
    } catch (error) {
      clearTimeout(waiting);
      if (ending.signal.aborted) return;
      said.replaceChildren(make("span", { class: "error", text: error instanceof NotMade ? error.message : String(error) }));
    } finally {
      if (this.asked.get(said) === ending) this.asked.delete(said);
    }
  }

  // What is done with a file; the sentence that says so.
  async deliver(button, asking, said, size) {
    if (button.do === "copy") {
      const text = asking.then((file) => file.blob.text());
      const isCopied = await copyText(text);
      size.textContent = bytes((await asking).blob.size);
      if (isCopied) return "Copied.";
      showToCopy(said, await text);
      return "";
    }
    const file = await asking;
    if (button.do === "send") return `Sent ${number(file.sent)} spans to ${file.address}`;
    const made = button.do === "png" ? { blob: await drawPng(await file.blob.text()), name: file.name.replace(/\.svg$/, ".png") } : file;
    save(made.blob, made.name);
    size.textContent = bytes(made.blob.size);
    return `Downloaded ${made.name}`;
  }

  stop() {
    for (const one of this.asked.values()) one.abort();
    this.asked.clear();
  }

  end() {
    this.stop();
    this.place.remove();
  }
}

// The address of what is on the screen, with what it leaves unsaid. page: another page than this one, which keeps only those names.
function linkTo({ page, keep, set }) {
  const here = new URL(location.href);
  const url = page === null ? here : new URL(page, document.baseURI);
  if (page !== null) for (const name of keep) for (const value of here.searchParams.getAll(name)) url.searchParams.append(name, value);
  for (const [name, value] of Object.entries(set)) if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  return url;
}

const number = (value) => value.toLocaleString("en");

function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  return size < 1_000_000 ? `${Math.round(size / 1000)} KB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

export default mount((place) => new Menu(place));
