// JupyterHub's page "Administration", which is English: names its buttons that have only an icon.

const page = document.getElementById("react-admin-hook");

const textOf = (row, part) => row.querySelector(`[data-testid^="${part}"]`)?.textContent ?? "";

const nameButtons = () => {
  for (const row of page.querySelectorAll("tr.user-row")) {
    const session = `${textOf(row, "user-name-div-")} ${textOf(row, "user-row-server")}`.trim();
    row
      .querySelector("button[aria-controls]")
      ?.setAttribute("aria-label", `Details of ${session}`);
  }
};

// React draws the rows, also anew.
const changes = { childList: true, characterData: true, subtree: true };
new MutationObserver(nameButtons).observe(page, changes);
nameButtons();
