// The clock of a guided exercise as a pure state machine: plain values in, plain values out, no page, no timer.
// Every function takes the moment (milliseconds) and returns { state, events }; the caller draws, beeps and speaks.
// A phone that slept catches up in one call: what is due is worked off in order, never counted in ticks.

export const READY_S = 5; // to put the phone down
export const SWITCH_S = 8; // to turn over
export const LET_GO_S = 3; // between two holds
export const TEMPO_S = 4; // one repetition, when the phone counts
export const LAST_SECONDS = 3; // heard one by one
const SHORTEST_HOLD_S = 2; // below this a hold is just the end of the movement
const LONG_HOLD_S = 15; // from here the holds are counted, not the sets

// dose: { sets, reps, hold (s), minutes, rest (s), sides: ["left", "right"] or [side] or [""] }
export function segmentsOf(dose) {
  return [{ kind: "ready", seconds: READY_S, side: dose.sides[0] }, ...bouts(dose)];
}

function bouts(dose) {
  const out = [];
  const sets = dose.minutes ? 1 : dose.sets;
  for (let set = 1; set <= sets; set += 1) {
    dose.sides.forEach((side, index) => {
      if (index) out.push({ kind: "switch", seconds: SWITCH_S, side });
      out.push(...oneSet(dose, side, set));
    });
    if (set < sets) out.push(...between(dose));
  }
  return out;
}

function between(dose) {
  if (dose.rest > 0) return [{ kind: "rest", seconds: dose.rest, side: "" }];
  if (dose.sides.length > 1) return [{ kind: "switch", seconds: SWITCH_S, side: dose.sides[0] }];
  return dose.hold >= SHORTEST_HOLD_S ? [{ kind: "letgo", seconds: LET_GO_S, side: dose.sides[0] }] : [];
}

function oneSet(dose, side, set) {
  const place = { side, set, sets: dose.sets };
  if (dose.minutes) return [{ kind: "work", seconds: Math.round((dose.minutes * 60) / dose.sides.length), side }];
  if (dose.hold < SHORTEST_HOLD_S) return [{ kind: "reps", seconds: null, reps: dose.reps, ...place }];
  const holds = [];
  for (let rep = 1; rep <= dose.reps; rep += 1) {
    if (rep > 1) holds.push({ kind: "letgo", seconds: letGo(dose), side });
    holds.push({ kind: "hold", seconds: dose.hold, ...countOf(dose, set, rep), side });
  }
  return holds;
}

// Between stretches the prescribed pause is kept, since there is no set to come after.
function letGo(dose) {
  return dose.hold >= LONG_HOLD_S && dose.sets === 1 ? Math.max(LET_GO_S, dose.rest) : LET_GO_S;
}

// A long hold counts through ("2 of 4"), a short one within its set ("3 of 8, set 1 of 2").
function countOf(dose, set, rep) {
  if (dose.hold >= LONG_HOLD_S) return { rep: (set - 1) * dose.reps + rep, reps: dose.sets * dose.reps, set: 1, sets: 1 };
  return { rep, reps: dose.reps, set, sets: dose.sets };
}

// --- The machine: status is idle, running, paused or done ---
export function fresh(dose, { tempo = TEMPO_S } = {}) {
  return { segments: segmentsOf(dose), index: 0, spent: 0, since: null, counted: 0, from: 0, told: null, tempo, status: "idle" };
}

export function current(state) {
  return state.segments[state.index] ?? null;
}

// Milliseconds since the present segment began, pauses left out.
export function spentAt(state, now) {
  return state.spent + (state.since === null ? 0 : Math.max(0, now - state.since));
}

// Whole seconds still to go, or null where there is no end to wait for.
export function secondsLeft(state, now) {
  const segment = current(state);
  if (!segment || segment.seconds === null) return null;
  return Math.max(0, Math.ceil((segment.seconds * 1000 - spentAt(state, now)) / 1000));
}

// Share of the segment that is over, 0 to 1.
export function shareDone(state, now) {
  const segment = current(state);
  if (!segment) return 1;
  if (segment.kind === "reps") return Math.min(1, state.counted / segment.reps);
  return Math.min(1, spentAt(state, now) / (segment.seconds * 1000));
}

