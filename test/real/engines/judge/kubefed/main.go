// Command kubefed says what the members of a federation hold once KubeFed has
// worked on a set of documents.
//
// It reads one case a line from standard input, and writes one answer a line,
// in the same order. The work is done by KubeFed's own packages, and by those
// of Kubernetes that judge custom resources; what is written here is the API
// that they read from.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/klog/v2"
)

// mostLine is as long as a case may be.
const mostLine = 256 << 20

// request is a case: what is applied to the host cluster.
type request struct {
	Documents []*unstructured.Unstructured `json:"documents"`
	Members   []string                     `json:"members"`
}

// answer is what each member holds, and what KubeFed complained of.
type answer struct {
	Members  map[string][]*unstructured.Unstructured `json:"members"`
	Problems []string                                `json:"problems"`
}

func main() {
	workers := flag.Int("workers", runtime.NumCPU(), "cases that are worked on at once")
	flag.Parse()
	// Much is made and thrown away, and little of it is kept.
	debug.SetGCPercent(500)
	// Complaints come back as states and events; the logs say them again.
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	flags.Set("logtostderr", "false")
	flags.Set("stderrthreshold", "FATAL")
	klog.SetOutput(silence{})

	free := make(chan *controllers, *workers)
	for range *workers {
		free <- newControllers()
	}
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
		worker := <-free
		go func() {
			result <- judged(worker, line)
			free <- worker
		}()
	}
	close(pending)
	<-done
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type silence struct{}

func (silence) Write(line []byte) (int, error) { return len(line), nil }

func judged(worker *controllers, line []byte) []byte {
	var asked request
	said := answer{}
	if err := json.Unmarshal(line, &asked); err != nil {
		said.Problems = []string{fmt.Sprintf("the case is no JSON: %v", err)}
	} else {
		said.Members, said.Problems = worker.propagate(asked.Documents, asked.Members)
	}
	written, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	return written
}
