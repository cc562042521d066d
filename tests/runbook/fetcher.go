// SPDX-License-Identifier: Apache-2.0
// A client of Go: fetcher URL CLIENTS MAX_IDLE_CONNS_PER_HOST
//
// So many goroutines ask for URL, and do something else for up to 40 ms in between, for a minute.
package main

import (
	"io"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	clients, _ := strconv.Atoi(os.Args[2])
	idle, _ := strconv.Atoi(os.Args[3])
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = idle
	client := &http.Client{Transport: transport}
	for i := 0; i < clients; i++ {
		go func() {
			for {
				response, err := client.Get(os.Args[1])
				if err != nil {
					continue
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				time.Sleep(time.Duration(rand.Intn(40)) * time.Millisecond)
			}
		}()
	}
	time.Sleep(time.Minute)
}
