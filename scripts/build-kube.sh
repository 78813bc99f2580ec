#!/bin/bash
# A real Kubernetes 1.20 from Debian's own packages, unpacked and built in a cache folder; nothing of the machine's own
# setup is changed. Usage: build-kube.sh FOLDER. Some 15 minutes of 2 cores the first time, nothing afterwards.
set -euo pipefail
OUT=${1:?the folder to build in}
[ -f "$OUT/ready" ] && exit 0
mkdir -p "$OUT/apt/parts" "$OUT/apt/lists/partial" "$OUT/apt/cache/archives/partial" "$OUT/bin" "$OUT/debs"
OUT=$(cd "$OUT" && pwd)

# bookworm's packages belong together: golang-1.19, etcd 3.4, containerd 1.6. An older or newer Debian would not do.
# The machine's own sources, with those of source packages beside them.
for file in /etc/apt/sources.list.d/*.sources; do
  [ -f "$file" ] && sed -E 's/^Types:.*/Types: deb deb-src/' "$file" > "$OUT/apt/parts/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -f "$file" ] && sed -E '/^deb /{p;s/^deb /deb-src /}' "$file" > "$OUT/apt/parts/$(basename "$file" .list).list"
done
APT=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$OUT/apt/parts" -o Dir::State::lists="$OUT/apt/lists"
  -o Dir::Cache="$OUT/apt/cache" -o APT::Sandbox::User=root -o Acquire::Retries=3)
cd "$OUT/debs"
if [ ! -f "$OUT/fetched" ]; then
  apt-get "${APT[@]}" -q update
  apt-get "${APT[@]}" -q download golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server containerd runc \
    kubernetes-client busybox-static libseccomp2
  apt-get "${APT[@]}" -q source --download-only --tar-only kubernetes
  for deb in *.deb; do dpkg -x "$deb" "$OUT/root"; done
  rm -rf "$OUT/apt" ./*.deb
  touch "$OUT/fetched"
fi

export GOROOT="$OUT/root/usr/lib/go-1.19" GOPATH="$OUT/gopath" GOCACHE="$OUT/gocache" GO111MODULE=off GOFLAGS='' CGO_ENABLED=0
# Debian's links lead out of the folder that it was unpacked in.
for part in src pkg api misc test; do
  [ -e "$GOROOT/$part" ] || ln -sfn "$OUT/root/usr/share/go-1.19/$part" "$GOROOT/$part"
done
export PATH="$GOROOT/bin:$PATH"
SOURCE="$GOPATH/src/k8s.io/kubernetes"
if [ ! -d "$SOURCE" ]; then
  rm -rf "$OUT/unpacking" && mkdir -p "$OUT/unpacking" "$GOPATH/src/k8s.io"
  tar xf "$OUT"/debs/kubernetes_*.orig.tar.* -C "$OUT/unpacking"
  mv "$OUT"/unpacking/kubernetes-* "$SOURCE"
fi
cd "$SOURCE"
# The vendored reflect2 1.0.1 crashes with Go 1.18 and later; Debian's package is 1.0.2.
rm -rf vendor/github.com/modern-go/reflect2
cp -rL "$OUT/root/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/reflect2

OPENAPI=pkg/generated/openapi/zz_generated.openapi.go
if [ ! -s "$OPENAPI" ]; then
  go build -o "$OUT/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  MARKED='+k8s:openapi-gen='
  PACKAGES=$({
    grep -rl --include='*.go' "$MARKED" vendor/k8s.io/*/ pkg/apis pkg/util cmd/cloud-controller-manager 2>/dev/null || true
    grep -rl --include='*.go' "$MARKED" staging/src/k8s.io | sed 's#^staging/src/#vendor/#'
  } | grep -vE 'code-generator|sample-apiserver|_test.go|/testdata/' | xargs -n1 dirname | sort -u | sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
  "$OUT/openapi-gen" --v 0 --go-header-file vendor/k8s.io/code-generator/hack/boilerplate.go.txt -i "$PACKAGES" \
    -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -r "$OUT/violations.txt" --output-base "$GOPATH/src"
fi
VERSION=k8s.io/kubernetes/vendor/k8s.io/component-base/version
CLIENT=k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version
FLAGS="-s -w"
for package in $VERSION $CLIENT; do
  FLAGS="$FLAGS -X $package.gitVersion=v1.20.2 -X $package.gitMajor=1 -X $package.gitMinor=20 -X $package.gitTreeState=clean"
done
for command in kube-apiserver kubelet; do
  go build -ldflags "$FLAGS" -o "$OUT/bin/$command" "./cmd/$command"
done
cp "$OUT/root/usr/bin/etcd" "$OUT/root/usr/bin/kubectl" "$OUT/bin/"

# The sandbox's own program: waits, and reaps what is left to it.
cat > "$OUT/pause.go" <<'G'
package main

import ("os"; "os/signal"; "syscall")

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD { return }
		for { if pid, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 { break } }
	}
}
G
go build -ldflags '-s -w' -o "$OUT/bin/pause" "$OUT/pause.go"
rm -rf "$GOPATH" "$GOCACHE" "$OUT/openapi-gen" "$OUT/unpacking" "$OUT/debs"
touch "$OUT/ready"
