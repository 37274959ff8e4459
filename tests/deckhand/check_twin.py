"""The two doors of a check, on loopback, for one order."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from deckwire.check import CheckOrder, CheckReport
from deckwire.tokens import derive
from deckwire.words import Audience


class Desk:
    def __init__(self, order: CheckOrder) -> None:
        reports: list[CheckReport] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path.endswith("/check/hello"):
                    return self.answer(200 if body["secret"] == "secret" else 401, order.model_dump(mode="json"))
                if self.headers["Authorization"] != f"Bearer {derive(order.session, Audience.CHECK)}":
                    return self.answer(401, {})
                reports.append(CheckReport.model_validate(body))
                return self.answer(200, {})

            def answer(self, status: int, body: object) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.reports = reports
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
