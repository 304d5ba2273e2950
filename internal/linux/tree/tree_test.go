//go:build linux && (amd64 || arm64)

package tree

import (
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/mem"
)

func TestMain(m *testing.M) {
	runtime.LockOSThread()
	if err := hostsys.Init(); err != nil {
		panic(err)
	}
	if fd := os.Getenv("TREE_TEST_FD"); fd != "" {
		n, _ := strconv.Atoi(fd)
		b := Open(n)
		if b == nil {
			os.Exit(3)
		}
		if f, ok := b.Facts(os.Getppid(), 0); !ok || f.Path != "/bin/parent" {
			os.Exit(4)
		}
		b.Sit(os.Getpid()).Publish(&Facts{Path: "/bin/child"})
		os.Exit(5)
	}
	os.Exit(m.Run())
}

func board(t *testing.T) *Board {
	t.Helper()
	b := Create()
	if b == nil {
		t.Fatal("no board")
	}
	t.Cleanup(func() {
		b.file.Close()
		hostsys.Munmap(b.at, slots*slotSize)
	})
	return b
}

var sample = Facts{
	NS: 7, Path: "/bin/prog", Base: 1, StackStart: 2, ArgStart: 3, ArgEnd: 4, EnvStart: 5, EnvEnd: 6, StartCode: 7, EndCode: 8, ImageEnd: 9, VDSO: 10,
	SigIgn: 11, SigCgt: 1 << 63, Limits: [3][2]uint64{{1, 2}, {3, 4}, {5, ^uint64(0)}}, SeccompMode: 2, SeccompFilters: 3, Hidden: []int{62, 63},
	Threads: 2, Tasks: []int{100, 101}, Brk: 0x5000,
	Areas: []mem.Area{
		{Start: 0x1000, End: 0x3000, Prot: mem.ProtRead | mem.ProtExec, File: true},
		{Start: 0x7f0000000000, End: 0x7f0000001000, Prot: mem.ProtWrite, Shared: true, GrowsDown: true, Stack: true},
	},
}

func publish(s *Seat, f *Facts) {
	s.Publish(f)
	s.PublishTasks(f.Tasks)
	s.PublishAreas(f.Areas, f.Brk)
}

func TestFacts(t *testing.T) {
	b := board(t)
	if _, ok := b.Facts(100, 0); ok {
		t.Error("facts of nobody")
	}
	before := hostsys.BootTime()
	s := b.Sit(100)
	publish(s, &sample)
	got, ok := b.Facts(100, before)
	if !ok || !reflect.DeepEqual(got, sample) {
		t.Errorf("got  %+v\nwant %+v", got, sample)
	}
	if _, ok := b.Facts(100, hostsys.BootTime()+1); ok {
		t.Error("facts from before the process began")
	}
	s.PublishSignals(1, 2)
	s.PublishTasks([]int{5})
	if got, _ := b.Facts(100, 0); got.SigIgn != 1 || got.SigCgt != 2 || len(got.Tasks) != 1 || got.Path != sample.Path {
		t.Errorf("%+v", got)
	}
	s.Leave()
	if _, ok := b.Facts(100, 0); ok {
		t.Error("facts of one that has left")
	}
	s.Publish(&sample) // it has thought better of it
	if _, ok := b.Facts(100, 0); !ok {
		t.Error("nothing of one that has come back")
	}
}

func TestTooMuch(t *testing.T) {
	b := board(t)
	f := sample
	f.Path = string(make([]byte, 2*maxPath))
	f.Hidden, f.Tasks, f.Areas = make([]int, 1000), make([]int, 1000), make([]mem.Area, 10000)
	publish(b.Sit(7), &f)
	got, ok := b.Facts(7, 0)
	if !ok || !got.TasksCut || !got.AreasCut || got.Threads != 1000 || len(got.Tasks) != maxTasks || len(got.Areas) != maxAreas || len(got.Path) != maxPath {
		t.Errorf("%v %v %v, %d tasks, %d areas, a path of %d", ok, got.TasksCut, got.AreasCut, len(got.Tasks), len(got.Areas), len(got.Path))
	}
}

// Processes whose numbers collide have a slot each, until the dead ones' are taken.
func TestCollisions(t *testing.T) {
	b := board(t)
	alive := []int{os.Getpid()}
	for pid := os.Getpid() + slots; pid < 1<<22 && len(alive) < probes; pid += slots {
		alive = append(alive, pid) // nobody has these numbers, but their owners are in this process
	}
	for _, pid := range alive {
		publish(b.Sit(pid), &Facts{Path: strconv.Itoa(pid)})
	}
	if f, ok := b.Facts(alive[0], 0); !ok || f.Path != strconv.Itoa(alive[0]) {
		t.Errorf("the living one: %v %+v", ok, f)
	}
}

// Readers never see a half.
func TestConcurrent(t *testing.T) {
	b := board(t)
	s := b.Sit(9)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	s.PublishAreas(nil, 0)
	wg.Go(func() {
		for n := uint64(1); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			list := make([]mem.Area, n%50)
			for i := range list {
				list[i] = mem.Area{Start: n, End: n}
			}
			s.PublishAreas(list, n)
		}
	})
	for range 2000 {
		f, ok := b.Facts(9, 0)
		if !ok || len(f.Areas) != int(f.Brk%50) {
			t.Fatalf("%v: %d areas of %d", ok, len(f.Areas), f.Brk%50)
		}
		for _, a := range f.Areas {
			if a.Start != f.Brk || a.End != f.Brk {
				t.Fatalf("%+v in %d", a, f.Brk)
			}
		}
	}
	close(stop)
	wg.Wait()
}

// A process that is executed anew gets the board by its descriptor.
func TestOpen(t *testing.T) {
	b := board(t)
	publish(b.Sit(os.Getpid()), &Facts{Path: "/bin/parent"})
	fd, err := syscall.Dup(b.FD())
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "board")
	defer f.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"TREE_TEST_FD=3"}
	cmd.ExtraFiles = []*os.File{f}
	err = cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 5 {
		t.Fatal(err)
	}
	if got, ok := b.Facts(cmd.Process.Pid, 0); !ok || got.Path != "/bin/child" {
		t.Errorf("%v %+v", ok, got)
	}
	null, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if Open(null) != nil {
		t.Error("a board in /dev/null")
	}
}
