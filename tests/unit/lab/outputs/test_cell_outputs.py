"""What kernels publish, as it comes to stand in a notebook."""

from unittest.mock import patch

import pytest
from gpucommons_lab.outputs import cell_outputs
from gpucommons_lab.outputs.cell_outputs import CellOutputs, Seen, StreamText, overwritten
from gpucommons_lab.outputs.executions import Execution, Executions
from hypothesis import given
from hypothesis import strategies as st


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def display(text, display_id=None):
    transient = {"display_id": display_id} if display_id else {}
    return "display_data", {
        "data": {"text/plain": text},
        "metadata": {},
        "transient": transient,
    }


def outputs_of(*messages):
    outputs = CellOutputs()
    for kind, content in messages:
        outputs.add(kind, content)
    return outputs.to_json()


def test_what_is_printed_bit_by_bit_is_one_output():
    (output,) = outputs_of(stream("a"), stream("b\n"))
    assert output == {"output_type": "stream", "name": "stdout", "text": "ab\n"}


@pytest.mark.parametrize(
    ("written", "shown"),
    [("10%\r20%", "20%"), ("long\rab", "abng"), ("a\r\nb", "a\nb"), ("a\r", "a\r")],
)
def test_a_carriage_return_writes_over_the_line(written, shown):
    assert overwritten(written) == shown


def test_a_progress_bar_that_comes_in_pieces_stays_one_line():
    (output,) = outputs_of(stream("\r 10%", "stderr"), stream("\r100%", "stderr"))
    assert output["text"] == "100%"


def test_clearing_can_wait_for_what_comes_next():
    before = [stream("old"), ("clear_output", {"wait": True})]
    assert outputs_of(*before)[0]["text"] == "old"
    assert [each["text"] for each in outputs_of(*before, stream("new"))] == ["new"]


def test_a_display_is_updated_in_its_place():
    _, update = display("after", "d")
    shown = outputs_of(display("before", "d"), stream("x"), ("update_display_data", update))
    assert shown[0]["data"] == {"text/plain": "after"}
    assert "transient" not in shown[0]


def test_a_return_writes_over_a_line_however_it_comes():
    outputs = CellOutputs()
    for piece in ["lo", "ng", "\r", "ab", "\n", "x\r", "\ny"]:
        outputs.add(*stream(piece))
    assert outputs.to_json()[0]["text"] == "abng\nx\ny"


def test_a_line_without_an_end_is_finished_piece_by_piece():
    text = StreamText()
    for _ in range(100):
        text.write("x" * 1000)
    assert text.text() == "x" * 100_000
    assert len(text) - text.done < 20_000  # what the next message has to look at


def test_a_picture_counts_and_the_oldest_go(monkeypatch):
    monkeypatch.setattr(cell_outputs, "_MOST_CHARACTERS", 10_000)
    outputs = CellOutputs()
    for number in range(20):
        outputs.add("display_data", {"data": {"image/png": "x" * 1000}, "metadata": {"n": number}})
    note, *kept = outputs.to_json()
    assert "left out" in note["text"]
    assert [each["metadata"]["n"] for each in kept] == list(range(20))[-len(kept) :]
    assert sum(len(each["data"]["image/png"]) for each in kept) <= 10_000


def test_streams_in_turn_do_not_add_up_without_an_end(monkeypatch):
    monkeypatch.setattr(cell_outputs, "_MOST_OUTPUTS", 100)
    outputs = CellOutputs()
    for number in range(1000):
        outputs.add(*stream(f"{number}\n", ("stdout", "stderr")[number % 2]))
    assert len(outputs.to_json()) <= 101
    assert outputs.to_json()[-1]["text"] == "999\n"


def test_the_beginning_of_a_long_stream_goes(monkeypatch):
    monkeypatch.setattr(cell_outputs, "_MOST_CHARACTERS", 100_000)
    outputs = CellOutputs()
    for number in range(30_000):
        outputs.add(*stream(f"{number}\n"))
    note, printed = outputs.to_json()
    assert "left out" in note["text"]
    assert note["name"] != printed["name"]  # or JupyterLab joins them
    assert printed["text"].endswith("29998\n29999\n")
    assert 50_000 < len(printed["text"]) <= 100_000


def test_a_display_that_was_left_out_can_still_be_updated(monkeypatch):
    monkeypatch.setattr(cell_outputs, "_MOST_OUTPUTS", 4)
    outputs = CellOutputs()
    for number in range(6):
        outputs.add(*display(str(number), f"d{number}"))
    for number in range(6):
        outputs.add("update_display_data", display(f"new {number}", f"d{number}")[1])
    assert outputs.to_json()[-1]["data"] == {"text/plain": "new 5"}


def joined(before, change):
    """Put together as a page does it."""
    outputs = [*before[: change.keep], *change.outputs]
    if change.keep_text:
        text = before[change.keep]["text"][: change.keep_text] + change.outputs[0]["text"]
        outputs[change.keep] = change.outputs[0] | {"text": text}
    return outputs


messages = st.one_of(
    st.tuples(st.sampled_from(["a", "bc\n", "\r", "d\re\n", "f" * 40]), st.sampled_from("oe")).map(
        lambda it: stream(it[0], {"o": "stdout", "e": "stderr"}[it[1]])
    ),
    st.sampled_from("xyz").map(lambda name: display(name, name)),
    st.sampled_from("xyz").map(lambda name: ("update_display_data", display("new", name)[1])),
    st.booleans().map(lambda wait: ("clear_output", {"wait": wait})),
)


@given(st.lists(st.lists(messages, max_size=8), max_size=12))
def test_differences_put_together_are_all_of_the_outputs(rounds):
    outputs, has, seen = CellOutputs(), [], Seen()
    few = patch.multiple(cell_outputs, _MOST_OUTPUTS=6, _MOST_CHARACTERS=150)
    with few:
        for each in rounds:
            for kind, content in each:
                outputs.add(kind, content)
            change = outputs.since(seen)
            has = joined(has, change)
            seen = Seen(change.epoch, change.revision, change.done)
            assert has == outputs.to_json()


def test_a_difference_is_as_long_as_what_is_new():
    outputs = CellOutputs()
    outputs.add(*stream("old\n" * 100_000))
    change = outputs.since(Seen())
    outputs.add(*stream("new\n"))
    new = outputs.since(Seen(change.epoch, change.revision, change.done))
    assert [each["text"] for each in new.outputs] == ["new\n"]


def test_what_a_process_ran_ends_with_it():
    executions = Executions()
    executions.ask(Execution("m", "c", "page", "1"))
    executions.end()
    assert [each.ended for each in executions] == [True]
    executions.hear("m", "status", {"execution_state": "busy"})  # it had not got there yet
    assert [each.ended for each in executions] == [False]


def test_what_others_have_is_forgotten_where_it_is_too_much(monkeypatch):
    monkeypatch.setattr("gpucommons_lab.outputs.executions._MOST_RUNS", 2)
    executions = Executions()
    for name in ("has", "has not", "runs"):
        executions.ask(Execution(name, name, name, "1"))
        if name != "runs":
            executions.hear(name, "status", {"execution_state": "idle"})
    executions.forget_much(lambda each: each.page == "has")
    assert [each.id for each in executions] == ["has not", "runs"]
