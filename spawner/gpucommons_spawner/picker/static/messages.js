// What scripts say, in the page's language. The page has it where that is not English.

const given = document.getElementById("gpucommons-messages");
const messages = given ? JSON.parse(given.textContent) : {};

// Writes a message, in which %(name)s stands for a value.
export const _ = (message, values = {}) =>
  (messages[message] ?? message).replace(/%\((\w+)\)s/g, (...match) => values[match[1]]);
