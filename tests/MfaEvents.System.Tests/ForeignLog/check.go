// Checks a log of this product with what Go uses for its own: golang.org/x/mod/sumdb/note and tlog. It is given a folder with
// key, older, newer, leaf, inclusion.json and consistency.json, and says "ok" or what is wrong.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proof struct {
	Index    int64
	Size     int64
	From     int64
	To       int64
	LeafHash string
	Hashes   []string
}

func main() {
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read("key"))))
	must(err)
	older, newer := open("older", verifier), open("newer", verifier)

	var inclusion, consistency proof
	must(json.Unmarshal(read("inclusion.json"), &inclusion))
	must(json.Unmarshal(read("consistency.json"), &consistency))

	leaf := tlog.RecordHash(read("leaf"))
	if leaf != hash(inclusion.LeafHash) {
		fail("the leaf has another hash")
	}
	must(tlog.CheckRecord(tlog.RecordProof(hashes(inclusion.Hashes)), newer.N, newer.Hash, inclusion.Index, leaf))
	must(tlog.CheckTree(tlog.TreeProof(hashes(consistency.Hashes)), newer.N, newer.Hash, older.N, older.Hash))
	fmt.Println("ok")
}

// The text of a checkpoint (C2SP tlog-checkpoint): origin, size, root.
func open(name string, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(read(name), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	return tlog.Tree{N: size, Hash: hash(lines[2])}
}

func hashes(texts []string) []tlog.Hash {
	var all []tlog.Hash
	for _, text := range texts {
		all = append(all, hash(text))
	}
	return all
}

func hash(text string) tlog.Hash {
	bytes, err := base64.StdEncoding.DecodeString(text)
	must(err)
	var h tlog.Hash
	if copy(h[:], bytes) != len(h) || len(bytes) != len(h) {
		fail("a hash of another length")
	}
	return h
}

func read(name string) []byte {
	bytes, err := os.ReadFile(filepath.Join(os.Args[1], name))
	must(err)
	return bytes
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Println(why)
	os.Exit(1)
}
