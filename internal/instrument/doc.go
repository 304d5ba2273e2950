// Package instrument joins the plugin API with the Linux personality (and with
// the engine): it owns the enable words that decide whether anybody listens,
// calls the callbacks in their order, numbers the vCPUs, and is the border where a
// plugin's panic is caught. It knows no particular plugin; what is registered it keeps in
// a callback.Table. Start with Registry, and syscall.go for the walk of a call.
package instrument
