//go:build linux

package debian

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShell runs a long script of bash and the basic tools.
func TestShell(t *testing.T) {
	text, _ := data(t, "tools.txt")
	_, script := data(t, "tools.sh")
	want(t, program{args: []string{"/usr/bin/bash", script}, timeout: 9 * time.Minute}, text)
}

func TestPerl(t *testing.T) {
	text, _ := data(t, "perl.txt")
	_, script := data(t, "perl.pl")
	want(t, program{args: []string{"/usr/bin/perl", script}}, text)
}

// TestSQLite fills a table of a hundred thousand rows, in a file, with an index.
func TestSQLite(t *testing.T) {
	dir := t.TempDir()
	want(t, program{dir: dir, args: []string{"/usr/bin/sqlite3", "t.db", `
create table t(a integer primary key, b text, c real);
insert into t with recursive n(i) as (select 1 union all select i+1 from n where i < 100000) select i, 'row' || i, i * 1.5 from n;
create index tb on t(b);
begin; update t set c = -c where a % 3 = 0; rollback;
delete from t where a % 10 = 0;`}}, "")
	// Another process finds it all.
	want(t, program{dir: dir, args: []string{"/usr/bin/sqlite3", "t.db", `
select count(*), sum(a), max(c), min(c) from t;
select b from t where b like 'row9999_' order by b desc limit 2;
select count(*) from t x join t y on y.b = 'row' || (x.a + 1) where x.a < 1000;
pragma integrity_check;`}}, "90000|4500000000|149998.5|1.5\nrow99999\nrow99998\n800\nok\n")
}

// TestCompressors packs and unpacks, whatever the text, and gzip's output is what this process can read.
func TestCompressors(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var text bytes.Buffer
	for i := range 20000 {
		fmt.Fprintf(&text, "line %d word%d\n", i, rnd.IntN(50))
	}
	for range 100000 {
		text.WriteByte(byte(rnd.Uint32()))
	}
	sum := sha256.Sum256(text.Bytes())
	for _, c := range []struct{ name, args string }{{"xz", "-1"}, {"gzip", "-6"}, {"bzip2", "-1"}, {"zstd", "-q"}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "in"), text.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			script := fmt.Sprintf("set -e; %s %s -c in >packed; %s -t packed 2>/dev/null || %s -t <packed; %s -dc <packed | sha256sum; test $(stat -c %%s packed) -lt %d",
				c.name, c.args, c.name, c.name, c.name, text.Len()*3/4)
			want(t, program{dir: dir, args: []string{"/usr/bin/bash", "-c", script}}, hex.EncodeToString(sum[:])+"  -\n")
		})
	}
}

func TestSmallLanguages(t *testing.T) {
	want(t, program{args: []string{"/usr/bin/jq", "-c", `[.[] | select(.a > 1) | {b, c: (.a * 1.5)}], (map(.a) | add / length)`}, stdin: `[{"a":1,"b":"x"},{"a":2,"b":"ü"},{"a":4}]`},
		"[{\"b\":\"ü\",\"c\":3},{\"b\":null,\"c\":6}]\n2.3333333333333335\n")
	want(t, program{args: []string{"/usr/bin/lua5.4", "-e", `
local t = {} for i = 1, 1e5 do t[i] = (i * 7919) % 100003 end table.sort(t)
print(#t, t[1], t[#t], ("x"):rep(3), string.format("%.14g %q", 0.1, "a\n"), 7 // 2, 2^53, 1 << 62)
print(io.popen("echo popen; exit 3"):read("a")) print(select(3, os.execute("exit 4")))
print(pcall(error, {1}), coroutine.wrap(function() coroutine.yield(5) end)())`}},
		"100000\t1\t100002\txxx\t0.1 \"a\\\n\"\t3\t9.007199254741e+15\t4611686018427387904\npopen\n\n4\nfalse\t5\n")
}

