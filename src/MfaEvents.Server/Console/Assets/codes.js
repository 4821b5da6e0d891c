// Two codes that were pasted into the first field at once go to the two fields.
for (const first of document.querySelectorAll('input[name="Form.Code1"]')) {
  const second = first.form.elements['Form.Code2'];
  first.addEventListener('input', () => {
    const digits = first.value.replace(/\s/g, '');
    if (!/^\d{12}$/.test(digits)) return;
    [first.value, second.value] = [digits.slice(0, 6), digits.slice(6)];
    second.focus();
  });
}
