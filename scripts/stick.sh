#!/usr/bin/env bash
# Put on a USB stick, or into any folder, all that the course needs on laptops without a network.
# Here there must be one, on a machine with the laptops' system and Python (docs/offline.md).
#
#   scripts/stick.sh FOLDER [PACK]     PACK is a pack folder to copy in place of making one
#
# FOLDER then holds the course as it was committed, its Python packages as wheels, the `docker`
# command, a pack of the lessons' images, and open.sh, which is typed on each laptop.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,9p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd) pack=${2:+$(cd "$2" && pwd)}
cd "$(dirname "$0")/.."

python=$(scripts/python.sh)
"$python" -m scripts.system_programs lab
PYTHON=$python scripts/venv.sh lab
"$python" -m scripts.system_programs docker

mkdir -p "$folder/dockerlab" "$folder/wheels" "$folder/bin"
git archive HEAD | tar --extract --directory "$folder/dockerlab"
echo "Fetching the Python packages …"
.venv/bin/python -m pip --quiet --disable-pip-version-check download --only-binary=:all: \
  --require-hashes --requirement requirements/lab.txt --dest "$folder/wheels"
docker=$(PATH=".venv/bin:$PATH" command -v docker)
cp --dereference "$docker" "$folder/bin/docker"
if [ -n "$pack" ]; then
  cp --recursive "$pack" "$folder/pack"
elif [ ! -e "$folder/pack" ]; then
  .venv/bin/dockerlab pack create "$folder/pack"
fi
.venv/bin/dockerlab pack verify "$folder/pack"
cp scripts/open_stick.sh "$folder/open.sh"
echo "Ready: $(du --summarize --human-readable "$folder" | cut --fields=1) in $folder." \
  "On a laptop: sh open.sh"
