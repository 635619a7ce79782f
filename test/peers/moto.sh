#!/bin/sh
# Runs moto_server, a stand-in for AWS by others, from a Debian system of its own (Debian 13 has it as python3-moto).
#   moto.sh setup FOLDER          makes the system in FOLDER/moto; needs root, debootstrap and 700 MB, takes about 3 minutes
#   moto.sh start FOLDER [PORT]   starts it and prints its address
#   moto.sh stop FOLDER
set -eu

command=${1:?setup, start or stop}
folder=${2:?folder}
port=${3:-45900}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
system=$folder/moto
pid_file=$folder/moto.pid

case $command in
setup)
  mkdir -p "$folder"
  [ -x "$system/usr/bin/apt-get" ] || debootstrap --variant=minbase trixie "$system" "$mirror"
  # flask, which the server needs, is only recommended by the package.
  DEBIAN_FRONTEND=noninteractive chroot "$system" apt-get install -y --no-install-recommends \
    python3-moto python3-flask python3-flask-cors
  ;;
start)
  chroot "$system" /usr/bin/moto_server -H 127.0.0.1 -p "$port" >"$folder/moto.log" 2>&1 &
  echo $! >"$pid_file"
  for _ in $(seq 100); do
    if grep -q 'Running on' "$folder/moto.log"; then
      echo "http://127.0.0.1:$port"
      exit 0
    fi
    sleep 0.2
  done
  echo "moto_server did not start; see $folder/moto.log" >&2
  exit 1
  ;;
stop)
  kill "$(cat "$pid_file")"
  rm -f "$pid_file"
  ;;
*)
  echo 'setup, start or stop' >&2
  exit 2
  ;;
esac
