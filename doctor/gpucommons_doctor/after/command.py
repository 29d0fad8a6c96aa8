"""What the command does with ``--after``."""

import argparse
import asyncio
import sys
from getpass import getpass

from gpucommons_contract.formats.wording import joined
from gpucommons_people.errors import InputError, PeopleError
from rich.text import Text

from gpucommons_doctor.after.choice import Choice, choose
from gpucommons_doctor.after.given import hub_address, secret_in, trust_of
from gpucommons_doctor.after.hub import Hub
from gpucommons_doctor.after.session import Session
from gpucommons_doctor.after.sign_in import Login, Password, Token
from gpucommons_doctor.after.step import Outcome, Tell
from gpucommons_doctor.after.steps import (
    FileKept,
    GPUSeen,
    KernelRuns,
    NetworkClosed,
    ServerAnswers,
    SignIn,
    Start,
    Stop,
)
from gpucommons_doctor.after.walk import walk
from gpucommons_doctor.installation import read_installation
from gpucommons_doctor.output import Output, finding_text, styled
from gpucommons_doctor.runner import UNKNOWN, code_of


def run(arguments: argparse.Namespace) -> int:
    """Run the command ``gpucommons doctor --after``; returns its exit code."""
    output = Output(json=arguments.json)
    try:
        address, trust = _address(arguments), trust_of(arguments.ca)
        choice = _choice(arguments)
        login = _login(arguments)  # the last: it may ask for a password
    except PeopleError as error:
        output.error(error)
        return UNKNOWN
    hub = Hub(address, trust)
    with output.telling() as tell:
        outcomes = asyncio.run(_look(hub, login, choice, arguments.timeout, tell))
    output.show(
        {"steps": [each.as_json() for each in outcomes]},
        ("Step", "State", "Seconds", "What was seen, and what to do"),
        [_row(each) for each in outcomes],
    )
    return code_of(each.finding.state for each in outcomes if each.finding)


async def _look(
    hub: Hub, login: Login, choice: Choice, limit_s: float, tell: Tell
) -> list[Outcome]:
    async with hub:
        session = Session(hub, choice.options)
        steps = (
            SignIn(hub, login),
            Start(session, choice),
            ServerAnswers(hub, session),
            KernelRuns(hub, session),
            GPUSeen(hub, session, choice.size_name, choice.size),
            FileKept(session),
            NetworkClosed(hub, session),
        )
        return await walk(steps, Stop(hub, session), limit_s, tell)


def _row(outcome: Outcome) -> tuple[Text, ...]:
    name = Text(outcome.step.name)
    if (finding := outcome.finding) is None:
        return name, Text(outcome.state), Text(""), Text("")
    seconds = Text(f"{outcome.seconds:.1f}", justify="right")
    return name, styled(finding.state), seconds, Text(finding_text(finding))


def _address(arguments: argparse.Namespace) -> str:
    for_checks = ("only", "skip", "list", "metrics", "push")
    if given := [f"--{name}" for name in for_checks if getattr(arguments, name)]:
        raise InputError(f"--after runs no checks: leave out {joined(given)}.")
    return hub_address(arguments.hub)


def _login(arguments: argparse.Namespace) -> Login:
    user, password_file, token_file = (
        arguments.user,
        arguments.password_file,
        arguments.token_file,
    )
    if bool(user) == bool(token_file) or (password_file and not user):
        raise InputError(
            "Say who signs in: --user NAME, with --password-file FILE or a password that is asked "
            "for, or else --token-file FILE alone."
        )
    if token_file:
        return Token(secret_in(token_file))
    password = secret_in(password_file) if password_file else _ask_password(user)
    return Password(user, password, arguments.connector)


def _ask_password(user: str) -> str:
    if not sys.stdin.isatty():
        raise InputError("Nobody can be asked for the password here: name a --password-file.")
    return getpass(f"Password of {user}: ")


def _choice(arguments: argparse.Namespace) -> Choice:
    if arguments.catalogue is None:
        raise InputError("Name the catalogue that the hub has: --catalogue FILE.")
    catalogue = read_installation(arguments.catalogue).catalogue
    return choose(catalogue, arguments.environment, arguments.size, arguments.team)
