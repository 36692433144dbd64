// Forms with data-passkey: the browser asks for the passkey, and what it answers goes into the field `credential`.
(function () {
  "use strict";
  async function options(form) {
    const data = form.dataset.options && document.getElementById(form.dataset.options);
    if (data) return JSON.parse(data.textContent);
    const response = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.status === 429 ? "Too many attempts; wait a minute." : "The server did not answer.");
    return response.json();
  }
  function made(asked, form) {
    const box = form.elements.passwordless;
    const selection = asked.publicKey.authenticatorSelection;
    if (box) {
      selection.residentKey = box.checked ? "required" : "discouraged";
      selection.requireResidentKey = box.checked;
      if (box.checked) selection.userVerification = "required";
    }
    return window.webauthnJSON.create(asked);
  }
  function say(form, text) {
    let note = form.querySelector("[role=alert]");
    if (!note) {
      note = document.createElement("p");
      note.className = "notice error";
      note.setAttribute("role", "alert");
      form.prepend(note);
    }
    note.textContent = text;
  }
  const words = {
    NotAllowedError: "The browser was told no, or nobody answered in time. Try again.",
    InvalidStateError: "This key is registered already.",
    SecurityError: "Passkeys do not work at this address: use the installation's own name, over HTTPS.",
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const field = form.matches("form[data-passkey]") && form.elements.credential;
    if (!field) return;
    event.preventDefault(); // form.submit() below asks nobody again
    try {
      if (!window.PublicKeyCredential) throw new Error("This browser knows no passkeys here.");
      const data = await options(form);
      const credential = form.dataset.passkey === "create"
        ? await made(data.creation_options, form)
        : await window.webauthnJSON.get(data.request_options);
      field.value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      say(form, words[error.name] || error.message);
    }
  });
})();
