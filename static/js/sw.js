// The service worker of the portal. portal/views/offline.py puts `self.kineplan` before it: {version, files, offline}.
// Files come from the shell of this version. Pages come from the network, and without one from the copies of the person
// who was logged in last (docs/offline.md says for how long they are kept, and why).
const SHELL = `kineplan-shell-${self.kineplan.version}`;
const PAGES = "kineplan-pages-";
const STATIC = "/static/";
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const KEPT =
  /^\/portal\/(?:$|exercise\/\d+\/(?:log\/)?$|session\/|diary\/|plan\/$|progress\/$|visits\/$|if-it-comes-back\/$|changed\/$)/;
// A page that is the same whatever stands behind the question mark, as long as js/offline.js fills in its form.
const ANY_QUERY = /^\/portal\/(?:exercise\/\d+\/|session\/|diary\/)/;
const PATIENCE_MS = 4000;
const FRESH_MS = 60 * 60 * 1000;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const AT = "X-Kineplan-Kept-At";

self.addEventListener("install", (event) => {
  const filled = caches.open(SHELL).then((cache) => cache.addAll([...self.kineplan.files, self.kineplan.offline]));
  event.waitUntil(filled.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([tidyShells(), tidyPages()]).then(() => self.clients.claim()));
});

// The shell before this one stays: pages kept by then name its files.
async function tidyShells() {
  const old = (await caches.keys()).filter((name) => name.startsWith("kineplan-shell-") && name !== SHELL);
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
}

// --- How long copies of pages are kept: "day" (until midnight), "week" (a person's own telephone), "never" ---
const mode = async () => (await kineplanQueue.note("keep")) || "day";

function isOver(at, how) {
  if (how === "never" || Number.isNaN(at.valueOf())) return true;
  return how === "week" ? Date.now() - at > WEEK_MS : at.toDateString() !== new Date().toDateString();
}

async function tidyPages() {
  const how = await mode();
  for (const name of (await caches.keys()).filter((each) => each.startsWith(PAGES))) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const copy = await cache.match(request);
      if (isOver(new Date(copy.headers.get(AT)), how)) await cache.delete(request);
    }
  }
}

async function forgetPages() {
  const names = (await caches.keys()).filter((name) => name.startsWith(PAGES));
  await Promise.all(names.map((name) => caches.delete(name)));
}

// --- Requests ---
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(STATIC)) event.respondWith(file(request));
  else if (request.mode === "navigate" && url.pathname.startsWith("/portal/")) event.respondWith(page(event, url));
});

async function file(request) {
  const url = new URL(request.url);
  if (HASHED.test(url.pathname)) {
    const known = await caches.match(url.pathname);
    if (known) return known;
    const answer = await fetch(request);
    if (answer.ok && answer.type === "basic") (await caches.open(SHELL)).put(url.pathname, answer.clone());
    return answer;
  }
  try {
    return await fetch(request);
  } catch (error) {
    const known = await caches.match(url.pathname);
    if (known) return known;
    throw error;
  }
}

async function page(event, url) {
  const live = fetch(event.request);
  live.then((answer) => event.waitUntil(received(url, answer.clone()))).catch(() => {});
  const kept = await copyOf(url);
  try {
    const answer = await (kept ? patient(live) : live);
    if (answer.status < 500 || !kept) return answer;
  } catch {
    // No network, or too slow for somebody who waits: what is kept is better than nothing.
  }
  return kept ? dated(kept) : (await caches.match(self.kineplan.offline)) ?? Response.error();
}

function patient(live) {
  return Promise.race([live, new Promise((_, reject) => setTimeout(() => reject(new Error("slow")), PATIENCE_MS))]);
}

// The copy says of itself how old it is; js/offline.js shows it.
async function dated(copy) {
  const html = (await copy.text()).replace("<html ", `<html data-kept-at="${copy.headers.get(AT)}" `);
  return new Response(html, { status: 200, headers: copy.headers });
}

// --- Copies ---
async function pagesOfPerson() {
  const person = await kineplanQueue.note("person");
  return person ? caches.open(PAGES + person) : null;
}

async function copyOf(url) {
  if (!KEPT.test(url.pathname)) return null;
  const [cache, how] = [await pagesOfPerson(), await mode()];
  if (!cache) return null;
  const usable = async (key, options) => {
    const copy = await cache.match(key, options);
    return copy && !isOver(new Date(copy.headers.get(AT)), how) ? copy : null;
  };
  // Today's list of an earlier day shows that day's answers: a sheet without any is kept beside it.
  const exact = await usable(url.pathname + url.search);
  const isOld = exact && url.pathname === "/portal/" && !url.search && isOver(new Date(exact.headers.get(AT)), "day");
  if (isOld) return (await usable("/portal/?sheet=blank")) ?? exact;
  return exact ?? (ANY_QUERY.test(url.pathname) ? usable(url.pathname, { ignoreSearch: true }) : null);
}

async function received(url, answer) {
  if (answer.type === "opaqueredirect") return (await sessionIsOver()) && (await mode()) !== "week" ? forgetPages() : undefined;
  if (answer.status === 401 || answer.status === 403) return forgetPages();
  const person = answer.headers.get("X-Kineplan-Person");
  if (!person) return undefined;
  if (person !== (await kineplanQueue.note("person"))) {
    await forgetPages();
    await kineplanQueue.setNote("person", person);
  }
  await speak(answer.headers.get("Content-Language"));
  if (answer.ok && KEPT.test(url.pathname)) await keep(url, answer);
  return undefined;
}

// The page without a connection follows when the person chooses another language.
async function speak(language) {
  if (!language || language === (await kineplanQueue.note("language"))) return;
  const cache = await caches.open(SHELL);
  await cache.add(new Request(self.kineplan.offline, { cache: "reload" }));
  await kineplanQueue.setNote("language", language);
}

async function keep(url, answer) {
  if ((await mode()) === "never" || url.searchParams.has("entry")) return;
  const headers = new Headers(answer.headers);
  headers.set(AT, new Date().toISOString());
  const copy = new Response(await answer.blob(), { status: 200, headers });
  const cache = await pagesOfPerson();
  if (!cache) return;
  if (ANY_QUERY.test(url.pathname)) await cache.delete(url.pathname, { ignoreSearch: true }); // one copy per page
  await cache.put(url.pathname + url.search, copy);
}

async function sessionIsOver() {
  const answer = await fetch("/portal/sync/", { redirect: "manual", headers: { "X-Kineplan-Poll": "1" } });
  return answer.type === "opaqueredirect";
}

// --- What pages ask for ---
self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keepAll(event.data.keep, event.data.again === true));
  if (event.data === "tidy") event.waitUntil(tidyPages());
});

async function keepAll(addresses, again) {
  if ((await mode()) === "never") return;
  for (const address of addresses.slice(0, 40)) {
    const url = new URL(address, self.location.origin);
    const known = await copyOf(url);
    if (!again && known && Date.now() - new Date(known.headers.get(AT)) < FRESH_MS) continue;
    const answer = await fetch(url, { redirect: "manual", headers: { "X-Kineplan-Poll": "1" } });
    await received(url, answer);
  }
}

self.addEventListener("sync", (event) => {
  if (event.tag === "kineplan-acts") event.waitUntil(kineplanQueue.sync());
});
