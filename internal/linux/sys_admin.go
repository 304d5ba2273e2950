//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
)

// Calls of system administration, security modules and mounts, and those that are not
// supported.

func adminRows() []Row {
	return append(aioRows(), []Row{
		removed(18, "lookup_dcookie", "removed in Linux 6.8: ENOSYS"),
		removed(42, "nfsservctl", "removed in Linux 3.1: ENOSYS"),
		pass(60, "quotactl", "cmd special id addr", hostsys.SYS_QUOTACTL, argfmt.Hex, argfmt.Path, argfmt.Int, argfmt.PtrInOut),
		own(104, "kexec_load", "entry nr_segments segments flags", kexec, argfmt.Ptr, argfmt.Size, argfmt.Ptr, argfmt.Hex).noted("as with kernel.kexec_load_disabled: EPERM"),
		pass(105, "init_module", "module_image len param_values", hostsys.SYS_INIT_MODULE, argfmt.BufIn, argfmt.Size, argfmt.Str),
		pass(106, "delete_module", "name flags", hostsys.SYS_DELETE_MODULE, argfmt.Str, argfmt.OpenFlags),
		own(117, "ptrace", "request pid addr data", func(t *Task, c *Call) int64 {
			return t.sysPtrace(int64(c.Args[0]), int32(c.Args[1]), c.Args[2], c.Args[3])
		}, argfmt.Int, argfmt.PID, argfmt.Ptr, argfmt.Ptr).noted("among guests of one tree; single steps too, which the kernel's port to riscv64 has not"),
		pass(217, "add_key", "type description payload plen keyring", hostsys.SYS_ADD_KEY, argfmt.Str, argfmt.Str, argfmt.BufIn, argfmt.Size, argfmt.Int),
		pass(218, "request_key", "type description callout_info dest_keyring", hostsys.SYS_REQUEST_KEY, argfmt.Str, argfmt.Str, argfmt.Str, argfmt.Int),
		pass(219, "keyctl", "operation arg2 arg3 arg4 arg5", hostsys.SYS_KEYCTL, argfmt.KeyctlOp, argfmt.Hex, argfmt.Hex, argfmt.Hex, argfmt.Hex).flat(),
		pass(224, "swapon", "path swapflags", hostsys.SYS_SWAPON, argfmt.Path, argfmt.Hex),
		pass(225, "swapoff", "path", hostsys.SYS_SWAPOFF, argfmt.Path),
		fast(241, "perf_event_open", "attr pid cpu group_fd flags", hostsys.SYS_PERF_EVENT_OPEN, argfmt.PtrIn, argfmt.PID, argfmt.Int, argfmt.DirFD, argfmt.Hex).partly("counts what the host executes, translation included"),
		pass(273, "finit_module", "fd param_values flags", hostsys.SYS_FINIT_MODULE, argfmt.FD, argfmt.Str, argfmt.Hex),
		own(277, "seccomp", "operation flags args", sysSeccomp, argfmt.SeccompOp, argfmt.SeccompFlags, argfmt.SeccompArg),
		pass(280, "bpf", "cmd attr size", hostsys.SYS_BPF, argfmt.Int, argfmt.PtrInOut, argfmt.Uint).flat(),
		unsupported(293, "rseq", "rseq rseq_len flags sig", "a preempted sequence could not be restarted within translated code; C libraries fall back", argfmt.Ptr, argfmt.Uint, argfmt.Hex, argfmt.Hex),
		own(294, "kexec_file_load", "kernel_fd initrd_fd cmdline_len cmdline flags", kexec, argfmt.FD, argfmt.FD, argfmt.Size, argfmt.Str, argfmt.Hex).noted("as with kernel.kexec_load_disabled: EPERM"),
		pass(428, "open_tree", "dirfd filename flags", hostsys.SYS_OPEN_TREE, argfmt.DirFD, argfmt.Path, argfmt.Hex).with(argfmt.FD),
		pass(429, "move_mount", "from_dirfd from_path to_dirfd to_path flags", hostsys.SYS_MOVE_MOUNT, argfmt.DirFD, argfmt.Path, argfmt.DirFD, argfmt.Path, argfmt.Hex),
		pass(430, "fsopen", "fsname flags", hostsys.SYS_FSOPEN, argfmt.Str, argfmt.Hex).with(argfmt.FD),
		pass(431, "fsconfig", "fd cmd key value aux", hostsys.SYS_FSCONFIG, argfmt.FD, argfmt.Uint, argfmt.Str, argfmt.PtrIn, argfmt.Int),
		pass(432, "fsmount", "fs_fd flags attr_flags", hostsys.SYS_FSMOUNT, argfmt.FD, argfmt.Hex, argfmt.Hex).with(argfmt.FD),
		pass(433, "fspick", "dirfd path flags", hostsys.SYS_FSPICK, argfmt.DirFD, argfmt.Path, argfmt.Hex).with(argfmt.FD),
		pass(442, "mount_setattr", "dirfd path flags uattr usize", hostsys.SYS_MOUNT_SETATTR, argfmt.DirFD, argfmt.Path, argfmt.AtFlags, argfmt.BufIn, argfmt.Size),
		pass(443, "quotactl_fd", "fd cmd id addr", hostsys.SYS_QUOTACTL_FD, argfmt.FD, argfmt.Hex, argfmt.Int, argfmt.PtrInOut),
		fast(444, "landlock_create_ruleset", "attr size flags", hostsys.SYS_LANDLOCK_CREATE_RULESET, argfmt.BufIn, argfmt.Size, argfmt.Hex),
		pass(445, "landlock_add_rule", "ruleset_fd rule_type rule_attr flags", hostsys.SYS_LANDLOCK_ADD_RULE, argfmt.FD, argfmt.LandlockRule, argfmt.PtrIn, argfmt.Hex),
		own(446, "landlock_restrict_self", "ruleset_fd flags", func(t *Task, c *Call) int64 {
			return t.pass(c, hostsys.SYS_LANDLOCK_RESTRICT_SELF, forAll)
		}, argfmt.FD, argfmt.Hex).partly("in a process of several threads, those made later are not restricted; rules that forbid to read the folder /proc forbid fork too"),
		pass(457, "statmount", "req buf bufsize flags", hostsys.SYS_STATMOUNT, argfmt.PtrIn, argfmt.BufOut, argfmt.Size, argfmt.Hex),
		pass(458, "listmount", "req mnt_ids nr_mnt_ids flags", hostsys.SYS_LISTMOUNT, argfmt.PtrIn, argfmt.PtrOut, argfmt.Size, argfmt.Hex),
		fast(459, "lsm_get_self_attr", "attr ctx size flags", hostsys.SYS_LSM_GET_SELF_ATTR, argfmt.Uint, argfmt.PtrOut, argfmt.IntInOut, argfmt.Hex),
		fast(460, "lsm_set_self_attr", "attr ctx size flags", hostsys.SYS_LSM_SET_SELF_ATTR, argfmt.Uint, argfmt.BufIn, argfmt.Uint, argfmt.Hex),
		fast(461, "lsm_list_modules", "ids size flags", hostsys.SYS_LSM_LIST_MODULES, argfmt.PtrOut, argfmt.IntInOut, argfmt.Hex),
		pass(467, "open_tree_attr", "dirfd path flags uattr usize", sysOpenTreeA, argfmt.DirFD, argfmt.Path, argfmt.Hex, argfmt.BufIn, argfmt.Size).with(argfmt.FD),
		pass(470, "listns", "req ns_ids nr_ns_ids flags", sysListns, argfmt.PtrIn, argfmt.PtrOut, argfmt.Size, argfmt.Hex),
	}...)
}

// kexec refuses to load a kernel: one of the guest's architecture cannot be booted here.
func kexec(*Task, *Call) int64 { return abi.EPERM.Result() }
