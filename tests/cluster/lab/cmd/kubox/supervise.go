// The host's side of a lab, one process that ends it.

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
)

// supervise holds the host's side: listeners, cgroups, and the lab's first process.
func supervise(dir string) error {
	c, err := load(dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.p("pid"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	// the lab's first process inherits the host's listeners and dials in its own network
	var files []*os.File
	for _, addr := range []*string{&c.API, &c.Registry, &c.Proxy} {
		l, err := net.Listen("tcp", *addr)
		if err != nil {
			return err
		}
		*addr = l.Addr().String()
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			return err
		}
		files = append(files, f)
		l.Close()
	}
	if err := c.save(); err != nil {
		return err
	}
	if err := pki(c); err != nil {
		return err
	}
	if err := makeCgroups(c); err != nil {
		return err
	}
	gateR, gateW, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe", "init", c.Dir)
	cmd.Stdin = gateR
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = files
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + c.Dir, "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM, syscall.SIGINT)
	left := make(chan bool)
	if c.Tied {
		go func() { io.Copy(io.Discard, os.Stdin); close(left) }()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := joinCgroups(c, cmd.Process.Pid); err != nil {
		return err
	}
	gateW.Close() // init waits for this
	if err := os.WriteFile(c.p("init.pid"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		return err
	}
	for _, f := range files {
		f.Close()
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	// the kernel ends every process of a PID namespace with its first one
	select {
	case <-sig:
		cmd.Process.Kill()
		<-done
		return cleanup(c)
	case <-left:
		cmd.Process.Kill()
		<-done
		return errors.Join(cleanup(c), os.RemoveAll(c.Dir))
	case err = <-done:
		if err == nil {
			err = errors.New("init ended")
		}
		return errors.Join(err, cleanup(c))
	}
}

// serveForward passes every connection of l on to a TCP address.
func serveForward(l net.Listener, to string) {
	for {
		a, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer a.Close()
			b, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer b.Close()
			join(a, b)
		}()
	}
}

// join copies both ways until both sides have ended.
func join(a, b net.Conn) {
	done := make(chan bool)
	half := func(dst, src net.Conn) {
		io.Copy(dst, src)
		if w, ok := dst.(interface{ CloseWrite() error }); ok {
			w.CloseWrite()
		}
		done <- true
	}
	go half(b, a)
	go half(a, b)
	<-done
	<-done
}
