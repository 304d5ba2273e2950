//go:build linux

// Httpserver is an HTTP server and client in one.
//
//	httpserver               serve on a free loopback port, print "port N", until POST /quit
//	httpserver get URL       fetch and print a URL
//	httpserver self          server and many clients in one process; prints "ok httpserver"
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	clients  = 16
	requests = 40
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println("httpserver:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 0:
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
		return serve(listener)
	case len(args) == 2 && args[0] == "get":
		body, err := fetch(http.DefaultClient, args[1], "")
		if err == nil {
			_, err = os.Stdout.Write(body)
		}
		return err
	case len(args) == 1 && args[0] == "self":
		return self()
	}
	return errors.New("usage: httpserver [get URL | self]")
}

// serve answers until a POST to /quit.
func serve(listener net.Listener) error {
	var hits atomic.Int64
	mux := http.NewServeMux()
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		fmt.Fprintf(w, "hello %s\n", r.URL.Query().Get("name"))
	})
	mux.HandleFunc("POST /hash", func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%d %x\n", n, h.Sum(nil))
	})
	mux.HandleFunc("GET /big/{size}", func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		size, err := strconv.Atoi(r.PathValue("size"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Write(bytes.Repeat([]byte("0123456789abcdef"), size/16))
	})
	mux.HandleFunc("GET /hits", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, hits.Load()) })
	done := make(chan error, 1)
	mux.HandleFunc("POST /quit", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "bye")
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			done <- server.Shutdown(ctx)
		}()
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

// fetch gets a URL, or posts a body to it.
func fetch(client *http.Client, url, body string) ([]byte, error) {
	var response *http.Response
	var err error
	if body == "" {
		response, err = client.Get(url)
	} else {
		response, err = client.Post(url, "text/plain", strings.NewReader(body))
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, response.Status, text)
	}
	return text, err
}

func self() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- serve(listener) }()
	base := "http://" + listener.Addr().String()

	var wg sync.WaitGroup
	failed := make(chan error, clients)
	for c := range clients {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: c%4 == 0}, Timeout: time.Minute}
			defer client.CloseIdleConnections()
			for i := range requests {
				if err := request(client, base, c, i); err != nil {
					failed <- fmt.Errorf("client %d, request %d: %w", c, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	hits, err := fetch(http.DefaultClient, base+"/hits", "")
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(string(hits)); got != strconv.Itoa(clients*requests) {
		return fmt.Errorf("%s hits, want %d", got, clients*requests)
	}
	if _, err := fetch(http.DefaultClient, base+"/quit", "please"); err != nil {
		return err
	}
	if err := <-served; err != nil {
		return err
	}
	fmt.Println("ok httpserver")
	return nil
}

func request(client *http.Client, base string, c, i int) error {
	switch i % 3 {
	case 0:
		want := fmt.Sprintf("hello %d-%d\n", c, i)
		got, err := fetch(client, fmt.Sprintf("%s/hello?name=%d-%d", base, c, i), "")
		if err == nil && string(got) != want {
			err = fmt.Errorf("got %q, want %q", got, want)
		}
		return err
	case 1:
		body := strings.Repeat(fmt.Sprint(c, i, " "), 1000)
		want := fmt.Sprintf("%d %x\n", len(body), sha256.Sum256([]byte(body)))
		got, err := fetch(client, base+"/hash", body)
		if err == nil && string(got) != want {
			err = fmt.Errorf("got %q, want %q", got, want)
		}
		return err
	default:
		size := 16 * (1 + i*c*97)
		got, err := fetch(client, base+"/big/"+strconv.Itoa(size), "")
		if err == nil && (len(got) != size || !bytes.HasSuffix(got, []byte("abcdef"))) {
			err = fmt.Errorf("got %d bytes, want %d", len(got), size)
		}
		return err
	}
}
