// Comforts on pages that work without them: dates in words, copying an address, ticking without a page load; and passkeys.
"use strict";

// A browser shows days and hours in its own way, whatever the page's language: 10/12 may stand there as 12/10. So what was chosen
// stands below the field once more, as officials write it.
const weekday = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long" });

function inWords(field) {
  if (field.type !== "date" || !field.value) return field.value;
  const [year, month, day] = field.value.split("-");
  return `${weekday.format(new Date(year, month - 1, day))}, ${day}/${month}/${year}`;
}

for (const field of document.querySelectorAll("input[type=date], input[type=time]")) {
  const line = document.createElement("p");
  line.className = "in-words";
  line.id = `${field.id}-in-words`;
  line.setAttribute("aria-live", "polite");
  const tell = () => { line.textContent = inWords(field); };
  field.after(line);
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${line.id}`.trim());
  field.addEventListener("input", tell);
  tell();
}

// The day of a document is proposed as the day on which its item was done, until somebody chooses that day.
for (const field of document.querySelectorAll("[data-proposes]")) {
  const proposed = document.getElementById(field.dataset.proposes);
  if (!proposed) continue;
  proposed.addEventListener("change", () => { proposed.dataset.chosen = "true"; });
  field.addEventListener("change", () => {
    if (proposed.dataset.chosen || !field.value || field.value < proposed.min || field.value > proposed.max) return;
    proposed.value = field.value;
    proposed.dispatchEvent(new Event("input"));
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // plain http on an intranet: the field can still be copied by hand
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // the address is selected
    }
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// The tick shows at once; the server's page then replaces the item, the progress and the message. Without a network the tick is
// taken back and a line says so; any other answer than the expected page is fetched again by sending the form as without a script.
function rollBack(item, pressed) {
  item.classList.remove("is-sending");
  item.querySelector(".circle").setAttribute("aria-pressed", pressed);
}

function tellOffline() {
  const line = document.createElement("p");
  line.className = "notice notice-warning";
  const status = document.getElementById("thong-bao");
  line.textContent = status.dataset.offline;
  status.replaceChildren(line);
}

function show(page, id) {
  const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
  if (old && fresh) old.replaceChildren(...fresh.childNodes);
  if (old && fresh) old.className = fresh.className;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.tick) return;
  event.preventDefault();
  const item = document.getElementById(form.dataset.tick);
  if (item.classList.contains("is-sending")) return;
  const circle = item.querySelector(".circle");
  const before = circle.getAttribute("aria-pressed");
  circle.setAttribute("aria-pressed", String(before !== "true"));
  item.classList.add("is-sending");
  let answer, page;
  try {
    answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    rollBack(item, before);
    tellOffline();
    return;
  }
  if (!answer.ok || !page.getElementById(item.id)) {
    rollBack(item, before);
    form.submit();
    return;
  }
  for (const id of [item.id, "tien-do", "tien-do-chung", "thong-bao"]) show(page, id);
  item.querySelector(".circle").focus({ preventScroll: true });
});

// Passkeys: the server's question goes to the device, the device's answer into the form. Without a script their buttons stay hidden.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function readQuestion(question) {
  question.challenge = toBytes(question.challenge);
  if (question.user) question.user.id = toBytes(question.user.id);
  for (const known of [...(question.excludeCredentials || []), ...(question.allowCredentials || [])]) known.id = toBytes(known.id);
  return question;
}

function writeAnswer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(form.dataset.begin, { method: "POST", body: new FormData(form) });
      const publicKey = readQuestion(await answer.json());
      form.elements.credential.value = writeAnswer(await navigator.credentials[form.dataset.passkey]({ publicKey }));
    } catch {
      form.querySelector("[data-failed]").textContent = form.dataset.failed;
      return; // the owner said no, or there is no network: nothing was sent
    }
    form.submit();
  });
}
