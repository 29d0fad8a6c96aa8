"""What people read in other languages: complete, with every value, and in the right one."""

import json
import re
import sys
from functools import cache
from pathlib import Path

import jinja2
import pytest
from gpucommons_contract.formats.wording import LOST_BY_A_STOP, joined, span
from gpucommons_contract.words import (
    ENGLISH,
    LANGUAGES,
    choose,
    in_language,
    listed,
    offer,
    phrase,
    phrases,
    sentences,
    set_language,
    spoken,
)
from gpucommons_contract.words.pages import OPTIONS, TEMPLATES
from gpucommons_contract.words.translation import for_scripts, translated
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[3] / "contract"))
import update_translations
from translated_programs import PROGRAMS, ROOT, JupyterLab, VSCode

TRANSLATED = sorted(LANGUAGES.keys() - {ENGLISH})
HUB = PROGRAMS[0]
_VALUE = HUB.value
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: type(each).__name__)


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    set_language(ENGLISH)
    offer([ENGLISH], ENGLISH)


def _catalogue(language, program=HUB):
    return [message for message in update_translations.read(program, language) if message.id]


@cache
def _sources(program):
    found = update_translations.extracted(program)
    return {(message.context, message.id): message for message in found if message.id}


def _texts(message):
    return message if isinstance(message, (list, tuple)) else (message,)


@each_program
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_all_messages_of_the_sources_and_no_others(language, program):
    sources = _sources(program)
    known = {(each.context, each.id): each for each in _catalogue(language, program)}
    assert sorted(map(str, known)) == sorted(map(str, sources)), "run make translations"
    for key, message in sources.items():
        files = {file for file, _ in message.locations}
        assert {file for file, _ in known[key].locations} == files, "run make translations"


@each_program
@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_with_the_same_values(language, program):
    value = program.value
    for message in _catalogue(language, program):
        assert not message.fuzzy, message.id
        least, wanted = (set(value.findall(_texts(message.id)[at])) for at in (0, -1))
        for text in _texts(message.string):
            assert text, f"not translated: {message.id}"
            assert least <= set(value.findall(text)) <= wanted, message.id
            if program is HUB:
                assert "%" not in value.sub("", text.replace("%%", "")), message.id


@each_program
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_program_reads_what_translators_wrote(language, program):
    for path, text in program.written(
        language, update_translations.read(program, language)
    ).items():
        assert path.read_text() == text, "run make translations"


def test_no_call_in_a_script_of_an_editor_is_overlooked():
    """Babel reads TypeScript as JavaScript: it must find each call that a search finds."""
    calls = {
        JupyterLab: re.compile(r"\btrans\s*\.(?:__|_n|_p|_np)\(\s*['\"`]"),
        VSCode: re.compile(r"\bl10n\.t\(\s*['\"`]"),
    }
    for program in PROGRAMS[1:]:
        files = [file for file, *_ in program.found()]
        for script in (ROOT / files[0].split("/")[0] / "src").rglob("*.ts*"):
            if "__tests__" not in script.parts:
                name = str(script.relative_to(ROOT))
                assert files.count(name) == len(calls[type(program)].findall(script.read_text()))


def test_a_plural_has_two_forms_also_where_a_language_has_one():
    """JupyterLab stays English where a plural has a list of one."""
    [text] = JupyterLab().written("ko", update_translations.read(JupyterLab(), "ko")).values()
    assert json.loads(text)["%1 hour"] == ["%1시간", "%1시간"]


@given(st.data())
def test_a_phrase_has_its_values_in_every_language(data):
    language = data.draw(st.sampled_from(TRANSLATED))
    message = data.draw(st.sampled_from(_catalogue(language)))
    counts = isinstance(message.id, (list, tuple))
    given = {"count"} if counts else set()
    names = sorted(set(_VALUE.findall(" ".join(_texts(message.id)))) - given)
    numbers = set(re.findall(r"%\((\w+)\)d", " ".join(_texts(message.id))))
    plain = st.text(st.characters(categories=["L"]), min_size=9, max_size=20)
    values = {
        name: data.draw(st.integers(10**8, 10**9)) if name in numbers else data.draw(plain)
        for name in names
    }
    count = data.draw(st.integers(0, 10**6))
    said = phrases(*message.id, count, **values) if counts else phrase(message.id, **values)
    for text in (said, in_language(said, language)):
        assert all(str(value) in text for value in values.values())
        assert "%(" not in text


