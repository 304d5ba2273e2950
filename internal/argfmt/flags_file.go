package argfmt

// Flags and enumerations of the file calls (include/uapi/asm-generic/fcntl.h and
// the headers named below). Where a name covers several bits it comes first.

const (
	oAccMode    = 3
	oCreat      = 0o100
	oTmpfileBit = 0o20000000
)

var accModes = []bit{{0, "O_RDONLY"}, {1, "O_WRONLY"}, {2, "O_RDWR"}, {3, "O_ACCMODE"}}

var openBits = []bit{
	{0o20200000, "O_TMPFILE"},
	{0o4010000, "O_SYNC"},
	{0o100, "O_CREAT"},
	{0o200, "O_EXCL"},
	{0o400, "O_NOCTTY"},
	{0o1000, "O_TRUNC"},
	{0o2000, "O_APPEND"},
	{0o4000, "O_NONBLOCK"},
	{0o10000, "O_DSYNC"},
	{0o20000, "O_ASYNC"},
	{0o40000, "O_DIRECT"},
	{0o100000, "O_LARGEFILE"},
	{0o200000, "O_DIRECTORY"},
	{0o400000, "O_NOFOLLOW"},
	{0o1000000, "O_NOATIME"},
	{0o2000000, "O_CLOEXEC"},
	{0o10000000, "O_PATH"},
}

func (p *printer) openFlags(v uint64) {
	p.enum(v&oAccMode, accModes, "")
	if v &^= oAccMode; v != 0 {
		p.byte('|')
		p.flags(v, openBits, "O_???")
	}
}

var atFlags = []bit{
	{0x100, "AT_SYMLINK_NOFOLLOW"},
	{0x200, "AT_REMOVEDIR"},
	{0x400, "AT_SYMLINK_FOLLOW"},
	{0x800, "AT_NO_AUTOMOUNT"},
	{0x1000, "AT_EMPTY_PATH"},
	{0x8000, "AT_RECURSIVE"},
}

// accessFlags are those of faccessat2, where 0x200 is another one.
var accessFlags = []bit{{0x100, "AT_SYMLINK_NOFOLLOW"}, {0x200, "AT_EACCESS"}, {0x1000, "AT_EMPTY_PATH"}}

var statxSync = []bit{{0, "AT_STATX_SYNC_AS_STAT"}, {0x2000, "AT_STATX_FORCE_SYNC"}, {0x4000, "AT_STATX_DONT_SYNC"}}

func printStatxFlags(p *printer, _ int, v uint64) {
	v = uint64(uint32(v))
	p.enum(v&0x6000, statxSync, "AT_???")
	if v &^= 0x6000; v != 0 {
		p.byte('|')
		p.flags(v, atFlags, "AT_???")
	}
}

var statxMask = []bit{
	{0x7ff, "STATX_BASIC_STATS"},
	{0x1, "STATX_TYPE"},
	{0x2, "STATX_MODE"},
	{0x4, "STATX_NLINK"},
	{0x8, "STATX_UID"},
	{0x10, "STATX_GID"},
	{0x20, "STATX_ATIME"},
	{0x40, "STATX_MTIME"},
	{0x80, "STATX_CTIME"},
	{0x100, "STATX_INO"},
	{0x200, "STATX_SIZE"},
	{0x400, "STATX_BLOCKS"},
	{0x800, "STATX_BTIME"},
	{0x1000, "STATX_MNT_ID"},
	{0x2000, "STATX_DIOALIGN"},
	{0x4000, "STATX_MNT_ID_UNIQUE"},
	{0x8000, "STATX_SUBVOL"},
	{0x10000, "STATX_WRITE_ATOMIC"},
	{0x20000, "STATX_DIO_READ_ALIGN"},
}

func (p *printer) statxMask(v uint64) {
	v = uint64(uint32(v))
	if v&0xfff == 0xfff {
		p.str("STATX_ALL")
		if v &^= 0xfff; v == 0 {
			return
		}
		p.byte('|')
	}
	p.flags(v, statxMask, "STATX_???")
}

var accessModes = []bit{{0, "F_OK"}, {4, "R_OK"}, {2, "W_OK"}, {1, "X_OK"}}

var whences = []bit{{0, "SEEK_SET"}, {1, "SEEK_CUR"}, {2, "SEEK_END"}, {3, "SEEK_DATA"}, {4, "SEEK_HOLE"}}

