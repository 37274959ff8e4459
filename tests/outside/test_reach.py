"""Where a typed address may lead: the public network, and what the operator lists; judged anew each time, and once."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from quarterdeck.errors import Refused
from quarterdeck.outside.reach import Reach

SETTING = "QUARTERDECK_TRACKER_REACHES"


def client(*addresses: str, allowed: tuple[str, ...] = (), seen: list[str] | None = None) -> httpx.Client:
    """One whose name service answers with these addresses, one after the other; nothing is really sent."""
    answers, told = iter(addresses), seen if seen is not None else []

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(request.url.host)
        told.append(request.headers["host"])
        told.append(request.extensions["sni_hostname"])
        return httpx.Response(200)

    reach = Reach(allowed, SETTING, lambda host, port: [next(answers)], lambda: httpx.MockTransport(answer))
    return httpx.Client(transport=reach, trust_env=False)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "169.254.169.254", "fe80::1%eth0", "fd00:ec2::254", "10.1.2.3", "192.168.7.20",
     "172.16.0.9", "100.64.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1",
     "64:ff9b:1::7f00:1", "fec0::1", "::a9fe:a9fe", "5f00::1"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_and_the_setting_is_named(address: str) -> None:
    with pytest.raises(Refused) as no:
        client(address).get("https://jira.example.com/rest")
    assert (no.value.reason, address in no.value.text, SETTING in no.value.remedy) == ("not_reachable", True, True)


def test_what_the_operator_lists_is_reached_and_its_neighbour_is_not() -> None:
    assert client("10.1.2.3", allowed=("10.1.0.0/16",)).get("http://jira.corp").status_code == 200
    with pytest.raises(Refused):
        client("10.2.2.3", allowed=("10.1.0.0/16",)).get("http://jira.corp")
    with pytest.raises(Refused):
        client("169.254.169.254", allowed=("10.0.0.0/8", "127.0.0.1")).get("http://jira.corp")


def test_what_was_judged_is_what_is_connected_to_by_the_names_own_certificate() -> None:
    seen: list[str] = []
    with client("93.184.215.14", "127.0.0.1", seen=seen) as web:
        assert web.get("https://jira.example.com").status_code == 200
        assert seen == ["93.184.215.14", "jira.example.com", "jira.example.com"]
        with pytest.raises(Refused):
            web.get("https://jira.example.com")  # rebound: judged again, and not sent
    assert len(seen) == 3


def test_an_address_that_does_not_answer_is_passed_over_and_a_closed_one_never_tried(port: int) -> None:
    found = ["127.0.0.9", "10.0.0.1", "127.0.0.1"]  # nobody listens at the first; the second is not allowed
    reach = Reach(["127.0.0.0/8"], SETTING, lambda host, port: found)
    with httpx.Client(transport=reach, trust_env=False, timeout=5) as web:
        assert web.post(f"http://jira.corp:{port}/", content=b"words").text == "words"


def test_an_address_in_the_url_itself_is_judged_too() -> None:
    for url in ("http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://localhost/"):
        with pytest.raises((Refused, httpx.ConnectError)):
            httpx.Client(transport=Reach((), SETTING), trust_env=False).get(url)


@pytest.fixture
def port() -> Iterator[int]:
    class Hello(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["host"].encode())

        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.rfile.read(int(self.headers["content-length"])))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_it_speaks_real_http_and_the_host_stays_the_name(port: int) -> None:
    with httpx.Client(transport=Reach(["127.0.0.1"], SETTING), trust_env=False) as web:
        assert web.get(f"http://localhost:{port}/").text == f"localhost:{port}"


def test_a_name_without_an_address_is_an_outage_and_no_refusal() -> None:
    def none(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(httpx.ConnectError):
        httpx.Client(transport=Reach((), SETTING, none)).get("http://nowhere.example")
