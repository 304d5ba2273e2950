//go:build linux

package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// The kernel starts guest programs under weir by the rule that weir binfmt prints: with a binfmt_misc of
// the test's own, in a user namespace (since Linux 6.7).
func TestBinfmt(t *testing.T) {
	weir := testenv.Weir(t)
	guest := testenv.GuestGo(t, "test/script/guest")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(guest)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"prog": 0o755, "version": 0o755, "unreadable": 0o111, "setuid": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "script"), []byte("#!"+filepath.Join(dir, "prog")+" args\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ids := 1
	if os.Getuid() == 0 {
		ids = 65536
	}
	inside := func(script string) (string, error) {
		c := exec.Command("sh", "-c", "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 200\n"+
			"rule() { $WEIR binfmt \"$@\" >/proc/sys/fs/binfmt_misc/register; }\n"+script)
		c.Dir = dir
		c.Env = append(os.Environ(), "WEIR="+weir)
		c.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:                 syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings:                []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: ids}},
			GidMappings:                []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: ids}},
			GidMappingsEnableSetgroups: ids > 1,
		}
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := inside("true"); err != nil {
		t.Skipf("no binfmt_misc in a user namespace here (Linux 6.7 and permission are needed): %v: %s", err, out)
	}
	for _, tc := range []struct{ name, script, want string }{
		{"all flags", "rule; ./prog args -strace version --", "./prog\n-strace\nversion\n--\n"},
		{"argv0", "rule; PATH=.:$PATH; version args x; ./version args y", "version\nx\n./version\ny\n"},
		{"environment", "rule; WEIR_UNAME=4.5.6 ./prog uname; QEMU_ARGV0=forced ./prog args", "Linux 4.5.6 riscv64\nforced\n"},
		{"children", "rule; ./prog run ./prog args a; ./prog exec ./prog args b", "./prog\na\n./prog\nb\n"},
		{"from a native shell", "rule; ./prog run /bin/sh -c './prog args c'", "./prog\nc\n"},
		{"script", "rule; ./script d", dir + "/prog\n./script\nd\n"},
		{"unreadable", "rule; ./unreadable args e", "./unreadable\ne\n"},
		{"descriptors", "rule; ./prog fds >a; $WEIR ./prog fds >b; cmp a b && echo same", "same\n"},
		{"no flags", "rule -flags ''; PATH=.:$PATH; prog args -strace", "./prog\n-strace\n"},
		{"only P", "rule -flags P; PATH=.:$PATH; prog args f", "prog\nf\n"},
		{"only O", "rule -flags O; ./prog args g", "./prog\ng\n"},
		{"without proc", "rule; mount -t tmpfs none /proc; ./prog args h", "./prog\nh\n"},
		{"elsewhere", "cp $WEIR w && rule -interpreter $PWD/w && rm w && ./prog args i", "./prog\ni\n"},
	} {
		if out, err := inside(tc.script); err != nil || out != tc.want {
			t.Errorf("%s: %v\n%swant\n%s", tc.name, err, out, tc.want)
		}
	}
	if ids == 1 {
		t.Log("not root: flag C with a set-user-ID program is not tested")
		return
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Log("no setpriv: flag C with a set-user-ID program is not tested")
		return
	}
	// A set-user-ID program has its owner's rights with flag C only, and then nobody tells weir what to do.
	for _, tc := range []struct{ flags, env, want string }{
		{"POCF", "WEIR_LOG_FILENAME=/mnt/log WEIR_STRACE=1", "1000 0 1\n"},
		{"POF", "", "1000 1000 0\n"},
	} {
		script := "mount -t tmpfs -o mode=755 none /mnt && cp $WEIR /mnt/weir && WEIR=/mnt/weir && cp setuid /mnt/s && chmod 4755 /mnt/s && cd /mnt && " +
			"rule -flags " + tc.flags + " && " + tc.env + " setpriv --reuid 1000 --clear-groups ./s creds; test ! -e log"
		if out, err := inside(script); err != nil || out != tc.want {
			t.Errorf("flags %s: %v\n%swant %s", tc.flags, err, out, tc.want)
		}
	}
}
