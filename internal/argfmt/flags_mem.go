package argfmt

// Flags and enumerations of the memory calls (include/uapi/asm-generic/mman*.h).

var mmapProts = []bit{{0, "PROT_NONE"}, {1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}, {8, "PROT_SEM"}, {0x01000000, "PROT_GROWSDOWN"}, {0x02000000, "PROT_GROWSUP"}}

var mmapTypes = []bit{{0, "MAP_FILE"}, {1, "MAP_SHARED"}, {2, "MAP_PRIVATE"}, {3, "MAP_SHARED_VALIDATE"}, {8, "MAP_DROPPABLE"}}

var mmapBits = []bit{
	{0x10, "MAP_FIXED"},
	{0x20, "MAP_ANONYMOUS"},
	{0x100, "MAP_GROWSDOWN"},
	{0x800, "MAP_DENYWRITE"},
	{0x1000, "MAP_EXECUTABLE"},
	{0x2000, "MAP_LOCKED"},
	{0x4000, "MAP_NORESERVE"},
	{0x8000, "MAP_POPULATE"},
	{0x10000, "MAP_NONBLOCK"},
	{0x20000, "MAP_STACK"},
	{0x40000, "MAP_HUGETLB"},
	{0x80000, "MAP_SYNC"},
	{0x100000, "MAP_FIXED_NOREPLACE"},
	{0x4000000, "MAP_UNINITIALIZED"},
}

func (p *printer) mmapFlags(v uint64) {
	p.enum(v&0xf, mmapTypes, "MAP_???")
	if v &^= 0xf; v != 0 {
		p.byte('|')
		p.flags(v, mmapBits, "MAP_???")
	}
}

// Flags of mremap(2) that make use of its last argument.
const (
	mremapFixed     = 2
	mremapDontUnmap = 4
)

var mremapFlags = []bit{{1, "MREMAP_MAYMOVE"}, {mremapFixed, "MREMAP_FIXED"}, {mremapDontUnmap, "MREMAP_DONTUNMAP"}}

var msyncFlags = []bit{{1, "MS_ASYNC"}, {2, "MS_INVALIDATE"}, {4, "MS_SYNC"}}

var madvices = []bit{
	{0, "MADV_NORMAL"},
	{1, "MADV_RANDOM"},
	{2, "MADV_SEQUENTIAL"},
	{3, "MADV_WILLNEED"},
	{4, "MADV_DONTNEED"},
	{8, "MADV_FREE"},
	{9, "MADV_REMOVE"},
	{10, "MADV_DONTFORK"},
	{11, "MADV_DOFORK"},
	{12, "MADV_MERGEABLE"},
	{13, "MADV_UNMERGEABLE"},
	{14, "MADV_HUGEPAGE"},
	{15, "MADV_NOHUGEPAGE"},
	{16, "MADV_DONTDUMP"},
	{17, "MADV_DODUMP"},
	{18, "MADV_WIPEONFORK"},
	{19, "MADV_KEEPONFORK"},
	{20, "MADV_COLD"},
	{21, "MADV_PAGEOUT"},
	{22, "MADV_POPULATE_READ"},
	{23, "MADV_POPULATE_WRITE"},
	{24, "MADV_DONTNEED_LOCKED"},
	{25, "MADV_COLLAPSE"},
	{100, "MADV_HWPOISON"},
	{101, "MADV_SOFT_OFFLINE"},
	{102, "MADV_GUARD_INSTALL"},
	{103, "MADV_GUARD_REMOVE"},
}

var mlockFlags = []bit{{1, "MLOCK_ONFAULT"}}

var mlockallFlags = []bit{{1, "MCL_CURRENT"}, {2, "MCL_FUTURE"}, {4, "MCL_ONFAULT"}}

var memfdFlags = []bit{{1, "MFD_CLOEXEC"}, {2, "MFD_ALLOW_SEALING"}, {4, "MFD_HUGETLB"}, {8, "MFD_NOEXEC_SEAL"}, {16, "MFD_EXEC"}}

var memPolicies = []bit{{0, "MPOL_DEFAULT"}, {1, "MPOL_PREFERRED"}, {2, "MPOL_BIND"}, {3, "MPOL_INTERLEAVE"}, {4, "MPOL_LOCAL"}, {5, "MPOL_PREFERRED_MANY"}, {6, "MPOL_WEIGHTED_INTERLEAVE"}}

var ipcBits = []bit{{0o1000, "IPC_CREAT"}, {0o2000, "IPC_EXCL"}, {0o4000, "IPC_NOWAIT"}}

func (p *printer) ipcFlags(v uint64) {
	if f := v &^ 0o777; f != 0 {
		p.flags(f, ipcBits, "IPC_???")
		if v&0o777 == 0 {
			return
		}
		p.byte('|')
	}
	p.oct(v & 0o777)
}

var ipcCmds = []bit{
	{0, "IPC_RMID"},
	{1, "IPC_SET"},
	{2, "IPC_STAT"},
	{3, "IPC_INFO"},
	{11, "GETPID/SHM_LOCK"},
	{12, "GETVAL/SHM_UNLOCK"},
	{13, "GETALL/SHM_STAT"},
	{14, "GETNCNT/SHM_INFO"},
	{15, "GETZCNT"},
	{16, "SETVAL"},
	{17, "SETALL"},
	{18, "SEM_STAT"},
	{19, "SEM_INFO"},
}