// Commands of fcntl(2), 64-bit machines.
const (
	fDupFD        = 0
	fGetFD        = 1
	fSetFD        = 2
	fGetFL        = 3
	fSetFL        = 4
	fGetLk        = 5
	fSetLk        = 6
	fSetLkw       = 7
	fSetOwn       = 8
	fGetOwn       = 9
	fSetSig       = 10
	fGetSig       = 11
	fSetOwnEx     = 15
	fGetOwnEx     = 16
	fGetOwnUIDs   = 17
	fOFDGetLk     = 36
	fOFDSetLk     = 37
	fOFDSetLkw    = 38
	fSetLease     = 1024
	fGetLease     = 1025
	fNotify       = 1026
	fDupFDQuery   = 1027
	fCreatedQuery = 1028
	fDupFDCloexec = 1030
	fSetPipeSz    = 1031
	fGetPipeSz    = 1032
	fAddSeals     = 1033
	fGetSeals     = 1034
	fGetRWHint    = 1035
	fSetRWHint    = 1036
	fGetFileHint  = 1037
	fSetFileHint  = 1038
)

var fcntlCmds = []bit{
	{fDupFD, "F_DUPFD"},
	{fGetFD, "F_GETFD"},
	{fSetFD, "F_SETFD"},
	{fGetFL, "F_GETFL"},
	{fSetFL, "F_SETFL"},
	{fGetLk, "F_GETLK"},
	{fSetLk, "F_SETLK"},
	{fSetLkw, "F_SETLKW"},
	{fSetOwn, "F_SETOWN"},
	{fGetOwn, "F_GETOWN"},
	{fSetSig, "F_SETSIG"},
	{fGetSig, "F_GETSIG"},
	{fSetOwnEx, "F_SETOWN_EX"},
	{fGetOwnEx, "F_GETOWN_EX"},
	{fGetOwnUIDs, "F_GETOWNER_UIDS"},
	{fOFDGetLk, "F_OFD_GETLK"},
	{fOFDSetLk, "F_OFD_SETLK"},
	{fOFDSetLkw, "F_OFD_SETLKW"},
	{fSetLease, "F_SETLEASE"},
	{fGetLease, "F_GETLEASE"},
	{fNotify, "F_NOTIFY"},
	{fDupFDQuery, "F_DUPFD_QUERY"},
	{fCreatedQuery, "F_CREATED_QUERY"},
	{fDupFDCloexec, "F_DUPFD_CLOEXEC"},
	{fSetPipeSz, "F_SETPIPE_SZ"},
	{fGetPipeSz, "F_GETPIPE_SZ"},
	{fAddSeals, "F_ADD_SEALS"},
	{fGetSeals, "F_GET_SEALS"},
	{fGetRWHint, "F_GET_RW_HINT"},
	{fSetRWHint, "F_SET_RW_HINT"},
	{fGetFileHint, "F_GET_FILE_RW_HINT"},
	{fSetFileHint, "F_SET_FILE_RW_HINT"},
}

var fdFlags = []bit{{1, "FD_CLOEXEC"}}

var lockTypes = []bit{{0, "F_RDLCK"}, {1, "F_WRLCK"}, {2, "F_UNLCK"}}

var seals = []bit{
	{1, "F_SEAL_SEAL"}, {2, "F_SEAL_SHRINK"}, {4, "F_SEAL_GROW"}, {8, "F_SEAL_WRITE"}, {16, "F_SEAL_FUTURE_WRITE"}, {32, "F_SEAL_EXEC"},
}

var flockOps = []bit{{1, "LOCK_SH"}, {2, "LOCK_EX"}, {8, "LOCK_UN"}, {4, "LOCK_NB"}}

var fallocModes = []bit{
	{1, "FALLOC_FL_KEEP_SIZE"},
	{2, "FALLOC_FL_PUNCH_HOLE"},
	{4, "FALLOC_FL_NO_HIDE_STALE"},
	{8, "FALLOC_FL_COLLAPSE_RANGE"},
	{16, "FALLOC_FL_ZERO_RANGE"},
	{32, "FALLOC_FL_INSERT_RANGE"},
	{64, "FALLOC_FL_UNSHARE_RANGE"},
}

var fadvices = []bit{
	{0, "POSIX_FADV_NORMAL"},
	{1, "POSIX_FADV_RANDOM"},
	{2, "POSIX_FADV_SEQUENTIAL"},
	{3, "POSIX_FADV_WILLNEED"},
	{4, "POSIX_FADV_DONTNEED"},
	{5, "POSIX_FADV_NOREUSE"},
}

var syncRangeFlags = []bit{{1, "SYNC_FILE_RANGE_WAIT_BEFORE"}, {2, "SYNC_FILE_RANGE_WRITE"}, {4, "SYNC_FILE_RANGE_WAIT_AFTER"}}

var renameFlags = []bit{{1, "RENAME_NOREPLACE"}, {2, "RENAME_EXCHANGE"}, {4, "RENAME_WHITEOUT"}}

var xattrFlags = []bit{{1, "XATTR_CREATE"}, {2, "XATTR_REPLACE"}}

