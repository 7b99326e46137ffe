// "Send reminders to this phone": asks the browser, then keeps or forgets its subscription on the server.
// Where the browser cannot do it, or the service worker is not there, the section says so and shows no button.
const section = document.querySelector("[data-push]");

const bytes = (text) => {
  const padded = (text + "=".repeat((4 - (text.length % 4)) % 4)).replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
};

const send = (url, content) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": section.dataset.csrf },
    body: JSON.stringify(content),
  });

const show = (state) => {
  for (const part of section.querySelectorAll("[data-push-when]")) part.hidden = part.dataset.pushWhen !== state;
};

const registered = async () => (await navigator.serviceWorker.getRegistration("/portal/")) ?? null;

const look = async () => {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return show("impossible");
  const registration = await registered();
  if (!registration) return show("impossible");
  if (Notification.permission === "denied") return show("denied");
  return show((await registration.pushManager.getSubscription()) ? "on" : "off");
};

const turnOn = async () => {
  if ((await Notification.requestPermission()) !== "granted") return look();
  const { key } = await (await fetch(section.dataset.keyUrl)).json();
  const registration = await registered();
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const answer = await send(section.dataset.onUrl, subscription.toJSON());
  if (!answer.ok) {
    await subscription.unsubscribe();
    return show("failed");
  }
  return show("on");
};

const turnOff = async () => {
  const subscription = await (await registered())?.pushManager.getSubscription();
  if (subscription) {
    await send(section.dataset.offUrl, { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  return look();
};

if (section) {
  const act = (change) => () => change().catch(() => show("failed"));
  section.querySelector("[data-push-on]").addEventListener("click", act(turnOn));
  section.querySelector("[data-push-off]").addEventListener("click", act(turnOff));
  section.querySelector("[data-push-again]").addEventListener("click", act(look));
  look().catch(() => show("impossible"));
}
