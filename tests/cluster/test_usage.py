"""What was used is recorded from real pods, and told to its person and to administrators."""

from tests.waiting import until

_SHARE = {"environment": "scipy", "size": "gpu-share"}


def test_a_session_is_in_the_usage_of_its_person_until_it_was_stopped(
    platform, researcher, commands
) -> None:
    url = f"{platform.url}/services/gpu/api/sessions"

    def last() -> dict:
        listed = researcher.api.get(url).json()["sessions"]
        return listed[-1] if listed else {}

    before = last().get("id")
    assert researcher.start(_SHARE)["ready"]
    until(lambda: last().get("id") != before and last()["ready"])
    running = last()
    assert (running["size"], running["gpus"], running["gone"]) == ("gpu-share", "0.25", None)
    assert "Simulated" in running["product"]
    researcher.stop_all()
    until(lambda: last()["gone"])
    ended = last()
    assert ended["end_source"] in ("kubelet", "api-server")
    assert ended["flags"] == []
    assert float(ended["charged_gpu_hours"]) > 0
    assert float(ended["allocated_gpu_hours"]) >= float(ended["charged_gpu_hours"])
    report = commands("usage", "report", "--by", "person")
    (line,) = (each for each in report["lines"] if each["name"] == researcher.username)
    assert float(line["charged_gpu_hours"]) >= float(ended["charged_gpu_hours"])
    everybody = researcher.browser.get("/services/gpu/everybody")
    assert everybody.status_code == 403
    assert "This page is for administrators." in everybody.text
