// A page that does not exist: leads to the same place in one's own session, as from a course's link.

const PLACE = /\/(?:user\/[^/]+\/(?=.)|(?=(?:edit|lab|notebooks|tree|vscode)(?:\/|$)))(.*)$/;

const link = document.getElementById("open-in-mine");
const place = PLACE.exec(location.pathname)?.[1];
if (link && place) {
  link.href += place + location.search;
  link.hidden = false;
}
