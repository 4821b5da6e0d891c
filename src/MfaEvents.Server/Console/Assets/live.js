// A page whose subject goes on without it asks every few seconds, and shows itself anew once there is something new.
const live = document.querySelector('[data-live]');
let unanswered = 0;

async function look() {
  try {
    const answer = await fetch(live.dataset.live, { headers: { accept: 'text/plain' } });
    unanswered = 0;
    if (answer.ok && await answer.text() !== live.dataset.state) return location.replace(location.pathname + location.search);
  } catch {
    unanswered += 1;
  }
  setTimeout(look, 2000 * (1 + Math.min(unanswered, 14)));
}

if (live) setTimeout(look, 2000);
