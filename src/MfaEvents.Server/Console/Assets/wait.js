// A wait that the server asked for runs down, and the forms of the page wait with it.
const waits = document.querySelectorAll('[data-wait]');

for (const wait of waits) {
  const until = performance.now() + Number(wait.dataset.wait) * 1000;
  const buttons = document.querySelectorAll('main form button[type=submit]');
  for (const button of buttons) button.disabled = true;
  const tick = setInterval(show, 250);
  show();

  function show() {
    const left = Math.ceil((until - performance.now()) / 1000);
    wait.textContent = left > 0 ? ` Try again in ${left} s.` : ' You can try again now.';
    if (left > 0) return;
    clearInterval(tick);
    for (const button of buttons) button.disabled = false;
  }
}
