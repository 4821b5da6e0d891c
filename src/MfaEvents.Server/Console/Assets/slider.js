// A slider shows what it is moved to; without scripts the button beside it does.
for (const slider of document.querySelectorAll('input[data-submits]')) {
  slider.addEventListener('change', () => slider.form.requestSubmit());
}
