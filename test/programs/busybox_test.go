//go:build linux

package programs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// script is one shell script and what must come of it.
type script struct {
	name, text, stdin string
	out, errs         string
	status            int
}

// scripts are run by busybox sh and by bash; both execute the tools of busybox.
var scripts = []script{
	{name: "loops", out: "1 2 3 4 5 6 7 8 9 10 \n5040\nc-b-a-\n", text: `
i=1; while [ $i -le 10 ]; do printf '%d ' $i; i=$((i+1)); done; echo
f=1; for n in 1 2 3 4 5 6 7; do f=$((f*n)); done; echo $f
r=; for w in a b c; do r=$w-$r; done; until [ -n "$r" ]; do :; done; echo $r`},
	{name: "pipes", out: "3 banana\n2 apple\n1 cherry\n", text: `
printf 'apple\nbanana\ncherry\nbanana\napple\nbanana\n' | sort | uniq -c | sort -rn | sed 's/^ *//'`},
	{name: "long-pipe", out: "200000\n", text: `
seq 1 200000 | cat | cat | cat | cat | cat | cat | cat | wc -l`},
	{name: "broken-pipe", out: "1\n2\n", text: `seq 1 1000000 | head -n 2`},
	{name: "here-docs", out: "value is 42 and $x\n\ttabs stay\nno tabs\nliteral $x\nstring 42\n", text: `
x=42
cat <<EOF
value is $x and \$x
	tabs stay
EOF
cat <<-EOF
	no tabs
	EOF
cat <<'EOF'
literal $x
EOF
sed s/^/string\ / <<EOF
$(echo $x)
EOF`},
	{name: "command-substitution", out: "inner [outer 3]\n10\ntwo words\n", text: `
echo "inner [$(echo outer $(echo 1 2 3 | wc -w))]"
echo $(($(echo 4) + $(expr 2 \* 3)))
v=$(printf 'two words\n\n\n'); echo "$v"`},
	{name: "functions", out: "fib 7 = 13\nlocal=inside\nlocal=outside\n3\n", text: `
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(( $(fib $(($1-1))) + $(fib $(($1-2))) )); fi; }
echo "fib 7 = $(fib 7)"
x=outside; show() { local x=inside; echo local=$x; }; show; echo local=$x
ret() { return 3; }; ret; echo $?`},
	{name: "traps", out: "usr1\nterm\nbye\n", status: 7, text: `
trap 'echo bye' EXIT
trap 'echo usr1' USR1
trap 'echo term' TERM
kill -USR1 $$
kill -TERM $$
exit 7`},
	{name: "trap-interrupts-wait", out: "got it\nwait 1\nend\n", text: `
trap 'echo got it' USR1
(sleep 0.3; kill -USR1 $$) &
sleep 5 & sleeper=$!
wait $sleeper; s=$?
[ $s -gt 128 ]; echo wait $((1-$?))
kill $sleeper; wait
echo end`},
	{name: "background", out: "0 1 2 3 4\nall done\n", text: `
for i in 4 2 0 3 1; do (sleep 0.$i; echo $i >>out) & done
wait
echo $(sort out); echo all done`},
	{name: "wait-status", out: "3\n143\n127\n", text: `
(exit 3) & wait $!; echo $?
sleep 100 & p=$!; kill $p; wait $p 2>/dev/null; echo $?
wait 99999 2>/dev/null; echo $?`},
	{name: "exit-codes", out: "0 1\nor\nand\n1\n42\n127\n126\n", status: 9, text: `
true; a=$?; false; echo $a $?
false || echo or
true && echo and
! true; echo $?
(exit 42); echo $?
no-such-command 2>/dev/null; echo $?
echo text >plain; ./plain 2>/dev/null; echo $?
exit 9`},
	{name: "redirections", out: "out\nerr\nboth\nboth\n3\nappended\n", text: `
{ echo out; echo err >&2; } 2>e; cat e
{ echo both; echo both >&2; } >b 2>&1; cat b
exec 3>three; echo 3 >&3; exec 3>&-; cat three
echo first >a; echo appended >>a; tail -n 1 a`},
	{name: "stdin", out: "line 1: one\nline 2: two words\nrest: three\n", stdin: "one\ntwo words\nthree\n", text: `
n=0; while [ $n -lt 2 ] && read l; do n=$((n+1)); echo "line $n: $l"; done
echo rest: $(cat)`},
	{name: "expansions", out: "file.tar file gz 11\ndefault set\n3\nb c\ncase: glob\n", text: `
f=file.tar.gz; echo ${f%.*} ${f%%.*} ${f##*.} ${#f}
unset u; s=1; echo ${u:-default} ${s:+set}
set -- a b c; echo $#; shift; echo $*
case abc in a*c) echo case: glob;; *) echo case: no;; esac`},
	{name: "globs", out: "a1 a2 a3\nb\n[z]*\n", text: `
touch a1 a2 a3 b; echo a*; echo ?; echo [z]*`},
	{name: "subshell-environment", out: "exported\n\nchanged original\n/\n", text: `
export E=exported; U=unexported
sh -c 'echo $E'; sh -c 'echo $U'
v=original; (v=changed; printf '%s ' $v); echo $v
(cd /; pwd)`},
	{name: "scripts", out: "script [one] [two words]\nstatus 5\n", text: `
printf '#!/bin/sh\nprintf "script"; printf " [%%s]" "$@"; echo; exit 5\n' >s; chmod +x s
./s one "two words"; echo status $?`},
	{name: "fifo", out: "through the fifo\n", text: `
mkfifo p; echo through the fifo >p & cat p; wait`},
	{name: "find-xargs", out: "./d/1.txt\n./d/e/2.txt\n./d\n./d/e\n2\n", text: `
mkdir -p d/e; echo 1 >d/1.txt; echo 2 >d/e/2.txt; touch d/x.c
find . -name '*.txt' | sort; find ./d -type d | sort
find . -name '*.txt' -print0 | xargs -0 cat | wc -l`},
	{name: "missing-file", errs: "cat: can't open '/no/such/file': No such file or directory\n", status: 1, text: `
cat /no/such/file`},
	{name: "many-processes", out: "40\n", text: `
n=0; i=0; while [ $i -lt 40 ]; do /bin/sh -c : ; n=$((n + 1 - $?)); i=$((i+1)); done; echo $n`},
	{name: "killed", status: 143, text: `kill -TERM $$; echo not reached`},
	{name: "killed-by-kill", status: 137, text: `kill -KILL $$; echo not reached`},
	{name: "killed-child", out: "138\n", text: `exec 2>/dev/null; sh -c 'kill -USR1 $$'; echo $?`},
	{name: "arithmetic", out: "-3 -1\n18446744073\n255 -1 1\n9223372036854775807\n", text: `
echo $((-7/2)) $((-7%2)); echo $((18446744073709551 / 1000000))
echo $((0xff)) $((~0)) $((3>2)); echo $((0x7fffffffffffffff))`},
	{name: "bc", out: "1267650600228229401496703205376\n3.16227\n", text: `
echo '2^100' | bc; echo 'scale=5; sqrt(10)' | bc`},
	{name: "date-and-dd", out: "1970-01-02\n3000\nabc\n", text: `
date -u -d @86400 +%Y-%m-%d; dd if=/dev/zero bs=1000 count=3 2>/dev/null | wc -c
printf xxabc | dd bs=1 skip=2 2>/dev/null; echo`},
}

