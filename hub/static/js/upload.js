// Says at once that a file is too large, before it is sent in vain. The server checks the same.
for (const input of document.querySelectorAll("input[data-max-bytes]")) {
  const problem = input.parentElement.querySelector("[data-upload-problem]");
  input.addEventListener("change", () => {
    const large = [...input.files].filter((file) => file.size > Number(input.dataset.maxBytes));
    const text = large.length ? `${input.dataset.tooLarge} ${large.map((file) => file.name).join(", ")}` : "";
    input.setCustomValidity(text);
    problem.textContent = text;
    problem.hidden = !text;
  });
}
