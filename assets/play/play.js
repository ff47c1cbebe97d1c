// Steps through a run: buttons, a slider, keys, what happens at the step in a sentence, and a guess before each reward.
//
//   Python  --data-->   Player.take    which step the page shows now
//   person  --moved-->  Player.go      the slider and the sentence follow at once; the page, when Python has drawn it
//
// One step is asked for at a time: of keys that are held down, the last one counts. Text from models enters by textContent.
const LOST_MS = 4000; // after which a step that was asked for and did not come is asked for again
const READ_MS = 1400; // how long a step stands while playing, and
const LETTER_MS = 18; // for each letter of its caption

const make = (tag, parts = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), parts);
  node.append(...children);
  return node;
};

const icon = (path) => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
};
const ICONS = { back: "M10 3 5 8l5 5", on: "M6 3l5 5-5 5", play: "M5 3.2v9.6L13 8z", pause: "M4.5 3h2.6v10H4.5zM9 3h2.6v10H9z" };

// Keys belong to whatever text is being written, and to whoever has dealt with them.
const taken = (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, [contenteditable=true], [contenteditable=''], [role=tablist], [role=dialog]")) return true;
  return target instanceof HTMLInputElement && !["range", "checkbox"].includes(target.type);
};

class Player {
  asked = null; // the step that Python was asked for and has not drawn yet
  playing = false;

  constructor(root) {
    this.root = root;
    this.back = this.button("Step back", "←", "back", () => this.step(-1));
    this.toggle = this.button("Play", "Space", "play", () => this.playOrPause());
    this.toggle.classList.add("toggle");
    this.toggle.append((this.toggleText = make("span", { textContent: "Play" })));
    this.on = this.button("Step on", "→", "on", () => this.step(1));
    this.slider = make("input", { type: "range", min: 0, step: 1 });
    this.slider.setAttribute("aria-label", "Step of the run");
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.place = make("span", { className: "place" });
    this.caption = make("p", { className: "caption" });
    this.live = make("p", { className: "sr", ariaLive: "polite" });
    this.guess = make("form", { className: "guess", hidden: true });
    this.guess.addEventListener("submit", (event) => {
      event.preventDefault();
      this.sendGuess(Number(this.number.value));
    });
    this.question = make("label", { htmlFor: "guess-number" });
    this.drag = make("input", { type: "range", className: "drag", step: "any" });
    this.drag.setAttribute("aria-label", "Drag your guess");
    this.number = make("input", { type: "number", id: "guess-number", step: "any", required: true });
    this.drag.addEventListener("input", () => (this.number.value = this.round(this.drag.value)));
    this.number.addEventListener("input", () => (this.drag.value = this.number.value));
    this.ends = [make("span"), make("span")];
    this.guess.append(
      this.question,
      make("div", { className: "row" }, this.ends[0], this.drag, this.ends[1], this.number,
        make("button", { type: "submit", className: "filled", textContent: "Guess" }),
        make("button", { type: "button", className: "quiet", textContent: "Show it without a guess", onclick: () => this.sendGuess(null) })),
    );
    this.guesses = make("ul", { className: "guesses", hidden: true });
    root.append(
      make("div", { className: "bar" }, this.back, this.toggle, this.on, this.slider, this.place),
      this.caption, this.live, this.guess, this.guesses,
    );
    this.press = (event) => this.key(event);
    window.addEventListener("keydown", this.press);
  }

  button(name, key, shape, act) {
    const node = make("button", { type: "button", title: `${name} (${key})`, onclick: act }, icon(ICONS[shape]));
    node.setAttribute("aria-label", name);
    return node;
  }

  // ---- from Python

  take(data, tell) {
    const before = this.data;
    this.data = data;
    this.tell = tell;
    this.slider.max = data.count - 1;
    clearTimeout(this.lost);
    const wanted = this.asked;
    this.asked = null;
    if (wanted === null || wanted === data.asked || data.gate) this.shown = data.step; // else a later key waits for its turn
    else this.ask(wanted);
    if (data.gate && data.gate.attempt !== before?.gate?.attempt) this.openGuess(data.gate);
    this.guess.hidden = !data.gate;
    if (data.gate || this.shown >= data.count - 1) this.pause();
    this.drawGuesses(data.guesses);
    this.draw();
    this.live.textContent = this.captionOf(this.shown);
    if (this.playing && this.asked === null) this.next();
  }

