package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/go-json-experiment/json"
)

// asProgram makes the test binary be the program; see TestMain.
const asProgram = "ZHITONG_TEST_AS_PROGRAM"

// process is a running zhitong.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	notes *bytes.Buffer

	address string // of one that serves
}

// start starts a real process with the shell's settings.
func (s *shell) start(args ...string) *process {
	s.t.Helper()
	return s.startAs(func(exe string) *exec.Cmd { return exec.Command(exe, args...) })
}

// startAs starts the command that is made for the program's path.
func (s *shell) startAs(command func(exe string) *exec.Cmd) *process {
	s.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	p := &process{t: s.t, cmd: command(exe), notes: new(bytes.Buffer)}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	for k, v := range s.env {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	p.cmd.Stderr = p.notes
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		s.t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// line reads the next line of the process's results.
func (p *process) line() string {
	p.t.Helper()
	l, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", p.cmd.Args[1:], err, p.notes)
	}
	return strings.TrimSuffix(l, "\n")
}

// ask sends a command line and reads its answer.
func (p *process) ask(command string) string {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		p.t.Fatalf("%v\n%s", err, p.notes)
	}
	return p.line()
}

// ends waits for the end and checks the status.
func (p *process) ends(status int) {
	p.t.Helper()
	io.Copy(io.Discard, p.out)
	p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != status {
		p.t.Errorf("%v: status %d, want %d\n%s", p.cmd.Args[1:], got, status, p.notes)
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

const opening = `{"id":"open","command":"programme.open","actor":"U-OP","role":"operator","time":"2021-03-01T09:00:00+08:00","data":{"programme_id":"P369","name":{"zh":"直通369"}}}`

// funder is the n-th command after the opening.
func funder(n int) string {
	return fmt.Sprintf(`{"id":"f-%[1]d","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-01T09:00:00+08:00","data":{"party_id":"F-%[1]d","kind":"funder","name":{"zh":"资金方"}}}`, n)
}

// get asks a running server.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, strings.TrimSpace(string(body))
}

func TestOthersWorkWhileServeRunsAndItEndsCleanly(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	serve := sh.start("serve", "--listen", "127.0.0.1:0")
	address := serve.line()
	if code, body := get(t, address+"/healthz"); code != 200 || body != "ok" {
		t.Errorf("healthz: %d %q", code, body)
	}
	if code, body := get(t, address+"/readyz"); code != 200 || body != "ready" {
		t.Errorf("readyz: %d %q", code, body)
	}
	sh.run(0, opening+"\n"+funder(1)+"\n", "apply", "-")
	if got := sh.run(0, "", "view", "parties", "--wait", "--format", "jsonl"); !strings.Contains(got, `"party_id":"F-1"`) {
		t.Errorf("the view does not have what was applied: %s", got)
	}
	sh.run(0, "", "doctor")
	serve.signal(syscall.SIGINT)
	serve.ends(0)
	if got := serve.notes.String(); got != "" {
		t.Errorf("serve said %q", got)
	}
	if got := sh.run(0, "", "view", "parties", "--format", "jsonl"); !strings.Contains(got, `"party_id":"F-1"`) {
		t.Errorf("afterwards: %s", got)
	}
}

func TestAnswersComeLineByLine(t *testing.T) {
	t.Parallel()
	p := newShell(t).start("apply", "-")
	for _, c := range []string{opening, funder(1), funder(2)} {
		if got := p.ask(c); !strings.Contains(got, `"ok":true`) {
			t.Fatalf("got %s", got)
		}
	}
	p.in.Close()
	p.ends(0)
}

// Whoever is still at work takes over when the owner is killed, and loses nothing
// that was acknowledged.
func TestASurvivorTakesOverFromAKilledOwner(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	owner := sh.start("apply", "-")
	if got := owner.ask(opening); !strings.Contains(got, `"ok":true`) {
		t.Fatalf("got %s", got)
	}
	other := sh.start("apply", "-")
	n := 0
	for ; n < 20; n++ {
		if got := other.ask(funder(n)); !strings.Contains(got, `"ok":true`) {
			t.Fatalf("before: %s", got)
		}
	}
	owner.signal(syscall.SIGKILL)
	for ; n < 40; n++ {
		if got := other.ask(funder(n)); !strings.Contains(got, `"ok":true`) {
			t.Fatalf("after: %s", got)
		}
	}
	other.in.Close()
	other.ends(0)
	expectFunders(t, sh, 40)
}

// A process is killed with commands in flight: what was acknowledged is there, and
// sending everything again completes it without a double.
func TestKilledInFlightLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	const all = 3000
	var input strings.Builder
	fmt.Fprintln(&input, opening)
	for n := range all {
		fmt.Fprintln(&input, funder(n))
	}
	p := sh.start("apply", "-")
	go io.WriteString(p.in, input.String()) // ends with an error when p is killed
	acknowledged := map[string]string{}
	for range all / 3 {
		keep(t, acknowledged, p.line())
	}
	p.signal(syscall.SIGKILL)
	for { // what it had printed before it died
		l, err := p.out.ReadString('\n')
		if err != nil {
			break
		}
		keep(t, acknowledged, strings.TrimSuffix(l, "\n"))
	}
	p.cmd.Wait()
	again := map[string]string{}
	for l := range strings.Lines(sh.run(0, input.String(), "apply", "-")) {
		keep(t, again, strings.TrimSuffix(l, "\n"))
	}
	for id, answer := range acknowledged {
		if again[id] != answer {
			t.Errorf("command %q was answered %s, now %s", id, answer, again[id])
		}
	}
	expectFunders(t, sh, all)
}