// TestScripts runs the shell scripts with busybox's shell, whose tools are found as links to busybox in PATH, and the
// same by bash.
func TestScripts(t *testing.T) {
	weir := testenv.Weir(t)
	bin := toolFolder(t)
	for _, s := range scripts {
		for _, shell := range []string{"sh", "bash"} {
			t.Run(s.name+"/"+shell, func(t *testing.T) {
				t.Parallel()
				text := strings.ReplaceAll(s.text, "/bin/sh", filepath.Join(bin, "sh"))
				r := run(t, job{command: []string{weir, filepath.Join(bin, shell), "-c", text}, env: []string{"PATH=" + bin, "LC_ALL=C"}, stdin: s.stdin})
				if r.out != s.out || r.errs != s.errs || r.status != s.status {
					t.Errorf("output %q, errors %q, status %d\nwant   %q, errors %q, status %d", tail(r.out), tail(r.errs), r.status, s.out, s.errs, s.status)
				}
			})
		}
	}
}

// TestStartLimit: a guest has the limit on descriptors that Weir was started with, and so have its children; Go programs raise
// their own.
func TestStartLimit(t *testing.T) {
	r := run(t, job{command: []string{
		"sh", "-c", `ulimit -Sn 300; exec "$0" "$1" -c 'ulimit -n; ulimit -Sn 42; busybox sh -c "ulimit -n"; find . -maxdepth 0 -exec busybox sh -c "ulimit -n" \;'`,
		testenv.Weir(t), filepath.Join(toolFolder(t), "sh"),
	}, env: []string{"PATH=" + toolFolder(t)}})
	if want := "300\n42\n42\n"; r.out != want || r.errs != "" {
		t.Errorf("%q, want %q\n%s", r.out, want, r.errs)
	}
}

