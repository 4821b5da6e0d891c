// When the next code is due, by the server's clock: time steps begin every 30 s since 1970 (RFC 6238, T0 = 0, X = 30).
const STEP = 30_000;

for (const ring of document.querySelectorAll('[data-ring]')) {
  const ahead = Number(ring.dataset.ring) - performance.now();
  const [arc, text] = [ring.querySelector('.arc'), ring.querySelector('text')];
  const length = arc.getTotalLength();
  arc.setAttribute('stroke-dasharray', length);
  ring.removeAttribute('hidden');
  setInterval(show, 200);
  show();

  function show() {
    const left = STEP - (performance.now() + ahead) % STEP;
    arc.setAttribute('stroke-dashoffset', length * (1 - left / STEP));
    text.textContent = Math.ceil(left / 1000);
  }
}
