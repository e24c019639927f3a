// The recap page: print, copy the address, leave. Stores nothing, calls no API.

const find = (name) => document.querySelector(`[data-${name}]`);
const exit = find("blank");
const channel = new BroadcastChannel("allobot"); // the tab of the talk leaves too
let presses = [];

function leave(event) {
  event?.preventDefault();
  channel.postMessage("exit");
  channel.close();
  document.title = exit.dataset.blank;
  document.body.replaceChildren();
  location.replace(exit.href);
}

async function share() {
  find("shared").hidden = true;
  find("unshared").hidden = true;
  const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  find(done ? "shared" : "unshared").hidden = false;
}

channel.onmessage = () => leave();
exit.addEventListener("click", leave);
document.addEventListener("keydown", (event) => {
  if (event.repeat) return;
  const recent = presses.filter((time) => event.timeStamp - time < 1500);
  presses = event.key === "Shift" ? [...recent, event.timeStamp] : [];
  if (presses.length >= 3) leave();
});

if (find("tools")) {
  find("tools").hidden = false;
  find("print").addEventListener("click", () => print());
  find("share").addEventListener("click", share);
}
