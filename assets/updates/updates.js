// Asks Python to draw a live run again when the server says that there is more to show, and not before.
//
//   server  --revision-->  socket     what there is to show now; told again every two seconds while nothing changes
//   Python  --data------>  take       what is on the screen
//
// A revision begins with the number of events, up to its first dot; words of a reply that is being written change the rest.
// One redraw at a time, and at most half of the time goes into them. Without a socket it asks every three seconds.
const LEAST_MS = 250; // between two redraws; but an event does not wait because of words that were drawn before it
const BURST_MS = 30; // events often come several at once: the first waits so long for the others
const LOST_MS = 3000; // after which a redraw that did not come is asked for again
const RETRY_MS = 1000;

class Follower {
  asked = -Infinity; // when, for the latest redraw
  took = 0; // that redraw, in milliseconds
  pending = false; // whether it is yet to come
  news = 0; // when there first was something else than what is drawn
  words = false; // whether it was for words alone

  start(data) {
    const url = new URL(data.url, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.onmessage = (message) => {
      if (this.latest === this.drawn) this.news = performance.now();
      this.latest = message.data;
      this.look();
    };
    this.socket.onclose = () => {
      this.latest = null; // unknown, so other than what is drawn
      this.look();
      this.retry = setTimeout(() => this.start(data), RETRY_MS);
    };
  }

  take(data, ask) {
    this.ask = ask;
    if (!this.socket) {
      this.latest = data.revision;
      this.start(data);
    }
    if (data.revision !== this.drawn) {
      this.drawn = data.revision;
      this.took = this.pending ? performance.now() - this.asked : 0;
      this.pending = false;
      this.look();
    }
  }

  look() {
    clearTimeout(this.timer);
    if (this.latest === this.drawn) {
      this.pending = false;
      return;
    }
    const event = this.latest?.split(".")[0] !== this.drawn.split(".")[0];
    const pause = this.pending ? LOST_MS : Math.max(event && this.words ? 0 : LEAST_MS, this.took);
    const left = Math.max(this.asked + pause, this.news + BURST_MS) - performance.now();
    if (left > 0) {
      this.timer = setTimeout(() => this.look(), left);
      return;
    }
    this.asked = performance.now();
    this.pending = true;
    this.words = !event;
    this.ask("changed", this.latest ?? "");
  }

  end() {
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    this.socket.onclose = null;
    this.socket.close();
  }
}

const followers = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let follower = followers.get(parentElement);
  if (!follower) {
    follower = new Follower();
    followers.set(parentElement, follower);
  }
  follower.take(data, setTriggerValue);
  return () => {
    if (parentElement.isConnected) return;
    follower.end();
    followers.delete(parentElement);
  };
}
