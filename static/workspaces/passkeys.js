// Says in words why a passkey did not work; the ceremony itself is allauth's script.
const alarm = /** @type {HTMLElement} */ (document.getElementById("alarm"));

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const { exception } = /** @type {CustomEvent<{ exception: Error }>} */ (event).detail;
  alarm.textContent = words(exception.name);
  alarm.hidden = false;
  alarm.scrollIntoView({ block: "nearest" });
});

/** @param {string} name of the browser's error */
function words(name) {
  if (name === "NotAllowedError") return "That was cancelled, or took too long. Please try again.";
  if (name === "InvalidStateError") return "This device has a passkey for your account already.";
  if (name === "SecurityError") return "Passkeys need an address with a name and https, and this one has not.";
  return "This browser could not use a passkey here.";
}
