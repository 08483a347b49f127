#!/usr/bin/env bash
# A current Docker Engine on any Debian or Ubuntu, to compare ours with. Needs root and mmdebstrap.
#
#   reference-docker.sh make ROOT             a root file system with Debian sid's Docker Engine in it
#   reference-docker.sh run ROOT STATE [OPTION…]
#                                             dockerd itself, in the foreground, until SIGTERM; its socket
#                                             is STATE/docker.sock, its settings STATE/daemon.json
#
# Debian 12's own Docker Engine speaks API 1.41; sid's is current, but wants sid's libraries, hence
# the root file system. Both the socket and bind mounts work under the paths that the caller knows,
# as long as these are below /tmp or below STATE.
set -euo pipefail

make_root() {
  local root=$1
  rm -rf --one-file-system "$root.part"
  # Check-Valid-Until: a mirror of sid that lags behind by a week still serves a working engine.
  mmdebstrap --quiet --variant=essential --aptopt='Acquire::Check-Valid-Until "false"' \
    --include=docker.io,docker-cli,containerd,runc,ca-certificates,mount,kmod \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' sid "$root.part"
  mkdir -p "$root.part/.outside"
  mv "$root.part" "$root"
}

# Runs inside a mount namespace of its own, so that no mount made here is seen, or left, outside.
enter_root() {
  local root=$1 state=$2 shared; shift 2
  mount --make-rprivate /
  mount --bind "$root" "$root" # pivot_root wants the new root to be a mount point
  for shared in /proc /sys /dev /tmp; do mount --rbind "$shared" "$root$shared"; done
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  case $state in
    /tmp/*) ;;
    *) mkdir -p "$root$state" && mount --rbind "$state" "$root$state" ;;
  esac
  # Not a plain chroot: runc, too, must be able to pivot.
  cd "$root" && pivot_root . .outside && umount --lazy /.outside
  exec /usr/sbin/dockerd --config-file "$state/daemon.json" --host "unix://$state/docker.sock" \
    --data-root "$state/data" --exec-root "$state/exec" --pidfile "$state/dockerd.pid" \
    --bridge=none --iptables=false --ip6tables=false "$@"
}

case ${1-} in
  make) make_root "$2" ;;
  run) shift; exec unshare --mount "$0" inside "$@" ;;
  inside) shift; enter_root "$@" ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
