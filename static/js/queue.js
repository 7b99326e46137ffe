// Entries of the patient that are not on the server yet. Loaded by every page of the portal and by its service worker.
// Kept in IndexedDB per person, sealed with a key that only this person's pages are given: nobody else who uses the
// same telephone can read or send them, and logging out does not lose them. Sent when the same person is logged in.
(() => {
  const inPage = typeof document !== "undefined";
  const me = inPage ? { person: document.body.dataset.person || "", key: document.body.dataset.personKey || "" } : null;
  const SYNC_URL = "/portal/sync/";
  const GIVE_UP_MS = 15000;
  const FIRST_RETRY_MS = 5000;
  const LAST_RETRY_MS = 5 * 60 * 1000;
  // Not on pages of somebody one looks after (/for/...): what waits here is sent as one's own.
  const isOwn = !inPage || (me.person !== "" && location.pathname.startsWith("/portal/"));
  const usable = Boolean(isOwn && globalThis.indexedDB && globalThis.crypto?.subtle && crypto.randomUUID);
  const radio = "BroadcastChannel" in globalThis ? new BroadcastChannel("kineplan-queue") : null;
  let session = "ok";
  let retryMs = FIRST_RETRY_MS;
  let timer = 0;

  // --- The store ---
  let opened = null;
  function database() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open("kineplan-portal", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("acts", { keyPath: "uuid" }).createIndex("person", "person");
        request.result.createObjectStore("notes", { keyPath: "name" });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opened;
  }

  async function store(name, mode, work) {
    const transaction = (await database()).transaction(name, mode);
    const request = work(transaction.objectStore(name));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  const note = async (name) => (await store("notes", "readonly", (rows) => rows.get(name)))?.value;
  const setNote = (name, value) => store("notes", "readwrite", (rows) => rows.put({ name, value }));

  async function rowsOf(person) {
    const rows = await store("acts", "readonly", (all) => all.index("person").getAll(person));
    return rows.sort((a, b) => (a.acted_at < b.acted_at ? -1 : 1));
  }

  // --- The seal ---
  function imported(key) {
    const raw = Uint8Array.from(atob(key), (letter) => letter.charCodeAt(0));
    return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  }

  async function seal(key, value) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = new TextEncoder().encode(JSON.stringify(value));
    return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await imported(key), data) };
  }

  async function unseal(key, { iv, data }) {
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await imported(key), data)));
  }

  async function readable({ person, key }) {
    const found = [];
    for (const row of await rowsOf(person)) {
      try {
        found.push({ ...row, ...(await unseal(key, row.sealed)) });
      } catch {
        // Sealed with an older key: it stays, and support can see that it is there.
      }
    }
    return found;
  }

  // --- Telling ---
  async function state() {
    const rows = inPage && usable ? await rowsOf(me.person) : [];
    const refused = rows.filter((row) => row.state === "refused").length;
    return { waiting: rows.length - refused, refused, session };
  }

  async function tell() {
    if (inPage) document.dispatchEvent(new CustomEvent("kineplan:queue", { detail: await state() }));
  }

  async function changed() {
    radio?.postMessage("changed");
    await tell();
  }

  // --- Adding and removing ---
  // `told` are the words of the entry as the person chose them, `page` where it was entered: for showing it again.
  async function enqueue({ kind, payload, uuid = crypto.randomUUID(), acted_at = new Date().toISOString(), told = [], page = "" }) {
    const sealed = await seal(me.key, { payload, told, page });
    await store("acts", "readwrite", (rows) => rows.put({ uuid, person: me.person, kind, acted_at, state: "waiting", words: "", sealed }));
    navigator.storage?.persist?.();
    registerSync();
    await changed();
    sync();
    return uuid;
  }

  async function registerSync() {
    try {
      const registration = await navigator.serviceWorker?.getRegistration("/portal/");
      await registration?.sync?.register("kineplan-acts");
    } catch {
      // No background sync here: the page sends when it is open.
    }
  }

  async function drop(uuid) {
    await store("acts", "readwrite", (rows) => rows.delete(uuid));
    await changed();
  }

  // --- Sending ---
  const ask = (options) =>
    fetch(SYNC_URL, {
      redirect: "manual",
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout(GIVE_UP_MS),
      ...options,
      headers: { Accept: "application/json", "X-Kineplan-Poll": "1", ...options?.headers },
    });

  const isOver = (response) => response.type === "opaqueredirect" || response.status === 401 || response.status === 403;

  // Who is logged in, and a fresh token: the one of a page that was kept for days is of no use.
  async function greeting() {
    const response = await ask();
    if (isOver(response)) return { over: true };
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return response.json();
  }

  async function sendBatch(who, rows) {
    const acts = rows.map(({ uuid, kind, acted_at, payload }) => ({ uuid, kind, acted_at, payload }));
    const response = await ask({
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": who.csrf },
      body: JSON.stringify({ person: who.person, acts }),
    });
    if (isOver(response)) return false;
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const { answers } = await response.json();
    const byId = new Map(rows.map((row) => [row.uuid, row]));
    for (const answer of answers) await take(byId.get(answer.uuid), answer);
    if (answers.some((answer) => answer.status === "failed")) throw new Error("some could not be stored");
    return true;
  }

  async function take(row, answer) {
    if (!row || answer.status === "failed") return;
    if (answer.status === "refused") {
      const stored = await store("acts", "readonly", (rows) => rows.get(row.uuid));
      const kept = { ...stored, state: "refused", words: answer.words };
      if (stored) await store("acts", "readwrite", (rows) => rows.put(kept));
    } else {
      await store("acts", "readwrite", (rows) => rows.delete(row.uuid));
    }
    if (inPage) document.dispatchEvent(new CustomEvent("kineplan:answer", { detail: { ...answer, kind: row.kind, payload: row.payload } }));
  }

  async function sendAll() {
    if (inPage && !(await rowsOf(me.person)).some((row) => row.state === "waiting")) return "ok";
    const who = await greeting();
    if (who.over || (inPage && who.person !== me.person)) return "over";
    const rows = (await readable(who)).filter((row) => row.state === "waiting");
    for (let from = 0; from < rows.length; from += who.most) {
      if (!(await sendBatch(who, rows.slice(from, from + who.most)))) return "over";
    }
    return "ok";
  }

  function later() {
    if (!inPage) return;
    clearTimeout(timer);
    timer = setTimeout(sync, retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  // One sender at a time, of all pages and the service worker.
  async function sync() {
    if (!usable) return { session };
    const alone = navigator.locks ? (work) => navigator.locks.request("kineplan-sync", work) : (work) => work();
    await alone(async () => {
      try {
        session = await sendAll();
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        session = "unreachable";
        if (!inPage) throw error; // the browser's background sync comes again by itself
        later();
      }
    }).finally(changed);
    return state();
  }

  const waiting = () => (usable ? readable(me) : Promise.resolve([]));
  globalThis.kineplanQueue = { usable, enqueue, waiting, drop, sync, state, note, setNote, person: me?.person ?? "" };
  if (!inPage || !usable) return;
  radio?.addEventListener("message", tell);
  addEventListener("online", () => {
    retryMs = FIRST_RETRY_MS;
    sync();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sync());
  sync();
})();
