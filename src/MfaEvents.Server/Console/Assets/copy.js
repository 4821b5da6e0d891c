// A button that copies what the element it names shows, without the spaces that make it readable.
for (const button of document.querySelectorAll('button[data-copy]')) {
  const words = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.replace(/\s/g, ''));
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}
