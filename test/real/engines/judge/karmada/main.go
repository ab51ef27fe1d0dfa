// Command karmada says what the members of a federation hold once Karmada has
// worked on a set of documents.
//
// It reads one case a line from standard input, and writes one answer a line,
// in the same order. The work is done by Karmada's own packages; what is
// written here is the API that they read from and write to.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/klog/v2"
)

// mostLine is as long as a case may be.
const mostLine = 256 << 20

// request is a case: what is applied to Karmada's API, and what the files of
// the members would bring to them without Karmada.
type request struct {
	Documents []*unstructured.Unstructured            `json:"documents"`
	Members   []string                                `json:"members"`
	Files     map[string][]*unstructured.Unstructured `json:"files"`
}

// answer is what each member holds, by Karmada and by its file, as its API
// server gives it back; and what Karmada complained of.
type answer struct {
	Members  map[string][]*unstructured.Unstructured `json:"members"`
	Files    map[string][]*unstructured.Unstructured `json:"files"`
	Problems []string                                `json:"problems"`
}

func main() {
	workers := flag.Int("workers", runtime.NumCPU(), "cases that are worked on at once")
	flag.Parse()
	// Much is made and thrown away, and little of it is kept.
	debug.SetGCPercent(500)
	// Complaints come back as errors and events; the logs say them again.
	klog.SetLogger(logr.Discard())

	// Answers in the order of the cases, however long each takes.
	pending := make(chan chan []byte, *workers)
	done := make(chan struct{})
	go func() {
		defer close(done)
		out := bufio.NewWriter(os.Stdout)
		for result := range pending {
			out.Write(<-result)
			out.WriteByte('\n')
			if len(pending) == 0 {
				out.Flush()
			}
		}
		out.Flush()
	}()

	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), mostLine)
	for in.Scan() {
		line := append([]byte(nil), in.Bytes()...)
		result := make(chan []byte, 1)
		pending <- result
		go func() { result <- judged(line) }()
	}
	close(pending)
	<-done
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judged(line []byte) []byte {
	var asked request
	said := answer{}
	if err := json.Unmarshal(line, &asked); err != nil {
		said.Problems = []string{fmt.Sprintf("the case is no JSON: %v", err)}
	} else {
		said.Members, said.Problems = propagate(asked.Documents, asked.Members)
		said.Files = map[string][]*unstructured.Unstructured{}
		for member, manifests := range asked.Files {
			for _, manifest := range manifests {
				kept, err := stored(manifest)
				if err != nil {
					said.Problems = append(said.Problems, fmt.Sprintf("file of %s: %v", member, err))
					continue
				}
				said.Files[member] = append(said.Files[member], kept)
			}
		}
	}
	written, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	return written
}
