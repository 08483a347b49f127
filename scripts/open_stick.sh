#!/bin/sh
# Open the course on a laptop without a network, from what scripts/stick.sh made.
#
#   sh open.sh [make's options]     the first time it copies the course to ~/dockerlab-course
#
# The second time it is enough to type the same in ~/dockerlab-course; the stick may be away.
set -eu
stick=$(cd "$(dirname "$0")" && pwd)
home=${DOCKERLAB_COURSE:-$HOME/dockerlab-course}
if [ ! -e "$home/open.sh" ]; then
  echo "Copying the course to $home (once)."
  mkdir -p "$home"
  cp -R "$stick/dockerlab" "$stick/wheels" "$stick/bin" "$stick/pack" "$home/"
  cp "$stick/open.sh" "$home/" # last: it says that the rest is there
fi
# Sticks forget who may run what, and an engine uses only those packs in place that nobody changes.
chmod +x "$home"/bin/* "$home"/dockerlab/scripts/*.sh
chmod -R a-w "$home/pack"
export PATH="$home/bin:$PATH"
export PIP_NO_INDEX=1 PIP_FIND_LINKS="$home/wheels"
export DOCKERLAB_PACKS="$home/pack"
exec make -C "$home/dockerlab" lab "$@"
