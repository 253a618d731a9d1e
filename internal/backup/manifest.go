package backup

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/events/log"
)

// format is the name of the form, with its version.
const format = "zhitong-backup/1"

// Stream is which log a copy is of.
type Stream struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	First   string    `json:"first_sha256"` // hex SHA-256 of the first commit
}

// StreamOf describes a log.
func StreamOf(id log.Identity) Stream {
	return Stream{Name: id.Stream, Created: id.Created.UTC(), First: hex.EncodeToString(id.First[:])}
}

// Same reports whether both are copies of one log. A log that was restored is the
// same, although its stream was made anew.
func (s Stream) Same(other Stream) bool { return s.Name == other.Name && s.First == other.First }

// Manifest says what a backup holds.
type Manifest struct {
	Format    string    `json:"format"`
	Stream    Stream    `json:"stream"`
	Position  uint64    `json:"position"`   // of the last commit
	LastEvent string    `json:"last_event"` // the id of its last event
	Recorded  time.Time `json:"recorded"`   // when it was recorded
	Parts     []Part    `json:"parts"`
}

// Part is a member of the archive.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// First and Last are the positions of a part of the log, Recorded the time of the
	// last of them.
	First    uint64    `json:"first,omitzero"`
	Last     uint64    `json:"last,omitzero"`
	Recorded time.Time `json:"recorded,omitzero"`
}

// The members that are not parts of the log.
const (
	readmeName      = "README"
	vkeysName       = "audit/vkeys"
	checkpointsForm = "audit/checkpoints/%06d" // numbered from 1
	checkpointsDir  = "audit/checkpoints/"
	checkpointName  = "audit/checkpoint"
	manifestName    = "manifest.json"
	sealName        = "seal"
)

// logName is the name of a part of the log.
func logName(first, last uint64) string { return fmt.Sprintf("log/%012d-%012d.ndjson", first, last) }

func (m Manifest) bytes() ([]byte, error) {
	return json.Marshal(m, json.Deterministic(true), jsontext.WithIndent("  "))
}

// parseManifest reads a manifest and holds it against the one way of writing it and
// against the members that the archive has.
func parseManifest(b []byte, members []member) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(b, &m, json.RejectUnknownMembers(true)); err != nil {
		return m, damaged(manifestName, "%v", err)
	}
	if m.Format != format {
		return m, damaged(manifestName, "its format is %q, this program reads %q", m.Format, format)
	}
	again, err := m.bytes()
	if err != nil || string(again) != string(b) {
		return m, damaged(manifestName, "it was changed")
	}
	if len(m.Parts) != len(members) {
		return m, damaged(manifestName, "it names %d parts, the file has %d", len(m.Parts), len(members))
	}
	next := uint64(1)
	for i, p := range m.Parts {
		if p.Name != members[i].name || p.Bytes != members[i].size {
			return m, damaged(p.Name, "the file has %s of %d bytes in its place", members[i].name, members[i].size)
		}
		if p.First == 0 {
			continue
		}
		if p.First != next || p.Last < p.First || p.Name != logName(p.First, p.Last) {
			return m, damaged(p.Name, "position %d should follow", next)
		}
		next = p.Last + 1
	}
	if next != m.Position+1 {
		return m, damaged(manifestName, "its parts end at position %d, it says %d", next-1, m.Position)
	}
	return m, nil
}
