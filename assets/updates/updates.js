// Asks Python to draw a live run again when the server says that there is more to show, and not before.
//
//   server  --revision-->  socket     what there is to show now; told again every two seconds while nothing changes
//   Python  --data------>  take       what is on the screen
//
// One redraw at a time, and at most half of the time goes into them. Without a socket it asks once a second.
const LEAST_MS = 250; // between two redraws
const LOST_MS = 3000; // after which a redraw that did not come is asked for again
const RETRY_MS = 1000;

class Follower {
  start(data) {
    const url = new URL(data.url, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.onmessage = (message) => {
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
      this.pause = Math.max(LEAST_MS, performance.now() - (this.asked ?? performance.now()));
      this.look();
    }
  }

  look() {
    clearTimeout(this.timer);
    if (this.latest === this.drawn) return;
    const left = (this.asked ?? -Infinity) + this.pause - performance.now();
    if (left > 0) {
      this.timer = setTimeout(() => this.look(), left);
      return;
    }
    this.asked = performance.now();
    this.pause = LOST_MS; // until it is drawn
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
