// Go's net/http against the example servers at $PAGES and $INSPECT.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"time"
)

const tries = 20

var pages, inspect = "http://" + os.Getenv("PAGES"), "http://" + os.Getenv("INSPECT")
var transport = &http.Transport{ExpectContinueTimeout: 5 * time.Second, MaxIdleConnsPerHost: 32}
var client = &http.Client{Transport: transport, Timeout: 20 * time.Second}

func check(name string, holds bool, seen interface{}) {
	if !holds {
		fmt.Printf("FAIL Go: %s: %v\n", name, seen)
		os.Exit(1)
	}
	fmt.Printf("ok   Go: %s\n", name)
}

// The answer, and its whole body; a status of 0 if there is none.
func ask(method, url string, body io.Reader, change func(*http.Request)) (*http.Response, string) {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		panic(err)
	}
	if change != nil {
		change(request)
	}
	response, err := client.Do(request)
	if err != nil {
		return &http.Response{Status: err.Error()}, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return &http.Response{Status: err.Error()}, ""
	}
	return response, string(text)
}

// A reader whose length Go does not know, so that it sends chunks.
type unknown struct{ io.Reader }

func main() {
	made := 0
	count := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			made++
		}
	}}
	for at := 0; at < 50; at++ {
		kind := []string{"GET /", "HEAD /file", "GET /nothing", "GET /chunked", "DELETE /"}[at%5]
		method, path, _ := strings.Cut(kind, " ")
		ask(method, pages+path, nil, func(request *http.Request) {
			*request = *request.WithContext(httptrace.WithClientTrace(request.Context(), count))
		})
	}
	check("50 requests on one connection", made == 1, made)

	var group sync.WaitGroup
	var lock sync.Mutex
	good := 0
	for at := 0; at < 200; at++ {
		group.Add(1)
		go func() {
			defer group.Done()
			_, text := ask("GET", pages+"/", nil, nil)
			lock.Lock()
			defer lock.Unlock()
			if text == "Hello, World!" {
				good++
			}
		}()
	}
	group.Wait()
	check("200 at a time", good == 200, good)

	body := strings.Repeat("0123456789", 70000)
	response, text := ask("POST", pages+"/echo", strings.NewReader(body), nil)
	check("a body by its length", text == body, response.Status)
	response, text = ask("POST", pages+"/echo", unknown{strings.NewReader(body)}, nil)
	check("a body in chunks, both ways", text == body, response.Status)
	expect := func(request *http.Request) { request.Header.Set("Expect", "100-continue") }
	response, text = ask("POST", pages+"/echo", strings.NewReader(body), expect)
	check("a body that waits for 100", text == body, response.Status)
	response, _ = ask("POST", inspect, bytes.NewReader(make([]byte, 2000000)), expect)
	check("2 MB over the limit that waits for 100", response.StatusCode == 413, response.Status)

	response, text = ask("POST", pages+"/count", unknown{strings.NewReader("hello")}, func(request *http.Request) {
		request.Trailer = http.Header{"X-One": {"1"}}
	})
	seen := text + response.Trailer.Get("x-bytes") + " " + response.Trailer.Get("x-trailers")
	check("trailers both ways", seen == "counted\n5 1", seen)

	for _, kind := range []struct {
		name, url    string
		status, size int
	}{{"900 kB that nobody reads", pages, 405, 900000}, {"2 MB over the limit", inspect, 413, 2000000}} {
		for _, chunked := range []bool{false, true} {
			seen := map[int]int{}
			for at := 0; at < tries; at++ {
				var body io.Reader = bytes.NewReader(make([]byte, kind.size))
				if chunked {
					body = unknown{body}
				}
				response, _ := ask("POST", kind.url, body, nil)
				seen[response.StatusCode]++
			}
			check(fmt.Sprintf("%s, in chunks: %v", kind.name, chunked), seen[kind.status] == tries, seen)
		}
	}
}
