#!/usr/bin/env python3
"""nginx in front of the examples: early answers to uploads, keep-alive, bodies both ways, an upgrade, a graceful end.

Usage: nginx.py HTTP_SERVER_BINARY HTTP_INSPECT_BINARY
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TRIES = 20


def start(binary):
    """An example on a free port, and its port."""
    process = subprocess.Popen([binary, "--addr", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return process, int(line.rsplit(":", 1)[1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(folder, port, server, inspect):
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w") as file:
        file.write(f"""
            daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;
            events {{ worker_connections 256; }}
            http {{
                access_log off; client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1;
                client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
                uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
                upstream server {{ server 127.0.0.1:{server}; keepalive 8; }}
                upstream inspect {{ server 127.0.0.1:{inspect}; keepalive 8; }}
                server {{
                    listen 127.0.0.1:{port};
                    location / {{ proxy_set_header Connection ""; proxy_pass http://server; }}
                    location /inspect {{ proxy_set_header Connection ""; proxy_pass http://inspect; }}
                    location /upgrade {{
                        proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade; proxy_pass http://server;
                    }}
                }}
            }}""")
    process = subprocess.Popen(["nginx", "-e", f"{folder}/error.log", "-c", config])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nginx does not listen")


def ask(port, method, path, body=None, chunked=False):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536)) if chunked else body
    connection.request(method, path, pieces, encode_chunked=chunked, headers={"Transfer-Encoding": "chunked"} if chunked else {})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def check(what, seen, wanted):
    print(f"{'ok' if seen == wanted else 'FAILED'}  {what}: {seen}", flush=True)
    return seen == wanted


def main():
    if not shutil.which("nginx"):
        print("SKIPPED: nginx in front (apt install nginx-light)")
        sys.exit(1 if os.environ.get("CI") == "true" else 0)
    folder = tempfile.mkdtemp()
    server, server_port = start(sys.argv[1])
    inspect, inspect_port = start(sys.argv[2])
    port = free_port()
    nginx = start_nginx(folder, port, server_port, inspect_port)
    good = True
    try:
        for chunked in (False, True):
            how = "in chunks" if chunked else "by length"
            early = [ask(port, "POST", "/", b"x" * 900_000, chunked)[0] for _ in range(TRIES)]
            good &= check(f"900 kB that nobody reads, {how}", early.count(405), TRIES)
            large = [ask(port, "POST", "/inspect", b"x" * 2_000_000, chunked)[0] for _ in range(TRIES)]
            good &= check(f"2 MB over the limit, {how}", large.count(413), TRIES)
            echo = ask(port, "POST", "/echo", b"y" * 900_000, chunked)
            good &= check(f"900 kB both ways, {how}", (echo[0], len(echo[1])), (200, 900_000))
        kept = [ask(port, "GET", "/")[1] for _ in range(200)]
        good &= check("kept connections", kept.count(b"Hello, World!"), 200)
        good &= check("chunks back", ask(port, "GET", "/chunked"), (200, b"one\ntwo\nthree\n"))
        for protocol, status in (("echo", b"101"), ("other", b"426")):
            with socket.create_connection(("127.0.0.1", port), 10) as raw:
                head = f"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n"
                raw.sendall(head.encode())
                good &= check(f"upgrade to {protocol}", raw.recv(4096)[9:12], status)
        # Who has asked is answered although the server stops.
        slow = socket.create_connection(("127.0.0.1", port), 10)
        slow.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        text = b"".join(iter(lambda: slow.recv(4096), b""))
        good &= check("graceful end", (text[9:12], text[-8:]), (b"200", b"at last\n"))
        good &= check("the server has ended", server.wait(5), 0)
    finally:
        for process in (nginx, server, inspect):
            process.terminate()
            process.wait()
        shutil.rmtree(folder)
    sys.exit(0 if good else 1)


main()
