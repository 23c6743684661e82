// The page's beginning.

const page = document.querySelector("#page");
if (page !== null) page.textContent = "charla";
