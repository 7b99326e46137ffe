// Sends what was answered in a session. What cannot go out now waits in this tab and goes when the phone is online.
// The identifier is made here once per answer, so that sending twice is one log.

const WAITING = "kp-session-waiting";

function waiting() {
  try {
    return JSON.parse(sessionStorage.getItem(WAITING) || "[]");
  } catch {
    return [];
  }
}

function keep(answers) {
  try {
    sessionStorage.setItem(WAITING, JSON.stringify(answers));
  } catch {
    // a browser that keeps nothing: the answer is still tried once
  }
}

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
}

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// "sent", "waiting" (no connection, or the server is away) or "refused" (it will never take it).
async function post(answer) {
  let response;
  try {
    response = await fetch(answer.url, {
      method: "POST",
      redirect: "manual",
      headers: { "X-CSRFToken": token() },
      body: new URLSearchParams(answer.fields),
    });
  } catch {
    return "waiting";
  }
  if (response.type === "opaqueredirect" || response.ok) return "sent";
  return response.status >= 500 ? "waiting" : "refused";
}

// The portal's own queue keeps answers sealed on the phone and shows what waits; without it (an old browser, plain
// http) they wait in this tab.
function queued(fields, { prescription, name, told }) {
  const { on, bout, state, reason = "", pain } = fields;
  const payload = { prescription, on, bout: Number(bout), state, reason, comment: "", name, fresh: true };
  payload.pain = pain === undefined ? null : Number(pain);
  const page = `/portal/exercise/${prescription}/log/?day=${on}&bout=${bout}&state=${state}`;
  return kineplanQueue.enqueue({ kind: "log", payload, told, page, uuid: fields.client_id });
}

export async function send(url, fields, shown) {
  if (globalThis.kineplanQueue?.usable) {
    try {
      await queued(fields, shown);
      return "queued";
    } catch {
      // the phone keeps nothing: sent the plain way
    }
  }
  const answer = { url, fields };
  keep([...waiting(), answer]);
  const outcome = await post(answer);
  if (outcome !== "waiting") keep(waiting().filter((kept) => kept.fields.client_id !== fields.client_id));
  return outcome;
}

export async function sendWaiting() {
  for (const answer of waiting()) {
    const outcome = await post(answer);
    if (outcome === "waiting") return false;
    keep(waiting().filter((kept) => kept.fields.client_id !== answer.fields.client_id));
  }
  return true;
}