func TestOpenSSL(t *testing.T) {
	long(t)
	// s_server picks a free port and says which; -naccept ends it.
	want(t, program{all: true, args: []string{"/usr/bin/bash", "-c", `set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null
for tls in tls1_2 tls1_3; do
	openssl s_server -accept 127.0.0.1:0 -key key.pem -cert cert.pem -www -naccept 1 -$tls >server 2>&1 & server=$!
	until port=$(sed -n 's/^ACCEPT .*://p' server) && [ -n "$port" ]; do
		kill -0 $server
		sleep 0.1
	done
	printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$port -CAfile cert.pem -quiet -verify_return_error -$tls 2>/dev/null | head -n 1 | tr -d '\r'
	wait $server
done
echo abc | openssl enc -aes-256-cbc -pbkdf2 -k secret | openssl enc -d -aes-256-cbc -pbkdf2 -k secret
openssl dgst -sha256 -sign key.pem -out sig cert.pem; openssl x509 -in cert.pem -pubkey -noout >pub.pem
openssl dgst -sha256 -verify pub.pem -signature sig cert.pem
printf abc | openssl dgst -sha3-256 | sed 's/.*= //'`}},
		"HTTP/1.0 200 ok\nHTTP/1.0 200 ok\nabc\nVerified OK\n3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532\n")
}

func TestGit(t *testing.T) {
	long(t)
	want(t, program{all: true, args: []string{"/usr/bin/bash", "-c", `set -e
git init -q -b main one; cd one; git config user.email a@example.org; git config user.name A
export GIT_AUTHOR_DATE='2001-02-03T04:05:06Z' GIT_COMMITTER_DATE='2001-02-03T04:05:06Z'
for i in 1 2 3; do seq $((i * 100)) >file; mkdir -p d$i; echo $i >d$i/f; git add -A; git commit -qm "commit $i"; done
git log --format='%h %s' | cat; git tag v1
git checkout -q -b side HEAD~1; echo side >side; git add side; git commit -qm side; git checkout -q main; git merge -q -m merge side
git log --oneline | wc -l; git gc -q; git fsck 2>/dev/null; git grep -c 300
cd ..; git clone -q one two; git -C two log -1 --format=%s; diff -r one/d3 two/d3; cat two/side
cd two; git config user.email a@example.org; git config user.name A; echo x >x; git add x; git commit -qm pushed; git push -q origin HEAD:refs/heads/new
git -C ../one log -1 --format='%s %T' new`}},
		`dea7b1d commit 3
0078cc1 commit 2
91cdb64 commit 1
5
file:1
merge
side
pushed e60c8fa77ac554ab5874a6bfead30222832525a6
`)
}

// TestGCC compiles and runs a program inside.
func TestGCC(t *testing.T) {
	long(t)
	dir := t.TempDir()
	source := "#include <math.h>\n#include <stdio.h>\nint main(int argc, char **argv) {\n\tprintf(\"hello %s %.3f\\n\", argv[1], sqrt(argc));\n\treturn argc + 1;\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "h.c"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	want(t, program{all: true, dir: dir, args: []string{"/usr/bin/bash", "-c", "set -e; gcc -O2 -Wall h.c -o h -lm; ./h world || echo $?; gcc -O0 -static h.c -o s -lm; ./s static || echo $?"}},
		"hello world 1.414\n3\nhello static 1.414\n3\n")
	// It was the root's compiler, not the machine's.
	f, err := elf.Open(filepath.Join(dir, "h"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_RISCV {
		t.Errorf("the program is for %v", f.Machine)
	}
}

// TestPackages builds a package, installs it by dpkg and by apt into folders, and removes it, without root.
func TestPackages(t *testing.T) {
	long(t)
	_, script := data(t, "apt.sh")
	r := run(t, program{all: true, args: []string{"/usr/bin/bash", script}, timeout: 10 * time.Minute})
	if r.status != 0 {
		t.Errorf("status %d", r.status)
	}
	at := 0
	for _, line := range []string{
		"dpkg-deb: building package 'hello-weir'", "Setting up hello-weir (1.0) ...", "postinst configure riscv64", "hi\n", "/usr/share/hello/file", "purged",
		"candidate 1.0", "Setting up hello-weir (1.0) ...", "postinst configure riscv64", "Status: install ok installed", "Removing hello-weir", "removed",
	} {
		i := strings.Index(r.out[at:], line)
		if i < 0 {
			t.Fatalf("no %q where it was expected\n%s%s", line, tail(r.out), tail(r.errs))
		}
		at += i + len(line)
	}
}
