// A page whose subject goes on without it asks every few seconds, and shows itself anew once there is something new. Whoever is writing
// there loses nothing by it: they are told, and look when they want to.
const live = document.querySelector('[data-live]');
const news = document.querySelector('[data-news]');
let unanswered = 0;

async function look() {
  try {
    const answer = await fetch(live.dataset.live, { headers: { accept: 'text/plain' } });
    unanswered = 0;
    if (answer.ok && await answer.text() !== live.dataset.state) {
      if (!news || !isWriting()) return location.replace(location.pathname + location.search);
      news.hidden = false;
    }
  } catch {
    unanswered += 1;
  }
  setTimeout(look, 2000 * (1 + Math.min(unanswered, 14)));
}

function isWriting() {
  return [...document.querySelectorAll('main textarea, main input:not([type=hidden])')].some(field => field.value !== field.defaultValue);
}

if (live) setTimeout(look, 2000);
