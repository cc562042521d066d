# SPDX-License-Identifier: Apache-2.0
"""web.py PORT HTTP/1.0|HTTP/1.1 [MS]: Python's web server.

With MS each request takes so many milliseconds, and there is one thread for all. It logs its requests.
"""
import http.server, sys, time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = sys.argv[2]
    pause = float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0

    def do_GET(self):
        time.sleep(self.pause)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()


server = http.server.HTTPServer if Handler.pause else http.server.ThreadingHTTPServer
server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