func keep(t *testing.T, answers map[string]string, l string) {
	t.Helper()
	var a struct {
		ID string `json:"id"`
		OK bool   `json:"ok"`
	}
	if err := json.Unmarshal([]byte(l), &a); err != nil || !a.OK {
		t.Fatalf("answer %q: %v", l, err)
	}
	answers[a.ID] = l
}

// An interrupt ends apply after the answers to what it has taken.
func TestInterruptedApplyAnswersWhatItTook(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	p := sh.start("apply", "-")
	p.ask(opening)
	for n := range 50 {
		p.ask(funder(n))
	}
	p.signal(syscall.SIGTERM)
	p.ends(4)
	if !strings.Contains(p.notes.String(), "interrupted") {
		t.Errorf("it said %q", p.notes)
	}
	expectFunders(t, sh, 50)
}

// expectFunders checks that n funders are in the views, each once in the log.
func expectFunders(t *testing.T, sh *shell, n int) {
	t.Helper()
	if got := strings.Count(sh.run(0, "", "view", "parties", "--where", "kind=funder", "--format", "jsonl"), "\n"); got != n {
		t.Errorf("%d funders in the view, want %d", got, n)
	}
	if got := strings.Count(sh.run(0, "", "export", "log"), "\n"); got != n+1 {
		t.Errorf("%d commits in the log, want %d", got, n+1)
	}
	sh.run(0, "", "projection", "verify", "--all")
}

// Two processes import, apply and look at the same folder at the same time.
func TestManyProcessesOnOneFolder(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.run(0, opening+"\n", "apply", "-")
	const writers, each = 4, 100
	ended := make(chan error, writers)
	for w := range writers {
		p := sh.start("apply", "-")
		go func() {
			for n := range each {
				fmt.Fprintln(p.in, funder(w*each+n))
			}
			p.in.Close()
			out, err := io.ReadAll(p.out)
			if got := bytes.Count(out, []byte(`"ok":true`)); err == nil && got != each {
				err = fmt.Errorf("writer %d: %d accepted: %s%s", w, got, out, p.notes)
			}
			ended <- err
		}()
	}
	for range writers {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	expectFunders(t, sh, writers*each)
}