  openGuess(gate) {
    this.question.textContent = gate.question;
    for (const input of [this.drag, this.number]) input.value = "";
    [this.drag.min, this.drag.max] = [gate.low, gate.high];
    [this.ends[0].textContent, this.ends[1].textContent] = [gate.low_text, gate.high_text];
    this.drag.value = (gate.low + gate.high) / 2;
    this.number.value = this.round(this.drag.value);
  }

  drawGuesses(guesses) {
    this.guesses.hidden = !guesses.length;
    this.guesses.replaceChildren(
      ...guesses.map((one) => {
        const track = make("span", { className: "track" });
        track.append(
          Object.assign(make("i", { className: "truth" }), { style: `left:${one.truth_at * 100}%` }),
          Object.assign(make("i", { className: "diamond" }), { style: `left:${one.guess_at * 100}%` }),
        );
        return make("li", {}, make("span", { textContent: one.name }), track,
          make("span", { className: "words" }, make("b", { className: "mark" }), ` guess ${one.guess} · reward ${one.truth}`));
      }),
    );
  }

  draw() {
    const at = this.shown;
    this.slider.value = at;
    this.slider.setAttribute("aria-valuetext", `Step ${at + 1} of ${this.data.count}: ${this.captionOf(at)}`);
    this.slider.style.setProperty("--share", this.data.count > 1 ? at / (this.data.count - 1) : 1);
    this.place.textContent = `Step ${at + 1} of ${this.data.count}`;
    this.caption.textContent = this.captionOf(at) || "…";
    this.back.disabled = at <= 0;
    this.on.disabled = at >= this.data.count - 1 || Boolean(this.data.gate && at >= this.data.gate.step);
    this.toggle.replaceChild(icon(this.playing ? ICONS.pause : ICONS.play), this.toggle.firstChild);
    this.toggleText.textContent = this.playing ? "Pause" : "Play";
    this.toggle.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  captionOf(step) {
    return this.data.captions[step - this.data.first_caption] ?? "";
  }

  round(value) {
    const fine = (this.data.gate.high - this.data.gate.low) / 100;
    return Number((Math.round(value / fine) * fine).toFixed(6));
  }

  // ---- from the person

  key(event) {
    if (!this.data || taken(event) || !this.root.isConnected) return;
    const last = this.data.count - 1;
    const to = { ArrowLeft: this.shown - 1, ArrowRight: this.shown + 1, Home: 0, End: last }[event.key];
    const pressable = event.composedPath()[0]?.matches?.("button, summary, a, [type=checkbox]");
    if (event.key === " " && !pressable && !event.shiftKey) {
      event.preventDefault();
      this.playOrPause();
    } else if (to !== undefined && !event.shiftKey) {
      event.preventDefault();
      this.pause();
      this.go(to);
    }
  }

  step(by) {
    this.pause();
    this.go(this.shown + by);
  }

  go(step) {
    const last = this.data.gate ? this.data.gate.step : this.data.count - 1; // past a hidden reward only a guess leads
    const to = Math.max(0, Math.min(step, last));
    if (to === this.shown) return this.draw();
    this.shown = to;
    this.draw();
    if (this.asked === null) this.ask(to);
    else this.asked = to;
  }

  ask(step) {
    this.asked = step;
    this.tell("moved", { step, at: Date.now() });
    this.lost = setTimeout(() => this.asked !== null && this.ask(this.shown), LOST_MS);
  }

  sendGuess(value) {
    if (!this.data.gate) return;
    this.tell("guessed", { attempt: this.data.gate.attempt, value, at: Date.now() });
  }

  playOrPause() {
    if (this.playing) return this.pause();
    if (this.data.gate) return this.number.focus();
    this.playing = true;
    if (this.shown >= this.data.count - 1) this.go(0);
    else this.go(this.shown + 1);
    this.draw();
  }

  next() {
    clearTimeout(this.timer);
    const stands = READ_MS + LETTER_MS * Math.min(this.captionOf(this.shown).length, 160);
    this.timer = setTimeout(() => this.playing && this.go(this.shown + 1), stands);
  }

  pause() {
    clearTimeout(this.timer);
    if (!this.playing) return;
    this.playing = false;
    this.draw();
  }

  end() {
    clearTimeout(this.timer);
    clearTimeout(this.lost);
    window.removeEventListener("keydown", this.press);
  }
}

const players = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let player = players.get(parentElement);
  if (!player) {
    const root = make("section", { className: "player" });
    root.setAttribute("aria-label", "Play the run step by step");
    parentElement.append(root);
    player = new Player(root);
    players.set(parentElement, player);
  }
  player.take(data, setTriggerValue);
  return () => {
    if (parentElement.isConnected) return;
    player.end();
    players.delete(parentElement);
  };
}
