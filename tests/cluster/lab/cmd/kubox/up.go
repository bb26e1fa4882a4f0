// Starting and ending a lab.

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// up starts the supervisor and returns when the lab is ready.
func up(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var c config
	f := flag.NewFlagSet("up", flag.ExitOnError)
	f.StringVar(&c.Dir, "dir", "run", "work folder")
	f.StringVar(&c.K8s, "k8s", filepath.Join(filepath.Dir(self), "k8s"), "the k8s binary, with kubectl beside it")
	f.StringVar(&c.API, "api", "127.0.0.1:0", "host address of the API server")
	f.StringVar(&c.Registry, "registry", "127.0.0.1:0", "host address of the origin")
	f.StringVar(&c.Proxy, "proxy", "127.0.0.1:0", "host address of the corporate proxy")
	f.BoolVar(&c.Tied, "tied", false, "end the lab and delete its folder when standard input ends")
	nodeProxy := f.Bool("node-proxy", false, "containerd pulls through the corporate proxy")
	timeout := f.Duration("timeout", 120*time.Second, "give up after")
	f.Parse(args)
	if *nodeProxy {
		c.Egress = "http://" + proxyName + ":" + proxyPort
	}
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return err
	}
	if pid, ok := running(c); ok {
		return fmt.Errorf("already up (pid %d); kubox down -dir %s first", pid, c.Dir)
	}
	if err := cleanup(c); err != nil {
		return err
	}
	if err := os.MkdirAll(c.p("logs"), 0o755); err != nil {
		return err
	}
	if err := c.save(); err != nil {
		return err
	}
	log, err := os.Create(c.p("logs", "kubox.log"))
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "supervise", c.Dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if c.Tied {
		cmd.Stdin = os.Stdin
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		if _, err := os.Stat(c.p("ready")); err == nil {
			fmt.Printf("up in %.1fs: export KUBECONFIG=%s\n", time.Since(start).Seconds(), c.p("admin.kubeconfig"))
			return nil
		}
		select {
		case err := <-done:
			b, _ := os.ReadFile(c.p("logs", "kubox.log"))
			return fmt.Errorf("the lab stopped: %v\n%s", err, b)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Since(start) > *timeout {
			b, _ := os.ReadFile(c.p("logs", "kubox.log"))
			stop(c, cmd.Process.Pid)
			return fmt.Errorf("not ready after %s\n%s", *timeout, b)
		}
	}
}

// running says whether this folder's supervisor lives.
func running(c config) (int, bool) {
	b, err := os.ReadFile(c.p("pid"))
	if err != nil {
		return 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, false
	}
	cl, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return pid, err == nil && strings.Contains(string(cl), "supervise\x00"+c.Dir+"\x00")
}

func stop(c config, pid int) {
	syscall.Kill(pid, syscall.SIGTERM)
	for range 1000 {
		if _, ok := running(c); !ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// down ends the lab of a folder, if there is one, and deletes the folder.
func down(args []string) error {
	f := flag.NewFlagSet("down", flag.ExitOnError)
	dir := f.String("dir", "run", "work folder")
	keep := f.Bool("keep-logs", false, "keep the logs folder")
	f.Parse(args)
	d, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	c := config{Dir: d}
	if pid, ok := running(c); ok {
		stop(c, pid)
	}
	if err := cleanup(c); err != nil {
		return err
	}
	if *keep {
		return nil
	}
	return os.RemoveAll(c.Dir)
}
