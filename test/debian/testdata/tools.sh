#!/bin/bash
# A hundred lines of bash with the tools of coreutils, findutils, grep, sed and gawk. What it prints is tools.txt.
set -eu
export LC_ALL=C
work=$(mktemp -d)
cd "$work"
trap 'echo "exit trap: $?"; cd /; rm -rf "$work"' EXIT

section() { printf -- '-- %s\n' "$1"; }

section arrays
declare -A size=([one]=1 [two]=2 [three]=3)
words=(delta alpha charlie bravo)
for k in $(printf '%s\n' "${!size[@]}" | sort); do echo "$k=${size[$k]}"; done
mapfile -t sorted < <(printf '%s\n' "${words[@]}" | sort)
echo "${sorted[*]} ${#words[@]} ${words[-1]} ${words[*]:1:2}"

section arithmetic
echo $((7 ** 13)) $((-17 / 5)) $((-17 % 5)) $((0x7fffffffffffffff + 1)) $((2#1011 << 4))
printf '%05.2f %x %o %e\n' 3.14159 255 8 12345.678
i=0; while ((i < 5)); do ((i += 2)) || :; done; echo "$i"

section strings
s="The quick brown fox"
echo "${s/quick/slow} ${s^^} ${s,,} ${s:4:5} ${s#* } ${s%% *} ${s//o/0}"
[[ $s =~ ([a-z]+)\ (b[a-z]+) ]] && echo "${BASH_REMATCH[1]}/${BASH_REMATCH[2]}"
printf '%q %s\n' "a b'c" "$(printf 'x\ty\n' | cat -A)"

section files
mkdir -p tree/{a,b}/{x,y}
for f in tree/*/*; do echo "in $f" >"$f/file"; done
ln -s a/x/file tree/link; ln tree/a/x/file tree/hard
find tree -type f | sort | tr '\n' ' '; echo
stat -c '%F %h %s' tree/a/x/file tree/link
readlink tree/link; realpath --relative-to=. tree/link
chmod 640 tree/hard; stat -c '%a %A' tree/a/x/file
touch -d '2001-02-03 04:05:06 UTC' tree/hard; TZ=UTC date -r tree/hard '+%F %T'
cp -a tree copy; diff -r tree copy && echo same; echo more >>copy/b/y/file
diff tree/b/y/file copy/b/y/file || echo "diff $?"
mv copy/a moved; rmdir copy/b/x 2>/dev/null || echo "not empty"; ls moved copy
find tree -name file -newer tree/hard -print0 | xargs -0 -n 1 cat | sort
tar -cf t.tar tree; tar -tf t.tar | wc -l; mkdir un; tar -xf t.tar -C un; cat un/tree/link
du -s --apparent-size -b tree/a/x/file | cut -f 1; test -L tree/link && echo link

section text
seq 1 1000 | awk '{s += $1; q += $1 * $1} END {print s, q, NR}'
seq 20 | paste -sd+ | { read -r e; echo $((e)); }
printf 'b 2\na 10\nc 1\n' >t; sort t; sort -k2n t; sort -rk2,2n t | head -n 1
join <(sort t) <(printf 'a x\nb y\n'); comm -12 <(seq 1 2 9) <(seq 3 3 9)
seq 5 | tac | nl -ba | tail -n 2; seq 3 | sed -n '2{s/2/two/;p}'; echo abc | tr a-c A-C
printf 'x,y,z\n1,2,3\n' | awk -F, 'NR > 1 {for (i = NF; i; i--) printf "%s%s", $i, (i > 1 ? ";" : "\n")}'
printf 'one\ntwo\nthree\nfour\n' | grep -nE 't|^f' | cut -d: -f2 | fold -w 3 | head -n 4
gawk 'BEGIN {print strftime("%F", 86400, 1), toupper(substr("awkward", 1, 3)), and(12, 10), gensub(/b+/, "<&>", "g", "abbbc")}'
seq 100 | shuf --random-source=<(yes) | sort -n | sha256sum; seq 100000 | md5sum; printf 123 | cksum
printf 'aaabbc' | fold -w1 | uniq -c | tr -s ' '; split -l 3 -d <(seq 10) part; wc -l part*
seq 3 | tee copy1 copy2 | od -An -c; cmp copy1 copy2 && echo equal; base64 <<<hello; echo aGVsbG8K | base64 -d
numfmt --to=iec 1048576 5000; factor 1234567890 97; expr 6 \* 7; printf '%s\n' {a..c}{1..2} | pr -3 -t -l 2
echo "The end" | sed -E 's/(\w+) (\w+)/\2 \1/; y/ed/ED/'; dd if=/dev/zero bs=1k count=3 2>/dev/null | wc -c

section processes
(sleep 0.1; exit 3) & wait $! || echo "child $?"
for n in 1 2 3; do (exit $n) & pids[n]=$!; done; for n in 1 2 3; do wait "${pids[n]}" || echo "got $?"; done
yes | head -n 3 | wc -l; (set -o pipefail; yes | head -n 1 || echo "${PIPESTATUS[0]}")
timeout -s TERM 0.2 sleep 10 || echo "timeout $?"; timeout 5 env -i A=1 /bin/bash -c 'echo $A'
trap 'echo usr1' USR1; kill -USR1 $$; trap - USR1
coproc cat; echo through >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"; kill "$COPROC_PID"
mkfifo pipe; seq 4 >pipe & awk '{print $1 * 2}' <pipe | xargs; exec 7<>pipe; echo hi >&7; read -r x <&7; exec 7>&-; echo "$x"
nice -n 5 nice; (ulimit -n 50; ulimit -n); (umask 027; touch um; stat -c %a um); false || echo "false $?"
bash -c 'kill -KILL $$' 2>/dev/null || echo "killed $?"; nohup true 2>/dev/null && echo nohup
f() { local n=$1; if ((n > 1)); then echo $((n * $(f $((n - 1))))); else echo 1; fi; }; f 10
find tree -type d -exec sh -c 'echo "$1" | tr / .' _ {} \; | sort | xargs -n 2 | tail -n 2; xargs -P 4 -n 1 expr 1 + < <(seq 4) | sort
exec 3>&1; { echo to3 >&3; echo err >&2; } 2>&1 | sed 's/^/piped /'; exec 3>&-; cat <<<"here $((1 + 1))"