def test_a_phrase_is_english_text_until_a_page_shows_it():
    said = sentences(
        phrase(
            "You have %(amount)s.", amount=phrases("%(count)d session", "%(count)d sessions", 2)
        ),
        "Ask Ada.",
    )
    assert said == "You have 2 sessions. Ask Ada."
    assert f"{said}" == said
    assert in_language(said, "de") == "Sie haben 2 Sitzungen. Ask Ada."
    assert in_language(said, "ko") == "세션 2개를 사용하고 있습니다. Ask Ada."
    assert str(ValueError(said).args[0]) == said
    assert in_language(str(ValueError(said)), "de").startswith("Sie haben")


def test_lengths_and_lists_are_in_the_language_with_its_plurals():
    assert in_language(span(3600), "de") == "1 Stunde"
    assert in_language(span(9000), "de") == "2 Stunden 30 Minuten"
    assert in_language(span(2 * 86400), "ko") == "2일"
    assert in_language(joined(["a", "b", "c"]), "de") == "a, b und c"
    assert in_language(listed(["100 %", span(60)], " · "), "de") == "100 % · 1 Minute"


def test_what_nobody_translated_stays_english():
    assert in_language(phrase("Nobody wrote this %(where)s.", where="here"), "de").startswith(
        "Nobody"
    )
    assert translated(("Stop",), None, "xx") == "Stop"


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr,ko;q=0.5,de;q=0.4", "ko"),
        ("", "ko;q=0", "en"),
        ("", "fr-FR", "en"),
        ("", "de;q=x, ;;;,*", "en"),
        ("ko", "de", "ko"),
        ("xx", "de", "de"),
    ],
)
def test_the_cookie_decides_then_the_browser_then_the_installation(cookie, accepted, language):
    offer(["en", "de", "ko"], "en")
    assert choose(cookie, accepted) == language


@given(st.text(), st.text())
def test_whatever_a_browser_sends_the_language_is_one_that_is_offered(cookie, accepted):
    offer(["de", "en"], "de")
    assert choose(cookie, accepted) in ("de", "en")


def test_a_template_writes_messages_and_phrases_in_the_language_and_escapes_values():
    page = jinja2.Environment(autoescape=True, **OPTIONS).from_string(
        '<html lang="en">{{ _("For %(name)s", name=who) }}|{{ reason }}|{{ reason ~ "" }}'
    )
    values = {"who": "<ada>", "reason": phrase("Which team?")}
    assert page.render(values) == '<html lang="en">For &lt;ada&gt;|Which team?|Which team?'
    set_language("de")
    assert page.render(values).startswith('<html lang="de">Für &lt;ada&gt;|Welches Team?|')


def test_a_frame_offers_the_languages_and_nothing_where_there_is_one():
    pages = jinja2.Environment(
        autoescape=True, loader=jinja2.FileSystemLoader(TEMPLATES), **OPTIONS
    )
    frame = pages.from_string(
        '{% from "frame_parts.html" import language_choice %}{{ language_choice("/hub/") }}'
    )
    assert frame.render().strip() == ""
    offer(["en", "de"], "en")
    set_language("de")
    assert 'aria-label="Sprache"' in frame.render()
    assert 'href="/hub/gpucommons/language?language=en">English</a>' in frame.render()
    assert '<span lang="de" aria-current="true">Deutsch</span>' in frame.render()


def test_an_answer_for_a_page_is_in_its_language():
    answer = {"sizes": [{"reason": phrase("Which team?")}], "free": 2, "none": None}
    assert spoken(answer) == answer
    set_language("de")
    assert spoken(answer) == {"sizes": [{"reason": "Welches Team?"}], "free": 2, "none": None}


def test_scripts_get_the_messages_that_they_write_and_no_others():
    found = for_scripts("de")
    assert found["Your session is ready"] == "Ihre Sitzung ist bereit"
    assert "Which team?" not in found
    assert for_scripts(ENGLISH) == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_stop_is_said_to_cost_the_same_everywhere(language: str) -> None:
    """On the hub's pages and in warnings, in JupyterLab, and in VS Code."""
    said = set()
    for program in PROGRAMS:
        message = update_translations.read(program, language).get(str(LOST_BY_A_STOP))
        assert message is not None, program
        said.add(message.string)
    assert len(said) == 1
