// Imported by the service worker (importScripts): shows a notification, and opens the portal where it leads.
// The message holds {title, body, url, tag}; url is a path of this site.
const insidePortal = (url) => {
  const target = new URL(url || "/portal/", self.location.origin);
  return target.origin === self.location.origin && target.pathname.startsWith("/portal/") ? target.href : new URL("/portal/", self.location.origin).href;
};

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data ? event.data.json() : {};
  } catch {
    told = {};
  }
  const shown = self.registration.showNotification(told.title || "Kineplan", {
    body: told.body || "",
    tag: told.tag || "kineplan",
    data: { url: insidePortal(told.url) },
  });
  event.waitUntil(shown);
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = event.notification.data?.url || insidePortal("");
  const shown = self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
    const open = windows.find((each) => new URL(each.url).pathname.startsWith("/portal/"));
    return open ? open.focus().then((each) => each.navigate(url)) : self.clients.openWindow(url);
  });
  event.waitUntil(shown);
});
