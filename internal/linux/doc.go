// Package linux is the Linux personality: tasks and processes, signals, clone, fork and
// execve, and the table of syscalls, one row each. It asks the guest's descriptor for
// everything that depends on the CPU and runs guest code through the engine; it knows no
// instruction, no host code and no plugin, only hooks. Weir's own host calls go through
// hostsys.
//
// Start with Call and Row (call.go, row.go), the order of a call in dispatch.go, the table
// in table.go, and Task.run in run.go; sig.go explains signals. Rows are in the
// sys_<family>.go files. The package is empty on other systems than Linux.
package linux
