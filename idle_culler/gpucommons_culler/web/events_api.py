"""The audit in the API."""

from gpucommons_culler.records import EventFilter
from gpucommons_culler.web.asked import event_filter, page, text
from gpucommons_culler.web.csv_lines import csv_line, heading
from gpucommons_culler.web.handler import APIHandler
from gpucommons_culler.web.refused import wrong
from gpucommons_culler.web.shown import event_json

_FLUSHED = 100
"""Lines that are sent together."""


class EventsAPI(APIHandler):
    """GET api/events?user=&team=&size=&kind=&since=&until=&limit=&before=&format=json|csv."""

    async def get(self) -> None:
        """Answer a page as JSON, the newest first, or all of it as CSV."""
        query = self.query()
        which, form = event_filter(query), text(query, "format") or "json"
        if form == "csv":
            await self._stream(which)
        elif form == "json":
            shown = page(query)
            lines = await self.desk.events(self.person, which, shown)
            following = lines[-1].number if len(lines) == shown.limit else None
            self.answer({"events": [event_json(line) for line in lines], "next": following})
        else:
            raise wrong("format is to be json or csv.")

    async def _stream(self, which: EventFilter) -> None:
        chunk = [heading()]
        async for line in self.desk.every_event(self.person, which):
            chunk.append(csv_line(event_json(line)))
            if len(chunk) > _FLUSHED:
                self._begin_csv()
                self.write("".join(chunk))
                await self.flush()
                chunk = []
        self._begin_csv()
        self.finish("".join(chunk))

    def _begin_csv(self) -> None:
        """Say that CSV follows. Not earlier: until then an error is answered as JSON."""
        if not self._headers_written:
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", 'attachment; filename="idle-events.csv"')
