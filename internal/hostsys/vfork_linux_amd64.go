package hostsys

// CanVfork reports whether [Vfork] works. Only on arm64 this has to be tried.
func CanVfork() bool { return true }
