// What the phone does besides showing: beeps from an oscillator, vibration, and a screen that stays on.
// Both switches are remembered on this phone. Whatever a browser lacks is left out in silence.

const KEY = "kp-session-signals";
const TONES = { go: [880, 0.25], stop: [523, 0.35], rep: [660, 0.08], last: [440, 0.1], end: [988, 0.5] };
const BUZZ = { go: [120], stop: [60, 60, 60], rep: [30], last: [], end: [200, 100, 200] };

let audio = null;
let lock = null;

export function readChoices() {
  try {
    return { sound: true, buzz: true, tempo: true, ...JSON.parse(localStorage.getItem(KEY) || "{}") };
  } catch {
    return { sound: true, buzz: true, tempo: true };
  }
}

export function keepChoices(choices) {
  try {
    localStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // remembered until the page is left
  }
}

// Browsers let a page make sound only after a tap: called from the button that begins.
export function wakeSound() {
  const Audio = window.AudioContext || window.webkitAudioContext;
  if (!audio && Audio) audio = new Audio();
  audio?.resume?.();
}

export function signal(name, choices) {
  if (choices.buzz) navigator.vibrate?.(BUZZ[name]);
  if (!choices.sound || !audio) return;
  const [pitch, seconds] = TONES[name];
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0.25, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + seconds);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + seconds);
}

export async function keepAwake(wanted) {
  try {
    if (wanted && !lock && navigator.wakeLock) {
      lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", () => (lock = null));
    }
    if (!wanted && lock) await lock.release();
  } catch {
    lock = null; // battery saving refuses it: the session goes on all the same
  }
}
