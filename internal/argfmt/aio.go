package argfmt

// Arguments of asynchronous I/O: libaio's calls (include/uapi/linux/aio_abi.h) and io_uring (io_uring.h).

var (
	uringSetupFlags = []bit{
		{1 << 0, "IORING_SETUP_IOPOLL"},
		{1 << 1, "IORING_SETUP_SQPOLL"},
		{1 << 2, "IORING_SETUP_SQ_AFF"},
		{1 << 3, "IORING_SETUP_CQSIZE"},
		{1 << 4, "IORING_SETUP_CLAMP"},
		{1 << 5, "IORING_SETUP_ATTACH_WQ"},
		{1 << 6, "IORING_SETUP_R_DISABLED"},
		{1 << 7, "IORING_SETUP_SUBMIT_ALL"},
		{1 << 8, "IORING_SETUP_COOP_TASKRUN"},
		{1 << 9, "IORING_SETUP_TASKRUN_FLAG"},
		{1 << 10, "IORING_SETUP_SQE128"},
		{1 << 11, "IORING_SETUP_CQE32"},
		{1 << 12, "IORING_SETUP_SINGLE_ISSUER"},
		{1 << 13, "IORING_SETUP_DEFER_TASKRUN"},
		{1 << 14, "IORING_SETUP_NO_MMAP"},
		{1 << 15, "IORING_SETUP_REGISTERED_FD_ONLY"},
		{1 << 16, "IORING_SETUP_NO_SQARRAY"},
		{1 << 17, "IORING_SETUP_HYBRID_IOPOLL"},
	}
	uringEnterFlags = []bit{
		{1 << 0, "IORING_ENTER_GETEVENTS"},
		{1 << 1, "IORING_ENTER_SQ_WAKEUP"},
		{1 << 2, "IORING_ENTER_SQ_WAIT"},
		{1 << 3, "IORING_ENTER_EXT_ARG"},
		{1 << 4, "IORING_ENTER_REGISTERED_RING"},
		{1 << 5, "IORING_ENTER_ABS_TIMER"},
		{1 << 6, "IORING_ENTER_EXT_ARG_REG"},
		{1 << 7, "IORING_ENTER_NO_IOWAIT"},
	}
	uringRegisterOps = []bit{
		{0, "IORING_REGISTER_BUFFERS"},
		{1, "IORING_UNREGISTER_BUFFERS"},
		{2, "IORING_REGISTER_FILES"},
		{3, "IORING_UNREGISTER_FILES"},
		{4, "IORING_REGISTER_EVENTFD"},
		{5, "IORING_UNREGISTER_EVENTFD"},
		{6, "IORING_REGISTER_FILES_UPDATE"},
		{7, "IORING_REGISTER_EVENTFD_ASYNC"},
		{8, "IORING_REGISTER_PROBE"},
		{9, "IORING_REGISTER_PERSONALITY"},
		{10, "IORING_UNREGISTER_PERSONALITY"},
		{11, "IORING_REGISTER_RESTRICTIONS"},
		{12, "IORING_REGISTER_ENABLE_RINGS"},
		{13, "IORING_REGISTER_FILES2"},
		{14, "IORING_REGISTER_FILES_UPDATE2"},
		{15, "IORING_REGISTER_BUFFERS2"},
		{16, "IORING_REGISTER_BUFFERS_UPDATE"},
		{17, "IORING_REGISTER_IOWQ_AFF"},
		{18, "IORING_UNREGISTER_IOWQ_AFF"},
		{19, "IORING_REGISTER_IOWQ_MAX_WORKERS"},
		{20, "IORING_REGISTER_RING_FDS"},
		{21, "IORING_UNREGISTER_RING_FDS"},
		{22, "IORING_REGISTER_PBUF_RING"},
		{23, "IORING_UNREGISTER_PBUF_RING"},
		{24, "IORING_REGISTER_SYNC_CANCEL"},
		{25, "IORING_REGISTER_FILE_ALLOC_RANGE"},
		{26, "IORING_REGISTER_PBUF_STATUS"},
		{27, "IORING_REGISTER_NAPI"},
		{28, "IORING_UNREGISTER_NAPI"},
		{29, "IORING_REGISTER_CLOCK"},
		{30, "IORING_REGISTER_CLONE_BUFFERS"},
		{31, "IORING_REGISTER_SEND_MSG_RING"},
		{33, "IORING_REGISTER_RESIZE_RINGS"},
		{34, "IORING_REGISTER_MEM_REGION"},
	}
	iocbOps = []bit{
		{0, "IOCB_CMD_PREAD"},
		{1, "IOCB_CMD_PWRITE"},
		{2, "IOCB_CMD_FSYNC"},
		{3, "IOCB_CMD_FDSYNC"},
		{5, "IOCB_CMD_POLL"},
		{6, "IOCB_CMD_NOOP"},
		{7, "IOCB_CMD_PREADV"},
		{8, "IOCB_CMD_PWRITEV"},
	}
)

