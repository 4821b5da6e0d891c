// Instants in the reader's own zone and language; what the server wrote, in UTC, is there on hover.
const shown = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

for (const time of document.querySelectorAll('time[datetime]')) {
  time.textContent = shown.format(new Date(time.dateTime));
}
