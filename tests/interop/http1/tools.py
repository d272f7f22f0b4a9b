"""ab, wget and HTTPie against the example servers at $PAGES and $INSPECT. Those that are named as arguments are tried."""

import json
import os
import re
import subprocess
import sys
import tempfile

PAGES, INSPECT = "http://" + os.environ["PAGES"], "http://" + os.environ["INSPECT"]
failed = False


def run(*command, given=None):
    """The exit status, and what the command has said on both of its channels."""
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    return done.returncode, done.stdout.decode("latin-1")


def check(name, seen, wanted):
    global failed
    failed |= seen != wanted
    print(f"ok   {name}" if seen == wanted else f"FAIL {name}\n  expected: {wanted!r}\n  got:      {seen!r}")


def ab(work):
    """ab speaks HTTP/1.0, with keep-alive if asked, and compares the lengths of all answers."""
    def figures(*arguments):
        status, text = run("ab", "-q", "-s", "20", *arguments)
        number = lambda name: int(found[1]) if (found := re.search(rf"{name}:\s+(\d+)", text)) else 0
        return status, *map(number, ("Complete requests", "Failed requests", "Non-2xx responses", "Keep-Alive requests"))

    check("ab: 2000 requests, a connection each", figures("-n", "2000", "-c", "20", f"{PAGES}/"), (0, 2000, 0, 0, 0))
    check("ab: 5000 requests on 20 connections", figures("-k", "-n", "5000", "-c", "20", f"{PAGES}/"), (0, 5000, 0, 0, 5000))
    check("ab: a file", figures("-k", "-n", "500", "-c", "10", f"{PAGES}/file"), (0, 500, 0, 0, 500))
    check("ab: HEAD", figures("-k", "-i", "-n", "500", "-c", "10", f"{PAGES}/file"), (0, 500, 0, 0, 500))
    body = os.path.join(work, "body")
    with open(body, "wb") as file:
        file.write(b"x" * 100_000)
    check("ab: 100 kB up and down", figures("-p", body, "-T", "text/plain", "-n", "200", "-c", "10", f"{PAGES}/echo"), (0, 200, 0, 0, 0))
    with open(body, "wb") as file:
        file.write(b"x" * 900_000)
    early = figures("-p", body, "-T", "text/plain", "-n", "100", "-c", "10", f"{PAGES}/")
    check("ab: 900 kB that nobody reads, 405 each time", early, (0, 100, 0, 100, 0))


def wget(work):
    wget = ("wget", "-q", "--tries=1", "--timeout=20", "-O", "-")
    said = ("wget", "--tries=1", "--timeout=20")
    check("wget: a page", run(*wget, f"{PAGES}/"), (0, "Hello, World!"))
    check("wget: chunks", run(*wget, f"{PAGES}/chunked"), (0, "one\ntwo\nthree\n"))
    check("wget: an upload in full", run(*wget, "--post-data", "hello" * 1000, f"{PAGES}/echo"), (0, "hello" * 1000))
    status, text = run(*said, "-O", "/dev/null", f"{PAGES}/", f"{PAGES}/chunked", f"{PAGES}/file")
    check("wget: three pages on one connection", (status, text.count("Reusing existing connection")), (0, 2))
    whole = run(*wget, f"{PAGES}/file")[1]
    part = os.path.join(work, "part")
    with open(part, "wb") as file:
        file.write(whole.encode("latin-1")[:1000])
    status, text = run(*said, "--continue", "-O", part, f"{PAGES}/file")
    with open(part, "rb") as file:
        check("wget: a download goes on where it was cut", (status, "206" in text, file.read().decode("latin-1") == whole), (0, True, True))
    folder = os.path.join(work, "newer")
    stamped = (*said, "--timestamping", "-P", folder, f"{PAGES}/file")
    run(*stamped)
    check("wget: an unchanged file is not loaded again", "304 Not Modified" in run(*stamped)[1], True)
    check("wget: 404 is an error", run(*wget, f"{PAGES}/none")[0], 8)
    check("wget: 204", run(*wget, f"{PAGES}/nothing"), (0, ""))


def http(work):
    http = ("http", "--ignore-stdin", "--timeout=20", "--check-status", "--pretty=none")
    status, text = run(*http, "--body", "PUT", f"{INSPECT}/path?q=1", "X-A:b", "name=value")
    read = json.loads(text)
    check("HTTPie: JSON up and down", (status, read["method"], read["target"], json.loads(read["body"])), (0, "PUT", "/path?q=1", {"name": "value"}))
    status, text = run(*http, "--body", "--chunked", "POST", f"{INSPECT}/", "name=value")
    read = json.loads(text)
    chunked = any(name.lower() == "transfer-encoding" for name, _ in read["headers"])
    check("HTTPie: a body in chunks", (status, chunked, json.loads(read["body"])), (0, True, {"name": "value"}))
    check("HTTPie: chunks back", run(*http, "--body", f"{PAGES}/chunked"), (0, "one\ntwo\nthree\n"))
    check("HTTPie: chunks back as they come", run(*http, "--stream", "--body", f"{PAGES}/chunked"), (0, "one\ntwo\nthree\n"))
    check("HTTPie: HEAD", "content-length" in run(*http, "--headers", "HEAD", f"{PAGES}/file")[1], True)
    check("HTTPie: 204", run(*http, "--headers", f"{PAGES}/nothing")[1].splitlines()[0].split()[1], "204")
    check("HTTPie: 405 is its error for 4xx", run(*http, "--quiet", "DELETE", f"{PAGES}/")[0], 4)
    large = os.path.join(work, "large")
    with open(large, "wb") as file:
        file.write(b"x" * 2_000_000)
    seen = [run("http", "--ignore-stdin", "--timeout=20", "--headers", "POST", f"{INSPECT}/", f"@{large}")[1].split()[1:2] for _ in range(5)]
    check("HTTPie: 2 MB over the limit, 413 each time", seen, [["413"]] * 5)


with tempfile.TemporaryDirectory() as work:
    for tool in sys.argv[1:]:
        {"ab": ab, "wget": wget, "http": http}[tool](work)
sys.exit(failed)