// TestScriptsOnHost runs the scripts with the machine's own shell: they expect what a shell does.
func TestScriptsOnHost(t *testing.T) {
	for _, s := range scripts {
		if s.errs != "" || s.name == "bc" || strings.Contains(s.text, "local ") { // not in every machine's shell
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, job{command: []string{"/bin/bash", "-c", s.text}, env: []string{"LC_ALL=C"}, stdin: s.stdin})
			if r.out != s.out || r.errs != s.errs || r.status != s.status {
				t.Errorf("output %q, errors %q, status %d\nwant   %q, errors %q, status %d", tail(r.out), tail(r.errs), r.status, s.out, s.errs, s.status)
			}
		})
	}
}

// toolFolder makes a folder with every tool of busybox as a link, and bash.
func toolFolder(t *testing.T) string {
	t.Helper()
	busybox := testenv.Busybox(t)
	r := run(t, job{command: []string{testenv.Weir(t), busybox, "--list"}})
	tools := strings.Fields(r.out)
	if r.status != 0 || len(tools) < 200 {
		t.Fatalf("busybox --list: status %d\n%s", r.status, r.both())
	}
	dir := t.TempDir()
	for _, tool := range tools {
		if err := os.Symlink(busybox, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(testenv.Bash(t), filepath.Join(dir, "bash")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// file is one file of a generated tree.
type file struct {
	path string // relative, starting with ./
	text []byte
}

// makeTree makes folders with files of many sizes, always the same ones, and returns the files by path.
func makeTree(t *testing.T, dir string) []file {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	var files []file
	for d := range 12 {
		for f := range 10 {
			path := fmt.Sprintf("./dir%d/sub %d/file%02d.%s", d%4, d, f, []string{"txt", "bin"}[f%2])
			size := rnd.IntN(1 << rnd.IntN(18))
			var text bytes.Buffer
			for text.Len() < size {
				if f%2 == 0 {
					fmt.Fprintf(&text, "line %d word%d %x\n", rnd.IntN(1000), rnd.IntN(50), rnd.Uint32())
				} else {
					text.WriteByte(byte(rnd.Uint32()))
				}
			}
			full := filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, text.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			files = append(files, file{path, text.Bytes()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.path, b.path) })
	return files
}

// TestTree has busybox's tools work on a tree and compares with what Go and the machine's own tools make of it.
func TestTree(t *testing.T) {
	weir, bin := testenv.Weir(t), toolFolder(t)
	dir := t.TempDir()
	files := makeTree(t, dir)
	sh := func(t *testing.T, text string) string {
		t.Helper()
		r := run(t, job{command: []string{weir, filepath.Join(bin, "sh"), "-c", text}, dir: dir, env: []string{"PATH=" + bin, "LC_ALL=C"}})
		if r.status != 0 || r.errs != "" {
			t.Fatalf("%s: status %d\n%s", text, r.status, tail(r.both()))
		}
		return r.out
	}
	equal := func(t *testing.T, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got:\n%s\nwant:\n%s", tail(got), tail(want))
		}
	}

	t.Run("find", func(t *testing.T) {
		var want strings.Builder
		for _, f := range files {
			fmt.Fprintln(&want, f.path)
		}
		equal(t, sh(t, "find . -type f | sort"), want.String())
		big := 0
		for _, f := range files {
			if len(f.text) > 4096 {
				big++
			}
		}
		equal(t, sh(t, "find . -type f -size +4096c | wc -l"), fmt.Sprintln(big))
	})
	t.Run("sha256sum", func(t *testing.T) {
		var want strings.Builder
		for _, f := range files {
			fmt.Fprintf(&want, "%x  %s\n", sha256.Sum256(f.text), f.path)
		}
		got := sh(t, "find . -type f -print0 | sort -z | xargs -0 sha256sum")
		equal(t, got, want.String())
		if _, err := exec.LookPath("sha256sum"); err != nil {
			t.Fatalf("%v; install coreutils", err)
		}
		host := run(t, job{command: []string{"sha256sum", "-c", "--quiet", "-"}, dir: dir, stdin: got})
		if host.status != 0 {
			t.Errorf("the machine's sha256sum does not agree:\n%s", tail(host.both()))
		}
	})
	t.Run("cksum-and-wc", func(t *testing.T) {
		lines, size := 0, 0
		for _, f := range files {
			lines += bytes.Count(f.text, []byte("\n"))
			size += len(f.text)
		}
		equal(t, sh(t, "find . -type f -exec cat {} + | wc -lc | tr -s ' '"), fmt.Sprintf(" %d %d\n", lines, size))
	})
	t.Run("grep-sed-awk", func(t *testing.T) {
		hits, sum := 0, 0
		words := map[string]int{}
		for _, f := range files {
			if !strings.HasSuffix(f.path, ".txt") {
				continue
			}
			for line := range strings.Lines(string(f.text)) {
				w := strings.Fields(line)
				var n int
				fmt.Sscan(w[1], &n)
				sum += n
				words[w[2]]++
				if strings.Contains(line, " word7 ") {
					hits++
				}
			}
		}
		equal(t, sh(t, "find . -name '*.txt' -print0 | xargs -0 grep -hF ' word7 ' | wc -l"), fmt.Sprintln(hits))
		equal(t, sh(t, "find . -name '*.txt' -exec cat {} + | sed -n 's/^line [0-9]* word\\(7\\) .*/\\1/p' | wc -l"), fmt.Sprintln(hits))
		equal(t, sh(t, "find . -name '*.txt' -exec cat {} + | awk '{s+=$2} END {print s}'"), fmt.Sprintln(sum))
		var want []string
		for w, n := range words {
			want = append(want, fmt.Sprintf("%s %d", w, n))
		}
		slices.Sort(want)
		equal(t, sh(t, "find . -name '*.txt' -exec cat {} + | awk '{n[$3]++} END {for (w in n) print w, n[w]}' | sort"), strings.Join(want, "\n")+"\n")
	})
	t.Run("archives", func(t *testing.T) {
		out := t.TempDir()
		for _, z := range []string{"gzip", "bzip2", "xz"} {
			// Compressed by the guest; busybox's xz only decompresses.
			unpack := filepath.Join(out, z)
			if z == "xz" {
				if _, err := exec.LookPath("xz"); err != nil {
					continue
				}
				r := run(t, job{command: []string{"tar", "-cJf", filepath.Join(out, "a.xz"), "."}, dir: dir})
				if r.status != 0 {
					t.Fatal(r.both())
				}
			} else {
				sh(t, "tar -cf - . | "+z+" -c >"+filepath.Join(out, "a."+z))
			}
			sh(t, fmt.Sprintf("mkdir %s; %s -dc <%s | tar -xf - -C %s", unpack, z, filepath.Join(out, "a."+z), unpack))
			same(t, files, unpack)
		}
		// And what the guest has packed, the machine's own tar unpacks.
		host := filepath.Join(out, "host")
		if err := os.Mkdir(host, 0o777); err != nil {
			t.Fatal(err)
		}
		if r := run(t, job{command: []string{"tar", "-xzf", filepath.Join(out, "a.gzip"), "-C", host}}); r.status != 0 {
			t.Fatal(r.both())
		}
		same(t, files, host)
	})
	t.Run("copy-move-remove", func(t *testing.T) {
		out := t.TempDir()
		sh(t, "cp -a . "+out+"/copy; mv "+out+"/copy "+out+"/moved; ln -s moved "+out+"/link")
		same(t, files, filepath.Join(out, "link"))
		equal(t, sh(t, "diff -r . "+out+"/moved; rm -rf "+out+"/moved; ls "+out), "link\n")
	})
}

// same wants a tree of just these files.
func same(t *testing.T, files []file, dir string) {
	t.Helper()
	n := 0
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n != len(files) {
		t.Errorf("%d files in %s, want %d", n, dir, len(files))
	}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.path))
		if err != nil || !bytes.Equal(got, f.text) {
			t.Errorf("%s in %s differs (%v)", f.path, dir, err)
		}
	}
}

// TestSort sorts ten thousand lines in several ways.
func TestSort(t *testing.T) {
	weir, busybox := testenv.Weir(t), testenv.Busybox(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	type row struct {
		word string
		n    int
	}
	var rows []row
	var in strings.Builder
	for i := range 10000 {
		// The number is unique, so that every order is total.
		r := row{fmt.Sprintf("w%04x", rnd.IntN(4096)), i*7919%10007 - 5000}
		rows = append(rows, r)
		fmt.Fprintf(&in, "%s %d\n", r.word, r.n)
	}
	for _, tc := range []struct {
		args string
		less func(a, b row) int
	}{
		{"-k2,2n", func(a, b row) int { return cmp.Compare(a.n, b.n) }},
		{"-k2,2nr", func(a, b row) int { return cmp.Compare(b.n, a.n) }},
		{"-k1,1 -k2,2n", func(a, b row) int { return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.n, b.n)) }},
	} {
		sorted := slices.SortedStableFunc(slices.Values(rows), tc.less)
		var want strings.Builder
		for _, r := range sorted {
			fmt.Fprintf(&want, "%s %d\n", r.word, r.n)
		}
		command := append([]string{weir, busybox, "sort"}, strings.Fields(tc.args)...)
		r := run(t, job{command: command, env: []string{"LC_ALL=C"}, stdin: in.String()})
		if r.status != 0 || r.out != want.String() {
			t.Errorf("sort %s: status %d, %d bytes, want %d\n%s", tc.args, r.status, len(r.out), want.Len(), r.errs)
		}
	}
}
