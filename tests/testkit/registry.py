"""A registry that has nothing to give, in the network of a cluster's node: under /v2/missing/ nothing exists, and under
/v2/closed/ nobody may look. As a module it is that registry; the port stands in its first line."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "missing": (404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'),
    "closed": (401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'),
}


class Registry(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = next((said for word, said in ANSWERS.items() if f"/v2/{word}/" in self.path), (200, b"{}"))
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="closed"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET


@contextmanager
def registry(node: str) -> Iterator[str]:
    """Its address as the node's own programs call it, who need no certificate for their own machine."""
    words = ["nsenter", f"--net=/run/netns/{node}", sys.executable, __file__]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"localhost:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    print(server.server_address[1], flush=True)
    server.serve_forever()
