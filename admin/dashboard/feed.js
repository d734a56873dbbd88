// The stream of the sidecar, kept alive: opened again after an end, a refusal, or a silence.

const SILENCE_MS = 5000;   // a snapshot comes each second
const REOPEN_MS = 3000;
const HIDDEN_MS = 60_000;  // a page that nobody sees leaves its place to others

export class Feed {
  /** `on`: history(object), snapshot(object), opened(), lost(why). */
  constructor(url, stateUrl, on) {
    this.url = url;
    this.stateUrl = stateUrl;
    this.on = on;
    this.heardAt = performance.now();
    setInterval(() => this.#look(), 1000);
    document.addEventListener('visibilitychange', () => this.#onVisibility());
    this.#open();
  }

  #open() {
    clearTimeout(this.reopening);
    this.source?.close();
    const source = new EventSource(this.url);
    this.source = source;
    this.heardAt = performance.now();
    source.addEventListener('history', (event) => this.#take(() => this.on.history(JSON.parse(event.data))));
    source.addEventListener('snapshot', (event) => this.#take(() => this.on.snapshot(JSON.parse(event.data))));
    source.addEventListener('error', () => {
      this.on.lost('');
      if (source.readyState === EventSource.CLOSED && source === this.source) this.#refused();
    });
  }

  #take(use) {
    this.heardAt = performance.now();
    this.on.opened();
    use();
  }

  /** The answer was no stream: the browser does not try again by itself. */
  async #refused() {
    this.#reopenLater();
    try {
      const answer = await fetch(this.stateUrl, { cache: 'no-store' });
      if (answer.ok) this.on.lost('too many pages are open');
    } catch {
      // It is away; reopening will tell.
    }
  }

  #reopenLater() {
    clearTimeout(this.reopening);
    this.reopening = setTimeout(() => this.#open(), REOPEN_MS);
  }

  /** A connection can be dead without anybody having said so. */
  #look() {
    if (document.hidden || performance.now() - this.heardAt < SILENCE_MS) return;
    this.on.lost('');
    this.#open();
  }

  #onVisibility() {
    clearTimeout(this.leaving);
    if (document.hidden) {
      this.leaving = setTimeout(() => this.source.close(), HIDDEN_MS);
    } else if (this.source.readyState === EventSource.CLOSED) {
      this.#open();
    }
  }
}
