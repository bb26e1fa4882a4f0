// What the registries hold when a lab starts.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	runnerRef   = "docker.io/alpine/k8s:1.30.5"
	busyboxRef  = "docker.io/library/busybox:1.36"
	ingestorRef = "ghcr.io/tracebloc/ingestor"
)

// idle is what every image does whose pod names no command: it waits, and ends when told to.
const idle = "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"

// multiarch are the images with one child per platform, in an index.
var multiarch = []struct{ ref, version, archs string }{
	{"docker.io/tracebloc/jobs-manager:prod", "jobs-manager", "amd64 arm64"},
	{"docker.io/tracebloc/pods-monitor:prod", "pods-monitor", "amd64 arm64"},
	{"docker.io/tracebloc/resource-monitor:prod", "resource-monitor", "amd64 arm64"},
	{ingestorRef + ":0.3", "ingestor 0.3", "amd64 arm64"},
	{ingestorRef + ":0.3-amd64", "ingestor 0.3.0", "amd64"},
	{ingestorRef + ":0.3-arm64", "ingestor 0.3.0", "arm64"},
}

// bareRef is an arm64 image without an index. containerd 1.6 pulls and starts it on amd64.
const bareRef = ingestorRef + ":0.3-arm64-bare"

var shell = v1.Config{Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, Cmd: []string{"sh"}}

// fill pushes what the registries hold from the start and writes DIR/images, a line "REF DIGEST"
// for each. The digests are the same in every run, except the runner's, which holds the CA.
func (in *internet) fill() {
	if err := in.pushAll(); err != nil {
		fmt.Println("images:", err)
		os.Exit(1)
	}
}

func (in *internet) pushAll() error {
	reg := originIP + ":5000"
	pause, err := pauseImage()
	if err != nil {
		return err
	}
	// the sandbox image must be there before the first pod
	if err := push(reg, "registry.k8s.io/pause:3.10", pause); err != nil {
		return err
	}
	var list bytes.Buffer
	put := func(ref string, t taggable) error {
		if err := push(reg, ref, t); err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
		d, err := t.Digest()
		fmt.Fprintln(&list, ref, d)
		return err
	}
	base := map[string]v1.Layer{}
	for _, a := range []string{"amd64", "arm64"} {
		if base[a], err = busybox(a); err != nil {
			return err
		}
	}
	app := func(arch, version string) (v1.Image, error) {
		l, err := newLayer(map[string]file{"version": {mode: 0o644, data: []byte(version + " " + arch + "\n")}})
		if err != nil {
			return nil, err
		}
		return newImage(arch, v1.Config{Env: shell.Env, Entrypoint: []string{"/bin/sh", "-c", idle}}, base[arch], l)
	}
	for _, x := range multiarch {
		idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
		for _, a := range strings.Fields(x.archs) {
			img, err := app(a, x.version)
			if err != nil {
				return err
			}
			idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: a}}})
		}
		if err := put(x.ref, idx); err != nil {
			return err
		}
	}
	plain, err := newImage("amd64", shell, base["amd64"])
	if err != nil {
		return err
	}
	if err := put(busyboxRef, plain); err != nil {
		return err
	}
	bare, err := app("arm64", "ingestor 0.3.0")
	if err != nil {
		return err
	}
	if err := put(bareRef, bare); err != nil {
		return err
	}
	runner, err := packed(in.c, "/usr/bin/curl", "/usr/bin/openssl", "/usr/bin/jq", filepath.Join(filepath.Dir(in.c.K8s), "kubectl"))
	if err != nil {
		return err
	}
	if err := put(runnerRef, runner); err != nil {
		return err
	}
	if err := os.WriteFile(in.c.p("images.tmp"), list.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(in.c.p("images.tmp"), in.c.p("images"))
}

// packed is busybox with programs of the host.
func packed(c config, paths ...string) (v1.Image, error) {
	ca, err := caBundle(c)
	if err != nil {
		return nil, err
	}
	bb, err := busybox("amd64")
	if err != nil {
		return nil, err
	}
	l, err := programs(ca, paths...)
	if err != nil {
		return nil, err
	}
	return newImage("amd64", shell, bb, l)
}

// pack pushes an image of busybox and one program of the host, and prints "REF DIGEST".
func pack(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: kubox pack DIR REF FILE")
	}
	c, err := load(args[0])
	if err != nil {
		return err
	}
	img, err := packed(c, args[2])
	if err != nil {
		return err
	}
	if err := push(c.Registry, args[1], img); err != nil {
		return err
	}
	d, err := img.Digest()
	fmt.Println(args[1], d)
	return err
}

// pullOnNode lets the kubelet pull an image, by a pod that ends at once.
func pullOnNode(hc *http.Client, ref string) error {
	const pods = "https://127.0.0.1:6443/api/v1/namespaces/default/pods"
	pod := fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"kubox-pull"},"spec":{"restartPolicy":"Never","automountServiceAccountToken":false,
		"containers":[{"name":"c","image":%q,"command":["true"]}]}}`, ref)
	if st, b := call(hc, "POST", pods, []byte(pod)); st != 201 {
		return fmt.Errorf("pull: %d %s", st, b)
	}
	defer call(hc, "DELETE", pods+"/kubox-pull?gracePeriodSeconds=0", nil)
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if _, b := call(hc, "GET", pods+"/kubox-pull", nil); bytes.Contains(b, []byte(`"phase":"Succeeded"`)) {
			return nil
		}
	}
	return errors.New("the node did not pull " + ref + " within 60s")
}