// Whether anything of the exercise itself has begun (getting ready is not).
export function hasBegun(state) {
  return state.index > 0;
}

export function start(state, now) {
  if (state.status !== "idle") return { state, events: [] };
  const next = { ...state, status: "running", since: now };
  return { state: next, events: [{ type: "phase", segment: current(next) }] };
}

export function pause(state, now) {
  if (state.status !== "running") return { state, events: [] };
  const caught = tick(state, now);
  if (caught.state.status !== "running") return caught;
  const held = { ...caught.state, spent: spentAt(caught.state, now), since: null, status: "paused" };
  return { state: held, events: [...caught.events, { type: "paused" }] };
}

export function resume(state, now) {
  if (state.status !== "paused") return { state, events: [] };
  return { state: { ...state, since: now, status: "running" }, events: [{ type: "resumed" }] };
}

// One repetition by a tap.
export function count(state, now) {
  const segment = current(state);
  if (state.status !== "running" || segment?.kind !== "reps") return { state, events: [] };
  return counted(state, now, state.counted + 1);
}

// From the phone's count to one's own and back; what was counted stays.
export function setTempo(state, now, tempo) {
  if (current(state)?.kind !== "reps" || state.status === "idle") return { state: { ...state, tempo }, events: [] };
  const since = state.status === "running" ? now : null;
  return { state: { ...state, tempo, spent: 0, since, counted: state.counted, from: state.counted }, events: [] };
}

// On to the next part, whatever is left of this one.
export function skipPart(state, now) {
  if (state.status === "idle" || state.status === "done") return { state, events: [] };
  return entered({ ...state, status: "running" }, now);
}

// The exercise from its beginning, standing still.
export function again(state) {
  return { ...state, index: 0, spent: 0, since: null, counted: 0, from: 0, told: null, status: "idle" };
}

// What became due until now.
export function tick(state, now) {
  let at = { state, events: [] };
  while (at.state.status === "running") {
    const step = due(at.state, now);
    if (!step) break;
    at = { state: step.state, events: [...at.events, ...step.events] };
  }
  const last = lastSeconds(at.state, now);
  return { state: last.state, events: [...at.events, ...last.events] };
}

function due(state, now) {
  const segment = current(state);
  const spent = spentAt(state, now);
  if (segment.kind === "reps") {
    const wanted = state.tempo ? state.from + Math.floor(spent / (state.tempo * 1000)) : 0;
    if (wanted <= state.counted) return null;
    const at = now - spent + (state.counted + 1 - state.from) * state.tempo * 1000;
    return counted(state, at, state.counted + 1);
  }
  if (spent < segment.seconds * 1000) return null;
  return entered(state, now - spent + segment.seconds * 1000);
}

function counted(state, now, number) {
  const segment = current(state);
  const rep = { type: "rep", number, of: segment.reps };
  if (number < segment.reps) {
    // A tap moves the phone's own count along, so that it does not count the same one again.
    const byTap = state.tempo && number > state.from + Math.floor(spentAt(state, now) / (state.tempo * 1000));
    const base = byTap ? { spent: 0, since: now, from: number } : {};
    return { state: { ...state, ...base, counted: number }, events: [rep] };
  }
  const next = entered({ ...state, counted: number }, now);
  return { state: next.state, events: [rep, ...next.events] };
}

// The next segment begins at that moment; after the last one all is done.
function entered(state, at) {
  const index = state.index + 1;
  const clean = { ...state, index, spent: 0, counted: 0, from: 0 };
  if (index >= state.segments.length) {
    return { state: { ...clean, since: null, status: "done" }, events: [{ type: "done" }] };
  }
  return { state: { ...clean, since: at }, events: [{ type: "phase", segment: state.segments[index] }] };
}

// "3, 2, 1", once each: a second that passed unheard (a slow phone) is not made up for.
function lastSeconds(state, now) {
  const left = state.status === "running" ? secondsLeft(state, now) : null;
  if (left === null || left < 1 || left > LAST_SECONDS) return { state, events: [] };
  if (state.told?.index === state.index && state.told.left <= left) return { state, events: [] };
  return { state: { ...state, told: { index: state.index, left } }, events: [{ type: "last", left }] };
}
