// Writes moments in the reader's own time. Without scripts the pages say them in UTC.
'use strict';

(() => {
  const MOMENT = /\b(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}) UTC\b/g;

  const main = document.querySelector('main[data-now]');
  if (!main) {
    return;
  }
  const today = new Date(main.dataset.now).toDateString();

  /** A time, with its day if that is not today. */
  function local(when) {
    return when.toDateString() === today
      ? when.toLocaleTimeString([], { timeStyle: 'short' })
      : when.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }

  /** The parts of a text, its moments as elements that are hovered for UTC. */
  function parts(text) {
    const found = [];
    let end = 0;
    for (const match of text.matchAll(MOMENT)) {
      const time = document.createElement('time');
      time.dateTime = `${match[1]}T${match[2]}Z`;
      time.textContent = match[0];
      found.push(text.slice(end, match.index), time);
      end = match.index + match[0].length;
    }
    return [...found, text.slice(end)];
  }

  const texts = [];
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest('time')) {
      texts.push(walker.currentNode);
    }
  }
  for (const text of texts) {
    const written = parts(text.data);
    if (written.length > 1) {
      text.replaceWith(...written);
    }
  }
  for (const time of main.querySelectorAll('time[datetime]')) {
    time.title = time.textContent;
    time.textContent = local(new Date(time.dateTime));
  }
})();
