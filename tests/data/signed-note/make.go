package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type det struct{ b byte }

func (d *det) Read(p []byte) (int, error) {
	for i := range p { d.b++; p[i] = d.b }
	return len(p), nil
}

type mem []tlog.Hash
func (m mem) ReadHashes(ix []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(ix))
	for i, x := range ix { out[i] = m[x] }
	return out, nil
}

func main() {
	skey, vkey, err := note.GenerateKey(&det{}, "netmon/core-1/0a1b2c3d")
	if err != nil { panic(err) }
	_ = sha256.New
	s, err := note.NewSigner(skey)
	if err != nil { panic(err) }
	var store mem
	lines := []string{}
	const N = 21
	for i := 0; i < N; i++ {
		l := fmt.Sprintf(`{"seq":%d,"text":"record %d"}`, i, i)
		lines = append(lines, l)
		hs, err := tlog.StoredHashes(int64(i), []byte(l), store)
		if err != nil { panic(err) }
		store = append(store, hs...)
	}
	root, _ := tlog.TreeHash(N, store)
	text := fmt.Sprintf("netmon/core-1/0a1b2c3d\n%d\n%s\n", N, root)
	msg, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil { panic(err) }
	proofs := map[int][]string{}
	for i := 0; i < N; i++ {
		p, _ := tlog.ProveRecord(N, int64(i), store)
		l := []string{}
		for _, h := range p { l = append(l, h.String()) }
		proofs[i] = l
	}
	// notes that note.Open refuses or takes
	v, _ := note.NewVerifier(vkey)
	opened := map[string]bool{}
	b := string(msg)
	for name, m := range map[string]string{
		"as it is": b,
		"no newline at the end": b[:len(b)-1],
		"text changed": "N" + b[1:],
		"carriage return": "a\r\n\n" + b,
		"two texts": "more\n\n" + b,
	} {
		_, err := note.Open([]byte(m), note.VerifierList(v))
		opened[name] = err == nil
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	e.Encode(map[string]any{"private": skey, "public": vkey, "note": string(msg), "lines": lines, "root": root.String(), "proofs": proofs, "opened": opened})
}
