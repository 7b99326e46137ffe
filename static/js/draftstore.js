// What was typed and the server does not have yet, kept in this browser: per user, record and page, encrypted with a
// key that only the logged-in user's page is given. Another user of the same device can neither see nor send it.
// Without encryption (no secure context) nothing is kept beyond the page. app.js removes everything at log-out.
const PREFIX = "kineplan-draft-";

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  return btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
}

function names(prefix) {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

async function importKey(encoded) {
  if (!crypto.subtle) return null;
  return crypto.subtle.importKey("raw", bytes(encoded), "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function seal(key, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = new TextEncoder().encode(JSON.stringify(value));
  return `${text(iv)}.${text(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, data))}`;
}

async function unseal(key, sealed) {
  const [iv, data] = sealed.split(".").map(bytes);
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data)));
}

// Opens the drafts of one record. `kept` holds what earlier pages left, oldest first; `write(value)` replaces what this
// page keeps, null removes it.
async function open({ user, record, key: encoded }) {
  const scope = `${PREFIX}${user}-${record}-`;
  const own = `${scope}${Date.now()}-${text(crypto.getRandomValues(new Uint8Array(6)))}`;
  const key = await importKey(encoded);
  const left = names(scope).sort();
  const kept = [];
  for (const name of key ? left : []) {
    try {
      kept.push(await unseal(key, localStorage.getItem(name)));
    } catch {
      localStorage.removeItem(name); // of an older key: nobody can read it any more
    }
  }
  let turn = 0;
  async function write(value) {
    turn += 1;
    const mine = turn;
    try {
      const sealed = value && key ? await seal(key, value) : null;
      if (mine !== turn) return; // a later write is under way
      if (sealed) localStorage.setItem(own, sealed);
      else localStorage.removeItem(own);
      for (const name of left.splice(0)) localStorage.removeItem(name);
    } catch {
      // A full or forbidden store: the change still goes to the server.
    }
  }
  return { kept, write };
}

window.kineplanDrafts = { open };
