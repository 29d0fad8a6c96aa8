"""What people see of the local platform while its hub is restarted."""

import httpx
from gpucommons_local.hub import hub
from gpucommons_local.machine.programs import program

from .processes import Program, free_port


def test_a_hub_that_is_away_is_said_in_words_on_a_page_that_looks_again(tmp_path):
    port, api_port = free_port(), free_port()
    command = [
        str(program("configurable-http-proxy")),
        *("--ip=127.0.0.1", f"--port={port}"),
        *("--api-ip=127.0.0.1", f"--api-port={api_port}"),
        f"--default-target=http://127.0.0.1:{free_port()}",
        f"--error-path={hub.PROXY_ERRORS}",
    ]
    proxy = Program(command, f"http://127.0.0.1:{port}/_chp_healthz", tmp_path / "proxy.log", {})
    proxy.start()
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/hub/home", timeout=60)
    finally:
        proxy.stop()
    assert answer.status_code == 503
    assert "One moment" in answer.text
    assert '<meta http-equiv="refresh"' in answer.text
    assert 'href="/hub/home"' in answer.text
