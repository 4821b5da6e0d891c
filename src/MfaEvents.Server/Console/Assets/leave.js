// Whoever leaves the wizard leaves no pending device behind: the form that removes it is sent as the page goes.
const form = document.querySelector('form[data-leave]');
let stays = false;

document.addEventListener('submit', () => { stays = true; });
addEventListener('pagehide', () => {
  if (form && !stays) navigator.sendBeacon(location.href, new URLSearchParams(new FormData(form)));
});
