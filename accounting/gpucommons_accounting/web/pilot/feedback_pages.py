"""The form that asks somebody how it goes, with all that is kept of their answers."""

from http import HTTPStatus

from gpucommons_contract.words import phrase, spoken
from gpucommons_web.access import RefusedError
from gpucommons_web.fields import Fields

from gpucommons_accounting.reckoning.pilot.opinions import FEWEST
from gpucommons_accounting.records.feedback import LONGEST_TEXT, NOT_USED, SCALE, Answer, Topic
from gpucommons_accounting.web.pages import PageHandler
from gpucommons_accounting.web.pilot.feedback_fields import TEXT

TITLES = {
    Topic.SIGN_IN: phrase("Signing in and first steps"),
    Topic.GPU_SESSIONS: phrase("How sessions with a GPU respond"),
    Topic.FILES: phrase("Files, and getting them back"),
    Topic.ENVIRONMENTS: phrase("Changing to another environment"),
}
"""How pages call a topic."""


class FeedbackPage(PageHandler):
    """Four questions, a text, and what is kept."""

    async def get(self) -> None:
        """Draw it."""
        await self._draw_form()

    async def post(self) -> None:
        """Keep the answer of this quarter."""
        form = self.form()
        try:
            await self.pilot.give(self.person, form)
        except RefusedError as error:
            if error.status_code != HTTPStatus.BAD_REQUEST:
                raise
            self.set_status(error.status_code)
            await self._draw_form(form, error.message)
            return
        said = phrase("Thank you. You can change your answer until the quarter ends.")
        self.go_to("feedback", str(spoken(said)))

    async def _draw_form(self, form: Fields | None = None, problem: str = "") -> None:
        quarter = self.pilot.quarter()
        kept = [each for each in await self.pilot.kept(self.person) if each.answer]
        own = next((each for each in kept if each.quarter == str(quarter)), None)
        entered = own.answer if own and own.answer else Answer()
        fields = {str(topic): str(rating) for topic, rating in entered.ratings.items()}
        fields[TEXT] = entered.text
        if form is not None:
            fields = {name: str(values[-1]) for name, values in form.items() if values}
        self.draw(
            "feedback.html",
            quarter=quarter,
            own=own,
            earlier=[each for each in kept if each is not own],
            entered=fields,
            problem=problem,
            topics=TITLES,
            scale=SCALE,
            choices=(*SCALE, NOT_USED),
            not_used=NOT_USED,
            longest=LONGEST_TEXT,
            fewest=FEWEST,
        )


class NotNow(PageHandler):
    """What *Not now* does."""

    async def post(self) -> None:
        """Ask no more in this quarter."""
        await self.pilot.dismiss(self.person)
        self.go_to("", str(spoken(phrase("You will not be asked again in this quarter."))))