func printAioContext(p *printer, _ int, v uint64) {
	var b [8]byte
	if v == 0 || p.failed() || !p.s.Read(v, b[:]) {
		p.addr(v)
		return
	}
	p.byte('[')
	p.hex0(u64(b[:], 0))
	p.byte(']')
}

// printIocbs prints an array of pointers to struct iocb.
func printIocbs(p *printer, i int, v uint64) {
	n := p.s.Arg(i - 1)
	start := len(p.b)
	p.byte('[')
	for k := range min(n, maxElems) {
		var w [8]byte
		var b [64]byte
		if !p.s.Read(v+8*k, w[:]) || !p.s.Read(u64(w[:], 0), b[:]) {
			p.b = p.b[:start]
			p.addr(v)
			return
		}
		if k > 0 {
			p.str(", ")
		}
		p.str("{aio_data=")
		p.hex0(u64(b[:], 0))
		p.str(", aio_lio_opcode=")
		p.enum(u16(b[:], 16), iocbOps, "IOCB_CMD_???")
		p.str(", aio_fildes=")
		p.dec(i32(b[:], 20))
		p.str(", aio_buf=")
		p.addr(u64(b[:], 24))
		p.str(", aio_nbytes=")
		p.udec(u64(b[:], 32))
		p.str(", aio_offset=")
		p.dec(i64(b[:], 40))
		p.byte('}')
	}
	if n > maxElems {
		p.str(", ...")
	}
	p.byte(']')
}

func printIoEvents(p *printer, _ int, v uint64) {
	if p.failed() || v == 0 {
		p.addr(v)
		return
	}
	n := int(p.result())
	b := make([]byte, 32*min(n, maxElems))
	if !p.s.Read(v, b) {
		p.hex(v)
		return
	}
	p.byte('[')
	for k := range len(b) / 32 {
		if k > 0 {
			p.str(", ")
		}
		p.str("{data=")
		p.hex0(u64(b, 32*k))
		p.str(", obj=")
		p.addr(u64(b, 32*k+8))
		p.str(", res=")
		p.dec(i64(b, 32*k+16))
		p.str(", res2=")
		p.dec(i64(b, 32*k+24))
		p.byte('}')
	}
	if n > maxElems {
		p.str(", ...")
	}
	p.byte(']')
}

func printUringParams(p *printer, i int, v uint64) {
	b, ok := p.fixed(i, v, 120, Out)
	if !ok {
		return
	}
	p.str("{sq_entries=")
	p.udec(u32(b, 0))
	p.str(", cq_entries=")
	p.udec(u32(b, 4))
	p.str(", flags=")
	p.flags(u32(b, 8), uringSetupFlags, "IORING_SETUP_???")
	p.str(", features=")
	p.hex0(u32(b, 20))
	p.str(", ...}")
}