var mountFlags = []bit{
	{1, "MS_RDONLY"},
	{2, "MS_NOSUID"},
	{4, "MS_NODEV"},
	{8, "MS_NOEXEC"},
	{16, "MS_SYNCHRONOUS"},
	{32, "MS_REMOUNT"},
	{64, "MS_MANDLOCK"},
	{128, "MS_DIRSYNC"},
	{256, "MS_NOSYMFOLLOW"},
	{1024, "MS_NOATIME"},
	{2048, "MS_NODIRATIME"},
	{4096, "MS_BIND"},
	{8192, "MS_MOVE"},
	{16384, "MS_REC"},
	{32768, "MS_SILENT"},
	{1 << 16, "MS_POSIXACL"},
	{1 << 17, "MS_UNBINDABLE"},
	{1 << 18, "MS_PRIVATE"},
	{1 << 19, "MS_SLAVE"},
	{1 << 20, "MS_SHARED"},
	{1 << 21, "MS_RELATIME"},
	{1 << 24, "MS_STRICTATIME"},
	{1 << 25, "MS_LAZYTIME"},
}

var umountFlags = []bit{{1, "MNT_FORCE"}, {2, "MNT_DETACH"}, {4, "MNT_EXPIRE"}, {8, "UMOUNT_NOFOLLOW"}}

var spliceFlags = []bit{{1, "SPLICE_F_MOVE"}, {2, "SPLICE_F_NONBLOCK"}, {4, "SPLICE_F_MORE"}, {8, "SPLICE_F_GIFT"}}

var rwFlags = []bit{{1, "RWF_HIPRI"}, {2, "RWF_DSYNC"}, {4, "RWF_SYNC"}, {8, "RWF_NOWAIT"}, {16, "RWF_APPEND"}, {32, "RWF_NOAPPEND"}, {64, "RWF_ATOMIC"}, {128, "RWF_DONTCACHE"}}

var closeRangeFlags = []bit{{2, "CLOSE_RANGE_UNSHARE"}, {4, "CLOSE_RANGE_CLOEXEC"}}

var inotifyFlags = []bit{{0o4000, "IN_NONBLOCK"}, {0o2000000, "IN_CLOEXEC"}}

var inotifyMask = []bit{
	{0xfff, "IN_ALL_EVENTS"},
	{1, "IN_ACCESS"},
	{2, "IN_MODIFY"},
	{4, "IN_ATTRIB"},
	{8, "IN_CLOSE_WRITE"},
	{16, "IN_CLOSE_NOWRITE"},
	{32, "IN_OPEN"},
	{64, "IN_MOVED_FROM"},
	{128, "IN_MOVED_TO"},
	{256, "IN_CREATE"},
	{512, "IN_DELETE"},
	{1024, "IN_DELETE_SELF"},
	{2048, "IN_MOVE_SELF"},
	{1 << 24, "IN_ONLYDIR"},
	{1 << 25, "IN_DONT_FOLLOW"},
	{1 << 26, "IN_EXCL_UNLINK"},
	{1 << 28, "IN_MASK_CREATE"},
	{1 << 29, "IN_MASK_ADD"},
	{1 << 31, "IN_ONESHOT"},
}

var fileTypes = []bit{
	{0o140000, "S_IFSOCK"},
	{0o120000, "S_IFLNK"},
	{0o100000, "S_IFREG"},
	{0o060000, "S_IFBLK"},
	{0o040000, "S_IFDIR"},
	{0o020000, "S_IFCHR"},
	{0o010000, "S_IFIFO"},
}

var fsTypes = []bit{
	{0xef53, "EXT2_SUPER_MAGIC"},
	{0x01021994, "TMPFS_MAGIC"},
	{0x9fa0, "PROC_SUPER_MAGIC"},
	{0x62656572, "SYSFS_MAGIC"},
	{0x794c7630, "OVERLAYFS_SUPER_MAGIC"},
	{0x9123683e, "BTRFS_SUPER_MAGIC"},
	{0x58465342, "XFS_SUPER_MAGIC"},
	{0x27e0eb, "CGROUP_SUPER_MAGIC"},
	{0x63677270, "CGROUP2_SUPER_MAGIC"},
	{0x6969, "NFS_SUPER_MAGIC"},
	{0x1cd1, "DEVPTS_SUPER_MAGIC"},
	{0x50495045, "PIPEFS_MAGIC"},
	{0x65735546, "FUSE_SUPER_MAGIC"},
	{0x73717368, "SQUASHFS_MAGIC"},
	{0x64626720, "DEBUGFS_MAGIC"},
}

var mountAttrs = []bit{{1, "ST_RDONLY"}, {2, "ST_NOSUID"}, {4, "ST_NODEV"}, {8, "ST_NOEXEC"}, {16, "ST_SYNCHRONOUS"}, {32, "ST_VALID"}, {64, "ST_MANDLOCK"}, {1024, "ST_NOATIME"}, {2048, "ST_NODIRATIME"}, {4096, "ST_RELATIME"}, {8192, "ST_NOSYMFOLLOW"}}
